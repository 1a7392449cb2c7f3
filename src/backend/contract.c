/* SPDX-License-Identifier: MIT */
/*
 * Whether a backend keeps the contract of <weir/sys/driver.h>: a table of the
 * operations that must be there, each with the capabilities that ask for it.
 * What is missing is found when a backend is registered, not when a program
 * first needs it.
 */
#include "backend/contract.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { ALWAYS = 0 };

typedef void operation(void);

typedef struct requirement {
    const char *name;
    size_t offset;         /* of the operation in weir_driver */
    uint32_t capabilities; /* any of these asks for it; ALWAYS: all do */
} requirement;

#define NEEDS(name_, capabilities_)                                            \
    {                                                                          \
#name_, offsetof(weir_driver, name_), (capabilities_)                  \
    }

static const requirement requirements[] = {
    NEEDS(open, ALWAYS),
    NEEDS(close, ALWAYS),
    NEEDS(state, ALWAYS),
    NEEDS(reset, ALWAYS),
    NEEDS(prepare, ALWAYS),
    NEEDS(execute, ALWAYS),
    NEEDS(fetch, ALWAYS),
    NEEDS(outcome, ALWAYS),
    NEEDS(end, ALWAYS),
    NEEDS(finish, ALWAYS),
    NEEDS(classify, ALWAYS),
    NEEDS(cancel, WEIR_CAN_CANCEL),
    NEEDS(begin, WEIR_CAN_TRANSACT),
    NEEDS(commit, WEIR_CAN_TRANSACT),
    NEEDS(rollback, WEIR_CAN_TRANSACT),
    NEEDS(prepare_tx, WEIR_CAN_TWO_PHASE),
    NEEDS(commit_prepared, WEIR_CAN_TWO_PHASE),
    NEEDS(rollback_prepared, WEIR_CAN_TWO_PHASE),
    NEEDS(list_prepared, WEIR_CAN_TWO_PHASE),
    NEEDS(tx_id, WEIR_CAN_TX_OUTCOME),
    NEEDS(tx_outcome, WEIR_CAN_TX_OUTCOME),
    NEEDS(submit, WEIR_CAN_SUBMIT),
    NEEDS(collect, WEIR_CAN_SUBMIT),
    NEEDS(listen, WEIR_CAN_NOTIFY),
    NEEDS(notification, WEIR_CAN_NOTIFY),
};
enum { REQUIREMENT_COUNT = sizeof requirements / sizeof requirements[0] };

static bool has(const weir_driver *driver, const requirement *wanted)
{
    operation *found;

    memcpy(&found, (const char *)driver + wanted->offset, sizeof found);
    return found != NULL;
}

static weir_status broken(const weir_backend *backend, const char *what,
                          weir_error *err)
{
    const char *name = backend && backend->name ? backend->name : "?";

    return weir_error_set(err, WEIR_ERR_MISUSE, "backend \"%.40s\": %s", name,
                          what);
}

static weir_status check_driver(const weir_backend *backend,
                                const weir_driver *driver,
                                uint32_t capabilities, weir_error *err)
{
    char what[96];

    if (driver->size != sizeof *driver)
        return broken(backend,
                      "weir_driver::size is not sizeof(weir_driver); compile "
                      "it against this library's headers",
                      err);
    if (driver->conn_size == 0 || driver->stmt_size == 0)
        return broken(backend, "conn_size and stmt_size cannot be 0", err);
    for (int i = 0; i < REQUIREMENT_COUNT; i++) {
        const requirement *wanted = &requirements[i];

        if (has(driver, wanted) || (wanted->capabilities != ALWAYS &&
                                    (capabilities & wanted->capabilities) == 0))
            continue;
        snprintf(what, sizeof what, "the driver lacks %s()%s", wanted->name,
                 wanted->capabilities ? ", which its capabilities promise"
                                      : "");
        return broken(backend, what, err);
    }
    return WEIR_OK;
}

static weir_status no_dialect(const weir_backend *backend, weir_error *err)
{
    return broken(backend,
                  "its dialect is missing, or weir_dialect::size is not "
                  "sizeof(weir_dialect)",
                  err);
}

weir_status wi_contract_check(const weir_backend *backend, weir_error *err)
{
    if (!backend || !backend->name || backend->name[0] == '\0')
        return broken(backend, "it has no name", err);
    if (backend->abi != WEIR_BACKEND_ABI)
        return broken(backend,
                      "it was made for another version of this library", err);
    if (!backend->schemes || !backend->schemes[0])
        return broken(backend, "it has no scheme", err);
    if (!backend->dialect || backend->dialect->size != sizeof(weir_dialect))
        return no_dialect(backend, err);
    if (!backend->driver)
        return broken(backend, "it has no driver", err);
    return check_driver(backend, backend->driver, backend->capabilities, err);
}

weir_status wi_contract_check_profile(const weir_backend *backend,
                                      const weir_profile *profile,
                                      weir_error *err)
{
    const weir_driver *driver = profile->driver;

    if (!profile->dialect || profile->dialect->size != sizeof(weir_dialect))
        return no_dialect(backend, err);
    if (!driver)
        return broken(backend, "attach() took its driver away", err);
    if (driver->instance_size != backend->driver->instance_size)
        return broken(
            backend, "attach() gave it a driver of another instance_size", err);
    return check_driver(backend, driver, profile->capabilities, err);
}
