/* SPDX-License-Identifier: MIT */
/*
 * 128-bit integers, an extension of gcc and clang: named in this one place.
 */
#ifndef WI_BASE_INT128_H
#define WI_BASE_INT128_H

__extension__ typedef __int128 wi_int128;
__extension__ typedef unsigned __int128 wi_uint128;

#endif
