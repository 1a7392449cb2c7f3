/* SPDX-License-Identifier: MIT */
/* Savepoints: a part of a transaction that can be taken back. */
#include "suite.h"

static void test_savepoint__rolls_back_only_its_own_work(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_savepoint outer, inner;

    (void)state;
    must(conn, add(conn, 1, "a"));
    must(conn, weir_savepoint_begin(conn, &outer));
    must(conn, add(conn, 2, "b"));
    must(conn, weir_savepoint_begin(conn, &inner));
    must(conn, add(conn, 3, "c"));
    must(conn, weir_savepoint_rollback(conn, &outer));
    assert_int_equal(count(conn), 1);
    must_fail(conn, weir_savepoint_release(conn, &inner), WEIR_ERR_MISUSE);
    must_fail(conn, weir_savepoint_release(conn, &outer), WEIR_ERR_MISUSE);
    assert_false(weir_in_savepoint(conn));
}

static void test_savepoint__released_work_belongs_to_the_outer(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_savepoint outer, inner;

    (void)state;
    must(conn, weir_savepoint_begin(conn, &outer));
    assert_true(weir_in_transaction(conn)); /* it began one */
    must(conn, weir_savepoint_begin(conn, &inner));
    must(conn, add(conn, 1, "a"));
    must(conn, weir_savepoint_release(conn, &inner));
    assert_true(weir_in_savepoint(conn));
    assert_int_equal(count(conn), 1);
    must(conn, weir_savepoint_rollback(conn, &outer));
    assert_int_equal(count(conn), 0);
}

static void test_savepoint__mends_a_spoilt_transaction(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_savepoint before;

    (void)state;
    must(conn, add(conn, 1, "a"));
    must(conn, weir_savepoint_begin(conn, &before));
    must_fail(conn, add(conn, 2, "a"), WEIR_ERR_CONSTRAINT);
    must(conn, weir_savepoint_rollback(conn, &before));
    must(conn, add(conn, 2, "b"));
    must(conn, weir_commit(conn));
    assert_int_equal(committed(), 2);
}

static void test_savepoint__ends_with_its_transaction(void **state)
{
    WEIR_AUTO(weir_conn) conn = borrow();
    weir_savepoint one, two = {0};

    (void)state;
    must(conn, weir_savepoint_begin(conn, &one));
    must(conn, weir_commit(conn));
    must_fail(conn, weir_savepoint_rollback(conn, &one), WEIR_ERR_MISUSE);
    must_fail(conn, weir_savepoint_release(conn, &two), WEIR_ERR_MISUSE);
    must_fail(conn, weir_savepoint_begin(conn, NULL), WEIR_ERR_MISUSE);
}

int run_savepoints(void)
{
    const struct CMUnitTest tests[] = {
        TEST(savepoint__rolls_back_only_its_own_work),
        TEST(savepoint__released_work_belongs_to_the_outer),
        TEST(savepoint__mends_a_spoilt_transaction),
        TEST(savepoint__ends_with_its_transaction),
    };

    if (!can(WEIR_CAN_SAVEPOINT))
        return 0;
    return cmocka_run_group_tests_name("savepoints", tests, NULL, NULL);
}
