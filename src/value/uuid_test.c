/* SPDX-License-Identifier: MIT */
/* UUIDs: every form that RFC 9562 and databases write, one that we write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weir/value.h>

#define CANONICAL "0123abcd-4567-89ef-8123-456789abcdef"

static void test_uuid_parse__takes_every_usual_form(void **state)
{
    static const char *const forms[] = {CANONICAL,
                                        "0123ABCD-4567-89EF-8123-456789ABCDEF",
                                        "0123abcd456789ef8123456789abcdef",
                                        "{" CANONICAL "}",
                                        "urn:uuid:" CANONICAL,
                                        "URN:UUID:" CANONICAL};

    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        weir_uuid uuid;
        char text[WEIR_VALUE_TEXT_MAX];

        assert_int_equal(weir_uuid_parse(weir_text_of(forms[i]), &uuid, NULL),
                         WEIR_OK);
        assert_int_equal(uuid.bytes[0], 0x01);
        assert_int_equal(uuid.bytes[15], 0xEF);
        assert_int_equal(weir_uuid_format(&uuid, text), 36);
        assert_string_equal(text, CANONICAL);
    }
}

static void test_uuid_parse__refuses_the_rest(void **state)
{
    static const char *const junk[] = {"",
                                       "0123abcd-4567-89ef-8123-456789abcde",
                                       "0123abcd-4567-89ef-8123-456789abcdef0",
                                       "0123abcd-4567-89ef-8123-456789abcdeg",
                                       "0123abcd4-567-89ef-8123-456789abcdef",
                                       "0123abcd-456789ef-8123-456789abcdef",
                                       "{" CANONICAL,
                                       CANONICAL "}",
                                       "urn:uuid",
                                       "urn-uuid-" CANONICAL,
                                       " " CANONICAL};

    (void)state;
    for (size_t i = 0; i < sizeof junk / sizeof junk[0]; i++) {
        weir_uuid uuid = {{7}};

        assert_int_equal(weir_uuid_parse(weir_text_of(junk[i]), &uuid, NULL),
                         WEIR_ERR_TYPE);
        assert_int_equal(uuid.bytes[0], 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_uuid_parse__takes_every_usual_form),
        cmocka_unit_test(test_uuid_parse__refuses_the_rest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
