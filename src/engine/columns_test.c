/* SPDX-License-Identifier: MIT */
#include "engine/columns.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const weir_column facts[] = {
    {.name = "id",
     .database_type = "BIGINT",
     .type = WEIR_TYPE_I64,
     .table = "users",
     .origin = "user_id"},
    {.name = "count(*)", .type = WEIR_TYPE_NULL},
};

static wi_columns *make(void)
{
    weir_stmt_info info = {
        .column_count = 2, .columns = facts, .generation = 7};
    wi_columns *columns = wi_columns_make(&info, NULL);

    assert_non_null(columns);
    return columns;
}

static void test_columns__are_copies_with_empty_text_for_the_unknown(void **s)
{
    wi_columns *columns = make();

    (void)s;
    assert_int_equal(columns->count, 2);
    assert_int_equal(columns->generation, 7);
    assert_int_equal(columns->items[0].type, WEIR_TYPE_I64);
    assert_string_equal(columns->items[0].name, "id");
    assert_ptr_not_equal(columns->items[0].name, facts[0].name);
    assert_string_equal(columns->items[0].database_type, "BIGINT");
    assert_string_equal(columns->items[0].table, "users");
    assert_string_equal(columns->items[0].origin, "user_id");
    assert_string_equal(columns->items[1].name, "count(*)");
    assert_string_equal(columns->items[1].database_type, "");
    assert_string_equal(columns->items[1].table, "");
    assert_string_equal(columns->items[1].origin, "");
    wi_columns_drop(&columns);
    assert_null(columns);
}

static void test_columns__live_until_their_last_owner_drops_them(void **s)
{
    wi_columns *statement = make();
    wi_columns *result = wi_columns_share(statement);

    (void)s;
    wi_columns_drop(&statement);
    assert_string_equal(result->items[0].name, "id");
    wi_columns_drop(&result);
    wi_columns_drop(&result); /* NULL is allowed */
}

static void test_columns__of_a_statement_without_any_are_empty(void **s)
{
    weir_stmt_info info = {.column_count = 0};
    wi_columns *columns = wi_columns_make(&info, NULL);

    (void)s;
    assert_non_null(columns);
    assert_int_equal(columns->count, 0);
    wi_columns_drop(&columns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            test_columns__are_copies_with_empty_text_for_the_unknown),
        cmocka_unit_test(test_columns__live_until_their_last_owner_drops_them),
        cmocka_unit_test(test_columns__of_a_statement_without_any_are_empty),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
