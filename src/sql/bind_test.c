/* SPDX-License-Identifier: MIT */
/* Arguments find their parameters, or are named with what is wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <weir/short.h>

#include "sql/placeholders.h"

static const weir_dialect dialect = {
    .size = sizeof dialect,
    .name = "test",
    .placeholder = WEIR_PLACEHOLDER_QUESTION,
    .identifier_quote = '"',
    .parameter_max = 100,
};

static weir_error err;
static weir_value bound[8];

static weir_status bind(const char *sql, const weir_value *args, size_t count)
{
    wi_sql_plan *plan = NULL;
    weir_status status;

    assert_int_equal(
        wi_sql_plan_make(&dialect, weir_text_of(sql), NULL, &plan, &err),
        WEIR_OK);
    status = wi_sql_plan_bind(plan, args, count, bound, &err);
    wi_sql_plan_free(&plan);
    return status;
}

static void test_bind__puts_names_in_the_drivers_order(void **state)
{
    (void)state;
    assert_int_equal(bind("SELECT :b + :a + :b", ARGS(P("a", 1), P("b", 2))),
                     WEIR_OK);
    assert_int_equal(bound[0].as.i, 2);
    assert_int_equal(bound[1].as.i, 1);
    assert_int_equal(bound[2].as.i, 2);
}

static void test_bind__wants_the_right_number(void **state)
{
    (void)state;
    assert_int_equal(bind("SELECT ? + ?", ARGS(1)), WEIR_ERR_MISUSE);
    assert_non_null(strstr(err.message, "2 parameters, 1 given"));
    assert_int_equal(bind("SELECT ?", ARGS(1, 2)), WEIR_ERR_MISUSE);
    assert_int_equal(bind("SELECT 1", ARGS(1)), WEIR_ERR_MISUSE);
    assert_int_equal(bind("SELECT ?", NOARGS), WEIR_ERR_MISUSE);
}

static void test_bind__names_the_wrong_name_and_the_nearest(void **state)
{
    (void)state;
    assert_int_equal(bind("SELECT :age", ARGS(P("agee", 1))), WEIR_ERR_MISUSE);
    assert_non_null(strstr(err.message, "agee"));
    assert_non_null(strstr(err.message, ":age"));
    assert_int_equal(bind("SELECT :a + :b", ARGS(P("a", 1), P("a", 2))),
                     WEIR_ERR_MISUSE);
    assert_int_equal(bind("SELECT :a", ARGS(1)), WEIR_ERR_MISUSE);
    assert_int_equal(bind("SELECT ?", ARGS(P("a", 1))), WEIR_ERR_MISUSE);
}

static void test_bind__refuses_broken_values_without_showing_them(void **state)
{
    (void)state;
    assert_int_equal(bind("SELECT ?", ARGS("secret\xFF")), WEIR_ERR_TYPE);
    assert_null(strstr(err.message, "secret"));
    assert_int_equal(bind("SELECT :x", ARGS(P("x", "\xC0\x80"))),
                     WEIR_ERR_TYPE);
    assert_non_null(strstr(err.message, ":x"));
    weir_value wild = weir_value_i64(1);
    wild.type = 99;
    assert_int_equal(bind("SELECT ?", &wild, 1), WEIR_ERR_TYPE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_bind__puts_names_in_the_drivers_order),
        cmocka_unit_test(test_bind__wants_the_right_number),
        cmocka_unit_test(test_bind__names_the_wrong_name_and_the_nearest),
        cmocka_unit_test(test_bind__refuses_broken_values_without_showing_them),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
