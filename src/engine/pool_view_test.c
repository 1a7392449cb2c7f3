/* SPDX-License-Identifier: MIT */
/*
 * The public views of a pool, over an engine on memory.
 */
#include <weir/weir.h>
#include <weir/pool.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static weir_engine *small_engine(void)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_engine *engine;
    weir_error err;

    options.pool_size = 2;
    options.max_overflow = 1;
    engine = weir_engine_open("sqlite://", &options, &err);
    assert_non_null(engine);
    return engine;
}

static weir_conn *borrow(weir_engine *engine, const char *tag)
{
    weir_connect_options loan = WEIR_CONNECT_OPTIONS;
    weir_error err;
    weir_conn *conn;

    loan.tag = tag;
    conn = weir_connect_with(engine, &loan, &err);
    assert_non_null(conn);
    return conn;
}

static void test_pool_stats__counts_what_happened(void **state)
{
    weir_engine *engine = small_engine();
    weir_conn *conn = borrow(engine, "job");
    weir_pool_numbers numbers;

    (void)state;
    assert_int_equal(weir_pool_stats(engine, &numbers), WEIR_OK);
    assert_int_equal(numbers.now.busy, 1);
    assert_int_equal(numbers.now.acquired, 1);
    assert_int_equal(numbers.health, WEIR_POOL_UP);
    assert_int_equal(numbers.waits, 0);
    assert_true(numbers.age_s >= 0);
    assert_int_equal(numbers.connect.count, 1);
    assert_true(numbers.connect.p50_s > 0);
    assert_int_equal(weir_pool_stats(NULL, &numbers), WEIR_ERR_MISUSE);
    weir_conn_close(&conn);
    weir_engine_close(&engine);
}

static void test_pool_dump__names_the_holder(void **state)
{
    weir_engine *engine = small_engine();
    weir_conn *conn = borrow(engine, "GET \"/users\"");
    weir_json json;
    weir_text text;

    (void)state;
    weir_json_init(&json, NULL);
    assert_int_equal(weir_pool_dump(engine, &json), WEIR_OK);
    assert_int_equal(weir_json_finish(&json), WEIR_OK);
    text = weir_json_result(&json);
    assert_non_null(strstr(text.data, "\"health\":\"up\""));
    assert_non_null(strstr(text.data, "\"state\":\"busy\""));
    assert_non_null(strstr(text.data, "\"tag\":\"GET \\\"/users\\\"\""));
    assert_non_null(strstr(text.data, "\"waiters\":[]"));
    weir_json_clear(&json);
    weir_conn_close(&conn);
    weir_engine_close(&engine);
}

static char *dump_of(const weir_engine *engine)
{
    weir_json json;
    char *text;

    weir_json_init(&json, NULL);
    assert_int_equal(weir_pool_dump(engine, &json), WEIR_OK);
    assert_int_equal(weir_json_finish(&json), WEIR_OK);
    text = strdup(weir_json_result(&json).data);
    assert_non_null(text);
    weir_json_clear(&json);
    return text;
}

/* Who may write, and how long others wait for it. */
static void test_pool_dump__names_the_writer(void **state)
{
    weir_engine *engine = small_engine();
    weir_conn *conn = borrow(engine, "nightly job");
    char *text = dump_of(engine);

    (void)state;
    assert_non_null(strstr(text, "\"write_permit\":null"));
    free(text);
    assert_int_equal(weir_begin(conn), WEIR_OK);
    assert_int_equal(weir_exec(conn, "CREATE TABLE t (x int)", NULL, 0),
                     WEIR_OK);
    text = dump_of(engine);
    assert_non_null(strstr(text, "\"write_permit\":{\"acquired\":1,"));
    assert_non_null(
        strstr(strstr(text, "\"holders\":["), "\"tag\":\"nightly job\""));
    free(text);
    weir_conn_close(&conn);
    weir_engine_close(&engine);
}

typedef struct waiter {
    pthread_t thread;
    weir_engine *engine;
    const char *tag;
} waiter;

static void *wait_for_one(void *memory)
{
    waiter *self = memory;
    weir_conn *conn = borrow(self->engine, self->tag);

    weir_conn_close(&conn);
    return NULL;
}

static void until_waiting(const weir_engine *engine, int count)
{
    weir_pool_status status;

    do {
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        weir_engine_pool_status(engine, &status);
    } while (status.waiting != count);
}

/* The one that waits longest first, with his place in the source. */
static void test_pool_dump__has_the_queue_in_its_order(void **state)
{
    waiter waiters[2] = {{.tag = "zoe"}, {.tag = "ada"}};
    weir_engine *engine = small_engine();
    weir_conn *conns[3];
    const char *first, *second;
    double waited_s[2] = {0};
    char *text;

    (void)state;
    for (int i = 0; i < 3; i++)
        conns[i] = borrow(engine, "holder");
    for (int i = 0; i < 2; i++) {
        waiters[i].engine = engine;
        assert_int_equal(
            pthread_create(&waiters[i].thread, NULL, wait_for_one, &waiters[i]),
            0);
        until_waiting(engine, i + 1);
    }
    text = dump_of(engine);
    first = strstr(text, "\"waiters\":[{\"tag\":\"zoe\",\"site\":");
    assert_non_null(first);
    second = strstr(first, "{\"tag\":\"ada\",\"site\":");
    assert_non_null(second);
    assert_int_equal(sscanf(strstr(first, "\"waited_s\":"), "\"waited_s\":%lf",
                            &waited_s[0]),
                     1);
    assert_int_equal(sscanf(strstr(second, "\"waited_s\":"), "\"waited_s\":%lf",
                            &waited_s[1]),
                     1);
    assert_true(waited_s[0] > waited_s[1] && waited_s[1] >= 0);
    free(text);
    for (int i = 0; i < 3; i++)
        weir_conn_close(&conns[i]);
    for (int i = 0; i < 2; i++)
        pthread_join(waiters[i].thread, NULL);
    weir_engine_close(&engine);
}

/* Where a loan was taken stands in the dump and in the timeout of others; the
 * functions behind the macros have addresses, and a binding says where. */
static void test_site__is_shown(void **state)
{
    weir_conn *(*by_address)(weir_engine *, weir_error *) = weir_connect;
    weir_connect_options hasty = WEIR_CONNECT_OPTIONS;
    weir_engine *engine = small_engine();
    weir_conn *conns[3];
    weir_error err;
    weir_json json;
    char here[64];

    (void)state;
    hasty.timeout_s = 0;
    snprintf(here, sizeof here, "pool_view_test.c:%d", __LINE__ + 1);
    conns[0] = weir_connect(engine, &err);
    conns[1] = weir_connect_at(engine, NULL, "main.lua:7", &err);
    conns[2] = by_address(engine, &err);
    weir_json_init(&json, NULL);
    assert_int_equal(weir_pool_dump(engine, &json), WEIR_OK);
    assert_int_equal(weir_json_finish(&json), WEIR_OK);
    assert_non_null(strstr(weir_json_result(&json).data, here));
    assert_non_null(strstr(weir_json_result(&json).data, "\"main.lua:7\""));
    assert_non_null(strstr(weir_json_result(&json).data, "\"age_s\":0"));
    assert_non_null(strstr(weir_json_result(&json).data,
                           "\"asked_s\":null,\"trust\":\"current\""));
    weir_json_clear(&json);
    assert_null(weir_connect_with(engine, &hasty, &err));
    assert_int_equal(err.status, WEIR_ERR_POOL_TIMEOUT);
    assert_non_null(strstr(err.message, " at pool_view_test.c:"));
    for (int i = 0; i < 3; i++)
        weir_conn_close(&conns[i]);
    weir_engine_close(&engine);
}

/* Each kind says what it is, and how many there may be. */
static void test_kinds__are_shown(void **state)
{
    static const char *const kinds[] = {"queue", "null", "static", "thread",
                                        "assertion"};
    static const char *const limits[] = {" 15\n", NULL, " 1\n", NULL, " 1\n"};

    (void)state;
    for (int i = 0; i < 5; i++) {
        weir_engine_options options = WEIR_ENGINE_OPTIONS;
        weir_error err;
        weir_engine *engine;
        weir_pool_advice advice;
        weir_json json;
        char wanted[40];
        char text[4000];
        char *most;

        options.pool_kind = (weir_pool_kind)i;
        engine = weir_engine_open("sqlite://", &options, &err);
        assert_non_null(engine);
        for (int j = 0; j < 200; j++) {
            weir_conn *conn = borrow(engine, "job");

            weir_conn_close(&conn);
        }
        weir_json_init(&json, NULL);
        assert_int_equal(weir_pool_dump(engine, &json), WEIR_OK);
        assert_int_equal(weir_json_finish(&json), WEIR_OK);
        snprintf(wanted, sizeof wanted, "\"kind\":\"%s\"", kinds[i]);
        assert_non_null(strstr(weir_json_result(&json).data, wanted));
        weir_json_clear(&json);
        assert_true(weir_pool_prometheus(engine, "p", text, sizeof text) > 0);
        most = strstr(text, "connection_max{");
        assert_int_equal(most != NULL, limits[i] != NULL);
        if (limits[i])
            assert_non_null(strstr(most, limits[i]));
        assert_int_equal(weir_pool_advise(engine, &advice), WEIR_OK);
        snprintf(wanted, sizeof wanted, "pool_kind is %s", kinds[i]);
        assert_non_null(strstr(advice.reason, wanted));
        weir_engine_close(&engine);
    }
}

static void test_pool_advise__needs_something_to_go_by(void **state)
{
    weir_engine *engine = small_engine();
    weir_pool_advice advice;

    (void)state;
    assert_int_equal(weir_pool_advise(engine, &advice), WEIR_OK);
    assert_int_equal(advice.size, 0);
    assert_non_null(strstr(advice.reason, "too few loans"));
    for (int i = 0; i < 3000; i++) {
        weir_conn *conn = borrow(engine, NULL);

        weir_conn_close(&conn);
    }
    assert_int_equal(weir_pool_advise(engine, &advice), WEIR_OK);
    /* One thread never keeps more than one busy. */
    assert_true(advice.busy_mean > 0 && advice.busy_mean < 2);
    assert_in_range(advice.size, 1, 7);
    assert_non_null(strstr(advice.reason, "loans per second"));
    weir_engine_close(&engine);
}

static double now_s(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* By the coarse clock a quarter of these would have lasted four. */
static void test_pool_stats__hold_is_no_longer_than_the_longest(void **state)
{
    const struct timespec millisecond = {.tv_nsec = 1000000};
    weir_engine *engine = small_engine();
    weir_pool_numbers numbers;
    double longest_s = 0;

    (void)state;
    for (int i = 0; i < 400; i++) {
        double began_s = now_s();
        weir_conn *conn = borrow(engine, NULL);

        nanosleep(&millisecond, NULL);
        weir_conn_close(&conn);
        if (now_s() - began_s > longest_s)
            longest_s = now_s() - began_s;
    }
    assert_int_equal(weir_pool_stats(engine, &numbers), WEIR_OK);
    assert_in_range(numbers.hold.count, 200, 800);
    assert_true(numbers.hold.p50_s >= 0.001);
    assert_true(numbers.hold.p9999_s <= 1.5 * longest_s);
    weir_engine_close(&engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_stats__counts_what_happened),
        cmocka_unit_test(test_pool_stats__hold_is_no_longer_than_the_longest),
        cmocka_unit_test(test_pool_dump__names_the_holder),
        cmocka_unit_test(test_pool_dump__names_the_writer),
        cmocka_unit_test(test_pool_dump__has_the_queue_in_its_order),
        cmocka_unit_test(test_site__is_shown),
        cmocka_unit_test(test_kinds__are_shown),
        cmocka_unit_test(test_pool_advise__needs_something_to_go_by),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
