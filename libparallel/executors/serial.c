/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The serial executor: a task runs in the caller, during its submission. It has no workers, no queue and no locks, so a
 * program under a debugger shows the plain order of things. Any thread may submit, each for itself.
 *
 * Tasks are not pending for any time, so there is nothing that a shutdown could wait for, but for the tasks that other
 * threads are just running: those are counted. */
#include <stdlib.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/error.h"
#include "libparallel/base/futex.h"
#include "libparallel/executors/executor.h"
#include "libparallel/executors/frame.h"

struct serial_executor {
    struct parallel_executor base;
    _Atomic uint32_t running; /* SHUT_DOWN, or-ed with the number of submissions under way */
    int (*initializer)(void *context);
    void *initializer_context;
    _Atomic uint32_t initializer_state; /* enum below */
    int initializer_code;
};

#define SHUT_DOWN (UINT32_C(1) << 31)

enum { NOT_INITIALIZED, INITIALIZING, INITIALIZED };

static struct serial_executor *serial_of(struct parallel_executor *executor)
{
    return (struct serial_executor *)executor;
}

static int serial_open(const parallel_executor_options *options, struct parallel_executor **executor)
{
    if (options->workers > 1)
        return pl_error_set(PARALLEL_ERANGE, 0, "a serial executor has one worker, the caller: %zu asked for",
                            options->workers);
    struct serial_executor *serial = calloc(1, sizeof *serial);
    if (serial == NULL)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "no memory for a serial executor");
    serial->initializer = options->initializer;
    serial->initializer_context = options->initializer_context;
    *executor = &serial->base;
    return 0;
}

/* Once, in the first thread that submits; others wait for it. */
static int initialize(struct serial_executor *serial)
{
    uint32_t state = NOT_INITIALIZED;
    /* Acquire: pairs with the release below; publishes initializer_code. */
    if (pl_cas_acquire(&serial->initializer_state, &state, INITIALIZING)) {
        struct pl_frame frame;
        pl_frame_enter(&frame, &serial->base, -1, NULL);
        serial->initializer_code = serial->initializer(serial->initializer_context);
        pl_frame_leave(&frame);
        pl_store_release(&serial->initializer_state, INITIALIZED);
        pl_futex_wake(&serial->initializer_state, PL_FUTEX_WAKE_ALL, PL_FUTEX_PRIVATE);
    }
    if (pl_load_acquire(&serial->initializer_state) != INITIALIZED && pl_frame_is_inside(&serial->base))
        return pl_error_set(PARALLEL_EDEADLK, 0, "the initializer of a serial executor submits to that executor");
    while (pl_load_acquire(&serial->initializer_state) != INITIALIZED) {
        pl_executor_wait_enter();
        pl_futex_wait(&serial->initializer_state, INITIALIZING, PARALLEL_NEVER, PL_FUTEX_PRIVATE);
        pl_executor_wait_leave();
    }
    if (serial->initializer_code != 0)
        return pl_error_set(PARALLEL_EINITIALIZER, 0, "the initializer of the serial executor returned %d",
                            serial->initializer_code);
    return 0;
}

static void leave(struct serial_executor *serial)
{
    /* Release: what the task did happens before the end of a shutdown that waits. */
    if (pl_sub_release(&serial->running, 1) == (SHUT_DOWN | 1))
        pl_futex_wake(&serial->running, PL_FUTEX_WAKE_ALL, PL_FUTEX_PRIVATE);
}

static int serial_submit(struct parallel_executor *executor, struct pl_task *first, struct pl_task *last,
                         size_t count)
{
    (void)last;
    (void)count;
    struct serial_executor *serial = serial_of(executor);
    /* Acquire-release: in one order with the shutdown's bit, so a submission is counted or refused. */
    if (pl_add_acq_rel(&serial->running, 1) & SHUT_DOWN) {
        leave(serial);
        return pl_error_set(PARALLEL_ESHUTDOWN, 0, "submission to a serial executor after its shutdown");
    }
    int code = serial->initializer != NULL ? initialize(serial) : 0;
    if (code != 0) {
        leave(serial);
        return code;
    }
    struct pl_frame frame;
    pl_frame_enter(&frame, executor, -1, NULL);
    while (first != NULL) {
        struct pl_task *task = first;
        first = task->next;
        if (pl_task_claim(task))
            task->class->run(task);
        pl_task_release(task);
    }
    pl_frame_leave(&frame);
    leave(serial);
    return 0;
}

static void serial_request_shutdown(struct parallel_executor *executor)
{
    pl_or_acq_rel(&serial_of(executor)->running, SHUT_DOWN); /* see serial_submit() */
}

static int serial_shutdown(struct parallel_executor *executor, enum parallel_shutdown_mode mode,
                           uint64_t deadline_ns)
{
    (void)mode; /* nothing is ever pending */
    struct serial_executor *serial = serial_of(executor);
    serial_request_shutdown(executor);
    for (;;) {
        /* Acquire: pairs with leave(). */
        uint32_t running = pl_load_acquire(&serial->running);
        if (running == SHUT_DOWN)
            return 0;
        if (deadline_ns == PARALLEL_POLL ||
            pl_futex_wait(&serial->running, running, deadline_ns, PL_FUTEX_PRIVATE) == PL_FUTEX_TIMED_OUT)
            return pl_error_set(PARALLEL_ETIMEDOUT, 0, "shutdown: %u calls still run in other threads",
                                running & ~SHUT_DOWN);
    }
}

static void serial_destroy(struct parallel_executor *executor)
{
    free(serial_of(executor));
}

static int serial_resize(struct parallel_executor *executor, size_t workers)
{
    (void)executor;
    return pl_error_set(PARALLEL_EMISUSE, 0, "a serial executor cannot be resized to %zu workers", workers);
}

static void serial_describe(struct parallel_executor *executor, parallel_executor_info *info)
{
    info->worker_count = 1;
    info->started_count = 0;
    /* Relaxed: a snapshot. */
    info->is_shut_down = (pl_load_relaxed(&serial_of(executor)->running) & SHUT_DOWN) != 0;
}

const struct pl_executor_kind pl_serial_kind = {
    .name = "serial",
    .open = serial_open,
    .submit = serial_submit,
    .request_shutdown = serial_request_shutdown,
    .shutdown = serial_shutdown,
    .destroy = serial_destroy,
    .resize = serial_resize,
    .describe = serial_describe,
};
