/* SPDX-License-Identifier: MIT */
/*
 * One story, told again and again: each time one call of the driver goes wrong
 * in one way, and what must hold whatever goes wrong is checked.
 *
 * A case is "operation:way:n:manner", as in "commit:lost_after:2:careful":
 * which call, what becomes of it, and whether the program that runs the story
 * heeds failures (careful) or goes on as if nothing were (sloppy).
 *
 *   WEIR_TORTURE=full   every case; else a sample of them
 *   WEIR_SEED=7         the sample's seed, which is printed
 *   WEIR_CASE=…         this case alone
 *
 * No case takes time: calls that hang wait by the engine's wait hook, which
 * says at once that the deadline has passed, or cancels.
 */
#ifndef WEIR_TESTS_FAULTS_H
#define WEIR_TESTS_FAULTS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <weir/short.h>
#include <weir/sys/driver.h>
#include <weir/sys/faulty.h>
#include <weir/weir.h>

/* A way for a call to go wrong. */
typedef struct way {
    const char *name;
    weir_fault fault;
    bool cancels; /* what hangs is cancelled */
} way;

typedef struct fault_case {
    weir_fault_op op;
    const way *way;
    uint64_t n;
    bool sloppy;
} fault_case;

enum { CONN_COUNT = 2 };

/* An engine whose calls go wrong, and what the story has seen of it. */
typedef struct world {
    const fault_case *now; /* NULL: nothing goes wrong */
    weir_engine *engine;
    weir_faulty *faulty;
    weir_conn *conns[CONN_COUNT];
    weir_conn *conn; /* of the block under way; may be NULL */
    weir_savepoint savepoint;
    weir_result *rows;
    void *story; /* the story's own */

    bool cancelled; /* what hung, once */
    bool block_failed;
    int blocks_failed;
    atomic_long live; /* allocations of the engine */
    uint64_t calls[WEIR_FAULT_OP_COUNT];
} world;

/* One act of a block. False: it failed, and the failure was in order. */
typedef bool act(world *w, int number);

typedef struct step {
    act *act;
    int number;
} step;

/* A piece of the story on one connection. Ends with a step without an act; if
 * something fails, and at the end, what is open is closed and rolled back. */
typedef struct block {
    int conn;
    step steps[16];
} block;

/* What is told. */
typedef struct story {
    const char *url; /* has fault_name=story */
    const block *blocks;
    size_t block_count;
    /* Operations that the core never calls in it, ended by ANY. */
    const weir_fault_op *unreached;
    /* Before the engine is there. */
    void (*begin)(world *w);
    /* MAY. When a block has been rolled back. */
    void (*rolled_back)(world *w);
    /* When all connections are back and no call goes wrong any more. */
    void (*check)(world *w);
    /* After the engine. */
    void (*end)(world *w);
} story;

/* Runs all cases of the story that are wanted. @return for main() */
int tell(const story *told);

/* Fails the test, saying the case. */
void wrong(const world *w, const char *format, ...) WEIR_PRINTF(2, 3);

/* Whether a call went well. Failing before anything went wrong, or without
 * saying why, is wrong. */
bool went_well(world *w, weir_status status, const weir_error *err);

/* The same of a call on the block's connection. */
bool conn_went_well(world *w, weir_status status);

/* True if the driver lies: what the database holds is then anybody's guess. */
/* After an outage the pool is tried when its pause is over. */
weir_conn *connect_again(world *w, weir_error *err);
bool is_lie(const world *w);

/* Acts that every story needs. */
bool begin_tx(world *w, int number);
bool roll_back(world *w, int number);
/* Gives the connection back; the next block borrows anew. */
bool close_conn(world *w, int number);
/* Somebody without patience asks for a third connection. */
bool ask_for_too_many(world *w, int number);
bool cancel_nothing(world *w, int number);
bool ping_engine(world *w, int number);
bool invalidate(world *w, int number);

#endif
