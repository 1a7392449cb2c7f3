/* SPDX-License-Identifier: MIT */
#include "ground.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/short.h>

#include "findings.h"
#include "footprint.h"

static const tongue tongues[] = {
    {
        .backend = "postgres",
        .takes_long = "SELECT pg_sleep(0.3)",
        .many_rows = "SELECT generate_series(1, 20000)",
        .leave_behind = "SET lock_timeout = '77s'",
        .is_clean = "SELECT CASE current_setting('lock_timeout') WHEN '0' "
                    "THEN 1 ELSE 0 END",
        .sessions = "SELECT count(*) FROM pg_stat_activity WHERE usename = "
                    "'weir' AND backend_type = 'client backend' AND pid <> "
                    "pg_backend_pid()",
        .end_one = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                   "WHERE usename = 'weir' AND backend_type = 'client "
                   "backend' AND pid <> pg_backend_pid() ORDER BY random() "
                   "LIMIT 1",
        .end_all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                   "WHERE usename = 'weir' AND backend_type = 'client "
                   "backend' AND pid <> pg_backend_pid()",
        .stop_signal = SIGINT,
    },
    {
        .backend = "mysql",
        .takes_long = "SELECT sleep(0.3)",
        .many_rows = "SELECT seq FROM seq_1_to_20000",
        .leave_behind = "SET @soak = 7",
        .is_clean = "SELECT @soak IS NULL",
        .sessions = "SELECT count(*) FROM information_schema.processlist "
                    "WHERE user = 'weir' AND id <> connection_id()",
        .end_one = "SELECT id FROM information_schema.processlist WHERE user "
                   "= 'weir' AND id <> connection_id() ORDER BY RAND() LIMIT "
                   "1",
        .end_all = "SELECT id FROM information_schema.processlist WHERE user "
                   "= 'weir' AND id <> connection_id()",
        .stop_signal = SIGTERM,
    },
    {
        .backend = "sqlite",
        .takes_long = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + "
                      "1 FROM n WHERE i < 300000) SELECT count(*) FROM n",
        .many_rows = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 "
                     "FROM n WHERE i < 20000) SELECT i FROM n",
        .leave_behind = "CREATE TEMP TABLE soak_mine (i INT)",
        .is_clean = "SELECT count(*) = 0 FROM sqlite_temp_schema",
    },
};

/* ----------------------------------------------------------------- events */

/* `info` is NULL while a connection is nobody's. */
static char lent[] = "lent";

static weir_status on_event(void *context, const weir_event *event,
                            weir_error *err)
{
    ground *here = context;

    switch (event->kind) {
    case WEIR_EVENT_CONNECT: /* one that is refused is told of as closed */
        atomic_fetch_add(&here->connects, 1);
        if (atomic_load(&here->is_closed))
            return weir_error_set(err, WEIR_ERR_CONNECTION,
                                  "the soak lets nothing be opened");
        break;
    case WEIR_EVENT_CHECKOUT:
        if (*event->info)
            finding("connection %llu was lent to two at once",
                    (unsigned long long)event->connection_id);
        *event->info = lent;
        break;
    case WEIR_EVENT_CHECKIN:
        if (event->info)
            *event->info = NULL;
        break;
    default: /* CLOSE, CLOSE_DETACHED */
        atomic_fetch_add(&here->closes, 1);
        break;
    }
    return WEIR_OK;
}

/* ---------------------------------------------------------------- engines */

bool ground_open_engine(ground *here, bool threads)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_hook hooks[] = {
        {.kind = WEIR_EVENT_CONNECT},        {.kind = WEIR_EVENT_CHECKOUT},
        {.kind = WEIR_EVENT_CHECKIN},        {.kind = WEIR_EVENT_CLOSE},
        {.kind = WEIR_EVENT_CLOSE_DETACHED},
    };
    const char *url = getenv("WEIR_TEST_URL");
    char through[512];
    weir_error err;

    for (size_t i = 0; i < sizeof hooks / sizeof hooks[0]; i++) {
        hooks[i].function = on_event;
        hooks[i].context = here;
    }
    options.pool_size = 6;
    options.max_overflow = 4;
    options.pool_timeout_s = POOL_TIMEOUT_S;
    options.connect_timeout_s = CONNECT_S;
    options.connect_backoff_s = BACKOFF_S;
    options.pool_threads =
        threads ? WEIR_POOL_THREADS_ON : WEIR_POOL_THREADS_OFF;
    options.allocator = &footprint_allocator;
    options.hooks = hooks;
    options.hook_count = sizeof hooks / sizeof hooks[0];
    here->has_threads = threads;
    atomic_store(&here->connects, 0);
    atomic_store(&here->closes, 0);
    if (here->is_server) {
        const char *colon = strrchr(url, ':');

        snprintf(through, sizeof through, "%.*s:%d%s", (int)(colon - url), url,
                 kit_proxy_port(here->proxy), strchr(colon, '/'));
        url = through;
    }
    here->tried = weir_engine_open(url, &options, &err);
    if (!here->tried)
        weir_report(&err);
    return here->tried != NULL;
}

/* With nothing open and nobody inside: then it leaves nothing behind. */
void ground_close_engine(ground *here)
{
    footprint left;
    weir_error err;

    if (weir_engine_close_within(&here->tried, 30, &err) != WEIR_OK)
        finding("the engine did not close: %s", err.message);
    left = footprint_now();
    for (int i = 0; i < 1000 && left.engine_blocks > 0; i++) {
        nap_s(0.01); /* its threads end what they are at */
        left = footprint_now();
    }
    if (left.engine_blocks > 0)
        finding("a closed engine has left %lld blocks, %lld bytes",
                (long long)left.engine_blocks, (long long)left.engine_bytes);
}

/* ----------------------------------------------------------------- watching */

weir_conn *ground_watch(ground *here, double within_s)
{
    double until = clock_s() + within_s;
    weir_conn *conn;
    weir_error err;

    for (;;) {
        conn = weir_connect(here->watcher, &err);
        if (conn)
            (void)weir_set_timeout(conn, 60);
        if (conn && ground_ask(conn, "SELECT 1") == 1)
            return conn;
        weir_conn_close(&conn);
        if (clock_s() > until)
            return NULL;
        nap_s(0.02);
    }
}

int64_t ground_ask(weir_conn *conn, const char *sql)
{
    WEIR_AUTO(weir_result) rows = weir_query(conn, sql, NOARGS);

    return weir_result_one(rows) == WEIR_OK ? weir_get_i64(rows, 0) : -1;
}

int64_t ground_sessions(ground *here)
{
    weir_conn *conn;
    int64_t count;

    if (!here->is_server)
        return 0;
    conn = ground_watch(here, 30);
    count = conn ? ground_ask(conn, here->tongue->sessions) : -1;
    weir_conn_close(&conn);
    return count;
}

/* ------------------------------------------------------------ begin and end */

static bool make_table(ground *here)
{
    weir_conn *conn = ground_watch(here, 30);
    bool made =
        conn &&
        weir_exec(conn, "DROP TABLE IF EXISTS soak", NOARGS) == WEIR_OK &&
        weir_exec(conn,
                  "CREATE TABLE soak (id BIGINT, part INT, PRIMARY KEY (id, "
                  "part))",
                  NOARGS) == WEIR_OK &&
        weir_commit(conn) == WEIR_OK;

    if (!made)
        fprintf(stderr, "soak: no table: %s\n", weir_conn_error(conn)->message);
    weir_conn_close(&conn);
    return made;
}

static bool open_watcher(ground *here, const char *url)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_error err;

    options.pool_size = 1;
    options.max_overflow = 0;
    options.pool_timeout_s = 5;
    options.connect_backoff_s = 0.1;
    here->watcher = weir_engine_open(url, &options, &err);
    if (!here->watcher)
        weir_report(&err);
    return here->watcher != NULL;
}

bool ground_begin(ground *here, const char *url)
{
    if (!open_watcher(here, url))
        return false;
    for (size_t i = 0; i < sizeof tongues / sizeof tongues[0]; i++) {
        if (strcmp(weir_engine_backend(here->watcher), tongues[i].backend) == 0)
            here->tongue = &tongues[i];
    }
    if (!here->tongue) {
        fprintf(stderr, "soak: no words for the database \"%s\"\n",
                weir_engine_backend(here->watcher));
        return false;
    }
    here->is_server = here->tongue->sessions != NULL;
    if (here->is_server)
        here->proxy = kit_proxy_start(
            atoi(strrchr(url, ':') + 1),
            here->tongue->stop_signal == SIGINT ? KIT_POSTGRES : KIT_MYSQL);
    return make_table(here);
}

void ground_end(ground *here)
{
    kit_proxy_stop(&here->proxy);
    weir_engine_close(&here->watcher);
}
