/* SPDX-License-Identifier: MIT */
/* What the log hook hears, and what it never hears. */
#include "scripted.h"

#include <stdio.h>

enum { TEXT_SIZE = 4000 };

typedef struct ear {
    char heard[TEXT_SIZE]; /* a line for each event */
    size_t param_count;
    int64_t duration_ns;
} ear;

static void hear(void *context, const weir_log_event *event)
{
    size_t used = strlen(((ear *)context)->heard);
    ear *self = context;

    snprintf(self->heard + used, TEXT_SIZE - used, "%d %s%s%s%s", event->kind,
             event->statement ? event->statement : "",
             event->message ? event->message : "", event->tag ? " by " : "",
             event->tag ? event->tag : "");
    for (size_t i = 0; i < event->param_count && i < 3; i++) {
        const weir_value *value = &event->params[i];

        used = strlen(self->heard);
        snprintf(self->heard + used, TEXT_SIZE - used, " %s/%zu=%.*s",
                 weir_type_name(value->type), (size_t)value->size,
                 value->type == WEIR_TYPE_TEXT && value->as.text ? 9 : 0,
                 value->type == WEIR_TYPE_TEXT ? value->as.text : "");
        if (value->type == WEIR_TYPE_I64 && value->as.i != 0)
            strncat(self->heard, "number", 7);
    }
    if (event->error)
        strncat(self->heard, " failed", 8);
    strncat(self->heard, "\n", 2);
    self->param_count = event->param_count;
    self->duration_ns = event->duration_ns;
}

static void open_heard(ear *self, unsigned kinds, weir_log_parameters shown)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;

    memset(self, 0, sizeof *self);
    options.log = hear;
    options.log_context = self;
    options.log_kinds = kinds;
    options.log_parameters = shown;
    script_open(NULL, &options);
}

static void test_log__hears_each_step(void **state)
{
    weir_connect_options options = WEIR_CONNECT_OPTIONS;
    weir_error err;
    ear self;

    (void)state;
    open_heard(&self, WEIR_LOG_ALL, WEIR_LOG_PARAMETERS_REDACTED);
    options.tag = "me";
    weir_conn *conn = weir_connect_with(engine, &options, &err);
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    assert_true(self.duration_ns > 0);
    must(conn, weir_commit(conn));
    script_add(&(weir_mock_step){.text = "UPDATE u",
                                 .error = {.status = WEIR_ERR_SQL}});
    assert_int_equal(weir_exec(conn, "UPDATE u", NOARGS), WEIR_ERR_SQL);
    weir_conn_close(&conn);
    weir_engine_close(&engine);
    assert_string_equal(self.heard, "4 opened\n"
                                    "2 BEGIN (implicit) by me\n"
                                    "1 UPDATE t by me\n"
                                    "2 COMMIT by me\n"
                                    "2 BEGIN (implicit) by me\n"
                                    "1 UPDATE u by me failed\n"
                                    "2 ROLLBACK by me\n"
                                    "4 closed\n");
}

static void test_parameters__have_types_and_no_content(void **state)
{
    WEIR_AUTO(weir_conn) conn = NULL;
    ear self;

    (void)state;
    open_heard(&self, WEIR_LOG_STATEMENT, WEIR_LOG_PARAMETERS_REDACTED);
    conn = script_borrow();
    must(conn,
         weir_exec(conn, "UPDATE t SET a = ?, b = ?", ARGS("a secret", 4711)));
    assert_string_equal(self.heard,
                        "1 UPDATE t SET a = ?, b = ? text/8= integer/0=\n");
    assert_null(strstr(self.heard, "secret"));
}

static void test_parameters__are_shown_if_so_wished(void **state)
{
    WEIR_AUTO(weir_conn) conn = NULL;
    ear self;

    (void)state;
    open_heard(&self, WEIR_LOG_STATEMENT, WEIR_LOG_PARAMETERS_FULL);
    conn = script_borrow();
    must(conn,
         weir_exec(conn, "UPDATE t SET a = ?, b = ?", ARGS("a secret", 4711)));
    assert_non_null(strstr(self.heard, "a secret"));
    assert_non_null(strstr(self.heard, "number"));
}

/* Redacting never allocates: of very many parameters the first are shown. */
static void test_parameters__that_are_many_are_cut(void **state)
{
    enum { MANY = 100 };
    WEIR_AUTO(weir_conn) conn = NULL;
    weir_value values[MANY];
    char sql[3 * MANY + 20] = "UPDATE t ";
    ear self;

    (void)state;
    for (int i = 0; i < MANY; i++) {
        values[i] = WEIR_VAL(i);
        strcat(sql, i ? ", ?" : "?");
    }
    open_heard(&self, WEIR_LOG_STATEMENT, WEIR_LOG_PARAMETERS_REDACTED);
    conn = script_borrow();
    must(conn, weir_exec(conn, sql, values, MANY));
    assert_int_equal(self.param_count, 64);
}

static void test_hook__hears_only_the_kinds_it_wants(void **state)
{
    WEIR_AUTO(weir_conn) conn = NULL;
    ear self;

    (void)state;
    open_heard(&self, WEIR_LOG_TRANSACTION, WEIR_LOG_PARAMETERS_REDACTED);
    conn = script_borrow();
    must(conn, weir_exec(conn, "UPDATE t", NOARGS));
    must(conn, weir_rollback(conn));
    assert_string_equal(self.heard, "2 BEGIN (implicit)\n2 ROLLBACK\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(log__hears_each_step),
        TEST(parameters__have_types_and_no_content),
        TEST(parameters__are_shown_if_so_wished),
        TEST(parameters__that_are_many_are_cut),
        TEST(hook__hears_only_the_kinds_it_wants),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
