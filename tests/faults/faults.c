/* SPDX-License-Identifier: MIT */
/*
 * Which cases there are, telling the story for each, and what must hold then.
 */
#include "faults.h"

#include "kit/dice.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLE_SIZE = 1500, CASE_SIZE = 80 };

static const story *telling;

/* clang-format off */
#define DO(...) {.kind = WEIR_FAULT_##__VA_ARGS__}
#define ALWAYS .repeat = true
static const way ways[] = {
    {"fail_keep", DO(FAIL, .fate = WEIR_FATE_KEEP), false},
    {"fail_discard", DO(FAIL, .fate = WEIR_FATE_DISCARD), false},
    {"fail_retry", DO(FAIL, .fate = WEIR_FATE_RETRY), false},
    {"fail_nomem", DO(FAIL, .status = WEIR_ERR_NOMEM), false},
    {"fail_timeout", DO(FAIL, .status = WEIR_ERR_TIMEOUT), false},
    {"fail_serial", DO(FAIL, .status = WEIR_ERR_SERIALIZATION), false},
    {"hang", DO(HANG), false},
    {"hang_cancel", DO(HANG), true},
    {"hang_after", DO(HANG_AFTER), false},
    {"hang_after_cancel", DO(HANG_AFTER), true},
    {"hang_short", DO(HANG, .hang_s = 0.001), false},
    {"lost_before", DO(LOST_BEFORE), false},
    {"lost_after", DO(LOST_AFTER), false},
    {"dies_after", DO(DIES_AFTER), false},
    {"lie", DO(LIE), false},
    {"fail_always", DO(FAIL, .fate = WEIR_FATE_DISCARD, ALWAYS), false},
    {"hang_always", DO(HANG, ALWAYS), false},
    {"lost_always", DO(LOST_AFTER, ALWAYS), false},
    {"dies_always", DO(DIES_AFTER, ALWAYS), false},
    {"lie_always", DO(LIE, ALWAYS), false},
};
#undef ALWAYS
#undef DO
/* clang-format on */
enum { WAY_COUNT = sizeof ways / sizeof ways[0] };

/* ------------------------------------------------------------------ wrong */

static void describe(const fault_case *now, char *out)
{
    if (!now)
        snprintf(out, CASE_SIZE, "without faults");
    else
        snprintf(out, CASE_SIZE, "%s:%s:%llu:%s", weir_fault_op_name(now->op),
                 now->way->name, (unsigned long long)now->n,
                 now->sloppy ? "sloppy" : "careful");
}

void wrong(const world *w, const char *format, ...)
{
    char name[CASE_SIZE];
    char what[600];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    describe(w->now, name);
    fail_msg("%s: %s", name, what);
}

weir_conn *connect_again(world *w, weir_error *err)
{
    weir_conn *conn = weir_connect(w->engine, err);

    for (int tries = 0; !conn && tries < 2000; tries++) {
        (void)poll(NULL, 0, 5);
        conn = weir_connect(w->engine, err);
    }
    return conn;
}

bool is_lie(const world *w)
{
    return w->now && w->now->way->fault.kind == WEIR_FAULT_LIE;
}

bool went_well(world *w, weir_status status, const weir_error *err)
{
    if (status == WEIR_OK)
        return true;
    if (weir_faulty_hits(w->faulty) == 0 && !is_lie(w))
        wrong(w, "%s before anything went wrong: %s", weir_status_name(status),
              err->message);
    if (err->status != status)
        wrong(w, "it answers %s and its error says %s",
              weir_status_name(status), weir_status_name(err->status));
    if (err->message[0] == '\0' || strchr(err->message, '\n'))
        wrong(w, "%s has the message \"%s\"", weir_status_name(status),
              err->message);
    w->block_failed = true;
    return false;
}

bool conn_went_well(world *w, weir_status status)
{
    return went_well(w, status, weir_conn_error(w->conn));
}

/* ------------------------------------------------------------ the engine's */

static void *count_alloc(void *context, size_t size)
{
    world *w = context;
    void *memory = malloc(size);

    if (memory)
        atomic_fetch_add(&w->live, 1);
    return memory;
}

static void *count_resize(void *context, void *old, size_t size)
{
    world *w = context;
    void *memory = realloc(old, size);

    if (memory && !old)
        atomic_fetch_add(&w->live, 1);
    return memory;
}

static void count_free(void *context, void *memory)
{
    world *w = context;

    if (memory)
        atomic_fetch_sub(&w->live, 1);
    free(memory);
}

/* What has gone wrong hangs: somebody cancels all that there is, once. A wait
 * that is no statement's would not end by it, however often. */
static void cancel_all(world *w)
{
    if (!w->now || !w->now->way->cancels || w->cancelled ||
        weir_faulty_hits(w->faulty) == 0)
        return;
    w->cancelled = true;
    for (int i = 0; i < CONN_COUNT; i++)
        weir_cancel(w->conns[i]);
}

/* Time passes at once. */
static weir_status wait_no_time(void *context, int fd, unsigned events,
                                int64_t deadline)
{
    struct pollfd look = {.fd = fd, .events = POLLIN};

    (void)events;
    (void)deadline;
    cancel_all(context);
    return poll(&look, 1, 0) == 1 ? WEIR_OK : WEIR_ERR_TIMEOUT;
}

static void open_engine(world *w, const weir_allocator *allocator)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    weir_error err;

    options.pool_size = CONN_COUNT;
    options.max_overflow = 0;
    options.pool_timeout_s = 2;
    options.pool_pre_ping = true;
    /* A lie may leave a lock behind, for which all others wait. */
    options.statement_timeout_s = is_lie(w) ? 0.05 : 2;
    options.statement_cache_size = 4; /* so that some are finished early */
    options.wait = wait_no_time;
    options.wait_context = w;
    options.allocator = allocator;
    w->engine = weir_engine_open(telling->url, &options, &err);
    if (!w->engine)
        wrong(w, "no engine: %s", err.message);
    w->faulty = weir_faulty_find("story");
    assert_non_null(w->faulty);
}

/* ---------------------------------------------------------------- the story */

static weir_conn *borrow(world *w)
{
    weir_error err = {.status = WEIR_OK};
    weir_conn *conn = weir_connect(w->engine, &err);

    if (!conn && err.status == WEIR_OK)
        wrong(w, "no connection, and no error either");
    if (!conn)
        (void)went_well(w, err.status, &err);
    return conn;
}

bool roll_back(world *w, int number)
{
    (void)number;
    weir_result_close(&w->rows);
    if (!w->conn)
        return true;
    if (weir_rollback(w->conn) != WEIR_OK)
        wrong(w, "rollback: %s", weir_conn_error(w->conn)->message);
    if (weir_in_transaction(w->conn))
        wrong(w, "a transaction is open after the rollback");
    if (telling->rolled_back)
        telling->rolled_back(w);
    return true;
}

static void run_block(world *w, const block *one)
{
    bool sloppy = w->now && w->now->sloppy;

    w->block_failed = false;
    w->savepoint = (weir_savepoint){0};
    if (!w->conns[one->conn])
        w->conns[one->conn] = borrow(w);
    w->conn = w->conns[one->conn];
    for (int i = 0; w->conn && one->steps[i].act; i++) {
        if (!one->steps[i].act(w, one->steps[i].number) && !sloppy)
            break;
        w->conn = w->conns[one->conn];
    }
    w->conn = w->conns[one->conn];
    roll_back(w, 0);
    w->blocks_failed += w->block_failed;
}

bool begin_tx(world *w, int number)
{
    (void)number;
    return conn_went_well(w, weir_begin(w->conn));
}

bool close_conn(world *w, int number)
{
    for (int i = 0; i < CONN_COUNT; i++) {
        if (w->conns[i] == w->conn)
            w->conns[i] = NULL;
    }
    (void)number;
    weir_result_close(&w->rows);
    weir_conn_close(&w->conn);
    if (telling->rolled_back)
        telling->rolled_back(w);
    return true;
}

bool ask_for_too_many(world *w, int number)
{
    weir_connect_options options = WEIR_CONNECT_OPTIONS;
    weir_error err = {.status = WEIR_OK};
    weir_conn *third;

    (void)number;
    options.timeout_s = 0;
    third = weir_connect_with(w->engine, &options, &err);
    if (third && w->conns[0] && w->conns[1])
        wrong(w, "a third connection where two are the limit");
    weir_conn_close(&third);
    return err.status == WEIR_ERR_POOL_TIMEOUT ||
           went_well(w, err.status, &err);
}

bool cancel_nothing(world *w, int number)
{
    (void)number;
    /* It has no error of its own: the handle's is the other thread's. */
    (void)weir_cancel(w->conn);
    return true;
}

bool ping_engine(world *w, int number)
{
    weir_error err = {.status = WEIR_OK};

    close_conn(w, number);
    return went_well(w, weir_engine_ping(w->engine, &err), &err);
}

bool invalidate(world *w, int number)
{
    (void)number;
    return conn_went_well(w, weir_conn_invalidate(w->conn));
}

/* -------------------------------------------------------- what must hold */

static void expect_all_back(world *w)
{
    weir_pool_status status;

    weir_engine_pool_status(w->engine, &status);
    if (status.busy || status.connecting || status.waiting)
        wrong(w, "%d are out, %d being opened, %d waiting", status.busy,
              status.connecting, status.waiting);
}

/* `others`: 0, or what begins things as well. */
static void expect_pairs(world *w, weir_fault_op begins, weir_fault_op others,
                         weir_fault_op ends)
{
    uint64_t begun = weir_faulty_calls(w->faulty, begins) +
                     (others ? weir_faulty_calls(w->faulty, others) : 0);
    uint64_t ended = weir_faulty_calls(w->faulty, ends);

    if (begun != ended)
        wrong(w, "%llu %s() and %llu %s()", (unsigned long long)begun,
              weir_fault_op_name(begins), (unsigned long long)ended,
              weir_fault_op_name(ends));
}

/* One fault spoils one block: after it all goes on. */
static void expect_little_damage(world *w)
{
    if (!w->now || w->now->way->fault.repeat || is_lie(w))
        return;
    if (w->blocks_failed > 1)
        wrong(w, "one fault made %d blocks fail", w->blocks_failed);
}

static void expect_contract_kept(world *w)
{
    const char *breach = weir_faulty_breach(w->faulty);

    if (breach)
        wrong(w, "the core broke the contract: %s", breach);
    expect_pairs(w, WEIR_FAULT_OPEN, 0, WEIR_FAULT_CLOSE);
    expect_pairs(w, WEIR_FAULT_PREPARE, 0, WEIR_FAULT_FINISH);
    expect_pairs(w, WEIR_FAULT_EXECUTE, WEIR_FAULT_COLLECT, WEIR_FAULT_END);
}

/* After a lie nobody knows what the idle connections are like. */
static void check_story(world *w)
{
    weir_faulty_arm(w->faulty, NULL);
    expect_all_back(w);
    if (is_lie(w))
        weir_engine_dispose(w->engine);
    telling->check(w);
    expect_all_back(w);
    weir_engine_dispose(w->engine);
    expect_contract_kept(w);
}

static void run_story(world *w)
{
    for (size_t i = 0; i < telling->block_count; i++)
        run_block(w, &telling->blocks[i]);
    for (int i = 0; i < CONN_COUNT; i++)
        weir_conn_close(&w->conns[i]);
}

/* Tells the story once. @return how many calls went wrong */
static uint64_t run_case(const fault_case *now, uint64_t *calls)
{
    world w = {.now = now};
    const weir_allocator allocator = {count_alloc, count_resize, count_free,
                                      &w};
    weir_fault fault = {.at = 0};
    uint64_t hits;

    telling->begin(&w);
    open_engine(&w, &allocator);
    if (now) {
        fault = now->way->fault;
        fault.op = now->op;
        fault.at = now->n;
    }
    weir_faulty_arm(w.faulty, &fault);
    run_story(&w);
    hits = weir_faulty_hits(w.faulty);
    for (int op = 0; op < WEIR_FAULT_OP_COUNT; op++)
        w.calls[op] = weir_faulty_calls(w.faulty, (weir_fault_op)op);
    expect_little_damage(&w);
    check_story(&w);
    weir_engine_close(&w.engine);
    if (atomic_load(&w.live) != 0)
        wrong(&w, "%ld allocations are left", atomic_load(&w.live));
    telling->end(&w);
    if (calls)
        memcpy(calls, w.calls, sizeof w.calls);
    return hits;
}

/* ------------------------------------------------------------------- cases */

/* attach() is over before a fault can be armed; it has a test of its own. */
static bool is_case(const fault_case *now, const uint64_t *calls)
{
    return now->op > WEIR_FAULT_ATTACH && calls[now->op] > 0 &&
           weir_fault_applies(now->way->fault.kind, now->op);
}

static void run_sample(const uint64_t *calls)
{
    uint64_t seed = kit_seed(), state = seed;
    int hits = 0;

    print_message("WEIR_SEED=%llu tells the same again\n",
                  (unsigned long long)seed);
    for (int i = 0; i < SAMPLE_SIZE;) {
        fault_case now = {
            .op = (weir_fault_op)(kit_dice(&state) % WEIR_FAULT_OP_COUNT),
            .way = &ways[kit_dice(&state) % WAY_COUNT],
            .sloppy = kit_dice(&state) % 2,
        };

        if (!is_case(&now, calls))
            continue;
        now.n = 1 + kit_dice(&state) % calls[now.op];
        hits += run_case(&now, NULL) > 0;
        i++;
    }
    /* Rarely a call comes only with another: most must have gone wrong. */
    assert_true(hits > SAMPLE_SIZE / 2);
}

static uint64_t run_all_n(fault_case *now)
{
    uint64_t count = 0;

    for (now->n = 1; run_case(now, NULL) > 0; now->n++)
        count++;
    return count;
}

static void run_all(const uint64_t *calls)
{
    uint64_t count = 0;

    for (int op = WEIR_FAULT_ANY + 1; op < WEIR_FAULT_OP_COUNT; op++) {
        for (int i = 0; i < 2 * WAY_COUNT; i++) {
            fault_case now = {
                .op = (weir_fault_op)op, .way = &ways[i / 2], .sloppy = i % 2};
            uint64_t n;

            if (!is_case(&now, calls))
                continue;
            n = run_all_n(&now);
            /* That many there were when nothing went wrong. */
            if (n == 0)
                wrong(&(world){.now = &now}, "it never happens");
            count += n;
        }
    }
    print_message("%llu cases\n", (unsigned long long)count);
}

/* One more colon than there are parts is no case. */
static void run_one(char *said)
{
    char *part[4] = {said, NULL, NULL, NULL};
    fault_case now = {.op = WEIR_FAULT_OP_COUNT};

    for (int i = 1; i < 4; i++) {
        part[i] = strchr(part[i - 1], ':');
        if (!part[i])
            fail_msg("a case is operation:way:n:manner");
        *part[i]++ = '\0';
    }
    for (int op = 0; op < WEIR_FAULT_OP_COUNT; op++) {
        if (strcmp(part[0], weir_fault_op_name((weir_fault_op)op)) == 0)
            now.op = (weir_fault_op)op;
    }
    for (int i = 0; i < WAY_COUNT; i++) {
        if (strcmp(part[1], ways[i].name) == 0)
            now.way = &ways[i];
    }
    if (now.op == WEIR_FAULT_OP_COUNT || !now.way)
        fail_msg("there is no operation %s or no way %s", part[0], part[1]);
    now.n = strtoull(part[2], NULL, 10);
    now.sloppy = strcmp(part[3], "sloppy") == 0;
    print_message("%llu calls went wrong\n",
                  (unsigned long long)run_case(&now, NULL));
}

static void test_story__holds_whatever_goes_wrong(void **state)
{
    const char *torture = getenv("WEIR_TORTURE");
    const char *said = getenv("WEIR_CASE");
    uint64_t calls[WEIR_FAULT_OP_COUNT];
    char copy[CASE_SIZE];

    (void)state;
    (void)run_case(NULL, calls);
    if (said) {
        snprintf(copy, sizeof copy, "%s", said);
        run_one(copy);
    } else if (torture && strcmp(torture, "full") == 0) {
        run_all(calls);
    } else {
        run_sample(calls);
    }
}

static bool is_unreached(weir_fault_op op)
{
    for (const weir_fault_op *one = telling->unreached; *one; one++) {
        if (*one == op)
            return true;
    }
    return false;
}

/* So that what the core begins to use is put into the story. */
static void test_story__reaches_every_operation_but_these(void **state)
{
    uint64_t calls[WEIR_FAULT_OP_COUNT];

    (void)state;
    (void)run_case(NULL, calls);
    for (int op = WEIR_FAULT_ANY + 1; op < WEIR_FAULT_OP_COUNT; op++) {
        if ((calls[op] == 0) != is_unreached((weir_fault_op)op))
            fail_msg("%s: %llu calls", weir_fault_op_name((weir_fault_op)op),
                     (unsigned long long)calls[op]);
    }
}

static void test_attach__that_fails_leaves_nothing(void **state)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    world w = {.now = NULL};
    const weir_allocator allocator = {count_alloc, count_resize, count_free,
                                      &w};
    weir_error err;
    char url[200];

    (void)state;
    snprintf(url, sizeof url,
             "%s&fault_op=attach&fault_at=1&fault_status=resource",
             telling->url);
    telling->begin(&w);
    options.allocator = &allocator;
    assert_null(weir_engine_open(url, &options, &err));
    assert_int_equal(err.status, WEIR_ERR_RESOURCE);
    assert_int_equal(atomic_load(&w.live), 0);
    assert_null(weir_faulty_find("story"));
    telling->end(&w);
}

int tell(const story *told)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_story__reaches_every_operation_but_these),
        cmocka_unit_test(test_attach__that_fails_leaves_nothing),
        cmocka_unit_test(test_story__holds_whatever_goes_wrong),
    };

    telling = told;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
