/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The plan of a short loop: what loop.c has found out about it, kept at its place in the source, for the next time that it is
 * opened there with the same numbers and options. docs/protocols/claiming.md, "Loops without claims". */
#include "libparallel/tasks/loop.h"

#include "libparallel/tasks/pace.h"
#include "libparallel/tasks/team.h"

/* Of a loop that has just been opened. */
static void keep_plan(const parallel_loop *loop)
{
    struct pl_loop_team *team = loop->team;
    if (team == NULL || team->spare_age != 0)
        return;
    const parallel_loop_options *options = &loop->options;
    bool is_plain = loop->shared.flags == 0 && loop->threads > 1 && options->executor == NULL &&
                    !(loop->kind & PARALLEL_LOOP_STEPS);
    struct pl_loop_site *site = loop->site;
    site->plan = (struct pl_loop_plan){
        .begin = loop->begin,
        .end = loop->end,
        .dealt = is_plain ? loop->dealt : 0,
        .workers = options->workers,
        .grain = options->grain,
        .inline_below = options->inline_below,
        .kind = loop->kind,
        .threads = (uint32_t)loop->threads,
    };
}

/* Opens a short loop as the last time. False: it is another one, or due to be looked at again. */
static bool follow_plan(parallel_loop *loop, const void *where)
{
    struct pl_loop_team *team = pl_loop_team_of_thread;
    if (team == NULL)
        return false;
    struct pl_loop_site *site = pl_loop_team_site(team, where);
    const struct pl_loop_plan *plan = &site->plan;
    const parallel_loop_options *options = &loop->options;
    if (plan->dealt == 0 || plan->begin != loop->begin || plan->end != loop->end || plan->kind != loop->kind ||
        plan->workers != options->workers || plan->grain != options->grain ||
        plan->inline_below != options->inline_below || plan->threads != team->thread_count || options->executor != NULL ||
        options->progress || pl_scope_current != NULL || site->untimed_runs + 1 >= PL_PACE_RESAMPLED)
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
__attribute__((noinline)) static int open_and_plan(parallel_loop *loop, const void *where)
{
    if (!pl_loop_open_anew(loop, where))
        return 0;
    if (loop->dealt != 0)
        keep_plan(loop);
    return 1;
}

int parallel_loop_open(parallel_loop *loop)
{
    const void *where = __builtin_return_address(0);
    return follow_plan(loop, where) ? 1 : open_and_plan(loop, where);
}
