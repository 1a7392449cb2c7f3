/* SPDX-License-Identifier: MIT */
/* Engines without memory. */
#include "torture.h"

/* ------------------------------------------------------------------ engines */

static weir_status open_engine(stage *on)
{
    weir_engine_options options = weir_engine_options_default();
    weir_engine *opened;

    options.application_name = "a name that is copied";
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
    for (int i = 0; i < 3; i++)
        weir_conn_close(&conns[i]);
    return status;
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

const act engine_acts[] = {
    {"open", open_engine, NULL, ON_NOTHING, NULL},
    {"connect", connect, NULL, ON_SQLITE, NULL},
    {"ping", ping, NULL, ON_SQLITE, NULL},
    {"set", set_option, set_back, ON_SQLITE, NULL},
    {"ask", ask_engine, NULL, ON_SQLITE, NULL},
    {NULL, NULL, NULL, ON_NOTHING, NULL},
};
