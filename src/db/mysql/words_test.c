/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "db/mysql/words.c"

static void assert_sorted(const char *words, size_t count, size_t size)
{
    for (size_t i = 1; i < count; i++) {
        if (strcmp(words + (i - 1) * size, words + i * size) >= 0)
            fail_msg("out of order: %s", words + i * size);
    }
}

#define ASSERT_SORTED(table)                                                   \
    assert_sorted((table)[0], sizeof(table) / sizeof(table)[0],                \
                  sizeof(table)[0])

static void test_words__stand_in_order(void **state)
{
    (void)state;
    ASSERT_SORTED(inert);
    ASSERT_SORTED(functions);
}

static void test_words__are_found_in_any_case(void **state)
{
    (void)state;
    assert_true(wmy_word_is_inert(weir_text_of("Against")));
    assert_true(wmy_word_is_inert(weir_text_of("YEAR")));
    assert_false(wmy_word_is_inert(weir_text_of("yea")));
    assert_true(wmy_word_leaves_nothing(weir_text_of("abs")));
    assert_true(wmy_word_leaves_nothing(weir_text_of("YEARWEEK")));
    assert_false(wmy_word_leaves_nothing(
        weir_text_of("a_name_longer_than_any_function_is")));
}

static void test_words__that_leave_something_are_not_there(void **state)
{
    static const char *const dirty[] = {"get_lock", "last_insert_id", "setval"};

    (void)state;
    for (size_t i = 0; i < sizeof dirty / sizeof dirty[0]; i++)
        assert_false(wmy_word_leaves_nothing(weir_text_of(dirty[i])));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_words__stand_in_order),
        cmocka_unit_test(test_words__are_found_in_any_case),
        cmocka_unit_test(test_words__that_leave_something_are_not_there),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
