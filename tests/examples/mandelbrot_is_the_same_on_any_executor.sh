#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# The picture has the same bytes on any executor, also when there are fewer rows than workers.
. "$top_srcdir/tests/support/script.sh"

mandelbrot=$(pwd)/$top_builddir/examples/mandelbrot
[ -x "$mandelbrot" ] || skip 'configured without libpng'
uses_inline_loops

for height in 1 3 120; do
    PARALLEL_EXECUTOR=serial "$mandelbrot" -w 160 -h $height -n 200 "$work/serial.png"
    for setting in PARALLEL_EXECUTOR=threads PARALLEL_WORKERS=1 PARALLEL_WORKERS=2; do
        env $setting "$mandelbrot" -w 160 -h $height -n 200 "$work/threads.png"
        cmp "$work/serial.png" "$work/threads.png" || fail "$setting draws another picture of $height rows"
    done
done

# It is a picture: the signature of PNG, and not all of one colour, which would be far smaller.
[ "$(head -c 4 "$work/serial.png" | tail -c 3)" = PNG ] || fail 'not a PNG file'
[ "$(wc -c <"$work/serial.png")" -gt 5000 ] || fail 'a picture of nothing'

fails "$mandelbrot" -w 0 "$work/none.png"
expect 'expected a whole number from 1 to 65535' "$work/output"
fails "$mandelbrot" -w 8 -h 8 "$work/nowhere/none.png"
expect nowhere "$work/output"
