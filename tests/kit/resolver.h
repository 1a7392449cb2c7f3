/* SPDX-License-Identifier: MIT */
/*
 * A resolver that a test commands: it stands in for the C library's in the
 * whole program, so in the client libraries, too. Every name is 127.0.0.1;
 * some lookups hang until they are let go.
 */
#ifndef TESTS_KIT_RESOLVER_H
#define TESTS_KIT_RESOLVER_H

/* The next `count` lookups will hang. */
void kit_resolver_hang(int count);
/* How many do at this moment. */
int kit_resolver_hanging(void);
/* All that hang find what they look for. */
void kit_resolver_let_go(void);

#endif
