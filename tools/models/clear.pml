/* SPDX-License-Identifier: MIT */
/*
 * Clearing: all resources made until now are replaced before they are lent
 * again. Clearing takes what is idle and stamps a generation; what is lent or
 * on its way is looked at when it changes hands.
 *
 * An acquire that begins after a clear has ended never gets a resource whose
 * making began before it.
 *
 * RUN -DTHREADS=3 -DPLACES=1 -DROUNDS=2 -DCLEARS=1
 * RUN -DTHREADS=3 -DPLACES=1 -DROUNDS=1 -DCLEARS=2
 * RUN -DTHREADS=2 -DPLACES=2 -DROUNDS=2 -DCLEARS=2
 * FAULT TAKEN_UNSEEN        the age of what the fast path takes is not looked at
 * FAULT GRANTED_UNSEEN      nor of what a waiter is given
 * FAULT DATED_WHEN_MADE     a resource has the generation of its making's end
 * FAULT STAMPS_TOO_LATE     clearing says that it is done, then stamps
 */
#ifndef CLEARS
#define CLEARS 1
#endif
#include "pool.inc"

byte generation = 0; /* changed under the lock */
byte made[PLACES];   /* its generation; belongs to who has the place */
byte cleared = 0;    /* ghost: clears that have ended */
byte real[PLACES];   /* ghost: clears that had ended when its making began */
byte ended = 0;

inline acquire_slowly(got, p)
{
    atomic { lock_free; waiters++ }
    if
    :: empty(queue) -> scan(got, p)
    :: else
    fi;
    if
    :: got -> d_step { waiters--; held = false }
    :: else ->
        join_queue();
        d_step {
            word[_pid] != WAITING -> p = word[_pid] - 1; word[_pid] = WAITING
        }
#ifdef FAULT_GRANTED_UNSEEN
        fresh = true
#endif
    fi
}

inline acquire(p)
{
    fresh = false;
    if
    :: atomic { waiters == 0 -> ahead[_pid] = queued; began = cleared }
        scan(got, p)
#ifdef FAULT_TAKEN_UNSEEN
        ;
        fresh = got
#endif
    :: atomic { waiters != 0 -> ahead[_pid] = queued; began = cleared }
        got = false
    fi;
    if
    :: !got -> acquire_slowly(got, p)
    :: else
    fi;
    if
    :: !fresh && made[p] != generation -> replace(p)
    :: else
    fi
}

/* Connecting takes its time: the generation is read when it begins. */
inline replace(p)
{
#ifdef FAULT_DATED_WHEN_MADE
    from = cleared;
    made[p] = generation;
    d_step { assert(from >= began); real[p] = from; from = 0 }
#else
    from = generation;
    d_step { made[p] = from; real[p] = from; from = 0 }
#endif
}

inline release(p, w, again)
{
    if
    :: waiters == 0 ->
        place[p] = FREE;
        if
        :: waiters != 0 ->
            lock();
            again = false;
            if
            :: nempty(queue) -> swap(p, FREE, BUSY, again)
            :: else
            fi;
            if
            :: again -> again = false; grant_first(w, p)
            :: else -> unlock()
            fi
        :: else
        fi
    :: else ->
        lock();
        if
        :: nempty(queue) -> grant_first(w, p)
        :: else -> d_step { place[p] = FREE; held = false }
        fi
    fi
}

active [THREADS] proctype Borrower()
{
    byte round = 0, p = 0, w = 0, i_ = 0, began = 0, from = 0;
    bool got = false, again = false, fresh = false;

    do
    :: round < ROUNDS ->
        acquire(p);
        assert(real[p] >= began);
        use(p);
        release(p, w, again);
        d_step {
            got = false; fresh = false; p = 0; began = 0;
            ahead[_pid] = 0; round++
        }
    :: else -> break
    od;
    ended++
}

/* An idle one is replaced in its place, which stands for closing it now and
 * making another when it is asked for. */
inline take_idle()
{
    p = 0;
    do
    :: p < PLACES ->
        swap(p, FREE, BUSY, got);
        if
        :: got ->
            d_step { made[p] = generation; real[p] = generation; got = false }
            place[p] = FREE
        :: else
        fi;
        p++
    :: else -> break
    od;
    p = 0
}

active proctype Clearer()
{
    byte count = 0, p = 0;
    bool got = false;

    do
    :: count < CLEARS ->
        lock();
#ifdef FAULT_STAMPS_TOO_LATE
        take_idle();
        unlock();
        d_step { cleared++; count++ }
        generation++
#else
        generation++;
        take_idle();
        d_step { held = false; cleared++; count++ }
#endif
    :: else -> break
    od
}

active proctype Judge()
{
    byte p = 0;

    d_step {
        /* In one step, since clearing may begin after the last has ended. */
        ended == THREADS && !held;
        do
        :: p < PLACES -> assert(place[p] == FREE); p++
        :: else -> break
        od;
        assert(waiters == 0 && empty(queue))
    }
}
