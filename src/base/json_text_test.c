/* SPDX-License-Identifier: MIT */
/* Strings: every byte at every place of a word, broken UTF-8, base64. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/json.h"

/* What a string of JSON has to be, by the book. */
static void expect_text(const char *text, size_t size, const char *expected)
{
    weir_json json;

    weir_json_init(&json, NULL);
    weir_json_text(&json, weir_text_span(text, size));
    assert_int_equal(weir_json_finish(&json), WEIR_OK);
    assert_string_equal(weir_json_result(&json).data, expected);
    weir_json_clear(&json);
}

static void escape(unsigned char byte, char *out)
{
    static const char names[] = "\b\t\n\f\r\"\\", letters[] = "btnfr\"\\";
    const char *found = byte ? strchr(names, byte) : NULL;

    if (found)
        sprintf(out, "\\%c", letters[found - names]);
    else if (byte < 0x20)
        sprintf(out, "\\u%04x", byte);
    else
        sprintf(out, "%c", byte);
}

static void test_json_text__escapes_each_byte_anywhere(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 0x80; byte++)
        for (size_t size = 1; size < 20; size++)
            for (size_t at = 0; at < size; at++) {
                char text[20], escaped[8], expected[64];

                memset(text, 'a', size);
                text[at] = (char)byte;
                escape((unsigned char)byte, escaped);
                sprintf(expected, "\"%.*s%s%.*s\"", (int)at,
                        "aaaaaaaaaaaaaaaaaaaa", escaped, (int)(size - at - 1),
                        "aaaaaaaaaaaaaaaaaaaa");
                expect_text(text, size, expected);
            }
}

static void test_json_text__passes_utf8_on(void **state)
{
    static const char text[] =
        "\xC3\xA9t\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80";
    char expected[sizeof text + 2];

    (void)state;
    sprintf(expected, "\"%s\"", text);
    expect_text(text, sizeof text - 1, expected);
    expect_text("", 0, "\"\"");
    expect_text(NULL, 0, "\"\"");
    expect_text("a\0b", 3, "\"a\\u0000b\"");
    expect_text("\x7f", 1, "\"\x7f\"");
}

/* Each broken text, where it breaks, and what is written instead. */
static const struct {
    const char *text;
    size_t at;
    const char *replaced;
} broken[] = {
    {"\x80", 0, "\"?\""},
    {"ab\xff", 2, "\"ab?\""},
    {"\xC3", 0, "\"?\""},
    {"\xC0\x80", 0, "\"??\""},                   /* overlong */
    {"\xE2\x82", 0, "\"?\""},                    /* cut, one part */
    {"\xE2\x82x", 0, "\"?x\""},                  /* the same, with text */
    {"\xE0\x80\x80", 0, "\"???\""},              /* overlong */
    {"\xED\xA0\x80", 0, "\"???\""},              /* a surrogate */
    {"\xF0\x9F\x98", 0, "\"?\""},                /* cut after three */
    {"\xF4\x90\x80\x80", 0, "\"????\""},         /* above U+10FFFF */
    {"12345678\xE2(\xA1", 8, "\"12345678?(?\""}, /* behind a word */
    {"\xC3\xA9\xC3\xA9\xF5 ok", 4, "\"\xC3\xA9\xC3\xA9? ok\""},
};

static void test_json_text__refuses_broken_utf8(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        weir_json json;
        char message[80];

        weir_json_init(&json, NULL);
        weir_json_cstr(&json, broken[i].text);
        sprintf(message, "text of %zu bytes is not UTF-8 at byte %zu",
                strlen(broken[i].text), broken[i].at);
        assert_int_equal(weir_json_finish(&json), WEIR_ERR_TYPE);
        assert_string_equal(weir_json_error(&json)->message, message);
        weir_json_clear(&json);
    }
}

static void test_json_text__replaces_if_asked_to(void **state)
{
    weir_json_options options = WEIR_JSON_OPTIONS;

    (void)state;
    options.broken_text = WEIR_JSON_BROKEN_IS_REPLACED;
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
        char expected[64] = "";
        weir_json json;

        for (const char *c = broken[i].replaced; *c; c++)
            strncat(expected, *c == '?' ? "\xEF\xBF\xBD" : c,
                    *c == '?' ? 3 : 1);
        weir_json_init(&json, &options);
        weir_json_cstr(&json, broken[i].text);
        assert_int_equal(weir_json_finish(&json), WEIR_OK);
        assert_string_equal(weir_json_result(&json).data, expected);
        weir_json_clear(&json);
    }
}

static void test_json_text__refuses_null_with_a_size(void **state)
{
    weir_json json;

    (void)state;
    weir_json_init(&json, NULL);
    weir_json_text(&json, weir_text_span(NULL, 3));
    assert_int_equal(weir_json_finish(&json), WEIR_ERR_MISUSE);
    weir_json_reset(&json);
    weir_json_bytes(&json, weir_bytes_span(NULL, 3));
    assert_int_equal(weir_json_finish(&json), WEIR_ERR_MISUSE);
    weir_json_clear(&json);
}

static void test_json_bytes__are_base64(void **state)
{
    static const struct {
        const char *bytes;
        size_t size;
        const char *expected;
    } cases[] = {
        /* RFC 4648, section 10 */
        {"", 0, "\"\""},
        {"f", 1, "\"Zg==\""},
        {"fo", 2, "\"Zm8=\""},
        {"foo", 3, "\"Zm9v\""},
        {"foob", 4, "\"Zm9vYg==\""},
        {"fooba", 5, "\"Zm9vYmE=\""},
        {"foobar", 6, "\"Zm9vYmFy\""},
        {"\0\xff\xef", 3, "\"AP/v\""},
        {"\xfb\xff", 2, "\"+/8=\""},
    };

    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        weir_json json;

        weir_json_init(&json, NULL);
        weir_json_bytes(&json, weir_bytes_span(cases[i].bytes, cases[i].size));
        assert_int_equal(weir_json_finish(&json), WEIR_OK);
        assert_string_equal(weir_json_result(&json).data, cases[i].expected);
        weir_json_clear(&json);
    }
}

/* Texts around the writer's own buffer, where memory begins to grow. */
static void test_json_text__crosses_the_buffer(void **state)
{
    static char text[WEIR_JSON_BUFFER_SIZE + 20];

    (void)state;
    for (size_t size = WEIR_JSON_BUFFER_SIZE - 20; size < sizeof text; size++) {
        weir_json json;

        memset(text, 'x', sizeof text);
        text[size - 1] = '\n';
        weir_json_init(&json, NULL);
        weir_json_text(&json, weir_text_span(text, size));
        assert_int_equal(weir_json_finish(&json), WEIR_OK);
        assert_int_equal(weir_json_result(&json).size, size + 3);
        assert_string_equal(weir_json_result(&json).data + size - 1, "x\\n\"");
        weir_json_clear(&json);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json_text__escapes_each_byte_anywhere),
        cmocka_unit_test(test_json_text__passes_utf8_on),
        cmocka_unit_test(test_json_text__refuses_broken_utf8),
        cmocka_unit_test(test_json_text__replaces_if_asked_to),
        cmocka_unit_test(test_json_text__refuses_null_with_a_size),
        cmocka_unit_test(test_json_bytes__are_base64),
        cmocka_unit_test(test_json_text__crosses_the_buffer),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
