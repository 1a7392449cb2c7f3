/* SPDX-License-Identifier: MIT */
/* Many rows at once. */
#include "suite.h"

static const char insert[] = "INSERT INTO thing (id, name) VALUES (?, ?)";

static void test_exec_many__runs_each_row(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    const weir_value values[] = {WEIR_VAL(1), WEIR_VAL("a"), WEIR_VAL(2),
                                 WEIR_VAL("b")};
    const weir_rows rows = {values, 2, 2}, none = {values, 2, 0};

    (void)state;
    must(conn, weir_exec_many(conn, insert, &rows));
    assert_int_equal(weir_affected(conn), 2);
    must(conn, weir_exec_many(conn, insert, &none));
    assert_int_equal(weir_affected(conn), 0);
    assert_int_equal(count(conn), 2);
}

static void test_exec_many__takes_names_from_the_first_row(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    const weir_value values[] = {P("name", "a"), P("id", 1), WEIR_VAL("b"),
                                 WEIR_VAL(2)};
    const weir_rows rows = {values, 2, 2};

    (void)state;
    must(conn,
         weir_exec_many(
             conn, "INSERT INTO thing (id, name) VALUES (:id, :name)", &rows));
    WEIR_AUTO(weir_result) found =
        weir_query(conn, "SELECT name FROM thing WHERE id = ?", ARGS(2));
    assert_int_equal(weir_result_one(found), WEIR_OK);
    assert_string_equal(weir_get_text(found, 0), "b");
}

static void test_exec_many__says_which_row_failed(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    const weir_value twice[] = {WEIR_VAL(3), WEIR_VAL("c"), WEIR_VAL(4),
                                WEIR_VAL("c")};
    const weir_value broken[] = {WEIR_VAL(5), WEIR_VAL("d"), WEIR_VAL(6),
                                 WEIR_VAL("\xff")};
    const weir_rows same = {twice, 2, 2}, bad = {broken, 2, 2};
    const weir_rows narrow = {twice, 1, 4}, missing = {NULL, 2, 2};

    (void)state;
    must_fail(conn, weir_exec_many(conn, insert, &same), WEIR_ERR_CONSTRAINT);
    assert_non_null(strstr(weir_conn_error(conn)->message, "row 2: "));
    must(conn, weir_rollback(conn));
    must_fail(conn, weir_exec_many(conn, insert, &bad), WEIR_ERR_TYPE);
    assert_non_null(strstr(weir_conn_error(conn)->message, "row 2: "));
    must_fail(conn, weir_exec_many(conn, insert, &narrow), WEIR_ERR_MISUSE);
    must_fail(conn, weir_exec_many(conn, insert, &missing), WEIR_ERR_MISUSE);
    must_fail(conn, weir_exec_many(conn, insert, NULL), WEIR_ERR_MISUSE);
    must(conn, weir_rollback(conn));
    assert_int_equal(count(conn), 0);
}

enum { MANY = 20000 };

static weir_value *make_values(char (*names)[16])
{
    weir_value *values = calloc(MANY * 2, sizeof *values);

    assert_non_null(values);
    for (int i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "n%d", i);
        values[i * 2] = WEIR_VAL(i);
        values[i * 2 + 1] = WEIR_VAL((const char *)names[i]);
    }
    return values;
}

static void test_exec_many__takes_more_than_one_batch(void **state)
{
    static char names[MANY][16];
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_value *values = make_values(names);
    const weir_rows rows = {values, 2, MANY};

    (void)state;
    must(conn, weir_exec_many(conn, insert, &rows));
    assert_int_equal(weir_affected(conn), MANY);
    assert_int_equal(count(conn), MANY);
    must(conn, weir_rollback(conn));
    /* The failing row is far behind the first batch. */
    values[(MANY - 2) * 2] = WEIR_VAL(0);
    must_fail(conn, weir_exec_many(conn, insert, &rows), WEIR_ERR_CONSTRAINT);
    assert_non_null(strstr(weir_conn_error(conn)->message, "row 19999: "));
    free(values);
}

static void test_bulk_insert__loads_all_rows(void **state)
{
    static const char *const columns[] = {"id", "name"};
    static char names[MANY][16];
    const weir_table_columns into = {"thing", columns, 2};
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_value *values = make_values(names);
    const weir_rows rows = {values, 2, MANY};

    (void)state;
    must(conn, weir_bulk_insert(conn, &into, &rows));
    assert_int_equal(weir_affected(conn), MANY);
    assert_int_equal(count(conn), MANY);
    free(values);
    WEIR_AUTO(weir_result) found = weir_query(
        conn, "SELECT name, age FROM thing WHERE id = ?", ARGS(12345));
    assert_int_equal(weir_result_one(found), WEIR_OK);
    assert_string_equal(weir_get_text(found, 0), "n12345");
    assert_true(weir_is_null(found, 1));
}

static void test_bulk_insert__refuses_what_cannot_be_right(void **state)
{
    static const char *const columns[] = {"id", "nome"}, *const hole[] = {NULL};
    const weir_table_columns wrong = {"thing", columns, 2};
    const weir_table_columns absent = {"no_such_table", columns, 2};
    const weir_table_columns narrow = {"thing", columns, 1};
    const weir_table_columns unnamed = {"thing", hole, 1};
    const weir_value values[] = {WEIR_VAL(1), WEIR_VAL("a")};
    const weir_rows rows = {values, 2, 1}, one = {values, 1, 1};
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    must_fail(conn, weir_bulk_insert(conn, &wrong, &rows), WEIR_ERR_SQL);
    must(conn, weir_rollback(conn));
    must_fail(conn, weir_bulk_insert(conn, &absent, &rows), WEIR_ERR_SQL);
    must(conn, weir_rollback(conn));
    must_fail(conn, weir_bulk_insert(conn, &narrow, &rows), WEIR_ERR_MISUSE);
    must_fail(conn, weir_bulk_insert(conn, &unnamed, &one), WEIR_ERR_MISUSE);
    must_fail(conn, weir_bulk_insert(conn, NULL, &rows), WEIR_ERR_MISUSE);
    must_fail(conn, weir_bulk_insert(conn, &wrong, NULL), WEIR_ERR_MISUSE);
    assert_int_equal(count(conn), 0);
}

static void test_bulk_insert__tells_a_constraint(void **state)
{
    static const char *const columns[] = {"id", "name"};
    const weir_table_columns into = {"thing", columns, 2};
    const weir_value values[] = {WEIR_VAL(1), WEIR_VAL("a"), WEIR_VAL(1),
                                 WEIR_VAL("b")};
    const weir_rows rows = {values, 2, 2};
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    must_fail(conn, weir_bulk_insert(conn, &into, &rows), WEIR_ERR_CONSTRAINT);
    must(conn, weir_rollback(conn));
    assert_int_equal(count(conn), 0);
}

int run_many(void)
{
    const struct CMUnitTest tests[] = {
        TEST(exec_many__runs_each_row),
        TEST(exec_many__takes_names_from_the_first_row),
        TEST(exec_many__says_which_row_failed),
        TEST(exec_many__takes_more_than_one_batch),
        TEST(bulk_insert__loads_all_rows),
        TEST(bulk_insert__refuses_what_cannot_be_right),
        TEST(bulk_insert__tells_a_constraint),
    };

    return cmocka_run_group_tests_name("many", tests, NULL, NULL);
}
