/* SPDX-License-Identifier: MIT */
/*
 * Making resources: by connectors outside the callers, a limited number at a
 * time, for whoever waits longest when one is done. A return serves a waiter
 * although a connect is under way for him; what is made then becomes idle.
 * Connects fail, waiters leave, resources come back broken and are closed.
 *
 * Nobody waits while nothing is under way, there are never more sessions than
 * places nor more connects than allowed, and no place is lost.
 *
 * RUN -DTHREADS=3 -DPLACES=2 -DROUNDS=1 -DCONNECTORS=1 -DFAILURES=1
 * RUN -DTHREADS=3 -DPLACES=1 -DROUNDS=1 -DCONNECTORS=1 -DFAILURES=2
 * RUN -DTHREADS=2 -DPLACES=2 -DROUNDS=2 -DCONNECTORS=2 -DFAILURES=0
 * RUN -DTHREADS=3 -DPLACES=2 -DROUNDS=1 -DCONNECTORS=2 -DFAILURES=0
 * FAULT FAILED_CONNECT_SERVES_NOBODY  its waiter is not told
 * FAULT FAILED_CONNECT_FREES_NO_ROOM  nobody is offered the room again
 * FAULT CLOSED_PLACE_FREES_NO_ROOM    nobody is offered the room of a broken one
 * FAULT MADE_FOR_WHO_ASKED            not for who waits longest
 * FAULT COUNTED_WHEN_OPEN             a place is taken after the connect only
 * FAULT NO_LIMIT_IN_PARALLEL          everybody starts a connect
 * FAULT CLOSING_DOES_NOT_COUNT        the place is free before the close ends
 * FAULT NEED_ASKED_ONCE               only the first waiter starts a connect
 */
#ifndef CONNECTORS
#define CONNECTORS 1
#endif
#ifndef FAILURES
#define FAILURES 1
#endif
#ifndef TIMEOUTS
#define TIMEOUTS 1
#endif
#ifndef BROKEN
#define BROKEN 1
#endif
#define INITIAL EMPTY
#include "pool.inc"

/* Under the lock. */
byte connecting = 0;
chan orders = [PLACES] of { byte, byte }; /* place, who made it necessary */
chan broken = [PLACES] of { byte };       /* for the closer */

byte failures = 0, timeouts = 0, breaks = 0, ended = 0;
byte sessions = 0; /* ghost: what a server would count, connects included */

#ifdef FAULT_NO_LIMIT_IN_PARALLEL
#define LIMIT 255
#else
#define LIMIT CONNECTORS
#endif

#ifdef FAULT_NEED_ASKED_ONCE
#define NEEDED (connecting < LIMIT && len(queue) == 1)
#else
#define NEEDED (connecting < LIMIT && connecting < len(queue))
#endif
#ifdef FAULT_COUNTED_WHEN_OPEN
#define RESERVE skip
#else
#define RESERVE place[i_] = CONNECTING
#endif

/* Locked. As many connects as there are waiters whom none is for, if there is
 * room: asked anew after every change, not upon events. */
inline order()
{
    d_step {
        i_ = 0;
        do
        :: i_ < PLACES ->
            if
            :: place[i_] == EMPTY && NEEDED ->
                RESERVE;
                connecting++;
                orders ! i_, _pid
            :: else
            fi;
            i_++
        :: else -> break
        od;
        i_ = 0
    }
}

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
        d_step {
            word[_pid] = WAITING;
            queue ! _pid;
            queued = queued | (1 << _pid)
        }
        order();
        unlock();
        wait_for_grant(got, p)
    fi
}

inline wait_for_grant(got, p)
{
    if
    :: word[_pid] != WAITING
    :: atomic { timeouts < TIMEOUTS -> timeouts++ }
        lock();
        if
        :: word[_pid] == WAITING ->
            d_step { queue ?? eval(_pid); forget(_pid); waiters--; held = false }
        :: else -> unlock()
        fi
    fi;
    d_step {
        if
        :: word[_pid] == WAITING || word[_pid] == FAILED -> got = false
        :: else -> p = word[_pid] - 1; got = true
        fi;
        word[_pid] = WAITING
    }
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

/* Locked; unlocks. A resource in place p, which is BUSY, is there for the
 * oldest waiter, or becomes idle. */
inline serve_or_free(w, p)
{
    if
    :: nempty(queue) -> grant_first(w, p)
    :: else -> d_step { place[p] = FREE; held = false }
    fi
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
    :: else -> lock(); serve_or_free(w, p)
    fi
}

active [THREADS] proctype Borrower()
{
    byte round = 0, p = 0, w = 0, i_ = 0;
    bool got = false, again = false;

    do
    :: round < ROUNDS ->
        acquire(got, p);
        if
        :: got ->
            use(p);
            if
            :: release(p, w, again)
            :: atomic { breaks < BROKEN -> breaks++ }
                place[p] = CLOSING;
                broken ! p
            fi
        :: else
        fi;
        d_step { got = false; p = 0; ahead[_pid] = 0; round++ }
    :: else -> break
    od;
    ended++
}

inline connected(p, w, asked)
{
    lock();
    d_step { assert(connecting <= CONNECTORS); connecting--; place[p] = BUSY }
#ifdef FAULT_MADE_FOR_WHO_ASKED
    if
    :: asked < THREADS && word[asked] == WAITING ->
        d_step {
            if
            :: queue ?? [eval(asked)] ->
                queue ?? eval(asked); waiters--; forget(asked);
                assert(ahead[asked] == 0)
            :: else
            fi;
            word[asked] = granted(p); held = false
        }
    :: else -> serve_or_free(w, p)
    fi
#else
    serve_or_free(w, p)
#endif
}

/* The oldest waiter is told; the room is there for the next. */
inline failed(p, w)
{
    lock();
    d_step { connecting--; place[p] = EMPTY }
#ifndef FAULT_FAILED_CONNECT_SERVES_NOBODY
    if
    :: nempty(queue) ->
        d_step { queue ? w; forget(w); waiters-- }
        d_step { word[w] = FAILED; w = 0 }
    :: else
    fi;
#ifndef FAULT_FAILED_CONNECT_FREES_NO_ROOM
    order();
#endif
#endif
    unlock()
}

active [CONNECTORS] proctype Connector()
{
    byte p = 0, w = 0, i_ = 0, asked = 0;

end:
    do
    :: orders ? p, asked ->
        d_step { sessions++; assert(sessions <= PLACES) }
        if
        :: connected(p, w, asked)
        :: atomic { failures < FAILURES -> failures++; sessions-- }
            failed(p, w)
        fi;
        d_step { p = 0; w = 0; asked = 0 }
    od
}

active proctype Closer()
{
    byte p = 0, i_ = 0;

end:
    do
    :: broken ? p ->
#ifdef FAULT_CLOSING_DOES_NOT_COUNT
        lock();
        place[p] = EMPTY;
        order();
        unlock();
        sessions--;
#else
        atomic { lock_free; sessions--; place[p] = EMPTY }
#ifndef FAULT_CLOSED_PLACE_FREES_NO_ROOM
        order();
#endif
        unlock();
#endif
        p = 0
    od
}

#define IS_CALM (connecting == 0 && !held)

active proctype Judge()
{
    byte p = 0;

    ended == THREADS && empty(orders) && empty(broken) && IS_CALM;
    atomic {
        do
        :: p < PLACES -> assert(place[p] != BUSY && place[p] != CONNECTING);
            p++
        :: else -> break
        od;
        assert(waiters == 0 && empty(queue))
    }
}
