/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Events, lines and distances of a simulation. */
#include "bench/simulate/engine.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <libparallel/error.h>

#include "libparallel/machine/placement.h"

enum distance { SAME_CORE, SAME_L3, SAME_NODE, SAME_PACKAGE, SAME_MACHINE };

struct sim_latencies sim_latencies_default(void)
{
    return (struct sim_latencies){
        /* Assumed: a line that is in the core's own L2. */
        .transfer_core = 15,
        /* Measured: half a round trip between two cores of the development machine, at its quickest (70 to 115 ns). */
        .transfer_l3 = 50,
        /* Assumed, as is usual for servers of several dies and sockets. */
        .transfer_node = 100,
        .transfer_package = 150,
        .transfer_machine = 300,
        .shared_read = 5,
        /* Measured by bench/fork_join: what fib pays for a spawn beyond a plain call. */
        .spawn = 2,
        /* Measured: 50 to 100 ns (tasks/pace.h). */
        .claim = 70,
        /* Measured: a pause and a look (tasks/spawn.c). */
        .turn = 50,
        .eager_turn = 5,
        /* Measured: a named loop of one worker. */
        .dispatch = 50,
        /* Assumed: a futex call that finds somebody. */
        .wake_call = 2000,
        /* Measured: 40 to 160 us for a sleeping thread on another core. */
        .wake = 50000,
        /* Measured: 14 us at worst for the one who runs. */
        .barrier = 14000,
        /* Three times the cost of a wake (base/patience.h). */
        .patience = 3000,
    };
}

/* ---- Distances ---- */

static enum distance distance_between(const struct pl_place *one, const struct pl_place *other)
{
    if (one->core == other->core)
        return SAME_CORE;
    if (one->l3 == other->l3 && one->l3 >= 0)
        return SAME_L3;
    if (one->numa == other->numa && one->numa >= 0)
        return SAME_NODE;
    return one->package == other->package ? SAME_PACKAGE : SAME_MACHINE;
}

static int measure_distances(struct sim_engine *engine)
{
    struct pl_topology *topology = NULL;
    struct pl_placement *placement = NULL;
    uint32_t count = engine->setup.workers;
    int code = pl_topology_create_synthetic(engine->setup.machine, NULL, &topology);
    if (code == 0)
        code = pl_placement_create(topology, "cores", count, &placement);
    if (code != 0)
        fprintf(stderr, "simulate: %s\n", parallel_last_error()->message);
    else if (count > placement->room)
        fprintf(stderr, "simulate: %u workers on %zu cores\n", count, placement->room);
    else
        for (uint32_t one = 0; one < count; one++)
            for (uint32_t other = 0; other < count; other++)
                engine->distances[(size_t)one * count + other] = (uint8_t)distance_between(
                    pl_placement_place(placement, one), pl_placement_place(placement, other));
    if (code == 0 && count > placement->room)
        code = -1;
    pl_placement_destroy(placement);
    pl_topology_destroy(topology);
    return code == 0 ? 0 : -1;
}

static uint64_t transfer_ns(const struct sim_engine *engine, uint32_t one, uint32_t other)
{
    const struct sim_latencies *latencies = &engine->setup.latencies;
    switch ((enum distance)engine->distances[(size_t)one * engine->setup.workers + other]) {
    case SAME_CORE:
        return latencies->transfer_core;
    case SAME_L3:
        return latencies->transfer_l3;
    case SAME_NODE:
        return latencies->transfer_node;
    case SAME_PACKAGE:
        return latencies->transfer_package;
    case SAME_MACHINE:
        break;
    }
    return latencies->transfer_machine;
}

/* ---- Birth ---- */

int sim_engine_open(struct sim_engine *engine, const struct sim_setup *setup, uint32_t line_count)
{
    memset(engine, 0, sizeof *engine);
    if (setup->workers == 0) {
        fprintf(stderr, "simulate: no workers\n");
        return -1;
    }
    engine->setup = *setup;
    engine->line_count = line_count;
    engine->events = calloc(setup->workers, sizeof *engine->events);
    engine->lines = calloc(line_count, sizeof *engine->lines);
    engine->seen = calloc((size_t)line_count * setup->workers, sizeof *engine->seen);
    engine->distances = calloc((size_t)setup->workers * setup->workers, sizeof *engine->distances);
    if (engine->events == NULL || engine->lines == NULL || engine->seen == NULL || engine->distances == NULL)
        fprintf(stderr, "simulate: no memory for %u workers\n", setup->workers);
    else if (measure_distances(engine) == 0)
        return 0;
    sim_engine_close(engine);
    return -1;
}

void sim_engine_close(struct sim_engine *engine)
{
    free(engine->events);
    free(engine->lines);
    free(engine->seen);
    free(engine->distances);
}

/* ---- Events ---- */

static bool is_before(const struct sim_event *one, const struct sim_event *other)
{
    return one->time_ns != other->time_ns ? one->time_ns < other->time_ns : one->order < other->order;
}

void sim_schedule(struct sim_engine *engine, uint32_t worker, uint64_t delay_ns)
{
    struct sim_event event = {engine->now_ns + delay_ns, engine->order++, worker};
    uint32_t at = engine->event_count++;
    for (; at > 0 && is_before(&event, &engine->events[(at - 1) / 2]); at = (at - 1) / 2)
        engine->events[at] = engine->events[(at - 1) / 2];
    engine->events[at] = event;
}

bool sim_next(struct sim_engine *engine, uint32_t *worker)
{
    if (engine->event_count == 0)
        return false;
    struct sim_event *events = engine->events;
    *worker = events[0].worker;
    engine->now_ns = events[0].time_ns;
    struct sim_event last = events[--engine->event_count];
    uint32_t at = 0;
    for (;;) {
        uint32_t child = 2 * at + 1;
        if (child + 1 < engine->event_count && is_before(&events[child + 1], &events[child]))
            child++;
        if (child >= engine->event_count || !is_before(&events[child], &last))
            break;
        events[at] = events[child];
        at = child;
    }
    events[at] = last;
    return true;
}

/* ---- Lines ---- */

static uint32_t *seen_by(struct sim_engine *engine, uint32_t worker, uint32_t line)
{
    return &engine->seen[(size_t)line * engine->setup.workers + worker];
}

/* When the line is free for the worker, from now on. */
static uint64_t turn_of(const struct sim_engine *engine, const struct sim_line *line)
{
    return line->busy_until_ns > engine->now_ns ? line->busy_until_ns : engine->now_ns;
}

uint64_t sim_read(struct sim_engine *engine, uint32_t worker, uint32_t number)
{
    struct sim_line *line = &engine->lines[number];
    uint32_t *seen = seen_by(engine, worker, number);
    if (*seen == line->version)
        return 0;
    uint64_t begin = turn_of(engine, line);
    *seen = line->version;
    line->reader = worker;
    line->busy_until_ns = begin + engine->setup.latencies.shared_read;
    engine->transfers++;
    return begin - engine->now_ns + transfer_ns(engine, worker, line->writer);
}

uint64_t sim_write(struct sim_engine *engine, uint32_t worker, uint32_t number)
{
    struct sim_line *line = &engine->lines[number];
    uint64_t begin = turn_of(engine, line), cost = 0;
    if (line->version != 0 && (line->writer != worker || line->reader != worker)) {
        /* From the last writer, or from the last reader, whose copy goes. */
        cost = transfer_ns(engine, worker, line->writer != worker ? line->writer : line->reader);
        engine->transfers++;
    }
    line->version++;
    line->writer = line->reader = worker;
    *seen_by(engine, worker, number) = line->version;
    line->busy_until_ns = begin + cost;
    return line->busy_until_ns - engine->now_ns;
}

uint64_t sim_transfer(struct sim_engine *engine, uint32_t worker, uint32_t from)
{
    engine->transfers++;
    return transfer_ns(engine, worker, from);
}
