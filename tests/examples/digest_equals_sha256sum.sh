#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# On any executor, and sorted, digest prints what sha256sum prints, names of all kinds included.
. "$top_srcdir/tests/support/script.sh"

digest=$(pwd)/$top_builddir/examples/digest
[ -x "$digest" ] || skip 'configured without libcrypto'
export LC_ALL=C

tree=$work/tree
mkdir -p "$tree/empty folder" "$tree/a/b/c" "$tree/back\\slash"
name() { # name FORMAT: a file whose name begins with what printf makes of it, and so does its content
    printf -- "$1" >"$tree/$(printf -- "$1.")" # the dot: the shell drops a newline at the end
}
name plain
name 'two words'
name ' blank first'
name '*'
name '-n'
name '\\\\n is no newline'
name 'new\nline'
name '\nnewline first'
name '\n'
name 'tab\tand bell\a'
name '\377\376 is no UTF-8'
name '\303\244 is'
echo inside >"$tree/back\\slash/new
line"
: >"$tree/empty"
echo deep >"$tree/a/b/c/deep"
# Below, at and above the size that is read at once, and larger.
for size in 1 65535 65536 65537 1048576 3000001; do
    head -c $size /dev/zero | tr '\0' x >"$tree/$size bytes"
done
# A carriage return is escaped since coreutils 9.
touch "$work/return$(printf '\r')"
if sha256sum "$work"/return* | grep -q '^\\'; then
    name 'carriage\rreturn'
fi
# What is no regular file is not followed, not read, and not waited for.
ln -s plain. "$tree/link"
ln -s a "$tree/link to a folder"
ln -s nowhere "$tree/dangling link"
mkfifo "$tree/fifo"

find "$tree" -type f -exec sha256sum {} + | sort >"$work/expected"
[ "$(wc -l <"$work/expected")" -ge 21 ] || fail "the tree has too few files"

# check ARGUMENT...: digest with these arguments prints the expected lines and nothing else.
check() {
    "$digest" "$@" >"$work/printed" 2>"$work/errors" || fail "digest $*: $(cat "$work/errors")"
    [ ! -s "$work/errors" ] || fail "digest $*: $(cat "$work/errors")"
    sort "$work/printed" | cmp - "$work/expected" || fail "digest $* differs from sha256sum"
}

for executor in serial threads threads:1 threads:5,places=none \
    processes processes:1 processes:3,places=none,max_tasks=5 fork:2,places=none; do
    check -e $executor "$tree"
done
check "$tree"
check "$tree/"
ln -s tree "$work/link"
for executor in serial processes; do
    PARALLEL_EXECUTOR=$executor check "$tree"
done

# A file, a link to a folder, a relative path and an empty folder are fine too.
[ "$("$digest" "$tree/plain.")" = "$(sha256sum "$tree/plain.")" ] || fail 'digest of a file'
[ "$("$digest" "$work/link" | wc -l)" -eq "$(wc -l <"$work/expected")" ] || fail 'digest of a link to a folder'
(cd "$tree/a" && "$digest" b) >"$work/printed"
[ "$(cat "$work/printed")" = "$(cd "$tree/a" && sha256sum b/c/deep)" ] || fail 'digest of a relative path'
[ -z "$("$digest" "$tree/empty folder")" ] || fail 'digest of an empty folder'
