/* SPDX-License-Identifier: MIT */
/*
 * The stores of the process by name, and the bytes of their files.
 *
 * The memory is SQLite's own (sqlite3_malloc64): a store can outlive the
 * engine that made it, if the program kept a statement of a native handle.
 */
#include "store.h"

#include <sqlite3.h>
#include <string.h>

enum { CHUNK = 65536 };

/* What SQLite puts behind the name of a database. */
static const char *const tails[WSQ_PART_COUNT] = {
    [WSQ_PART_MAIN] = "",
    [WSQ_PART_LOG] = "-wal",
    [WSQ_PART_JOURNAL] = "-journal",
};

/* ------------------------------------------------------------------ stores */

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static wsq_store *list; /* guarded by list_lock */

/* Which file of `store` bears the name; WSQ_PART_COUNT: none. */
static wsq_part part_of(const wsq_store *store, const char *file)
{
    size_t size = strlen(store->name);
    int part = 0;

    if (strncmp(file, store->name, size) != 0)
        return WSQ_PART_COUNT;
    while (part < WSQ_PART_COUNT && strcmp(file + size, tails[part]) != 0)
        part++;
    return (wsq_part)part;
}

static wsq_store *find_held(const char *file, wsq_part *part)
{
    wsq_store *store = list;

    while (store && (*part = part_of(store, file)) == WSQ_PART_COUNT)
        store = store->next;
    if (store)
        store->holds++;
    return store;
}

static wsq_store *make(const char *name)
{
    size_t size = strlen(name) + 1;
    wsq_store *store = sqlite3_malloc64(sizeof *store + size);

    if (!store)
        return NULL;
    memset(store, 0, sizeof *store);
    memcpy(store->name, name, size);
    if (pthread_mutex_init(&store->mutex, NULL) != 0) {
        sqlite3_free(store);
        return NULL;
    }
    for (int i = 0; i < WSQ_SLOT_COUNT; i++)
        atomic_init(&store->slots[i], 0);
    atomic_init(&store->fence, 0);
    store->holds = 1;
    return store;
}

wsq_store *wsq_store_acquire(const char *name)
{
    wsq_store *fresh = make(name), *store;
    wsq_part part = WSQ_PART_MAIN;

    if (!fresh)
        return NULL;
    pthread_mutex_lock(&list_lock);
    store = find_held(name, &part);
    if (!store) {
        store = fresh;
        store->next = list;
        list = store;
        fresh = NULL;
    }
    pthread_mutex_unlock(&list_lock);
    if (fresh) {
        pthread_mutex_destroy(&fresh->mutex);
        sqlite3_free(fresh);
    }
    return store;
}

wsq_store *wsq_store_find(const char *file, wsq_part *part)
{
    wsq_store *store;

    pthread_mutex_lock(&list_lock);
    store = find_held(file, part);
    pthread_mutex_unlock(&list_lock);
    return store;
}

static void drop_bytes(wsq_bytes *bytes)
{
    for (size_t i = 0; i < bytes->chunk_count; i++)
        sqlite3_free(bytes->chunks[i]);
    sqlite3_free(bytes->chunks);
}

static void drop(wsq_store *store)
{
    for (int i = 0; i < WSQ_PART_COUNT; i++)
        drop_bytes(&store->parts[i]);
    for (size_t i = 0; i < store->piece_count; i++)
        sqlite3_free(store->pieces[i]);
    sqlite3_free(store->pieces);
    pthread_mutex_destroy(&store->mutex);
    sqlite3_free(store);
}

void wsq_store_release(wsq_store *store)
{
    wsq_store **at = &list;

    if (!store)
        return;
    pthread_mutex_lock(&list_lock);
    if (--store->holds > 0) {
        pthread_mutex_unlock(&list_lock);
        return;
    }
    while (*at != store)
        at = &(*at)->next;
    *at = store->next;
    pthread_mutex_unlock(&list_lock);
    drop(store);
}

/* ------------------------------------------------------------------- bytes */

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Room for a table of so many chunks. */
static bool need_table(wsq_bytes *bytes, size_t count)
{
    size_t capacity = bytes->chunk_capacity ? bytes->chunk_capacity : 16;
    char **table;

    if (count <= bytes->chunk_capacity)
        return true;
    while (capacity < count)
        capacity *= 2;
    table = sqlite3_realloc64(bytes->chunks, capacity * sizeof *table);
    if (!table)
        return false;
    bytes->chunks = table;
    bytes->chunk_capacity = capacity;
    return true;
}

/* Room for the first `end` bytes. */
static bool need(wsq_bytes *bytes, int64_t end)
{
    size_t count = (size_t)((end + CHUNK - 1) / CHUNK);

    if (!need_table(bytes, count))
        return false;
    while (bytes->chunk_count < count) {
        char *chunk = sqlite3_malloc64(CHUNK);

        if (!chunk)
            return false;
        memset(chunk, 0, CHUNK);
        bytes->chunks[bytes->chunk_count++] = chunk;
    }
    return true;
}

static void copy_out(const wsq_bytes *bytes, wsq_range range, char *out)
{
    while (range.size > 0) {
        size_t from = (size_t)(range.at % CHUNK);
        size_t size = smaller(range.size, CHUNK - from);

        memcpy(out, bytes->chunks[range.at / CHUNK] + from, size);
        out += size;
        range.at += (int64_t)size;
        range.size -= size;
    }
}

static void copy_in(wsq_bytes *bytes, wsq_range range, const char *data)
{
    while (range.size > 0) {
        size_t from = (size_t)(range.at % CHUNK);
        size_t size = smaller(range.size, CHUNK - from);

        memcpy(bytes->chunks[range.at / CHUNK] + from, data, size);
        data += size;
        range.at += (int64_t)size;
        range.size -= size;
    }
}

bool wsq_store_read(wsq_store *store, wsq_part part, wsq_range range, void *out)
{
    wsq_bytes *bytes = &store->parts[part];
    size_t wanted = range.size;

    pthread_mutex_lock(&store->mutex);
    if (range.at >= bytes->size)
        range.size = 0;
    else if ((int64_t)range.size > bytes->size - range.at)
        range.size = (size_t)(bytes->size - range.at);
    copy_out(bytes, range, out);
    pthread_mutex_unlock(&store->mutex);
    memset((char *)out + range.size, 0, wanted - range.size);
    return range.size == wanted;
}

bool wsq_store_write(wsq_store *store, wsq_part part, wsq_range range,
                     const void *data)
{
    wsq_bytes *bytes = &store->parts[part];
    int64_t end = range.at + (int64_t)range.size;
    bool enough;

    pthread_mutex_lock(&store->mutex);
    enough = need(bytes, end);
    if (enough) {
        copy_in(bytes, range, data);
        if (end > bytes->size)
            bytes->size = end;
    }
    pthread_mutex_unlock(&store->mutex);
    return enough;
}

static void truncate_bytes(wsq_bytes *bytes, int64_t size)
{
    size_t kept = (size_t)((size + CHUNK - 1) / CHUNK);

    if (size >= bytes->size)
        return;
    while (bytes->chunk_count > kept)
        sqlite3_free(bytes->chunks[--bytes->chunk_count]);
    if (size % CHUNK != 0)
        memset(bytes->chunks[kept - 1] + size % CHUNK, 0,
               (size_t)(CHUNK - size % CHUNK));
    bytes->size = size;
}

void wsq_store_truncate(wsq_store *store, wsq_part part, int64_t size)
{
    pthread_mutex_lock(&store->mutex);
    truncate_bytes(&store->parts[part], size);
    pthread_mutex_unlock(&store->mutex);
}

int64_t wsq_store_size(wsq_store *store, wsq_part part)
{
    int64_t size;

    pthread_mutex_lock(&store->mutex);
    size = store->parts[part].size;
    pthread_mutex_unlock(&store->mutex);
    return size;
}

/* --------------------------------------------------------------- existence */

bool wsq_store_has(wsq_store *store, wsq_part part)
{
    bool exists;

    pthread_mutex_lock(&store->mutex);
    exists = store->parts[part].exists;
    pthread_mutex_unlock(&store->mutex);
    return exists;
}

void wsq_store_create(wsq_store *store, wsq_part part)
{
    pthread_mutex_lock(&store->mutex);
    store->parts[part].exists = true;
    pthread_mutex_unlock(&store->mutex);
}

void wsq_store_delete(wsq_store *store, wsq_part part)
{
    pthread_mutex_lock(&store->mutex);
    truncate_bytes(&store->parts[part], 0);
    store->parts[part].exists = false;
    pthread_mutex_unlock(&store->mutex);
}
