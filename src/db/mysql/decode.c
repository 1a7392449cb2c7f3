/* SPDX-License-Identifier: MIT */
/*
 * Rows as the server sends them, read in place: text and bytes point into the
 * packet. The bytes come from somebody else's machine, so every length is
 * checked against the packet's end before it is believed.
 *
 * What has no value of its type is handed out as text, so that nothing is lost
 * and nothing wrong is read: dates with a zero in them ("0000-00-00"),
 * decimals of more than 38 digits. Times outside a day are intervals.
 */
#include "wmy.h"

#include <stdio.h>
#include <string.h>

#define DAY_US INT64_C(86400000000)
#define SECOND_US INT64_C(1000000)
/* A TIME has 34; more are room for servers to come, short of an overflow. */
#define TIME_DAYS_MAX UINT64_C(1000000)

typedef struct reader {
    const uint8_t *at;
    const uint8_t *end;
} reader;

static bool has(const reader *r, size_t size)
{
    return (size_t)(r->end - r->at) >= size;
}

/* Little-endian. Written out, the compilers make one load of it; the caller
 * has checked that the bytes are there. */
static inline uint32_t load_16(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8;
}

static inline uint32_t load_32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
           (uint32_t)at[3] << 24;
}

static inline uint64_t load_64(const uint8_t *at)
{
    return (uint64_t)load_32(at) | (uint64_t)load_32(at + 4) << 32;
}

/* Of 1, 2, 3, 4 or 8 bytes. */
static inline uint64_t load(const uint8_t *at, size_t size)
{
    switch (size) {
    case 1:
        return at[0];
    case 2:
        return load_16(at);
    case 3:
        return load_16(at) | (uint32_t)at[2] << 16;
    case 4:
        return load_32(at);
    default:
        return load_64(at);
    }
}

bool wmy_read_length(const uint8_t **at, const uint8_t *end, uint64_t *out)
{
    static const uint8_t sizes[] = {2, 3, 8}; /* after 0xFC, 0xFD, 0xFE */
    const uint8_t *from = *at;
    size_t size;

    if (from >= end)
        return false;
    if (*from < 0xFB) {
        *out = *from;
        *at = from + 1;
        return true;
    }
    if (*from == 0xFB || *from == 0xFF)
        return false;
    size = sizes[*from - 0xFC];
    if ((size_t)(end - from) < size + 1)
        return false;
    *out = load(from + 1, size);
    *at = from + 1 + size;
    return true;
}

/* Counted bytes. */
static inline bool read_bytes(reader *r, weir_bytes *out)
{
    uint64_t size;

    if (!wmy_read_length(&r->at, r->end, &size) ||
        size > (size_t)(r->end - r->at) || size > UINT32_MAX)
        return false;
    *out = weir_bytes_span(r->at, (size_t)size);
    r->at += size;
    return true;
}

/* --------------------------------------------------------------- numbers */

static inline bool read_signed(reader *r, size_t size, weir_value *out)
{
    unsigned unused_bits = (unsigned)(64 - 8 * size);

    if (!has(r, size))
        return false;
    out->type = WEIR_TYPE_I64;
    out->as.i = (int64_t)(load(r->at, size) << unused_bits) >> unused_bits;
    r->at += size;
    return true;
}

static void set_unsigned(weir_value *out, uint64_t number)
{
    out->type = number <= INT64_MAX ? WEIR_TYPE_I64 : WEIR_TYPE_U64;
    out->as.u = number;
}

static inline bool read_unsigned(reader *r, size_t size, weir_value *out)
{
    if (!has(r, size))
        return false;
    set_unsigned(out, load(r->at, size));
    r->at += size;
    return true;
}

static bool read_f32(reader *r, weir_value *out)
{
    uint32_t bits;
    float number;

    if (!has(r, sizeof bits))
        return false;
    bits = (uint32_t)load(r->at, sizeof bits);
    memcpy(&number, &bits, sizeof number);
    out->type = WEIR_TYPE_F64;
    out->as.f = (double)number;
    r->at += sizeof bits;
    return true;
}

static bool read_f64(reader *r, weir_value *out)
{
    uint64_t bits;

    if (!has(r, sizeof bits))
        return false;
    bits = load(r->at, sizeof bits);
    memcpy(&out->as.f, &bits, sizeof bits);
    out->type = WEIR_TYPE_F64;
    r->at += sizeof bits;
    return true;
}

/* BIT(n): big-endian, as many bytes as it needs. */
static bool read_bit(reader *r, weir_value *out)
{
    weir_bytes bytes;
    uint64_t number = 0;

    if (!read_bytes(r, &bytes) || bytes.size > 8)
        return false;
    for (size_t i = 0; i < bytes.size; i++)
        number = number << 8 | ((const uint8_t *)bytes.data)[i];
    set_unsigned(out, number);
    return true;
}

/* ------------------------------------------------------------------ text */

static void set_span(weir_value *out, weir_type type, weir_bytes bytes)
{
    out->type = (uint32_t)type;
    out->as.bytes = bytes.data;
    out->size = (uint32_t)bytes.size;
}

static inline bool read_span(reader *r, weir_type type, weir_value *out)
{
    weir_bytes bytes;

    if (!read_bytes(r, &bytes))
        return false;
    set_span(out, type, bytes);
    return true;
}

static bool read_decimal(reader *r, wmy_cell *cell, weir_value *out)
{
    weir_bytes bytes;

    if (!read_bytes(r, &bytes))
        return false;
    if (weir_decimal_parse(weir_text_span(bytes.data, bytes.size),
                           &cell->decimal, NULL) == WEIR_OK) {
        out->type = WEIR_TYPE_DECIMAL;
        out->as.decimal = &cell->decimal;
    } else {
        set_span(out, WEIR_TYPE_TEXT, bytes);
    }
    return true;
}

static bool read_uuid(reader *r, wmy_cell *cell, weir_value *out)
{
    weir_bytes bytes;

    if (!read_bytes(r, &bytes))
        return false;
    if (weir_uuid_parse(weir_text_span(bytes.data, bytes.size), &cell->uuid,
                        NULL) == WEIR_OK) {
        out->type = WEIR_TYPE_UUID;
        out->as.uuid = &cell->uuid;
    } else {
        set_span(out, WEIR_TYPE_TEXT, bytes);
    }
    return true;
}

/* ----------------------------------------------------------------- dates */

typedef struct moment {
    int ymd[3];
    unsigned hour, minute, second;
    uint32_t us;
} moment;

/* As many bytes as are not zero: none, 4, 7 or 11. */
static bool read_moment(reader *r, moment *out)
{
    size_t size;
    const uint8_t *at;

    if (!has(r, 1))
        return false;
    size = *r->at++;
    if (!has(r, size) || (size != 0 && size != 4 && size != 7 && size != 11))
        return false;
    at = r->at;
    memset(out, 0, sizeof *out);
    if (size >= 4) {
        out->ymd[0] = (int)load(at, 2);
        out->ymd[1] = at[2];
        out->ymd[2] = at[3];
    }
    if (size >= 7) {
        out->hour = at[4];
        out->minute = at[5];
        out->second = at[6];
    }
    if (size >= 11)
        out->us = (uint32_t)load(at + 7, 4);
    r->at += size;
    return true;
}

/* A date that no calendar has. */
static void set_moment_text(const moment *m, wmy_kind kind, wmy_cell *cell,
                            weir_value *out)
{
    int size = snprintf(cell->text, sizeof cell->text, "%04u-%02u-%02u",
                        (unsigned)m->ymd[0] % 10000u, (unsigned)m->ymd[1],
                        (unsigned)m->ymd[2]);

    if (kind != WMY_KIND_DATE)
        size += snprintf(cell->text + size, sizeof cell->text - (size_t)size,
                         " %02u:%02u:%02u", m->hour, m->minute, m->second);
    set_span(out, WEIR_TYPE_TEXT, weir_bytes_span(cell->text, (size_t)size));
}

static bool read_date_or_datetime(reader *r, wmy_kind kind, wmy_cell *cell,
                                  weir_value *out)
{
    weir_date date;
    moment m;

    if (!read_moment(r, &m))
        return false;
    if (m.ymd[0] == 0 || m.hour > 23 || m.minute > 59 || m.second > 59 ||
        m.us >= SECOND_US ||
        weir_date_from_ymd(m.ymd, &date, NULL) != WEIR_OK) {
        set_moment_text(&m, kind, cell, out);
        return true;
    }
    if (kind == WMY_KIND_DATE) {
        out->type = WEIR_TYPE_DATE;
        out->as.i = date.days;
        return true;
    }
    out->type =
        kind == WMY_KIND_TIMESTAMP ? WEIR_TYPE_TIMESTAMP : WEIR_TYPE_DATETIME;
    out->as.i =
        date.days * DAY_US +
        (int64_t)(m.hour * 3600u + m.minute * 60u + m.second) * SECOND_US +
        m.us;
    return true;
}

/* None, 8 or 12 bytes: sign, days, hour, minute, second, microseconds. */
static bool read_time(reader *r, wmy_cell *cell, weir_value *out)
{
    int64_t us = 0;
    size_t size;
    const uint8_t *at;

    if (!has(r, 1))
        return false;
    size = *r->at++;
    if (!has(r, size) || (size != 0 && size != 8 && size != 12))
        return false;
    at = r->at;
    r->at += size;
    if (size >= 8 && load(at + 1, 4) > TIME_DAYS_MAX)
        return false;
    if (size >= 8)
        us = (int64_t)load(at + 1, 4) * DAY_US +
             (int64_t)(at[5] * 3600 + at[6] * 60 + at[7]) * SECOND_US;
    if (size == 12)
        us += (int64_t)load(at + 8, 4);
    if (size > 0 && at[0] != 0)
        us = -us;
    if (us >= 0 && us < DAY_US) {
        out->type = WEIR_TYPE_TIME;
        out->as.i = us;
        return true;
    }
    cell->interval = (weir_interval){.us = us};
    out->type = WEIR_TYPE_INTERVAL;
    out->as.interval = &cell->interval;
    return true;
}

/* ------------------------------------------------------------------- rows */

static bool read_value(reader *r, wmy_kind kind, wmy_cell *cell,
                       weir_value *out)
{
    switch (kind) {
    case WMY_KIND_NULL:
        out->type = WEIR_TYPE_NULL;
        return true;
    case WMY_KIND_I8:
        return read_signed(r, 1, out);
    case WMY_KIND_U8:
        return read_unsigned(r, 1, out);
    case WMY_KIND_I16:
        return read_signed(r, 2, out);
    case WMY_KIND_U16:
        return read_unsigned(r, 2, out);
    case WMY_KIND_I32:
        return read_signed(r, 4, out);
    case WMY_KIND_U32:
        return read_unsigned(r, 4, out);
    case WMY_KIND_I64:
        return read_signed(r, 8, out);
    case WMY_KIND_U64:
        return read_unsigned(r, 8, out);
    case WMY_KIND_F32:
        return read_f32(r, out);
    case WMY_KIND_F64:
        return read_f64(r, out);
    case WMY_KIND_BIT:
        return read_bit(r, out);
    case WMY_KIND_DECIMAL:
        return read_decimal(r, cell, out);
    case WMY_KIND_UUID:
        return read_uuid(r, cell, out);
    case WMY_KIND_DATE:
    case WMY_KIND_DATETIME:
    case WMY_KIND_TIMESTAMP:
        return read_date_or_datetime(r, kind, cell, out);
    case WMY_KIND_TIME:
        return read_time(r, cell, out);
    default:
        return read_span(r, wmy_type_of(kind), out);
    }
}

/* Readers of text count on a NUL behind it. What it overwrites, the size of the
 * next value, has been read by then. */
static void end_texts(weir_value *row, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (row[i].type == WEIR_TYPE_TEXT || row[i].type == WEIR_TYPE_JSON)
            ((char *)(uintptr_t)row[i].as.text)[row[i].size] = '\0';
    }
}

/* A zero byte, a bit for each NULL (the first two mean nothing), the values.
 */
bool wmy_decode_row(const uint8_t *kinds, size_t count, wmy_span packet,
                    weir_value *row, wmy_cell *cells)
{
    const uint8_t *from = packet.data;
    size_t nulls_size = (count + 9) / 8;
    reader r = {from + 1 + nulls_size, from + packet.size};

    if (packet.size < 1 + nulls_size || from[0] != 0)
        return false;
    for (size_t i = 0; i < count; i++) {
        if (from[1 + (i + 2) / 8] >> ((i + 2) % 8) & 1)
            row[i].type = WEIR_TYPE_NULL;
        else if (!read_value(&r, (wmy_kind)kinds[i], &cells[i], &row[i]))
            return false;
    }
    if (r.at != r.end)
        return false;
    end_texts(row, count);
    return true;
}

bool wmy_decode_text_row(const uint8_t *kinds, size_t count, wmy_span packet,
                         weir_value *row)
{
    const uint8_t *from = packet.data;
    reader r = {from, from + packet.size};

    for (size_t i = 0; i < count; i++) {
        weir_type type =
            kinds[i] == WMY_KIND_BYTES ? WEIR_TYPE_BYTES : WEIR_TYPE_TEXT;

        if (has(&r, 1) && *r.at == 0xFB) {
            row[i].type = WEIR_TYPE_NULL;
            r.at++;
        } else if (!read_span(&r, type, &row[i])) {
            return false;
        }
    }
    if (r.at != r.end)
        return false;
    end_texts(row, count);
    return true;
}
