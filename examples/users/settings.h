/* SPDX-License-Identifier: MIT */
/*
 * Where to listen and which database to use: from the environment, then from
 * the command line.
 */
#ifndef USERS_SETTINGS_H
#define USERS_SETTINGS_H

typedef struct settings {
    const char *host;     /* HOST, --host: an address or a name */
    const char *port;     /* PORT, --port: 0 takes a free one */
    const char *database; /* DATABASE_URL, --database */
} settings;

/* @return -1 to go on, else the status to exit with: help was asked for or
 * the command line is wrong, and that has been said */
int settings_read(settings *out, int argc, char **argv);

#endif
