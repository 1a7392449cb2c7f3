/* SPDX-License-Identifier: MIT */
#include <stdio.h>

#include "drive.h"

#include "db/mysql/wmy.h"

static drive d;

static weir_status attach(const char *url)
{
    weir_status status = drive_attach(&d, url);

    drive_detach(&d);
    return status;
}

/* What such a URL comes to; its host outlives the URL. */
static wmy_transport of(const char *url)
{
    static char host[64];
    wmy_transport found = {0};

    assert_int_equal(drive_attach(&d, url), WEIR_OK);
    assert_int_equal(wmy_transport_of(d.url, d.values, &found, &d.err),
                     WEIR_OK);
    if (found.host) {
        snprintf(host, sizeof host, "%s", found.host);
        found.host = host;
    }
    drive_detach(&d);
    return found;
}

static void test_tls__is_on_to_other_hosts(void **state)
{
    (void)state;
    assert_true(of("mysql://db.example.org/x").tls);
    assert_true(of("mysql://10.0.0.1/x").tls);
    assert_true(of("mysql://127.example.org/x").tls);
    assert_true(of("mysql://localhost.example.org/x").tls);
    assert_false(of("mysql://localhost/x").tls);
    assert_false(of("mysql://127.0.0.1/x").tls);
    assert_false(of("mysql://[::1]/x").tls);
    assert_false(of("mysql://db.example.org/x?unix_socket=/s").tls);
}

static void test_tls__every_spelling_of_on_verifies(void **state)
{
    (void)state;
    assert_true(of("mysql://localhost/x?tls=verify-full").tls);
    assert_true(of("mysql://localhost/x?tls=verify-ca").tls);
    assert_true(of("mysql://localhost/x?ssl_mode=REQUIRED").tls);
    assert_true(of("mysql://localhost/x?sslmode=verify_ca").tls);
    assert_true(of("mysql://localhost/x?ssl=true").tls);
    assert_true(of("mysql+pymysql://localhost/x?ssl_ca=/ca.pem").tls);
}

static void test_tls__every_spelling_of_off(void **state)
{
    (void)state;
    assert_false(of("mysql://db.example.org/x?tls=disable").tls);
    assert_false(of("mysql://db.example.org/x?ssl_mode=DISABLED").tls);
    assert_false(of("mysql://db.example.org/x?ssl_disabled=true").tls);
    assert_false(of("mysql://db.example.org/x?ssl=0").tls);
}

static void test_tls__nothing_in_between(void **state)
{
    (void)state;
    assert_int_equal(attach("mysql://db/x?ssl_mode=PREFERRED"),
                     WEIR_ERR_CONFIG);
    assert_int_equal(attach("mysql://db/x?ssl_verify_cert=false"),
                     WEIR_ERR_CONFIG);
    assert_int_equal(attach("mysql://db/x?ssl_check_hostname=false"),
                     WEIR_ERR_CONFIG);
    assert_int_equal(attach("mysql://db/x?tls=disable&ssl_ca=/ca.pem"),
                     WEIR_ERR_CONFIG);
    assert_int_equal(attach("mysql:///x?unix_socket=/s&tls=verify-full"),
                     WEIR_ERR_CONFIG);
}

static bool may(const char *url, const char *plugin)
{
    return strstr(of(url).auth, plugin) != NULL;
}

static void test_password__is_safe_with_whom_it_is_for(void **state)
{
    (void)state;
    assert_true(may("mysql://db/x", "clear"));
    assert_false(may("mysql://db/x?tls=disable", "clear"));
    assert_false(may("mysql://db/x?tls=disable", "sha2"));
    assert_true(may("mysql://db/x?tls=disable", "native"));
    assert_true(may("mysql://db/x?tls=disable&get_server_public_key=true",
                    "caching_sha2"));
    assert_false(may("mysql://localhost/x", "clear"));
    assert_true(may("mysql://localhost/x", "caching_sha2"));
    assert_false(
        may("mysql://localhost/x?get_server_public_key=false", "sha2"));
    assert_false(may("mysql:///x?unix_socket=/s", "clear"));
    assert_true(may("mysql:///x?unix_socket=/s", "caching_sha2"));
}

static void test_way__tcp_unless_there_is_a_socket(void **state)
{
    wmy_transport found = of("mariadb+mysqlconnector://localhost:3307/x");

    (void)state;
    assert_string_equal(found.host, "localhost");
    assert_int_equal(found.port, 3307);
    assert_null(found.socket);
    found = of("mysql:///x");
    assert_string_equal(found.host, "localhost");
    assert_int_equal(found.port, 3306);
    found = of("mysql:///x?unix_socket=/run/s");
    assert_null(found.host);
}

static void test_options__dangerous_ones_are_refused(void **state)
{
    (void)state;
    assert_int_equal(attach("mysql://localhost/x?local_infile=1"),
                     WEIR_ERR_CONFIG);
    assert_int_equal(attach("mysql://localhost/x?local_infile=0"), WEIR_OK);
    assert_int_equal(attach("mysql://localhost/x?sql_mode=';DROP"),
                     WEIR_ERR_CONFIG);
    assert_int_equal(attach("mysql://localhost/x?sql_mode=ANSI,TRADITIONAL"),
                     WEIR_OK);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tls__is_on_to_other_hosts),
        cmocka_unit_test(test_tls__every_spelling_of_on_verifies),
        cmocka_unit_test(test_tls__every_spelling_of_off),
        cmocka_unit_test(test_tls__nothing_in_between),
        cmocka_unit_test(test_password__is_safe_with_whom_it_is_for),
        cmocka_unit_test(test_way__tcp_unless_there_is_a_socket),
        cmocka_unit_test(test_options__dangerous_ones_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
