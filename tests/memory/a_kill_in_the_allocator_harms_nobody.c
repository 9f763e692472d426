/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A child is stopped at every so many instructions of an allocation and a free, large and small. While it is stopped
 * there, others allocate and free; then it is killed there. At the end all memory and all units are back, but for one
 * block for each child that was killed just when it had got one. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libparallel/memory/space.h"
#include "tests/memory/space.h"
#include "tests/support/property.h"
#include "tests/support/sanitizer.h"
#include "tests/support/stepper.h"

enum {
    /* Under the sanitizers the body has ten to fifty times as many instructions. */
    MOST_POINTS = UNDER_THREAD_SANITIZER ? 12 : UNDER_ADDRESS_SANITIZER ? 30 : 80,
};

static void ignore_line(void *context, const char *line)
{
    (void)context;
    (void)line;
}

/* What the child is doing, in shared memory. */
struct diary {
    size_t size_bytes;
    void *volatile block;     /* it has this one */
    volatile bool is_freeing; /* and has begun to free it */
};

static void alloc_and_free(void *context)
{
    struct diary *diary = context;
    diary->block = parallel_shared_alloc(diary->size_bytes);
    if (diary->block == NULL)
        _exit(2);
    diary->is_freeing = true;
    if (parallel_shared_free(diary->block) != 0)
        _exit(3);
    diary->block = NULL;
    diary->is_freeing = false;
}

static uint32_t units_in_use(void)
{
    const struct pl_large_blocks *large = &pl_space_get()->large;
    uint32_t count = 0;
    for (uint32_t i = 0; i < pl_load_relaxed(&large->head->ready_count) && i < large->unit_count; i++)
        count += pl_load_relaxed(&large->units[i]) != 0;
    return count;
}

static uint32_t small_blocks_in_use(void)
{
    uint32_t count = 0;
    for (int i = 0; i < PL_SMALL_CLASSES; i++) {
        const struct pl_small_class *class = &pl_space_get()->small.classes[i];
        for (uint32_t slab = 0; slab < pl_load_relaxed(&class->head->opened_count); slab++)
            count += (uint32_t)__builtin_popcountll(pl_load_relaxed(&class->taken[slab]));
    }
    return count;
}

/* Others do not wait for the one that is stopped, and get nothing that it has. */
static void allocate_beside(const struct diary *diary)
{
    char *block = block_of(diary->size_bytes);
    char *stopped = diary->block;
    ck_assert_msg(stopped == NULL || diary->is_freeing || block >= stopped + diary->size_bytes ||
                      stopped >= block + diary->size_bytes,
                  "%p is given out twice", (void *)block);
    for (size_t i = 0; i < diary->size_bytes; i += 512)
        ck_assert_int_eq(block[i], 0);
    memset(block, 1, diary->size_bytes);
    ck_assert_ok(parallel_shared_free(block));
}

/* Kills children at points of the body; returns how many of them had a block that nobody knows of any more. */
static unsigned kill_everywhere(size_t size_bytes, uint32_t units_a_block)
{
    parallel_set_reporter(ignore_line, NULL); /* see below: what may have been freed is freed */
    struct diary *diary = block_of(sizeof *diary);
    diary->size_bytes = size_bytes;
    allocate_beside(diary);
    size_t points[MOST_POINTS];
    size_t count = step_points(alloc_and_free, diary, points, MOST_POINTS);
    ck_assert_uint_gt(count, MOST_POINTS / 2);
    pl_space_sweep();
    unsigned lost = 0;
    uint32_t units = units_in_use(), blocks = small_blocks_in_use();
    for (size_t i = 0; i < count; i++) {
        diary->block = NULL;
        diary->is_freeing = false;
        pid_t child = step_child(alloc_and_free, diary, points[i]);
        allocate_beside(diary);
        kill_child(child);
        pl_space_sweep();
        void *left = diary->block;
        if (left != NULL && !diary->is_freeing)
            ck_assert_ok(parallel_shared_free(left));
        else if (left != NULL)
            (void)parallel_shared_free(left); /* it may have been freed, or not */
        diary->block = NULL;
        allocate_beside(diary);
        if (units_in_use() != units || small_blocks_in_use() != blocks) {
            ck_assert_uint_le(units_in_use(), units + units_a_block);
            ck_assert_uint_le(small_blocks_in_use(), blocks + (units_a_block == 0));
            units = units_in_use();
            blocks = small_blocks_in_use();
            lost++;
        }
    }
    ck_assert_ok(parallel_shared_free(diary));
    return lost;
}

PROPERTY(a_kill_around_large_blocks_harms_nobody)
{
    ck_assert_ok(parallel_shared_reserve(256 * MIB));
    void *first = block_of(300000);
    size_t before = memory_now();
    unsigned lost = kill_everywhere(300000, 5);
    printf("%u children of %d were killed with a block just allocated\n", lost, MOST_POINTS);
    /* The way from the publication of a block to the diary is a small part of the body. */
    ck_assert_uint_le(lost, MOST_POINTS / 4);
    ck_assert_uint_le(memory_now(), before + (lost + 1) * 5 * 65536);
    ck_assert_ok(parallel_shared_free(first));
}
PROPERTY_END

PROPERTY(a_kill_around_small_blocks_harms_nobody)
{
    ck_assert_ok(parallel_shared_reserve(256 * MIB));
    unsigned lost = kill_everywhere(1000, 0);
    printf("%u children of %d were killed with a block just allocated\n", lost, MOST_POINTS);
    ck_assert_uint_lt(lost, MOST_POINTS);
}
PROPERTY_END

int main(void)
{
    const TTest *const tests[] = {a_kill_around_large_blocks_harms_nobody, a_kill_around_small_blocks_harms_nobody};
    const char *reason = why_no_steps();
    if (reason != NULL) {
        printf("skipped: %s\n", reason);
        return 77;
    }
    return property_run(__FILE__, tests, sizeof tests / sizeof tests[0]);
}
