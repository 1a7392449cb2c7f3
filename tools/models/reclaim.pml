/* SPDX-License-Identifier: MIT */
/*
 * A loan is taken back while its borrower gives it back: one place, borrowers
 * that release by serial (some of them twice), and one who tells and takes.
 *
 * A loan ends once, whoever is first; a resource has one owner; what was told
 * of is told to be over; a release of what is over changes nothing and is
 * counted; no place is lost.
 *
 * RUN -DTHREADS=2 -DROUNDS=2 -DTWICE=0 -DTELLS=2
 * RUN -DTHREADS=2 -DROUNDS=2 -DTWICE=1 -DTELLS=2
 * RUN -DTHREADS=3 -DROUNDS=1 -DTWICE=1 -DTELLS=1
 * FAULT RETURN_IS_NO_SWAP        a return does not see that it was told of
 * FAULT NO_SECOND_LOOK           another loan is told of than was looked at
 * FAULT VOID_WHEN_TAKEN          the serial is good until it has been taken
 * FAULT DOUBT_IS_DROPPED         who comes while it is asked for is forgotten
 * FAULT DOUBT_IS_DECIDED_EARLY   he does not look again under the lock
 * FAULT GRANT_KEEPS_SERIAL       who is granted it has not made the old void
 * FAULT TAKES_FROM_INSIDE        it is taken while a call is under way
 */
#ifndef TWICE
#define TWICE 1
#endif
#ifndef TELLS
#define TELLS 2
#endif
#define INITIAL FREE
#include "pool.inc"
#define OVERDUE 6

/* A handle, which decides who was first. */
#define NONE 0
#define OUT 1
#define INSIDE 2
#define TAKEN 3

/* Of the place. */
byte loans = 0;
byte over = 0;
bool is_signed = false;
bool told = false;
bool asked = false;
bool came_back = false;

byte handle[THREADS] = NONE;
byte serial[THREADS];
bool wants[THREADS]; /* waits to be granted it */
byte running = THREADS;
byte twice = 0;

/* Ghosts. */
byte ends[THREADS * ROUNDS + 1];
byte begun = 0;
byte late = 0;
byte stale = 0;
byte news = 0; /* loans that were told of, and not yet of their end */
byte holder = 0;

#define is_out(s_) \
    (is_signed && loans == s_ && over != s_ && \
     (place[0] == BUSY || place[0] == OVERDUE))

/* Locked. The end of a loan that was told of is told. */
inline returned()
{
    if
    :: told -> told = false; asked = false; came_back = false; news--
    :: else
    fi
}

/* Locked. To who waits, or to whoever comes. */
inline pass_on(g)
{
    g = 0;
    do
    :: g < THREADS && wants[g] ->
        wants[g] = false;
#ifndef FAULT_GRANT_KEEPS_SERIAL
        over = loans;
#endif
        is_signed = true; place[0] = BUSY; word[g] = granted(0); break
    :: g < THREADS && !wants[g] -> g++
    :: g == THREADS -> is_signed = false; place[0] = FREE; break
    od;
    g = 0
}

inline acquire(got)
{
    got = false;
    if
    :: atomic { place[0] == FREE -> place[0] = BUSY; got = true }
    :: atomic { !held && place[0] != FREE -> wants[_pid] = true;
                word[_pid] = WAITING }
        atomic { word[_pid] != WAITING -> got = true }
    fi
}

/* It was taken or granted: now it is a loan. */
inline lend()
{
    d_step {
        assert(holder == 0); holder = _pid + 1;
        loans++; serial[_pid] = loans; begun++
    }
    d_step { is_signed = true; handle[_pid] = OUT }
}

inline end_honestly()
{
    d_step {
        ends[serial[_pid]]++; assert(ends[serial[_pid]] == 1);
        assert(holder == _pid + 1); holder = 0
    }
}

inline release_locked(g)
{
    atomic { lock_free; assert(place[0] == BUSY || place[0] == OVERDUE) }
    d_step { returned(); pass_on(g); held = false }
}

inline serve_waiters(g)
{
    atomic { lock_free }
    d_step {
        if
        :: place[0] == FREE -> pass_on(g)
        :: else
        fi;
        held = false
    }
}

inline release_honestly(g, got)
{
    end_honestly();
    is_signed = false;
#ifdef FAULT_RETURN_IS_NO_SWAP
    place[0] = FREE; got = true;
#else
    swap(0, BUSY, FREE, got);
#endif
    if
    :: !got -> release_locked(g)
    :: got -> serve_waiters(g)
    fi
}

/* Under the lock it is known whether it is late. */
inline release_in_doubt(g, got)
{
    atomic { lock_free; got = is_out(serial[_pid]) }
#ifdef FAULT_DOUBT_IS_DECIDED_EARLY
    got = false;
#endif
    if
#ifndef FAULT_DOUBT_IS_DROPPED
    :: d_step { !got && asked && !came_back && loans == serial[_pid] ->
                came_back = true; held = false }
        got = false
#else
    :: d_step { !got && asked && !came_back && loans == serial[_pid] ->
                held = false }
        got = false
#endif
    :: d_step { !got && !(asked && !came_back && loans == serial[_pid]) ->
                stale++; held = false }
        got = false
    :: d_step { got -> held = false }
    fi
}

inline release(g, got)
{
    got = is_out(serial[_pid]);
    if
    :: got
    :: !got -> release_in_doubt(g, got)
    fi;
    if
    :: got -> release_honestly(g, got)
    :: else
    fi
}

/* Out, in, and back; then perhaps once more. */
inline give_back(g, got)
{
    if
    :: atomic { handle[_pid] == OUT -> handle[_pid] = INSIDE }
        handle[_pid] = OUT
    :: true
    fi;
    if
    :: atomic { handle[_pid] == OUT -> handle[_pid] = NONE }
        release(g, got)
    :: atomic { handle[_pid] == TAKEN -> late++ }
        release(g, got)
    fi;
    if
    :: atomic { twice < TWICE -> twice++; late++ }
        release(g, got)
    :: true
    fi;
    handle[_pid] = NONE
}

active [THREADS] proctype borrower()
{
    byte round = 0;
    byte g = 0;
    byte i_ = 0;
    bool got;

    do
    :: round < ROUNDS ->
        acquire(got);
        if
        :: got -> lend(); give_back(g, got)
        :: else
        fi;
        round++
    :: else -> break
    od;
    running--
}

/* Locked, and afterwards. Whether the loan of `which` can be taken. */
inline ask_handles(which, t, got)
{
    t = 0;
    got = false;
    do
    :: t < THREADS ->
        atomic {
            if
            :: handle[t] == OUT && serial[t] == which ->
                handle[t] = TAKEN; got = true
#ifdef FAULT_TAKES_FROM_INSIDE
            :: handle[t] == INSIDE && serial[t] == which -> got = true
#endif
            :: else
            fi
        }
        if
        :: got -> break
        :: else -> t++
        fi
    :: else -> break
    od
}

inline take_it(which, t, g)
{
    d_step {
        ends[which]++; assert(ends[which] == 1);
        assert(holder == t + 1); holder = 0;
        stale = stale + came_back;
        told = false; asked = false; came_back = false; news--;
        over = loans; is_signed = false;
        pass_on(g); held = false
    }
}

inline reclaim(which, t, g, got)
{
    d_step {
        which = loans; asked = true;
#ifndef FAULT_VOID_WHEN_TAKEN
        over = loans;
#endif
        held = false
    }
    ask_handles(which, t, got);
    atomic { lock_free }
    if
    :: got -> take_it(which, t, g)
    :: !got && !asked -> held = false
    :: !got && asked && came_back ->
        d_step {
            ends[which]++; assert(ends[which] == 1); holder = 0;
            returned(); pass_on(g); held = false
        }
    :: !got && asked && !came_back ->
        d_step { asked = false; over = which - 1; held = false }
    fi
}

active proctype teller()
{
    byte which = 0;
    byte tells = 0;
    byte t = 0;
    byte g = 0;
    bool got;

    do
    :: tells < TELLS ->
        atomic { (place[0] == BUSY && is_signed && loans != over) || running == 0 }
        if
        :: running == 0 -> break
        :: else
        fi;
        atomic { lock_free; which = loans; got = is_signed && loans != over }
        if
        :: got -> swap(0, BUSY, OVERDUE, got)
        :: else
        fi;
        if
        :: got ->
#ifndef FAULT_NO_SECOND_LOOK
            if
            :: !(is_signed && loans == which && loans != over) ->
                place[0] = BUSY; got = false
            :: else
            fi
#else
            assert(loans == which)
#endif
        :: else
        fi;
        if
        :: got -> d_step { told = true; news++ } reclaim(which, t, g, got)
        :: else -> held = false
        fi;
        tells++
    :: else -> break
    od;
    running == 0;
    assert(!told && news == 0);
    assert(place[0] == FREE && holder == 0);
    assert(stale == late)
}
