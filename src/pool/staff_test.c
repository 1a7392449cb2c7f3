/* SPDX-License-Identifier: MIT */
/*
 * The exit of a process whose threads are at work. Each test ends a child of
 * its own, which says in letters what has happened in it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "pool/staff.h"

#define MS INT64_C(1000000)

static int said[2]; /* a pipe */
static _Atomic bool let_go;
static _Atomic bool on_the_way; /* a task has come where the exit meets it */

static void say(char letter)
{
    if (write(said[1], &letter, 1) != 1)
        abort();
}

static void nap(int64_t ns)
{
    struct timespec time = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)};

    nanosleep(&time, NULL);
}

static void until(const _Atomic bool *flag)
{
    while (!atomic_load(flag))
        nap(MS / 5);
}

/* The child's end, by exit(); what it said. */
static void run_child(void (*child)(void), char *heard, size_t size)
{
    size_t used = 0;
    ssize_t got;
    int status;
    pid_t pid;

    assert_int_equal(pipe(said), 0);
    pid = fork();
    if (pid == 0) {
        close(said[0]);
        child();
        exit(0);
    }
    close(said[1]);
    while (used + 1 < size &&
           (got = read(said[0], heard + used, size - used - 1)) > 0)
        used += (size_t)got;
    heard[used] = '\0';
    close(said[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void start(void (*run)(void *), void (*stop)(void *))
{
    const wi_staff_task task = {.name = "weir-test", .run = run, .stop = stop};

    if (!wi_staff_start(&task))
        abort();
    until(&on_the_way);
}

/* ------------------------------------------------------------------- tests */

static void work_a_while(void *ignored)
{
    (void)ignored;
    atomic_store(&on_the_way, true);
    nap(100 * MS);
    say('w');
}

static void exit_while_one_works(void)
{
    start(work_a_while, NULL);
}

static void test_exit__waits_for_who_is_awake(void **state)
{
    char heard[8];

    (void)state;
    run_child(exit_while_one_works, heard, sizeof heard);
    assert_string_equal(heard, "w");
}

static void sleep_on(void *ignored)
{
    (void)ignored;
    wi_staff_rest();
    atomic_store(&on_the_way, true);
    nap(3600 * 1000 * MS);
}

static void exit_while_one_sleeps(void)
{
    start(sleep_on, NULL);
}

static void test_exit__does_not_wait_for_who_sleeps(void **state)
{
    int64_t began = wi_now_ns();
    char heard[8];

    (void)state;
    run_child(exit_while_one_sleeps, heard, sizeof heard);
    assert_true(wi_now_ns() - began < 600 * 1000 * MS);
}

static void sleep_and_wake(void *ignored)
{
    (void)ignored;
    wi_staff_rest();
    atomic_store(&on_the_way, true);
    until(&let_go);
    say('s');
    wi_staff_wake();
    say('w');
}

/* Handlers are called in reverse: behind the one of the staff. */
static void rouse(void)
{
    atomic_store(&let_go, true);
    nap(100 * MS);
    say('e');
}

static void exit_and_rouse(void)
{
    if (atexit(rouse) != 0)
        abort();
    start(sleep_and_wake, NULL);
}

static void test_exit__lets_nobody_wake(void **state)
{
    char heard[8];

    (void)state;
    run_child(exit_and_rouse, heard, sizeof heard);
    assert_string_equal(heard, "se");
}

static void work_at_once(void *ignored)
{
    (void)ignored;
    say('w');
}

static void begin_late(void)
{
    const wi_staff_task task = {.name = "weir-test", .run = work_at_once};

    (void)wi_staff_start(&task);
    nap(100 * MS);
    say('e');
}

static void exit_and_begin(void)
{
    if (atexit(begin_late) != 0)
        abort();
    wi_staff_prepare();
}

static void test_exit__lets_nothing_begin(void **state)
{
    char heard[8];

    (void)state;
    run_child(exit_and_begin, heard, sizeof heard);
    assert_string_equal(heard, "e");
}

static void until_stopped(void *ignored)
{
    (void)ignored;
    atomic_store(&on_the_way, true);
    until(&let_go);
    say('w');
}

static void stop(void *ignored)
{
    (void)ignored;
    say('s');
    atomic_store(&let_go, true);
}

static void exit_and_stop(void)
{
    start(until_stopped, stop);
}

static void test_exit__stops_who_can_be_stopped(void **state)
{
    char heard[8];

    (void)state;
    run_child(exit_and_stop, heard, sizeof heard);
    assert_string_equal(heard, "sw");
}

static void sleep_till_let_go(void *ignored)
{
    (void)ignored;
    wi_staff_rest();
    atomic_store(&on_the_way, true);
    until(&let_go);
}

static void exit_and_stop_a_sleeper(void)
{
    start(sleep_till_let_go, stop);
}

/* Who sleeps may be done with what stop() would look at. */
static void test_exit__does_not_stop_who_sleeps(void **state)
{
    char heard[8];

    (void)state;
    run_child(exit_and_stop_a_sleeper, heard, sizeof heard);
    assert_string_equal(heard, "");
}

static void call_exit(void *ignored)
{
    (void)ignored;
    say('x');
    exit(0);
}

static void exit_by_one_of_them(void)
{
    const wi_staff_task task = {.name = "weir-test", .run = call_exit};

    if (!wi_staff_start(&task))
        abort();
    for (;;)
        pause();
}

static void test_exit__may_be_called_by_one_of_them(void **state)
{
    char heard[8];

    (void)state;
    run_child(exit_by_one_of_them, heard, sizeof heard);
    assert_string_equal(heard, "x");
}

static void note(void *argument)
{
    atomic_store((_Atomic bool *)argument, true);
}

/* A thread that is done takes the next task. */
static void test_staff__does_each_task(void **state)
{
    (void)state;
    for (int i = 0; i < 100; i++) {
        _Atomic bool done = false;
        const wi_staff_task task = {
            .name = "weir-test", .run = note, .argument = &done};

        assert_true(wi_staff_start(&task));
        until(&done);
    }
}

typedef struct look {
    _Atomic bool done;
    sigset_t blocked;
    char name[16];
} look;

static void look_around(void *memory)
{
    look *self = memory;

    pthread_sigmask(SIG_SETMASK, NULL, &self->blocked);
    pthread_getname_np(pthread_self(), self->name, sizeof self->name);
    atomic_store(&self->done, true);
}

/* The program's signals find the program's threads; what a thread brings upon
 * itself finds that thread. */
static void test_staff__is_named_and_hears_no_signals(void **state)
{
    static const int programs[] = {SIGTERM, SIGINT,  SIGHUP,  SIGUSR1, SIGUSR2,
                                   SIGALRM, SIGCHLD, SIGPIPE, SIGWINCH};
    static const int own[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
    look seen = {.done = false};
    const wi_staff_task task = {
        .name = "weir-test", .run = look_around, .argument = &seen};

    (void)state;
    assert_true(wi_staff_start(&task));
    until(&seen.done);
    assert_string_equal(seen.name, "weir-test");
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++)
        assert_int_equal(sigismember(&seen.blocked, programs[i]), 1);
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++)
        assert_int_equal(sigismember(&seen.blocked, own[i]), 0);
}

static void test_staff__knows_its_own(void **state)
{
    (void)state;
    wi_staff_rest();
    wi_staff_wake();
}

/* ------------------------------------------------------ threads that end */

static pthread_key_t kept; /* as a client library keeps something */
static atomic_int freed;

static void count_freed(void *ignored)
{
    (void)ignored;
    atomic_fetch_add(&freed, 1);
}

static void keep_something(void *argument)
{
    (void)pthread_setspecific(kept, &kept);
    atomic_store((_Atomic bool *)argument, true);
    until(&let_go);
}

static void test_staff__ends_who_has_nothing_to_do(void **state)
{
    enum { AT_ONCE = 3 };
    _Atomic bool here[AT_ONCE] = {false};
    _Atomic bool done = false;

    (void)state;
    assert_int_equal(pthread_key_create(&kept, count_freed), 0);
    atomic_store(&let_go, false);
    wi_staff_wait_for_tasks(5 * MS);
    for (int i = 0; i < AT_ONCE; i++) {
        const wi_staff_task task = {
            .name = "weir-test", .run = keep_something, .argument = &here[i]};

        assert_true(wi_staff_start(&task));
        until(&here[i]);
    }
    assert_int_equal(atomic_load(&freed), 0);
    atomic_store(&let_go, true);
    while (atomic_load(&freed) < AT_ONCE)
        nap(MS);
    /* There are others when they are needed. */
    assert_true(wi_staff_start(
        &(wi_staff_task){.name = "weir-test", .run = note, .argument = &done}));
    until(&done);
    wi_staff_wait_for_tasks(30 * 1000 * MS);
}

static void free_slowly(void *ignored)
{
    (void)ignored;
    atomic_store(&on_the_way, true);
    nap(100 * MS);
    say('f');
}

static void say_x(void)
{
    say('x');
}

static void keep_for_a_moment(void *ignored)
{
    (void)ignored;
    (void)pthread_setspecific(kept, &kept);
}

static void exit_while_one_ends(void)
{
    if (atexit(say_x) != 0 || pthread_key_create(&kept, free_slowly) != 0)
        abort();
    wi_staff_wait_for_tasks(0);
    start(keep_for_a_moment, NULL);
}

/* What a library keeps for a thread is freed before the library ends. */
static void test_exit__waits_for_who_ends(void **state)
{
    char heard[8];

    (void)state;
    run_child(exit_while_one_ends, heard, sizeof heard);
    assert_string_equal(heard, "fx");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exit__waits_for_who_is_awake),
        cmocka_unit_test(test_exit__does_not_wait_for_who_sleeps),
        cmocka_unit_test(test_exit__lets_nobody_wake),
        cmocka_unit_test(test_exit__lets_nothing_begin),
        cmocka_unit_test(test_exit__stops_who_can_be_stopped),
        cmocka_unit_test(test_exit__does_not_stop_who_sleeps),
        cmocka_unit_test(test_exit__may_be_called_by_one_of_them),
        cmocka_unit_test(test_exit__waits_for_who_ends),
        cmocka_unit_test(test_staff__does_each_task),
        cmocka_unit_test(test_staff__is_named_and_hears_no_signals),
        cmocka_unit_test(test_staff__knows_its_own),
        cmocka_unit_test(test_staff__ends_who_has_nothing_to_do),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
