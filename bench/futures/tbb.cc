/* SPDX-License-Identifier: BSD-3-Clause
 *
 * oneTBB has no futures: calls enqueued in an arena of one worker, each with a word that says that it is done. */
#include <atomic>
#include <tbb/task_arena.h>
#include <tbb/global_control.h>

struct bench_call {
    std::atomic<bool> is_done;
    long result;
};

static tbb::task_arena arena(1, 0);

static void submit(bench_call *call, long number)
{
    call->is_done.store(false, std::memory_order_relaxed);
    arena.enqueue([=] {
        call->result = number + 1;
        call->is_done.store(true, std::memory_order_release);
    });
}

static long await(const bench_call *call)
{
    while (!call->is_done.load(std::memory_order_acquire))
        __builtin_ia32_pause();
    return call->result;
}

#define BENCH_FUTURE                 bench_call
#define BENCH_SUBMIT(future, number) submit(&(future), number)
#define BENCH_AWAIT(future)          await(&(future))
#define BENCH_SUITS(kernel)          true
#define BENCH_BEGIN()                tbb::global_control limit(tbb::global_control::max_allowed_parallelism, 2)

#include "kernels.h"
