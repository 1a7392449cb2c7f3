/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "db/mysql/wmy.h"

static void test_command__needs_no_quoting(void **state)
{
    char sql[WMY_XA_SIZE];

    (void)state;
    wmy_xa_command("XA COMMIT", "it's", " ONE PHASE", sql);
    assert_string_equal(sql, "XA COMMIT X'69742773' ONE PHASE");
}

static void test_command__of_the_longest_name_fits(void **state)
{
    char sql[WMY_XA_SIZE];
    char xid[WMY_XID_MAX + 1];
    weir_error err;

    (void)state;
    memset(xid, 0xC3, WMY_XID_MAX);
    xid[WMY_XID_MAX] = '\0';
    assert_int_equal(wmy_check_xid(xid, &err), WEIR_OK);
    wmy_xa_command("XA COMMIT", xid, " ONE PHASE", sql);
    assert_non_null(strstr(sql, "C3C3' ONE PHASE"));
}

static void test_names__have_a_limit(void **state)
{
    char xid[WMY_XID_MAX + 2];
    weir_error err;

    (void)state;
    memset(xid, 'x', WMY_XID_MAX + 1);
    xid[WMY_XID_MAX + 1] = '\0';
    assert_int_equal(wmy_check_xid(xid, &err), WEIR_ERR_MISUSE);
    assert_int_equal(wmy_check_xid("", &err), WEIR_ERR_MISUSE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_command__needs_no_quoting),
        cmocka_unit_test(test_command__of_the_longest_name_fits),
        cmocka_unit_test(test_names__have_a_limit),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
