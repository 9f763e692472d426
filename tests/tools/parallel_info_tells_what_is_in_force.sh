#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# parallel-info shows as many places as workers, what the environment sets, and what is wrong in it.
. "$top_srcdir/tests/support/script.sh"

info=$top_builddir/tools/parallel-info
unset PARALLEL_EXECUTOR PARALLEL_WORKERS PARALLEL_PLACES PARALLEL_SHOW_PLACES PARALLEL_QUIET || true

succeeds "$info"
for line in 'libparallel ' 'machine: ' 'workers: ' 'worker 0: ' 'PARALLEL_EXECUTOR '; do
    grep -q "^$line" "$work/output" || fail "no line begins with '$line' in: $(cat "$work/output")"
done
workers=$("$info" --workers | sed 's/^workers: \([0-9]*\): .*/\1/')
[ "$("$info" --places | wc -l)" -eq "$workers" ] || fail "not one place for each of $workers workers"
[ "$(PARALLEL_WORKERS=1 "$info" --places=cores | wc -l)" -eq 1 ] || fail 'PARALLEL_WORKERS=1 shows more than one place'
[ "$("$info" --places pus --workers 3 | wc -l)" -eq 3 ] || fail '--workers 3 shows another number of places'
succeeds env HWLOC_SYNTHETIC='core:4 pu:2' "$info" --workers=2 --places 'core:3 core:1'
expect 'worker 0: core 3 (PU 6-7)' "$work/output"
expect 'worker 1: core 1 (PU 2-3)' "$work/output"
for count in 0 -1 two 3x 99999999999999999999; do
    fails "$info" --places --workers="$count"
    expect "$count" "$work/output"
done
fails "$info" --workers 99999999
expect 'places: workers: 99999999 is more' "$work/output"

succeeds env PARALLEL_PLACES=numa "$info" --settings
expect '; now: numa' "$work/output"
fails env PARALLEL_WORKERS=many "$info" --settings
expect 'PARALLEL_WORKERS=many' "$work/output"
fails "$info" --places=nowhere:7
expect nowhere "$work/output"
fails "$info" --settings more
expect 'usage: parallel-info' "$work/output"
fails "$info" --unknown
expect 'usage: parallel-info' "$work/output"
succeeds "$info" --help
expect 'usage: parallel-info' "$work/output"
