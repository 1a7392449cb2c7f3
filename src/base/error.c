/* SPDX-License-Identifier: MIT */
/*
 * Errors: names, texts, and the one function that prints.
 */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* Names and anchors stand in one table; index is the negated status. */
#define STATUS(name_, anchor_)                                                 \
    {                                                                          \
#name_, "docs/errors.md#" anchor_                                      \
    }
static const struct {
    const char *name;
    const char *doc;
} statuses[] = {
    STATUS(WEIR_OK, "weir_ok"),
    STATUS(WEIR_ERR_NOMEM, "weir_err_nomem"),
    STATUS(WEIR_ERR_MISUSE, "weir_err_misuse"),
    STATUS(WEIR_ERR_CONFIG, "weir_err_config"),
    STATUS(WEIR_ERR_UNSUPPORTED, "weir_err_unsupported"),
    STATUS(WEIR_ERR_CONNECTION, "weir_err_connection"),
    STATUS(WEIR_ERR_AUTH, "weir_err_auth"),
    STATUS(WEIR_ERR_RESOURCE, "weir_err_resource"),
    STATUS(WEIR_ERR_UNAVAILABLE, "weir_err_unavailable"),
    STATUS(WEIR_ERR_POOL_TIMEOUT, "weir_err_pool_timeout"),
    STATUS(WEIR_ERR_TIMEOUT, "weir_err_timeout"),
    STATUS(WEIR_ERR_CANCELLED, "weir_err_cancelled"),
    STATUS(WEIR_ERR_SERIALIZATION, "weir_err_serialization"),
    STATUS(WEIR_ERR_CONSTRAINT, "weir_err_constraint"),
    STATUS(WEIR_ERR_STALE, "weir_err_stale"),
    STATUS(WEIR_ERR_TYPE, "weir_err_type"),
    STATUS(WEIR_ERR_SQL, "weir_err_sql"),
    STATUS(WEIR_ERR_NOT_FOUND, "weir_err_not_found"),
    STATUS(WEIR_ERR_MANY_ROWS, "weir_err_many_rows"),
    STATUS(WEIR_ERR_ROLLBACK_FIRST, "weir_err_rollback_first"),
    STATUS(WEIR_ERR_COMMIT_UNKNOWN, "weir_err_commit_unknown"),
    STATUS(WEIR_ERR_LIMIT, "weir_err_limit"),
    STATUS(WEIR_ERR_STORAGE, "weir_err_storage"),
    STATUS(WEIR_ERR_CLOSED, "weir_err_closed"),
    STATUS(WEIR_ERR_POOL_DEADLOCK, "weir_err_pool_deadlock"),
};
enum { STATUS_COUNT = sizeof statuses / sizeof statuses[0] };

const char *weir_status_name(weir_status status)
{
    if (status > 0 || status <= -STATUS_COUNT)
        return "unknown status";
    return statuses[-status].name;
}

const char *weir_status_doc(weir_status status)
{
    if (status > 0 || status <= -STATUS_COUNT)
        return "docs/errors.md";
    return statuses[-status].doc;
}

void wi_error_clear(weir_error *err)
{
    err->status = WEIR_OK;
    err->fate = WEIR_FATE_KEEP;
    err->constraint_kind = WEIR_CONSTRAINT_NONE;
    err->native_code = 0;
    err->sqlstate[0] = '\0';
    err->message[0] = '\0';
    err->constraint[0] = '\0';
    err->table[0] = '\0';
    err->column[0] = '\0';
    err->statement[0] = '\0';
}

/* The size of a character at `at`, of which `left` bytes are there; 0 if it is
 * not UTF-8. */
static size_t character_size(const char *at, size_t left)
{
    for (size_t size = 1; size <= 4 && size <= left; size++) {
        if (wi_utf8_check(at, size) != WI_UTF8_BROKEN)
            return size;
    }
    return 0;
}

/* A server's line breaks and a terminal's control codes (the second set, too,
 * U+0080 to U+009F) become spaces, bytes that are not UTF-8 question marks:
 * whoever logs a message can rely on one line of text. */
static void make_plain(char *text, size_t size)
{
    for (size_t at = 0; at < size;) {
        unsigned char byte = (unsigned char)text[at];
        size_t length = byte < 0x80 ? 1 : character_size(text + at, size - at);

        if (length == 0)
            text[at] = '?';
        else if (byte < ' ' || byte == 0x7F)
            text[at] = ' ';
        else if (byte == 0xC2 && (unsigned char)text[at + 1] < 0xA0)
            text[at] = text[at + 1] = ' ';
        at += length ? length : 1;
    }
    while (size > 0 && text[size - 1] == ' ')
        size--;
    text[size] = '\0';
}

/* Formats into a buffer of its own: errors are often wrapped, and then the
 * arguments point into `err`. The buffer is longer, so that a character cut by
 * the end of the message can be seen. */
weir_status weir_error_set(weir_error *err, weir_status status,
                           const char *format, ...)
{
    char text[sizeof err->message + 4];
    va_list arguments;
    int written;
    size_t size;

    if (!err)
        return status;
    va_start(arguments, format);
    written = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    size = written < 0 ? 0 : strnlen(text, sizeof text);
    size = wi_utf8_cut(text, size, sizeof err->message - 1);
    wi_error_clear(err);
    err->status = status;
    memcpy(err->message, text, size);
    make_plain(err->message, size);
    return status;
}

weir_status wi_error_nomem(weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_NOMEM, "out of memory");
}

int weir_error_is_retryable(const weir_error *err)
{
    if (!err)
        return 0;
    switch (err->status) {
    case WEIR_ERR_CONNECTION:
    case WEIR_ERR_SERIALIZATION:
    case WEIR_ERR_POOL_TIMEOUT:
    case WEIR_ERR_RESOURCE:
    case WEIR_ERR_UNAVAILABLE:
    case WEIR_ERR_STALE:
        return 1;
    default:
        return 0;
    }
}

int weir_report(const weir_error *err)
{
    char statement[sizeof err->statement];

    if (!err || err->status == WEIR_OK)
        return 0;
    memcpy(statement, err->statement, sizeof statement);
    make_plain(statement, strnlen(statement, sizeof statement - 1));
    /* One call, so that lines of several threads do not mix. */
    fprintf(stderr, "weir: %s%s%s%s%s%s (%s, see %s)\n", err->message,
            err->sqlstate[0] ? " [SQLSTATE " : "", err->sqlstate,
            err->sqlstate[0] ? "]" : "", statement[0] ? " in: " : "", statement,
            weir_status_name(err->status), weir_status_doc(err->status));
    return 1;
}
