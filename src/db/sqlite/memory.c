/* SPDX-License-Identifier: MIT */
/*
 * Databases in memory: one per engine, held by a connection that nobody uses
 * (the keeper), so that the data live as long as the engine, whatever the
 * pool does with its connection.
 *
 * They are SQLite's "memdb" files. Several connections on one of them lock
 * each other out for whole transactions, without a queue, so the engine gets
 * one connection at a time: docs/decisions/0005-sqlite-memory.md.
 */
#include "sqlite.h"

#include <stdio.h>
#include <unistd.h>

/* Unique in the process without a counter of its own: no two engines have the
 * same address at the same time, and the clock tells an engine from a former
 * one whose memory it got. */
void wsq_memory_name(const wsq_instance *instance, char *out, size_t size)
{
    snprintf(out, size, "file:/weir-%p-%llx?vfs=memdb", (const void *)instance,
             (unsigned long long)weir_services_now(instance->services));
}

weir_status wsq_memory_keep(wsq_instance *instance, weir_error *err)
{
    /* memdb stops at 1 GiB by itself; memory and max_page_count are the
     * limits here. */
    sqlite3_int64 most = (sqlite3_int64)1 << 46;
    int code = sqlite3_open_v2(instance->uri, &instance->keeper,
                               SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                                   SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX,
                               NULL);

    instance->owner = getpid();
    if (code == SQLITE_OK)
        code = sqlite3_file_control(instance->keeper, "main",
                                    SQLITE_FCNTL_SIZE_LIMIT, &most);
    if (code == SQLITE_OK)
        return WEIR_OK;
    weir_error_set(err, WEIR_ERR_CONNECTION,
                   "SQLite: no database in memory could be made: %s",
                   sqlite3_errstr(code));
    wsq_classify(code, NULL, err);
    return err->status;
}

void wsq_memory_drop(wsq_instance *instance)
{
    /* SQLite's handles must not be touched across fork(). */
    if (instance->keeper && instance->owner == getpid())
        sqlite3_close_v2(instance->keeper);
    instance->keeper = NULL;
}
