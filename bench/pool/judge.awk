# SPDX-License-Identifier: MIT
# Holds the lines of a run of bench-pool against the bars of the pool. A bar
# whose figures are not there is said, so that none is forgotten.

# The value of a member of the JSON object in this line.
function member(name,    at, text) {
    at = index($0, "\"" name "\":")
    if (!at)
        return ""
    text = substr($0, at + length(name) + 3)
    sub(/^"/, "", text)
    sub(/[",}].*/, "", text)
    return text
}

function cell(pool, threads, size, hold) {
    return pool SUBSEP threads SUBSEP size SUBSEP hold
}

member("pool") != "" {
    key = cell(member("pool"), member("threads"), member("size"),
               member("hold_us"))
    ns[key] = member("ns_per_op")
    least[key] = member("min_ops")
    p50[key] = member("p50_us")
    p99[key] = member("p99_us")
    ms[key] = member("run_ms")
}

member("bar") != "" {
    name = member("bar")
    ratio[name] = member("ratio")
    cpu[name] = member("cpu_percent")
    seconds[name] = member("seconds")
    bytes[name] = member("bytes")
    extra[name] = member("extra_connections")
    served[name] = member("served_within_ms")
}

function say(what, wanted, found, verdict) {
    printf "%-58s %-12s %-22s %s\n", what, wanted, found, verdict
}

# At most `limit`; NR 0 stands for a figure that is not there.
function most(what, value, limit, unit) {
    if (value == "")
        say(what, "<= " limit unit, "-", "not measured")
    else
        say(what, "<= " limit unit, value unit,
            value + 0 <= limit + 0 ? "met" : "FALLS SHORT")
}

function at_least(what, value, limit) {
    if (value == "")
        say(what, ">= " limit, "-", "not measured")
    else
        say(what, ">= " limit, value,
            value + 0 >= limit + 0 ? "met" : "FALLS SHORT")
}

function by(one, other) {
    if (ns[one] == "" || ns[other] + 0 == 0)
        return ""
    return sprintf("%.2f", ns[one] / ns[other])
}

function beside(pool, threads, peer, hold) {
    return by(cell(pool, threads, 5, hold), cell(peer, threads, 5, hold))
}

# Operations of the slowest thread by those of the mean one.
function share(key,    threads) {
    if (ns[key] == "" || ms[key] == "")
        return ""
    split(key, part, SUBSEP)
    threads = part[2]
    return sprintf("%.3f", least[key] / (ms[key] * 1e6 / ns[key] / threads))
}

function tail(key) {
    return p50[key] + 0 > 0 ? sprintf("%.2f", p99[key] / p50[key]) : ""
}

END {
    crowd = cell("weir", 200, 8, 1000)
    bare = cell("handoff", 200, 8, 1000)
    overtake = cell("weir-overtake", 64, 5, 0)
    hikari = cell("hikaricp", 64, 5, 0)

    say("bar", "wanted", "found", "")
    most("1 thread, hold 0, beside the stack",
         beside("weir", 1, "stack", 0), 1.0, "")
    most("2 threads, hold 0, strict order, beside HikariCP",
         beside("weir", 2, "hikaricp", 0), 1.0, "")
    most("8 threads, hold 0, strict order, beside HikariCP",
         beside("weir", 8, "hikaricp", 0), 1.0, "")
    most("64 threads, max_overtake 1 ms, beside HikariCP",
         by(overtake, hikari), 1.0, "")
    at_least("64 threads, max_overtake: least thread beside HikariCP's",
             least[hikari] == "" ? "" :
             sprintf("%.2f", least[overtake] / least[hikari]), 1.0)
    most("64 threads, strict order, beside the mutex core",
         beside("weir", 64, "mutex", 0), 1.5, "")
    at_least("200 threads, 8 connections, 1 ms: least by mean",
             share(crowd), 0.8)
    most("the same: p99 of the wait by p50", tail(crowd), 1.3, "")
    say("  a bare queue of futexes in the same run", "", tail(bare), "")
    most("1000 waiters, one deadline: the last, beside bare futexes",
         ratio["deadlines"], 1.5, "")
    say("  none of them early", "none",
        ratio["deadlines"] == "" ? "-" : "none",
        ratio["deadlines"] == "" ? "not measured" : "met")
    most("all metrics on, beside all off",
         by(cell("weir", 1, 5, 0), cell("weir-unmeasured", 1, 5, 0)), 1.3, "")
    name = "exhausted_with_200_waiters"
    most("exhausted with 200 waiters, " seconds[name] " s: processor",
         cpu[name], 0.1, " %")
    most("idle, " seconds["idle"] " s: processor", cpu["idle"], 0.1, " %")
    most("spike: connections more than before", extra["spike"], 2, "")
    most("spike: all served within", served["spike"], 40, " ms")
    say("no system call, no allocation while one is free", "none",
        "test_pool_2__...", "a test, not a measurement")
    most("an idle place: beyond the client library's own", bytes["memory"],
         4096, " bytes")
}
