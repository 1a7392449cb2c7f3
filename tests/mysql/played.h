/* SPDX-License-Identifier: MIT */
/*
 * A MySQL 8 server as a script: greets, lets everybody in, prepares anything
 * without parameters or columns, says OK to all, and misbehaves in one place.
 */
#ifndef WEIR_TESTS_MYSQL_PLAYED_H
#define WEIR_TESTS_MYSQL_PLAYED_H

#include "kit/peer.h"

/* Where it does something else. */
typedef enum played_place {
    PLAYED_NOWHERE = 0,
    PLAYED_GREETING, /* in place of it */
    PLAYED_LOGIN,    /* after the client has said who it is */
    PLAYED_PREPARE,  /* in place of the answer */
    PLAYED_EXECUTE,
    PLAYED_COMMIT,
} played_place;

/* What it does there; the connection ends after it unless `goes_on`. */
typedef struct played {
    const char *version; /* NULL: MySQL 8 */
    const char *plugin;  /* NULL: mysql_native_password */
    played_place place;
    int times; /* 0: always */
    bool goes_on;
    /* An error, or with code 0 the packets of `bytes`, as they are. */
    unsigned code;
    const char *state; /* five characters */
    const char *text;
    const void *bytes;
    size_t size;
    bool silent; /* neither: nothing is said any more */
} played;

/* For kit_stage_start(KIT_MYSQL, played_server, &script). */
void played_server(kit_peer *peer, void *script);

#endif
