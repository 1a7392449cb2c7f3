/* SPDX-License-Identifier: MIT */
/* Stores by name, and the bytes of their files. */
#include "store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

static wsq_store *store;

static int make(void **state)
{
    (void)state;
    store = wsq_store_acquire("/weir-memory/test.");
    return store ? 0 : -1;
}

static int drop(void **state)
{
    (void)state;
    wsq_store_release(store);
    return 0;
}

static void put(int64_t at, const char *text)
{
    assert_true(wsq_store_write(store, WSQ_PART_MAIN,
                                (wsq_range){at, strlen(text)}, text));
}

static void test_acquire__finds_the_one_of_that_name(void **state)
{
    wsq_store *again = wsq_store_acquire("/weir-memory/test.");
    wsq_store *other = wsq_store_acquire("/weir-memory/test2.");

    (void)state;
    assert_ptr_equal(again, store);
    assert_ptr_not_equal(other, store);
    wsq_store_release(again);
    wsq_store_release(other);
}

static void test_release__of_the_last_holder_forgets_all(void **state)
{
    wsq_part part;
    wsq_store *other = wsq_store_acquire("/weir-memory/gone.");

    (void)state;
    wsq_store_create(other, WSQ_PART_MAIN);
    wsq_store_release(other);
    assert_null(wsq_store_find("/weir-memory/gone.", &part));
    wsq_store_release(NULL);
}

static void test_find__knows_the_files_of_a_database(void **state)
{
    static const struct {
        const char *name;
        wsq_part part;
    } files[] = {
        {"/weir-memory/test.", WSQ_PART_MAIN},
        {"/weir-memory/test.-wal", WSQ_PART_LOG},
        {"/weir-memory/test.-journal", WSQ_PART_JOURNAL},
    };
    wsq_part part;

    (void)state;
    for (int i = 0; i < 3; i++) {
        assert_ptr_equal(wsq_store_find(files[i].name, &part), store);
        assert_int_equal(part, files[i].part);
        wsq_store_release(store);
    }
    assert_null(wsq_store_find("/weir-memory/test", &part));
    assert_null(wsq_store_find("/weir-memory/test.-mj0123456", &part));
}

static void test_read__past_the_end_gives_zeros(void **state)
{
    char out[8];

    (void)state;
    memset(out, 'x', sizeof out);
    assert_false(wsq_store_read(store, WSQ_PART_MAIN, (wsq_range){0, 8}, out));
    assert_memory_equal(out, "\0\0\0\0\0\0\0\0", 8);
    put(0, "abc");
    assert_false(wsq_store_read(store, WSQ_PART_MAIN, (wsq_range){1, 8}, out));
    assert_memory_equal(out, "bc\0\0\0\0\0\0", 8);
    assert_true(wsq_store_read(store, WSQ_PART_MAIN, (wsq_range){0, 3}, out));
    assert_memory_equal(out, "abc", 3);
}

/* A chunk has 64 KiB; the gap before the text is zeros. */
static void test_write__crosses_chunks(void **state)
{
    char out[12];

    (void)state;
    put(65530, "hello, world");
    assert_int_equal(wsq_store_size(store, WSQ_PART_MAIN), 65542);
    assert_true(
        wsq_store_read(store, WSQ_PART_MAIN, (wsq_range){65530, 12}, out));
    assert_memory_equal(out, "hello, world", 12);
    assert_true(
        wsq_store_read(store, WSQ_PART_MAIN, (wsq_range){65524, 12}, out));
    assert_memory_equal(out, "\0\0\0\0\0\0hello,", 12);
    assert_int_equal(wsq_store_size(store, WSQ_PART_LOG), 0);
}

static void test_truncate__leaves_nothing_behind_the_end(void **state)
{
    char out[6];

    (void)state;
    put(0, "abcdef");
    put(70000, "far");
    wsq_store_truncate(store, WSQ_PART_MAIN, 2);
    wsq_store_truncate(store, WSQ_PART_MAIN, 100); /* it does not grow */
    assert_int_equal(wsq_store_size(store, WSQ_PART_MAIN), 2);
    put(5, "z");
    assert_true(wsq_store_read(store, WSQ_PART_MAIN, (wsq_range){0, 6}, out));
    assert_memory_equal(out, "ab\0\0\0z", 6);
}

static void test_delete__empties_a_file_that_may_come_back(void **state)
{
    (void)state;
    assert_false(wsq_store_has(store, WSQ_PART_MAIN));
    wsq_store_create(store, WSQ_PART_MAIN);
    put(0, "abc");
    assert_true(wsq_store_has(store, WSQ_PART_MAIN));
    assert_false(wsq_store_has(store, WSQ_PART_LOG));
    wsq_store_delete(store, WSQ_PART_MAIN);
    assert_false(wsq_store_has(store, WSQ_PART_MAIN));
    wsq_store_create(store, WSQ_PART_MAIN);
    assert_int_equal(wsq_store_size(store, WSQ_PART_MAIN), 0);
}

static void test_write__without_memory_changes_no_size(void **state)
{
    static char much[1 << 20];
    sqlite3_int64 before = sqlite3_hard_heap_limit64(-1);

    (void)state;
    put(0, "abc");
    sqlite3_hard_heap_limit64(sqlite3_memory_used() + 300000);
    assert_false(wsq_store_write(store, WSQ_PART_MAIN,
                                 (wsq_range){3, sizeof much}, much));
    sqlite3_hard_heap_limit64(before);
    assert_int_equal(wsq_store_size(store, WSQ_PART_MAIN), 3);
    assert_true(wsq_store_write(store, WSQ_PART_MAIN,
                                (wsq_range){3, sizeof much}, much));
}

int main(void)
{
#define TEST(name_) cmocka_unit_test_setup_teardown(test_##name_, make, drop)
    const struct CMUnitTest tests[] = {
        TEST(acquire__finds_the_one_of_that_name),
        TEST(release__of_the_last_holder_forgets_all),
        TEST(find__knows_the_files_of_a_database),
        TEST(read__past_the_end_gives_zeros),
        TEST(write__crosses_chunks),
        TEST(truncate__leaves_nothing_behind_the_end),
        TEST(delete__empties_a_file_that_may_come_back),
        TEST(write__without_memory_changes_no_size),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
