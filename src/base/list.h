/* SPDX-License-Identifier: MIT */
/*
 * A doubly linked list whose nodes stand inside what they link. A node that
 * is in no list is all zero.
 */
#ifndef WI_BASE_LIST_H
#define WI_BASE_LIST_H

#include <stdbool.h>
#include <stddef.h>

typedef struct wi_list_node {
    struct wi_list_node *next;
    struct wi_list_node *previous;
} wi_list_node;

typedef struct wi_list {
    wi_list_node head;
} wi_list;

/* The struct that a node stands in. */
#define WI_CONTAINER(node_, type_, member_)                                    \
    ((type_ *)(void *)((char *)(node_)-offsetof(type_, member_)))

static inline void wi_list_init(wi_list *list)
{
    list->head.next = list->head.previous = &list->head;
}

static inline bool wi_list_is_empty(const wi_list *list)
{
    return list->head.next == &list->head;
}

static inline void wi_list_append(wi_list *list, wi_list_node *node)
{
    node->previous = list->head.previous;
    node->next = &list->head;
    list->head.previous->next = node;
    list->head.previous = node;
}

/* Puts `node` in front of one that is in a list. */
static inline void wi_list_insert(wi_list_node *before, wi_list_node *node)
{
    node->previous = before->previous;
    node->next = before;
    before->previous->next = node;
    before->previous = node;
}

/* Does nothing for a node that is in no list. */
static inline void wi_list_remove(wi_list_node *node)
{
    if (!node->next)
        return;
    node->previous->next = node->next;
    node->next->previous = node->previous;
    node->next = node->previous = NULL;
}

/* NULL if the list is empty. */
static inline wi_list_node *wi_list_first(const wi_list *list)
{
    return wi_list_is_empty(list) ? NULL : list->head.next;
}

static inline wi_list_node *wi_list_last(const wi_list *list)
{
    return wi_list_is_empty(list) ? NULL : list->head.previous;
}

/* NULL before the first. */
static inline wi_list_node *wi_list_previous(const wi_list *list,
                                             const wi_list_node *node)
{
    return node->previous == &list->head ? NULL : node->previous;
}

/* NULL after the last. */
static inline wi_list_node *wi_list_next(const wi_list *list,
                                         const wi_list_node *node)
{
    return node->next == &list->head ? NULL : node->next;
}

#endif
