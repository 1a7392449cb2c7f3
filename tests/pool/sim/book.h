/* SPDX-License-Identifier: MIT */
/*
 * The book of a story: who is at what, and what has been done to the pool. All
 * who act in the story write in it; the rules judge by it.
 */
#ifndef SIM_BOOK_H
#define SIM_BOOK_H

#include <stdbool.h>
#include <stdint.h>

#include "pool/pool.h"
#include "server.h"
#include "story.h"
#include "world.h"

enum { BORROWERS_MAX = 6, ROUNDS_MAX = 12 };

typedef struct borrower {
    int number;
    int task;
    int rounds;
    bool is_acquiring;
    int unlocks;      /* of its thread when its acquire began */
    uint64_t cleared; /* all that was begun before has been invalidated */
    uint64_t doubted; /* and all that was heard of before is suspected */
    int served;       /* the same: how often it was handed something */
    int64_t began;    /* its acquire, by the clock */
    uint64_t entered; /* the same in events */
    int serial;       /* of its acquire */
    /* Who waited when this acquire began, in which of his own, and how often
     * he had been handed something: he must have had his turn, or have left,
     * when this one is served. 0: nobody. */
    int ahead[BORROWERS_MAX];
    int ahead_served[BORROWERS_MAX];
} borrower;

typedef struct story_book {
    story_plan plan;
    uint64_t history;
    server server;
    wi_pool_options options;
    wi_pool *pool;
    borrower borrowers[BORROWERS_MAX];
    int borrower_count;
    bool is_watched; /* sessions have sockets */
    bool was_given;  /* threads, while it ran */
    bool hurry;      /* a borrower is about to give back: close now */
    bool paused;     /* from its return to the next resume */
    bool is_pausing;
    bool draining; /* from its call */
    int resumes;   /* odd while somebody is about to */
    int drains;
    int enders; /* inside, waiting for the end */
    int unlocks_when_told[TASKS_MAX];
    bool refuses; /* draining holds, and is known to */
    uint64_t refused_at;
    uint64_t paused_at;  /* these in events */
    uint64_t drained_at; /* when it last was no longer draining */
    borrower drainer;
    bool closing;
    bool closed;      /* wi_pool_close() is over */
    int told;         /* how often somebody was told that nothing is out */
    uint64_t cleared; /* when the last invalidation ended, in events */
    uint64_t lent;
    uint64_t timeouts;
    bool is_sound;    /* the server has no moods */
    int left;         /* borrowers that are not done yet */
    uint64_t choices; /* in a calm story: its own dice */
} story_book;

extern story_book book;

#endif
