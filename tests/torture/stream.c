/* SPDX-License-Identifier: MIT */
/*
 * A stream takes the same memory for a thousand rows as for all of them: of
 * the engine to the byte, of the process but for what its heap keeps.
 *
 *   WEIR_TORTURE=full   ten million rows; else a hundred thousand
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include <weir/short.h>
#include <weir/weir.h>

enum { FEW = 1000, MANY = 100000, ALL = 10000000 };
enum { HEAP_SLACK = 16 * 1024 * 1024 };

/* ---------------------------------------------------------------- memory */

static size_t in_use, peak;

typedef union block {
    size_t size;
    max_align_t align;
} block;

static void *count_alloc(void *context, size_t size)
{
    block *made = malloc(sizeof *made + size);

    (void)context;
    if (!made)
        return NULL;
    made->size = size;
    in_use += size;
    peak = in_use > peak ? in_use : peak;
    return made + 1;
}

static void count_free(void *context, void *memory)
{
    (void)context;
    if (!memory)
        return;
    in_use -= ((block *)memory - 1)->size;
    free((block *)memory - 1);
}

static void *count_resize(void *context, void *old, size_t size)
{
    void *made = count_alloc(context, size);
    size_t before = old ? ((block *)old - 1)->size : 0;

    if (!made || !old)
        return made;
    memcpy(made, old, before < size ? before : size);
    count_free(context, old);
    return made;
}

static size_t resident(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    size_t all = 0, here = 0;

    assert_non_null(file);
    assert_int_equal(fscanf(file, "%zu %zu", &all, &here), 2);
    fclose(file);
    return here * (size_t)sysconf(_SC_PAGESIZE);
}

/* ------------------------------------------------------------------ reading */

static const char rows_up_to[] =
    "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c "
    "WHERE x < ?) SELECT x, 'a text that no row has but number ' || x FROM c";

/* The peak of the engine's memory while so many rows were read. */
static size_t read_rows(weir_conn *conn, int64_t count)
{
    WEIR_AUTO(weir_result) rows = weir_stream(conn, rows_up_to, ARGS(count));
    int64_t seen = 0, x = 0;
    const char *text;

    peak = in_use;
    while (weir_next(rows) && weir_scan(rows, &x, &text) == WEIR_OK)
        seen += x == seen + 1 && text[0] == 'a';
    if (weir_result_status(rows) != WEIR_OK)
        fail_msg("%s", weir_result_error(rows)->message);
    assert_int_equal(seen, count);
    return peak;
}

static void test_stream__takes_the_same_memory_for_any_number(void **state)
{
    const weir_allocator allocator = {count_alloc, count_resize, count_free,
                                      NULL};
    const char *torture = getenv("WEIR_TORTURE");
    int64_t most = torture && strcmp(torture, "full") == 0 ? ALL : MANY;
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    size_t few, many, before;
    weir_error err;

    (void)state;
    options.allocator = &allocator;
    weir_engine *engine = weir_engine_open("sqlite://", &options, &err);
    assert_non_null(engine);
    weir_conn *conn = weir_connect(engine, &err);
    assert_non_null(conn);
    for (int i = 0; i < 10; i++) /* handles are made before they are reused */
        (void)read_rows(conn, FEW);
    few = read_rows(conn, FEW);
    before = resident();
    many = read_rows(conn, most);
    assert_int_equal(many, few);
    assert_true(resident() < before + HEAP_SLACK);
    weir_conn_close(&conn);
    weir_engine_close(&engine);
    assert_int_equal(in_use, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stream__takes_the_same_memory_for_any_number),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
