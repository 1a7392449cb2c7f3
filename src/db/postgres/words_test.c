/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "db/postgres/words.c"

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
    ASSERT_SORTED(keywords);
    ASSERT_SORTED(functions);
}

static void test_words__are_found_in_any_case(void **state)
{
    (void)state;
    assert_int_equal(wpg_word_find(weir_text_of("all")), WPG_WORD_INERT);
    assert_int_equal(wpg_word_find(weir_text_of("XmlTable")), WPG_WORD_INERT);
    assert_int_equal(wpg_word_find(weir_text_of("ZONE")), WPG_WORD_KEYWORD);
    assert_int_equal(wpg_word_find(weir_text_of("zon")), WPG_WORD_NAME);
    assert_int_equal(
        wpg_word_find(weir_text_of("a_name_longer_than_any_keyword_is")),
        WPG_WORD_NAME);
    assert_true(wpg_word_leaves_nothing(weir_text_of("Abbrev")));
    assert_true(wpg_word_leaves_nothing(weir_text_of("XPATH_EXISTS")));
}

/* What a careless run of the query over pg_proc would bring in. */
static void test_words__that_leave_something_are_not_there(void **state)
{
    static const char *const dirty[] = {
        "set_config",       "pg_advisory_lock", "pg_try_advisory_lock",
        "setseed",          "setval",           "query_to_xml",
        "table_to_xml",     "cursor_to_xml",    "ts_stat",
        "ts_rewrite",       "lo_import",        "pg_export_snapshot",
        "pg_reload_conf",   "dblink_connect",   "pg_advisory_lock_shared",
        "database_to_xml",  "schema_to_xml",    "pg_terminate_backend",
        "pg_cancel_backend"};

    (void)state;
    for (size_t i = 0; i < sizeof dirty / sizeof dirty[0]; i++)
        assert_false(wpg_word_leaves_nothing(weir_text_of(dirty[i])));
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
