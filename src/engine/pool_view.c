/* SPDX-License-Identifier: MIT */
/*
 * The public views of a pool. Each takes one picture and writes it down.
 */
#include <weir/pool.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/error.h"
#include "engine/engine.h"
#include "engine/pool_options.h"
#include "engine/pool_view.h"
#include "pool/view.h"

static double seconds(int64_t ns)
{
    return (double)ns / 1e9;
}

void wi_engine_add_own(const weir_engine *engine, weir_pool_status *status)
{
    uint64_t given_up = atomic_load(&engine->given_up);

    status->detached = atomic_load(&engine->detached_count);
    status->reclaimed += given_up;
    status->stale_returns += given_up + atomic_load(&engine->closed_twice);
}

void wi_engine_look(const weir_engine *engine, wi_pool_view *view)
{
    wi_pool_view_of(engine->pool, view);
    wi_engine_add_own(engine, &view->status);
}

static weir_status no_engine(weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_MISUSE, "the engine is NULL or closed");
}

/* ---------------------------------------------------------------- numbers */

static weir_pool_latency latency_of(const wi_histogram_sum *sum)
{
    return (weir_pool_latency){
        .count = sum->total,
        .p50_s = seconds(wi_histogram_quantile(sum, 0.5)),
        .p90_s = seconds(wi_histogram_quantile(sum, 0.9)),
        .p99_s = seconds(wi_histogram_quantile(sum, 0.99)),
        .p999_s = seconds(wi_histogram_quantile(sum, 0.999)),
        .p9999_s = seconds(wi_histogram_quantile(sum, 0.9999)),
    };
}

static weir_pool_numbers numbers_of(const wi_pool_view *view)
{
    return (weir_pool_numbers){
        .now = view->status,
        .health = (weir_pool_health)view->health,
        .age_s = seconds(view->age_ns),
        .waits = view->waits,
        .longest_wait_s = seconds(view->wait_most_ns),
        .wait = latency_of(&view->wait),
        .hold = latency_of(&view->hold),
        .connect = latency_of(&view->connect),
    };
}

weir_status weir_pool_stats(const weir_engine *engine, weir_pool_numbers *out)
{
    wi_pool_view view = {.place_count = 0};

    if (!wi_engine_is(engine) || !out)
        return no_engine(NULL);
    wi_engine_look(engine, &view);
    *out = numbers_of(&view);
    return WEIR_OK;
}

/* ------------------------------------------------------------------- dump */

static const char *const health_names[] = {"up", "suspect", "down",
                                           "recovering"};

const char *wi_health_name(wi_health health)
{
    return health_names[health];
}

static void put_count(weir_json *out, const char *key, int64_t count)
{
    weir_json_key(out, key);
    weir_json_i64(out, count);
}

static void put_seconds(weir_json *out, const char *key, double value)
{
    weir_json_key(out, key);
    weir_json_f64(out, value);
}

/* Since something that may never have happened. */
static void put_age(weir_json *out, const char *key, int64_t ns)
{
    weir_json_key(out, key);
    if (ns < 0)
        weir_json_null(out);
    else
        weir_json_f64(out, seconds(ns));
}

static void put_text(weir_json *out, const char *key, const char *text)
{
    weir_json_key(out, key);
    weir_json_cstr(out, text && text[0] ? text : NULL);
}

static void put_latency(weir_json *out, const char *key,
                        const weir_pool_latency *latency)
{
    weir_json_key(out, key);
    weir_json_begin_object(out);
    put_count(out, "count", (int64_t)latency->count);
    put_seconds(out, "p50_s", latency->p50_s);
    put_seconds(out, "p90_s", latency->p90_s);
    put_seconds(out, "p99_s", latency->p99_s);
    put_seconds(out, "p999_s", latency->p999_s);
    put_seconds(out, "p9999_s", latency->p9999_s);
    weir_json_end_object(out);
}

static void put_status(weir_json *out, const weir_pool_status *now)
{
    put_count(out, "size", now->size);
    put_count(out, "max_overflow", now->max_overflow);
    put_count(out, "idle", now->idle);
    put_count(out, "busy", now->busy);
    put_count(out, "asking", now->asking);
    put_count(out, "closing", now->closing);
    put_count(out, "detached", now->detached);
    put_count(out, "connecting", now->connecting);
    put_count(out, "waiting", now->waiting);
    put_count(out, "opened", (int64_t)now->opened);
    put_count(out, "closed", (int64_t)now->closed);
    put_count(out, "acquired", (int64_t)now->acquired);
    put_count(out, "timeouts", (int64_t)now->timeouts);
    put_count(out, "connect_failures", (int64_t)now->connect_failures);
    put_count(out, "overdue", now->overdue);
    put_count(out, "leaks", (int64_t)now->leaks);
    put_count(out, "reclaimed", (int64_t)now->reclaimed);
    put_count(out, "stale_returns", (int64_t)now->stale_returns);
}

static void put_waits(weir_json *out, const weir_pool_numbers *numbers)
{
    put_count(out, "waits", (int64_t)numbers->waits);
    put_seconds(out, "longest_wait_s", numbers->longest_wait_s);
    put_latency(out, "wait", &numbers->wait);
    put_latency(out, "hold", &numbers->hold);
}

static void put_places(weir_json *out, const char *key,
                       const wi_pool_view *view)
{
    weir_json_key(out, key);
    weir_json_begin_array(out);
    for (int i = 0; i < view->place_count; i++) {
        const wi_place_view *place = &view->places[i];

        weir_json_begin_object(out);
        put_text(out, "state", place->state);
        put_text(out, "tag", place->tag);
        put_text(out, "site", place->site);
        weir_json_key(out, "thread");
        weir_json_u64(out, place->thread);
        put_seconds(out, "since_s", seconds(place->since_ns));
        put_count(out, "loans", (int64_t)place->loans);
        put_age(out, "age_s", place->made_ns);
        put_age(out, "asked_s", place->asked_ns);
        put_text(out, "trust", place->trust);
        weir_json_end_object(out);
    }
    weir_json_end_array(out);
}

static void put_waiters(weir_json *out, const wi_pool_view *view)
{
    weir_json_key(out, "waiters");
    weir_json_begin_array(out);
    for (int i = 0; i < view->waiter_count; i++) {
        const wi_waiter_view *waiter = &view->waiters[i];

        weir_json_begin_object(out);
        put_text(out, "tag", waiter->tag);
        put_text(out, "site", waiter->site);
        weir_json_key(out, "thread");
        weir_json_u64(out, waiter->thread);
        put_seconds(out, "waited_s", seconds(waiter->waited_ns));
        weir_json_end_object(out);
    }
    weir_json_end_array(out);
}

/* Who has the permit to write, and who waits for it. NULL: nobody has ever
 * wanted it. */
static void put_permit(weir_json *out, const wi_pool_view *permit)
{
    weir_pool_numbers numbers;

    weir_json_key(out, "write_permit");
    if (!permit) {
        weir_json_null(out);
        return;
    }
    numbers = numbers_of(permit);
    weir_json_begin_object(out);
    put_count(out, "acquired", (int64_t)numbers.now.acquired);
    put_count(out, "timeouts", (int64_t)numbers.now.timeouts);
    put_waits(out, &numbers);
    put_places(out, "holders", permit);
    put_waiters(out, permit);
    weir_json_end_object(out);
}

static void put_view(weir_json *out, const weir_engine *engine,
                     const wi_pool_view *view, const wi_pool_view *permit)
{
    weir_pool_numbers numbers = numbers_of(view);

    weir_json_begin_object(out);
    put_text(out, "url", engine->masked_url);
    put_text(out, "kind", wi_pool_kind_name(engine->settings.pool_kind));
    put_text(out, "health", wi_health_name(view->health));
    put_status(out, &numbers.now);
    put_waits(out, &numbers);
    put_latency(out, "connect", &numbers.connect);
    if (view->failure_age_ns >= 0) {
        put_text(out, "last_connect_error", view->last_failure.message);
        put_seconds(out, "last_connect_error_age_s",
                    seconds(view->failure_age_ns));
    }
    if (view->retry_ns >= 0)
        put_seconds(out, "next_connect_s", seconds(view->retry_ns));
    put_places(out, "connections", view);
    put_waiters(out, view);
    put_permit(out, permit);
    weir_json_end_object(out);
}

/* Room for so many, and a few that come meanwhile. */
static weir_status make_room(const weir_engine *engine,
                             const weir_pool_status *now, wi_pool_view *view)
{
    size_t places = (size_t)(now->idle + now->busy + now->connecting +
                             now->asking + now->closing) +
                    16;
    size_t waiters = (size_t)now->waiting + 16;

    view->place_count = (int)places;
    view->waiter_count = (int)waiters;
    view->places =
        wi_alloc_zero(engine->allocator, places, sizeof *view->places);
    view->waiters =
        wi_alloc_zero(engine->allocator, waiters, sizeof *view->waiters);
    return view->places && view->waiters ? WEIR_OK : WEIR_ERR_NOMEM;
}

/* Who comes while there is being made room may be left out. */
static weir_status take_views(const weir_engine *engine, wi_pool_view *pool,
                              wi_pool_view *permit, bool *has_permit)
{
    weir_status status;

    wi_pool_status(engine->pool, &pool->status);
    *has_permit = wi_permit_view(&engine->write_permit, permit);
    status = make_room(engine, &pool->status, pool);
    if (status == WEIR_OK)
        status = make_room(engine, &permit->status, permit);
    if (status != WEIR_OK)
        return status;
    wi_engine_look(engine, pool);
    if (*has_permit)
        (void)wi_permit_view(&engine->write_permit, permit);
    return WEIR_OK;
}

static void free_view(const weir_engine *engine, wi_pool_view *view)
{
    wi_free(engine->allocator, view->places);
    wi_free(engine->allocator, view->waiters);
}

weir_status weir_pool_dump(const weir_engine *engine, weir_json *out)
{
    wi_pool_view pool = {.place_count = 0};
    wi_pool_view permit = {.place_count = 0};
    weir_status status;
    bool has_permit;

    if (!wi_engine_is(engine) || !out)
        return no_engine(NULL);
    status = take_views(engine, &pool, &permit, &has_permit);
    if (status == WEIR_OK)
        put_view(out, engine, &pool, has_permit ? &permit : NULL);
    free_view(engine, &permit);
    free_view(engine, &pool);
    return status;
}

/* ----------------------------------------------------------------- advice */

/* Enough that few have to wait: the mean and three times its root, by which
 * numbers of arrivals scatter. */
static int enough_for(double busy)
{
    double size = ceil(busy + 3 * sqrt(busy));

    return size < 1 ? 1 : size > 100000 ? 100000 : (int)size;
}

weir_status weir_pool_advise(const weir_engine *engine, weir_pool_advice *out)
{
    wi_pool_view view = {.place_count = 0};
    double rate;
    double hold_s;

    if (!wi_engine_is(engine) || !out)
        return no_engine(NULL);
    wi_engine_look(engine, &view);
    *out = (weir_pool_advice){.size = 0};
    if (view.hold.total < 100 || view.age_ns <= 0) {
        snprintf(out->reason, sizeof out->reason,
                 "too few loans so far to advise on a size");
        return WEIR_OK;
    }
    rate = (double)view.status.acquired / seconds(view.age_ns);
    hold_s = wi_histogram_seconds(&view.hold) / (double)view.hold.total;
    /* One that was put aside while it was sampled counts for many; but there
     * were never more busy than were ever opened. */
    out->busy_mean = fmin(rate * hold_s, (double)view.status.opened);
    out->size = enough_for(out->busy_mean);
    snprintf(out->reason, sizeof out->reason,
             "%.1f loans per second of %.3g ms each keep %.2f connections "
             "busy; with %d few have to wait. pool_kind is %s, pool_size %d, "
             "%llu of %llu loans had to wait",
             rate, hold_s * 1e3, out->busy_mean, out->size,
             wi_pool_kind_name(engine->settings.pool_kind), view.status.size,
             (unsigned long long)view.waits,
             (unsigned long long)view.status.acquired);
    return WEIR_OK;
}
