/* SPDX-License-Identifier: MIT */
/* Every power of the table, computed anew with whole numbers of any length. */
#include <setjmp.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/int128.h"
#include "value/powers.h"

/* 10^324 has 1077 bits; a quotient by 10^292 needs 128 more than 970. */
enum { WORDS = 40 };

typedef struct big {
    uint32_t words[WORDS]; /* the least first */
} big;

static void multiply(big *number, uint32_t by)
{
    uint64_t carry = 0;

    for (int i = 0; i < WORDS; i++) {
        carry += (uint64_t)number->words[i] * by;
        number->words[i] = (uint32_t)carry;
        carry >>= 32;
    }
    assert_int_equal(carry, 0);
}

static int bit(const big *number, int at)
{
    return at < 0 ? 0 : (int)(number->words[at / 32] >> at % 32 & 1);
}

static int top_bit(const big *number)
{
    int at = WORDS * 32 - 1;

    while (at > 0 && !bit(number, at))
        at--;
    return at;
}

static int compare(const big *a, const big *b)
{
    for (int i = WORDS - 1; i >= 0; i--) {
        if (a->words[i] != b->words[i])
            return a->words[i] < b->words[i] ? -1 : 1;
    }
    return 0;
}

static void subtract(big *from, const big *what)
{
    int64_t borrow = 0;

    for (int i = 0; i < WORDS; i++) {
        borrow += (int64_t)from->words[i] - what->words[i];
        from->words[i] = (uint32_t)borrow;
        borrow >>= 32;
    }
}

static big pow10_of(int exponent)
{
    big power = {{1}};

    while (exponent-- > 0)
        multiply(&power, 10);
    return power;
}

static wi_power rounded_up(wi_uint128 head, bool inexact)
{
    head += inexact;
    return (wi_power){(uint64_t)(head >> 64), (uint64_t)head};
}

/* The upper 128 bits of 10^k. */
static wi_power head_of(int k)
{
    big power = pow10_of(k);
    int top = top_bit(&power);
    wi_uint128 head = 0;
    bool rest = false;

    for (int i = 0; i < 128; i++)
        head = head << 1 | (unsigned)bit(&power, top - i);
    for (int at = top - 128; at >= 0; at--)
        rest |= bit(&power, at);
    return rounded_up(head, rest);
}

/* The upper 128 bits of 1 / 10^k, by long division. */
static wi_power head_of_inverse(int k)
{
    big divisor = pow10_of(k);
    big rest = {{1}};
    big none = {{0}};
    wi_uint128 head = 0;

    while (head >> 127 == 0) {
        multiply(&rest, 2);
        head <<= 1;
        if (compare(&rest, &divisor) >= 0) {
            subtract(&rest, &divisor);
            head |= 1;
        }
    }
    return rounded_up(head, compare(&rest, &none) != 0);
}

static void test_powers__are_the_powers_of_ten_rounded_up(void **state)
{
    (void)state;
    for (int k = WI_POWER_MIN; k <= WI_POWER_MAX; k++) {
        wi_power expected = k < 0 ? head_of_inverse(-k) : head_of(k);
        wi_power found = wi_powers[k - WI_POWER_MIN];

        assert_true(found.hi == expected.hi);
        assert_true(found.lo == expected.lo);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_powers__are_the_powers_of_ten_rounded_up),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
