/* SPDX-License-Identifier: MIT */
/*
 * The end of pools with slots.
 */
#include "pool/ending.h"

#include "base/clock.h"
#include "base/error.h"
#include "pool/leftovers.h"

void wi_ending_init(wi_ending *ending, wi_mutex *lock, const wi_slots *slots,
                    const wi_waiters *waiters, const int *visitors)
{
    *ending = (wi_ending){
        .lock = lock, .slots = slots, .waiters = waiters, .visitors = visitors};
    wi_waiters_init(&ending->watchers);
}

static bool is_over(const wi_ending *ending)
{
    return wi_slots_total(ending->slots) == 0 && ending->waiters->count == 0 &&
           *ending->visitors == 0;
}

/* NULL: it was resumed. */
static void tell(wi_ending *ending, void *what)
{
    while (wi_waiters_first(&ending->watchers))
        wi_waiters_grant(&ending->watchers, what);
}

void wi_ending_unlock(wi_ending *ending)
{
    if (ending->watching > 0 && is_over(ending))
        tell(ending, ending);
    wi_mutex_unlock(ending->lock);
}

void wi_ending_pause(wi_ending *ending)
{
    if (ending->mode == WI_POOL_OPEN)
        ending->mode = WI_POOL_PAUSED;
}

bool wi_ending_resume(wi_ending *ending)
{
    if (ending->mode == WI_POOL_OPEN)
        return false;
    ending->mode = WI_POOL_OPEN;
    tell(ending, NULL);
    return true;
}

static weir_status tell_leftovers(const wi_ending *ending, int64_t began_ns,
                                  weir_error *err)
{
    const wi_slots *slots = ending->slots;
    int64_t now = wi_now_ns();
    wi_leftovers found = {
        .moving =
            slots->counts[WI_SLOT_CONNECTING] + slots->counts[WI_SLOT_CLOSING],
        .waiting = ending->waiters->count,
        .waited_ns = now - began_ns,
    };

    for (wi_list_node *node = wi_list_first(&slots->all); node;
         node = wi_list_next(&slots->all, node)) {
        const wi_lease *slot = WI_CONTAINER(node, wi_lease, by_pool);
        wi_place_view view;

        if (slot->state != WI_SLOT_BUSY && slot->state != WI_SLOT_LOST)
            continue;
        wi_slot_see(slot, now, &view);
        wi_leftovers_add(&found, &view);
    }
    return wi_leftovers_tell(&found, err);
}

weir_status wi_ending_watch(wi_ending *ending, int64_t deadline_ns,
                            weir_error *err)
{
    int64_t began_ns = wi_now_ns();
    wi_waiter self;

    if (is_over(ending))
        return WEIR_OK;
    if (wi_deadline_passed(deadline_ns))
        return tell_leftovers(ending, began_ns, err);
    if (!wi_waiters_join(&ending->watchers, &self, NULL))
        return wi_error_nomem(err);
    if (!wi_waiters_wait(&ending->watchers, &self, ending->lock, deadline_ns))
        return tell_leftovers(ending, began_ns, err);
    return self.grant ? WEIR_OK
                      : weir_error_set(err, WEIR_ERR_CANCELLED,
                                       "the pool was resumed before it was "
                                       "drained");
}

weir_status wi_ending_watch_closed(wi_ending *ending, int64_t deadline_ns,
                                   const wi_resource_kind *kind, void *context,
                                   weir_error *err)
{
    weir_status status = wi_ending_watch(ending, deadline_ns, err);

    if (status != WEIR_OK && kind->overdue) {
        wi_ending_unlock(ending);
        kind->overdue(context);
        wi_mutex_lock(ending->lock);
    }
    return status;
}
