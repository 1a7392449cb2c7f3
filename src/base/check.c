/* SPDX-License-Identifier: MIT */
/*
 * The end of a process whose library has found itself broken.
 */
#include "base/check.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

void wi_assert_failed(const char *what, const char *file, int line)
{
    char text[256];
    ssize_t ignored;

    /* The place first: a long condition is cut, the place never. */
    snprintf(text, sizeof text, "weir: %.100s:%d: broken invariant: %.100s\n",
             file, line, what);
    ignored = write(STDERR_FILENO, text, strlen(text));
    (void)ignored;
    __builtin_trap();
}
