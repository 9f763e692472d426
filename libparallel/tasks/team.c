/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Owns a team for each thread that opens loops. See team.h. */
#include "libparallel/tasks/team.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <libparallel/topology.h>

#include "libparallel/base/error.h"

enum {
    /* A team that once got more threads than there are places for keeps them for so many loops that did not need them:
     * a program that alternates pays 300 us for each change of size, so rarely is right; one that has changed its ways
     * should not drag idle threads through every region for long. */
    SPARE_AGE_LIMIT = 100,

    /* A records buffer beyond this is freed at once: it is 2048 records of 512 bytes. */
    LARGEST_KEPT_RECORDS = 1 << 20,
};

_Thread_local struct pl_loop_team *pl_loop_team_of_thread __attribute__((tls_model("initial-exec")));

_Atomic uint32_t pl_loop_known_limit;

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t destructor_key;
static bool can_destroy;

/* Written in a forked child, which has one thread. */
static bool is_forked;

/* In the thread that has forked, the only one there is. */
static void forget_teams(void)
{
    is_forked = true;
    pl_loop_team_of_thread = NULL;
}

static void destroy_team(void *pointer)
{
    struct pl_loop_team *team = pointer;
    free(team->slots);
    pl_homes_destroy(team->homes);
    free(team->records);
    free(team);
}

static void prepare(void)
{
    can_destroy = pthread_key_create(&destructor_key, destroy_team) == 0 &&
                  pthread_atfork(NULL, NULL, forget_teams) == 0;
}

int pl_loop_find_worker_limit(uint32_t *out)
{
    parallel_limit limit;
    int code = parallel_worker_limit(&limit);
    if (code != 0)
        return code;
    *out = (uint32_t)limit.count;
    pl_store_relaxed(&pl_loop_known_limit, *out); /* as in pl_loop_worker_limit() */
    return 0;
}

struct pl_loop_team *pl_loop_team_create(void)
{
    pthread_once(&once, prepare);
    if (!can_destroy || is_forked)
        return NULL;
    struct pl_loop_team *team = aligned_alloc(_Alignof(struct pl_loop_team), sizeof *team);
    if (team == NULL)
        return NULL;
    memset(team, 0, sizeof *team);
    if (pthread_setspecific(destructor_key, team) != 0) {
        destroy_team(team);
        return NULL;
    }
    pl_loop_team_of_thread = team;
    return team;
}

static int grow(struct pl_loop_team *team, uint32_t count)
{
    struct pl_homes *homes;
    struct pl_claim_slot *slots = aligned_alloc(PL_CLAIM_SLOT_SIZE, count * sizeof *slots);
    if (slots == NULL)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "loop: no memory for %u workers", count);
    int code = pl_homes_create(count, &homes);
    if (code != 0) {
        free(slots);
        return code;
    }
    pl_claim_slots_reset(slots, count);
    for (uint32_t k = 0; k < count; k++)
        slots[k].home_id = homes->id;
    free(team->slots);
    pl_homes_destroy(team->homes);
    team->slots = slots;
    team->homes = homes;
    return 0;
}

int pl_loop_team_refit(struct pl_loop_team *team, uint32_t wanted)
{
    int code = team->homes == NULL || wanted > team->homes->count ? grow(team, wanted) : 0;
    if (code != 0)
        return code;
    if (wanted > team->thread_count || ++team->spare_age == SPARE_AGE_LIMIT) {
        team->thread_count = wanted;
        team->spare_age = 0;
    }
    return 0;
}

uint32_t pl_loop_team_next_epoch(struct pl_loop_team *team)
{
    if (team->epoch == PL_CLAIM_LARGEST_EPOCH) {
        pl_claim_slots_reset(team->slots, team->homes->count);
        team->epoch = 0;
    }
    return ++team->epoch;
}

static unsigned char *allocate_records(size_t size)
{
    /* aligned_alloc wants a multiple of the alignment. */
    if (size > SIZE_MAX - PL_CACHE_LINE)
        return NULL;
    return aligned_alloc(PL_CACHE_LINE, (size + PL_CACHE_LINE - 1) / PL_CACHE_LINE * PL_CACHE_LINE);
}

unsigned char *pl_loop_team_borrow_records(struct pl_loop_team *team, size_t size)
{
    if (team == NULL || team->records_are_lent || size > LARGEST_KEPT_RECORDS)
        return allocate_records(size);
    if (size > team->records_size) {
        unsigned char *records = allocate_records(size);
        if (records == NULL)
            return NULL;
        free(team->records);
        team->records = records;
        team->records_size = size;
    }
    team->records_are_lent = true;
    return team->records;
}

void pl_loop_team_return_records(struct pl_loop_team *team, unsigned char *records)
{
    if (team != NULL && records == team->records)
        team->records_are_lent = false;
    else
        free(records);
}
