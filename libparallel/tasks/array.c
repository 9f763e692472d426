/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Arrays that are touched first by a loop's own shares. An array is one mapping: a page with its head, by which it is
 * known when it is freed, and its elements from the next page on.
 *
 *     | head, untouched rest of its page | elements ... |
 *                                         ^ what the caller gets
 *
 * The loop that touches them deals its shares out, so no thread takes from another; each moves to its place before. */
#include <libparallel/array.h>

#include <errno.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libparallel/base/error.h"
#include "libparallel/tasks/claiming.h"
#include "libparallel/tasks/home.h"
#include "libparallel/tasks/team.h"

struct head {
    uint64_t magic;
    size_t length; /* of the mapping */
};

static const uint64_t magic = UINT64_C(0x5961727241636c50);

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

void *parallel_array_map(size_t count, size_t element_bytes)
{
    size_t size, length;
    if (count == 0 || element_bytes == 0) {
        (void)pl_error_set(PARALLEL_EINVALID, 0, "array: %zu elements of %zu bytes", count, element_bytes);
        return NULL;
    }
    if (__builtin_mul_overflow(count, element_bytes, &size) || __builtin_add_overflow(size, page_size(), &length)) {
        (void)pl_error_set(PARALLEL_ERANGE, 0, "array: %zu elements of %zu bytes", count, element_bytes);
        return NULL;
    }
    int saved_errno = errno; /* the library leaves errno alone */
    void *mapping = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int error = errno;
    errno = saved_errno;
    if (mapping == MAP_FAILED) {
        (void)pl_error_set(PARALLEL_ENOMEMORY, error, "array: no memory for %zu elements of %zu bytes", count,
                           element_bytes);
        return NULL;
    }
    *(struct head *)mapping = (struct head){magic, length};
    return (char *)mapping + page_size();
}

static void move_home(const parallel_loop *loop, uint32_t thread)
{
    struct pl_loop_team *team = loop->team;
    if (loop->threads > 1 && team->slots[thread].home_id != pl_tenant.id)
        pl_homes_move_in(team->homes, thread);
}

void parallel_array_touch(const parallel_loop *loop, const parallel_chunk *chunk, void *array, size_t element_bytes)
{
    move_home(loop, chunk->thread);
    size_t page = page_size();
    size_t end = (size_t)chunk->last * element_bytes;
    /* Of the pages, those that begin in the chunk; the array begins with one. */
    size_t at = (size_t)chunk->first * element_bytes;
    at = (at + page - 1) / page * page;
    for (; at < end; at += page)
        *((volatile char *)array + at) = 0; /* which it is, but so the compiler leaves it here */
}

int parallel_array_free(void *array)
{
    if (array == NULL)
        return 0;
    size_t page = page_size();
    struct head *head = (struct head *)(void *)((char *)array - page);
    if ((uintptr_t)array % page != 0 || head->magic != magic) {
        int code = pl_error_set(PARALLEL_EINVALID, 0, "array: %p is not the beginning of an array", array);
        pl_report("parallel_array_free: %s", parallel_last_error()->message);
        return code;
    }
    int saved_errno = errno;
    (void)munmap(head, head->length); /* fails for no mapping that is ours */
    errno = saved_errno;
    return 0;
}
