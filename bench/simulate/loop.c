/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A named loop, simulated: worker 0 owns it, the others look at the board, join, claim by the library's claims, and leave.
 *
 *     owner:   open -> claim -> run -> claim ... nothing left -> close, when all have left -> the next loop
 *     helper:  look -> join -> claim -> run -> claim ... nothing left -> leave -> look
 *
 * As tasks/named_run.c has it, but that all helpers are awake: nobody is called. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/simulate/engine.h"
#include "libparallel/executors/board.h"
#include "libparallel/executors/victims.h"
#include "libparallel/tasks/claiming.h"
#include "libparallel/tasks/pace.h"

enum {
    INLINE_NS = 1000,  /* as in named_run.c: such a loop is its owner's alone */
    EAGER_TURNS = 100, /* as in threads_worker.c */
};

enum stage { LOOKS, SITS_DOWN, CLAIMS, RUNS, PROBES, LEAVES, CLOSES };

struct worker {
    uint32_t index;
    enum stage stage;
    uint32_t turn;
    uint32_t grain;
    uint32_t probe;
    uint32_t slot; /* of the claims, in this loop; the owner's is 0 */
    struct pl_claim claim;
    uint64_t clock_ns;
    struct pl_board_reader reader;
};

struct simulation {
    struct sim_engine engine;
    const struct sim_loop *loop;
    struct sim_result *result;
    const uint32_t *costs;
    uint64_t *sums; /* [iterations + 1]: of the costs of the iterations before */
    uint8_t *runs;  /* how often each iteration has run in this loop */
    struct worker *workers;
    struct pl_board *board;
    struct pl_post *post;
    struct pl_joint_work work;
    struct pl_claims claims;
    struct pl_claim_slot *slots; /* one a worker; in `claims` unless the owner runs alone */
    uint32_t *seats;             /* of each slot: the number of the last loop in which somebody took it, from 1 */
    uint32_t cursor;             /* of an owner alone */
    uint32_t done;               /* loops */
    uint64_t began_ns;
    uint64_t counted_ns; /* of the loops that count */
    uint64_t timed_ns;   /* the owner's, in this loop */
    uint64_t timed_iterations;
    double cost_ns; /* of an iteration; 0: unknown */
    bool is_over;
};

static uint32_t claim_line(uint32_t slot)
{
    return slot;
}

static uint32_t post_line(const struct simulation *simulation)
{
    return simulation->engine.setup.workers;
}

/* ---- The owner ---- */

static uint64_t open_loop(struct simulation *simulation)
{
    struct sim_engine *engine = &simulation->engine;
    struct worker *owner = &simulation->workers[0];
    double expected_ns = simulation->cost_ns * simulation->loop->iterations;
    uint32_t workers = engine->setup.workers;
    if (simulation->loop->iterations < workers)
        workers = simulation->loop->iterations;
    if (expected_ns != 0)
        workers = expected_ns < INLINE_NS ? 1 : pl_pace_team((float)expected_ns, workers);
    simulation->began_ns = engine->now_ns;
    simulation->timed_ns = simulation->timed_iterations = 0;
    simulation->cursor = 0;
    simulation->claims.worker_count = workers;
    simulation->claims.slots = workers > 1 ? simulation->slots : NULL;
    memset(simulation->runs, 0, simulation->loop->iterations);
    owner->stage = CLAIMS;
    owner->grain = (uint32_t)1 << pl_pace_first_shift((float)simulation->cost_ns);
    uint64_t cost = engine->setup.latencies.dispatch;
    if (workers > 1) {
        if (simulation->claims.epoch == PL_CLAIM_LARGEST_EPOCH) {
            pl_claim_slots_reset(simulation->slots, engine->setup.workers);
            simulation->claims.epoch = 0;
        }
        simulation->claims.epoch++;
        simulation->post = pl_board_take(simulation->board);
        pl_post_open(simulation->post, &simulation->work, NULL, workers - 1);
        cost += sim_write(engine, 0, post_line(simulation));
    }
    owner->clock_ns = engine->now_ns + cost;
    return cost;
}

static void count_loop(struct simulation *simulation)
{
    struct sim_result *result = simulation->result;
    uint64_t elapsed_ns = simulation->engine.now_ns - simulation->began_ns;
    for (uint32_t i = 0; i < simulation->loop->iterations; i++) {
        result->units += simulation->runs[i];
        result->unit_sum += (uint64_t)simulation->runs[i] * (i + 1);
        result->expected_sum += i + 1;
    }
    result->expected_units += simulation->loop->iterations;
    if (simulation->done > 0 || simulation->loop->runs == 1) {
        simulation->counted_ns += elapsed_ns;
        result->serial_ns += simulation->sums[simulation->loop->iterations];
    }
    if (simulation->timed_iterations > 0)
        simulation->cost_ns = (double)(simulation->timed_ns + 1) / (double)simulation->timed_iterations;
    simulation->is_over = ++simulation->done == simulation->loop->runs;
}

/* Waits for those inside. */
static uint64_t close_loop(struct simulation *simulation)
{
    struct sim_engine *engine = &simulation->engine;
    if (simulation->claims.slots != NULL) {
        uint64_t cost = sim_read(engine, 0, post_line(simulation));
        if (pl_post_places(simulation->post) > 0) { /* the first half of pl_post_close(), which waits in the second */
            pl_and_acq_rel(&simulation->post->word, ~PL_POST_PLACES_MASK);
            return cost + sim_write(engine, 0, post_line(simulation));
        }
        if (pl_board_inside(simulation->board, NULL) > 0)
            return cost + engine->setup.latencies.eager_turn;
        if (cost > 0)
            return cost;
        pl_post_close(simulation->post);
        pl_board_give_back(simulation->post);
    }
    count_loop(simulation);
    return simulation->is_over ? 0 : open_loop(simulation);
}

/* ---- Each participant ---- */

static void run_claim(struct simulation *simulation, const struct worker *worker)
{
    for (uint32_t i = worker->claim.first; i < worker->claim.last; i++)
        simulation->runs[i]++;
}

static uint64_t begin_claim(struct simulation *simulation, struct worker *worker)
{
    uint64_t work_ns = simulation->sums[worker->claim.last] - simulation->sums[worker->claim.first];
    worker->stage = RUNS;
    simulation->result->work_ns += work_ns;
    run_claim(simulation, worker);
    return work_ns;
}

/* Its end: the next one is sized by its time. */
static uint64_t end_claim(struct simulation *simulation, struct worker *worker)
{
    uint64_t now = simulation->engine.now_ns;
    uint32_t units = worker->claim.last - worker->claim.first;
    worker->grain = pl_pace_next_grain(units, now - worker->clock_ns);
    if (worker->index == 0) {
        simulation->timed_ns += now - worker->clock_ns;
        simulation->timed_iterations += units;
    }
    worker->clock_ns = now;
    worker->stage = CLAIMS;
    return 0;
}

static uint64_t claim_alone(struct simulation *simulation, struct worker *worker, struct pl_claim_size size)
{
    uint32_t rest = simulation->claims.unit_count - simulation->cursor;
    worker->claim.first = simulation->cursor;
    worker->claim.last = simulation->cursor += rest < size.grain ? rest : size.grain;
    if (rest == 0) {
        worker->stage = CLOSES;
        return 0;
    }
    return simulation->engine.setup.latencies.claim + begin_claim(simulation, worker);
}

static uint64_t claim(struct simulation *simulation, struct worker *worker)
{
    struct pl_claim_size size = pl_pace_size(worker->grain);
    if (simulation->claims.slots == NULL)
        return claim_alone(simulation, worker, size);
    if (!pl_claims_take(&simulation->claims, worker->slot, size, &worker->claim)) {
        worker->stage = PROBES;
        worker->probe = 0;
        return sim_read(&simulation->engine, worker->index, claim_line(worker->slot));
    }
    return simulation->engine.setup.latencies.claim +
           sim_write(&simulation->engine, worker->index, claim_line(worker->slot)) + begin_claim(simulation, worker);
}

static uint64_t probe(struct simulation *simulation, struct worker *worker)
{
    struct sim_engine *engine = &simulation->engine;
    const struct pl_claims *claims = &simulation->claims;
    if (worker->probe == claims->worker_count - 1) {
        worker->stage = worker->index == 0 ? CLOSES : LEAVES;
        return 0;
    }
    uint32_t victim = pl_victims_number(worker->slot, worker->probe++, claims->worker_count);
    uint64_t cost = 1 + sim_read(engine, worker->index, claim_line(victim));
    if (!pl_claims_steal(claims, worker->slot, victim, pl_pace_size(worker->grain), &worker->claim)) {
        simulation->result->failed_steals++;
        return cost;
    }
    simulation->result->steals++;
    cost += engine->setup.latencies.claim + sim_write(engine, worker->index, claim_line(victim)) +
            sim_write(engine, worker->index, claim_line(worker->slot));
    return cost + begin_claim(simulation, worker);
}

/* ---- Helpers ---- */

static uint64_t look(struct simulation *simulation, struct worker *worker)
{
    struct sim_engine *engine = &simulation->engine;
    const struct sim_latencies *latencies = &engine->setup.latencies;
    uint64_t cost = sim_read(engine, worker->index, post_line(simulation));
    struct pl_post *post = pl_board_find(simulation->board, &worker->reader);
    if (post != NULL && pl_post_join(post, &worker->reader) != NULL) {
        worker->stage = SITS_DOWN;
        worker->turn = 0;
        return cost + sim_write(engine, worker->index, post_line(simulation));
    }
    return cost + (worker->turn++ < EAGER_TURNS ? latencies->eager_turn : latencies->turn);
}

/* As take_slot() in named_run.c; the loop itself is a line from its owner. */
static uint64_t sit_down(struct simulation *simulation, struct worker *worker)
{
    uint32_t others = simulation->claims.worker_count - 1, slot = worker->index % others;
    while (simulation->seats[slot + 1] == simulation->done + 1)
        slot = slot + 1 < others ? slot + 1 : 0;
    simulation->seats[slot + 1] = simulation->done + 1;
    worker->slot = slot + 1;
    worker->stage = CLAIMS;
    worker->grain = (uint32_t)1 << pl_pace_first_shift((float)simulation->cost_ns);
    worker->clock_ns = simulation->engine.now_ns;
    return sim_transfer(&simulation->engine, worker->index, 0);
}

static uint64_t leave_loop(struct simulation *simulation, struct worker *worker)
{
    pl_post_leave(simulation->post);
    worker->stage = LOOKS;
    return sim_write(&simulation->engine, worker->index, post_line(simulation));
}

static uint64_t step(struct simulation *simulation, struct worker *worker)
{
    switch (worker->stage) {
    case LOOKS:
        return look(simulation, worker);
    case SITS_DOWN:
        return sit_down(simulation, worker);
    case CLAIMS:
        return claim(simulation, worker);
    case RUNS:
        return end_claim(simulation, worker);
    case PROBES:
        return probe(simulation, worker);
    case LEAVES:
        return leave_loop(simulation, worker);
    case CLOSES:
        break;
    }
    return close_loop(simulation);
}

/* ---- A run ---- */

static bool open_simulation(struct simulation *simulation)
{
    uint32_t workers = simulation->engine.setup.workers, iterations = simulation->loop->iterations;
    simulation->sums = calloc((size_t)iterations + 1, sizeof *simulation->sums);
    simulation->runs = calloc(iterations, sizeof *simulation->runs);
    simulation->workers = calloc(workers, sizeof *simulation->workers);
    simulation->board = aligned_alloc(_Alignof(struct pl_board), sizeof *simulation->board);
    simulation->slots = aligned_alloc(PL_CLAIM_SLOT_SIZE, workers * sizeof *simulation->slots);
    simulation->seats = calloc(workers, sizeof *simulation->seats);
    if (simulation->costs == NULL || simulation->sums == NULL || simulation->runs == NULL ||
        simulation->workers == NULL || simulation->board == NULL || simulation->slots == NULL || simulation->seats == NULL)
        return false;
    pl_board_open(simulation->board);
    memset(simulation->slots, 0, workers * sizeof *simulation->slots);
    for (uint32_t i = 0; i < iterations; i++) {
        simulation->sums[i + 1] = simulation->sums[i] + simulation->costs[i];
        if (simulation->costs[i] > simulation->result->longest_ns)
            simulation->result->longest_ns = simulation->costs[i];
    }
    simulation->claims.unit_count = iterations;
    for (uint32_t k = 0; k < workers; k++)
        simulation->workers[k].index = k;
    return true;
}

static void close_simulation(struct simulation *simulation)
{
    free(simulation->sums);
    free(simulation->runs);
    free(simulation->workers);
    if (simulation->board != NULL)
        pl_board_close(simulation->board);
    free(simulation->board);
    free(simulation->slots);
    free(simulation->seats);
    sim_engine_close(&simulation->engine);
}

int sim_run_loop(const struct sim_setup *setup, const struct sim_loop *loop, struct sim_result *result)
{
    memset(result, 0, sizeof *result);
    if (loop->iterations == 0 || loop->iterations > PL_CLAIM_LARGEST_UNIT_COUNT || loop->runs == 0 ||
        setup->workers > PL_POST_LARGEST_PLACES) {
        fprintf(stderr, "simulate: %u iterations, %u runs, %u workers: out of range\n", loop->iterations, loop->runs,
                setup->workers);
        return -1;
    }
    uint32_t *costs = sim_loop_costs(loop, setup->seed);
    struct simulation simulation = {.loop = loop, .result = result, .costs = costs};
    if (sim_engine_open(&simulation.engine, setup, setup->workers + 1) != 0) {
        free(costs);
        return -1;
    }
    bool is_open = open_simulation(&simulation);
    if (!is_open)
        fprintf(stderr, "simulate: no memory for %u workers\n", setup->workers);
    for (uint32_t k = 1; is_open && k < setup->workers; k++)
        sim_schedule(&simulation.engine, k, k % 64); /* they do not look in step */
    if (is_open)
        sim_schedule(&simulation.engine, 0, open_loop(&simulation));
    uint32_t index;
    while (is_open && !simulation.is_over && sim_next(&simulation.engine, &index))
        sim_schedule(&simulation.engine, index, step(&simulation, &simulation.workers[index]));
    result->elapsed_ns = simulation.counted_ns;
    result->transfers = simulation.engine.transfers;
    close_simulation(&simulation);
    free(costs);
    return is_open ? 0 : -1;
}
