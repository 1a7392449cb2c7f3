/* SPDX-License-Identifier: MIT */
/* Adding, removing and calling hooks, also while they are called. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "engine/hooks.h"

typedef struct hooked {
    wi_hooks *hooks;
    char *tape;
    char letter;
    bool removes_itself;
    atomic_int ended; /* by whoever leaves last */
    weir_status answer;
} hooked;

static weir_status write_letter(void *context, const weir_event *event,
                                weir_error *err)
{
    hooked *self = context;
    size_t length = strlen(self->tape);
    weir_hook own = {
        .kind = event->kind, .function = write_letter, .context = self};

    self->tape[length] = self->letter;
    self->tape[length + 1] = '\0';
    if (self->removes_itself) {
        assert_int_equal(wi_hooks_remove(self->hooks, &own, err), WEIR_OK);
        assert_int_equal(self->ended, 0);
    }
    return self->answer;
}

static void note_end(void *context)
{
    hooked *self = context;

    atomic_fetch_add(&self->ended, 1);
}

typedef struct stage {
    wi_hooks hooks;
    char tape[64];
    hooked a, b, c;
    weir_error err;
} stage;

static stage *set_up(void)
{
    stage *on = calloc(1, sizeof *on);

    assert_non_null(on);
    assert_true(wi_hooks_init(&on->hooks, NULL));
    on->a = (hooked){.hooks = &on->hooks, .tape = on->tape, .letter = 'a'};
    on->b = on->c = on->a;
    on->b.letter = 'b';
    on->c.letter = 'c';
    return on;
}

static void tear_down(stage *on)
{
    wi_hooks_clear(&on->hooks);
    free(on);
}

static weir_hook hook_of(hooked *self, weir_event_kind kind, unsigned flags)
{
    return (weir_hook){.kind = kind,
                       .function = write_letter,
                       .context = self,
                       .flags = flags,
                       .ended = note_end};
}

static void add(stage *on, hooked *self, weir_event_kind kind, unsigned flags)
{
    weir_hook hook = hook_of(self, kind, flags);

    assert_int_equal(wi_hooks_add(&on->hooks, &hook, &on->err), WEIR_OK);
}

static weir_status call(stage *on, weir_event_kind kind, const char *wanted)
{
    weir_event event = {.kind = kind};
    weir_status status = wi_hooks_call(&on->hooks, &event, &on->err);

    assert_string_equal(on->tape, wanted);
    on->tape[0] = '\0';
    return status;
}

static void test_hooks__are_called_in_their_order(void **state)
{
    stage *on = set_up();

    (void)state;
    assert_false(wi_hooks_listen(&on->hooks, WEIR_EVENT_CLOSE));
    add(on, &on->b, WEIR_EVENT_CLOSE, 0);
    add(on, &on->c, WEIR_EVENT_CLOSE, 0);
    add(on, &on->a, WEIR_EVENT_CLOSE, WEIR_HOOK_FIRST);
    add(on, &on->c, WEIR_EVENT_RESET, 0);
    assert_true(wi_hooks_listen(&on->hooks, WEIR_EVENT_CLOSE));
    assert_false(wi_hooks_listen(&on->hooks, WEIR_EVENT_CONNECT));
    assert_int_equal(call(on, WEIR_EVENT_CLOSE, "abc"), WEIR_OK);
    assert_int_equal(call(on, WEIR_EVENT_RESET, "c"), WEIR_OK);
    tear_down(on);
}

static void test_hooks__once_is_once(void **state)
{
    stage *on = set_up();

    (void)state;
    add(on, &on->a, WEIR_EVENT_CLOSE, WEIR_HOOK_ONCE);
    add(on, &on->b, WEIR_EVENT_CLOSE, 0);
    call(on, WEIR_EVENT_CLOSE, "ab");
    assert_int_equal(on->a.ended, 1);
    call(on, WEIR_EVENT_CLOSE, "b");
    add(on, &on->a, WEIR_EVENT_RESET, WEIR_HOOK_ONCE);
    call(on, WEIR_EVENT_RESET, "a");
    assert_false(wi_hooks_listen(&on->hooks, WEIR_EVENT_RESET));
    tear_down(on);
}

static void test_remove__ends_it_when_nobody_is_in_it(void **state)
{
    stage *on = set_up();
    weir_hook b = hook_of(&on->b, WEIR_EVENT_CLOSE, 0);

    (void)state;
    add(on, &on->a, WEIR_EVENT_CLOSE, 0);
    add(on, &on->b, WEIR_EVENT_CLOSE, 0);
    add(on, &on->c, WEIR_EVENT_CLOSE, 0);
    on->a.removes_itself = true;
    call(on, WEIR_EVENT_CLOSE, "abc");
    assert_int_equal(on->a.ended, 1);
    assert_int_equal(wi_hooks_remove(&on->hooks, &b, &on->err), WEIR_OK);
    assert_int_equal(on->b.ended, 1);
    assert_int_equal(wi_hooks_remove(&on->hooks, &b, &on->err),
                     WEIR_ERR_NOT_FOUND);
    call(on, WEIR_EVENT_CLOSE, "c");
    tear_down(on);
}

static void test_clear__ends_what_is_left(void **state)
{
    hooked left;
    stage *on = set_up();

    (void)state;
    left = on->a;
    add(on, &left, WEIR_EVENT_CLOSE, 0);
    tear_down(on);
    assert_int_equal(left.ended, 1);
}

static void test_failure__stops_only_what_it_can_stop(void **state)
{
    stage *on = set_up();

    (void)state;
    on->a.answer = WEIR_ERR_LIMIT;
    add(on, &on->a, WEIR_EVENT_CHECKOUT, 0);
    add(on, &on->b, WEIR_EVENT_CHECKOUT, 0);
    add(on, &on->a, WEIR_EVENT_CLOSE, 0);
    add(on, &on->b, WEIR_EVENT_CLOSE, 0);
    assert_int_equal(call(on, WEIR_EVENT_CHECKOUT, "a"), WEIR_ERR_LIMIT);
    assert_string_equal(on->err.message, "a checkout hook has failed");
    assert_int_equal(call(on, WEIR_EVENT_CLOSE, "ab"), WEIR_ERR_LIMIT);
    tear_down(on);
}

static void test_add__refuses_what_means_nothing(void **state)
{
    stage *on = set_up();
    weir_hook hook = hook_of(&on->a, WEIR_EVENT_CLOSE, 8);

    (void)state;
    assert_int_equal(wi_hooks_add(&on->hooks, &hook, &on->err),
                     WEIR_ERR_MISUSE);
    hook.flags = 0;
    hook.kind = (weir_event_kind)WI_EVENT_KINDS;
    assert_int_equal(wi_hooks_add(&on->hooks, &hook, &on->err),
                     WEIR_ERR_MISUSE);
    hook.kind = WEIR_EVENT_CLOSE;
    hook.function = NULL;
    assert_int_equal(wi_hooks_add(&on->hooks, &hook, &on->err),
                     WEIR_ERR_MISUSE);
    assert_int_equal(wi_hooks_remove(&on->hooks, NULL, &on->err),
                     WEIR_ERR_MISUSE);
    assert_string_equal(weir_event_name(hook.kind), "close");
    assert_string_equal(weir_event_name((weir_event_kind)99), "?");
    tear_down(on);
}

/* One thread calls while the other adds and removes. */
static void *add_and_remove(void *argument)
{
    stage *on = argument;
    weir_hook hook = hook_of(&on->b, WEIR_EVENT_RESET, 0);

    for (int i = 0; i < 2000; i++) {
        add(on, &on->b, WEIR_EVENT_RESET, 0);
        assert_int_equal(wi_hooks_remove(&on->hooks, &hook, NULL), WEIR_OK);
    }
    return NULL;
}

static weir_status count(void *context, const weir_event *event,
                         weir_error *err)
{
    (void)event;
    (void)err;
    ++*(int *)context;
    return WEIR_OK;
}

static void test_hooks__change_while_they_are_called(void **state)
{
    stage *on = set_up();
    int calls = 0;
    weir_hook counts = {
        .kind = WEIR_EVENT_RESET, .function = count, .context = &calls};
    weir_event event = {.kind = WEIR_EVENT_RESET};
    pthread_t other;

    (void)state;
    on->b.tape = calloc(1, 100000);
    assert_non_null(on->b.tape);
    assert_int_equal(wi_hooks_add(&on->hooks, &counts, NULL), WEIR_OK);
    assert_int_equal(pthread_create(&other, NULL, add_and_remove, on), 0);
    for (int i = 0; i < 2000; i++)
        assert_int_equal(wi_hooks_call(&on->hooks, &event, &on->err), WEIR_OK);
    pthread_join(other, NULL);
    assert_int_equal(calls, 2000);
    assert_int_equal(on->b.ended, 2000);
    free(on->b.tape);
    tear_down(on);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hooks__are_called_in_their_order),
        cmocka_unit_test(test_hooks__once_is_once),
        cmocka_unit_test(test_remove__ends_it_when_nobody_is_in_it),
        cmocka_unit_test(test_clear__ends_what_is_left),
        cmocka_unit_test(test_failure__stops_only_what_it_can_stop),
        cmocka_unit_test(test_add__refuses_what_means_nothing),
        cmocka_unit_test(test_hooks__change_while_they_are_called),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
