/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "db/postgres/wpg.h"

/* The same rows are provoked in tests/postgres: by a real server where it can
 * be made to say them, else by a played one. */
static void test_classify__rows_of_the_table(void **state)
{
    static const struct {
        const char *sqlstate;
        weir_status status;
        weir_fate fate;
    } rows[] = {
        {"40001", WEIR_ERR_SERIALIZATION, WEIR_FATE_KEEP},
        {"40P01", WEIR_ERR_SERIALIZATION, WEIR_FATE_KEEP},
        {"55P03", WEIR_ERR_SERIALIZATION, WEIR_FATE_KEEP},
        {"72000", WEIR_ERR_SERIALIZATION, WEIR_FATE_KEEP},
        {"40003", WEIR_ERR_COMMIT_UNKNOWN, WEIR_FATE_DISCARD},
        {"08007", WEIR_ERR_COMMIT_UNKNOWN, WEIR_FATE_DISCARD},
        {"08006", WEIR_ERR_CONNECTION, WEIR_FATE_DISCARD},
        {"57P01", WEIR_ERR_CONNECTION, WEIR_FATE_DISCARD},
        {"57P02", WEIR_ERR_CONNECTION, WEIR_FATE_DISCARD},
        {"57P05", WEIR_ERR_CONNECTION, WEIR_FATE_DISCARD},
        {"25P03", WEIR_ERR_CONNECTION, WEIR_FATE_DISCARD},
        {"25P04", WEIR_ERR_CONNECTION, WEIR_FATE_DISCARD},
        {"57P03", WEIR_ERR_UNAVAILABLE, WEIR_FATE_DISCARD},
        {"25006", WEIR_ERR_UNAVAILABLE, WEIR_FATE_KEEP},
        {"53300", WEIR_ERR_RESOURCE, WEIR_FATE_DISCARD},
        {"53100", WEIR_ERR_RESOURCE, WEIR_FATE_KEEP},
        {"57014", WEIR_ERR_CANCELLED, WEIR_FATE_KEEP},
        {"28P01", WEIR_ERR_AUTH, WEIR_FATE_DISCARD},
        {"28000", WEIR_ERR_AUTH, WEIR_FATE_DISCARD},
        {"3D000", WEIR_ERR_AUTH, WEIR_FATE_DISCARD},
        {"25P02", WEIR_ERR_ROLLBACK_FIRST, WEIR_FATE_KEEP},
        {"22003", WEIR_ERR_TYPE, WEIR_FATE_KEEP},
        {"54011", WEIR_ERR_LIMIT, WEIR_FATE_KEEP},
        {"0A000", WEIR_ERR_UNSUPPORTED, WEIR_FATE_KEEP},
        {"58030", WEIR_ERR_STORAGE, WEIR_FATE_KEEP},
        {"XX001", WEIR_ERR_STORAGE, WEIR_FATE_KEEP},
        {"XX000", WEIR_ERR_SQL, WEIR_FATE_KEEP},
        {"42P01", WEIR_ERR_SQL, WEIR_FATE_KEEP},
        {"26000", WEIR_ERR_SQL, WEIR_FATE_KEEP},
        {"", WEIR_ERR_SQL, WEIR_FATE_KEEP},
    };
    weir_error err;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wpg_classify(0, rows[i].sqlstate, &err);
        if (err.status != rows[i].status || err.fate != rows[i].fate)
            fail_msg("%s: %s", rows[i].sqlstate, weir_status_name(err.status));
        assert_string_equal(err.sqlstate, rows[i].sqlstate);
    }
    wpg_classify(0, NULL, &err);
    assert_int_equal(err.status, WEIR_ERR_SQL);
}

static void test_classify__kinds_of_constraints(void **state)
{
    static const struct {
        const char *sqlstate;
        weir_constraint_kind kind;
    } rows[] = {
        {"23502", WEIR_CONSTRAINT_NOT_NULL},
        {"23503", WEIR_CONSTRAINT_FOREIGN_KEY},
        {"23505", WEIR_CONSTRAINT_UNIQUE},
        {"23514", WEIR_CONSTRAINT_CHECK},
        {"44000", WEIR_CONSTRAINT_CHECK},
        {"23P01", WEIR_CONSTRAINT_EXCLUSION},
        {"23001", WEIR_CONSTRAINT_OTHER},
        {"40002", WEIR_CONSTRAINT_OTHER},
    };
    weir_error err;

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wpg_classify(0, rows[i].sqlstate, &err);
        assert_int_equal(err.status, WEIR_ERR_CONSTRAINT);
        assert_int_equal(err.constraint_kind, rows[i].kind);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classify__rows_of_the_table),
        cmocka_unit_test(test_classify__kinds_of_constraints),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
