/* SPDX-License-Identifier: MIT */
/*
 * Quoting of names.
 */
#include "sql/ident.h"

#include "base/error.h"
#include "base/utf8.h"

static size_t count_characters(weir_text text)
{
    size_t count = 0;

    for (size_t i = 0; i < text.size; i++)
        count += (text.data[i] & 0xC0) != 0x80;
    return count;
}

static weir_status check(const weir_dialect *dialect, weir_text name,
                         weir_error *err)
{
    if (name.size == 0)
        return weir_error_set(err, WEIR_ERR_TYPE, "a name is empty");
    if (wi_utf8_check(name.data, name.size) != WI_UTF8_CLEAN)
        return weir_error_set(err, WEIR_ERR_TYPE,
                              "a name is not UTF-8 or holds a NUL character");
    if (dialect->identifier_bytes_max > 0 &&
        name.size > dialect->identifier_bytes_max)
        return weir_error_set(err, WEIR_ERR_LIMIT,
                              "the name \"%.40s…\" has %zu bytes; %s takes %zu",
                              name.data, name.size, dialect->name,
                              dialect->identifier_bytes_max);
    if (dialect->identifier_characters_max > 0 &&
        count_characters(name) > dialect->identifier_characters_max)
        return weir_error_set(err, WEIR_ERR_LIMIT,
                              "the name \"%.40s…\" has %zu characters; %s "
                              "takes %zu",
                              name.data, count_characters(name), dialect->name,
                              dialect->identifier_characters_max);
    return WEIR_OK;
}

weir_status wi_quote_identifier(const weir_dialect *dialect, weir_text name,
                                wi_buf *out, weir_error *err)
{
    char quote = dialect->identifier_quote;
    weir_status status = check(dialect, name, err);

    if (status != WEIR_OK)
        return status;
    wi_buf_add_char(out, quote);
    for (size_t i = 0; i < name.size; i++) {
        if (name.data[i] == quote)
            wi_buf_add_char(out, quote);
        wi_buf_add_char(out, name.data[i]);
    }
    wi_buf_add_char(out, quote);
    return wi_buf_status(out) == WEIR_OK ? WEIR_OK : wi_error_nomem(err);
}
