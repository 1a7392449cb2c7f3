/* SPDX-License-Identifier: MIT */
/* Results that are closed after their connection: nobody is disturbed by it,
 * and nothing of them stays behind. */
#include "engine/result_late.h"

#include "engine/conn.h"
#include "engine/handles.h"
#include "scripted.h"

static const weir_column columns[] = {{.name = "n", .type = WEIR_TYPE_I64}};

static void add_rows(void)
{
    const weir_value values[] = {WEIR_VAL(1), WEIR_VAL(2), WEIR_VAL(3)};

    script_add(&(weir_mock_step){.text = "SELECT n",
                                 .times = -1,
                                 .columns = columns,
                                 .column_count = 1,
                                 .values = values,
                                 .row_count = 3});
}

/* ------------------------------------------------------------------ memory */

static int blocks;

static void *count_alloc(void *context, size_t size)
{
    (void)context;
    blocks++;
    return malloc(size);
}

static void *count_resize(void *context, void *old, size_t size)
{
    (void)context;
    blocks += !old;
    return realloc(old, size);
}

static void count_free(void *context, void *memory)
{
    (void)context;
    blocks -= memory != NULL;
    free(memory);
}

static void open_and_close_in_wrong_order(void)
{
    weir_conn *conn = script_borrow();
    weir_result *rows = weir_query(conn, "SELECT n", NOARGS);
    weir_result *others = weir_query(conn, "SELECT n", NOARGS);

    assert_true(weir_next(rows));
    weir_conn_close(&conn);
    weir_result_close(&rows);
    assert_null(rows);
    weir_result_close(&others);
    assert_null(others);
}

static void test_late_results__are_not_kept(void **state)
{
    const weir_allocator counting = {count_alloc, count_resize, count_free,
                                     NULL};
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    int warm;

    (void)state;
    options.allocator = &counting;
    script_open(NULL, &options);
    add_rows();
    for (int i = 0; i < 50; i++)
        open_and_close_in_wrong_order();
    warm = blocks;
    for (int i = 0; i < 200; i++)
        open_and_close_in_wrong_order();
    assert_int_equal(blocks, warm);
    script_open(NULL, NULL);
    assert_int_equal(blocks, 0);
}

/* Who never closes them has them until the engine ends. */
static void test_late_results__end_with_the_engine(void **state)
{
    weir_conn *conn = script_borrow();
    weir_result *rows;

    (void)state;
    add_rows();
    rows = weir_query(conn, "SELECT n", NOARGS);
    assert_true(weir_next(rows));
    weir_conn_close(&conn); /* the leak sanitizer sees to the rest */
}

/* --------------------------------------------------------------- the others */

/* Until the same handle is lent again. */
static weir_conn *borrow_again(const weir_conn *wanted)
{
    for (int i = 0; i < 10 * WI_HANDLE_REST; i++) {
        weir_conn *conn = script_borrow();

        if (conn == wanted)
            return conn;
        weir_conn_close(&conn);
    }
    fail_msg("the handle was not lent again");
    return NULL;
}

static void test_late_result__leaves_the_next_borrower_alone(void **state)
{
    weir_conn *conn = script_borrow(), *first = conn;
    weir_result *late, *stale, *rows;

    (void)state;
    add_rows();
    late = stale = weir_query(conn, "SELECT n", NOARGS);
    while (weir_next(late))
        ;
    assert_int_equal(weir_result_status(late), WEIR_OK);
    weir_conn_close(&conn);
    conn = borrow_again(first);
    rows = weir_query(conn, "SELECT n", NOARGS);
    assert_true(weir_next(rows));
    must(conn, wi_conn_enter(conn)); /* the next borrower is in a call */
    assert_false(weir_next(late));
    assert_int_equal(weir_result_one(late), WEIR_ERR_MISUSE);
    assert_int_equal(weir_result_status(late), WEIR_OK);
    weir_result_close(&late);
    assert_null(late);
    must(conn, wi_conn_leave(conn, WEIR_OK));
    assert_int_equal(weir_result_status(stale), WEIR_ERR_MISUSE);
    weir_result_close(&stale);
    assert_true(weir_next(rows));
    assert_int_equal(weir_get_i64(rows, 0), 2);
    weir_result_close(&rows);
    weir_conn_close(&conn);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(late_results__are_not_kept),
        TEST(late_results__end_with_the_engine),
        TEST(late_result__leaves_the_next_borrower_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
