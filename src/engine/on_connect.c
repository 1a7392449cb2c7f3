/* SPDX-License-Identifier: MIT */
/*
 * Cutting and running the statements of on_connect.
 */
#include "engine/on_connect.h"

#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "base/utf8.h"
#include "engine/engine.h"
#include "engine/link.h"
#include "sql/lexer.h"

/* ---------------------------------------------------------------- cutting */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/* Goes behind the next `;` or to the end. `*begin`: the first character that
 * is neither blank nor comment; where there is none, the end. */
static weir_status next_statement(wi_lexer *lexer, size_t *begin, size_t *end,
                                  weir_error *err)
{
    bool found = false;

    while (lexer->at < lexer->size) {
        size_t at = lexer->at;
        bool skipped, comment;
        weir_status status = wi_lexer_skip(lexer, &skipped, &comment, err);

        if (status != WEIR_OK)
            return status;
        if (!skipped && lexer->text[at] == ';') {
            *end = at;
            lexer->at++;
            break;
        }
        if (!found && !comment && !is_blank(lexer->text[at])) {
            found = true;
            *begin = at;
        }
        if (!skipped)
            lexer->at++;
        *end = lexer->at;
    }
    if (!found)
        *begin = *end;
    return WEIR_OK;
}

/* Counts, or writes down, the statements. */
static weir_status cut(wi_on_connect *script, const weir_dialect *dialect,
                       bool writes, weir_error *err)
{
    wi_lexer lexer = {
        .dialect = dialect, .text = script->text, .size = strlen(script->text)};
    size_t count = 0;

    while (lexer.at < lexer.size) {
        size_t begin = lexer.at, end = lexer.at;
        weir_status status = next_statement(&lexer, &begin, &end, err);

        if (status != WEIR_OK)
            return status;
        if (begin == end)
            continue;
        if (writes)
            script->statements[count] =
                weir_text_span(script->text + begin, end - begin);
        count++;
    }
    script->count = count;
    return WEIR_OK;
}

/* The driver's texts end with NUL. */
static void end_texts(wi_on_connect *script)
{
    for (size_t i = 0; i < script->count; i++) {
        const weir_text *statement = &script->statements[i];

        script
            ->text[(size_t)(statement->data - script->text) + statement->size] =
            '\0';
    }
}

static weir_status make(const weir_dialect *dialect,
                        const weir_allocator *allocator, wi_on_connect *script,
                        weir_error *err)
{
    weir_error why;
    weir_status status = cut(script, dialect, false, &why);

    if (status != WEIR_OK)
        return weir_error_set(err, WEIR_ERR_CONFIG, "option on_connect: %s",
                              why.message);
    script->statements =
        wi_alloc_zero(allocator, script->count + 1, sizeof *script->statements);
    if (!script->statements)
        return wi_error_nomem(err);
    (void)cut(script, dialect, true, &why);
    end_texts(script);
    return WEIR_OK;
}

weir_status wi_on_connect_make(const char *text, const weir_dialect *dialect,
                               const weir_allocator *allocator,
                               wi_on_connect *out, weir_error *err)
{
    wi_on_connect script = {.count = 0};
    weir_status status;

    if (!text)
        return WEIR_OK;
    script.text = wi_strdup(allocator, text);
    if (!script.text)
        return wi_error_nomem(err);
    status = make(dialect, allocator, &script, err);
    if (status == WEIR_OK)
        *out = script;
    else
        wi_on_connect_clear(&script, allocator);
    return status;
}

void wi_on_connect_clear(wi_on_connect *script, const weir_allocator *allocator)
{
    wi_free(allocator, script->statements);
    wi_free(allocator, script->text);
    *script = (wi_on_connect){.count = 0};
}

/* ---------------------------------------------------------------- running */

static weir_status drop_rows(wi_link *link, void *stmt, size_t column_count,
                             int64_t deadline, weir_error *err)
{
    const weir_allocator *allocator = link->engine->allocator;
    weir_value *row = wi_alloc_zero(allocator, column_count, sizeof *row);
    weir_step step;

    if (!row)
        return wi_error_nomem(err);
    do
        step = link->driver->fetch(stmt, row, deadline, err);
    while (step == WEIR_STEP_ROW);
    wi_free(allocator, row);
    return step == WEIR_STEP_DONE ? WEIR_OK : err->status;
}

static weir_status execute(wi_link *link, void *stmt, weir_text sql,
                           int64_t deadline, weir_error *err)
{
    const weir_driver *driver = link->driver;
    weir_execution execution = {.mode = WEIR_FETCH_BUFFER,
                                .deadline = deadline};
    const weir_stmt_info *info = NULL;
    weir_status status =
        driver->prepare(link->driver_conn, sql, stmt, &info, deadline, err);

    if (status != WEIR_OK)
        return status;
    if (info->param_count > 0)
        return weir_error_set(err, WEIR_ERR_CONFIG,
                              "there is a parameter in it, and nothing to bind "
                              "to it");
    status = driver->execute(stmt, &execution, err);
    if (status == WEIR_OK && info->column_count > 0)
        status = drop_rows(link, stmt, info->column_count, deadline, err);
    driver->end(stmt);
    return status;
}

static weir_status run(wi_link *link, weir_text sql, int64_t deadline,
                       weir_error *err)
{
    const weir_allocator *allocator = link->engine->allocator;
    void *stmt = wi_alloc_zero(allocator, 1, link->driver->stmt_size);
    weir_status status;

    if (!stmt)
        return wi_error_nomem(err);
    status = execute(link, stmt, sql, deadline, err);
    link->driver->finish(stmt);
    wi_free(allocator, stmt);
    if (status == WEIR_OK &&
        (link->driver->state(link->driver_conn) & WEIR_STATE_IN_TX))
        status = weir_error_set(err, WEIR_ERR_CONFIG,
                                "it leaves a transaction open");
    return status;
}

/* Whether the text is to blame, and would be the next time. */
static bool is_wrong(weir_status status)
{
    return status == WEIR_ERR_SQL || status == WEIR_ERR_TYPE ||
           status == WEIR_ERR_CONSTRAINT || status == WEIR_ERR_UNSUPPORTED;
}

static weir_status blame(size_t number, weir_text sql, weir_error *err)
{
    weir_error why = *err;
    size_t size = wi_utf8_cut(sql.data, sql.size, sizeof why.statement - 1);

    (void)weir_error_set(err,
                         is_wrong(why.status) ? WEIR_ERR_CONFIG : why.status,
                         "on_connect: statement %zu, \"%.60s\": %s", number,
                         sql.data, why.message);
    err->fate = why.fate;
    err->native_code = why.native_code;
    memcpy(err->sqlstate, why.sqlstate, sizeof err->sqlstate);
    memcpy(err->statement, sql.data, size);
    err->statement[size] = '\0';
    return err->status;
}

weir_status wi_on_connect_run(wi_link *link, int64_t deadline, weir_error *err)
{
    const wi_on_connect *script = &link->engine->on_connect;

    for (size_t i = 0; i < script->count; i++) {
        weir_text sql = script->statements[i];

        wi_error_clear(err);
        if (run(link, sql, deadline, err) != WEIR_OK)
            return blame(i + 1, sql, err);
    }
    return WEIR_OK;
}
