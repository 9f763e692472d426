/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What inline loops keep from loop to loop, for each thread that opens any: the size of its OpenMP team, the slots of the
 * team's workers, what is known about each loop in the source, and a buffer for reductions. So a loop allocates nothing.
 *
 * Only the thread that owns it changes a team, between regions; the team's other threads claim from the slots. */
#ifndef LIBPARALLEL_TASKS_TEAM_H
#define LIBPARALLEL_TASKS_TEAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libparallel/base/atomics.h"
#include "libparallel/tasks/claiming.h"
#include "libparallel/tasks/home.h"

/* A loop that was found short enough to be dealt out by value: whoever opens it again with the same numbers need not think it
 * over. */
struct pl_loop_plan {
    uint64_t wishes; /* parallel_loop_wishes(); 0: there is no plan */
    uint64_t begin;
    uint64_t end;
    uint64_t dealt;   /* as parallel_loop.dealt */
    uint32_t threads; /* of the team */
};

/* A loop in the source, as this thread met it; in one cache line. */
struct pl_loop_site {
    _Alignas(PL_CACHE_LINE) const void *where; /* an address in the code that opens the loop; NULL: free */
    float ns_per_iteration;                    /* 0: not measured yet */
    uint32_t untimed_runs;                     /* since it was last measured */
    struct pl_loop_plan plan;
};

enum {
    /* Loops in the source that a thread remembers; two with the same hash forget each other, at the price of one
     * measurement. */
    PL_LOOP_SITE_COUNT = 64,
};

struct pl_loop_team {
    struct pl_claim_slot *slots; /* homes->count of them */
    struct pl_homes *homes;
    uint32_t thread_count; /* of every region that is not of one thread */
    uint32_t spare_age;    /* loops since one needed more threads than there are places */
    uint32_t epoch;
    unsigned char *records; /* for one reduction at a time */
    size_t records_size;
    bool records_are_lent;
    struct pl_loop_site sites[PL_LOOP_SITE_COUNT];
};

/* 0: not found out yet. */
extern _Atomic uint32_t pl_loop_known_limit;

int pl_loop_find_worker_limit(uint32_t *out);

/* Initial-exec, as parallel_scope_current. */
extern _Thread_local struct pl_loop_team *pl_loop_team_of_thread __attribute__((tls_model("initial-exec")));

struct pl_loop_team *pl_loop_team_create(void);

/* After a loop that wants another number of threads than the team has; 0, or an error as below. */
int pl_loop_team_refit(struct pl_loop_team *team, uint32_t wanted);

/* What each loop calls is inline: a microsecond is ours to share with the OpenMP runtime. */

/* How many workers a loop has that does not say: parallel_worker_limit(). 0 or that function's error. */
static inline int pl_loop_worker_limit(uint32_t *out)
{
    /* It never changes. Relaxed: the number says everything. */
    *out = pl_load_relaxed(&pl_loop_known_limit);
    return *out != 0 ? 0 : pl_loop_find_worker_limit(out);
}

/* The calling thread's team, made at its first loop, freed when the thread ends. NULL: no memory, or this process was
 * forked after a region had run, so that the OpenMP runtime's threads are gone: run the loop in one thread. */
static inline struct pl_loop_team *pl_loop_team_of_caller(void)
{
    struct pl_loop_team *team = pl_loop_team_of_thread;
    return team != NULL ? team : pl_loop_team_create();
}

/* Makes room for `workers` and tells how many threads to ask OpenMP for, which is the same number from loop to loop:
 * libgomp ends and starts threads when num_threads changes. 0, PARALLEL_ENOMEMORY, or an error of pl_homes_create(). */
static inline int pl_loop_team_fit(struct pl_loop_team *team, uint32_t workers, uint32_t *threads)
{
    uint32_t wanted;
    int code = pl_loop_worker_limit(&wanted);
    if (code != 0)
        return code;
    wanted = workers > wanted ? workers : wanted;
    if (wanted != team->thread_count)
        code = pl_loop_team_refit(team, wanted);
    else
        team->spare_age = 0;
    *threads = team->thread_count;
    return code;
}

/* The epoch of the team's next loop. */
uint32_t pl_loop_team_next_epoch(struct pl_loop_team *team);

static inline struct pl_loop_site *pl_loop_team_site(struct pl_loop_team *team, const void *where)
{
    /* Calls are a few dozen bytes apart; the multiplier spreads them (2^64 divided by the golden ratio). */
    uint64_t hash = (uint64_t)(uintptr_t)where * UINT64_C(0x9e3779b97f4a7c15);
    struct pl_loop_site *site = &team->sites[hash / (UINT64_MAX / PL_LOOP_SITE_COUNT + 1)];
    if (site->where != where)
        *site = (struct pl_loop_site){.where = where};
    return site;
}

/* `size` bytes aligned to a cache line, from the team's buffer if it is free; `team` may be NULL. NULL: no memory. */
unsigned char *pl_loop_team_borrow_records(struct pl_loop_team *team, size_t size);
void pl_loop_team_return_records(struct pl_loop_team *team, unsigned char *records);

#endif
