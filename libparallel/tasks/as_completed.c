/* SPDX-License-Identifier: BSD-3-Clause
 *
 * PARALLEL_AS_COMPLETED: a completion set that fills itself when the loop begins and goes away when it is left. */
#include <libparallel/as_completed.h>

#include <stdlib.h>

#include "libparallel/base/error.h"

struct parallel_as_completed parallel_as_completed_init(parallel_future *const *futures, size_t count,
                                                        const char *place)
{
    struct parallel_as_completed loop = {.options = {.deadline_ns = PARALLEL_NEVER},
                                         .futures = futures,
                                         .count = count,
                                         .place = place};
    return loop;
}

/* Hands an error to .status; without one it ends the program: a partial loop never reads as success. */
static void fail(struct parallel_as_completed *loop, int code)
{
    if (loop->options.status == NULL)
        pl_report_and_abort("%s: PARALLEL_AS_COMPLETED: %s: %s", loop->place, parallel_error_name(code),
                            parallel_last_error()->message);
    *loop->options.status = code;
}

struct entry {
    uintptr_t future;
    size_t index;
};

static int compare(const void *one, const void *other)
{
    const struct entry *a = one, *b = other;
    if (a->future != b->future)
        return a->future < b->future ? -1 : 1;
    return (a->index > b->index) - (a->index < b->index);
}

static int compare_index(const void *one, const void *other)
{
    const struct entry *a = one, *b = other;
    return (a->index > b->index) - (a->index < b->index);
}

/* Adds each future once, with the position at which it stands first, in the order of the list. */
static int fill(struct parallel_as_completed *loop)
{
    if (loop->count == 0)
        return 0;
    struct entry *entries = NULL;
    if (loop->count < SIZE_MAX / sizeof *entries)
        entries = malloc(loop->count * sizeof *entries);
    if (entries == NULL)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "no memory for %zu futures", loop->count);
    int code = 0;
    for (size_t i = 0; i < loop->count && code == 0; i++) {
        entries[i] = (struct entry){(uintptr_t)loop->futures[i], i};
        if (loop->futures[i] == NULL)
            code = pl_error_set(PARALLEL_EINVALID, 0, "future %zu of %zu is NULL", i, loop->count);
    }
    size_t distinct = 0;
    if (code == 0) {
        qsort(entries, loop->count, sizeof *entries, compare);
        for (size_t i = 0; i < loop->count; i++)
            if (distinct == 0 || entries[i].future != entries[distinct - 1].future)
                entries[distinct++] = entries[i];
        qsort(entries, distinct, sizeof *entries, compare_index);
    }
    for (size_t i = 0; i < distinct && code == 0; i++)
        code = parallel_completion_set_add(loop->set, loop->futures[entries[i].index], entries[i].index);
    free(entries);
    return code;
}

int parallel_as_completed_begin(struct parallel_as_completed *loop)
{
    if (loop->has_begun)
        return 0;
    loop->has_begun = 1;
    if (loop->options.status != NULL)
        *loop->options.status = 0;
    int code = parallel_completion_set_create(PARALLEL_AS_THEY_END, &loop->set);
    if (code == 0)
        code = fill(loop);
    if (code != 0)
        fail(loop, code);
    return code == 0;
}

parallel_future *parallel_as_completed_next(struct parallel_as_completed *loop)
{
    parallel_future *future;
    size_t index;
    int code = parallel_completion_set_next(loop->set, loop->options.deadline_ns, &future, &index);
    if (code == PARALLEL_EEMPTY)
        return NULL;
    if (code != 0) {
        fail(loop, code);
        return NULL;
    }
    if (loop->options.index != NULL)
        *loop->options.index = index;
    return future;
}

void parallel_as_completed_close(struct parallel_as_completed *loop)
{
    parallel_completion_set_destroy(loop->set);
    loop->set = NULL;
}
