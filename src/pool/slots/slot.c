/* SPDX-License-Identifier: MIT */
/*
 * Places are counted by state, and moved by one function: so the counters of
 * a pool cannot but add up.
 */
#include "pool/slots/slot.h"

#include <string.h>

#include "base/alloc.h"
#include "base/check.h"
#include "pool/view.h"

#define BIT(state_) (1U << (state_))

/* Where a place may go from each state. */
static const unsigned allowed[WI_SLOT_STATES] = {
    [WI_SLOT_SPARE] = BIT(WI_SLOT_CONNECTING),
    [WI_SLOT_IDLE] =
        BIT(WI_SLOT_BUSY) | BIT(WI_SLOT_CLOSING) | BIT(WI_SLOT_INHERITED),
    [WI_SLOT_BUSY] =
        BIT(WI_SLOT_IDLE) | BIT(WI_SLOT_CLOSING) | BIT(WI_SLOT_INHERITED),
    [WI_SLOT_LOST] = BIT(WI_SLOT_CONNECTING) | BIT(WI_SLOT_SPARE),
    [WI_SLOT_CONNECTING] =
        BIT(WI_SLOT_BUSY) | BIT(WI_SLOT_LOST) | BIT(WI_SLOT_SPARE),
    [WI_SLOT_CLOSING] =
        BIT(WI_SLOT_SPARE) | BIT(WI_SLOT_CONNECTING) | BIT(WI_SLOT_LOST),
    [WI_SLOT_INHERITED] = BIT(WI_SLOT_SPARE),
};

void wi_slots_init(wi_slots *slots)
{
    memset(slots, 0, sizeof *slots);
    wi_list_init(&slots->idle);
    wi_list_init(&slots->spare);
    wi_list_init(&slots->all);
}

void wi_slots_clear(wi_slots *slots, const weir_allocator *allocator)
{
    wi_list_node *node;

    WI_ASSERT(wi_slots_total(slots) == 0);
    while ((node = wi_list_first(&slots->all))) {
        wi_list_remove(node);
        wi_free(allocator, WI_CONTAINER(node, wi_lease, by_pool));
    }
}

wi_lease *wi_slot_new(const weir_allocator *allocator)
{
    return wi_alloc_zero(allocator, 1, sizeof(wi_lease));
}

void wi_slots_add(wi_slots *slots, wi_lease *slot)
{
    slot->older = slots->newest;
    slots->newest = slot; /* others may see it from here on */
    wi_list_append(&slots->all, &slot->by_pool);
    wi_list_append(&slots->spare, &slot->by_state);
    slots->counts[WI_SLOT_SPARE]++;
}

void wi_slot_move(wi_slots *slots, wi_lease *slot, wi_slot_state state)
{
    WI_ASSERT(allowed[slot->state] & BIT(state));
    slots->counts[slot->state]--;
    slots->counts[state]++;
    slot->state = state;
    wi_list_remove(&slot->by_state);
    if (state == WI_SLOT_IDLE)
        wi_list_append(&slots->idle, &slot->by_state);
    else if (state == WI_SLOT_SPARE)
        wi_list_append(&slots->spare, &slot->by_state);
}

int wi_slots_total(const wi_slots *slots)
{
    return slots->counts[WI_SLOT_IDLE] + wi_slots_busy(slots) +
           slots->counts[WI_SLOT_CONNECTING] + slots->counts[WI_SLOT_CLOSING];
}

int wi_slots_busy(const wi_slots *slots)
{
    return slots->counts[WI_SLOT_BUSY] + slots->counts[WI_SLOT_LOST];
}

wi_lease *wi_slots_spare(const wi_slots *slots)
{
    wi_list_node *node = wi_list_first(&slots->spare);

    return node ? WI_CONTAINER(node, wi_lease, by_state) : NULL;
}

const wi_lease *wi_slots_at(const wi_slots *slots, int index)
{
    const wi_lease *slot = slots->newest;

    while (slot && index-- > 0)
        slot = slot->older;
    return slot;
}

const wi_lease *wi_slots_longest(const wi_slots *slots)
{
    const wi_lease *longest = NULL;

    for (wi_list_node *node = wi_list_first(&slots->all); node;
         node = wi_list_next(&slots->all, node)) {
        const wi_lease *slot = WI_CONTAINER(node, wi_lease, by_pool);

        if (slot->state != WI_SLOT_BUSY && slot->state != WI_SLOT_LOST)
            continue;
        if (!longest || slot->lent_ns < longest->lent_ns)
            longest = slot;
    }
    return longest;
}

/* ------------------------------------------------------------------- shown */

void wi_slot_sign(wi_lease *slot, const wi_request *request, uint64_t thread,
                  int64_t now_ns)
{
    slot->lent_ns = now_ns;
    slot->tag = request->tag;
    slot->site = request->site;
    slot->loans++;
    wi_nest_label_sign(&slot->label, request->tag, request->site);
    atomic_store(&slot->label.thread,
                 wi_holder_mark(thread, request->may_move));
    slot->serial++;
}

void wi_slot_sign_off(wi_lease *slot)
{
    atomic_store(&slot->label.thread, 0);
    slot->tag = slot->site = NULL;
}

static const char *const state_names[WI_SLOT_STATES] = {
    [WI_SLOT_SPARE] = "empty",
    [WI_SLOT_IDLE] = "idle",
    [WI_SLOT_BUSY] = "busy",
    [WI_SLOT_LOST] = "lost",
    [WI_SLOT_CONNECTING] = "connecting",
    [WI_SLOT_CLOSING] = "closing",
    [WI_SLOT_INHERITED] = "inherited",
};

void wi_slot_see(const wi_lease *slot, int64_t now_ns, wi_place_view *out)
{
    bool is_held = slot->state == WI_SLOT_BUSY || slot->state == WI_SLOT_LOST;

    *out = (wi_place_view){
        .state = state_names[slot->state],
        .site = is_held ? slot->site : NULL,
        .thread = is_held ? slot->label.thread & ~WI_MAY_MOVE : 0,
        .since_ns = now_ns - (is_held ? slot->lent_ns : slot->idle_ns),
        .loans = slot->loans,
        .made_ns = -1,
        .asked_ns = -1,
    };
    if (slot->resource && slot->state != WI_SLOT_INHERITED) {
        out->made_ns = now_ns - slot->made_ns;
        out->asked_ns = slot->asked_ns ? now_ns - slot->asked_ns : -1;
    }
    if (slot->state != WI_SLOT_IDLE && !is_held)
        out->since_ns = 0;
    if (is_held && slot->tag)
        memcpy(out->tag, slot->tag, strnlen(slot->tag, WI_TAG_SIZE - 1));
}

void wi_slots_view(const wi_slots *slots, int64_t now_ns, int room,
                   wi_pool_view *view)
{
    for (wi_list_node *node = wi_list_first(&slots->all);
         node && view->place_count < room;
         node = wi_list_next(&slots->all, node)) {
        const wi_lease *slot = WI_CONTAINER(node, wi_lease, by_pool);

        if (slot->state != WI_SLOT_SPARE)
            wi_slot_see(slot, now_ns, &view->places[view->place_count++]);
    }
}
