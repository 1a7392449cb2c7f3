/* SPDX-License-Identifier: MIT */
/* Results that begin, fail to begin, and what the call leaves to ask for. */
#include "scripted.h"

static void test_query__that_fails_tells_by_its_result(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    script_add(&(weir_mock_step){
        .text = "SELECT x",
        .error = {.status = WEIR_ERR_SQL, .message = "no x here"}});
    WEIR_AUTO(weir_result) rows = weir_query(conn, "SELECT x", NOARGS);
    assert_int_equal(weir_result_status(rows), WEIR_ERR_SQL);
    assert_string_equal(weir_result_error(rows)->message, "no x here");
    assert_string_equal(weir_result_error(rows)->statement, "SELECT x");
    assert_false(weir_next(rows));
    assert_int_equal(weir_result_one(rows), WEIR_ERR_SQL);
    assert_int_equal(weir_column_count(rows), 0);
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    /* The connection has gone on; the result has not. */
    assert_int_equal(weir_result_status(rows), WEIR_ERR_SQL);
}

/* The driver may compute rows from the values after the call has ended. */
static void test_query__keeps_the_values_it_was_given(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();
    char text[] = "volatile";

    (void)state;
    script_rows("SELECT n WHERE a = ?", 3);
    WEIR_AUTO(weir_result) rows =
        weir_query(conn, "SELECT n WHERE a = ?", ARGS((const char *)text));
    memset(text, '?', sizeof text - 1);
    assert_true(weir_next(rows));
    assert_int_equal(weir_mock_count(mock, "execute [text \"volatile\"]"), 1);
}

static void test_generated_key__is_of_the_last_exec(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();
    int64_t key = -1;

    (void)state;
    script_add(&(weir_mock_step){.text = "INSERT t",
                                 .affected = 1,
                                 .generated_key = 42,
                                 .has_generated_key = true});
    must(conn, weir_exec(conn, "INSERT t", NOARGS));
    must(conn, weir_generated_key(conn, &key));
    assert_int_equal(key, 42);
    assert_int_equal(weir_affected(conn), 1);
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    key = -1;
    must_fail(conn, weir_generated_key(conn, &key), WEIR_ERR_NOT_FOUND,
              "generated no key");
    assert_int_equal(key, -1);
    assert_int_equal(weir_generated_key(conn, NULL), WEIR_ERR_MISUSE);
}

static void test_stream__is_alone_on_its_connection(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();
    weir_savepoint savepoint;

    (void)state;
    script_rows("SELECT n", 2);
    WEIR_AUTO(weir_result) rows = weir_stream(conn, "SELECT n", NOARGS);
    must_fail(conn, weir_exec(conn, "UPDATE t", NOARGS), WEIR_ERR_MISUSE,
              "weir_result_close()");
    must_fail(conn, weir_commit(conn), WEIR_ERR_MISUSE, "stream");
    must_fail(conn, weir_savepoint_begin(conn, &savepoint), WEIR_ERR_MISUSE,
              "stream");
    WEIR_AUTO(weir_result) other = weir_query(conn, "SELECT n", NOARGS);
    assert_int_equal(weir_result_status(other), WEIR_ERR_MISUSE);
    assert_true(weir_next(rows));
    assert_true(weir_next(rows));
    assert_false(weir_next(rows)); /* its end frees the connection */
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
}

static void test_rollback__ends_a_stream_and_says_so(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    script_rows("SELECT n", 2);
    WEIR_AUTO(weir_result) rows = weir_stream(conn, "SELECT n", NOARGS);
    assert_true(weir_next(rows));
    must(conn, weir_rollback(conn));
    assert_false(weir_next(rows));
    assert_non_null(strstr(weir_result_error(rows)->message, "rolled back"));
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
}

static void test_quote_name__writes_as_snprintf_does(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();
    char out[8];

    (void)state;
    assert_int_equal(weir_quote_name(conn, "a\"b", out, sizeof out), 6);
    assert_string_equal(out, "\"a\"\"b\"");
    assert_int_equal(weir_quote_name(conn, "longer name", out, sizeof out), 13);
    assert_string_equal(out, "\"longer");
    assert_int_equal(weir_quote_name(conn, "a", NULL, 0), 3);
    assert_int_equal(weir_quote_name(conn, NULL, out, sizeof out), 0);
    assert_int_equal(weir_conn_error(conn)->status, WEIR_ERR_TYPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(query__that_fails_tells_by_its_result),
        TEST(query__keeps_the_values_it_was_given),
        TEST(generated_key__is_of_the_last_exec),
        TEST(stream__is_alone_on_its_connection),
        TEST(rollback__ends_a_stream_and_says_so),
        TEST(quote_name__writes_as_snprintf_does),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
