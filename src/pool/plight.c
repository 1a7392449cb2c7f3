/* SPDX-License-Identifier: MIT */
/*
 * The errors of who waited in vain.
 */
#include "pool/plight.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

enum {
    SHOWN_TAG_SIZE = 40,
    HOLDER_SIZE = 128,
};

static double seconds(int64_t ns)
{
    return (double)ns / 1e9;
}

/* "tag" at file:line */
static void name_holder(const wi_plight *plight, size_t size, char out[])
{
    const char *tag = plight->holder_tag ? plight->holder_tag : "no tag";
    size_t shown = wi_utf8_cut(tag, strlen(tag), SHOWN_TAG_SIZE);

    snprintf(out, size, "\"%.*s\"%s%.48s", (int)shown, tag,
             plight->holder_site ? " at " : "",
             plight->holder_site ? plight->holder_site : "");
}

/* What there is one of. */
static weir_status not_to_be_had(const wi_plight *plight, weir_error *err)
{
    char holder[HOLDER_SIZE] = "nobody";

    if (plight->is_held)
        name_holder(plight, sizeof holder, holder);
    return weir_error_set(err, WEIR_ERR_POOL_TIMEOUT,
                          "%s did not become free within %.2f s: %s holds it "
                          "since %.2f s; %d waiting",
                          plight->noun, seconds(plight->waited_ns), holder,
                          seconds(plight->held_ns), plight->waiting);
}

weir_status wi_plight_timed_out(const wi_plight *plight, weir_error *err)
{
    char name[HOLDER_SIZE];
    char holder[HOLDER_SIZE + 48] = "";
    char failure[48] = "";
    char closing[40] = "";

    if (plight->noun)
        return not_to_be_had(plight, err);
    if (plight->is_held) {
        name_holder(plight, sizeof name, name);
        snprintf(holder, sizeof holder, "; longest holder %s since %.2f s",
                 name, seconds(plight->held_ns));
    }
    if (plight->closing > 0)
        snprintf(closing, sizeof closing, "%d asked or closing, ",
                 plight->closing);
    if (plight->failure)
        snprintf(failure, sizeof failure, "; last connect error %.1f s ago: ",
                 seconds(plight->failure_age_ns));
    return weir_error_set(
        err, WEIR_ERR_POOL_TIMEOUT,
        "no connection became free within %.2f s: %s%d open, %d busy, %d idle, "
        "%d connecting, %s%d waiting%s%s%s",
        seconds(plight->waited_ns),
        plight->is_paused ? "the pool is paused, " : "", plight->total,
        plight->busy, plight->idle, plight->connecting, closing,
        plight->waiting, holder, failure,
        plight->failure ? plight->failure->message : "");
}

void wi_plight_advise(weir_error *err)
{
    static const char advice[] = "; fewer connections (pool_size, "
                                 "max_overflow), or a higher limit, make room";
    size_t used = strlen(err->message);

    if (err->status == WEIR_ERR_RESOURCE &&
        used + sizeof advice <= sizeof err->message)
        memcpy(err->message + used, advice, sizeof advice);
}

weir_status wi_plight_refused(bool is_closed, weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_CLOSED,
                          "the engine is %s and takes no new work",
                          is_closed ? "closing" : "draining");
}

weir_status wi_plight_cancelled(const char *noun, weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_CANCELLED,
                          "the wait for %s was cancelled by its token",
                          noun ? noun : "a connection");
}
