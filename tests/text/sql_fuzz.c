/* SPDX-License-Identifier: MIT */
/*
 * The placeholder scanner in every dialect (the first byte chooses): each
 * parameter of the driver's text has an argument, each argument a parameter.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "sql/placeholders.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static weir_dialect dialect_of(uint8_t choice)
{
    return (weir_dialect){
        .size = sizeof(weir_dialect),
        .name = "fuzz",
        .placeholder =
            choice & 1 ? WEIR_PLACEHOLDER_DOLLAR : WEIR_PLACEHOLDER_QUESTION,
        .lexical = (unsigned)choice,
        .identifier_quote = '"',
        .parameter_max = 100,
    };
}

static void check(const weir_dialect *dialect, const wi_sql_plan *plan)
{
    if (strlen(plan->sql) != plan->size ||
        plan->driver_count > dialect->parameter_max ||
        plan->driver_count < plan->source_count)
        abort();
    for (size_t i = 0; i < plan->driver_count; i++) {
        if (plan->from[i] >= plan->source_count)
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weir_dialect dialect = dialect_of(size > 0 ? data[0] : 0);
    wi_sql_plan *plan = NULL;
    weir_error err = {.status = WEIR_OK};
    weir_value *values;

    if (size < 1)
        return 0;
    if (wi_sql_plan_make(&dialect,
                         weir_text_span((const char *)data + 1, size - 1), NULL,
                         &plan, &err) != WEIR_OK) {
        if (plan || err.message[0] == '\0')
            abort();
        return 0;
    }
    check(&dialect, plan);
    values =
        calloc(plan->driver_count + plan->source_count + 1, sizeof *values);
    if (values && !plan->named &&
        wi_sql_plan_bind(plan, values + plan->driver_count, plan->source_count,
                         values, &err) != WEIR_OK)
        abort();
    free(values);
    wi_sql_plan_free(&plan);
    return 0;
}
