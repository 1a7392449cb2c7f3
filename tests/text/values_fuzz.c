/* SPDX-License-Identifier: MIT */
/*
 * Readers of values (the first byte chooses one): what is accepted is written
 * and read again as the same value, in no more room than is promised.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <weir/value.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* For each type a function that reads, writes and reads again. */
#define ROUND_TRIP(type_, address_)                                            \
    static void type_##_round_trip(weir_text text)                             \
    {                                                                          \
        char written[WEIR_VALUE_TEXT_MAX];                                     \
        weir_##type_ value, again;                                             \
        size_t size;                                                           \
                                                                               \
        if (weir_##type_##_parse(text, &value, NULL) != WEIR_OK)               \
            return;                                                            \
        size = weir_##type_##_format(address_ value, written);                 \
        if (size >= sizeof written || strlen(written) != size)                 \
            abort();                                                           \
        if (weir_##type_##_parse(weir_text_span(written, size), &again,        \
                                 NULL) != WEIR_OK ||                           \
            memcmp(&value, &again, sizeof value) != 0)                         \
            abort();                                                           \
    }
#define BY_VALUE
ROUND_TRIP(timestamp, BY_VALUE)
ROUND_TRIP(datetime, BY_VALUE)
ROUND_TRIP(date, BY_VALUE)
ROUND_TRIP(time, BY_VALUE)
ROUND_TRIP(interval, &)
ROUND_TRIP(uuid, &)

/* Padding is not compared: a decimal has some. */
static void decimal_round_trip(weir_text text)
{
    char written[WEIR_VALUE_TEXT_MAX];
    weir_decimal value, again;
    size_t size;

    if (weir_decimal_parse(text, &value, NULL) != WEIR_OK)
        return;
    size = weir_decimal_format(&value, written);
    if (size >= sizeof written ||
        weir_decimal_parse(weir_text_span(written, size), &again, NULL) !=
            WEIR_OK ||
        value.lo != again.lo || value.hi != again.hi ||
        value.scale != again.scale)
        abort();
    if (weir_decimal_compare(&value, &again) != 0)
        abort();
    weir_decimal_to_f64(&value);
}

/* Its bytes are the double itself. */
static void f64_round_trip(weir_text text)
{
    char written[WEIR_VALUE_TEXT_MAX];
    double f;

    if (text.size < sizeof f)
        return;
    memcpy(&f, text.data, sizeof f);
    if (weir_f64_format(f, written) >= sizeof written)
        abort();
    if (f == f && strtod(written, NULL) != f)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const readers[])(weir_text text) = {
        timestamp_round_trip, datetime_round_trip, date_round_trip,
        time_round_trip,      interval_round_trip, uuid_round_trip,
        decimal_round_trip,   f64_round_trip,
    };

    if (size > 0)
        readers[data[0] % (sizeof readers / sizeof readers[0])](
            weir_text_span((const char *)data + 1, size - 1));
    return 0;
}
