/* SPDX-License-Identifier: MIT */
/*
 * Statements: what SQL text does, parameters, columns, executions.
 */
#ifndef WPG_STMT_H
#define WPG_STMT_H

#include <inttypes.h>

#include "wpg.h"

/* --------------------------------------------------------- what SQL does */

typedef struct wpg_scan {
    weir_effect effect;
    /* It calls functions which may do anything: a query then counts as a write
     * if its answer is lost, and the session is no longer known. */
    bool calls;
    /* It may leave something in the session that no command tag tells. */
    bool marks_session;
    /* A SET whose effect ends with the transaction. */
    bool is_local;
} wpg_scan;

/* `backslashes`: they escape in every string (standard_conforming_strings is
 * off). */
wpg_scan wpg_scan_sql(weir_text sql, bool backslashes);

/* ------------------------------------------------------------- statements */

/* The parameters of a statement, as libpq takes them. */
typedef struct wpg_params {
    size_t count;
    Oid *oids;
    weir_type *types;
    const char **values;
    int *sizes;
    int *formats;
    wpg_type *kinds;
    char *scratch;
    weir_buffer extra;
} wpg_params;

/* From the description of a statement. */
weir_status wpg_params_set(wpg_params *params, wpg_conn *conn,
                           const PGresult *described, weir_error *err);
void wpg_params_clear(wpg_params *params, const weir_services *services);
weir_status wpg_params_encode(wpg_params *params, wpg_conn *conn,
                              const weir_value *values, weir_error *err);

/* The columns of a statement. */
typedef struct wpg_columns {
    size_t count;
    weir_column *columns; /* one block with all that follows */
    Oid *oids;
    uint8_t *kinds;
    wpg_cell *cells;
    int format; /* of all of them: 1 if each has a binary form */
} wpg_columns;

weir_status wpg_columns_set(wpg_columns *columns, wpg_conn *conn,
                            const PGresult *described, weir_error *err);
void wpg_columns_clear(wpg_columns *columns, const weir_services *services);
bool wpg_columns_same(const wpg_columns *columns, const PGresult *result);

enum { WPG_NAME_SIZE = 40 };

/* Behind a pooler another program's statements may be in the session. */
static inline void wpg_name(const wpg_conn *conn, uint64_t number, char *out)
{
    snprintf(out, WPG_NAME_SIZE, "w%" PRIx64 "_%" PRIx64, conn->nonce, number);
}

typedef struct wpg_stmt {
    wpg_conn *conn;
    char *text;
    uint64_t number; /* 0: it has no name at the server */
    char name[WPG_NAME_SIZE];
    unsigned unknown; /* times the server did not know it since it last did */
    unsigned epoch;
    unsigned schema;
    wpg_scan scan;
    weir_stmt_info info;
    wpg_params params;
    wpg_columns columns;
    weir_outcome outcome;
    PGresult *result; /* rows taken in, or the row that was streamed */
    int row;
    int row_count;
    bool streaming;
    int64_t streamed;
} wpg_stmt;

weir_status wpg_prepare(void *conn, weir_text sql, void *stmt,
                        const weir_stmt_info **info, int64_t deadline,
                        weir_error *err);
weir_status wpg_execute(void *stmt, const weir_execution *execution,
                        weir_error *err);
WEIR_HOT weir_step wpg_fetch(void *stmt, weir_value *row, int64_t deadline,
                             weir_error *err);
void wpg_outcome(void *stmt, weir_outcome *out);
void wpg_end(void *stmt);
void wpg_finish(void *stmt);

/* Sends one execution of the statement with the parameters encoded. */
weir_status wpg_send_stmt(wpg_stmt *stmt, weir_error *err);
/* Takes a result over: rows, or what the statement did. */
weir_status wpg_take_result(wpg_stmt *stmt, PGresult *result, weir_error *err);
/* Prepared again if the server has forgotten it. */
weir_status wpg_need_prepared(wpg_stmt *stmt, weir_error *err);
/* If that is why it failed: it is prepared anew at its next use, and the
 * transaction must be run again. */
void wpg_note_stale(wpg_stmt *stmt, weir_error *err);
/* What a lost answer means for a statement by itself. */
void wpg_judge(const wpg_stmt *stmt, weir_error *err);
int64_t wpg_count_of(PGresult *result);

weir_status wpg_execute_many(void *stmt, const weir_execution *first,
                             size_t row_count, weir_outcome *out,
                             weir_error *err);
weir_status wpg_refresh(void *stmt, int64_t deadline, weir_error *err);
weir_status wpg_submit(void *stmt, const weir_execution *execution,
                       weir_error *err);
weir_status wpg_collect(void *stmt, int64_t deadline, weir_error *err);
weir_status wpg_bulk_load(void *conn, const weir_bulk_source *source,
                          int64_t deadline, int64_t *rows, weir_error *err);

#endif
