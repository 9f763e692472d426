/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The plan of a short loop: what loop.c has found out about it, kept at its place in the source, for the next time that it is
 * opened there with the same numbers and options. docs/protocols/claiming.md, "Loops without claims". */
#include "libparallel/tasks/loop.h"

#include "libparallel/tasks/pace.h"
#include "libparallel/tasks/team.h"

/* Of a loop that has just been opened. */
static void keep_plan(const parallel_loop *loop, uint64_t wishes)
{
    struct pl_loop_team *team = loop->team;
    if (team == NULL || team->spare_age != 0)
        return;
    bool is_plain = loop->shared.flags == 0 && loop->threads > 1 && !(loop->kind & PARALLEL_LOOP_STEPS);
    struct pl_loop_site *site = loop->site;
    site->plan = (struct pl_loop_plan){
        .wishes = is_plain ? wishes : 0,
        .begin = loop->begin,
        .end = loop->end,
        .dealt = loop->dealt,
        .threads = (uint32_t)loop->threads,
    };
}

/* Opens a short loop as the last time. False: it is another one, or due to be looked at again. */
static bool follow_plan(parallel_loop *loop, uint64_t wishes, const void *where)
{
    struct pl_loop_team *team = pl_loop_team_of_thread;
    if (team == NULL)
        return false;
    struct pl_loop_site *site = pl_loop_team_site(team, where);
    const struct pl_loop_plan *plan = &site->plan;
    if (wishes == 0 || plan->wishes != wishes || plan->begin != loop->begin || plan->end != loop->end ||
        plan->threads != team->thread_count || parallel_scope_current != NULL ||
        site->untimed_runs + 1 >= PL_PACE_RESAMPLED)
        return false;
    site->untimed_runs++;
    team->spare_age = 0;
    loop->shared.stop = UINT64_MAX;
    loop->shared.base = loop->begin;
    loop->shared.count = loop->end - loop->begin;
    loop->shared.flags = 0;
    loop->threads = (int)plan->threads;
    loop->dealt = plan->dealt;
    loop->team = team;
    loop->site = site;
    loop->is_open = 1;
    return true;
}

/* Not inlined: the way along a plan saves no registers for this one. */
__attribute__((noinline)) static void open_and_plan(parallel_loop *loop, uint64_t wishes, const void *where)
{
    pl_loop_open_anew(loop, where);
    if (loop->is_open && loop->dealt != 0)
        keep_plan(loop, wishes);
}

void parallel_loop_open(parallel_loop *loop, uint64_t wishes)
{
    const void *where = __builtin_return_address(0);
    if (!follow_plan(loop, wishes, where))
        open_and_plan(loop, wishes, where);
}
