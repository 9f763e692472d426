/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Futures: the outcome of a call that runs elsewhere.
 *
 *     pending --> running --> done | failed        cancel: pending --> cancelled
 *
 * Ownership: who gets a future from a function that starts something (name_async, name_on, parallel_submit,
 * parallel_future_then, ...) holds one reference. parallel_future_release() and name_await() consume one,
 * parallel_future_retain() adds one; nothing else consumes; everything else borrows, and retains while it uses.
 * Releasing a future that has not ended detaches it and cancels nothing. Futures outlive their executor.
 *
 * Every function may be called by any thread; several threads may use one future at once. Deadlines: deadline.h.
 * In a forked child an inherited future that had not ended fails with PARALLEL_EFORKED.
 *
 * After concurrent.futures.Future of Python; then() after mpi4py.futures. */
#ifndef LIBPARALLEL_FUTURE_H
#define LIBPARALLEL_FUTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libparallel/compiler.h>
#include <libparallel/deadline.h>
#include <libparallel/error.h>
#include <libparallel/executor.h>
#include <libparallel/failure.h>
#include <libparallel/function.h>
#include <libparallel/resources.h>

PARALLEL_BEGIN_C

typedef struct parallel_future parallel_future;

enum parallel_future_state {
    PARALLEL_PENDING = 0,
    PARALLEL_RUNNING = 1,
    PARALLEL_DONE = 2,
    PARALLEL_FAILED = 3,
    PARALLEL_CANCELLED = 4,
};

/* ---- Submission. PARALLEL_FN generates the typed forms; these are what they call. ---- */

/* Where a call should run. All zero: anywhere. It is a wish: the call runs there if the worker of that place is free, or
 * becomes free about as soon as another one would look for it, and else where one is. Workers of `threads` that are bound
 * grant wishes; other kinds, and places=none, take them for advice and leave it. */
typedef struct parallel_call_options {
    const char *place; /* a list of places, as in places= (placement.h), such as "numa:1"; NULL: anywhere */
    const void *near;  /* data: where the NUMA node is that has its page, if anybody has touched it; NULL: anywhere. Costs a
                        * system call on a machine that has several nodes */
} parallel_call_options;

/* Submits one call. `arguments` points to the generated struct (copied). `executor` NULL: the default one. Never NULL:
 * what cannot be submitted is an already failed future. The caller holds one reference. */
PARALLEL_API PARALLEL_MUST_CHECK parallel_future *parallel_submit(parallel_executor *executor,
                                                                  const parallel_function *function,
                                                                  const void *arguments);

/* The same with options (NULL: none; copied). PARALLEL_EINVALID: both .place and .near; PARALLEL_ESPECIFICATION: a malformed
 * place; PARALLEL_EPLACE: one that is not ours, or has no worker of the executor. */
PARALLEL_API PARALLEL_MUST_CHECK parallel_future *parallel_submit_with(parallel_executor *executor,
                                                                       const parallel_function *function,
                                                                       const parallel_call_options *options,
                                                                       const void *arguments);

/* Waits and copies the result to `result` (ignored for void). 0; the code of the failure; PARALLEL_ECANCELLED;
 * PARALLEL_ETIMEDOUT, after which it may be asked again; PARALLEL_EWRONGFUNCTION: the future is not of `function`;
 * PARALLEL_EDEADLK: called in a callback; PARALLEL_EINVALID: NULL. `result` is untouched unless 0 is returned. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_future_result(parallel_future *future,
                                                            const parallel_function *function,
                                                            uint64_t deadline_ns, void *result);

/* Waits, copies the result, releases the future. A failure is written to stderr, and the program aborts. */
PARALLEL_API void parallel_future_await(parallel_future *future, const parallel_function *function, void *result);

/* ---- Asking ---- */

PARALLEL_API enum parallel_future_state parallel_future_state(parallel_future *future);
PARALLEL_API bool parallel_future_is_done(parallel_future *future); /* ended: done, failed or cancelled */
PARALLEL_API bool parallel_future_is_running(parallel_future *future);
PARALLEL_API bool parallel_future_is_cancelled(parallel_future *future);

/* "done", "pending", ... ; static. */
PARALLEL_API const char *parallel_state_name(enum parallel_future_state state);

/* Writes one line such as "simulate: failed (PARALLEL_EFAILED: no convergence)" as snprintf does; returns the length
 * it has or would have. A failure that is written so counts as looked at. */
PARALLEL_API int parallel_future_describe(parallel_future *future, char *buffer, size_t size);

/* State, failure and result in one consistent look. `result` (may be NULL) is written only if the state is done;
 * `failure` (may be NULL) always. PARALLEL_EWRONGFUNCTION as for parallel_future_result(); `function` may be NULL if
 * `result` is. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_future_snapshot(parallel_future *future,
                                                              const parallel_function *function,
                                                              enum parallel_future_state *state,
                                                              parallel_failure *failure, void *result);

/* Copies why the future failed or was cancelled; code 0 if it is done. Does not wait: PARALLEL_ETIMEDOUT if it has not
 * ended. An error that nobody asked for is reported once, when the last reference goes. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_future_error(parallel_future *future, parallel_failure *failure);

/* Copies what the call used. Does not wait: PARALLEL_ETIMEDOUT if it has not ended. PARALLEL_EMISUSE: nobody counted,
 * since the executor was not opened with resources=on (nor is of kind fork), or it did not run at all. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_future_resources(parallel_future *future,
                                                               parallel_resources *resources);

/* ---- Waiting and stopping ---- */

/* Waits until the future has ended, however. PARALLEL_ETIMEDOUT; PARALLEL_EDEADLK: in a callback, or a task waits
 * for itself; PARALLEL_EINVALID. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_future_wait(parallel_future *future, uint64_t deadline_ns);

/* Cancels a pending future: 0 if it is cancelled now or was already. PARALLEL_ERUNNING: it runs; the request is set,
 * parallel_is_cancelled() in the task says so, and if the task then fails with PARALLEL_ECANCELLED, as a named loop does, it
 * has been cancelled. PARALLEL_EDONE: too late. */
PARALLEL_API int parallel_future_cancel(parallel_future *future);

/* Ends the call now: a pending one is cancelled, and so is one that runs in a process, which is killed; what it has
 * done by then stays done. Does not wait for the end. 0: it is, or will be at once, cancelled, unless it ended by itself
 * first. PARALLEL_ERUNNING: it runs in a thread, which cannot be killed; the request is set, as by
 * parallel_future_cancel(). PARALLEL_EDONE: too late. */
PARALLEL_API int parallel_future_kill(parallel_future *future);

/* ---- When it ends ---- */

/* Calls `callback(future, context)` once when the future has ended: in the thread that ends it, after those registered
 * before; at once, in the caller, if it has ended already. It runs without locks; it may submit, add callbacks, cancel
 * and release, and must not wait (waits return PARALLEL_EDEADLK). PARALLEL_ENOMEMORY, PARALLEL_EINVALID. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_future_on_done(parallel_future *future,
                                                             void (*callback)(parallel_future *future,
                                                                              void *context),
                                                             void *context);

/* What `continuation(future, context)` makes of an ended future: another future, which is followed (its reference is
 * taken over), or NULL for an end without a value. It runs as a task of the future's executor; parallel_fail() in it
 * fails the chain. */
typedef parallel_future *parallel_continuation(parallel_future *future, void *context);

/* A new future (one reference for the caller) for what comes after `future`. then: the continuation runs if `future` is
 * done, else the chain ends as `future` did. recover: it runs if `future` failed or was cancelled, else the chain ends
 * as `future` did; so an error turns into a value, and counts as looked at. A chain that would wait for itself, directly or
 * around other chains, fails with PARALLEL_EDEADLK. Never NULL. name_result() works on the chain if what it followed is a
 * call of `name`. */
PARALLEL_API PARALLEL_MUST_CHECK parallel_future *parallel_future_then(parallel_future *future,
                                                                       parallel_continuation *continuation,
                                                                       void *context);
PARALLEL_API PARALLEL_MUST_CHECK parallel_future *parallel_future_recover(parallel_future *future,
                                                                          parallel_continuation *continuation,
                                                                          void *context);

/* An eventfd that becomes readable once the future has ended, for poll, epoll and event loops. The same one at every
 * call; it belongs to the future and is closed with it: dup() it to keep it. Take it out of an epoll set before you
 * release the future: the executor may hold the future, and a forked process the descriptor, a little longer. -1 with
 * parallel_last_error() if there is none to be had. */
PARALLEL_API int parallel_future_fd(parallel_future *future);

/* ---- References ---- */

PARALLEL_API parallel_future *parallel_future_retain(parallel_future *future); /* returns its argument */
PARALLEL_API void parallel_future_release(parallel_future *future);            /* NULL does nothing */

/* ---- Promises: futures that the program itself ends, for what libparallel does not run ---- */

typedef struct parallel_promise parallel_promise;

/* A promise of `result_size` bytes and its future; the caller owns one reference to each. PARALLEL_ENOMEMORY,
 * PARALLEL_EINVALID. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_promise_create(size_t result_size, parallel_promise **promise,
                                                             parallel_future **future);

/* pending -> running: from now on the future cannot be cancelled. PARALLEL_ECANCELLED: it has been; PARALLEL_EMISUSE:
 * started or ended before. Not needed before set and fail. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_promise_start(parallel_promise *promise);

/* Ends the future with a value (`result_size` bytes, copied) or a failure. PARALLEL_EDONE: it has ended before, by
 * set, fail or cancel; nothing changed. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_promise_set(parallel_promise *promise, const void *result);
PARALLEL_API PARALLEL_MUST_CHECK int parallel_promise_fail(parallel_promise *promise, int code, const char *format,
                                                           ...) PARALLEL_PRINTF(3, 4);

/* Copies the value of a promise's future; errors as for parallel_future_result(). `size` must be its result_size. */
PARALLEL_API PARALLEL_MUST_CHECK int parallel_promise_value(parallel_future *future, uint64_t deadline_ns,
                                                            void *result, size_t size);

/* Gives the promise up; if nothing was set its future fails with PARALLEL_EABANDONED. NULL does nothing. */
PARALLEL_API void parallel_promise_destroy(parallel_promise *promise);

PARALLEL_END_C

#endif
