/* SPDX-License-Identifier: MIT */
/* Growing bytes: a ceiling, a failure that sticks, a NUL at the end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/buf.h"

static void test_buf__always_ends_with_nul(void **state)
{
    wi_buf buf;

    (void)state;
    wi_buf_init(&buf, NULL, 0);
    assert_string_equal(wi_buf_text(&buf), "");
    for (int i = 0; i < 1000; i++)
        wi_buf_addf(&buf, "%d,", i % 10);
    wi_buf_add_char(&buf, '.');
    assert_int_equal(buf.size, 2001);
    assert_int_equal(strlen(wi_buf_text(&buf)), 2001);
    assert_int_equal(wi_buf_text(&buf)[2000], '.');
    wi_buf_clear(&buf);
}

static void test_buf__over_its_limit_fails_for_good(void **state)
{
    wi_buf buf;

    (void)state;
    wi_buf_init(&buf, NULL, 4);
    wi_buf_add_cstr(&buf, "1234");
    assert_int_equal(wi_buf_status(&buf), WEIR_OK);
    wi_buf_add_char(&buf, '5');
    assert_int_equal(wi_buf_status(&buf), WEIR_ERR_LIMIT);
    wi_buf_add(&buf, "", 0);
    assert_null(wi_buf_text(&buf));
    assert_null(wi_buf_take(&buf));
    wi_buf_reset(&buf);
    wi_buf_add_cstr(&buf, "ok");
    assert_string_equal(wi_buf_text(&buf), "ok");
    wi_buf_clear(&buf);
}

static void test_buf_take__leaves_an_empty_one(void **state)
{
    wi_buf buf;
    char *taken;

    (void)state;
    wi_buf_init(&buf, NULL, 0);
    wi_buf_add(&buf, "a\0b", 3);
    taken = wi_buf_take(&buf);
    assert_memory_equal(taken, "a\0b", 4);
    wi_free(NULL, taken);
    assert_string_equal(wi_buf_text(&buf), "");
    taken = wi_buf_take(&buf);
    assert_string_equal(taken, "");
    wi_free(NULL, taken);
    wi_buf_clear(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_buf__always_ends_with_nul),
        cmocka_unit_test(test_buf__over_its_limit_fails_for_good),
        cmocka_unit_test(test_buf_take__leaves_an_empty_one),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
