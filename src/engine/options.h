/* SPDX-License-Identifier: MIT */
/*
 * Engine options by name: those of the URL's query and of weir_engine_set().
 * The struct of the program comes first, the URL wins over it.
 */
#ifndef WI_ENGINE_OPTIONS_H
#define WI_ENGINE_OPTIONS_H

#include <weir/engine.h>
#include <weir/sys/backend.h>

#include "engine/log.h"
#include "url/options.h"

/*
 * Takes a struct of options, `name`, that begins with its size, over `whole`,
 * which has the defaults. One of an older version is shorter: what it does not
 * know stays a default. @return WEIR_OK; MISUSE: it was not started from its
 * initialiser, or is of a newer version
 */
weir_status wi_options_take(void *whole, const void *given, const char *name,
                            weir_error *err);

/* WEIR_OK if the options make sense by themselves, else CONFIG or MISUSE. */
weir_status wi_engine_options_check(const weir_engine_options *options,
                                    weir_error *err);

/* Sets one option by name. `*outcome` tells whether the engine has it. */
weir_status wi_engine_options_set(weir_engine_options *options,
                                  const char *name, const char *value,
                                  wi_option_outcome *outcome, weir_error *err);

/* Where the items of a URL's query go. */
typedef struct wi_option_targets {
    weir_engine_options *engine;
    const weir_option_spec *driver; /* may be NULL */
    weir_option_value *driver_values;
    const weir_option_spec *inner; /* of a wrapped backend; may be NULL */
    weir_option_value *inner_values;
    const wi_log *log; /* hears of options without meaning */
} wi_option_targets;

/* Hands out all items of the query; a name that nobody knows is CONFIG with
 * the nearest known one. */
weir_status wi_engine_options_from_url(const weir_url *url,
                                       const wi_option_targets *targets,
                                       weir_error *err);

/* Whether the option can change while the engine runs. */
bool wi_engine_option_is_live(const char *name);
/* Of one that cannot: CONFIG. */
weir_status wi_engine_option_refuse(const char *name, weir_error *err);

#endif
