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
};
enum { STATUS_COUNT = sizeof statuses / sizeof statuses[0] };

const char *weir_status_name(weir_status status)
{
    if (status > 0 || -status >= STATUS_COUNT)
        return "unknown status";
    return statuses[-status].name;
}

const char *weir_status_doc(weir_status status)
{
    if (status > 0 || -status >= STATUS_COUNT)
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

/* Messages are one line: a server's line breaks become spaces. */
static void make_one_line(char *text)
{
    size_t size;

    for (char *at = text; *at; at++) {
        if ((unsigned char)*at < ' ' || *at == 0x7F)
            *at = ' ';
    }
    size = strlen(text);
    while (size > 0 && text[size - 1] == ' ')
        text[--size] = '\0';
}

weir_status weir_error_set(weir_error *err, weir_status status,
                           const char *format, ...)
{
    va_list arguments;
    int size;

    if (!err)
        return status;
    wi_error_clear(err);
    err->status = status;
    va_start(arguments, format);
    size = vsnprintf(err->message, sizeof err->message, format, arguments);
    va_end(arguments);
    if (size < 0)
        err->message[0] = '\0';
    /* What was cut may end inside a character; the bytes before tell. */
    if (size >= (int)sizeof err->message) {
        size_t end = sizeof err->message - 1;

        while (end > 0 && wi_utf8_check(err->message, end) == WI_UTF8_BROKEN &&
               end > sizeof err->message - 5)
            end--;
        err->message[end] = '\0';
    }
    make_one_line(err->message);
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
    if (!err || err->status == WEIR_OK)
        return 0;
    fprintf(stderr, "weir: %s", err->message);
    if (err->sqlstate[0] != '\0')
        fprintf(stderr, " [SQLSTATE %s]", err->sqlstate);
    if (err->statement[0] != '\0')
        fprintf(stderr, " in: %s", err->statement);
    fprintf(stderr, " (%s, see %s)\n", weir_status_name(err->status),
            weir_status_doc(err->status));
    return 1;
}
