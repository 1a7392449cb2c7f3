/* SPDX-License-Identifier: MIT */
/*
 * Processes that end while their pools connect, and in other bad moments. Each
 * test ends children, which have to end well and soon. The parent has no
 * threads and uses no client library, so that each child is like new; the
 * server that hangs is a process of its own.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <weir/weir.h>

#include "kit/peer.h"

enum { CHILDREN = 50, FEW_CHILDREN = 10, SECONDS_MAX = 60 };

#define MS 1000000L

static char url[1024];     /* of this test */
static char hanging[1024]; /* of a server that hangs in its TLS */
static const char *library;
static pid_t hanging_server;

static void nap_ms(long ms)
{
    const struct timespec time = {.tv_sec = ms / 1000,
                                  .tv_nsec = ms % 1000 * MS};

    nanosleep(&time, NULL);
}

static bool is_postgres(void)
{
    return strncmp(getenv("WEIR_TEST_URL"), "postgres", 8) == 0;
}

/* ------------------------------------------------------ a server that hangs */

/* It greets, offers TLS, and is silent when that begins. */
static void hang_mysql(kit_peer *peer)
{
    static const char greeting[] =
        "\x0A"
        "8.0.36\0\7\0\0\0AAAAAAAA\0\xFF\xAA\xFF\x02\0\xBE\0\x15\0\0\0\0\0\0"
        "\0\0\0\0BBBBBBBBBBBB\0mysql_native_password";

    if (kit_say_packet(peer, 0, greeting, sizeof greeting))
        kit_be_silent(peer);
}

static void hang(kit_peer *peer, void *ignored)
{
    kit_message heard;

    (void)ignored;
    if (!is_postgres())
        hang_mysql(peer);
    else if (kit_hear(peer, &heard) && kit_say(peer, "S", 1))
        kit_be_silent(peer);
}

static void serve(int to)
{
    kit_stage *stage =
        kit_stage_start(is_postgres() ? KIT_POSTGRES : KIT_MYSQL, hang, NULL);
    int port = kit_stage_port(stage);

    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (write(to, &port, sizeof port) != sizeof port)
        abort();
    for (;;)
        pause();
}

static int begin(void **state)
{
    int ends[2], port = 0;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    hanging_server = fork();
    if (hanging_server == 0)
        serve(ends[1]);
    assert_int_equal(read(ends[0], &port, sizeof port), sizeof port);
    close(ends[0]);
    close(ends[1]);
    snprintf(hanging, sizeof hanging, "%s://me:secret@127.0.0.1:%d/x?%s",
             is_postgres() ? "postgresql" : "mysql", port, "tls=verify-full");
    return 0;
}

static int end(void **state)
{
    (void)state;
    (void)kill(hanging_server, SIGKILL);
    (void)waitpid(hanging_server, NULL, 0);
    return 0;
}

/* ---------------------------------------------------------------- children */

/* It must end by itself, with 0, before its time is over. */
static void run_child(void (*child)(int), int number)
{
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        alarm(SECONDS_MAX);
        child(number);
        exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        fail_msg("child %d: status %#x", number, (unsigned)status);
}

static weir_engine *open_engine(void)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_engine *opened;

    options.max_connecting = 4;
    opened = weir_engine_open(url, &options, NULL);
    if (!opened)
        abort();
    return opened;
}

/* The pool's thread goes on when the borrower has gone. */
static void begin_to_connect(weir_engine *engine)
{
    weir_connect_options hasty = WEIR_CONNECT_OPTIONS;
    weir_conn *conn;

    hasty.timeout_s = 0.001;
    conn = weir_connect_with(engine, &hasty, NULL);
    weir_conn_close(&conn);
}

static void exit_while_connecting(int number)
{
    weir_engine *engine = open_engine();

    begin_to_connect(engine);
    nap_ms(number % 25);
    if (number % 2)
        weir_engine_close(&engine);
}

static void with_tls(void)
{
    snprintf(url, sizeof url, "%s?tls=verify-full&%s=%s/ca.pem",
             getenv("WEIR_TEST_URL"), is_postgres() ? "sslrootcert" : "ssl_ca",
             getenv("WEIR_TEST_TLS"));
}

static void test_exit__while_connecting_is_nothing_special(void **state)
{
    (void)state;
    with_tls();
    for (int i = 0; i < CHILDREN; i++)
        run_child(exit_while_connecting, i);
}

/* A password is proved with the same library. */
static void test_exit__while_logging_in_is_nothing_special(void **state)
{
    (void)state;
    snprintf(url, sizeof url, "%s?tls=disable", getenv("WEIR_TEST_URL"));
    for (int i = 0; i < CHILDREN; i++)
        run_child(exit_while_connecting, i);
}

static void test_exit__waits_for_no_server_that_hangs(void **state)
{
    time_t began = time(NULL);

    (void)state;
    snprintf(url, sizeof url, "%s", hanging);
    for (int i = 0; i < FEW_CHILDREN; i++)
        run_child(exit_while_connecting, i);
    /* The patience that an exit has is 5 s. */
    assert_true(time(NULL) - began < FEW_CHILDREN * 4);
}

/* -------------------------------- scenario 66: destructors and dlclose() */

static weir_engine *kept;

static void close_kept(void)
{
    weir_engine_close(&kept);
}

/* Of a shared object or a program: called behind all handlers. */
__attribute__((destructor)) static void close_at_last(void)
{
    weir_engine_close(&kept);
}

static void keep_an_idle_one(void)
{
    weir_conn *conn;

    kept = open_engine();
    conn = weir_connect(kept, NULL);
    if (!conn)
        abort();
    weir_conn_close(&conn);
}

static void close_behind_all(int number)
{
    if (number % 2 && atexit(close_kept) != 0)
        abort();
    keep_an_idle_one();
    begin_to_connect(kept);
}

static void test_pool_66__destructors_may_close_what_is_idle(void **state)
{
    (void)state;
    with_tls();
    for (int i = 0; i < FEW_CHILDREN; i++)
        run_child(close_behind_all, i);
    snprintf(url, sizeof url, "%s?tls=disable", getenv("WEIR_TEST_URL"));
    for (int i = 0; i < FEW_CHILDREN; i++)
        run_child(close_behind_all, i);
}

static void never_close(int number)
{
    static weir_conn *held;

    keep_an_idle_one();
    if (number % 2)
        held = weir_connect(kept, NULL);
    kept = NULL;
    if (number % 2 && !held)
        abort();
}

static void test_pool_66__engines_need_not_be_closed(void **state)
{
    (void)state;
    with_tls();
    for (int i = 0; i < FEW_CHILDREN; i++)
        run_child(never_close, i);
}

/* The library of its own, as a plugin would bring it along. */
static void *symbol(void *handle, const char *name)
{
    void *found = dlsym(handle, name);

    if (!found)
        abort();
    return found;
}

static void close_the_library(int number)
{
    weir_engine *(*open)(const char *, const weir_engine_options *,
                         weir_error *);
    weir_conn *(*connect)(weir_engine *, weir_error *);
    void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
    char in_no_time[1100];
    weir_engine *engine;
    void *found;

    if (!handle)
        abort();
    found = symbol(handle, "weir_engine_open");
    memcpy(&open, &found, sizeof open);
    found = symbol(handle, "weir_connect");
    memcpy(&connect, &found, sizeof connect);
    snprintf(in_no_time, sizeof in_no_time, "%s&pool_timeout=0.001", url);
    engine = open(in_no_time, NULL, NULL);
    if (!engine)
        abort();
    (void)connect(engine, NULL);
    (void)dlclose(handle);
    nap_ms(number % 10);
}

static void test_pool_66__dlclose_takes_no_code_from_threads(void **state)
{
    (void)state;
    with_tls();
    for (int i = 0; i < FEW_CHILDREN; i++)
        run_child(close_the_library, i);
    snprintf(url, sizeof url, "%s", hanging);
    for (int i = 0; i < FEW_CHILDREN; i++)
        run_child(close_the_library, i);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exit__while_connecting_is_nothing_special),
        cmocka_unit_test(test_exit__while_logging_in_is_nothing_special),
        cmocka_unit_test(test_exit__waits_for_no_server_that_hangs),
        cmocka_unit_test(test_pool_66__destructors_may_close_what_is_idle),
        cmocka_unit_test(test_pool_66__engines_need_not_be_closed),
        cmocka_unit_test(test_pool_66__dlclose_takes_no_code_from_threads),
    };

    if (argc != 2 || !getenv("WEIR_TEST_URL"))
        return 2;
    library = argv[1];
    return cmocka_run_group_tests(tests, begin, end);
}
