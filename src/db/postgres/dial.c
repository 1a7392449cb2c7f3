/* SPDX-License-Identifier: MIT */
/*
 * Connecting, step by step through the wait hook. What libpq would rather
 * take from the environment and decide by itself is said.
 */
#include "resolve.h"

#include <string.h>

/* How long an answer to "stop" is waited for: it takes about as long as
 * opening has. */
#define GRACE_MIN_NS INT64_C(15000000)
#define GRACE_MAX_NS INT64_C(200000000)

static void set_grace(wpg_conn *conn, int64_t opened_in_ns)
{
    int64_t grace = 2 * opened_in_ns;

    conn->grace_ns = grace < GRACE_MIN_NS   ? GRACE_MIN_NS
                     : grace > GRACE_MAX_NS ? GRACE_MAX_NS
                                            : grace;
}

static weir_status start(wpg_conn *conn, const wpg_transport *transport,
                         const weir_open_spec *spec, weir_error *err)
{
    const char *names[WPG_SETTING_MAX + 4];
    const char *values[WPG_SETTING_MAX + 4];
    const wpg_setting own[] = {{"user", spec->user},
                               {"password", spec->password},
                               {"application_name", spec->application_name}};
    size_t count = 0;

    for (size_t i = 0; i < transport->count; i++, count++) {
        names[count] = transport->settings[i].name;
        values[count] = transport->settings[i].value;
    }
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (!own[i].value)
            continue;
        names[count] = own[i].name;
        values[count++] = own[i].value;
    }
    names[count] = values[count] = NULL;
    conn->pg = PQconnectStartParams(names, values, 0);
    if (!conn->pg)
        return wpg_nomem(err);
    if (PQstatus(conn->pg) == CONNECTION_BAD)
        return wpg_fail_open(conn, err);
    /* Only so it says the SQLSTATE of a refusal. */
    PQsetErrorVerbosity(conn->pg, PQERRORS_VERBOSE);
    PQsetNoticeReceiver(conn->pg, wpg_notice, conn);
    return WEIR_OK;
}

static weir_status timed_out(wpg_conn *conn, weir_error *err)
{
    weir_status status = err->status;
    const char *host = PQhost(conn->pg);

    weir_error_set(err, status, "cannot connect to \"%.80s\": %s",
                   host ? host : "",
                   status == WEIR_ERR_TIMEOUT
                       ? "the deadline passed and there was no answer"
                       : "the wait was ended");
    err->fate = WEIR_FATE_DISCARD;
    wpg_set_state(err, "08001");
    return status;
}

static weir_status proceed(wpg_conn *conn, const weir_open_spec *spec,
                           wpg_guard *guard, weir_error *err)
{
    PostgresPollingStatusType next = PGRES_POLLING_WRITING;

    while (next != PGRES_POLLING_OK) {
        unsigned event =
            next == PGRES_POLLING_READING ? WEIR_WAIT_READ : WEIR_WAIT_WRITE;

        if (weir_services_wait(conn->services, PQsocket(conn->pg), event,
                               spec->deadline, err) != WEIR_OK)
            return timed_out(conn, err);
        next = PQconnectPoll(conn->pg);
        if (!wpg_guard_pass(guard) && !guard->refused)
            return wpg_lose(conn, WEIR_FATE_DISCARD, err);
        if (guard->refused) {
            weir_error_set(err, WEIR_ERR_AUTH,
                           "the server wants the password in clear text; it "
                           "is only sent over verified TLS (tls=verify-full)");
            err->fate = WEIR_FATE_DISCARD;
            wpg_set_state(err, "28000");
            return err->status;
        }
        if (next == PGRES_POLLING_FAILED)
            return wpg_fail_open(conn, err);
    }
    return WEIR_OK;
}

static bool is_on(PGconn *pg, const char *name, const char *wanted)
{
    const char *value = PQparameterStatus(pg, name);

    return value && strcmp(value, wanted) == 0;
}

/* What the driver builds upon. */
static weir_status check_server(wpg_conn *conn, bool tls, weir_error *err)
{
    const char *wrong = NULL;

    if (tls && !PQsslInUse(conn->pg))
        wrong = "the connection is not encrypted";
    else if (PQprotocolVersion(conn->pg) < 3)
        wrong = "the server speaks an old protocol";
    else if (!is_on(conn->pg, "client_encoding", "UTF8"))
        wrong = "the server does not exchange text as UTF-8";
    else if (!is_on(conn->pg, "integer_datetimes", "on"))
        wrong = "the server counts times in floating numbers";
    else if (!is_on(conn->pg, "standard_conforming_strings", "on"))
        wrong = "standard_conforming_strings is off at the server; backslashes "
                "in strings would be read in two ways";
    if (!wrong)
        return WEIR_OK;
    weir_error_set(err, WEIR_ERR_CONNECTION, "%s", wrong);
    err->fate = WEIR_FATE_DISCARD;
    wpg_set_state(err, "08004");
    return err->status;
}

static void remember_peer(wpg_conn *conn)
{
    conn->peer_size = sizeof conn->peer;
    if (getpeername(PQsocket(conn->pg), (struct sockaddr *)&conn->peer,
                    &conn->peer_size) != 0)
        conn->key.known = false;
}

weir_status wpg_dial(wpg_conn *conn, const weir_open_spec *spec,
                     weir_error *err)
{
    int64_t began = weir_services_now(conn->services);
    wpg_transport transport;
    wpg_guard guard = {.trace = NULL};
    wpg_addresses addresses = {.hosts = {.data = NULL}};
    weir_status status;

    status = wpg_transport_of(conn->url, conn->options, &transport, err);
    if (status == WEIR_OK)
        status = wpg_resolve(conn, &transport, spec->deadline, &addresses, err);
    if (status == WEIR_OK)
        status = start(conn, &transport, spec, err);
    wpg_addresses_clear(conn, &addresses);
    if (status == WEIR_OK)
        status = wpg_guard_start(&guard, conn->pg, err);
    if (status == WEIR_OK)
        status = proceed(conn, spec, &guard, err);
    wpg_guard_stop(&guard);
    if (status == WEIR_OK)
        status = check_server(conn, transport.tls, err);
    if (status != WEIR_OK)
        return status;
    conn->key = guard.key;
    remember_peer(conn);
    set_grace(conn, weir_services_now(conn->services) - began);
    if (PQsetnonblocking(conn->pg, 1) != 0)
        return wpg_nomem(err);
    PQsetErrorVerbosity(conn->pg, PQERRORS_DEFAULT);
    return WEIR_OK;
}
