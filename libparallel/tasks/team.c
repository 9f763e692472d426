/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Owns a team for each thread that opens loops. See team.h. */
#include "libparallel/tasks/team.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include <libparallel/topology.h>

#include "libparallel/base/error.h"
#include "libparallel/base/fork.h"
#include "libparallel/tasks/loop.h"

enum {
    /* A team that once got more threads than there are places for keeps them for so many loops that did not need them:
     * a program that alternates pays 300 us for each change of size, so rarely is right; one that has changed its ways
     * should not drag idle threads through every region for long. */
    SPARE_AGE_LIMIT = 100,

    /* A records buffer beyond this is freed at once: it is 2048 records of 512 bytes. */
    LARGEST_KEPT_RECORDS = 1 << 20,
};

static _Thread_local struct pl_loop_team *team_of_thread __attribute__((tls_model("initial-exec")));

static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t key;
static bool has_key;

/* Of teams whose thread has ended. Threads that open loops are not born by the thousand: a lock is right. */
static pthread_mutex_t free_lock = PTHREAD_MUTEX_INITIALIZER;
static struct pl_loop_team *free_teams;

/* pl_fork_count() when this process, or the ancestor that it was forked from, made its first team. */
static _Atomic uint32_t first_team_fork_count = UINT32_MAX;

static void retire_team(void *pointer)
{
    struct pl_loop_team *team = pointer;
    /* Relaxed: no loop of another thread may find its address here from now on, and it is in the same thread that
     * the address was used; whoever gets this stack next has synchronised with this thread's end. */
    pl_store_relaxed((void *_Atomic *)&team->shared.loop, NULL);
    free(team->slots);
    pl_homes_destroy(team->homes);
    free(team->records);
    pthread_mutex_lock(&free_lock);
    team->next_free = free_teams;
    free_teams = team;
    pthread_mutex_unlock(&free_lock);
}

static void make_key(void)
{
    has_key = pthread_key_create(&key, retire_team) == 0;
}

static struct pl_loop_team *take_free_team(void)
{
    pthread_mutex_lock(&free_lock);
    struct pl_loop_team *team = free_teams;
    if (team != NULL)
        free_teams = team->next_free;
    pthread_mutex_unlock(&free_lock);
    if (team == NULL) {
        team = aligned_alloc(_Alignof(struct pl_loop_team), sizeof *team);
        if (team != NULL)
            memset(&team->shared, 0, sizeof team->shared);
    }
    return team;
}

static struct pl_loop_team *create_team(void)
{
    pthread_once(&once, make_key);
    struct pl_loop_team *team = has_key ? take_free_team() : NULL;
    if (team == NULL)
        return NULL;
    /* Everything but the shared part, which threads that served the former owner may be looking at. */
    memset((char *)team + offsetof(struct pl_loop_team, slots), 0,
           sizeof *team - offsetof(struct pl_loop_team, slots));
    if (pthread_setspecific(key, team) != 0) {
        retire_team(team);
        return NULL;
    }
    uint32_t none = UINT32_MAX;
    /* Relaxed: it is read only in a process that is forked later, and fork orders everything. */
    pl_cas_relaxed(&first_team_fork_count, &none, pl_fork_count());
    team_of_thread = team;
    return team;
}

struct pl_loop_team *pl_loop_team_of_caller(void)
{
    uint32_t first = pl_load_relaxed(&first_team_fork_count);
    if (first != UINT32_MAX && first != pl_fork_count())
        return NULL;
    struct pl_loop_team *team = team_of_thread;
    return team != NULL ? team : create_team();
}

int pl_loop_worker_limit(uint32_t *out)
{
    /* It never changes. Relaxed: the number says everything. */
    static _Atomic uint32_t known;
    *out = pl_load_relaxed(&known);
    if (*out != 0)
        return 0;
    parallel_limit limit;
    int code = parallel_worker_limit(&limit);
    if (code != 0)
        return code;
    *out = (uint32_t)limit.count;
    pl_store_relaxed(&known, *out);
    return 0;
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
    free(team->slots);
    pl_homes_destroy(team->homes);
    team->slots = slots;
    team->homes = homes;
    team->shared.slots = slots;
    pl_store_relaxed((_Atomic uint32_t *)&team->shared.home_id, homes->id); /* see pl_shared_is_of() */
    return 0;
}

int pl_loop_team_fit(struct pl_loop_team *team, uint32_t workers, uint32_t *threads)
{
    uint32_t wanted;
    int code = pl_loop_worker_limit(&wanted);
    if (code != 0)
        return code;
    if (workers > wanted)
        wanted = workers;
    if (team->homes == NULL || wanted > team->homes->count)
        code = grow(team, wanted);
    if (code != 0)
        return code;
    if (wanted >= team->thread_count) {
        team->thread_count = wanted;
        team->spare_age = 0;
    } else if (++team->spare_age == SPARE_AGE_LIMIT) {
        team->thread_count = wanted;
        team->spare_age = 0;
    }
    *threads = team->thread_count;
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

struct pl_loop_site *pl_loop_team_site(struct pl_loop_team *team, const void *where)
{
    /* Calls are a few dozen bytes apart; the multiplier spreads them (2^64 divided by the golden ratio). */
    uint64_t hash = (uint64_t)(uintptr_t)where * UINT64_C(0x9e3779b97f4a7c15);
    struct pl_loop_site *site = &team->sites[hash / (UINT64_MAX / PL_LOOP_SITE_COUNT + 1)];
    if (site->where != where)
        *site = (struct pl_loop_site){where, 0, 0};
    return site;
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
