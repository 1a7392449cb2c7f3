/* SPDX-License-Identifier: MIT */
/*
 * What a seed makes of the pool and of the server.
 */
#ifndef SIM_SETTINGS_H
#define SIM_SETTINGS_H

#include "server.h"
#include "story.h"

/* `*is_watched`: true if the server's sessions are to have sockets. */
wi_pool_options choose_options(const story_plan *plan, uint64_t *dice,
                               bool *is_watched);
/* Threads, and options that need them. */
void use_threads(wi_pool_options *options, uint64_t *dice);
server_moods choose_moods(bool has_threads, uint64_t *dice);

/* Of all kinds: passed already, near, far, the pool's own. */
int64_t choose_deadline(uint64_t *dice, int number);

#endif
