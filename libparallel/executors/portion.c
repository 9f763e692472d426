/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Making the calls of a portion, and measuring what its arguments point to. */
#include "libparallel/executors/portion.h"

#include <stdint.h>
#include <string.h>

#include "libparallel/base/error.h"
#include "libparallel/executors/scope.h"

/* PARALLEL_FN takes at most so many. */
enum { LARGEST_PARAMETER_COUNT = 16 };

struct portion_scope {
    struct pl_scope scope;
    const struct pl_performance *performance;
    uint64_t tag;
};

static bool is_cancelled(const struct pl_scope *scope)
{
    const struct portion_scope *here = (const struct portion_scope *)scope;
    return pl_load_relaxed(&here->performance->asked) == here->tag; /* relaxed: a request, no data */
}

static void *result_at(const struct pl_portion *portion, size_t i)
{
    size_t size = portion->function->result_size;
    return size > 0 ? (char *)portion->results + (i - portion->first) * size : NULL;
}

/* Call i alone, so that `index` is right when it ends the process. */
static void make_call(const struct pl_portion *portion, size_t i, const struct pl_scope *scope)
{
    const parallel_function *function = portion->function;
    if (portion->columns == NULL) {
        function->call(portion->arguments, portion->results);
        return;
    }
    const void *columns[LARGEST_PARAMETER_COUNT];
    for (int k = 0; k < function->parameter_count; k++)
        columns[k] = (const char *)portion->columns[k] + i * function->parameters[k].size;
    struct parallel_range_call range = {
        .columns = columns, .results = result_at(portion, i), .first = 0, .last = 1, .failure = &scope->failure};
    function->call_range(&range);
}

void pl_portion_perform(const struct pl_portion *portion, uint64_t tag, struct pl_performance *performance,
                        parallel_error *failure)
{
    struct portion_scope here = {.performance = performance, .tag = tag};
    pl_scope_enter(&here.scope, is_cancelled);
    for (size_t i = portion->first; i < portion->last && !pl_scope_has_failed(&here.scope); i++) {
        pl_store_relaxed(&performance->index, i);
        make_call(portion, i, &here.scope);
    }
    pl_scope_leave(&here.scope);
    if (pl_scope_has_failed(&here.scope)) {
        pl_scope_take_failure(&here.scope, failure);
        performance->has_failed = true;
    }
}

void pl_failure_fill(parallel_failure *failure, const parallel_error *error, int worker)
{
    *failure = (parallel_failure){
        .code = error->code, .system_errno = error->system_errno, .exit_status = -1, .worker = worker};
    memcpy(failure->message, error->message, sizeof failure->message);
}

/* ---- What arguments point to ---- */

static const void *argument(const struct pl_portion *portion, size_t i, int k)
{
    const parallel_parameter *parameter = &portion->function->parameters[k];
    if (portion->columns == NULL)
        return (const char *)portion->arguments + parameter->offset;
    return (const char *)portion->columns[k] + i * parameter->size;
}

/* The value of the integer argument k. Signedness is not in the descriptor: the top bit of four and eight bytes counts
 * as the sign, since no array has that many elements; one and two bytes are taken as unsigned. False: no integer. */
static bool count_of(const struct pl_portion *portion, size_t i, int k, uint64_t *count)
{
    if (portion->function->parameters[k].kind != PARALLEL_PARAMETER_VALUE)
        return false;
    const void *value = argument(portion, i, k);
    uint8_t one;
    uint16_t two;
    uint32_t four;
    switch (portion->function->parameters[k].size) {
    case 1:
        memcpy(&one, value, sizeof one);
        *count = one;
        return true;
    case 2:
        memcpy(&two, value, sizeof two);
        *count = two;
        return true;
    case 4:
        memcpy(&four, value, sizeof four);
        *count = (uint64_t)(int64_t)(int32_t)four;
        return true;
    case 8:
        memcpy(count, value, sizeof *count);
        return true;
    default:
        return false;
    }
}

static int array_extent(const struct pl_portion *portion, size_t i, int k, size_t *bytes)
{
    const parallel_parameter *parameter = &portion->function->parameters[k];
    size_t size = parameter->element_size;
    for (int c = 0; c < 2 && parameter->counts[c] != 0; c++) {
        uint64_t count;
        if (parameter->counts[c] < 1 || parameter->counts[c] > portion->function->parameter_count)
            return pl_error_set(PARALLEL_EARGUMENT, 0,
                                "%s: argument %d: its length is argument %d of %d: there is none (they count from 1)",
                                portion->function->name, k + 1, parameter->counts[c],
                                portion->function->parameter_count);
        if (!count_of(portion, i, parameter->counts[c] - 1, &count))
            return pl_error_set(PARALLEL_EARGUMENT, 0,
                                "%s: argument %d: its length is argument %d, which is no integer",
                                portion->function->name, k + 1, parameter->counts[c]);
        if (count > INT64_MAX)
            return pl_error_set(PARALLEL_EARGUMENT, 0, "%s: argument %d: its length, argument %d, is negative: %lld",
                                portion->function->name, k + 1, parameter->counts[c], (long long)(int64_t)count);
        if (__builtin_mul_overflow(size, count, &size) || size > PTRDIFF_MAX)
            return pl_error_set(PARALLEL_EARGUMENT, 0, "%s: argument %d: its length, argument %d, is too large: %llu",
                                portion->function->name, k + 1, parameter->counts[c], (unsigned long long)count);
    }
    *bytes = size;
    return 0;
}

int pl_portion_extent(const struct pl_portion *portion, size_t i, int k, const void **pointer, size_t *bytes)
{
    const void *address;
    size_t extent = 0;
    int code = 0;
    switch (portion->function->parameters[k].kind) {
    case PARALLEL_PARAMETER_VALUE:
    case PARALLEL_PARAMETER_POINTER:
        *pointer = NULL;
        *bytes = 0;
        return 0;
    case PARALLEL_PARAMETER_IN:
    case PARALLEL_PARAMETER_OUT:
    case PARALLEL_PARAMETER_INOUT:
    case PARALLEL_PARAMETER_STRING:
        break;
    }
    memcpy(&address, argument(portion, i, k), sizeof address);
    if (portion->function->parameters[k].kind == PARALLEL_PARAMETER_STRING)
        extent = address != NULL ? strlen(address) + 1 : 0;
    else
        code = array_extent(portion, i, k, &extent);
    if (code == 0 && address == NULL && extent > 0)
        code = pl_error_set(PARALLEL_EARGUMENT, 0, "%s: argument %d is NULL, and should point to %zu bytes",
                            portion->function->name, k + 1, extent);
    if (code != 0)
        return code;
    *pointer = address;
    *bytes = extent;
    return 0;
}
