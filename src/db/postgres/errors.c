/* SPDX-License-Identifier: MIT */
/*
 * What SQLSTATEs mean, and messages without the values that the server likes
 * to quote.
 */
#include "wpg.h"

#include <ctype.h>
#include <string.h>

typedef struct meaning {
    const char *sqlstate; /* five characters, or two for the whole class */
    weir_status status;
    weir_fate fate;
    weir_constraint_kind kind;
} meaning;

#define KEEP WEIR_FATE_KEEP
#define DISCARD WEIR_FATE_DISCARD

/* Sorted; a state that is not here is what its class is. */
/* clang-format off */
static const meaning meanings[] = {
    {"08", WEIR_ERR_CONNECTION, DISCARD, 0},
    {"08007", WEIR_ERR_COMMIT_UNKNOWN, DISCARD, 0},
    {"0A", WEIR_ERR_UNSUPPORTED, KEEP, 0},
    {"22", WEIR_ERR_TYPE, KEEP, 0},
    {"23", WEIR_ERR_CONSTRAINT, KEEP, WEIR_CONSTRAINT_OTHER},
    {"23502", WEIR_ERR_CONSTRAINT, KEEP, WEIR_CONSTRAINT_NOT_NULL},
    {"23503", WEIR_ERR_CONSTRAINT, KEEP, WEIR_CONSTRAINT_FOREIGN_KEY},
    {"23505", WEIR_ERR_CONSTRAINT, KEEP, WEIR_CONSTRAINT_UNIQUE},
    {"23514", WEIR_ERR_CONSTRAINT, KEEP, WEIR_CONSTRAINT_CHECK},
    {"23P01", WEIR_ERR_CONSTRAINT, KEEP, WEIR_CONSTRAINT_EXCLUSION},
    {"25006", WEIR_ERR_UNAVAILABLE, KEEP, 0},     /* read-only */
    {"25P02", WEIR_ERR_ROLLBACK_FIRST, KEEP, 0},
    {"25P03", WEIR_ERR_CONNECTION, DISCARD, 0},   /* idle in a transaction */
    {"25P04", WEIR_ERR_CONNECTION, DISCARD, 0},   /* transaction_timeout */
    {"28", WEIR_ERR_AUTH, DISCARD, 0},
    {"3D000", WEIR_ERR_AUTH, DISCARD, 0},         /* no such database */
    {"40", WEIR_ERR_SERIALIZATION, KEEP, 0},
    {"40002", WEIR_ERR_CONSTRAINT, KEEP, WEIR_CONSTRAINT_OTHER},
    {"40003", WEIR_ERR_COMMIT_UNKNOWN, DISCARD, 0},
    {"44000", WEIR_ERR_CONSTRAINT, KEEP, WEIR_CONSTRAINT_CHECK},
    {"53", WEIR_ERR_RESOURCE, KEEP, 0},
    {"53300", WEIR_ERR_RESOURCE, DISCARD, 0},     /* too many connections */
    {"54", WEIR_ERR_LIMIT, KEEP, 0},
    {"55P03", WEIR_ERR_SERIALIZATION, KEEP, 0},   /* NOWAIT, lock_timeout */
    {"57014", WEIR_ERR_CANCELLED, KEEP, 0},
    {"57P01", WEIR_ERR_CONNECTION, DISCARD, 0},   /* shutdown, terminated */
    {"57P02", WEIR_ERR_CONNECTION, DISCARD, 0},   /* crash */
    {"57P03", WEIR_ERR_UNAVAILABLE, DISCARD, 0},  /* starting up */
    {"57P04", WEIR_ERR_CONNECTION, DISCARD, 0},   /* database dropped */
    {"57P05", WEIR_ERR_CONNECTION, DISCARD, 0},   /* idle for too long */
    {"58", WEIR_ERR_STORAGE, KEEP, 0},
    {"72000", WEIR_ERR_SERIALIZATION, KEEP, 0},   /* snapshot too old */
    {"XX001", WEIR_ERR_STORAGE, KEEP, 0},
    {"XX002", WEIR_ERR_STORAGE, KEEP, 0},
};
/* clang-format on */
enum { MEANING_COUNT = sizeof meanings / sizeof meanings[0] };

static const meaning *find(const char *sqlstate, size_t size)
{
    for (size_t i = 0; i < MEANING_COUNT; i++) {
        if (strlen(meanings[i].sqlstate) == size &&
            strncmp(meanings[i].sqlstate, sqlstate, size) == 0)
            return &meanings[i];
    }
    return NULL;
}

void wpg_set_state(weir_error *err, const char *sqlstate)
{
    snprintf(err->sqlstate, sizeof err->sqlstate, "%.5s", sqlstate);
}

void wpg_classify(int native_code, const char *sqlstate, weir_error *err)
{
    const char *state = sqlstate ? sqlstate : "";
    const meaning *found = find(state, 5);

    (void)native_code; /* there is none but SQLSTATE */
    if (!found && strlen(state) == 5)
        found = find(state, 2);
    err->status = found ? found->status : WEIR_ERR_SQL;
    err->fate = found ? found->fate : WEIR_FATE_KEEP;
    err->constraint_kind = found ? found->kind : WEIR_CONSTRAINT_NONE;
    wpg_set_state(err, state);
}

weir_status wpg_nomem(weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_NOMEM, "out of memory");
}

/* ---------------------------------------------------------------- messages */

/* One line, in lower case unless a name begins it. */
static void set_line(weir_error *err, const char *message, size_t size)
{
    weir_error kept = *err;

    while (size > 0 && (message[size - 1] == '.' || message[size - 1] == '\n'))
        size--;
    weir_error_set(err, kept.status, "%.*s", (int)(size > 319 ? 319 : size),
                   message);
    err->fate = kept.fate;
    err->constraint_kind = kept.constraint_kind;
    wpg_set_state(err, kept.sqlstate);
    for (char *c = err->message; *c; c++) {
        if (*c == '\n')
            *c = ' ';
    }
    if (isupper((unsigned char)err->message[0]) &&
        islower((unsigned char)err->message[1]))
        err->message[0] = (char)(err->message[0] - 'A' + 'a');
}

/* Class 22 quotes the value: 'invalid input syntax for type integer: "x"'.
 * Only 22021 quotes something else, the name of an encoding. */
static void hide_values(weir_error *err)
{
    char *first = strchr(err->message, '"');
    char *last = strrchr(err->message, '"');
    char rest[sizeof err->message];

    if (strncmp(err->sqlstate, "22", 2) != 0 ||
        strcmp(err->sqlstate, "22021") == 0 || !first)
        return;
    if (first == last) { /* cut off in the middle of it */
        *first = '\0';
        return;
    }
    snprintf(rest, sizeof rest, "%s", last + 1);
    snprintf(first, sizeof err->message - (size_t)(first - err->message),
             "\"…\"%.300s", rest);
}

static void copy_field(const PGresult *result, int field, char out[64])
{
    const char *text = PQresultErrorField(result, field);

    snprintf(out, 64, "%s", text ? text : "");
}

/* A key of the table's own name is told from others by how both are named
 * when nobody chooses: "<table>_pkey". */
static void find_primary(weir_error *err)
{
    size_t size = strlen(err->table);

    if (err->constraint_kind == WEIR_CONSTRAINT_UNIQUE && size > 0 &&
        strncmp(err->constraint, err->table, size) == 0 &&
        strcmp(err->constraint + size, "_pkey") == 0)
        err->constraint_kind = WEIR_CONSTRAINT_PRIMARY_KEY;
}

/* The server stops a statement for several reasons by one state. */
static void judge_stop(const wpg_conn *conn, weir_error *err)
{
    if (strcmp(err->sqlstate, "57014") != 0)
        return;
    if (conn->wait_end != WEIR_OK)
        err->status = conn->wait_end;
    else if (atomic_load(&conn->running) == WPG_RUNNING &&
             strstr(err->message, "timeout"))
        err->status = WEIR_ERR_TIMEOUT;
}

static bool is_fatal(const PGresult *result)
{
    const char *severity =
        PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

    return severity &&
           (strcmp(severity, "FATAL") == 0 || strcmp(severity, "PANIC") == 0);
}

weir_status wpg_fail(wpg_conn *conn, const PGresult *result, weir_error *err)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);

    if (!state || !message) {
        /* Not the server's word, but libpq's: out of memory, or lost. */
        conn->lost = true;
        return wpg_lose(conn, WEIR_FATE_DISCARD, err);
    }
    weir_error_set(err, WEIR_ERR_SQL, "%s", "");
    wpg_classify(0, state, err);
    set_line(err, message, strlen(message));
    hide_values(err);
    copy_field(result, PG_DIAG_CONSTRAINT_NAME, err->constraint);
    copy_field(result, PG_DIAG_TABLE_NAME, err->table);
    copy_field(result, PG_DIAG_COLUMN_NAME, err->column);
    find_primary(err);
    judge_stop(conn, err);
    if (is_fatal(result) || PQstatus(conn->pg) != CONNECTION_OK) {
        conn->lost = true;
        err->fate = WEIR_FATE_DISCARD;
    }
    return err->status;
}

weir_status wpg_lose(wpg_conn *conn, weir_fate fate, weir_error *err)
{
    const char *said = conn->pg ? PQerrorMessage(conn->pg) : "";

    conn->lost = true;
    weir_error_set(err, WEIR_ERR_CONNECTION, "%s", "");
    wpg_set_state(err, "08006");
    set_line(err, said, strcspn(said, "\n"));
    if (err->message[0] == '\0')
        snprintf(err->message, sizeof err->message,
                 "the connection to the server is lost");
    err->fate = fate;
    return err->status;
}

weir_status wpg_malformed(wpg_conn *conn, weir_error *err)
{
    conn->lost = true;
    weir_error_set(err, WEIR_ERR_CONNECTION,
                   "the server sent what cannot be read");
    err->fate = WEIR_FATE_DISCARD;
    wpg_set_state(err, "08P01");
    return err->status;
}

/* ----------------------------------------------------------------- opening */

/* "… failed: FATAL:  28P01: password …": the words are the server's language,
 * the state stands between colons. NULL if there is none. */
static const char *find_state(const char *message)
{
    for (const char *at = message; (at = strstr(at, ":  ")); at++) {
        if (strspn(at + 3, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 5 &&
            at[8] == ':')
            return at + 3;
    }
    return NULL;
}

weir_status wpg_fail_open(wpg_conn *conn, weir_error *err)
{
    const char *message = PQerrorMessage(conn->pg);
    const char *found = find_state(message);
    const char *from = found ? found + 7 : message;
    char state[6] = "";
    bool no_password = PQconnectionNeedsPassword(conn->pg) != 0;

    weir_error_set(err, WEIR_ERR_CONNECTION, "%s", "");
    snprintf(state, sizeof state, "%.5s", found ? found : "");
    if (found)
        wpg_classify(0, state, err);
    else
        wpg_set_state(err, no_password ? "28P01" : "08001");
    if (no_password && !found)
        err->status = WEIR_ERR_AUTH;
    /* Whatever the server calls it, nothing was done on it. */
    if (err->status == WEIR_ERR_SQL || err->status == WEIR_ERR_COMMIT_UNKNOWN)
        err->status = WEIR_ERR_CONNECTION;
    set_line(err, from, strcspn(from, "\n"));
    err->fate = WEIR_FATE_DISCARD;
    return err->status;
}

/* ----------------------------------------------------------------- notices */

/* A server may say much: the program hears the first of each operation. */
enum { NOTICES_MAX = 100 };

void wpg_notice(void *memory, const PGresult *result)
{
    wpg_conn *conn = memory;
    const char *severity = PQresultErrorField(result, PG_DIAG_SEVERITY);
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    char line[400];

    if (!message || conn->notices++ >= NOTICES_MAX)
        return;
    snprintf(line, sizeof line, "%s %s: %.300s", severity ? severity : "NOTICE",
             state ? state : "", message);
    for (char *c = line; *c; c++) {
        if (*c == '\n')
            *c = ' ';
    }
    weir_services_log(conn->services, WEIR_LOG_NOTICE, line);
}
