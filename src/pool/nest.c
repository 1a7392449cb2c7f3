/* SPDX-License-Identifier: MIT */
/*
 * Who waits for whom, over all pools of the process.
 */
#include "pool/nest.h"

#include <stdio.h>
#include <string.h>

#include "base/sync.h"
#include "base/utf8.h"

enum { SHOWN_TAG_SIZE = 32, SHOWN_SITE_SIZE = 40 };

static wi_mutex nest_lock = {PTHREAD_MUTEX_INITIALIZER};
/* Guarded by it, and so are `round` and `next` of all sources. */
static wi_list waits = {{&waits.head, &waits.head}};
static uint64_t rounds;

_Thread_local uint64_t wi_pools_used __attribute__((tls_model("initial-exec")));

uint64_t wi_pool_serial_take(void)
{
    static _Atomic uint64_t serials;

    return atomic_fetch_add(&serials, 1) + 1;
}

void wi_nest_label_sign(wi_nest_label *label, const char *tag, const char *site)
{
    char shown[WI_TAG_SIZE] = "";

    if (tag)
        memcpy(shown, tag, wi_utf8_cut(tag, strlen(tag), WI_TAG_SIZE - 1));
    for (size_t i = 0; i < WI_TAG_SIZE / sizeof(uint64_t); i++) {
        uint64_t word;

        memcpy(&word, shown + i * sizeof word, sizeof word);
        atomic_store_explicit(&label->tag[i], word, memory_order_relaxed);
    }
    atomic_store_explicit(&label->site, site, memory_order_relaxed);
}

void wi_nest_label_read(const wi_nest_label *label, wi_nest_holder *out)
{
    out->thread = atomic_load(&label->thread) & ~WI_MAY_MOVE;
    out->site = atomic_load(&label->site);
    for (size_t i = 0; i < WI_TAG_SIZE / sizeof(uint64_t); i++) {
        uint64_t word = atomic_load(&label->tag[i]);

        memcpy(out->tag + i * sizeof word, &word, sizeof word);
    }
    out->tag[WI_TAG_SIZE - 1] = '\0';
}

void wi_nest_leave(wi_nest_wait *wait)
{
    wi_mutex_lock(&nest_lock);
    wi_list_remove(&wait->listed);
    wi_mutex_unlock(&nest_lock);
}

void wi_nest_forget(void)
{
    (void)wi_mutex_init(&nest_lock);
    wi_list_init(&waits);
}

/* ------------------------------------------------------------------- stuck */

/* What a thread waits for, or NULL: it goes on. */
static wi_nest_source *awaited_by(uint64_t thread)
{
    for (wi_list_node *node = wi_list_first(&waits); node;
         node = wi_list_next(&waits, node)) {
        const wi_nest_wait *wait = WI_CONTAINER(node, wi_nest_wait, listed);

        if (wait->thread == thread)
            return wait->source;
    }
    return NULL;
}

static void push(wi_nest_source **ahead, wi_nest_source *source)
{
    if (source->round == rounds)
        return;
    source->round = rounds;
    source->next = *ahead;
    *ahead = source;
}

/* Whether all holders of a source wait; what they wait for is to be looked at,
 * too. */
static bool all_wait(const wi_nest_source *source, wi_nest_source **ahead)
{
    wi_nest_answer answer;
    uint64_t thread = 0;
    int64_t held = 0;

    for (int i = 0; (answer = source->look(source, i, &thread)) != WI_NEST_END;
         i++) {
        wi_nest_source *next;

        if (answer == WI_NEST_NOBODY)
            continue;
        if (answer == WI_NEST_COMES_BACK)
            return false;
        next = awaited_by(thread);
        if (!next)
            return false;
        held++;
        push(ahead, next);
    }
    return held >= source->most(source);
}

/* Those that were looked at have the number of this round. */
static bool look_around(wi_nest_source *first)
{
    wi_nest_source *ahead = NULL;

    rounds++;
    push(&ahead, first);
    while (ahead) {
        const wi_nest_source *source = ahead;

        ahead = ahead->next;
        if (!all_wait(source, &ahead))
            return false;
    }
    return true;
}

/* ------------------------------------------------------------------ report */

/* The first holder in a source that is the thread, or is another. */
static bool find_holder(const wi_nest_source *source, uint64_t thread,
                        bool is_it, wi_nest_holder *out)
{
    wi_nest_answer answer;
    uint64_t holder = 0;

    for (int i = 0; (answer = source->look(source, i, &holder)) != WI_NEST_END;
         i++) {
        if (answer != WI_NEST_HELD || (holder == thread) != is_it)
            continue;
        source->name(source, i, out);
        return true;
    }
    return false;
}

/* What the thread holds among all that is stuck. */
static const wi_nest_source *find_own(uint64_t thread, wi_nest_holder *out)
{
    for (wi_list_node *node = wi_list_first(&waits); node;
         node = wi_list_next(&waits, node)) {
        const wi_nest_source *source =
            WI_CONTAINER(node, wi_nest_wait, listed)->source;

        if (source->round == rounds && find_holder(source, thread, true, out))
            return source;
    }
    return NULL;
}

/* "tag" at file:line */
static void spell(const char *tag, const char *site, char out[96])
{
    const char *shown = tag && tag[0] ? tag : "no tag";

    snprintf(out, 96, "\"%.*s\"%s%.*s",
             (int)wi_utf8_cut(shown, strlen(shown), SHOWN_TAG_SIZE), shown,
             site ? " at " : "", SHOWN_SITE_SIZE, site ? site : "");
}

static void explain(const wi_nest_wait *wait, const wi_nest_source *held,
                    const wi_nest_holder *holding, weir_error *err)
{
    wi_nest_holder holder;
    char wish[96];
    char own[96];
    char others[128] = "";

    spell(wait->tag, wait->site, wish);
    spell(holding->tag, holding->site, own);
    if (find_holder(wait->source, wait->thread, false, &holder)) {
        char other[96];

        spell(holder.tag, holder.site, other);
        snprintf(others, sizeof others, ", and %s waits too", other);
    }
    weir_error_set(err, WEIR_ERR_POOL_DEADLOCK,
                   "%s waits for %s that nobody is left to give back: its own "
                   "thread holds %s as %s%s; use that one, or give it back "
                   "first",
                   wish, wait->source->noun, held->noun, own, others);
}

bool wi_nest_is_stuck(wi_nest_source *source)
{
    bool stuck;

    wi_mutex_lock(&nest_lock);
    stuck = look_around(source);
    wi_mutex_unlock(&nest_lock);
    return stuck;
}

/* Locked. */
static bool refuse(wi_nest_wait *wait, weir_error *err)
{
    wi_nest_holder holding;
    const wi_nest_source *held = NULL;

    if (look_around(wait->source))
        held = find_own(wait->thread, &holding);
    if (!held)
        return false;
    explain(wait, held, &holding, err);
    wi_list_remove(&wait->listed);
    return true;
}

/* In one step with entering: of several that close a circle together only the
 * last finds it closed. */
bool wi_nest_enter(wi_nest_wait *wait, weir_error *err)
{
    bool refused;

    wi_mutex_lock(&nest_lock);
    wi_list_append(&waits, &wait->listed);
    refused = refuse(wait, err);
    wi_mutex_unlock(&nest_lock);
    return !refused;
}

bool wi_nest_ends(wi_nest_wait *wait, weir_error *err)
{
    bool refused;

    wi_mutex_lock(&nest_lock);
    refused = refuse(wait, err);
    wi_mutex_unlock(&nest_lock);
    return refused;
}
