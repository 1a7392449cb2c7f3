/* SPDX-License-Identifier: MIT */
/*
 * A thread that runs until it says that another may: a stack of its own, and
 * nothing that the system knows of. Address sanitizer is told of the stacks.
 */
#ifndef SIM_FIBER_H
#define SIM_FIBER_H

#include <stdbool.h>

typedef struct fiber fiber;

/* NULL: no memory. */
fiber *fiber_new(void);
/* It has ended, or will never be resumed. */
void fiber_free(fiber *self);
/* It will run `run` when it is resumed next. */
void fiber_prepare(fiber *self, void (*run)(void *argument), void *argument);
/* From outside: lets it run until it pauses. False: it has ended. */
bool fiber_resume(fiber *self);
/* From inside. */
void fiber_pause(fiber *self);

#endif
