/* SPDX-License-Identifier: MIT */
#include "engine/isolation.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_isolation_parse__reads_any_spelling(void **state)
{
    static const struct {
        const char *text;
        weir_isolation means;
    } spellings[] = {
        {"READ COMMITTED", WEIR_READ_COMMITTED},
        {"read_committed", WEIR_READ_COMMITTED},
        {"Read-Uncommitted", WEIR_READ_UNCOMMITTED},
        {"REPEATABLE READ", WEIR_REPEATABLE_READ},
        {"serializable", WEIR_SERIALIZABLE},
        {"AUTOCOMMIT", WEIR_AUTOCOMMIT},
    };
    static const char *const wrong[] = {"", "READ", "READ  COMMITTED",
                                        "SERIALIZABLE ", "DEFAULTS"};
    weir_isolation found = WEIR_AUTOCOMMIT;

    (void)state;
    for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
        assert_true(wi_isolation_parse(spellings[i].text, &found));
        assert_int_equal(found, spellings[i].means);
    }
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(wi_isolation_parse(wrong[i], &found));
}

static void test_isolation_check__lists_what_there_is(void **state)
{
    const weir_dialect dialect = {.name = "x",
                                  .isolation_levels =
                                      1u << WEIR_READ_COMMITTED |
                                      1u << WEIR_SERIALIZABLE};
    weir_error err;

    (void)state;
    assert_int_equal(wi_isolation_check(&dialect, WEIR_ISOLATION_DEFAULT, &err),
                     WEIR_OK);
    assert_int_equal(wi_isolation_check(&dialect, WEIR_AUTOCOMMIT, &err),
                     WEIR_OK);
    assert_int_equal(wi_isolation_check(&dialect, WEIR_SERIALIZABLE, &err),
                     WEIR_OK);
    assert_int_equal(wi_isolation_check(&dialect, WEIR_REPEATABLE_READ, &err),
                     WEIR_ERR_UNSUPPORTED);
    assert_non_null(strstr(err.message, "READ COMMITTED"));
    assert_non_null(strstr(err.message, "SERIALIZABLE"));
    assert_null(strstr(err.message, "READ UNCOMMITTED"));
    assert_int_equal(wi_isolation_check(&dialect, (weir_isolation)42, &err),
                     WEIR_ERR_MISUSE);
}

static void test_isolation_name__is_never_null(void **state)
{
    weir_isolation back;

    (void)state;
    for (int i = WEIR_READ_UNCOMMITTED; i <= WEIR_AUTOCOMMIT; i++) {
        assert_true(
            wi_isolation_parse(weir_isolation_name((weir_isolation)i), &back));
        assert_int_equal(back, i);
    }
    assert_non_null(weir_isolation_name((weir_isolation)-1));
    assert_non_null(weir_isolation_name((weir_isolation)42));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_isolation_parse__reads_any_spelling),
        cmocka_unit_test(test_isolation_check__lists_what_there_is),
        cmocka_unit_test(test_isolation_name__is_never_null),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
