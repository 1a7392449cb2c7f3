/* SPDX-License-Identifier: MIT */
/*
 * Connecting, step by step through the wait hook. What libpq would rather
 * take from the environment and decide by itself is said.
 */
#include "hosts.h"
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

/* On the way to one of several hosts. */
typedef struct attempt {
    wpg_conn *conn;
    wpg_transport *transport;
    const weir_open_spec *spec;
    wpg_guard guard;
    size_t host;   /* that libpq is trying */
    int64_t until; /* its share of the time; 0: not known yet */
} attempt;

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

static weir_status refused_password(weir_error *err)
{
    weir_error_set(err, WEIR_ERR_AUTH,
                   "the server wants the password in clear text; it is only "
                   "sent over verified TLS (tls=verify-full)");
    err->fate = WEIR_FATE_DISCARD;
    wpg_set_state(err, "28000");
    return err->status;
}

/* Each host that is left has the same share of the time that is left. */
static int64_t share_of(const attempt *at)
{
    int64_t now = weir_services_now(at->conn->services);
    int64_t left = at->spec->deadline - now;
    size_t hosts = wpg_hosts_count(at->transport) - at->host;

    if (at->spec->deadline == WEIR_NO_DEADLINE || left <= 0 || hosts < 2)
        return at->spec->deadline;
    return now + left / (int64_t)hosts;
}

static void note_host(attempt *at)
{
    size_t host = wpg_hosts_at(at->transport, at->conn->pg);

    if (host == at->host && at->until != 0)
        return;
    at->host = host;
    at->until = share_of(at);
}

static weir_status proceed(attempt *at, weir_error *err)
{
    PostgresPollingStatusType next = PGRES_POLLING_WRITING;
    wpg_conn *conn = at->conn;

    while (next != PGRES_POLLING_OK) {
        unsigned event =
            next == PGRES_POLLING_READING ? WEIR_WAIT_READ : WEIR_WAIT_WRITE;

        note_host(at);
        if (weir_services_wait(conn->services, PQsocket(conn->pg), event,
                               at->until, err) != WEIR_OK)
            return timed_out(conn, err);
        next = PQconnectPoll(conn->pg);
        if (!wpg_guard_pass(&at->guard) && !at->guard.refused)
            return wpg_lose(conn, WEIR_FATE_DISCARD, err);
        if (at->guard.refused)
            return refused_password(err);
        if (next == PGRES_POLLING_FAILED)
            return wpg_fail_open(conn, err);
    }
    return WEIR_OK;
}

static weir_status try_hosts(attempt *at, weir_error *err)
{
    weir_status status = start(at->conn, at->transport, at->spec, err);

    at->host = 0;
    at->until = 0;
    if (status == WEIR_OK)
        status = wpg_guard_start(&at->guard, at->conn->pg, err);
    if (status == WEIR_OK)
        status = proceed(at, err);
    wpg_guard_stop(&at->guard);
    return status;
}

/* A silent host has had its share: those behind it have theirs. */
static bool may_skip(const attempt *at, weir_status status)
{
    return status == WEIR_ERR_TIMEOUT && at->until < at->spec->deadline &&
           at->host + 1 < wpg_hosts_count(at->transport);
}

static weir_status connect_to_one(attempt *at, weir_error *err)
{
    wpg_conn *conn = at->conn;
    weir_status status = try_hosts(at, err);

    while (may_skip(at, status)) {
        weir_services_log(conn->services, WEIR_LOG_WARNING, err->message);
        PQfinish(conn->pg);
        conn->pg = NULL;
        wpg_hosts_skip(at->transport, at->host);
        status = try_hosts(at, err);
    }
    return status;
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
    wpg_addresses addresses = {.hosts = {.data = NULL}};
    attempt at = {.conn = conn, .transport = &transport, .spec = spec};
    weir_status status;

    status = wpg_transport_of(conn->url, conn->options, &transport, err);
    if (status == WEIR_OK)
        status = wpg_resolve(conn, &transport, spec->deadline, &addresses, err);
    if (status == WEIR_OK)
        status = connect_to_one(&at, err);
    wpg_addresses_clear(conn, &addresses);
    if (status == WEIR_OK)
        status = check_server(conn, transport.tls, err);
    if (status != WEIR_OK)
        return status;
    conn->key = at.guard.key;
    remember_peer(conn);
    set_grace(conn, weir_services_now(conn->services) - began);
    if (PQsetnonblocking(conn->pg, 1) != 0)
        return wpg_nomem(err);
    PQsetErrorVerbosity(conn->pg, PQERRORS_DEFAULT);
    return WEIR_OK;
}
