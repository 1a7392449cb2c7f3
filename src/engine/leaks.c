/* SPDX-License-Identifier: MIT */
/*
 * Loans that last too long, in one line each: how long, to whom, from where.
 */
#include "engine/leaks.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "engine/engine.h"
#include "engine/log.h"

enum { LINE_SIZE = 320, SHOWN_TAG_SIZE = 40, SHOWN_SITE_SIZE = 64 };

static const struct {
    const char *what;
    const char *option; /* whose limit it is beyond */
} said[] = {
    [WI_LEAK_FOUND] = {"a connection has been lent", "pool_leak_threshold"},
    [WI_LEAK_RETURNED] = {"a connection came back after all; it was lent",
                          "pool_leak_threshold"},
    [WI_LEAK_RECLAIMED] = {"a connection was taken back; it was lent",
                           "pool_reclaim_after"},
    [WI_LEAK_IN_USE] = {"a connection cannot be taken back yet, since a call "
                        "is under way; it has been lent",
                        "pool_reclaim_after"},
};

#define GIVEN_UP                                                               \
    "a connection was given back once its calls had been ended; it was lent"

static double seconds(int64_t ns)
{
    return (double)ns / 1e9;
}

/* The end of a path says more than its beginning. */
static const char *end_of(const char *site)
{
    size_t size = strlen(site);

    return size > SHOWN_SITE_SIZE ? site + size - SHOWN_SITE_SIZE : site;
}

static void hand_on(const weir_engine *engine, const char *line,
                    const char *tag, int64_t age_ns)
{
    weir_log_event event = {
        .kind = WEIR_LOG_WARNING,
        .message = line,
        .duration_ns = age_ns,
        .affected = -1,
        .tag = tag && tag[0] ? tag : NULL,
    };

    wi_log_event(&engine->services.log, &event);
}

/* Its borrower was told that its time was over, and gave it back himself. */
static bool was_given_up(const wi_leak *leak)
{
    return leak->news == WI_LEAK_RETURNED && leak->refusals > 0;
}

/* That it came back is no news of what nobody was told of. */
static bool is_news(const weir_engine *engine, const wi_leak *leak)
{
    return wi_log_wants(&engine->services.log, WEIR_LOG_WARNING) &&
           (leak->news != WI_LEAK_RETURNED || leak->limit_ns > 0 ||
            leak->refusals > 0);
}

void wi_leak_tell(void *context, const wi_leak *leak)
{
    const weir_engine *engine = context;
    const char *tag = leak->tag[0] ? leak->tag : "no tag";
    int shown = (int)wi_utf8_cut(tag, strlen(tag), SHOWN_TAG_SIZE);
    char limit[64] = "";
    char line[LINE_SIZE];

    if (!is_news(engine, leak))
        return;
    /* It may have been taken away meanwhile. */
    if (leak->limit_ns > 0 && !was_given_up(leak))
        snprintf(limit, sizeof limit, " (%s is %g s)", said[leak->news].option,
                 seconds(leak->limit_ns));
    snprintf(
        line, sizeof line, "%s for %.1f s%s to \"%.*s\"%s%s by thread %llu",
        was_given_up(leak) ? GIVEN_UP : said[leak->news].what,
        seconds(leak->age_ns), limit, shown, tag, leak->site ? " at " : "",
        leak->site ? end_of(leak->site) : "", (unsigned long long)leak->thread);
    hand_on(engine, line, leak->tag, leak->age_ns);
}

void wi_leak_tell_late(const weir_conn *conn)
{
    hand_on(conn->engine,
            "a connection was given back after it had been taken back",
            conn->tag, atomic_load(&conn->overdue_ns));
}
