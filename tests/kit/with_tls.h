/* SPDX-License-Identifier: MIT */
/*
 * For tests on a real server that shows certificates (certificates.sh): the
 * files that it shows, what a visit with other options comes to, and sessions
 * that the server ends. A suite says how its server is asked.
 */
#ifndef WEIR_TESTS_KIT_WITH_TLS_H
#define WEIR_TESTS_KIT_WITH_TLS_H

#include <unistd.h>

#include "kit/with_server.h"

typedef struct kit_tls {
    /* An option with the authority's certificate: "ssl_ca". */
    const char *authority;
    /* A query for what the connection is encrypted with; "": it is not. */
    const char *used;
    const char *session; /* a query for the number of the session */
    void (*end)(weir_conn *by, int64_t session);
} kit_tls;

static const char *folder;

/* The server has these files from now on, when it has read them. */
static inline void lay_out(const char *name)
{
    static const char *const files[] = {"cert", "key"};
    char command[1024];

    for (int i = 0; i < 2; i++) {
        snprintf(command, sizeof command, "cp -p %s/%s-%s.pem %s/%s.pem",
                 folder, name, files[i], folder, files[i]);
        assert_int_equal(system(command), 0);
    }
}

/* Connects; what it is encrypted with, or the error. */
static inline weir_status visit_url(const kit_tls *tls, const char *url,
                                    char used[64], weir_error *err)
{
    weir_engine *own = weir_engine_open(url, NULL, err);
    weir_conn *conn;
    weir_result *rows;

    used[0] = '\0';
    if (!own)
        return err->status;
    conn = weir_connect(own, err);
    if (conn) {
        rows = weir_query(conn, tls->used, NOARGS);
        assert_true(weir_next(rows));
        snprintf(used, 64, "%s", weir_get_text(rows, 0));
        weir_result_close(&rows);
        weir_conn_close(&conn);
    }
    weir_engine_close(&own);
    return err->status;
}

/* The test's URL with options. */
static inline const char *url_with(const char *options)
{
    static char url[2048];

    snprintf(url, sizeof url, "%s?%s", getenv("WEIR_TEST_URL"), options);
    return url;
}

/* That the server's certificate is one of our authority, and more options. */
static inline const char *verified_by(const kit_tls *tls, const char *more)
{
    static char options[512];

    snprintf(options, sizeof options, "tls=verify-full&%s=%s/ca.pem%s",
             tls->authority, folder, more);
    return options;
}

static inline weir_status visit_verified(const kit_tls *tls, char used[64],
                                         weir_error *err)
{
    return visit_url(tls, url_with(verified_by(tls, "")), used, err);
}

/* A session that the server ends while it is idle, as an administrator or a
 * time limit does: what it says last, encrypted or not, is not waited for. */
static inline void leaves_by_itself(const kit_tls *tls, const char *options)
{
    WEIR_AUTO(weir_conn) by = borrow();
    weir_pool_status pool;
    weir_engine *own;
    weir_conn *conn;
    weir_error err;
    int64_t session;

    own = weir_engine_open(url_with(options), NULL, &err);
    assert_non_null(own);
    conn = borrow_from(own);
    session = get(conn, tls->session);
    weir_conn_close(&conn);
    tls->end(by, session);
    do {
        usleep(1000);
        weir_engine_pool_status(own, &pool);
    } while (pool.closed < 1);
    assert_int_equal(pool.idle, 0);
    weir_engine_close(&own);
}

/* A test without them ends with 77. */
static inline bool has_certificates(void)
{
    folder = getenv("WEIR_TEST_TLS");
    if (folder && folder[0])
        return true;
    puts("skipped: there is no openssl to make certificates with");
    return false;
}

#endif
