/* SPDX-License-Identifier: MIT */
/*
 * For tests of the mock: one by the name "test", and a connection to it. At
 * the end nobody may have broken its rules, but where that is what is tested.
 */
#ifndef WMK_WITH_MOCK_H
#define WMK_WITH_MOCK_H

#include "drive.h"

#include "mock.h"

static weir_mock *mock;
static drive d;
static void *conn;

/* NULL: the default options. */
static inline void begin_with(const weir_mock_options *options)
{
    mock = weir_mock_new("test", options, &d.err);
    assert_non_null(mock);
    assert_int_equal(drive_attach(&d, "mock://test"), WEIR_OK);
    conn = drive_open(&d);
}

static inline int begin_test(void **state)
{
    (void)state;
    begin_with(NULL);
    return 0;
}

static inline int end_with_breaches(void **state)
{
    (void)state;
    drive_close(&d, conn);
    drive_detach(&d);
    weir_mock_free(&mock);
    return 0;
}

static inline int end_test(void **state)
{
    (void)state;
    drive_close(&d, conn);
    assert_null(weir_mock_breach(mock));
    assert_int_equal(weir_mock_connections(mock), 0);
    drive_detach(&d);
    weir_mock_free(&mock);
    return 0;
}

#endif
