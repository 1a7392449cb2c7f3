/* SPDX-License-Identifier: MIT */
/*
 * Values as PostgreSQL writes them: its types, and both ways between a
 * weir_value and the bytes of a parameter or a cell.
 */
#ifndef WPG_CODEC_H
#define WPG_CODEC_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <weir/sys/services.h>
#include <weir/value.h>

/* How the bytes of a type are read and written. */
typedef enum wpg_kind {
    WPG_KIND_OTHER = 0, /* as text only: arrays, ranges, enums, … */
    WPG_KIND_BOOL,
    WPG_KIND_I16,
    WPG_KIND_I32,
    WPG_KIND_I64,
    WPG_KIND_OID,
    WPG_KIND_F32,
    WPG_KIND_F64,
    WPG_KIND_NUMERIC,
    WPG_KIND_TEXT,
    WPG_KIND_BYTES,
    WPG_KIND_DATE,
    WPG_KIND_TIME,
    WPG_KIND_DATETIME,
    WPG_KIND_TIMESTAMP,
    WPG_KIND_INTERVAL,
    WPG_KIND_UUID,
    WPG_KIND_JSON,
    WPG_KIND_JSONB,
} wpg_kind;

/* A type of the server. */
typedef struct wpg_type {
    unsigned oid;
    wpg_kind kind;
    const char *name;
} wpg_type;

/* What is known of a type; kind OTHER and an empty name if nothing is. */
wpg_type wpg_type_of(unsigned oid);
weir_type wpg_value_type(wpg_kind kind);

/* Bytes that somebody else owns. */
typedef struct wpg_span {
    const char *data;
    size_t size;
} wpg_span;

/* -------------------------------------------------------------- decoding */

/* What a value points to that does not stand in the row as it is. */
typedef struct wpg_cell {
    union {
        weir_interval interval;
        weir_decimal decimal;
        weir_uuid uuid;
    } as;
    /* Text that had to be written: [owned] by the services. */
    char *spill;
} wpg_cell;

/* How decoding went. */
typedef enum wpg_decoded {
    WPG_DECODED = 0,
    WPG_DECODED_MALFORMED, /* the bytes are not of that type */
    WPG_DECODED_NOMEM,
} wpg_decoded;

/* What a cell is decoded with. */
typedef struct wpg_decoder {
    const weir_services *services;
    wpg_kind kind;
    wpg_cell *cell;
} wpg_decoder;

/* A cell in the binary format. The value borrows from both. */
WEIR_HOT wpg_decoded wpg_decode(const wpg_decoder *by, wpg_span from,
                                weir_value *out);
/* A cell in the text format. What the type's reader does not take (years BC,
 * another DateStyle) is handed out as text. */
wpg_decoded wpg_decode_text(const wpg_decoder *by, wpg_span from,
                            weir_value *out);
/* Room for `size` bytes in the cell. */
char *wpg_spill(const wpg_decoder *by, size_t size);

wpg_decoded wpg_decode_numeric(const wpg_decoder *by, wpg_span from,
                               weir_value *out);

/* -------------------------------------------------------------- encoding */

/* Microseconds from 1970 to 2000, where the server counts from; and days. */
#define WPG_EPOCH_US INT64_C(946684800000000)
enum { WPG_EPOCH_DAYS = 10957 };

/* The largest numeric that is made of a decimal or an integer. */
enum { WPG_SCRATCH_SIZE = 48 };

/* A parameter on its way. */
typedef struct wpg_param {
    const char *data; /* NULL: SQL NULL */
    int size;
    int format; /* 0: text that ends with NUL, 1: binary */
} wpg_param;

/* What a value is encoded with. Values that need more than `scratch` are put
 * into `extra`, which has room for them (wpg_extra_size). */
typedef struct wpg_encoder {
    wpg_kind kind;
    const char *type_name; /* for messages */
    size_t number;         /* of the parameter, counted from 1 */
    char *scratch;         /* WPG_SCRATCH_SIZE bytes of its own */
    weir_buffer *extra;
} wpg_encoder;

weir_status wpg_encode(const wpg_encoder *by, const weir_value *value,
                       wpg_param *out, weir_error *err);
/* The most that encoding the value may take of `extra`. */
size_t wpg_extra_size(const weir_value *value);
/* The text as a value of the type, for COPY, which has no text format beside
 * the binary one. False: it is not one. The value borrows from `cell`. */
bool wpg_read_as(wpg_kind kind, weir_text text, wpg_cell *cell,
                 weir_value *out);

/* Writes a number in the server's format. @return its size; 0: too long */
size_t wpg_encode_numeric(const char *digits, char *out);
/* The server's format as text. @return its size, or 0 if it is malformed;
 * with `out` NULL only the room that is needed */
size_t wpg_numeric_text(wpg_span from, char *out);

/* Big-endian numbers. Reading is done for every cell. */
static inline uint16_t wpg_get_u16(const char *at)
{
    uint16_t number;

    memcpy(&number, at, sizeof number);
    return be16toh(number);
}

static inline uint32_t wpg_get_u32(const char *at)
{
    uint32_t number;

    memcpy(&number, at, sizeof number);
    return be32toh(number);
}

static inline uint64_t wpg_get_u64(const char *at)
{
    uint64_t number;

    memcpy(&number, at, sizeof number);
    return be64toh(number);
}

void wpg_put_u16(char *at, uint16_t number);
void wpg_put_u32(char *at, uint32_t number);
void wpg_put_u64(char *at, uint64_t number);

#endif
