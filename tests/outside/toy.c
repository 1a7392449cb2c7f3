/* SPDX-License-Identifier: MIT */
#include "toy.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { CELL_COUNT = 8, UNDO_MAX = 64 };

/* One per engine. */
typedef struct toy {
    pthread_mutex_t lock; /* guards `cells` */
    int64_t cells[CELL_COUNT];
} toy;

typedef struct undo {
    int cell;
    int64_t before;
} undo;

typedef struct toy_conn {
    toy *toy;
    bool in_tx;
    undo log[UNDO_MAX]; /* of the transaction, oldest first */
    int log_size;
} toy_conn;

typedef enum verb { SELECT_1, GET, PUT } verb;

typedef struct toy_stmt {
    toy_conn *conn;
    verb verb;
    weir_stmt_info info;
    int64_t found; /* the row's value */
    bool has_row;
} toy_stmt;

/* ------------------------------------------------------------------ errors */

/* The native codes of this database; SQLSTATE as everywhere. */
enum { TOY_BAD_TEXT = 1, TOY_BAD_CELL = 2, TOY_FULL = 3 };

static void classify(int native_code, const char *sqlstate, weir_error *err)
{
    (void)sqlstate;
    err->fate = WEIR_FATE_KEEP;
    err->status = native_code == TOY_FULL ? WEIR_ERR_LIMIT : WEIR_ERR_SQL;
    snprintf(err->sqlstate, sizeof err->sqlstate, "%s",
             native_code == TOY_BAD_TEXT   ? "42601"
             : native_code == TOY_BAD_CELL ? "22003"
                                           : "54000");
}

static weir_status fail(weir_error *err, int native_code, const char *message)
{
    weir_error_set(err, WEIR_ERR_SQL, "%s", message); /* clears all else */
    err->native_code = native_code;
    classify(native_code, NULL, err);
    return err->status;
}

/* -------------------------------------------------------------- connections */

static weir_status attach(void *instance, const weir_attach_spec *spec,
                          weir_profile *profile, weir_error *err)
{
    toy *self = instance;

    (void)spec;
    (void)profile;
    if (pthread_mutex_init(&self->lock, NULL) != 0)
        return weir_error_set(err, WEIR_ERR_NOMEM, "out of memory");
    return WEIR_OK;
}

static void detach(void *instance)
{
    toy *self = instance;

    pthread_mutex_destroy(&self->lock);
}

static weir_status open_conn(void *memory, const weir_open_spec *spec,
                             weir_error *err)
{
    toy_conn *conn = memory;

    (void)err;
    conn->toy = spec->instance;
    return WEIR_OK;
}

static void roll_back(toy_conn *conn)
{
    if (conn->log_size > 0)
        pthread_mutex_lock(&conn->toy->lock);
    for (int i = conn->log_size; i > 0; i--)
        conn->toy->cells[conn->log[i - 1].cell] = conn->log[i - 1].before;
    if (conn->log_size > 0)
        pthread_mutex_unlock(&conn->toy->lock);
    conn->log_size = 0;
    conn->in_tx = false;
}

/* Also of one whose open() has failed. */
static void close_conn(void *memory)
{
    roll_back(memory);
}

static unsigned state(void *memory)
{
    toy_conn *conn = memory;

    return conn->in_tx ? WEIR_STATE_IN_TX : 0;
}

static weir_status reset(void *memory, int64_t deadline, bool *statements_lost,
                         weir_error *err)
{
    (void)deadline;
    (void)statements_lost;
    (void)err;
    roll_back(memory);
    return WEIR_OK;
}

/* ------------------------------------------------------------ transactions */

static weir_status begin(void *memory, const weir_tx_spec *spec,
                         int64_t deadline, weir_error *err)
{
    toy_conn *conn = memory;

    (void)spec;
    (void)deadline;
    (void)err;
    conn->in_tx = true;
    return WEIR_OK;
}

static weir_status commit(void *memory, int64_t deadline, weir_error *err)
{
    toy_conn *conn = memory;

    (void)deadline;
    (void)err;
    conn->log_size = 0;
    conn->in_tx = false;
    return WEIR_OK;
}

static weir_status rollback(void *memory, int64_t deadline, weir_error *err)
{
    (void)deadline;
    (void)err;
    roll_back(memory);
    return WEIR_OK;
}

/* --------------------------------------------------------------- statements */

static const weir_column one_column = {.name = "value",
                                       .database_type = "",
                                       .type = WEIR_TYPE_I64,
                                       .table = "",
                                       .origin = ""};

static const struct {
    const char *text;
    size_t params, columns;
    weir_effect effect;
} verbs[] = {
    [SELECT_1] = {"SELECT 1", 0, 1, WEIR_EFFECT_READ},
    [GET] = {"GET ?", 1, 1, WEIR_EFFECT_READ},
    [PUT] = {"PUT ? ?", 2, 0, WEIR_EFFECT_WRITE},
};
enum { VERB_COUNT = sizeof verbs / sizeof verbs[0] };

static weir_status toy_prepare(void *memory, weir_text sql, void *stmt_memory,
                               const weir_stmt_info **info, int64_t deadline,
                               weir_error *err)
{
    toy_stmt *stmt = stmt_memory;
    int i = 0;

    (void)deadline;
    while (i < VERB_COUNT && (strlen(verbs[i].text) != sql.size ||
                              memcmp(verbs[i].text, sql.data, sql.size) != 0))
        i++;
    if (i == VERB_COUNT)
        return fail(err, TOY_BAD_TEXT, "write SELECT 1, GET ? or PUT ? ?");
    stmt->conn = memory;
    stmt->verb = (verb)i;
    stmt->info = (weir_stmt_info){.param_count = verbs[i].params,
                                  .column_count = verbs[i].columns,
                                  .columns = &one_column,
                                  .effect = verbs[i].effect};
    *info = &stmt->info;
    return WEIR_OK;
}

static bool is_cell(const weir_value *value)
{
    return value->type == WEIR_TYPE_I64 && value->as.i >= 0 &&
           value->as.i < CELL_COUNT;
}

/* The lock is held. */
static weir_status put(toy_conn *conn, const weir_value *values,
                       weir_error *err)
{
    int cell = (int)values[0].as.i;

    if (values[1].type != WEIR_TYPE_I64)
        return fail(err, TOY_BAD_CELL, "a cell holds an integer");
    if (conn->in_tx && conn->log_size == UNDO_MAX)
        return fail(err, TOY_FULL, "a transaction has 64 changes at most");
    if (conn->in_tx)
        conn->log[conn->log_size++] = (undo){cell, conn->toy->cells[cell]};
    conn->toy->cells[cell] = values[1].as.i;
    return WEIR_OK;
}

static weir_status execute(void *memory, const weir_execution *execution,
                           weir_error *err)
{
    toy_stmt *stmt = memory;
    toy *self = stmt->conn->toy;
    weir_status status = WEIR_OK;

    stmt->has_row = stmt->info.column_count > 0;
    stmt->found = 1;
    if (stmt->verb == SELECT_1)
        return WEIR_OK;
    if (!is_cell(&execution->values[0]))
        return fail(err, TOY_BAD_CELL, "there are cells 0 to 7");
    pthread_mutex_lock(&self->lock);
    if (stmt->verb == GET)
        stmt->found = self->cells[execution->values[0].as.i];
    else
        status = put(stmt->conn, execution->values, err);
    pthread_mutex_unlock(&self->lock);
    return status;
}

static weir_step fetch(void *memory, weir_value *row, int64_t deadline,
                       weir_error *err)
{
    toy_stmt *stmt = memory;

    (void)deadline;
    (void)err;
    if (!stmt->has_row)
        return WEIR_STEP_DONE;
    stmt->has_row = false;
    row[0] = weir_value_i64(stmt->found);
    return WEIR_STEP_ROW;
}

static void outcome(void *memory, weir_outcome *out)
{
    toy_stmt *stmt = memory;

    *out = (weir_outcome){.affected = stmt->verb == PUT ? 1 : -1};
}

static void end(void *memory)
{
    toy_stmt *stmt = memory;

    stmt->has_row = false;
}

static void finish(void *memory)
{
    (void)memory;
}

/* ------------------------------------------------------------- what it is */

static const weir_driver driver = {
    .size = sizeof(weir_driver),
    .instance_size = sizeof(toy),
    .conn_size = sizeof(toy_conn),
    .stmt_size = sizeof(toy_stmt),
    .attach = attach,
    .detach = detach,
    .open = open_conn,
    .close = close_conn,
    .state = state,
    .reset = reset,
    .begin = begin,
    .commit = commit,
    .rollback = rollback,
    .prepare = toy_prepare,
    .execute = execute,
    .fetch = fetch,
    .outcome = outcome,
    .end = end,
    .finish = finish,
    .classify = classify,
};

static const weir_dialect dialect = {
    .size = sizeof(weir_dialect),
    .name = "toy",
    .placeholder = WEIR_PLACEHOLDER_QUESTION,
    .identifier_quote = '"',
    .isolation_levels = 1u << WEIR_READ_UNCOMMITTED,
    .parameter_max = 2,
};

static const char *const schemes[] = {"toy", NULL};

const weir_backend toy_backend = {
    .abi = WEIR_BACKEND_ABI,
    .name = "toy",
    .schemes = schemes,
    .dialect = &dialect,
    .driver = &driver,
    .capabilities = WEIR_CAN_TRANSACT | WEIR_CAN_INTERLEAVE | WEIR_CAN_SHARE |
                    WEIR_HAS_TYPED_COLUMNS,
    .default_isolation = WEIR_READ_UNCOMMITTED,
};
