/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Short spellings, for those who ask for them: ARGS, NOARGS, P, the opt_…
 * types. The only header that defines names without weir_ or WEIR_.
 */
#ifndef WEIR_SHORT_H
#define WEIR_SHORT_H

#include <weir/args.h>
#include <weir/value.h>

#define NOARGS WEIR_NOARGS
#define ARGS(...) WEIR_ARGS(__VA_ARGS__)
#define P(name_, x_) WEIR_PARAM(name_, x_)

typedef weir_opt_i64 opt_i64;
typedef weir_opt_i32 opt_i32;
typedef weir_opt_f64 opt_f64;
typedef weir_opt_bool opt_bool;
typedef weir_opt_timestamp opt_timestamp;
typedef weir_opt_datetime opt_datetime;
typedef weir_opt_date opt_date;
typedef weir_opt_time opt_time;
typedef weir_opt_interval opt_interval;
typedef weir_opt_decimal opt_decimal;
typedef weir_opt_uuid opt_uuid;

#define some_i64 weir_some_i64
#define some_i32 weir_some_i32
#define some_f64 weir_some_f64
#define some_bool weir_some_bool
#define some_timestamp weir_some_timestamp
#define some_datetime weir_some_datetime
#define some_date weir_some_date
#define some_time weir_some_time
#define some_interval weir_some_interval
#define some_decimal weir_some_decimal
#define some_uuid weir_some_uuid

#endif
