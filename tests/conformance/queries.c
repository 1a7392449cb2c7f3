/* SPDX-License-Identifier: MIT */
/* Rows: reading, lasting, streaming, describing. */
#include "suite.h"

#include <stdio.h>

static void test_query__reads_named_and_positional_parameters(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    int64_t id = 0;
    const char *name = NULL;
    opt_i32 age = some_i32(1);

    (void)state;
    must(conn, add(conn, 7, "sandy"));
    WEIR_AUTO(weir_result) rows =
        weir_query(conn, "SELECT id, name, age FROM thing WHERE name = :n",
                   ARGS(P("n", "sandy")));
    assert_true(weir_next(rows));
    assert_int_equal(weir_scan(rows, &id, &name, &age), WEIR_OK);
    assert_int_equal(id, 7);
    assert_string_equal(name, "sandy");
    assert_false(age.set);
    assert_false(weir_next(rows));
    assert_int_equal(weir_result_status(rows), WEIR_OK);
}

static void test_columns__have_names_and_are_found_in_any_case(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    WEIR_AUTO(weir_result) rows = weir_query(
        conn, "SELECT id, name AS title, age, id FROM thing", NOARGS);
    assert_int_equal(weir_column_count(rows), 4);
    assert_string_equal(weir_column_name(rows, 1), "title");
    assert_string_equal(weir_column_name(rows, 4), "");
    assert_int_equal(weir_column_index(rows, "title"), 1);
    assert_int_equal(weir_column_index(rows, "AGE"), 2);
    assert_non_null(weir_column_at(rows, 0));
    assert_null(weir_column_at(rows, -1));
    assert_int_equal(weir_column_index(rows, "id"), -2);
    assert_int_equal(weir_result_status(rows), WEIR_ERR_MISUSE);
}

static void test_column_index__names_the_missing_column(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    WEIR_AUTO(weir_result) rows =
        weir_query(conn, "SELECT id FROM thing", NOARGS);
    assert_int_equal(weir_column_index(rows, "ident"), -1);
    assert_int_equal(weir_result_status(rows), WEIR_ERR_MISUSE);
    assert_non_null(strstr(weir_result_error(rows)->message, "\"ident\""));
}

static void test_columns__of_a_cached_statement_follow_the_table(void **state)
{
    static const char sql[] = "SELECT * FROM thing";
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    WEIR_AUTO(weir_result) before = weir_query(conn, sql, NOARGS);
    assert_false(weir_next(before));
    assert_int_equal(weir_column_count(before), 3);
    weir_result_close(&before);
    must(conn, weir_commit(conn));
    must(conn,
         weir_exec(conn, "ALTER TABLE thing ADD COLUMN extra INTEGER", NOARGS));
    must(conn, weir_commit(conn));
    must(conn, add(conn, 1, "a"));
    WEIR_AUTO(weir_result) after = weir_query(conn, sql, NOARGS);
    assert_true(weir_next(after));
    assert_int_equal(weir_column_count(after), 4);
    assert_string_equal(weir_column_name(after, 3), "extra");
    assert_true(weir_is_null(after, 3));
}

static void test_query__is_not_disturbed_by_writes_meanwhile(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    int64_t id = 0, seen = 0;
    const char *name = NULL;

    (void)state;
    must(conn, add(conn, 1, "one"));
    must(conn, add(conn, 2, "two"));
    must(conn, add(conn, 3, "three"));
    must(conn, weir_commit(conn));
    WEIR_AUTO(weir_result) rows =
        weir_query(conn, "SELECT id, name FROM thing ORDER BY id", NOARGS);
    while (weir_next(rows) && weir_scan(rows, &id, &name) == WEIR_OK) {
        const char *before = name;

        must(conn, add(conn, id + 10, id == 1 ? "x" : id == 2 ? "y" : "z"));
        assert_string_equal(before, id == 1   ? "one"
                                    : id == 2 ? "two"
                                              : "three");
        seen++;
    }
    assert_int_equal(weir_result_status(rows), WEIR_OK);
    assert_int_equal(seen, 3);
    assert_int_equal(count(conn), 6);
}

static void test_query__rows_outlast_the_commit(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    int64_t id = 0;

    (void)state;
    must(conn, add(conn, 1, "a"));
    must(conn, add(conn, 2, "b"));
    WEIR_AUTO(weir_result) rows =
        weir_query(conn, "SELECT id FROM thing ORDER BY id", NOARGS);
    assert_true(weir_next(rows));
    must(conn, weir_commit(conn));
    assert_int_equal(weir_get_i64(rows, 0), 1);
    assert_true(weir_next(rows));
    assert_int_equal(weir_scan(rows, &id), WEIR_OK);
    assert_int_equal(id, 2);
    assert_false(weir_next(rows));
}

static void test_query__rows_end_with_a_rollback_and_say_so(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    must(conn, add(conn, 1, "a"));
    must(conn, add(conn, 2, "b"));
    WEIR_AUTO(weir_result) rows =
        weir_query(conn, "SELECT id FROM thing ORDER BY id", NOARGS);
    assert_true(weir_next(rows));
    must(conn, weir_rollback(conn));
    assert_false(weir_next(rows));
    assert_int_equal(weir_result_status(rows), WEIR_ERR_MISUSE);
    assert_non_null(strstr(weir_result_error(rows)->message, "rolled back"));
}

static void test_query__two_results_are_read_in_turns(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    for (int i = 1; i <= 5; i++)
        must(conn,
             add(conn, i, (const char *[]){"", "a", "b", "c", "d", "e"}[i]));
    WEIR_AUTO(weir_result) up =
        weir_query(conn, "SELECT id FROM thing ORDER BY id", NOARGS);
    WEIR_AUTO(weir_result) down =
        weir_query(conn, "SELECT id FROM thing ORDER BY id DESC", NOARGS);
    for (int i = 1; i <= 5; i++) {
        assert_true(weir_next(up));
        assert_true(weir_next(down));
        assert_int_equal(weir_get_i64(up, 0), i);
        assert_int_equal(weir_get_i64(down, 0), 6 - i);
    }
    assert_false(weir_next(up));
    assert_false(weir_next(down));
}

static void test_result_one__wants_exactly_one_row(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    WEIR_AUTO(weir_result) none =
        weir_query(conn, "SELECT id FROM thing", NOARGS);
    assert_int_equal(weir_result_one(none), WEIR_ERR_NOT_FOUND);
    assert_int_equal(weir_result_status(none), WEIR_OK);
    must(conn, add(conn, 1, "a"));
    WEIR_AUTO(weir_result) one =
        weir_query(conn, "SELECT id, name FROM thing", NOARGS);
    assert_int_equal(weir_result_one(one), WEIR_OK);
    assert_string_equal(weir_get_text(one, 1), "a");
    must(conn, add(conn, 2, "b"));
    WEIR_AUTO(weir_result) many =
        weir_query(conn, "SELECT id FROM thing", NOARGS);
    assert_int_equal(weir_result_one(many), WEIR_ERR_MANY_ROWS);
    assert_int_equal(weir_result_status(many), WEIR_OK);
}

static void add_many(void)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    char name[64];

    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "%050d", i);
        must(conn, add(conn, i, name));
    }
    must(conn, weir_commit(conn));
}

/* What must be kept has a limit; a stream is read to its end. */
static void test_query__keeps_no_more_than_it_may(void **state)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    int64_t seen = 0;
    weir_error err;

    (void)state;
    if (!can(WEIR_CAN_SHARE) || can(WEIR_CAN_INTERLEAVE))
        return;
    add_many();
    options.max_result_bytes = 4096;
    WEIR_AUTO(weir_engine) frugal = open_engine(&options);
    WEIR_AUTO(weir_conn) conn = weir_connect(frugal, &err);
    WEIR_AUTO(weir_result) all =
        weir_query(conn, "SELECT name FROM thing", NOARGS);
    while (weir_next(all))
        seen++;
    must_fail(conn, weir_result_status(all), WEIR_ERR_LIMIT);
    assert_int_equal(seen, 0);
    weir_result_close(&all);
    assert_false(weir_conn_is_invalidated(conn));
    assert_int_equal(count(conn), 300);
    all = weir_stream(conn, "SELECT name FROM thing", NOARGS);
    for (seen = 0; weir_next(all); seen++)
        continue;
    assert_int_equal(weir_result_status(all), WEIR_OK);
    assert_int_equal(seen, 300);
}

static void test_stream__refuses_another_statement(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    must(conn, add(conn, 1, "a"));
    WEIR_AUTO(weir_result) rows =
        weir_stream(conn, "SELECT id FROM thing", NOARGS);
    assert_int_equal(weir_result_status(rows), WEIR_OK);
    must_fail(conn, add(conn, 2, "b"), WEIR_ERR_MISUSE);
    must_fail(conn, weir_commit(conn), WEIR_ERR_MISUSE);
    assert_true(weir_next(rows));
    assert_int_equal(weir_get_i64(rows, 0), 1);
    weir_result_close(&rows);
    must(conn, add(conn, 2, "b"));
}

static void test_stream__may_be_left_in_the_middle(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    char name[16];

    (void)state;
    for (int i = 0; i < 500; i++) {
        snprintf(name, sizeof name, "n%d", i);
        must(conn, add(conn, i, name));
    }
    WEIR_AUTO(weir_result) rows =
        weir_stream(conn, "SELECT id FROM thing ORDER BY id", NOARGS);
    for (int i = 0; i < 10; i++)
        assert_true(weir_next(rows));
    assert_int_equal(weir_get_i64(rows, 0), 9);
    weir_result_close(&rows);
    assert_int_equal(count(conn), 500);
}

static void test_scan__refuses_null_and_what_does_not_fit(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    int32_t age = 5;
    int64_t id = 6;
    int8_t small = 5;

    (void)state;
    must(conn, add(conn, 300, "a"));
    WEIR_AUTO(weir_result) nulls =
        weir_query(conn, "SELECT id, age FROM thing", NOARGS);
    assert_true(weir_next(nulls));
    assert_int_equal(weir_scan(nulls, &id, &age), WEIR_ERR_TYPE);
    assert_non_null(strstr(weir_result_error(nulls)->message, "\"age\""));
    assert_int_equal(age, 5);
    assert_int_equal(id, 6); /* all are written or none */
    assert_false(weir_next(nulls));
    WEIR_AUTO(weir_result) wide =
        weir_query(conn, "SELECT id FROM thing", NOARGS);
    assert_true(weir_next(wide));
    assert_int_equal(weir_scan(wide, &small), WEIR_ERR_TYPE);
    assert_int_equal(small, 5);
}

static void test_scan__refuses_another_number_of_outputs(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    int64_t id = 0, more = 0;

    (void)state;
    must(conn, add(conn, 1, "a"));
    WEIR_AUTO(weir_result) rows =
        weir_query(conn, "SELECT id FROM thing", NOARGS);
    assert_int_equal(weir_scan(rows, &id), WEIR_ERR_MISUSE); /* no row yet */
    weir_result_close(&rows);
    rows = weir_query(conn, "SELECT id FROM thing", NOARGS);
    assert_true(weir_next(rows));
    assert_int_equal(weir_scan(rows, &id, &more), WEIR_ERR_MISUSE);
}

static void test_readers__give_zero_and_remember_the_failure(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    (void)state;
    must(conn, add(conn, 1, "not a number"));
    WEIR_AUTO(weir_result) rows =
        weir_query(conn, "SELECT name, age FROM thing", NOARGS);
    assert_true(weir_next(rows));
    assert_true(weir_is_null(rows, 1));
    assert_int_equal(weir_get_i64(rows, 0), 0);
    assert_int_equal(weir_result_status(rows), WEIR_ERR_TYPE);
    assert_false(weir_next(rows));
}

int run_queries(void)
{
    const struct CMUnitTest tests[] = {
        TEST(query__reads_named_and_positional_parameters),
        TEST(columns__have_names_and_are_found_in_any_case),
        TEST(column_index__names_the_missing_column),
        TEST(columns__of_a_cached_statement_follow_the_table),
        TEST(query__is_not_disturbed_by_writes_meanwhile),
        TEST(query__rows_outlast_the_commit),
        TEST(query__rows_end_with_a_rollback_and_say_so),
        TEST(query__two_results_are_read_in_turns),
        TEST(result_one__wants_exactly_one_row),
        TEST(query__keeps_no_more_than_it_may),
        TEST(stream__refuses_another_statement),
        TEST(stream__may_be_left_in_the_middle),
        TEST(scan__refuses_null_and_what_does_not_fit),
        TEST(scan__refuses_another_number_of_outputs),
        TEST(readers__give_zero_and_remember_the_failure),
    };

    return cmocka_run_group_tests_name("queries", tests, NULL, NULL);
}
