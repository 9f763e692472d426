#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# The table of settings in README.md is the library's, and what README.md and HACKING.md refer to is there.
. "$top_srcdir/tests/support/script.sh"

readme=$top_srcdir/README.md

# Settings: the rows, made from what parallel-info prints: "NAME meaning", then "default: DEFAULT; now: VALUE".
env -i PATH="$PATH" "$top_builddir/tools/parallel-info" --settings | awk '
    /^[A-Z]/ { name = $1; sub(/^[A-Z_]+ +/, ""); meaning = $0; next }
    { sub(/^ +default: /, ""); sub(/; now: .*/, ""); print "| `" name "` | " $0 " | " meaning " |" }
' >"$work/settings"
[ -s "$work/settings" ] || fail 'parallel-info prints no settings'
grep '^| `PARALLEL_' "$readme" | diff "$work/settings" - >&2 ||
    fail 'the table of settings in README.md is not that of parallel-info --settings (< is what it says)'

# Links into the tree.
grep -oE '\]\([^)#]+' "$readme" "$top_srcdir/HACKING.md" | sed 's/.*](//' | grep -v '^http' | while read -r link; do
    [ -e "$top_srcdir/$link" ] || fail "README.md or HACKING.md links to $link, which is not there"
done

for command in $(sed -nE 's/^(\.\/[a-z]+).*/\1/p' "$readme" | grep -v '^./program' | sort -u); do
    [ -x "$top_srcdir/$command" ] || fail "README.md tells its reader to run $command"
done
