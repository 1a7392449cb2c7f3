/* SPDX-License-Identifier: MIT */
/*
 * The options of the wrapper. Their order is that of the enum; the choices
 * stand in the order of what they choose.
 */
#include "faulty.h"

enum {
    FAULT_AT,
    FAULT_KIND,
    FAULT_OP,
    FAULT_REPEAT,
    FAULT_STATUS,
    FAULT_FATE,
    FAULT_HANG,
    FAULT_NAME
};

static const char *const kinds[] = {
    [WEIR_FAULT_FAIL] = "fail",
    [WEIR_FAULT_HANG] = "hang",
    [WEIR_FAULT_HANG_AFTER] = "hang_after",
    [WEIR_FAULT_LOST_BEFORE] = "lost_before",
    [WEIR_FAULT_LOST_AFTER] = "lost_after",
    [WEIR_FAULT_DIES_AFTER] = "dies_after",
    [WEIR_FAULT_LIE] = "lie",
    [WEIR_FAULT_KIND_COUNT] = NULL,
};

static const char *const ops[] = {
    [WEIR_FAULT_ANY] = "any",
    [WEIR_FAULT_ATTACH] = "attach",
    [WEIR_FAULT_OPEN] = "open",
    [WEIR_FAULT_CLOSE] = "close",
    [WEIR_FAULT_PING] = "ping",
    [WEIR_FAULT_STATE] = "state",
    [WEIR_FAULT_RESET] = "reset",
    [WEIR_FAULT_CANCEL] = "cancel",
    [WEIR_FAULT_SOCKET] = "socket",
    [WEIR_FAULT_NATIVE] = "native",
    [WEIR_FAULT_BEGIN] = "begin",
    [WEIR_FAULT_COMMIT] = "commit",
    [WEIR_FAULT_ROLLBACK] = "rollback",
    [WEIR_FAULT_PREPARE_TX] = "prepare_tx",
    [WEIR_FAULT_COMMIT_PREPARED] = "commit_prepared",
    [WEIR_FAULT_ROLLBACK_PREPARED] = "rollback_prepared",
    [WEIR_FAULT_LIST_PREPARED] = "list_prepared",
    [WEIR_FAULT_TX_ID] = "tx_id",
    [WEIR_FAULT_TX_OUTCOME] = "tx_outcome",
    [WEIR_FAULT_PREPARE] = "prepare",
    [WEIR_FAULT_EXECUTE] = "execute",
    [WEIR_FAULT_FETCH] = "fetch",
    [WEIR_FAULT_OUTCOME] = "outcome",
    [WEIR_FAULT_END] = "end",
    [WEIR_FAULT_FINISH] = "finish",
    [WEIR_FAULT_EXECUTE_MANY] = "execute_many",
    [WEIR_FAULT_SUBMIT] = "submit",
    [WEIR_FAULT_COLLECT] = "collect",
    [WEIR_FAULT_BULK_LOAD] = "bulk_load",
    [WEIR_FAULT_LISTEN] = "listen",
    [WEIR_FAULT_NOTIFICATION] = "notification",
    [WEIR_FAULT_REFRESH] = "refresh",
    [WEIR_FAULT_OP_COUNT] = NULL,
};

/* Statuses that a driver may answer with. */
static const char *const statuses[] = {
    "sql",         "nomem",   "connection", "auth",        "resource",
    "unavailable", "timeout", "cancelled",  "constraint",  "serialization",
    "type",        "limit",   "storage",    "unsupported", NULL,
};
static const weir_status status_of[] = {
    WEIR_ERR_SQL,           WEIR_ERR_NOMEM,       WEIR_ERR_CONNECTION,
    WEIR_ERR_AUTH,          WEIR_ERR_RESOURCE,    WEIR_ERR_UNAVAILABLE,
    WEIR_ERR_TIMEOUT,       WEIR_ERR_CANCELLED,   WEIR_ERR_CONSTRAINT,
    WEIR_ERR_SERIALIZATION, WEIR_ERR_TYPE,        WEIR_ERR_LIMIT,
    WEIR_ERR_STORAGE,       WEIR_ERR_UNSUPPORTED,
};

static const char *const fates[] = {
    [WEIR_FATE_KEEP] = "keep",
    [WEIR_FATE_DISCARD] = "discard",
    [WEIR_FATE_RETRY] = "retry",
    NULL,
};

const weir_option_spec wfa_options[] = {
    [FAULT_AT] = {.name = "fault_at",
                  .kind = WEIR_OPTION_INTEGER,
                  .fallback = "0",
                  .min = 0,
                  .max = 1e15,
                  .note = "the call that goes wrong; 0: none"},
    [FAULT_KIND] = {.name = "fault_kind",
                    .kind = WEIR_OPTION_CHOICE,
                    .fallback = "fail",
                    .choices = kinds,
                    .note = "what goes wrong"},
    [FAULT_OP] = {.name = "fault_op",
                  .kind = WEIR_OPTION_CHOICE,
                  .fallback = "any",
                  .choices = ops,
                  .note = "the operation whose calls are counted"},
    [FAULT_REPEAT] = {.name = "fault_repeat",
                      .kind = WEIR_OPTION_BOOLEAN,
                      .fallback = "false",
                      .note = "all calls from that one on"},
    [FAULT_STATUS] = {.name = "fault_status",
                      .kind = WEIR_OPTION_CHOICE,
                      .choices = statuses,
                      .note = "of a call that fails"},
    [FAULT_FATE] = {.name = "fault_fate",
                    .kind = WEIR_OPTION_CHOICE,
                    .fallback = "keep",
                    .choices = fates,
                    .note = "of a call that fails"},
    [FAULT_HANG] = {.name = "fault_hang",
                    .kind = WEIR_OPTION_NUMBER,
                    .fallback = "0",
                    .min = 0,
                    .max = 86400,
                    .note = "seconds; 0: until the deadline"},
    [FAULT_NAME] = {.name = "fault_name",
                    .kind = WEIR_OPTION_TEXT,
                    .note = "for weir_faulty_find()"},
    {.name = NULL},
};

const char *weir_fault_op_name(weir_fault_op op)
{
    return (unsigned)op < WEIR_FAULT_OP_COUNT ? ops[op] : "?";
}

const char *weir_fault_kind_name(weir_fault_kind kind)
{
    return (unsigned)kind < WEIR_FAULT_KIND_COUNT ? kinds[kind] : "?";
}

static weir_status status_wanted(const weir_option_value *value)
{
    return value->given ? status_of[value->choice] : WEIR_OK;
}

void wfa_read_options(const weir_option_value *values, weir_fault *fault,
                      const char **name)
{
    *fault = (weir_fault){
        .kind = (weir_fault_kind)values[FAULT_KIND].choice,
        .op = (weir_fault_op)values[FAULT_OP].choice,
        .at = (uint64_t)values[FAULT_AT].integer,
        .repeat = values[FAULT_REPEAT].boolean,
        .status = status_wanted(&values[FAULT_STATUS]),
        .fate = (weir_fate)values[FAULT_FATE].choice,
        .hang_s = values[FAULT_HANG].number,
    };
    *name = values[FAULT_NAME].text;
}
