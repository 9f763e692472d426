#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# The manual pages are well-formed, their version is the library's, libparallel(7) has the table of settings, and
# parallel-info(1) the options of the program.
. "$top_srcdir/tests/support/script.sh"

info=$top_builddir/tools/parallel-info
pages=$top_srcdir/docs/man
version=$("$info" --version)

for page in libparallel.7 parallel-info.1; do
    expect "\"$version\"" "$pages/$page"
    if command -v mandoc >/dev/null; then
        succeeds mandoc -T lint -W error "$pages/$page"
    fi
    if command -v groff >/dev/null; then
        succeeds groff -man -Tascii -ww -z "$pages/$page"
        [ ! -s "$work/output" ] || fail "$page: $(cat "$work/output")"
    fi
done

# "NAME meaning", then "default: DEFAULT; now: VALUE"
env -i PATH="$PATH" "$info" --settings | awk '
    /^[A-Z]/ { print ".B " $1; sub(/^[A-Z_]+ +/, ""); print $0 "."; next }
    { sub(/^ +default: /, ""); sub(/; now: .*/, ""); print "Default: " $0 "." }
' | sed 's/-/\\-/g' >"$work/settings"
[ -s "$work/settings" ] || fail 'parallel-info prints no settings'
awk '/^\.SH/ { inside = 0 } inside && !/^\.TP/ { print } /^prints the values in force/ { inside = 1 }' \
    "$pages/libparallel.7" | diff "$work/settings" - >&2 ||
    fail 'the settings in libparallel.7 are not those of parallel-info --settings (< is what it says)'

"$info" --help 2>&1 | grep -oE -e '--[a-z]+' | grep -v -x -e --help | sort -u >"$work/options"
[ "$(wc -l <"$work/options")" -ge 5 ] || fail "parallel-info's usage names no options"
sed 's/\\-/-/g' "$pages/parallel-info.1" >"$work/page"
while read -r option; do
    expect "$option" "$work/page"
done <"$work/options"
