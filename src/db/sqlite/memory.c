/* SPDX-License-Identifier: MIT */
/*
 * Databases in memory: one per engine, or one for all engines that share a
 * name. The engine holds the store, so that the data live as long as it does,
 * whatever the pool does with its connections.
 *
 * It works as a file does: in WAL mode, readers see the last commit and wait
 * for nobody, one writes.
 */
#include "sqlite.h"
#include "store.h"

#include <inttypes.h>
#include <stdio.h>

/* Engines are told apart by a number that is never used again. */
static _Atomic uint64_t memory_count;

enum { NAME_MAX_SIZE = 256 };

/* The dot keeps a name that ends as SQLite's own files do ("-wal") apart. */
static weir_status write_name(char *out, const char *shared, weir_error *err)
{
    int size;

    if (shared)
        size =
            snprintf(out, NAME_MAX_SIZE, WSQ_MEMORY_ROOT "shared/%s.", shared);
    else
        size = snprintf(out, NAME_MAX_SIZE, WSQ_MEMORY_ROOT "%" PRIu64 ".",
                        atomic_fetch_add(&memory_count, 1) + 1);
    if (size < NAME_MAX_SIZE)
        return WEIR_OK;
    return weir_error_set(err, WEIR_ERR_CONFIG,
                          "the name of a database in memory may have 200 "
                          "bytes, and \"%.60s…\" has more",
                          shared);
}

weir_status wsq_memory_keep(wsq_instance *instance, const char *shared,
                            weir_error *err)
{
    char name[NAME_MAX_SIZE];
    weir_status status = write_name(name, shared, err);
    int code;

    if (status != WEIR_OK)
        return status;
    instance->memory = true;
    instance->vfs = WSQ_MEMORY_VFS;
    code = wsq_vfs_register();
    if (code == SQLITE_OK)
        instance->store = wsq_store_acquire(name);
    if (code == SQLITE_OK && !instance->store)
        code = SQLITE_NOMEM;
    if (code != SQLITE_OK)
        return weir_error_set(err, WEIR_ERR_NOMEM, "out of memory");
    return wsq_copy_text(instance, name, &instance->name, err);
}

void wsq_memory_drop(wsq_instance *instance)
{
    wsq_store_release(instance->store);
    instance->store = NULL;
}
