/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Owns the calling thread's stack of scopes and the error that a scope holds after parallel_fail(). */
#include "libparallel/executors/scope.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include "libparallel/base/error.h"

__thread struct pl_scope *parallel_scope_current __attribute__((tls_model("initial-exec")));

/* What a failure becomes when there is no memory to hold its message: still a failure. Never freed. */
static const parallel_error out_of_memory = {PARALLEL_ENOMEMORY, 0,
                                             "out of memory while the message of a failure was kept"};

static void record_failure(struct pl_scope *scope, int code, const char *format, va_list arguments)
{
    parallel_error *failure = malloc(sizeof *failure);
    if (failure == NULL) {
        scope->failure = &out_of_memory;
        return;
    }
    pl_error_fill_arguments(failure, code, 0, format, arguments);
    scope->failure = failure;
}

void pl_failure_free(const parallel_error *failure)
{
    if (failure != &out_of_memory)
        free((void *)(uintptr_t)failure);
}

const parallel_error *pl_failure_copy(const parallel_error *failure)
{
    parallel_error *copy = malloc(sizeof *copy);
    if (copy == NULL)
        return &out_of_memory;
    *copy = *failure;
    return copy;
}

int pl_scope_take_failure(struct pl_scope *scope, parallel_error *error)
{
    const parallel_error *failure = pl_scope_release_failure(scope);
    *error = *failure;
    pl_failure_free(failure);
    return error->code;
}

void pl_scope_adopt_failure(struct pl_scope *scope, const parallel_error *failure)
{
    if (pl_scope_has_failed(scope))
        pl_failure_free(failure);
    else
        scope->failure = failure;
}

bool pl_iteration_is_cancelled(const struct pl_scope *scope)
{
    const struct pl_iteration_scope *iteration = (const struct pl_iteration_scope *)scope; /* its first member */
    return iteration->is_asked(iteration);
}

struct pl_iteration_scope *pl_iteration_current(void)
{
    struct pl_scope *scope = parallel_scope_current;
    bool is_iteration = scope != NULL && scope->is_cancelled == pl_iteration_is_cancelled;
    return is_iteration ? (struct pl_iteration_scope *)scope : NULL;
}

int parallel_fail(int code, const char *format, ...)
{
    if (code == 0)
        return pl_error_set(PARALLEL_EMISUSE, 0, "parallel_fail: code 0 would read as success");
    struct pl_scope *scope = parallel_scope_current;
    if (scope == NULL)
        return pl_error_set(PARALLEL_EMISUSE, 0, "parallel_fail: called outside of any task or loop body");
    if (pl_scope_has_failed(scope))
        return 0;
    va_list arguments;
    va_start(arguments, format);
    record_failure(scope, code, format, arguments);
    va_end(arguments);
    struct pl_iteration_scope *iteration = pl_iteration_current();
    if (iteration != NULL)
        iteration->leave();
    return 0;
}

bool parallel_is_cancelled(void)
{
    return pl_scope_is_cancelled(parallel_scope_current);
}
