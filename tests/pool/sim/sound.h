/* SPDX-License-Identifier: MIT */
/* Whether the fast core's own books agree, between two steps. */
#ifndef SIM_SOUND_H
#define SIM_SOUND_H

#include "pool/pool.h"

/* While somebody has the lock, nothing: he is at it. Notes a finding. */
void sound_step(const wi_pool *pool);

#endif
