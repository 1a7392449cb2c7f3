/* SPDX-License-Identifier: MIT */
/* Handles rest before they are lent again, and are not made without end. */
#include "engine/handles.h"

#include <pthread.h>

#include "engine/conn.h"
#include "scripted.h"

static void test_handle__rests_for_some_loans(void **state)
{
    weir_conn *stale = script_borrow(), *copy = stale;

    (void)state;
    weir_conn_close(&copy);
    for (int i = 0; i < WI_HANDLE_REST; i++) {
        weir_conn *conn = script_borrow();

        assert_ptr_not_equal(conn, stale);
        assert_int_equal(weir_exec(stale, "UPDATE t", NOARGS), WEIR_ERR_MISUSE);
        weir_conn_close(&conn);
    }
}

static void test_handles__are_as_many_as_were_ever_out_and_rest(void **state)
{
    weir_conn *seen[WI_HANDLE_REST + 1] = {NULL};

    (void)state;
    for (int loan = 0; loan < 50; loan++) {
        weir_conn *conn = script_borrow();
        int i = 0;

        while (i <= WI_HANDLE_REST && seen[i] && seen[i] != conn)
            i++;
        assert_in_range(i, 0, WI_HANDLE_REST);
        seen[i] = conn;
        weir_conn_close(&conn);
    }
}

/* What one loan has set does not reach the next one of the same handle. */
static void test_handle__begins_anew_with_each_loan(void **state)
{
    weir_isolation before;

    (void)state;
    for (int loan = 0; loan < 2 * WI_HANDLE_REST; loan++) {
        weir_conn *conn = script_borrow();

        before = weir_get_isolation(conn);
        assert_int_equal(before, WEIR_READ_COMMITTED);
        assert_int_equal(weir_affected(conn), -1);
        assert_false(weir_in_transaction(conn));
        assert_int_equal(weir_conn_error(conn)->status, WEIR_OK);
        must(conn, weir_set_isolation(conn, WEIR_SERIALIZABLE));
        must(conn, weir_set_access(conn, WEIR_READ_ONLY));
        assert_int_equal(weir_exec(conn, "UPDATE t", NOARGS),
                         WEIR_ERR_UNAVAILABLE);
        weir_conn_close(&conn);
    }
}

static void *close_it(void *argument)
{
    weir_conn_close(argument);
    return NULL;
}

static void *borrow_once(void *argument)
{
    wi_shelf **shelf = argument;
    weir_conn *conn = script_borrow();

    *shelf = conn->shelf;
    weir_conn_close(&conn);
    return NULL;
}

/* Whoever begins after another has the next shelf: they share no lock. */
static void test_handles__of_two_threads_stand_apart(void **state)
{
    wi_shelf *shelves[2];
    pthread_t thread;

    (void)state;
    for (int i = 0; i < 2; i++) {
        assert_int_equal(
            pthread_create(&thread, NULL, borrow_once, &shelves[i]), 0);
        pthread_join(thread, NULL);
    }
    assert_ptr_not_equal(shelves[0], shelves[1]);
}

/* A handle that is closed by another thread goes back to where it was. */
static void test_handle__goes_back_to_its_shelf(void **state)
{
    weir_conn *conn = script_borrow();
    wi_shelf *shelf = conn->shelf;
    int before = shelf->free_count;
    pthread_t thread;

    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, close_it, &conn), 0);
    pthread_join(thread, NULL);
    assert_null(conn);
    assert_int_equal(shelf->free_count, before + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(handle__rests_for_some_loans),
        TEST(handles__are_as_many_as_were_ever_out_and_rest),
        TEST(handle__begins_anew_with_each_loan),
        TEST(handles__of_two_threads_stand_apart),
        TEST(handle__goes_back_to_its_shelf),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
