/* SPDX-License-Identifier: MIT */
/*
 * What the errors mean: a table from SQLSTATE to the reaction that it asks
 * for. The longest beginning that fits counts, so a class of two characters
 * catches what is not listed by itself. A database without SQLSTATE has such a
 * table of its native codes.
 */
#include <stdio.h>
#include <string.h>

#include "mock.h"

typedef struct meaning {
    const char *sqlstate; /* or its beginning */
    weir_status status;
    weir_fate fate;
    weir_constraint_kind constraint_kind;
} meaning;

/* The last one fits everything. */
static const meaning meanings[] = {
    {"40001", WEIR_ERR_SERIALIZATION, WEIR_FATE_KEEP, WEIR_CONSTRAINT_NONE},
    {"40P01", WEIR_ERR_SERIALIZATION, WEIR_FATE_KEEP, WEIR_CONSTRAINT_NONE},
    {"40003", WEIR_ERR_COMMIT_UNKNOWN, WEIR_FATE_DISCARD, WEIR_CONSTRAINT_NONE},
    {"57014", WEIR_ERR_CANCELLED, WEIR_FATE_KEEP, WEIR_CONSTRAINT_NONE},
    {"57P01", WEIR_ERR_CONNECTION, WEIR_FATE_DISCARD, WEIR_CONSTRAINT_NONE},
    {"57P03", WEIR_ERR_UNAVAILABLE, WEIR_FATE_DISCARD, WEIR_CONSTRAINT_NONE},
    {"25006", WEIR_ERR_UNAVAILABLE, WEIR_FATE_KEEP, WEIR_CONSTRAINT_NONE},
    {"23505", WEIR_ERR_CONSTRAINT, WEIR_FATE_KEEP, WEIR_CONSTRAINT_UNIQUE},
    {"23503", WEIR_ERR_CONSTRAINT, WEIR_FATE_KEEP, WEIR_CONSTRAINT_FOREIGN_KEY},
    {"23502", WEIR_ERR_CONSTRAINT, WEIR_FATE_KEEP, WEIR_CONSTRAINT_NOT_NULL},
    {"23514", WEIR_ERR_CONSTRAINT, WEIR_FATE_KEEP, WEIR_CONSTRAINT_CHECK},
    {"23", WEIR_ERR_CONSTRAINT, WEIR_FATE_KEEP, WEIR_CONSTRAINT_OTHER},
    {"08", WEIR_ERR_CONNECTION, WEIR_FATE_DISCARD, WEIR_CONSTRAINT_NONE},
    {"22", WEIR_ERR_TYPE, WEIR_FATE_KEEP, WEIR_CONSTRAINT_NONE},
    {"28", WEIR_ERR_AUTH, WEIR_FATE_DISCARD, WEIR_CONSTRAINT_NONE},
    {"53", WEIR_ERR_RESOURCE, WEIR_FATE_KEEP, WEIR_CONSTRAINT_NONE},
    {"", WEIR_ERR_SQL, WEIR_FATE_KEEP, WEIR_CONSTRAINT_NONE},
};

/* The native codes of the mock mean nothing. */
void wmk_classify(int native_code, const char *sqlstate, weir_error *err)
{
    const meaning *found = meanings;
    const char *state = sqlstate ? sqlstate : "";

    (void)native_code;
    while (strncmp(found->sqlstate, state, strlen(found->sqlstate)) != 0)
        found++;
    err->status = found->status;
    err->fate = found->fate;
    err->constraint_kind = found->constraint_kind;
    snprintf(err->sqlstate, sizeof err->sqlstate, "%.5s", state);
}
