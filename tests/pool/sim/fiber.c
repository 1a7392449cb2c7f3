/* SPDX-License-Identifier: MIT */
/*
 * Fibers by ucontext.
 */
#include "fiber.h"

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <ucontext.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#define LEAVE_FOR(keep_, bottom_, size_)                                       \
    __sanitizer_start_switch_fiber(keep_, bottom_, size_)
#define ARRIVE(kept_, bottom_, size_)                                          \
    __sanitizer_finish_switch_fiber(kept_, bottom_, size_)
#else
#define LEAVE_FOR(keep_, bottom_, size_) ((void)(keep_))
#define ARRIVE(kept_, bottom_, size_) ((void)(kept_))
#endif

enum { STACK_SIZE = 128 * 1024 };

struct fiber {
    ucontext_t inside;
    ucontext_t outside;
    void (*run)(void *argument);
    void *argument;
    bool has_ended;
    void *fake_inside; /* the sanitizer's */
    void *fake_outside;
    const void *outer_bottom;
    size_t outer_size;
    char *stack;
};

fiber *fiber_new(void)
{
    fiber *self = calloc(1, sizeof *self);

    if (!self)
        return NULL;
    self->stack = malloc(STACK_SIZE);
    if (!self->stack) {
        free(self);
        return NULL;
    }
    return self;
}

void fiber_free(fiber *self)
{
    if (!self)
        return;
    free(self->stack);
    free(self);
}

/* makecontext() passes integers only. */
static void enter(unsigned high, unsigned low)
{
    fiber *self = (fiber *)(((uintptr_t)high << 32) | (uintptr_t)low);

    ARRIVE(NULL, &self->outer_bottom, &self->outer_size);
    self->run(self->argument);
    self->has_ended = true;
    LEAVE_FOR(NULL, self->outer_bottom, self->outer_size);
    setcontext(&self->outside);
}

void fiber_prepare(fiber *self, void (*run)(void *argument), void *argument)
{
    uintptr_t address = (uintptr_t)self;

    self->run = run;
    self->argument = argument;
    self->has_ended = false;
    getcontext(&self->inside);
    self->inside.uc_stack.ss_sp = self->stack;
    self->inside.uc_stack.ss_size = STACK_SIZE;
    self->inside.uc_link = NULL;
    makecontext(&self->inside, (void (*)(void))enter, 2,
                (unsigned)(address >> 32), (unsigned)address);
}

bool fiber_resume(fiber *self)
{
    LEAVE_FOR(&self->fake_outside, self->stack, STACK_SIZE);
    swapcontext(&self->outside, &self->inside);
    ARRIVE(self->fake_outside, NULL, NULL);
    return !self->has_ended;
}

void fiber_pause(fiber *self)
{
    LEAVE_FOR(&self->fake_inside, self->outer_bottom, self->outer_size);
    swapcontext(&self->inside, &self->outside);
    ARRIVE(self->fake_inside, &self->outer_bottom, &self->outer_size);
}
