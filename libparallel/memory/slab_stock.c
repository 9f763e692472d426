/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The stock's lists and the traffic with the system. The lock is held for list work only, except when a region is mapped,
 * which is once in 127 slabs and some 5 us. */
#include "libparallel/memory/slab_stock.h"

#include <pthread.h>
#include <stddef.h>
#include <sys/mman.h>

#include "libparallel/base/lock.h"

enum {
    SLABS_IN_REGION = PL_SLAB_REGION_BYTES / PL_SLAB_BYTES,
    /* Of one step of a trim: some 2 us of list work under the lock, and at most so many calls of the system after it. */
    STEP_SLABS = 64,
    STEP_CALLS = 8,
};

_Static_assert(SLABS_IN_REGION * sizeof(struct pl_slab) <= PL_SLAB_BYTES, "the descriptors fill the first slab");

static struct {
    struct pl_lock lock;
    _Atomic size_t region_count; /* written under the lock, read by anybody */
    size_t listed_count;         /* in all of: */
    struct pl_slab_link listed[PL_SLAB_CLASS_COUNT]; /* used last at the front */
    struct pl_slab_link whole;   /* touched ones at the front */
} stock;

/* ---- Lists ---- */

static struct pl_slab *slab_of(struct pl_slab_link *link)
{
    return (struct pl_slab *)(void *)((char *)link - offsetof(struct pl_slab, link));
}

static bool is_empty(const struct pl_slab_link *list)
{
    return list->next == list;
}

static void insert_after(struct pl_slab_link *place, struct pl_slab_link *link)
{
    link->previous = place;
    link->next = place->next;
    place->next->previous = link;
    place->next = link;
}

static void take_out(struct pl_slab_link *link)
{
    link->previous->next = link->next;
    link->next->previous = link->previous;
}

static struct pl_slab *region_of(struct pl_slab *slab)
{
    return (struct pl_slab *)((uintptr_t)slab & ~(uintptr_t)(PL_SLAB_REGION_BYTES - 1));
}

static void list(struct pl_slab *slab)
{
    insert_after(&stock.listed[slab->class_index], &slab->link);
    stock.listed_count++;
}

static void unlist(struct pl_slab *slab)
{
    take_out(&slab->link);
    stock.listed_count--;
}

static void list_whole(struct pl_slab *slab)
{
    insert_after(slab->is_touched ? &stock.whole : stock.whole.previous, &slab->link);
    region_of(slab)->whole_count++;
}

static void unlist_whole(struct pl_slab *slab)
{
    take_out(&slab->link);
    region_of(slab)->whole_count--;
}

/* ---- The first region, and forks ---- */

static void before_fork(void)
{
    pl_lock_acquire(&stock.lock);
}

static void after_fork(void)
{
    pl_lock_release(&stock.lock);
}

static void prepare(void)
{
    for (int i = 0; i < PL_SLAB_CLASS_COUNT; i++)
        stock.listed[i] = (struct pl_slab_link){&stock.listed[i], &stock.listed[i]};
    stock.whole = (struct pl_slab_link){&stock.whole, &stock.whole};
    int error = pthread_atfork(before_fork, after_fork, after_fork);
    (void)error; /* no memory: whoever allocates next says so to somebody who can listen */
}

/* ---- Regions ---- */

/* Regions are aligned to their size, which mmap does not promise: asks for more and gives back what is too much. */
static struct pl_slab *map_region(void)
{
    size_t wanted = 2 * (size_t)PL_SLAB_REGION_BYTES;
    char *mapped = mmap(NULL, wanted, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED)
        return NULL;
    size_t before = (size_t)(-(uintptr_t)mapped & (PL_SLAB_REGION_BYTES - 1));
    char *region = mapped + before;
    if (before > 0)
        munmap(mapped, before);
    munmap(region + PL_SLAB_REGION_BYTES, wanted - before - PL_SLAB_REGION_BYTES);
    return (struct pl_slab *)(void *)region;
}

static bool add_region(void)
{
    struct pl_slab *region = map_region();
    if (region == NULL)
        return false;
    for (int i = 1; i < SLABS_IN_REGION; i++)
        list_whole(&region[i]);
    pl_add_relaxed(&stock.region_count, 1); /* under the lock; elsewhere a hint */
    return true;
}

/* If all of a region is here, and it is not the last: takes it out of the stock, for the caller to unmap. */
static struct pl_slab *withdraw_region(struct pl_slab *region)
{
    if (region->whole_count < SLABS_IN_REGION - 1 || pl_load_relaxed(&stock.region_count) == 1)
        return NULL;
    for (int i = 1; i < SLABS_IN_REGION; i++)
        unlist_whole(&region[i]);
    pl_sub_relaxed(&stock.region_count, 1);
    return region;
}

/* ---- The interface ---- */

uint64_t pl_slab_slots_of_class(uint32_t class_index)
{
    uint32_t count = PL_SLAB_BYTES / (PL_SLAB_SMALLEST + class_index * PL_SLAB_STEP);
    return (UINT64_C(1) << (count < 63 ? count : 63)) - 1;
}

struct pl_slab *pl_slab_stock_take(uint32_t class_index)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, prepare);
    struct pl_slab *slab = NULL;
    pl_lock_acquire(&stock.lock);
    if (!is_empty(&stock.listed[class_index])) {
        slab = slab_of(stock.listed[class_index].next);
        unlist(slab);
    } else if (!is_empty(&stock.whole) || add_region()) {
        slab = slab_of(stock.whole.next);
        unlist_whole(slab);
        slab->is_touched = true;
        slab->class_index = class_index;
        /* Relaxed: nobody else has the slab. */
        pl_store_relaxed(&slab->free, pl_slab_slots_of_class(class_index));
    }
    pl_lock_release(&stock.lock);
    return slab;
}

size_t pl_slab_stock_put(struct pl_slab *slab)
{
    pl_lock_acquire(&stock.lock);
    list(slab);
    size_t listed_count = stock.listed_count;
    pl_lock_release(&stock.lock);
    return listed_count;
}

size_t pl_slab_stock_region_count(void)
{
    return pl_load_relaxed(&stock.region_count); /* relaxed: a snapshot */
}

/* ---- Giving back ---- */

/* Under the lock: looks at the oldest slabs of each list and sorts out the whole ones; others go to the front, where they
 * are used first. Returns how many these were; regions that are to be unmapped it links by their first descriptors. */
static size_t sort_out(struct pl_slab_link *unmapped)
{
    size_t looked = 0, kept = 0;
    for (int i = 0; i < PL_SLAB_CLASS_COUNT; i++) {
        struct pl_slab_link *mark = stock.listed[i].next; /* goes round at most once */
        bool is_round = is_empty(&stock.listed[i]);
        while (!is_round && looked < STEP_SLABS) {
            struct pl_slab *slab = slab_of(stock.listed[i].previous);
            is_round = &slab->link == mark;
            unlist(slab);
            looked++;
            /* Acquire: pairs with the frees, whose use of the memory comes before it is unmapped. */
            if (pl_load_acquire(&slab->free) != pl_slab_slots_of_class(slab->class_index)) {
                list(slab);
                kept++;
                continue;
            }
            list_whole(slab);
            struct pl_slab *region = withdraw_region(region_of(slab));
            if (region != NULL)
                insert_after(unmapped, &region->link);
        }
    }
    return kept;
}

/* Under the lock: takes out whole slabs that hold memory. */
static size_t take_touched(struct pl_slab *slabs[STEP_CALLS])
{
    size_t count = 0;
    while (count < STEP_CALLS && !is_empty(&stock.whole) && slab_of(stock.whole.next)->is_touched) {
        slabs[count] = slab_of(stock.whole.next);
        unlist_whole(slabs[count++]);
    }
    return count;
}

static void discard(struct pl_slab *slabs[], size_t count)
{
    for (size_t i = 0; i < count; i++) {
        madvise(pl_slab_slots(slabs[i]), PL_SLAB_BYTES, MADV_DONTNEED);
        slabs[i]->is_touched = false;
    }
    pl_lock_acquire(&stock.lock);
    for (size_t i = 0; i < count; i++)
        list_whole(slabs[i]);
    pl_lock_release(&stock.lock);
}

bool pl_slab_stock_trim(size_t *position)
{
    struct pl_slab_link unmapped = {&unmapped, &unmapped};
    struct pl_slab *touched[STEP_CALLS];
    pl_lock_acquire(&stock.lock);
    if (pl_load_relaxed(&stock.region_count) == 0) { /* the lists do not exist yet */
        pl_lock_release(&stock.lock);
        return false;
    }
    *position += sort_out(&unmapped);
    bool is_through = *position >= stock.listed_count;
    size_t count = is_through ? take_touched(touched) : 0;
    pl_lock_release(&stock.lock);
    while (!is_empty(&unmapped)) {
        struct pl_slab_link *link = unmapped.next;
        take_out(link);
        munmap(slab_of(link), PL_SLAB_REGION_BYTES);
    }
    discard(touched, count);
    return !is_through || count > 0;
}
