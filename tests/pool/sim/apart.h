/* SPDX-License-Identifier: MIT */
/*
 * Threads of a world are one thread of the system, which remembers things of
 * its own: the fast core's hints, and that it has used pools. A world that
 * began where another has ended would find them.
 */
#ifndef SIM_APART_H
#define SIM_APART_H

/* Runs it on a thread of the system that has done nothing before. */
void apart_run(void (*run)(void));

#endif
