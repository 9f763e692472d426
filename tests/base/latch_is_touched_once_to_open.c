/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A waiter may free the latch in the very instruction after the one that opened it, so that is when its memory goes
 * away here. */
#include "libparallel/base/latch.h"

#include <stdio.h>

#include "tests/support/property.h"
#include "tests/support/single_step.h"
#include "tests/support/stepper.h"

static struct shared_object object;

static void open_latch(void *unused)
{
    (void)unused;
    pl_latch_open(object.memory, 0);
}

static bool revoke_when_open(void *unused)
{
    (void)unused;
    bool is_open = pl_latch_is_open(object.memory);
    if (is_open)
        revoke_shared_object(&object);
    return !is_open;
}

static void is_opened_by_one_touch(uint32_t word)
{
    int status;
    object = create_shared_object(sizeof(struct pl_latch));
    pl_store_relaxed(&((struct pl_latch *)object.memory)->word, word);
    ck_assert(run_in_single_steps(open_latch, revoke_when_open, NULL, &status));
    ck_assert_msg(status == 0, "the opener touched the latch after it was open: status %x", (unsigned)status);
}

PROPERTY(with_nobody_waiting)
{
    is_opened_by_one_touch(0);
}
PROPERTY_END

PROPERTY(with_somebody_to_wake)
{
    is_opened_by_one_touch(PL_LATCH_WAITED);
}
PROPERTY_END

int main(void)
{
    const char *reason = why_no_steps();
    if (reason != NULL) {
        puts(reason);
        return 77;
    }
    const TTest *const tests[] = {with_nobody_waiting, with_somebody_to_wake};
    return property_run(__FILE__, tests, sizeof tests / sizeof tests[0]);
}
