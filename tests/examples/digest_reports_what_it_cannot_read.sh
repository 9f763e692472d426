#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# A file or folder that cannot be read is named on stderr and counted, and all others are digested; a folder that is
# not there, an executor that is not one, and an output that cannot be written end the program with 1.
. "$top_srcdir/tests/support/script.sh"

digest=$(pwd)/$top_builddir/examples/digest
[ -x "$digest" ] || skip 'configured without libcrypto'
export LC_ALL=C

fails "$digest" "$work/nowhere"
expect "digest: $work/nowhere: No such file or directory" "$work/output"
fails "$digest" -e nonsense "$work"
expect nonsense "$work/output"
fails "$digest" -x
expect 'usage: digest' "$work/output"

tree=$work/tree
mkdir -p "$tree/closed folder"
echo 1 >"$tree/readable"
echo 2 >"$tree/closed folder/hidden"
echo 3 >"$tree/closed
file"
if [ -e /dev/full ]; then
    "$digest" "$tree" >/dev/full 2>"$work/errors" && fail 'an output that cannot be written is not noticed'
    expect 'standard output: No space left on device' "$work/errors"
fi
chmod 000 "$tree/closed folder" "$tree/closed
file"

# root reads everything, unless it gives up the two capabilities that let it.
with_permissions=
if [ "$(id -u)" -eq 0 ]; then
    with_permissions='setpriv --bounding-set=-dac_override,-dac_read_search'
fi
# shellcheck disable=SC2086 # a command with arguments, or nothing
if ! $with_permissions true 2>/dev/null || $with_permissions cat "$tree/closed
file" >/dev/null 2>&1; then
    skip 'this user cannot be kept from reading a file'
fi

for executor in serial threads:2 processes:2,places=none fork:2,places=none; do
    # shellcheck disable=SC2086
    $with_permissions "$digest" -e $executor "$tree" >"$work/printed" 2>"$work/errors" ||
        fail "$executor: what cannot be read is fatal: $(cat "$work/errors")"
    [ "$(cat "$work/printed")" = "$(sha256sum "$tree/readable")" ] || fail "$executor: printed $(cat "$work/printed")"
    expect "digest: $tree/closed folder: Permission denied" "$work/errors"
    expect "digest: $tree/closed\\nfile: Permission denied" "$work/errors"
    expect 'digest: 2 could not be read' "$work/errors"
done
