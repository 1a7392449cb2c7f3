/* SPDX-License-Identifier: MIT */
/*
 * For the tests of this folder: a wrapper around a mock of the same name, one
 * connection, and the mock's word for what came through.
 */
#ifndef WFA_TESTBED_H
#define WFA_TESTBED_H

#include "drive.h"

#include <weir/sys/mock.h>

#include "faulty.h"

static weir_mock *mock;
static weir_faulty *faulty;
static drive d;
static void *conn;

static inline int begin_test(void **state)
{
    weir_mock_options options = WEIR_MOCK_OPTIONS;

    (void)state;
    options.capabilities |= WEIR_CAN_SUBMIT | WEIR_CAN_NOTIFY |
                            WEIR_CAN_TWO_PHASE | WEIR_CAN_TX_OUTCOME;
    mock = weir_mock_new("bed", &options, &d.err);
    assert_non_null(mock);
    assert_int_equal(drive_attach(&d, "faulty+mock://bed?fault_name=bed"),
                     WEIR_OK);
    faulty = weir_faulty_find("bed");
    assert_non_null(faulty);
    conn = drive_open(&d);
    weir_mock_clear_log(mock);
    return 0;
}

static inline int end_test(void **state)
{
    (void)state;
    drive_close(&d, conn);
    assert_int_equal(weir_mock_connections(mock), 0);
    assert_null(weir_mock_breach(mock));
    drive_detach(&d);
    assert_null(weir_faulty_find("bed"));
    weir_mock_free(&mock);
    return 0;
}

/* The next call of an operation goes wrong. */
static inline void arm(weir_fault_op op, weir_fault_kind kind)
{
    weir_fault fault = {.kind = kind, .op = op, .at = 1};

    weir_faulty_arm(faulty, &fault);
}

static inline void again(void)
{
    drive_close(&d, conn);
    weir_faulty_arm(faulty, NULL);
    conn = drive_open(&d);
    weir_mock_clear_log(mock);
}

static inline weir_status ping(void)
{
    return d.driver->ping(conn, drive_in(&d, 0.02), &d.err);
}

static inline weir_status commit(void)
{
    return d.driver->commit(conn, drive_in(&d, 0.02), &d.err);
}

#define TEST(name_) cmocka_unit_test_setup_teardown(name_, begin_test, end_test)

#endif
