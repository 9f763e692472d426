/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Birth, place and death of a worker thread. */
#include "libparallel/workers/thread_worker.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libparallel/base/error.h"
#include "libparallel/base/settings.h"
#include "libparallel/machine/binding.h"
#include "libparallel/machine/crowd.h"

int pl_thread_worker_create(size_t index, const char *name, void (*body)(struct pl_thread_worker *worker), void *owner,
                            struct pl_thread_worker **worker)
{
    struct pl_thread_worker *fresh = aligned_alloc(_Alignof(struct pl_thread_worker), sizeof *fresh);
    if (fresh == NULL)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "no memory for worker %zu", index);
    memset(fresh, 0, sizeof *fresh);
    fresh->index = index;
    fresh->body = body;
    fresh->owner = owner;
    fresh->cpu = PL_CROWD_NOWHERE;
    /* The number tells workers apart, so it is the name that is cut: "visualisation" becomes "visualisati-12". */
    char number[24];
    size_t digits = (size_t)snprintf(number, sizeof number, "-%zu", index);
    size_t kept = strnlen(name, sizeof fresh->name - 1 - digits);
    memcpy(fresh->name, name, kept);
    memcpy(fresh->name + kept, number, digits + 1);
    *worker = fresh;
    return 0;
}

static void *run(void *argument)
{
    struct pl_thread_worker *worker = argument;
    pthread_setname_np(pthread_self(), worker->name);
    worker->body(worker);
    return NULL;
}

/* Signals that a thread brings upon itself: blocked, they would end the program past its own crash handler. SIGPROF is of
 * the same kind: a profiler wants to hear of the thread that uses the time. */
static const int own_signals[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGPROF};

int pl_thread_worker_start(struct pl_thread_worker *worker)
{
    sigset_t blocked, before;
    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof own_signals / sizeof own_signals[0]; i++)
        sigdelset(&blocked, own_signals[i]);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    int error = pthread_create(&worker->thread, NULL, run, worker);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (error != 0)
        return pl_error_set(PARALLEL_EWORKER, error, "worker thread %zu cannot be started", worker->index);
    return 0;
}

void pl_thread_worker_join(struct pl_thread_worker *worker)
{
    int error = pthread_join(worker->thread, NULL);
    if (error != 0)
        pl_report_and_abort("internal error: worker thread %zu cannot be joined: errno %d", worker->index, error);
}

void pl_thread_worker_destroy(struct pl_thread_worker *worker)
{
    free(worker);
}

void pl_thread_worker_settle(struct pl_thread_worker *self, const struct pl_place *place, size_t seat)
{
    self->is_placed = true;
    self->place = seat;
    self->cpu = pl_crowd_cpu_of(place);
    if (pl_binding_enter(place) != 0)
        pl_report("worker %s runs unbound: %s", self->name, parallel_last_error()->message);
    else if (pl_setting_flag(PL_SETTING_SHOW_PLACES)) {
        char line[PL_PLACE_LINE_SIZE];
        pl_place_format(place, self->index, line);
        pl_announce("%s: %s", self->name, line);
    }
}
