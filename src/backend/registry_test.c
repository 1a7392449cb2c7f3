/* SPDX-License-Identifier: MIT */
/* Finding a database by URL, and adding one. */
#include "drive.h"

#include <stdio.h>

#include "base/sync.h"

static weir_error err;

static const weir_backend *find(const char *text)
{
    weir_url *url = weir_url_parse(text, NULL, &err);
    const weir_backend *found;

    assert_non_null(url);
    found = wi_backend_for(url, &err);
    weir_url_free(&url);
    return found;
}

static void expect_refused(const char *url, const char *part)
{
    assert_null(find(url));
    assert_int_equal(err.status, WEIR_ERR_CONFIG);
    if (!strstr(err.message, part))
        fail_msg("\"%s\" does not say \"%s\"", err.message, part);
}

/* A database that is the mock under other names. */
static weir_backend make_backend(const char *name, const char *const *schemes)
{
    weir_backend backend = *weir_backend_find("mock");

    backend.name = name;
    backend.schemes = schemes;
    return backend;
}

static void test_backend_for__finds_schemes(void **state)
{
    (void)state;
    assert_non_null(find("mock://a"));
    assert_string_equal(find("mock://a")->name, "mock");
    assert_ptr_equal(find("mock://a"), weir_backend_find("mock"));
    assert_null(weir_backend_find(NULL));
    assert_null(weir_backend_find(""));
    assert_null(weir_backend_find("nothing"));
}

static void test_backend_for__names_the_nearest(void **state)
{
    (void)state;
    expect_refused("mokc://a", "did you mean \"mock\"?");
    expect_refused("MOCK://a", "did you mean \"mock\"?");
    expect_refused("oracle://a", "no database \"oracle\"");
    expect_refused("oracle://a", "there are ");
}

static void test_backend_for__refuses_other_driver_names(void **state)
{
    static const char *const schemes[] = {"drivers", NULL};
    static const char *const names[] = {"one", "two", NULL};
    static weir_backend backend;

    (void)state;
    backend = make_backend("drivers", schemes);
    backend.driver_names = names;
    assert_int_equal(weir_backend_register(&backend, &err), WEIR_OK);
    assert_ptr_equal(find("drivers://a"), &backend);
    assert_ptr_equal(find("drivers+two://a"), &backend);
    expect_refused("drivers+three://a", "no driver \"three\"");
    expect_refused("drivers+three://a", "one of one, two");
    expect_refused("mock+foo://a", "leave out the +name");
}

static void test_backend_for__null_driver_names_takes_any(void **state)
{
    static const char *const schemes[] = {"anydriver", NULL};
    static weir_backend backend;

    (void)state;
    backend = make_backend("anydriver", schemes);
    backend.driver_names = NULL;
    assert_int_equal(weir_backend_register(&backend, &err), WEIR_OK);
    assert_ptr_equal(find("anydriver+whatever://a"), &backend);
}

static void test_register__is_found_and_listed(void **state)
{
    static const char *const schemes[] = {"aaa", "aab", NULL};
    static weir_backend backend;
    const weir_backend *known;
    size_t times = 0;

    (void)state;
    backend = make_backend("aaa", schemes);
    assert_int_equal(weir_backend_register(&backend, &err), WEIR_OK);
    /* Twice is harmless. */
    assert_int_equal(weir_backend_register(&backend, &err), WEIR_OK);
    assert_ptr_equal(weir_backend_find("aab"), &backend);
    for (size_t i = 0; (known = weir_backend_at(i)); i++)
        times += known == &backend;
    assert_int_equal(times, 1);
    assert_null(weir_backend_at(SIZE_MAX));
}

static void test_register__refuses_taken_schemes(void **state)
{
    static const char *const schemes[] = {"fresh", "mock", NULL};
    static weir_backend backend;

    (void)state;
    backend = make_backend("late", schemes);
    assert_int_equal(weir_backend_register(&backend, &err), WEIR_ERR_MISUSE);
    assert_non_null(strstr(err.message, "scheme \"mock\" belongs to \"mock\""));
    assert_null(weir_backend_find("fresh"));
}

enum { THREADS = 4, MANY = 40 };
static char names[MANY][16];
static const char *many_schemes[MANY][2];
static weir_backend many[MANY];
static wi_mutex counting = {PTHREAD_MUTEX_INITIALIZER};
static int limit_count, next_one;

static void *register_some(void *nothing)
{
    for (;;) {
        int i;
        weir_error own;
        weir_status status;

        wi_mutex_lock(&counting);
        i = next_one++;
        wi_mutex_unlock(&counting);
        if (i >= MANY)
            return nothing;
        status = weir_backend_register(&many[i], &own);
        if (status == WEIR_OK && weir_backend_find(names[i]) != &many[i])
            abort();
        wi_mutex_lock(&counting);
        limit_count += status == WEIR_ERR_LIMIT;
        wi_mutex_unlock(&counting);
    }
}

/* Last: it fills the table. */
static void test_register__stops_at_32_from_any_threads(void **state)
{
    pthread_t threads[THREADS];

    (void)state;
    for (int i = 0; i < MANY; i++) {
        snprintf(names[i], sizeof names[i], "m%d", i);
        many_schemes[i][0] = names[i];
        many[i] = make_backend(names[i], many_schemes[i]);
    }
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, register_some, NULL),
                         0);
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    /* Three of the tests before have registered one each. */
    assert_int_equal(limit_count, MANY - (32 - 3));
    /* A long list of names is cut, not overrun. */
    expect_refused("nowhere://", "…");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_backend_for__finds_schemes),
        cmocka_unit_test(test_backend_for__names_the_nearest),
        cmocka_unit_test(test_backend_for__refuses_other_driver_names),
        cmocka_unit_test(test_backend_for__null_driver_names_takes_any),
        cmocka_unit_test(test_register__is_found_and_listed),
        cmocka_unit_test(test_register__refuses_taken_schemes),
        cmocka_unit_test(test_register__stops_at_32_from_any_threads),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
