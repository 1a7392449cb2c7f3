/* SPDX-License-Identifier: MIT */
/* A name that nobody resolves holds no deadline up. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "drive.h"

#include "db/mysql/wmy.h"
#include "kit/late.h"

static _Atomic int asked, answered;

/* Stands in for the C library's, in libmariadb, too. */
__attribute__((visibility("default"))) int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
            struct addrinfo **out)
{
    (void)name;
    (void)service;
    (void)hints;
    *out = NULL;
    atomic_fetch_add(&asked, 1);
    usleep(400000);
    atomic_fetch_add(&answered, 1);
    return EAI_NONAME;
}

static void test_resolving__ends_in_time(void **state)
{
    drive d;
    void *conn;
    int64_t deadline, late;

    (void)state;
    assert_int_equal(drive_attach(&d, "mysql://db.example.org/x?tls=disable"),
                     WEIR_OK);
    deadline = drive_in(&d, 0.05);
    assert_int_equal(drive_try_open(&d, &conn, deadline), WEIR_ERR_TIMEOUT);
    late = weir_services_now(&d.services) - deadline;
    assert_true(late >= 0 && (double)late / 1e9 < kit_late_s());
    assert_string_equal(d.err.sqlstate, "57014");
    assert_int_equal(d.err.fate, WEIR_FATE_DISCARD);
    assert_non_null(strstr(d.err.message, "db.example.org"));
    drive_close(&d, conn);
    drive_detach(&d);
    /* Nothing of the engine is left; the thread still comes to its end. */
    while (atomic_load(&answered) < atomic_load(&asked))
        usleep(1000);
    usleep(20000);
    assert_int_equal(asked, 1);
}

static void test_resolving__that_fails_is_told(void **state)
{
    drive d;
    void *conn;

    (void)state;
    assert_int_equal(drive_attach(&d, "mysql://db.example.org/x?tls=disable"),
                     WEIR_OK);
    assert_int_equal(drive_try_open(&d, &conn, drive_in(&d, 20)),
                     WEIR_ERR_CONNECTION);
    assert_string_equal(d.err.sqlstate, "08001");
    assert_int_equal(d.err.native_code, 2005);
    drive_close(&d, conn);
    drive_detach(&d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_resolving__ends_in_time),
        cmocka_unit_test(test_resolving__that_fails_is_told),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
