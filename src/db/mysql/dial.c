/* SPDX-License-Identifier: MIT */
/*
 * Connecting. Everything that libmariadb would rather decide by itself is
 * said: TCP or socket, character set, no option files, no local files, no
 * several statements in one, and how a password may travel.
 */
#include "wmy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { SECONDS_MAX = 3600 };

/* libmariadb's first call of all is not made for two threads at once. */
static void start_library(void)
{
    (void)mysql_library_init(0, NULL, NULL);
}

static MYSQL *new_handle(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    (void)pthread_once(&once, start_library);
    return mysql_init(NULL);
}

static void set_text(MYSQL *mysql, enum mysql_option option,
                     const weir_option_value *value)
{
    if (value->text && value->text[0] != '\0')
        mysql_options(mysql, option, value->text);
}

static void set_tls(MYSQL *mysql, const weir_option_value *options)
{
    my_bool yes = 1;

    mysql_options(mysql, MYSQL_OPT_SSL_ENFORCE, &yes);
    mysql_options(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &yes);
    set_text(mysql, MYSQL_OPT_SSL_CA, &options[WMY_SSL_CA]);
    set_text(mysql, MYSQL_OPT_SSL_CAPATH, &options[WMY_SSL_CAPATH]);
    set_text(mysql, MYSQL_OPT_SSL_CERT, &options[WMY_SSL_CERT]);
    set_text(mysql, MYSQL_OPT_SSL_KEY, &options[WMY_SSL_KEY]);
    set_text(mysql, MYSQL_OPT_SSL_CIPHER, &options[WMY_SSL_CIPHER]);
    set_text(mysql, MARIADB_OPT_TLS_VERSION, &options[WMY_TLS_VERSION]);
}

/* Whole seconds, for what the hook does not see (a name being resolved, the
 * first bytes of a handshake that came before anybody waited). */
static void set_timeout(const wmy_conn *conn, MYSQL *mysql)
{
    int64_t left;
    unsigned seconds;

    if (conn->wait.deadline == WEIR_NO_DEADLINE)
        return;
    left = conn->wait.deadline - weir_services_now(conn->services);
    left = left / INT64_C(1000000000) + 1;
    seconds = left < 1 ? 1u : left > SECONDS_MAX ? SECONDS_MAX : (unsigned)left;
    mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &seconds);
}

static void set_options(const wmy_conn *conn, const wmy_transport *transport,
                        const char *program_name)
{
    const weir_option_value *options = conn->options;
    MYSQL *mysql = conn->mysql;
    unsigned protocol =
        transport->socket ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
    unsigned no_files = 0;
    my_bool no = 0;
    size_t packet_max = (size_t)options[WMY_MAX_ALLOWED_PACKET].integer;

    mysql_options(mysql, MYSQL_OPT_PROTOCOL, &protocol);
    mysql_options(mysql, MYSQL_OPT_LOCAL_INFILE, &no_files);
    mysql_options(mysql, MYSQL_OPT_RECONNECT, &no);
    mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    mysql_options(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet_max);
    mysql_optionsv(mysql, MARIADB_OPT_IO_WAIT, wmy_wait_hook);
    mysql_optionsv(mysql, MARIADB_OPT_RESTRICTED_AUTH, transport->auth);
    set_text(mysql, MYSQL_OPT_BIND, &options[WMY_BIND_ADDRESS]);
    if (program_name && program_name[0] != '\0')
        mysql_options4(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name",
                       program_name);
    if (transport->tls)
        set_tls(mysql, options);
    set_timeout(conn, mysql);
}

/* A program that this one starts must not hold the connection. */
static void set_descriptor(wmy_conn *conn)
{
    int fd = mysql_get_socket(conn->mysql);
    int flags = fcntl(fd, F_GETFD);

    if (flags >= 0)
        (void)fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
    flags = fcntl(fd, F_GETFL);
    if (flags >= 0)
        conn->wait.connected = fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

/* The error of connecting says where to. */
static weir_status tell_where(wmy_conn *conn, const wmy_transport *transport,
                              weir_error *err)
{
    weir_error why;

    if (conn->mysql)
        wmy_fail(conn, &why);
    else
        wmy_explain_wait(conn, &why);
    if (transport->socket)
        weir_error_set(err, why.status, "cannot connect to \"%.80s\": %.200s",
                       transport->socket, why.message);
    else
        weir_error_set(err, why.status,
                       "cannot connect to \"%.80s\" port %u: %.200s",
                       transport->host, transport->port, why.message);
    /* Whatever the library calls it, nothing was done on it. */
    if (err->status == WEIR_ERR_SQL || err->status == WEIR_ERR_COMMIT_UNKNOWN)
        err->status = WEIR_ERR_CONNECTION;
    err->fate = WEIR_FATE_DISCARD;
    err->native_code = why.native_code;
    memcpy(err->sqlstate, why.sqlstate, sizeof err->sqlstate);
    return err->status;
}

bool wmy_connect_here(MYSQL *mysql, const wmy_target *target)
{
    return mysql_real_connect(mysql, target->host, target->user,
                              target->password, target->database, target->port,
                              target->socket,
                              CLIENT_FOUND_ROWS | CLIENT_MULTI_RESULTS) != NULL;
}

static bool is_address(const char *host)
{
    unsigned char address[16];

    return inet_pton(AF_INET, host, address) == 1 ||
           inet_pton(AF_INET6, host, address) == 1;
}

/* Whether all waiting of this connecting goes through the hook. ("localhost"
 * is looked up in a file.) */
static bool never_blocks(const wmy_conn *conn, const wmy_transport *transport)
{
    return !transport->tls && transport->host &&
           !conn->options[WMY_BIND_ADDRESS].given &&
           (is_address(transport->host) ||
            strcasecmp(transport->host, "localhost") == 0);
}

/* An absent password is an empty one; NULL would be taken from the
 * environment. */
static bool connect_to(wmy_conn *conn, const wmy_transport *transport,
                       const wmy_credentials *credentials)
{
    const char *database = weir_url_get(conn->url).database;
    const wmy_target target = {
        .host = transport->socket ? NULL : transport->host,
        .port = transport->port,
        .socket = transport->socket,
        .user = credentials->user ? credentials->user : "",
        .password = credentials->password ? credentials->password : "",
        .database = database && database[0] != '\0' ? database : NULL,
    };

    if (never_blocks(conn, transport))
        return wmy_connect_here(conn->mysql, &target);
    return wmy_connect_aside(conn, &target);
}

weir_status wmy_dial(wmy_conn *conn, const wmy_credentials *credentials,
                     weir_error *err)
{
    wmy_transport transport;

    if (wmy_transport_of(conn->url, conn->options, &transport, err) != WEIR_OK)
        return err->status;
    conn->mysql = new_handle();
    if (!conn->mysql)
        return wmy_nomem(err);
    set_options(conn, &transport, credentials->program_name);
    if (!connect_to(conn, &transport, credentials))
        return tell_where(conn, &transport, err);
    set_descriptor(conn);
    if (transport.tls && !mysql_get_ssl_cipher(conn->mysql)) {
        weir_error_set(err, WEIR_ERR_CONNECTION,
                       "the connection to \"%.80s\" is not encrypted",
                       transport.host);
        err->fate = WEIR_FATE_DISCARD;
        return err->status;
    }
    return WEIR_OK;
}

/* The library's goodbye goes where nobody listens. */
void wmy_hang_up(wmy_conn *conn)
{
    int fd = conn->mysql ? mysql_get_socket(conn->mysql) : -1;
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (fd >= 0 && nowhere >= 0)
        (void)dup2(nowhere, fd);
    if (nowhere >= 0)
        close(nowhere);
    if (nowhere >= 0 || fd < 0)
        mysql_close(conn->mysql);
    conn->mysql = NULL;
}
