/* SPDX-License-Identifier: MIT */
/*
 * A pool in a process of its own, asked for cells through pipes (workload.h
 * has the lines).
 */
#ifndef BENCH_POOL_CONTENDER_H
#define BENCH_POOL_CONTENDER_H

#include <stdio.h>
#include <sys/types.h>

enum { NAME_SIZE = 48 };

typedef struct contender {
    char name[NAME_SIZE];
    pid_t pid;
    FILE *to;
    FILE *from;
} contender;

/* What is asked. */
typedef struct cell {
    int threads;
    int size;
    int hold_us;
    int run_ms;
} cell;

/* One figure of an answer; their order is that of the line. */
typedef enum figure {
    NS_PER_OP,
    MIN_OPS,
    MAX_OPS,
    P50_US,
    P99_US,
    P999_US,
    MAX_US,
    SWITCHES,
    FIGURES,
} figure;

typedef struct figures {
    double of[FIGURES];
} figures;

/* Starts `command` by the shell. Ends the process if that cannot be. */
void contender_start(contender *self, const char *name, const char *command);
/* 0, or -1 if it has ended or does not speak the lines. */
int contender_ask(contender *self, const cell *wanted, figures *out);
/* Ends its input and waits for its end. */
void contender_stop(contender *self);

#endif
