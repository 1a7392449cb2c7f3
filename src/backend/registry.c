/* SPDX-License-Identifier: MIT */
/*
 * The list of databases: finding one by its scheme, adding one at run time.
 * Whether an added one keeps the contract is contract.c's business.
 */
#include "backend/registry.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "backend/contract.h"
#include "base/nearest.h"
#include "base/sync.h"

enum { REGISTERED_MAX = 32, LIST_SIZE = 128 };

/* Writers hold the lock; readers see `added` up to `added_count`. */
static wi_mutex adding = {PTHREAD_MUTEX_INITIALIZER};
static const weir_backend *added[REGISTERED_MAX];
static _Atomic size_t added_count;

/* ------------------------------------------------------------------ lookup */

static size_t compiled_count(void)
{
    size_t count = 0;

    while (wi_backend_table[count])
        count++;
    return count;
}

const weir_backend *weir_backend_at(size_t index)
{
    size_t compiled = compiled_count();

    if (index < compiled)
        return wi_backend_table[index];
    index -= compiled;
    if (index < atomic_load_explicit(&added_count, memory_order_acquire))
        return added[index];
    return NULL;
}

static bool lists(const char *const *names, const char *name)
{
    for (; *names; names++) {
        if (strcmp(*names, name) == 0)
            return true;
    }
    return false;
}

const weir_backend *weir_backend_find(const char *scheme)
{
    const weir_backend *backend;

    for (size_t i = 0; scheme && (backend = weir_backend_at(i)); i++) {
        if (lists(backend->schemes, scheme))
            return backend;
    }
    return NULL;
}

/* ---------------------------------------------------------------- messages */

/* One comma-separated list in a fixed space; what does not fit ends in "…". */
typedef struct listing {
    char text[LIST_SIZE];
    size_t size;
    bool full;
} listing;

static void list_add(listing *to, const char *name, const char *package)
{
    size_t room = sizeof to->text - to->size;
    int size;

    if (to->full)
        return;
    size = snprintf(to->text + to->size, room, "%s%s%s%s%s",
                    to->size ? ", " : "", name, package ? " (" : "",
                    package ? package : "", package ? ")" : "");
    if (size >= 0 && (size_t)size + sizeof ", …" <= room) {
        to->size += (size_t)size;
        return;
    }
    to->full = true;
    snprintf(to->text + to->size, room, ", …");
}

static const char *nearest_scheme(const char *wanted)
{
    const weir_backend *backend;
    wi_nearest nearest;

    wi_nearest_begin(&nearest, wanted);
    for (size_t i = 0; (backend = weir_backend_at(i)); i++) {
        for (size_t j = 0; backend->schemes[j]; j++)
            wi_nearest_offer(&nearest, backend->schemes[j]);
    }
    return wi_nearest_found(&nearest);
}

/* The first names of all databases that there are. */
static void list_known(listing *to)
{
    const weir_backend *backend;

    for (size_t i = 0; (backend = weir_backend_at(i)); i++)
        list_add(to, backend->schemes[0], NULL);
}

/*
 * What was left out is known by its folder's name only: "postgresql" and
 * "postgres" are taken for the same, and for any other scheme all that is
 * missing is listed.
 */
static bool is_missing_one(const wi_missing_backend *missing,
                           const char *scheme)
{
    size_t size = strlen(missing->name);

    return strncmp(missing->name, scheme, size) == 0;
}

static weir_status unknown_scheme(const char *scheme, weir_error *err)
{
    const char *nearest = nearest_scheme(scheme);
    listing known = {.size = 0}, missing = {.size = 0};

    for (size_t i = 0; wi_missing_backends[i].name; i++) {
        const wi_missing_backend *one = &wi_missing_backends[i];

        if (is_missing_one(one, scheme))
            return weir_error_set(err, WEIR_ERR_CONFIG,
                                  "no database \"%.40s\": this library was "
                                  "built without %s",
                                  scheme, one->package);
        list_add(&missing, one->name, one->package);
    }
    list_known(&known);
    return weir_error_set(
        err, WEIR_ERR_CONFIG, "no database \"%.40s\"%s%s%s; there %s %s%s%s",
        scheme, nearest ? "; did you mean \"" : "", nearest ? nearest : "",
        nearest ? "\"?" : "", known.size ? "are" : "is",
        known.size ? known.text : "none",
        missing.size ? "; built without " : "", missing.text);
}

static weir_status unknown_driver(const weir_backend *backend,
                                  const char *driver, weir_error *err)
{
    listing accepted = {.size = 0};

    for (size_t i = 0; backend->driver_names[i]; i++)
        list_add(&accepted, backend->driver_names[i], NULL);
    return weir_error_set(
        err, WEIR_ERR_CONFIG,
        "%s has no driver \"%.40s\"; leave out the +name%s%s", backend->name,
        driver, accepted.size ? " or write one of " : "", accepted.text);
}

const weir_backend *wi_backend_for(const weir_url *url, weir_error *err)
{
    weir_url_parts parts = weir_url_get(url);
    const weir_backend *backend = weir_backend_find(parts.backend);

    if (!backend) {
        unknown_scheme(parts.backend ? parts.backend : "", err);
        return NULL;
    }
    if (parts.driver && backend->driver_names &&
        !lists(backend->driver_names, parts.driver)) {
        unknown_driver(backend, parts.driver, err);
        return NULL;
    }
    return backend;
}

/* ------------------------------------------------------------- registering */

static bool is_registered(const weir_backend *backend)
{
    const weir_backend *known;

    for (size_t i = 0; (known = weir_backend_at(i)); i++) {
        if (known == backend)
            return true;
    }
    return false;
}

/* The lock is held: two threads cannot both find a scheme free. */
static weir_status add(const weir_backend *backend, weir_error *err)
{
    size_t count = atomic_load_explicit(&added_count, memory_order_relaxed);

    if (is_registered(backend))
        return WEIR_OK; /* twice is harmless */
    for (size_t i = 0; backend->schemes[i]; i++) {
        const weir_backend *owner = weir_backend_find(backend->schemes[i]);

        if (owner)
            return weir_error_set(err, WEIR_ERR_MISUSE,
                                  "backend \"%.40s\": the scheme \"%.40s\" "
                                  "belongs to \"%.40s\" already",
                                  backend->name, backend->schemes[i],
                                  owner->name);
    }
    if (count == REGISTERED_MAX)
        return weir_error_set(err, WEIR_ERR_LIMIT,
                              "backend \"%.40s\": %d are registered already",
                              backend->name, REGISTERED_MAX);
    added[count] = backend;
    atomic_store_explicit(&added_count, count + 1, memory_order_release);
    return WEIR_OK;
}

weir_status weir_backend_register(const weir_backend *backend, weir_error *err)
{
    weir_status status = wi_contract_check(backend, err);

    if (status != WEIR_OK)
        return status;
    wi_mutex_lock(&adding);
    status = add(backend, err);
    wi_mutex_unlock(&adding);
    return status;
}
