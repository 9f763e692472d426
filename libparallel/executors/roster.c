/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The roster of a threads executor. */
#include "libparallel/executors/roster.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/error.h"
#include "libparallel/base/futex.h"
#include "libparallel/machine/crowd.h"
#include "libparallel/machine/occupancy.h"
#include "libparallel/machine/topology.h"

/* Under the lock, or before anybody else knows the roster. */
static int place(struct pl_roster *roster, size_t count)
{
    const struct pl_topology *topology;
    int code = pl_topology_get(&topology);
    if (code != 0)
        return code;
    struct pl_placement *placement;
    code = pl_placement_create(topology, roster->policy, count, &placement);
    if (code != 0)
        return code;
    uint32_t *holders = calloc(placement->count, sizeof *holders);
    if (holders == NULL) {
        pl_placement_destroy(placement);
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "no memory for the seats of %zu workers", count);
    }
    if (roster->placement != NULL)
        pl_occupancy_release(roster->placement);
    pl_placement_destroy(roster->placement);
    free(roster->holders);
    roster->placement = placement;
    roster->holders = holders;
    pl_occupancy_claim(placement);
    return 0;
}

int pl_roster_open(struct pl_roster *roster, const char *policy, size_t count, const char *name,
                   void (*body)(struct pl_thread_worker *worker), void *owner)
{
    memset(roster, 0, sizeof *roster);
    roster->body = body;
    roster->owner = owner;
    roster->name = strdup(name);
    roster->policy = policy != NULL ? strdup(policy) : NULL;
    int code = PARALLEL_ENOMEMORY;
    if (roster->name == NULL || (policy != NULL && roster->policy == NULL)) {
        pl_error_set(code, 0, "no memory for the roster of an executor");
        goto failed;
    }
    code = place(roster, count);
    if (code != 0)
        goto failed;
    pthread_mutex_init(&roster->lock, NULL);
    return 0;

failed:
    free(roster->policy);
    free(roster->name);
    return code;
}

/* Under the lock: waits for the last instructions of a worker whose body is over. */
static void join_ended(struct pl_thread_worker *worker)
{
    if (worker->life == PL_THREAD_ENDED)
        pl_thread_worker_join(worker);
    worker->life = PL_THREAD_ABSENT;
}

void pl_roster_join_ended(struct pl_roster *roster)
{
    pthread_mutex_lock(&roster->lock);
    for (size_t i = 0; i < roster->worker_count; i++)
        if (roster->workers[i]->life == PL_THREAD_ENDED)
            join_ended(roster->workers[i]);
    pthread_mutex_unlock(&roster->lock);
}

void pl_roster_close(struct pl_roster *roster)
{
    pl_roster_join_ended(roster);
    for (size_t i = 0; i < roster->worker_count; i++)
        pl_thread_worker_destroy(roster->workers[i]);
    free(roster->workers);
    pl_occupancy_release(roster->placement);
    pl_placement_destroy(roster->placement);
    free(roster->holders);
    free(roster->policy);
    free(roster->name);
    pthread_mutex_destroy(&roster->lock);
}

/* Under the lock: a worker that is not running, to be started; an ended one is used again, so that names stay low. */
static int find_worker(struct pl_roster *roster, struct pl_thread_worker **worker)
{
    for (size_t i = 0; i < roster->worker_count; i++) {
        if (roster->workers[i]->life == PL_THREAD_RUNS)
            continue;
        join_ended(roster->workers[i]);
        roster->workers[i]->is_placed = false;
        *worker = roster->workers[i];
        return 0;
    }
    if (roster->worker_count == roster->capacity) {
        size_t capacity = roster->capacity == 0 ? 8 : 2 * roster->capacity;
        struct pl_thread_worker **larger = realloc(roster->workers, capacity * sizeof *larger);
        if (larger == NULL)
            return pl_error_set(PARALLEL_ENOMEMORY, 0, "no memory for %zu workers", capacity);
        roster->workers = larger;
        roster->capacity = capacity;
    }
    int code = pl_thread_worker_create(roster->worker_count, roster->name, roster->body, roster->owner, worker);
    if (code == 0)
        roster->workers[roster->worker_count++] = *worker;
    return code;
}

int pl_roster_start_worker(struct pl_roster *roster)
{
    int saved_errno = errno; /* the submitter's, which starting a thread may change */
    pthread_mutex_lock(&roster->lock);
    struct pl_thread_worker *worker;
    int code = find_worker(roster, &worker);
    if (code == 0) {
        pl_add_relaxed(&roster->live_count, 1); /* relaxed: the thread's start orders it before the end's decrement */
        code = pl_thread_worker_start(worker);
        if (code == 0)
            worker->life = PL_THREAD_RUNS;
        else
            pl_sub_relaxed(&roster->live_count, 1);
    }
    pthread_mutex_unlock(&roster->lock);
    errno = saved_errno;
    return code;
}

void pl_roster_end_worker(struct pl_roster *roster, struct pl_thread_worker *self)
{
    pthread_mutex_lock(&roster->lock);
    self->life = PL_THREAD_ENDED;
    pthread_mutex_unlock(&roster->lock);
    /* Release: all that the workers did happens before the end of the wait. The roster may be freed by whoever waited,
     * but not before this thread is joined. */
    if (pl_sub_acq_rel(&roster->live_count, 1) == 1)
        pl_futex_wake(&roster->live_count, PL_FUTEX_WAKE_ALL, PL_FUTEX_PRIVATE);
}

bool pl_roster_wait_until_empty(struct pl_roster *roster, uint64_t deadline_ns)
{
    for (;;) {
        uint32_t live = pl_load_acquire(&roster->live_count); /* pairs with pl_roster_end_worker() */
        if (live == 0)
            return true;
        if (deadline_ns == PARALLEL_POLL ||
            pl_futex_wait(&roster->live_count, live, deadline_ns, PL_FUTEX_PRIVATE) == PL_FUTEX_TIMED_OUT)
            return false;
    }
}

int pl_roster_resize(struct pl_roster *roster, size_t count, _Atomic size_t *placed)
{
    pthread_mutex_lock(&roster->lock);
    int code = place(roster, count);
    if (code == 0) {
        /* Seats are numbered anew and nobody holds one: each worker sits down again when it sees the number change. */
        pl_add_relaxed(&roster->placement_number, 1); /* relaxed: seats themselves are under the lock */
        pl_store_relaxed(placed, roster->placement->count); /* relaxed: a number, no data */
    }
    pthread_mutex_unlock(&roster->lock);
    return code;
}

/* Under the lock. */
static bool is_free_and_wanted(const struct pl_roster *roster, size_t seat)
{
    return roster->holders[seat] == 0 && roster->is_wanted != NULL && roster->is_wanted(roster->owner, seat);
}

/* Under the lock; placement->count: there is none. */
static size_t wanted_seat(const struct pl_roster *roster)
{
    size_t seat = 0;
    while (seat < roster->placement->count && !is_free_and_wanted(roster, seat))
        seat++;
    return seat;
}

bool pl_roster_has_wanted_seat(struct pl_roster *roster)
{
    pthread_mutex_lock(&roster->lock);
    bool has_one = wanted_seat(roster) < roster->placement->count;
    pthread_mutex_unlock(&roster->lock);
    return has_one;
}

int pl_roster_find_seat(struct pl_roster *roster, const struct pl_cpu_set *cpus, size_t *seat)
{
    pthread_mutex_lock(&roster->lock);
    const struct pl_placement *placement = roster->placement;
    size_t fitting = 0, best = 0;
    for (size_t i = 0; i < placement->count; i++) {
        size_t candidate = (roster->next_choice + i) % placement->count;
        const struct pl_place *place = pl_placement_place(placement, candidate);
        if (place->kind == PL_PLACE_BOUND && !pl_cpu_set_intersects(&place->cpus, cpus))
            continue;
        if (fitting == 0 || (roster->holders[best] > 0 && roster->holders[candidate] == 0))
            best = candidate;
        fitting++;
    }
    if (fitting > 0)
        roster->next_choice = best + 1;
    *seat = fitting == placement->count ? PL_ROSTER_ANY_SEAT : best;
    pthread_mutex_unlock(&roster->lock);
    return fitting > 0 ? 0 : PARALLEL_EPLACE;
}

/* Under the lock: a wanted one that is free, else the seat with the fewest holders, the worker's last one if that is as
 * good. */
static size_t choose_seat(const struct pl_roster *roster, const struct pl_thread_worker *self)
{
    size_t preferred = self->is_placed ? self->place : self->index % roster->placement->count;
    if (preferred < roster->placement->count && is_free_and_wanted(roster, preferred))
        return preferred;
    size_t wanted = wanted_seat(roster);
    if (wanted < roster->placement->count)
        return wanted;
    if (preferred < roster->placement->count && roster->holders[preferred] == 0)
        return preferred;
    size_t best = 0;
    for (size_t seat = 1; seat < roster->placement->count; seat++)
        if (roster->holders[seat] < roster->holders[best])
            best = seat;
    return best;
}

void pl_roster_sit_down(struct pl_roster *roster, struct pl_thread_worker *self)
{
    pthread_mutex_lock(&roster->lock);
    uint32_t number = pl_load_relaxed(&roster->placement_number); /* relaxed: under the lock */
    if (self->placement_number != number)
        self->is_placed = false;
    size_t seat = choose_seat(roster, self);
    roster->holders[seat]++;
    bool moves = !self->is_placed || self->place != seat;
    struct pl_place place;
    if (moves)
        place = *pl_placement_place(roster->placement, seat); /* a copy: a resize frees the placement */
    self->placement_number = number;
    self->is_seated = true;
    pthread_mutex_unlock(&roster->lock);
    if (moves)
        pl_thread_worker_settle(self, &place, seat);
    pl_crowd_enter(self->cpu);
}

void pl_roster_stand_up(struct pl_roster *roster, struct pl_thread_worker *self)
{
    if (self->is_seated)
        pl_crowd_leave(self->cpu);
    pthread_mutex_lock(&roster->lock);
    if (self->is_seated && self->placement_number == pl_load_relaxed(&roster->placement_number)) /* under the lock */
        roster->holders[self->place]--;
    self->is_seated = false;
    pthread_mutex_unlock(&roster->lock);
}

void pl_roster_copy_places(struct pl_roster *roster, struct pl_place *places, size_t count)
{
    pthread_mutex_lock(&roster->lock);
    for (size_t k = 0; k < count; k++)
        places[k] = *pl_placement_place(roster->placement, k % roster->placement->count);
    pthread_mutex_unlock(&roster->lock);
}
