/* SPDX-License-Identifier: MIT */
/* Transactions reach the inner driver, and their lies do not. */
#include "testbed.h"

static void test_transactions__go_through(void **state)
{
    (void)state;
    assert_int_equal(drive_begin(&d, conn), WEIR_OK);
    assert_int_equal(d.driver->state(conn), WEIR_STATE_IN_TX);
    assert_int_equal(commit(), WEIR_OK);
    assert_int_equal(drive_begin(&d, conn), WEIR_OK);
    assert_int_equal(d.driver->rollback(conn, WEIR_NO_DEADLINE, &d.err),
                     WEIR_OK);
    assert_string_equal(weir_mock_log(mock), "begin READ COMMITTED\n"
                                             "commit\n"
                                             "begin READ COMMITTED\n"
                                             "rollback\n");
}

static void note_name(void *context, const char *xid)
{
    strncat(context, xid, 20);
}

static void test_two_phase__goes_through(void **state)
{
    weir_tx_spec spec = {.isolation = WEIR_READ_COMMITTED, .xid = "x"};
    char names[40] = "";

    (void)state;
    assert_int_equal(d.driver->begin(conn, &spec, WEIR_NO_DEADLINE, &d.err),
                     WEIR_OK);
    assert_int_equal(d.driver->prepare_tx(conn, "x", WEIR_NO_DEADLINE, &d.err),
                     WEIR_OK);
    assert_int_equal(d.driver->list_prepared(conn, note_name, names,
                                             WEIR_NO_DEADLINE, &d.err),
                     WEIR_OK);
    assert_string_equal(names, "x");
    arm(WEIR_FAULT_LIST_PREPARED, WEIR_FAULT_LIE);
    names[0] = '\0';
    assert_int_equal(d.driver->list_prepared(conn, note_name, names,
                                             WEIR_NO_DEADLINE, &d.err),
                     WEIR_OK);
    assert_string_equal(names, "");
    assert_int_equal(
        d.driver->rollback_prepared(conn, "y", WEIR_NO_DEADLINE, &d.err),
        WEIR_ERR_SQL);
    arm(WEIR_FAULT_COMMIT_PREPARED, WEIR_FAULT_LOST_AFTER);
    assert_int_equal(
        d.driver->commit_prepared(conn, "x", WEIR_NO_DEADLINE, &d.err),
        WEIR_ERR_COMMIT_UNKNOWN);
    assert_int_equal(weir_mock_count(mock, "commit_prepared"), 1);
}

static void test_tx_outcome__lies_that_nobody_knows(void **state)
{
    weir_tx_outcome outcome = WEIR_TX_COMMITTED;
    char id[32] = "";

    (void)state;
    assert_int_equal(drive_begin(&d, conn), WEIR_OK);
    assert_int_equal(
        d.driver->tx_id(conn, id, sizeof id, WEIR_NO_DEADLINE, &d.err),
        WEIR_OK);
    assert_string_not_equal(id, "");
    assert_int_equal(
        d.driver->tx_outcome(conn, id, &outcome, WEIR_NO_DEADLINE, &d.err),
        WEIR_OK);
    assert_int_equal(outcome, WEIR_TX_IN_PROGRESS);
    arm(WEIR_FAULT_TX_OUTCOME, WEIR_FAULT_LIE);
    assert_int_equal(
        d.driver->tx_outcome(conn, id, &outcome, WEIR_NO_DEADLINE, &d.err),
        WEIR_OK);
    assert_int_equal(outcome, WEIR_TX_UNKNOWN);
    arm(WEIR_FAULT_TX_ID, WEIR_FAULT_LIE);
    assert_int_equal(
        d.driver->tx_id(conn, id, sizeof id, WEIR_NO_DEADLINE, &d.err),
        WEIR_OK);
    assert_string_equal(id, "0");
}

static void test_begin__that_lies_begins_nothing(void **state)
{
    (void)state;
    arm(WEIR_FAULT_BEGIN, WEIR_FAULT_LIE);
    assert_int_equal(drive_begin(&d, conn), WEIR_OK);
    assert_int_equal(d.driver->state(conn), 0);
    assert_string_equal(weir_mock_log(mock), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_transactions__go_through),
        TEST(test_two_phase__goes_through),
        TEST(test_tx_outcome__lies_that_nobody_knows),
        TEST(test_begin__that_lies_begins_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
