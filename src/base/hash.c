/* SPDX-License-Identifier: MIT */
/*
 * Eight bytes at a time, each folded in by a 64 x 64 -> 128 bit product whose
 * halves are combined: one multiplication spreads every bit over the word.
 */
#include "base/hash.h"

#include <string.h>

#include "base/int128.h"

static uint64_t fold(uint64_t a, uint64_t b)
{
    wi_uint128 product = (wi_uint128)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

#define ODD_1 UINT64_C(0x9E3779B97F4A7C15)
#define ODD_2 UINT64_C(0xD6E8FEB86659FD93)

uint64_t wi_hash_bytes(const void *data, size_t size)
{
    const unsigned char *at = data;
    uint64_t hash = ODD_1 ^ size;
    uint64_t word;

    for (; size >= 8; size -= 8, at += 8) {
        memcpy(&word, at, 8);
        hash = fold(hash ^ word, ODD_2);
    }
    if (size > 0) {
        word = 0;
        memcpy(&word, at, size);
        hash = fold(hash ^ word, ODD_2);
    }
    return fold(hash, ODD_1);
}
