/* SPDX-License-Identifier: MIT */
/*
 * Hands events to the program's hook. A redacted event keeps the number and
 * the types of its parameters: enough to see what ran, nothing to leak.
 */
#include "engine/log.h"

#include <string.h>

/* More parameters than these are counted but not shown when redacted, so that
 * logging never allocates. */
#define SHOWN_MAX 64

static void hand_on_redacted(const wi_log *log, const weir_log_event *event)
{
    weir_value shown[SHOWN_MAX];
    weir_log_event copy = *event;

    if (copy.param_count > SHOWN_MAX)
        copy.param_count = SHOWN_MAX;
    memset(shown, 0, sizeof shown[0] * copy.param_count);
    for (size_t i = 0; i < copy.param_count; i++) {
        shown[i].name = event->params[i].name;
        shown[i].type = event->params[i].type;
        shown[i].size = event->params[i].size;
    }
    copy.params = shown;
    log->hook(log->context, &copy);
}

void wi_log_event(const wi_log *log, const weir_log_event *event)
{
    if (!wi_log_wants(log, event->kind))
        return;
    if (event->param_count > 0 &&
        log->parameters == WEIR_LOG_PARAMETERS_REDACTED)
        hand_on_redacted(log, event);
    else
        log->hook(log->context, event);
}

void wi_log_message(const wi_log *log, weir_log_kind kind, uint64_t connection,
                    const char *message)
{
    weir_log_event event = {
        .kind = kind,
        .message = message,
        .connection_id = connection,
        .affected = -1,
    };

    wi_log_event(log, &event);
}
