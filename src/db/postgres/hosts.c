/* SPDX-License-Identifier: MIT */
/*
 * libpq goes to the next host when one refuses, but while it connects without
 * blocking it does not when one is silent. Whoever waits then begins again
 * with those behind it: a shorter list.
 */
#include "hosts.h"

#include <string.h>

/* Where the setting of that name is; `count` if there is none. */
static size_t find(const wpg_transport *transport, const char *name)
{
    size_t i = 0;

    while (i < transport->count &&
           strcmp(transport->settings[i].name, name) != 0)
        i++;
    return i;
}

static const char *list(const wpg_transport *transport, const char *name)
{
    size_t i = find(transport, name);

    return i < transport->count ? transport->settings[i].value : "";
}

/* What stands behind `index` commas; "" if there are fewer. */
static const char *from(const char *list, size_t index)
{
    for (; index > 0 && *list; index--) {
        list += strcspn(list, ",");
        list += *list == ',';
    }
    return list;
}

static bool is(const char *list, size_t index, const char *wanted)
{
    const char *entry = from(list, index);
    size_t size = strcspn(entry, ",");

    return wanted && strlen(wanted) == size &&
           strncmp(entry, wanted, size) == 0;
}

static bool is_empty(const char *list, size_t index)
{
    return is(list, index, "");
}

size_t wpg_hosts_count(const wpg_transport *transport)
{
    size_t count = 1;

    for (const char *at = list(transport, "host"); *at; at++)
        count += *at == ',';
    return count;
}

size_t wpg_hosts_at(const wpg_transport *transport, const PGconn *pg)
{
    const char *hosts = list(transport, "host");
    const char *addresses = list(transport, "hostaddr");
    const char *ports = list(transport, "port");
    size_t count = wpg_hosts_count(transport);

    for (size_t i = 0; i < count; i++) {
        const char *named = is_empty(hosts, i) ? addresses : hosts;

        if (is(named, i, PQhost(pg)) &&
            (is_empty(addresses, i) || is(addresses, i, PQhostaddr(pg))) &&
            (!strchr(ports, ',') || is_empty(ports, i) ||
             is(ports, i, PQport(pg))))
            return i;
    }
    return count - 1;
}

static void skip(wpg_transport *transport, const char *name, size_t count)
{
    size_t i = find(transport, name);
    const char **value = &transport->settings[i].value;

    if (i < transport->count && strchr(*value, ','))
        *value = from(*value, count);
}

void wpg_hosts_skip(wpg_transport *transport, size_t last)
{
    skip(transport, "host", last + 1);
    skip(transport, "hostaddr", last + 1);
    skip(transport, "port", last + 1);
}
