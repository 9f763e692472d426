/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The program's side of a loop in forked children: forks them, hands out chunks if each has a child of its own, waits, and
 * makes of what they have told, and of how they have ended, the result of the loop. It believes nothing that it reads in
 * shared memory without a look at the bounds, for a child may have written anywhere. */
#include "libparallel/tasks/forked_loop.h"

#include <dlfcn.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/error.h"
#include "libparallel/tasks/forked_loop_state.h"
#include "libparallel/tasks/plane.h"

enum {
    /* Pieces of a loop with a process for each, if no grain says how long they are: as many for each worker, so that the
     * last ones even out to an eighth of a worker's time. */
    PIECES_PER_WORKER = 8,
    /* Progress is drawn ten times a second (progress.h). */
    PROGRESS_PACE_NS = 100000000,
    /* How late children may hear that the task around the loop has been asked to stop: as late as those of processes. */
    CANCELLATION_PACE_NS = 20000000,
};

_Atomic uint64_t *pl_forked_loop_stop_word(const parallel_loop *loop)
{
    return &pl_forked_of(loop)->head->stop;
}

bool pl_forked_loop_is_cancelled(const parallel_loop *loop)
{
    return pl_load_relaxed(&pl_forked_of(loop)->head->is_cancelled) != 0; /* relaxed: a request, no data */
}

static void fail_at(struct pl_forked_loop *forked, uint64_t offset, const parallel_error *failure)
{
    pl_loop_fail_at(forked->loop, offset, pl_failure_copy(failure));
}

/* At the first unit that nobody has claimed; if all are claimed, nothing is amiss. */
static void fail_unclaimed(struct pl_forked_loop *forked, const parallel_error *failure)
{
    uint32_t next = pl_load_relaxed(&forked->head->next); /* a number */
    parallel_loop *loop = forked->loop;
    if (next < loop->shared.unit_count && pl_forked_offset_of_unit(loop, next) < pl_loop_stop(loop))
        fail_at(forked, pl_forked_offset_of_unit(loop, next), failure);
}

/* How far the child of a place has come. */
static void count_done(struct pl_forked_loop *forked, uint32_t k, uint64_t now_ns)
{
    struct pl_forked_place *place = &forked->places[k];
    uint64_t done = pl_load_relaxed(&forked->shared[k].done); /* a number to be shown */
    if (forked->is_counted)
        pl_progress_count(forked->loop->progress, &forked->progress, done - place->counted, now_ns);
    place->counted = done;
}

static void take_failure(struct pl_forked_loop *forked, struct pl_forked_loop_child *child)
{
    uint32_t told = pl_load_acquire(&child->failure); /* pairs with pl_forked_loop_tell_failure() */
    if (told != 1 && told != 2)
        return;
    parallel_error failure = child->failures[told - 1];
    failure.message[sizeof failure.message - 1] = '\0';
    if (failure.code == 0)
        failure.code = PARALLEL_EFAILED; /* overwritten by whatever the child wrote where */
    fail_at(forked, child->failed_at[told - 1], &failure);
}

/* The child of a place has ended. If it held something, the others need not go on above that; which words there are for
 * its end is known when it has been reaped. */
static void look_after(struct pl_forked_loop *forked, uint32_t k)
{
    struct pl_forked_loop_child *child = &forked->shared[k];
    struct pl_forked_place *place = &forked->places[k];
    uint32_t unit_count = forked->loop->shared.unit_count;
    place->is_broken = pl_load_acquire(&child->is_done) == 0; /* pairs with leave() */
    count_done(forked, k, pl_clock_now_ns());
    take_failure(forked, child);
    if (!place->is_broken) {
        place->is_taken = false;
        return;
    }
    uint64_t claim = pl_load_relaxed(&child->claim); /* of a process that has ended */
    place->held = (struct pl_claim){(uint32_t)(claim >> 32), (uint32_t)claim};
    if (place->held.first >= place->held.last || place->held.last > unit_count)
        place->held = (struct pl_claim){0, 0};
    else
        pl_loop_stop_at(forked->loop, pl_forked_offset_of_unit(forked->loop, place->held.first));
}

/* Gives place k something to do, if there is something: then a child is to be forked for it. */
static bool is_due(struct pl_forked_loop *forked, uint32_t k)
{
    struct pl_forked_place *place = &forked->places[k];
    struct pl_forked_loop_child *child = &forked->shared[k];
    parallel_loop *loop = forked->loop;
    struct pl_claim claim = {0, 0};
    uint32_t next = pl_load_relaxed(&forked->head->next); /* a number */
    if (place->is_taken || (forked->piece == 0 && place->is_used) || next >= loop->shared.unit_count ||
        pl_forked_offset_of_unit(loop, next) >= pl_loop_stop(loop))
        return false;
    if (forked->piece != 0) {
        uint32_t rest = loop->shared.unit_count - next;
        claim = (struct pl_claim){next, next + (forked->piece < rest ? forked->piece : rest)};
        pl_store_relaxed(&forked->head->next, claim.last); /* the program alone claims */
    }
    place->is_used = place->is_taken = true;
    place->is_late = false;
    place->counted = 0;
    /* Relaxed: the fork publishes it. */
    pl_store_relaxed(&child->claim, claim.last > 0 ? pl_forked_pack(claim) : 0);
    pl_store_relaxed(&child->since_ns, pl_clock_now_ns());
    pl_store_relaxed(&child->done, 0);
    pl_store_relaxed(&child->is_done, 0);
    pl_store_relaxed(&child->failure, 0);
    return true;
}

static bool find_due(struct pl_forked_loop *forked)
{
    uint32_t first = 0;
    while (first < forked->count && !is_due(forked, first))
        first++;
    uint32_t last = first < forked->count ? first + 1 : first;
    while (last < forked->count && is_due(forked, last))
        last++;
    forked->due_first = first;
    forked->due_last = last;
    return first < last;
}

/* Of the places that were due: those for which there was no process. */
static void look_for_unborn(struct pl_forked_loop *forked)
{
    for (uint32_t k = forked->due_first; k < forked->due_last; k++) {
        parallel_error failure;
        if (forked->children->children[k].fork_errno == 0)
            continue;
        pl_error_fill(&failure, PARALLEL_EWORKER, forked->children->children[k].fork_errno,
                      "process %u of %u could not be forked", k + 1, forked->count);
        uint64_t claim = pl_load_relaxed(&forked->shared[k].claim); /* nobody has it */
        if (forked->piece != 0)
            fail_at(forked, pl_forked_offset_of_unit(forked->loop, (uint32_t)(claim >> 32)), &failure);
        else
            fail_unclaimed(forked, &failure);
    }
    forked->due_first = forked->due_last = 0;
}

/* Children have a copy of the task that the loop is in, which nobody asks to stop. */
static uint64_t tell_of_cancellation(struct pl_forked_loop *forked, uint64_t now_ns)
{
    if (parallel_scope_current == NULL || pl_load_relaxed(&forked->head->is_cancelled) != 0) /* relaxed: written here */
        return PARALLEL_NEVER;
    if (!pl_scope_is_cancelled(parallel_scope_current))
        return now_ns + CANCELLATION_PACE_NS;
    pl_store_relaxed(&forked->head->is_cancelled, 1); /* relaxed: a request, no data */
    return PARALLEL_NEVER;
}

/* When somebody's time is up, or there is something to be shown or told. Whoever is late is killed. */
static uint64_t next_look(struct pl_forked_loop *forked)
{
    uint64_t now_ns = pl_clock_now_ns();
    uint64_t deadline_ns = tell_of_cancellation(forked, now_ns);
    if (forked->is_counted && now_ns + PROGRESS_PACE_NS < deadline_ns)
        deadline_ns = now_ns + PROGRESS_PACE_NS;
    for (uint32_t k = 0; k < forked->count; k++) {
        struct pl_forked_place *place = &forked->places[k];
        if (forked->children->children[k].pidfd < 0)
            continue;
        if (forked->is_counted)
            count_done(forked, k, now_ns);
        if (forked->terms.timeout_ns == 0 || place->is_late)
            continue;
        uint64_t since_ns = pl_load_relaxed(&forked->shared[k].since_ns); /* a number */
        uint64_t end_ns = (since_ns < now_ns ? since_ns : now_ns) + forked->terms.timeout_ns;
        if (end_ns <= now_ns) {
            place->is_late = true;
            pl_forked_children_kill(forked->children, k);
        } else if (end_ns < deadline_ns) {
            deadline_ns = end_ns;
        }
    }
    return deadline_ns;
}

/* Goes on until children are to be forked (true), or all have ended. */
static bool supervise(struct pl_forked_loop *forked)
{
    struct pl_forked_children *children = forked->children;
    look_for_unborn(forked);
    while (!find_due(forked)) {
        if (children->living == 0)
            return false;
        pl_forked_children_wait(children, next_look(forked));
        for (uint32_t k = 0; k < forked->count; k++) {
            if (!children->children[k].has_ended)
                continue;
            children->children[k].has_ended = false;
            look_after(forked, k);
        }
    }
    return true;
}

enum { RANGE_SIZE = 64, ITERATIONS_SIZE = 2 * RANGE_SIZE + 16 };

/* "iterations 3 to 5", or "iteration 3", for a `noun` of "iteration" and the kind of a loop or of a plane. */
static void print_range(char text[RANGE_SIZE], const char *noun, int kind, uint64_t first, uint64_t last)
{
    char from[PL_LOOP_VALUE_SIZE], to[PL_LOOP_VALUE_SIZE];
    pl_loop_print_value(from, kind, first);
    pl_loop_print_value(to, kind, last);
    if (first == last)
        snprintf(text, RANGE_SIZE, "%s %s", noun, from);
    else
        snprintf(text, RANGE_SIZE, "%ss %s to %s", noun, from, to);
}

/* Tiles of several bands fill no rectangle; then the one around them is told. */
static void print_tiles(const parallel_loop *loop, struct pl_claim claim, char text[ITERATIONS_SIZE])
{
    const parallel_plane *plane = &loop->plane;
    parallel_tile first, last;
    char rows[RANGE_SIZE], columns[RANGE_SIZE];
    pl_plane_locate(loop, claim.first, &first);
    pl_plane_locate(loop, claim.last - 1, &last);
    bool is_one_band = first.row_first == last.row_first;
    if (!is_one_band) {
        first.column_first = plane->begin;
        last.column_last = plane->begin + plane->columns;
    }
    print_range(rows, "row", loop->kind, first.row_first, last.row_last - 1);
    print_range(columns, "column", plane->kind, first.column_first, last.column_last - 1);
    snprintf(text, ITERATIONS_SIZE, is_one_band ? "%s, %s" : "within %s, %s", rows, columns);
}

static void print_iterations(const parallel_loop *loop, struct pl_claim claim, char text[ITERATIONS_SIZE])
{
    if (loop->kind & PARALLEL_LOOP_TILES) {
        print_tiles(loop, claim, text);
        return;
    }
    uint64_t first = pl_forked_offset_of_unit(loop, claim.first);
    uint64_t last = claim.last == loop->shared.unit_count ? loop->shared.count : claim.last * loop->shared.unit;
    print_range(text, "iteration", loop->kind, parallel_loop_value(loop, first), parallel_loop_value(loop, last - 1));
}

/* Why the child of place k has come to grief. */
static void describe(const struct pl_forked_loop *forked, uint32_t k, parallel_error *error)
{
    const struct pl_forked_place *place = &forked->places[k];
    const struct pl_forked_loop_child *child = &forked->shared[k];
    const struct pl_process_end *end = &forked->children->children[k].end;
    char iterations[ITERATIONS_SIZE] = "before its first iteration";
    parallel_failure failure;
    pl_process_end_describe(end, &child->crash, (int)k, "process", &failure);
    if (place->held.last > 0)
        print_iterations(forked->loop, place->held, iterations);
    if (child->initializer_code != 0)
        pl_error_fill(error, PARALLEL_EINITIALIZER, 0, "the initializer of process %d returned %d", (int)end->pid,
                      child->initializer_code);
    else if (place->is_late && (failure.signal == SIGKILL || !end->is_status_known))
        pl_error_fill(error, PARALLEL_ETIMELIMIT, 0, "%s: ran for longer than %g s; process %d was killed", iterations,
                      (double)forked->terms.timeout_ns * 1e-9, (int)end->pid);
    else
        pl_error_fill(error, failure.code, failure.system_errno, "%s: %s", iterations, failure.message);
}

/* All have ended and been reaped. */
static void judge(struct pl_forked_loop *forked)
{
    parallel_error failure = {.code = 0};
    for (uint32_t k = 0; k < forked->count; k++) {
        if (!forked->places[k].is_broken)
            continue;
        describe(forked, k, &failure);
        if (forked->places[k].held.last > 0)
            fail_at(forked, pl_forked_offset_of_unit(forked->loop, forked->places[k].held.first), &failure);
    }
    /* Somebody who held nothing, and whose work nobody has done. */
    if (failure.code != 0)
        fail_unclaimed(forked, &failure);
}

static void finish(struct pl_forked_loop *forked)
{
    pl_forked_children_end(forked->children, forked->terms.timeout_ns);
    judge(forked);
    if (forked->is_counted)
        pl_progress_publish(forked->loop->progress, &forked->progress, pl_clock_now_ns());
    forked->loop->shared.worker_count = 0; /* the region finds nothing to do */
}

/* Returns once in the program, and once in each child, where it is as if no sibling had ever been. Nothing instrumented is
 * on the stack between here and the fork. */
PL_UNINSTRUMENTED static bool fork_and_wait(struct pl_forked_loop *forked)
{
    if (PL_FORKED_CHILDREN_START(forked->children) != 0)
        return true;
    while (supervise(forked))
        pl_forked_children_fork(forked->children, forked->due_first, forked->due_last, forked->terms.timeout_ns);
    return false;
}

int pl_forked_loop_run(parallel_loop *loop)
{
    struct pl_forked_loop *forked = pl_forked_of(loop);
    int saved_errno = errno;
    forked->is_counted = (loop->shared.flags & PL_LOOP_IS_SHOWN) != 0;
    pl_crash_prepare();
    pl_process_end_prepare();
    int code = pl_forked_children_create(forked->count, &forked->children);
    if (code != 0)
        return code;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &forked->cancel_state);
    if (fork_and_wait(forked)) {
        pl_forked_loop_begin_child(forked);
    } else {
        finish(forked);
        pthread_setcancelstate(forked->cancel_state, NULL);
    }
    errno = saved_errno;
    return 0;
}

/* A function of whichever OpenMP runtime is there, or NULL. */
static void find_openmp(const char *name, void *function, size_t size)
{
    void *found = dlsym(RTLD_DEFAULT, name);
    memcpy(function, &found, size);
}

/* A child that is forked inside a region could enter no other. */
static bool is_inside_region(const parallel_loop *loop)
{
    /* It also counts regions of one thread, and those of code that was compiled otherwise than the loop. */
    int (*level)(void);
    find_openmp("omp_get_level", &level, sizeof level);
    return (level != NULL && level() > 0) ||
           ((loop->kind & PARALLEL_LOOP_OPENMP) != 0 && (loop->kind & PARALLEL_LOOP_ALONE) != 0);
}

/* LLVM's runtime numbers its threads anew in a child, where the forking one becomes 0; but a compiler asks for the number
 * when the function with the loop begins, which is before the fork. With another one the region would crash. */
static bool has_lasting_number(const parallel_loop *loop)
{
    int (*number)(void *);
    find_openmp("__kmpc_global_thread_num", &number, sizeof number);
    return (loop->kind & PARALLEL_LOOP_OPENMP) == 0 || number == NULL || number(NULL) == 0;
}

bool pl_forked_loop_is_wanted(const parallel_loop *loop)
{
    const struct parallel_executor *executor = loop->options.executor;
    return executor->kind->child_terms != NULL && !(loop->kind & PARALLEL_LOOP_SERIAL);
}

static void *map_shared(size_t size)
{
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? NULL : memory;
}

int pl_forked_loop_prepare(parallel_loop *loop, uint32_t workers)
{
    struct parallel_executor *executor = loop->options.executor;
    if (is_inside_region(loop))
        return pl_error_set(PARALLEL_EMISUSE, 0,
                            ".executor: a loop whose workers are processes (%s) was opened inside an OpenMP region: no "
                            "process that is forked there can enter another one",
                            executor->kind->name);
    if (!has_lasting_number(loop))
        return pl_error_set(PARALLEL_EMISUSE, 0,
                            ".executor: a loop whose workers are processes (%s) was opened in another thread than LLVM's OpenMP "
                            "runtime began with: the children could not run its body (compile it without OpenMP)",
                            executor->kind->name);
    struct pl_forked_loop *forked = calloc(1, sizeof *forked + workers * sizeof forked->places[0]);
    struct pl_place *homes = calloc(workers, sizeof *homes);
    size_t size = sizeof(struct pl_forked_head) + workers * sizeof(struct pl_forked_loop_child);
    struct pl_forked_head *head = forked != NULL && homes != NULL ? map_shared(size) : NULL;
    if (head == NULL) {
        free(homes);
        free(forked);
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "loop: no memory for %" PRIu32 " processes", workers);
    }
    executor->kind->child_terms(executor, &forked->terms, homes, workers);
    for (uint32_t k = 0; k < workers; k++)
        forked->places[k].home = homes[k];
    free(homes);
    forked->loop = loop;
    forked->head = head;
    forked->shared = (struct pl_forked_loop_child *)(head + 1);
    forked->shared_size = size;
    forked->count = workers;
    pl_store_relaxed(&head->stop, UINT64_MAX); /* nobody else is there yet */
    if (loop->options.fork == PARALLEL_FORK_PER_CHUNK)
        forked->piece = loop->options.grain != 0 ? 1 : (loop->shared.unit_count - 1) / (PIECES_PER_WORKER * workers) + 1;
    find_openmp("omp_set_max_active_levels", &forked->limit_openmp, sizeof forked->limit_openmp);
    loop->forked = forked;
    loop->timed_ns = 0;
    loop->timed_iterations = 0;
    return 0;
}

unsigned char *pl_forked_loop_lend_records(parallel_loop *loop, size_t size)
{
    struct pl_forked_loop *forked = pl_forked_of(loop);
    forked->records = map_shared(size);
    forked->records_size = size;
    return forked->records;
}

void pl_forked_loop_release(parallel_loop *loop)
{
    struct pl_forked_loop *forked = pl_forked_of(loop);
    pl_forked_children_destroy(forked->children);
    if (forked->records != NULL)
        munmap(forked->records, forked->records_size);
    munmap(forked->head, forked->shared_size);
    free(forked);
}
