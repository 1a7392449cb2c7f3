/* SPDX-License-Identifier: MIT */
/*
 * A pool's numbers as text for Prometheus. The names are OpenTelemetry's
 * (semantic conventions for database metrics), written as its exporters write
 * them: dots become underscores, and a unit or `total` ends the name.
 */
#include <weir/pool.h>

#include <stdarg.h>
#include <stdio.h>

#include "engine/engine.h"
#include "engine/pool_view.h"

#define OTEL "db_client_connection_"
#define POOL "db_client_connection_pool_name"

typedef struct page {
    char *text;
    size_t size;
    size_t length; /* as if all had fitted */
    char pool[64]; /* the label */
} page;

static void put(page *out, const char *format, ...) WEIR_PRINTF(2, 3);

static void put(page *out, const char *format, ...)
{
    size_t at = out->length < out->size ? out->length : out->size;
    va_list arguments;
    int written;

    va_start(arguments, format);
    written = vsnprintf(out->size > 0 ? out->text + at : NULL, out->size - at,
                        format, arguments);
    va_end(arguments);
    if (written > 0)
        out->length += (size_t)written;
}

/* A label's value: quotes, backslashes and line breaks would end it. */
static void clean(const char *name, char out[64])
{
    size_t size = 0;

    for (; name && *name && size < 63; name++) {
        unsigned char byte = (unsigned char)*name;

        out[size++] =
            byte == '"' || byte == '\\' || byte < ' ' ? '_' : (char)byte;
    }
    out[size] = '\0';
}

static void put_type(page *out, const char *metric, const char *type)
{
    put(out, "# TYPE %s %s\n", metric, type);
}

static void put_line(page *out, const char *metric, uint64_t value)
{
    put(out, "%s{" POOL "=\"%s\"} %llu\n", metric, out->pool,
        (unsigned long long)value);
}

static void put_gauge(page *out, const char *metric, int value)
{
    put_type(out, metric, "gauge");
    put_line(out, metric, (uint64_t)value);
}

static void put_counter(page *out, const char *metric, uint64_t value)
{
    put_type(out, metric, "counter");
    put_line(out, metric, value);
}

/* One line for each state that there is, of which `label` says which. */
static void put_state(page *out, const char *metric, const char *label,
                      const char *state, int value)
{
    put(out, "%s{" POOL "=\"%s\",%s=\"%s\"} %d\n", metric, out->pool, label,
        state, value);
}

/* ------------------------------------------------------------- connections */

static void put_connections(page *out, const wi_pool_view *view)
{
    static const char label[] = OTEL "state";
    const weir_pool_status *now = &view->status;

    put_type(out, OTEL "count", "gauge");
    put_state(out, OTEL "count", label, "idle", now->idle);
    put_state(out, OTEL "count", label, "used", now->busy);
    put_gauge(out, OTEL "idle_min", view->min_idle);
    if (now->size > 0)
        put_gauge(out, OTEL "idle_max", now->size);
    if (now->size > 0 && now->max_overflow >= 0)
        put_gauge(out, OTEL "max", now->size + now->max_overflow);
    put_gauge(out, OTEL "pending_requests", now->waiting);
    put_counter(out, OTEL "timeouts_total", now->timeouts);
}

/* What OpenTelemetry has no name for. */
static void put_more(page *out, const weir_pool_status *now, uint64_t waits)
{
    put_gauge(out, "weir_pool_connecting", now->connecting);
    put_gauge(out, "weir_pool_asking", now->asking);
    put_gauge(out, "weir_pool_closing", now->closing);
    put_gauge(out, "weir_pool_detached", now->detached);
    put_gauge(out, "weir_pool_overdue", now->overdue);
    put_counter(out, "weir_pool_acquired_total", now->acquired);
    put_counter(out, "weir_pool_waits_total", waits);
    put_counter(out, "weir_pool_opened_total", now->opened);
    put_counter(out, "weir_pool_closed_total", now->closed);
    put_counter(out, "weir_pool_connect_failures_total", now->connect_failures);
    put_counter(out, "weir_pool_leaks_total", now->leaks);
    put_counter(out, "weir_pool_reclaimed_total", now->reclaimed);
    put_counter(out, "weir_pool_stale_returns_total", now->stale_returns);
}

static void put_health(page *out, wi_health health)
{
    static const char metric[] = "weir_pool_health";

    put_type(out, metric, "gauge");
    for (wi_health i = WI_HEALTH_UP; i <= WI_HEALTH_RECOVERING; i++)
        put_state(out, metric, "state", wi_health_name(i), i == health);
}

/* ---------------------------------------------------------------- durations */

/* Every fourth bucket of ours, a factor of 4 apart, from 1 us to 275 s. */
enum { FIRST = 4, STEP = 4, LAST = 60 };

static void put_histogram(page *out, const char *metric,
                          const wi_histogram_sum *sum)
{
    uint64_t below = 0;

    put_type(out, metric, "histogram");
    for (int i = 0; i <= LAST; i++) {
        below += sum->counts[i];
        if (i >= FIRST && (i - FIRST) % STEP == 0)
            put(out, "%s_bucket{" POOL "=\"%s\",le=\"%.9g\"} %llu\n", metric,
                out->pool, (double)wi_bucket_end_ns(i) / 1e9,
                (unsigned long long)below);
    }
    put(out, "%s_bucket{" POOL "=\"%s\",le=\"+Inf\"} %llu\n", metric, out->pool,
        (unsigned long long)sum->total);
    put(out, "%s_sum{" POOL "=\"%s\"} %.9g\n", metric, out->pool,
        wi_histogram_seconds(sum));
    put(out, "%s_count{" POOL "=\"%s\"} %llu\n", metric, out->pool,
        (unsigned long long)sum->total);
}

size_t weir_pool_prometheus(const weir_engine *engine, const char *name,
                            char *out, size_t size)
{
    page text = {.text = out, .size = out ? size : 0};
    wi_pool_view view = {.place_count = 0};

    if (!wi_engine_is(engine))
        return 0;
    wi_engine_look(engine, &view);
    clean(name, text.pool);
    put_connections(&text, &view);
    put_health(&text, view.health);
    put_more(&text, &view.status, view.waits);
    put_histogram(&text, OTEL "wait_time_seconds", &view.wait);
    put_histogram(&text, OTEL "use_time_seconds", &view.hold);
    put_histogram(&text, OTEL "create_time_seconds", &view.connect);
    return text.length;
}
