/* SPDX-License-Identifier: MIT */
/*
 * Rows from a hostile server. The first byte says how many columns there are,
 * a byte for each says of which kind; the rest is the packet.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "db/mysql/codec.h"

enum { COLUMNS_MAX = 16 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read must lie inside the packet: the sanitizer looks on. */
static unsigned touch(const weir_value *row, size_t count)
{
    unsigned sum = 0;

    for (size_t i = 0; i < count; i++) {
        if (row[i].type != WEIR_TYPE_TEXT && row[i].type != WEIR_TYPE_BYTES &&
            row[i].type != WEIR_TYPE_JSON)
            continue;
        for (uint32_t at = 0; at < row[i].size; at++)
            sum += (unsigned char)row[i].as.text[at];
    }
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t kinds[COLUMNS_MAX];
    weir_value row[COLUMNS_MAX];
    wmy_cell cells[COLUMNS_MAX];
    size_t count = size > 0 ? data[0] % (COLUMNS_MAX + 1u) : 0;
    static volatile unsigned sink;
    wmy_span packet;

    if (size < 1 + count)
        return 0;
    for (size_t i = 0; i < count; i++)
        kinds[i] = (uint8_t)(data[1 + i] % (WMY_KIND_TIME + 1u));
    packet.size = size - 1 - count;
    packet.data = malloc(packet.size + 1); /* one byte to spare, no more */
    if (!packet.data)
        return 0;
    memset(row, 0, sizeof row);
    memcpy(packet.data, data + 1 + count, packet.size);
    if (wmy_decode_row(kinds, count, packet, row, cells))
        sink = sink + touch(row, count);
    memset(row, 0, sizeof row);
    memcpy(packet.data, data + 1 + count, packet.size);
    if (wmy_decode_text_row(kinds, count, packet, row))
        sink = sink + touch(row, count);
    free(packet.data);
    return 0;
}
