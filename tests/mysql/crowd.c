/* SPDX-License-Identifier: MIT */
/*
 * Many threads on few connections, over a network that breaks all the time
 * and a server that kills sessions. At the end what the threads were told and
 * what the server has must agree, row by row, and so must the connections.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <unistd.h>

#include "kit/proxy.h"
#include "mysql/with_server.h"

enum { THREADS = 64, CONNECTIONS = 8, ROWS_MAX = 200000 };
enum { ABSENT = 0, PRESENT, UNKNOWN };

static kit_proxy *proxy;
static weir_engine *crowded;
static _Atomic bool over;

typedef struct worker {
    pthread_t thread;
    int number;
    int count;
    uint8_t *told; /* by row */
} worker;

static worker workers[THREADS];

static int64_t id_of(const worker *w, int row)
{
    return (int64_t)w->number * ROWS_MAX + row;
}

/* Two rows belong together: both or none. */
static uint8_t add_pair(weir_conn *conn, int64_t id)
{
    weir_status status =
        weir_exec(conn, "INSERT INTO crowd VALUES (?, 0)", ARGS(id));

    if (status == WEIR_OK)
        status = weir_exec(conn, "INSERT INTO crowd VALUES (?, 1)", ARGS(id));
    if (status == WEIR_OK)
        status = weir_commit(conn);
    else
        (void)weir_rollback(conn);
    return status == WEIR_OK                   ? PRESENT
           : status == WEIR_ERR_COMMIT_UNKNOWN ? UNKNOWN
                                               : ABSENT;
}

static void *work(void *memory)
{
    worker *w = memory;

    while (!atomic_load(&over) && w->count < ROWS_MAX) {
        weir_error err;
        weir_conn *conn = weir_connect(crowded, &err);

        if (!conn)
            continue;
        (void)weir_set_timeout(conn, 1);
        w->told[w->count] = add_pair(conn, id_of(w, w->count));
        w->count++;
        weir_conn_close(&conn);
    }
    return NULL;
}

/* ------------------------------------------------------------- the trouble */

static uint64_t dice;

static unsigned roll(unsigned sides)
{
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return (unsigned)(dice % sides);
}

/* The server ends a session that is not our own. */
static void kill_somebody(weir_conn *conn)
{
    char sql[64];
    int64_t id = get(conn, "SELECT COALESCE((SELECT id FROM "
                           "information_schema.processlist WHERE user = "
                           "'weir' AND id <> connection_id() ORDER BY "
                           "RAND() LIMIT 1), 0)");

    snprintf(sql, sizeof sql, "KILL %lld", (long long)id);
    (void)try(conn, sql);
    (void)weir_rollback(conn);
}

static void make_trouble(weir_conn *conn)
{
    switch (roll(5)) {
    case 0:
        kit_proxy_strike(proxy, KIT_RESET);
        break;
    case 1:
        kit_proxy_strike(proxy, KIT_STALL);
        usleep(20000 + 1000 * roll(60));
        kit_proxy_heal(proxy);
        break;
    case 2:
        kill_somebody(conn);
        break;
    default:
        kit_proxy_arm(proxy, (kit_direction)roll(2), roll(4000),
                      roll(2) ? KIT_CLOSE : KIT_RESET);
        break;
    }
}

/* ----------------------------------------------------------- at the end */

/* Rows with this id: 0 or 2, never 1. */
static int64_t look_up(weir_conn *conn, int64_t id)
{
    WEIR_AUTO(weir_result) rows =
        weir_query(conn, "SELECT count(*) FROM crowd WHERE id = ?", ARGS(id));

    assert_int_equal(weir_result_one(rows), WEIR_OK);
    return weir_get_i64(rows, 0);
}

static void settle(weir_conn *conn, const worker *w, int64_t totals[3])
{
    for (int row = 0; row < w->count; row++) {
        int64_t there = look_up(conn, id_of(w, row));
        uint8_t told = w->told[row];

        totals[told]++;
        if (there == 1 || (told == PRESENT && there != 2) ||
            (told == ABSENT && there != 0))
            fail_msg("row %lld: told %d, %lld rows", (long long)id_of(w, row),
                     told, (long long)there);
    }
}

static int64_t sessions(weir_conn *conn)
{
    return get(conn, "SELECT count(*) FROM information_schema.processlist "
                     "WHERE user = 'weir' AND id <> connection_id()");
}

static void check_connections(weir_conn *conn)
{
    weir_pool_status status;

    weir_engine_pool_status(crowded, &status);
    assert_int_equal(status.busy, 0);
    assert_int_equal(status.waiting, 0);
    assert_true(status.idle <= CONNECTIONS);
    assert_int_equal(status.opened - status.closed, status.idle);
    weir_engine_close(&crowded);
    for (int i = 0; i < 500 && sessions(conn) > 0; i++)
        usleep(10000);
    assert_int_equal(sessions(conn), 0);
}

static void open_crowded(void)
{
    weir_engine_options options = WEIR_ENGINE_OPTIONS;
    const char *url = getenv("WEIR_TEST_URL");
    const char *colon = strrchr(url, ':');
    char through[512];
    weir_error err;

    proxy = kit_proxy_start(atoi(colon + 1), KIT_MYSQL);
    options.pool_size = CONNECTIONS;
    options.max_overflow = 0;
    options.pool_timeout_s = 2;
    snprintf(through, sizeof through, "%.*s:%d%s", (int)(colon - url), url,
             kit_proxy_port(proxy), strchr(colon, '/'));
    crowded = weir_engine_open(through, &options, &err);
    assert_non_null(crowded);
}

static void test_crowd__is_told_truly(void **state)
{
    const char *torture = getenv("WEIR_TORTURE"), *seed = getenv("WEIR_SEED");
    double until =
        seconds_now() + (torture && strcmp(torture, "full") == 0 ? 30 : 2);
    WEIR_AUTO(weir_conn) conn = borrow();
    int64_t totals[3] = {0};

    (void)state;
    dice = seed ? strtoull(seed, NULL, 10) : (uint64_t)(until * 1e6);
    dice = dice ? dice : 1;
    printf("WEIR_SEED=%llu gives the same trouble again\n",
           (unsigned long long)dice);
    open_crowded();
    run(conn, "DROP TABLE IF EXISTS crowd");
    run(conn, "CREATE TABLE crowd (id BIGINT, part INT, PRIMARY KEY (id, "
              "part))");
    commit(conn);
    for (int i = 0; i < THREADS; i++) {
        workers[i].number = i;
        workers[i].told = calloc(ROWS_MAX, 1);
        assert_int_equal(
            pthread_create(&workers[i].thread, NULL, work, &workers[i]), 0);
    }
    while (seconds_now() < until) {
        usleep(1000 * (20 + roll(80)));
        make_trouble(conn);
    }
    atomic_store(&over, true);
    kit_proxy_heal(proxy);
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
    check_connections(conn);
    for (int i = 0; i < THREADS; i++) {
        settle(conn, &workers[i], totals);
        free(workers[i].told);
    }
    printf("%lld committed, %lld not, %lld unknown\n",
           (long long)totals[PRESENT], (long long)totals[ABSENT],
           (long long)totals[UNKNOWN]);
    assert_true(totals[PRESENT] > 0 && totals[ABSENT] > 0);
    kit_proxy_stop(&proxy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_crowd__is_told_truly),
    };
    int failed;

    if (open_engine() != 0)
        return 1;
    failed = cmocka_run_group_tests(tests, NULL, NULL);
    weir_engine_close(&engine);
    return failed;
}
