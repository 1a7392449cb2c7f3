/* SPDX-License-Identifier: MIT */
/*
 * Sleeping beside sockets.
 */
#include "pool/watch.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>

#ifdef __linux__
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>
#endif

#include "base/clock.h"
#include "base/sync.h"

/* -------------------------------------------------------------------- bell */

void wi_bell_rest(wi_bell *bell, int64_t until_ns)
{
    wi_mutex_lock(&bell->lock);
    if (!bell->is_made)
        bell->is_made = wi_cond_init(&bell->rung);
    if (bell->is_made && !bell->is_ringing)
        (void)wi_cond_wait_until(&bell->rung, &bell->lock, until_ns);
    bell->is_ringing = false;
    wi_mutex_unlock(&bell->lock);
}

void wi_bell_ring(wi_bell *bell)
{
    wi_mutex_lock(&bell->lock);
    bell->is_ringing = true;
    if (bell->is_made)
        wi_cond_signal(&bell->rung);
    wi_mutex_unlock(&bell->lock);
}

void wi_bell_forget(wi_bell *bell)
{
    (void)wi_mutex_init(&bell->lock);
    bell->is_made = bell->is_ringing = false;
}

/* For when there is no epoll. */
static wi_bell spare = WI_BELL_INIT;

#ifdef __linux__

/* ------------------------------------------------------------------- epoll */

enum {
    NEWS_MAX = 64,
    RING_KEY = 0,
    CLOCK_KEY = 1, /* keys of sockets are greater */
};

/* Made once for a process, by whoever comes first; -1: there is none. */
static struct {
    pthread_mutex_t lock;
    _Atomic int epoll;
    _Atomic int ring;  /* an eventfd */
    _Atomic int clock; /* a timerfd, or -1 */
    bool is_made;
} watch = {
    .lock = PTHREAD_MUTEX_INITIALIZER, .epoll = -1, .ring = -1, .clock = -1};

static void close_all(void)
{
    if (watch.epoll >= 0)
        close(watch.epoll);
    if (watch.ring >= 0)
        close(watch.ring);
    if (watch.clock >= 0)
        close(watch.clock);
    watch.epoll = watch.ring = watch.clock = -1;
}

/* A timer that never comes, but is cancelled when the wall clock is set; which
 * it is when a machine goes on that was suspended. */
static int make_clock(void)
{
    const struct itimerspec never = {
        .it_value.tv_sec = sizeof(time_t) > 4 ? (time_t)INT64_C(9000000000)
                                              : (time_t)INT32_MAX};
    int fd = timerfd_create(CLOCK_REALTIME, TFD_CLOEXEC | TFD_NONBLOCK);

    if (fd < 0 ||
        timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never,
                        NULL) == 0)
        return fd;
    close(fd);
    return -1;
}

static bool listen_to(int fd, uint64_t key)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = key};

    return epoll_ctl(watch.epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

/* Locked. */
static void make_watch(void)
{
    watch.ring = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    watch.epoll = epoll_create1(EPOLL_CLOEXEC);
    if (watch.ring < 0 || watch.epoll < 0 || !listen_to(watch.ring, RING_KEY))
        close_all();
    else
        watch.clock = make_clock();
    if (watch.clock >= 0 && !listen_to(watch.clock, CLOCK_KEY)) {
        close(watch.clock);
        watch.clock = -1;
    }
    watch.is_made = true;
}

static bool need_watch(void)
{
    pthread_mutex_lock(&watch.lock);
    if (!watch.is_made)
        make_watch();
    pthread_mutex_unlock(&watch.lock);
    errno = ENOSYS; /* for who finds that there is none */
    return watch.epoll >= 0;
}

/* Rounded up: who wakes before the time would only lie down again. */
static int ms_until(int64_t until_ns)
{
    int64_t ns = until_ns - wi_now_ns();

    if (until_ns == WI_NO_DEADLINE)
        return -1;
    if (ns <= 0)
        return 0;
    return ns / 1000000 >= INT_MAX ? INT_MAX : (int)((ns + 999999) / 1000000);
}

int wi_watch_rest(int64_t until_ns, uint64_t *keys, int most)
{
    struct epoll_event news[NEWS_MAX];
    int count = 0;
    int found;

    found = need_watch() ? epoll_wait(watch.epoll, news,
                                      most < NEWS_MAX ? most : NEWS_MAX,
                                      ms_until(until_ns))
                         : -1;
    /* No epoll, or somebody has closed it under us. */
    if (found < 0 && errno != EINTR)
        wi_bell_rest(&spare, until_ns);
    for (int i = 0; i < found; i++) {
        uint64_t heard;

        /* Read, they are quiet again; that it was one of them is no news. */
        if (news[i].data.u64 == RING_KEY)
            (void)!read(watch.ring, &heard, sizeof heard);
        else if (news[i].data.u64 == CLOCK_KEY)
            (void)!read(watch.clock, &heard, sizeof heard);
        else
            keys[count++] = news[i].data.u64;
    }
    return count;
}

void wi_watch_ring(void)
{
    const uint64_t once = 1;

    if (!need_watch() || write(watch.ring, &once, sizeof once) < 0)
        wi_bell_ring(&spare);
}

bool wi_watch_add(int fd, uint64_t key)
{
    struct epoll_event event = {.events = EPOLLRDHUP | EPOLLET,
                                .data.u64 = key};

    return fd >= 0 && key > CLOCK_KEY && need_watch() &&
           epoll_ctl(watch.epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

void wi_watch_forget(void)
{
    pthread_mutex_init(&watch.lock, NULL);
    close_all();
    watch.is_made = false;
    wi_bell_forget(&spare);
}

#else

int wi_watch_rest(int64_t until_ns, uint64_t *keys, int most)
{
    (void)keys;
    (void)most;
    wi_bell_rest(&spare, until_ns);
    return 0;
}

void wi_watch_ring(void)
{
    wi_bell_ring(&spare);
}

bool wi_watch_add(int fd, uint64_t key)
{
    (void)fd;
    (void)key;
    return false;
}

void wi_watch_forget(void)
{
    wi_bell_forget(&spare);
}

#endif
