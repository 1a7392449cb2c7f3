/* SPDX-License-Identifier: MIT */
/*
 * The network breaks at every step of a story, in every way: between packets
 * and inside each of them, in both directions. Whatever the caller is told of
 * the commit must be true: rows are counted over another way afterwards.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "kit/late.h"
#include "kit/proxy.h"
#include "mysql/with_server.h"

#define LATE_S kit_late_s()
#define HASTE_S 0.1
enum { PLACES = 24 };

static kit_proxy *proxy;
static weir_engine *through; /* by the proxy */

/* What the caller was told of a story's row. */
typedef enum told { TOLD_ABSENT = 0, TOLD_PRESENT, TOLD_UNKNOWN } told;

static void url_of_proxy(char *out, size_t size, const char *query)
{
    const char *url = getenv("WEIR_TEST_URL");
    const char *colon = strrchr(url, ':');

    snprintf(out, size, "%.*s:%d%s%s", (int)(colon - url), url,
             kit_proxy_port(proxy), strchr(colon, '/'), query);
}

static weir_engine *open_through(const char *query)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_engine *opened;
    weir_error err;
    char url[1024];

    url_of_proxy(url, sizeof url, query);
    options.pool_size = 1;
    options.max_overflow = 0;
    options.pool_timeout_s = 2 * HASTE_S;
    options.connect_timeout_s = HASTE_S;
    opened = weir_engine_open(url, &options, &err);
    if (!opened)
        fail_msg("%s", err.message);
    return opened;
}

/* ------------------------------------------------------------ the stories */

/* Each adds the row `id`, and returns what it was told of it. A deadline
 * stands over each call. */
typedef told (*story)(weir_conn *conn, int64_t id);

static told in_transaction(weir_conn *conn, int64_t id)
{
    weir_status status =
        weir_exec(conn, "INSERT INTO cut VALUES (?, 'a')", ARGS(id));

    if (status == WEIR_OK)
        status =
            weir_exec(conn, "UPDATE cut SET t = 'b' WHERE id = ?", ARGS(id));
    if (status == WEIR_OK) {
        WEIR_AUTO(weir_result) rows =
            weir_query(conn, "SELECT t FROM cut WHERE id = ?", ARGS(id));

        status = weir_result_one(rows);
    }
    if (status != WEIR_OK) {
        assert_int_not_equal(status, WEIR_ERR_COMMIT_UNKNOWN);
        (void)weir_rollback(conn);
        return TOLD_ABSENT;
    }
    status = weir_commit(conn);
    return status == WEIR_OK                   ? TOLD_PRESENT
           : status == WEIR_ERR_COMMIT_UNKNOWN ? TOLD_UNKNOWN
                                               : TOLD_ABSENT;
}

static told by_autocommit(weir_conn *conn, int64_t id)
{
    weir_status status = weir_set_isolation(conn, WEIR_AUTOCOMMIT);

    if (status == WEIR_OK)
        status = weir_exec(conn, "INSERT INTO cut VALUES (?, 'a')", ARGS(id));
    return status == WEIR_OK                   ? TOLD_PRESENT
           : status == WEIR_ERR_COMMIT_UNKNOWN ? TOLD_UNKNOWN
                                               : TOLD_ABSENT;
}

static told in_two_phases(weir_conn *conn, int64_t id)
{
    weir_tx_options options = WEIR_TX_OPTIONS;
    char xid[32];
    weir_status status;

    snprintf(xid, sizeof xid, "cut-%lld", (long long)id);
    options.xid = xid;
    status = weir_begin_with(conn, &options);
    if (status == WEIR_OK)
        status = weir_exec(conn, "INSERT INTO cut VALUES (?, 'a')", ARGS(id));
    if (status == WEIR_OK)
        status = weir_prepare_commit(conn);
    if (status != WEIR_OK) {
        (void)weir_rollback(conn);
        return TOLD_ABSENT;
    }
    status = weir_commit(conn);
    return status == WEIR_OK                   ? TOLD_PRESENT
           : status == WEIR_ERR_COMMIT_UNKNOWN ? TOLD_UNKNOWN
                                               : TOLD_ABSENT;
}

/* ---------------------------------------------------------------- breaking */

typedef struct breaking {
    const char *query;
    story tell;
    kit_direction direction;
    size_t after;
    kit_fault fault;
    int64_t id;
} breaking;

/* Whatever is left of a two-phase transaction is undone, as its owner would
 * do who was told that it did not commit. */
static void undo(void *context, const char *xid)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    if (strncmp(xid, "cut-", 4) != 0)
        return;
    for (int i = 0; i < 500 && weir_rollback_prepared(conn, xid); i++)
        usleep(10000);
    ++*(int *)context;
}

/* Until the server has noticed that the broken connection is gone, it may
 * hold the row locked, and a command on its way may still prepare: counting
 * waits for it, and looks again. */
static int64_t count_row(int64_t id)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    int64_t found = -1;
    int undone = 0;

    run(conn, "SET innodb_lock_wait_timeout = 1");
    for (int i = 0; i < 8 && found < 0; i++) {
        WEIR_AUTO(weir_result) rows = NULL;

        assert_int_equal(weir_list_prepared(conn, undo, &undone), WEIR_OK);
        rows = weir_query(conn,
                          "SELECT count(*) FROM cut WHERE id = ? "
                          "LOCK IN SHARE MODE",
                          ARGS(id));
        if (weir_result_one(rows) == WEIR_OK)
            found = weir_get_i64(rows, 0);
        weir_result_close(&rows);
        assert_int_equal(weir_rollback(conn), WEIR_OK);
    }
    return found;
}

static told tell_story(const breaking *b, double *took)
{
    weir_error err;
    weir_conn *conn = NULL;
    told found = TOLD_ABSENT;
    double began = seconds_now();

    conn = weir_connect(through, &err);
    if (conn && weir_set_timeout(conn, HASTE_S) == WEIR_OK)
        found = b->tell(conn, b->id);
    *took = seconds_now() - began;
    kit_proxy_heal(proxy);
    weir_conn_close(&conn);
    return found;
}

static void check(const breaking *b, told what)
{
    int64_t there = count_row(b->id);

    assert_true(there >= 0);
    if ((what == TOLD_PRESENT && there != 1) ||
        (what == TOLD_ABSENT && there != 0))
        fail_msg("after %zu bytes %s, fault %d: told %s, but %lld rows",
                 b->after, b->direction ? "to the client" : "to the server",
                 (int)b->fault, what ? "committed" : "not committed",
                 (long long)there);
}

static void break_at(breaking *b, size_t unknowns[2])
{
    static int64_t ids;
    double took;
    told what;

    b->id = ++ids;
    through = open_through(b->query);
    kit_proxy_arm(proxy, b->direction, b->after, b->fault);
    what = tell_story(b, &took);
    weir_engine_close(&through);
    if (took > 5 * (HASTE_S + LATE_S))
        fail_msg("after %zu bytes, fault %d: %f s", b->after, (int)b->fault,
                 took);
    check(b, what);
    unknowns[what == TOLD_UNKNOWN]++;
}

/* Ends of packets and places inside them, of a story that goes well. */
static size_t find_places(breaking *b, size_t *out, size_t max)
{
    size_t marks[256], count = 0, before = 0, found, size;
    weir_error err;
    weir_conn *conn;

    through = open_through(b->query);
    kit_proxy_heal(proxy);
    /* On a busy machine even a good connection may come late. */
    do
        conn = weir_connect(through, &err);
    while (!conn && err.status == WEIR_ERR_TIMEOUT);
    assert_non_null(conn);
    b->id = -1 - (int64_t)b->direction;
    assert_int_equal(b->tell(conn, b->id), TOLD_PRESENT);
    found = kit_proxy_marks(proxy, b->direction, marks, 256);
    size = kit_proxy_count(proxy, b->direction);
    weir_conn_close(&conn);
    weir_engine_close(&through);
    /* Encrypted packets say nothing: places at equal distances then. */
    if (b->query[0] != '\0')
        for (found = 0; found < PLACES; found++)
            marks[found] = (found + 1) * size / PLACES;
    for (size_t i = 0; i < found && count + 2 <= max; i++) {
        out[count++] = before;
        if (marks[i] - before > 1)
            out[count++] = before + (marks[i] - before) / 2;
        before = marks[i];
    }
    return count;
}

static void break_everywhere(const char *query, story tell)
{
    static const kit_fault faults[] = {KIT_CLOSE, KIT_RESET, KIT_STALL};
    bool full =
        getenv("WEIR_TORTURE") && strcmp(getenv("WEIR_TORTURE"), "full") == 0;
    size_t unknowns[2] = {0};

    for (int direction = 0; direction < 2; direction++) {
        breaking b = {.query = query,
                      .tell = tell,
                      .direction = (kit_direction)direction};
        size_t places[512], count = find_places(&b, places, 512);

        assert_true(count > 10);
        for (size_t i = 0; i < count; i++) {
            for (size_t f = 0; f < 3; f++) {
                /* A sample: a different fault at each place. */
                if (!full && f != i % 3)
                    continue;
                b.after = places[i];
                b.fault = faults[f];
                break_at(&b, unknowns);
            }
        }
    }
    /* Both must be seen where all packets are, or nothing broke the end. */
    assert_true(unknowns[0] > 0);
    assert_true(unknowns[1] > 0 || query[0] != '\0');
}

static void test_transaction__is_told_truly(void **state)
{
    (void)state;
    break_everywhere("", in_transaction);
}

static void test_autocommit__is_told_truly(void **state)
{
    (void)state;
    break_everywhere("", by_autocommit);
}

static void test_two_phases__are_told_truly(void **state)
{
    (void)state;
    break_everywhere("", in_two_phases);
}

static void test_encrypted__is_told_truly(void **state)
{
    char query[600];

    (void)state;
    if (!getenv("WEIR_TEST_TLS") || getenv("WEIR_TEST_TLS")[0] == '\0')
        skip();
    snprintf(query, sizeof query, "?tls=verify-full&ssl_ca=%s/ca.pem",
             getenv("WEIR_TEST_TLS"));
    break_everywhere(query, in_transaction);
}

static int set_up(void **state)
{
    const char *port = strrchr(getenv("WEIR_TEST_URL"), ':') + 1;
    weir_conn *conn = borrow();

    (void)state;
    proxy = kit_proxy_start(atoi(port), KIT_MYSQL);
    run(conn, "DROP TABLE IF EXISTS cut");
    run(conn, "CREATE TABLE cut (id BIGINT PRIMARY KEY, t VARCHAR(10))");
    weir_conn_close(&conn);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    kit_proxy_stop(&proxy);
    return 0;
}

/* Attempts that were given up have threads that see to the rest: what they
 * hold is no leak. */
static void await_threads(void)
{
    struct stat folder = {0};

    for (int i = 0; i < 500; i++) {
        /* ".", ".." and one for each thread */
        if (stat("/proc/self/task", &folder) == 0 && folder.st_nlink <= 3)
            return;
        usleep(10000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name_)                                                            \
    cmocka_unit_test_setup_teardown(test_##name_, set_up, tear_down)
        TEST(transaction__is_told_truly),
        TEST(autocommit__is_told_truly),
        TEST(two_phases__are_told_truly),
        TEST(encrypted__is_told_truly),
    };
    int failed;

    if (open_engine() != 0)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    weir_engine_close(&engine);
    await_threads();
    return failed;
}
