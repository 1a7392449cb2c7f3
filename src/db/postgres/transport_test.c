/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "drive.h"

#include "db/postgres/wpg.h"

static drive d;

static weir_status attach(const char *url)
{
    weir_status status = drive_attach(&d, url);

    drive_detach(&d);
    return status;
}

/* What such a URL comes to; only what it owns outlives the URL. */
static wpg_transport of(const char *url)
{
    wpg_transport found = {.count = 0};

    assert_int_equal(drive_attach(&d, url), WEIR_OK);
    assert_int_equal(wpg_transport_of(d.url, d.values, &found, &d.err),
                     WEIR_OK);
    drive_detach(&d);
    return found;
}

/* What libpq is told for `name`; "" for nothing. */
static const char *told(const char *url, const char *name)
{
    static char value[128];
    wpg_transport found = {.count = 0};

    value[0] = '\0';
    assert_int_equal(drive_attach(&d, url), WEIR_OK);
    assert_int_equal(wpg_transport_of(d.url, d.values, &found, &d.err),
                     WEIR_OK);
    for (size_t i = 0; i < found.count; i++) {
        if (strcmp(found.settings[i].name, name) == 0)
            snprintf(value, sizeof value, "%s", found.settings[i].value);
    }
    drive_detach(&d);
    return value;
}

static void test_tls__is_on_to_other_hosts(void **state)
{
    (void)state;
    assert_true(of("postgresql://db.example.org/x").tls);
    assert_true(of("postgresql://10.0.0.1/x").tls);
    assert_true(of("postgresql://127.example.org/x").tls);
    assert_true(of("postgresql://localhost.example.org/x").tls);
    assert_true(of("postgresql://localhost/x?hostaddr=10.0.0.1").tls);
    assert_true(of("postgresql:///x?host=localhost&host=db.example.org").tls);
    assert_false(of("postgresql://localhost/x").tls);
    assert_false(of("postgresql://127.0.0.1/x").tls);
    assert_false(of("postgresql://[::1]/x").tls);
    assert_false(of("postgresql:///x").tls);
    assert_false(of("postgresql:///x?host=/run/sockets").tls);
}

static void test_tls__every_spelling_of_on_verifies(void **state)
{
    static const char *const urls[] = {
        "postgresql://localhost/x?tls=verify-full",
        "postgresql://localhost/x?sslmode=require",
        "postgresql+psycopg2://localhost/x?sslmode=verify-full",
        "postgresql://localhost/x?sslrootcert=/ca.pem",
        "postgresql://db.example.org/x",
    };

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        assert_true(of(urls[i]).tls);
        assert_string_equal(told(urls[i], "sslmode"), "verify-full");
        assert_true(told(urls[i], "sslrootcert")[0] != '\0');
    }
    assert_string_equal(
        told("postgresql://localhost/x?tls=verify-ca", "sslmode"), "verify-ca");
    assert_string_equal(told("postgresql://h/x?sslrootcert=/a", "sslrootcert"),
                        "/a");
}

static void test_tls__off_is_said_to_libpq(void **state)
{
    (void)state;
    assert_string_equal(told("postgresql://localhost/x", "sslmode"), "disable");
    assert_string_equal(told("postgresql://h/x?tls=disable", "sslmode"),
                        "disable");
    assert_string_equal(told("postgresql://h/x?sslmode=disable", "sslmode"),
                        "disable");
    assert_string_equal(told("postgresql://h/x", "gssencmode"), "disable");
}

static void test_tls__half_measures_are_refused(void **state)
{
    (void)state;
    assert_int_equal(attach("postgresql://h/x?sslmode=prefer"),
                     WEIR_ERR_CONFIG);
    assert_int_equal(attach("postgresql://h/x?sslmode=allow"), WEIR_ERR_CONFIG);
    assert_int_equal(attach("postgresql://h/x?tls=disable&sslmode=require"),
                     WEIR_ERR_CONFIG);
    assert_int_equal(attach("postgresql:///x?host=/s&tls=verify-full"),
                     WEIR_ERR_CONFIG);
}

static void hosts(const char *url, const char *wanted, const char *ports)
{
    wpg_transport found = of(url);

    assert_string_equal(found.hosts, wanted);
    assert_string_equal(found.ports, ports);
}

static void test_hosts__one_and_several(void **state)
{
    (void)state;
    hosts("postgresql://db.example.org:6000/x", "db.example.org", "6000");
    hosts("postgresql://db.example.org/x", "db.example.org", "");
    hosts("postgresql:///x?host=a:1&host=b:2", "a,b", "1,2");
    hosts("postgresql:///x?host=a&host=b", "a,b", "");
    hosts("postgresql:///x?host=a&host=b&port=6000", "a,b", "6000");
    hosts("postgresql:///x?host=[::1]:7&host=::1", "::1,::1", "7,");
    hosts("postgresql:///x?host=/run/here&port=6000", "/run/here", "6000");
    assert_true(of("postgresql:///x").hosts[0] == '/');
}

static void test_hosts__too_many_are_refused(void **state)
{
    static char url[4096] = "postgresql:///x?a=b";
    weir_status status;

    (void)state;
    snprintf(url, sizeof url, "postgresql:///x?host=a");
    while (strlen(url) < 3000)
        strcat(url, "&host=a.long.name.of.a.host.example.org:5432");
    status = attach(url);
    assert_int_equal(status, WEIR_ERR_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls__is_on_to_other_hosts),
        cmocka_unit_test(test_tls__every_spelling_of_on_verifies),
        cmocka_unit_test(test_tls__off_is_said_to_libpq),
        cmocka_unit_test(test_tls__half_measures_are_refused),
        cmocka_unit_test(test_hosts__one_and_several),
        cmocka_unit_test(test_hosts__too_many_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
