/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What broke: while the only worker ran a call, a hint to it that had been repeated too late lay in the ring, and queue=1
 * was full of a call that did not wait. The hint is given here as the collector's tick gives it to a worker that
 * is slow. */
#include "libparallel/executors/processes.h"
#include "tests/executors/calls.h"
#include "tests/executors/marks.h"
#include "tests/support/property.h"

enum { STARTED, GATE };
enum { REPETITIONS = 3 };

static void repeat_hint_of_running_call(struct pl_processes *processes)
{
    for (uint32_t slot = 0; slot < PL_CREW_SLOTS; slot++) {
        struct pl_ticket *ticket = &processes->tickets[slot];
        if (ticket->task == NULL || pl_processes_is_pending(processes, slot))
            continue;
        const struct pl_call_hint hint = {.slot = slot, .generation = ticket->generation};
        pl_lock_acquire(&processes->lock);
        ticket->hint = processes->end.tail;
        ck_assert(pl_crew_hint(processes->crew, &processes->end, &hint));
        pl_lock_release(&processes->lock);
        return;
    }
    ck_abort_msg("no call runs");
}

PROPERTY(a_repeated_hint_takes_no_room)
{
    map_marks();
    parallel_executor *executor;
    ck_assert_int_eq(parallel_executor_open("processes:1,places=none,queue=1,full=refuse", &executor), 0);
    parallel_future *running = hold_on(executor, 1, STARTED, GATE);
    wait_for_mark(STARTED, 1);
    for (int i = 0; i < REPETITIONS; i++)
        repeat_hint_of_running_call(pl_processes_of(executor));

    parallel_future *waiting = echo_on(executor, 2), *refused = echo_on(executor, 3);
    int value;
    ck_assert_int_eq(parallel_future_state(waiting), PARALLEL_PENDING);
    ck_assert_int_eq(echo_result(refused, &value), PARALLEL_EFULL); /* the call that does wait takes room */
    make_mark(GATE);
    ck_assert_int_eq(hold_await(running), 1);
    ck_assert_int_eq(echo_await(waiting), 2);
    parallel_future_release(refused);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
    unmap_marks();
}
PROPERTY_END

PROPERTIES(a_repeated_hint_takes_no_room)
