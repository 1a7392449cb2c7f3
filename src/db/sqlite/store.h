/* SPDX-License-Identifier: MIT */
/*
 * Databases in memory, as files: what vfs.c hands to SQLite.
 *
 * A store is one database: its main file, its log and its journal (store.c),
 * the locks on them and the shared index of the log (locks.c). It is found by
 * its name and lives as long as somebody holds it. Any thread may call any of
 * these functions; what they answer follows SQLite's rules for a file system.
 */
#ifndef WSQ_STORE_H
#define WSQ_STORE_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The files of a database. */
typedef enum wsq_part {
    WSQ_PART_MAIN = 0,
    WSQ_PART_LOG,
    WSQ_PART_JOURNAL,
    WSQ_PART_COUNT,
} wsq_part;

/* The bytes of a file, in chunks: growing moves nothing. */
typedef struct wsq_bytes {
    char **chunks;
    size_t chunk_count;
    size_t chunk_capacity;
    int64_t size; /* what chunks hold past it is 0 */
    bool exists;
} wsq_bytes;

enum { WSQ_SLOT_COUNT = 8 }; /* SQLite's locks on the log's index */

typedef struct wsq_store {
    struct wsq_store *next; /* guarded by the lock in store.c, as is `holds` */
    size_t holds;

    pthread_mutex_t mutex; /* guards all down to the pieces */
    wsq_bytes parts[WSQ_PART_COUNT];

    size_t readers;       /* with level SHARED or more */
    const void *reserved; /* the one with level RESERVED or more */
    bool pending;         /* that one waits for the readers to go */

    size_t mappers;
    char **pieces; /* of the log's index */
    size_t piece_count;

    /* Taken at each read, so without the mutex: how many share a slot; -1: one
     * has it alone. */
    atomic_int slots[WSQ_SLOT_COUNT];
    atomic_int fence; /* see wsq_store_fence() */
    char name[];
} wsq_store;

/* One open main file's locks. All zero: none. */
typedef struct wsq_holder {
    int level;                  /* SQLITE_LOCK_… */
    bool maps;                  /* it uses the log's index */
    unsigned shared, exclusive; /* slots, one bit each */
} wsq_holder;

/* From `at`, `size` bytes. */
typedef struct wsq_range {
    int64_t at;
    size_t size;
} wsq_range;

/* --- store.c */

/* The store of that name, made if there is none. [owned] NULL: out of memory */
wsq_store *wsq_store_acquire(const char *name);
/* The store that a file's name belongs to, and which file of it that is.
 * [owned] NULL: there is none */
wsq_store *wsq_store_find(const char *file, wsq_part *part);
/* The last one to let go frees it. NULL is allowed. */
void wsq_store_release(wsq_store *store);

bool wsq_store_has(wsq_store *store, wsq_part part);
void wsq_store_create(wsq_store *store, wsq_part part);
void wsq_store_delete(wsq_store *store, wsq_part part);
int64_t wsq_store_size(wsq_store *store, wsq_part part);
/* Bytes past the end are read as 0. @return false if there were any */
bool wsq_store_read(wsq_store *store, wsq_part part, wsq_range range,
                    void *out);
/* @return false: out of memory, and the size is what it was */
bool wsq_store_write(wsq_store *store, wsq_part part, wsq_range range,
                     const void *data);
void wsq_store_truncate(wsq_store *store, wsq_part part, int64_t size);

/* --- locks.c; those that may fail answer with a code of SQLite */

int wsq_store_lock(wsq_store *store, wsq_holder *holder, int level);
void wsq_store_unlock(wsq_store *store, wsq_holder *holder, int level);
bool wsq_store_is_reserved(wsq_store *store);

/* Piece number `piece.at` of the log's index, of `piece.size` bytes. It is
 * made if need be and wanted; else `*out` is NULL. */
int wsq_store_map(wsq_store *store, wsq_holder *holder, wsq_range piece,
                  bool wanted, void volatile **out);
void wsq_store_unmap(wsq_store *store, wsq_holder *holder);
/* `slots` has a bit for each; all of them are had, or none. */
int wsq_store_lock_slots(wsq_store *store, wsq_holder *holder, unsigned slots,
                         bool alone);
void wsq_store_unlock_slots(wsq_store *store, wsq_holder *holder,
                            unsigned slots);
/* All memory access before it is done before any after it. */
void wsq_store_fence(wsq_store *store);

#endif
