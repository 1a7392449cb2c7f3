/* SPDX-License-Identifier: MIT */
/*
 * Doubles as the shortest text that reads back the same.
 *
 * The C library rounds correctly in both directions, so the shortest text is
 * found by asking it: 15 digits hold for every double that came from so few,
 * 17 always do. Subnormal numbers have fewer bits and are tried from one
 * digit on. (docs/decisions/0004 says what a faster method would bring.)
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/value.h>

static size_t write_special(double f, char *out)
{
    const char *text = isnan(f) ? "NaN" : f > 0 ? "Infinity" : "-Infinity";

    memcpy(out, text, strlen(text) + 1);
    return strlen(text);
}

/* A program's locale may write a comma: the point is ours. */
static void use_point(char *text)
{
    char *comma = strchr(text, ',');

    if (comma)
        *comma = '.';
}

size_t weir_f64_format(double f, char *out)
{
    int digits = fabs(f) < 2.2250738585072014e-308 ? 1 : 15;
    size_t size = 0;

    if (!isfinite(f))
        return write_special(f, out);
    for (; digits <= 17; digits++) {
        size = (size_t)snprintf(out, WEIR_VALUE_TEXT_MAX, "%.*g", digits, f);
        if (strtod(out, NULL) == f)
            break;
    }
    use_point(out);
    if (!strpbrk(out, ".e")) {
        memcpy(out + size, ".0", 3);
        size += 2;
    }
    return size;
}
