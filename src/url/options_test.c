/* SPDX-License-Identifier: MIT */
/* Options by name: each kind takes its own and says what would be right. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "url/options.h"

static const char *const modes[] = {"disable", "verify-full", NULL};
static const weir_option_spec specs[] = {
    {.name = "size", .kind = WEIR_OPTION_INTEGER, .fallback = "5", .max = 100},
    {.name = "wait", .kind = WEIR_OPTION_NUMBER, .min = -1, .max = 60},
    {.name = "on", .kind = WEIR_OPTION_BOOLEAN, .fallback = "off"},
    {.name = "tls", .kind = WEIR_OPTION_CHOICE, .choices = modes},
    {.name = "sslmode", .kind = WEIR_OPTION_ALIAS, .target = "tls"},
    {.name = "key", .kind = WEIR_OPTION_INTEGER, .secret = true, .max = 9},
    {.name = "old", .kind = WEIR_OPTION_IGNORED, .note = "it has no meaning"},
    {.name = NULL},
};
enum { SIZE, WAIT, ON, TLS, SSLMODE, KEY, OLD, COUNT };

static weir_option_value values[COUNT];
static weir_error err;

static wi_option_result set(const char *key, const char *value)
{
    wi_option_outcome outcome;

    assert_int_equal(wi_options_set(specs, values, key, value, &outcome, &err),
                     WEIR_OK);
    return outcome.kind;
}

static void refuse(const char *key, const char *value)
{
    wi_option_outcome outcome;

    assert_int_equal(wi_options_set(specs, values, key, value, &outcome, &err),
                     WEIR_ERR_CONFIG);
    assert_non_null(strstr(err.message, key));
}

static int fresh(void **state)
{
    (void)state;
    memset(values, 0, sizeof values);
    return wi_options_defaults(specs, values, &err) == WEIR_OK ? 0 : -1;
}

static void test_defaults__stand_until_an_option_is_given(void **state)
{
    (void)state;
    assert_int_equal(values[SIZE].integer, 5);
    assert_false(values[SIZE].given);
    assert_null(values[TLS].text);
    assert_int_equal(set("size", "100"), WI_OPTION_SET);
    assert_int_equal(values[SIZE].integer, 100);
    assert_true(values[SIZE].given);
}

static void test_number__has_a_point_in_every_locale(void **state)
{
    (void)state;
    set("wait", "0.25");
    assert_true(values[WAIT].number == 0.25);
    set("wait", "-1");
    assert_true(values[WAIT].number == -1);
    set("wait", ".5");
    assert_true(values[WAIT].number == 0.5);
    refuse("wait", "0,25");
    refuse("wait", "1.2.3");
    refuse("wait", "");
    refuse("wait", "-");
    refuse("wait", "60.1");
    refuse("wait", "nan");
    refuse("wait", "0x10");
}

static void test_integer__is_whole_and_in_range(void **state)
{
    (void)state;
    refuse("size", "101");
    refuse("size", "-1");
    refuse("size", "5.0");
    refuse("size", " 5");
    refuse("size", "5x");
    refuse("size", "99999999999999999999");
    assert_non_null(strstr(err.message, "from 0 to 100"));
    assert_int_equal(values[SIZE].integer, 5);
}

static void test_boolean_and_choice__take_any_case(void **state)
{
    (void)state;
    set("on", "YES");
    assert_true(values[ON].boolean);
    set("on", "Off");
    assert_false(values[ON].boolean);
    refuse("on", "maybe");
    set("tls", "Verify-Full");
    assert_int_equal(values[TLS].choice, 1);
    refuse("tls", "verify");
    assert_non_null(strstr(err.message, "verify-full"));
}

static void test_alias__sets_its_target(void **state)
{
    (void)state;
    assert_int_equal(set("sslmode", "disable"), WI_OPTION_SET);
    assert_int_equal(values[TLS].choice, 0);
    assert_true(values[TLS].given);
}

static void test_secret__never_stands_in_a_message(void **state)
{
    (void)state;
    refuse("key", "hunter2");
    assert_null(strstr(err.message, "hunter2"));
}

static void test_unknown_and_ignored__are_outcomes(void **state)
{
    const weir_option_spec *const tables[] = {specs, NULL};

    (void)state;
    assert_int_equal(set("old", "x"), WI_OPTION_WAS_IGNORED);
    assert_int_equal(set("sise", "x"), WI_OPTION_UNKNOWN);
    assert_string_equal(wi_options_nearest(tables, "sise"), "size");
    assert_null(wi_options_nearest(tables, "something_else"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_defaults__stand_until_an_option_is_given,
                               fresh),
        cmocka_unit_test_setup(test_number__has_a_point_in_every_locale, fresh),
        cmocka_unit_test_setup(test_integer__is_whole_and_in_range, fresh),
        cmocka_unit_test_setup(test_boolean_and_choice__take_any_case, fresh),
        cmocka_unit_test_setup(test_alias__sets_its_target, fresh),
        cmocka_unit_test_setup(test_secret__never_stands_in_a_message, fresh),
        cmocka_unit_test_setup(test_unknown_and_ignored__are_outcomes, fresh),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
