/* SPDX-License-Identifier: MIT */
/* Rules of docs on URLs: what is read, what is refused, what is hidden. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include <weir/url.h>

static weir_url *parse(const char *text)
{
    weir_error err;
    weir_url *url = weir_url_parse(text, NULL, &err);

    if (!url)
        fail_msg("%s: %s", text, err.message);
    return url;
}

static void test_url_parse__reads_every_part(void **state)
{
    weir_url *url = parse("mysql+pymysql://us%3Aer:p+w@[::1]:5/d%2Fx?b=2&a=1");
    weir_url_parts parts = weir_url_get(url);

    (void)state;
    assert_string_equal(parts.backend, "mysql");
    assert_string_equal(parts.driver, "pymysql");
    assert_string_equal(parts.user, "us:er");
    assert_string_equal(parts.password, "p+w");
    assert_string_equal(parts.host, "::1");
    assert_int_equal(parts.port, 5);
    assert_string_equal(parts.database, "d/x");
    assert_string_equal(weir_url_find(url, "a"), "1");
    weir_url_free(&url);
    assert_null(url);
}

static void test_url_parse__takes_a_password_with_a_slash(void **state)
{
    weir_url *url = parse("db://u:p/w@h/d");

    (void)state;
    assert_string_equal(weir_url_get(url).password, "p/w");
    assert_string_equal(weir_url_get(url).host, "h");
    weir_url_free(&url);
}

static void test_url_parse__refuses_with_what_would_be_right(void **state)
{
    static const char *const wrong[][2] = {
        {"db://[]/d", "IPv6"},
        {"db://[host]/d", "IPv6"},
        {"db://u:p@ss@h/d", "%40"},
        {"db://h:abc/", "port"},
        {"db://h:0/", "65535"},
        {"db://h:/d", "port"},
        {"db://::1/d", "brackets"},
        {" db://h", "scheme"},
        {"db-x://h", "scheme"},
        {"notaurl", "scheme"},
        {"db://u:%zz@h/", "%25"},
        {"db://h/%00", "NUL"},
        {"db://h/?=1", "without a name"},
        {"", "empty"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        weir_error err;
        weir_url *url = weir_url_parse(wrong[i][0], NULL, &err);

        assert_null(url);
        assert_int_equal(err.status, WEIR_ERR_CONFIG);
        if (!strstr(err.message, wrong[i][1]))
            fail_msg("%s: %s", wrong[i][0], err.message);
    }
}

static void test_url_format__hides_secrets_and_reads_back(void **state)
{
    static const char *const urls[] = {
        "db://[::1]:1,[::2]:2,h/d",
        "db://u:canary@h:1/d?password=canary&z=1",
        "db://:canary@/d",
        "db://u:canary%40%2F@[fe80::1]/a%20b?k=%26+x",
    };
    char text[256];

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        weir_url *url = parse(urls[i]);
        weir_url *again;

        weir_url_format(url, WEIR_URL_MASKED, text, sizeof text);
        assert_null(strstr(text, "canary"));
        weir_url_format(url, WEIR_URL_WITH_SECRETS, text, sizeof text);
        again = parse(text);
        assert_true(weir_url_equal(url, again));
        weir_url_free(&again);
        weir_url_free(&url);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_url_parse__reads_every_part),
        cmocka_unit_test(test_url_parse__takes_a_password_with_a_slash),
        cmocka_unit_test(test_url_parse__refuses_with_what_would_be_right),
        cmocka_unit_test(test_url_format__hides_secrets_and_reads_back),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
