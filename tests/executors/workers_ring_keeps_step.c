/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What broke: in a stream of calls a tick ended some without their cells, the worker's ring of cells overflowed, and from
 * then on each call was found by a tick only: 50000 a second. */
#include "libparallel/executors/process_hub.h"
#include "libparallel/executors/processes.h"
#include "tests/executors/calls.h"
#include "tests/support/property.h"

enum { CALLS = 30000, CALLS_BETWEEN_TICKS = 10, ROUNDS = 3 };

static void tick(struct pl_processes *processes)
{
    pl_lock_acquire(&processes->hub->collecting);
    pl_processes_tick(processes, 0);
    pl_lock_release(&processes->hub->collecting);
}

/* Nobody runs a call any more: the cells that were read are all that the worker has written, or fewer by what is yet to
 * be read, and not by a ring. */
static void check_step(struct pl_processes *processes)
{
    pl_lock_acquire(&processes->hub->collecting);
    (void)pl_processes_collect(processes);
    uint64_t position = processes->posts[0].position;
    uint64_t last = pl_load_acquire(&processes->seats[0]->done[(position - 1) % PL_SEAT_DONE_CELLS].word) >> PL_DONE_TICKET_SHIFT;
    uint64_t next = pl_load_acquire(&processes->seats[0]->done[position % PL_SEAT_DONE_CELLS].word) >> PL_DONE_TICKET_SHIFT;
    pl_lock_release(&processes->hub->collecting);
    ck_assert_uint_ge(position, CALLS);
    ck_assert_uint_eq(last, position); /* tickets count from 1 in a cell */
    ck_assert_uint_lt(next, position);
}

PROPERTY(a_workers_ring_keeps_step_in_a_stream_with_ticks)
{
    static parallel_future *futures[CALLS];
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("processes:1,places=none", &executor), 0);
    struct pl_processes *processes = pl_processes_of(executor);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < CALLS; i++)
            futures[i] = echo_on(executor, i);
        for (int i = 0; i < CALLS; i++) {
            if (i % CALLS_BETWEEN_TICKS == 0)
                tick(processes);
            ck_assert_int_eq(echo_await(futures[i]), i);
        }
    }
    check_step(processes);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
}
PROPERTY_END

PROPERTIES(a_workers_ring_keeps_step_in_a_stream_with_ticks)
