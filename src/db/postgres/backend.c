/* SPDX-License-Identifier: MIT */
/*
 * PostgreSQL as a backend: names, dialect, options. The one external symbol
 * of the folder is weir_backend_postgres.
 */
#include "wpg.h"

static const char *const schemes[] = {"postgresql", "postgres", NULL};
static const char *const driver_names[] = {
    "psycopg2",     "psycopg",      "psycopg_async",
    "psycopg2cffi", "pg8000",       "asyncpg",
    "pygresql",     "pypostgresql", NULL};
static const char *const tls_modes[] = {"disable", "verify-ca", "verify-full",
                                        NULL};
static const char *const ssl_modes[] = {
    "disable", "allow", "prefer", "require", "verify-ca", "verify-full", NULL};
static const char *const bindings[] = {"disable", "prefer", "require", NULL};
static const char *const targets[] = {"any",     "read-write", "read-only",
                                      "primary", "standby",    "prefer-standby",
                                      NULL};
static const char *const encodings[] = {"utf8", "utf-8", "unicode", NULL};

#define OF_PYTHON "it belongs to a Python driver"

/* clang-format off */
const weir_option_spec wpg_options[] = {
    [WPG_HOST] = {.name = "host",
        .note = "a host with or without port, or a socket's folder; repeat it "
                "for several, which are tried in turn"},
    [WPG_HOSTADDR] = {.name = "hostaddr",
        .note = "the host's address, so that no name is resolved"},
    [WPG_PORT] = {.name = "port", .note = "of the server, or one for each"},
    [WPG_TLS] = {.name = "tls", .kind = WEIR_OPTION_CHOICE,
        .choices = tls_modes,
        .note = "verify-full to other hosts, disable to this one"},
    [WPG_SSLMODE] = {.name = "sslmode", .kind = WEIR_OPTION_CHOICE,
        .choices = ssl_modes,
        .note = "another spelling of tls; require verifies fully"},
    [WPG_SSLROOTCERT] = {.name = "sslrootcert",
        .note = "file of the certificate authorities to trust"},
    [WPG_SSLCRL] = {.name = "sslcrl", .note = "file of revoked certificates"},
    [WPG_SSLCERT] = {.name = "sslcert",
        .note = "file of the client's certificate"},
    [WPG_SSLKEY] = {.name = "sslkey", .note = "file of the client's key"},
    [WPG_SSLPASSWORD] = {.name = "sslpassword", .secret = true,
        .note = "of the client's key"},
    [WPG_SSL_MIN_VERSION] = {.name = "ssl_min_protocol_version",
        .note = "TLSv1.2 or TLSv1.3"},
    [WPG_SSL_MAX_VERSION] = {.name = "ssl_max_protocol_version",
        .note = "TLSv1.2 or TLSv1.3"},
    [WPG_CHANNEL_BINDING] = {.name = "channel_binding",
        .kind = WEIR_OPTION_CHOICE, .choices = bindings,
        .note = "require: the password proves that nobody sits in between"},
    [WPG_REQUIREPEER] = {.name = "requirepeer",
        .note = "the user that the server of a socket must run as"},
    [WPG_TARGET] = {.name = "target_session_attrs",
        .kind = WEIR_OPTION_CHOICE, .choices = targets,
        .note = "of several hosts, which to take"},
    [WPG_OPTIONS] = {.name = "options",
        .note = "settings of each session: -c name=value"},
    [WPG_PASSFILE] = {.name = "passfile",
        .note = "file of passwords, if the URL has none"},
    [WPG_KEEPALIVES] = {.name = "keepalives", .kind = WEIR_OPTION_INTEGER,
        .min = 0, .max = 1, .note = "probes of an idle connection"},
    [WPG_KEEPALIVES_IDLE] = {.name = "keepalives_idle",
        .kind = WEIR_OPTION_INTEGER, .min = 0, .max = 86400,
        .note = "seconds before the first probe"},
    [WPG_KEEPALIVES_INTERVAL] = {.name = "keepalives_interval",
        .kind = WEIR_OPTION_INTEGER, .min = 0, .max = 86400,
        .note = "seconds between probes"},
    [WPG_KEEPALIVES_COUNT] = {.name = "keepalives_count",
        .kind = WEIR_OPTION_INTEGER, .min = 0, .max = 127,
        .note = "lost probes before the connection is"},
    [WPG_TCP_USER_TIMEOUT] = {.name = "tcp_user_timeout",
        .kind = WEIR_OPTION_INTEGER, .min = 0, .max = 86400000,
        .note = "milliseconds that sent data may stay unconfirmed"},
    [WPG_FALLBACK_NAME] = {.name = "fallback_application_name",
        .note = "what the server is told without application_name"},
    [WPG_PREPARED] = {.name = "prepared_statements",
        .kind = WEIR_OPTION_BOOLEAN, .fallback = "on",
        .note = "off behind a pooler that mixes sessions (PgBouncer)"},
    [WPG_CLIENT_ENCODING] = {.name = "client_encoding",
        .kind = WEIR_OPTION_CHOICE, .fallback = "utf8", .choices = encodings,
        .note = "text is always exchanged as UTF-8"},
    {.name = "gssencmode", .kind = WEIR_OPTION_IGNORED,
        .note = "encryption is by TLS"},
    {.name = "krbsrvname", .kind = WEIR_OPTION_IGNORED,
        .note = "Kerberos is not used"},
    {.name = "sslcompression", .kind = WEIR_OPTION_IGNORED,
        .note = "nothing is compressed"},
    {.name = "prepared_statement_cache_size", .kind = WEIR_OPTION_IGNORED,
        .note = "statement_cache_size is Weir's"},
    {.name = "executemany_mode", .kind = WEIR_OPTION_IGNORED,
        .note = OF_PYTHON},
    {.name = "prepare_threshold", .kind = WEIR_OPTION_IGNORED,
        .note = OF_PYTHON},
    {.name = "async_fallback", .kind = WEIR_OPTION_IGNORED, .note = OF_PYTHON},
    {.name = "use_native_uuid", .kind = WEIR_OPTION_IGNORED,
        .note = OF_PYTHON},
    {.name = NULL},
};
/* clang-format on */

static const weir_dialect dialect = {
    .size = sizeof(weir_dialect),
    .name = "PostgreSQL",
    .placeholder = WEIR_PLACEHOLDER_DOLLAR,
    .lexical =
        WEIR_LEX_E_STRING | WEIR_LEX_DOLLAR_QUOTE | WEIR_LEX_NESTED_COMMENT,
    .identifier_quote = '"',
    .identifier_bytes_max = 63,
    .isolation_levels = 1u << WEIR_READ_UNCOMMITTED |
                        1u << WEIR_READ_COMMITTED | 1u << WEIR_REPEATABLE_READ |
                        1u << WEIR_SERIALIZABLE,
    .parameter_max = 65535,
};

extern const weir_backend weir_backend_postgres;
const weir_backend weir_backend_postgres = {
    .abi = WEIR_BACKEND_ABI,
    .name = "postgres",
    .schemes = schemes,
    .driver_names = driver_names,
    .dialect = &dialect,
    .driver = &wpg_driver,
    .capabilities = WEIR_CAN_TRANSACT | WEIR_CAN_SAVEPOINT |
                    WEIR_CAN_READ_ONLY | WEIR_CAN_CANCEL | WEIR_CAN_DEADLINE |
                    WEIR_CAN_TWO_PHASE | WEIR_CAN_NOTIFY | WEIR_CAN_TX_OUTCOME |
                    WEIR_CAN_RETURNING | WEIR_CAN_SHARE |
                    WEIR_CAN_DDL_ROLLBACK | WEIR_HAS_NAN | WEIR_HAS_INFINITY |
                    WEIR_HAS_MINUS_ZERO | WEIR_HAS_SQL |
                    WEIR_HAS_TYPED_COLUMNS | WEIR_CAN_SUBMIT,
    .default_isolation = WEIR_READ_COMMITTED,
    .options = wpg_options,
};
