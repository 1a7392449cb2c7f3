/* SPDX-License-Identifier: MIT */
/*
 * The engine's options that only the pool needs: by name, checked, and as the
 * pool takes them. The table is the one place that lists them.
 */
#ifndef WI_ENGINE_POOL_OPTIONS_H
#define WI_ENGINE_POOL_OPTIONS_H

#include <weir/engine.h>
#include <weir/sys/backend.h>

#include "pool/pool.h"
#include "url/options.h"

/* For hints at the nearest name; ends with a NULL name. */
extern const weir_option_spec wi_pool_specs[];

/* Sets one by name; the outcome is UNKNOWN if it is not here. */
weir_status wi_pool_option_set(weir_engine_options *options, const char *name,
                               const char *value, wi_option_outcome *outcome,
                               weir_error *err);
/* Whether it may change while the engine runs. */
bool wi_pool_option_is_live(const char *name);
/* CONFIG, with the reason, for values without meaning and for those that
 * contradict each other. */
weir_status wi_pool_options_check(const weir_engine_options *options,
                                  weir_error *err);
/* Of a kind that is no queue: CONFIG for options that it has no use for, each
 * with the reason (engine/pool_kind.c). */
weir_status wi_pool_kind_check(const weir_engine_options *options,
                               weir_error *err);
/* As it is written in a URL. */
const char *wi_pool_kind_name(weir_pool_kind kind);
/* The same of what a pool does by itself (engine/pool_house.c). */
weir_status wi_pool_house_check(const weir_engine_options *options,
                                weir_error *err);
/* Whether any of that is wanted: AUTO means threads then. */
bool wi_pool_keeps_house(const weir_engine_options *options);
/* The pool's view. `threads`: AUTO means that the pool has threads, whatever is
 * wanted of it. */
wi_pool_options wi_engine_pool_options(const weir_engine_options *options,
                                       const weir_allocator *allocator,
                                       bool threads);

#endif
