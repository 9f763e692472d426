/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Who touches which elements of a new array is written down, and compared with who gets them in a loop, and with the node
 * on which the kernel says that their pages are. */
#include <libparallel/array.h>

static void touch_and_tell(const parallel_loop *loop, const parallel_chunk *chunk, void *array, size_t element_bytes);
static void (*const touch)(const parallel_loop *, const parallel_chunk *, void *, size_t) = parallel_array_touch;
#define parallel_array_touch touch_and_tell

#include <parallel.h>

#include <errno.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/support/property.h"

enum { MOST_TOUCHES = 1024, ELEMENTS = 300000 };

struct touching {
    uint64_t first;
    uint64_t last;
    pid_t thread;
    int node; /* -1: the thread went from one to another meanwhile */
};

static struct touching touches[MOST_TOUCHES];
static atomic_size_t touch_count;

static int node_now(void)
{
    unsigned cpu, node;
    return syscall(SYS_getcpu, &cpu, &node, NULL) == 0 ? (int)node : -1;
}

static void touch_and_tell(const parallel_loop *loop, const parallel_chunk *chunk, void *array, size_t element_bytes)
{
    /* The thread may only now go to its place: what counts is where it is afterwards, if that does not change again. */
    touch(loop, chunk, array, 0);
    int before = node_now();
    touch(loop, chunk, array, element_bytes);
    int after = node_now();
    size_t k = atomic_fetch_add(&touch_count, 1);
    if (k < MOST_TOUCHES)
        touches[k] = (struct touching){chunk->first, chunk->last, gettid(), before == after ? after : -1};
}

static int compare(const void *left, const void *right)
{
    const struct touching *a = left, *b = right;
    return a->first < b->first ? -1 : a->first > b->first;
}

/* A new array; what was touched is in order then, a row for each share. */
static double *new_array(size_t count)
{
    atomic_store(&touch_count, 0);
    double *array = PARALLEL_ARRAY(double, count);
    ck_assert_msg(array != NULL, "%s", parallel_last_error()->message);
    size_t rows = atomic_load(&touch_count), kept = 0;
    ck_assert_uint_le(rows, MOST_TOUCHES);
    qsort(touches, rows, sizeof touches[0], compare);
    for (size_t k = 0; k < rows; k++) {
        ck_assert_uint_eq(touches[k].first, k == 0 ? 0 : touches[k - 1].last);
        touches[kept] = touches[k];
        if (kept != 0 && touches[kept - 1].thread == touches[k].thread)
            touches[kept - 1].last = touches[k].last;
        else
            kept++;
    }
    ck_assert_uint_eq(touches[kept - 1].last, count);
    atomic_store(&touch_count, kept);
    return array;
}

PROPERTY(touched_by_the_threads_that_get_the_same_share)
{
    double *array = new_array(ELEMENTS);
    size_t shares = atomic_load(&touch_count);
    static pid_t runners[MOST_TOUCHES];
    atomic_size_t arrived = 0;
    PARALLEL_FOR(i, 0, (size_t)ELEMENTS) {
        array[i] += 1;
        for (size_t k = 0; k < shares; k++) {
            if (touches[k].first != i)
                continue;
            /* Nobody helps anybody before each has begun its own share. */
            runners[k] = gettid();
            arrived++;
            while (arrived < shares)
                sched_yield();
        }
    }
    for (size_t k = 0; k < shares; k++)
        ck_assert_int_eq(runners[k], touches[k].thread);
    size_t others = 0;
    for (size_t i = 0; i < ELEMENTS; i++)
        others += array[i] < 1 || array[i] > 1; /* it was 0 */
    ck_assert_uint_eq(others, 0);
    ck_assert_int_eq(parallel_array_free(array), 0);
}
PROPERTY_END

enum { MOST_PAGES = ELEMENTS * sizeof(double) / 4096 + 1 };

/* The node of each page of the array, or a negative errno for one that has no memory; false: the kernel does not tell. */
static bool ask_for_nodes(char *array, size_t page_bytes, size_t page_count, int nodes[])
{
    static void *pages[MOST_PAGES];
    for (size_t p = 0; p < page_count; p++)
        pages[p] = array + p * page_bytes;
    return syscall(SYS_move_pages, 0, page_count, pages, NULL, nodes, 0) == 0;
}

PROPERTY(every_page_is_there_and_on_the_node_of_who_touched_it)
{
    static int nodes[MOST_PAGES];
    size_t page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    size_t page_count = (ELEMENTS * sizeof(double) + page_bytes - 1) / page_bytes;
    double *array = new_array(ELEMENTS);
    ck_assert(ask_for_nodes((char *)array, page_bytes, page_count, nodes));
    for (size_t p = 0, k = 0; p < page_count; p++) {
        /* The share in which the page begins, though perhaps in the middle of an element. */
        while (touches[k].last * sizeof(double) <= p * page_bytes)
            k++;
        if (nodes[p] < 0 || (touches[k].node >= 0 && nodes[p] != touches[k].node))
            ck_abort_msg("page %zu: node %d, touched on %d", p, nodes[p], touches[k].node);
    }
    ck_assert_int_eq(parallel_array_free(array), 0);
}
PROPERTY_END

PROPERTY(arrays_that_cannot_be_are_refused)
{
    ck_assert_ptr_null(parallel_array_alloc(0, 8));
    ck_assert_int_eq(parallel_last_error()->code, PARALLEL_EINVALID);
    ck_assert_ptr_null(parallel_array_alloc(8, 0));
    ck_assert_int_eq(parallel_last_error()->code, PARALLEL_EINVALID);
    ck_assert_ptr_null(parallel_array_alloc(SIZE_MAX / 2, 3));
    ck_assert_int_eq(parallel_last_error()->code, PARALLEL_ERANGE);
    ck_assert_ptr_null(parallel_array_alloc(SIZE_MAX - 1, 1));
    ck_assert_int_eq(parallel_last_error()->code, PARALLEL_ERANGE);
    ck_assert_ptr_null(parallel_array_alloc(SIZE_MAX / 2, 1));
    ck_assert_int_eq(parallel_last_error()->code, PARALLEL_ENOMEMORY);
}
PROPERTY_END

/* Whatever an earlier array's loop has left in this thread's stack is gone. */
__attribute__((noinline)) static void overwrite_stack(void)
{
    volatile unsigned char frame[16384];
    for (size_t k = 0; k < sizeof frame; k++)
        frame[k] = 0xff;
}

PROPERTY(one_array_like_the_other)
{
    for (int again = 0; again < 4; again++) {
        overwrite_stack();
        double *array = new_array(ELEMENTS);
        for (size_t i = 0; i < ELEMENTS; i++)
            ck_assert(array[i] == 0);
        ck_assert_int_eq(parallel_array_free(array), 0);
    }
}
PROPERTY_END

PROPERTY(only_arrays_are_freed)
{
    double *array = new_array(ELEMENTS);
    ck_assert_int_eq(parallel_array_free(NULL), 0);
    ck_assert_int_eq(parallel_array_free(array + 1), PARALLEL_EINVALID);
    ck_assert_int_eq(parallel_array_free((char *)array + 2 * sysconf(_SC_PAGESIZE)), PARALLEL_EINVALID);
    ck_assert_int_eq(parallel_array_free(array), 0);
}
PROPERTY_END

int main(void)
{
    const TTest *const tests[] = {touched_by_the_threads_that_get_the_same_share, arrays_that_cannot_be_are_refused,
                                  one_array_like_the_other, only_arrays_are_freed,
                                  every_page_is_there_and_on_the_node_of_who_touched_it};
    size_t count = sizeof tests / sizeof tests[0];
    int node;
    void *page = &node;
    if (syscall(SYS_move_pages, 0, 1UL, &page, NULL, &node, 0) != 0) {
        printf("not tried: the kernel does not say where pages are: %s\n", strerror(errno));
        count--;
    }
    return property_run(__FILE__, tests, count);
}
