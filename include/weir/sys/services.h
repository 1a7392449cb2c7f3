/* SPDX-License-Identifier: MIT */
/**
 * @file
 * What an engine lends to a driver: memory, buffers, clock, waiting and log.
 * Errors are filled with weir_error_set() of <weir/error.h>, values are read
 * and written as text by the functions of <weir/value.h>.
 */
#ifndef WEIR_SYS_SERVICES_H
#define WEIR_SYS_SERVICES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/error.h>
#include <weir/export.h>
#include <weir/log.h>

WEIR_BEGIN_DECLS

/** The services of one engine. They live longer than its connections; any
 *  thread may use them at any time. */
typedef struct weir_services weir_services;

/** A deadline that never comes. All deadlines are absolute times of
 *  weir_services_now(), in nanoseconds. */
#define WEIR_NO_DEADLINE INT64_MAX

/** Memory from the engine's allocator. @return [owned] give it back with
 *  weir_services_free(); NULL if there is none: answer with WEIR_ERR_NOMEM */
WEIR_API void *weir_services_alloc(const weir_services *services, size_t size);
/** Makes memory larger or smaller. On failure the old memory stays. */
WEIR_API void *weir_services_resize(const weir_services *services, void *old,
                                    size_t size);
/** Gives memory back; NULL is allowed. */
WEIR_API void weir_services_free(const weir_services *services, void *memory);

/** Nanoseconds of a clock that only goes forward. */
WEIR_API int64_t weir_services_now(const weir_services *services);

/** What to wait for on a file descriptor; bits. */
typedef enum weir_wait_event {
    WEIR_WAIT_READ = 1,
    WEIR_WAIT_WRITE = 2,
} weir_wait_event;

/**
 * Waits until `fd` is ready for one of `events`. The one way for a driver to
 * wait: it goes through the engine's wait hook. May answer early; look again
 * at the client library's state afterwards.
 *
 * @param events   weir_wait_event bits
 * @param deadline absolute; a past one only looks
 * @return WEIR_OK, WEIR_ERR_TIMEOUT, WEIR_ERR_CANCELLED (the hook's wish) or
 *         WEIR_ERR_CONNECTION (the descriptor is broken)
 */
WEIR_API weir_status weir_services_wait(const weir_services *services, int fd,
                                        unsigned events, int64_t deadline,
                                        weir_error *err) WEIR_MUST_USE;

/** Work that a client library can only do by blocking: resolving a name, or
 *  all of connecting. Neither function may use the engine, its services or its
 *  memory: the engine may be gone before the work is over. */
typedef struct weir_aside {
    /** Does it. */
    void (*run)(void *work);
    /** Frees what is left of work that nobody waits for any more; by the same
     *  thread, after run(). Else it is left to who waited. */
    void (*drop)(void *work);
} weir_aside;

/**
 * Has work done by a thread of the library and waits for it as
 * weir_services_wait() does. A caller whose deadline passes leaves the work to
 * that thread, however long that may still take it. While nobody has been
 * reached (weir_aside_reached()) an opening is not counted as one of those
 * that the pool allows at the same time, if it takes longer than usual.
 *
 * @param work     what run() is given, in memory of its own
 * @param deadline absolute; a past one still begins the work
 * @return WEIR_OK: run() is over, and the work is the caller's again.
 *         WEIR_ERR_TIMEOUT, WEIR_ERR_CANCELLED: it must not be touched any
 *         more. WEIR_ERR_RESOURCE: it could not be begun, and drop() has been
 *         called
 */
WEIR_API weir_status weir_services_aside(const weir_services *services,
                                         const weir_aside *aside, void *work,
                                         int64_t deadline, weir_error *err)
    WEIR_MUST_USE;

/**
 * Says inside run() that a server has been reached by the socket `fd`: from
 * here on the work is not only waiting. When nobody wants it any more, or the
 * process exits, the socket is shut down. May be called often; on a thread
 * that does no such work it does nothing.
 *
 * @return WEIR_OK; WEIR_ERR_CANCELLED: nobody waits any more, come to an end
 */
WEIR_API weir_status weir_aside_reached(int fd) WEIR_MUST_USE;
/** Whether the engine was closed and its time is over
 *  (weir_engine_close_within()). Waits end by themselves then, with
 *  CONNECTION; a driver that computes asks beside its deadline, and answers
 *  as if it was cancelled. */
WEIR_API bool weir_services_is_over(const weir_services *services);

/**
 * The same services for work that may be called off: within some 10 ms of
 * `is_off` saying so, each wait ends with CANCELLED, also one for work aside.
 * For asking a server to stop a statement, which is of no use any more once
 * that has ended.
 *
 * @param is_off asked by the thread that waits, again and again
 * @return [owned] give it back with weir_services_free() before `services`
 *         end; NULL: there is no memory
 */
WEIR_API weir_services *weir_services_until(const weir_services *services,
                                            bool (*is_off)(const void *context),
                                            const void *context);

/** Hands a notice or warning of the server or the driver to the engine's log
 *  hook. One line; values and passwords must not be in it. */
WEIR_API void weir_services_log(const weir_services *services,
                                weir_log_kind kind, const char *message);

/** Growing bytes. All zero is empty and ready. */
typedef struct weir_buffer {
    char *data;
    size_t size;
    size_t capacity;
} weir_buffer;

/** Appends. @return WEIR_OK or WEIR_ERR_NOMEM; the buffer is as before then */
WEIR_API weir_status weir_buffer_add(const weir_services *services,
                                     weir_buffer *buffer, const void *data,
                                     size_t size) WEIR_MUST_USE;
/** Makes room for `size` bytes in all, without changing the content. */
WEIR_API weir_status weir_buffer_reserve(const weir_services *services,
                                         weir_buffer *buffer, size_t size)
    WEIR_MUST_USE;
/** Empties the buffer and gives its memory back. */
WEIR_API void weir_buffer_clear(const weir_services *services,
                                weir_buffer *buffer);

WEIR_END_DECLS

#endif
