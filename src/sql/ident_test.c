/* SPDX-License-Identifier: MIT */
/* Names are quoted, and refused where a database would cut them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sql/ident.h"

static const weir_dialect dialect = {
    .size = sizeof dialect,
    .name = "test",
    .identifier_quote = '"',
    .identifier_bytes_max = 8,
};

static weir_error err;

static weir_status quote(weir_text name, char *out)
{
    wi_buf buf;
    weir_status status;

    wi_buf_init(&buf, NULL, 0);
    status = wi_quote_identifier(&dialect, name, &buf, &err);
    if (status == WEIR_OK)
        memcpy(out, wi_buf_text(&buf), buf.size + 1);
    wi_buf_clear(&buf);
    return status;
}

static void test_quote__doubles_the_quote(void **state)
{
    char out[64];

    (void)state;
    assert_int_equal(quote(weir_text_of("a\"b"), out), WEIR_OK);
    assert_string_equal(out, "\"a\"\"b\"");
    assert_int_equal(quote(weir_text_of("x; --"), out), WEIR_OK);
    assert_string_equal(out, "\"x; --\"");
}

static void test_quote__refuses_what_would_be_cut_or_misread(void **state)
{
    char out[64];

    (void)state;
    assert_int_equal(quote(weir_text_of(""), out), WEIR_ERR_TYPE);
    assert_int_equal(quote(weir_text_span("a\0b", 3), out), WEIR_ERR_TYPE);
    assert_int_equal(quote(weir_text_of("a\xFF"), out), WEIR_ERR_TYPE);
    assert_int_equal(quote(weir_text_of("12345678"), out), WEIR_OK);
    assert_int_equal(quote(weir_text_of("123456789"), out), WEIR_ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quote__doubles_the_quote),
        cmocka_unit_test(test_quote__refuses_what_would_be_cut_or_misread),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
