/* SPDX-License-Identifier: BSD-3-Clause */
#include "libparallel/executors/onlooker.h"

#include <sched.h>

#include "libparallel/base/patience.h"
#include "libparallel/machine/crowd.h"

bool pl_onlooker_spin(struct pl_latch *latch, uint32_t turns)
{
    uint64_t looked_ns = 0;
    for (uint32_t turn = 1; turn <= turns && !pl_latch_is_open(latch); turn++) {
        /* Not at first: most waits end before anybody asks who else needs the CPU. */
        bool is_time = turn % PL_PATIENCE_TURNS_OF_YIELD == 0;
        if (is_time && pl_patience_is_interrupted(&looked_ns))
            break;
        if (is_time && !pl_crowd_step_aside()) {
            sched_yield();
            turn += PL_PATIENCE_TURNS_OF_YIELD - 1;
        } else {
            pl_spin_pause();
        }
    }
    return pl_latch_is_open(latch);
}
