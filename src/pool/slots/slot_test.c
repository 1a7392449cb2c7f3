/* SPDX-License-Identifier: MIT */
/*
 * Places: what may follow what, and that the counters cannot but add up.
 */
#include "pool/slots/slot.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static wi_lease *add(wi_slots *slots)
{
    wi_lease *slot = wi_slot_new(NULL);

    assert_non_null(slot);
    wi_slots_add(slots, slot);
    return slot;
}

static void test_slot_move__counts_each_place_once(void **state)
{
    static const wi_slot_state life[] = {
        WI_SLOT_CONNECTING, WI_SLOT_BUSY,    WI_SLOT_IDLE,
        WI_SLOT_BUSY,       WI_SLOT_CLOSING, WI_SLOT_LOST,
        WI_SLOT_CONNECTING, WI_SLOT_LOST,    WI_SLOT_CONNECTING,
        WI_SLOT_BUSY,       WI_SLOT_CLOSING, WI_SLOT_CONNECTING,
        WI_SLOT_BUSY,       WI_SLOT_IDLE,    WI_SLOT_CLOSING,
    };
    wi_slots slots;
    wi_lease *slot;

    (void)state;
    wi_slots_init(&slots);
    slot = add(&slots);
    assert_int_equal(wi_slots_total(&slots), 0);
    for (size_t i = 0; i < sizeof life / sizeof *life; i++) {
        wi_slot_move(&slots, slot, life[i]);
        assert_int_equal(slots.counts[life[i]], 1);
        assert_int_equal(wi_slots_total(&slots), 1);
        assert_null(wi_slots_spare(&slots));
        assert_int_equal(wi_list_is_empty(&slots.idle),
                         life[i] != WI_SLOT_IDLE);
    }
    wi_slot_move(&slots, slot, WI_SLOT_SPARE);
    assert_ptr_equal(wi_slots_spare(&slots), slot);
    assert_int_equal(wi_slots_total(&slots), 0);
    wi_slots_clear(&slots, NULL);
}

static void test_slot_move__busy_is_lent_or_lost(void **state)
{
    wi_slots slots;
    wi_lease *slot;

    (void)state;
    wi_slots_init(&slots);
    slot = add(&slots);
    wi_slot_move(&slots, slot, WI_SLOT_CONNECTING);
    assert_int_equal(wi_slots_busy(&slots), 0);
    wi_slot_move(&slots, slot, WI_SLOT_LOST);
    assert_int_equal(wi_slots_busy(&slots), 1);
    wi_slot_move(&slots, slot, WI_SLOT_SPARE);
    assert_int_equal(wi_slots_busy(&slots), 0);
    wi_slots_clear(&slots, NULL);
}

/* Whether moving from SPARE to `to` ends the process. */
static bool dies(wi_slot_state to)
{
    int status = 0;
    pid_t child = fork();

    if (child == 0) {
        wi_slots slots;

        close(STDERR_FILENO);
        signal(SIGILL, SIG_DFL); /* cmocka would go on with the tests */
        signal(SIGTRAP, SIG_DFL);
        wi_slots_init(&slots);
        wi_slot_move(&slots, add(&slots), to);
        _exit(0);
    }
    waitpid(child, &status, 0);
    return !WIFEXITED(status) || WEXITSTATUS(status) != 0;
}

static void test_slot_move__refuses_what_cannot_follow(void **state)
{
    (void)state;
    assert_true(dies(WI_SLOT_IDLE));
    assert_true(dies(WI_SLOT_BUSY));
    assert_true(dies(WI_SLOT_SPARE));
}

static void test_slots_longest__is_the_lent_one_out_longest(void **state)
{
    wi_slots slots;
    wi_lease *slot[3];

    (void)state;
    wi_slots_init(&slots);
    for (int i = 0; i < 3; i++) {
        slot[i] = add(&slots);
        slot[i]->lent_ns = 10 - i;
        wi_slot_move(&slots, slot[i], WI_SLOT_CONNECTING);
    }
    assert_null(wi_slots_longest(&slots));
    wi_slot_move(&slots, slot[0], WI_SLOT_BUSY);
    wi_slot_move(&slots, slot[1], WI_SLOT_BUSY);
    assert_ptr_equal(wi_slots_longest(&slots), slot[1]);
    wi_slot_move(&slots, slot[1], WI_SLOT_IDLE);
    assert_ptr_equal(wi_slots_longest(&slots), slot[0]);
    wi_slot_move(&slots, slot[0], WI_SLOT_IDLE);
    for (int i = 0; i < 2; i++)
        wi_slot_move(&slots, slot[i], WI_SLOT_CLOSING);
    for (int i = 0; i < 3; i++)
        wi_slot_move(&slots, slot[i], WI_SLOT_SPARE);
    wi_slots_clear(&slots, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_slot_move__counts_each_place_once),
        cmocka_unit_test(test_slot_move__busy_is_lent_or_lost),
        cmocka_unit_test(test_slot_move__refuses_what_cannot_follow),
        cmocka_unit_test(test_slots_longest__is_the_lent_one_out_longest),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
