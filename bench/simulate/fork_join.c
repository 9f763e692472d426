/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Fork-join, simulated: workers that run a tree of calls by the library's deques.
 *
 *     search --> steal --> call: work, spawn children, call the last, sync the others --> return to the owner --+
 *       ^                                                      |                                                |
 *       |                                             stolen: wait, and steal from the thief                    |
 *       +-------------------------------------------------------------------------------------------------------+
 *
 * A call is a frame in a worker's list, as it would be on its stack; a spawned one has its record in its parent's. The
 * constants of searching and waiting are those of executors/threads_worker.c and tasks/spawn.c. */
#include <stdio.h>
#include <string.h>

#include "bench/simulate/fork_join_crew.h"

enum { TURNS_BEFORE_FORCE = 400, WAITING_TURNS_BEFORE_FORCE = 200, CALLS_BEFORE_OTHERS = 64 };

/* ---- The owner ---- */

/* The library's inlined sync calls this where a record may have been stolen; its waiting takes simulated time. */
enum { CALL_IT = 1, WAIT_FOR_IT = 2 };
static uint64_t recovered_index;
static uint32_t recovered_thief;

int __wrap_parallel_spawn_recover(struct parallel_spawn *spawn);

int __wrap_parallel_spawn_recover(struct parallel_spawn *spawn)
{
    struct pl_deque *mine = pl_deque_of(spawn);
    return pl_deque_take_back(mine, &recovered_index, &recovered_thief) ? CALL_IT : WAIT_FOR_IT;
}

/* After a spawn or sync: what has become of the lines that the owner shares with thieves. */
static uint64_t touch(struct simulation *simulation, const struct worker *worker, uint64_t split_before, bool is_recovered)
{
    struct sim_engine *engine = &simulation->engine;
    uint64_t cost = sim_read(engine, worker->index, split_line(worker->index)) + simulation->called_ns;
    if (worker->deque->shared.split != split_before)
        cost += sim_write(engine, worker->index, split_line(worker->index));
    if (worker->deque->shared.split != split_before || is_recovered)
        cost += sim_write(engine, worker->index, slots_line(worker->index));
    simulation->called_ns = 0;
    return cost;
}

static uint64_t spawn_children(struct simulation *simulation, struct worker *worker, struct frame *frame)
{
    uint64_t cost = 0;
    for (frame->spawned = 0; frame->spawned + 1 < frame->call.child_count; frame->spawned++) {
        struct child *child = &frame->children[frame->spawned];
        uint64_t split = worker->deque->shared.split;
        child->node = frame->call.children[frame->spawned];
        parallel_spawn_push(&child->spawn);
        cost += simulation->engine.setup.latencies.spawn + touch(simulation, worker, split, false);
    }
    if (frame->call.child_count > 0)
        sim_crew_enter(worker, &frame->call.children[frame->call.child_count - 1]);
    return cost;
}

static uint64_t sync_child(struct simulation *simulation, struct worker *worker, struct frame *frame)
{
    struct child *child = &frame->children[--frame->spawned];
    uint64_t split = worker->deque->shared.split;
    bool is_public = child->spawn.index < (split & ~PARALLEL_DEQUE_REQUEST);
    int outcome = parallel_spawn_pop(&child->spawn, "simulated");
    uint64_t cost = touch(simulation, worker, split, is_public);
    if (outcome == CALL_IT) {
        sim_crew_enter(worker, &child->node);
        return cost;
    }
    if (recovered_thief == 0)
        return cost; /* it is back already */
    frame->stage = WAITS;
    frame->awaited_index = recovered_index;
    frame->thief = recovered_thief;
    frame->turn = 0;
    return cost;
}

/* ---- The thief ---- */

static bool steal(struct simulation *simulation, struct worker *worker, struct pl_deque *victim, uint64_t *cost)
{
    struct sim_engine *engine = &simulation->engine;
    uint64_t index;
    struct parallel_spawn *record = pl_deque_steal(victim, worker->deque, &index);
    if (record == NULL) {
        simulation->result->failed_steals++;
        return false;
    }
    struct frame *frame = sim_crew_enter(worker, &((struct child *)record)->node);
    if (frame == NULL)
        return false;
    frame->owner = victim;
    frame->owner_index = index;
    simulation->result->steals++;
    *cost += sim_write(engine, worker->index, slots_line(index_of(victim)));
    *cost += sim_transfer(engine, worker->index, index_of(victim)); /* the record */
    return true;
}

/* What it costs to see whether a deque has public calls. */
static uint64_t read_public(struct simulation *simulation, const struct worker *worker, const struct pl_deque *victim)
{
    struct sim_engine *engine = &simulation->engine;
    uint32_t number = index_of(victim);
    uint64_t cost = sim_read(engine, worker->index, split_line(number));
    if ((victim->shared.split & ~PARALLEL_DEQUE_REQUEST) > 0)
        cost += sim_read(engine, worker->index, slots_line(number));
    return cost;
}

/* Looks at a deque: true if there is something to steal. Asks its owner to publish if not. */
static bool look(struct simulation *simulation, const struct worker *worker, struct pl_deque *victim, uint64_t *cost)
{
    *cost += read_public(simulation, worker, victim);
    if (pl_deque_public_count(victim) > 0)
        return true;
    simulation->result->failed_steals++;
    if (!(victim->shared.split & PARALLEL_DEQUE_REQUEST)) {
        pl_deque_request(victim);
        simulation->result->requests++;
        *cost += sim_write(&simulation->engine, worker->index, split_line(index_of(victim)));
    }
    return false;
}

static bool publish_by_force(struct simulation *simulation, const struct worker *worker, struct pl_deque *victim,
                             uint64_t *cost)
{
    if (!pl_deque_publish_by_force(victim))
        return false;
    *cost += simulation->engine.setup.latencies.barrier;
    *cost += sim_write(&simulation->engine, worker->index, split_line(index_of(victim)));
    *cost += sim_write(&simulation->engine, worker->index, slots_line(index_of(victim)));
    return true;
}

/* As pl_victims_find_or_force(), with what it costs. */
static struct pl_deque *find_or_force(struct simulation *simulation, const struct worker *worker, uint64_t *cost)
{
    uint32_t count = simulation->engine.setup.workers;
    for (uint32_t turn = 0; turn + 1 < count; turn++) {
        struct pl_deque *victim = pl_victims_choose(simulation->victims, worker->index, turn);
        *cost += sim_read(&simulation->engine, worker->index, split_line(index_of(victim)));
        if (pl_deque_public_count(victim) > 0 || publish_by_force(simulation, worker, victim, cost))
            return victim;
    }
    return NULL;
}

/* As steal_a_while(): the next call of the same victim, without a step between work and search. */
static bool steal_on(struct simulation *simulation, struct worker *worker, struct pl_deque *victim, uint64_t *cost)
{
    if (++worker->calls == CALLS_BEFORE_OTHERS)
        return false;
    *cost += read_public(simulation, worker, victim);
    if (!steal(simulation, worker, victim, cost))
        return false;
    if (pl_deque_public_count(victim) > 0)
        *cost += sim_crew_call_worker(simulation, worker->index);
    return true;
}

static uint64_t begin_stolen(struct simulation *simulation, struct worker *worker, struct pl_deque *victim)
{
    struct sim_engine *engine = &simulation->engine;
    uint64_t cost = sim_write(engine, worker->index, busy_line(simulation)) +
                    sim_write(engine, worker->index, crew_line(simulation));
    simulation->searching--;
    if (pl_deque_public_count(victim) > 1)
        cost += sim_crew_call_worker(simulation, worker->index);
    if (simulation->sleeper_count > 0)
        cost += sim_crew_request(simulation);
    worker->calls = 0;
    if (!steal(simulation, worker, victim, &cost)) {
        simulation->searching++;
        cost += sim_write(engine, worker->index, crew_line(simulation)) +
                sim_write(engine, worker->index, busy_line(simulation));
    }
    worker->turn = 0;
    return cost;
}

/* A turn of pl_threads_work()'s search. */
static uint64_t search(struct simulation *simulation, struct worker *worker)
{
    const struct sim_latencies *latencies = &simulation->engine.setup.latencies;
    uint64_t cost = latencies->turn;
    worker->turn++;
    struct pl_deque *victim = pl_victims_choose(simulation->victims, worker->index, worker->turn);
    if (victim != NULL && look(simulation, worker, victim, &cost))
        return cost + begin_stolen(simulation, worker, victim);
    if (worker->turn % TURNS_BEFORE_FORCE == 0 || worker->turn >= latencies->patience) {
        victim = find_or_force(simulation, worker, &cost);
        if (victim != NULL)
            return cost + begin_stolen(simulation, worker, victim);
    }
    if (worker->turn >= latencies->patience)
        sim_crew_park(simulation, worker);
    return cost;
}

/* A turn of wait_until_back() in tasks/spawn.c. */
static uint64_t wait(struct simulation *simulation, struct worker *worker, struct frame *frame)
{
    struct sim_engine *engine = &simulation->engine;
    uint64_t cost = sim_read(engine, worker->index, slots_line(worker->index));
    if (pl_deque_is_back(worker->deque, frame->awaited_index)) {
        pl_deque_clear(worker->deque, frame->awaited_index);
        frame->stage = SYNCS;
        return cost + sim_write(engine, worker->index, slots_line(worker->index));
    }
    cost += engine->setup.latencies.turn;
    frame->turn++;
    struct pl_deque *thief = pl_victims_find(simulation->victims, frame->thief);
    if (look(simulation, worker, thief, &cost)) {
        steal(simulation, worker, thief, &cost);
        frame->turn = 0;
    } else if (frame->turn % WAITING_TURNS_BEFORE_FORCE == 0) {
        publish_by_force(simulation, worker, thief, &cost);
    }
    return cost;
}

/* ---- Steps ---- */

static uint64_t end_call(struct simulation *simulation, struct worker *worker, const struct frame *frame)
{
    struct sim_engine *engine = &simulation->engine;
    struct pl_deque *victim = frame->owner;
    uint64_t cost = 0;
    if (victim != NULL) {
        cost = sim_write(engine, worker->index, slots_line(index_of(victim)));
        pl_deque_return(victim, frame->owner_index);
    }
    bool was_root = frame->caller == NULL && victim == NULL;
    sim_crew_leave(worker);
    if (was_root)
        simulation->is_over = true;
    else if (worker->frame == NULL && !steal_on(simulation, worker, victim, &cost)) {
        simulation->searching++;
        cost += sim_write(engine, worker->index, crew_line(simulation)) +
                sim_write(engine, worker->index, busy_line(simulation));
    }
    return cost;
}

static uint64_t run_call(struct simulation *simulation, struct worker *worker)
{
    struct frame *frame = worker->frame;
    struct sim_result *result = simulation->result;
    switch (frame->stage) {
    case BEGINS:
        sim_tree_expand(simulation->tree, &frame->node, &frame->call);
        frame->stage = SPAWNS;
        result->units++;
        result->unit_sum += frame->node.identity;
        result->work_ns += frame->call.before_ns + frame->call.after_ns;
        return frame->call.before_ns;
    case SPAWNS:
        frame->stage = SYNCS;
        return spawn_children(simulation, worker, frame);
    case SYNCS:
        if (frame->spawned > 0)
            return sync_child(simulation, worker, frame);
        frame->stage = ENDS;
        return frame->call.after_ns;
    case WAITS:
        return wait(simulation, worker, frame);
    case ENDS:
        break;
    }
    return end_call(simulation, worker, frame);
}

/* As far as it takes no time. */
static uint64_t step(struct simulation *simulation, struct worker *worker)
{
    uint64_t cost = 0;
    pl_deque_make_current(worker->deque);
    while (cost == 0 && !simulation->is_over && !simulation->is_out_of_memory && !worker->is_asleep)
        cost = worker->frame != NULL ? run_call(simulation, worker) : search(simulation, worker);
    return cost;
}

/* ---- A run ---- */

int sim_run_tree(const struct sim_setup *setup, const struct sim_tree *tree, struct sim_result *result)
{
    struct simulation simulation = {.tree = tree, .result = result};
    memset(result, 0, sizeof *result);
    if (setup->workers > PL_VICTIM_LIMIT) {
        fprintf(stderr, "simulate: more than %d workers have no deques\n", PL_VICTIM_LIMIT);
        return -1;
    }
    sim_tree_run_serially(tree, setup->seed, result);
    if (sim_engine_open(&simulation.engine, setup, 2 * setup->workers + 2) != 0)
        return -1;
    simulation.is_out_of_memory = !sim_crew_open(&simulation);
    if (!simulation.is_out_of_memory)
        sim_crew_begin(&simulation);
    uint32_t index;
    while (!simulation.is_over && !simulation.is_out_of_memory && sim_next(&simulation.engine, &index)) {
        struct worker *worker = &simulation.workers[index];
        worker->is_due = false;
        uint64_t cost = step(&simulation, worker);
        if (!worker->is_asleep && !worker->is_due)
            sim_crew_schedule(&simulation, worker, cost);
    }
    if (simulation.is_out_of_memory)
        fprintf(stderr, "simulate: no memory for %u workers\n", setup->workers);
    result->elapsed_ns = simulation.engine.now_ns;
    result->transfers = simulation.engine.transfers;
    sim_crew_close(&simulation);
    return simulation.is_over ? 0 : -1;
}
