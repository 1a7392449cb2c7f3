/* SPDX-License-Identifier: MIT */
/*
 * Closing: takes no new work, answers who waits, closes what is idle, and lets
 * come back what is out. Exactly one thread is told that nothing is out any
 * more, and frees the pool; its head is kept and used for another pool, since
 * a thread that gave back its place reads the gate once more.
 *
 * Nobody touches a place or counts himself in a pool that has been freed,
 * nobody waits for ever, one is told, and the pool that has the head next is
 * left alone.
 *
 * RUN -DTHREADS=2 -DPLACES=1 -DROUNDS=2
 * RUN -DTHREADS=3 -DPLACES=1 -DROUNDS=1
 * RUN -DTHREADS=3 -DPLACES=2 -DROUNDS=1
 * FAULT WAITERS_ARE_NOT_ANSWERED  who waits is left to his deadline
 * FAULT VISITORS_DO_NOT_COUNT     it is freed while somebody is inside
 * FAULT LATE_RETURN_STAYS_IDLE    what came back in between is not closed
 * FAULT TOLD_WITH_EACH_RETURN     it is not remembered that one was told
 * FAULT HEAD_IS_NOT_TOLD_APART    the next pool is taken for this one
 * FAULT GATE_STAYS_OPEN           returns go on without the lock
 */
#include "pool.inc"

bool shut = false;  /* the gate: read without the lock */
byte serial = 1;    /* of the pool whose head this is */
bool closed = false, told_empty = false;
byte total = PLACES, visitors = 0;

bool closing = false, freed = false; /* ghosts */
byte entering = 0, told = 0, ended = 0;

inline touch() { assert(!freed) }

#ifdef FAULT_VISITORS_DO_NOT_COUNT
#define NOBODY_INSIDE true
#else
#define NOBODY_INSIDE (visitors == 0)
#endif

/* Locked. */
inline look_if_empty()
{
    d_step {
        last = false;
        if
        :: closed && !told_empty && total == 0 && NOBODY_INSIDE ->
            last = true;
#ifndef FAULT_TOLD_WITH_EACH_RETURN
            told_empty = true
#endif
        :: else
        fi
    }
}

/* Whoever is told frees. The head becomes that of a pool which is about to
 * end, too, and has not told anybody yet. */
inline free_if_last()
{
    if
    :: last ->
        d_step {
            told++;
            assert(told == 1 && serial == 1 && total == 0);
            freed = true;
            last = false
        }
        lock();
        d_step { serial = 2; told_empty = false; visitors = 0; held = false }
    :: else
    fi
}

/* Locked. */
inline close_idle()
{
    k = 0;
    do
    :: k < PLACES ->
        swap(k, FREE, CLOSING, got_);
        if
        :: got_ -> d_step { place[k] = EMPTY; total--; got_ = false }
        :: else
        fi;
        k++
    :: else -> break
    od;
    k = 0
}

/* Nobody begins an acquire when closing has begun: he could not know that the
 * pool is still there. Who began before is inside as soon as he has a place
 * or the lock. */
inline acquire()
{
    got = false;
    if
    :: atomic { !shut -> ahead[_pid] = queued }
        scan(got, p);
        if
        :: got -> d_step { touch(); entering-- }
        :: else
        fi
    :: atomic { shut -> ahead[_pid] = queued }
    fi;
    if
    :: !got -> acquire_slowly()
    :: else
    fi
}

inline acquire_slowly()
{
    atomic { lock_free; touch(); visitors++; entering-- }
    if
    :: closed
    :: else ->
        shut = true;
        if
        :: empty(queue) -> scan(got, p)
        :: else
        fi;
        if
        :: got -> shut = (len(queue) > 0)
        :: else ->
            d_step {
                word[_pid] = WAITING;
                queue ! _pid;
                queued = queued | (1 << _pid);
                held = false
            }
            d_step {
                word[_pid] != WAITING ->
                if
                :: word[_pid] == CLOSED
                :: else -> p = word[_pid] - 1; got = true
                fi;
                word[_pid] = WAITING
            }
            lock()
        fi
    fi;
    d_step { touch(); visitors-- }
    if
    :: !got -> look_if_empty()
    :: else
    fi;
    unlock();
    free_if_last()
}

/* Locked. */
inline serve()
{
    if
    :: len(queue) > 0 ->
        d_step {
            queue ? w; forget(w); assert(ahead[w] == 0);
            word[w] = granted(p); w = 0
        }
        if
        :: len(queue) == 0 && !closed -> shut = false
        :: else
        fi
    :: else -> place[p] = FREE
    fi
}

/* The place is no longer ours, and the pool may be another's. */
inline return_late()
{
    lock();
#ifdef FAULT_HEAD_IS_NOT_TOLD_APART
    skip;
#else
    if
    :: serial != mine -> goto other
    :: else
    fi;
#endif
    if
    :: len(queue) > 0 ->
        swap(p, FREE, BUSY, got_);
        if
        :: got_ -> got_ = false; serve()
        :: else
        fi
    :: else
    fi;
#ifndef FAULT_LATE_RETURN_STAYS_IDLE
    if
    :: closed && serial == mine -> close_idle()
    :: else
    fi;
#endif
    look_if_empty();
other:
    unlock();
    free_if_last()
}

inline release()
{
    mine = serial;
    if
    :: !shut ->
        d_step { touch(); place[p] = FREE }
        if
        :: shut -> return_late()
        :: else
        fi
    :: else ->
        lock();
        touch();
        if
        :: closed -> d_step { place[p] = EMPTY; total-- }
        :: else -> serve()
        fi;
        look_if_empty();
        unlock();
        free_if_last()
    fi
}

active [THREADS] proctype Borrower()
{
    byte round = 0, p = 0, w = 0, i_ = 0, k = 0, mine = 0;
    bool got = false, got_ = false, last = false;

    do
    :: round < ROUNDS ->
        if
        :: atomic { !closing -> entering++ }
            acquire();
            if
            :: got -> use(p); release()
            :: else
            fi
        :: closing
        fi;
        d_step {
            got = false; got_ = false; p = 0; mine = 0;
            ahead[_pid] = 0; round++
        }
    :: else -> break
    od;
    ended++
}

active proctype Closer()
{
    byte w = 0, i_ = 0, k = 0;
    bool got_ = false, last = false;

    atomic { entering == 0 -> closing = true }
    atomic { lock_free; closed = true; visitors++ }
#ifndef FAULT_GATE_STAYS_OPEN
    shut = true;
#endif
#ifndef FAULT_WAITERS_ARE_NOT_ANSWERED
    do
    :: len(queue) > 0 ->
        d_step { queue ? w; forget(w); word[w] = CLOSED; w = 0 }
    :: else -> break
    od;
#endif
    close_idle();
    visitors--;
    look_if_empty();
    unlock();
    free_if_last();
    ended++
}

active proctype Judge()
{
    ended == THREADS + 1;
    assert(told == 1)
}
