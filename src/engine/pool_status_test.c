/* SPDX-License-Identifier: MIT */
/*
 * The line that says how a pool is, of each kind.
 */
#include <weir/pool.h>
#include <weir/weir.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void check(const char *url, const char *wanted)
{
    weir_error err;
    WEIR_AUTO(weir_engine) engine = weir_engine_open(url, NULL, &err);
    char text[160];
    weir_conn *conn;

    if (!engine)
        fail_msg("%s: %s", url, err.message);
    conn = weir_connect(engine, &err);
    assert_non_null(conn);
    assert_int_equal(weir_pool_status_text(engine, text, sizeof text),
                     strlen(wanted));
    assert_string_equal(text, wanted);
    weir_conn_close(&conn);
}

static void test_pool_status_text__says_the_kind(void **state)
{
    (void)state;
    check("sqlite://", "queue, 5 kept and 10 more: 0 idle, 1 busy, "
                       "0 connecting, 0 waiting");
    check("sqlite://?max_overflow=-1",
          "queue, 5 kept and any number more: 0 idle, 1 busy, 0 connecting, "
          "0 waiting");
    check("sqlite://?pool_size=0", "queue without a limit: 0 idle, 1 busy, "
                                   "0 connecting, 0 waiting");
    check("sqlite://?pool_kind=null",
          "null, one for each loan: 0 idle, 1 busy, 0 connecting, 0 waiting");
    check("sqlite://?poolclass=StaticPool",
          "static, one for all: 0 idle, 1 busy, 0 connecting, 0 waiting");
    check("sqlite://?pool_kind=thread",
          "thread, one for each, 5 kept: 0 idle, 1 busy, 0 connecting, "
          "0 waiting");
    check("sqlite://?pool_kind=thread&pool_size=0",
          "thread, one for each: 0 idle, 1 busy, 0 connecting, 0 waiting");
    check("sqlite://?pool_kind=assertion",
          "assertion, one at a time: 0 idle, 1 busy, 0 connecting, 0 waiting");
}

static void test_pool_status_text__is_cut_as_by_snprintf(void **state)
{
    weir_error err;
    WEIR_AUTO(weir_engine) engine =
        weir_engine_open("sqlite://?pool_kind=null", NULL, &err);
    char text[5] = "";
    size_t whole;

    (void)state;
    assert_non_null(engine);
    whole = weir_pool_status_text(engine, NULL, 0);
    assert_true(whole > 5);
    assert_int_equal(weir_pool_status_text(engine, text, sizeof text), whole);
    assert_string_equal(text, "null");
    assert_int_equal(weir_pool_status_text(NULL, text, sizeof text), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pool_status_text__says_the_kind),
        cmocka_unit_test(test_pool_status_text__is_cut_as_by_snprintf),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
