/* SPDX-License-Identifier: MIT */
/*
 * What happens to a database and to the network before it, all of it on
 * loopback: sessions end, connections are cut, fall silent, crawl; the server
 * is halted, restarted, killed; nothing can be opened.
 */
#ifndef WEIR_TESTS_POOL_SOAK_TROUBLE_H
#define WEIR_TESTS_POOL_SOAK_TROUBLE_H

#include <stdbool.h>
#include <stdint.h>

#include "ground.h"

/* One misfortune after the other for so long. */
void trouble_for(ground *here, double seconds, bool with_restarts,
                 uint64_t *dice);
/* Ends what is under way. @return false: the server has not come back */
bool trouble_end(ground *here);

#endif
