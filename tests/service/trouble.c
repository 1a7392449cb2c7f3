/* SPDX-License-Identifier: MIT */
/* Pools that are empty, databases that are away, hang, or have another table
 * of that name: 503 and a time to come back, or one line at the start. */
#include "suite.h"

#include <pthread.h>
#include <time.h>

#include "kit/server.h"

static http_answer answer;

static void expect_503(const char *part)
{
    char after[16];

    if (answer.status != 503 || !strstr(answer.body, part))
        fail_msg("503 with \"%s\" is wanted, not %d: %s", part, answer.status,
                 answer.body);
    assert_true(http_header(&answer, "retry-after", after, sizeof after));
    assert_true(atoi(after) > 0);
}

/* ------------------------------------------------------------ an empty pool */

static void test_pool__that_is_empty_is_503(void **state)
{
    static const http_request add = {"POST", "/users", "{\"name\": \"zoe\"}"};
    service one;
    service_lock held;
    int waiting;

    (void)state;
    service_start(&one,
                  service_url("pool_size=1&max_overflow=0&pool_timeout=0.5"));
    service_lock_take(&held, &one);
    waiting = http_begin(one.port, &add);
    service_ask_until(&one, "/users", 503, &answer);
    expect_503("all database connections are in use");
    assert_int_equal(service_ask(&one, "DELETE", "/users/1", NULL, &answer),
                     503);
    expect_503("all database connections are in use");
    service_lock_commit(&held);
    http_receive(waiting, &answer);
    assert_int_equal(answer.status, 409);
    assert_int_equal(service_ask(&one, "GET", "/users", NULL, &answer), 200);
    assert_int_equal(service_stop(&one, SIGTERM), 0);
    assert_non_null(strstr(one.said, "longest holder \"POST /users\""));
}

/* A lock that is held too long is a database that does not answer. */
static void test_database__that_is_locked_is_503(void **state)
{
    service one;
    service_lock held;

    (void)state;
    service_start(&one, service_url("statement_timeout=1"));
    service_lock_take(&held, &one);
    service_ask(&one, "POST", "/users", "{\"name\": \"zoe\"}", &answer);
    expect_503("in time");
    service_lock_rollback(&held);
    assert_int_equal(
        service_ask(&one, "POST", "/users", "{\"name\": \"zoe\"}", &answer),
        201);
    assert_int_equal(service_stop(&one, SIGTERM), 0);
}

/* ------------------------------------------------------ away and back again */

/* A server on a port that nobody listens on. */
static void test_database__that_is_away_is_503(void **state)
{
    const char *url = service_url(NULL), *at = strchr(url, '@');
    char away[1024];
    service one;

    (void)state;
    if (service_is_sqlite())
        skip();
    snprintf(away, sizeof away, "%.*s127.0.0.1:1/weir?pool_timeout=1",
             (int)(at + 1 - url), url);
    service_start(&one, away);
    for (int i = 0; i < 3; i++) {
        service_ask(&one, "GET", "/users", NULL, &answer);
        expect_503("the database is away");
        service_ask(&one, "POST", "/users", "{\"name\": \"zoe\"}", &answer);
        expect_503("the database is away");
    }
    /* Wrong requests are told so, database or not. */
    assert_int_equal(service_ask(&one, "GET", "/users/x", NULL, &answer), 400);
    assert_int_equal(service_stop(&one, SIGTERM), 0);
    assert_non_null(strstr(one.said, "until it is back"));
}

/* SQLite: the file is locked by another process when the service starts. */
static void test_database__that_comes_back_is_used(void **state)
{
    weir_error err;
    WEIR_AUTO(weir_engine) engine = NULL;
    WEIR_AUTO(weir_conn) conn = NULL;
    service one;

    (void)state;
    if (!service_is_sqlite())
        skip();
    engine = weir_engine_open(service_url(NULL), NULL, &err);
    conn = weir_connect(engine, &err);
    assert_int_equal(weir_exec(conn, "CREATE TABLE other (x INTEGER)", NOARGS),
                     WEIR_OK);
    service_start(&one, service_url("statement_timeout=0.5"));
    service_ask(&one, "GET", "/users", NULL, &answer);
    expect_503("in time");
    assert_int_equal(weir_commit(conn), WEIR_OK);
    assert_int_equal(service_ask(&one, "GET", "/users/20", NULL, &answer), 200);
    assert_int_equal(service_stop(&one, SIGTERM), 0);
    assert_non_null(strstr(one.said, "until it is back"));
}

/* The server stops running, not listening: answers cease, connections stay. */
static void test_server__that_hangs_is_503(void **state)
{
    pid_t server = kit_server_pid();
    service one;

    (void)state;
    if (server == 0)
        skip();
    service_start(&one, service_url("statement_timeout=1&pool_timeout=1"));
    assert_int_equal(service_ask(&one, "GET", "/users/1", NULL, &answer), 200);
    assert_int_equal(kit_signal_server(server, SIGSTOP), 0);
    service_ask_until(&one, "/users/1", 503, &answer);
    kit_signal_server(server, SIGCONT);
    expect_503("try again");
    service_ask_until(&one, "/users/1", 200, &answer);
    assert_int_equal(service_stop(&one, SIGTERM), 0);
}

/* -------------------------------------------------------------- the limit */

enum {
    CLIENTS = 16,
    QUESTIONS = 20,
};

typedef struct client {
    const service *asked;
    pthread_t thread;
    int answered;
    http_answer answer;
} client;

static void *ask_often(void *self)
{
    client *own = self;

    for (int i = 0; i < QUESTIONS; i++)
        own->answered += service_ask(own->asked, "GET", "/users/1", NULL,
                                     &own->answer) == 200;
    return NULL;
}

static void ask_by_many(const service *one)
{
    static client clients[CLIENTS];

    for (int i = 0; i < CLIENTS; i++) {
        clients[i].asked = one;
        pthread_create(&clients[i].thread, NULL, ask_often, &clients[i]);
    }
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(clients[i].thread, NULL);
        assert_int_equal(clients[i].answered, QUESTIONS);
    }
}

/* The most connections that the server had at once since it was asked to
 * count anew, ours among them. */
static int64_t most_connections(weir_conn *conn)
{
    WEIR_AUTO(weir_result) row =
        weir_query(conn,
                   "SELECT CAST(variable_value AS INTEGER) FROM "
                   "information_schema.global_status WHERE "
                   "variable_name = 'MAX_USED_CONNECTIONS'",
                   NOARGS);

    assert_int_equal(weir_result_one(row), WEIR_OK);
    return weir_get_i64(row, 0);
}

/* Begins with ours alone: those of the last test may still be ending. */
static void count_anew(weir_conn *conn)
{
    for (int i = 0; i < 200; i++) {
        assert_int_equal(weir_exec(conn, "FLUSH STATUS", NOARGS), WEIR_OK);
        if (most_connections(conn) == 1)
            return;
        nanosleep(&(struct timespec){.tv_nsec = 20 * 1000000}, NULL);
    }
    fail_msg("others are connected to the server");
}

/* The server itself has counted. Without an overflow: it goes on counting a
 * connection for a moment after we have closed it. */
static void test_server__never_has_more_than_the_limit(void **state)
{
    weir_error err;
    WEIR_AUTO(weir_engine) engine =
        weir_engine_open(service_url(NULL), NULL, &err);
    WEIR_AUTO(weir_conn) conn = weir_connect(engine, &err);
    service one;

    (void)state;
    if (strcmp(weir_engine_backend(engine), "mysql") != 0)
        return; /* who else counts is asked in tests of its own */
    count_anew(conn);
    service_start(&one, service_url("pool_size=3&max_overflow=0"));
    ask_by_many(&one);
    assert_in_range(most_connections(conn), 2, 3 + 1);
    assert_int_equal(service_stop(&one, SIGTERM), 0);
}

/* ------------------------------------------------ databases that only read */

static const char anybody[] = "{\"name\": \"zoe\"}";

/* SQLite: the file is opened to be read. */
static void test_database__that_is_read_only_is_read(void **state)
{
    service one;

    (void)state;
    if (!service_is_sqlite())
        skip();
    service_start(&one, service_url(NULL));
    assert_int_equal(service_stop(&one, SIGTERM), 0);
    service_start(&one, service_url("mode=ro"));
    assert_int_equal(service_ask(&one, "GET", "/users/20", NULL, &answer), 200);
    service_ask(&one, "POST", "/users", anybody, &answer);
    expect_503("cannot do this now");
    service_ask(&one, "DELETE", "/users/1", NULL, &answer);
    expect_503("cannot do this now");
    assert_int_equal(service_ask(&one, "GET", "/users/1", NULL, &answer), 200);
    assert_int_equal(service_stop(&one, SIGTERM), 0);
}

/* SQLite: the file may have no more pages, which is what a full disk is. */
static void test_database__that_is_full_is_503(void **state)
{
    int added = 0;
    char user[512];
    service one;

    (void)state;
    if (!service_is_sqlite())
        skip();
    service_start(&one, service_url("max_page_count=6"));
    for (answer.status = 201; answer.status == 201 && added < 1000; added++) {
        snprintf(user, sizeof user,
                 "{\"name\": \"user %d\", \"email\": \"%0200d\"}", added, 0);
        service_ask(&one, "POST", "/users", user, &answer);
    }
    expect_503("has no room");
    assert_int_equal(service_ask(&one, "GET", "/users/1", NULL, &answer), 200);
    assert_int_equal(service_ask(&one, "DELETE", "/users/1", NULL, &answer),
                     204);
    assert_int_equal(service_stop(&one, SIGTERM), 0);
}

/* ------------------------------------------------------ databases of no use */

static void expect_no_start(const char *url, const char *part)
{
    const char *arguments[] = {"--port", "0", "--database", url, NULL};
    const char *line_end;
    service one;

    service_run(&one, arguments);
    assert_int_equal(service_wait(&one), 1);
    if (!strstr(one.said, part))
        fail_msg("\"%s\" is not in \"%s\"", part, one.said);
    line_end = strchr(one.said, '\n');
    assert_non_null(line_end);
    assert_string_equal(line_end, "\n"); /* one line */
}

static void test_database__of_no_use_is_one_line(void **state)
{
    weir_error err;
    WEIR_AUTO(weir_engine) engine =
        weir_engine_open(service_url(NULL), NULL, &err);
    WEIR_AUTO(weir_conn) conn = weir_connect(engine, &err);
    char path[128];
    FILE *file;

    (void)state;
    assert_int_equal(weir_exec(conn, "CREATE TABLE users (x INTEGER)", NOARGS),
                     WEIR_OK);
    assert_int_equal(weir_commit(conn), WEIR_OK);
    expect_no_start(service_url(NULL), "name");
    expect_no_start("oracle://x/y", "oracle");
    expect_no_start("not a url", "malformed URL");
    expect_no_start(service_url("pool_sice=3"), "pool_size");
    if (!service_is_sqlite())
        return;
    snprintf(path, sizeof path, "sqlite:///%s/no/users.db", service_folder());
    expect_no_start(path, "its directory does not exist");
    snprintf(path, sizeof path, "%s/text.db", service_folder());
    file = fopen(path, "w");
    for (int i = 0; i < 100; i++)
        fputs("this is no database, though it is long enough\n", file);
    fclose(file);
    snprintf(path, sizeof path, "sqlite:///%s/text.db", service_folder());
    expect_no_start(path, "not a database");
}

int run_trouble(void)
{
    const struct CMUnitTest tests[] = {
        SERVICE_TEST(test_pool__that_is_empty_is_503),
        SERVICE_TEST(test_database__that_is_locked_is_503),
        SERVICE_TEST(test_database__that_is_away_is_503),
        SERVICE_TEST(test_database__that_comes_back_is_used),
        SERVICE_TEST(test_server__that_hangs_is_503),
        SERVICE_TEST(test_server__never_has_more_than_the_limit),
        SERVICE_TEST(test_database__that_is_read_only_is_read),
        SERVICE_TEST(test_database__that_is_full_is_503),
        SERVICE_TEST(test_database__of_no_use_is_one_line),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
