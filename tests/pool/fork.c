/* SPDX-License-Identifier: MIT */
/*
 * Scenario 59 through the public door: a connection that was borrowed before
 * fork() is void in the child, where the engine goes on with new ones.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <weir/short.h>
#include <weir/weir.h>

static int live_in_child(weir_engine *engine, weir_conn *old)
{
    weir_error err;
    weir_conn *fresh;

    if (weir_exec(old, "SELECT 1", NOARGS) != WEIR_ERR_MISUSE ||
        !strstr(weir_conn_error(old)->message, "before fork()"))
        return 1;
    weir_conn_close(&old); /* harmless */
    fresh = weir_connect(engine, &err);
    if (!fresh || weir_exec(fresh, "SELECT 1", NOARGS) != WEIR_OK)
        return 2;
    weir_conn_close(&fresh);
    weir_engine_close(&engine);
    return 0;
}

static void test_fork__voids_what_was_borrowed_before(void **state)
{
    weir_error err;
    weir_engine *engine =
        weir_engine_open("sqlite:///fork-test.db", NULL, &err);
    weir_conn *conn = weir_connect(engine, &err);
    int status = -1;
    pid_t child;

    (void)state;
    assert_non_null(conn);
    assert_int_equal(weir_exec(conn, "SELECT 1", NOARGS), WEIR_OK);
    child = fork();
    if (child == 0)
        _exit(live_in_child(engine, conn));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
    assert_int_equal(weir_exec(conn, "SELECT 1", NOARGS), WEIR_OK);
    weir_conn_close(&conn);
    weir_engine_close(&engine);
    unlink("fork-test.db");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fork__voids_what_was_borrowed_before),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
