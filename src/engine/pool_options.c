/* SPDX-License-Identifier: MIT */
/*
 * One table of the pool's options: name, member, range.
 */
#include "engine/pool_options.h"

#include <stddef.h>
#include <string.h>

#include "base/clock.h"

#define YEAR_SECONDS 31622400.0
#define COUNT_MAX 1000000

static const char *const orders[] = {"affinity", "fifo", "lifo", NULL};
static const char *const cores[] = {"fast", "mutex", NULL};
static const char *const thread_modes[] = {"auto", "off", "on", NULL};
static const char *const starts[] = {"lazy", "fail-fast", NULL};
/* SQLAlchemy's names follow in the same order. */
static const char *const kinds[] = {
    "queue",         "null",       "static",
    "thread",        "assertion",  "QueuePool",
    "NullPool",      "StaticPool", "SingletonThreadPool",
    "AssertionPool", NULL};
enum { KINDS = WEIR_POOL_ASSERTION + 1 };

#define SECONDS_OF(name_, note_)                                               \
    {                                                                          \
        .name = name_, .kind = WEIR_OPTION_NUMBER, .min = 0,                   \
        .max = YEAR_SECONDS, .note = note_                                     \
    }
#define COUNT_OF(name_, min_, note_)                                           \
    {                                                                          \
        .name = name_, .kind = WEIR_OPTION_INTEGER, .min = min_,               \
        .max = COUNT_MAX, .note = note_                                        \
    }
#define CHOICE_OF(name_, choices_, note_)                                      \
    {                                                                          \
        .name = name_, .kind = WEIR_OPTION_CHOICE, .choices = choices_,        \
        .note = note_                                                          \
    }

/* The members stand in the same order. */
const weir_option_spec wi_pool_specs[] = {
    SECONDS_OF("max_overtake", "running threads go first for so long"),
    SECONDS_OF("pool_ping_bypass", "used since less: not asked again"),
    SECONDS_OF("connect_backoff", "longest pause between failed openings"),
    COUNT_OF("pool_max_uses", 0, "loans of a connection; 0: any number"),
    COUNT_OF("max_waiters", 0, "waiting threads; 0: any number"),
    COUNT_OF("max_connecting", 1, "opened at the same time"),
    CHOICE_OF("pool_order", orders, "which idle connection is lent"),
    CHOICE_OF("pool_core", cores, "fast, or mutex to compare with"),
    CHOICE_OF("pool_threads", thread_modes, "whether the pool has threads"),
    CHOICE_OF("pool_kind", kinds, "what borrowing means"),
    CHOICE_OF("poolclass", kinds, "SQLAlchemy's name of pool_kind"),
    CHOICE_OF("pool_start", starts, "whether opening an engine connects"),
    COUNT_OF("pool_min_idle", 0, "so many stay open"),
    {.name = "pool_prefill",
     .kind = WEIR_OPTION_BOOLEAN,
     .note = "opens pool_size at the beginning"},
    SECONDS_OF("pool_idle_timeout", "not needed for so long: closed"),
    SECONDS_OF("pool_keepalive", "idle for so long: asked"),
    SECONDS_OF("pool_leak_threshold", "lent for so long: told of"),
    SECONDS_OF("pool_reclaim_after", "lent for so long: taken back"),
    {.name = NULL},
};
enum { SPEC_COUNT = sizeof wi_pool_specs / sizeof wi_pool_specs[0] - 1 };

#define MEMBER(member_) offsetof(weir_engine_options, member_)
static const struct {
    size_t offset;
    bool fixed; /* not while the engine runs */
} members[SPEC_COUNT] = {
    {MEMBER(max_overtake_s), false},
    {MEMBER(pool_ping_bypass_s), false},
    {MEMBER(connect_backoff_s), false},
    {MEMBER(pool_max_uses), false},
    {MEMBER(max_waiters), false},
    {MEMBER(max_connecting), false},
    {MEMBER(pool_order), false},
    {MEMBER(pool_core), true},
    {MEMBER(pool_threads), true},
    {MEMBER(pool_kind), true},
    {MEMBER(pool_kind), true},
    {MEMBER(pool_start), true},
    {MEMBER(pool_min_idle), false},
    {MEMBER(pool_prefill), true},
    {MEMBER(pool_idle_timeout_s), false},
    {MEMBER(pool_keepalive_s), false},
    {MEMBER(pool_leak_threshold_s), false},
    {MEMBER(pool_reclaim_after_s), false},
};

static int index_of(const char *name)
{
    for (int i = 0; i < SPEC_COUNT; i++) {
        if (strcmp(wi_pool_specs[i].name, name) == 0)
            return i;
    }
    return -1;
}

static void store(weir_engine_options *options, int index,
                  const weir_option_value *value)
{
    void *member = (char *)options + members[index].offset;

    switch (wi_pool_specs[index].kind) {
    case WEIR_OPTION_NUMBER:
        *(double *)member = value->number;
        break;
    case WEIR_OPTION_INTEGER:
        *(int *)member = (int)value->integer;
        break;
    case WEIR_OPTION_BOOLEAN:
        *(bool *)member = value->boolean;
        break;
    default: /* enums */
        *(int *)member = value->choice;
        break;
    }
    if (member == &options->pool_kind)
        options->pool_kind = (weir_pool_kind)(value->choice % KINDS);
}

weir_status wi_pool_option_set(weir_engine_options *options, const char *name,
                               const char *value, wi_option_outcome *outcome,
                               weir_error *err)
{
    weir_option_value values[SPEC_COUNT] = {0};
    int index = index_of(name);
    weir_status status;

    *outcome = (wi_option_outcome){.kind = WI_OPTION_UNKNOWN};
    if (index < 0)
        return WEIR_OK;
    status = wi_options_set(wi_pool_specs, values, name, value, outcome, err);
    if (status == WEIR_OK)
        store(options, index, &values[index]);
    return status;
}

bool wi_pool_option_is_live(const char *name)
{
    int index = index_of(name);

    return index >= 0 && !members[index].fixed;
}

/* ----------------------------------------------------------------- checks */

static weir_status bad(weir_error *err, const char *name, const char *right)
{
    return weir_error_set(err, WEIR_ERR_CONFIG, "option %s: %s", name, right);
}

static weir_status check_ranges(const weir_engine_options *options,
                                weir_error *err)
{
    for (int i = 0; i < SPEC_COUNT; i++) {
        const weir_option_spec *spec = &wi_pool_specs[i];
        const void *member = (const char *)options + members[i].offset;
        bool fits = true;

        if (spec->kind == WEIR_OPTION_NUMBER)
            fits = *(const double *)member >= spec->min &&
                   *(const double *)member <= spec->max;
        else if (spec->kind == WEIR_OPTION_INTEGER)
            fits = *(const int *)member >= (int)spec->min &&
                   *(const int *)member <= (int)spec->max;
        if (!fits)
            return weir_error_set(err, WEIR_ERR_CONFIG,
                                  "option %s: write %.16g to %.16g", spec->name,
                                  spec->min, spec->max);
    }
    if ((unsigned)options->pool_order > WEIR_POOL_LIFO)
        return bad(err, "pool_order", "write a WEIR_POOL_ order");
    if ((unsigned)options->pool_core > WEIR_POOL_MUTEX)
        return bad(err, "pool_core", "write a WEIR_POOL_ core");
    if ((unsigned)options->pool_threads > WEIR_POOL_THREADS_ON)
        return bad(err, "pool_threads", "write a WEIR_POOL_THREADS_ constant");
    if ((unsigned)options->pool_kind > WEIR_POOL_ASSERTION)
        return bad(err, "pool_kind", "write a weir_pool_kind");
    if ((unsigned)options->pool_start > WEIR_POOL_FAIL_FAST)
        return bad(err, "pool_start", "write a weir_pool_start");
    return WEIR_OK;
}

static weir_status clash(weir_error *err, const char *one, const char *other,
                         const char *reason)
{
    return weir_error_set(err, WEIR_ERR_CONFIG,
                          "options %s and %s contradict each other: %s", one,
                          other, reason);
}

weir_status wi_pool_options_check(const weir_engine_options *options,
                                  weir_error *err)
{
    weir_status status = check_ranges(options, err);

    if (status == WEIR_OK)
        status = wi_pool_house_check(options, err);
    if (status == WEIR_OK && options->pool_kind != WEIR_POOL_QUEUE)
        status = wi_pool_kind_check(options, err);
    if (status != WEIR_OK)
        return status;
    if (options->pool_use_lifo && options->pool_order == WEIR_POOL_FIFO)
        return clash(err, "pool_use_lifo", "pool_order",
                     "lifo is wanted and fifo; leave one of them out");
    if (options->pool_ping_bypass_s > 0 && !options->pool_pre_ping)
        return clash(err, "pool_ping_bypass", "pool_pre_ping",
                     "there is no ping to leave out; set pool_pre_ping");
    if (options->max_overtake_s > 0 &&
        (options->pool_order != WEIR_POOL_AFFINITY || options->pool_use_lifo))
        return clash(err, "max_overtake", "pool_order",
                     "only with affinity do running threads go first");
    if (options->pool_core == WEIR_POOL_MUTEX &&
        (options->pool_threads == WEIR_POOL_THREADS_ON ||
         options->max_overtake_s > 0 || options->pool_ping_bypass_s > 0 ||
         options->pool_max_uses > 0 || options->max_waiters > 0))
        return clash(err, "pool_core",
                     "pool_threads, max_overtake, "
                     "pool_ping_bypass, pool_max_uses or "
                     "max_waiters",
                     "the mutex core has none of them");
    return WEIR_OK;
}

/* --------------------------------------------------------- the pool's view */

static wi_idle_order order_of(const weir_engine_options *options)
{
    if (options->pool_use_lifo || options->pool_order == WEIR_POOL_LIFO)
        return WI_ORDER_LIFO;
    return options->pool_order == WEIR_POOL_FIFO ? WI_ORDER_FIFO
                                                 : WI_ORDER_AFFINITY;
}

wi_pool_options wi_engine_pool_options(const weir_engine_options *options,
                                       const weir_allocator *allocator,
                                       bool threads)
{
    double connect_s = options->connect_timeout_s > 0
                           ? options->connect_timeout_s
                           : options->pool_timeout_s;

    if (options->pool_threads != WEIR_POOL_THREADS_AUTO)
        threads = options->pool_threads == WEIR_POOL_THREADS_ON;
    else if (wi_pool_keeps_house(options))
        threads = true;
    return (wi_pool_options){
        .core = options->pool_core == WEIR_POOL_MUTEX ? WI_CORE_MUTEX
                                                      : WI_CORE_FAST,
        .kind = (wi_pool_kind)options->pool_kind,
        .allocator = allocator,
        .size = options->pool_size,
        .max_overflow = options->max_overflow,
        .timeout_ns = wi_ns_from_seconds(options->pool_timeout_s),
        .recycle_ns = options->pool_recycle_s < 0
                          ? -1
                          : wi_ns_from_seconds(options->pool_recycle_s),
        .pre_ping = options->pool_pre_ping,
        .order = order_of(options),
        .max_overtake_ns = wi_ns_from_seconds(options->max_overtake_s),
        .ping_bypass_ns = wi_ns_from_seconds(options->pool_ping_bypass_s),
        .backoff_ns = wi_ns_from_seconds(options->connect_backoff_s),
        .uses_max = options->pool_max_uses,
        .waiters_max = options->max_waiters,
        .connecting_max = options->max_connecting,
        .threads = threads,
        .connect_ns = wi_ns_from_seconds(connect_s),
        .min_idle = options->pool_min_idle,
        .prefill = options->pool_prefill,
        .idle_ns = wi_ns_from_seconds(options->pool_idle_timeout_s),
        .keepalive_ns = wi_ns_from_seconds(options->pool_keepalive_s),
        .leak_ns = wi_ns_from_seconds(options->pool_leak_threshold_s),
        .reclaim_ns = wi_ns_from_seconds(options->pool_reclaim_after_s),
    };
}
