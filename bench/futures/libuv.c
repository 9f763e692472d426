/* SPDX-License-Identifier: BSD-3-Clause
 *
 * libuv's pool with one thread: each submitter has a loop, whose callbacks say what is done. Goes through malloc, as the pool
 * keeps nothing of its own. */
#include <stdbool.h>
#include <stdlib.h>
#include <uv.h>

struct bench_call {
    uv_work_t work;
    long number;
    bool is_done;
};

static __thread uv_loop_t loop;
static __thread bool has_loop;

static void add_one(uv_work_t *work)
{
    ((struct bench_call *)work)->number++;
}

static void note_end(uv_work_t *work, int status)
{
    (void)status;
    ((struct bench_call *)work)->is_done = true;
}

static struct bench_call *submit(long number)
{
    if (!has_loop)
        has_loop = uv_loop_init(&loop) == 0;
    struct bench_call *call = malloc(sizeof *call);
    if (call == NULL || !has_loop)
        exit(1);
    call->number = number;
    call->is_done = false;
    if (uv_queue_work(&loop, &call->work, add_one, note_end) != 0)
        exit(1);
    return call;
}

static long await(struct bench_call *call)
{
    while (!call->is_done)
        uv_run(&loop, UV_RUN_ONCE);
    long result = call->number;
    free(call);
    return result;
}

#define BENCH_FUTURE                 struct bench_call *
#define BENCH_SUBMIT(future, number) future = submit(number)
#define BENCH_AWAIT(future)          await(future)
#define BENCH_SUITS(kernel)          true
#define BENCH_BEGIN()                setenv("UV_THREADPOOL_SIZE", "1", 1)

#include "kernels.h"
