/* SPDX-License-Identifier: MIT */
/*
 * The log hook of an engine, asked in one place whether it wants to hear.
 * Parameters are redacted here, so that no caller can forget it.
 */
#ifndef WI_ENGINE_LOG_H
#define WI_ENGINE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/log.h>

typedef struct wi_log {
    weir_log_hook hook; /* NULL: nobody listens */
    void *context;
    unsigned kinds;
    weir_log_parameters parameters;
} wi_log;

/* Whether an event of that kind is worth making. */
static inline bool wi_log_wants(const wi_log *log, weir_log_kind kind)
{
    return log->hook && (log->kinds & (unsigned)kind) != 0;
}

/* Hands an event on; parameters lose their content unless the engine was
 * told to show them. */
void wi_log_event(const wi_log *log, const weir_log_event *event);

/* One line about a connection or a warning. */
void wi_log_message(const wi_log *log, weir_log_kind kind, uint64_t connection,
                    const char *message);

#endif
