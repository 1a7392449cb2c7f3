/* SPDX-License-Identifier: MIT */
/*
 * The locks of a database in memory, and the index of its log.
 *
 * They are those that SQLite asks of a file system: readers share, one may
 * reserve the right to write, and to write the main file it has to be alone.
 * Nothing here waits; SQLite's busy handler does, and it knows the deadline.
 */
#include <sqlite3.h>
#include <string.h>

#include "store.h"

/* --------------------------------------------------------------- main file */

static int share(wsq_store *store, wsq_holder *holder)
{
    if (store->pending)
        return SQLITE_BUSY;
    store->readers++;
    holder->level = SQLITE_LOCK_SHARED;
    return SQLITE_OK;
}

static int reserve(wsq_store *store, wsq_holder *holder)
{
    if (store->reserved && store->reserved != holder)
        return SQLITE_BUSY;
    store->reserved = holder;
    if (holder->level < SQLITE_LOCK_RESERVED)
        holder->level = SQLITE_LOCK_RESERVED;
    return SQLITE_OK;
}

/* Who is next keeps new readers out until the others have gone. */
static int take_alone(wsq_store *store, wsq_holder *holder)
{
    int code = reserve(store, holder);

    if (code != SQLITE_OK)
        return code;
    store->pending = true;
    holder->level = SQLITE_LOCK_PENDING;
    if (store->readers > 1)
        return SQLITE_BUSY;
    holder->level = SQLITE_LOCK_EXCLUSIVE;
    return SQLITE_OK;
}

int wsq_store_lock(wsq_store *store, wsq_holder *holder, int level)
{
    int code = SQLITE_OK;

    if (holder->level >= level)
        return SQLITE_OK;
    pthread_mutex_lock(&store->mutex);
    if (holder->level == SQLITE_LOCK_NONE)
        code = share(store, holder);
    if (code == SQLITE_OK && level == SQLITE_LOCK_RESERVED)
        code = reserve(store, holder);
    else if (code == SQLITE_OK && level > SQLITE_LOCK_RESERVED)
        code = take_alone(store, holder);
    pthread_mutex_unlock(&store->mutex);
    return code;
}

void wsq_store_unlock(wsq_store *store, wsq_holder *holder, int level)
{
    if (holder->level <= level)
        return;
    pthread_mutex_lock(&store->mutex);
    if (store->reserved == holder) {
        store->reserved = NULL;
        store->pending = false;
    }
    if (level == SQLITE_LOCK_NONE)
        store->readers--;
    holder->level = level;
    pthread_mutex_unlock(&store->mutex);
}

bool wsq_store_is_reserved(wsq_store *store)
{
    bool reserved;

    pthread_mutex_lock(&store->mutex);
    reserved = store->reserved != NULL;
    pthread_mutex_unlock(&store->mutex);
    return reserved;
}

/* --------------------------------------------------------- the log's index */

static int make_pieces(wsq_store *store, wsq_range piece)
{
    size_t count = (size_t)piece.at + 1;
    char **pieces;

    if (count <= store->piece_count)
        return SQLITE_OK;
    pieces = sqlite3_realloc64(store->pieces, count * sizeof *pieces);
    if (!pieces)
        return SQLITE_IOERR_NOMEM;
    store->pieces = pieces;
    while (store->piece_count < count) {
        char *fresh = sqlite3_malloc64(piece.size);

        if (!fresh)
            return SQLITE_IOERR_NOMEM;
        memset(fresh, 0, piece.size);
        pieces[store->piece_count++] = fresh;
    }
    return SQLITE_OK;
}

int wsq_store_map(wsq_store *store, wsq_holder *holder, wsq_range piece,
                  bool wanted, void volatile **out)
{
    int code = SQLITE_OK;

    pthread_mutex_lock(&store->mutex);
    if (!holder->maps)
        store->mappers++;
    holder->maps = true;
    if (wanted)
        code = make_pieces(store, piece);
    *out = code == SQLITE_OK && (size_t)piece.at < store->piece_count
               ? store->pieces[piece.at]
               : NULL;
    pthread_mutex_unlock(&store->mutex);
    return code;
}

/* The last one takes the index along: who comes next reads the log anew, as
 * after a crash. */
void wsq_store_unmap(wsq_store *store, wsq_holder *holder)
{
    wsq_store_unlock_slots(store, holder, holder->shared | holder->exclusive);
    pthread_mutex_lock(&store->mutex);
    if (holder->maps && --store->mappers == 0) {
        while (store->piece_count > 0)
            sqlite3_free(store->pieces[--store->piece_count]);
        sqlite3_free(store->pieces);
        store->pieces = NULL;
    }
    holder->maps = false;
    pthread_mutex_unlock(&store->mutex);
}

static bool take_slot(atomic_int *slot, bool alone)
{
    int seen = atomic_load(slot);

    do {
        if (alone ? seen != 0 : seen < 0)
            return false;
    } while (!atomic_compare_exchange_weak(slot, &seen, alone ? -1 : seen + 1));
    return true;
}

static void give_slots(wsq_store *store, unsigned slots, int change)
{
    for (int i = 0; slots != 0; i++, slots >>= 1) {
        if ((slots & 1) != 0)
            atomic_fetch_add(&store->slots[i], change);
    }
}

/* Somebody else may find a slot taken that is given back at once: SQLite asks
 * again. */
static bool take_slots(wsq_store *store, unsigned slots, bool alone)
{
    unsigned taken = 0;

    for (int i = 0; slots >> i != 0; i++) {
        unsigned slot = slots & 1u << i;

        if (slot != 0 && !take_slot(&store->slots[i], alone)) {
            give_slots(store, taken, alone ? 1 : -1);
            return false;
        }
        taken |= slot;
    }
    return true;
}

int wsq_store_lock_slots(wsq_store *store, wsq_holder *holder, unsigned slots,
                         bool alone)
{
    unsigned *held = alone ? &holder->exclusive : &holder->shared;

    slots &= ~*held;
    if (!take_slots(store, slots, alone))
        return SQLITE_BUSY;
    *held |= slots;
    return SQLITE_OK;
}

void wsq_store_unlock_slots(wsq_store *store, wsq_holder *holder,
                            unsigned slots)
{
    give_slots(store, slots & holder->exclusive, 1);
    give_slots(store, slots & holder->shared, -1);
    holder->exclusive &= ~slots;
    holder->shared &= ~slots;
}

/* A store and then a load in the one order of all threads: nothing passes
 * both. (ThreadSanitizer does not know atomic_thread_fence().) */
void wsq_store_fence(wsq_store *store)
{
    atomic_store(&store->fence, 1);
    (void)atomic_load(&store->fence);
}
