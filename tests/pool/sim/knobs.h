/* SPDX-License-Identifier: MIT */
/*
 * Those who do something to the whole pool. Both are threads of a story.
 */
#ifndef SIM_KNOBS_H
#define SIM_KNOBS_H

/* Turns knobs, and closes the pool at the end. The argument is his dice. */
void knobs_keep(void *argument);
/* Drains it at some time. */
void knobs_drain(void *argument);

#endif
