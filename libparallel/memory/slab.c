/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A thread's side of the slabs: one attached slab for each size class, whose free slots stand in a word of the thread's
 * own. Step names A1 to F3 and E1, E2 are those of docs/protocols/slabs.md. */
#include "libparallel/memory/slab.h"

#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>

#include "libparallel/memory/slab_stock.h"

#if defined(__SANITIZE_ADDRESS__)
#define SLABS_ARE_MALLOC 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SLABS_ARE_MALLOC 1
#endif
#endif
#ifndef SLABS_ARE_MALLOC
#define SLABS_ARE_MALLOC 0
#endif

static _Atomic uint32_t trimmer_count;

void pl_slab_trimmer_enter(void)
{
    pl_add_relaxed(&trimmer_count, 1); /* relaxed, here and below: who misjudges it trims once too often or too rarely */
}

void pl_slab_trimmer_leave(void)
{
    pl_sub_relaxed(&trimmer_count, 1);
}

#if SLABS_ARE_MALLOC

void *pl_slab_allocate(size_t size)
{
    return aligned_alloc(PL_CACHE_LINE, (size + PL_CACHE_LINE - 1) / PL_CACHE_LINE * PL_CACHE_LINE);
}

void pl_slab_free(void *slot, size_t size)
{
    (void)size;
    free(slot);
}

bool pl_slab_is_worth_a_trim(void)
{
    return false;
}

bool pl_slab_trim(size_t *position)
{
    (void)position;
    return false;
}

#else

/* Where no trimmer lives: lists are left alone up to two regions' worth, and looked at once in so many frees of a slab. */
enum { LISTED_WITHOUT_TRIMMER = 256, PUTS_PER_STEP = 16 };

struct attachment {
    struct pl_slab *slab; /* NULL: none yet */
    char *slots;
    uint64_t free;
};

static _Thread_local struct attachment attached[PL_SLAB_CLASS_COUNT] __attribute__((tls_model("initial-exec")));
static _Thread_local bool will_detach __attribute__((tls_model("initial-exec")));

static uint32_t class_of(size_t size)
{
    return size <= PL_SLAB_SMALLEST ? 0 : (uint32_t)((size - PL_SLAB_SMALLEST + PL_SLAB_STEP - 1) / PL_SLAB_STEP);
}

static size_t size_of_class(uint32_t class_index)
{
    return PL_SLAB_SMALLEST + (size_t)class_index * PL_SLAB_STEP;
}

/* ---- The end of a thread ---- */

static void put(struct pl_slab *slab)
{
    size_t listed_count = pl_slab_stock_put(slab);
    if (listed_count > LISTED_WITHOUT_TRIMMER && listed_count % PUTS_PER_STEP == 0 &&
        pl_load_relaxed(&trimmer_count) == 0) {
        size_t position = 0;
        (void)pl_slab_stock_trim(&position);
    }
}

static void detach_all(void *unused)
{
    (void)unused;
    for (uint32_t i = 0; i < PL_SLAB_CLASS_COUNT; i++) {
        struct attachment *mine = &attached[i];
        if (mine->slab == NULL)
            continue;
        uint64_t seen = pl_load_relaxed(&mine->slab->free), left; /* relaxed: the swap below decides */
        do /* E1; release, as F2, for the own slots that were freed */
            left = (seen & ~PL_SLAB_ATTACHED) | mine->free;
        while (!pl_cas_acq_rel(&mine->slab->free, &seen, left));
        if (left != 0)
            put(mine->slab); /* E2 */
        *mine = (struct attachment){NULL, NULL, 0};
    }
    will_detach = false;
}

static pthread_key_t end_key;
static int end_key_error;

static void create_end_key(void)
{
    end_key_error = pthread_key_create(&end_key, detach_all);
}

/* The destructor of a thread-local key runs at the thread's end. Where there is no key the slabs of ended threads are
 * lost, 8 KiB for each thread and class: better than no future. */
static void see_to_detaching(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, create_end_key);
    will_detach = end_key_error == 0 && pthread_setspecific(end_key, attached) == 0;
}

/* ---- Allocating ---- */

static bool refill(struct attachment *mine, uint32_t class_index)
{
    if (mine->slab != NULL) {
        for (;;) {
            /* A2; acquire: pairs with F2 of whoever freed what is found. */
            mine->free = pl_and_acq_rel(&mine->slab->free, PL_SLAB_ATTACHED) & ~PL_SLAB_ATTACHED;
            if (mine->free != 0)
                return true;
            uint64_t nothing_else = PL_SLAB_ATTACHED;
            /* A3; relaxed: only the bit changes, and whoever takes the slab next gets it through a freer. */
            if (pl_cas_relaxed(&mine->slab->free, &nothing_else, 0))
                break;
        }
    }
    mine->slab = pl_slab_stock_take(class_index); /* A4 */
    if (mine->slab == NULL)
        return false;
    mine->slots = pl_slab_slots(mine->slab);
    mine->free = pl_exchange_acq_rel(&mine->slab->free, PL_SLAB_ATTACHED); /* A5; acquire: as A2 */
    if (!will_detach)
        see_to_detaching();
    return true;
}

void *pl_slab_allocate(size_t size)
{
    uint32_t class_index = class_of(size);
    struct attachment *mine = &attached[class_index];
    if (mine->free == 0 && !refill(mine, class_index))
        return NULL;
    uint32_t slot = (uint32_t)__builtin_ctzll(mine->free); /* A1 */
    mine->free &= mine->free - 1;
    return mine->slots + slot * size_of_class(class_index);
}

void pl_slab_free(void *slot, size_t size)
{
    if (slot == NULL)
        return;
    uint32_t class_index = class_of(size);
    struct pl_slab *slab = pl_slab_of(slot);
    uint32_t offset = (uint32_t)((uintptr_t)slot % PL_SLAB_BYTES); /* 32 bits: their division takes half as long */
    uint64_t bit = UINT64_C(1) << (offset / (uint32_t)size_of_class(class_index));
    struct attachment *mine = &attached[class_index];
    if (slab == mine->slab)
        mine->free |= bit; /* F1 */
    else if (pl_or_acq_rel(&slab->free, bit) == 0) /* F2; release: the slot's use ends here, for A2 and A5 */
        put(slab); /* F3 */
}

bool pl_slab_is_worth_a_trim(void)
{
    return pl_slab_stock_region_count() > 1;
}

bool pl_slab_trim(size_t *position)
{
    return pl_slab_stock_trim(position);
}

#endif
