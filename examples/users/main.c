/* SPDX-License-Identifier: MIT */
/*
 * The users service: an engine for the database, a web server for the routes,
 * and a main thread that waits to be told to stop.
 */
#include <signal.h>
#include <stdio.h>

#include "routes.h"
#include "server.h"
#include "settings.h"
#include "store.h"

/* What the library has to say goes to stderr. */
static void on_event(void *unused, const weir_log_event *event)
{
    (void)unused;
    fprintf(stderr, "users: %s\n", event->message);
}

/* A client does not wait half a minute, as a batch job would: who finds no
 * connection in two seconds is told to come back. The URL may say otherwise. */
static weir_engine *open_engine(const char *url, weir_error *err)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;

    options.pool_timeout_s = 2;
    options.statement_timeout_s = 5;
    options.pool_recycle_s = 1800;
    options.pool_pre_ping = true;
    options.application_name = "users";
    options.log = on_event;
    options.log_kinds = WEIR_LOG_WARNING;
    return weir_engine_open(url, &options, err);
}

/* A database that is away may come back: until then each request is told so.
 * Anything else that is wrong with it will not mend itself. */
static bool prepare(store *users)
{
    weir_error err;

    if (store_prepare(users, &err) == WEIR_OK)
        return true;
    weir_report(&err);
    if (!store_is_away(&err))
        return false;
    fprintf(stderr, "users: going on without the database until it is back\n");
    return true;
}

/* Blocked before any thread begins, the signals come to this one alone. */
static void block_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGTERM);
    pthread_sigmask(SIG_BLOCK, set, NULL);
    signal(SIGPIPE, SIG_IGN); /* a client that left is no reason to die */
}

static int serve(store *users, const settings *wanted)
{
    sigset_t stop;
    server web;
    int signal_number = 0;
    bool started;

    block_signals(&stop);
    if (!server_open(&web, wanted))
        return 1;
    started =
        prepare(users) && routes_add(&web.web, users) && server_start(&web);
    if (started) {
        printf("users: %s/users on %s; Ctrl-C stops\n", web.address,
               weir_engine_url(users->engine));
        sigwait(&stop, &signal_number);
        puts("users: stopping");
    }
    server_close(&web);
    return started ? 0 : 1;
}

int main(int argc, char **argv)
{
    store users = {.preparing = PTHREAD_MUTEX_INITIALIZER};
    settings wanted;
    weir_error err;
    int status = settings_read(&wanted, argc, argv);

    if (status >= 0)
        return status;
    setvbuf(stdout, NULL, _IOLBF, 0); /* whoever watches a pipe sees it, too */
    users.engine = open_engine(wanted.database, &err);
    if (!users.engine)
        return weir_report(&err);
    status = serve(&users, &wanted);
    weir_engine_close(&users.engine);
    return status;
}
