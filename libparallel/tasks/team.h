/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What inline loops keep from loop to loop, for each thread that opens any: the size of its OpenMP team, the slots of the
 * team's workers, what is known about each loop in the source, and a buffer for reductions. So a loop allocates nothing.
 *
 * Only the thread that owns it changes a team, between regions; the team's other threads claim from the slots. The memory
 * of a team is a team's for ever, because threads that served it may still look whether a loop is its (struct
 * pl_tenant). */
#ifndef LIBPARALLEL_TASKS_TEAM_H
#define LIBPARALLEL_TASKS_TEAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libparallel/tasks/claiming.h"
#include "libparallel/tasks/home.h"

/* Loops in the source that a thread remembers; two with the same hash forget each other, at the price of one
 * measurement. */
enum { PL_LOOP_SITE_COUNT = 64 };

/* A loop in the source, as this thread met it. */
struct pl_loop_site {
    const void *where;      /* an address in the code that opens the loop; NULL: free */
    float ns_per_iteration; /* 0: not measured yet */
    uint32_t untimed_runs;  /* since it was last measured */
};

struct pl_loop_team {
    _Alignas(2 * PL_CACHE_LINE) struct parallel_loop_shared shared; /* of the loop that is open */
    _Alignas(2 * PL_CACHE_LINE) struct pl_claim_slot *slots;        /* homes->count of them */
    struct pl_homes *homes;
    uint32_t thread_count; /* of every region that is not of one thread */
    uint32_t spare_age;    /* loops since one needed more threads than there are places */
    uint32_t epoch;
    bool records_are_lent;
    unsigned char *records; /* for one reduction at a time */
    size_t records_size;
    struct pl_loop_team *next_free;
    struct pl_loop_site sites[PL_LOOP_SITE_COUNT];
};

/* How many workers a loop has that does not say: parallel_worker_limit(). 0 or that function's error. */
int pl_loop_worker_limit(uint32_t *out);

/* The calling thread's team, from its first loop on; when the thread ends, another one inherits it. NULL: no memory, or
 * this process was forked from one that had teams, so that the OpenMP runtime's threads are gone: run the loop
 * in one thread. */
struct pl_loop_team *pl_loop_team_of_caller(void);

/* Makes room for `workers` and tells how many threads to ask OpenMP for, which is the same number from loop to loop:
 * libgomp ends and starts threads when num_threads changes. 0, PARALLEL_ENOMEMORY, or an error of pl_homes_create(). */
int pl_loop_team_fit(struct pl_loop_team *team, uint32_t workers, uint32_t *threads);

/* The epoch of the team's next loop. */
uint32_t pl_loop_team_next_epoch(struct pl_loop_team *team);

struct pl_loop_site *pl_loop_team_site(struct pl_loop_team *team, const void *where);

/* `size` bytes aligned to a cache line, from the team's buffer if it is free; `team` may be NULL. NULL: no memory. */
unsigned char *pl_loop_team_borrow_records(struct pl_loop_team *team, size_t size);
void pl_loop_team_return_records(struct pl_loop_team *team, unsigned char *records);

#endif
