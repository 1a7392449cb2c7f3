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

    snprintf(text, sizeof text, "weir: broken invariant: %s (%s:%d)\n", what,
             file, line);
    ignored = write(STDERR_FILENO, text, strlen(text));
    (void)ignored;
    __builtin_trap();
}
