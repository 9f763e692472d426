/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What simulations of either kind share: events in the order of time, cache lines, and how far workers are apart.
 *
 * A line has a version, counted by writes, and each worker remembers which one it has. A worker that has not the newest one
 * pays for a transfer from the last writer, by distance, and waits its turn: writes follow one another, reads overlap but
 * for shared_read. */
#ifndef BENCH_SIMULATE_ENGINE_H
#define BENCH_SIMULATE_ENGINE_H

#include "bench/simulate/simulation.h"

struct sim_event {
    uint64_t time_ns;
    uint64_t order; /* among those of one time: as scheduled */
    uint32_t worker;
};

struct sim_line {
    uint64_t busy_until_ns;
    uint32_t version; /* 0: never written; nobody pays for it */
    uint32_t writer;
    uint32_t reader; /* the last one other than the writer since the last write; the writer: none */
};

struct sim_engine {
    struct sim_setup setup;
    uint64_t now_ns;
    uint64_t transfers;
    uint64_t order;
    struct sim_event *events; /* a heap; at most one a worker */
    uint32_t event_count;
    uint32_t line_count;
    struct sim_line *lines;
    uint32_t *seen; /* [line][worker]: version */
    uint8_t *distances; /* [worker][worker] */
};

int sim_engine_open(struct sim_engine *engine, const struct sim_setup *setup, uint32_t line_count);
void sim_engine_close(struct sim_engine *engine);

void sim_schedule(struct sim_engine *engine, uint32_t worker, uint64_t delay_ns);

/* The worker whose turn is next, at which it is then; false: nobody does anything any more. */
bool sim_next(struct sim_engine *engine, uint32_t *worker);

/* What it costs the worker, beyond an access to its own cache. */
uint64_t sim_read(struct sim_engine *engine, uint32_t worker, uint32_t line);
uint64_t sim_write(struct sim_engine *engine, uint32_t worker, uint32_t line);

/* A line that nobody else wants, from another worker. */
uint64_t sim_transfer(struct sim_engine *engine, uint32_t worker, uint32_t from);

#endif
