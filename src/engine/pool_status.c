/* SPDX-License-Identifier: MIT */
/*
 * The state of a pool as one line for people, by its kind.
 */
#include <weir/pool.h>

#include <stdarg.h>
#include <stdio.h>

#include "engine/engine.h"

typedef struct line {
    char text[160];
    size_t length;
} line;

static void add(line *out, const char *format, ...) WEIR_PRINTF(2, 3);

static void add(line *out, const char *format, ...)
{
    size_t left = sizeof out->text - out->length;
    va_list arguments;
    int written;

    va_start(arguments, format);
    written = vsnprintf(out->text + out->length, left, format, arguments);
    va_end(arguments);
    if (written > 0)
        out->length += (size_t)written < left ? (size_t)written : left - 1;
}

/* What the kind is, and how many of them there may be. */
static void put_kind(line *out, weir_pool_kind kind, const weir_pool_status *is)
{
    switch (kind) {
    case WEIR_POOL_QUEUE:
        if (is->size == 0)
            add(out, "queue without a limit");
        else if (is->max_overflow < 0)
            add(out, "queue, %d kept and any number more", is->size);
        else
            add(out, "queue, %d kept and %d more", is->size, is->max_overflow);
        break;
    case WEIR_POOL_NULL:
        add(out, "null, one for each loan");
        break;
    case WEIR_POOL_STATIC:
        add(out, "static, one for all");
        break;
    case WEIR_POOL_PER_THREAD:
        if (is->size == 0)
            add(out, "thread, one for each");
        else
            add(out, "thread, one for each, %d kept", is->size);
        break;
    case WEIR_POOL_ASSERTION:
        add(out, "assertion, one at a time");
        break;
    }
}

size_t weir_pool_status_text(const weir_engine *engine, char *out, size_t size)
{
    weir_pool_status is;
    line text = {.length = 0};
    int length;

    if (!wi_engine_is(engine))
        return 0;
    wi_pool_status(engine->pool, &is);
    put_kind(&text, engine->settings.pool_kind, &is);
    add(&text, ": %d idle, %d busy", is.idle, is.busy);
    add(&text, ", %d connecting, %d waiting", is.connecting, is.waiting);
    if (is.asking > 0)
        add(&text, ", %d being asked", is.asking);
    if (is.closing > 0)
        add(&text, ", %d closing", is.closing);
    length = snprintf(out, out ? size : 0, "%s", text.text);
    return length > 0 ? (size_t)length : 0;
}
