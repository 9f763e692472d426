#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# With -DPARALLEL_SERIAL a spawn is the call: what the compiler leaves of a program that forks and joins knows no deque,
# computes the same, and calls in the order of the source.
. "$top_srcdir/tests/support/script.sh"
tries_sources_only

cat >"$work/fib.c" <<'END'
#include <parallel.h>
#include <stdio.h>
static long fib(int n);
static void count(long *calls);
PARALLEL_FN(long, fib, int)
PARALLEL_FN(void, count, long *)

static void count(long *calls)
{
    ++*calls;
}

static long calls;

static long fib(int n)
{
    count_task counted;
    fib_task left;
    if (n < 2)
        return n;
    fib_spawn(&left, n - 1);
    count_spawn(&counted, &calls);
    count_sync(&counted);
    long right = fib(n - 2);
    return fib_sync(&left) + right;
}

int main(void)
{
    long value = fib(20), called = 0;
    count_task counted;
    count_spawn(&counted, &called);
    long called_before_sync = called;
    count_sync(&counted);
    printf("%ld %ld, %ld of %ld before the sync\n", value, calls, called_before_sync, called);
    return 0;
}
END

# builds LANGUAGE FLAGS: the object, and whether the scheduler's names are in it.
builds() {
    if [ "$1" = c ]; then compiler="$CC -std=c11"; else compiler="$CXX -std=c++17"; fi
    # shellcheck disable=SC2086 # lists of flags
    succeeds $compiler -x "$1" -O2 -Wall -Wextra -Werror $2 -c -o "$work/fib.o" -I"$top_srcdir" -I"$top_srcdir/macros" \
        "$work/fib.c"
    nm "$work/fib.o" >"$work/names"
    grep -q 'U parallel_\(deque\|spawn\)' "$work/names" && is_offered=yes || is_offered=no
}

command -v nm >/dev/null || skip 'nm is not installed (Debian: binutils)'
for language in c c++; do
    builds $language ''
    [ $is_offered = yes ] || fail "$language: spawned calls are not offered to anybody"
    builds $language -DPARALLEL_SERIAL
    [ $is_offered = no ] || fail "$language: with -DPARALLEL_SERIAL there is a deque: $(grep 'U parallel_' "$work/names")"
    if [ $language = c ]; then
        # shellcheck disable=SC2086
        succeeds $CC -o "$work/fib" "$work/fib.o"
        "$work/fib" >"$work/result"
        expect '6765 10945, 1 of 1 before the sync' "$work/result"
    fi
done
