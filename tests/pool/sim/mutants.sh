#!/bin/bash
# SPDX-License-Identifier: MIT
# usage: mutants.sh SOURCE_ROOT COMPILER [WORDS]
# Scenario 73: breaks the cores in one line at a time, each of which some
# seed of the simulation must notice. A mutant is a file, what is wrong with
# it, and the sed commands that do it; one that changes nothing any more is an
# error, too: the code has moved on, and the mutant must follow. With WORDS only
# those mutants are tried whose description has them.
set -u
if [ "${WEIR_TORTURE:-}" != full ]; then
    echo "mutants: skipped: it takes minutes (make torture)"
    exit 77
fi
root=$1
compiler=$2
words=${3:-}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
seeds=${WEIR_MUTANT_SEEDS:-40000}
failures=0

mutants() {
    cat <<'END'
fast/core.c
a return does not serve who waits
s/return serve_waiters(pool, serial);/return false;/

fast/core.c
who will wait looks before he is seen
/First shut, then look/{n;s/.*//}
/^static weir_status wait_for_turn/,/^}/s/wi_dispatch(pool);//

fast/core.c
what came back broken is lent again
s/place->resource && fate == WEIR_FATE_KEEP &&/place->resource \&\&/

fast/queue.c
who was granted a place is a visitor for ever
s/pool->visitors--;//

fast/queue.c
who was granted room to open in is no visitor
s/if (wi_place_state_of(place) == WI_PLACE_BUSY) {/if (true) {/

fast/queue.c
who leaves does not see that he was served
/^static void wake_up/,/^}/s/if (claim->settled)/if (false)/

fast/queue.c
who is out of the queue is still counted
s/pool->waiting--;//

fast/queue.c
who was published to is not woken
/^void wi_fast_unlock/,/^}/s/port->wake(port->context, wakes\[i\]);/;/

fast/queue.c
the youngest is served first
s/wi_list_append(&pool->queue, &claim->queued);/put_first(pool, claim);/
/^\/\* Who was served something/i\
static void put_first(wi_pool *pool, wi_claim *claim)\
{\
    wi_list_node *first = wi_list_first(&pool->queue);\
    if (first)\
        wi_list_insert(first, &claim->queued);\
    else\
        wi_list_append(&pool->queue, (&claim->queued));\
}

fast/open.c
the age is not looked at
/^static bool is_stale/,/^}/s/wi_is_void(pool, place) ||/false ||/

fast/open.c
room is given twice
s/limit(options) - pool->total;/limit(options) + 1 - pool->total;/

fast/open.c
a place that ends serves nobody
/^void wi_give_up/,/^}/s/wi_dispatch(pool);//

fast/threads.c
a failed connect leaves its room unused
/^static void connector_main/,/^}/s/wi_dispatch(pool);//

fast/core.c
who borrows does not see that the other end hung up
s/atomic_load(&place->hung_up);/false;/

fast/watch.c
what hung up while it was idle stays
s/if (is_alive)/if (true)/
s/wi_fast_let_go(pool, place, is_alive);/wi_fast_let_go(pool, place, true);/

fast/open.c
a paused pool serves who waits
/^void wi_dispatch/,/^}/s/if (pool->mode == WI_POOL_PAUSED)/if (false)/

fast/core.c
a paused pool serves who comes
/^static weir_status take_now/,/^}/s/ && pool->mode != WI_POOL_PAUSED//

fast/drain.c
who was paused is not served when it is resumed
/^void wi_fast_resume/,/^}/s/wi_dispatch(pool);//

fast/core.c
a pool that drains takes new work
/^static bool refuses/,/^}/s/WI_POOL_DRAINING/-1/

fast/drain.c
draining does not shut the gate
/^weir_status wi_fast_drain/,/^}/s/wi_gate_set(pool);//
/^weir_status wi_fast_drain/,/^}/s/wi_close_surplus(pool);//

fast/queue.c
who waits for the end is not told
/^void wi_fast_unlock/,/^}/s/wi_watchers_tell(pool);/;/

fast/open.c
a pool ends under who waits for its end
s/pool->watching > 0 ||//

nest.c
who closes a circle is not told
/^static bool refuse/,/^}/s/if (!held)/if (true)/

nest.c
who has begun to wait is checked in a second step
/^bool wi_nest_enter/,/^}/s/refused = refuse(wait, err);/refused = false;/

fast/nest.c
a pool that was made smaller is not looked at
/^void wi_nested_look/,/^}/s/pool->nested > 0/false/

fast/hang.c
a resolver that is stuck uses the limit up
/^bool wi_fast_hangs/,/^}/s/wi_connect_as_needed(pool);//

fast/hang.c
an opening that hung is taken out of the count for ever
/^void wi_opening_ended/,/^}/s/set_hanging(pool, place, false);//

fast/queue.c
who is served is seen to hold it and to wait
/^void wi_claim_grant/,/^}/s/wi_nested_over(pool, claim);//

fast/aside.c
what is put aside is forgotten
/^wi_lease \*wi_aside_take/,/^}/s/!= WI_PLACE_ASIDE/!= WI_PLACE_STATES/

fast/check.c
to be asked is to be needed
s/place->was_aside ? WI_PLACE_ASIDE : WI_PLACE_IDLE/WI_PLACE_IDLE/

fast/check.c
who looked in vain while one was asked is not served
/^void wi_fast_let_go/,/^}/s/wi_dispatch(pool);//

fast/open.c
a suspect is lent without a question
/^static weir_status examine/,/^}/s/asked->of_suspect || wi_is_susp.*;/false;/

fast/suspects.c
what nobody asked counts as asked
/^static weir_status ask(/,/^}/s/return pool->kind/return 0; (void)pool->kind/

fast/suspects.c
a suspicion is forgotten
/^void wi_suspect(/,/^}/s/wi_suspect_all(pool);/;/

fast/suspects.c
what is invalidated is only suspected
/^void wi_make_void/,/^}/s/atomic_store(&pool->valid_from, generation);//

fast/check.c
one that was asked is valid again, whatever happened meanwhile
s/if (status == WEIR_OK \&\& !wi_is_void(pool, place))/if (status == WEIR_OK)/

fast/callers.c
a failed attempt of a borrower leaves its room unused
/^void wi_caller_failed/,/^}/s/wi_dispatch(pool);//

fast/queue.c
who would have tried again leaves, and nobody does
/^void wi_queue_nudge/,/^}/s/wi_callers_look_later(pool);//

fast/queue.c
it is time to try again, and who waits sleeps on
/^static void look_for_room/,/^}/s/wi_dispatch(pool);//

fast/clock.c
nobody sees that the machine was suspended
/^void wi_clock_look/,/^}/s/wi_suspect_all(pool);//

fast/chores.c
a reserve that could not be opened is not tried again
/^void wi_fast_fill_later/,/^}/s/wi_house_call/if (0) wi_house_call/

slots/visit.c
who is told to stop by the mutex core is seen to wait
/^void wi_slot_visit_dismiss/,/^}/s/wi_slot_nest_over(visit);//

slots/mutex.c
a circle that less room closes is not seen by the mutex core
/^static void dispatch/,/^}/s/wi_slot_nest_look(pool);//

slots/mutex.c
the mutex core does not see who holds something
/^static weir_status mutex_acquire/,/^}/s/wi_slot_nest_borrowed(pool);//

fast/leaks.c
a serial is good until its loan has been taken back
/^static void reclaim/,/^}/s/wi_place_over(place);//

fast/core.c
who gives back what is about to be taken is forgotten
/^static OUTSIDE bool is_late/,/^}/s/place->told.came_back = true;/;/

fast/queue.c
who is granted a place has the serial of the one before
/^void wi_claim_grant/,/^}/s/wi_place_over(place);//

fast/places.c
who opens a place has the serial of the one before
/^void wi_place_move/,/^}/s/wi_place_over(place);/;/

fast/core.c
that a loan came back is not said
/^static OUTSIDE bool release_locked/,/^}/s/wi_leak_returned(pool, place);//

fast/life.c
threads that a pool has are taken away again
/^weir_status wi_fast_set/,/^}/s/changed.threads |= .*;//

fast/life.c
a pool that is given threads does not begin to keep house
/^weir_status wi_fast_set/,/^}/s/wi_fast_set_up(pool);//

permit.c
an end that comes before anybody wanted it is forgotten
/^void wi_permit_end/,/^}/{
s/!atomic_compare_exchange_strong(.*) &&/(pool = existing(permit)) \&\&/
}

permit.c
one whose making began before its end is taken after it
/^static wi_pool \*pool_of/,/^}/{
s/if (atomic_compare_exchange_strong(.*))/if (true)/
s/return made;/return (permit->pool = made);/
}

permit.c
those who wait when it ends are not told
/^void wi_permit_end/,/^}/s/(void)wi_pool_close(pool);/;/

permit.c
a pool that was made in vain stays
/^static wi_pool \*pool_of/,/^}/s/wi_pool_free(&made);//

permit.c
one that was made in vain is taken
/^static wi_pool \*pool_of/,/^}/s/    return pool;$/    return made;/
/^static wi_pool \*pool_of/,/^}/s/wi_pool_free(&made);//

permit.c
it is given back twice
/^void wi_permit_release/,/^}/s/(void)wi_pool_release(.*);/&&/

permit.c
it is given back and still held
/^void wi_permit_release/,/^}/s/permit->lease = NULL;//

permit.c
it has no end for the thread that was handed it
/^void wi_permit_hold/,/^}/s/wi_pool_hold(.*);/;/

permit.c
a cancelled wait goes on
s/request.is_nested = true;/request.cancel = NULL; &/

permit.c
a circle is closed by who wants it, and not seen
s/request.is_nested = true;/request.may_move = true;/

permit.c
there are two of it
/^static wi_pool \*make_pool/,/^}/s/.size = 1,/.size = 2,/

fast/core.c
that a thread holds something of another pool is forgotten
s/\.has_others = .*/.has_others = false,/

fast/lost.c
who reopens does not wait until the lost one is closed
s/status = wi_wait_for_closing(.*/status = WEIR_OK;/

fast/leaks.c
what could not be taken is never tried again
/^static int64_t pause_after/,/^}/s/earlier(/INT64_MAX \/ 2; (/
END
}

flags=(-std=c17 -D_GNU_SOURCE -O1 -w -I "$root/include" -I "$root/src")
seams=(-finstrument-functions -include "$root/tests/pool/sim/seams.h")

# Files of two folders may have one name.
object() { echo "$work/pool_${1//\//_}.o"; }

compile_all() {
    local source
    for source in "$root"/src/pool/*.c "$root"/src/pool/*/*.c; do
        case $source in *_test.c) continue ;; esac
        "$compiler" "${flags[@]}" "${seams[@]}" -c "$source" \
            -o "$(object "${source#"$root/src/pool/"}")" || exit 1
    done
    for source in "$root"/src/base/*.c "$root"/tests/pool/sim/*.c; do
        case $source in *_test.c) continue ;; esac
        "$compiler" "${flags[@]}" -c "$source" \
            -o "$work/other_$(basename "$source").o" || exit 1
    done
}

link() { "$compiler" -o "$work/sim" "$work"/*.o -lpthread -lm; }

is_noticed() {
    ! { timeout "$limit" "$work/sim" --permit --count 12000 \
        >"$work/out" 2>"$work/err" &&
        timeout "$limit" "$work/sim" --core fast --count "$seeds" \
            >"$work/out" 2>"$work/err" &&
        timeout "$limit" "$work/sim" --nested --count 12000 \
            >"$work/out" 2>"$work/err" &&
        timeout "$limit" "$work/sim" --leaky --count 4000 \
            >"$work/out" 2>"$work/err"; }
}

compile_all
link || exit 1
limit=900 # seconds of each part
if is_noticed; then
    echo "mutants: the sound core fails already"
    cat "$work/out"
    exit 1
fi
# A mutant that hangs is noticed; being slow on a busy machine is no mistake.
limit=$((60 + 3 * SECONDS))

try_mutant() {
    local file=$1 what=$2 edit=$3
    sed "$edit" "$root/src/pool/$file" >"$work/mutant.c"
    if cmp -s "$work/mutant.c" "$root/src/pool/$file"; then
        echo "mutants: $what: changes nothing in $file any more"
        return 1
    fi
    if ! "$compiler" "${flags[@]}" "${seams[@]}" -I "$root/src/pool" \
        -c "$work/mutant.c" -o "$(object "$file")" || ! link; then
        echo "mutants: $what: does not compile"
        return 1
    fi
    if ! is_noticed; then
        echo "mutants: $what: NOT NOTICED"
        return 1
    fi
    echo "mutants: $what: noticed: $(head -n 1 "$work/out" "$work/err" |
        grep -v '^==>' | tr -s '\n' ' ')"
}

# Of each: the file, what is wrong, and lines for sed until an empty one.
while IFS= read -r file && IFS= read -r what; do
    edit=""
    while IFS= read -r line && [ -n "$line" ]; do
        edit+=$line$'\n'
    done
    case $what in *"$words"*) ;; *) continue ;; esac
    cp "$(object "$file")" "$work/sound"
    try_mutant "$file" "$what" "$edit" || failures=$((failures + 1))
    cp "$work/sound" "$(object "$file")"
done < <(mutants)
[ "$failures" = 0 ]
