/* SPDX-License-Identifier: MIT */
/*
 * Reading a value as another type, only if nothing is lost. What cannot be
 * read is WEIR_ERR_TYPE with what was found and what was asked for; the value
 * itself is never in the message, it may be secret.
 */
#ifndef WI_VALUE_CONVERT_H
#define WI_VALUE_CONVERT_H

#include <weir/value.h>

/* Integers; booleans as 0 and 1; doubles and decimals without a fraction. */
weir_status wi_to_i64(const weir_value *value, int64_t *out, weir_error *err)
    WEIR_MUST_USE;
weir_status wi_to_u64(const weir_value *value, uint64_t *out, weir_error *err)
    WEIR_MUST_USE;
/* Integers only if a double holds them exactly; decimals as the nearest. */
weir_status wi_to_f64(const weir_value *value, double *out, weir_error *err)
    WEIR_MUST_USE;
/* Booleans, and the integers 0 and 1. */
weir_status wi_to_bool(const weir_value *value, bool *out, weir_error *err)
    WEIR_MUST_USE;
/* Text that is well-formed UTF-8; JSON is text too. */
weir_status wi_to_text(const weir_value *value, weir_text *out, weir_error *err)
    WEIR_MUST_USE;
/* Bytes; text as its bytes; a UUID as its 16. */
weir_status wi_to_bytes(const weir_value *value, weir_bytes *out,
                        weir_error *err) WEIR_MUST_USE;
/* Each from its own type and from text. A datetime is read as the instant that
 * it is in UTC; an instant is never read as a datetime, because only the
 * program knows which zone would be meant. */
weir_status wi_to_timestamp(const weir_value *value, weir_timestamp *out,
                            weir_error *err) WEIR_MUST_USE;
weir_status wi_to_datetime(const weir_value *value, weir_datetime *out,
                           weir_error *err) WEIR_MUST_USE;
weir_status wi_to_date(const weir_value *value, weir_date *out, weir_error *err)
    WEIR_MUST_USE;
weir_status wi_to_time(const weir_value *value, weir_time *out, weir_error *err)
    WEIR_MUST_USE;
weir_status wi_to_interval(const weir_value *value, weir_interval *out,
                           weir_error *err) WEIR_MUST_USE;
/* Decimals, integers, text, and doubles by their shortest text. */
weir_status wi_to_decimal(const weir_value *value, weir_decimal *out,
                          weir_error *err) WEIR_MUST_USE;
/* UUIDs, 16 bytes, text. */
weir_status wi_to_uuid(const weir_value *value, weir_uuid *out, weir_error *err)
    WEIR_MUST_USE;

#endif
