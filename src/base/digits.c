/* SPDX-License-Identifier: MIT */
/*
 * Decimal digits. The length is found first, so that the digits are written
 * from the right into their final place.
 */
#include "base/digits.h"

int wi_digits_count(uint64_t number)
{
    int count = 1;

    for (; number >= 10000; number /= 10000)
        count += 4;
    return count + (number >= 10) + (number >= 100) + (number >= 1000);
}

char *wi_digits_u64(uint64_t number, char *out)
{
    char *end = out + wi_digits_count(number);
    char *at = end;

    while (number >= 100) {
        at -= 2;
        wi_digits_two((unsigned)(number % 100), at);
        number /= 100;
    }
    if (number >= 10)
        wi_digits_two((unsigned)number, out);
    else
        *out = (char)('0' + number);
    return end;
}

char *wi_digits_i64(int64_t number, char *out)
{
    if (number >= 0)
        return wi_digits_u64((uint64_t)number, out);
    *out = '-';
    return wi_digits_u64(-(uint64_t)number, out + 1); /* INT64_MIN too */
}

/* clang-format off */
const char wi_digit_pairs[201] =
    "00010203040506070809101112131415161718192021222324"
    "25262728293031323334353637383940414243444546474849"
    "50515253545556575859606162636465666768697071727374"
    "75767778798081828384858687888990919293949596979899";
/* clang-format on */
