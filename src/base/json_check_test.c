/* SPDX-License-Identifier: MIT */
/* What counts as JSON, where it stops being that, and how it is embedded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/json.h"

static void test_json_check__accepts_json(void **state)
{
    static const char *const cases[] = {
        "null",
        "true",
        "false",
        "0",
        "-0",
        "10",
        "-1.50",
        "1e5",
        "1E+5",
        "1.0e-05",
        "\"\"",
        "\"\\u0000\"",
        "\"\\ud83d\\ude00\"",
        "[]",
        "{}",
        " [ 1 , 2 ] ",
        "{\"a\":{\"b\":[{}]}}",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
        "\t\n\r 1",
        "\"\xC3\xA9\"",
        "\"\x7f\"",
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_null(wi_json_check(cases[i], strlen(cases[i])).wanted);
}

static void test_json_check__says_where_it_ends(void **state)
{
    static const struct {
        const char *text;
        const char *wanted;
        size_t offset;
    } cases[] = {
        {"", "a value", 0},
        {"  ", "a value", 2},
        {"nul", "a value", 0},
        {"nulL", "a value", 0},
        {"1 2", "the end", 2},
        {"01", "the end", 1},
        {"-", "a digit", 1},
        {"1.", "a digit", 2},
        {".5", "a value", 0},
        {"+1", "a value", 0},
        {"1e", "a digit", 2},
        {"NaN", "a value", 0},
        {"[1,]", "a value", 3},
        {"[1 2]", "a comma or the end of an array", 3},
        {"[1}", "a comma or the end of an array", 2},
        {"[", "a value", 1},
        {"{\"a\"}", "a colon", 4},
        {"{\"a\":}", "a value", 5},
        {"{\"a\":1,}", "a key in quotes", 7},
        {"{\"a\":1 \"b\"", "a comma or the end of an object", 7},
        {"{a:1}", "a key in quotes", 1},
        {"{'a':1}", "a key in quotes", 1},
        {"\"abc", "the end of a string", 4},
        {"\"a\nb\"", "an escape for a control character", 2},
        {"\"\\x\"", "an escape that JSON has", 2},
        {"\"\\", "an escape that JSON has", 2},
        {"\"\\u12g4\"", "four hexadecimal digits", 5},
        {"\"\\ud83d\"", "a second surrogate after the first one", 7},
        {"\"\\ud83d\\u0041\"", "a second surrogate after the first one", 13},
        {"\"\\ude00\"", "a first surrogate before the second one", 7},
        {"\"\xff\"", "UTF-8", 0},
        {"//x\n1", "a value", 0},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        wi_json_fault fault =
            wi_json_check(cases[i].text, strlen(cases[i].text));

        assert_non_null(fault.wanted);
        assert_string_equal(fault.wanted, cases[i].wanted);
        assert_int_equal(fault.offset, cases[i].offset);
    }
    assert_non_null(wi_json_check("1\0", 2).wanted);
    assert_non_null(wi_json_check("\"\\\0\"", 4).wanted);
}

static void test_json_check__bounds_nesting(void **state)
{
    static char text[2 * WEIR_JSON_DEPTH_MAX + 2];

    (void)state;
    memset(text, '[', WEIR_JSON_DEPTH_MAX);
    memset(text + WEIR_JSON_DEPTH_MAX, ']', WEIR_JSON_DEPTH_MAX);
    assert_null(wi_json_check(text, 2 * WEIR_JSON_DEPTH_MAX).wanted);
    memset(text, '[', WEIR_JSON_DEPTH_MAX + 1);
    assert_string_equal(wi_json_check(text, WEIR_JSON_DEPTH_MAX + 1).wanted,
                        "less nesting");
}

static void test_json_raw__is_embedded_without_space(void **state)
{
    static const char raw[] =
        " {\n \"a \\\" b\" : [ 1 , -2.50e+3 ,\ttrue ] , \"c\\\\\" : \" x \" } ";
    weir_json json;

    (void)state;
    weir_json_init(&json, NULL);
    weir_json_begin_array(&json);
    weir_json_raw(&json, (weir_raw_json){raw, sizeof raw - 1});
    weir_json_raw(&json, (weir_raw_json){"null", 4});
    weir_json_end_array(&json);
    assert_int_equal(weir_json_finish(&json), WEIR_OK);
    assert_string_equal(weir_json_result(&json).data,
                        "[{\"a \\\" b\":[1,-2.50e+3,true],\"c\\\\\":\" x \"},"
                        "null]");
    weir_json_clear(&json);
}

static void test_json_raw__is_checked(void **state)
{
    weir_json json;

    (void)state;
    weir_json_init(&json, NULL);
    weir_json_raw(&json, (weir_raw_json){"[1,2", 4});
    assert_int_equal(weir_json_finish(&json), WEIR_ERR_TYPE);
    assert_string_equal(weir_json_error(&json)->message,
                        "text of 4 bytes is not JSON: a comma or the end of "
                        "an array is wanted at byte 4");
    weir_json_reset(&json);
    weir_json_raw(&json, (weir_raw_json){NULL, 0});
    assert_int_equal(weir_json_finish(&json), WEIR_ERR_TYPE);
    weir_json_clear(&json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_check__accepts_json),
        cmocka_unit_test(test_json_check__says_where_it_ends),
        cmocka_unit_test(test_json_check__bounds_nesting),
        cmocka_unit_test(test_json_raw__is_embedded_without_space),
        cmocka_unit_test(test_json_raw__is_checked),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
