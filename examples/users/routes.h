/* SPDX-License-Identifier: MIT */
/*
 * Which path and method leads where.
 */
#ifndef USERS_ROUTES_H
#define USERS_ROUTES_H

#include <ulfius.h>

#include "store.h"

/* @return whether all were taken */
bool routes_add(struct _u_instance *web, store *users);

#endif
