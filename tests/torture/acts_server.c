/* SPDX-License-Identifier: MIT */
/* What only servers have, without memory: on the scripted database. */
#include "torture.h"

static weir_status two_phase(stage *on)
{
    weir_tx_options options = WEIR_TX_OPTIONS;
    weir_status status;

    options.xid = "an xid that is copied";
    status = weir_begin_with(on->conn, &options);
    if (status == WEIR_OK)
        status = weir_exec(on->conn, "UPDATE t", NOARGS);
    if (status == WEIR_OK)
        status = weir_prepare_commit(on->conn);
    return status == WEIR_OK ? weir_commit(on->conn) : status;
}

static void nothing(void *context, const char *xid)
{
    (void)context;
    (void)xid;
}

static weir_status end_prepared(stage *on)
{
    weir_status status = weir_list_prepared(on->conn, nothing, NULL);

    if (status == WEIR_OK)
        status = weir_commit_prepared(on->conn, "one");
    if (status == WEIR_OK)
        status = weir_rollback_prepared(on->conn, "two");
    return status;
}

static void prepare_two(stage *on)
{
    static const char *const xids[] = {"one", "two"};
    weir_tx_options options = WEIR_TX_OPTIONS;

    for (int i = 0; i < 2; i++) {
        (void)weir_rollback_prepared(on->conn, xids[i]);
        options.xid = xids[i];
        must(on, weir_begin_with(on->conn, &options));
        must(on, weir_exec(on->conn, "UPDATE t", NOARGS));
        must(on, weir_prepare_commit(on->conn));
        must(on, weir_conn_invalidate(on->conn));
        must(on, weir_rollback(on->conn));
    }
}

/* All are sent before an answer is read. */
static weir_status query_ahead(stage *on)
{
    const weir_statement asked[] = {
        {"UPDATE t SET a = ?", ARGS("text")},
        {"SELECT ?", ARGS(1)},
        {"SELECT ?", ARGS(2)},
    };
    weir_result *rows[3];
    weir_status status = weir_query_many(on->conn, asked, 3, rows);

    on->err = *weir_conn_error(on->conn); /* closing the results clears it */
    for (int i = 0; i < 3; i++)
        weir_result_close(&rows[i]);
    return status;
}

static weir_status outcome(stage *on)
{
    weir_tx_outcome found;
    char id[32];
    weir_status status = weir_tx_id(on->conn, id, sizeof id);

    if (status == WEIR_OK)
        status = weir_tx_find_outcome(on->conn, id, &found);
    return status;
}

static weir_status hear(stage *on)
{
    weir_notification heard;
    weir_status status = weir_listen(on->conn, "jobs");

    if (status == WEIR_OK)
        status = weir_mock_notify(on->mock, "jobs", "go", &on->err);
    if (status == WEIR_OK)
        status = weir_next_notification(on->conn, 0, &heard);
    return status == WEIR_OK ? weir_unlisten(on->conn) : status;
}

static weir_status query_mock(stage *on)
{
    on->rows = weir_query(on->conn, "SELECT a", NOARGS);
    while (weir_next(on->rows))
        continue;
    return weir_result_status(on->rows);
}

const act server_acts[] = {
    {"query ahead", query_ahead, NULL, ON_MOCK, NULL},
    {"two-phase", two_phase, NULL, ON_MOCK, NULL},
    {"end prepared", end_prepared, prepare_two, ON_MOCK, NULL},
    {"outcome", outcome, NULL, ON_MOCK, NULL},
    {"notifications", hear, NULL, ON_MOCK, NULL},
    {"mock query", query_mock, NULL, ON_MOCK, NULL},
    {NULL, NULL, NULL, ON_NOTHING, NULL},
};
