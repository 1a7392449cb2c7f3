/* SPDX-License-Identifier: MIT */
/*
 * A password that changes while the program runs: the story is the same on
 * every server, but for the SQL that sets it.
 */
#ifndef WEIR_TESTS_KIT_VAULT_H
#define WEIR_TESTS_KIT_VAULT_H

#include "kit/with_server.h"

typedef struct kit_vault {
    int asked;
    const char *kept, *fresh;
} kit_vault;

/* Creates or alters the user "rotating", who may log in with it. */
typedef void kit_set_password(bool create, const char *password);

/* What was kept, and what a refusal makes it look up. */
static inline weir_status kit_open_vault(void *context, int attempt,
                                         weir_credentials *out, weir_error *err)
{
    kit_vault *self = context;

    (void)err;
    self->asked++;
    out->user = "rotating";
    out->password = attempt == 1 ? self->kept : self->fresh;
    return WEIR_OK;
}

static inline weir_engine *kit_engine_of(kit_vault *self)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_error err;
    weir_engine *opened;

    options.credentials = kit_open_vault;
    options.credentials_context = self;
    options.pool_size = 1;
    opened = weir_engine_open(getenv("WEIR_TEST_URL"), &options, &err);
    if (!opened)
        fail_msg("%s", err.message);
    return opened;
}

static inline void kit_expect_rotating(weir_conn *conn)
{
    assert_int_equal(get(conn, "SELECT count(*) FROM (SELECT 1) AS one WHERE "
                               "current_user LIKE 'rotating%'"),
                     1);
}

/* Asked once while the password is right, twice when it has changed; when both
 * are wrong it is refused with that SQLSTATE. */
static inline void kit_play_rotation(kit_set_password *set_password,
                                     const char *sqlstate)
{
    kit_vault self = {.kept = "one", .fresh = "none"};
    weir_engine *opened = kit_engine_of(&self);
    weir_error err;
    weir_conn *conn;

    set_password(true, "one");
    conn = weir_connect(opened, &err);
    if (!conn)
        fail_msg("%s", err.message);
    kit_expect_rotating(conn);
    assert_int_equal(self.asked, 1);
    set_password(false, "two");
    self.fresh = "two";
    assert_int_equal(weir_conn_invalidate(conn), WEIR_OK);
    assert_int_equal(weir_rollback(conn), WEIR_OK);
    kit_expect_rotating(conn);
    assert_int_equal(self.asked, 3);
    weir_conn_close(&conn);
    weir_engine_dispose(opened);
    self.fresh = "also old";
    assert_null(weir_connect(opened, &err));
    assert_int_equal(err.status, WEIR_ERR_AUTH);
    assert_string_equal(err.sqlstate, sqlstate);
    assert_int_equal(self.asked, 5);
    weir_engine_close(&opened);
}

#endif
