/* SPDX-License-Identifier: MIT */
/*
 * Acquire, release, timeout and cancel of the fast core.
 *
 * Nobody who waits is forgotten, no place is lent twice or lost, and no
 * acquire that begins after somebody was queued is served before him.
 *
 * RUN -DTHREADS=3 -DPLACES=1 -DROUNDS=2 -DTIMEOUTS=1 -DCANCELS=0
 * RUN -DTHREADS=3 -DPLACES=1 -DROUNDS=1 -DTIMEOUTS=1 -DCANCELS=2
 * RUN -DTHREADS=3 -DPLACES=2 -DROUNDS=2 -DTIMEOUTS=0 -DCANCELS=0
 * RUN -DTHREADS=4 -DPLACES=1 -DROUNDS=1 -DTIMEOUTS=1 -DCANCELS=0
 * FAULT NO_LOOK_AFTER_FREEING    a releaser does not read `waiters` again
 * FAULT NO_SCAN_AFTER_COUNTING   who will wait does not look once more
 * FAULT TIMEOUT_IGNORES_GRANT    who leaves does not see that he was served
 * FAULT TIMEOUT_STAYS_QUEUED     who leaves stays in the queue
 * FAULT TIMEOUT_STAYS_COUNTED    who leaves stays in `waiters`
 * FAULT CANCEL_TAKES_GRANT_BACK  cancel overwrites what was granted
 * FAULT FAST_PATH_IGNORES_QUEUE  who runs takes before who waits
 * FAULT LAST_COME_FIRST_SERVED   the youngest waiter is served
 * FAULT SCAN_IS_NO_SWAP          a place is read, then written
 */
#ifndef TIMEOUTS
#define TIMEOUTS 1
#endif
#ifndef CANCELS
#define CANCELS 1
#endif
#include "pool.inc"

byte timeouts = 0;
byte ended = 0;

#ifdef FAULT_FAST_PATH_IGNORES_QUEUE
#define MAY_RUSH true
#else
#define MAY_RUSH (waiters == 0)
#endif

#ifdef FAULT_SCAN_IS_NO_SWAP
#undef scan
inline careless_scan(found, p)
{
    p = 0;
    found = false;
    do
    :: p < PLACES && !found ->
        if
        :: place[p] == FREE -> place[p] = BUSY; found = true; break
        :: else -> p++
        fi
    :: else -> break
    od
}
#define SCAN(f, p) careless_scan(f, p)
#else
#define SCAN(f, p) scan(f, p)
#endif

/* Locked; unlocks. */
inline serve(w, p)
{
#ifdef FAULT_LAST_COME_FIRST_SERVED
    d_step {
        n_ = 0;
        do
        :: n_ < THREADS ->
            if
            :: queue ?? [eval(n_)] -> w = n_
            :: else
            fi;
            n_++
        :: else -> break
        od;
        queue ?? eval(w); forget(w); assert(ahead[w] == 0); waiters--;
        word[w] = granted(p); held = false
    }
#else
    grant_first(w, p)
#endif
}

inline acquire(got, p)
{
    got = false;
    if
    :: atomic { MAY_RUSH -> ahead[_pid] = queued }
        SCAN(got, p);
        if
        :: got -> assert(ahead[_pid] == 0)
        :: else
        fi
    :: atomic { !MAY_RUSH -> ahead[_pid] = queued }
    fi;
    if
    :: !got -> acquire_slowly(got, p)
    :: else
    fi
}

inline acquire_slowly(got, p)
{
    atomic { lock_free; waiters++ }
#ifndef FAULT_NO_SCAN_AFTER_COUNTING
    if
    :: empty(queue) -> SCAN(got, p)
    :: else
    fi;
#endif
    if
    :: got -> d_step { waiters--; held = false }
    :: else -> join_queue(); wait_for_grant(got, p)
    fi
}

inline wait_for_grant(got, p)
{
    if
    :: word[_pid] != WAITING
    :: atomic { timeouts < TIMEOUTS -> timeouts++ }
        give_up_waiting()
    fi;
    d_step {
        if
        :: word[_pid] == WAITING || word[_pid] == CANCELLED -> got = false
        :: else -> p = word[_pid] - 1; got = true
        fi;
        word[_pid] = WAITING
    }
}

/* A grant that came first wins. */
inline give_up_waiting()
{
#ifdef FAULT_TIMEOUT_IGNORES_GRANT
    lock();
    if
    :: queue ?? [eval(_pid)] -> leave_queue(_pid)
    :: else
    fi;
    d_step { word[_pid] = WAITING; held = false }
#elif defined(FAULT_TIMEOUT_STAYS_QUEUED)
    skip
#elif defined(FAULT_TIMEOUT_STAYS_COUNTED)
    lock();
    if
    :: word[_pid] == WAITING ->
        d_step { queue ?? eval(_pid); forget(_pid); held = false }
    :: else -> unlock()
    fi
#else
    lock();
    if
    :: word[_pid] == WAITING ->
        d_step { queue ?? eval(_pid); forget(_pid); waiters--; held = false }
    :: else -> unlock()
    fi
#endif
}

inline release(p, w, again)
{
    if
    :: waiters == 0 ->
        place[p] = FREE;
#ifndef FAULT_NO_LOOK_AFTER_FREEING
        if
        :: waiters != 0 ->
            lock();
            again = false;
            if
            :: nempty(queue) -> swap(p, FREE, BUSY, again)
            :: else
            fi;
            if
            :: again -> again = false; serve(w, p)
            :: else -> unlock()
            fi
        :: else
        fi
#endif
    :: else ->
        lock();
        if
        :: nempty(queue) -> serve(w, p)
        :: else -> d_step { place[p] = FREE; held = false }
        fi
    fi
}

active [THREADS] proctype Borrower()
{
    byte round = 0, p = 0, w = 0, n_ = 0, i_ = 0;
    bool got, again;

    do
    :: round < ROUNDS ->
        acquire(got, p);
        if
        :: got -> use(p); release(p, w, again)
        :: else
        fi;
        d_step { got = false; p = 0; ahead[_pid] = 0; round++ }
    :: else -> break
    od;
    ended++
}

/* Cancels whom it likes, if he still waits. */
active proctype Canceller()
{
    byte count = 0, t = 0, i_ = 0;

    do
    :: count < CANCELS ->
        select(t : 0 .. THREADS - 1);
        lock();
#ifdef FAULT_CANCEL_TAKES_GRANT_BACK
        if
        :: queue ?? [eval(t)] -> leave_queue(t)
        :: else
        fi;
        word[t] = CANCELLED;
#else
        if
        :: queue ?? [eval(t)] -> leave_queue(t); word[t] = CANCELLED
        :: else
        fi;
#endif
        d_step { held = false; count++; t = 0 }
    :: else -> break
    od
}

/* When all is over everything is as it was. */
active proctype Judge()
{
    byte p = 0;

    ended == THREADS;
    atomic {
        do
        :: p < PLACES -> assert(place[p] == FREE); p++
        :: else -> break
        od;
        assert(waiters == 0 && empty(queue))
    }
}
