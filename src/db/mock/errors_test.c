/* SPDX-License-Identifier: MIT */
/* The table of errors: the longest beginning counts, the rest is SQL. */
#include "drive.h"

#include "mock.h"

static void expect(const char *sqlstate, weir_status status, weir_fate fate,
                   weir_constraint_kind kind)
{
    weir_error err;

    memset(&err, 0, sizeof err);
    wmk_classify(1, sqlstate, &err);
    assert_int_equal(err.status, status);
    assert_int_equal(err.fate, fate);
    assert_int_equal(err.constraint_kind, kind);
    assert_string_equal(err.sqlstate, sqlstate ? sqlstate : "");
    assert_int_equal(err.native_code, 0);
    assert_string_equal(err.message, "");
}

static void test_classify__by_state_then_class(void **state)
{
    (void)state;
    expect("40001", WEIR_ERR_SERIALIZATION, WEIR_FATE_KEEP, 0);
    expect("08006", WEIR_ERR_CONNECTION, WEIR_FATE_DISCARD, 0);
    expect("23505", WEIR_ERR_CONSTRAINT, WEIR_FATE_KEEP,
           WEIR_CONSTRAINT_UNIQUE);
    expect("23P01", WEIR_ERR_CONSTRAINT, WEIR_FATE_KEEP, WEIR_CONSTRAINT_OTHER);
    expect("42601", WEIR_ERR_SQL, WEIR_FATE_KEEP, 0);
    expect("", WEIR_ERR_SQL, WEIR_FATE_KEEP, 0);
    expect(NULL, WEIR_ERR_SQL, WEIR_FATE_KEEP, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classify__by_state_then_class),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
