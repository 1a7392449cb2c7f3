/* SPDX-License-Identifier: MIT */
/*
 * An engine that is paused, drained, or closed with a deadline. The pool does
 * the waiting; this is its end, which frees the engine whoever comes last.
 */
#include <weir/engine.h>
#include <weir/pool.h>

#include "base/clock.h"
#include "base/error.h"
#include "engine/engine.h"

void weir_pool_pause(weir_engine *engine)
{
    if (wi_engine_is(engine))
        wi_pool_pause(engine->pool);
}

void weir_pool_resume(weir_engine *engine)
{
    if (wi_engine_is(engine))
        wi_pool_resume(engine->pool);
}

/* A NaN is no number of seconds, either. */
static weir_status check_timeout(double timeout_s, weir_error *err)
{
    if (timeout_s >= 0)
        return WEIR_OK;
    return weir_error_set(err, WEIR_ERR_MISUSE,
                          "a timeout is 0 or more seconds");
}

weir_status weir_engine_drain(weir_engine *engine, double timeout_s,
                              weir_error *err)
{
    bool last = false;
    weir_error own;
    weir_status status;

    if (!err)
        err = &own;
    wi_error_clear(err);
    if (!wi_engine_is(engine))
        return weir_error_set(err, WEIR_ERR_MISUSE,
                              "weir_engine_drain() needs an engine");
    status = check_timeout(timeout_s, err);
    if (status != WEIR_OK)
        return status;
    status = wi_pool_drain(engine->pool,
                           wi_deadline_in_ns(wi_ns_from_seconds(timeout_s)),
                           &last, err);
    if (last)
        wi_engine_end(engine);
    return status;
}

weir_status weir_engine_close_within(weir_engine **engine, double timeout_s,
                                     weir_error *err)
{
    int64_t deadline_ns;
    weir_engine *closing;
    bool last = false;
    weir_error own;
    weir_status status;

    if (!err)
        err = &own;
    wi_error_clear(err);
    if (!engine || !*engine)
        return WEIR_OK;
    status = check_timeout(timeout_s, err);
    if (status != WEIR_OK)
        return status;
    deadline_ns = wi_deadline_in_ns(wi_ns_from_seconds(timeout_s));
    closing = wi_engine_begin_close(engine);
    if (!closing)
        return weir_error_set(err, WEIR_ERR_CLOSED,
                              "somebody else has closed the engine");
    status = wi_pool_close_within(closing->pool, deadline_ns, &last, err);
    if (last)
        wi_engine_end(closing);
    return status;
}
