/* SPDX-License-Identifier: MIT */
/*
 * Reading the current row: columns by number and name, readers with checks,
 * and scanning a whole row. What is read from a lazy row is pinned first.
 */
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/ascii.h"
#include "base/error.h"
#include "base/utf8.h"
#include "engine/engine.h"
#include "engine/result.h"
#include "value/convert.h"

/* ----------------------------------------------------------------- columns */

int weir_column_count(const weir_result *result)
{
    return result && result->open ? result->column_count : 0;
}

const weir_column *weir_column_at(const weir_result *result, int column)
{
    if (!result || !result->open || !result->columns || column < 0 ||
        column >= result->column_count)
        return NULL;
    return &result->columns->items[column];
}

const char *weir_column_name(const weir_result *result, int column)
{
    const weir_column *found = weir_column_at(result, column);

    return found ? found->name : "";
}

/* The first failure of a reader stays, and the rows stop. */
static weir_status record(weir_result *result, const weir_error *err)
{
    if (result->error.status == WEIR_OK && !result->constant)
        result->error = *err;
    return err->status;
}

int weir_column_index(weir_result *result, const char *name)
{
    int found = -1, matches = 0;
    weir_error err;

    if (!result || !result->open || !name)
        return -1;
    for (int exact = 1; exact >= 0 && matches == 0; exact--) {
        for (int i = 0; i < result->column_count; i++) {
            const char *other = weir_column_name(result, i);

            if (exact ? strcmp(other, name) == 0
                      : wi_ascii_is(other, strlen(other), name)) {
                found = i;
                matches++;
            }
        }
    }
    if (matches == 1)
        return found;
    weir_error_set(&err, WEIR_ERR_MISUSE,
                   matches ? "several columns are named \"%.60s\""
                           : "no column is named \"%.60s\"",
                   name);
    record(result, &err);
    return matches ? -2 : -1;
}

/* ------------------------------------------------------------------- cells */

static bool pin(weir_result *result, int column)
{
    uint64_t bit = UINT64_C(1) << (column % 64);

    if (result->from != WI_ROWS_LAZY ||
        ((WI_POINTER_TYPES >> result->row[column].type) & 1) == 0)
        return true;
    if (column < 256 && (result->pinned[column / 64] & bit))
        return true;
    if (!wi_value_keep(&result->scratch, &result->row[column]))
        return false;
    if (column < 256)
        result->pinned[column / 64] |= bit;
    return true;
}

const weir_value *weir_cell(weir_result *result, int column)
{
    weir_error err;

    if (!result || !result->open)
        return NULL;
    if (!result->has_row || column < 0 || column >= result->column_count) {
        weir_error_set(&err, WEIR_ERR_MISUSE,
                       result->has_row
                           ? "there is no column %d; the row has %d"
                           : "there is no current row; call weir_next() first "
                             "(column %d of %d)",
                       column, result->column_count);
        record(result, &err);
        return NULL;
    }
    if (!pin(result, column)) {
        wi_error_nomem(&err);
        record(result, &err);
        return NULL;
    }
    return &result->row[column];
}

bool weir_is_null(weir_result *result, int column)
{
    const weir_value *cell = weir_cell(result, column);

    return !cell || cell->type == WEIR_TYPE_NULL;
}

/* Says which column it was. */
static weir_status fail_column(weir_result *result, int column,
                               const weir_error *why)
{
    weir_error err;

    weir_error_set(&err, why->status, "column %d \"%.60s\": %s", column + 1,
                   weir_column_name(result, column), why->message);
    return record(result, &err);
}

/* ----------------------------------------------------------------- reading */

static weir_status range(int64_t value, int64_t low, int64_t high,
                         weir_error *err)
{
    if (value >= low && value <= high)
        return WEIR_OK;
    return weir_error_set(err, WEIR_ERR_TYPE, "an integer outside %lld to %lld",
                          (long long)low, (long long)high);
}

static weir_status read_signed(const weir_value *cell, uint32_t kind, void *to,
                               weir_error *err)
{
    int64_t value = 0;
    weir_status status = wi_to_i64(cell, &value, err);

    if (status != WEIR_OK)
        return status;
    switch (kind) {
    case WEIR_OUT_I8:
        status = range(value, INT8_MIN, INT8_MAX, err);
        if (status == WEIR_OK)
            *(int8_t *)to = (int8_t)value;
        return status;
    case WEIR_OUT_I16:
        status = range(value, INT16_MIN, INT16_MAX, err);
        if (status == WEIR_OK)
            *(int16_t *)to = (int16_t)value;
        return status;
    case WEIR_OUT_I32:
        status = range(value, INT32_MIN, INT32_MAX, err);
        if (status == WEIR_OK)
            *(int32_t *)to = (int32_t)value;
        return status;
    default:
        *(int64_t *)to = value;
        return WEIR_OK;
    }
}

static weir_status read_unsigned(const weir_value *cell, uint32_t kind,
                                 void *to, weir_error *err)
{
    static const int64_t most[] = {UINT8_MAX, UINT16_MAX, UINT32_MAX};
    uint64_t value = 0;
    weir_status status = wi_to_u64(cell, &value, err);

    if (status != WEIR_OK)
        return status;
    if (kind == WEIR_OUT_U64) {
        *(uint64_t *)to = value;
        return WEIR_OK;
    }
    status = range(value > INT64_MAX ? INT64_MAX : (int64_t)value, 0,
                   most[kind - WEIR_OUT_U8], err);
    if (status != WEIR_OK)
        return status;
    if (kind == WEIR_OUT_U8)
        *(uint8_t *)to = (uint8_t)value;
    else if (kind == WEIR_OUT_U16)
        *(uint16_t *)to = (uint16_t)value;
    else
        *(uint32_t *)to = (uint32_t)value;
    return WEIR_OK;
}

static weir_status read_cstr(const weir_value *cell, const char **to,
                             weir_error *err)
{
    if (cell->type != WEIR_TYPE_TEXT && cell->type != WEIR_TYPE_JSON)
        return weir_error_set(err, WEIR_ERR_TYPE, "%s cannot be read as text",
                              weir_type_name((weir_type)cell->type));
    switch (wi_utf8_check(cell->as.text, cell->size)) {
    case WI_UTF8_CLEAN:
        *to = cell->as.text;
        return WEIR_OK;
    case WI_UTF8_HAS_NUL:
        return weir_error_set(err, WEIR_ERR_TYPE,
                              "text holds a NUL character; read it as "
                              "weir_text");
    default:
        return weir_error_set(err, WEIR_ERR_TYPE,
                              "text is not UTF-8; read it as weir_bytes");
    }
}

static weir_status read_float(const weir_value *cell, float *to,
                              weir_error *err)
{
    double value = 0;
    weir_status status = wi_to_f64(cell, &value, err);

    if (status == WEIR_OK)
        *to = (float)value;
    return status;
}

static weir_status read_time_kinds(const weir_value *cell, uint32_t kind,
                                   void *to, weir_error *err)
{
    switch (kind) {
    case WEIR_OUT_TIMESTAMP:
        return wi_to_timestamp(cell, to, err);
    case WEIR_OUT_DATETIME:
        return wi_to_datetime(cell, to, err);
    case WEIR_OUT_DATE:
        return wi_to_date(cell, to, err);
    case WEIR_OUT_TIME:
        return wi_to_time(cell, to, err);
    case WEIR_OUT_INTERVAL:
        return wi_to_interval(cell, to, err);
    default:
        return weir_error_set(err, WEIR_ERR_MISUSE, "%u is not a weir_out_kind",
                              kind);
    }
}

static weir_status read_json(const weir_value *cell, weir_raw_json *to,
                             weir_error *err)
{
    weir_text text = {NULL, 0};
    weir_status status = wi_to_text(cell, &text, err);

    if (status == WEIR_OK)
        *to = (weir_raw_json){text.data, text.size};
    return status;
}

static weir_status read_kind(const weir_value *cell, uint32_t kind, void *to,
                             weir_error *err)
{
    if (kind <= WEIR_OUT_I64)
        return read_signed(cell, kind, to, err);
    if (kind <= WEIR_OUT_U64)
        return read_unsigned(cell, kind, to, err);
    switch (kind) {
    case WEIR_OUT_F32:
        return read_float(cell, to, err);
    case WEIR_OUT_F64:
        return wi_to_f64(cell, to, err);
    case WEIR_OUT_BOOL:
        return wi_to_bool(cell, to, err);
    case WEIR_OUT_CSTR:
        return read_cstr(cell, to, err);
    case WEIR_OUT_TEXT:
        return wi_to_text(cell, to, err);
    case WEIR_OUT_BYTES:
        return wi_to_bytes(cell, to, err);
    case WEIR_OUT_JSON:
        return read_json(cell, to, err);
    case WEIR_OUT_DECIMAL:
        return wi_to_decimal(cell, to, err);
    case WEIR_OUT_UUID:
        return wi_to_uuid(cell, to, err);
    default:
        return read_time_kinds(cell, kind, to, err);
    }
}

/* The nullable types of <weir/value.h>: where `set` stands, by kind. */
static size_t opt_set_offset(uint32_t kind)
{
    switch (kind) {
    case WEIR_OUT_I32:
        return offsetof(weir_opt_i32, set);
    case WEIR_OUT_BOOL:
        return offsetof(weir_opt_bool, set);
    case WEIR_OUT_DATE:
        return offsetof(weir_opt_date, set);
    case WEIR_OUT_INTERVAL:
        return offsetof(weir_opt_interval, set);
    case WEIR_OUT_DECIMAL:
        return offsetof(weir_opt_decimal, set);
    case WEIR_OUT_UUID:
        return offsetof(weir_opt_uuid, set);
    default:
        return offsetof(weir_opt_i64, set);
    }
}

static weir_status read_out(const weir_value *cell, const weir_out *out,
                            weir_error *err)
{
    bool opt = (out->kind & WEIR_OUT_OPT) != 0;
    uint32_t kind = out->kind & ~(uint32_t)WEIR_OUT_OPT;
    weir_status status;

    if (!out->to)
        return weir_error_set(err, WEIR_ERR_MISUSE, "the output is NULL");
    if (kind == WEIR_OUT_VALUE) {
        *(weir_value *)out->to = *cell;
        return WEIR_OK;
    }
    if (cell->type == WEIR_TYPE_NULL) {
        if (opt)
            memset(out->to, 0, opt_set_offset(kind) + sizeof(bool));
        else if (kind == WEIR_OUT_CSTR)
            *(const char **)out->to = NULL;
        else
            return weir_error_set(err, WEIR_ERR_TYPE,
                                  "NULL cannot be read into a type that is not "
                                  "nullable; use weir_opt_… for it");
        return WEIR_OK;
    }
    status = read_kind(cell, kind, out->to, err);
    if (status == WEIR_OK && opt)
        *((bool *)((char *)out->to + opt_set_offset(kind))) = true;
    return status;
}

/*
 * Scanning writes all outputs or none. What needs no conversion, nearly
 * everything, is first only looked at and then written; anything else goes
 * through slots of its own.
 */
enum plain_shape {
    PLAIN_8 = 0, /* eight bytes */
    PLAIN_4,
    PLAIN_POINTER, /* eight bytes, NULL allowed */
    PLAIN_OPT_8,
    PLAIN_OPT_4,
};

/* What must hold beside the type; 0: the kind is not plain at all. */
enum plain_check {
    PLAIN_ALWAYS = 1,
    PLAIN_NULLABLE = 2,
    PLAIN_I32 = 4,
    PLAIN_TEXT = 8,
};

typedef struct plain_kind {
    uint8_t type; /* of the values that need no conversion */
    uint8_t check;
    uint16_t shape;
} plain_kind;

/* clang-format off */
#define OPT(kind_) [WEIR_OUT_##kind_ + WEIR_OUT_OPT]
static const plain_kind plain_kinds[] = {
    [WEIR_OUT_I64] = {WEIR_TYPE_I64, PLAIN_ALWAYS, PLAIN_8},
    [WEIR_OUT_I32] = {WEIR_TYPE_I64, PLAIN_I32, PLAIN_4},
    [WEIR_OUT_F64] = {WEIR_TYPE_F64, PLAIN_ALWAYS, PLAIN_8},
    [WEIR_OUT_TIMESTAMP] = {WEIR_TYPE_TIMESTAMP, PLAIN_ALWAYS, PLAIN_8},
    [WEIR_OUT_DATETIME] = {WEIR_TYPE_DATETIME, PLAIN_ALWAYS, PLAIN_8},
    [WEIR_OUT_CSTR] = {WEIR_TYPE_TEXT, PLAIN_TEXT | PLAIN_NULLABLE,
                       PLAIN_POINTER},
    OPT(I64) = {WEIR_TYPE_I64, PLAIN_ALWAYS | PLAIN_NULLABLE, PLAIN_OPT_8},
    OPT(F64) = {WEIR_TYPE_F64, PLAIN_ALWAYS | PLAIN_NULLABLE, PLAIN_OPT_8},
    OPT(I32) = {WEIR_TYPE_I64, PLAIN_I32 | PLAIN_NULLABLE, PLAIN_OPT_4},
};
#undef OPT
/* clang-format on */
enum { PLAIN_COUNT = sizeof plain_kinds / sizeof plain_kinds[0] };

/* Whether write_plain() may be called: the value's type is the wanted one,
 * and text is ASCII. */
static inline bool is_plain(const weir_value *cell, const weir_out *out)
{
    const plain_kind *kind;

    if (out->kind >= PLAIN_COUNT || !out->to)
        return false;
    kind = &plain_kinds[out->kind];
    if (cell->type != kind->type)
        return cell->type == WEIR_TYPE_NULL && (kind->check & PLAIN_NULLABLE);
    if (kind->check & PLAIN_ALWAYS)
        return true;
    if (kind->check & PLAIN_TEXT)
        return wi_utf8_is_plain(cell->as.text, cell->size);
    return (kind->check & PLAIN_I32) && cell->as.i == (int32_t)cell->as.i;
}

/* By memcpy: the kinds of one shape are types of their own. */
static inline void write_plain(const weir_value *cell, const weir_out *out)
{
    unsigned shape = plain_kinds[out->kind].shape;
    bool set = cell->type != WEIR_TYPE_NULL;
    int64_t bits = set ? cell->as.i : 0;
    int32_t low = (int32_t)bits;

    if (shape == PLAIN_8) {
        memcpy(out->to, &cell->as, sizeof cell->as);
        return;
    }
    if (shape == PLAIN_POINTER) {
        *(const char **)out->to = set ? cell->as.text : NULL;
        return;
    }
    if (shape == PLAIN_4 || shape == PLAIN_OPT_4)
        memcpy(out->to, &low, sizeof low);
    else
        memcpy(out->to, &bits, sizeof bits);
    if (shape == PLAIN_OPT_4)
        ((weir_opt_i32 *)out->to)->set = set;
    else if (shape == PLAIN_OPT_8)
        memcpy((char *)out->to + offsetof(weir_opt_i64, set), &set, sizeof set);
}

/* Room for any output. */
typedef union slot {
    weir_value value;
    weir_text text;
    weir_opt_i64 opt_i64;
    weir_opt_interval opt_interval;
    weir_opt_decimal opt_decimal;
    weir_opt_uuid opt_uuid;
} slot;

/* The size of an output, so that a slot can be copied to it. */
static size_t size_of_kind(uint32_t kind)
{
    static const uint8_t sizes[] = {
        [WEIR_OUT_I8] = 1,
        [WEIR_OUT_I16] = 2,
        [WEIR_OUT_I32] = 4,
        [WEIR_OUT_I64] = 8,
        [WEIR_OUT_U8] = 1,
        [WEIR_OUT_U16] = 2,
        [WEIR_OUT_U32] = 4,
        [WEIR_OUT_U64] = 8,
        [WEIR_OUT_F32] = sizeof(float),
        [WEIR_OUT_F64] = sizeof(double),
        [WEIR_OUT_BOOL] = sizeof(bool),
        [WEIR_OUT_CSTR] = sizeof(const char *),
        [WEIR_OUT_TEXT] = sizeof(weir_text),
        [WEIR_OUT_BYTES] = sizeof(weir_bytes),
        [WEIR_OUT_JSON] = sizeof(weir_raw_json),
        [WEIR_OUT_TIMESTAMP] = sizeof(weir_timestamp),
        [WEIR_OUT_DATETIME] = sizeof(weir_datetime),
        [WEIR_OUT_DATE] = sizeof(weir_date),
        [WEIR_OUT_TIME] = sizeof(weir_time),
        [WEIR_OUT_INTERVAL] = sizeof(weir_interval),
        [WEIR_OUT_DECIMAL] = sizeof(weir_decimal),
        [WEIR_OUT_UUID] = sizeof(weir_uuid),
        [WEIR_OUT_VALUE] = sizeof(weir_value),
    };
    uint32_t plain = kind & ~(uint32_t)WEIR_OUT_OPT;

    if (kind != plain)
        return opt_set_offset(plain) + sizeof(bool);
    return plain < sizeof sizes ? sizes[plain] : 0;
}

/* Reads all columns into slots and copies them once all are well. */
__attribute__((noinline)) static weir_status
scan_slots(weir_result *result, const weir_out *outs, size_t count)
{
    weir_error err;
    slot *slots;

    wi_error_clear(&err);
    slots = wi_arena_alloc(&result->scratch, count * sizeof *slots);
    if (!slots)
        return record(result, (wi_error_nomem(&err), &err));
    for (size_t i = 0; i < count; i++) {
        weir_out to = {outs[i].to ? &slots[i] : NULL, outs[i].kind};

        if (read_out(&result->row[i], &to, &err) != WEIR_OK)
            return fail_column(result, (int)i, &err);
    }
    for (size_t i = 0; i < count; i++)
        memcpy(outs[i].to, &slots[i], size_of_kind(outs[i].kind));
    return WEIR_OK;
}

WEIR_COLD static weir_status refuse_scan(weir_result *result, size_t count)
{
    weir_error err;

    weir_error_set(&err, WEIR_ERR_MISUSE,
                   result->has_row
                       ? "the row has %d columns, %zu outputs were given"
                       : "there is no current row (of %d columns, for %zu "
                         "outputs); call weir_next() first",
                   result->column_count, count);
    return record(result, &err);
}

/* What is read from a lazy row outlives other statements. Out of line, as all
 * that weir_result_scan() calls, so that it needs no registers of others. */
__attribute__((noinline)) static bool pin_all(weir_result *result)
{
    for (int i = 0; i < result->column_count; i++) {
        if (!pin(result, i))
            return false;
    }
    return true;
}

WEIR_COLD static weir_status fail_scan(weir_result *result)
{
    weir_error err;

    wi_error_nomem(&err);
    return record(result, &err);
}

weir_status weir_result_scan(weir_result *result, const weir_out *outs,
                             size_t count)
{
    const weir_out *end;
    const weir_value *cell;

    if (!result || !result->open)
        return WEIR_ERR_MISUSE;
    if (result->error.status != WEIR_OK)
        return result->error.status;
    if (!result->has_row || count != (size_t)result->column_count || !outs)
        return refuse_scan(result, count);
    if (result->from == WI_ROWS_LAZY && !pin_all(result))
        return fail_scan(result);
    end = outs + count;
    cell = result->row;
    for (const weir_out *out = outs; out < end; out++, cell++) {
        if (!is_plain(cell, out))
            return scan_slots(result, outs, count);
    }
    cell = result->row;
    for (const weir_out *out = outs; out < end; out++, cell++)
        write_plain(cell, out);
    return WEIR_OK;
}

/* ----------------------------------------------------------------- readers */

static void read_one(weir_result *result, int column, weir_out_kind kind,
                     void *to)
{
    const weir_value *cell = weir_cell(result, column);
    weir_out out = weir_out_make(kind, to);
    weir_error err;

    if (!cell)
        return;
    wi_error_clear(&err);
    if (read_out(cell, &out, &err) != WEIR_OK)
        fail_column(result, column, &err);
}

int64_t weir_get_i64(weir_result *result, int column)
{
    int64_t value = 0;

    read_one(result, column, WEIR_OUT_I64, &value);
    return value;
}

uint64_t weir_get_u64(weir_result *result, int column)
{
    uint64_t value = 0;

    read_one(result, column, WEIR_OUT_U64, &value);
    return value;
}

double weir_get_f64(weir_result *result, int column)
{
    double value = 0;

    read_one(result, column, WEIR_OUT_F64, &value);
    return value;
}

bool weir_get_bool(weir_result *result, int column)
{
    bool value = false;

    read_one(result, column, WEIR_OUT_BOOL, &value);
    return value;
}

const char *weir_get_text(weir_result *result, int column)
{
    const char *value = NULL;

    read_one(result, column, WEIR_OUT_CSTR, &value);
    return value;
}

weir_text weir_get_span(weir_result *result, int column)
{
    weir_text value = {NULL, 0};

    read_one(result, column, WEIR_OUT_TEXT, &value);
    return value;
}

weir_bytes weir_get_bytes(weir_result *result, int column)
{
    weir_bytes value = {NULL, 0};

    read_one(result, column, WEIR_OUT_BYTES, &value);
    return value;
}
