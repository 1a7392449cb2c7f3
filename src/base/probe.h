/* SPDX-License-Identifier: MIT */
/*
 * Probes for tracing tools (USDT): places in the code that bpftrace, perf or
 * SystemTap find by name in the library that runs. One that nobody traces is
 * an instruction that does nothing. Where <sys/sdt.h> is missing
 * (systemtap-sdt-dev) there are none. docs/guide/pool.md lists them.
 */
#ifndef WI_BASE_PROBE_H
#define WI_BASE_PROBE_H

#if defined(__has_include)
#if __has_include(<sys/sdt.h>)
#define WI_HAS_PROBES 1
#endif
#endif

#ifdef WI_HAS_PROBES
#include <sys/sdt.h>
#ifdef __clang__
/* Of the macros in there. */
#pragma clang diagnostic ignored "-Wgnu-zero-variadic-macro-arguments"
#endif
#define WI_PROBE2(name_, a_, b_) STAP_PROBE2(weir, name_, a_, b_)
#define WI_PROBE3(name_, a_, b_, c_) STAP_PROBE3(weir, name_, a_, b_, c_)
#define WI_PROBE4(name_, a_, b_, c_, d_)                                       \
    STAP_PROBE4(weir, name_, a_, b_, c_, d_)
#else
/* What stands in them is looked at by the compiler and never done. */
#define WI_PROBE2(name_, a_, b_) (0 ? ((void)(a_), (void)(b_)) : (void)0)
#define WI_PROBE3(name_, a_, b_, c_)                                           \
    (0 ? ((void)(a_), (void)(b_), (void)(c_)) : (void)0)
#define WI_PROBE4(name_, a_, b_, c_, d_)                                       \
    (0 ? ((void)(a_), (void)(b_), (void)(c_), (void)(d_)) : (void)0)
#endif

#endif
