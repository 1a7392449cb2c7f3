/* SPDX-License-Identifier: MIT */
/*
 * WI_ASSERT states what must hold inside the library. It is always on: a
 * broken invariant in a database toolkit must stop before it writes anything.
 * It is never used for what a program may do wrong; that is WEIR_ERR_MISUSE.
 */
#ifndef WI_BASE_CHECK_H
#define WI_BASE_CHECK_H

/* Writes one line to stderr and traps. */
_Noreturn void wi_assert_failed(const char *what, const char *file, int line);

#define WI_ASSERT(condition_)                                                  \
    ((condition_) ? (void)0 : wi_assert_failed(#condition_, __FILE__, __LINE__))

#endif
