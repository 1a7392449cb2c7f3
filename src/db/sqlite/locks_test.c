/* SPDX-License-Identifier: MIT */
/* Who may lock what beside whom; the index of the log. */
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "store.h"

static wsq_store *store;
static wsq_holder a, b, c;

static int make(void **state)
{
    (void)state;
    store = wsq_store_acquire("/weir-memory/locks.");
    a = b = c = (wsq_holder){0};
    return store ? 0 : -1;
}

static int drop(void **state)
{
    (void)state;
    wsq_store_release(store);
    return 0;
}

static void test_lock__lets_readers_share_with_one_who_will_write(void **state)
{
    (void)state;
    assert_int_equal(wsq_store_lock(store, &a, SQLITE_LOCK_SHARED), SQLITE_OK);
    assert_int_equal(wsq_store_lock(store, &b, SQLITE_LOCK_SHARED), SQLITE_OK);
    assert_int_equal(wsq_store_lock(store, &a, SQLITE_LOCK_RESERVED),
                     SQLITE_OK);
    assert_true(wsq_store_is_reserved(store));
    assert_int_equal(wsq_store_lock(store, &b, SQLITE_LOCK_RESERVED),
                     SQLITE_BUSY);
    assert_int_equal(wsq_store_lock(store, &c, SQLITE_LOCK_SHARED), SQLITE_OK);
    wsq_store_unlock(store, &a, SQLITE_LOCK_SHARED);
    assert_false(wsq_store_is_reserved(store));
    assert_int_equal(wsq_store_lock(store, &b, SQLITE_LOCK_RESERVED),
                     SQLITE_OK);
}

static void test_lock__keeps_new_readers_from_a_writer_that_waits(void **state)
{
    (void)state;
    assert_int_equal(wsq_store_lock(store, &a, SQLITE_LOCK_SHARED), SQLITE_OK);
    assert_int_equal(wsq_store_lock(store, &b, SQLITE_LOCK_SHARED), SQLITE_OK);
    assert_int_equal(wsq_store_lock(store, &a, SQLITE_LOCK_EXCLUSIVE),
                     SQLITE_BUSY);
    assert_int_equal(a.level, SQLITE_LOCK_PENDING);
    assert_int_equal(wsq_store_lock(store, &c, SQLITE_LOCK_SHARED),
                     SQLITE_BUSY);
    assert_int_equal(c.level, SQLITE_LOCK_NONE);
    wsq_store_unlock(store, &b, SQLITE_LOCK_NONE);
    assert_int_equal(wsq_store_lock(store, &a, SQLITE_LOCK_EXCLUSIVE),
                     SQLITE_OK);
    assert_int_equal(wsq_store_lock(store, &b, SQLITE_LOCK_SHARED),
                     SQLITE_BUSY);
    wsq_store_unlock(store, &a, SQLITE_LOCK_NONE);
    assert_int_equal(wsq_store_lock(store, &b, SQLITE_LOCK_EXCLUSIVE),
                     SQLITE_OK);
}

static void test_lock_slots__has_one_alone_or_many_together(void **state)
{
    (void)state;
    assert_int_equal(wsq_store_lock_slots(store, &a, 1u << 3, false),
                     SQLITE_OK);
    assert_int_equal(wsq_store_lock_slots(store, &b, 1u << 3, false),
                     SQLITE_OK);
    /* Of several slots all are had, or none. */
    assert_int_equal(wsq_store_lock_slots(store, &c, 7u << 1, true),
                     SQLITE_BUSY);
    assert_int_equal(wsq_store_lock_slots(store, &a, 3u << 1, true), SQLITE_OK);
    wsq_store_unlock_slots(store, &a, 0xFF);
    wsq_store_unlock_slots(store, &b, 0xFF);
    wsq_store_unlock_slots(store, &b, 0xFF);
    assert_int_equal(wsq_store_lock_slots(store, &c, 7u << 1, true), SQLITE_OK);
    assert_int_equal(wsq_store_lock_slots(store, &a, 1u << 2, false),
                     SQLITE_BUSY);
    wsq_store_unlock_slots(store, &c, 7u << 1);
}

static void test_map__gives_all_the_same_memory(void **state)
{
    void volatile *first = NULL, *second = NULL, *third = &first;

    (void)state;
    assert_int_equal(
        wsq_store_map(store, &a, (wsq_range){0, 32768}, false, &third),
        SQLITE_OK);
    assert_null(third);
    assert_int_equal(
        wsq_store_map(store, &a, (wsq_range){1, 32768}, true, &first),
        SQLITE_OK);
    assert_int_equal(
        wsq_store_map(store, &b, (wsq_range){1, 32768}, false, &second),
        SQLITE_OK);
    assert_non_null(first);
    assert_ptr_equal((const void *)first, (const void *)second);
    assert_int_equal(*(volatile char *)first, 0);
    *(volatile char *)first = 7;
    wsq_store_unmap(store, &a);
    assert_int_equal(*(volatile char *)second, 7);
    /* The last one takes it along. */
    wsq_store_unmap(store, &b);
    assert_int_equal(
        wsq_store_map(store, &c, (wsq_range){1, 32768}, false, &third),
        SQLITE_OK);
    assert_null(third);
    wsq_store_unmap(store, &c);
}

static void test_unmap__gives_up_the_slots(void **state)
{
    (void)state;
    assert_int_equal(wsq_store_lock_slots(store, &a, 1, true), SQLITE_OK);
    wsq_store_unmap(store, &a);
    assert_int_equal(wsq_store_lock_slots(store, &b, 1, true), SQLITE_OK);
    wsq_store_unlock_slots(store, &b, 1);
    wsq_store_fence(store);
}

int main(void)
{
#define TEST(name_) cmocka_unit_test_setup_teardown(test_##name_, make, drop)
    const struct CMUnitTest tests[] = {
        TEST(lock__lets_readers_share_with_one_who_will_write),
        TEST(lock__keeps_new_readers_from_a_writer_that_waits),
        TEST(lock_slots__has_one_alone_or_many_together),
        TEST(map__gives_all_the_same_memory),
        TEST(unmap__gives_up_the_slots),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
