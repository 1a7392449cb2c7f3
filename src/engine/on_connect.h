/* SPDX-License-Identifier: MIT */
/*
 * The option on_connect: statements that run on each connection before it is
 * first lent, and again after a reset that has forgotten what they did. The
 * text is cut at each `;` outside quotes and comments, once, when the engine
 * is opened.
 */
#ifndef WI_ENGINE_ON_CONNECT_H
#define WI_ENGINE_ON_CONNECT_H

#include <stddef.h>
#include <stdint.h>

#include <weir/error.h>
#include <weir/memory.h>
#include <weir/sys/dialect.h>
#include <weir/value.h>

struct wi_link;

typedef struct wi_on_connect {
    char *text;            /* NULs stand where statements end */
    weir_text *statements; /* into it */
    size_t count;
} wi_on_connect;

/* CONFIG, naming the option: a quote is not closed, a parameter is in it.
 * NULL: none. */
weir_status wi_on_connect_make(const char *text, const weir_dialect *dialect,
                               const weir_allocator *allocator,
                               wi_on_connect *out, weir_error *err);
void wi_on_connect_clear(wi_on_connect *script,
                         const weir_allocator *allocator);

/* Runs all, each for itself, until one fails: its error then says which one it
 * was, and is CONFIG if the server has understood it and refused. */
weir_status wi_on_connect_run(struct wi_link *link, int64_t deadline,
                              weir_error *err);

#endif
