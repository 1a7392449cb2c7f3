/* SPDX-License-Identifier: MIT */
/*
 * A token is a flag and the list of those who wait with it.
 */
#include "pool/cancel.h"

#include "base/alloc.h"
#include "base/check.h"
#include "base/error.h"

bool wi_cancel_token_init(weir_cancel_token *token)
{
    wi_list_init(&token->waits);
    atomic_init(&token->is_cancelled, false);
    return wi_mutex_init(&token->lock);
}

void wi_cancel_token_clear(weir_cancel_token *token)
{
    WI_ASSERT(wi_list_is_empty(&token->waits));
    wi_mutex_clear(&token->lock);
}

void wi_cancel_token_renew(weir_cancel_token *token)
{
    atomic_store_explicit(&token->is_cancelled, false, memory_order_relaxed);
}

weir_cancel_token *weir_cancel_token_new(weir_error *err)
{
    weir_cancel_token *token = wi_alloc_zero(NULL, 1, sizeof *token);

    if (token && wi_cancel_token_init(token))
        return token;
    wi_free(NULL, token);
    wi_error_nomem(err);
    return NULL;
}

void weir_cancel_token_free(weir_cancel_token **token)
{
    weir_cancel_token *freed = token ? *token : NULL;

    if (!freed)
        return;
    *token = NULL;
    wi_cancel_token_clear(freed);
    wi_free(NULL, freed);
}

void weir_cancel_token_cancel(weir_cancel_token *token)
{
    wi_list_node *node;

    if (!token)
        return;
    wi_mutex_lock(&token->lock);
    atomic_store(&token->is_cancelled, true);
    while ((node = wi_list_first(&token->waits))) {
        wi_cancel_wait *wait = WI_CONTAINER(node, wi_cancel_wait, listed);

        wi_list_remove(node);
        wait->cancel(wait);
    }
    wi_mutex_unlock(&token->lock);
}

bool weir_cancel_token_is_cancelled(const weir_cancel_token *token)
{
    return token && atomic_load(&token->is_cancelled);
}

void wi_cancel_join(weir_cancel_token *token, wi_cancel_wait *wait)
{
    if (!token)
        return;
    wi_mutex_lock(&token->lock);
    if (atomic_load(&token->is_cancelled))
        wait->cancel(wait);
    else
        wi_list_append(&token->waits, &wait->listed);
    wi_mutex_unlock(&token->lock);
}

void wi_cancel_leave(weir_cancel_token *token, wi_cancel_wait *wait)
{
    if (!token)
        return;
    wi_mutex_lock(&token->lock);
    wi_list_remove(&wait->listed);
    wi_mutex_unlock(&token->lock);
}
