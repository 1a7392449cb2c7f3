/* SPDX-License-Identifier: MIT */
/* The INSERT that is written where the database has no better way. */
#include "scripted.h"

static const char *const names[] = {"id", "na\"me"};
static const weir_value values[] = {
    {.type = WEIR_TYPE_I64, .as.i = 1},
    {.type = WEIR_TYPE_TEXT, .size = 1, .as.text = "a"}};

static void test_bulk_insert__writes_an_insert_with_quoted_names(void **state)
{
    const weir_table_columns into = {"shop.thing", names, 2};
    const weir_rows rows = {values, 2, 1};
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    weir_mock_clear_log(mock);
    must(conn, weir_bulk_insert(conn, &into, &rows));
    must_have_sent("prepare INSERT INTO \"shop\".\"thing\" (\"id\", "
                   "\"na\"\"me\") VALUES (?, ?)\n"
                   "begin READ COMMITTED\n"
                   "stream [i64 1, text \"a\"]\n"
                   "end\n");
}

static void expect_refused(weir_conn *conn, const weir_table_columns *into,
                           const weir_rows *rows, const char *part)
{
    weir_mock_clear_log(mock);
    must_fail(conn, weir_bulk_insert(conn, into, rows), WEIR_ERR_MISUSE, part);
    must_have_sent("");
}

static void test_bulk_insert__refuses_requests_that_are_not_whole(void **state)
{
    static const char *const hole[] = {"id", NULL};
    const weir_table_columns fine = {"t", names, 2}, none = {"t", names, 0},
                             nameless = {NULL, names, 2},
                             holed = {"t", hole, 2};
    const weir_rows rows = {values, 2, 1}, narrow = {values, 1, 2},
                    missing = {NULL, 2, 1};
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    expect_refused(conn, NULL, &rows, "a table");
    expect_refused(conn, &none, &rows, "one column");
    expect_refused(conn, &nameless, &rows, "a table");
    expect_refused(conn, &holed, &rows, "column 2");
    expect_refused(conn, &fine, NULL, "missing");
    expect_refused(conn, &fine, &missing, "missing");
    expect_refused(conn, &fine, &narrow, "2 columns");
}

static void test_bulk_insert__of_no_rows_is_done(void **state)
{
    const weir_table_columns into = {"t", names, 2};
    const weir_rows none = {NULL, 0, 0};
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    weir_mock_clear_log(mock);
    must(conn, weir_bulk_insert(conn, &into, &none));
    assert_int_equal(weir_affected(conn), 0);
    must_have_sent("");
}

static void test_bulk_insert__refuses_names_that_cannot_be(void **state)
{
    static const char *const broken[] = {"id", "\xff"};
    const weir_table_columns empty = {"", names, 2}, odd = {"t", broken, 2};
    const weir_rows rows = {values, 2, 1};
    WEIR_AUTO(weir_conn) conn = script_borrow();

    (void)state;
    must_fail(conn, weir_bulk_insert(conn, &empty, &rows), WEIR_ERR_TYPE, "");
    must_fail(conn, weir_bulk_insert(conn, &odd, &rows), WEIR_ERR_TYPE, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(bulk_insert__writes_an_insert_with_quoted_names),
        TEST(bulk_insert__refuses_requests_that_are_not_whole),
        TEST(bulk_insert__of_no_rows_is_done),
        TEST(bulk_insert__refuses_names_that_cannot_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
