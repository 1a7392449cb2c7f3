/* SPDX-License-Identifier: MIT */
/* Each byte and the length count; similar texts spread. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/hash.h"

static void test_hash__sees_every_byte_and_the_length(void **state)
{
    char text[64] = {0};

    (void)state;
    for (size_t size = 0; size < sizeof text; size++) {
        uint64_t of_size = wi_hash_bytes(text, size);

        assert_true(of_size != wi_hash_bytes(text, size + 1));
        for (size_t i = 0; i < size; i++) {
            text[i] ^= 1;
            assert_true(wi_hash_bytes(text, size) != of_size);
            text[i] ^= 1;
        }
        assert_true(wi_hash_bytes(text, size) == of_size);
    }
}

/* Tables take the low bits. 4 096 keys in 4 096 buckets: of a random hash the
 * fullest has about 7. */
static void test_hash__spreads_keys_that_differ_little(void **state)
{
    unsigned char buckets[4096] = {0};
    int fullest = 0;

    (void)state;
    for (uint32_t key = 0; key < 4096; key++) {
        uint32_t padded[4] = {0, key, 0, 0};
        unsigned char *bucket =
            &buckets[wi_hash_bytes(padded, sizeof padded) % 4096];

        if (++*bucket > fullest)
            fullest = *bucket;
    }
    assert_true(fullest < 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hash__sees_every_byte_and_the_length),
        cmocka_unit_test(test_hash__spreads_keys_that_differ_little),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
