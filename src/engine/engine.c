/* SPDX-License-Identifier: MIT */
/*
 * An engine from a URL: finding the backend, reading the options, making the
 * pool; and taking all of it down again in the right order.
 */
#include "engine/engine.h"

#include <stdio.h>
#include <string.h>

#include "backend/contract.h"
#include "backend/registry.h"
#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "engine/conn.h"
#include "engine/handles.h"
#include "engine/hook_port.h"
#include "engine/isolation.h"
#include "engine/link.h"
#include "engine/options.h"
#include "engine/pool_options.h"
#include "engine/pool_view.h"
#include "pool/staff.h"
#include "url/options.h"

#define ENGINE_MAGIC 0x57454952u /* "WEIR" */

bool wi_engine_is(const weir_engine *engine)
{
    return engine && engine->magic == ENGINE_MAGIC;
}

/* ------------------------------------------------------------------- open */

static weir_status copy_url(weir_engine *engine, const char *text,
                            weir_error *err)
{
    size_t size;

    engine->url = weir_url_parse(text, engine->allocator, err);
    if (!engine->url)
        return err->status;
    size = weir_url_format(engine->url, WEIR_URL_MASKED, NULL, 0);
    engine->masked_url =
        size > 0 ? wi_alloc(engine->allocator, size + 1) : NULL;
    if (!engine->masked_url ||
        weir_url_format(engine->url, WEIR_URL_MASKED, engine->masked_url,
                        size + 1) == 0)
        return wi_error_nomem(err);
    return WEIR_OK;
}

static size_t spec_count(const weir_option_spec *specs)
{
    size_t count = 0;

    while (specs && specs[count].name)
        count++;
    return count;
}

/* The values of a driver's options, at first the defaults. */
static weir_status make_values(weir_engine *engine,
                               const weir_option_spec *specs,
                               weir_option_value **out, weir_error *err)
{
    size_t count = spec_count(specs);

    *out =
        wi_alloc_zero(engine->allocator, count + 1, sizeof(weir_option_value));
    if (!*out)
        return wi_error_nomem(err);
    return count > 0 ? wi_options_defaults(specs, *out, err) : WEIR_OK;
}

static const weir_backend *wrapped_by(const weir_engine *engine)
{
    return engine->backend->wraps ? engine->backend->wraps(engine->url) : NULL;
}

static weir_status read_options(weir_engine *engine, const weir_backend *inner,
                                weir_error *err)
{
    wi_option_targets targets = {
        .engine = &engine->settings,
        .driver = engine->backend->options,
        .inner = inner ? inner->options : NULL,
        .log = &engine->services.log,
    };
    weir_status status;

    status = make_values(engine, targets.driver, &engine->driver_values, err);
    if (status == WEIR_OK)
        status = make_values(engine, targets.inner, &engine->inner_values, err);
    if (status != WEIR_OK)
        return status;
    targets.driver_values = engine->driver_values;
    targets.inner_values = engine->inner_values;
    return wi_engine_options_from_url(engine->url, &targets, err);
}

/* The strings of the options are copied: the program's may go. */
static weir_status keep_strings(weir_engine *engine, weir_error *err)
{
    const char *name = engine->settings.application_name;

    if (!name)
        return WEIR_OK;
    engine->settings.application_name = wi_strdup(engine->allocator, name);
    return engine->settings.application_name ? WEIR_OK : wi_error_nomem(err);
}

static weir_status attach(weir_engine *engine, const weir_backend *inner,
                          weir_error *err)
{
    const weir_backend *backend = engine->backend;
    weir_attach_spec spec = {
        .services = &engine->services,
        .url = engine->url,
        .options = engine->driver_values,
        .inner = inner,
        .inner_options = engine->inner_values,
    };
    weir_status status;

    engine->profile = (weir_profile){
        .dialect = backend->dialect,
        .driver = backend->driver,
        .capabilities = backend->capabilities,
        .default_isolation = backend->default_isolation,
    };
    if (engine->driver->instance_size > 0) {
        engine->instance =
            wi_alloc_zero(engine->allocator, 1, engine->driver->instance_size);
        if (!engine->instance)
            return wi_error_nomem(err);
    }
    engine->attached = true;
    if (!engine->driver->attach)
        return WEIR_OK;
    status =
        engine->driver->attach(engine->instance, &spec, &engine->profile, err);
    if (status == WEIR_OK)
        status = wi_contract_check_profile(backend, &engine->profile, err);
    if (status == WEIR_OK)
        engine->driver = engine->profile.driver;
    return status;
}

static weir_status choose_backend(weir_engine *engine,
                                  const weir_backend **inner, weir_error *err)
{
    engine->backend = wi_backend_for(engine->url, err);
    if (!engine->backend)
        return err->status;
    engine->driver = engine->backend->driver;
    *inner = wrapped_by(engine);
    return engine->backend->check_url
               ? engine->backend->check_url(engine->url, err)
               : WEIR_OK;
}

/* A database that cannot have more connections bounds the pool. */
static weir_status bound_pool(int most, weir_engine_options *settings,
                              weir_error *err)
{
    weir_pool_kind kind = settings->pool_kind;

    if (most <= 0 || kind == WEIR_POOL_STATIC || kind == WEIR_POOL_ASSERTION)
        return WEIR_OK;
    if (kind != WEIR_POOL_QUEUE)
        return weir_error_set(err, WEIR_ERR_CONFIG,
                              "option pool_kind: the database takes %d "
                              "connections, and this kind has no limit; use "
                              "queue, static or assertion",
                              most);
    if (settings->pool_size == 0 || settings->pool_size > most)
        settings->pool_size = most;
    if (settings->max_overflow < 0 ||
        settings->max_overflow > most - settings->pool_size)
        settings->max_overflow = most - settings->pool_size;
    return WEIR_OK;
}

/* A server is worth threads: connecting takes a while. A wait hook waits in
 * the program's own way, on the program's threads. */
static wi_pool_options pool_options_of(const weir_engine *engine,
                                       const weir_engine_options *settings)
{
    bool threads = engine->driver->socket && !settings->wait &&
                   wi_engine_can(engine, WEIR_HAS_SQL) &&
                   !wi_engine_can(engine, WEIR_HAS_SINGLE_WRITER);

    wi_pool_options options =
        wi_engine_pool_options(settings, engine->allocator, threads);

    if (settings->wait)
        options.port = &engine->port;
    return options;
}

static weir_status make_pool(weir_engine *engine, weir_error *err)
{
    wi_pool_options options;
    weir_status status = wi_isolation_check(engine->profile.dialect,
                                            engine->settings.isolation, err);

    if (status == WEIR_OK)
        status =
            bound_pool(engine->profile.connection_max, &engine->settings, err);
    if (status != WEIR_OK)
        return status;
    wi_hook_port_init(&engine->port, &engine->services);
    if (engine->settings.wait) {
        wi_permit_set_port(&engine->write_permit, &engine->port);
        wi_permit_set_port(&engine->events.first, &engine->port);
    }
    options = pool_options_of(engine, &engine->settings);
    engine->pool = wi_pool_new(&wi_link_kind, engine, &options, err);
    engine->services.pool = engine->pool;
    return engine->pool ? WEIR_OK : err->status;
}

static weir_status build(weir_engine *engine, const char *url, weir_error *err)
{
    const weir_backend *inner = NULL;
    weir_status status = copy_url(engine, url, err);

    for (size_t i = 0; status == WEIR_OK && i < engine->settings.hook_count;
         i++)
        status = wi_hooks_add(&engine->events.hooks, &engine->settings.hooks[i],
                              err);
    if (status == WEIR_OK)
        status = choose_backend(engine, &inner, err);
    if (status == WEIR_OK)
        status = read_options(engine, inner, err);
    if (status == WEIR_OK)
        status = wi_engine_options_check(&engine->settings, err);
    if (status == WEIR_OK)
        status = keep_strings(engine, err);
    else
        engine->settings.application_name = NULL;
    if (status == WEIR_OK)
        status = attach(engine, inner, err);
    if (status == WEIR_OK)
        status = wi_on_connect_make(engine->settings.on_connect,
                                    engine->profile.dialect, engine->allocator,
                                    &engine->on_connect, err);
    engine->settings.on_connect = NULL; /* it was copied, as hooks were */
    engine->settings.hooks = NULL;
    engine->settings.hook_count = 0;
    if (status == WEIR_OK)
        status = make_pool(engine, err);
    return status;
}

/* What is asked while the engine runs, for any thread. */
static void publish(weir_engine *engine)
{
    const weir_engine_options *settings = &engine->live;

    atomic_store(&engine->statement_timeout_ns,
                 wi_ns_from_seconds(settings->statement_timeout_s));
    atomic_store(&engine->connect_timeout_ns,
                 wi_ns_from_seconds(settings->connect_timeout_s));
    atomic_store(&engine->pool_timeout_ns,
                 wi_ns_from_seconds(settings->pool_timeout_s));
    atomic_store(&engine->pool_reset, (int)settings->pool_reset);
}

static bool make_locks(weir_engine *engine)
{
    if (!wi_mutex_init(&engine->lock))
        return false;
    if (wi_handles_init(&engine->handles)) {
        if (wi_waits_init(&engine->waits)) {
            if (wi_events_init(&engine->events, engine->allocator))
                return true;
            wi_waits_clear(&engine->waits);
        }
        wi_handles_clear(engine);
    }
    wi_mutex_clear(&engine->lock);
    return false;
}

static weir_engine *make(const weir_engine_options *options, weir_error *err)
{
    const weir_allocator *allocator =
        options->allocator ? options->allocator : weir_allocator_libc();
    weir_engine *engine = wi_alloc_zero(allocator, 1, sizeof *engine);

    if (!engine) {
        wi_error_nomem(err);
        return NULL;
    }
    engine->allocator = allocator;
    wi_permit_init(&engine->write_permit, "the permit to write", allocator);
    if (!make_locks(engine)) {
        wi_free(allocator, engine);
        wi_error_nomem(err);
        return NULL;
    }
    engine->settings = *options;
    engine->services = (weir_services){
        .allocator = allocator,
        .wait = options->wait,
        .wait_context = options->wait_context,
        .waits = &engine->waits,
        .log = {.hook = options->log,
                .context = options->log_context,
                .kinds = options->log_kinds,
                .parameters = options->log_parameters},
    };
    engine->magic = ENGINE_MAGIC;
    return engine;
}

/* Nothing is out, and nobody in it. */
static void free_engine(weir_engine *engine)
{
    const weir_allocator *allocator = engine->allocator;

    wi_handles_clear(engine);
    wi_pool_free(&engine->pool);
    wi_events_clear(engine);
    if (engine->attached && engine->driver->detach)
        engine->driver->detach(engine->instance);
    engine->magic = 0;
    wi_free(allocator, engine->instance);
    wi_free(allocator, engine->driver_values);
    wi_free(allocator, engine->inner_values);
    wi_free(allocator, (void *)(uintptr_t)engine->settings.application_name);
    wi_free(allocator, engine->masked_url);
    wi_on_connect_clear(&engine->on_connect, allocator);
    weir_url_free(&engine->url);
    wi_permit_clear(&engine->write_permit);
    wi_waits_clear(&engine->waits);
    wi_mutex_clear(&engine->lock);
    wi_free(allocator, engine);
}

/* Whether the database can be reached. A hook may close the engine in that. */
static weir_engine *start(weir_engine *engine, weir_error *err)
{
    weir_engine *closing = engine;
    weir_status status;

    wi_engine_hold(engine);
    status = weir_engine_ping(engine, err);
    wi_mutex_lock(&engine->lock);
    if (status == WEIR_OK && engine->closed)
        status = weir_error_set(err, WEIR_ERR_CLOSED,
                                "a hook has closed the engine");
    wi_mutex_unlock(&engine->lock);
    if (status != WEIR_OK)
        weir_engine_close(&closing);
    wi_engine_let_go(engine);
    return status == WEIR_OK ? engine : NULL;
}

weir_engine *weir_engine_open(const char *url,
                              const weir_engine_options *options,
                              weir_error *err)
{
    weir_engine_options whole = WEIR_ENGINE_OPTIONS;
    weir_error own;
    weir_engine *engine;

    if (!err)
        err = &own;
    wi_error_clear(err);
    if (options &&
        wi_options_take(&whole, options, "weir_engine_options", err) != WEIR_OK)
        return NULL;
    if (wi_engine_options_check(&whole, err) != WEIR_OK)
        return NULL;
    wi_staff_prepare();
    engine = make(&whole, err);
    if (!engine)
        return NULL;
    if (build(engine, url, err) != WEIR_OK) {
        free_engine(engine);
        return NULL;
    }
    engine->live = engine->applied = engine->settings;
    publish(engine);
    if (engine->settings.pool_start == WEIR_POOL_FAIL_FAST)
        engine = start(engine, err);
    if (engine)
        wi_pool_begin(engine->pool);
    return engine;
}

/* ------------------------------------------------------------------ close */

void wi_engine_end(weir_engine *engine)
{
    bool is_free;

    wi_mutex_lock(&engine->lock);
    engine->is_over = true;
    is_free = engine->holders == 0;
    wi_mutex_unlock(&engine->lock);
    if (is_free)
        free_engine(engine);
}

void wi_engine_hold(weir_engine *engine)
{
    wi_mutex_lock(&engine->lock);
    engine->holders++;
    wi_mutex_unlock(&engine->lock);
}

void wi_engine_let_go(weir_engine *engine)
{
    bool is_last;

    wi_mutex_lock(&engine->lock);
    is_last = --engine->holders == 0 && engine->is_over;
    wi_mutex_unlock(&engine->lock);
    if (is_last)
        free_engine(engine);
}

static void report_leftovers(weir_engine *engine)
{
    weir_pool_status status;
    char line[96];

    wi_pool_status(engine->pool, &status);
    if (status.busy == 0)
        return;
    snprintf(line, sizeof line,
             "engine closed with %d connections out; the last one given back "
             "frees it",
             status.busy);
    wi_log_message(&engine->services.log, WEIR_LOG_WARNING, 0, line);
}

weir_engine *wi_engine_begin_close(weir_engine **engine)
{
    weir_engine *closing;
    bool first;

    if (!engine || !wi_engine_is(*engine))
        return NULL;
    closing = *engine;
    *engine = NULL;
    wi_mutex_lock(&closing->lock);
    first = !closing->closed;
    closing->closed = true;
    wi_mutex_unlock(&closing->lock);
    return first ? closing : NULL;
}

void weir_engine_close(weir_engine **engine)
{
    weir_engine *closing = wi_engine_begin_close(engine);

    if (!closing)
        return;
    report_leftovers(closing);
    if (wi_pool_close(closing->pool))
        wi_engine_end(closing);
}

/* --------------------------------------------------------------- the rest */

/* The connection may be shared: then another thread may be inside. */
static weir_status ask(weir_conn *conn, weir_error *err)
{
    weir_engine *engine = conn->engine;
    int64_t deadline = wi_deadline_in_ns(atomic_load(&engine->pool_timeout_ns));
    weir_status status;

    if (wi_conn_enter(conn) != WEIR_OK) {
        *err = *wi_conn_entry_error(conn);
        return WEIR_ERR_MISUSE;
    }
    status = conn->stream ? wi_conn_refuse_stream(conn)
                          : wi_conn_need_link(conn, deadline);
    if (status != WEIR_OK) {
        *err = conn->error;
        return wi_conn_leave(conn, status);
    }
    status = wi_link_ping(conn->link, deadline, err);
    if (status != WEIR_OK) {
        wi_conn_lose_link(conn, err);
        if (status == WEIR_ERR_CONNECTION)
            wi_conn_suspect(conn);
    }
    return wi_conn_leave(conn, status);
}

weir_status weir_engine_ping(weir_engine *engine, weir_error *err)
{
    weir_error own;
    weir_conn *conn;
    weir_status status;

    if (!err)
        err = &own;
    conn = weir_connect_at(engine, NULL, "weir_engine_ping()", err);
    if (!conn)
        return err->status;
    status = ask(conn, err);
    weir_conn_close(&conn);
    return status;
}

/* Locked. */
static weir_status change(weir_engine *engine, const char *name,
                          const char *value, weir_error *err)
{
    weir_engine_options changed = engine->live;
    wi_option_outcome outcome = {0};
    weir_status status =
        wi_engine_options_set(&changed, name, value, &outcome, err);

    if (status == WEIR_OK)
        status = wi_engine_options_check(&changed, err);
    if (status != WEIR_OK)
        return status;
    (void)bound_pool(engine->profile.connection_max, &changed, err);
    engine->live = changed;
    publish(engine);
    return WEIR_OK;
}

/* Locked, and outside while the pool takes the options: it may close
 * connections, and hooks may set others meanwhile. Whoever changes them then
 * leaves it to us to say so. */
static weir_status apply(weir_engine *engine, weir_error *err)
{
    weir_status status = WEIR_OK;

    engine->is_changed = true;
    if (engine->is_applying)
        return WEIR_OK;
    engine->is_applying = true;
    while (engine->is_changed && status == WEIR_OK) {
        weir_engine_options changed = engine->live;
        wi_pool_options options = pool_options_of(engine, &changed);

        engine->is_changed = false;
        wi_mutex_unlock(&engine->lock);
        status = wi_pool_set(engine->pool, &options);
        wi_mutex_lock(&engine->lock);
        if (status == WEIR_OK)
            engine->applied = changed;
    }
    engine->is_applying = false;
    if (status == WEIR_OK)
        return WEIR_OK;
    engine->live = engine->applied;
    publish(engine);
    return wi_error_nomem(err);
}

weir_status weir_engine_set(weir_engine *engine, const char *name,
                            const char *value, weir_error *err)
{
    weir_status status;

    if (!wi_engine_is(engine) || !name || !value)
        return weir_error_set(err, WEIR_ERR_MISUSE,
                              "weir_engine_set needs an engine, a name and a "
                              "value");
    if (!wi_engine_option_is_live(name))
        return wi_engine_option_refuse(name, err);
    wi_engine_hold(engine);
    wi_mutex_lock(&engine->lock);
    status = change(engine, name, value, err);
    if (status == WEIR_OK)
        status = apply(engine, err);
    wi_mutex_unlock(&engine->lock);
    wi_engine_let_go(engine);
    return status;
}

void weir_engine_dispose(weir_engine *engine)
{
    if (!wi_engine_is(engine))
        return;
    wi_engine_hold(engine);
    wi_pool_dispose(engine->pool);
    wi_engine_let_go(engine);
}

const char *weir_engine_url(const weir_engine *engine)
{
    return wi_engine_is(engine) ? engine->masked_url : "";
}

const char *weir_engine_backend(const weir_engine *engine)
{
    return wi_engine_is(engine) ? engine->backend->name : "";
}

uint32_t weir_engine_capabilities(const weir_engine *engine)
{
    return wi_engine_is(engine) ? engine->profile.capabilities : 0;
}

void weir_engine_pool_status(const weir_engine *engine, weir_pool_status *out)
{
    if (!out)
        return;
    memset(out, 0, sizeof *out);
    if (!wi_engine_is(engine))
        return;
    wi_pool_status(engine->pool, out);
    wi_engine_add_own(engine, out);
}
