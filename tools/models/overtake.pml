/* SPDX-License-Identifier: MIT */
/*
 * max_overtake: while the oldest waiter is young, running threads may take
 * what is free before him, and at most one waiter is awake to try his luck.
 * Once he has waited long enough the order is strict and places are handed
 * over. That a waiter grows old is a step that may happen at any time.
 *
 * Nobody who waits is forgotten (a keeper never gives back, so that nobody is
 * rescued by a later return), however the two ways mix; and with an old
 * waiter nobody who comes is served before him.
 *
 * RUN -DTHREADS=3 -DPLACES=1 -DROUNDS=2
 * RUN -DTHREADS=3 -DPLACES=2 -DROUNDS=2
 * RUN -DTHREADS=4 -DPLACES=1 -DROUNDS=1
 * RUN -DTHREADS=4 -DPLACES=2 -DROUNDS=1 -DKEEPERS=1
 * FAULT NOBODY_LOOKS_AFTER_FREEING  a releaser does not look for a waiter
 * FAULT GRANT_KEEPS_WAKER           who is served while awake wakes no other
 * FAULT TAKER_WAKES_NOBODY          who takes out of the queue wakes no other
 * FAULT NO_LAST_LOOK                who was woken sleeps without having looked
 * FAULT OLD_MAY_BE_OVERTAKEN        the order never becomes strict
 */
#ifndef KEEPERS
#define KEEPERS 0
#endif
#include "pool.inc"

#define NONE 0  /* nobody waits */
#define YOUNG 1 /* running threads may overtake */
#define OLD 2   /* strict */

byte mode = NONE; /* read without the lock; changed under it */
bool woken = false;
byte ended = 0;
byte kept = 0;
byte old = 0; /* ghost: bits of waiters that were old while they queued */

inline any_free()
{
    d_step {
        i_ = 0;
        free_ = false;
        do
        :: i_ < PLACES ->
            if
            :: place[i_] == FREE -> free_ = true
            :: else
            fi;
            i_++
        :: else -> break
        od;
        i_ = 0
    }
}

/* Locked. The first of the queue may have grown old, or may not; who is old
 * stays so. */
inline set_mode()
{
    if
    :: empty(queue) -> mode = NONE
    :: nempty(queue) ->
        d_step { queue ? <w>; was_old = (old & (1 << w)) != 0; w = 0 }
        if
        :: !was_old -> mode = YOUNG
        :: d_step {
               true -> queue ? <w>; old = old | (1 << w); mode = OLD; w = 0
           }
        fi
    fi
}

/* Locked. With something free and nobody awake the first may try his luck. */
inline nudge()
{
    if
    :: nempty(queue) && !woken ->
        any_free();
        if
        :: free_ -> d_step { woken = true; queue ? <w>; word[w] = LOOK; w = 0 }
        :: else
        fi
    :: else
    fi
}

/* Locked. */
inline grant(p)
{
    d_step {
        queue ? w;
#ifndef FAULT_GRANT_KEEPS_WAKER
        if
        :: word[w] == LOOK -> woken = false
        :: else
        fi;
#endif
        forget(w);
        old = old & ~(1 << w)
    }
    d_step { word[w] = granted(p); w = 0 }
    set_mode()
}

/* Locked; unlocks. This thread found place p while it was in the queue. */
inline leave_with_it()
{
    d_step { queue ?? eval(_pid); forget(_pid); old = old & ~(1 << _pid) }
    set_mode();
#ifndef FAULT_TAKER_WAKES_NOBODY
    nudge();
#endif
    unlock()
}

/* Locked; unlocks. */
inline look_again(got, p)
{
    d_step { word[_pid] = WAITING; woken = false }
#ifndef FAULT_NO_LAST_LOOK
    scan(got, p);
    if
    :: !got ->
        set_mode();
        if
        :: mode == OLD -> scan(got, p)
        :: else
        fi
    :: else
    fi;
#endif
    if
    :: got -> leave_with_it()
    :: else -> unlock()
    fi
}

inline sleep(got, p)
{
    do
    :: word[_pid] == LOOK ->
        lock();
        if
        :: word[_pid] == LOOK ->
            look_again(got, p);
            if
            :: got -> break
            :: else
            fi
        :: else -> unlock()
        fi
    :: word[_pid] != LOOK && word[_pid] != WAITING ->
        d_step { p = word[_pid] - 1; got = true; word[_pid] = WAITING }
        break
    od
}

inline acquire_slowly(got, p)
{
    lock();
    d_step {
        was = empty(queue);
        word[_pid] = WAITING;
        queue ! _pid;
        queued = queued | (1 << _pid)
    }
    if
    :: was -> set_mode()
    :: else
    fi;
    if
    :: was || mode != OLD -> scan(got, p)
    :: else
    fi;
    if
    :: got -> leave_with_it()
    :: else -> unlock(); sleep(got, p)
    fi
}

#ifdef FAULT_OLD_MAY_BE_OVERTAKEN
#define MAY_RUSH true
#else
#define MAY_RUSH (mode != OLD)
#endif

inline acquire(got, p)
{
    got = false;
    if
    :: atomic { MAY_RUSH -> ahead[_pid] = old }
        scan(got, p);
        if
        :: got -> assert(ahead[_pid] == 0)
        :: else
        fi
    :: atomic { !MAY_RUSH -> ahead[_pid] = old }
    fi;
    if
    :: !got -> acquire_slowly(got, p)
    :: else
    fi
}

/* Locked; unlocks. Place p is BUSY, or FREE if it was set free before. */
inline look_for_waiter(p)
{
    if
    :: nempty(queue) && mode == OLD ->
        swap(p, FREE, BUSY, again);
        if
        :: again -> again = false; grant(p)
        :: else
        fi
    :: else
    fi;
    nudge();
    unlock()
}

inline release(p)
{
    if
    :: mode != OLD ->
        place[p] = FREE;
#ifndef FAULT_NOBODY_LOOKS_AFTER_FREEING
        if
        :: mode == NONE || (mode == YOUNG && woken)
        :: else -> lock(); look_for_waiter(p)
        fi
#endif
    :: else ->
        lock();
        if
        :: nempty(queue) -> grant(p)
        :: else -> set_mode(); place[p] = FREE
        fi;
        nudge();
        unlock()
    fi
}

active [THREADS] proctype Borrower()
{
    byte round = 0, p = 0, w = 0, i_ = 0;
    bool got = false, again = false, was = false, free_ = false;
    bool was_old = false;

    do
    :: round < ROUNDS ->
        acquire(got, p);
        use(p);
        if
        :: release(p)
        :: atomic { kept < KEEPERS -> kept++; break }
        fi;
        d_step {
            got = false; p = 0; was = false; was_old = false; free_ = false; again = false;
            ahead[_pid] = 0; round++
        }
    :: else -> break
    od;
    ended++
}

active proctype Judge()
{
    byte p = 0, held_ = 0;

    ended == THREADS;
    d_step {
        do
        :: p < PLACES -> held_ = held_ + place[p]; p++
        :: else -> break
        od;
        assert(held_ == kept && empty(queue))
    }
}
