/* SPDX-License-Identifier: MIT */
/* Which call goes wrong, how it does, and what is left of the connection. */
#include "testbed.h"

static void test_strike__is_the_nth_call_of_the_operation(void **state)
{
    weir_fault fault = {.op = WEIR_FAULT_PING, .at = 2};

    (void)state;
    weir_faulty_arm(faulty, &fault);
    assert_int_equal(ping(), WEIR_OK);
    assert_int_equal(drive_run(&d, conn, "UPDATE t"), WEIR_OK);
    assert_int_equal(ping(), WEIR_ERR_SQL);
    assert_non_null(strstr(d.err.message, "ping"));
    assert_int_equal(ping(), WEIR_OK);
    assert_int_equal(weir_faulty_hits(faulty), 1);
    assert_int_equal(weir_faulty_calls(faulty, WEIR_FAULT_PING), 3);
    fault.repeat = true;
    weir_faulty_arm(faulty, &fault);
    assert_int_equal(weir_faulty_hits(faulty), 0);
    assert_int_equal(ping(), WEIR_OK);
    assert_int_equal(ping(), WEIR_ERR_SQL);
    assert_int_equal(ping(), WEIR_ERR_SQL);
    weir_faulty_arm(faulty, NULL);
    assert_int_equal(ping(), WEIR_OK);
}

static void test_any__counts_what_the_kind_applies_to(void **state)
{
    weir_fault fault = {.kind = WEIR_FAULT_FAIL, .at = 2};

    (void)state;
    weir_faulty_arm(faulty, &fault);
    assert_int_equal(ping(), WEIR_OK);
    assert_int_equal(d.driver->state(conn), 0);
    assert_true(d.driver->socket(conn) >= 0);
    assert_int_equal(weir_faulty_hits(faulty), 0);
    assert_int_equal(ping(), WEIR_ERR_SQL);
    assert_int_equal(weir_faulty_calls(faulty, WEIR_FAULT_ANY),
                     2 /* attach, open */ + 4);
    assert_int_equal(weir_faulty_calls(faulty, WEIR_FAULT_OP_COUNT), 0);
}

static void test_applies__is_no_to_what_cannot_fail(void **state)
{
    (void)state;
    assert_true(weir_fault_applies(WEIR_FAULT_FAIL, WEIR_FAULT_ATTACH));
    assert_false(weir_fault_applies(WEIR_FAULT_HANG, WEIR_FAULT_ATTACH));
    assert_false(weir_fault_applies(WEIR_FAULT_FAIL, WEIR_FAULT_STATE));
    assert_true(weir_fault_applies(WEIR_FAULT_LIE, WEIR_FAULT_STATE));
    assert_true(weir_fault_applies(WEIR_FAULT_DIES_AFTER, WEIR_FAULT_END));
    assert_false(weir_fault_applies(WEIR_FAULT_LIE, WEIR_FAULT_END));
    assert_false(weir_fault_applies(WEIR_FAULT_LIE, WEIR_FAULT_CLOSE));
    assert_false(weir_fault_applies(WEIR_FAULT_KIND_COUNT, WEIR_FAULT_OPEN));
    assert_false(weir_fault_applies(WEIR_FAULT_FAIL, WEIR_FAULT_OP_COUNT));
}

static void test_fail__has_the_status_and_fate_that_were_asked_for(void **state)
{
    weir_fault fault = {.op = WEIR_FAULT_PING,
                        .at = 1,
                        .status = WEIR_ERR_RESOURCE,
                        .fate = WEIR_FATE_KEEP};

    (void)state;
    weir_faulty_arm(faulty, &fault);
    assert_int_equal(ping(), WEIR_ERR_RESOURCE);
    assert_int_equal(d.err.fate, WEIR_FATE_KEEP);
    assert_int_equal(d.driver->state(conn), 0);
    assert_int_equal(ping(), WEIR_OK);
    fault.fate = WEIR_FATE_RETRY;
    fault.status = WEIR_OK;
    weir_faulty_arm(faulty, &fault);
    weir_mock_clear_log(mock);
    assert_int_equal(ping(), WEIR_ERR_CONNECTION);
    assert_int_equal(d.err.fate, WEIR_FATE_RETRY);
    assert_int_equal(d.driver->state(conn), WEIR_STATE_DEAD);
    assert_string_equal(weir_mock_log(mock), "");
    assert_null(weir_faulty_breach(faulty));
}

static void test_lost__is_before_or_after_the_call(void **state)
{
    (void)state;
    arm(WEIR_FAULT_PING, WEIR_FAULT_LOST_BEFORE);
    assert_int_equal(ping(), WEIR_ERR_CONNECTION);
    assert_int_equal(d.err.fate, WEIR_FATE_DISCARD);
    assert_string_equal(d.err.sqlstate, "08006");
    assert_int_equal(d.driver->state(conn), WEIR_STATE_DEAD);
    assert_int_equal(weir_mock_count(mock, "ping"), 0);
    again();
    arm(WEIR_FAULT_PING, WEIR_FAULT_LOST_AFTER);
    assert_int_equal(ping(), WEIR_ERR_CONNECTION);
    assert_int_equal(d.driver->state(conn), WEIR_STATE_DEAD);
    assert_int_equal(weir_mock_count(mock, "ping"), 1);
}

static void test_lost__makes_a_commit_unknown(void **state)
{
    (void)state;
    assert_int_equal(drive_begin(&d, conn), WEIR_OK);
    arm(WEIR_FAULT_COMMIT, WEIR_FAULT_LOST_BEFORE);
    assert_int_equal(commit(), WEIR_ERR_COMMIT_UNKNOWN);
    assert_int_equal(weir_mock_count(mock, "commit"), 0);
    again();
    assert_int_equal(drive_begin(&d, conn), WEIR_OK);
    arm(WEIR_FAULT_COMMIT, WEIR_FAULT_LOST_AFTER);
    assert_int_equal(commit(), WEIR_ERR_COMMIT_UNKNOWN);
    assert_int_equal(weir_mock_count(mock, "commit"), 1);
}

static void test_dies_after__is_noticed_by_the_next_call_only(void **state)
{
    (void)state;
    arm(WEIR_FAULT_PING, WEIR_FAULT_DIES_AFTER);
    assert_int_equal(ping(), WEIR_OK);
    assert_int_equal(weir_mock_count(mock, "ping"), 1);
    assert_int_equal(d.driver->state(conn), 0);
    assert_int_equal(ping(), WEIR_ERR_CONNECTION);
    assert_int_equal(d.err.fate, WEIR_FATE_RETRY);
    assert_int_equal(d.driver->state(conn), WEIR_STATE_DEAD);
    assert_int_equal(weir_mock_count(mock, "ping"), 1);
    assert_null(weir_faulty_breach(faulty));
}

static void test_lie__does_nothing_and_says_that_it_did(void **state)
{
    (void)state;
    assert_int_equal(drive_begin(&d, conn), WEIR_OK);
    arm(WEIR_FAULT_COMMIT, WEIR_FAULT_LIE);
    assert_int_equal(commit(), WEIR_OK);
    assert_int_equal(weir_mock_count(mock, "commit"), 0);
    assert_int_equal(d.driver->state(conn), WEIR_STATE_IN_TX);
}

static void test_breach__is_a_call_on_what_is_known_to_be_lost(void **state)
{
    (void)state;
    arm(WEIR_FAULT_PING, WEIR_FAULT_LOST_AFTER);
    assert_int_equal(ping(), WEIR_ERR_CONNECTION);
    assert_null(weir_faulty_breach(faulty));
    assert_int_equal(ping(), WEIR_ERR_CONNECTION);
    assert_string_equal(weir_faulty_breach(faulty),
                        "a call on a connection that was lost");
}

static void test_breach__also_after_the_inner_driver_said_so(void **state)
{
    weir_mock_step step = {.op = WEIR_MOCK_PING,
                           .fault = WEIR_MOCK_LOSE_BEFORE};

    (void)state;
    weir_mock_add(mock, &step, &d.err);
    assert_int_equal(ping(), WEIR_ERR_CONNECTION);
    assert_null(weir_faulty_breach(faulty));
    assert_int_equal(ping(), WEIR_ERR_CONNECTION);
    assert_non_null(weir_faulty_breach(faulty));
}

static void test_null__is_no_engine(void **state)
{
    (void)state;
    weir_faulty_arm(NULL, NULL);
    assert_int_equal(weir_faulty_calls(NULL, WEIR_FAULT_ANY), 0);
    assert_int_equal(weir_faulty_hits(NULL), 0);
    assert_null(weir_faulty_breach(NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_strike__is_the_nth_call_of_the_operation),
        TEST(test_any__counts_what_the_kind_applies_to),
        TEST(test_applies__is_no_to_what_cannot_fail),
        TEST(test_fail__has_the_status_and_fate_that_were_asked_for),
        TEST(test_lost__is_before_or_after_the_call),
        TEST(test_lost__makes_a_commit_unknown),
        TEST(test_dies_after__is_noticed_by_the_next_call_only),
        TEST(test_lie__does_nothing_and_says_that_it_did),
        TEST(test_breach__is_a_call_on_what_is_known_to_be_lost),
        TEST(test_breach__also_after_the_inner_driver_said_so),
        TEST(test_null__is_no_engine),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
