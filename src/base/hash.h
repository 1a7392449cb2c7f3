/* SPDX-License-Identifier: MIT */
/*
 * A hash of bytes for tables inside the process: quick, well mixing, not
 * stable between versions and no defence against chosen input.
 */
#ifndef WI_BASE_HASH_H
#define WI_BASE_HASH_H

#include <stddef.h>
#include <stdint.h>

uint64_t wi_hash_bytes(const void *data, size_t size);

#endif
