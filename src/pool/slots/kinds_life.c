/* SPDX-License-Identifier: MIT */
/*
 * What the kinds are, and where their life is not that of any pool of slots.
 */
#include "pool/slots/kinds.h"

#include "pool/view.h"

/* clang-format off */
static const wi_kind_rule kind_rules[] = {
    [WI_KIND_NULL]      = {.keeps = false},
    [WI_KIND_STATIC]    = {.keeps = true, .shares = true, .most = 1},
    [WI_KIND_THREAD]    = {.keeps = true, .shares = true, .per_thread = true},
    [WI_KIND_ASSERTION] = {.keeps = true, .is_single = true, .most = 1},
};
/* clang-format on */

/* Locked. More than `size` are kept only while they are in use. */
static bool has_surplus(const wi_pool *pool)
{
    int size = pool->options.size;

    return wi_kind_rule_of(pool)->per_thread && size > 0 &&
           wi_slots_total(&pool->slots) > size;
}

/* Whoever waits looks again. */
static const wi_slot_rules slot_rules = {
    .core = &wi_pool_core_kinds,
    .size = sizeof(wi_kinds),
    .peeks = true,
    .serve = wi_slot_pool_send_away,
    .has_surplus = has_surplus,
};

wi_pool *wi_kinds_new(const wi_resource_kind *kind, void *context,
                      const wi_pool_options *options, weir_error *err)
{
    wi_pool *pool = wi_slot_pool_new(&slot_rules, kind, context, options, err);

    if (!pool)
        return NULL;
    wi_kinds_of(pool)->rule = &kind_rules[options->kind];
    wi_kinds_enlist(wi_kinds_of(pool));
    return pool;
}

void wi_kinds_abandon(wi_pool *pool)
{
    wi_kinds *kinds = wi_kinds_of(pool);
    wi_list_node *node = wi_list_first(&pool->slots.all);

    for (; node && kinds->has_inherited;
         node = wi_list_next(&pool->slots.all, node)) {
        wi_lease *lease = WI_CONTAINER(node, wi_lease, by_pool);
        void *resource = lease->resource;

        if (lease->state != WI_SLOT_INHERITED || !resource)
            continue;
        lease->resource = NULL;
        wi_mutex_unlock(&pool->lock);
        if (pool->kind->abandon)
            pool->kind->abandon(pool->context, resource);
        wi_mutex_lock(&pool->lock);
        wi_slot_give_up(pool, lease);
    }
    kinds->has_inherited = false;
}

void wi_kinds_free(wi_pool **pool)
{
    wi_kinds_withdraw(wi_kinds_of(*pool));
    wi_mutex_lock(&(*pool)->lock);
    wi_kinds_abandon(*pool);
    wi_mutex_unlock(&(*pool)->lock);
    wi_slot_pool_free(pool);
}

weir_status wi_kinds_set(wi_pool *pool, const wi_pool_options *options)
{
    wi_mutex_lock(&pool->lock);
    pool->visitors++;
    pool->options = *options;
    wi_slot_pool_trim(pool);
    wi_slot_pool_end_visit(pool);
    return WEIR_OK;
}

/* The size is what the kind makes of it: 1, none, or how many threads' are kept
 * while any number is in use. */
static void show_size(const wi_pool *pool, weir_pool_status *out)
{
    const wi_kind_rule *rule = wi_kind_rule_of(pool);

    if (!rule->per_thread)
        out->size = rule->most;
    out->max_overflow = rule->per_thread ? -1 : 0;
}

void wi_kinds_status(wi_pool *pool, weir_pool_status *out)
{
    wi_slot_pool_status(pool, out);
    show_size(pool, out);
}

void wi_kinds_view(wi_pool *pool, wi_pool_view *view)
{
    wi_slot_pool_view(pool, view);
    show_size(pool, &view->status);
}
