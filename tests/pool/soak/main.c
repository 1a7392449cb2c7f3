/* SPDX-License-Identifier: MIT */
/*
 * Scenario 74: for as long as one likes a crowd works through a pool, while
 * sessions are ended, the network is cut, silent and slow, the server is halted
 * and restarted, and options are turned. A round is trouble, then calm, in
 * which nothing may fail, then a reckoning (books.h). A finding is a line; the
 * exit status is 1 if there was any.
 *
 * usage: soak [SECONDS]   beside what $WEIR_TEST_URL names
 *   $SOAK_SECONDS         the same; else some seconds, and a minute and a half
 *                         with WEIR_TORTURE=full
 *   $WEIR_SEED            chooses the trouble, not the moments of threads
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "books.h"
#include "crowd.h"
#include "findings.h"
#include "ground.h"
#include "meddler.h"
#include "trouble.h"

enum { SKIPPED = 77, LONG_S = 30, SHORT_S = 3, TORTURE_S = 90 };
enum { VERY_LONG_S = 1800 };

/* Beyond the longest pause between attempts to connect: until one that is under
 * way has ended, and whoever holds a connection gives it back. */
#define BACK_MORE_S (CONNECT_S + 3.0)
#define GRACE_S 0.3 /* until what was cut last has been noticed */

typedef struct soak {
    ground here;
    books books;
    crowd_sums crowd; /* of the round */
    double seconds;
    double trouble_s;
    double calm_s;
    double back_s; /* until the first success after the trouble */
    uint64_t seed;
    uint64_t dice;
    uint64_t operations;
    int rounds;
} soak;

/* ----------------------------------------------------------------- options */

static double seconds_wanted(int argc, char **argv)
{
    const char *torture = getenv("WEIR_TORTURE");
    const char *text = argc > 1 ? argv[1] : getenv("SOAK_SECONDS");

    if (text && text[0])
        return strtod(text, NULL);
    return torture && strcmp(torture, "full") == 0 ? TORTURE_S : SHORT_S;
}

static uint64_t seed_wanted(void)
{
    const char *text = getenv("WEIR_SEED");
    struct timespec now;

    if (text && text[0])
        return strtoull(text, NULL, 10);
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static double within(double value, double least, double most)
{
    return value < least ? least : value > most ? most : value;
}

/* ------------------------------------------------------------------ report */

static void print_statuses(const char *what, const uint64_t counts[STATUSES])
{
    const char *gap = "";

    printf("; %s:", what);
    for (int i = 1; i < STATUSES; i++) {
        if (counts[i] == 0)
            continue;
        printf("%s %s %llu", gap,
               weir_status_name((weir_status)-i) + strlen("WEIR_ERR_"),
               (unsigned long long)counts[i]);
        gap = ",";
    }
    if (!gap[0])
        printf(" none");
}

static void report_round(const soak *all)
{
    const ledger_sums *words = &all->books.ledger;
    const footprint *now = &all->books.last;

    printf("%s: %.1f s: checkpoint %d: %llu loans, %lld committed, %lld not, "
           "%lld unknown (%lld of them there)",
           all->here.tongue->backend, clock_s(), all->books.checks,
           (unsigned long long)all->crowd.acquired,
           (long long)words->of[TOLD_COMMITTED],
           (long long)words->of[TOLD_FAILED],
           (long long)words->of[TOLD_UNKNOWN],
           (long long)words->unknown_and_there);
    print_statuses("refused", all->crowd.refused);
    print_statuses("failed", all->crowd.failed);
    printf("; longest wait %.2f s, latest %.3f s, longest return %.2f s; back "
           "after %.2f s; %d fds, %d threads, engine %lld bytes in %lld "
           "blocks, heap %lld, resident %lld KiB\n",
           all->crowd.longest_wait_s, all->crowd.latest_s,
           all->crowd.longest_close_s, all->back_s, now->fds, now->threads,
           (long long)now->engine_bytes, (long long)now->engine_blocks,
           (long long)now->heap_bytes, (long long)now->resident_bytes / 1024);
    fflush(stdout);
}

static int report_all(const soak *all)
{
    printf("%s: soak: %llu operations, %d checkpoints, %d findings\n",
           all->here.tongue->backend, (unsigned long long)all->operations,
           all->books.checks, findings_count());
    fflush(stdout);
    return findings_count() > 0;
}

/* Somebody hangs: the pool is written down, and the process can only end. */
static _Noreturn void give_up(const soak *all)
{
    weir_json dump;

    weir_json_init(&dump, NULL);
    if (weir_pool_dump(all->here.tried, &dump) == WEIR_OK &&
        weir_json_finish(&dump) == WEIR_OK)
        printf("%s: %s\n", all->here.tongue->backend,
               weir_json_result(&dump).data);
    (void)report_all(all);
    _exit(1);
}

/* ------------------------------------------------------------------- rounds */

/* The first success has its time; then the pool knows that all is well. */
static void await_recovery(soak *all, double since_s)
{
    double limit_s = BACKOFF_S + BACK_MORE_S + slack_s();
    weir_pool_numbers now = {.health = WEIR_POOL_UP};

    while (crowd_success_s() < 0 && clock_s() < since_s + 60)
        nap_s(0.002);
    all->back_s =
        (crowd_success_s() < 0 ? clock_s() : crowd_success_s()) - since_s;
    if (all->back_s > limit_s)
        finding("the first success came %.2f s after the end of the trouble, "
                "with %.2f s for it",
                all->back_s, limit_s);
    nap_s(GRACE_S + slack_s());
    (void)weir_pool_stats(all->here.tried, &now);
    if (now.health == WEIR_POOL_DOWN || now.health == WEIR_POOL_SUSPECT)
        finding("the pool calls a database %s that answers",
                now.health == WEIR_POOL_DOWN ? "down" : "suspect");
}

static void be_calm(soak *all, uint64_t seed)
{
    double since_s;

    if (!trouble_end(&all->here)) {
        finding("the database has not come back");
        give_up(all);
    }
    meddler_settle(&all->here);
    since_s = clock_s();
    crowd_await_success_since(since_s);
    await_recovery(all, since_s);
    crowd_expect_success();
    meddler_begin(&all->here, true, seed + 1);
    nap_s(all->calm_s);
    meddler_end();
    meddler_settle(&all->here);
}

static void run_round(soak *all)
{
    uint64_t seed = dice_of(all->seed, (uint64_t)all->rounds);
    int borrowers = all->here.is_server ? CROWD_MAX : CROWD_MAX / 2;

    memset(&all->crowd, 0, sizeof all->crowd);
    all->dice = dice_of(seed, CROWD_MAX + 2);
    crowd_begin(&all->here, borrowers, seed);
    meddler_begin(&all->here, false, seed);
    trouble_for(&all->here, all->trouble_s, all->seconds >= LONG_S, &all->dice);
    meddler_end();
    be_calm(all, seed);
    if (!crowd_end(&all->crowd))
        give_up(all);
    books_check(&all->books, &all->here, &all->crowd);
    all->operations += all->crowd.tried;
    all->rounds++;
    report_round(all);
}

/* Of an engine: enough to see whether it grows, where there is time. */
static int rounds_of(double seconds)
{
    return seconds < LONG_S ? 1 : seconds < VERY_LONG_S ? 5 : 16;
}

/* Engines with threads of their own and without take turns. */
static bool run(soak *all)
{
    int most = rounds_of(all->seconds);
    bool threads = true;

    do {
        if (!ground_open_engine(&all->here, threads))
            return false;
        books_new_engine(&all->books);
        for (int i = 0; i < most; i++) {
            run_round(all);
            if (clock_s() >= all->seconds)
                break;
        }
        ground_close_engine(&all->here);
        threads = !threads;
    } while (clock_s() < all->seconds);
    return true;
}

int main(int argc, char **argv)
{
    static soak all;
    const char *url = getenv("WEIR_TEST_URL");

    if (!url || !url[0]) {
        fprintf(stderr, "soak: skipped: there is no WEIR_TEST_URL\n");
        return SKIPPED;
    }
    all.seconds = seconds_wanted(argc, argv);
    all.trouble_s = within(all.seconds / 12, 0.7, 40);
    all.calm_s = within(all.seconds / 40, 0.3, 6);
    all.seed = seed_wanted();
    findings_begin("soak", all.seed);
    if (!ground_begin(&all.here, url))
        return 1;
    findings_begin(all.here.tongue->backend, all.seed);
    printf("%s: soak for %.0f s; WEIR_SEED=%llu gives the same trouble again\n",
           all.here.tongue->backend, all.seconds, (unsigned long long)all.seed);
    fflush(stdout);
    if (!run(&all))
        return 1;
    ground_end(&all.here);
    return report_all(&all);
}
