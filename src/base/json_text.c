/* SPDX-License-Identifier: MIT */
/*
 * Strings of JSON. Most text needs no escape, so words of eight bytes are
 * looked at and copied at once; whatever is not plain is written one character
 * at a time.
 */
#include "base/json.h"

#include <stdint.h>

#include "base/utf8.h"

#define ONES UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

/* The top bit of each byte below 0x20, of quotes, backslashes and all that is
 * not ASCII. A borrow may mark a plain byte behind a marked one, never the
 * first: zero is exact. */
static uint64_t special_bytes(uint64_t word)
{
    uint64_t control = word - ONES * 0x20;
    uint64_t quote = (word ^ (ONES * '"')) - ONES;
    uint64_t backslash = (word ^ (ONES * '\\')) - ONES;

    return (control | quote | backslash | word) & HIGHS;
}

static bool is_plain(unsigned char byte)
{
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

/* How many bytes from `text` on are plain. */
static size_t plain_length(const char *text, size_t size)
{
    size_t i = 0;
    uint64_t word;

    for (; i + sizeof word <= size; i += sizeof word) {
        memcpy(&word, text + i, sizeof word);
        if (special_bytes(word))
            break;
    }
    while (i < size && is_plain((unsigned char)text[i]))
        i++;
    return i;
}

/* Copies what is plain to `out`, which has room for all. @return its length */
static size_t copy_plain(char *out, const char *text, size_t size)
{
    size_t i = 0;
    uint64_t word;

    for (; i + sizeof word <= size; i += sizeof word) {
        memcpy(&word, text + i, sizeof word);
        if (special_bytes(word))
            break;
        memcpy(out + i, &word, sizeof word);
    }
    for (; i < size && is_plain((unsigned char)text[i]); i++)
        out[i] = text[i];
    return i;
}

static size_t add_plain(weir_json *json, const char *text, size_t size)
{
    size_t plain;

    if ((size_t)(json->end - json->at) >= size) {
        plain = copy_plain(json->at, text, size);
        json->at += plain;
        return plain;
    }
    plain = plain_length(text, size);
    wi_json_add(json, text, plain);
    return plain;
}

static void add_escape(weir_json *json, unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";
    static const char letters[0x20] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    char letter = byte < 0x20 ? letters[byte] : (char)byte;
    char escape[6] = {
        '\\', letter, '0', '0', digits[byte >> 4], digits[byte & 15]};

    if (!letter)
        escape[1] = 'u';
    wi_json_add(json, escape, letter ? 2 : 6);
}

/* How many bytes one U+FFFD stands for: the beginning of a character that was
 * well as far as it goes, else one byte (Unicode 15, section 3.9). */
static size_t broken_length(const char *text, size_t size)
{
    size_t longest = 1;

    /* Would more bytes have made a character of the first `kept`? */
    for (size_t kept = 2; kept <= 3 && kept <= size; kept++) {
        char whole[4] = {'\x80', '\x80', '\x80', '\x80'};

        memcpy(whole, text, kept);
        if (wi_utf8_character(whole, sizeof whole) > kept)
            longest = kept;
    }
    return longest;
}

/* The character that begins with a byte that is not plain. @return its length
 * in `text`, 0 on failure */
static size_t add_character(weir_json *json, const char *text, size_t size)
{
    size_t length;

    if ((unsigned char)*text < 0x80) {
        add_escape(json, (unsigned char)*text);
        return 1;
    }
    length = wi_utf8_character(text, size);
    if (length > 0) {
        wi_json_add(json, text, length);
        return length;
    }
    if (json->options.broken_text == WEIR_JSON_BROKEN_IS_ERROR)
        return 0;
    wi_json_add(json, "\xEF\xBF\xBD", 3);
    return broken_length(text, size);
}

void wi_json_quote(weir_json *json, const char *text, size_t size)
{
    size_t at = 0;

    if (!text && size > 0) {
        wi_json_fail(json, WEIR_ERR_MISUSE, "text of %zu bytes is NULL", size);
        return;
    }
    wi_json_add(json, "\"", 1);
    while (at < size) {
        size_t length;

        at += add_plain(json, text + at, size - at);
        if (at == size)
            break;
        length = add_character(json, text + at, size - at);
        if (length == 0) {
            wi_json_fail(json, WEIR_ERR_TYPE,
                         "text of %zu bytes is not UTF-8 at byte %zu", size,
                         at);
            return;
        }
        at += length;
    }
    wi_json_add(json, "\"", 1);
}

/* ----------------------------------------------------------------- base64 */

static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Three bytes as four digits. */
static void write_triple(const unsigned char *from, char *out)
{
    uint32_t bits = (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];

    for (int i = 0; i < 4; i++)
        out[i] = base64_digits[bits >> (18 - 6 * i) & 63];
}

/* The last one or two bytes; what is missing are equals signs. */
static void add_rest(weir_json *json, const unsigned char *from, size_t left)
{
    unsigned char padded[3] = {0};
    char out[4];

    if (left == 0)
        return;
    memcpy(padded, from, left);
    write_triple(padded, out);
    memset(out + left + 1, '=', 3 - left);
    wi_json_add(json, out, 4);
}

static void add_base64(weir_json *json, const unsigned char *from, size_t size)
{
    while (size >= 3) {
        size_t room;

        if (!wi_json_room(json, 4))
            return;
        room = (size_t)(json->end - json->at) / 4;
        for (; size >= 3 && room > 0; size -= 3, from += 3, room--) {
            write_triple(from, json->at);
            json->at += 4;
        }
    }
    add_rest(json, from, size);
}

void weir_json_bytes(weir_json *json, weir_bytes bytes)
{
    if (!wi_json_before_value(json))
        return;
    if (!bytes.data && bytes.size > 0) {
        wi_json_fail(json, WEIR_ERR_MISUSE, "%zu bytes are NULL", bytes.size);
        return;
    }
    wi_json_add(json, "\"", 1);
    add_base64(json, bytes.data, bytes.size);
    wi_json_add(json, "\"", 1);
    wi_json_after_value(json);
}
