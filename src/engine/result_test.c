/* SPDX-License-Identifier: MIT */
/* Where rows come from, how long they last, and that nothing fetches twice. */
#include "scripted.h"

static const weir_column columns[] = {{.name = "n", .type = WEIR_TYPE_I64},
                                      {.name = "t", .type = WEIR_TYPE_TEXT}};

static void add_texts(const char *text)
{
    const weir_value values[] = {WEIR_VAL(1), WEIR_VAL("one"),
                                 WEIR_VAL(2), WEIR_VAL("two"),
                                 WEIR_VAL(3), WEIR_VAL("three")};

    script_add(&(weir_mock_step){.text = text,
                                 .times = -1,
                                 .columns = columns,
                                 .column_count = 2,
                                 .values = values,
                                 .row_count = 3});
}

static void test_rows__are_fetched_as_they_are_read(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    add_texts("SELECT t");
    WEIR_AUTO(weir_result) rows = weir_query(conn, "SELECT t", NOARGS);
    assert_int_equal(weir_mock_count(mock, "fetch"), 0);
    assert_true(weir_next(rows));
    assert_int_equal(weir_mock_count(mock, "fetch"), 1);
    weir_result_close(&rows);
    assert_int_equal(weir_mock_count(mock, "fetch"), 1);
    assert_int_equal(weir_mock_count(mock, "end"), 1);
}

/* A statement that writes has the open rows taken in first: they show what
 * was before, and what was read stays where it is. */
static void test_rows__are_gathered_before_a_write(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();
    const char *first;

    (void)state;
    add_texts("SELECT t");
    WEIR_AUTO(weir_result) rows = weir_query(conn, "SELECT t", NOARGS);
    assert_true(weir_next(rows));
    first = weir_get_text(rows, 1);
    must(conn, weir_exec(conn, "SELECT other", NOARGS));
    assert_int_equal(weir_mock_count(mock, "fetch"), 1); /* it only reads */
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    assert_int_equal(weir_mock_count(mock, "fetch"), 4);
    assert_string_equal(first, "one");
    assert_string_equal(weir_get_text(rows, 1), "one");
    assert_true(weir_next(rows));
    assert_string_equal(weir_get_text(rows, 1), "two");
    must(conn, weir_commit(conn));
    assert_true(weir_next(rows));
    assert_string_equal(weir_get_text(rows, 1), "three");
    assert_false(weir_next(rows));
    assert_int_equal(weir_result_status(rows), WEIR_OK);
}

static void test_gathering__has_a_limit(void **state)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    WEIR_AUTO(weir_conn) conn = NULL;

    (void)state;
    options.max_result_bytes = 64;
    script_open(NULL, &options);
    conn = script_borrow();
    add_texts("SELECT t");
    WEIR_AUTO(weir_result) rows = weir_query(conn, "SELECT t", NOARGS);
    assert_true(weir_next(rows));
    must_fail(conn, weir_exec(conn, "UPDATE t", NOARGS), WEIR_ERR_LIMIT,
              "weir_stream()");
    assert_int_equal(weir_result_status(rows), WEIR_ERR_LIMIT);
    assert_false(weir_next(rows));
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
}

static void test_one__wants_one_row_and_keeps_it(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    add_texts("SELECT t");
    script_rows("SELECT none", 0);
    script_rows("SELECT n", 1);
    WEIR_AUTO(weir_result) one = weir_query(conn, "SELECT n", NOARGS);
    assert_int_equal(weir_result_one(one), WEIR_OK);
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    assert_int_equal(weir_get_i64(one, 0), 1);
    WEIR_AUTO(weir_result) none = weir_query(conn, "SELECT none", NOARGS);
    must_fail(conn, weir_result_one(none), WEIR_ERR_NOT_FOUND, "no row");
    WEIR_AUTO(weir_result) many = weir_query(conn, "SELECT t", NOARGS);
    must_fail(conn, weir_result_one(many), WEIR_ERR_MANY_ROWS, "several");
    assert_int_equal(weir_result_status(many), WEIR_OK); /* never sticky */
}

static void test_fetch__that_fails_ends_the_rows(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    add_texts("SELECT t");
    script_add(&(weir_mock_step){
        .op = WEIR_MOCK_FETCH,
        .skip = 1,
        .error = {.status = WEIR_ERR_STORAGE, .message = "bad block"}});
    WEIR_AUTO(weir_result) rows = weir_query(conn, "SELECT t", NOARGS);
    assert_true(weir_next(rows));
    assert_false(weir_next(rows));
    assert_int_equal(weir_result_status(rows), WEIR_ERR_STORAGE);
    assert_string_equal(weir_result_error(rows)->statement, "SELECT t");
    assert_null(weir_cell(rows, 0));
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
}

/* The rows of a database that reads one statement at a time are its own to
 * keep; the core only asks. */
static void test_rows__of_a_database_that_cannot_interleave(void **state)
{
    weir_mock_options kind = WEIR_MOCK_OPTIONS;
    WEIR_AUTO(weir_conn) conn = NULL;

    (void)state;
    kind.capabilities &= ~(uint32_t)WEIR_CAN_INTERLEAVE;
    script_open(&kind, NULL);
    conn = script_borrow();
    add_texts("SELECT t");
    WEIR_AUTO(weir_result) rows = weir_query(conn, "SELECT t", NOARGS);
    assert_true(weir_next(rows));
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    assert_int_equal(weir_mock_count(mock, "fetch"), 1);
    assert_true(weir_next(rows));
    assert_string_equal(weir_get_text(rows, 1), "two");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(rows__are_fetched_as_they_are_read),
        TEST(rows__are_gathered_before_a_write),
        TEST(gathering__has_a_limit),
        TEST(one__wants_one_row_and_keeps_it),
        TEST(fetch__that_fails_ends_the_rows),
        TEST(rows__of_a_database_that_cannot_interleave),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
