#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: tools/tidy/tidy_test.sh TIDY
# Shows that each rule of tidy can be broken: a small tidy tree passes, and the
# same tree with one file changed is refused at the right line.
set -u

tidy=${1:-}
if [ ! -x "$tidy" ]; then
    echo "usage: tools/tidy/tidy_test.sh TIDY" >&2
    exit 2
fi
top=$(mktemp -d) || exit 1
trap 'rm -rf "$top"' EXIT
good=$top/good
bad=$top/bad
failures=0
cases=0
licence='/* SPDX-License-Identifier: MIT */'

put() {
    mkdir -p "$(dirname "$1")"
    cat >"$1"
}

fail() {
    echo "FAILED: $1"
    [ ! -f "$top/out" ] || sed 's/^/    /' "$top/out"
    failures=$((failures + 1))
}

# The good tree.
put "$good/CMakeLists.txt" <<<'# SPDX-License-Identifier: MIT'
put "$good/tools/layers.txt" <<'END'
# a comment
base :
pool : base
cli : public
db/* : public
END
put "$good/tools/exceptions.txt" <<'END'
# rule where why
banned src/base/alloc.c the one door to malloc
END
put "$good/include/weir/weir.h" <<END
$licence
#include <stddef.h>
WEIR_BEGIN_DECLS
typedef struct weir_thing weir_thing;
/** What a caller must know. */
WEIR_API int weir_one(const char *name, size_t size, int count,
                      const int *more) WEIR_MUST_USE;
struct weir_thing {
    int (*call)(int a, int b, int c, int d, int e, int f);
};
WEIR_END_DECLS
END
put "$good/src/base/alloc.h" <<END
$licence
void *wi_alloc(int size);
END
put "$good/src/base/alloc.c" <<END
$licence
#include "base/alloc.h"
#include <weir/weir.h>
#define TWO(x) { x; x; }
/* malloc( in a comment */
void *wi_alloc(int size)
{
    const char *url = "sqlite:///file"; /* not a comment: // */
    other.free(url);
    other->free("printf(");
    return malloc(size);
}
END
put "$good/src/base/alloc_test.c" <<END
$licence
int main(void)
{
    printf("a test may print");
    return 0;
}
END
put "$good/src/pool/pool.c" <<END
$licence
#include "base/alloc.h"
static const int table[] = {1, 2};
END
put "$good/src/pool/pool_test.c" <<<"$licence"
put "$good/src/db/one/backend.c" <<END
$licence
#include "one.h"
#include <weir/weir.h>
END
put "$good/src/db/one/one.h" <<<"$licence"
put "$good/src/db/one/backend_test.c" <<<"$licence"
put "$good/examples/hello.c" <<END
$licence
#include <weir/weir.h>
END

# refuse RULE PATH:LINE: the tree is refused there when PATH has this content.
refuse() {
    local rule=$1 path=${2%:*} line=${2##*:}
    cases=$((cases + 1))
    rm -rf "$bad"
    cp -r "$good" "$bad"
    put "$bad/$path"
    if "$tidy" "$bad" >"$top/out" 2>&1; then
        fail "$rule: nothing was found"
    elif ! grep -q "^$path:$line: .*\\[$rule\\]\$" "$top/out"; then
        fail "$rule: not found at $path:$line"
    elif [ "$(grep -c '\]$' "$top/out")" != 1 ]; then
        fail "$rule: more was found than is wrong"
    fi
}

# accept WHAT PATH: the tree passes when PATH has this content.
accept() {
    cases=$((cases + 1))
    rm -rf "$bad"
    cp -r "$good" "$bad"
    put "$bad/$2"
    "$tidy" "$bad" >"$top/out" 2>&1 || fail "$1: refused"
}

# complain WHAT TEXT PATH: as refuse, for messages that belong to no rule.
complain() {
    cases=$((cases + 1))
    rm -rf "$bad"
    cp -r "$good" "$bad"
    put "$bad/$3"
    if "$tidy" "$bad" >"$top/out" 2>&1; then
        fail "$1: nothing was found"
    elif ! grep -qF "$2" "$top/out"; then
        fail "$1: the message is not \"$2\""
    fi
}

lines() {
    local i
    for ((i = 0; i < $1; i++)); do echo "$2"; done
}

if ! "$tidy" "$good"; then
    echo "FAILED: the good tree was refused"
    exit 1
fi

# Layers.
refuse layer src/base/alloc.h:2 <<END
$licence
#include "pool/pool.h"
END
refuse layer src/pool/pool.c:2 <<END
$licence
#include "db/one/one.h"
END
refuse layer src/db/one/backend.c:3 <<END
$licence
#include "one.h"
#include "base/alloc.h"
END
refuse layer src/pool/pool.c:2 <<END
$licence
#include "pool.h"
END
refuse layer src/pool/pool.c:2 <<END
$licence
#include "weir/weir.h"
END
refuse layer examples/hello.c:3 <<END
$licence
#include <weir/weir.h>
#include "base/alloc.h"
END
refuse layer src/nowhere/x_test.c:1 <<<"$licence"
accept "a public header that only users include" include/weir/more.h \
    <<<"$licence"
accept "an inclusion in a comment" src/base/alloc.h <<END
$licence
/*
#include "pool/pool.h"
*/
END
accept "a test that looks everywhere" src/base/alloc_test.c <<END
$licence
#include "pool/pool.h"
END

# Headers.
refuse cycle include/weir/weir.h:2 <<END
$licence
#include <weir/weir.h>
END
refuse unused src/base/new.h:1 <<<"$licence"
refuse untested src/base/new.c:1 <<<"$licence"
for name in util utils misc common helper helpers; do
    refuse name "tests/$name.c:1" <<<"$licence"
done

# Functions.
refuse length src/base/alloc_test.c:2 < <(
    echo "$licence"
    echo "int main(void)"
    echo "{"
    lines 68 "    call();"
    echo "}"
)
accept "a function of 70 lines" src/base/alloc_test.c < <(
    echo "$licence"
    echo "int main(void)"
    echo "{"
    lines 67 "    call();"
    echo "}"
)
refuse params src/base/alloc.h:2 <<END
$licence
void *wi_six(int *a, long b, char *c, void *d,
             int (*call)(int, int), struct x e);
END
refuse params src/base/alloc_test.c:3 <<END
$licence
#define TWICE(a, b) { a, b }
static int six(int a, int b, int c, int d, int e, int f)
{
    return a;
}
END
accept "five parameters and more" src/base/alloc.h <<END
$licence
void *wi_five(int *a, long b, char *c, void *d, int (*call)(int, int), ...);
END

refuse length src/base/alloc_test.c:3 <<END
$licence
#if A
int f(void) {
#else
int g(void) {
#endif
}
END

# Sizes and lines.
refuse size src/base/alloc_test.c:701 < <(
    echo "$licence"
    lines 700 ""
)
refuse size src/base/alloc.h:301 < <(
    echo "$licence"
    lines 300 ""
)
refuse size include/weir/weir.h:401 < <(
    echo "$licence"
    lines 400 ""
)
refuse columns src/base/alloc.h:2 < <(
    echo "$licence"
    printf '/*%77s*/\n' ''
)
accept "80 characters that are more bytes" src/base/alloc.h < <(
    echo "$licence"
    printf '/* \303\244%73s*/\n' ''
)
refuse blanks src/base/alloc.h:2 < <(printf '%s\n\tint a;\n' "$licence")
refuse blanks src/base/alloc.h:2 < <(printf '%s\nint a; \n' "$licence")
refuse blanks src/base/alloc.h:2 < <(printf '%s\nint a;\r\n' "$licence")
refuse blanks src/base/alloc.h:2 < <(printf '%s\nint a;' "$licence")
refuse blanks tools/x.sh:2 < <(printf '# %s\n\tls\n' "$licence")
refuse comment src/base/alloc.h:2 <<END
$licence
int a; // this
END
refuse comment src/base/alloc.h:2 <<END
$licence
#define A 1 // this
END
for mark in "TO""DO" "FIX""ME" "XX""X"; do
    refuse later src/base/alloc.h:2 <<END
$licence
/* $mark: all */
END
done
refuse licence src/base/alloc.h:1 <<<"/* nothing */"
refuse licence tests/CMakeLists.txt:1 <<<"# nothing"

# Calls.
for call in malloc calloc realloc free strdup strndup sprintf vsprintf strcpy \
    strcat strtok gets atoi localtime gmtime ctime asctime rand exit abort \
    printf fprintf puts perror; do
    refuse banned src/pool/pool.c:4 <<END
$licence
static int f(void)
{
    return $call ("x");
}
END
done
accept "a longer name" src/pool/pool.c <<END
$licence
static int f(void)
{
    return wi_free(my_printf("x"), snprintf(x));
}
END
refuse banned src/pool/pool.c:2 <<END
$licence
#define f() free(a)
END

# Public prototypes.
refuse bool include/weir/weir.h:3 <<END
$licence
/** Says. */
WEIR_API int weir_one(int a, bool yes);
END
accept "a pointer to bool" include/weir/weir.h <<END
$licence
/** Says. */
WEIR_API int weir_one(int a, bool *yes);
END
refuse swap include/weir/weir.h:3 <<END
$licence
/** Says. */
WEIR_API int weir_one(size_t width, const size_t height);
END
refuse swap include/weir/weir.h:2 <<END
$licence
static inline int weir_one(unsigned int, unsigned int)
{
    return 1;
}
END
accept "integers apart" include/weir/weir.h <<END
$licence
/** Says. */
WEIR_API int weir_one(int a, const char *b, int c, int *d, int e[2]);
END
refuse doc include/weir/weir.h:2 <<END
$licence
WEIR_API int weir_one(int a);
END
refuse doc include/weir/weir.h:4 <<END
$licence
/** Says. */
WEIR_API int weir_one(int a);
WEIR_API int weir_two(int a);
END
refuse doc include/weir/weir.h:3 <<END
$licence
/* Says, but not to the reader of the header. */
WEIR_API int weir_one(int a) WEIR_MUST_USE;
END

# Exceptions.
accept "a function that is excused" include/weir/weir.h <<END
$licence
/** Says. */
WEIR_API int weir_one(int a);
END
complain "a stale exception" \
    "tools/exceptions.txt:1: excuses nothing any more" \
    tools/exceptions.txt <<<"swap weir_none it was needed once"
complain "an exception without reason" "tools/exceptions.txt:1: no reason" \
    tools/exceptions.txt <<<"swap weir_none"
rm -rf "$bad"
cp -r "$good" "$bad"
echo "bool weir_one a value is made of it" >>"$bad/tools/exceptions.txt"
put "$bad/include/weir/weir.h" <<END
$licence
/** Says. */
WEIR_API int weir_one(bool yes);
END
cases=$((cases + 1))
"$tidy" "$bad" >"$top/out" 2>&1 || fail "an excused function was refused"

# Wrong use.
cases=$((cases + 2))
"$tidy" >"$top/out" 2>&1 && fail "no argument was accepted"
"$tidy" "$top/nowhere" >"$top/out" 2>&1 && fail "no tree was accepted"

echo "$cases cases, $failures failed"
[ "$failures" -eq 0 ]
