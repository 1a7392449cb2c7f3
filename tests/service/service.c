/* SPDX-License-Identifier: MIT */
/* Starting, finding and ending the service. */
#include "service.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

const char *service_program;

static char folder[64];
static char base_url[512];

/* ------------------------------------------------------------- the database */

bool service_is_sqlite(void)
{
    return strncmp(base_url, "sqlite", 6) == 0;
}

const char *service_folder(void)
{
    return folder;
}

const char *service_url(const char *options)
{
    static char url[1024];

    snprintf(url, sizeof url, "%s%s%s", base_url,
             !options                ? ""
             : strchr(base_url, '?') ? "&"
                                     : "?",
             options ? options : "");
    return url;
}

static void drop_table(void)
{
    weir_error err;
    WEIR_AUTO(weir_engine) engine = weir_engine_open(base_url, NULL, &err);
    WEIR_AUTO(weir_conn) conn = weir_connect(engine, &err);

    if (!conn)
        fail_msg("%s", err.message);
    assert_int_equal(weir_exec(conn, "DROP TABLE IF EXISTS users", NOARGS),
                     WEIR_OK);
    assert_int_equal(weir_commit(conn), WEIR_OK);
}

int service_setup(void **state)
{
    const char *url = getenv("WEIR_TEST_URL");

    (void)state;
    strcpy(folder, "/tmp/weir-service.XXXXXX");
    if (!url || !mkdtemp(folder))
        return -1;
    snprintf(base_url, sizeof base_url, "%s", url);
    if (service_is_sqlite())
        snprintf(base_url, sizeof base_url, "sqlite:///%s/users.db", folder);
    else
        drop_table();
    return 0;
}

int service_teardown(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    return system(command);
}

/* -------------------------------------------------------------- the process */

void service_run(service *out, const char *const *arguments)
{
    const char *all[16] = {service_program};
    int ends[2], count = 1;

    while (*arguments && count < 15)
        all[count++] = *arguments++;
    memset(out, 0, sizeof *out);
    assert_int_equal(pipe(ends), 0);
    out->pid = fork();
    assert_true(out->pid >= 0);
    if (out->pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* should a test fail */
        if (chdir(folder) == 0)
            execv(service_program, (char *const *)(uintptr_t)all);
        _exit(127);
    }
    close(ends[1]);
    out->output = ends[0];
}

/* @return false at the end of its output */
static bool listen_more(service *heard)
{
    size_t size = strlen(heard->said);
    ssize_t got =
        read(heard->output, heard->said + size, sizeof heard->said - 1 - size);

    if (got > 0)
        heard->said[size + (size_t)got] = '\0';
    return got > 0;
}

void service_start(service *out, const char *url)
{
    const char *arguments[] = {"--port", "0", "--database", url, NULL};
    const char *address = NULL;

    service_run(out, arguments);
    while (!address || !strchr(address, '\n')) {
        if (!listen_more(out))
            fail_msg("the service did not start: %s", out->said);
        address = strstr(out->said, "http://127.0.0.1:");
    }
    out->port = atoi(address + strlen("http://127.0.0.1:"));
}

/* The password of the URL must be nowhere. */
static void expect_no_secret(const char *text)
{
    const char *colon = strchr(base_url + strcspn(base_url, "/"), ':');
    const char *at = strchr(base_url, '@');
    char secret[128];

    if (!colon || !at || at <= colon + 1)
        return;
    snprintf(secret, sizeof secret, "%.*s", (int)(at - colon - 1), colon + 1);
    if (strstr(text, secret))
        fail_msg("the password is in: %s", text);
}

int service_wait(service *ended)
{
    int status;

    while (listen_more(ended))
        ;
    expect_no_secret(ended->said);
    close(ended->output);
    assert_int_equal(waitpid(ended->pid, &status, 0), ended->pid);
    if (!WIFEXITED(status))
        fail_msg("the service died of signal %d: %s", WTERMSIG(status),
                 ended->said);
    return WEXITSTATUS(status);
}

int service_stop(service *stopped, int signal_number)
{
    int status;

    kill(stopped->pid, signal_number);
    status = service_wait(stopped);
    if (status != 0)
        print_message("%s", stopped->said);
    return status;
}

int service_ask(const service *asked, const char *method, const char *path,
                const char *body, http_answer *out)
{
    int status =
        http_ask(asked->port, &(http_request){method, path, body}, out);

    expect_no_secret(out->text);
    return status;
}

void service_ask_until(const service *asked, const char *path, int status,
                       http_answer *out)
{
    for (int i = 0; i < 200; i++) {
        if (service_ask(asked, "GET", path, NULL, out) == status)
            return;
        nanosleep(&(struct timespec){.tv_nsec = 20 * 1000000}, NULL);
    }
    fail_msg("%d is wanted, still %d: %s", status, out->status, out->body);
}

/* ------------------------------------------------------------------- a lock */

void service_lock_take(service_lock *out, const service *asked)
{
    static http_answer answer;
    weir_error err;

    service_ask_until(asked, "/users/1", 200, &answer);
    out->engine = weir_engine_open(base_url, NULL, &err);
    out->conn = weir_connect(out->engine, &err);
    assert_non_null(out->conn);
    assert_int_equal(
        weir_exec(out->conn, "INSERT INTO users (name) VALUES ('zoe')", NOARGS),
        WEIR_OK);
}

static void give(service_lock *held)
{
    weir_conn_close(&held->conn);
    weir_engine_close(&held->engine);
}

void service_lock_commit(service_lock *held)
{
    assert_int_equal(weir_commit(held->conn), WEIR_OK);
    give(held);
}

void service_lock_rollback(service_lock *held)
{
    assert_int_equal(weir_rollback(held->conn), WEIR_OK);
    give(held);
}
