/* SPDX-License-Identifier: MIT */
/*
 * Reading `key=value` against a table of options (<weir/sys/options.h>).
 */
#ifndef WI_URL_OPTIONS_H
#define WI_URL_OPTIONS_H

#include <weir/error.h>
#include <weir/sys/options.h>

typedef enum wi_option_result {
    WI_OPTION_UNKNOWN = 0,
    WI_OPTION_SET,
    WI_OPTION_WAS_IGNORED,
} wi_option_result;

typedef struct wi_option_outcome {
    wi_option_result kind;
    const char *note; /* of an ignored one */
} wi_option_outcome;

/* Fills the values with the table's defaults. */
weir_status wi_options_defaults(const weir_option_spec *specs,
                                weir_option_value *values, weir_error *err);

/* Sets one option. Not knowing it is an outcome, not a failure; a value that
 * it does not take is CONFIG. `value` is borrowed as long as `values`. */
weir_status wi_options_set(const weir_option_spec *specs,
                           weir_option_value *values, const char *key,
                           const char *value, wi_option_outcome *outcome,
                           weir_error *err);

/* The known name nearest to a wrong one, of several tables (the list ends with
 * NULL); NULL if none is near. */
const char *wi_options_nearest(const weir_option_spec *const *tables,
                               const char *name);

#endif
