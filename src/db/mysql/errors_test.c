/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "db/mysql/wmy.h"

static weir_error err;

static weir_status explain(unsigned code, const char *state,
                           const char *message)
{
    const wmy_failure failure = {code, state, message};

    return wmy_explain(&failure, &err);
}

static void test_classify__rows_of_the_table(void **state)
{
    static const struct {
        int code;
        weir_status status;
        weir_fate fate;
    } rows[] = {
        {1213, WEIR_ERR_SERIALIZATION, WEIR_FATE_KEEP},
        {1020, WEIR_ERR_SERIALIZATION, WEIR_FATE_KEEP},
        {1205, WEIR_ERR_SERIALIZATION, WEIR_FATE_KEEP},
        {2006, WEIR_ERR_CONNECTION, WEIR_FATE_RETRY},
        {2013, WEIR_ERR_CONNECTION, WEIR_FATE_DISCARD},
        {1927, WEIR_ERR_CONNECTION, WEIR_FATE_DISCARD},
        {4031, WEIR_ERR_CONNECTION, WEIR_FATE_RETRY},
        {1040, WEIR_ERR_RESOURCE, WEIR_FATE_DISCARD},
        {1203, WEIR_ERR_RESOURCE, WEIR_FATE_DISCARD},
        {1045, WEIR_ERR_AUTH, WEIR_FATE_DISCARD},
        {1049, WEIR_ERR_AUTH, WEIR_FATE_DISCARD},
        {1047, WEIR_ERR_UNAVAILABLE, WEIR_FATE_DISCARD},
        {1290, WEIR_ERR_UNAVAILABLE, WEIR_FATE_KEEP},
        {1836, WEIR_ERR_UNAVAILABLE, WEIR_FATE_KEEP},
        {1317, WEIR_ERR_CANCELLED, WEIR_FATE_KEEP},
        {1969, WEIR_ERR_TIMEOUT, WEIR_FATE_KEEP},
        {3024, WEIR_ERR_TIMEOUT, WEIR_FATE_KEEP},
        {1153, WEIR_ERR_LIMIT, WEIR_FATE_DISCARD},
        {2020, WEIR_ERR_LIMIT, WEIR_FATE_KEEP},
        {1064, WEIR_ERR_SQL, WEIR_FATE_KEEP},
    };

    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        wmy_classify(rows[i].code, "HY000", &err);
        if (err.status != rows[i].status || err.fate != rows[i].fate)
            fail_msg("code %d", rows[i].code);
    }
}

/* The table is searched by halves: every one of its codes must be found. */
static void test_classify__unknown_codes_go_by_their_class(void **state)
{
    (void)state;
    wmy_classify(60000, "22001", &err);
    assert_int_equal(err.status, WEIR_ERR_TYPE);
    wmy_classify(60000, "23000", &err);
    assert_int_equal(err.constraint_kind, WEIR_CONSTRAINT_OTHER);
    wmy_classify(60000, "40001", &err);
    assert_int_equal(err.status, WEIR_ERR_SERIALIZATION);
    wmy_classify(60000, "08S01", &err);
    assert_int_equal(err.fate, WEIR_FATE_DISCARD);
    wmy_classify(60000, "28000", &err);
    assert_int_equal(err.status, WEIR_ERR_AUTH);
    wmy_classify(60000, NULL, &err);
    assert_int_equal(err.status, WEIR_ERR_SQL);
    wmy_classify(4151, NULL, &err);
    assert_int_equal(err.status, WEIR_ERR_AUTH);
    wmy_classify(1005, NULL, &err);
    assert_int_equal(err.status, WEIR_ERR_SQL);
}

static void test_explain__names_keys_and_hides_values(void **state)
{
    (void)state;
    explain(1062, "23000", "Duplicate entry 'o'brien' for key 'by_name'");
    assert_string_equal(err.constraint, "by_name");
    assert_string_equal(err.sqlstate, "23505");
    assert_int_equal(err.native_code, 1062);
    assert_null(strstr(err.message, "brien"));
    explain(1062, "23000", "Duplicate entry '1' for key 'users.PRIMARY'");
    assert_string_equal(err.table, "users");
    assert_int_equal(err.constraint_kind, WEIR_CONSTRAINT_PRIMARY_KEY);
    explain(1062, "23000", "");
    assert_string_equal(err.constraint, "");
    explain(1366, "22007",
            "Incorrect integer value: 'secret' for column `d`.`t`.`n` at row "
            "1");
    assert_string_equal(err.column, "n");
    assert_null(strstr(err.message, "secret"));
    explain(1264, "22003", "Out of range value for column 'n' at row 1");
    assert_string_equal(err.message,
                        "a value is out of range for column \"n\"");
}

static void test_explain__names_foreign_keys_checks_and_columns(void **state)
{
    (void)state;
    explain(1452, "23000",
            "Cannot add or update a child row: a foreign key constraint fails "
            "(`d`.`child`, CONSTRAINT `fk` FOREIGN KEY (`x`) REFERENCES `p` "
            "(`id`))");
    assert_string_equal(err.constraint, "fk");
    assert_string_equal(err.table, "child");
    assert_string_equal(err.column, "x");
    explain(4025, "23000", "CONSTRAINT `positive` failed for `d`.`t`");
    assert_string_equal(err.constraint, "positive");
    explain(3819, "HY000", "Check constraint 'positive' is violated.");
    assert_string_equal(err.constraint, "positive");
    explain(1048, "23000", "Column 'name' cannot be null");
    assert_string_equal(err.column, "name");
    explain(1364, "HY000", "Field 'name' doesn't have a default value");
    assert_string_equal(err.column, "name");
    assert_int_equal(err.constraint_kind, WEIR_CONSTRAINT_NOT_NULL);
}

static void test_explain__writes_messages_as_ours(void **state)
{
    (void)state;
    explain(1146, "42S02", "Table 'd.t' doesn't exist.");
    assert_string_equal(err.message, "table 'd.t' doesn't exist");
    assert_string_equal(err.sqlstate, "42S02");
    explain(1105, "HY000", "XA is not lowered");
    assert_string_equal(err.message, "XA is not lowered");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_classify__rows_of_the_table),
        cmocka_unit_test(test_classify__unknown_codes_go_by_their_class),
        cmocka_unit_test(test_explain__names_keys_and_hides_values),
        cmocka_unit_test(test_explain__names_foreign_keys_checks_and_columns),
        cmocka_unit_test(test_explain__writes_messages_as_ours),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
