/* SPDX-License-Identifier: BSD-3-Clause */
#include "libparallel/executors/onlooker.h"

#include <sched.h>

#include "libparallel/base/patience.h"
#include "libparallel/machine/crowd.h"

bool pl_onlooker_spin(struct pl_latch *latch, uint32_t turns)
{
    uint64_t looked_ns = 0;
    for (uint32_t turn = 0, step = 1; turn < turns && !pl_latch_is_open(latch); turn += step) {
        step = 1;
        /* Not at first: most waits end before anybody asks who else needs the CPU. */
        if (turn > 0 && turn % PL_PATIENCE_TURNS_OF_YIELD == 0) {
            if (pl_patience_is_interrupted(&looked_ns))
                break;
            if (!pl_crowd_step_aside()) {
                sched_yield();
                step = PL_PATIENCE_TURNS_OF_YIELD;
                continue;
            }
        }
        pl_spin_pause();
    }
    return pl_latch_is_open(latch);
}
