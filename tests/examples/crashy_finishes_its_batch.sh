#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# Calls that crash, exit, or never end cost themselves alone: crashy computes all other formulas, says of each of these
# what became of it, and counts right, in worker processes and in a process for each call.
. "$top_srcdir/tests/support/script.sh"

# Their handlers would turn signals into exit statuses, and so would a look for leaks at exit() in the middle of things.
options='handle_segv=0:handle_sigbus=0:handle_abort=0:handle_sigill=0:handle_sigfpe=0:detect_leaks=0'
export ASAN_OPTIONS="${ASAN_OPTIONS:-}:$options" TSAN_OPTIONS="${TSAN_OPTIONS:-}:$options"
# shellcheck disable=SC3045 # every shell of Linux has it
ulimit -c 0 # no core files

# start NAME ARGUMENT...: in the background, one beside the other.
start() {
    name=$1
    shift
    {
        status=0
        "$top_builddir/examples/crashy" "$@" >"$work/$name" 2>"$work/$name.errors" || status=$?
        echo $status >"$work/$name.status"
    } &
}
# Crashes take their time on a busy machine, so the limit is generous where nothing runs into it.
for kind in processes fork; do
    start $kind -e $kind:2,places=none -t 60 '1 + 2 * 3' '2 ^ 3 ^ 2' '3 * gross' '3 * score' hen '(1 + 2) * (3 + 4' \
        '1 / (dozen - 12)' '(6 * 7 > 3) + #3' '6 * 7 > 1000000000000' '1 + * 2' -dozen '10 - 4 - 3'
    start $kind.endless -e $kind:1,places=none -t 0.2 '2 ^ -1'
done
start default
wait

# expect_line EXTENDED-EXPRESSION: exactly one line of the report is this one.
expect_line() {
    [ "$(grep -cE -e "^$1\$" "$work/$report")" -eq 1 ] || {
        cat "$work/$report" "$work/$report.errors" >&2
        fail "$report: expected one line '$1' in the above"
    }
}

# expect_fault FORMULA WORDS: the report has a line for the formula, and it says what happened.
expect_fault() {
    if [ "$SANITIZER" = undefined ]; then # which ends the process at the first sign, in its own way
        set -- "$1" '.*'
    fi
    expect_line "$(printf '%s' "$1" | sed 's/[*+()^]/\\&/g'): .*$2.*"
}

for report in processes fork; do
    expect_line '1 \+ 2 \* 3 = 7'
    expect_line '2 \^ 3 \^ 2 = 512'
    expect_line '3 \* gross = 432'
    expect_line '\(6 \* 7 > 3\) \+ #3 = 84'
    expect_line '-dozen = -12'
    expect_line '10 - 4 - 3 = 3'
    expect_fault '3 * score' SIGSEGV
    expect_fault 'hen' SIGSEGV
    expect_fault '6 * 7 > 1000000000000' 'SIG(SEGV|BUS)'
    expect_fault '(1 + 2) * (3 + 4' SIGABRT
    case $(uname -m) in
    x86_64 | i?86) expect_fault '1 / (dozen - 12)' SIGFPE ;; # others go on with some value
    esac
    expect_fault '1 + * 2' 'exit.*2'
    case $(uname -m) in
    x86_64 | i?86) expect_line 'crashy: 6 formulas computed, 6 failed' ;;
    esac
    [ "$(wc -l <"$work/$report")" -eq 13 ] || fail "$report: $(cat "$work/$report")"
    [ "$(cat "$work/$report.status")" -eq 1 ] || fail "$report: exit status $(cat "$work/$report.status")"
done

for report in processes.endless fork.endless; do
    expect_line '2 \^ -1: .*killed'
    expect_line 'crashy: 0 formulas computed, 1 failed'
    [ "$(cat "$work/$report.status")" -eq 1 ] || fail "$report: exit status $(cat "$work/$report.status")"
done

report=default # a batch of its own, each formula once, some of which fail
expect_line 'crashy: [0-9]+ formulas computed, [0-9]+ failed'
[ "$(sort -u "$work/default" | wc -l)" -eq 14 ] || fail "$(cat "$work/default")"
[ "$(cat "$work/default.status")" -eq 1 ] || fail "exit status $(cat "$work/default.status")"

succeeds "$top_builddir/examples/crashy" -t 60 '1 + 1'
expect '1 formulas computed, 0 failed' "$work/output"
fails "$top_builddir/examples/crashy" -e threads '1 + 1' # they cannot end a call that takes too long
expect timeout= "$work/output"
