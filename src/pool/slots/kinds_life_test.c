/* SPDX-License-Identifier: MIT */
/*
 * What holds of all kinds of pool that are no queue: losing, replacing,
 * cancelling, closing, showing.
 */
#include "pool/borrower.h"
#include "pool/cancel.h"
#include "pool/slots/kinds.h"
#include "pool/view.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static fake_server server;

static wi_pool_options options_of(wi_pool_kind kind)
{
    wi_pool_options options = fake_options(2);

    options.kind = kind;
    return options;
}

static wi_pool *pool_of(wi_pool_kind kind)
{
    wi_pool_options options = options_of(kind);

    return fake_pool(&server, &options);
}

static const wi_pool_kind all_kinds[] = {WI_KIND_NULL, WI_KIND_STATIC,
                                         WI_KIND_THREAD, WI_KIND_ASSERTION};
enum { KINDS = sizeof all_kinds / sizeof *all_kinds };

static void test_kinds__a_lost_one_is_opened_anew(void **state)
{
    (void)state;
    for (int i = 0; i < KINDS; i++) {
        wi_pool *pool = pool_of(all_kinds[i]);
        wi_lease *lease = acquire(pool);

        wi_pool_suspect(pool, lease);
        wi_pool_lose(pool, lease);
        assert_null(wi_lease_resource(lease));
        assert_counts(pool, 0, 1, 0);
        atomic_store(&server.failures_to_come, 1);
        assert_int_equal(wi_pool_reopen(pool, lease, 0, NULL),
                         WEIR_ERR_CONNECTION);
        assert_int_equal(wi_pool_reopen(pool, lease, 0, NULL), WEIR_OK);
        assert_ptr_equal(wi_lease_resource(lease), &server.sessions[1]);
        release(pool, lease);
        end(&server, &pool);
    }
}

static void test_kinds__a_dead_idle_one_is_replaced(void **state)
{
    (void)state;
    for (int i = 1; i < KINDS; i++) {
        wi_pool_options options = options_of(all_kinds[i]);
        wi_pool *pool;
        wi_lease *lease;

        options.pre_ping = true;
        pool = fake_pool(&server, &options);
        server.watched = pool; /* nothing happens under its lock */
        release(pool, acquire(pool));
        assert_int_equal(atomic_load(&server.checks), 0);
        atomic_store(&server.sessions[0].dead, true);
        lease = acquire(pool);
        assert_int_equal(atomic_load(&server.checks), 1);
        assert_ptr_equal(wi_lease_resource(lease), &server.sessions[1]);
        release(pool, lease);
        server.watched = NULL;
        end(&server, &pool);
    }
}

static void test_kinds__closing_ends_with_the_last_return(void **state)
{
    (void)state;
    for (int i = 0; i < KINDS; i++) {
        wi_pool *pool = pool_of(all_kinds[i]);
        wi_lease *lease = acquire(pool);
        wi_request request = {.deadline_ns = wi_now_ns()};
        wi_lease *late = NULL;

        assert_false(wi_pool_close(pool));
        assert_int_equal(wi_pool_acquire(pool, &request, &late, NULL),
                         WEIR_ERR_CLOSED);
        assert_false(request.last);
        assert_true(wi_pool_release(pool, lease, WEIR_FATE_KEEP));
        assert_int_equal(atomic_load(&server.open_now), 0);
        end(&server, &pool);
        pool = pool_of(all_kinds[i]);
        release(pool, acquire(pool));
        assert_true(wi_pool_close(pool));
        assert_false(wi_pool_close(pool));
        end(&server, &pool);
    }
}

static void test_kinds__closing_wakes_who_waits(void **state)
{
    wi_pool *pool = pool_of(WI_KIND_STATIC);
    borrower first = {.pool = pool, .timeout_ns = 30 * SECOND};
    borrower waiting = {.pool = pool, .timeout_ns = 30 * SECOND};

    (void)state;
    atomic_store(&server.gate_shut, true);
    start(&first);
    until_opening(&server, 1);
    start(&waiting);
    until_waiting(pool, 1);
    assert_false(wi_pool_close(pool));
    until_done(&waiting);
    assert_int_equal(waiting.status, WEIR_ERR_CLOSED);
    atomic_store(&server.gate_shut, false);
    finish(&waiting);
    finish(&first);
    assert_true(first.last);
    end(&server, &pool);
}

static void test_kinds__say_how_many_there_may_be(void **state)
{
    static const int sizes[] = {0, 1, 2, 1};
    static const int overflows[] = {0, 0, -1, 0};

    (void)state;
    for (int i = 0; i < KINDS; i++) {
        wi_pool *pool = pool_of(all_kinds[i]);

        assert_int_equal(status_of(pool).size, sizes[i]);
        assert_int_equal(status_of(pool).max_overflow, overflows[i]);
        end(&server, &pool);
    }
}

static void test_kinds__show_who_holds_what(void **state)
{
    (void)state;
    for (int i = 0; i < KINDS; i++) {
        wi_pool *pool = pool_of(all_kinds[i]);
        wi_request request = {.tag = "job", .site = "jobs.c:1"};
        wi_place_view places[4];
        wi_pool_view view = {.place_count = 4, .places = places};
        wi_lease *lease = NULL;

        assert_int_equal(wi_pool_acquire(pool, &request, &lease, NULL),
                         WEIR_OK);
        wi_pool_view_of(pool, &view);
        assert_int_equal(view.place_count, 1);
        assert_string_equal(places[0].state, "busy");
        assert_string_equal(places[0].tag, "job");
        assert_string_equal(places[0].site, "jobs.c:1");
        assert_int_equal(places[0].loans, 1);
        release(pool, lease);
        view = (wi_pool_view){.place_count = 4, .places = places};
        wi_pool_view_of(pool, &view);
        assert_int_equal(view.hold.total, 1);
        assert_int_equal(view.place_count, all_kinds[i] != WI_KIND_NULL);
        end(&server, &pool);
    }
}

/* Whether giving back what is not lent ends the process. */
static void test_kinds__giving_back_twice_is_caught(void **state)
{
    (void)state;
    for (int i = 0; i < KINDS; i++) {
        wi_pool *pool = pool_of(all_kinds[i]);
        wi_lease *lease = acquire(pool);
        int status = 0;
        pid_t child;

        release(pool, lease);
        child = fork();
        if (child == 0) {
            close(STDERR_FILENO);
            signal(SIGILL, SIG_DFL); /* cmocka would go on with the tests */
            signal(SIGTRAP, SIG_DFL);
            (void)wi_pool_release(pool, lease, WEIR_FATE_KEEP);
            _exit(0);
        }
        waitpid(child, &status, 0);
        assert_false(WIFEXITED(status) && WEXITSTATUS(status) == 0);
        end(&server, &pool);
    }
}

typedef struct quitter {
    pthread_t thread;
    wi_pool *pool;
    weir_cancel_token *token;
    weir_status status;
    int64_t took_ns;
} quitter;

static void *borrow_or_quit(void *argument)
{
    quitter *self = argument;
    int64_t began = wi_now_ns();
    wi_request request = {.deadline_ns = began + 60 * SECOND,
                          .cancel = self->token};
    wi_lease *lease = NULL;

    self->status = wi_pool_acquire(self->pool, &request, &lease, NULL);
    self->took_ns = wi_now_ns() - began;
    if (lease)
        (void)wi_pool_release(self->pool, lease, WEIR_FATE_KEEP);
    return NULL;
}

/* 14, where somebody waits: until the one connection is open, and of any kind
 * while the pool is paused. */
static void test_pool_14__a_wait_of_any_kind_may_be_cancelled(void **state)
{
    const wi_pool_kind kinds[] = {WI_KIND_NULL, WI_KIND_STATIC, WI_KIND_THREAD,
                                  WI_KIND_ASSERTION};

    (void)state;
    for (int i = 0; i < 5; i++) {
        wi_pool *pool = pool_of(kinds[i % 4]);
        borrower first = {.pool = pool, .timeout_ns = 60 * SECOND};
        quitter self = {.pool = pool, .token = weir_cancel_token_new(NULL)};

        if (i == 4) {
            wi_pool_free(&pool);
            pool = self.pool = first.pool = pool_of(WI_KIND_STATIC);
            atomic_store(&server.gate_shut, true);
            start(&first);
            until_opening(&server, 1);
        } else {
            wi_pool_pause(pool);
        }
        assert_int_equal(
            pthread_create(&self.thread, NULL, borrow_or_quit, &self), 0);
        until_waiting(pool, 1);
        weir_cancel_token_cancel(self.token);
        pthread_join(self.thread, NULL);
        assert_int_equal(self.status, WEIR_ERR_CANCELLED);
        assert_true(self.took_ns < 30 * SECOND);
        assert_int_equal(status_of(pool).waiting, 0);
        atomic_store(&server.gate_shut, false);
        wi_pool_resume(pool);
        if (i == 4)
            finish(&first);
        release(pool, acquire(pool));
        weir_cancel_token_free(&self.token);
        end(&server, &pool);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kinds__a_lost_one_is_opened_anew),
        cmocka_unit_test(test_kinds__a_dead_idle_one_is_replaced),
        cmocka_unit_test(test_kinds__closing_ends_with_the_last_return),
        cmocka_unit_test(test_kinds__closing_wakes_who_waits),
        cmocka_unit_test(test_kinds__say_how_many_there_may_be),
        cmocka_unit_test(test_kinds__show_who_holds_what),
        cmocka_unit_test(test_kinds__giving_back_twice_is_caught),
        cmocka_unit_test(test_pool_14__a_wait_of_any_kind_may_be_cancelled),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
