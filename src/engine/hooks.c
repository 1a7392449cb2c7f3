/* SPDX-License-Identifier: MIT */
/*
 * Adding, removing and calling hooks: see engine/hooks.h.
 */
#include "engine/hooks.h"

#include "base/alloc.h"
#include "base/error.h"

typedef struct entry {
    wi_list_node node;
    weir_hook hook;
    int users;    /* calls under way */
    bool removed; /* not called any more; goes with its last user */
} entry;

static entry *entry_of(wi_list_node *node)
{
    return node ? WI_CONTAINER(node, entry, node) : NULL;
}

static const char *const names[WI_EVENT_KINDS] = {
    [WEIR_EVENT_CONNECT] = "connect",
    [WEIR_EVENT_FIRST_CONNECT] = "first_connect",
    [WEIR_EVENT_CHECKOUT] = "checkout",
    [WEIR_EVENT_CHECKIN] = "checkin",
    [WEIR_EVENT_RESET] = "reset",
    [WEIR_EVENT_INVALIDATE] = "invalidate",
    [WEIR_EVENT_SOFT_INVALIDATE] = "soft_invalidate",
    [WEIR_EVENT_CLOSE] = "close",
    [WEIR_EVENT_DETACH] = "detach",
    [WEIR_EVENT_CLOSE_DETACHED] = "close_detached",
    [WEIR_EVENT_FORGET] = "forget",
};

const char *weir_event_name(weir_event_kind kind)
{
    return (unsigned)kind < WI_EVENT_KINDS ? names[kind] : "?";
}

bool wi_hooks_init(wi_hooks *hooks, const weir_allocator *allocator)
{
    hooks->allocator = allocator;
    for (int i = 0; i < WI_EVENT_KINDS; i++)
        wi_list_init(&hooks->lists[i]);
    return wi_mutex_init(&hooks->lock);
}

/* Nobody uses it, and it is in no list. */
static void end_entry(const wi_hooks *hooks, entry *ended)
{
    if (!ended)
        return;
    if (ended->hook.ended)
        ended->hook.ended(ended->hook.context);
    wi_free(hooks->allocator, ended);
}

void wi_hooks_clear(wi_hooks *hooks)
{
    for (int i = 0; i < WI_EVENT_KINDS; i++) {
        wi_list_node *node;

        while ((node = wi_list_first(&hooks->lists[i]))) {
            wi_list_remove(node);
            end_entry(hooks, entry_of(node));
        }
    }
    wi_mutex_clear(&hooks->lock);
}

/* Locked. */
static void note_listeners(wi_hooks *hooks, weir_event_kind kind)
{
    uint32_t bits = atomic_load(&hooks->listening) & ~(1u << kind);
    wi_list *list = &hooks->lists[kind];

    for (wi_list_node *node = wi_list_first(list); node;
         node = wi_list_next(list, node)) {
        if (!entry_of(node)->removed)
            bits |= 1u << kind;
    }
    atomic_store(&hooks->listening, bits);
}

/* ------------------------------------------------------------ add, remove */

static weir_status check(const weir_hook *hook, weir_error *err)
{
    if (!hook || !hook->function)
        return weir_error_set(err, WEIR_ERR_MISUSE,
                              "a weir_hook needs a function");
    if ((unsigned)hook->kind >= WI_EVENT_KINDS)
        return weir_error_set(err, WEIR_ERR_MISUSE,
                              "%d is not a weir_event_kind", (int)hook->kind);
    if (hook->flags & ~((unsigned)WEIR_HOOK_FIRST | WEIR_HOOK_ONCE))
        return weir_error_set(err, WEIR_ERR_MISUSE,
                              "the flags of a weir_hook are WEIR_HOOK_FIRST "
                              "and WEIR_HOOK_ONCE");
    return WEIR_OK;
}

weir_status wi_hooks_add(wi_hooks *hooks, const weir_hook *hook,
                         weir_error *err)
{
    weir_status status = check(hook, err);
    wi_list *list;
    entry *added;

    if (status != WEIR_OK)
        return status;
    added = wi_alloc_zero(hooks->allocator, 1, sizeof *added);
    if (!added)
        return wi_error_nomem(err);
    added->hook = *hook;
    list = &hooks->lists[hook->kind];
    wi_mutex_lock(&hooks->lock);
    if (hook->flags & WEIR_HOOK_FIRST)
        wi_list_insert(list->head.next, &added->node);
    else
        wi_list_append(list, &added->node);
    note_listeners(hooks, hook->kind);
    wi_mutex_unlock(&hooks->lock);
    return WEIR_OK;
}

/* Locked. One that is not used is unlinked and to be ended outside. */
static entry *unlink_unused(entry *one)
{
    if (!one->removed || one->users > 0)
        return NULL;
    wi_list_remove(&one->node);
    return one;
}

/* Locked. */
static entry *find(wi_hooks *hooks, const weir_hook *hook)
{
    wi_list *list = &hooks->lists[hook->kind];

    for (wi_list_node *node = wi_list_first(list); node;
         node = wi_list_next(list, node)) {
        entry *one = entry_of(node);

        if (!one->removed && one->hook.function == hook->function &&
            one->hook.context == hook->context)
            return one;
    }
    return NULL;
}

weir_status wi_hooks_remove(wi_hooks *hooks, const weir_hook *hook,
                            weir_error *err)
{
    weir_status status = check(hook, err);
    entry *found, *unused = NULL;

    if (status != WEIR_OK)
        return status;
    wi_mutex_lock(&hooks->lock);
    found = find(hooks, hook);
    if (found) {
        found->removed = true;
        unused = unlink_unused(found);
        note_listeners(hooks, hook->kind);
    }
    wi_mutex_unlock(&hooks->lock);
    end_entry(hooks, unused);
    if (found)
        return WEIR_OK;
    return weir_error_set(err, WEIR_ERR_NOT_FOUND,
                          "no %s hook with that function and context is there",
                          weir_event_name(hook->kind));
}

/* ------------------------------------------------------------------- calls */

/* Locked. The first from `node` on that is to be called, in use; or NULL. */
static entry *enter(wi_hooks *hooks, wi_list *list, wi_list_node *node)
{
    for (; node; node = wi_list_next(list, node)) {
        entry *one = entry_of(node);

        if (one->removed)
            continue;
        one->users++;
        if (one->hook.flags & WEIR_HOOK_ONCE) {
            one->removed = true;
            note_listeners(hooks, one->hook.kind);
        }
        return one;
    }
    return NULL;
}

static weir_status call(const entry *one, const weir_event *event,
                        weir_error *err)
{
    weir_status status;

    wi_error_clear(err);
    err->message[0] = '\0';
    status = one->hook.function(one->hook.context, event, err);
    if (status == WEIR_OK)
        return WEIR_OK;
    if (err->status == WEIR_OK || err->message[0] == '\0')
        return weir_error_set(err, status, "a %s hook has failed",
                              weir_event_name(event->kind));
    err->status = status;
    return status;
}

/* Locked. Done with one; whoever was the last to use it ends it, outside. */
static void leave(wi_hooks *hooks, entry *done)
{
    entry *unused;

    done->users--;
    unused = unlink_unused(done);
    if (!unused)
        return;
    wi_mutex_unlock(&hooks->lock);
    end_entry(hooks, unused);
    wi_mutex_lock(&hooks->lock);
}

weir_status wi_hooks_call(wi_hooks *hooks, const weir_event *event,
                          weir_error *err)
{
    wi_list *list = &hooks->lists[event->kind];
    weir_status status = WEIR_OK;
    weir_error own;
    entry *one, *next;

    wi_mutex_lock(&hooks->lock);
    for (one = enter(hooks, list, wi_list_first(list)); one; one = next) {
        weir_status said;

        wi_mutex_unlock(&hooks->lock);
        said = call(one, event, &own);
        if (said != WEIR_OK) {
            status = said;
            *err = own;
        }
        wi_mutex_lock(&hooks->lock);
        next = status != WEIR_OK && wi_event_can_stop(event->kind)
                   ? NULL
                   : enter(hooks, list, wi_list_next(list, &one->node));
        leave(hooks, one);
    }
    wi_mutex_unlock(&hooks->lock);
    return status;
}
