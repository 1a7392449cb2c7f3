/* SPDX-License-Identifier: MIT */
/*
 * From the bytes of the protocol to values and back: no connection, no server.
 */
#ifndef WMY_CODEC_H
#define WMY_CODEC_H

#include <mariadb/mysql.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/result.h>
#include <weir/sys/services.h>
#include <weir/value.h>

/* How a column's values are written in a row. */
typedef enum wmy_kind {
    WMY_KIND_NULL = 0,
    WMY_KIND_I8,
    WMY_KIND_U8,
    WMY_KIND_I16,
    WMY_KIND_U16,
    WMY_KIND_I32,
    WMY_KIND_U32,
    WMY_KIND_I64,
    WMY_KIND_U64,
    WMY_KIND_F32,
    WMY_KIND_F64,
    WMY_KIND_BIT,
    WMY_KIND_DECIMAL,
    WMY_KIND_TEXT,
    WMY_KIND_BYTES,
    WMY_KIND_JSON,
    WMY_KIND_UUID,
    WMY_KIND_DATE,
    WMY_KIND_DATETIME,
    WMY_KIND_TIMESTAMP,
    WMY_KIND_TIME,
} wmy_kind;

/* The columns of a result. */
typedef struct wmy_columns {
    size_t count;
    weir_column *columns;
    uint8_t *kinds; /* wmy_kind; in the same block, as the names are */
} wmy_columns;

wmy_kind wmy_kind_of(const MYSQL_FIELD *field);
weir_type wmy_type_of(wmy_kind kind);
/* Takes over the description of `count` fields; `*changed` tells whether it
 * is another than before. @return NOMEM leaves the old one */
weir_status wmy_columns_set(const weir_services *services, wmy_columns *columns,
                            const MYSQL_FIELD *fields, size_t count,
                            bool *changed);
void wmy_columns_clear(const weir_services *services, wmy_columns *columns);

/* Where a value lies that a weir_value only points to. */
typedef union wmy_cell {
    weir_decimal decimal;
    weir_interval interval;
    weir_uuid uuid;
    char text[40];
} wmy_cell;

/* A packet in memory that may be written to, with one byte to spare behind
 * it. */
typedef struct wmy_span {
    uint8_t *data;
    size_t size;
} wmy_span;

/* A row of the binary protocol as values, which point into `packet` and
 * `cells`. @return false if the bytes are not such a row */
WEIR_HOT bool wmy_decode_row(const uint8_t *kinds, size_t count,
                             wmy_span packet, weir_value *row, wmy_cell *cells);
/* The same for a row of the text protocol, whose values are all text. */
bool wmy_decode_text_row(const uint8_t *kinds, size_t count, wmy_span packet,
                         weir_value *row);
/* A number of one to nine bytes. @return false if it is not all there */
bool wmy_read_length(const uint8_t **at, const uint8_t *end, uint64_t *out);

/* One value's type as COM_STMT_EXECUTE names it, the sign in the high bit. */
uint16_t wmy_wire_type(const weir_value *value);
/* Where values are written to. */
typedef struct wmy_encoder {
    const weir_services *services;
    weir_buffer *out;
    size_t number; /* of the parameter, from 1, for messages */
    weir_error *err;
} wmy_encoder;

/* Appends a value that is not NULL. */
weir_status wmy_encode_value(wmy_encoder *to, const weir_value *value);
/* Appends the body of COM_STMT_EXECUTE. */
weir_status wmy_encode_execute(wmy_encoder *to, unsigned long stmt_id,
                               const weir_value *values, size_t count);

#endif
