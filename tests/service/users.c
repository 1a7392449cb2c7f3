/* SPDX-License-Identifier: MIT */
/* Users are listed, shown, added and removed, and stay. */
#include "suite.h"

#include <pthread.h>
#include <signal.h>

#include <jansson.h>

static http_answer answer;

static json_t *body(void)
{
    json_error_t error;
    json_t *document = json_loads(answer.body, JSON_REJECT_DUPLICATES, &error);

    if (!document)
        fail_msg("%s in %s", error.text, answer.body);
    return document;
}

static size_t count_users(const service *asked)
{
    json_t *document;
    size_t count;

    assert_int_equal(service_ask(asked, "GET", "/users", NULL, &answer), 200);
    document = body();
    count = json_array_size(json_object_get(document, "users"));
    json_decref(document);
    return count;
}

/* The body of the answer is this, whatever its spaces and its id: databases
 * may leave out some. */
static void expect_body(const char *text)
{
    json_t *wanted = json_loads(text, 0, NULL), *got = body();

    assert_non_null(wanted);
    assert_true(json_integer_value(json_object_get(got, "id")) > 0);
    json_object_del(got, "id");
    if (!json_equal(wanted, got))
        fail_msg("%s is not %s", answer.body, text);
    json_decref(wanted);
    json_decref(got);
}

static void test_service__begins_with_20_users(void **state)
{
    char type[64];
    service one;

    (void)state;
    service_start(&one, service_url(NULL));
    assert_int_equal(count_users(&one), 20);
    assert_true(http_header(&answer, "content-type", type, sizeof type));
    assert_string_equal(type, "application/json");
    assert_int_equal(service_ask(&one, "GET", "/users/1", NULL, &answer), 200);
    expect_body("{\"name\": \"ada\", \"email\": "
                "\"ada@example.org\", \"age\": 36}");
    assert_int_equal(service_ask(&one, "GET", "/users/18", NULL, &answer), 200);
    expect_body("{\"name\": \"\\u96ea\", \"email\": "
                "\"yuki@example.org\", \"age\": 25}");
    assert_int_equal(service_stop(&one, SIGTERM), 0);
}

static void test_service__adds_shows_and_removes(void **state)
{
    char location[64];
    service one;

    (void)state;
    service_start(&one, service_url(NULL));
    assert_int_equal(service_ask(&one, "POST", "/users",
                                 "{\"name\": \"zo\\u00eb \\ud83d\\ude00\", "
                                 "\"email\": null, \"age\": 0}",
                                 &answer),
                     201);
    expect_body("{\"name\": \"zo\\u00eb \\ud83d\\ude00\", "
                "\"email\": null, \"age\": 0}");
    assert_true(http_header(&answer, "location", location, sizeof location));
    assert_memory_equal(location, "/users/", 7);
    assert_int_equal(service_ask(&one, "GET", location, NULL, &answer), 200);
    assert_int_equal(count_users(&one), 21);
    assert_int_equal(service_ask(&one, "DELETE", location, NULL, &answer), 204);
    assert_string_equal(answer.body, "");
    assert_int_equal(service_ask(&one, "DELETE", location, NULL, &answer), 404);
    assert_int_equal(service_ask(&one, "GET", location, NULL, &answer), 404);
    assert_int_equal(count_users(&one), 20);
    assert_int_equal(service_stop(&one, SIGTERM), 0);
}

/* What was there at the first start and is removed does not come back. */
static void test_service__keeps_what_it_has(void **state)
{
    char location[64];
    service one;

    (void)state;
    service_start(&one, service_url(NULL));
    assert_int_equal(service_ask(&one, "DELETE", "/users/3", NULL, &answer),
                     204);
    assert_int_equal(
        service_ask(&one, "POST", "/users", "{\"name\": \"zoe\"}", &answer),
        201);
    assert_true(http_header(&answer, "location", location, sizeof location));
    assert_int_equal(service_stop(&one, SIGTERM), 0);
    service_start(&one, service_url(NULL));
    assert_int_equal(count_users(&one), 20);
    assert_int_equal(service_ask(&one, "GET", "/users/3", NULL, &answer), 404);
    assert_int_equal(service_ask(&one, "GET", location, NULL, &answer), 200);
    assert_int_equal(service_stop(&one, SIGTERM), 0);
}

/* Names that could be SQL, JSON or HTML are names. */
static void test_service__takes_any_name(void **state)
{
    static const char *const names[] = {
        "'; DROP TABLE users; --",
        ":name",
        "?",
        "%s%n",
        "<script>",
        "\\\"",
        "Ada",
        "\n\t\x01",
        "a\xCC\x81",
    };
    service one;

    (void)state;
    service_start(&one, service_url(NULL));
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        json_t *user = json_pack("{s:s}", "name", names[i]), *back;
        char *text = json_dumps(user, 0);

        assert_int_equal(service_ask(&one, "POST", "/users", text, &answer),
                         201);
        back = body();
        assert_string_equal(json_string_value(json_object_get(back, "name")),
                            names[i]);
        json_decref(back);
        json_decref(user);
        free(text);
    }
    assert_int_equal(count_users(&one), 20 + sizeof names / sizeof names[0]);
    assert_int_equal(service_stop(&one, SIGTERM), 0);
}

/* ------------------------------------------------------------ many at once */

enum {
    CLIENTS = 8,
};

typedef struct client {
    const service *asked;
    pthread_t thread;
    int status;
    http_answer answer;
} client;

static void *add_the_same(void *self)
{
    client *own = self;

    own->status = service_ask(own->asked, "POST", "/users",
                              "{\"name\": \"zoe\"}", &own->answer);
    return NULL;
}

static void test_service__gives_a_name_once(void **state)
{
    static client clients[CLIENTS];
    int added = 0, refused = 0;
    service one;

    (void)state;
    service_start(&one, service_url(NULL));
    for (int i = 0; i < CLIENTS; i++) {
        clients[i].asked = &one;
        pthread_create(&clients[i].thread, NULL, add_the_same, &clients[i]);
    }
    for (int i = 0; i < CLIENTS; i++) {
        pthread_join(clients[i].thread, NULL);
        added += clients[i].status == 201;
        refused += clients[i].status == 409;
    }
    assert_int_equal(added, 1);
    assert_int_equal(refused, CLIENTS - 1);
    assert_int_equal(count_users(&one), 21);
    assert_int_equal(service_stop(&one, SIGTERM), 0);
}

int run_users(void)
{
    const struct CMUnitTest tests[] = {
        SERVICE_TEST(test_service__begins_with_20_users),
        SERVICE_TEST(test_service__adds_shows_and_removes),
        SERVICE_TEST(test_service__keeps_what_it_has),
        SERVICE_TEST(test_service__takes_any_name),
        SERVICE_TEST(test_service__gives_a_name_once),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
