/* SPDX-License-Identifier: MIT */
/**
 * @file
 * The few macros that every public header needs: visibility, attributes, and
 * cleanup at the end of a block.
 */
#ifndef WEIR_EXPORT_H
#define WEIR_EXPORT_H

#if defined(__GNUC__) || defined(__clang__)
/** A function of the public interface. */
#define WEIR_API __attribute__((visibility("default")))
/** The answer says whether the call worked: ignoring it is a warning. */
#define WEIR_MUST_USE __attribute__((warn_unused_result))
/** Called for every statement or row: stands beside the others that are. */
#define WEIR_HOT __attribute__((hot))
/** Seldom called: the compiler moves what leads to it out of the way. */
#define WEIR_COLD __attribute__((cold))
/** Checks a format string, counted from 1 as the compiler does. */
#define WEIR_PRINTF(format_, first_)                                           \
    __attribute__((format(printf, format_, first_)))
/**
 * A handle that is closed when its block ends:
 * `WEIR_AUTO(weir_conn) conn = weir_connect(engine, &err);`
 * Needs a compiler with the cleanup attribute (gcc, clang); elsewhere call
 * the type's close function yourself.
 */
#define WEIR_AUTO(type_) __attribute__((cleanup(type_##_close))) type_ *
#else
#define WEIR_API
#define WEIR_MUST_USE
#define WEIR_HOT
#define WEIR_COLD
#define WEIR_PRINTF(format_, first_)
#endif

/** Where it is written: "store.c:41", without the folder if the compiler can
 *  leave it out. */
#ifdef __FILE_NAME__
#define WEIR_SITE __FILE_NAME__ ":" WEIR_SITE_TEXT(__LINE__)
#else
#define WEIR_SITE __FILE__ ":" WEIR_SITE_TEXT(__LINE__)
#endif
#define WEIR_SITE_TEXT(line_) WEIR_SITE_TEXT_AS_IS(line_)
#define WEIR_SITE_TEXT_AS_IS(line_) #line_

#ifdef __cplusplus
#define WEIR_BEGIN_DECLS extern "C" {
#define WEIR_END_DECLS }
#else
#define WEIR_BEGIN_DECLS
#define WEIR_END_DECLS
#endif

#endif
