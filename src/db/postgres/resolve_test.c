/* SPDX-License-Identifier: MIT */
/*
 * Names of hosts, with a resolver that a test commands. It stands in for the
 * C library's, in libpq, too.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "drive.h"

#include "db/postgres/resolve.h"
#include "kit/late.h"

#define MS INT64_C(1000000)

/* "stuck…" hangs until it is let go, "none…" is not known, all others are
 * these addresses. */
static const char *const addresses[] = {"127.0.0.1", "::1", "127.0.0.2"};
static _Atomic int address_count = 1;
static _Atomic bool let_go;
static _Atomic int asked, answered;
static _Atomic bool asked_in_test_thread;
static pthread_t test_thread;

static void nap(void)
{
    const struct timespec time = {.tv_nsec = MS / 5};

    nanosleep(&time, NULL);
}

static struct addrinfo *entry(const char *address, struct addrinfo *next)
{
    struct {
        struct addrinfo info;
        struct sockaddr_storage socket;
    } *made = calloc(1, sizeof *made);
    struct sockaddr_in *v4 = (struct sockaddr_in *)&made->socket;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&made->socket;
    bool is_v4 = inet_pton(AF_INET, address, &v4->sin_addr) == 1;

    if (!is_v4)
        inet_pton(AF_INET6, address, &v6->sin6_addr);
    made->info = (struct addrinfo){
        .ai_family = is_v4 ? AF_INET : AF_INET6,
        .ai_socktype = SOCK_STREAM,
        .ai_addrlen = is_v4 ? sizeof *v4 : sizeof *v6,
        .ai_addr = (struct sockaddr *)&made->socket,
        .ai_next = next,
    };
    made->socket.ss_family = (sa_family_t)made->info.ai_family;
    return &made->info;
}

__attribute__((visibility("default"))) int
getaddrinfo(const char *name, const char *service, const struct addrinfo *hints,
            struct addrinfo **out)
{
    int count = atomic_load(&address_count);
    struct addrinfo *found = NULL;

    if (hints->ai_flags & AI_NUMERICHOST) {
        if (strspn(name, "0123456789.") != strlen(name) && !strchr(name, ':'))
            return EAI_NONAME;
        found = entry(name, NULL);
        if (service)
            ((struct sockaddr_in *)found->ai_addr)->sin_port =
                htons((uint16_t)atoi(service));
        *out = found;
        return 0;
    }
    if (pthread_equal(pthread_self(), test_thread))
        atomic_store(&asked_in_test_thread, true);
    atomic_fetch_add(&asked, 1);
    while (strncmp(name, "stuck", 5) == 0 && !atomic_load(&let_go))
        nap();
    for (int i = count; i > 0; i--)
        found = entry(addresses[i - 1], found);
    atomic_fetch_add(&answered, 1);
    if (strncmp(name, "none", 4) != 0) {
        *out = found;
        return 0;
    }
    freeaddrinfo(found);
    return EAI_NONAME;
}

__attribute__((visibility("default"))) void freeaddrinfo(struct addrinfo *list)
{
    while (list) {
        struct addrinfo *next = list->ai_next;

        free(list);
        list = next;
    }
}

/* ------------------------------------------------------------------- lists */

static drive d;
static wpg_conn conn;
static char told_host[512], told_address[512], told_port[128];

static void take(const wpg_transport *transport, const char *name, char *out,
                 size_t size)
{
    out[0] = '\0';
    for (size_t i = 0; i < transport->count; i++) {
        if (strcmp(transport->settings[i].name, name) == 0)
            snprintf(out, size, "%s", transport->settings[i].value);
    }
}

static weir_status resolve_in(const char *url, double seconds)
{
    wpg_addresses found = {.hosts = {.data = NULL}};
    wpg_transport transport;
    weir_status status;

    assert_int_equal(drive_attach(&d, url), WEIR_OK);
    conn.services = &d.services;
    assert_int_equal(wpg_transport_of(d.url, d.values, &transport, &d.err),
                     WEIR_OK);
    status =
        wpg_resolve(&conn, &transport, drive_in(&d, seconds), &found, &d.err);
    take(&transport, "host", told_host, sizeof told_host);
    take(&transport, "hostaddr", told_address, sizeof told_address);
    take(&transport, "port", told_port, sizeof told_port);
    wpg_addresses_clear(&conn, &found);
    drive_detach(&d);
    return status;
}

static void expect(const char *url, const char *host, const char *address,
                   const char *port)
{
    assert_int_equal(resolve_in(url, 60), WEIR_OK);
    assert_string_equal(told_host, host);
    assert_string_equal(told_address, address);
    assert_string_equal(told_port, port);
}

static int begin(void **state)
{
    (void)state;
    test_thread = pthread_self();
    atomic_store(&let_go, false);
    atomic_store(&address_count, 1);
    atomic_store(&asked, 0);
    atomic_store(&answered, 0);
    atomic_store(&asked_in_test_thread, false);
    return 0;
}

/* Whoever hangs comes to an end, and then nothing is left of it. */
static int end(void **state)
{
    (void)state;
    atomic_store(&let_go, true);
    while (atomic_load(&answered) < atomic_load(&asked))
        nap();
    return atomic_load(&asked_in_test_thread);
}

static void test_name__is_told_with_its_address(void **state)
{
    (void)state;
    expect("postgresql://db.example.org/x", "db.example.org", "127.0.0.1", "");
    expect("postgresql://db.example.org:5433/x", "db.example.org", "127.0.0.1",
           "5433");
    assert_int_equal(atomic_load(&asked), 2);
}

static void test_name__stands_once_for_each_address(void **state)
{
    (void)state;
    atomic_store(&address_count, 3);
    expect("postgresql:///x?host=a.example:1&host=127.0.0.9:2&host=b.example:3",
           "a.example,a.example,a.example,127.0.0.9,b.example,b.example,"
           "b.example",
           "127.0.0.1,::1,127.0.0.2,,127.0.0.1,::1,127.0.0.2", "1,1,1,2,3,3,3");
}

static void test_one_port__is_for_all(void **state)
{
    (void)state;
    atomic_store(&address_count, 2);
    expect("postgresql:///x?host=a.example&host=b.example&port=6000",
           "a.example,a.example,b.example,b.example",
           "127.0.0.1,::1,127.0.0.1,::1", "6000");
}

static void test_what_is_no_name__is_not_resolved(void **state)
{
    (void)state;
    expect("postgresql://127.0.0.1/x", "127.0.0.1", "", "");
    expect("postgresql://[::1]/x", "::1", "", "");
    expect("postgresql://localhost/x", "localhost", "", "");
    expect("postgresql:///x?host=/run/here", "/run/here", "", "");
    expect("postgresql://db.example.org/x?hostaddr=127.0.0.1", "db.example.org",
           "127.0.0.1", "");
    assert_int_equal(atomic_load(&asked), 0);
}

static void test_given_addresses__are_kept(void **state)
{
    (void)state;
    expect("postgresql:///x?host=a.example&host=b.example&hostaddr=,127.0.0.7",
           "a.example,b.example", "127.0.0.1,127.0.0.7", "");
    assert_int_equal(atomic_load(&asked), 1);
}

/* libpq says so. */
static void test_lists__that_do_not_match_are_left(void **state)
{
    (void)state;
    expect("postgresql:///x?host=a.example&host=b.example&hostaddr=127.0.0.7",
           "a.example,b.example", "127.0.0.7", "");
    expect("postgresql:///x?host=a.example&port=1,2", "a.example", "", "1,2");
    assert_int_equal(atomic_load(&asked), 0);
}

static void test_unknown__names_are_left_out(void **state)
{
    (void)state;
    expect("postgresql:///x?host=none.example:1&host=b.example:2", "b.example",
           "127.0.0.1", "2");
    assert_int_equal(resolve_in("postgresql://none.example/x", 60),
                     WEIR_ERR_CONNECTION);
    assert_non_null(strstr(d.err.message, "\"none.example\": its name"));
    assert_string_equal(d.err.sqlstate, "08001");
    assert_int_equal(d.err.fate, WEIR_FATE_DISCARD);
}

/* Another host has its address: what hangs is waited for a moment only. */
static void test_stuck__names_do_not_hold_the_others_up(void **state)
{
    int64_t began;

    (void)state;
    assert_int_equal(
        resolve_in("postgresql:///x?host=stuck.example&host=b.example", 0.2),
        WEIR_OK);
    assert_string_equal(told_host, "b.example");
    began = weir_services_now(&d.services);
    assert_int_equal(
        resolve_in("postgresql:///x?host=b.example&host=stuck.example", 3600),
        WEIR_OK);
    assert_string_equal(told_host, "b.example");
    assert_true(weir_services_now(&d.services) - began < 600000 * MS);
}

/* -------------------------------------------------------------- connecting */

static void test_stuck__ends_at_the_deadline(void **state)
{
    int64_t deadline, late;
    void *opened;

    (void)state;
    assert_int_equal(
        drive_attach(&d, "postgresql://stuck.example/x?tls=disable"), WEIR_OK);
    deadline = drive_in(&d, 0.05);
    assert_int_equal(drive_try_open(&d, &opened, deadline), WEIR_ERR_TIMEOUT);
    late = weir_services_now(&d.services) - deadline;
    assert_true(late >= 0 && (double)late / 1e9 < kit_late_s());
    assert_non_null(strstr(d.err.message, "stuck.example"));
    assert_int_equal(d.err.fate, WEIR_FATE_DISCARD);
    drive_close(&d, opened);
    drive_detach(&d);
}

/* A server that says at once that it is full, to each who comes. */
typedef struct full_server {
    int listener;
    char port[16];
    pthread_t thread;
} full_server;

static void *refuse_all(void *memory)
{
    static const char words[] = "SFATAL\0VFATAL\0C53300\0Mall are taken\0";
    full_server *server = memory;
    int fd;

    while ((fd = accept4(server->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        char heard[256];
        char head[5] = {'E', 0, 0, 0, sizeof words + 4};

        if (recv(fd, heard, sizeof heard, 0) > 0 &&
            send(fd, head, sizeof head, MSG_NOSIGNAL) > 0)
            (void)send(fd, words, sizeof words, MSG_NOSIGNAL);
        close(fd);
    }
    return NULL;
}

static void start_server(full_server *server)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof at;

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server->listener, (struct sockaddr *)&at, size), 0);
    assert_int_equal(listen(server->listener, 8), 0);
    assert_int_equal(
        getsockname(server->listener, (struct sockaddr *)&at, &size), 0);
    snprintf(server->port, sizeof server->port, "%d", ntohs(at.sin_port));
    assert_int_equal(pthread_create(&server->thread, NULL, refuse_all, server),
                     0);
}

static void stop_server(full_server *server)
{
    (void)shutdown(server->listener, SHUT_RDWR);
    pthread_join(server->thread, NULL);
    close(server->listener);
}

/* libpq asks nobody any more, and goes where it is sent. */
static void test_resolved__name_is_connected_to(void **state)
{
    full_server server;
    char url[128];
    void *opened;

    (void)state;
    start_server(&server);
    snprintf(url, sizeof url, "postgresql://me@db.example:%s/x?tls=disable",
             server.port);
    assert_int_equal(drive_attach(&d, url), WEIR_OK);
    assert_int_equal(drive_try_open(&d, &opened, drive_in(&d, 60)),
                     WEIR_ERR_RESOURCE);
    assert_string_equal(d.err.sqlstate, "53300");
    assert_int_equal(atomic_load(&asked), 1);
    drive_close(&d, opened);
    drive_detach(&d);
    stop_server(&server);
}

#define A_TEST(name_) cmocka_unit_test_setup_teardown(name_, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        A_TEST(test_name__is_told_with_its_address),
        A_TEST(test_name__stands_once_for_each_address),
        A_TEST(test_one_port__is_for_all),
        A_TEST(test_what_is_no_name__is_not_resolved),
        A_TEST(test_given_addresses__are_kept),
        A_TEST(test_lists__that_do_not_match_are_left),
        A_TEST(test_unknown__names_are_left_out),
        A_TEST(test_stuck__names_do_not_hold_the_others_up),
        A_TEST(test_stuck__ends_at_the_deadline),
        A_TEST(test_resolved__name_is_connected_to),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
