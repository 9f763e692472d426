/* SPDX-License-Identifier: BSD-3-Clause */
#include "bench/simulate/fork_join_crew.h"

#include <stdlib.h>

void sim_crew_schedule(struct simulation *simulation, struct worker *worker, uint64_t delay_ns)
{
    worker->is_due = true;
    sim_schedule(&simulation->engine, worker->index, delay_ns);
}

uint64_t sim_crew_call_worker(struct simulation *simulation, uint32_t by)
{
    struct sim_engine *engine = &simulation->engine;
    uint64_t cost = sim_read(engine, by, crew_line(simulation));
    if (simulation->searching > 0 || simulation->sleeper_count == 0)
        return cost;
    struct worker *woken = &simulation->workers[simulation->sleepers[--simulation->sleeper_count]];
    simulation->searching++;
    simulation->result->wakes++;
    woken->is_asleep = false;
    woken->turn = 0;
    cost += sim_write(engine, by, crew_line(simulation)) + engine->setup.latencies.wake_call;
    sim_crew_schedule(simulation, woken, cost + engine->setup.latencies.wake);
    return cost;
}

/* A deque has published. */
static void call_thief(void *context, bool has_work)
{
    struct worker *worker = context;
    if (has_work)
        worker->simulation->called_ns += sim_crew_call_worker(worker->simulation, worker->index);
}

uint64_t sim_crew_request(struct simulation *simulation)
{
    pl_victims_request(simulation->victims);
    return simulation->engine.setup.workers; /* a look at each, at about a nanosecond where nothing has changed */
}

void sim_crew_park(struct simulation *simulation, struct worker *worker)
{
    sim_write(&simulation->engine, worker->index, crew_line(simulation));
    simulation->searching--;
    worker->is_asleep = true;
    simulation->sleepers[simulation->sleeper_count++] = worker->index;
    sim_crew_request(simulation);
    if (pl_victims_have_work(simulation->victims)) /* the last look: somebody is called, most likely this one */
        sim_crew_call_worker(simulation, worker->index);
}

struct frame *sim_crew_enter(struct worker *worker, const struct sim_node *node)
{
    struct frame *frame = worker->spare;
    if (frame != NULL)
        worker->spare = frame->caller;
    else if ((frame = malloc(sizeof *frame)) == NULL) {
        worker->simulation->is_out_of_memory = true;
        return NULL;
    }
    frame->caller = worker->frame;
    frame->stage = BEGINS;
    frame->node = *node;
    frame->owner = NULL;
    worker->frame = frame;
    return frame;
}

void sim_crew_leave(struct worker *worker)
{
    struct frame *frame = worker->frame;
    worker->frame = frame->caller;
    frame->caller = worker->spare;
    worker->spare = frame;
}

void sim_crew_close(struct simulation *simulation)
{
    for (uint32_t k = 0; simulation->workers != NULL && k < simulation->engine.setup.workers; k++) {
        struct worker *worker = &simulation->workers[k];
        while (worker->frame != NULL)
            sim_crew_leave(worker);
        for (struct frame *frame = worker->spare, *next; frame != NULL; frame = next) {
            next = frame->caller;
            free(frame);
        }
    }
    if (simulation->victims != NULL)
        pl_victims_destroy(simulation->victims);
    free(simulation->victims);
    free(simulation->workers);
    free(simulation->sleepers);
    sim_engine_close(&simulation->engine);
    pl_deque_make_current(NULL);
}

bool sim_crew_open(struct simulation *simulation)
{
    uint32_t count = simulation->engine.setup.workers;
    simulation->victims = calloc(1, sizeof *simulation->victims);
    simulation->workers = calloc(count, sizeof *simulation->workers);
    simulation->sleepers = calloc(count, sizeof *simulation->sleepers);
    if (simulation->victims == NULL || simulation->workers == NULL || simulation->sleepers == NULL)
        return false;
    pl_deque_prepare();
    for (uint32_t k = 0; k < count; k++) {
        struct worker *worker = &simulation->workers[k];
        worker->simulation = simulation;
        worker->index = k;
        worker->deque = pl_victims_enter(simulation->victims, k, call_thief, worker);
        if (worker->deque == NULL)
            return false;
    }
    return true;
}

void sim_crew_begin(struct simulation *simulation)
{
    const struct sim_setup *setup = &simulation->engine.setup;
    struct sim_node root = sim_tree_root(simulation->tree, setup->seed);
    sim_crew_enter(&simulation->workers[0], &root);
    sim_crew_schedule(simulation, &simulation->workers[0], 0);
    for (uint32_t k = 1; k < setup->workers; k++) {
        if (setup->starts_asleep) {
            simulation->workers[k].is_asleep = true;
            simulation->sleepers[simulation->sleeper_count++] = setup->workers - k;
        } else {
            simulation->searching++;
            sim_crew_schedule(simulation, &simulation->workers[k], k % 64); /* they do not look in step */
        }
    }
}
