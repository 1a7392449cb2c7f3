/* SPDX-License-Identifier: MIT */
/* Which URLs there are, and that the wrapper can do what the inner one can. */
#include "testbed.h"

static void expect_refused(const char *url, const char *part)
{
    drive one;

    assert_int_equal(drive_attach(&one, url), WEIR_ERR_CONFIG);
    weir_url_free(&one.url);
    if (!strstr(one.err.message, part))
        fail_msg("\"%s\" does not say \"%s\"", one.err.message, part);
}

static void test_url__names_a_database_to_wrap(void **state)
{
    (void)state;
    expect_refused("faulty://bed", "name its scheme");
    expect_refused("faulty+mocc://bed", "no database \"mocc\"");
    expect_refused("faulty+faulty://bed", "cannot wrap \"faulty\"");
    expect_refused("faulty+sqlite://somehost/x", "SQLite has no host");
}

static void test_profile__is_the_inner_one(void **state)
{
    const weir_backend *sqlite = weir_backend_find("sqlite");
    drive inner, outer;

    (void)state;
    assert_int_equal(drive_attach(&inner, "mock://bed"), WEIR_OK);
    assert_int_equal(inner.profile.capabilities, d.profile.capabilities);
    assert_ptr_equal(inner.profile.dialect, d.profile.dialect);
    assert_int_equal(inner.profile.default_isolation,
                     d.profile.default_isolation);
    drive_detach(&inner);
    if (!sqlite)
        return;
    assert_int_equal(drive_attach(&outer, "faulty+sqlite://"), WEIR_OK);
    assert_int_equal(outer.profile.capabilities, sqlite->capabilities);
    assert_ptr_equal(outer.profile.dialect, sqlite->dialect);
    drive_detach(&outer);
}

/* Each pointer of weir_driver behind the sizes, attach() and detach() set
 * apart: those are the wrapper's own. */
static void expect_same_operations(const char *scheme, const char *url)
{
    const weir_driver *inner = weir_backend_find(scheme)->driver;
    drive one;

    assert_int_equal(drive_attach(&one, url), WEIR_OK);
    for (size_t at = offsetof(weir_driver, open); at < sizeof(weir_driver);
         at += sizeof(void (*)(void))) {
        void (*theirs)(void), (*ours)(void);

        memcpy(&theirs, (const char *)inner + at, sizeof theirs);
        memcpy(&ours, (const char *)one.driver + at, sizeof ours);
        if (!theirs != !ours)
            fail_msg("%s: the operation at %zu is %s", scheme, at,
                     ours ? "made up" : "lost");
    }
    assert_ptr_equal(one.driver->classify, inner->classify);
    drive_detach(&one);
}

static void test_operations__are_there_as_in_the_inner_driver(void **state)
{
    weir_driver bare = *weir_backend_find("mock")->driver;
    static const char *const schemes[] = {"bare", NULL};
    static weir_backend backend;
    static weir_driver driver;

    (void)state;
    bare.ping = NULL;
    bare.abandon = NULL;
    bare.socket = NULL;
    bare.native = NULL;
    driver = bare;
    backend = *weir_backend_find("mock");
    backend.name = "bare";
    backend.schemes = schemes;
    backend.driver = &driver;
    assert_int_equal(weir_backend_register(&backend, &d.err), WEIR_OK);
    expect_same_operations("mock", "faulty+mock://bed");
    expect_same_operations("bare", "faulty+bare://bed");
    if (weir_backend_find("sqlite"))
        expect_same_operations("sqlite", "faulty+sqlite://");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_url__names_a_database_to_wrap),
        TEST(test_profile__is_the_inner_one),
        TEST(test_operations__are_there_as_in_the_inner_driver),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
