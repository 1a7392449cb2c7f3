/* SPDX-License-Identifier: MIT */
/* From a URL to a file, and why a file cannot be opened. */
#include "scratch.h"

#include <fcntl.h>
#include <sys/resource.h>

static scratch s;
static drive d;

static int begin_test(void **state)
{
    (void)state;
    scratch_make(&s);
    return 0;
}

static int end_test(void **state)
{
    (void)state;
    scratch_drop(&s);
    return 0;
}

/* Opens, and tells the path that SQLite has; "" in memory. */
static void open_and_close(const char *url, char *path, size_t size)
{
    void *conn;

    if (drive_attach(&d, url) != WEIR_OK)
        fail_msg("%s: %s", url, d.err.message);
    if (drive_try_open(&d, &conn, WEIR_NO_DEADLINE) != WEIR_OK)
        fail_msg("%s: %s", url, d.err.message);
    must_run(&d, conn, "CREATE TABLE IF NOT EXISTS t (a)");
    snprintf(path, size, "%s",
             sqlite3_db_filename(((wsq_conn *)conn)->db, "main"));
    drive_close(&d, conn);
    drive_detach(&d);
}

/* What stands in the URL before and after the folder, and the file in it that
 * this must mean. */
static void assert_file(const char *before, const char *after, const char *file)
{
    char url[256], path[256], wanted[256];

    snprintf(url, sizeof url, "%s%s%s", before, s.folder, after);
    snprintf(wanted, sizeof wanted, "%s/%s", s.folder, file);
    open_and_close(url, path, sizeof path);
    assert_string_equal(path, wanted);
    assert_int_equal(unlink(wanted), 0);
}

static void test_file__may_have_any_name(void **state)
{
    (void)state;
    assert_file("sqlite:///", "/a.db", "a.db");
    assert_file("sqlite:///", "/with%20space.db", "with space.db");
    assert_file("sqlite:///", "/q%3Fmode=memory.db", "q?mode=memory.db");
    assert_file("sqlite:///", "/hash%23.db", "hash#.db");
    assert_file("sqlite:///", "/per%25cent.db", "per%cent.db");
    assert_file("sqlite:///", "/gr%C3%BCn.db", "gr\303\274n.db");
    assert_file("sqlite:///", "/file:x.db", "file:x.db");
    assert_file("sqlite:///", "/a&vfs=none.db", "a&vfs=none.db");
}

static void test_file__may_be_written_as_a_uri(void **state)
{
    (void)state;
    assert_file("sqlite:///file:", "/a.db", "a.db");
    assert_file("sqlite:///file://", "/a.db", "a.db");
    assert_file("sqlite:///file://localhost", "/a.db", "a.db");
    assert_file("sqlite:///file:", "/a.db?mode=rwc", "a.db");
}

static void test_file__is_relative_to_the_working_directory(void **state)
{
    char path[256], before[256], wanted[256];

    (void)state;
    assert_non_null(getcwd(before, sizeof before));
    assert_int_equal(chdir(s.folder), 0);
    open_and_close("sqlite:///here.db", path, sizeof path);
    assert_non_null(getcwd(wanted, sizeof wanted));
    strcat(wanted, "/here.db");
    assert_string_equal(path, wanted);
    assert_int_equal(unlink("here.db"), 0);
    assert_int_equal(chdir(before), 0);
}

static void test_memory__has_four_forms(void **state)
{
    static const char *const urls[] = {
        "sqlite://", "sqlite:///",
        "sqlite:///:memory:", "sqlite:///any?mode=memory",
        "sqlite:///file::memory:"};

    (void)state;
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        char path[256];

        open_and_close(urls[i], path, sizeof path);
        assert_ptr_equal(strstr(path, WSQ_MEMORY_ROOT), path);
    }
}

static void assert_refused(const char *url, const char *word)
{
    if (drive_attach(&d, url) != WEIR_ERR_CONFIG)
        fail_msg("%s was taken", url);
    if (!strstr(d.err.message, word))
        fail_msg("%s: %s", url, d.err.message);
    drive_detach(&d);
}

static void test_check_url__refuses_what_sqlite_does_not_have(void **state)
{
    (void)state;
    assert_refused("sqlite://a.db", "slash");
    assert_refused("sqlite://user:secret@/a.db", "users");
    assert_refused("sqlite://user:secret@host/a.db", "users");
    assert_null(strstr(d.err.message, "secret"));
    assert_refused("sqlite://:5432/a.db", "port");
    assert_refused("sqlite:///a.db?vfs=unix-none", "vfs");
    assert_refused("sqlite:///a.db?key=abc", "not encrypted");
    assert_refused("sqlite:///file://server/a.db", "another host");
    assert_refused("sqlite:///file:a.db%3Fvfs=unix-none", "parameters");
}

/* Opening fails with what it says of the file. */
static void assert_closed(const char *query, weir_status status,
                          const char *word)
{
    void *conn;

    assert_int_equal(drive_attach(&d, scratch_url(&s, query)), WEIR_OK);
    if (drive_try_open(&d, &conn, WEIR_NO_DEADLINE) != status)
        fail_msg("%s: %s", query, d.err.message);
    if (!strstr(d.err.message, word) || !strstr(d.err.message, s.file))
        fail_msg("%s: %s", query, d.err.message);
    assert_int_not_equal(d.err.native_code, 0);
    assert_int_not_equal(d.err.fate, WEIR_FATE_KEEP);
    drive_close(&d, conn);
    drive_detach(&d);
}

static void test_open__says_what_is_missing(void **state)
{
    (void)state;
    assert_closed("?mode=rw", WEIR_ERR_CONFIG, "does not exist");
    assert_closed("?mode=ro", WEIR_ERR_CONFIG, "does not exist");
    assert_string_equal(d.err.sqlstate, "3D000");
    snprintf(s.file, sizeof s.file, "%s/no/such/a.db", s.folder);
    assert_closed("", WEIR_ERR_CONFIG, "directory does not exist");
}

static void test_open__of_a_directory(void **state)
{
    (void)state;
    assert_int_equal(mkdir(s.file, 0700), 0);
    assert_closed("", WEIR_ERR_CONFIG, "is a directory");
    assert_int_equal(rmdir(s.file), 0);
}

/* Root may do everything: be nobody for a moment. */
static void test_open__without_permission(void **state)
{
    bool root = geteuid() == 0;
    int file = open(s.file, O_CREAT | O_WRONLY, 0600);

    (void)state;
    assert_true(file >= 0);
    close(file);
    assert_int_equal(chmod(s.file, 0), 0);
    assert_int_equal(chmod(s.folder, 0755), 0);
    if (root)
        assert_int_equal(seteuid(65534), 0);
    assert_closed("", WEIR_ERR_AUTH, "permission denied");
    assert_string_equal(d.err.sqlstate, "42501");
    if (root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(unlink(s.file), 0);
    assert_int_equal(chmod(s.folder, 0555), 0);
    if (root)
        assert_int_equal(seteuid(65534), 0);
    assert_closed("", WEIR_ERR_AUTH, "may this program write");
    if (root)
        assert_int_equal(seteuid(0), 0);
    assert_int_equal(chmod(s.folder, 0700), 0);
}

static void test_open__with_too_many_files(void **state)
{
    struct rlimit limit, small;
    weir_status status;
    void *conn;

    (void)state;
    assert_int_equal(drive_attach(&d, scratch_url(&s, "")), WEIR_OK);
    drive_close(&d, drive_open(&d));
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    small = limit;
    small.rlim_cur = 3;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &small), 0);
    status = drive_try_open(&d, &conn, WEIR_NO_DEADLINE);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(status, WEIR_ERR_RESOURCE);
    assert_non_null(strstr(d.err.message, "too many files"));
    drive_close(&d, conn);
    drive_detach(&d);
}

int main(void)
{
#define TEST(name_)                                                            \
    cmocka_unit_test_setup_teardown(test_##name_, begin_test, end_test)
    const struct CMUnitTest tests[] = {
        TEST(file__may_have_any_name),
        TEST(file__may_be_written_as_a_uri),
        TEST(file__is_relative_to_the_working_directory),
        TEST(memory__has_four_forms),
        TEST(check_url__refuses_what_sqlite_does_not_have),
        TEST(open__says_what_is_missing),
        TEST(open__of_a_directory),
        TEST(open__without_permission),
        TEST(open__with_too_many_files),
    };
#undef TEST

    return cmocka_run_group_tests(tests, NULL, NULL);
}
