/* SPDX-License-Identifier: MIT */
/*
 * The permit: one at a time, in order, and never waiting for oneself.
 */
#include "pool/permit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include <weir/cancel.h>

#include "base/clock.h"
#include "pool/view.h"

#define MS INT64_C(1000000)
#define SECOND INT64_C(1000000000)

static wi_permit permit;

static int make_permit(void **state)
{
    (void)state;
    wi_permit_init(&permit, "the permit to write", NULL);
    return 0;
}

static int end_permit(void **state)
{
    (void)state;
    wi_permit_clear(&permit);
    return 0;
}

static void nap(void)
{
    struct timespec time = {0, (long)(MS / 5)};

    nanosleep(&time, NULL);
}

static void until_waiting(int count)
{
    wi_pool_view view = {.place_count = 0};

    while (!wi_permit_view(&permit, &view) || view.status.waiting != count) {
        nap();
        view = (wi_pool_view){.place_count = 0};
    }
}

typedef struct writer {
    pthread_t thread;
    const char *tag;
    int64_t timeout_ns;
    weir_cancel_token *cancel;
    atomic_int *clock;
    atomic_bool may_release;
    atomic_bool keeps; /* somebody else gives back */
    atomic_bool is_done;
    weir_status status;
    weir_error error;
    int64_t took_ns; /* its wait */
    int turn;
} writer;

static void use_permit(writer *self)
{
    if (self->clock)
        self->turn = atomic_fetch_add(self->clock, 1);
    while (!atomic_load(&self->may_release))
        nap();
    if (!atomic_load(&self->keeps))
        wi_permit_release(&permit);
}

static void *write_once(void *argument)
{
    writer *self = argument;
    int64_t began_ns = wi_now_ns();
    const wi_request wish = {.deadline_ns = began_ns + self->timeout_ns,
                             .tag = self->tag,
                             .cancel = self->cancel};

    self->status = wi_permit_acquire(&permit, &wish, &self->error);
    self->took_ns = wi_now_ns() - began_ns;
    if (self->status == WEIR_OK)
        use_permit(self);
    atomic_store(&self->is_done, true);
    return NULL;
}

static void start(writer *self)
{
    assert_int_equal(pthread_create(&self->thread, NULL, write_once, self), 0);
}

static void finish(writer *self)
{
    atomic_store(&self->may_release, true);
    pthread_join(self->thread, NULL);
}

static weir_status acquire(int64_t timeout_ns, weir_error *err)
{
    const wi_request wish = {.deadline_ns = wi_now_ns() + timeout_ns,
                             .tag = "main",
                             .site = "main.c:7"};

    return wi_permit_acquire(&permit, &wish, err);
}

static void test_permit__is_taken_and_given_back(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_int_equal(acquire(0, NULL), WEIR_OK);
        wi_permit_release(&permit);
    }
}

static void test_permit__serves_in_order(void **state)
{
    writer writers[5];
    atomic_int clock = 0;

    (void)state;
    memset(writers, 0, sizeof writers);
    assert_int_equal(acquire(0, NULL), WEIR_OK);
    for (int i = 0; i < 5; i++) {
        writers[i].clock = &clock;
        writers[i].timeout_ns = 30 * SECOND;
        atomic_store(&writers[i].may_release, true);
        start(&writers[i]);
        until_waiting(i + 1);
    }
    wi_permit_release(&permit);
    for (int i = 0; i < 5; i++) {
        finish(&writers[i]);
        assert_int_equal(writers[i].status, WEIR_OK);
        assert_int_equal(writers[i].turn, i);
    }
}

static void test_permit__times_out_naming_the_holder(void **state)
{
    writer late = {.timeout_ns = 20 * MS};

    (void)state;
    assert_int_equal(acquire(0, NULL), WEIR_OK);
    start(&late);
    finish(&late);
    assert_int_equal(late.status, WEIR_ERR_TIMEOUT);
    assert_non_null(strstr(late.error.message,
                           "the permit to write did not become free within "));
    assert_non_null(
        strstr(late.error.message, " s: \"main\" at main.c:7 holds it since"));
    wi_permit_release(&permit);
    assert_int_equal(acquire(0, NULL), WEIR_OK);
    wi_permit_release(&permit);
}

static void test_permit__refuses_to_wait_for_oneself(void **state)
{
    weir_error err;

    (void)state;
    assert_int_equal(acquire(0, NULL), WEIR_OK);
    assert_int_equal(acquire(30 * SECOND, &err), WEIR_ERR_POOL_DEADLOCK);
    assert_string_equal(
        err.message,
        "\"main\" at main.c:7 waits for the permit to write that nobody is "
        "left to give back: its own thread holds the permit to write as "
        "\"main\" at main.c:7; use that one, or give it back first");
    wi_permit_release(&permit);
}

/* Its new holder may not have woken yet, but the old one no longer is it. */
static void test_permit__may_be_waited_for_after_handing_over(void **state)
{
    writer next = {.timeout_ns = 30 * SECOND, .tag = "next"};
    weir_error err;

    (void)state;
    assert_int_equal(acquire(0, NULL), WEIR_OK);
    start(&next);
    until_waiting(1);
    wi_permit_release(&permit);
    assert_int_equal(acquire(0, &err), WEIR_ERR_TIMEOUT);
    assert_non_null(strstr(err.message, "\"next\" holds it"));
    finish(&next);
    assert_int_equal(next.status, WEIR_OK);
}

static void test_permit__is_given_back_by_another_thread(void **state)
{
    writer moved = {.timeout_ns = 0};

    (void)state;
    atomic_store(&moved.keeps, true);
    start(&moved);
    finish(&moved);
    assert_int_equal(moved.status, WEIR_OK);
    assert_int_equal(acquire(0, NULL), WEIR_ERR_TIMEOUT);
    wi_permit_release(&permit);
    assert_int_equal(acquire(0, NULL), WEIR_OK);
    wi_permit_release(&permit);
}

static void
test_permit__a_cancelled_wait_leaves_the_others_in_order(void **state)
{
    weir_cancel_token *token = weir_cancel_token_new(NULL);
    writer quitter = {.timeout_ns = 30 * SECOND, .cancel = token};
    writer next = {.timeout_ns = 30 * SECOND};

    (void)state;
    assert_int_equal(acquire(0, NULL), WEIR_OK);
    start(&quitter);
    until_waiting(1);
    start(&next);
    until_waiting(2);
    weir_cancel_token_cancel(token);
    finish(&quitter);
    assert_int_equal(quitter.status, WEIR_ERR_CANCELLED);
    assert_string_equal(quitter.error.message,
                        "the wait for the permit to write was cancelled by its "
                        "token");
    wi_permit_release(&permit);
    finish(&next);
    assert_int_equal(next.status, WEIR_OK);
    weir_cancel_token_free(&token);
}

static atomic_int signals;

static void on_signal(int number)
{
    (void)number;
    atomic_fetch_add(&signals, 1);
}

static void disturb(const writer *one)
{
    pthread_kill(one->thread, SIGUSR1);
    nap();
}

/* 12, of the permit: they move no deadline and lose no grant. */
static void test_pool_12__signals_do_not_move_the_permit(void **state)
{
    writer late = {.timeout_ns = 60 * MS};
    writer lucky = {.timeout_ns = 60 * SECOND};
    const struct sigaction counted = {.sa_handler = on_signal};
    struct sigaction before;
    int seen;

    (void)state;
    sigaction(SIGUSR1, &counted, &before);
    assert_int_equal(acquire(0, NULL), WEIR_OK);
    start(&lucky);
    until_waiting(1);
    start(&late);
    while (!atomic_load(&late.is_done))
        disturb(&late);
    finish(&late);
    assert_int_equal(late.status, WEIR_ERR_TIMEOUT);
    assert_true(late.took_ns >= 60 * MS);
    seen = atomic_load(&signals);
    assert_true(seen > 0);
    while (atomic_load(&signals) < seen + 20)
        disturb(&lucky);
    wi_permit_release(&permit);
    atomic_store(&lucky.may_release, true);
    while (!atomic_load(&lucky.is_done))
        disturb(&lucky);
    finish(&lucky);
    assert_int_equal(lucky.status, WEIR_OK);
    sigaction(SIGUSR1, &before, NULL);
}

/* What was taken before is void in the child, which may write; giving it back
 * there is nothing. The parent still has it. */
static void test_permit__is_free_in_a_forked_child(void **state)
{
    int status;
    pid_t child;

    (void)state;
    assert_int_equal(acquire(0, NULL), WEIR_OK);
    child = fork();
    if (child == 0) {
        wi_permit_release(&permit);
        if (acquire(0, NULL) != WEIR_OK)
            _exit(1);
        wi_permit_release(&permit);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    assert_int_equal(acquire(0, NULL), WEIR_ERR_TIMEOUT);
    wi_permit_release(&permit);
}

/* At the end of an engine's time. */
static void test_permit__its_end_is_told_to_all(void **state)
{
    writer waiting = {.timeout_ns = 30 * SECOND};

    (void)state;
    assert_int_equal(acquire(0, NULL), WEIR_OK);
    start(&waiting);
    until_waiting(1);
    wi_permit_end(&permit);
    finish(&waiting);
    assert_int_equal(waiting.status, WEIR_ERR_CONNECTION);
    assert_int_equal(acquire(30 * SECOND, NULL), WEIR_ERR_CONNECTION);
    wi_permit_release(&permit);
    assert_int_equal(acquire(0, NULL), WEIR_ERR_CONNECTION);
}

static void test_permit__its_end_may_come_before_anybody_wants_it(void **state)
{
    wi_pool_view view = {.place_count = 0};

    (void)state;
    wi_permit_clear(&permit);
    wi_permit_end(&permit);
    wi_permit_end(&permit);
    assert_false(wi_permit_view(&permit, &view));
    assert_int_equal(acquire(30 * SECOND, NULL), WEIR_ERR_CONNECTION);
    assert_false(wi_permit_view(&permit, &view));
    wi_permit_release(&permit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_permit__is_taken_and_given_back),
        cmocka_unit_test(test_permit__serves_in_order),
        cmocka_unit_test(test_permit__times_out_naming_the_holder),
        cmocka_unit_test(test_permit__refuses_to_wait_for_oneself),
        cmocka_unit_test(test_permit__may_be_waited_for_after_handing_over),
        cmocka_unit_test(test_permit__is_given_back_by_another_thread),
        cmocka_unit_test(
            test_permit__a_cancelled_wait_leaves_the_others_in_order),
        cmocka_unit_test(test_pool_12__signals_do_not_move_the_permit),
        cmocka_unit_test(test_permit__is_free_in_a_forked_child),
        cmocka_unit_test(test_permit__its_end_is_told_to_all),
        cmocka_unit_test(test_permit__its_end_may_come_before_anybody_wants_it),
    };

    return cmocka_run_group_tests(tests, make_permit, end_permit);
}
