/* SPDX-License-Identifier: MIT */
/*
 * An engine over a scripted database (<weir/sys/mock.h>): for the tests of the
 * core, which see every call that it makes. What fails unexpectedly fails the
 * test; at its end nothing is out and the driver contract was kept.
 */
#ifndef WEIR_TESTS_SCRIPTED_H
#define WEIR_TESTS_SCRIPTED_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <weir/short.h>
#include <weir/sys/mock.h>
#include <weir/weir.h>

static weir_mock *mock;
static weir_engine *engine;

/* Another mock and engine than those of set_up(). */
static inline void script_open(const weir_mock_options *kind,
                               const weir_engine_options *options)
{
    weir_error err;

    weir_engine_close(&engine);
    weir_mock_free(&mock);
    mock = weir_mock_new("scripted", kind, &err);
    assert_non_null(mock);
    engine = weir_engine_open("mock://scripted", options, &err);
    if (!engine)
        fail_msg("open: %s", err.message);
}

/* A mock that can do this as well. */
static inline void script_open_with(uint32_t capabilities)
{
    weir_mock_options kind = WEIR_MOCK_OPTIONS;

    kind.capabilities |= capabilities;
    script_open(&kind, NULL);
}

static inline int script_set_up(void **state)
{
    (void)state;
    script_open(NULL, NULL);
    return 0;
}

static inline int script_tear_down(void **state)
{
    weir_pool_status status;
    const char *breach = weir_mock_breach(mock);

    (void)state;
    weir_engine_pool_status(engine, &status);
    if (status.busy)
        print_error("%d connections are out\n", status.busy);
    if (breach)
        print_error("the core broke the contract: %s\n", breach);
    weir_engine_close(&engine);
    weir_mock_free(&mock);
    return status.busy || breach ? -1 : 0;
}

static inline weir_conn *script_borrow(void)
{
    weir_error err;
    weir_conn *conn = weir_connect(engine, &err);

    if (!conn)
        fail_msg("connect: %s", err.message);
    return conn;
}

/* As whoever bears that tag. */
static inline weir_conn *script_borrow_as(const char *tag)
{
    weir_connect_options loan = WEIR_CONNECT_OPTIONS;
    weir_error err;
    weir_conn *conn;

    loan.tag = tag;
    conn = weir_connect_with(engine, &loan, &err);
    if (!conn)
        fail_msg("connect as %s: %s", tag, err.message);
    return conn;
}

static inline void script_add(const weir_mock_step *step)
{
    weir_error err;

    if (weir_mock_add(mock, step, &err) != WEIR_OK)
        fail_msg("step: %s", err.message);
}

/* Rows of one column n: 1, 2, … for any statement of that text. */
static inline void script_rows(const char *text, int count)
{
    static const weir_column column = {.name = "n", .type = WEIR_TYPE_I64};
    weir_value values[16];

    assert_in_range(count, 0, 16);
    for (int i = 0; i < count; i++)
        values[i] = weir_value_i64(i + 1);
    script_add(&(weir_mock_step){.text = text,
                                 .times = -1,
                                 .columns = &column,
                                 .column_count = 1,
                                 .values = values,
                                 .row_count = (size_t)count});
}

static inline void must(weir_conn *conn, weir_status status)
{
    if (status != WEIR_OK)
        fail_msg("%s: %s", weir_status_name(status),
                 weir_conn_error(conn)->message);
}

/* It failed so, and its error says so in a line with `part` in it. */
static inline void must_fail(weir_conn *conn, weir_status status,
                             weir_status wanted, const char *part)
{
    const weir_error *err = weir_conn_error(conn);

    if (status != wanted || err->status != wanted)
        fail_msg("%s (%s) instead of %s: %s", weir_status_name(status),
                 weir_status_name(err->status), weir_status_name(wanted),
                 err->message);
    if (!strstr(err->message, part) || strchr(err->message, '\n'))
        fail_msg("\"%s\" does not say \"%s\"", err->message, part);
}

/* What the driver was asked since the last look. */
static inline void must_have_sent(const char *lines)
{
    assert_string_equal(weir_mock_log(mock), lines);
    weir_mock_clear_log(mock);
}

#define TEST(name_)                                                            \
    cmocka_unit_test_setup_teardown(test_##name_, script_set_up,               \
                                    script_tear_down)

#endif
