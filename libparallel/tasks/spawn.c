/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The rare half of fork-join: a spawned call runs on another worker, or comes back from one. A failure there belongs to
 * the task that spawned it: the thief leaves it in the record, and the sync makes it the enclosing scope's. */
#include "libparallel/base/error.h"
#include "libparallel/executors/executor.h"
#include "libparallel/executors/scope.h"
#include "libparallel/executors/victims.h"

/* Turns of about 50 ns: half the budget of a search. A stolen call is usually as long as what the owner has done since. */
enum { TURNS_BEFORE_SLEEP = 1000, TURNS_BEFORE_FORCE = 200 };

struct stolen_scope {
    struct pl_scope scope;
    const struct pl_scope *origin; /* alive on its worker's stack until the sync */
};

static bool is_cancelled(const struct pl_scope *scope)
{
    return pl_scope_is_cancelled(((const struct stolen_scope *)scope)->origin);
}

void parallel_spawn_run(struct parallel_spawn *spawn, void (*body)(struct parallel_spawn *spawn))
{
    struct stolen_scope stolen = {.origin = spawn->scope};
    struct pl_section section;
    pl_section_enter(&section, &stolen.scope, is_cancelled);
    body(spawn);
    pl_section_leave(&section, "a spawned function");
    spawn->failure = stolen.scope.failure; /* a reference handed over, or NULL */
}

/* The deque of the thief, and nothing else, is where the waiting owner may steal: see spawning.md. */
static void wait_until_back(struct pl_deque *mine, uint64_t index, uint32_t thief_number)
{
    struct pl_deque *thief = pl_victims_find(mine->peers, thief_number);
    for (int turn = 1; !pl_deque_is_back(mine, index); turn++) {
        if (pl_deque_steal_and_run(thief, mine)) {
            turn = 0;
            continue;
        }
        pl_deque_request(thief);
        if (turn % TURNS_BEFORE_FORCE == 0 && pl_deque_publish_by_force(thief))
            continue;
        if (turn == TURNS_BEFORE_SLEEP) {
            pl_executor_wait_enter();
            pl_deque_sleep_until_back(mine, index);
            pl_executor_wait_leave();
            return;
        }
        pl_spin_pause();
    }
}

static int take_result(const struct parallel_spawn *spawn)
{
    if (spawn->failure != NULL)
        pl_scope_adopt_failure(parallel_scope_current, spawn->failure);
    return 0;
}

/* The child goes on with the task that forked. What thieves have brought back by then is in its memory; all else it calls. */
static int recover_in_forked_child(const struct parallel_spawn *spawn)
{
    bool has_slot = spawn->index < PARALLEL_DEQUE_CAPACITY;
    return has_slot && pl_deque_is_back(pl_deque_of(spawn), spawn->index) ? take_result(spawn) : 1;
}

int parallel_spawn_recover(struct parallel_spawn *spawn)
{
    struct pl_deque *mine = pl_deque_of(spawn);
    uint64_t index;
    uint32_t thief;
    if (mine != pl_deque_current)
        return recover_in_forked_child(spawn);
    if (pl_deque_take_back(mine, &index, &thief))
        return 1;
    if (thief != 0) {
        wait_until_back(mine, index, thief);
        pl_deque_clear(mine, index);
    }
    pl_count(&mine->counters.transfers, 2); /* the slot and the record come back */
    return take_result(spawn);
}

void parallel_spawn_misuse(const char *function)
{
    pl_report_and_abort("misuse: %s: each spawn needs its sync in the same call, in reverse order", function);
}
