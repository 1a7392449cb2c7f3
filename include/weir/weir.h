/* SPDX-License-Identifier: MIT */
/**
 * @file
 * All of Weir for programs that use a database: include this one. Short
 * spellings are in <weir/short.h>; what a new database or web framework needs
 * is under <weir/sys/>.
 */
#ifndef WEIR_WEIR_H
#define WEIR_WEIR_H

#include <inttypes.h>
#include <stdio.h>

#include <weir/args.h>
#include <weir/cancel.h>
#include <weir/conn.h>
#include <weir/engine.h>
#include <weir/error.h>
#include <weir/events.h>
#include <weir/export.h>
#include <weir/json.h>
#include <weir/log.h>
#include <weir/many.h>
#include <weir/memory.h>
#include <weir/pool.h>
#include <weir/result.h>
#include <weir/url.h>
#include <weir/value.h>

WEIR_BEGIN_DECLS

/** The version of the headers. */
#define WEIR_VERSION_MAJOR 0
#define WEIR_VERSION_MINOR 1
#define WEIR_VERSION_PATCH 0

/** The version of the library that runs: "0.1.0". Threads: any.
 *  @return [borrowed] a constant */
WEIR_API const char *weir_version(void);

WEIR_END_DECLS

#endif
