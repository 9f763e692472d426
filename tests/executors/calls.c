/* SPDX-License-Identifier: BSD-3-Clause */
#include "tests/executors/calls.h"

#include "tests/executors/marks.h"

int echo(int value)
{
    return value;
}

int hold(int value, int started, int gate)
{
    make_mark(started);
    wait_for_mark(gate, 1);
    return value;
}

int fail_with(int code)
{
    parallel_fail(code, "told to fail with %d", code);
    return -1;
}

int hold_and_fail(int code, int started, int gate)
{
    make_mark(started);
    wait_for_mark(gate, 1);
    return fail_with(code);
}

void mark(int which)
{
    make_mark(which);
}
