/* SPDX-License-Identifier: MIT */
/*
 * SQLite's view of the databases in memory: a file system, named "weir", in
 * which exist the files of the stores. All else (temporary files, a file that
 * is attached, time and chance) is the system's.
 *
 * It has what SQLite's write-ahead log needs, and that is its purpose: readers
 * do not wait for a writer, as with a file. SQLite's own "memdb" locks all
 * readers out while anybody writes (docs/decisions/sqlite-memory.md).
 */
#include "sqlite.h"
#include "store.h"

#include <string.h>

typedef struct file {
    sqlite3_file base; /* first: SQLite has a pointer to it */
    wsq_store *store;
    wsq_part part;
    wsq_holder holder; /* of the main file */
} file;

static file *file_of(sqlite3_file *base)
{
    return (file *)base;
}

/* The file system that SQLite has without us. */
static sqlite3_vfs *system_of(const sqlite3_vfs *vfs)
{
    return vfs->pAppData;
}

static bool is_ours(const char *name)
{
    return name &&
           strncmp(name, WSQ_MEMORY_ROOT, sizeof WSQ_MEMORY_ROOT - 1) == 0;
}

/* ------------------------------------------------------------------- files */

static int close_file(sqlite3_file *base)
{
    file *own = file_of(base);

    wsq_store_unmap(own->store, &own->holder);
    wsq_store_unlock(own->store, &own->holder, SQLITE_LOCK_NONE);
    wsq_store_release(own->store);
    own->base.pMethods = NULL;
    return SQLITE_OK;
}

static int read_file(sqlite3_file *base, void *out, int size, sqlite3_int64 at)
{
    wsq_range range = {at, (size_t)size};

    return wsq_store_read(file_of(base)->store, file_of(base)->part, range, out)
               ? SQLITE_OK
               : SQLITE_IOERR_SHORT_READ;
}

static int write_file(sqlite3_file *base, const void *data, int size,
                      sqlite3_int64 at)
{
    wsq_range range = {at, (size_t)size};

    return wsq_store_write(file_of(base)->store, file_of(base)->part, range,
                           data)
               ? SQLITE_OK
               : SQLITE_IOERR_NOMEM;
}

static int truncate_file(sqlite3_file *base, sqlite3_int64 size)
{
    wsq_store_truncate(file_of(base)->store, file_of(base)->part, size);
    return SQLITE_OK;
}

static int sync_file(sqlite3_file *base, int flags)
{
    (void)base;
    (void)flags;
    return SQLITE_OK;
}

static int size_file(sqlite3_file *base, sqlite3_int64 *out)
{
    *out = wsq_store_size(file_of(base)->store, file_of(base)->part);
    return SQLITE_OK;
}

static int lock_file(sqlite3_file *base, int level)
{
    return wsq_store_lock(file_of(base)->store, &file_of(base)->holder, level);
}

static int unlock_file(sqlite3_file *base, int level)
{
    wsq_store_unlock(file_of(base)->store, &file_of(base)->holder, level);
    return SQLITE_OK;
}

static int check_reserved(sqlite3_file *base, int *out)
{
    *out = wsq_store_is_reserved(file_of(base)->store);
    return SQLITE_OK;
}

static int control_file(sqlite3_file *base, int op, void *argument)
{
    (void)base;
    (void)op;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int sector_size(sqlite3_file *base)
{
    (void)base;
    return 4096;
}

static int characteristics(sqlite3_file *base)
{
    (void)base;
    return SQLITE_IOCAP_SAFE_APPEND | SQLITE_IOCAP_SEQUENTIAL |
           SQLITE_IOCAP_POWERSAFE_OVERWRITE;
}

static int map_index(sqlite3_file *base, int piece, int size, int make,
                     void volatile **out)
{
    wsq_range range = {piece, (size_t)size};

    return wsq_store_map(file_of(base)->store, &file_of(base)->holder, range,
                         make != 0, out);
}

static int lock_index(sqlite3_file *base, int first, int count, int flags)
{
    file *own = file_of(base);
    unsigned slots = ((1u << count) - 1) << first;

    if ((flags & SQLITE_SHM_LOCK) != 0)
        return wsq_store_lock_slots(own->store, &own->holder, slots,
                                    (flags & SQLITE_SHM_EXCLUSIVE) != 0);
    wsq_store_unlock_slots(own->store, &own->holder, slots);
    return SQLITE_OK;
}

static void fence_index(sqlite3_file *base)
{
    wsq_store_fence(file_of(base)->store);
}

static int unmap_index(sqlite3_file *base, int forget)
{
    (void)forget; /* nothing of it is ever kept */
    wsq_store_unmap(file_of(base)->store, &file_of(base)->holder);
    return SQLITE_OK;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = close_file,
    .xRead = read_file,
    .xWrite = write_file,
    .xTruncate = truncate_file,
    .xSync = sync_file,
    .xFileSize = size_file,
    .xLock = lock_file,
    .xUnlock = unlock_file,
    .xCheckReservedLock = check_reserved,
    .xFileControl = control_file,
    .xSectorSize = sector_size,
    .xDeviceCharacteristics = characteristics,
    .xShmMap = map_index,
    .xShmLock = lock_index,
    .xShmBarrier = fence_index,
    .xShmUnmap = unmap_index,
};

/* ------------------------------------------------------------- file system */

/* Stores are made by the engines: a name that none of them has is no file. */
static int open_ours(file *own, const char *name, int flags, int *flags_out)
{
    own->store = wsq_store_find(name, &own->part);
    if (!own->store)
        return SQLITE_CANTOPEN;
    if (!wsq_store_has(own->store, own->part) &&
        (flags & SQLITE_OPEN_CREATE) == 0) {
        wsq_store_release(own->store);
        return SQLITE_CANTOPEN;
    }
    wsq_store_create(own->store, own->part);
    own->base.pMethods = &methods;
    if (flags_out)
        *flags_out = flags;
    return SQLITE_OK;
}

static int open_file(sqlite3_vfs *vfs, const char *name, sqlite3_file *base,
                     int flags, int *flags_out)
{
    if (!is_ours(name))
        return system_of(vfs)->xOpen(system_of(vfs), name, base, flags,
                                     flags_out);
    memset(base, 0, sizeof(file));
    return open_ours(file_of(base), name, flags, flags_out);
}

static int delete_file(sqlite3_vfs *vfs, const char *name, int sync)
{
    wsq_part part;
    wsq_store *store;

    if (!is_ours(name))
        return system_of(vfs)->xDelete(system_of(vfs), name, sync);
    store = wsq_store_find(name, &part);
    if (!store)
        return SQLITE_IOERR_DELETE_NOENT;
    wsq_store_delete(store, part);
    wsq_store_release(store);
    return SQLITE_OK;
}

static int access_file(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    wsq_part part;
    wsq_store *store;

    if (!is_ours(name))
        return system_of(vfs)->xAccess(system_of(vfs), name, flags, out);
    store = wsq_store_find(name, &part);
    *out = store && wsq_store_has(store, part);
    wsq_store_release(store);
    return SQLITE_OK;
}

static int full_name(sqlite3_vfs *vfs, const char *name, int size, char *out)
{
    size_t length = strlen(name);

    if (!is_ours(name))
        return system_of(vfs)->xFullPathname(system_of(vfs), name, size, out);
    if (length >= (size_t)size)
        return SQLITE_CANTOPEN;
    memcpy(out, name, length + 1);
    return SQLITE_OK;
}

static void *open_library(sqlite3_vfs *vfs, const char *name)
{
    return system_of(vfs)->xDlOpen(system_of(vfs), name);
}

static void library_error(sqlite3_vfs *vfs, int size, char *out)
{
    system_of(vfs)->xDlError(system_of(vfs), size, out);
}

static void (*find_symbol(sqlite3_vfs *vfs, void *library,
                          const char *name))(void)
{
    return system_of(vfs)->xDlSym(system_of(vfs), library, name);
}

static void close_library(sqlite3_vfs *vfs, void *library)
{
    system_of(vfs)->xDlClose(system_of(vfs), library);
}

static int fill_random(sqlite3_vfs *vfs, int size, char *out)
{
    return system_of(vfs)->xRandomness(system_of(vfs), size, out);
}

static int sleep_us(sqlite3_vfs *vfs, int us)
{
    return system_of(vfs)->xSleep(system_of(vfs), us);
}

static int day_now(sqlite3_vfs *vfs, double *out)
{
    return system_of(vfs)->xCurrentTime(system_of(vfs), out);
}

static int time_now(sqlite3_vfs *vfs, sqlite3_int64 *out)
{
    return system_of(vfs)->xCurrentTimeInt64(system_of(vfs), out);
}

static int last_error(sqlite3_vfs *vfs, int size, char *out)
{
    return system_of(vfs)->xGetLastError(system_of(vfs), size, out);
}

/* The system's file system is filled in when this one is registered. */
static sqlite3_vfs own_vfs = {
    .zName = WSQ_MEMORY_VFS,
    .xOpen = open_file,
    .xDelete = delete_file,
    .xAccess = access_file,
    .xFullPathname = full_name,
    .xDlOpen = open_library,
    .xDlError = library_error,
    .xDlSym = find_symbol,
    .xDlClose = close_library,
    .xRandomness = fill_random,
    .xSleep = sleep_us,
    .xCurrentTime = day_now,
    .xGetLastError = last_error,
    .xCurrentTimeInt64 = time_now,
};

static pthread_mutex_t registering = PTHREAD_MUTEX_INITIALIZER;
static bool registered; /* guarded by `registering` */

static int register_now(void)
{
    sqlite3_vfs *system = sqlite3_vfs_find(NULL);
    int size = (int)sizeof(file);

    if (!system)
        return SQLITE_NOMEM;
    own_vfs.iVersion = system->iVersion < 2 ? 1 : 2;
    own_vfs.pAppData = system;
    own_vfs.szOsFile = system->szOsFile > size ? system->szOsFile : size;
    own_vfs.mxPathname = system->mxPathname;
    return sqlite3_vfs_register(&own_vfs, 0);
}

/* It stays for the life of the process: a handle that somebody kept may still
 * point to it. */
int wsq_vfs_register(void)
{
    int code = SQLITE_OK;

    pthread_mutex_lock(&registering);
    if (!registered)
        code = register_now();
    registered = code == SQLITE_OK;
    pthread_mutex_unlock(&registering);
    return code;
}
