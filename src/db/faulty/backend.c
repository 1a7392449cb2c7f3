/* SPDX-License-Identifier: MIT */
/*
 * The wrapper as a database: faulty+sqlite:///… is a SQLite with faults. What
 * it can do and how it writes SQL is corrected by attach().
 */
#include <stdio.h>
#include <string.h>

#include "faulty.h"

/* The inner scheme: right of the first +, as far as a second one. */
static void copy_scheme(const weir_url *url, char *out, size_t size)
{
    const char *driver = weir_url_get(url).driver;

    snprintf(out, size, "%.*s", driver ? (int)strcspn(driver, "+") : 0,
             driver ? driver : "");
}

static const weir_backend *wraps(const weir_url *url)
{
    char scheme[64];

    copy_scheme(url, scheme, sizeof scheme);
    return weir_backend_find(scheme);
}

static weir_status check_url(const weir_url *url, weir_error *err)
{
    const weir_backend *inner = wraps(url);
    char scheme[64];

    copy_scheme(url, scheme, sizeof scheme);
    if (scheme[0] == '\0')
        return weir_error_set(err, WEIR_ERR_CONFIG,
                              "faulty wraps a database: name its scheme, as "
                              "in faulty+sqlite:///path");
    if (!inner)
        return weir_error_set(err, WEIR_ERR_CONFIG,
                              "there is no database \"%s\" for faulty to wrap",
                              scheme);
    if (inner->wraps)
        return weir_error_set(err, WEIR_ERR_CONFIG,
                              "faulty cannot wrap \"%s\", which wraps another "
                              "database itself",
                              scheme);
    return inner->check_url ? inner->check_url(url, err) : WEIR_OK;
}

static const weir_dialect dialect = {
    .size = sizeof(weir_dialect),
    .name = "faulty",
    .identifier_quote = '"',
};

static const char *const schemes[] = {"faulty", NULL};

const weir_backend weir_backend_faulty = {
    .abi = WEIR_BACKEND_ABI,
    .name = "faulty",
    .schemes = schemes,
    .driver_names = NULL, /* any: it is the inner scheme */
    .dialect = &dialect,
    .driver = &wfa_driver,
    .options = wfa_options,
    .check_url = check_url,
    .wraps = wraps,
};
