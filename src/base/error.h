/* SPDX-License-Identifier: MIT */
/*
 * Small things around weir_error that only the library needs.
 */
#ifndef WI_BASE_ERROR_H
#define WI_BASE_ERROR_H

#include <weir/error.h>

/* Makes an error say "none". Cheap: only what readers look at first. */
void wi_error_clear(weir_error *err);

/* "out of memory"; returns WEIR_ERR_NOMEM. `err` may be NULL. */
WEIR_COLD weir_status wi_error_nomem(weir_error *err);

#endif
