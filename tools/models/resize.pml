/* SPDX-License-Identifier: MIT */
/*
 * Resizing while it runs. Growing makes room, which is offered to the oldest
 * waiters at once. Shrinking closes what is idle and marks what is lent; a
 * marked one is closed when it comes back. The mark stands in the place's own
 * word, so a return cannot miss it.
 *
 * Nobody waits while there is room (a keeper never gives back, so that nobody
 * is rescued by a later return), and at the end there are no more
 * resources than the limit says.
 *
 * RUN -DTHREADS=3 -DPLACES=2 -DROUNDS=1 -DFROM=1 -DTO=2 -DKEEPERS=1
 * RUN -DTHREADS=3 -DPLACES=2 -DROUNDS=1 -DFROM=2 -DTO=1
 * RUN -DTHREADS=2 -DPLACES=2 -DROUNDS=2 -DFROM=2 -DTO=1
 * FAULT GROWING_SERVES_NOBODY  waiters are served at the next return only
 * FAULT LENT_ONES_STAY         shrinking forgets what is lent
 * FAULT RETURN_WIPES_MARK      a return writes FREE whatever stood there
 * FAULT MARKED_ONE_IS_GRANTED  what is too many goes to a waiter
 */
#ifndef FROM
#define FROM 1
#endif
#ifndef TO
#define TO 2
#endif
#ifndef KEEPERS
#define KEEPERS 0
#endif
#define INITIAL EMPTY
#include "pool.inc"

#define MARKED 5 /* BUSY, to be closed when it comes back */

byte limit = FROM; /* these two under the lock */
byte total = 0;
byte ended = 0;
byte kept = 0;

/* Locked. A place for a new resource, BUSY; the connect is the caller's. */
inline take_room(found, p)
{
    d_step {
        found = false;
        p = 0;
        if
        :: total < limit ->
            do
            :: p < PLACES && place[p] != EMPTY -> p++
            :: else -> break
            od;
            place[p] = BUSY;
            total++;
            found = true
        :: else
        fi
    }
}

/* Locked. Room goes to the oldest waiters. */
inline offer_room()
{
    do
    :: len(queue) > 0 && total < limit ->
        take_room(more, q);
        d_step { queue ? w; forget(w); assert(ahead[w] == 0); waiters-- }
        d_step { word[w] = granted(q); w = 0; q = 0; more = false }
    :: else -> break
    od;
    skip /* no jump may end in a d_step */
}

inline acquire(got, p)
{
    got = false;
    if
    :: atomic { waiters == 0 -> ahead[_pid] = queued }
        scan(got, p)
    :: atomic { waiters != 0 -> ahead[_pid] = queued }
    fi;
    if
    :: !got -> acquire_slowly(got, p)
    :: else
    fi
}

inline acquire_slowly(got, p)
{
    atomic { lock_free; waiters++ }
    if
    :: empty(queue) -> scan(got, p);
        if
        :: !got -> take_room(got, p)
        :: else
        fi
    :: else
    fi;
    if
    :: got -> d_step { waiters--; held = false }
    :: else ->
        join_queue();
        d_step {
            word[_pid] != WAITING -> p = word[_pid] - 1; word[_pid] = WAITING
        }
        got = true
    fi
}

/* Locked. */
inline close_place(p)
{
    d_step { place[p] = EMPTY; total-- }
    offer_room()
}

inline try_to_free(p)
{
#ifdef FAULT_RETURN_WIPES_MARK
    d_step { place[p] = FREE; again = true }
#else
    swap(p, BUSY, FREE, again)
#endif
}

/* Locked; unlocks. */
inline hand_on(p)
{
#ifdef FAULT_MARKED_ONE_IS_GRANTED
    if
    :: nempty(queue) -> d_step { place[p] = BUSY } grant_first(w, p)
#else
    if
    :: place[p] == MARKED -> close_place(p); unlock()
    :: place[p] != MARKED && len(queue) > 0 -> grant_first(w, p)
#endif
    :: else ->
        try_to_free(p);
        if
        :: !again -> close_place(p)
        :: else
        fi;
        d_step { again = false; held = false }
    fi
}

inline release(p)
{
    again = false;
    if
    :: waiters == 0 -> try_to_free(p)
    :: else
    fi;
    if
    :: !again -> lock(); hand_on(p)
    :: again && waiters != 0 ->
        lock();
        again = false;
        if
        :: nempty(queue) -> swap(p, FREE, BUSY, again)
        :: else
        fi;
        if
        :: again -> again = false; hand_on(p)
        :: else -> unlock()
        fi
    :: else
    fi
}

active [THREADS] proctype Borrower()
{
    byte round = 0, p = 0, q = 0, w = 0, i_ = 0;
    bool got = false, again = false, more = false;

    do
    :: round < ROUNDS ->
        acquire(got, p);
        use(p);
        if
        :: release(p)
        :: atomic { kept < KEEPERS -> kept++; break }
        fi;
        d_step { got = false; again = false; p = 0; ahead[_pid] = 0; round++ }
    :: else -> break
    od;
    ended++
}

#ifdef FAULT_LENT_ONES_STAY
#define GOES_ON true
#else
#define GOES_ON false
#endif

/* Until each place is closed or marked or there are few enough: one may be
 * lent and given back between two looks, so a look that fails is repeated. */
inline shrink()
{
    p = 0;
    do
    :: p < PLACES && total - marks > limit ->
        swap(p, FREE, CLOSING, got);
        if
        :: got -> close_place(p)
        :: else
#ifndef FAULT_LENT_ONES_STAY
            swap(p, BUSY, MARKED, got);
            if
            :: got -> marks++
            :: else
            fi
#endif
        fi;
        if
        :: got || place[p] == EMPTY || GOES_ON -> p++
        :: else
        fi
    :: else -> break
    od
}

active proctype Resizer()
{
    byte p = 0, q = 0, w = 0, i_ = 0, marks = 0;
    bool got = false, more = false;

    atomic { lock_free; limit = TO }
#ifndef FAULT_GROWING_SERVES_NOBODY
    offer_room();
#endif
    shrink();
    unlock()
}

active proctype Judge()
{
    byte p = 0, count = 0, out = 0;

    ended == THREADS && limit == TO && !held;
    d_step {
        do
        :: p < PLACES ->
            if
            :: place[p] != EMPTY -> count++
            :: else
            fi;
            if
            :: place[p] != EMPTY && place[p] != FREE -> out++
            :: else
            fi;
            p++
        :: else -> break
        od;
        assert(count == total && total <= limit && out == kept);
        assert(waiters == 0 && empty(queue))
    }
}
