/* SPDX-License-Identifier: MIT */
/*
 * MariaDB and MySQL as a backend: names, dialect, options. The one external
 * symbol of the folder is weir_backend_mysql.
 */
#include "wmy.h"

#include <strings.h>

static const char *const schemes[] = {"mysql", "mariadb", NULL};
static const char *const driver_names[] = {
    "pymysql",  "mysqldb", "mariadbconnector", "mysqlconnector", "mysqlclient",
    "aiomysql", "asyncmy", "cymysql",          "pyodbc",         NULL};
static const char *const tls_modes[] = {"disable", "verify-ca", "verify-full",
                                        NULL};
/* As MySQL's own tools have them, and libpq's for those who mix them up. */
static const char *const ssl_modes[] = {
    "disabled",    "preferred",   "required",        "verify_ca", "verify-ca",
    "verify_full", "verify-full", "verify_identity", NULL};
static const char *const charsets[] = {"utf8mb4", "utf8", "utf8mb3", NULL};

#define OF_PYTHON "it belongs to a Python driver"
#define BY_DEADLINE "deadlines are Weir's: statement_timeout"

/* clang-format off */
const weir_option_spec wmy_options[] = {
    [WMY_UNIX_SOCKET] = {.name = "unix_socket",
        .note = "the server's socket, instead of host and port"},
    [WMY_CHARSET] = {.name = "charset", .kind = WEIR_OPTION_CHOICE,
        .fallback = "utf8mb4", .choices = charsets,
        .note = "text is always exchanged as utf8mb4"},
    [WMY_TLS] = {.name = "tls", .kind = WEIR_OPTION_CHOICE,
        .choices = tls_modes,
        .note = "verify-full to other hosts, disable to this one"},
    [WMY_SSL_CA] = {.name = "ssl_ca",
        .note = "file of the certificate authorities to trust"},
    [WMY_SSL_CAPATH] = {.name = "ssl_capath",
        .note = "folder of the certificate authorities to trust"},
    [WMY_SSL_CERT] = {.name = "ssl_cert",
        .note = "file of the client's certificate"},
    [WMY_SSL_KEY] = {.name = "ssl_key", .note = "file of the client's key"},
    [WMY_SSL_CIPHER] = {.name = "ssl_cipher", .note = "ciphers to allow"},
    [WMY_TLS_VERSION] = {.name = "tls_version",
        .note = "versions to allow: TLSv1.2,TLSv1.3"},
    [WMY_SSL_MODE] = {.name = "ssl_mode", .kind = WEIR_OPTION_CHOICE,
        .choices = ssl_modes, .note = "another spelling of tls"},
    [WMY_SSL_DISABLED] = {.name = "ssl_disabled", .kind = WEIR_OPTION_BOOLEAN,
        .note = "another spelling of tls=disable"},
    [WMY_SSL_VERIFY_CERT] = {.name = "ssl_verify_cert",
        .kind = WEIR_OPTION_BOOLEAN, .note = "always on"},
    [WMY_SSL_VERIFY_IDENTITY] = {.name = "ssl_verify_identity",
        .kind = WEIR_OPTION_BOOLEAN, .note = "always on"},
    [WMY_SSL] = {.name = "ssl", .kind = WEIR_OPTION_BOOLEAN,
        .note = "true: tls=verify-full, false: tls=disable"},
    [WMY_GET_PUBLIC_KEY] = {.name = "get_server_public_key",
        .kind = WEIR_OPTION_BOOLEAN,
        .note = "encrypt the password with the key that the server gives, "
                "without TLS; default only to this host"},
    [WMY_SQL_MODE] = {.name = "sql_mode",
        .note = "of each session; strict in any case"},
    [WMY_INIT_COMMAND] = {.name = "init_command",
        .note = "one statement that each session begins with"},
    [WMY_LOCAL_INFILE] = {.name = "local_infile",
        .kind = WEIR_OPTION_BOOLEAN, .fallback = "off",
        .note = "always off: a server could ask for any file"},
    [WMY_MAX_ALLOWED_PACKET] = {.name = "max_allowed_packet",
        .kind = WEIR_OPTION_INTEGER, .fallback = "67108864",
        .min = 1048576, .max = 1073741824,
        .note = "bytes of the largest row or statement"},
    [WMY_PROGRAM_NAME] = {.name = "program_name",
        .note = "what the server is told; application_name wins"},
    [WMY_BIND_ADDRESS] = {.name = "bind_address",
        .note = "this host's address to connect from"},
    {.name = "sslmode", .kind = WEIR_OPTION_ALIAS, .target = "ssl_mode"},
    {.name = "ssl_check_hostname", .kind = WEIR_OPTION_ALIAS,
        .target = "ssl_verify_identity"},
    {.name = "max_packet", .kind = WEIR_OPTION_ALIAS,
        .target = "max_allowed_packet"},
    {.name = "read_timeout", .kind = WEIR_OPTION_IGNORED, .note = BY_DEADLINE},
    {.name = "write_timeout", .kind = WEIR_OPTION_IGNORED,
        .note = BY_DEADLINE},
    {.name = "autocommit", .kind = WEIR_OPTION_IGNORED,
        .note = "isolation_level=AUTOCOMMIT is Weir's"},
    {.name = "read_default_file", .kind = WEIR_OPTION_IGNORED,
        .note = "option files are not read"},
    {.name = "read_default_group", .kind = WEIR_OPTION_IGNORED,
        .note = "option files are not read"},
    {.name = "use_unicode", .kind = WEIR_OPTION_IGNORED, .note = OF_PYTHON},
    {.name = "binary_prefix", .kind = WEIR_OPTION_IGNORED, .note = OF_PYTHON},
    {.name = "cursorclass", .kind = WEIR_OPTION_IGNORED, .note = OF_PYTHON},
    {.name = "conv", .kind = WEIR_OPTION_IGNORED, .note = OF_PYTHON},
    {.name = "defer_connect", .kind = WEIR_OPTION_IGNORED, .note = OF_PYTHON},
    {.name = "client_flag", .kind = WEIR_OPTION_IGNORED, .note = OF_PYTHON},
    {.name = "compress", .kind = WEIR_OPTION_IGNORED,
        .note = "packets are not compressed"},
    {.name = NULL},
};
/* clang-format on */

static const weir_dialect dialect = {
    .size = sizeof(weir_dialect),
    .name = "MariaDB",
    .placeholder = WEIR_PLACEHOLDER_QUESTION,
    .lexical = WEIR_LEX_BACKSLASH | WEIR_LEX_HASH_COMMENT | WEIR_LEX_BACKTICK |
               WEIR_LEX_DASH_NEEDS_SPACE,
    .identifier_quote = '`',
    .identifier_characters_max = 64,
    .isolation_levels = 1u << WEIR_READ_UNCOMMITTED |
                        1u << WEIR_READ_COMMITTED | 1u << WEIR_REPEATABLE_READ |
                        1u << WEIR_SERIALIZABLE,
    .parameter_max = 65535,
};

/* Options whose values only make sense together are looked at when the engine
 * opens; wmy_attach() does it with the values at hand. */
static weir_status check_url(const weir_url *url, weir_error *err)
{
    const char *value = weir_url_find(url, "local_infile");

    if (value && strcasecmp(value, "0") != 0 &&
        strcasecmp(value, "false") != 0 && strcasecmp(value, "off") != 0 &&
        strcasecmp(value, "no") != 0)
        return weir_error_set(err, WEIR_ERR_CONFIG,
                              "option local_infile: a server could ask for "
                              "any file; it is always off");
    return WEIR_OK;
}

extern const weir_backend weir_backend_mysql;
const weir_backend weir_backend_mysql = {
    .abi = WEIR_BACKEND_ABI,
    .name = "mysql",
    .schemes = schemes,
    .driver_names = driver_names,
    .dialect = &dialect,
    .driver = &wmy_driver,
    .capabilities = WEIR_CAN_TRANSACT | WEIR_CAN_SAVEPOINT |
                    WEIR_CAN_READ_ONLY | WEIR_CAN_CANCEL | WEIR_CAN_DEADLINE |
                    WEIR_CAN_TWO_PHASE | WEIR_CAN_RETURNING | WEIR_CAN_KEYS |
                    WEIR_CAN_SHARE | WEIR_HAS_TEXT_NUL | WEIR_HAS_U64 |
                    WEIR_HAS_SQL | WEIR_HAS_TYPED_COLUMNS,
    .default_isolation = WEIR_REPEATABLE_READ,
    .options = wmy_options,
    .check_url = check_url,
};
