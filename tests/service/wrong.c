/* SPDX-License-Identifier: MIT */
/* Requests that are wrong: each has its status and says what would be right,
 * and the service is there afterwards. */
#include "suite.h"

#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <jansson.h>

static http_answer answer;

/* An error is problem+json with the status in it, and one sentence. */
static void expect_problem(int status, const char *part, const char *field)
{
    json_t *problem = json_loads(answer.body, JSON_REJECT_DUPLICATES, NULL);
    const char *detail = json_string_value(json_object_get(problem, "detail"));
    const char *about = json_string_value(json_object_get(problem, "field"));
    char type[64];

    if (answer.status != status || !detail || !strstr(detail, part))
        fail_msg("%d with \"%s\" is wanted, not %d: %s", status, part,
                 answer.status, answer.body);
    assert_true(http_header(&answer, "content-type", type, sizeof type));
    assert_string_equal(type, "application/problem+json");
    assert_int_equal(json_integer_value(json_object_get(problem, "status")),
                     status);
    assert_non_null(json_object_get(problem, "title"));
    if (field)
        assert_string_equal(about ? about : "", field);
    else
        assert_null(about);
    json_decref(problem);
}

typedef struct mistake {
    const char *method;
    const char *path;
    const char *body;
    int status;
    const char *part;
    const char *field;
} mistake;

static void expect_all(const service *asked, const mistake *all, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        service_ask(asked, all[i].method, all[i].path, all[i].body, &answer);
        expect_problem(all[i].status, all[i].part, all[i].field);
    }
}

static void test_service__refuses_paths(void **state)
{
    static const mistake all[] = {
        {"GET", "/", NULL, 404, "there are /users and /users/:id", NULL},
        {"GET", "/user", NULL, 404, "there is no /user;", NULL},
        {"GET", "/users/1/x", NULL, 404, "there is no", NULL},
        {"GET", "/users/../../etc/passwd", NULL, 404, "there is no", NULL},
        {"GET", "/users/999", NULL, 404, "there is no user 999", NULL},
        {"GET", "/users/abc", NULL, 400, "not \"abc\"", NULL},
        {"GET", "/users/0", NULL, 400, "a whole number from 1 on", NULL},
        {"GET", "/users/-1", NULL, 400, "not \"-1\"", NULL},
        {"GET", "/users/1.5", NULL, 400, "not \"1.5\"", NULL},
        {"GET", "/users/1x", NULL, 400, "not \"1x\"", NULL},
        {"GET", "/users/%31", NULL, 400, "not \"%31\"", NULL},
        {"GET", "/users/1%27%20OR%201=1", NULL, 400, "a whole number", NULL},
        {"GET", "/users/9223372036854775807", NULL, 404, "there is no", NULL},
        {"GET", "/users/9223372036854775808", NULL, 400, "a whole", NULL},
        {"GET", "/users/\xff\xfe", NULL, 400, "not \"\xEF\xBF\xBD", NULL},
        {"DELETE", "/users/999", NULL, 404, "there is no user 999", NULL},
        {"DELETE", "/users/x", NULL, 400, "not \"x\"", NULL},
        {"DELETE", "/users", NULL, 405, "GET, HEAD, POST", NULL},
        {"PUT", "/users/1", "{}", 405, "GET, HEAD, DELETE", NULL},
        {"POST", "/users/1", "{}", 405, "POST is not one of", NULL},
    };
    char allowed[64];
    service one;

    (void)state;
    service_start(&one, service_url(NULL));
    expect_all(&one, all, sizeof all / sizeof all[0]);
    assert_true(http_header(&answer, "allow", allowed, sizeof allowed));
    assert_string_equal(allowed, "GET, HEAD, DELETE");
    /* A parameter of the query is no part of the path. */
    assert_int_equal(service_ask(&one, "GET", "/users/7?id=3&x", NULL, &answer),
                     200);
    assert_non_null(strstr(answer.body, "\"id\":7,"));
    assert_int_equal(service_stop(&one, SIGTERM), 0);
}

#define LETTERS "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" /* 50 */

static void test_service__refuses_bodies(void **state)
{
    static const mistake all[] = {
        {"POST", "/users", NULL, 400, "the body is empty", NULL},
        {"POST", "/users", "{", 400, "line 1, column 1", NULL},
        {"POST", "/users", "{\"name\":\"x\"", 400, "as JSON: line", NULL},
        {"POST", "/users", "name=zoe", 400, "as JSON: line", NULL},
        {"POST", "/users", "{\"name\":\"\xff\"}", 400, "as JSON", NULL},
        {"POST", "/users", "{\"name\":\"a\\u0000b\"}", 400, "as JSON", NULL},
        {"POST", "/users", "{\"name\":\"x\",\"name\":\"y\"}", 400, "duplicate",
         NULL},
        {"POST", "/users", "{\"name\":\"x\",\"age\":99999999999999999999}", 400,
         "too big", NULL},
        {"POST", "/users", "[]", 422, "the body is an array", NULL},
        {"POST", "/users", "null", 422, "the body is null", NULL},
        {"POST", "/users", "\"zoe\"", 422, "the body is a string", NULL},
        {"POST", "/users", "{}", 422, "\"name\" is missing", "name"},
        {"POST", "/users", "{\"age\":1}", 422, "is missing", "name"},
        {"POST", "/users", "{\"name\":5}", 422, "\"name\" must be a string",
         "name"},
        {"POST", "/users", "{\"name\":null}", 422, "must be a string", "name"},
        {"POST", "/users", "{\"name\":\"\"}", 422, "1 to 50", "name"},
        {"POST", "/users", "{\"name\":\"" LETTERS "a\"}", 422, "1 to 50",
         "name"},
        {"POST", "/users", "{\"name\":\"x\",\"email\":[]}", 422,
         "null or a string", "email"},
        {"POST", "/users", "{\"name\":\"x\",\"age\":\"31\"}", 422,
         "a whole number from 0 to 150", "age"},
        {"POST", "/users", "{\"name\":\"x\",\"age\":3.5}", 422, "whole", "age"},
        {"POST", "/users", "{\"name\":\"x\",\"age\":-1}", 422, "whole", "age"},
        {"POST", "/users", "{\"name\":\"x\",\"age\":151}", 422, "whole", "age"},
        {"POST", "/users", "{\"name\":\"x\",\"age\":true}", 422, "whole",
         "age"},
        {"POST", "/users", "{\"name\":\"x\",\"id\":7}", 422,
         "\"id\" must be left out", "id"},
        {"POST", "/users", "{\"name\":\"x\",\"is_admin\":true}", 422,
         "left out", "is_admin"},
        {"POST", "/users", "{\"name\":\"ada\"}", 409,
         "there is a user \"ada\" already", "name"},
    };
    service one;

    (void)state;
    service_start(&one, service_url(NULL));
    expect_all(&one, all, sizeof all / sizeof all[0]);
    /* The longest name there can be, in bytes too. */
    assert_int_equal(service_ask(&one, "POST", "/users",
                                 "{\"name\":\"" LETTERS "\"}", &answer),
                     201);
    assert_int_equal(service_stop(&one, SIGTERM), 0);
}

static char *body_of(size_t size)
{
    char *text = malloc(size + 1);

    memset(text, ' ', size);
    memcpy(text, "{\"name\":\"zoe\"}", 14);
    text[size] = '\0';
    return text;
}

static void test_service__limits_the_body(void **state)
{
    static const size_t sizes[] = {16385, 16386, 100000, 4 * 1024 * 1024};
    char *text = body_of(16384);
    service one;

    (void)state;
    service_start(&one, service_url(NULL));
    assert_int_equal(service_ask(&one, "POST", "/users", text, &answer), 201);
    free(text);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        text = body_of(sizes[i]);
        service_ask(&one, "POST", "/users", text, &answer);
        expect_problem(413, "more than 16384 bytes", NULL);
        free(text);
    }
    assert_int_equal(service_stop(&one, SIGTERM), 0);
}

/* Bytes that are no request, requests that stop half-way, clients that leave:
 * whatever the answer is, the next client is served. */
static void test_service__outlives_rubbish(void **state)
{
    static const char *const rubbish[] = {
        "\r\n\r\n",
        "\x16\x03\x01\x02",
        "GET",
        "GET /users",
        "GET /users HTTP/9",
        "BREW /users HTCPCP/1.0\r\n\r\n",
        "GET  HTTP/1.1\r\n\r\n",
        "GET /users HTTP/1.1\r\nHost",
        "POST /users HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{",
        "POST /users HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n{}",
        "POST /users HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nZ",
        "GET /users HTTP/1.1\r\nHost: x\r\n\r\n",
    };
    service one;

    (void)state;
    service_start(&one, service_url(NULL));
    for (size_t i = 0; i < sizeof rubbish / sizeof rubbish[0]; i++)
        for (int leaves = 0; leaves < 2; leaves++) {
            int fd = http_connect(one.port);

            assert_true(fd >= 0);
            http_send(fd, rubbish[i], strlen(rubbish[i]));
            if (!leaves) /* waits for what comes, sends no more */
                shutdown(fd, SHUT_WR);
            close(fd);
        }
    assert_int_equal(service_ask(&one, "GET", "/users/1", NULL, &answer), 200);
    assert_int_equal(service_stop(&one, SIGTERM), 0);
}

/* A form, which is what curl sends if it is not told otherwise. */
static void test_service__reads_json_whatever_its_type(void **state)
{
    static const char request[] =
        "POST /users HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\n"
        "Transfer-Encoding: chunked\r\n\r\n"
        "8\r\n{\"name\":\r\n6\r\n\"zoe\"}\r\n0\r\n\r\n";
    service one;
    int fd;

    (void)state;
    service_start(&one, service_url(NULL));
    fd = http_connect(one.port);
    assert_true(http_send(fd, request, sizeof request - 1));
    http_receive(fd, &answer);
    assert_int_equal(answer.status, 201);
    assert_int_equal(service_stop(&one, SIGTERM), 0);
}

int run_wrong(void)
{
    const struct CMUnitTest tests[] = {
        SERVICE_TEST(test_service__refuses_paths),
        SERVICE_TEST(test_service__refuses_bodies),
        SERVICE_TEST(test_service__limits_the_body),
        SERVICE_TEST(test_service__outlives_rubbish),
        SERVICE_TEST(test_service__reads_json_whatever_its_type),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
