/* SPDX-License-Identifier: MIT */
/* Each type has a name of its own, and a number that is none has one, too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <weir/value.h>

static void test_type_name__tells_all_types_apart(void **state)
{
    (void)state;
    for (int i = 0; i <= WEIR_TYPE_INVALID; i++) {
        const char *name = weir_type_name((weir_type)i);

        assert_non_null(name);
        for (int j = 0; j < i; j++)
            assert_string_not_equal(name, weir_type_name((weir_type)j));
    }
}

static void test_type_name__survives_a_number_that_is_no_type(void **state)
{
    (void)state;
    assert_string_equal(weir_type_name((weir_type)(WEIR_TYPE_INVALID + 1)),
                        "unknown type");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_type_name__tells_all_types_apart),
        cmocka_unit_test(test_type_name__survives_a_number_that_is_no_type),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
