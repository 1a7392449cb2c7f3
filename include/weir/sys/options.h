/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Options that a driver takes from a URL's query: a table of what it knows,
 * and the values that a URL gave.
 */
#ifndef WEIR_SYS_OPTIONS_H
#define WEIR_SYS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/export.h>

WEIR_BEGIN_DECLS

/** What kind of text an option takes. */
typedef enum weir_option_kind {
    WEIR_OPTION_TEXT = 0,
    WEIR_OPTION_INTEGER,
    WEIR_OPTION_NUMBER,  /* with a fraction */
    WEIR_OPTION_BOOLEAN, /* 1 0 true false yes no on off */
    WEIR_OPTION_CHOICE,  /* one of `choices`, any case */
    WEIR_OPTION_ALIAS,   /* another name of `target` */
    WEIR_OPTION_IGNORED, /* known from elsewhere, no meaning here: a warning */
} weir_option_kind;

/** One option. A table of them ends with one that has no name. */
typedef struct weir_option_spec {
    const char *name;
    weir_option_kind kind;
    /** The default as it would be written; NULL: none. */
    const char *fallback;
    /** INTEGER and NUMBER: the range; both 0: any. */
    double min;
    double max;
    /** CHOICE: ends with NULL. IGNORED, where the engine has an option of that
     *  name, too: the values that are not the engine's; NULL: any. */
    const char *const *choices;
    const char *target; /* ALIAS */
    /** IGNORED: why. Others: what it is, for the guide. */
    const char *note;
    /** Its value never stands in a message. */
    bool secret;
} weir_option_spec;

/** The value of an option. */
typedef struct weir_option_value {
    /** As written, or the default; NULL: none. Borrowed from the URL. */
    const char *text;
    int64_t integer; /* INTEGER */
    double number;   /* INTEGER and NUMBER */
    int choice;      /* CHOICE: its index */
    bool boolean;    /* BOOLEAN */
    bool given;      /* by the URL */
} weir_option_value;

WEIR_END_DECLS

#endif
