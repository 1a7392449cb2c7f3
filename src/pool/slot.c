/* SPDX-License-Identifier: MIT */
/*
 * Places are counted by state, and moved by one function: so the counters of
 * a pool cannot but add up.
 */
#include "pool/slot.h"

#include "base/alloc.h"
#include "base/check.h"

#define BIT(state_) (1U << (state_))

/* Where a place may go from each state. */
static const unsigned allowed[WI_SLOT_STATES] = {
    [WI_SLOT_SPARE] = BIT(WI_SLOT_CONNECTING),
    [WI_SLOT_IDLE] = BIT(WI_SLOT_BUSY) | BIT(WI_SLOT_CLOSING),
    [WI_SLOT_BUSY] = BIT(WI_SLOT_IDLE) | BIT(WI_SLOT_CLOSING),
    [WI_SLOT_LOST] = BIT(WI_SLOT_CONNECTING) | BIT(WI_SLOT_SPARE),
    [WI_SLOT_CONNECTING] =
        BIT(WI_SLOT_BUSY) | BIT(WI_SLOT_LOST) | BIT(WI_SLOT_SPARE),
    [WI_SLOT_CLOSING] =
        BIT(WI_SLOT_SPARE) | BIT(WI_SLOT_CONNECTING) | BIT(WI_SLOT_LOST),
};

void wi_slots_init(wi_slots *slots)
{
    *slots = (wi_slots){.counts = {0}};
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
           slots->counts[WI_SLOT_CONNECTING];
}

int wi_slots_busy(const wi_slots *slots)
{
    return slots->counts[WI_SLOT_BUSY] + slots->counts[WI_SLOT_LOST] +
           slots->counts[WI_SLOT_CLOSING];
}

wi_lease *wi_slots_spare(const wi_slots *slots)
{
    wi_list_node *node = wi_list_first(&slots->spare);

    return node ? WI_CONTAINER(node, wi_lease, by_state) : NULL;
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
