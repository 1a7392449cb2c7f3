/* SPDX-License-Identifier: MIT */
/* Opening handles, many at once too, and waiting for locks. */
#include "scratch.h"

#include <pthread.h>
#include <time.h>

static scratch s;
static drive d;

static int begin_test(void **state)
{
    (void)state;
    scratch_make(&s);
    assert_int_equal(drive_attach(&d, scratch_url(&s, "")), WEIR_OK);
    return 0;
}

static int end_test(void **state)
{
    (void)state;
    drive_detach(&d);
    scratch_drop(&s);
    return 0;
}

static void attach_with(const char *query)
{
    drive_detach(&d);
    assert_int_equal(drive_attach(&d, scratch_url(&s, query)), WEIR_OK);
}

/* ------------------------------------------------------------------ waiting */

typedef struct waiting {
    weir_status status;
    double seconds; /* on the wall */
    int64_t ended;
    double cpu_seconds; /* of this thread */
} waiting;

static double thread_seconds(void)
{
    struct timespec used;

    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

/* Somebody else writes: how long does BEGIN IMMEDIATE wait? */
static waiting wait_beside_a_writer(int64_t deadline)
{
    void *writer = drive_open(&d), *conn = drive_open(&d);
    weir_tx_spec spec = {.isolation = WEIR_SERIALIZABLE, .intent_write = true};
    int64_t began = weir_services_now(&d.services);
    double cpu;
    waiting out;

    assert_int_equal(begin_as(&d, writer, WEIR_READ_WRITE), WEIR_OK);
    cpu = thread_seconds();
    out.status = d.driver->begin(conn, &spec, deadline, &d.err);
    out.cpu_seconds = thread_seconds() - cpu;
    out.ended = weir_services_now(&d.services);
    out.seconds = (double)(out.ended - began) / 1e9;
    drive_close(&d, conn);
    drive_close(&d, writer);
    return out;
}

static void test_wait__lasts_until_the_deadline_and_sleeps(void **state)
{
    int64_t deadline = drive_in(&d, 0.2);
    waiting found = wait_beside_a_writer(deadline);

    (void)state;
    assert_int_equal(found.status, WEIR_ERR_TIMEOUT);
    assert_true(found.ended >= deadline);
    assert_true(found.ended - deadline < INT64_C(2000000000));
    assert_true(found.cpu_seconds < 0.1);
    assert_non_null(strstr(d.err.message, "took too long"));
}

static void test_wait__without_a_deadline_is_the_url_s(void **state)
{
    waiting found;

    (void)state;
    attach_with("?timeout=0.05");
    found = wait_beside_a_writer(WEIR_NO_DEADLINE);
    assert_int_equal(found.status, WEIR_ERR_TIMEOUT);
    assert_true(found.seconds >= 0.05);
    assert_true(found.seconds < 0.5);
}

/* What the URL states holds beside a deadline that is further away. */
static void test_wait__is_no_longer_than_the_url_states(void **state)
{
    waiting found;

    (void)state;
    attach_with("?busy_timeout=30");
    found = wait_beside_a_writer(drive_in(&d, 10));
    assert_int_equal(found.status, WEIR_ERR_TIMEOUT);
    assert_true(found.seconds < 0.5);
    attach_with("?busy_timeout=0");
    found = wait_beside_a_writer(drive_in(&d, 10));
    assert_true(found.seconds < 0.5);
}

static void *end_soon(void *writer)
{
    weir_error err;

    usleep(30000);
    assert_int_equal(d.driver->rollback(writer, 0, &err), WEIR_OK);
    return NULL;
}

static void test_wait__ends_when_the_lock_is_free(void **state)
{
    void *writer = drive_open(&d), *conn = drive_open(&d);
    pthread_t thread;
    weir_error err;
    weir_tx_spec spec = {.isolation = WEIR_SERIALIZABLE, .intent_write = true};
    int64_t began = weir_services_now(&d.services);

    (void)state;
    assert_int_equal(begin_as(&d, writer, WEIR_READ_WRITE), WEIR_OK);
    pthread_create(&thread, NULL, end_soon, writer);
    assert_int_equal(d.driver->begin(conn, &spec, drive_in(&d, 5), &err),
                     WEIR_OK);
    assert_true(weir_services_now(&d.services) - began < 500000000);
    pthread_join(thread, NULL);
    drive_close(&d, conn);
    drive_close(&d, writer);
}

/* ------------------------------------------------------------------ opening */

enum { OPENERS = 8 };

typedef struct opener {
    drive own; /* with an error of its own */
    pthread_barrier_t *start;
    void *conn;
    weir_status status;
} opener;

static void *open_at_once(void *argument)
{
    opener *o = argument;

    pthread_barrier_wait(o->start);
    o->status = drive_try_open(&o->own, &o->conn, drive_in(&o->own, 10));
    return NULL;
}

static void open_together(void)
{
    static opener openers[OPENERS];
    pthread_t threads[OPENERS];
    pthread_barrier_t start;

    pthread_barrier_init(&start, NULL, OPENERS);
    for (int i = 0; i < OPENERS; i++) {
        openers[i] = (opener){.own = d, .start = &start};
        pthread_create(&threads[i], NULL, open_at_once, &openers[i]);
    }
    for (int i = 0; i < OPENERS; i++) {
        pthread_join(threads[i], NULL);
        if (openers[i].status != WEIR_OK)
            fail_msg("%s", openers[i].own.err.message);
    }
    must_run(&d, openers[0].conn, "CREATE TABLE t (a)");
    for (int i = 0; i < OPENERS; i++) {
        assert_int_equal(
            drive_get(&d, openers[i].conn, "SELECT count(*) FROM t"), 0);
        drive_close(&d, openers[i].conn);
    }
    pthread_barrier_destroy(&start);
}

/* Each of them wants to make it a WAL database, which only one can. */
static void test_open__of_a_new_file_by_many_at_once(void **state)
{
    (void)state;
    for (int round = 0; round < 10; round++) {
        open_together();
        scratch_drop(&s);
        assert_int_equal(mkdir(s.folder, 0700), 0);
    }
}

static void test_open__of_a_new_memory_by_many_at_once(void **state)
{
    (void)state;
    for (int round = 0; round < 10; round++) {
        drive_detach(&d);
        assert_int_equal(drive_attach(&d, "sqlite://"), WEIR_OK);
        open_together();
    }
}

static void *finish_writing(void *writer)
{
    usleep(30000);
    sqlite3_exec(writer, "COMMIT", NULL, NULL, NULL);
    return NULL;
}

/* SQLite does not ask its busy handler when somebody writes to a file that is
 * to become a WAL database. */
static void test_open__waits_for_who_writes_to_an_old_file(void **state)
{
    sqlite3 *writer = NULL;
    pthread_t thread;

    (void)state;
    assert_int_equal(sqlite3_open(s.file, &writer), SQLITE_OK);
    assert_int_equal(sqlite3_exec(writer, "CREATE TABLE t (a); BEGIN IMMEDIATE",
                                  NULL, NULL, NULL),
                     SQLITE_OK);
    pthread_create(&thread, NULL, finish_writing, writer);
    drive_close(&d, drive_open(&d));
    pthread_join(thread, NULL);
    assert_int_equal(sqlite3_close(writer), SQLITE_OK);
}

static void test_open__keeps_its_deadline(void **state)
{
    void *writer, *conn;
    int64_t deadline;

    (void)state;
    attach_with("?journal_mode=delete");
    writer = drive_open(&d);
    must_run(&d, writer, "CREATE TABLE t (a)");
    must_run(&d, writer, "BEGIN EXCLUSIVE");
    deadline = drive_in(&d, 0.05);
    assert_int_equal(drive_try_open(&d, &conn, deadline), WEIR_ERR_TIMEOUT);
    assert_true(weir_services_now(&d.services) - deadline < 500000000);
    drive_close(&d, conn);
    drive_close(&d, writer);
}

static char logged[256];

static void take_log(void *context, const weir_log_event *event)
{
    (void)context;
    snprintf(logged, sizeof logged, "%s", event->message ? event->message : "");
}

/* SQLite opens what may not be written for reading: that is said. */
static void test_open__warns_of_a_file_that_may_not_be_written(void **state)
{
    bool root = geteuid() == 0;
    void *conn;

    (void)state;
    attach_with("?journal_mode=delete");
    conn = drive_open(&d);
    must_run(&d, conn, "CREATE TABLE t (a)");
    drive_close(&d, conn);
    assert_int_equal(chmod(s.file, 0444), 0);
    assert_int_equal(chmod(s.folder, 0755), 0);
    d.services.log.hook = take_log;
    d.services.log.kinds = ~0u;
    if (root)
        assert_int_equal(seteuid(65534), 0);
    conn = drive_open(&d);
    if (root)
        assert_int_equal(seteuid(0), 0);
    assert_non_null(strstr(logged, "read-only"));
    assert_int_equal(drive_run(&d, conn, "INSERT INTO t VALUES (1)"),
                     WEIR_ERR_UNAVAILABLE);
    drive_close(&d, conn);
    assert_int_equal(chmod(s.folder, 0700), 0);
}

int main(void)
{
#define TEST(name_)                                                            \
    cmocka_unit_test_setup_teardown(test_##name_, begin_test, end_test)
    const struct CMUnitTest tests[] = {
        TEST(wait__lasts_until_the_deadline_and_sleeps),
        TEST(wait__without_a_deadline_is_the_url_s),
        TEST(wait__is_no_longer_than_the_url_states),
        TEST(wait__ends_when_the_lock_is_free),
        TEST(open__of_a_new_file_by_many_at_once),
        TEST(open__of_a_new_memory_by_many_at_once),
        TEST(open__waits_for_who_writes_to_an_old_file),
        TEST(open__keeps_its_deadline),
        TEST(open__warns_of_a_file_that_may_not_be_written),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
