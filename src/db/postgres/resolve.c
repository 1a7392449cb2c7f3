/* SPDX-License-Identifier: MIT */
/*
 * Names of hosts, resolved before libpq would do it: its getaddrinfo() knows
 * no deadline. libpq is told the addresses beside the names, one for each, so
 * a name with several stands there as often; names are still what
 * certificates and stored passwords are compared with. Sockets, addresses and
 * "localhost" are left to libpq, which waits for none of them.
 */
#include "resolve.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <strings.h>

#include <weir/memory.h>
#include <weir/value.h>

enum { ADDRESSES_MAX = 16 }; /* of one name */

/* While another name's addresses are known already. */
#define PATIENCE_NS INT64_C(2000000000)

/* The lists are walked side by side. */
typedef struct walk {
    wpg_conn *conn;
    const char *hosts, *ports, *given; /* what is left of them */
    weir_text host, port, address;     /* where it stands */
    bool several_ports;
    wpg_addresses *out;
    size_t names_left;
    size_t entries;
    int64_t deadline;
} walk;

/* ----------------------------------------------------------------- a lookup */

/* Belongs to the thread aside, if nobody waits for it any more. */
typedef struct lookup {
    struct addrinfo *found;
    int failure; /* of getaddrinfo() */
    int number;  /* … and errno */
    char name[WPG_HOSTS_SIZE];
} lookup;

static void look_up(void *work)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    lookup *it = work;

    it->failure = getaddrinfo(it->name, NULL, &hints, &it->found);
    it->number = errno;
}

static void drop(void *work)
{
    const weir_allocator *libc = weir_allocator_libc();
    lookup *it = work;

    if (it->found)
        freeaddrinfo(it->found);
    libc->free(libc->context, it);
}

static lookup *make(weir_text name)
{
    const weir_allocator *libc = weir_allocator_libc();
    lookup *made = libc->alloc(libc->context, sizeof *made);

    if (!made)
        return NULL;
    memset(made, 0, sizeof *made);
    memcpy(made->name, name.data, name.size);
    return made;
}

/* -------------------------------------------------------------------- lists */

static weir_text next_of(const char **list)
{
    const char *from = *list;
    size_t size = strcspn(from, ",");

    *list = from + size + (from[size] == ',');
    return weir_text_span(from, size);
}

static size_t count(const char *list)
{
    size_t found = 1;

    while ((list = strchr(list, ',')) != NULL) {
        list++;
        found++;
    }
    return found;
}

static bool is_numeric(const char *host)
{
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST,
                                   .ai_socktype = SOCK_STREAM};
    struct addrinfo *found = NULL;

    if (getaddrinfo(host, NULL, &hints, &found) != 0)
        return false;
    freeaddrinfo(found);
    return true;
}

/* Whether libpq would ask a resolver. */
static bool is_name(weir_text host, weir_text address)
{
    char text[WPG_HOSTS_SIZE];

    if (address.size > 0 || host.size == 0 || host.size >= sizeof text ||
        host.data[0] == '/' || host.data[0] == '@')
        return false;
    memcpy(text, host.data, host.size);
    text[host.size] = '\0';
    return strcasecmp(text, "localhost") != 0 && !is_numeric(text);
}

static bool step(walk *at)
{
    if (*at->hosts == '\0')
        return false;
    at->host = next_of(&at->hosts);
    at->address = next_of(&at->given);
    if (at->several_ports)
        at->port = next_of(&at->ports);
    return true;
}

static weir_status add_to(walk *at, weir_buffer *list, weir_text text,
                          weir_error *err)
{
    const weir_services *services = at->conn->services;

    if ((at->entries > 0 &&
         weir_buffer_add(services, list, ",", 1) != WEIR_OK) ||
        weir_buffer_add(services, list, text.data, text.size) != WEIR_OK)
        return wpg_nomem(err);
    return WEIR_OK;
}

/* One more way to the host where the walk stands. */
static weir_status add_entry(walk *at, weir_text address, weir_error *err)
{
    weir_status status = add_to(at, &at->out->hosts, at->host, err);

    if (status == WEIR_OK)
        status = add_to(at, &at->out->ports, at->port, err);
    if (status == WEIR_OK)
        status = add_to(at, &at->out->addresses, address, err);
    at->entries++;
    return status;
}

/* --------------------------------------------------------------- resolving */

/* A share of the time for each name; little, if there is an address. */
static int64_t lookup_deadline(const walk *at)
{
    int64_t now = weir_services_now(at->conn->services);
    int64_t left = at->deadline - now;

    if (left <= 0 || at->names_left == 0 ||
        (at->names_left == 1 && at->entries == 0))
        return at->deadline;
    left /= (int64_t)at->names_left;
    return now + (at->entries > 0 && left > PATIENCE_NS ? PATIENCE_NS : left);
}

static weir_status unresolved(const walk *at, weir_status status,
                              const char *why, weir_error *err)
{
    weir_error_set(err, status, "cannot connect to \"%.*s\": %s",
                   (int)(at->host.size < 80 ? at->host.size : 80),
                   at->host.data, why);
    err->fate = WEIR_FATE_DISCARD;
    wpg_set_state(err, status == WEIR_ERR_RESOURCE ? "53000" : "08001");
    return status;
}

static weir_status say_why(const walk *at, weir_status status, weir_error *err)
{
    char reason[sizeof err->message];

    switch (status) {
    case WEIR_ERR_TIMEOUT:
        return unresolved(at, status,
                          "the deadline passed and its name was not resolved",
                          err);
    case WEIR_ERR_CANCELLED:
        return unresolved(at, status, "the wait was ended", err);
    default:
        memcpy(reason, err->message, sizeof reason);
        return unresolved(at, status, reason, err);
    }
}

static weir_status add_all(walk *at, const lookup *it, weir_error *err)
{
    char text[NI_MAXHOST], why[200];
    weir_status status = WEIR_OK;
    size_t count = 0;

    if (it->failure != 0) {
        snprintf(why, sizeof why, "its name was not resolved: %.150s",
                 it->failure == EAI_SYSTEM ? strerror(it->number)
                                           : gai_strerror(it->failure));
        return unresolved(at, WEIR_ERR_CONNECTION, why, err);
    }
    for (const struct addrinfo *one = it->found;
         one && count < ADDRESSES_MAX && status == WEIR_OK;
         one = one->ai_next, count++) {
        if (getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof text, NULL,
                        0, NI_NUMERICHOST) == 0)
            status = add_entry(at, weir_text_span(text, strlen(text)), err);
    }
    return status;
}

static weir_status resolve(walk *at, weir_error *err)
{
    static const weir_aside aside = {.run = look_up, .drop = drop};
    lookup *it = make(at->host);
    weir_status status;

    if (!it)
        return wpg_nomem(err);
    status = weir_services_aside(at->conn->services, &aside, it,
                                 lookup_deadline(at), err);
    at->names_left--;
    if (status != WEIR_OK)
        return say_why(at, status, err);
    status = add_all(at, it, err);
    drop(it);
    return status;
}

static size_t count_names(walk at)
{
    size_t count = 0;

    while (step(&at))
        count += is_name(at.host, at.address);
    return count;
}

/* A name that fails is told only if there is no other host. */
static bool is_over(weir_status status)
{
    return status != WEIR_OK && status != WEIR_ERR_CONNECTION &&
           status != WEIR_ERR_TIMEOUT;
}

static weir_status walk_all(walk *at, weir_error *err)
{
    weir_status status = WEIR_OK;
    weir_error first;
    bool failed = false;

    while (step(at)) {
        status = is_name(at->host, at->address)
                     ? resolve(at, err)
                     : add_entry(at, at->address, err);
        if (is_over(status))
            return status;
        if (status == WEIR_OK)
            continue;
        weir_services_log(at->conn->services, WEIR_LOG_WARNING, err->message);
        /* A share of the time that has passed says less. */
        if (!failed || first.status == WEIR_ERR_TIMEOUT)
            first = *err;
        failed = true;
    }
    if (at->entries > 0)
        return WEIR_OK;
    *err = first;
    return err->status;
}

/* -------------------------------------------------------------- for libpq */

static const char *value_of(const wpg_transport *transport, const char *name)
{
    for (size_t i = 0; i < transport->count; i++) {
        if (strcmp(transport->settings[i].name, name) == 0)
            return transport->settings[i].value;
    }
    return "";
}

static void put(wpg_transport *transport, const char *name, const char *value)
{
    size_t i = 0;

    while (i < transport->count &&
           strcmp(transport->settings[i].name, name) != 0)
        i++;
    if (i == transport->count)
        transport->count++;
    transport->settings[i] = (wpg_setting){name, value};
}

/* All lists end with a NUL. */
static weir_status finish(walk *at, wpg_transport *transport, weir_error *err)
{
    const weir_services *services = at->conn->services;
    wpg_addresses *out = at->out;

    if (weir_buffer_add(services, &out->hosts, "", 1) != WEIR_OK ||
        weir_buffer_add(services, &out->ports, "", 1) != WEIR_OK ||
        weir_buffer_add(services, &out->addresses, "", 1) != WEIR_OK)
        return wpg_nomem(err);
    put(transport, "host", out->hosts.data);
    put(transport, "hostaddr", out->addresses.data);
    if (at->several_ports)
        put(transport, "port", out->ports.data);
    return WEIR_OK;
}

/* libpq says what is wrong with lists that do not match. */
static bool do_match(const walk *at)
{
    return (at->given[0] == '\0' || count(at->given) == count(at->hosts)) &&
           (!at->several_ports || count(at->ports) == count(at->hosts));
}

weir_status wpg_resolve(wpg_conn *conn, wpg_transport *transport,
                        int64_t deadline, wpg_addresses *out, weir_error *err)
{
    walk at = {.conn = conn,
               .hosts = value_of(transport, "host"),
               .ports = value_of(transport, "port"),
               .given = value_of(transport, "hostaddr"),
               .port = weir_text_span("", 0),
               .out = out,
               .deadline = deadline};
    weir_status status;

    at.several_ports = strchr(at.ports, ',') != NULL;
    at.names_left = do_match(&at) ? count_names(at) : 0;
    if (at.names_left == 0)
        return WEIR_OK;
    status = walk_all(&at, err);
    return status == WEIR_OK ? finish(&at, transport, err) : status;
}

void wpg_addresses_clear(const wpg_conn *conn, wpg_addresses *addresses)
{
    weir_buffer_clear(conn->services, &addresses->hosts);
    weir_buffer_clear(conn->services, &addresses->ports);
    weir_buffer_clear(conn->services, &addresses->addresses);
}
