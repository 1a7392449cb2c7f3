/* SPDX-License-Identifier: MIT */
#include <time.h>

#include "suite.h"

weir_engine *engine;

weir_engine *open_engine(const weir_engine_options *options)
{
    weir_error err;
    weir_engine *opened =
        weir_engine_open(getenv("WEIR_TEST_URL"), options, &err);

    if (!opened)
        fail_msg("open: %s", err.message);
    return opened;
}

bool can(uint32_t capabilities)
{
    return (weir_engine_capabilities(engine) & capabilities) == capabilities;
}

/* Every handle that was lent; a handle is lent again, so there are few. */
enum { HANDLES_MAX = 64 };
static weir_conn *lent[HANDLES_MAX];

static void remember(weir_conn *conn)
{
    int i = 0;

    while (i < HANDLES_MAX && lent[i] && lent[i] != conn)
        i++;
    assert_true(i < HANDLES_MAX);
    lent[i] = conn;
}

int unclear_errors;

measure suite_measure = {.large = 64 * 1024 * 1024, .patience_s = 2};

static void look_at(const weir_error *err, weir_status status)
{
    if (err->status == status && strlen(err->message) > 8 &&
        !strchr(err->message, '\n'))
        return;
    print_error("%s says \"%s\" (%s)\n", weir_status_name(status), err->message,
                weir_status_name(err->status));
    unclear_errors++;
}

weir_conn *borrow_with(const weir_connect_options *options)
{
    weir_error err;
    weir_conn *conn = weir_connect_with(engine, options, &err);

    if (!conn) {
        look_at(&err, err.status);
        fail_msg("connect: %s", err.message);
    }
    remember(conn);
    return conn;
}

weir_conn *borrow(void)
{
    return borrow_with(NULL);
}

void must(weir_conn *conn, weir_status status)
{
    if (status == WEIR_OK)
        return;
    look_at(weir_conn_error(conn), status);
    fail_msg("%s: %s", weir_status_name(status),
             weir_conn_error(conn)->message);
}

void must_fail(weir_conn *conn, weir_status status, weir_status wanted)
{
    const weir_error *err = weir_conn_error(conn);

    if (status != wanted)
        fail_msg("%s instead of %s: %s", weir_status_name(status),
                 weir_status_name(wanted), err->message);
    assert_int_equal(err->status, wanted);
    assert_true(strlen(err->message) > 8);
    assert_null(strchr(err->message, '\n'));
}

void *cancel_until_done(void *memory)
{
    canceller *self = memory;
    const struct timespec pause = {.tv_nsec = 5000000};

    while (!self->done) {
        weir_cancel(self->conn);
        nanosleep(&pause, NULL);
    }
    return NULL;
}

void make_table(weir_conn *conn)
{
    must(conn, weir_exec(conn, "DROP TABLE IF EXISTS thing", NOARGS));
    must(conn, weir_exec(conn,
                         "CREATE TABLE thing (id INTEGER PRIMARY KEY, name "
                         "VARCHAR(80) NOT NULL UNIQUE, age INTEGER)",
                         NOARGS));
    must(conn, weir_commit(conn));
}

/* To close a handle that is closed already is harmless. */
void close_all_lent(void)
{
    for (int i = 0; i < HANDLES_MAX; i++) {
        weir_conn *copy = lent[i];

        weir_conn_close(&copy);
        lent[i] = NULL;
    }
}

/* A set-up that fails has no tear-down: what it left is closed by the next. */
int set_up(void **state)
{
    weir_conn *conn;

    (void)state;
    close_all_lent();
    conn = borrow();
    make_table(conn);
    weir_conn_close(&conn);
    return 0;
}

/* A thread of the pool may still be making one clean that was given back. */
static bool nothing_is_out(void)
{
    const struct timespec pause = {.tv_nsec = 5000000};
    weir_pool_status status;

    weir_engine_pool_status(engine, &status);
    for (int i = 0; i < 4000 && status.busy > 0; i++) {
        nanosleep(&pause, NULL);
        weir_engine_pool_status(engine, &status);
    }
    return status.busy == 0;
}

int tear_down(void **state)
{
    (void)state;
    close_all_lent();
    return nothing_is_out() ? 0 : -1;
}

weir_status add(weir_conn *conn, int64_t id, const char *name)
{
    return weir_exec(conn, "INSERT INTO thing (id, name) VALUES (?, ?)",
                     ARGS(id, name));
}

int64_t count(weir_conn *conn)
{
    WEIR_AUTO(weir_result) rows =
        weir_query(conn, "SELECT count(*) FROM thing", NOARGS);
    int64_t found = -1;

    if (weir_result_one(rows) != WEIR_OK)
        fail_msg("count: %s", weir_result_error(rows)->message);
    assert_int_equal(weir_scan(rows, &found), WEIR_OK);
    return found;
}

int64_t committed(void)
{
    WEIR_AUTO(weir_conn) conn = borrow();

    return count(conn);
}
