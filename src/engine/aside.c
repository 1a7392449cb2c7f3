/* SPDX-License-Identifier: MIT */
/*
 * Work that blocks, done aside (<weir/sys/services.h>). Two threads share an
 * errand: the one that waits for it and the one that does it. Whoever lets go
 * of it last frees it; if the one who waits goes first, the work is dropped by
 * the other.
 */
#include "engine/services.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/clock.h"
#include "base/error.h"
#include "pool/pool.h"
#include "pool/staff.h"

/* What resolving a name usually takes at most. */
#define USUAL_NS INT64_C(250000000)

typedef struct errand {
    weir_aside aside;
    void *work;
    int news; /* an eventfd: REACHED or done */

    pthread_mutex_t lock; /* all below */
    int fd;               /* -1, or its own name for the server's socket */
    bool reached;
    bool done;
    bool abandoned;
} errand;

/* What the calling thread is at. */
static _Thread_local errand *mine;

/* ---------------------------------------------------------------- an errand */

static errand *make(const weir_aside *aside, void *work)
{
    errand *made = wi_alloc(NULL, sizeof *made);

    if (!made)
        return NULL;
    *made = (errand){.aside = *aside, .work = work, .fd = -1};
    made->news = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (made->news >= 0 && pthread_mutex_init(&made->lock, NULL) == 0)
        return made;
    if (made->news >= 0)
        close(made->news);
    wi_free(NULL, made);
    return NULL;
}

static void discard(errand *it)
{
    close(it->news);
    if (it->fd >= 0)
        close(it->fd);
    pthread_mutex_destroy(&it->lock);
    wi_free(NULL, it);
}

/* Locked. */
static void hang_up(const errand *it)
{
    if (it->fd >= 0)
        (void)shutdown(it->fd, SHUT_RDWR);
}

/* -------------------------------------------------------- the thread aside */

/* The process exits. */
static void stop(void *argument)
{
    errand *it = argument;

    pthread_mutex_lock(&it->lock);
    hang_up(it);
    pthread_mutex_unlock(&it->lock);
}

/* A copy of the descriptor: what is shut down later is surely this socket,
 * whatever the library has closed meanwhile. */
static void note_socket(errand *it, int fd)
{
    if (it->fd >= 0)
        close(it->fd);
    it->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
}

weir_status weir_aside_reached(int fd)
{
    errand *it = mine;
    bool abandoned;

    if (!it)
        return WEIR_OK;
    pthread_mutex_lock(&it->lock);
    note_socket(it, fd);
    if (!it->reached)
        (void)eventfd_write(it->news, 1);
    it->reached = true;
    abandoned = it->abandoned;
    pthread_mutex_unlock(&it->lock);
    wi_staff_wake();
    return abandoned ? WEIR_ERR_CANCELLED : WEIR_OK;
}

/* Once it is done the errand is the other's to free, so the exit of the
 * process must not find it awake any more. */
static void main_aside(void *argument)
{
    errand *it = argument;
    bool abandoned;

    mine = it;
    wi_staff_rest();
    it->aside.run(it->work);
    wi_staff_rest();
    mine = NULL;
    pthread_mutex_lock(&it->lock);
    abandoned = it->abandoned;
    it->done = !abandoned;
    if (!abandoned)
        (void)eventfd_write(it->news, 1);
    pthread_mutex_unlock(&it->lock);
    if (!abandoned)
        return;
    wi_staff_wake();
    it->aside.drop(it->work);
    wi_staff_rest();
    discard(it);
}

/* ------------------------------------------------------ who waits for it */

typedef enum progress { NOTHING, REACHED, DONE } progress;

static progress look(errand *it)
{
    eventfd_t ignored;
    progress found;

    pthread_mutex_lock(&it->lock);
    (void)eventfd_read(it->news, &ignored);
    found = it->done ? DONE : it->reached ? REACHED : NOTHING;
    pthread_mutex_unlock(&it->lock);
    return found;
}

/* @return whether it is done, all the same */
static bool abandon(errand *it)
{
    bool done;

    pthread_mutex_lock(&it->lock);
    done = it->done;
    it->abandoned = !done;
    if (!done)
        hang_up(it);
    pthread_mutex_unlock(&it->lock);
    return done;
}

/* Waits on behalf of an opening of the pool, which may put another in its
 * place while this one hangs. */
static weir_status wait_for(const weir_services *services, errand *it,
                            int64_t deadline, weir_error *err)
{
    int64_t usual = wi_deadline_in_ns(USUAL_NS);
    weir_status status = WEIR_OK;
    bool hangs = false;
    progress found;

    while ((found = look(it)) != DONE && status == WEIR_OK) {
        bool patient = services->pool && !hangs && found == NOTHING;
        int64_t until = patient && usual < deadline ? usual : deadline;

        if (hangs && found == REACHED) {
            wi_pool_goes_on(services->pool);
            hangs = false;
        }
        status =
            weir_services_wait(services, it->news, WEIR_WAIT_READ, until, err);
        if (status == WEIR_ERR_TIMEOUT && until != deadline) {
            hangs = wi_pool_hangs(services->pool);
            usual = deadline;
            status = WEIR_OK;
        }
    }
    if (hangs)
        wi_pool_goes_on(services->pool);
    return status == WEIR_OK || abandon(it) ? WEIR_OK : status;
}

weir_status weir_services_aside(const weir_services *services,
                                const weir_aside *aside, void *work,
                                int64_t deadline, weir_error *err)
{
    errand *it = make(aside, work);
    const wi_staff_task task = {
        .name = "weir-aside", .run = main_aside, .stop = stop, .argument = it};
    weir_status status;

    if (!it || !wi_staff_start(&task)) {
        if (it)
            discard(it);
        aside->drop(work);
        return weir_error_set(err, WEIR_ERR_RESOURCE,
                              "there is no descriptor, memory or thread left "
                              "to connect by");
    }
    status = wait_for(services, it, deadline, err);
    if (status == WEIR_OK)
        discard(it);
    return status;
}
