/* SPDX-License-Identifier: MIT */
/* Rows as objects; rows that fail make documents that fail. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weir/short.h>
#include <weir/weir.h>

typedef struct bench {
    weir_engine *engine;
    weir_conn *conn;
    weir_json json;
} bench;

static bench own;

static int set_up(void **state)
{
    weir_error err;

    (void)state;
    own.engine = weir_engine_open("sqlite://", NULL, &err);
    own.conn = weir_connect(own.engine, &err);
    weir_json_init(&own.json, NULL);
    return own.conn ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    weir_json_clear(&own.json);
    weir_conn_close(&own.conn);
    weir_engine_close(&own.engine);
    return 0;
}

static void expect(const char *text)
{
    assert_int_equal(weir_json_finish(&own.json), WEIR_OK);
    assert_string_equal(weir_json_result(&own.json).data, text);
}

static void expect_failure(weir_status status, const char *part)
{
    assert_int_equal(weir_json_finish(&own.json), status);
    assert_non_null(strstr(weir_json_error(&own.json)->message, part));
    assert_string_equal(weir_json_result(&own.json).data, "");
}

static void test_json_rows__are_objects_by_name(void **state)
{
    WEIR_AUTO(weir_result) rows = weir_query(
        own.conn,
        "SELECT 1 AS id, 'a\"b' AS \"na\"\"me\", NULL AS x, 0.5 AS f, "
        "x'00ff' AS b UNION ALL SELECT 2, 'c', 3, 4, 5",
        NOARGS);

    (void)state;
    weir_json_rows(&own.json, rows);
    expect("[{\"id\":1,\"na\\\"me\":\"a\\\"b\",\"x\":null,\"f\":0.5,"
           "\"b\":\"AP8=\"},"
           "{\"id\":2,\"na\\\"me\":\"c\",\"x\":3,\"f\":4,\"b\":5}]");
}

static void test_json_rows__may_be_none(void **state)
{
    WEIR_AUTO(weir_result) rows =
        weir_query(own.conn, "SELECT 1 AS a WHERE 1 = 0", NOARGS);

    (void)state;
    weir_json_rows(&own.json, rows);
    expect("[]");
}

static void test_json_row__is_the_current_one(void **state)
{
    WEIR_AUTO(weir_result) rows =
        weir_query(own.conn, "SELECT ? AS a", ARGS(INT64_MIN));

    (void)state;
    assert_int_equal(weir_result_one(rows), WEIR_OK);
    weir_json_row(&own.json, rows);
    expect("{\"a\":-9223372036854775808}");
}

static void test_json_rows__fail_with_their_query(void **state)
{
    WEIR_AUTO(weir_result) rows = weir_query(own.conn, "SELEC 1", NOARGS);

    (void)state;
    weir_json_rows(&own.json, rows);
    expect_failure(WEIR_ERR_SQL, "syntax");
    assert_string_equal(weir_json_error(&own.json)->sqlstate, "42601");
}

/* The third row cannot be computed: what was written before is no answer. */
static void test_json_rows__fail_in_the_middle(void **state)
{
    WEIR_AUTO(weir_result) rows = weir_query(
        own.conn,
        "WITH n (i) AS (VALUES (1), (2), (-9223372036854775807 - 1)) "
        "SELECT abs(i) AS i FROM n",
        NOARGS);

    (void)state;
    weir_json_rows(&own.json, rows);
    expect_failure(weir_result_status(rows), "overflow");
    assert_int_not_equal(weir_result_status(rows), WEIR_OK);
}

static void test_json_row__has_to_be_there(void **state)
{
    WEIR_AUTO(weir_result) rows = weir_query(own.conn, "SELECT 1 AS a", NOARGS);
    WEIR_AUTO(weir_result) none = NULL;

    (void)state;
    weir_json_row(&own.json, rows);
    expect_failure(WEIR_ERR_MISUSE, "weir_next()");
    weir_json_reset(&own.json);
    weir_json_row(&own.json, NULL);
    expect_failure(WEIR_ERR_MISUSE, "NULL");
    weir_json_reset(&own.json);
    none = weir_query(own.conn, "CREATE TABLE t (x INTEGER)", NOARGS);
    weir_json_row(&own.json, none);
    expect_failure(WEIR_ERR_MISUSE, "returned no rows");
}

/* A writer that has failed asks for no more rows. */
static void test_json_rows__stop_with_the_writer(void **state)
{
    WEIR_AUTO(weir_result) rows =
        weir_query(own.conn, "SELECT 1 AS a UNION ALL SELECT 2", NOARGS);

    (void)state;
    weir_json_key(&own.json, "out of place");
    weir_json_rows(&own.json, rows);
    expect_failure(WEIR_ERR_MISUSE, "a key cannot stand");
    assert_true(weir_next(rows));
    assert_int_equal(weir_get_i64(rows, 0), 1);
    weir_json_rows(NULL, rows);
    weir_json_row(NULL, rows);
    assert_int_equal(weir_get_i64(rows, 0), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_json_rows__are_objects_by_name,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_json_rows__may_be_none, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_json_row__is_the_current_one,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_json_rows__fail_with_their_query,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_json_rows__fail_in_the_middle,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_json_row__has_to_be_there, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_json_rows__stop_with_the_writer,
                                        set_up, tear_down),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
