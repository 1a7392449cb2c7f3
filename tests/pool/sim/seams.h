/* SPDX-License-Identifier: MIT */
/*
 * Included before everything else where the pool is compiled for the
 * simulation: its locks, conditions, clock and names of
 * threads are those of seams.c.
 */
#ifndef SIM_SEAMS_H
#define SIM_SEAMS_H

#define wi_mutex_init sim_mutex_init
#define wi_mutex_clear sim_mutex_clear
#define wi_mutex_lock sim_mutex_lock
#define wi_mutex_unlock sim_mutex_unlock
#define wi_cond_init sim_cond_init
#define wi_cond_clear sim_cond_clear
#define wi_cond_signal sim_cond_signal
#define wi_cond_wait_until sim_cond_wait_until
#define wi_now_ns sim_now_ns
#define wi_deadline_in_ns sim_deadline_in_ns
#define wi_deadline_passed sim_deadline_passed
#define pthread_self sim_pthread_self
#define pthread_mutex_lock sim_pthread_mutex_lock
#define pthread_mutex_unlock sim_pthread_mutex_unlock

void world_point(void);
#define WI_PORT_POINT() world_point()

#endif
