#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# On any executor, histogram counts what od, sort and uniq count, and the reduction on threads agrees (else it fails).
. "$top_srcdir/tests/support/script.sh"
uses_inline_loops
export LC_ALL=C

: >"$work/empty"
printf '\377' >"$work/one"
head -c 3000001 /dev/zero | tr '\0' x >"$work/xs" # several calls, the last one short
cp "$top_srcdir/README.md" "$work/text"
cat "$work/empty" "$work/one" "$work/text" | od -An -v -tx1 -w1 | tr -d ' ' | sort | uniq -c |
    awk '{ print $2, $1 }' >"$work/expected"

for executor in serial threads:3,places=none processes processes:1 fork:2,places=none; do
    set -- "$top_builddir/examples/histogram" -e $executor
    succeeds "$@" "$work/empty" "$work/one" "$work/text"
    cmp "$work/output" "$work/expected" || fail "$executor: $(cat "$work/output")"
    succeeds "$@" "$work/xs"
    [ "$(cat "$work/output")" = '78 3000001' ] || fail "$executor: $(cat "$work/output")"
done
succeeds "$top_builddir/examples/histogram" "$work/empty"
[ ! -s "$work/output" ] || fail "of nothing: $(cat "$work/output")"
succeeds "$top_builddir/examples/histogram"
[ "$(wc -l <"$work/output")" -gt 16 ] || fail "of itself: $(cat "$work/output")"

fails "$top_builddir/examples/histogram" "$work/nowhere"
expect 'nowhere: No such file or directory' "$work/output"
fails "$top_builddir/examples/histogram" "$work"
expect 'not a regular file' "$work/output"
