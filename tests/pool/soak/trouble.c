/* SPDX-License-Identifier: MIT */
#include "trouble.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>

#include <weir/short.h>

#include "findings.h"
#include "kit/server.h"
#include "kit/victim.h"

enum { ENDED_MAX = 64, BYTES_MAX = 6000 };

static double tenths(uint64_t *dice, uint64_t most)
{
    return 0.1 * (double)roll(dice, 10 * most) / 10;
}

/* ------------------------------------------------------------- the sessions */

/* PostgreSQL ends them by the query itself, the other has a list. */
static void end_listed(weir_conn *conn, const char *sql)
{
    int64_t numbers[ENDED_MAX];
    size_t count = 0;
    weir_result *rows = weir_query(conn, sql, NOARGS);

    while (count < ENDED_MAX && weir_next(rows))
        numbers[count++] = weir_get_i64(rows, 0);
    weir_result_close(&rows);
    for (size_t i = 0; i < count; i++) {
        char kill[48];

        snprintf(kill, sizeof kill, "KILL %lld", (long long)numbers[i]);
        (void)weir_exec(conn, kill, NOARGS);
    }
}

static void end_sessions(ground *here, const char *sql)
{
    weir_conn *conn = ground_watch(here, 0);

    if (!conn)
        return;
    if (here->tongue->stop_signal == SIGINT)
        (void)weir_exec(conn, sql, NOARGS);
    else
        end_listed(conn, sql);
    weir_conn_close(&conn);
}

static void end_one(ground *here, uint64_t *dice)
{
    (void)dice;
    end_sessions(here, here->tongue->end_one);
}

static void end_all(ground *here, uint64_t *dice)
{
    (void)dice;
    end_sessions(here, here->tongue->end_all);
}

/* -------------------------------------------------------------- the network */

static void cut_all(ground *here, uint64_t *dice)
{
    kit_proxy_strike(here->proxy, roll(dice, 2) ? KIT_RESET : KIT_CLOSE);
}

/* One of them, in the middle of something. */
static void cut_later(ground *here, uint64_t *dice)
{
    kit_proxy_arm(here->proxy, (kit_direction)roll(dice, 2),
                  roll(dice, BYTES_MAX), roll(dice, 2) ? KIT_RESET : KIT_CLOSE);
    nap_s(tenths(dice, 1));
}

static void fall_silent(ground *here, uint64_t *dice)
{
    kit_proxy_strike(here->proxy, KIT_STALL);
    nap_s(tenths(dice, 20));
    kit_proxy_heal(here->proxy);
}

static void go_down(ground *here, uint64_t *dice)
{
    kit_proxy_strike(here->proxy, KIT_DOWN);
    nap_s(tenths(dice, 20));
    kit_proxy_heal(here->proxy);
}

/* Nothing is lost, and all of it is late. */
static void crawl(ground *here, uint64_t *dice)
{
    for (uint64_t left = 10 + roll(dice, 40); left > 0; left--) {
        kit_proxy_strike(here->proxy, KIT_STALL);
        nap_s((double)roll(dice, 20) / 1e3);
        kit_proxy_heal(here->proxy);
        nap_s((double)roll(dice, 5) / 1e3);
    }
}

/* --------------------------------------------------------------- the server */

static void halt(ground *here, uint64_t *dice)
{
    pid_t server = kit_victim_pid();

    (void)here;
    if (server <= 1)
        return;
    (void)kit_signal_server(server, SIGSTOP);
    nap_s(tenths(dice, 15));
    (void)kit_signal_server(server, SIGCONT);
}

/* In order, or by force. Who runs us starts it again. */
static void restart(ground *here, uint64_t *dice)
{
    pid_t server = kit_victim_pid();
    int signal = roll(dice, 2) ? here->tongue->stop_signal : SIGKILL;

    if (server <= 1 || (signal == SIGKILL ? kit_signal_server(server, SIGKILL)
                                          : kill(server, signal)) != 0)
        return;
    for (int i = 0; i < 6000 && kit_victim_pid() == server; i++)
        nap_s(0.01);
    if (kit_victim_pid() == server || !kit_victim_await())
        finding("the server %d did not come back after signal %d", (int)server,
                signal);
}

/* ---------------------------------------------------------- any database */

static void refuse(ground *here, uint64_t *dice)
{
    atomic_store(&here->is_closed, true);
    if (roll(dice, 2))
        weir_engine_dispose(here->tried);
    nap_s(tenths(dice, 15));
    atomic_store(&here->is_closed, false);
}

/* As another process would. */
static void hold_the_file(ground *here, uint64_t *dice)
{
    weir_conn *conn = ground_watch(here, 0);

    if (!conn)
        return;
    (void)weir_exec(conn, "UPDATE soak SET part = part WHERE id = -1", NOARGS);
    nap_s(tenths(dice, 4));
    weir_conn_close(&conn);
}

static void rest(ground *here, uint64_t *dice)
{
    (void)here;
    nap_s(tenths(dice, 3));
}

/* ------------------------------------------------------------- one by one */

typedef struct trick {
    void (*run)(ground *here, uint64_t *dice);
    unsigned weight;
} trick;

enum { RESTARTS = 0 }; /* its place in the table */
static const trick of_servers[] = {
    {restart, 1},    {end_one, 8},     {end_all, 2}, {cut_all, 4},
    {cut_later, 10}, {fall_silent, 3}, {go_down, 3}, {crawl, 3},
    {halt, 3},       {refuse, 2},      {rest, 6},
};
static const trick of_files[] = {{refuse, 3}, {hold_the_file, 3}, {rest, 4}};

static const trick *draw(const trick *tricks, size_t count, uint64_t *dice)
{
    uint64_t sum = 0, drawn;
    size_t i = 0;

    for (size_t k = 0; k < count; k++)
        sum += tricks[k].weight;
    for (drawn = roll(dice, sum); drawn >= tricks[i].weight; i++)
        drawn -= tricks[i].weight;
    return &tricks[i];
}

void trouble_for(ground *here, double seconds, bool with_restarts,
                 uint64_t *dice)
{
    const trick *tricks = here->is_server ? of_servers : of_files;
    size_t count = here->is_server ? sizeof of_servers / sizeof *of_servers
                                   : sizeof of_files / sizeof *of_files;
    double until_s = clock_s() + seconds;

    while (clock_s() < until_s) {
        const trick *next = draw(tricks, count, dice);

        if (next == &of_servers[RESTARTS] && !with_restarts)
            continue;
        next->run(here, dice);
    }
}

bool trouble_end(ground *here)
{
    weir_conn *conn;

    if (here->is_server)
        kit_proxy_heal(here->proxy);
    conn = ground_watch(here, 60);
    if (!conn)
        return false;
    weir_conn_close(&conn);
    return true;
}
