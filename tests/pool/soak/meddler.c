/* SPDX-License-Identifier: MIT */
#include "meddler.h"

#include <pthread.h>
#include <stddef.h>

#include "crowd.h"
#include "findings.h"

enum { TEXT_SIZE = 8192 };

static struct {
    pthread_t thread;
    bool runs;
    ground *here;
    bool gently;
    uint64_t dice;
    atomic_bool over;
} meddler;

/* ------------------------------------------------------------------ options */

typedef struct knob {
    const char *name;
    const char *values[5]; /* size and overflow: OPEN_MAX_EVER in all */
    const char *calm;
    bool is_gentle; /* its values shorten nobody's loan and refuse nobody */
    bool needs_threads;
} knob;

/* In such an order that the calm values never contradict each other. */
static const knob knobs[] = {
    {"pool_min_idle", {"0", "1", "2", "4"}, "0", true, true},
    {"pool_size", {"1", "2", "4", "6", "8"}, "6", true, false},
    {"max_overflow", {"0", "1", "2", "4"}, "4", true, false},
    {"pool_idle_timeout", {"0", "0.05", "0.3", "2"}, "0", true, true},
    {"pool_keepalive", {"0", "0.02", "0.2"}, "0", true, true},
    {"pool_recycle", {"-1", "0.05", "0.5", "3"}, "-1", true, false},
    {"pool_max_uses", {"0", "1", "7", "50"}, "0", true, false},
    {"max_connecting", {"1", "2", "4"}, "2", true, false},
    {"pool_ping_bypass", {"0", "0.01", "0.5"}, "0", true, false},
    {"pool_pre_ping", {"false", "true"}, "false", true, false},
    {"max_overtake", {"0", "0.001", "0.01"}, "0", true, false},
    {"pool_order", {"affinity", "fifo", "lifo"}, "affinity", true, false},
    {"pool_reclaim_after", {"0", "0.3", "0.6"}, "0", false, true},
    {"pool_leak_threshold", {"0", "0.1", "0.3"}, "0", true, true},
    {"max_waiters", {"0", "1", "8"}, "0", false, false},
};
enum { KNOBS = sizeof knobs / sizeof knobs[0] };

/* Half of the time it goes back to what is usual, or nothing else would ever be
 * tried in a usual pool. CONFIG: it would contradict another one. */
static void turn_a_knob(ground *here)
{
    const knob *drawn = &knobs[roll(&meddler.dice, KNOBS)];
    const char *value;
    uint64_t count = 0;
    weir_status status;
    weir_error err;

    if ((meddler.gently && !drawn->is_gentle) ||
        (drawn->needs_threads && !here->has_threads))
        return;
    while (count < 5 && drawn->values[count])
        count++;
    value = roll(&meddler.dice, 2) ? drawn->calm
                                   : drawn->values[roll(&meddler.dice, count)];
    status = weir_engine_set(here->tried, drawn->name, value, &err);
    if (status != WEIR_OK && status != WEIR_ERR_CONFIG)
        finding("setting %s: %s: %s", drawn->name, weir_status_name(status),
                err.message);
}

void meddler_settle(ground *here)
{
    weir_error err;

    for (int i = 0; i < KNOBS; i++) {
        if (knobs[i].needs_threads && !here->has_threads)
            continue;
        if (weir_engine_set(here->tried, knobs[i].name, knobs[i].calm, &err) !=
            WEIR_OK)
            finding("setting %s=%s: %s", knobs[i].name, knobs[i].calm,
                    err.message);
    }
}

/* -------------------------------------------------------------------- deeds */

static double up_to_ms(uint64_t most)
{
    return (double)roll(&meddler.dice, most) / 1e3;
}

static void dispose(ground *here)
{
    weir_engine_dispose(here->tried);
}

static void pause_it(ground *here)
{
    weir_pool_pause(here->tried);
    nap_s(up_to_ms(60));
    if (roll(&meddler.dice, 3) == 0)
        weir_engine_dispose(here->tried);
    weir_pool_resume(here->tried);
}

static void drain(ground *here)
{
    weir_status status;
    weir_error err;

    crowd_note_drain(true);
    status = weir_engine_drain(here->tried, up_to_ms(300), &err);
    if (status != WEIR_OK && status != WEIR_ERR_TIMEOUT)
        finding("draining: %s: %s", weir_status_name(status), err.message);
    nap_s(up_to_ms(50));
    weir_pool_resume(here->tried);
    crowd_note_drain(false);
}

static void look(ground *here)
{
    char text[TEXT_SIZE];
    weir_pool_numbers numbers;
    weir_pool_advice advice;
    weir_json dump;

    weir_json_init(&dump, NULL);
    if (weir_pool_dump(here->tried, &dump) != WEIR_OK ||
        weir_json_finish(&dump) != WEIR_OK)
        finding("the pool could not be dumped");
    weir_json_clear(&dump);
    (void)weir_pool_prometheus(here->tried, "soak", text, sizeof text);
    (void)weir_pool_status_text(here->tried, text, sizeof text);
    (void)weir_pool_advise(here->tried, &advice);
    if (weir_pool_stats(here->tried, &numbers) != WEIR_OK)
        finding("the pool has no numbers");
    else if (numbers.now.idle < 0 || numbers.now.busy < 0 ||
             numbers.now.connecting < 0 || numbers.now.waiting < 0 ||
             numbers.now.waiting > CROWD_MAX ||
             numbers.now.opened < numbers.now.closed ||
             /* What was lost is closed beside its borrower's place. */
             numbers.now.idle + numbers.now.busy + numbers.now.connecting +
                     numbers.now.asking >
                 OPEN_MAX_EVER)
        finding("the pool: %s", text);
}

static void cancel(ground *here)
{
    (void)here;
    crowd_disturb(&meddler.dice);
}

static const struct {
    void (*run)(ground *here);
    unsigned weight;
    bool is_gentle;
} deeds[] = {
    {cancel, 30, false}, {turn_a_knob, 20, true}, {look, 10, true},
    {dispose, 2, true},  {pause_it, 3, true},     {drain, 1, false},
};
enum { DEEDS = sizeof deeds / sizeof deeds[0] };

static void do_something(void)
{
    unsigned sum = 0, drawn;
    int i = 0;

    for (int k = 0; k < DEEDS; k++)
        sum += deeds[k].weight;
    for (drawn = (unsigned)roll(&meddler.dice, sum); drawn >= deeds[i].weight;
         i++)
        drawn -= deeds[i].weight;
    if (deeds[i].is_gentle || !meddler.gently)
        deeds[i].run(meddler.here);
}

static void *run(void *unused)
{
    (void)unused;
    while (!atomic_load(&meddler.over)) {
        do_something();
        nap_s(up_to_ms(25));
    }
    return NULL;
}

void meddler_begin(ground *here, bool gently, uint64_t seed)
{
    meddler.here = here;
    meddler.gently = gently;
    meddler.dice = dice_of(seed, CROWD_MAX + 1);
    atomic_store(&meddler.over, false);
    meddler.runs = pthread_create(&meddler.thread, NULL, run, NULL) == 0;
    if (!meddler.runs)
        finding("who meddles got no thread");
}

void meddler_end(void)
{
    atomic_store(&meddler.over, true);
    if (meddler.runs)
        pthread_join(meddler.thread, NULL);
    meddler.runs = false;
}
