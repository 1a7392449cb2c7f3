/* SPDX-License-Identifier: MIT */
/*
 * The web server: opens the port with clear errors, and stops without cutting
 * off a request.
 */
#ifndef USERS_SERVER_H
#define USERS_SERVER_H

#include <pthread.h>
#include <stdbool.h>

#include <ulfius.h>

#include "settings.h"

typedef struct server {
    struct _u_instance web;
    int listener;
    char address[300]; /* http://host:port */

    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    int in_flight; /* requests begun and not yet answered */
} server;

/* Takes the port and makes web ready for routes. @return whether it could;
 * if not, why has been said */
bool server_open(server *out, const settings *wanted);
/* Answers requests from now on, on threads of its own. */
bool server_start(server *started);
/* Takes no new connections, lets requests in flight end (for some seconds),
 * closes all. */
void server_close(server *closed);

#endif
