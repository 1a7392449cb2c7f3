/* SPDX-License-Identifier: MIT */
/* Engines are found by their names for as long as they live. */
#include "testbed.h"

static void test_find__knows_the_newest_of_a_name(void **state)
{
    drive second;

    (void)state;
    assert_int_equal(drive_attach(&second, "faulty+mock://bed?fault_name=bed"),
                     WEIR_OK);
    assert_ptr_equal(weir_faulty_find("bed"), second.instance);
    drive_detach(&second);
    assert_ptr_equal(weir_faulty_find("bed"), d.instance);
}

static void test_forget__takes_one_out_of_the_middle(void **state)
{
    drive named, unnamed, other;

    (void)state;
    assert_int_equal(drive_attach(&named, "faulty+mock://bed?fault_name=a"),
                     WEIR_OK);
    assert_int_equal(drive_attach(&unnamed, "faulty+mock://bed"), WEIR_OK);
    assert_int_equal(drive_attach(&other, "faulty+mock://bed?fault_name=b"),
                     WEIR_OK);
    drive_detach(&unnamed);
    drive_detach(&named);
    assert_null(weir_faulty_find("a"));
    assert_ptr_equal(weir_faulty_find("b"), other.instance);
    assert_ptr_equal(weir_faulty_find("bed"), d.instance);
    drive_detach(&other);
}

static void test_find__of_none_is_null(void **state)
{
    (void)state;
    assert_null(weir_faulty_find(NULL));
    assert_null(weir_faulty_find(""));
    assert_null(weir_faulty_find("be"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_find__knows_the_newest_of_a_name),
        TEST(test_forget__takes_one_out_of_the_middle),
        TEST(test_find__of_none_is_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
