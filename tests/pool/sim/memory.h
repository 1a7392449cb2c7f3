/* SPDX-License-Identifier: MIT */
/*
 * An allocator that spoils what is freed, so that whoever looks at it later is
 * noticed.
 */
#ifndef SIM_MEMORY_H
#define SIM_MEMORY_H

#include <weir/memory.h>

extern const weir_allocator sim_memory;

#endif
