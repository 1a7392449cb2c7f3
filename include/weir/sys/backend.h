/* SPDX-License-Identifier: MIT */
/**
 * @file
 * A backend is a database that a URL can name: schemes, dialect, options and
 * driver. Each folder under src/db/ defines one; a program may register
 * others.
 */
#ifndef WEIR_SYS_BACKEND_H
#define WEIR_SYS_BACKEND_H

#include <stddef.h>
#include <stdint.h>

#include <weir/error.h>
#include <weir/export.h>
#include <weir/sys/dialect.h>
#include <weir/sys/driver.h>
#include <weir/sys/options.h>
#include <weir/url.h>

WEIR_BEGIN_DECLS

/** The version of this contract. A backend of another is refused. */
#define WEIR_BACKEND_ABI 1

/** A database. Constant; it must outlive the process's last engine. */
typedef struct weir_backend {
    uint32_t abi; /* WEIR_BACKEND_ABI */
    const char *name;
    /** Left of the `+` in a URL; ends with NULL. */
    const char *const *schemes;
    /** Accepted right of the `+` and without meaning here (SQLAlchemy's
     *  driver names); ends with NULL; NULL: any. */
    const char *const *driver_names;
    const weir_dialect *dialect;
    const weir_driver *driver;
    uint32_t capabilities; /* weir_capability bits */
    weir_isolation default_isolation;
    /** The driver's URL options; ends with an entry without a name. NULL for
     *  none. */
    const weir_option_spec *options;
    /** MAY. Looks at a URL when the engine opens: refuse here what can never
     *  work (a host for a file database). */
    weir_status (*check_url)(const weir_url *url, weir_error *err);
    /** MAY. The backend that this one wraps for such a URL; the options of
     *  both are accepted then. */
    const struct weir_backend *(*wraps)(const weir_url *url);
} weir_backend;

/**
 * Adds a backend for the whole process. Its driver is checked: every MUST
 * operation has to be there.
 *
 * Threads: any, but before the engines that need it.
 * @param backend [borrowed] until the process ends
 * @return WEIR_OK; MISUSE if an operation is missing, the ABI differs or a
 *         scheme is taken; LIMIT after 32 of them
 */
WEIR_API weir_status weir_backend_register(const weir_backend *backend,
                                           weir_error *err) WEIR_MUST_USE;

/** The backend of a scheme (the part left of `+`). Threads: any.
 *  @return [borrowed] NULL if there is none */
WEIR_API const weir_backend *weir_backend_find(const char *scheme);

/** Backend number `index` of all that are known. @return [borrowed] NULL past
 *  the last */
WEIR_API const weir_backend *weir_backend_at(size_t index);

WEIR_END_DECLS

#endif
