/* SPDX-License-Identifier: MIT */
/*
 * Where the data are: from the URL to the name that sqlite3_open_v2() gets.
 *
 * That name is always a URI that we write ourselves, with every special
 * character of the path escaped, so that no path and no query of a URL can
 * reach parameters of SQLite that are not in our table (`vfs` above all).
 */
#include "sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FORMS                                                                  \
    "sqlite:///relative/path.db, sqlite:////absolute/path.db or sqlite:// "    \
    "for a database in memory"

/* -------------------------------------------------------------------- check */

/* Query keys that mean encryption, or a file system of somebody else's. */
static const char *const refused[] = {"vfs",    "key",      "hexkey", "textkey",
                                      "cipher", "kdf_iter", NULL};

static weir_status check_keys(const weir_url *url, weir_error *err)
{
    for (int i = 0; refused[i]; i++) {
        if (weir_url_find(url, refused[i]))
            return weir_error_set(
                err, WEIR_ERR_CONFIG, "SQLite: \"%s\" cannot be set by a URL%s",
                refused[i], i == 0 ? "" : "; files are not encrypted");
    }
    return WEIR_OK;
}

weir_status wsq_check_url(const weir_url *url, weir_error *err)
{
    weir_url_parts parts = weir_url_get(url);

    if (parts.user || parts.password)
        return weir_error_set(err, WEIR_ERR_CONFIG,
                              "SQLite has no users; write " FORMS);
    if (parts.port != 0)
        return weir_error_set(err, WEIR_ERR_CONFIG,
                              "SQLite has no port; write " FORMS);
    if (parts.host && parts.host[0] != '\0')
        return weir_error_set(err, WEIR_ERR_CONFIG,
                              "SQLite has no host, and \"%.60s\" stands where "
                              "one would (a slash is missing?); write " FORMS,
                              parts.host);
    return check_keys(url, err);
}

/* --------------------------------------------------------------------- name */

/* The path of a `file:` name: without the empty or local authority. */
static weir_status read_file_uri(const char *uri, const char **path,
                                 weir_error *err)
{
    const char *rest = uri + strlen("file:");

    if (strpbrk(rest, "?#"))
        return weir_error_set(err, WEIR_ERR_CONFIG,
                              "SQLite: \"%.80s\" has parameters inside the "
                              "name; write them after an unescaped ?",
                              uri);
    if (strncmp(rest, "///", 3) == 0)
        rest += 2;
    else if (strncmp(rest, "//localhost/", 12) == 0)
        rest += 11;
    else if (strncmp(rest, "//", 2) == 0)
        return weir_error_set(err, WEIR_ERR_CONFIG,
                              "SQLite: \"%.80s\" names another host", uri);
    *path = rest;
    return WEIR_OK;
}

static bool is_plain(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '/' || c == '.' || c == '_' ||
           c == '-';
}

/* Appends `path` with all but the plainest characters as %XX. */
static size_t escape(const char *path, char *out)
{
    static const char digits[] = "0123456789ABCDEF";
    size_t size = 0;

    for (; *path; path++) {
        if (is_plain(*path)) {
            out[size++] = *path;
            continue;
        }
        out[size++] = '%';
        out[size++] = digits[(unsigned char)*path >> 4];
        out[size++] = digits[(unsigned char)*path & 15];
    }
    out[size] = '\0';
    return size;
}

static weir_status no_memory(weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_NOMEM, "out of memory");
}

weir_status wsq_copy_text(const wsq_instance *instance, const char *text,
                          char **out, weir_error *err)
{
    size_t size = strlen(text) + 1;
    char *copy = weir_services_alloc(instance->services, size);

    if (!copy)
        return no_memory(err);
    memcpy(copy, text, size);
    *out = copy;
    return WEIR_OK;
}

static weir_status name_file(wsq_instance *instance, const char *path,
                             bool immutable, weir_error *err)
{
    static const char tail[] = "?immutable=1";
    size_t room = 3 * strlen(path) + sizeof "file://" + sizeof tail;
    size_t size;
    weir_status status = wsq_copy_text(instance, path, &instance->path, err);

    if (status != WEIR_OK)
        return status;
    instance->name = weir_services_alloc(instance->services, room);
    if (!instance->name)
        return no_memory(err);
    /* An absolute path after an empty authority: else "//x" would name the
     * host x. */
    size = path[0] == '/' ? sizeof "file://" - 1 : sizeof "file:" - 1;
    memcpy(instance->name, "file://", size);
    size += escape(path, instance->name + size);
    if (immutable)
        memcpy(instance->name + size, tail, sizeof tail);
    instance->flags |= SQLITE_OPEN_URI;
    return WEIR_OK;
}

static weir_status name_memory(wsq_instance *instance, const char *shared,
                               weir_error *err)
{
    weir_status status =
        wsq_copy_text(instance, ":memory:", &instance->path, err);

    instance->flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
    return status == WEIR_OK ? wsq_memory_keep(instance, shared, err) : status;
}

weir_status wsq_locate(wsq_instance *instance, const weir_attach_spec *spec,
                       weir_error *err)
{
    static const int flags[] = {
        [WSQ_MODE_RWC] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
        [WSQ_MODE_RW] = SQLITE_OPEN_READWRITE,
        [WSQ_MODE_RO] = SQLITE_OPEN_READONLY,
        [WSQ_MODE_MEMORY] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
    };
    const char *path = weir_url_get(spec->url).database;
    int mode = spec->options[WSQ_MODE].choice;
    bool shared = spec->options[WSQ_CACHE].choice == WSQ_CACHE_SHARED;
    weir_status status = wsq_check_url(spec->url, err);

    if (status == WEIR_OK && path && strncmp(path, "file:", 5) == 0)
        status = read_file_uri(path, &path, err);
    if (status != WEIR_OK)
        return status;
    instance->flags = flags[mode];
    if (!path || path[0] == '\0' || strcmp(path, ":memory:") == 0)
        return name_memory(instance, NULL, err);
    if (mode == WSQ_MODE_MEMORY)
        return name_memory(instance, shared ? path : NULL, err);
    if (shared)
        weir_services_log(instance->services, WEIR_LOG_WARNING,
                          "SQLite: cache=shared is for databases in memory; "
                          "a file does better without");
    return name_file(instance, path, spec->options[WSQ_IMMUTABLE].boolean, err);
}

/* ------------------------------------------------------------------ failure */

static weir_status refuse_path(const wsq_instance *instance, weir_status status,
                               const char *why, weir_error *err)
{
    return weir_error_set(err, status, "cannot open \"%.200s\": %s",
                          instance->path, why);
}

static bool has_folder(const char *path)
{
    char folder[4096];
    const char *slash = strrchr(path, '/');
    struct stat found;
    size_t size;

    if (!slash || slash == path)
        return true;
    size = (size_t)(slash - path);
    if (size >= sizeof folder)
        return true;
    memcpy(folder, path, size);
    folder[size] = '\0';
    return stat(folder, &found) == 0 && S_ISDIR(found.st_mode);
}

static weir_status explain_missing(const wsq_instance *instance,
                                   weir_error *err)
{
    if (!has_folder(instance->path))
        return refuse_path(instance, WEIR_ERR_CONFIG,
                           "its directory does not exist", err);
    if (instance->flags & SQLITE_OPEN_CREATE)
        return refuse_path(instance, WEIR_ERR_AUTH,
                           "the file cannot be made; may this program write "
                           "to the directory?",
                           err);
    return refuse_path(instance, WEIR_ERR_CONFIG,
                       "the file does not exist, and mode=rwc, which makes "
                       "it, was not asked for",
                       err);
}

weir_status wsq_explain_open(const wsq_instance *instance, int code,
                             int system_errno, weir_error *err)
{
    struct stat found;
    weir_status status;

    if (system_errno == EMFILE || system_errno == ENFILE)
        status = refuse_path(instance, WEIR_ERR_RESOURCE,
                             "too many files are open", err);
    else if (stat(instance->path, &found) != 0)
        status = errno == EACCES ? refuse_path(instance, WEIR_ERR_AUTH,
                                               "permission denied", err)
                                 : explain_missing(instance, err);
    else if (S_ISDIR(found.st_mode))
        status =
            refuse_path(instance, WEIR_ERR_CONFIG, "it is a directory", err);
    else if (faccessat(AT_FDCWD, instance->path, R_OK, AT_EACCESS) != 0)
        status = refuse_path(instance, WEIR_ERR_AUTH, "permission denied", err);
    else
        status = refuse_path(instance, WEIR_ERR_CONNECTION,
                             "the file, its log or its directory cannot be "
                             "used",
                             err);
    err->native_code = code;
    err->fate = WEIR_FATE_RETRY;
    memcpy(err->sqlstate,
           status == WEIR_ERR_AUTH       ? "42501"
           : status == WEIR_ERR_RESOURCE ? "53000"
           : status == WEIR_ERR_CONFIG   ? "3D000"
                                         : "08001",
           6);
    return status;
}
