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

static void same_part(const char *text, const char *is, const char *wanted)
{
    if (is && wanted ? strcmp(is, wanted) != 0 : is != wanted)
        fail_msg("%s: \"%s\" instead of \"%s\"", text, is ? is : "absent",
                 wanted ? wanted : "absent");
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
        {"db://[h:1]/d", "IPv6"},
        {"db://[a:1]/d", "IPv6"},
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
        {"db://h:-1/", "65535"},
        {"db://h: 5/", "65535"},
        {"db://h:65536/", "65535"},
        {"db.x://h", "scheme"},
        {"db:/h", "scheme"},
        {"+x://h", "two names"},
        {"x+://h", "two names"},
        {"db://h/%ff", "UTF-8"},
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

/* Every form of the grammar in docs/guide/urls.md: NULL is absent, "" empty. */
static void test_url_parse__keeps_absent_and_empty_apart(void **state)
{
    static const struct {
        const char *text, *user, *password, *host;
        int port;
        const char *database;
    } forms[] = {
        {"db://", NULL, NULL, NULL, 0, NULL},
        {"db:///", NULL, NULL, NULL, 0, ""},
        {"db://h", NULL, NULL, "h", 0, NULL},
        {"db://h/", NULL, NULL, "h", 0, ""},
        {"db:////abs/path", NULL, NULL, NULL, 0, "/abs/path"},
        {"db:///rel/path", NULL, NULL, NULL, 0, "rel/path"},
        {"db://h/a/b/c", NULL, NULL, "h", 0, "a/b/c"},
        {"db://u@h/d", "u", NULL, "h", 0, "d"},
        {"db://u:@h/d", "u", "", "h", 0, "d"},
        {"db://:p@h/d", "", "p", "h", 0, "d"},
        {"db://u:p@/d", "u", "p", NULL, 0, "d"},
        {"db://u:1234/5@h", NULL, NULL, "u", 1234, "5@h"},
        {"db://u:1234%2F5@h", "u", "1234/5", "h", 0, NULL},
        {"db://u:p%40ss@h/d%3Fx", "u", "p@ss", "h", 0, "d?x"},
        {"db://us%3Aer@h%41/d%2Fx", "us:er", NULL, "h%41", 0, "d/x"},
        {"db://u:p q+r@h/d e+f", "u", "p q+r", "h", 0, "d e+f"},
        {"db://[::1]:5/d", NULL, NULL, "::1", 5, "d"},
        {"db://[fe80::1%eth0]", NULL, NULL, "fe80::1%eth0", 0, NULL},
        {"db://[::ffff:1.2.3.4]/", NULL, NULL, "::ffff:1.2.3.4", 0, ""},
        {"db://[fe80::1]", NULL, NULL, "fe80::1", 0, NULL},
        {"db://h:65535/d", NULL, NULL, "h", 65535, "d"},
        {"db://h1,h2/d", NULL, NULL, "h1,h2", 0, "d"},
        {"db://h1:1,h2:2/d", NULL, NULL, "h1:1,h2:2", 0, "d"},
        {"db://h/d#frag", NULL, NULL, "h", 0, "d#frag"},
        {"db://h/d ", NULL, NULL, "h", 0, "d "},
        {"db:///C:\\data\\x.db", NULL, NULL, NULL, 0, "C:\\data\\x.db"},
        {"db://\xC3\xBC:\xE2\x82\xAC@h/\xF0\x9F\x98\x80", "\xC3\xBC",
         "\xE2\x82\xAC", "h", 0, "\xF0\x9F\x98\x80"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        weir_url *url = parse(forms[i].text);
        weir_url_parts parts = weir_url_get(url);

        same_part(forms[i].text, parts.user, forms[i].user);
        same_part(forms[i].text, parts.password, forms[i].password);
        same_part(forms[i].text, parts.host, forms[i].host);
        same_part(forms[i].text, parts.database, forms[i].database);
        assert_int_equal(parts.port, forms[i].port);
        weir_url_free(&url);
    }
}

static void test_url_parse__reads_the_query_in_order(void **state)
{
    weir_url *url = parse("db:///d?x=1&x=2&e&f=&host=/run/db&g=a+b%20c;d=1");

    (void)state;
    assert_int_equal(weir_url_item_count(url), 6);
    assert_string_equal(weir_url_item_at(url, 0).value, "1");
    assert_string_equal(weir_url_item_at(url, 1).value, "2");
    assert_string_equal(weir_url_find(url, "x"), "2");
    assert_string_equal(weir_url_find(url, "e"), "");
    assert_string_equal(weir_url_find(url, "f"), "");
    assert_string_equal(weir_url_find(url, "host"), "/run/db");
    assert_string_equal(weir_url_find(url, "g"), "a b c;d=1");
    assert_null(weir_url_find(url, "d"));
    assert_null(weir_url_item_at(url, 6).key);
    weir_url_free(&url);
}

static void test_url_parse__never_says_the_password(void **state)
{
    static const char *const wrong[] = {
        "db://u:canary@x@h/d",  "db://u:canary%zz@h/d", "db://u:canary%00@h/d",
        "db://u:canary%ff@h/d", "db-x://u:canary@h",    "db://u:canary@h:x/d",
        "db://u:canary@[::1/d"};

    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        weir_error err;

        assert_null(weir_url_parse(wrong[i], NULL, &err));
        if (strstr(err.message, "canary"))
            fail_msg("%s: %s", wrong[i], err.message);
    }
}

static void test_url_parse__has_a_limit_of_size(void **state)
{
    char text[8200];
    weir_error err;
    weir_url *url;

    (void)state;
    memset(text, 'x', sizeof text);
    memcpy(text, "db:///", 6);
    text[8192] = '\0';
    url = parse(text);
    weir_url_free(&url);
    text[8192] = 'x';
    text[8193] = '\0';
    assert_null(weir_url_parse(text, NULL, &err));
    assert_non_null(strstr(err.message, "8192"));
    assert_null(weir_url_parse(NULL, NULL, &err));
    assert_int_equal(err.status, WEIR_ERR_CONFIG);
    assert_null(weir_url_parse("db://h/\xFF", NULL, &err));
    assert_non_null(strstr(err.message, "UTF-8"));
}

static void expect_masked(const char *url_text, const char *shown)
{
    weir_url *url = parse(url_text);
    char text[256];

    assert_int_equal(weir_url_format(url, WEIR_URL_MASKED, text, sizeof text),
                     strlen(shown));
    assert_string_equal(text, shown);
    weir_url_free(&url);
}

static void test_url_format__sorts_masks_and_escapes(void **state)
{
    (void)state;
    expect_masked("db://u:p/w@h/d?z=1&a=2&z=0", "db://u:***@h/d?a=2&z=1&z=0");
    expect_masked("db://u:@h", "db://u:***@h");
    expect_masked("db://u@h", "db://u@h");
    expect_masked("db://[::1]:5/a/b+c d", "db://[::1]:5/a/b+c d");
    expect_masked("db://h?sslPassword=x&k=%26", "db://h?k=%26&sslPassword=***");
}

static void test_url_make__refuses_what_would_read_otherwise(void **state)
{
    weir_url_parts odd[] = {
        {.backend = "db", .host = "a/b"},
        {.backend = "db", .host = "a@b"},
        {.backend = "d-b"},
        {.backend = NULL},
        {.backend = "db", .port = 65536},
        {.backend = "db", .port = -1},
        {.backend = "db", .host = "h:123"},
    };
    weir_error err;

    (void)state;
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        weir_url *url = weir_url_make(&odd[i], NULL, 0, NULL, &err);

        if (url)
            fail_msg("case %zu is accepted", i);
        assert_int_equal(err.status, WEIR_ERR_CONFIG);
    }
}

static void test_url_with__leaves_the_old_one_alone(void **state)
{
    weir_error err;
    weir_url *url = parse("db://u:p@h/d?a=1&a=2&b=3");
    weir_url *other = weir_url_with(
        url, &(weir_url_parts){.host = "::1", .database = "e/f"}, &err);
    weir_url *set = weir_url_with_item(url, "a", "9", &err);
    weir_url *removed = weir_url_with_item(url, "a", NULL, &err);

    (void)state;
    assert_string_equal(weir_url_get(other).host, "::1");
    assert_string_equal(weir_url_get(other).password, "p");
    assert_string_equal(weir_url_get(other).database, "e/f");
    assert_string_equal(weir_url_get(url).host, "h");
    assert_int_equal(weir_url_item_count(set), 2);
    assert_string_equal(weir_url_find(set, "a"), "9");
    assert_int_equal(weir_url_item_count(removed), 1);
    assert_null(weir_url_find(removed, "a"));
    assert_false(weir_url_equal(url, set));
    weir_url_free(&removed);
    weir_url_free(&set);
    weir_url_free(&other);
    weir_url_free(&url);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_url_parse__reads_every_part),
        cmocka_unit_test(test_url_parse__takes_a_password_with_a_slash),
        cmocka_unit_test(test_url_parse__refuses_with_what_would_be_right),
        cmocka_unit_test(test_url_format__hides_secrets_and_reads_back),
        cmocka_unit_test(test_url_parse__keeps_absent_and_empty_apart),
        cmocka_unit_test(test_url_parse__reads_the_query_in_order),
        cmocka_unit_test(test_url_parse__never_says_the_password),
        cmocka_unit_test(test_url_parse__has_a_limit_of_size),
        cmocka_unit_test(test_url_format__sorts_masks_and_escapes),
        cmocka_unit_test(test_url_make__refuses_what_would_read_otherwise),
        cmocka_unit_test(test_url_with__leaves_the_old_one_alone),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
