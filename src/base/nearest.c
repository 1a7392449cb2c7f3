/* SPDX-License-Identifier: MIT */
/*
 * The nearest name.
 */
#include "base/nearest.h"

#include <stddef.h>
#include <string.h>

#include "base/ascii.h"

enum { NAME_MAX = 48 };

static int min(int a, int b)
{
    return a < b ? a : b;
}

/* Three rows of the usual table; names are short. */
static int distance(const char *a, const char *b)
{
    int rows[3][NAME_MAX + 1];
    int size_a = (int)strlen(a), size_b = (int)strlen(b);

    if (size_a > NAME_MAX || size_b > NAME_MAX)
        return NAME_MAX;
    for (int j = 0; j <= size_b; j++)
        rows[0][j] = j;
    for (int i = 1; i <= size_a; i++) {
        int *row = rows[i % 3], *up = rows[(i + 2) % 3];
        int *two_up = rows[(i + 1) % 3];

        row[0] = i;
        for (int j = 1; j <= size_b; j++) {
            int same = wi_ascii_lower(a[i - 1]) == wi_ascii_lower(b[j - 1]);

            row[j] = min(min(up[j] + 1, row[j - 1] + 1), up[j - 1] + !same);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = min(row[j], two_up[j - 2] + 1);
        }
    }
    return rows[size_a % 3][size_b];
}

void wi_nearest_begin(wi_nearest *nearest, const char *wanted)
{
    *nearest = (wi_nearest){.wanted = wanted, .distance = NAME_MAX};
}

void wi_nearest_offer(wi_nearest *nearest, const char *name)
{
    int found = distance(nearest->wanted, name);

    if (found < nearest->distance) {
        nearest->distance = found;
        nearest->best = name;
    }
}

const char *wi_nearest_found(const wi_nearest *nearest)
{
    int limit = (int)strlen(nearest->wanted) / 3 + 1;

    return nearest->best && nearest->distance <= limit ? nearest->best : NULL;
}
