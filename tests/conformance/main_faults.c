/* SPDX-License-Identifier: MIT */
/*
 * The conformance suite while something goes wrong once: the n-th call of the
 * driver, or the n-th allocation of the engine. Its tests fail then, and may;
 * what must hold is that nothing crashes, nothing is left (memory,
 * connections, statements, executions), each failure is told clearly, and
 * the engine works afterwards.
 *
 * A case is "group:way:n", as in "types:lost_after:17", and is a process of
 * its own. Groups whose tests run threads are left out: a test that fails
 * leaves while its threads still use its variables.
 *
 *   WEIR_TORTURE=full   every n, the ways in turn; else a sample
 *   WEIR_SEED=7         the sample's seed, which is printed
 *   WEIR_CASE=…         this case alone, with all that it prints
 */
#include "suite.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weir/sys/faulty.h>

#include "kit/dice.h"

enum { SAMPLE_SIZE = 8, PATIENCE_S = 120, SETTLE_MS = 10000 };

static const struct {
    const char *name;
    int (*run)(void);
    bool needs_sql;
} groups[] = {
    {"any", run_any, false},
    {"queries", run_queries, true},
    {"statements", run_statements, true},
    {"transactions", run_transactions, true},
    {"savepoints", run_savepoints, true},
    {"types", run_types, true},
    {"many", run_many, true},
};
enum { GROUP_COUNT = sizeof groups / sizeof groups[0] };

/* clang-format off */
static const struct way {
    const char *name;
    weir_fault fault;
    bool memory; /* an allocation fails instead */
} ways[] = {
    {"fail_keep", {.kind = WEIR_FAULT_FAIL, .fate = WEIR_FATE_KEEP}, false},
    {"fail_discard", {.kind = WEIR_FAULT_FAIL, .fate = WEIR_FATE_DISCARD},
     false},
    {"fail_retry", {.kind = WEIR_FAULT_FAIL, .fate = WEIR_FATE_RETRY}, false},
    {"lost_before", {.kind = WEIR_FAULT_LOST_BEFORE}, false},
    {"lost_after", {.kind = WEIR_FAULT_LOST_AFTER}, false},
    {"dies_after", {.kind = WEIR_FAULT_DIES_AFTER}, false},
    {"nomem", {.at = 0}, true},
};
/* clang-format on */
enum { WAY_COUNT = sizeof ways / sizeof ways[0], NOMEM = WAY_COUNT - 1 };

typedef struct trial {
    int group, way;
    uint64_t n; /* 0: nothing goes wrong */
} trial;

/* What a process tells the one that started it. */
typedef struct tally {
    uint64_t count; /* of what can fail */
    bool hit;
} tally;

static weir_faulty *faulty;

/* ------------------------------------------------------------- the engine's */

static atomic_long live;
static _Atomic uint64_t allocations;
static _Atomic uint64_t fails_at; /* counted from 1; 0: none */

static bool may_allocate(void)
{
    uint64_t number = atomic_fetch_add(&allocations, 1) + 1;

    return number != atomic_load(&fails_at);
}

static void *count_alloc(void *context, size_t size)
{
    void *memory = may_allocate() ? malloc(size) : NULL;

    (void)context;
    if (memory)
        atomic_fetch_add(&live, 1);
    return memory;
}

static void *count_resize(void *context, void *old, size_t size)
{
    void *memory = may_allocate() ? realloc(old, size) : NULL;

    (void)context;
    if (memory && !old)
        atomic_fetch_add(&live, 1);
    return memory;
}

static void count_free(void *context, void *memory)
{
    (void)context;
    if (memory)
        atomic_fetch_sub(&live, 1);
    free(memory);
}

/* ------------------------------------------------------- inside the process */

static void drop(const char *what, long count)
{
    fprintf(stderr, "WRONG: %s (%ld)\n", what, count);
    fflush(NULL);
    _exit(3);
}

/* Without memory the wrapper would fail as well: it is left out. */
static void open_it(const trial *now)
{
    static const weir_allocator allocator = {count_alloc, count_resize,
                                             count_free, NULL};
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    const char *inner = getenv("WEIR_TEST_URL");
    char url[1200];
    weir_error err;

    if (ways[now->way].memory)
        snprintf(url, sizeof url, "%s", inner);
    else
        snprintf(url, sizeof url, "faulty+%s%cfault_name=suite", inner,
                 strchr(inner, '?') ? '&' : '?');
    options.allocator = &allocator;
    options.pool_timeout_s = 10;
    engine = weir_engine_open(url, &options, &err);
    if (!engine)
        drop(err.message, 0);
    faulty = weir_faulty_find("suite");
}

/* A transaction that an earlier case has left prepared holds locks. */
static void undo(void *context, const char *xid)
{
    WEIR_AUTO(weir_conn) conn = weir_connect(engine, NULL);

    (void)context;
    if (conn && weir_rollback_prepared(conn, xid) != WEIR_OK)
        print_message("%s is left prepared\n", xid);
}

static void clean_up_before(void)
{
    WEIR_AUTO(weir_conn) conn = weir_connect(engine, NULL);

    if (conn && can(WEIR_CAN_TWO_PHASE) &&
        weir_list_prepared(conn, undo, NULL) != WEIR_OK)
        drop(weir_conn_error(conn)->message, 0);
}

static void arm(const trial *now)
{
    weir_fault fault = ways[now->way].fault;

    fault.at = now->n;
    if (faulty)
        weir_faulty_arm(faulty, &fault);
    atomic_store(&allocations, 0);
    atomic_store(&fails_at, faulty ? 0 : now->n);
}

static uint64_t all_calls(void)
{
    return faulty ? weir_faulty_calls(faulty, WEIR_FAULT_ANY) : 0;
}

/* Counted is what can fail: calls or allocations. */
static tally disarm(const trial *now, uint64_t before)
{
    uint64_t asked = atomic_load(&allocations);
    tally found = {.count = faulty ? all_calls() - before : asked};

    atomic_store(&fails_at, 0);
    found.hit =
        now->n > 0 && (faulty ? weir_faulty_hits(faulty) > 0 : asked >= now->n);
    if (faulty)
        weir_faulty_arm(faulty, NULL);
    return found;
}

/* A thread of the pool may still be closing or cleaning, or opening for
 * somebody who has been served otherwise. */
static void expect_all_back(void)
{
    weir_pool_status status;

    for (int ms = 0; ms < SETTLE_MS; ms += 10) {
        weir_engine_pool_status(engine, &status);
        if (status.busy + status.connecting + status.asking + status.closing +
                status.waiting ==
            0)
            return;
        usleep(10000);
    }
    drop("connections are not back", status.busy);
}

static weir_status work(weir_error *err)
{
    WEIR_AUTO(weir_conn) conn = weir_connect(engine, err);

    if (!conn)
        return err->status;
    if (weir_exec(conn, "SELECT 1", NOARGS) == WEIR_OK &&
        weir_rollback(conn) == WEIR_OK)
        return WEIR_OK;
    *err = *weir_conn_error(conn);
    return err->status;
}

/* A connection that has died unnoticed is found out by its next use. */
static void expect_it_works(void)
{
    weir_error err;
    weir_status status = work(&err);

    if (status == WEIR_ERR_CONNECTION)
        status = work(&err);
    if (status != WEIR_OK)
        drop(err.message, status);
}

static void expect_pairs(const char *what, weir_fault_op begins,
                         weir_fault_op others, weir_fault_op ends)
{
    uint64_t begun = weir_faulty_calls(faulty, begins) +
                     (others ? weir_faulty_calls(faulty, others) : 0);

    for (int ms = 0; ms < SETTLE_MS; ms += 10) {
        if (begun == weir_faulty_calls(faulty, ends))
            return;
        usleep(10000);
    }
    drop(what, (long)(begun - weir_faulty_calls(faulty, ends)));
}

static void expect_contract_kept(void)
{
    if (weir_faulty_breach(faulty))
        drop(weir_faulty_breach(faulty), 0);
    expect_pairs("open() without close()", WEIR_FAULT_OPEN, 0,
                 WEIR_FAULT_CLOSE);
    expect_pairs("prepare() without finish()", WEIR_FAULT_PREPARE, 0,
                 WEIR_FAULT_FINISH);
    expect_pairs("execute() without end()", WEIR_FAULT_EXECUTE,
                 WEIR_FAULT_COLLECT, WEIR_FAULT_END);
}

static void expect_nothing_left(void)
{
    expect_all_back(); /* what is opened later would stay */
    weir_engine_dispose(engine);
    if (faulty)
        expect_contract_kept();
    weir_engine_close(&engine);
    for (int ms = 0; ms < SETTLE_MS && atomic_load(&live) > 0; ms += 10)
        usleep(10000);
    if (atomic_load(&live) != 0)
        drop("allocations are left", atomic_load(&live));
}

static void run_inside(const trial *now, int out)
{
    uint64_t before;
    tally found;

    alarm(PATIENCE_S);
    open_it(now);
    clean_up_before();
    before = all_calls();
    arm(now);
    if (can(WEIR_HAS_SQL) || !groups[now->group].needs_sql)
        (void)groups[now->group].run();
    close_all_lent();
    found = disarm(now, before);
    if (unclear_errors > 0)
        drop("failures that do not say what they are", unclear_errors);
    expect_all_back();
    expect_it_works();
    expect_nothing_left();
    if (write(out, &found, sizeof found) != sizeof found)
        _exit(4);
    fflush(NULL);
    _exit(0);
}

/* ----------------------------------------------------- around the processes */

static void show(int file)
{
    char part[4096];
    ssize_t size;

    (void)lseek(file, 0, SEEK_SET);
    while ((size = read(file, part, sizeof part)) > 0)
        fwrite(part, 1, (size_t)size, stderr);
}

static tally run_trial(const trial *now, bool loud)
{
    FILE *said = tmpfile();
    tally found = {0};
    int way[2], ended;
    pid_t child;

    assert_non_null(said);
    assert_int_equal(pipe(way), 0);
    fflush(NULL);
    child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        (void)dup2(fileno(said), 1);
        (void)dup2(fileno(said), 2);
        run_inside(now, way[1]);
    }
    close(way[1]);
    while (waitpid(child, &ended, 0) < 0 && errno == EINTR)
        continue;
    if (loud || ended != 0)
        show(fileno(said));
    if (ended != 0 || read(way[0], &found, sizeof found) != sizeof found)
        fail_msg("WEIR_CASE=%s:%s:%llu: the process ended with %#x",
                 groups[now->group].name, ways[now->way].name,
                 (unsigned long long)now->n, (unsigned)ended);
    close(way[0]);
    fclose(said);
    return found;
}

/* What can fail in each group: calls, and allocations. */
typedef struct census {
    uint64_t calls[GROUP_COUNT], allocations[GROUP_COUNT];
} census;

static void count_group(census *out, int group)
{
    trial calm = {group, 0, 0}, full = {group, NOMEM, 0};

    out->calls[group] = run_trial(&calm, false).count;
    out->allocations[group] = run_trial(&full, false).count;
}

/* Of two groups. Every other case is one of memory. */
static void run_sample(void)
{
    uint64_t seed = kit_seed(), state = seed;
    int hits = 0, first = (int)(kit_dice(&state) % GROUP_COUNT);
    census whole;

    print_message("WEIR_SEED=%llu tells the same again\n",
                  (unsigned long long)seed);
    for (int i = 0; i < SAMPLE_SIZE; i++) {
        trial now = {.group = (first + i % 2) % GROUP_COUNT,
                     .way =
                         i / 2 % 2 ? NOMEM : (int)(kit_dice(&state) % NOMEM)};
        uint64_t most;

        if (i < 2)
            count_group(&whole, now.group);
        most = now.way == NOMEM ? whole.allocations[now.group]
                                : whole.calls[now.group];
        now.n = 1 + kit_dice(&state) % (most + 1);
        hits += run_trial(&now, false).hit;
    }
    assert_true(hits > SAMPLE_SIZE / 4);
}

static void run_all(void)
{
    uint64_t hits = 0;
    census whole;

    for (int group = 0; group < GROUP_COUNT; group++) {
        count_group(&whole, group);
        for (uint64_t n = 1; n <= whole.calls[group]; n++) {
            trial now = {group, (int)(n % NOMEM), n};

            hits += run_trial(&now, false).hit;
        }
        for (uint64_t n = 1; n <= whole.allocations[group]; n++) {
            trial now = {group, NOMEM, n};

            hits += run_trial(&now, false).hit;
        }
    }
    print_message("%llu cases\n", (unsigned long long)hits);
}

static void run_one(const char *said)
{
    char group[20], way[20];
    unsigned long long n;

    assert_int_equal(sscanf(said, "%19[^:]:%19[^:]:%llu", group, way, &n), 3);
    for (int i = 0; i < GROUP_COUNT * WAY_COUNT; i++) {
        trial now = {i / WAY_COUNT, i % WAY_COUNT, n};

        if (strcmp(group, groups[now.group].name) == 0 &&
            strcmp(way, ways[now.way].name) == 0) {
            (void)run_trial(&now, true);
            return;
        }
    }
    fail_msg("there is no case \"%s\"", said);
}

static void test_suite__fails_clearly_and_leaves_nothing(void **state)
{
    const char *torture = getenv("WEIR_TORTURE");
    const char *said = getenv("WEIR_CASE");

    (void)state;
    if (said)
        run_one(said);
    else if (torture && strcmp(torture, "full") == 0)
        run_all();
    else
        run_sample();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_suite__fails_clearly_and_leaves_nothing),
    };

    if (!getenv("WEIR_TEST_URL"))
        return 2;
    suite_measure = (measure){.large = 1024 * 1024, .patience_s = 0.1};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
