/* SPDX-License-Identifier: MIT */
/* Transactions that outlive their connection, and what became of them. */
#include "with_mock.h"

static void note_name(void *context, const char *xid)
{
    char *names = context;

    strncat(names, xid, 20);
    strncat(names, ",", 2);
}

static void expect_prepared(const char *wanted)
{
    char names[100] = "";

    assert_int_equal(d.driver->list_prepared(conn, note_name, names,
                                             WEIR_NO_DEADLINE, &d.err),
                     WEIR_OK);
    assert_string_equal(names, wanted);
}

static void prepare_tx(const char *xid)
{
    weir_tx_spec spec = {.isolation = WEIR_READ_COMMITTED, .xid = xid};

    assert_int_equal(d.driver->begin(conn, &spec, WEIR_NO_DEADLINE, &d.err),
                     WEIR_OK);
    assert_int_equal(drive_run(&d, conn, "UPDATE t"), WEIR_OK);
    assert_int_equal(d.driver->prepare_tx(conn, xid, WEIR_NO_DEADLINE, &d.err),
                     WEIR_OK);
    assert_int_equal(d.driver->state(conn), 0);
}

static void test_prepare_tx__outlives_its_connection(void **state)
{
    (void)state;
    prepare_tx("a");
    prepare_tx("b");
    expect_prepared("a,b,");
    drive_close(&d, conn);
    conn = drive_open(&d);
    expect_prepared("a,b,");
    assert_int_equal(
        d.driver->commit_prepared(conn, "a", WEIR_NO_DEADLINE, &d.err),
        WEIR_OK);
    assert_int_equal(
        d.driver->rollback_prepared(conn, "b", WEIR_NO_DEADLINE, &d.err),
        WEIR_OK);
    expect_prepared("");
    assert_int_equal(
        d.driver->commit_prepared(conn, "a", WEIR_NO_DEADLINE, &d.err),
        WEIR_ERR_SQL);
    assert_string_equal(d.err.sqlstate, "42704");
}

static weir_tx_outcome outcome_of(const char *id)
{
    weir_tx_outcome outcome = WEIR_TX_UNKNOWN;

    assert_int_equal(
        d.driver->tx_outcome(conn, id, &outcome, WEIR_NO_DEADLINE, &d.err),
        WEIR_OK);
    return outcome;
}

static void begin_with_id(char *id)
{
    assert_int_equal(drive_begin(&d, conn), WEIR_OK);
    assert_int_equal(d.driver->tx_id(conn, id, 32, WEIR_NO_DEADLINE, &d.err),
                     WEIR_OK);
}

static void test_tx_outcome__tells_what_became_of_it(void **state)
{
    char id[32], other[32];

    (void)state;
    begin_with_id(id);
    assert_int_equal(outcome_of(id), WEIR_TX_IN_PROGRESS);
    assert_int_equal(d.driver->commit(conn, WEIR_NO_DEADLINE, &d.err), WEIR_OK);
    assert_int_equal(outcome_of(id), WEIR_TX_COMMITTED);
    begin_with_id(other);
    assert_string_not_equal(id, other);
    drive_close(&d, conn);
    conn = drive_open(&d);
    assert_int_equal(outcome_of(other), WEIR_TX_ROLLED_BACK);
    assert_int_equal(outcome_of("4711"), WEIR_TX_UNKNOWN);
}

static void test_tx_outcome__knows_after_a_lost_answer(void **state)
{
    weir_mock_fault faults[] = {WEIR_MOCK_LOSE_AFTER, WEIR_MOCK_LOSE_BEFORE};
    weir_tx_outcome outcomes[] = {WEIR_TX_COMMITTED, WEIR_TX_ROLLED_BACK};
    weir_status statuses[] = {WEIR_ERR_COMMIT_UNKNOWN, WEIR_ERR_CONNECTION};
    char id[32];

    (void)state;
    for (int i = 0; i < 2; i++) {
        weir_mock_step step = {.op = WEIR_MOCK_COMMIT, .fault = faults[i]};

        weir_mock_add(mock, &step, &d.err);
        begin_with_id(id);
        assert_int_equal(d.driver->commit(conn, WEIR_NO_DEADLINE, &d.err),
                         statuses[i]);
        drive_close(&d, conn);
        conn = drive_open(&d);
        assert_int_equal(outcome_of(id), outcomes[i]);
    }
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, begin_test, end_test)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_prepare_tx__outlives_its_connection),
        TEST(test_tx_outcome__tells_what_became_of_it),
        TEST(test_tx_outcome__knows_after_a_lost_answer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
