/* SPDX-License-Identifier: MIT */
/*
 * Copies into one block. The same code runs twice: first without memory, to
 * learn how much is needed, then with it.
 */
#include <string.h>

#include "mock.h"

enum { ALIGNMENT = 16 };

void *wmk_pack_room(wmk_pack *pack, size_t size)
{
    void *room;

    pack->used = (pack->used + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    room = pack->base ? pack->base + pack->used : NULL;
    pack->used += size;
    return room;
}

/* Of size 0 too: what is there has an address. */
static const void *put(wmk_pack *pack, const void *data, size_t size)
{
    void *room = wmk_pack_room(pack, size);

    if (room && size > 0)
        memcpy(room, data, size);
    return room;
}

const char *wmk_pack_text(wmk_pack *pack, const char *text)
{
    return text ? put(pack, text, strlen(text) + 1) : NULL;
}

/* With a NUL behind it, as the contract wants. */
static const char *put_counted(wmk_pack *pack, const char *text, size_t size)
{
    char *room = wmk_pack_room(pack, size + 1);

    if (!room)
        return NULL;
    if (size > 0)
        memcpy(room, text, size);
    room[size] = '\0';
    return room;
}

static void put_value(wmk_pack *pack, weir_value *value)
{
    switch ((weir_type)value->type) {
    case WEIR_TYPE_TEXT:
    case WEIR_TYPE_JSON:
        value->as.text = put_counted(pack, value->as.text, value->size);
        break;
    case WEIR_TYPE_BYTES:
        value->as.bytes = put(pack, value->as.bytes, value->size);
        break;
    case WEIR_TYPE_INTERVAL:
        value->as.interval =
            put(pack, value->as.interval, sizeof *value->as.interval);
        break;
    case WEIR_TYPE_DECIMAL:
        value->as.decimal =
            put(pack, value->as.decimal, sizeof *value->as.decimal);
        break;
    case WEIR_TYPE_UUID:
        value->as.uuid = put(pack, value->as.uuid, sizeof *value->as.uuid);
        break;
    default: /* the value is all there is */
        break;
    }
}

void wmk_pack_values(wmk_pack *pack, const weir_value *values, size_t count,
                     weir_value *out)
{
    for (size_t i = 0; i < count; i++) {
        weir_value value = values[i];

        put_value(pack, &value);
        value.name = NULL;
        if (out)
            out[i] = value;
    }
}
