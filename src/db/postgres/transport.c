/* SPDX-License-Identifier: MIT */
/*
 * Where the servers are and whether the way there is encrypted. What crosses
 * a network is encrypted and the server's name verified unless the URL says
 * otherwise; what could be taken off by somebody in between (sslmode allow
 * and prefer, and require, which encrypts to anybody) is not offered.
 */
#include "wpg.h"

#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { TLS_DISABLE = 0, TLS_VERIFY_CA, TLS_VERIFY_FULL };
enum {
    MODE_DISABLE = 0,
    MODE_ALLOW,
    MODE_PREFER,
    MODE_REQUIRE,
    MODE_VERIFY_CA,
    MODE_VERIFY_FULL
};

/* ------------------------------------------------------------------- hosts */

static weir_status too_long(weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_CONFIG,
                          "the hosts of the URL are too many or too long");
}

static bool append(char *list, const char *text, size_t size)
{
    size_t used = strlen(list);

    if (used + size + 1 > WPG_HOSTS_SIZE)
        return false;
    memcpy(list + used, text, size);
    list[used + size] = '\0';
    return true;
}

/* "host:port", "host" or "[::1]:5432", of SQLAlchemy's ?host=…&host=…. */
static bool add_host(wpg_transport *out, const char *text)
{
    bool bracket = text[0] == '[';
    const char *end = bracket ? strchr(text, ']') : NULL;
    const char *colon = strrchr(end ? end : text, ':');
    size_t size;

    /* An address of version 6 without brackets has no port. */
    if (!bracket && colon && strchr(text, ':') != colon)
        colon = NULL;
    size = colon ? (size_t)(colon - text) : strlen(text);
    if (end)
        size = (size_t)(end - ++text);
    return (out->hosts[0] == '\0' ||
            (append(out->hosts, ",", 1) && append(out->ports, ",", 1))) &&
           append(out->hosts, text, size) &&
           (!colon || append(out->ports, colon + 1, strlen(colon + 1)));
}

/* Where the server of this machine has its socket. */
static const char *default_folder(void)
{
    static const char debian[] = "/var/run/postgresql";

    return access(debian, X_OK) == 0 ? debian : "/tmp";
}

static weir_status find_hosts(const weir_url *url,
                              const weir_option_value *options,
                              wpg_transport *out, weir_error *err)
{
    weir_url_parts parts = weir_url_get(url);
    const char *port = options[WPG_PORT].text;
    bool fits = true;

    for (size_t i = 0; i < weir_url_item_count(url) && fits; i++) {
        weir_url_item item = weir_url_item_at(url, i);

        if (strcmp(item.key, "host") == 0 && item.value[0] != '\0')
            fits = add_host(out, item.value);
    }
    if (fits && out->hosts[0] == '\0')
        fits =
            append(out->hosts,
                   parts.host && parts.host[0] ? parts.host : default_folder(),
                   strlen(parts.host && parts.host[0] ? parts.host
                                                      : default_folder()));
    if (fits && out->ports[strspn(out->ports, ",")] == '\0') {
        out->ports[0] = '\0';
        if (port && port[0] != '\0')
            fits = append(out->ports, port, strlen(port));
        else if (parts.port)
            snprintf(out->ports, sizeof out->ports, "%d", parts.port);
    }
    return fits ? WEIR_OK : too_long(err);
}

static bool is_loopback(const char *host, size_t size)
{
    char name[64];

    if (size >= sizeof name)
        return false;
    memcpy(name, host, size);
    name[size] = '\0';
    return strcasecmp(name, "localhost") == 0 || strcmp(name, "::1") == 0 ||
           (strncmp(name, "127.", 4) == 0 &&
            strspn(name, "0123456789.") == size);
}

static bool is_socket(const char *host)
{
    return *host == '/' || *host == '@';
}

/* What the list is about: all sockets, all on this machine. */
typedef struct reach {
    bool sockets;
    bool here;
} reach;

static reach look_at(const char *hosts)
{
    reach found = {true, true};

    while (*hosts) {
        size_t size = strcspn(hosts, ",");

        if (!is_socket(hosts)) {
            found.sockets = false;
            found.here = found.here && is_loopback(hosts, size);
        }
        hosts += size + (hosts[size] == ',');
    }
    return found;
}

/* --------------------------------------------------------------------- TLS */

static bool asks_for_plain(const weir_option_value *options)
{
    return (options[WPG_TLS].given && options[WPG_TLS].choice == TLS_DISABLE) ||
           (options[WPG_SSLMODE].given &&
            options[WPG_SSLMODE].choice == MODE_DISABLE);
}

static bool asks_for_tls(const weir_option_value *options)
{
    return (options[WPG_TLS].given && options[WPG_TLS].choice != TLS_DISABLE) ||
           (options[WPG_SSLMODE].given &&
            options[WPG_SSLMODE].choice >= MODE_REQUIRE) ||
           options[WPG_SSLROOTCERT].given || options[WPG_SSLCERT].given ||
           options[WPG_SSLKEY].given;
}

/* Only the chain is to be verified, not the server's name. */
static bool asks_for_chain(const weir_option_value *options)
{
    return (options[WPG_TLS].given &&
            options[WPG_TLS].choice == TLS_VERIFY_CA) ||
           (!options[WPG_TLS].given && options[WPG_SSLMODE].given &&
            options[WPG_SSLMODE].choice == MODE_VERIFY_CA);
}

static weir_status check_tls(const weir_option_value *options, reach to,
                             weir_error *err)
{
    bool plain = asks_for_plain(options), wanted = asks_for_tls(options);
    int mode = options[WPG_SSLMODE].given ? options[WPG_SSLMODE].choice : -1;

    if (mode == MODE_ALLOW || mode == MODE_PREFER)
        return weir_error_set(err, WEIR_ERR_CONFIG,
                              "option sslmode: encryption that anybody in "
                              "between can take off is not offered; write "
                              "verify-full, and sslrootcert for an authority "
                              "of your own, or disable");
    if (plain && wanted)
        return weir_error_set(err, WEIR_ERR_CONFIG,
                              "the URL asks for TLS and against it; leave "
                              "tls=disable or the ssl options away");
    if (wanted && to.sockets)
        return weir_error_set(err, WEIR_ERR_CONFIG,
                              "a unix socket has no TLS; leave the ssl "
                              "options away");
    return WEIR_OK;
}

/* libpq knows the system's authorities by name from version 16 on. */
static const char *system_roots(void)
{
    static const char *const files[] = {"/etc/ssl/certs/ca-certificates.crt",
                                        "/etc/pki/tls/certs/ca-bundle.crt",
                                        "/etc/ssl/cert.pem"};

    if (PQlibVersion() >= 160000)
        return "system";
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (access(files[i], R_OK) == 0)
            return files[i];
    }
    return files[0];
}

/* ---------------------------------------------------------------- settings */

static void set(wpg_transport *out, const char *name, const char *value)
{
    if (!value || value[0] == '\0')
        return;
    out->settings[out->count++] = (wpg_setting){name, value};
}

static void set_tls(wpg_transport *out, const weir_option_value *options)
{
    bool chain = asks_for_chain(options);
    const char *roots = options[WPG_SSLROOTCERT].text;

    if (!out->tls) {
        set(out, "sslmode", "disable");
        return;
    }
    set(out, "sslmode", chain ? "verify-ca" : "verify-full");
    set(out, "sslrootcert", roots && roots[0] ? roots : system_roots());
}

static void set_options(wpg_transport *out, const weir_option_value *options)
{
    static const enum wpg_option passed[] = {
        WPG_HOSTADDR,         WPG_SSLCRL,           WPG_SSLCERT,
        WPG_SSLKEY,           WPG_SSLPASSWORD,      WPG_SSL_MIN_VERSION,
        WPG_SSL_MAX_VERSION,  WPG_CHANNEL_BINDING,  WPG_REQUIREPEER,
        WPG_TARGET,           WPG_OPTIONS,          WPG_PASSFILE,
        WPG_KEEPALIVES,       WPG_KEEPALIVES_IDLE,  WPG_KEEPALIVES_INTERVAL,
        WPG_KEEPALIVES_COUNT, WPG_TCP_USER_TIMEOUT, WPG_FALLBACK_NAME,
    };

    for (size_t i = 0; i < sizeof passed / sizeof passed[0]; i++)
        set(out, wpg_options[passed[i]].name, options[passed[i]].text);
}

weir_status wpg_transport_of(const weir_url *url,
                             const weir_option_value *options,
                             wpg_transport *out, weir_error *err)
{
    const char *addresses = options[WPG_HOSTADDR].text;
    reach to;

    *out = (wpg_transport){.count = 0};
    if (find_hosts(url, options, out, err) != WEIR_OK)
        return err->status;
    to = look_at(addresses && addresses[0] ? addresses : out->hosts);
    if (check_tls(options, to, err) != WEIR_OK)
        return err->status;
    out->tls = asks_for_tls(options) || (!asks_for_plain(options) && !to.here);
    set(out, "host", out->hosts);
    set(out, "port", out->ports);
    set(out, "dbname", weir_url_get(url).database);
    set(out, "client_encoding", "UTF8");
    set(out, "gssencmode", "disable");
    set_tls(out, options);
    set_options(out, options);
    return WEIR_OK;
}
