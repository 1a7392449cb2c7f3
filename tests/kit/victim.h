/* SPDX-License-Identifier: MIT */
/*
 * The private server that a test runs beside: stopping, killing and waiting
 * for it. The script that runs the test looks after the server: it has made
 * the folder WEIR_TEST_SERVER, keeps the file "pid" there while the server
 * answers, and starts it again on the same port when it has died, unless
 * there is a file "hold".
 */
#ifndef TESTS_KIT_VICTIM_H
#define TESTS_KIT_VICTIM_H

#include <stdbool.h>
#include <sys/types.h>

/* Of the running server; 0 while there is none. */
pid_t kit_victim_pid(void);
/* SIGSTOP and SIGCONT; returns when it has taken effect. */
bool kit_victim_signal(int signal);
/* kill -9; returns when the process is gone. It comes back by itself. */
bool kit_victim_kill(void);
/* From now on, or no longer: a server that has died stays dead. */
bool kit_victim_hold(void);
bool kit_victim_release(void);
/* Waits until it is there (again), a minute at most. */
bool kit_victim_await(void);

#endif
