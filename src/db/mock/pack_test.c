/* SPDX-License-Identifier: MIT */
/* Copies in one block: measured size and used size are the same. */
#include "drive.h"

#include "mock.h"

static void test_pack__measures_what_it_uses(void **state)
{
    const weir_uuid uuid = {{7}};
    const weir_decimal one = {.lo = 1};
    const weir_interval month = {.months = 1};
    weir_value values[] = {
        weir_value_cstr("abc"),      weir_value_null(),
        weir_value_uuid(&uuid),      weir_value_decimal(&one),
        weir_value_interval(&month), weir_value_cstr("")};
    weir_value copies[6];
    wmk_pack measured = {NULL, 0}, packed = {NULL, 0};

    (void)state;
    assert_null(wmk_pack_text(&measured, "name"));
    wmk_pack_values(&measured, values, 6, NULL);
    packed.base = malloc(measured.used);
    assert_string_equal(wmk_pack_text(&packed, "name"), "name");
    wmk_pack_values(&packed, values, 6, copies);
    assert_int_equal(packed.used, measured.used);
    assert_ptr_not_equal(copies[0].as.text, values[0].as.text);
    assert_memory_equal(copies[0].as.text, "abc", 3);
    assert_int_equal(copies[1].type, WEIR_TYPE_NULL);
    assert_int_equal(copies[2].as.uuid->bytes[0], 7);
    assert_int_equal(copies[3].as.decimal->lo, 1);
    assert_int_equal(copies[4].as.interval->months, 1);
    assert_int_equal(copies[5].size, 0);
    free(packed.base);
}

static void test_pack__null_text_stays_null(void **state)
{
    wmk_pack pack = {NULL, 0};

    (void)state;
    assert_null(wmk_pack_text(&pack, NULL));
    assert_int_equal(pack.used, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pack__measures_what_it_uses),
        cmocka_unit_test(test_pack__null_text_stays_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
