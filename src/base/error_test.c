/* SPDX-License-Identifier: MIT */
/* Errors: one line of UTF-8, a name and a page for each status. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <weir/error.h>

#include "base/error.h"
#include "base/utf8.h"

static void test_error_set__keeps_one_line_of_utf8(void **state)
{
    char text[2000];
    weir_error err;

    (void)state;
    memset(text, 'x', sizeof text);
    memcpy(text, "a\nb\tc", 5);
    text[sizeof text - 1] = '\0';
    weir_error_set(&err, WEIR_ERR_SQL, "%s", text);
    assert_null(strpbrk(err.message, "\n\r\t"));
    assert_int_equal(wi_utf8_check(err.message, strlen(err.message)),
                     WI_UTF8_CLEAN);
    for (size_t i = 0; i + 1 < sizeof text; i += 2)
        memcpy(text + i, "\xC3\xA4", 2);
    text[sizeof text - 2] = '\0';
    for (size_t shift = 0; shift < 2; shift++) {
        weir_error_set(&err, WEIR_ERR_SQL, "%.*s%s", (int)shift, "x", text);
        assert_int_equal(wi_utf8_check(err.message, strlen(err.message)),
                         WI_UTF8_CLEAN);
    }
}

static void test_error_set__empties_what_was_there(void **state)
{
    weir_error err;

    (void)state;
    memset(&err, 'x', sizeof err);
    assert_int_equal(weir_error_set(&err, WEIR_ERR_TYPE, "%s", "m"),
                     WEIR_ERR_TYPE);
    assert_int_equal(err.fate, WEIR_FATE_KEEP);
    assert_string_equal(err.sqlstate, "");
    assert_string_equal(err.constraint, "");
    assert_string_equal(err.statement, "");
    assert_string_equal(err.message, "m");
}

static void test_error_set__without_a_place_gives_the_status(void **state)
{
    (void)state;
    assert_int_equal(weir_error_set(NULL, WEIR_ERR_LIMIT, "m"), WEIR_ERR_LIMIT);
    assert_int_equal(wi_error_nomem(NULL), WEIR_ERR_NOMEM);
}

static void test_status__has_a_name_and_a_page(void **state)
{
    (void)state;
    for (int status = 0; status >= WEIR_ERR_POOL_DEADLOCK; status--) {
        assert_memory_equal(weir_status_name((weir_status)status), "WEIR_", 5);
        assert_memory_equal(weir_status_doc((weir_status)status),
                            "docs/errors.md", 14);
    }
    assert_string_equal(weir_status_name(WEIR_ERR_COMMIT_UNKNOWN),
                        "WEIR_ERR_COMMIT_UNKNOWN");
    assert_non_null(weir_status_name((weir_status)-4711));
    assert_non_null(weir_status_doc((weir_status)4711));
}

static void test_retryable__never_for_an_unknown_outcome(void **state)
{
    static const weir_status again[] = {
        WEIR_ERR_SERIALIZATION, WEIR_ERR_CONNECTION,  WEIR_ERR_POOL_TIMEOUT,
        WEIR_ERR_RESOURCE,      WEIR_ERR_UNAVAILABLE, WEIR_ERR_STALE};
    weir_error err;
    int found = 0;

    (void)state;
    assert_int_equal(weir_error_is_retryable(NULL), 0);
    for (int status = 0; status >= WEIR_ERR_POOL_DEADLOCK; status--) {
        weir_error_set(&err, (weir_status)status, "m");
        found += weir_error_is_retryable(&err);
    }
    assert_int_equal(found, sizeof again / sizeof again[0]);
    for (size_t i = 0; i < sizeof again / sizeof again[0]; i++) {
        weir_error_set(&err, again[i], "m");
        assert_int_equal(weir_error_is_retryable(&err), 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_error_set__keeps_one_line_of_utf8),
        cmocka_unit_test(test_error_set__empties_what_was_there),
        cmocka_unit_test(test_error_set__without_a_place_gives_the_status),
        cmocka_unit_test(test_status__has_a_name_and_a_page),
        cmocka_unit_test(test_retryable__never_for_an_unknown_outcome),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
