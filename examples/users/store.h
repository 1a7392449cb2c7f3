/* SPDX-License-Identifier: MIT */
/*
 * The users in their table: all SQL of the service, the same text for every
 * database. The only difference between them is how a table makes its keys.
 */
#ifndef USERS_STORE_H
#define USERS_STORE_H

#include <pthread.h>
#include <stdatomic.h>

#include <weir/short.h>
#include <weir/weir.h>

/* A user; the texts belong to the row or to the request. */
typedef struct user {
    int64_t id;
    const char *name;
    const char *email; /* NULL: none */
    opt_i32 age;
} user;

typedef struct store {
    weir_engine *engine;
    pthread_mutex_t preparing;
    atomic_bool is_ready; /* the table is there */
} store;

/* Makes the table, with sample users in it, if it is not there. It is tried
 * again with the next loan if the database is away. */
weir_status store_prepare(store *users, weir_error *err);

/* Whether a failure may be gone with the next request: the database is away,
 * or did not answer in time. */
bool store_is_away(const weir_error *err);

/* Borrows a connection in which each statement stands for itself. `who` is
 * told to whoever asks the pool who holds its connections.
 * @return [owned]; NULL on failure */
weir_conn *store_borrow(store *users, const char *who, weir_access access,
                        weir_error *err);

/* All users in the order of their ids; that of one id. @return [owned] */
weir_result *store_all(weir_conn *conn);
weir_result *store_find(weir_conn *conn, int64_t id);

/* The next of them. @return false at the end and on failure */
bool store_next(weir_result *rows, user *out);

/* Adds a user and gives it an id. @return CONSTRAINT if the name is taken */
weir_status store_add(weir_conn *conn, user *added, weir_error *err);

/* @return NOT_FOUND if there is no user of that id */
weir_status store_remove(weir_conn *conn, int64_t id, weir_error *err);

/* The sample users, three values each: name, email, age. */
extern const weir_rows sample_users;

#endif
