/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Database URLs: `scheme[+driver]://[user[:password]@][host][:port][/database]
 * [?key=value&…]`, read as SQLAlchemy reads them. docs/guide/urls.md has every
 * rule and where our answer differs.
 *
 * A weir_url is a value that never changes after it was made; any number of
 * threads may read it. Its password is never printed unless asked for by
 * name, and its memory is wiped when it is freed.
 */
#ifndef WEIR_URL_H
#define WEIR_URL_H

#include <stddef.h>

#include <weir/error.h>
#include <weir/export.h>
#include <weir/memory.h>

WEIR_BEGIN_DECLS

/** A parsed URL. */
typedef struct weir_url weir_url;

/** The parts of a URL, decoded. NULL: the part is absent ("" is empty). */
typedef struct weir_url_parts {
    const char *backend; /* left of the +; never NULL in a parsed URL */
    const char *driver;  /* right of the +, or NULL */
    const char *user;
    const char *password;
    const char *host; /* IPv6 without its brackets */
    int port;         /* 1 to 65535, 0 if absent */
    const char *database;
} weir_url_parts;

/** One `key=value` of the query, decoded; keys may repeat. */
typedef struct weir_url_item {
    const char *key;
    const char *value;
} weir_url_item;

/** How a URL is printed. */
typedef enum weir_url_style {
    /** The password, and the value of each query key that names a secret
     *  (password, sslpassword, sslkey, …), is printed as `***`. */
    WEIR_URL_MASKED = 0,
    /** With everything in it, for handing it on to another program. */
    WEIR_URL_WITH_SECRETS,
} weir_url_style;

/**
 * Reads a URL.
 *
 * @param text the URL; borrowed for the call only
 * @param allocator where its memory comes from; NULL for malloc
 * @param err  filled on failure (CONFIG or NOMEM); may be NULL. The message
 *             names the part that is wrong and never holds the password
 * @return [owned] end it with weir_url_free(); NULL on failure
 */
WEIR_API weir_url *weir_url_parse(const char *text,
                                  const weir_allocator *allocator,
                                  weir_error *err) WEIR_MUST_USE;

/**
 * Makes a URL from parts, as if it had been parsed from the text that they
 * render to.
 *
 * @param parts borrowed for the call only; `backend` must be there
 * @return [owned] NULL on failure (CONFIG if a part cannot stand in a URL)
 */
WEIR_API weir_url *weir_url_make(const weir_url_parts *parts,
                                 const weir_url_item *items, size_t item_count,
                                 const weir_allocator *allocator,
                                 weir_error *err) WEIR_MUST_USE;

/** Ends a URL, wipes its memory and sets `*url` to NULL. NULL is allowed. */
WEIR_API void weir_url_free(weir_url **url);

/** All parts. Threads: any. @return [borrowed] lives as long as the URL; for
 *  a NULL url all parts are absent */
WEIR_API weir_url_parts weir_url_get(const weir_url *url);

/** The number of items in the query. */
WEIR_API size_t weir_url_item_count(const weir_url *url);

/** Item `index` of the query, in the order of the text. @return [borrowed]
 *  {NULL, NULL} past the end */
WEIR_API weir_url_item weir_url_item_at(const weir_url *url, size_t index);

/** The last value of a query key. @return [borrowed] NULL if it is absent */
WEIR_API const char *weir_url_find(const weir_url *url, const char *key);

/**
 * Writes the URL as text, query keys sorted, as snprintf writes: at most
 * `size` bytes, NUL included.
 *
 * @return the length of the whole text, which may be more than fits; 0
 *         without memory or URL
 */
WEIR_API size_t weir_url_format(const weir_url *url, weir_url_style style,
                                char *out, size_t size);

/** Whether all parts, passwords and query items included, are the same.
 *  @return 1 if so, else 0 */
WEIR_API int weir_url_equal(const weir_url *a, const weir_url *b);

/**
 * A copy with other values in it: each part of `changes` that is not absent
 * replaces the old one.
 *
 * @return [owned] NULL on failure
 */
WEIR_API weir_url *weir_url_with(const weir_url *url,
                                 const weir_url_parts *changes, weir_error *err)
    WEIR_MUST_USE;

/**
 * A copy with `key` of the query set to `value`: it replaces all items of
 * that key, and removes them if `value` is NULL.
 *
 * @return [owned] NULL on failure
 */
WEIR_API weir_url *weir_url_with_item(const weir_url *url, const char *key,
                                      const char *value, weir_error *err)
    WEIR_MUST_USE;

WEIR_END_DECLS

#endif
