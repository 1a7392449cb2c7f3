/* SPDX-License-Identifier: MIT */
/* The one scanner: what is a parameter and what only looks like one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sql/placeholders.h"

static const weir_dialect question = {
    .size = sizeof question,
    .name = "question",
    .placeholder = WEIR_PLACEHOLDER_QUESTION,
    .lexical = WEIR_LEX_BACKTICK | WEIR_LEX_BRACKET,
    .identifier_quote = '"',
    .parameter_max = 5,
};
static const weir_dialect dollar = {
    .size = sizeof dollar,
    .name = "dollar",
    .placeholder = WEIR_PLACEHOLDER_DOLLAR,
    .lexical =
        WEIR_LEX_E_STRING | WEIR_LEX_DOLLAR_QUOTE | WEIR_LEX_NESTED_COMMENT,
    .identifier_quote = '"',
    .parameter_max = 65535,
};

static weir_error err;

static void expect(const weir_dialect *dialect, const char *sql,
                   const char *driver_sql, size_t source, size_t driver)
{
    wi_sql_plan *plan = NULL;

    assert_int_equal(
        wi_sql_plan_make(dialect, weir_text_of(sql), NULL, &plan, &err),
        WEIR_OK);
    assert_string_equal(plan->sql, driver_sql);
    assert_int_equal(plan->size, strlen(driver_sql));
    assert_int_equal(plan->source_count, source);
    assert_int_equal(plan->driver_count, driver);
    wi_sql_plan_free(&plan);
    assert_null(plan);
}

static void refuse(const char *sql, weir_status status, const char *because)
{
    wi_sql_plan *plan = NULL;

    assert_int_equal(
        wi_sql_plan_make(&question, weir_text_of(sql), NULL, &plan, &err),
        status);
    assert_null(plan);
    assert_non_null(strstr(err.message, because));
}

static void test_plan__writes_the_drivers_style(void **state)
{
    (void)state;
    expect(&question, "a = ? AND b = ?", "a = ? AND b = ?", 2, 2);
    expect(&dollar, "a = ? AND b = ?", "a = $1 AND b = $2", 2, 2);
    expect(&question, "a = :x AND b = :y OR :x", "a = ? AND b = ? OR ?", 2, 3);
    expect(&dollar, "a = :x AND b = :y OR :x", "a = $1 AND b = $2 OR $1", 2, 2);
}

static void test_plan__leaves_alone_what_only_looks_like_one(void **state)
{
    static const char *const same[] = {
        "SELECT '?', ':x', \"?:x\" -- ? :x\n/* ? :x */",
        "SELECT a::int, b[1:2], c[x:y]",
        "SELECT '{}'::jsonb -> E'\\'?'",
        "SELECT $$ ? :x $$, $t$ ' ? $t$",
        "a := 1",
    };

    (void)state;
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++)
        expect(&dollar, same[i], same[i], 0, 0);
    expect(&question, "SELECT `?`, [:x]", "SELECT `?`, [:x]", 0, 0);
    expect(&dollar, "a ?? 'k' AND b ??| :x", "a ? 'k' AND b ?| $1", 1, 1);
    expect(&dollar, "SELECT :x::int", "SELECT $1::int", 1, 1);
}

static void test_plan__refuses_what_has_two_meanings(void **state)
{
    (void)state;
    refuse("a = ? AND b = :x", WEIR_ERR_SQL, "");
    refuse("", WEIR_ERR_SQL, "empty");
    refuse("  -- nothing\n", WEIR_ERR_SQL, "empty");
    refuse("SELECT 1; SELECT 2", WEIR_ERR_SQL, "");
    refuse("SELECT '\xFF'", WEIR_ERR_TYPE, "UTF-8");
    refuse("SELECT ?,?,?,?,?,?", WEIR_ERR_LIMIT, "");
    refuse("SELECT 'a", WEIR_ERR_SQL, "a string");
}

static void test_plan__takes_a_semicolon_at_the_end_and_in_bodies(void **state)
{
    wi_sql_plan *plan = NULL;
    const char *trigger = "CREATE TRIGGER t AFTER INSERT ON a BEGIN "
                          "UPDATE b SET c = CASE WHEN 1 THEN 2 END; "
                          "DELETE FROM d; END;";

    (void)state;
    assert_int_equal(wi_sql_plan_make(&question, weir_text_of("SELECT 1; -- x"),
                                      NULL, &plan, &err),
                     WEIR_OK);
    wi_sql_plan_free(&plan);
    assert_int_equal(
        wi_sql_plan_make(&question, weir_text_of(trigger), NULL, &plan, &err),
        WEIR_OK);
    wi_sql_plan_free(&plan);
    refuse("CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM d; END; "
           "DROP TABLE a",
           WEIR_ERR_SQL, "");
}

/* A `?` would be taken for text behind a NUL. */
static void test_plan__refuses_a_nul_in_the_text(void **state)
{
    wi_sql_plan *plan = NULL;

    (void)state;
    assert_int_not_equal(wi_sql_plan_make(&question,
                                          weir_text_span("SELECT 1\0?", 10),
                                          NULL, &plan, &err),
                         WEIR_OK);
    assert_null(plan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan__writes_the_drivers_style),
        cmocka_unit_test(test_plan__leaves_alone_what_only_looks_like_one),
        cmocka_unit_test(test_plan__refuses_what_has_two_meanings),
        cmocka_unit_test(test_plan__takes_a_semicolon_at_the_end_and_in_bodies),
        cmocka_unit_test(test_plan__refuses_a_nul_in_the_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
