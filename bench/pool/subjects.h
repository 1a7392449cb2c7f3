/* SPDX-License-Identifier: MIT */
/*
 * The pools of this house, and the plain stack that they are measured by.
 */
#ifndef BENCH_POOL_SUBJECTS_H
#define BENCH_POOL_SUBJECTS_H

#include "workload.h"

extern subject stack_subject; /* its functions depend on the cell */
extern const subject mutex_subject;
extern const subject weir_subject;
extern const subject overtake_subject; /* max_overtake 1 ms */
/* Through weir_connect() and weir_conn_close(), over the mock database. */
extern const subject engine_subject;
/* A queue of futexes and nothing else. */
extern const subject handoff_subject;

#endif
