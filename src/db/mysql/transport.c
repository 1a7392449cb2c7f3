/* SPDX-License-Identifier: MIT */
/*
 * Where the server is and whether the way there is encrypted. What crosses a
 * network is encrypted and the server's name verified unless the URL says
 * tls=disable; there is nothing in between. libmariadb 3.3 lets go of TLS
 * without a word if a server (or whoever sits in the way) does not offer it,
 * except under full verification, so all spellings of "on" mean that.
 */
#include "wmy.h"

#include <string.h>
#include <strings.h>

enum { TLS_DISABLE = 0, TLS_VERIFY_CA, TLS_VERIFY_FULL };
enum { MODE_DISABLED = 0, MODE_PREFERRED };
enum { PORT = 3306 };

/* Answers to a challenge: the password itself is not sent. */
#define SAFE_AUTH "mysql_native_password,client_ed25519"
/* May encrypt it with a key that the server gives: whoever plays the server
 * can then read it. */
#define KEY_AUTH SAFE_AUTH ",caching_sha2_password,sha256_password"
#define CLEAR_AUTH KEY_AUTH ",mysql_clear_password"

static bool is_loopback(const char *host)
{
    return strcasecmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 ||
           (strncmp(host, "127.", 4) == 0 &&
            strspn(host, "0123456789.") == strlen(host));
}

static bool is_off(const weir_option_value *option)
{
    return option->given && !option->boolean;
}

static bool is_on(const weir_option_value *option)
{
    return option->given && option->boolean;
}

/* The names that PyMySQL, mysqlclient and MySQL's tools have for "off". */
static bool asks_for_plain(const weir_option_value *options)
{
    return (options[WMY_TLS].given && options[WMY_TLS].choice == TLS_DISABLE) ||
           (options[WMY_SSL_MODE].given &&
            options[WMY_SSL_MODE].choice == MODE_DISABLED) ||
           is_on(&options[WMY_SSL_DISABLED]) || is_off(&options[WMY_SSL]);
}

static bool asks_for_tls(const weir_option_value *options)
{
    return (options[WMY_TLS].given && options[WMY_TLS].choice != TLS_DISABLE) ||
           (options[WMY_SSL_MODE].given &&
            options[WMY_SSL_MODE].choice > MODE_PREFERRED) ||
           is_on(&options[WMY_SSL]) || options[WMY_SSL_CA].given ||
           options[WMY_SSL_CAPATH].given || options[WMY_SSL_CERT].given ||
           options[WMY_SSL_KEY].given;
}

/* What would encrypt without knowing to whom. */
static weir_status refuse_half(const weir_option_value *options,
                               weir_error *err)
{
    const char *name = NULL;

    if (is_off(&options[WMY_SSL_VERIFY_CERT]))
        name = "ssl_verify_cert";
    else if (is_off(&options[WMY_SSL_VERIFY_IDENTITY]))
        name = "ssl_verify_identity";
    else if (options[WMY_SSL_MODE].given &&
             options[WMY_SSL_MODE].choice == MODE_PREFERRED)
        name = "ssl_mode";
    if (!name)
        return WEIR_OK;
    return weir_error_set(err, WEIR_ERR_CONFIG,
                          "option %s: encryption that anybody in between can "
                          "take off is not offered; name the certificate "
                          "authority with ssl_ca, or write tls=disable",
                          name);
}

static weir_status decide_tls(const weir_option_value *options,
                              wmy_transport *out, weir_error *err)
{
    bool plain = asks_for_plain(options);
    bool wanted = asks_for_tls(options);
    weir_status status = refuse_half(options, err);

    if (status != WEIR_OK)
        return status;
    if (plain && wanted)
        return weir_error_set(err, WEIR_ERR_CONFIG,
                              "the URL asks for TLS and against it; leave "
                              "tls=disable or the ssl options away");
    if (wanted && out->socket)
        return weir_error_set(err, WEIR_ERR_CONFIG,
                              "a unix socket has no TLS; leave the ssl "
                              "options away");
    out->tls = wanted || (!plain && out->host && !is_loopback(out->host));
    return WEIR_OK;
}

/* MySQL 8 logs in by a key if it has not seen the password lately; to this
 * host that is taken as safe, as plain text is. */
static const char *decide_auth(const weir_option_value *options,
                               const wmy_transport *way)
{
    const weir_option_value *asked = &options[WMY_GET_PUBLIC_KEY];

    if (way->tls)
        return CLEAR_AUTH;
    if (asked->given)
        return asked->boolean ? KEY_AUTH : SAFE_AUTH;
    return way->socket || is_loopback(way->host) ? KEY_AUTH : SAFE_AUTH;
}

weir_status wmy_transport_of(const weir_url *url,
                             const weir_option_value *options,
                             wmy_transport *out, weir_error *err)
{
    weir_url_parts parts = weir_url_get(url);
    const char *socket = options[WMY_UNIX_SOCKET].text;
    wmy_transport found = {0};

    if (socket && socket[0] != '\0') {
        found.socket = socket;
    } else {
        found.host = parts.host && parts.host[0] ? parts.host : "localhost";
        found.port = parts.port ? (unsigned)parts.port : PORT;
    }
    if (decide_tls(options, &found, err) != WEIR_OK)
        return err->status;
    found.auth = decide_auth(options, &found);
    *out = found;
    return WEIR_OK;
}
