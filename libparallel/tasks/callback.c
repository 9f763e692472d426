/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Two observers of a future: the program's callbacks, and the eventfd for event loops. */
#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "libparallel/base/error.h"
#include "libparallel/executors/frame.h"
#include "libparallel/tasks/chain.h"
#include "libparallel/tasks/future.h"
#include "libparallel/executors/scope.h"

struct callback {
    struct pl_observer observer;
    void (*function)(parallel_future *future, void *context);
    void *context;
};

static void call_back(struct pl_observer *observer, parallel_future *future)
{
    struct callback callback = *(struct callback *)observer;
    free(observer);
    /* The callback is no part of the task that happens to end the future here: parallel_fail() must not reach it. */
    struct pl_scope *scope = parallel_scope_current;
    struct pl_chain_line line = pl_chain_line_leave();
    parallel_scope_current = NULL;
    pl_callback_depth++;
    callback.function(future, callback.context);
    pl_callback_depth--;
    pl_chain_line_return(line);
    parallel_scope_current = scope;
}

int parallel_future_on_done(parallel_future *future, void (*callback)(parallel_future *future, void *context),
                            void *context)
{
    if (future == NULL || callback == NULL)
        return pl_error_set(PARALLEL_EINVALID, 0, "parallel_future_on_done: %s is NULL",
                            future == NULL ? "the future" : "the callback");
    pl_future_settle(future);
    struct callback *fresh = malloc(sizeof *fresh);
    if (fresh == NULL)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "no memory for a callback");
    fresh->observer.notify = call_back;
    fresh->function = callback;
    fresh->context = context;
    pl_task_retain(&future->task); /* a late callback may release the caller's reference */
    pl_observer_add(future, &fresh->observer);
    pl_task_release(&future->task);
    return 0;
}

static void make_readable(struct pl_observer *observer, parallel_future *future)
{
    free(observer);
    int fd = pl_load_acquire(&future->fd) - 1; /* pairs with the swap that stored it, in any thread */
    uint64_t one = 1;
    ssize_t written;
    do
        written = write(fd, &one, sizeof one);
    while (written < 0 && errno == EINTR);
}

int parallel_future_fd(parallel_future *future)
{
    if (future == NULL) {
        pl_error_set(PARALLEL_EINVALID, 0, "parallel_future_fd: the future is NULL");
        return -1;
    }
    pl_future_settle(future);
    int32_t stored = pl_load_acquire(&future->fd); /* pairs with the swap below */
    if (stored != 0)
        return stored - 1;
    struct pl_observer *observer = malloc(sizeof *observer);
    if (observer == NULL) {
        pl_error_set(PARALLEL_ENOMEMORY, 0, "no memory for the descriptor of a future");
        return -1;
    }
    int saved_errno = errno;
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0) {
        pl_error_set(PARALLEL_ESYSTEM, errno, "no descriptor for a future");
        errno = saved_errno;
        free(observer);
        return -1;
    }
    if (!pl_cas_acq_rel(&future->fd, &stored, fd + 1)) { /* another thread was faster: use its descriptor */
        close(fd);
        free(observer);
        return stored - 1;
    }
    observer->notify = make_readable;
    pl_observer_add(future, observer);
    return fd;
}
