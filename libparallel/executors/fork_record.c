/* SPDX-License-Identifier: BSD-3-Clause */
#include "libparallel/executors/fork_record.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <libparallel/function.h>

#include "libparallel/base/error.h"
#include "libparallel/base/size.h"

static bool is_written(const parallel_parameter *parameter)
{
    return parameter->kind == PARALLEL_PARAMETER_OUT || parameter->kind == PARALLEL_PARAMETER_INOUT;
}

/* Bytes that the calls of a portion write through OUT and INOUT; *index is the call that is wrong. */
static int measure_out(const struct pl_portion *portion, size_t *bytes, size_t *index)
{
    *bytes = 0;
    for (size_t i = portion->first; i < portion->last; i++) {
        for (int k = 0; k < portion->function->parameter_count; k++) {
            const void *pointer;
            size_t extent;
            int code = pl_portion_extent(portion, i, k, &pointer, &extent);
            *index = i;
            if (code != 0)
                return code;
            if (is_written(&portion->function->parameters[k]) && __builtin_add_overflow(*bytes, extent, bytes))
                return pl_error_set(PARALLEL_EARGUMENT, 0, "%s: its OUT arguments are too large together",
                                    portion->function->name);
        }
    }
    return 0;
}

void pl_fork_record_drop(struct pl_fork_record *record)
{
    if (record->head != NULL)
        munmap(record->head, record->size);
    record->head = NULL;
}

int pl_fork_record_prepare(struct pl_fork_record *record, const struct pl_portion *portion, size_t *index)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t count = portion->last - portion->first;
    size_t out_bytes, result_bytes, size;
    *index = portion->first;
    int code = measure_out(portion, &out_bytes, index);
    if (code != 0)
        return code;
    size_t head = pl_align_up(sizeof(struct pl_fork_record_head), page);
    if (portion->function->result_alignment > page)
        head = pl_align_up(head, portion->function->result_alignment);
    if (__builtin_mul_overflow(count, portion->function->result_size, &result_bytes) ||
        __builtin_add_overflow(head + page, result_bytes, &size) || __builtin_add_overflow(size, out_bytes, &size) ||
        size > PTRDIFF_MAX)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "%s: its results do not fit into memory", portion->function->name);
    size = pl_align_up(size, page);
    if (record->head != NULL && record->size < size)
        pl_fork_record_drop(record);
    if (record->head == NULL) {
        void *mapping = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (mapping == MAP_FAILED)
            return pl_error_set(PARALLEL_ENOMEMORY, errno, "%s: no %zu bytes for its results",
                                portion->function->name, size);
        record->head = mapping;
        record->size = size;
    }
    memset(record->head, 0, sizeof *record->head);
    record->results_offset = head;
    record->out_offset = head + result_bytes;
    return 0;
}

/* Calls `copy` for each array that call i writes, with its place in the record; advances `at`. */
static void copy_out(const struct pl_portion *portion, size_t i, char **at, bool is_in_child)
{
    for (int k = 0; k < portion->function->parameter_count; k++) {
        const void *pointer;
        size_t extent;
        if (!is_written(&portion->function->parameters[k]) ||
            pl_portion_extent(portion, i, k, &pointer, &extent) != 0 || extent == 0)
            continue;
        if (is_in_child)
            memcpy(*at, pointer, extent);
        else
            memcpy((void *)(uintptr_t)pointer, *at, extent);
        *at += extent;
    }
}

void pl_fork_record_fill(struct pl_fork_record *record, const struct pl_portion *portion, uint64_t tag)
{
    struct pl_fork_record_head *head = record->head;
    char *out = (char *)head + record->out_offset;
    for (size_t i = portion->first; i < portion->last && !head->performance.has_failed; i++) {
        struct pl_portion one = *portion;
        one.first = i;
        one.last = i + 1;
        one.results = (char *)head + record->results_offset + (i - portion->first) * portion->function->result_size;
        pl_portion_perform(&one, tag, &head->performance, &head->failure);
        if (!head->performance.has_failed)
            copy_out(portion, i, &out, true);
    }
}

void pl_fork_record_take(const struct pl_fork_record *record, const struct pl_portion *portion, size_t end)
{
    size_t result_bytes = (end - portion->first) * portion->function->result_size;
    if (result_bytes > 0)
        memcpy(portion->results, (const char *)record->head + record->results_offset, result_bytes);
    char *out = (char *)record->head + record->out_offset;
    for (size_t i = portion->first; i < end; i++)
        copy_out(portion, i, &out, false);
}
