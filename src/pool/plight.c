/* SPDX-License-Identifier: MIT */
/*
 * The errors of who waited in vain.
 */
#include "pool/plight.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#define SHOWN_TAG_SIZE 40

static double seconds(int64_t ns)
{
    return (double)ns / 1e9;
}

weir_status wi_plight_timed_out(const wi_plight *plight, weir_error *err)
{
    char holder[160] = "";
    char failure[48] = "";

    if (plight->is_held) {
        const char *tag = plight->holder_tag ? plight->holder_tag : "no tag";
        size_t size = wi_utf8_cut(tag, strlen(tag), SHOWN_TAG_SIZE);

        snprintf(holder, sizeof holder,
                 "; longest holder \"%.*s\"%s%.48s since %.2f s", (int)size,
                 tag, plight->holder_site ? " at " : "",
                 plight->holder_site ? plight->holder_site : "",
                 seconds(plight->held_ns));
    }
    if (plight->failure)
        snprintf(failure, sizeof failure, "; last connect error %.1f s ago: ",
                 seconds(plight->failure_age_ns));
    return weir_error_set(
        err, WEIR_ERR_POOL_TIMEOUT,
        "no connection became free within %.2f s: %s%d open, %d busy, %d idle, "
        "%d connecting, %d waiting%s%s%s",
        seconds(plight->waited_ns),
        plight->is_paused ? "the pool is paused, " : "", plight->total,
        plight->busy, plight->idle, plight->connecting, plight->waiting, holder,
        failure, plight->failure ? plight->failure->message : "");
}

weir_status wi_plight_refused(bool is_closed, weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_CLOSED,
                          "the engine is %s and takes no new work",
                          is_closed ? "closing" : "draining");
}

weir_status wi_plight_cancelled(weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_CANCELLED,
                          "the wait for a connection was cancelled by its "
                          "token");
}
