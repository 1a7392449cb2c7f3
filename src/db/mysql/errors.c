/* SPDX-License-Identifier: MIT */
/*
 * What the codes of MariaDB, MySQL and of the client library mean, and their
 * messages without the values that the servers like to quote.
 */
#include "wmy.h"

#include <stdio.h>
#include <string.h>

typedef struct meaning {
    unsigned code;
    weir_status status;
    weir_fate fate;
    weir_constraint_kind kind;
    const char *sqlstate; /* NULL: the server's */
} meaning;

#define KEEP WEIR_FATE_KEEP
#define DISCARD WEIR_FATE_DISCARD
#define RETRY WEIR_FATE_RETRY

/* Sorted by code. Constraints all come as 23000: they get the SQL standard's
 * finer codes, as on the other databases. */
/* clang-format off */
static const meaning meanings[] = {
    {1005, WEIR_ERR_SQL, KEEP, 0, NULL},          /* cannot create table */
    {1020, WEIR_ERR_SERIALIZATION, KEEP, 0, "40001"}, /* snapshot isolation */
    {1021, WEIR_ERR_RESOURCE, KEEP, 0, "53100"},  /* disk full */
    {1028, WEIR_ERR_RESOURCE, KEEP, 0, NULL},     /* sort aborted */
    {1036, WEIR_ERR_UNAVAILABLE, KEEP, 0, NULL},  /* table is read only */
    {1037, WEIR_ERR_RESOURCE, KEEP, 0, "53200"},  /* server out of memory */
    {1038, WEIR_ERR_RESOURCE, KEEP, 0, "53200"},
    {1040, WEIR_ERR_RESOURCE, DISCARD, 0, "08004"}, /* too many connections */
    {1041, WEIR_ERR_RESOURCE, KEEP, 0, "53200"},
    {1042, WEIR_ERR_CONNECTION, DISCARD, 0, NULL},
    {1043, WEIR_ERR_CONNECTION, DISCARD, 0, NULL}, /* bad handshake */
    {1044, WEIR_ERR_AUTH, KEEP, 0, NULL},         /* no right to database */
    {1045, WEIR_ERR_AUTH, DISCARD, 0, NULL},      /* access denied */
    {1047, WEIR_ERR_UNAVAILABLE, DISCARD, 0, NULL}, /* Galera: no quorum */
    {1048, WEIR_ERR_CONSTRAINT, KEEP, WEIR_CONSTRAINT_NOT_NULL, "23502"},
    {1049, WEIR_ERR_AUTH, DISCARD, 0, NULL},      /* unknown database */
    {1053, WEIR_ERR_CONNECTION, DISCARD, 0, NULL}, /* server shuts down */
    {1062, WEIR_ERR_CONSTRAINT, KEEP, WEIR_CONSTRAINT_UNIQUE, "23505"},
    {1077, WEIR_ERR_CONNECTION, DISCARD, 0, NULL},
    {1079, WEIR_ERR_CONNECTION, DISCARD, 0, NULL},
    {1080, WEIR_ERR_CONNECTION, DISCARD, 0, NULL}, /* forced close */
    {1105, WEIR_ERR_SQL, KEEP, 0, NULL},          /* unknown error */
    {1114, WEIR_ERR_RESOURCE, KEEP, 0, "53100"},  /* table is full */
    {1129, WEIR_ERR_AUTH, DISCARD, 0, NULL},      /* host is blocked */
    {1130, WEIR_ERR_AUTH, DISCARD, 0, NULL},      /* host not allowed */
    {1131, WEIR_ERR_AUTH, KEEP, 0, NULL},
    {1152, WEIR_ERR_CONNECTION, DISCARD, 0, NULL},
    {1153, WEIR_ERR_LIMIT, DISCARD, 0, NULL},     /* packet too large */
    {1154, WEIR_ERR_CONNECTION, DISCARD, 0, NULL},
    {1155, WEIR_ERR_CONNECTION, DISCARD, 0, NULL},
    {1156, WEIR_ERR_CONNECTION, DISCARD, 0, NULL},
    {1157, WEIR_ERR_CONNECTION, DISCARD, 0, NULL},
    {1158, WEIR_ERR_CONNECTION, DISCARD, 0, NULL},
    {1159, WEIR_ERR_CONNECTION, DISCARD, 0, NULL},
    {1160, WEIR_ERR_CONNECTION, DISCARD, 0, NULL},
    {1161, WEIR_ERR_CONNECTION, DISCARD, 0, NULL},
    {1169, WEIR_ERR_CONSTRAINT, KEEP, WEIR_CONSTRAINT_UNIQUE, "23505"},
    {1180, WEIR_ERR_UNAVAILABLE, DISCARD, 0, NULL}, /* Galera: no quorum */
    {1203, WEIR_ERR_RESOURCE, DISCARD, 0, NULL},  /* user's connections */
    {1205, WEIR_ERR_SERIALIZATION, KEEP, 0, "40001"}, /* lock wait */
    {1206, WEIR_ERR_RESOURCE, KEEP, 0, NULL},     /* lock table is full */
    {1213, WEIR_ERR_SERIALIZATION, KEEP, 0, "40001"}, /* deadlock */
    {1216, WEIR_ERR_CONSTRAINT, KEEP, WEIR_CONSTRAINT_FOREIGN_KEY, "23503"},
    {1217, WEIR_ERR_CONSTRAINT, KEEP, WEIR_CONSTRAINT_FOREIGN_KEY, "23503"},
    {1226, WEIR_ERR_RESOURCE, DISCARD, 0, NULL},  /* user's resources */
    {1243, WEIR_ERR_SQL, KEEP, 0, NULL},          /* unknown statement */
    {1251, WEIR_ERR_AUTH, DISCARD, 0, NULL},      /* old client */
    {1264, WEIR_ERR_TYPE, KEEP, 0, NULL},         /* out of range */
    {1265, WEIR_ERR_TYPE, KEEP, 0, NULL},         /* data truncated */
    {1290, WEIR_ERR_UNAVAILABLE, KEEP, 0, "25006"}, /* --read-only */
    {1292, WEIR_ERR_TYPE, KEEP, 0, NULL},         /* incorrect value */
    {1317, WEIR_ERR_CANCELLED, KEEP, 0, "57014"}, /* KILL QUERY */
    {1364, WEIR_ERR_CONSTRAINT, KEEP, WEIR_CONSTRAINT_NOT_NULL, "23502"},
    {1365, WEIR_ERR_TYPE, KEEP, 0, NULL},         /* division by zero */
    {1366, WEIR_ERR_TYPE, KEEP, 0, NULL},         /* incorrect value */
    {1367, WEIR_ERR_TYPE, KEEP, 0, NULL},
    {1390, WEIR_ERR_LIMIT, KEEP, 0, NULL},        /* too many parameters */
    {1406, WEIR_ERR_TYPE, KEEP, 0, NULL},         /* data too long */
    {1411, WEIR_ERR_TYPE, KEEP, 0, NULL},
    {1416, WEIR_ERR_TYPE, KEEP, 0, NULL},         /* geometry */
    {1425, WEIR_ERR_TYPE, KEEP, 0, NULL},
    {1441, WEIR_ERR_TYPE, KEEP, 0, NULL},         /* datetime overflow */
    {1451, WEIR_ERR_CONSTRAINT, KEEP, WEIR_CONSTRAINT_FOREIGN_KEY, "23503"},
    {1452, WEIR_ERR_CONSTRAINT, KEEP, WEIR_CONSTRAINT_FOREIGN_KEY, "23503"},
    {1461, WEIR_ERR_RESOURCE, KEEP, 0, NULL},     /* max_prepared_stmt_count */
    {1525, WEIR_ERR_TYPE, KEEP, 0, NULL},
    {1557, WEIR_ERR_CONSTRAINT, KEEP, WEIR_CONSTRAINT_UNIQUE, "23505"},
    {1568, WEIR_ERR_MISUSE, KEEP, 0, NULL},       /* isolation inside a tx */
    {1586, WEIR_ERR_CONSTRAINT, KEEP, WEIR_CONSTRAINT_UNIQUE, "23505"},
    {1614, WEIR_ERR_SERIALIZATION, KEEP, 0, "40001"}, /* XA deadlock */
    {1615, WEIR_ERR_SQL, KEEP, 0, NULL},          /* needs re-preparing */
    {1690, WEIR_ERR_TYPE, KEEP, 0, NULL},         /* out of range */
    {1761, WEIR_ERR_CONSTRAINT, KEEP, WEIR_CONSTRAINT_FOREIGN_KEY, "23503"},
    {1762, WEIR_ERR_CONSTRAINT, KEEP, WEIR_CONSTRAINT_FOREIGN_KEY, "23503"},
    {1792, WEIR_ERR_UNAVAILABLE, KEEP, 0, "25006"}, /* read only tx */
    {1836, WEIR_ERR_UNAVAILABLE, KEEP, 0, "25006"}, /* read only mode */
    {1859, WEIR_ERR_CONSTRAINT, KEEP, WEIR_CONSTRAINT_UNIQUE, "23505"},
    {1927, WEIR_ERR_CONNECTION, DISCARD, 0, NULL}, /* KILL */
    {1969, WEIR_ERR_TIMEOUT, KEEP, 0, "57014"},   /* max_statement_time */
    {2000, WEIR_ERR_CONNECTION, DISCARD, 0, NULL},
    {2001, WEIR_ERR_RESOURCE, DISCARD, 0, NULL},  /* no socket */
    {2002, WEIR_ERR_CONNECTION, RETRY, 0, "08001"},
    {2003, WEIR_ERR_CONNECTION, RETRY, 0, "08001"},
    {2004, WEIR_ERR_RESOURCE, DISCARD, 0, NULL},
    {2005, WEIR_ERR_CONNECTION, RETRY, 0, "08001"}, /* unknown host */
    {2006, WEIR_ERR_CONNECTION, RETRY, 0, "08003"}, /* could not be sent */
    {2007, WEIR_ERR_CONNECTION, DISCARD, 0, NULL},
    {2008, WEIR_ERR_NOMEM, DISCARD, 0, NULL},
    {2012, WEIR_ERR_CONNECTION, DISCARD, 0, NULL}, /* handshake */
    {2013, WEIR_ERR_CONNECTION, DISCARD, 0, "08006"}, /* answer lost */
    {2014, WEIR_ERR_CONNECTION, DISCARD, 0, NULL}, /* out of step */
    {2020, WEIR_ERR_LIMIT, KEEP, 0, NULL},        /* packet too large */
    {2026, WEIR_ERR_CONNECTION, DISCARD, 0, "08001"}, /* TLS */
    {2027, WEIR_ERR_CONNECTION, DISCARD, 0, NULL}, /* malformed */
    {2045, WEIR_ERR_CONNECTION, DISCARD, 0, NULL},
    {2049, WEIR_ERR_AUTH, DISCARD, 0, "28000"},      /* old passwords */
    {2055, WEIR_ERR_CONNECTION, DISCARD, 0, "08006"},
    {2058, WEIR_ERR_AUTH, DISCARD, 0, "28000"},      /* no such auth plugin */
    {2059, WEIR_ERR_AUTH, DISCARD, 0, "28000"},
    {2061, WEIR_ERR_AUTH, DISCARD, 0, "28000"},
    {3024, WEIR_ERR_TIMEOUT, KEEP, 0, "57014"},   /* max_execution_time */
    {3101, WEIR_ERR_SERIALIZATION, KEEP, 0, "40001"}, /* group replication */
    {3118, WEIR_ERR_AUTH, DISCARD, 0, NULL},      /* account locked */
    {3159, WEIR_ERR_AUTH, DISCARD, 0, NULL},      /* needs TLS */
    {3572, WEIR_ERR_SERIALIZATION, KEEP, 0, "40001"}, /* NOWAIT */
    {3819, WEIR_ERR_CONSTRAINT, KEEP, WEIR_CONSTRAINT_CHECK, "23514"},
    {4025, WEIR_ERR_CONSTRAINT, KEEP, WEIR_CONSTRAINT_CHECK, "23514"},
    {4031, WEIR_ERR_CONNECTION, RETRY, 0, "08006"},  /* was idle for too long */
    {4151, WEIR_ERR_AUTH, DISCARD, 0, NULL},      /* account blocked */
    {5010, WEIR_ERR_AUTH, DISCARD, 0, "28000"},   /* way of logging in */
};
/* clang-format on */
enum { DEADLOCK = 1213, REFUSED_PLUGIN = 5010 };
enum { PACKET_TOO_LARGE = 1153 };
enum { MEANING_COUNT = sizeof meanings / sizeof meanings[0] };

static const meaning *find(unsigned code)
{
    size_t low = 0, high = MEANING_COUNT;

    while (low < high) {
        size_t middle = (low + high) / 2;

        if (meanings[middle].code == code)
            return &meanings[middle];
        if (meanings[middle].code < code)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* What is not in the table, by the class of its SQLSTATE. */
static meaning guess(const char *sqlstate)
{
    meaning found = {.status = WEIR_ERR_SQL, .fate = KEEP};

    if (strncmp(sqlstate, "08", 2) == 0)
        found = (meaning){.status = WEIR_ERR_CONNECTION, .fate = DISCARD};
    else if (strncmp(sqlstate, "22", 2) == 0)
        found.status = WEIR_ERR_TYPE;
    else if (strncmp(sqlstate, "23", 2) == 0)
        found = (meaning){.status = WEIR_ERR_CONSTRAINT,
                          .fate = KEEP,
                          .kind = WEIR_CONSTRAINT_OTHER};
    else if (strncmp(sqlstate, "28", 2) == 0)
        found = (meaning){.status = WEIR_ERR_AUTH, .fate = DISCARD};
    else if (strncmp(sqlstate, "40", 2) == 0)
        found.status = WEIR_ERR_SERIALIZATION;
    return found;
}

void wmy_classify(int native_code, const char *sqlstate, weir_error *err)
{
    const meaning *known = find((unsigned)native_code);
    const char *state = sqlstate ? sqlstate : "";
    meaning found = known ? *known : guess(state);

    err->status = found.status;
    err->fate = found.fate;
    err->constraint_kind = found.kind;
    snprintf(err->sqlstate, sizeof err->sqlstate, "%.5s",
             found.sqlstate ? found.sqlstate : state);
}

/* ----------------------------------------------------------------- names */

/* What stands between `before` and the next `quote` behind it. */
static bool copy_quoted(const char *message, const char *before, char quote,
                        char out[64])
{
    const char *from = strstr(message, before);
    const char *to;

    if (!from)
        return false;
    from += strlen(before);
    to = strchr(from, quote);
    if (!to)
        return false;
    snprintf(out, 64, "%.*s", (int)(to - from), from);
    return true;
}

/* The key's name ends the message: the value before it may hold quotes, so
 * it is looked for from the end. MySQL writes "table.key". */
static void find_key(const char *message, weir_error *err)
{
    const char *last = strrchr(message, '\'');
    const char *first = last;
    const char *dot;

    while (first && first > message && first[-1] != '\'')
        first--;
    if (!first || first <= message)
        return;
    dot = memchr(first, '.', (size_t)(last - first));
    if (dot) {
        snprintf(err->table, sizeof err->table, "%.*s", (int)(dot - first),
                 first);
        first = dot + 1;
    }
    snprintf(err->constraint, sizeof err->constraint, "%.*s",
             (int)(last - first), first);
}

static void name_unique(const char *message, weir_error *err)
{
    bool primary;

    find_key(message, err);
    primary = strcmp(err->constraint, "PRIMARY") == 0;
    if (primary)
        err->constraint_kind = WEIR_CONSTRAINT_PRIMARY_KEY;
    snprintf(err->message, sizeof err->message,
             "there is a row with the same key already (\"%s\")",
             err->constraint);
}

static void name_foreign(const char *message, weir_error *err)
{
    bool child = strstr(message, "child row") != NULL;

    copy_quoted(message, "CONSTRAINT `", '`', err->constraint);
    copy_quoted(message, ".`", '`', err->table);
    copy_quoted(message, "FOREIGN KEY (`", '`', err->column);
    snprintf(err->message, sizeof err->message,
             child ? "there is no row that the foreign key \"%s\" points to"
                   : "rows still point here through the foreign key \"%s\"",
             err->constraint);
}

static void name_check(const char *message, weir_error *err)
{
    if (!copy_quoted(message, "CONSTRAINT `", '`', err->constraint))
        copy_quoted(message, "constraint '", '\'', err->constraint);
    copy_quoted(message, ".`", '`', err->table);
    snprintf(err->message, sizeof err->message,
             "the check \"%s\" refuses the row", err->constraint);
}

static void name_not_null(const char *message, weir_error *err)
{
    if (!copy_quoted(message, "Column '", '\'', err->column))
        copy_quoted(message, "Field '", '\'', err->column);
    snprintf(err->message, sizeof err->message, "column \"%s\" cannot be NULL",
             err->column);
}

/* "Incorrect integer value: 'x' for column `d`.`t`.`c` at row 1": the column
 * stands behind the last dot, quoted by backticks or not. */
static void name_type(const char *message, weir_error *err)
{
    static const char *const starts[] = {"for column '", "for column `"};
    const char *from = NULL;
    size_t size;

    for (size_t i = 0; i < 2 && !from; i++) {
        from = strstr(message, starts[i]);
        from = from ? from + strlen(starts[i]) : NULL;
    }
    if (!from)
        return;
    for (const char *dot; (dot = strstr(from, ".`"));)
        from = dot + 2;
    size = strcspn(from, "`'");
    snprintf(err->column, sizeof err->column, "%.*s", (int)size, from);
}

static const char *fault_of(unsigned code)
{
    switch (code) {
    case 1264:
    case 1690:
        return "a value is out of range";
    case 1365:
        return "division by zero";
    case 1406:
        return "a value is too long";
    case 1441:
        return "a date or time is out of range";
    default:
        return "a value does not fit";
    }
}

static void plain_type(unsigned code, const char *message, weir_error *err)
{
    name_type(message, err);
    if (err->column[0] != '\0')
        snprintf(err->message, sizeof err->message, "%s for column \"%s\"",
                 fault_of(code), err->column);
    else
        snprintf(err->message, sizeof err->message, "%s", fault_of(code));
}

/* Lower case at the start unless a name stands there, no full stop. */
static void set_message(const char *message, weir_error *err)
{
    weir_error kept = *err;
    size_t size;

    weir_error_set(err, kept.status, "%s", message);
    err->fate = kept.fate;
    err->constraint_kind = kept.constraint_kind;
    memcpy(err->sqlstate, kept.sqlstate, sizeof err->sqlstate);
    if (err->message[0] >= 'A' && err->message[0] <= 'Z' &&
        err->message[1] >= 'a' && err->message[1] <= 'z')
        err->message[0] = (char)(err->message[0] - 'A' + 'a');
    size = strlen(err->message);
    if (size > 0 && err->message[size - 1] == '.')
        err->message[size - 1] = '\0';
}

/* The library puts bytes of the server's packet into this message. */
static const char *message_of(const wmy_failure *failure)
{
    if (failure->code != REFUSED_PLUGIN)
        return failure->message;
    return "the server asks for the password in clear text or by a key that "
           "nobody vouches for; use TLS (ssl_ca=...), a unix_socket, or "
           "get_server_public_key=true";
}

weir_status wmy_explain(const wmy_failure *failure, weir_error *err)
{
    weir_error_set(err, WEIR_ERR_SQL, "%s", "");
    wmy_classify((int)failure->code, failure->sqlstate, err);
    set_message(message_of(failure), err);
    err->native_code = (int)failure->code;
    switch (err->constraint_kind) {
    case WEIR_CONSTRAINT_UNIQUE:
        name_unique(failure->message, err);
        break;
    case WEIR_CONSTRAINT_FOREIGN_KEY:
        name_foreign(failure->message, err);
        break;
    case WEIR_CONSTRAINT_CHECK:
        name_check(failure->message, err);
        break;
    case WEIR_CONSTRAINT_NOT_NULL:
        name_not_null(failure->message, err);
        break;
    default:
        if (err->status == WEIR_ERR_TYPE)
            plain_type(failure->code, failure->message, err);
        break;
    }
    return err->status;
}

weir_status wmy_nomem(weir_error *err)
{
    return weir_error_set(err, WEIR_ERR_NOMEM, "out of memory");
}

/* --------------------------------------------------- of a connection */

/* 1040 hidden in the library's own complaint about TLS. */
static unsigned true_code(const wmy_failure *failure)
{
    const char *inner = strstr(failure->message, "cannot be verified: ");

    if (failure->code == 2002 && inner && strstr(inner, ": 1040 - ") != NULL)
        return 1040;
    return failure->code;
}

weir_status wmy_explain_wait(const wmy_conn *conn, weir_error *err)
{
    static const struct {
        weir_status status;
        const char *sqlstate, *message;
    } ends[] = {
        {WEIR_ERR_TIMEOUT, "57014", "the deadline passed"},
        {WEIR_ERR_CANCELLED, "57014", "the statement was cancelled"},
        {WEIR_ERR_RESOURCE, "53000", "there can be no further thread"},
        {WEIR_ERR_NOMEM, "53200", "out of memory"},
        {WEIR_ERR_CONNECTION, "08006",
         "the connection to the server is broken"},
    };
    size_t last = sizeof ends / sizeof ends[0] - 1;
    size_t i = 0;

    while (i < last && ends[i].status != conn->wait.failure)
        i++;
    weir_error_set(err, conn->wait.failure, "%s", ends[i].message);
    snprintf(err->sqlstate, sizeof err->sqlstate, "%s", ends[i].sqlstate);
    return err->status;
}

static weir_status explain(wmy_conn *conn, const wmy_failure *said,
                           weir_error *err)
{
    bool alive = conn->mysql->net.pvio != NULL;
    wmy_failure failure = *said;

    failure.code = true_code(said);
    /* Our own deadline: the library only knows that it got no answer. */
    if (conn->wait.failure != WEIR_OK && (!alive || failure.code == 1317))
        wmy_explain_wait(conn, err);
    else
        wmy_explain(&failure, err);
    if (err->native_code == 0)
        err->native_code = (int)failure.code;
    if (!alive && err->fate == WEIR_FATE_KEEP)
        err->fate = WEIR_FATE_DISCARD;
    conn->unsure = true;
    /* A deadlock ends the victim's transaction; an XA one waits for its end. */
    if (failure.code == DEADLOCK && conn->xid[0] == '\0')
        wmy_forget_tx(conn);
    return err->status;
}

weir_status wmy_fail(wmy_conn *conn, weir_error *err)
{
    const wmy_failure failure = {
        .code = mysql_errno(conn->mysql),
        .sqlstate = mysql_sqlstate(conn->mysql),
        .message = mysql_error(conn->mysql),
    };

    return explain(conn, &failure, err);
}

weir_status wmy_fail_stmt(wmy_conn *conn, MYSQL_STMT *stmt, weir_error *err)
{
    const wmy_failure failure = {
        .code = mysql_stmt_errno(stmt),
        .sqlstate = mysql_stmt_sqlstate(stmt),
        .message = mysql_stmt_error(stmt),
    };

    if (failure.code == 0)
        return wmy_fail(conn, err);
    return explain(conn, &failure, err);
}

weir_status wmy_check_size(const wmy_conn *conn, size_t size, weir_error *err)
{
    if (size < conn->packet_max)
        return WEIR_OK;
    weir_error_set(err, WEIR_ERR_LIMIT,
                   "the statement and its values have %zu bytes; this server "
                   "takes less than %zu (max_allowed_packet)",
                   size, conn->packet_max);
    err->native_code = PACKET_TOO_LARGE;
    snprintf(err->sqlstate, sizeof err->sqlstate, "08S01");
    return err->status;
}

weir_status wmy_malformed(wmy_conn *conn, weir_error *err)
{
    conn->lost = true;
    weir_error_set(err, WEIR_ERR_CONNECTION,
                   "the server sent a packet that cannot be read");
    err->fate = WEIR_FATE_DISCARD;
    snprintf(err->sqlstate, sizeof err->sqlstate, "08P01");
    return err->status;
}
