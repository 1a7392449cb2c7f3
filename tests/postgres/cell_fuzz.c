/* SPDX-License-Identifier: MIT */
/*
 * Cells from a hostile server: the first byte says of which kind and in which
 * format, the rest is the cell. libpq ends each with a NUL of its own.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "db/postgres/codec.h"
#include "engine/services.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read must lie inside the cell: the sanitizer looks on. */
static unsigned touch(const weir_value *value)
{
    unsigned sum = 0;

    if (value->type == WEIR_TYPE_TEXT || value->type == WEIR_TYPE_BYTES ||
        value->type == WEIR_TYPE_JSON) {
        for (uint32_t at = 0; at < value->size; at++)
            sum += (unsigned char)value->as.text[at];
    } else if (value->type == WEIR_TYPE_DECIMAL) {
        sum += (unsigned)value->as.decimal->scale;
    } else if (value->type == WEIR_TYPE_INTERVAL) {
        sum += (unsigned)value->as.interval->days;
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    weir_services services = {.allocator = weir_allocator_libc()};
    wpg_cell cell = {.spill = NULL};
    wpg_decoder by = {.services = &services, .cell = &cell};
    static volatile unsigned sink;
    weir_value value;
    wpg_span from;
    char *copy;

    if (size < 1)
        return 0;
    copy = malloc(size); /* as large as the cell and its NUL */
    if (!copy)
        return 0;
    memcpy(copy, data + 1, size - 1);
    copy[size - 1] = '\0';
    from = (wpg_span){copy, size - 1};
    by.kind = (wpg_kind)(data[0] / 2 % (WPG_KIND_JSONB + 1));
    if ((data[0] % 2 ? wpg_decode_text(&by, from, &value)
                     : wpg_decode(&by, from, &value)) == WPG_DECODED)
        sink = sink + touch(&value);
    weir_services_free(&services, cell.spill);
    free(copy);
    return 0;
}
