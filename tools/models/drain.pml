/* SPDX-License-Identifier: MIT */
/*
 * Pausing, resuming and draining. All of them shut the gate. Paused, what
 * comes back stays idle and nobody is served; drained, those who wait are
 * served, who comes is refused, and what nobody waits for is closed, until
 * nothing is open. Whoever waits for that is told when the lock is given back.
 *
 * Nobody is served whose acquire began in a paused pool that still is paused;
 * drained, nothing is open and nobody holds anything; nobody waits for ever,
 * the one who drains included; first come is first served all the time.
 *
 * RUN -DTHREADS=2 -DPLACES=1 -DROUNDS=2 -DLIFE=1 -DTIMEOUTS=1
 * RUN -DTHREADS=3 -DPLACES=1 -DROUNDS=1 -DLIFE=1
 * RUN -DTHREADS=2 -DPLACES=2 -DROUNDS=1 -DLIFE=2
 * FAULT PAUSE_LEAVES_GATE_OPEN   loans go on without the lock
 * FAULT PAUSED_RETURN_IS_GRANTED what comes back goes to who waits
 * FAULT PAUSED_NEWCOMER_SERVED   who comes finds an idle one
 * FAULT RESUME_SERVES_NOBODY     who was paused is left to his deadline
 * FAULT DRAIN_LEAVES_GATE_OPEN   returns do not come under the lock
 * FAULT DRAIN_LOOKS_TOO_EARLY    idle ones are looked for before it is shut
 * FAULT DRAINING_SERVES_ALL      who comes is not refused
 * FAULT LATE_RETURN_STAYS_IDLE   what came back in between is not closed
 * FAULT DRAINER_IS_NOT_TOLD      he sleeps when the last one has come back
 */
#ifndef LIFE
#define LIFE 1
#endif
#ifndef TIMEOUTS
#define TIMEOUTS 0
#endif
#include "pool.inc"

#define OPEN 0
#define PAUSED 1
#define DRAINING 2

byte mode = OPEN;  /* under the lock, as the next two */
byte total = PLACES, visitors = 0;
bool shut = false; /* the gate: read without the lock */
bool watching = false, over = false;

bool paused = false, drained = false; /* ghosts: it has returned */
byte calm = 0; /* bits: the acquire began while it was paused */
byte ended = 0, timeouts = 0;

#define NOBODY_WAITS (len(queue) == 0)
#define IS_ENDING (mode == DRAINING && NOBODY_WAITS)
#define IS_OVER (total == 0 && visitors == 0 && NOBODY_WAITS)
#ifdef FAULT_PAUSED_NEWCOMER_SERVED
#define MAY_TAKE NOBODY_WAITS
#else
#define MAY_TAKE (NOBODY_WAITS && mode != PAUSED)
#endif
#ifdef FAULT_DRAINING_SERVES_ALL
#define REFUSES false
#else
#define REFUSES (mode == DRAINING)
#endif
#ifdef FAULT_PAUSED_RETURN_IS_GRANTED
#define MAY_GRANT !NOBODY_WAITS
#else
#define MAY_GRANT (!NOBODY_WAITS && mode != PAUSED)
#endif

inline set_gate() { shut = !NOBODY_WAITS || mode != OPEN }

inline unlock_and_tell()
{
    d_step {
#ifndef FAULT_DRAINER_IS_NOT_TOLD
        if
        :: watching && IS_OVER -> over = true
        :: else
        fi;
#endif
        held = false
    }
}

/* Locked. A place for a new resource, BUSY. */
inline take_room(found, p)
{
    d_step {
        found = false;
        p = 0;
        do
        :: p < PLACES && place[p] != EMPTY -> p++
        :: else -> break
        od;
        if
        :: p < PLACES -> place[p] = BUSY; total++; found = true
        :: else -> p = 0
        fi
    }
}

/* Locked. */
inline grant(p)
{
    d_step {
        queue ? w;
        forget(w);
        assert(ahead[w] == 0);
        word[w] = granted(p);
        w = 0;
        set_gate()
    }
}

/* Locked. */
inline dispatch()
{
    set_gate();
    do
    :: !NOBODY_WAITS && mode != PAUSED ->
        scan(more, q);
        if
        :: !more -> take_room(more, q)
        :: else
        fi;
        if
        :: more -> grant(q)
        :: else -> break
        fi
    :: else -> break
    od;
    skip; /* no jump may end in a d_step */
    d_step { more = false; q = 0 }
}

/* Locked, and outside while one is closed. */
inline close_idle()
{
    k = 0;
    do
    :: k < PLACES && IS_ENDING ->
        swap(k, FREE, CLOSING, more);
        if
        :: more ->
            unlock_and_tell();
            atomic { lock_free; place[k] = EMPTY; total-- }
            dispatch()
        :: else
        fi;
        k++
    :: else -> break
    od;
    k = 0
}

inline note_beginning()
{
    ahead[_pid] = queued;
    if
    :: paused -> calm = calm | (1 << _pid)
    :: else
    fi
}

inline acquire()
{
    if
    :: d_step { !shut -> note_beginning() }
        scan(got, p)
    :: d_step { shut -> note_beginning() }
    fi;
    if
    :: !got -> acquire_slowly()
    :: else
    fi;
    d_step {
        assert(!got || !drained);
        assert(!got || !paused || !(calm & (1 << _pid)))
    }
}

inline acquire_slowly()
{
    atomic { lock_free; visitors++ }
    if
    :: REFUSES
    :: else ->
        if
        :: MAY_TAKE ->
            shut = true;
            scan(got, p);
            if
            :: !got -> take_room(got, p)
            :: else
            fi;
            set_gate()
        :: else
        fi;
        if
        :: !got ->
            d_step {
                word[_pid] = WAITING;
                queue ! _pid;
                queued = queued | (1 << _pid)
            }
            dispatch(); /* the gate was open again for a moment */
            unlock_and_tell();
            d_step {
                word[_pid] != WAITING ->
                p = word[_pid] - 1;
                got = true;
                word[_pid] = WAITING
            }
            lock()
        :: else
        fi
    fi;
    visitors--;
    unlock_and_tell()
}

inline release()
{
    if
    :: !shut ->
        place[p] = FREE;
        if
        :: shut ->
            lock();
            dispatch();
#ifndef FAULT_LATE_RETURN_STAYS_IDLE
            close_idle();
#endif
            unlock_and_tell()
        :: else
        fi
    :: else ->
        lock();
        if
        :: IS_ENDING -> d_step { place[p] = EMPTY; total-- } dispatch()
        :: !IS_ENDING && MAY_GRANT -> grant(p)
        :: else -> place[p] = FREE; set_gate()
        fi;
        unlock_and_tell()
    fi
}

active [THREADS] proctype Borrower()
{
    byte round = 0, p = 0, q = 0, w = 0, i_ = 0, k = 0;
    bool got = false, more = false;

    do
    :: round < ROUNDS ->
        acquire();
        if
        :: got -> use(p); release()
        :: else
        fi;
        d_step {
            got = false;
            p = 0;
            ahead[_pid] = 0;
            calm = calm & ~(1 << _pid);
            round++
        }
    :: else -> break
    od;
    ended++
}

inline pause()
{
    lock();
    mode = PAUSED;
#ifndef FAULT_PAUSE_LEAVES_GATE_OPEN
    set_gate();
#endif
    unlock_and_tell();
    paused = true
}

inline resume()
{
    d_step { paused = false; drained = false; calm = 0 }
    atomic { lock_free; mode = OPEN }
#ifndef FAULT_RESUME_SERVES_NOBODY
    dispatch();
#endif
    set_gate();
    unlock_and_tell()
}

inline drain()
{
    d_step { paused = false; calm = 0 }
    atomic { lock_free; watching = true; over = false }
#ifdef FAULT_DRAIN_LOOKS_TOO_EARLY
    mode = DRAINING;
    close_idle();
    dispatch();
#else
    mode = DRAINING;
#ifndef FAULT_DRAIN_LEAVES_GATE_OPEN
    dispatch();
#endif
    close_idle();
#endif
    if
    :: !IS_OVER ->
        unlock_and_tell();
        if
        :: over
        :: atomic { timeouts < TIMEOUTS -> timeouts++ }
        fi;
        lock()
    :: else
    fi;
    d_step { drained = over || IS_OVER; watching = false }
    unlock_and_tell()
}

active proctype Keeper()
{
    byte life = 0, w = 0, q = 0, i_ = 0, k = 0;
    bool more = false;

    do
    :: life < LIFE ->
        if
        :: pause()
        :: drain()
        :: pause(); drain()
        fi;
        d_step {
            assert(!drained || total == 0);
            k = 0;
            do
            :: k < PLACES -> assert(!drained || place[k] == EMPTY); k++
            :: else -> break
            od;
            k = 0
        }
        resume();
        life++
    :: else -> break
    od;
    ended++
}

active proctype Judge()
{
    byte p = 0, count = 0;

    ended == THREADS + 1;
    d_step {
        do
        :: p < PLACES ->
            if
            :: place[p] == FREE -> count++
            :: else -> assert(place[p] == EMPTY)
            fi;
            p++
        :: else -> break
        od;
        assert(count == total && visitors == 0 && NOBODY_WAITS)
    }
}
