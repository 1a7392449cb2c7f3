/* SPDX-License-Identifier: MIT */
/* Engines without memory. */
#include "torture.h"

/* ------------------------------------------------------------------ engines */

static weir_status open_engine(stage *on)
{
    weir_engine_options options = weir_engine_options_default();
    weir_engine *opened;

    options.application_name = "a name that is copied";
    options.on_connect = "PRAGMA foreign_keys = ON; SELECT 1";
    options.pool_start = WEIR_POOL_FAIL_FAST;
    opened = weir_engine_open("sqlite://?pool_size=2&timeout=1&max_overflow=0",
                              &options, &on->err);
    if (!opened)
        return on->err.status;
    assert_string_equal(weir_engine_url(opened),
                        "sqlite://?max_overflow=0&pool_size=2&timeout=1");
    weir_engine_close(&opened);
    return WEIR_OK;
}

static weir_status connect(stage *on)
{
    weir_connect_options options = WEIR_CONNECT_OPTIONS;
    weir_conn *conns[3] = {NULL};
    weir_status status = WEIR_OK;

    options.tag = "second";
    conns[0] = weir_connect(on->engine, &on->err);
    conns[1] = weir_connect_with(on->engine, &options, &on->err);
    if (!conns[0] || !conns[1])
        status = on->err.status;
    weir_conn_close(&conns[0]);
    if (status == WEIR_OK)
        conns[2] = weir_connect_at(on->engine, &options, "a.lua:7", &on->err);
    if (status == WEIR_OK && !conns[2])
        status = on->err.status;
    for (int i = 0; i < 3; i++)
        weir_conn_close(&conns[i]);
    return status;
}

static weir_status cancelled(stage *on)
{
    weir_connect_options options = WEIR_CONNECT_OPTIONS;
    weir_cancel_token *token = weir_cancel_token_new(&on->err);
    weir_conn *conn;

    if (!token)
        return on->err.status;
    weir_cancel_token_cancel(token);
    assert_true(weir_cancel_token_is_cancelled(token));
    options.cancel = token;
    conn = weir_connect_with(on->engine, &options, &on->err);
    assert_null(conn);
    assert_int_equal(on->err.status, WEIR_ERR_CANCELLED);
    weir_cancel_token_free(&token);
    return WEIR_OK;
}

static weir_status ping(stage *on)
{
    return weir_engine_ping(on->engine, &on->err);
}

/* More room needs memory for it; what was set before stays. */
static weir_status set_option(stage *on)
{
    weir_pool_status is;
    weir_status status =
        weir_engine_set(on->engine, "pool_size", "200", &on->err);

    weir_engine_pool_status(on->engine, &is);
    assert_int_equal(is.size, status == WEIR_OK ? 200 : 5);
    return status;
}

/* Both wait on conditions, which may find no room; a drained one goes on. */
static weir_status pause_and_drain(stage *on)
{
    weir_engine *small;
    weir_status status;

    weir_pool_pause(on->engine);
    weir_pool_resume(on->engine);
    small = weir_engine_open("sqlite://", NULL, &on->err);
    if (!small)
        return on->err.status;
    status = weir_engine_drain(small, 0, &on->err);
    if (weir_engine_close_within(&small, 0, &on->err) != WEIR_OK)
        status = on->err.status;
    return status;
}

static void set_back(stage *on)
{
    must(on, weir_engine_set(on->engine, "pool_size", "5", &on->err));
}

static weir_status ask_engine(stage *on)
{
    weir_engine_dispose(on->engine);
    assert_string_equal(weir_engine_backend(on->engine), "sqlite");
    assert_true(weir_engine_capabilities(on->engine) != 0);
    assert_true(strlen(weir_engine_url(on->engine)) > 0);
    assert_ptr_equal(weir_conn_engine(on->conn), on->engine);
    return WEIR_OK;
}

/* Only the dump needs memory, and that is the writer's. */
static weir_status look_into_pool(stage *on)
{
    weir_pool_numbers numbers;
    weir_pool_advice advice;
    char text[16384];
    weir_json json;
    weir_status status;

    assert_int_equal(weir_pool_stats(on->engine, &numbers), WEIR_OK);
    assert_int_equal(weir_pool_advise(on->engine, &advice), WEIR_OK);
    assert_true(weir_pool_prometheus(on->engine, "p", text, sizeof text) > 0);
    assert_true(weir_pool_status_text(on->engine, text, sizeof text) > 0);
    weir_json_init(&json, NULL);
    status = weir_pool_dump(on->engine, &json);
    if (status == WEIR_OK)
        status = weir_json_finish(&json);
    weir_json_clear(&json);
    if (status != WEIR_OK)
        weir_error_set(&on->err, status, "the dump found no memory");
    return status;
}

/* Of each kind of pool: borrowed twice where that is one and the same, looked
 * at, and given back. */
static weir_status use_kind(stage *on, const char *url)
{
    weir_engine *opened = weir_engine_open(url, NULL, &on->err);
    weir_conn *conns[2] = {NULL};
    weir_status status = opened ? WEIR_OK : on->err.status;

    for (int i = 0; i < 2 && status == WEIR_OK; i++) {
        conns[i] = weir_connect(opened, &on->err);
        if (!conns[i])
            status = on->err.status;
        else if (weir_exec(conns[i], "SELECT 1", NOARGS) != WEIR_OK) {
            on->err = *weir_conn_error(conns[i]);
            status = on->err.status;
        }
    }
    for (int i = 0; i < 2; i++)
        weir_conn_close(&conns[i]);
    if (opened)
        weir_engine_dispose(opened);
    weir_engine_close(&opened);
    return status;
}

static weir_status use_null(stage *on)
{
    return use_kind(on, "sqlite://?pool_kind=null");
}

static weir_status use_static(stage *on)
{
    return use_kind(on, "sqlite://?pool_kind=static");
}

static weir_status use_thread(stage *on)
{
    return use_kind(on, "sqlite://?pool_kind=thread");
}

static weir_status set_name(void *context, const weir_event *event,
                            weir_error *err)
{
    weir_status status =
        weir_exec(event->conn, "PRAGMA foreign_keys = ON", NOARGS);

    (void)context;
    if (status != WEIR_OK)
        *err = *weir_conn_error(event->conn);
    return status;
}

/* A hook that needs memory itself, told of a connection that needs some. */
static weir_status add_hooks(stage *on)
{
    weir_hook hook = {.kind = WEIR_EVENT_CONNECT, .function = set_name};
    weir_status status = weir_hook_add(on->engine, &hook, &on->err);
    weir_conn *conn;

    assert_string_equal(weir_event_name(hook.kind), "connect");
    if (status != WEIR_OK)
        return status;
    conn = weir_connect(on->engine, &on->err);
    status = conn ? WEIR_OK : on->err.status;
    weir_conn_close(&conn);
    assert_int_equal(weir_hook_remove(on->engine, &hook, NULL), WEIR_OK);
    return status;
}

const act engine_acts[] = {
    {"open", open_engine, NULL, ON_NOTHING, NULL},
    {"connect", connect, NULL, ON_SQLITE, NULL},
    {"cancelled", cancelled, NULL, ON_SQLITE, NULL},
    {"ping", ping, NULL, ON_SQLITE, NULL},
    {"set", set_option, set_back, ON_SQLITE, NULL},
    {"drain", pause_and_drain, NULL, ON_SQLITE, NULL},
    {"ask", ask_engine, NULL, ON_SQLITE, NULL},
    {"hooks", add_hooks, NULL, ON_SQLITE, NULL},
    {"pool", look_into_pool, NULL, ON_SQLITE, NULL},
    {"null", use_null, NULL, ON_NOTHING, NULL},
    {"static", use_static, NULL, ON_NOTHING, NULL},
    {"thread", use_thread, NULL, ON_NOTHING, NULL},
    {NULL, NULL, NULL, ON_NOTHING, NULL},
};
