/* SPDX-License-Identifier: MIT */
/*
 * Transactions. Who may write, and when, is the core's business
 * (WEIR_HAS_SINGLE_WRITER); here it is BEGIN, COMMIT and ROLLBACK, prepared
 * once per connection.
 */
#include "sqlite.h"

static const char *const texts[WSQ_FIXED_COUNT] = {
    [WSQ_BEGIN] = "BEGIN",
    [WSQ_BEGIN_IMMEDIATE] = "BEGIN IMMEDIATE",
    [WSQ_COMMIT] = "COMMIT",
    [WSQ_ROLLBACK] = "ROLLBACK",
    [WSQ_LOOK] = "SELECT 1 FROM sqlite_schema LIMIT 1",
};

int wsq_run_fixed(wsq_conn *conn, wsq_fixed which)
{
    sqlite3_stmt **stmt = &conn->fixed[which];
    int code = SQLITE_OK;

    if (!*stmt)
        code = sqlite3_prepare_v3(conn->db, texts[which], -1,
                                  SQLITE_PREPARE_PERSISTENT, stmt, NULL);
    if (code != SQLITE_OK)
        return code;
    code = sqlite3_step(*stmt);
    sqlite3_reset(*stmt);
    return code == SQLITE_ROW || code == SQLITE_DONE ? SQLITE_OK : code;
}

void wsq_drop_fixed(wsq_conn *conn)
{
    for (int i = 0; i < WSQ_FIXED_COUNT; i++) {
        sqlite3_finalize(conn->fixed[i]);
        conn->fixed[i] = NULL;
    }
}

weir_status wsq_begin(void *memory, const weir_tx_spec *spec, int64_t deadline,
                      weir_error *err)
{
    wsq_conn *conn = memory;
    bool reads = spec->access == WEIR_READ_ONLY;
    int code;

    if (spec->xid)
        return wsq_refuse(err, WEIR_ERR_UNSUPPORTED, "0A000",
                          "SQLite has no two-phase transactions");
    wsq_enter(conn, deadline);
    code = wsq_run_fixed(
        conn, spec->intent_write && !reads ? WSQ_BEGIN_IMMEDIATE : WSQ_BEGIN);
    /* SQLite takes the snapshot at the first read: now, as promised. */
    if (code == SQLITE_OK && reads)
        code = wsq_run_fixed(conn, WSQ_LOOK);
    if (code == SQLITE_OK) {
        conn->read_only = reads;
        return WEIR_OK;
    }
    wsq_fail(conn, code, err);
    if (!sqlite3_get_autocommit(conn->db))
        wsq_run_fixed(conn, WSQ_ROLLBACK);
    return err->status;
}

weir_status wsq_commit(void *memory, int64_t deadline, weir_error *err)
{
    wsq_conn *conn = memory;
    int code;

    wsq_enter(conn, deadline);
    /* SQLite drops a transaction by itself when it must; nothing is left that
     * could be committed. */
    if (sqlite3_get_autocommit(conn->db))
        return wsq_refuse(err, WEIR_ERR_ROLLBACK_FIRST, "25P01",
                          "SQLite has rolled the transaction back");
    code = wsq_run_fixed(conn, WSQ_COMMIT);
    if (code != SQLITE_OK)
        return wsq_fail_commit(conn, code, err);
    conn->read_only = false;
    return WEIR_OK;
}

weir_status wsq_rollback(void *memory, int64_t deadline, weir_error *err)
{
    wsq_conn *conn = memory;
    int code = SQLITE_OK;

    (void)deadline; /* it waits for nothing */
    wsq_enter(conn, WEIR_NO_DEADLINE);
    if (!sqlite3_get_autocommit(conn->db))
        code = wsq_run_fixed(conn, WSQ_ROLLBACK);
    if (code != SQLITE_OK && !sqlite3_get_autocommit(conn->db)) {
        wsq_fail(conn, code, err);
        err->fate = WEIR_FATE_DISCARD;
        return err->status;
    }
    conn->read_only = false;
    return WEIR_OK;
}
