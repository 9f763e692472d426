/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Publication, theft and return of spawned calls; docs/protocols/spawning.md, whose step names stand in the comments. */
#include "libparallel/executors/deque.h"

#include <linux/membarrier.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <libparallel/deadline.h>

#include "libparallel/base/futex.h"

/* Slot marks. Records are aligned to 8, so odd values and 2 are free. */
enum { EMPTY = 0, DONE = 2, WAITED = 4, STOLEN = 1 };

static uintptr_t stolen_by(const struct pl_deque *thief)
{
    return (uintptr_t)thief->number << 3 | STOLEN;
}

static bool is_record(uintptr_t slot)
{
    return slot > WAITED && !(slot & STOLEN);
}

/* ---- membarrier ---- */

static bool has_membarrier;
static pthread_once_t membarrier_once = PTHREAD_ONCE_INIT;

static void register_membarrier(void)
{
    has_membarrier = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
}

void pl_deque_prepare(void)
{
    pthread_once(&membarrier_once, register_membarrier);
}

void pl_deque_barrier(void)
{
    /* Without it owners publish at once, by read-modify-writes. It cannot fail once it is registered. */
    if (has_membarrier)
        (void)syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0);
}

/* ---- Whose it is ---- */

/* A thread that is no worker has a deque that is always full and has no records: each sync finds its call private. At first it is
 * nobody's, whose request brings the first spawn here for one of the thread's own, so that threads do not share a line. */
static struct parallel_deque nobodys = {.top = PARALLEL_DEQUE_CAPACITY, .split = PARALLEL_DEQUE_REQUEST};
static __thread struct parallel_deque outside;

__thread struct parallel_deque *parallel_deque_current = &nobodys;
__thread struct pl_deque *pl_deque_current;

void pl_deque_make_current(struct pl_deque *deque)
{
    if (deque != NULL)
        parallel_deque_current = &deque->shared;
    else if (pl_deque_current != NULL)
        parallel_deque_current = &nobodys; /* else the thread keeps what it has */
    pl_deque_current = deque;
}

static void leave_nobodys(struct parallel_spawn *spawn)
{
    outside.top = PARALLEL_DEQUE_CAPACITY + 1;
    spawn->deque = parallel_deque_current = &outside;
    spawn->index = PARALLEL_DEQUE_CAPACITY;
}

/* ---- Birth ---- */

_Static_assert(offsetof(struct pl_deque, records) == PARALLEL_DEQUE_RECORDS * sizeof(struct parallel_spawn *),
               "parallel_spawn_push() finds the records there");
_Static_assert(offsetof(struct pl_deque, shared.split) % (2 * PL_CACHE_LINE) == 0, "top and split share no pair of lines");

struct pl_deque *pl_deque_create(uint32_t number, struct pl_victims *peers,
                                 void (*call_thief)(void *context, bool has_work), void *context)
{
    struct pl_deque *deque =
        mmap(NULL, sizeof *deque, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (deque == MAP_FAILED)
        return NULL;
    deque->number = number;
    deque->peers = peers;
    deque->call_thief = call_thief;
    deque->context = context;
    /* Somebody may sleep already: the first spawn looks. */
    deque->shared.split = PARALLEL_DEQUE_REQUEST;
    return deque;
}

void pl_deque_destroy(struct pl_deque *deque)
{
    if (deque != NULL)
        munmap(deque, sizeof *deque);
}

/* ---- Looking ---- */

static uint64_t split_of(struct pl_deque *deque)
{
    /* Acquire: publishes the slots below it, and through them the records. Seq_cst: part of a sleeper's last look. */
    return __atomic_load_n(&deque->shared.split, __ATOMIC_SEQ_CST) & ~PARALLEL_DEQUE_REQUEST;
}

static uint64_t top_of(struct pl_deque *deque)
{
    uint64_t top = __atomic_load_n(&deque->shared.top, __ATOMIC_ACQUIRE); /* pairs with the owner's release (P2, Y1) */
    return top < PARALLEL_DEQUE_CAPACITY ? top : PARALLEL_DEQUE_CAPACITY;
}

int pl_deque_public_count(struct pl_deque *deque)
{
    int count = 0;
    uint64_t split = split_of(deque);
    for (uint64_t i = 0; i < split && count < 2; i++)
        count += is_record(pl_load_relaxed(&deque->slots[i])); /* relaxed: a hint; the theft swaps */
    return count;
}

bool pl_deque_has_work(struct pl_deque *deque)
{
    return top_of(deque) > split_of(deque) || pl_deque_public_count(deque) > 0;
}

void pl_deque_request(struct pl_deque *deque)
{
    /* Read first: the owner's line is not written while the request stands. Seq_cst: before a sleeper's look at who is
     * busy (spawning.md, falling asleep). */
    if (__atomic_load_n(&deque->shared.split, __ATOMIC_SEQ_CST) & PARALLEL_DEQUE_REQUEST)
        return;
    __atomic_fetch_or(&deque->shared.split, PARALLEL_DEQUE_REQUEST, __ATOMIC_SEQ_CST);
    struct pl_counters *counters = pl_counters_of_caller();
    if (counters != NULL)
        pl_count(&counters->transfers, 1);
}

/* ---- Publication ---- */

/* Under the lock: replaces the split and keeps, or takes away, a request. */
static void store_split(struct pl_deque *deque, uint64_t split, bool keeps_request)
{
    uint64_t old = __atomic_load_n(&deque->shared.split, __ATOMIC_RELAXED);
    uint64_t fresh;
    do
        fresh = split | (keeps_request ? old & PARALLEL_DEQUE_REQUEST : 0);
    /* Release: publishes the slots below; seq_cst keeps T1 before the barrier. */
    while (!__atomic_compare_exchange_n(&deque->shared.split, &old, fresh, 0, __ATOMIC_SEQ_CST, __ATOMIC_RELAXED));
}

/* Under the lock: of the task that spawned the record at `index`, which is in the deque. */
static const struct pl_scope *scope_at(struct pl_deque *deque, uint64_t index)
{
    /* Relaxed: see pl_deque_change_section(). */
    const struct pl_section *section = __atomic_load_n(&deque->shared.section, __ATOMIC_RELAXED);
    while (section != NULL && section->first > index)
        section = section->outer;
    return section != NULL ? section->scope : NULL;
}

/* Under the lock: fills the slots of [first, last). */
static void fill_slots(struct pl_deque *deque, uint64_t first, uint64_t last)
{
    for (uint64_t i = first; i < last; i++) {
        struct parallel_spawn *record = __atomic_load_n(&deque->records[i], __ATOMIC_RELAXED); /* see top_of() */
        record->scope = scope_at(deque, i);
        pl_store_release(&deque->slots[i], (uintptr_t)record); /* publishes the record to the thief's swap */
    }
}

/* Under the lock, by the owner: the older half of the private part, which begins at `split`, at least one, becomes public,
 * which answers the request. With nothing to give the request stands: who asked may sleep, and only a later answer wakes
 * him. */
static bool publish(struct pl_deque *deque, uint64_t split)
{
    uint64_t top = top_of(deque);
    if (top <= split)
        return false;
    uint64_t last = split + (top - split + 1) / 2;
    fill_slots(deque, split, last);
    store_split(deque, last, !has_membarrier);
    return true;
}

void parallel_spawn_answer(struct parallel_spawn *spawn)
{
    if (spawn->deque == &nobodys) {
        leave_nobodys(spawn);
        return;
    }
    struct pl_deque *deque = pl_deque_of(spawn);
    uint64_t spawned = spawn->index;
    pl_lock_acquire(&deque->lock);
    uint64_t split = split_of(deque);
    /* Above what has just been spawned it was left (Y4), unless a thief has published that by force meanwhile. Relaxed: slots
     * are filled under the lock. */
    bool was_left = spawned < split && pl_load_relaxed(&deque->slots[spawned]) == EMPTY;
    bool has_published = publish(deque, was_left ? spawned : split);
    pl_lock_release(&deque->lock);
    if (has_published)
        deque->call_thief(deque->context, true);
}

bool pl_deque_publish_by_force(struct pl_deque *deque)
{
    if (!has_membarrier || top_of(deque) <= split_of(deque) || !pl_lock_try(&deque->lock))
        return false;
    uint64_t split = split_of(deque), top = top_of(deque);
    uint64_t last = split;
    if (top > split) {
        last = split + (top - split + 1) / 2;
        store_split(deque, last, true); /* T1 */
        pl_deque_barrier();             /* T2 */
        top = top_of(deque);            /* T3 */
        if (top < last) {
            last = top > split ? top : split;
            store_split(deque, last, true);
        }
        fill_slots(deque, split, last); /* T4 */
    }
    pl_lock_release(&deque->lock);
    return last > split;
}

/* ---- Theft and return ---- */

/* Where a thief begins to look for the oldest call. Below the one that it stole last there is none while that one has not been
 * synced; if the slot is DONE for another reason, the thief finds a younger call first, which the protocol allows for. */
static uint64_t first_to_look_at(struct pl_deque *victim, const struct pl_deque *thief)
{
    bool is_unsynced = victim == thief->last_victim && pl_load_relaxed(&victim->slots[thief->last_index]) == DONE;
    return is_unsynced ? thief->last_index + 1 : 0; /* relaxed: a hint */
}

/* The first of [first, split) that can be had; NULL: none. */
static struct parallel_spawn *steal_from(struct pl_deque *victim, struct pl_deque *thief, uint64_t first, uint64_t split)
{
    for (uint64_t i = first; i < split; i++) {
        uintptr_t slot = pl_load_relaxed(&victim->slots[i]); /* relaxed: the swap decides and acquires */
        if (!is_record(slot) || !pl_cas_acq_rel(&victim->slots[i], &slot, stolen_by(thief)))
            continue;
        thief->last_victim = victim;
        thief->last_index = i;
        return (struct parallel_spawn *)slot;
    }
    return NULL;
}

struct parallel_spawn *pl_deque_steal(struct pl_deque *victim, struct pl_deque *thief, uint64_t *index)
{
    uint64_t split = split_of(victim), first = first_to_look_at(victim, thief);
    struct parallel_spawn *record = steal_from(victim, thief, first, split);
    if (record == NULL)
        record = steal_from(victim, thief, 0, first < split ? first : split);
    if (record == NULL) {
        pl_count(&thief->counters.failed_steals, 1);
        return NULL;
    }
    pl_count_steal(&thief->counters, 2); /* the slot and the record */
    *index = thief->last_index;
    return record;
}

/* Whether the call after a stolen one can be had as well. */
static bool has_next(struct pl_deque *victim, uint64_t index)
{
    return index + 1 < split_of(victim) && is_record(pl_load_relaxed(&victim->slots[index + 1])); /* relaxed: a hint */
}

bool pl_deque_return(struct pl_deque *victim, uint64_t index)
{
    /* Release: publishes the result to pl_deque_is_back(). Afterwards record and slot are the owner's; the deque
     * itself lives as long as its executor. */
    if (pl_exchange_acq_rel(&victim->slots[index], DONE) != WAITED)
        return false;
    pl_add_acq_rel(&victim->completions, 1);
    pl_futex_wake(&victim->completions, 1, PL_FUTEX_PRIVATE);
    return true;
}

bool pl_deque_steal_and_run(struct pl_deque *victim, struct pl_deque *thief)
{
    uint64_t index;
    struct parallel_spawn *record = pl_deque_steal(victim, thief, &index);
    if (record == NULL)
        return false;
    victim->call_thief(victim->context, has_next(victim, index) || pl_deque_has_work(victim)); /* while this one runs */
    record->call(record);
    pl_deque_return(victim, index);
    return true;
}

/* So far may the split stay above `top`: whoever looks for public calls goes through the empty slots there, 1.4 ns each. */
enum { LARGEST_LEFT = 64 };

/* Y4: the topmost call, if it is back and a request stands. Then the split may stay above `top`, which the next spawn sees to
 * when it answers; so he who asks, and looks on, does not have the owner fetch the split's line again for each call that
 * comes back. */
static bool is_simply_back(struct pl_deque *deque, uint64_t top)
{
    uint64_t split = __atomic_load_n(&deque->shared.split, __ATOMIC_RELAXED); /* the slot decides */
    /* Below: unsigned, so a split that is not above the top is too far as well. */
    if (!(split & PARALLEL_DEQUE_REQUEST) || (split & ~PARALLEL_DEQUE_REQUEST) - top - 1 >= LARGEST_LEFT)
        return false;
    pl_prefetch_to_write(&deque->slots[top]);
    if (!pl_deque_is_back(deque, top))
        return false;
    pl_store_relaxed(&deque->slots[top], EMPTY); /* relaxed: as pl_deque_clear() */
    return true;
}

bool pl_deque_take_back(struct pl_deque *deque, uint64_t *index, uint32_t *thief)
{
    uint64_t top = deque->shared.top;
    *index = top;
    *thief = 0;
    if (is_simply_back(deque, top))
        return false;
    pl_lock_acquire(&deque->lock);
    bool is_requested = __atomic_load_n(&deque->shared.split, __ATOMIC_RELAXED) & PARALLEL_DEQUE_REQUEST;
    /* Not the call at hand, which is above the top by now. */
    bool has_published = is_requested && publish(deque, split_of(deque));
    bool is_ours = top >= split_of(deque);
    if (!is_ours) {
        /* Acquire: if it is DONE already, pairs with the thief's exchange. */
        uintptr_t slot = pl_exchange_acq_rel(&deque->slots[top], EMPTY);
        is_ours = is_record(slot);
        if (is_ours || slot == DONE) {
            store_split(deque, top, true);
        } else {
            *thief = (uint32_t)(slot >> 3);
            /* The slot is in use until its call is back: what the owner runs meanwhile spawns above it. Release: as P2. */
            __atomic_store_n(&deque->shared.top, top + 1, __ATOMIC_RELEASE);
        }
    }
    pl_lock_release(&deque->lock);
    if (has_published)
        deque->call_thief(deque->context, true);
    return is_ours;
}

bool pl_deque_is_back(struct pl_deque *deque, uint64_t index)
{
    return pl_load_acquire(&deque->slots[index]) == DONE; /* pairs with the thief's exchange */
}

void pl_deque_clear(struct pl_deque *deque, uint64_t index)
{
    pl_store_relaxed(&deque->slots[index], EMPTY); /* nobody but the owner writes it until it is published again */
    __atomic_store_n(&deque->shared.top, index, __ATOMIC_RELEASE); /* as Y1 */
    pl_lock_acquire(&deque->lock);
    store_split(deque, index, true);
    pl_lock_release(&deque->lock);
}

void pl_deque_sleep_until_back(struct pl_deque *deque, uint64_t index)
{
    for (;;) {
        uint32_t seen = pl_load_acquire(&deque->completions); /* before the swap: a wake after it changes the number */
        uintptr_t slot = EMPTY;
        if (!pl_cas_acq_rel(&deque->slots[index], &slot, WAITED) && slot == DONE)
            return;
        pl_futex_wait(&deque->completions, seen, PARALLEL_NEVER, PL_FUTEX_PRIVATE);
        if (pl_deque_is_back(deque, index))
            return;
    }
}
