/* SPDX-License-Identifier: MIT */
/*
 * UUIDs in the text form of RFC 9562.
 */
#include <string.h>

#include "value/cursor.h"

static int hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* Not strncasecmp(): that asks the locale. */
static bool has_prefix(weir_text text)
{
    static const char lower[] = "urn:uuid:";

    if (text.size < sizeof lower - 1)
        return false;
    for (size_t i = 0; lower[i]; i++) {
        bool letter = lower[i] != ':';

        if ((text.data[i] | (letter ? 0x20 : 0)) != lower[i])
            return false;
    }
    return true;
}

static weir_text strip(weir_text text)
{
    if (has_prefix(text))
        return weir_text_span(text.data + 9, text.size - 9);
    if (text.size > 2 && text.data[0] == '{' && text.data[text.size - 1] == '}')
        return weir_text_span(text.data + 1, text.size - 2);
    return text;
}

/* 32 digits, or 36 characters with dashes in their places. */
static bool read_uuid(weir_text text, weir_uuid *out)
{
    bool dashes = text.size == 36;
    size_t at = 0;

    if (!dashes && text.size != 32)
        return false;
    for (int i = 0; i < 16; i++) {
        int high, low;

        if (dashes && (i == 4 || i == 6 || i == 8 || i == 10) &&
            text.data[at++] != '-')
            return false;
        high = hex(text.data[at++]);
        low = hex(text.data[at++]);
        if (high < 0 || low < 0)
            return false;
        out->bytes[i] = (uint8_t)(high * 16 + low);
    }
    return true;
}

weir_status weir_uuid_parse(weir_text text, weir_uuid *out, weir_error *err)
{
    weir_uuid read;

    if (read_uuid(strip(text), &read)) {
        *out = read;
        return WEIR_OK;
    }
    return weir_error_set(err, WEIR_ERR_TYPE,
                          "text of %zu bytes is not a UUID; write 32 "
                          "hexadecimal digits with or without dashes",
                          text.size);
}

size_t weir_uuid_format(const weir_uuid *uuid, char *out)
{
    static const char digits[] = "0123456789abcdef";
    size_t size = 0;

    for (int i = 0; i < 16; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            out[size++] = '-';
        out[size++] = digits[uuid->bytes[i] >> 4];
        out[size++] = digits[uuid->bytes[i] & 15];
    }
    out[size] = '\0';
    return size;
}
