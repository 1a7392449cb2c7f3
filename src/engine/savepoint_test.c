/* SPDX-License-Identifier: MIT */
/* What is sent for savepoints, and what a failure leaves. */
#include "scripted.h"

static void test_savepoint__is_named_by_its_depth(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();
    weir_savepoint outer, inner;

    (void)state;
    for (int i = 0; i < 3; i++) {
        must(conn, weir_savepoint_begin(conn, &outer));
        must(conn, weir_savepoint_begin(conn, &inner));
        must(conn, weir_savepoint_release(conn, &inner));
        must(conn, weir_savepoint_rollback(conn, &outer));
    }
    /* So however many there are, few statements are prepared. */
    assert_int_equal(weir_mock_count(mock, "prepare SAVEPOINT weir_1"), 1);
    assert_int_equal(weir_mock_count(mock, "prepare SAVEPOINT weir_2"), 1);
    assert_int_equal(weir_mock_count(mock, "prepare"), 5);
}

static void test_savepoint__begins_where_nothing_has_begun(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();
    weir_savepoint savepoint;

    (void)state;
    must(conn, weir_savepoint_begin(conn, &savepoint));
    assert_int_equal(weir_mock_count(mock, "begin"), 1);
    assert_true(weir_in_transaction(conn));
    must(conn, weir_rollback(conn));
    must_fail(conn, weir_savepoint_release(conn, &savepoint), WEIR_ERR_MISUSE,
              "no longer open");
    must(conn, weir_set_isolation(conn, WEIR_AUTOCOMMIT));
    must_fail(conn, weir_savepoint_begin(conn, &savepoint), WEIR_ERR_MISUSE,
              "AUTOCOMMIT");
}

static void test_savepoint__that_fails_is_not_there(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();
    weir_savepoint first, second = {0};

    (void)state;
    script_add(&(weir_mock_step){.text = "SAVEPOINT weir_2",
                                 .error = {.status = WEIR_ERR_LIMIT}});
    must(conn, weir_savepoint_begin(conn, &first));
    must_fail(conn, weir_savepoint_begin(conn, &second), WEIR_ERR_LIMIT, "");
    assert_int_equal(second.serial, 0);
    must_fail(conn, weir_savepoint_release(conn, &second), WEIR_ERR_MISUSE, "");
    must(conn, weir_savepoint_begin(conn, &second));
    must(conn, weir_savepoint_release(conn, &first)); /* and the second */
    assert_false(weir_in_savepoint(conn));
}

static void test_savepoint__of_a_lost_transaction_is_refused(void **state)
{
    WEIR_AUTO(weir_conn) conn = script_borrow();
    weir_savepoint savepoint;

    (void)state;
    must(conn, weir_savepoint_begin(conn, &savepoint));
    weir_mock_drop_connections(mock);
    must_fail(conn, weir_savepoint_rollback(conn, &savepoint),
              WEIR_ERR_CONNECTION, "");
    must_fail(conn, weir_savepoint_rollback(conn, &savepoint),
              WEIR_ERR_ROLLBACK_FIRST, "weir_rollback()");
    assert_false(weir_in_savepoint(conn));
    must(conn, weir_rollback(conn));
    must(conn, weir_savepoint_begin(conn, &savepoint));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(savepoint__is_named_by_its_depth),
        TEST(savepoint__begins_where_nothing_has_begun),
        TEST(savepoint__that_fails_is_not_there),
        TEST(savepoint__of_a_lost_transaction_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
