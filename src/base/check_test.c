/* SPDX-License-Identifier: MIT */
/* A broken invariant ends the process and names its place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/check.h"

static void test_assert__says_what_and_where_then_traps(void **state)
{
    char text[512] = "";
    int ends[2];
    int status;
    ssize_t size;
    pid_t child;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    child = fork();
    if (child == 0) {
        signal(SIGILL, SIG_DFL);
        signal(SIGTRAP, SIG_DFL);
        dup2(ends[1], STDERR_FILENO);
        WI_ASSERT(1 + 1 == 3);
        _exit(0);
    }
    close(ends[1]);
    size = read(ends[0], text, sizeof text - 1);
    close(ends[0]);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status));
    assert_true(size > 0);
    assert_non_null(strstr(text, "check_test.c:"));
    assert_non_null(strstr(text, "1 + 1 == 3"));
}

static void test_assert__of_what_holds_does_nothing(void **state)
{
    (void)state;
    WI_ASSERT(1 + 1 == 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_assert__says_what_and_where_then_traps),
        cmocka_unit_test(test_assert__of_what_holds_does_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
