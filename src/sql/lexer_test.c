/* SPDX-License-Identifier: MIT */
/* Quotes and comments as each dialect writes them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sql/lexer.h"

static weir_error err;

/* How many bytes are stepped over at the beginning; -1: an error. */
static int skipped(unsigned lexical, const char *text)
{
    weir_dialect dialect = {.size = sizeof dialect, .lexical = lexical};
    wi_lexer lexer = {&dialect, text, strlen(text), 0};
    bool any = false, comment = false;

    if (wi_lexer_skip(&lexer, &any, &comment, &err) != WEIR_OK)
        return -1;
    assert_int_equal(any, lexer.at > 0);
    return (int)lexer.at;
}

static void test_lexer__knows_what_every_dialect_has(void **state)
{
    (void)state;
    assert_int_equal(skipped(0, "'it''s' x"), 7);
    assert_int_equal(skipped(0, "'back\\' x"), 7);
    assert_int_equal(skipped(0, "\"a\"\"b\" x"), 6);
    assert_int_equal(skipped(0, "-- to the end\nx"), 13);
    assert_int_equal(skipped(0, "/* a ' b */x"), 11);
    assert_int_equal(skipped(0, "x"), 0);
    assert_int_equal(skipped(0, "- 1"), 0);
    assert_int_equal(skipped(0, "/ 1"), 0);
}

static void test_lexer__knows_what_only_some_have(void **state)
{
    (void)state;
    assert_int_equal(skipped(WEIR_LEX_BACKSLASH, "'it\\'s' x"), 7);
    assert_int_equal(skipped(WEIR_LEX_E_STRING, "'back\\' x"), 7);
    assert_int_equal(skipped(WEIR_LEX_DOLLAR_QUOTE, "$$ ' ? $$ x"), 9);
    assert_int_equal(skipped(WEIR_LEX_DOLLAR_QUOTE, "$a$ $$ $b$ $a$ x"), 14);
    assert_int_equal(skipped(WEIR_LEX_DOLLAR_QUOTE, "$1 x"), 0);
    assert_int_equal(skipped(0, "$$ x $$"), 0);
    assert_int_equal(skipped(WEIR_LEX_HASH_COMMENT, "# c\nx"), 3);
    assert_int_equal(skipped(0, "# c\nx"), 0);
    assert_int_equal(skipped(WEIR_LEX_NESTED_COMMENT, "/* /* */ */x"), 11);
    assert_int_equal(skipped(0, "/* /* */ */x"), 8);
    assert_int_equal(skipped(WEIR_LEX_BACKTICK, "`a``b` x"), 6);
    assert_int_equal(skipped(WEIR_LEX_BRACKET, "[a b] x"), 5);
    assert_int_equal(skipped(WEIR_LEX_DASH_NEEDS_SPACE, "--1"), 0);
    assert_int_equal(skipped(WEIR_LEX_DASH_NEEDS_SPACE, "-- 1"), 4);
}

/* The scanner has stepped over the E when it comes to the quote. */
static void test_lexer__looks_back_for_an_e_that_is_a_word(void **state)
{
    const weir_dialect dialect = {.size = sizeof dialect,
                                  .lexical = WEIR_LEX_E_STRING};
    wi_lexer alone = {&dialect, "E'it\\'s' x", 11, 1};
    wi_lexer in_a_word = {&dialect, "nameE'it\\' x", 13, 5};
    bool any, comment;

    (void)state;
    assert_int_equal(wi_lexer_skip(&alone, &any, &comment, &err), WEIR_OK);
    assert_int_equal(alone.at, 8);
    assert_int_equal(wi_lexer_skip(&in_a_word, &any, &comment, &err), WEIR_OK);
    assert_int_equal(in_a_word.at, 10);
}

static void test_lexer__names_what_is_not_closed(void **state)
{
    static const struct {
        unsigned lexical;
        const char *text;
        const char *what;
    } open[] = {
        {0, "'a", "a string"},
        {0, "\"a", "a quoted name"},
        {0, "/* a", "a comment"},
        {WEIR_LEX_NESTED_COMMENT, "/* /* */", "a comment"},
        {WEIR_LEX_DOLLAR_QUOTE, "$x$ $$", "a dollar quote"},
        {WEIR_LEX_BACKSLASH, "'a\\'", "a string"},
        {WEIR_LEX_BACKTICK, "`a", "a quoted name"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) {
        assert_int_equal(skipped(open[i].lexical, open[i].text), -1);
        assert_int_equal(err.status, WEIR_ERR_SQL);
        assert_non_null(strstr(err.message, open[i].what));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lexer__knows_what_every_dialect_has),
        cmocka_unit_test(test_lexer__knows_what_only_some_have),
        cmocka_unit_test(test_lexer__looks_back_for_an_e_that_is_a_word),
        cmocka_unit_test(test_lexer__names_what_is_not_closed),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
