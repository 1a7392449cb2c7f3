/* SPDX-License-Identifier: MIT */
/*
 * The n-th allocation fails, for every n: ours and SQLite's own. Each time the
 * answer is out of memory or all is well, nothing leaks, and the same work
 * succeeds afterwards.
 */
#include "scratch.h"

/* ------------------------------------------------------- a heap that fails */

static long left = -1; /* allocations that succeed; -1: all */
static bool for_ever;  /* all further ones fail, too */
static bool failed;
static long alive;

static bool may_allocate(void)
{
    if (left < 0)
        return true;
    if (left > 0) {
        left--;
        return true;
    }
    failed = true;
    if (!for_ever)
        left = -1;
    return false;
}

/* The size stands before the memory: SQLite asks for it. */
static void *take(size_t size)
{
    size_t *block = may_allocate() ? malloc(size + 16) : NULL;

    if (!block)
        return NULL;
    alive++;
    *block = size;
    return (char *)block + 16;
}

static size_t *block_of(void *memory)
{
    return (size_t *)(void *)((char *)memory - 16);
}

static void give(void *memory)
{
    if (!memory)
        return;
    alive--;
    free(block_of(memory));
}

static void *change(void *old, size_t size)
{
    size_t *block;

    if (!old)
        return take(size);
    block = may_allocate() ? realloc(block_of(old), size + 16) : NULL;
    if (!block)
        return NULL;
    *block = size;
    return (char *)block + 16;
}

static void *sqlite_take(int size)
{
    return take((size_t)size);
}

static void *sqlite_change(void *old, int size)
{
    return change(old, (size_t)size);
}

static int sqlite_size(void *memory)
{
    return memory ? (int)*block_of(memory) : 0;
}

static int sqlite_round(int size)
{
    return (size + 7) / 8 * 8;
}

static int sqlite_begin(void *context)
{
    (void)context;
    return SQLITE_OK;
}

static void sqlite_end(void *context)
{
    (void)context;
}

static void *our_take(void *context, size_t size)
{
    (void)context;
    return take(size);
}

static void *our_change(void *context, void *old, size_t size)
{
    (void)context;
    return change(old, size);
}

static void our_give(void *context, void *memory)
{
    (void)context;
    give(memory);
}

static const weir_allocator allocator = {our_take, our_change, our_give, NULL};

/* --------------------------------------------------------------- the work */

static drive d;

/* drive_attach() has its own heap; this is the driver's part again, on ours. */
static weir_status attach(void)
{
    weir_attach_spec spec = {&d.services, d.url, d.values, NULL, NULL};

    memset(d.instance, 0, d.driver->instance_size);
    d.services.allocator = &allocator;
    return d.driver->attach(d.instance, &spec, &d.profile, &d.err);
}

static weir_status run(void *conn, const char *sql)
{
    weir_value values[] = {weir_value_cstr("some text"),
                           weir_value_date((weir_date){19000})};
    size_t count = strchr(sql, '?') ? 2 : 0;
    weir_value row[8];
    weir_step step = WEIR_STEP_ROW;
    drive_stmt stmt;
    weir_status status = drive_prepare(&d, conn, sql, &stmt);

    if (status == WEIR_OK) {
        status = drive_execute(&stmt, values, count);
        while (status == WEIR_OK && step == WEIR_STEP_ROW)
            step = drive_fetch(&stmt, row);
        drive_end(&stmt);
    }
    drive_finish(&stmt);
    return step == WEIR_STEP_ERROR ? d.err.status : status;
}

static weir_status work_in_transaction(void *conn)
{
    weir_status status = begin_as(&d, conn, WEIR_READ_WRITE);

    if (status == WEIR_OK)
        status = run(conn, "INSERT INTO t (a, b) VALUES (?, ?)");
    if (status == WEIR_OK)
        status = run(conn, "INSERT INTO t (a) VALUES (hex(zeroblob(20000))) "
                           "RETURNING id");
    if (status == WEIR_OK)
        status = d.driver->commit(conn, WEIR_NO_DEADLINE, &d.err);
    return status;
}

static weir_status work_on(void *conn)
{
    bool lost = false;
    weir_status status = run(conn, "CREATE TABLE IF NOT EXISTS t "
                                   "(id INTEGER PRIMARY KEY, a, b)");

    if (status == WEIR_OK)
        status = run(conn, "DELETE FROM t");
    if (status == WEIR_OK)
        status = work_in_transaction(conn);
    if (status == WEIR_OK)
        status = run(conn, "SELECT id, a, b FROM t ORDER BY a");
    if (status == WEIR_OK)
        status = run(conn, "CREATE TEMP TABLE own AS SELECT * FROM t");
    if (status == WEIR_OK)
        status = d.driver->reset(conn, WEIR_NO_DEADLINE, &lost, &d.err);
    if (status == WEIR_OK)
        status = d.driver->ping(conn, WEIR_NO_DEADLINE, &d.err);
    return status;
}

static weir_status work(void)
{
    weir_status status = attach();
    void *conn = NULL;

    if (status == WEIR_OK) {
        status = drive_try_open(&d, &conn, WEIR_NO_DEADLINE);
        if (status == WEIR_OK)
            status = work_on(conn);
        drive_close(&d, conn);
    }
    d.driver->detach(d.instance);
    return status;
}

/* ---------------------------------------------------------------- the test */

/* SQLite keeps what it allocates first: that is no leak. */
static void warm_up(void)
{
    left = -1;
    if (work() != WEIR_OK)
        fail_msg("%s", d.err.message);
}

static void fail_each(bool ever)
{
    long before, n = 0;

    for (int calm = 0; calm < 3; n++) {
        weir_status status;

        before = alive;
        for_ever = ever;
        failed = false;
        left = n;
        status = work();
        left = -1;
        if (status != WEIR_OK && status != WEIR_ERR_NOMEM)
            fail_msg("allocation %ld: %s", n, d.err.message);
        if (alive != before)
            fail_msg("allocation %ld: %ld leaked", n, alive - before);
        calm = failed ? 0 : calm + 1;
        if (failed)
            warm_up();
    }
    assert_true(n > 100);
    warm_up();
}

static void fail_on(const char *url)
{
    assert_int_equal(drive_attach(&d, url), WEIR_OK);
    d.driver->detach(d.instance);
    warm_up();
    fail_each(false);
    fail_each(true);
    memset(d.instance, 0, d.driver->instance_size);
    drive_detach(&d);
}

static void test_memory__may_end_at_any_allocation(void **state)
{
    (void)state;
    fail_on("sqlite://");
}

static void test_file__may_lose_memory_at_any_allocation(void **state)
{
    scratch s;

    (void)state;
    scratch_make(&s);
    fail_on(scratch_url(&s, "?synchronous=off"));
    scratch_drop(&s);
}

int main(void)
{
    static const sqlite3_mem_methods heap = {
        sqlite_take,  give,         sqlite_change, sqlite_size,
        sqlite_round, sqlite_begin, sqlite_end,    NULL};
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_memory__may_end_at_any_allocation),
        cmocka_unit_test(test_file__may_lose_memory_at_any_allocation),
    };

    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &heap) != SQLITE_OK)
        return 1;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
