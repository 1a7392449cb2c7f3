/* SPDX-License-Identifier: MIT */
/*
 * Writing down what was called. Lines are kept one by one; the text that a
 * test reads is made when it asks.
 */
#include <stdio.h>
#include <string.h>

#include "mock.h"

/* --------------------------------------------------------------- recording */

void wmk_record(weir_mock *mock, int connection, const wmk_call *call)
{
    const char *shown = call->shown ? call->shown : "";
    size_t size = strlen(call->word) + strlen(shown) + 2;
    wmk_line *line = wmk_alloc(sizeof *line + size);

    if (!line)
        return;
    line->connection = connection;
    snprintf(line->text, size, "%s%s%s", call->word, shown[0] ? " " : "",
             shown);
    *mock->lines_end = line;
    mock->lines_end = &line->next;
}

void wmk_breach(wmk_conn *conn, const char *what)
{
    const wmk_call call = {.word = "breach:", .shown = what};

    pthread_mutex_lock(&conn->mock->lock);
    if (!conn->mock->breach)
        conn->mock->breach = what;
    wmk_record(conn->mock, conn->number, &call);
    pthread_mutex_unlock(&conn->mock->lock);
}

/* ----------------------------------------------------------------- reading */

/* Connection 0 stands for all. The lock is held. */
static const char *join(weir_mock *mock, int connection)
{
    size_t size = 1;
    char *text, *at;

    for (const wmk_line *line = mock->lines; line; line = line->next)
        size += strlen(line->text) + 1;
    text = wmk_alloc(size);
    if (!text)
        return "out of memory\n";
    at = text;
    for (const wmk_line *line = mock->lines; line; line = line->next) {
        if (connection != 0 && line->connection != connection)
            continue;
        at += snprintf(at, size - (size_t)(at - text), "%s\n", line->text);
    }
    wmk_free(mock->log_text);
    mock->log_text = text;
    return text;
}

const char *weir_mock_log_of(weir_mock *mock, int connection)
{
    const char *text;

    if (!mock)
        return "";
    pthread_mutex_lock(&mock->lock);
    text = join(mock, connection);
    pthread_mutex_unlock(&mock->lock);
    return text;
}

const char *weir_mock_log(weir_mock *mock)
{
    return weir_mock_log_of(mock, 0);
}

size_t weir_mock_count(weir_mock *mock, const char *text)
{
    size_t count = 0;

    if (!mock || !text)
        return 0;
    pthread_mutex_lock(&mock->lock);
    for (const wmk_line *line = mock->lines; line; line = line->next)
        count += strncmp(line->text, text, strlen(text)) == 0;
    pthread_mutex_unlock(&mock->lock);
    return count;
}

size_t weir_mock_round_trips(weir_mock *mock)
{
    size_t count;

    if (!mock)
        return 0;
    pthread_mutex_lock(&mock->lock);
    count = mock->round_trips;
    pthread_mutex_unlock(&mock->lock);
    return count;
}

const char *weir_mock_breach(weir_mock *mock)
{
    const char *breach;

    if (!mock)
        return NULL;
    pthread_mutex_lock(&mock->lock);
    breach = mock->breach;
    pthread_mutex_unlock(&mock->lock);
    return breach;
}

/* The lock is held, or nobody else is there. */
void wmk_lines_free(weir_mock *mock)
{
    while (mock->lines) {
        wmk_line *next = mock->lines->next;

        wmk_free(mock->lines);
        mock->lines = next;
    }
    mock->lines_end = &mock->lines;
}

void weir_mock_clear_log(weir_mock *mock)
{
    if (!mock)
        return;
    pthread_mutex_lock(&mock->lock);
    wmk_lines_free(mock);
    mock->round_trips = 0;
    mock->breach = NULL;
    pthread_mutex_unlock(&mock->lock);
}

/* ------------------------------------------------------------------ values */

static const char *const type_words[] = {
    [WEIR_TYPE_NULL] = "null",         [WEIR_TYPE_I64] = "i64",
    [WEIR_TYPE_U64] = "u64",           [WEIR_TYPE_F64] = "f64",
    [WEIR_TYPE_BOOL] = "bool",         [WEIR_TYPE_TEXT] = "text",
    [WEIR_TYPE_BYTES] = "bytes",       [WEIR_TYPE_TIMESTAMP] = "timestamp",
    [WEIR_TYPE_DATETIME] = "datetime", [WEIR_TYPE_DATE] = "date",
    [WEIR_TYPE_TIME] = "time",         [WEIR_TYPE_INTERVAL] = "interval",
    [WEIR_TYPE_DECIMAL] = "decimal",   [WEIR_TYPE_UUID] = "uuid",
    [WEIR_TYPE_JSON] = "json",         [WEIR_TYPE_INVALID] = "invalid",
};

static weir_status add(const weir_services *services, weir_buffer *to,
                       const char *text)
{
    return weir_buffer_add(services, to, text, strlen(text));
}

/* Bytes as two digits each; texts as they are, in quotes. */
static weir_status add_content(const weir_services *services, weir_buffer *to,
                               const weir_value *value)
{
    const unsigned char *bytes = value->as.bytes;
    weir_status status = WEIR_OK;
    char digits[3];

    if (value->type != WEIR_TYPE_BYTES) {
        status = add(services, to, "\"");
        if (status == WEIR_OK)
            status = weir_buffer_add(services, to, bytes, value->size);
        return status == WEIR_OK ? add(services, to, "\"") : status;
    }
    for (size_t i = 0; i < value->size && status == WEIR_OK; i++) {
        snprintf(digits, sizeof digits, "%02x", (unsigned)bytes[i]);
        status = add(services, to, digits);
    }
    return status;
}

static weir_status add_value(const weir_services *services, weir_buffer *to,
                             const weir_value *value)
{
    char text[WEIR_VALUE_TEXT_MAX];
    weir_status status;
    size_t size;

    status = add(services, to, type_words[value->type % 16]);
    if (status != WEIR_OK || value->type == WEIR_TYPE_NULL ||
        value->type == WEIR_TYPE_INVALID)
        return status;
    status = add(services, to, " ");
    if (status != WEIR_OK)
        return status;
    if (value->type == WEIR_TYPE_TEXT || value->type == WEIR_TYPE_JSON ||
        value->type == WEIR_TYPE_BYTES)
        return add_content(services, to, value);
    size = weir_value_format(value, text);
    return weir_buffer_add(services, to, text, size);
}

weir_status wmk_add_values(const weir_services *services, weir_buffer *to,
                           const weir_execution *execution)
{
    weir_status status = add(services, to, "[");

    for (size_t i = 0; i < execution->value_count && status == WEIR_OK; i++) {
        if (i > 0)
            status = add(services, to, ", ");
        if (status == WEIR_OK)
            status = add_value(services, to, &execution->values[i]);
    }
    /* With the NUL that ends it. */
    return status == WEIR_OK ? weir_buffer_add(services, to, "]", 2) : status;
}
