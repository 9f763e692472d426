/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A scope is one run of a task or of a chunk of a loop body on the calling thread: the place where parallel_fail()
 * leaves its error and where parallel_is_cancelled() asks. Scopes form a stack a thread, innermost first:
 *
 *     parallel_scope_current -> loop body -> task -> NULL
 *
 * The runner owns the scope, usually in its own frame:
 *
 *     struct pl_scope scope;
 *     pl_scope_enter(&scope, is_cancelled);
 *     run();
 *     pl_scope_leave(&scope);
 *     if (pl_scope_has_failed(&scope))
 *         pl_scope_take_failure(&scope, &error);
 *
 * What may spawn on a worker is run in a section (deque.h), which enters and leaves the scope.
 *
 * Every task pays for this, so entering is four stores and the 264 bytes of an error exist only after a failure. */
#ifndef LIBPARALLEL_EXECUTORS_SCOPE_H
#define LIBPARALLEL_EXECUTORS_SCOPE_H

#include <stdbool.h>
#include <stddef.h>

#include <libparallel/error.h>
#include <libparallel/scope.h>

struct pl_scope {
    struct pl_scope *outer;                         /* the scope that was innermost before this one, or NULL */
    const parallel_error *failure;                  /* NULL until the first parallel_fail() */
    bool (*is_cancelled)(const struct pl_scope *);  /* asked by parallel_is_cancelled(); NULL: never cancelled */
};

/* The scope of a run of iterations, one function call each, whose runner wants to know at once when one of them has failed
 * or stopped the loop. Told apart by its is_cancelled, which is pl_iteration_is_cancelled(). */
struct pl_iteration_scope {
    struct pl_scope scope;
    void (*leave)(void); /* called in the thread of the iteration, which then goes on to its end */
    bool is_stopped;     /* by parallel_loop_stop() */
    bool (*is_asked)(const struct pl_iteration_scope *); /* as is_cancelled of other scopes */
};

bool pl_iteration_is_cancelled(const struct pl_scope *scope);

/* The innermost scope, if it is that of an iteration; else NULL. */
struct pl_iteration_scope *pl_iteration_current(void);

/* Makes `scope` the innermost one. `is_cancelled` finds its task by the scope's address; a loop's goes on to ask the
 * outer scope, a task's does not. Pairs with pl_scope_leave() on the same thread, in reverse order. */
static inline void pl_scope_enter(struct pl_scope *scope, bool (*is_cancelled)(const struct pl_scope *))
{
    scope->outer = parallel_scope_current;
    scope->failure = NULL;
    scope->is_cancelled = is_cancelled;
    parallel_scope_current = scope;
}

static inline void pl_scope_leave(struct pl_scope *scope)
{
    parallel_scope_current = scope->outer;
}

static inline bool pl_scope_has_failed(const struct pl_scope *scope)
{
    return scope->failure != NULL;
}

/* Is this scope cancelled? False for NULL. */
static inline bool pl_scope_is_cancelled(const struct pl_scope *scope)
{
    return scope != NULL && scope->is_cancelled != NULL && scope->is_cancelled(scope);
}

/* Copies the failure out, frees it and returns its code; the scope has not failed any more. Only of a scope that has
 * failed; inside or after it. */
int pl_scope_take_failure(struct pl_scope *scope, parallel_error *error);

/* Makes the failure of an ended scope that of `scope`, which then owns it; freed if `scope` has failed before. */
void pl_scope_adopt_failure(struct pl_scope *scope, const parallel_error *failure);

/* Takes the failure over, to be freed with pl_failure_free(). */
static inline const parallel_error *pl_scope_release_failure(struct pl_scope *scope)
{
    const parallel_error *failure = scope->failure;
    scope->failure = NULL;
    return failure;
}

/* A failure that scopes and loops can own; never NULL. */
const parallel_error *pl_failure_copy(const parallel_error *failure);

void pl_failure_free(const parallel_error *failure);

#endif
