/* SPDX-License-Identifier: MIT */
/*
 * The server's exact numbers: groups of four decimal digits, the weight of
 * the first group, a sign, and how many digits stand after the point.
 */
#include "codec.h"

#include <string.h>

enum { HEADER_SIZE = 8, GROUP = 10000, GROUP_DIGITS = 4 };
enum { POSITIVE = 0, NEGATIVE = 0x4000 };
enum { FAST_DIGITS = 18 };

typedef struct numeric {
    int count;  /* of groups */
    int weight; /* of the first: it is multiplied by 10000^weight */
    int sign;
    int scale;
    const char *groups;
} numeric;

static const char *special_name(int sign)
{
    switch (sign) {
    case 0xC000:
        return "NaN";
    case 0xD000:
        return "Infinity";
    case 0xF000:
        return "-Infinity";
    default:
        return NULL;
    }
}

static bool read_header(wpg_span from, numeric *out)
{
    if (from.size < HEADER_SIZE)
        return false;
    out->count = wpg_get_u16(from.data);
    out->weight = (int16_t)wpg_get_u16(from.data + 2);
    out->sign = wpg_get_u16(from.data + 4);
    out->scale = wpg_get_u16(from.data + 6) & 0x3FFF;
    out->groups = from.data + HEADER_SIZE;
    if (from.size != HEADER_SIZE + 2 * (size_t)out->count)
        return false;
    for (int i = 0; i < out->count; i++) {
        if (wpg_get_u16(out->groups + (ptrdiff_t)i * 2) >= GROUP)
            return false;
    }
    return out->sign == POSITIVE || out->sign == NEGATIVE ||
           special_name(out->sign) != NULL;
}

/* The group that stands `at` groups behind the first; 0 outside. */
static unsigned group_at(const numeric *n, int at)
{
    return at >= 0 && at < n->count ? wpg_get_u16(n->groups + (ptrdiff_t)at * 2)
                                    : 0;
}

static size_t put_group(unsigned group, size_t digits, char *out)
{
    char all[GROUP_DIGITS];

    for (int i = GROUP_DIGITS; i-- > 0; group /= 10)
        all[i] = (char)('0' + group % 10);
    memcpy(out, all, digits);
    return digits;
}

/* Before the point without leading zeros, but one. */
static size_t put_whole(const numeric *n, char *out)
{
    char first[GROUP_DIGITS];
    size_t size = 0, skip = 0;

    if (n->weight < 0 || n->count == 0) {
        *out = '0';
        return 1;
    }
    put_group(group_at(n, 0), GROUP_DIGITS, first);
    while (skip < GROUP_DIGITS - 1 && first[skip] == '0')
        skip++;
    memcpy(out, first + skip, GROUP_DIGITS - skip);
    size = GROUP_DIGITS - skip;
    for (int i = 1; i <= n->weight; i++)
        size += put_group(group_at(n, i), GROUP_DIGITS, out + size);
    return size;
}

static size_t put_fraction(const numeric *n, char *out)
{
    size_t left = (size_t)n->scale, size = 0;

    for (int i = n->weight + 1; left > 0; i++) {
        size_t digits = left < GROUP_DIGITS ? left : GROUP_DIGITS;

        size += put_group(group_at(n, i), digits, out + size);
        left -= digits;
    }
    return size;
}

static size_t text_size(const numeric *n)
{
    size_t whole = n->weight < 0 ? 1 : (size_t)(n->weight + 1) * GROUP_DIGITS;

    return 3 + whole + (size_t)n->scale;
}

size_t wpg_numeric_text(wpg_span from, char *out)
{
    const char *name;
    size_t size = 0;
    numeric n;

    if (!read_header(from, &n))
        return 0;
    name = special_name(n.sign);
    if (!out)
        return name ? sizeof "-Infinity" : text_size(&n);
    if (name) {
        memcpy(out, name, strlen(name));
        return strlen(name);
    }
    if (n.sign == NEGATIVE)
        out[size++] = '-';
    size += put_whole(&n, out + size);
    if (n.scale > 0) {
        out[size++] = '.';
        size += put_fraction(&n, out + size);
    }
    return size;
}

/* Numbers of few digits, which most are, need no text in between. */
static bool read_fast(const numeric *n, weir_decimal *out)
{
    int groups = n->weight + 1 + (n->scale + GROUP_DIGITS - 1) / GROUP_DIGITS;
    int surplus = (GROUP_DIGITS - n->scale % GROUP_DIGITS) % GROUP_DIGITS;
    uint64_t number = 0;

    if (n->weight < -1 || groups * GROUP_DIGITS > FAST_DIGITS ||
        special_name(n->sign))
        return false;
    for (int i = 0; i < groups; i++)
        number = number * GROUP + group_at(n, i);
    for (int i = 0; i < surplus; i++)
        number /= 10;
    *out = (weir_decimal){.lo = number, .scale = n->scale};
    if (n->sign == NEGATIVE && number > 0) {
        out->lo = ~number + 1;
        out->hi = -1;
    }
    return true;
}

static wpg_decoded as_text(const wpg_decoder *by, wpg_span from,
                           weir_value *out)
{
    char *text = wpg_spill(by, wpg_numeric_text(from, NULL) + 1);
    weir_error ignored;
    size_t size;

    if (!text)
        return WPG_DECODED_NOMEM;
    size = wpg_numeric_text(from, text);
    text[size] = '\0';
    if (weir_decimal_parse(weir_text_span(text, size), &by->cell->as.decimal,
                           &ignored) == WEIR_OK)
        *out = weir_value_decimal(&by->cell->as.decimal);
    else
        *out = weir_value_text(weir_text_span(text, size));
    return WPG_DECODED;
}

wpg_decoded wpg_decode_numeric(const wpg_decoder *by, wpg_span from,
                               weir_value *out)
{
    numeric n;

    if (!read_header(from, &n))
        return WPG_DECODED_MALFORMED;
    if (!read_fast(&n, &by->cell->as.decimal))
        return as_text(by, from, out);
    *out = weir_value_decimal(&by->cell->as.decimal);
    return WPG_DECODED;
}

/* -------------------------------------------------------------- encoding */

typedef struct digits {
    const char *whole;
    size_t whole_size;
    const char *fraction;
    size_t fraction_size;
} digits;

static digits split(const char *text)
{
    digits d = {.whole = text, .whole_size = strspn(text, "0123456789")};
    const char *point = text + d.whole_size;

    while (d.whole_size > 0 && *d.whole == '0') {
        d.whole++;
        d.whole_size--;
    }
    if (*point == '.') {
        d.fraction = point + 1;
        d.fraction_size = strspn(d.fraction, "0123456789");
    }
    return d;
}

/* The digit `at` places left (from 0) or right (from -1) of the point. */
static unsigned digit_at(const digits *d, int at)
{
    if (at >= 0)
        return (size_t)at < d->whole_size
                   ? (unsigned)(d->whole[d->whole_size - 1 - (size_t)at] - '0')
                   : 0;
    return (size_t)(-1 - at) < d->fraction_size
               ? (unsigned)(d->fraction[-1 - at] - '0')
               : 0;
}

static unsigned group_of(const digits *d, int weight)
{
    int at = weight * GROUP_DIGITS;

    return digit_at(d, at + 3) * 1000 + digit_at(d, at + 2) * 100 +
           digit_at(d, at + 1) * 10 + digit_at(d, at);
}

/* Groups of zeros at either end are not sent. */
size_t wpg_encode_numeric(const char *text, char *out)
{
    bool negative = *text == '-';
    digits d = split(text + negative);
    int high = ((int)d.whole_size + GROUP_DIGITS - 1) / GROUP_DIGITS - 1;
    int low = -(((int)d.fraction_size + GROUP_DIGITS - 1) / GROUP_DIGITS);
    size_t count;

    while (high >= low && group_of(&d, high) == 0)
        high--;
    while (low <= high && group_of(&d, low) == 0)
        low++;
    count = high >= low ? (size_t)(high - low + 1) : 0;
    if (HEADER_SIZE + 2 * count > WPG_SCRATCH_SIZE)
        return 0;
    wpg_put_u16(out, (uint16_t)count);
    wpg_put_u16(out + 2, (uint16_t)(count ? high : 0));
    wpg_put_u16(out + 4, negative && count ? NEGATIVE : POSITIVE);
    wpg_put_u16(out + 6, (uint16_t)d.fraction_size);
    for (size_t i = 0; i < count; i++)
        wpg_put_u16(out + HEADER_SIZE + 2 * i,
                    (uint16_t)group_of(&d, high - (int)i));
    return HEADER_SIZE + 2 * count;
}
