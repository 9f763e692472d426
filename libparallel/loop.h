/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Inline loops: what PARALLEL_FOR and its relatives (macros/parallel_for.h, macros/parallel_reduce.h) call. A program
 * uses the macros, and of this header the options:
 *
 *     parallel_error failure;
 *     int64_t where;
 *     PARALLEL_FOR(i, 0, n, .grain = 64, .status = &failure, .stopped_at = &where)
 *         ...
 *
 * An inline loop moves between one thread and the threads of an OpenMP team. It uses one thread if it is nested in
 * another loop, a task or an OpenMP region, if the setting PARALLEL_EXECUTOR is serial, if the program was built without
 * OpenMP flags or with -DPARALLEL_SERIAL, and if it is so short that starting a team would cost more than it
 * gains. What it computes is the same each time.
 *
 * An inline loop whose .executor has processes for workers (`processes` or `fork`) forks children here and now, as many as
 * that executor has workers, and they run its chunks: also without OpenMP flags, but not with -DPARALLEL_SERIAL. After
 * python-parallelize.
 * - A child sees the program's memory as it is when the loop begins. What it writes is lost, but for what lies in shared
 *   memory (shared.h), files and the like. A reduction's variables, `break`, .stopped_at, parallel_fail() and .status work as
 *   ever, and a reduction has the same bits.
 * - A child leaves the loop by its end only: it never comes to the code behind the loop. `return` and `goto` out of the body,
 *   which compile without OpenMP flags, fail the loop with PARALLEL_EABANDONED.
 * - A child that dies while it holds iterations fails the loop: PARALLEL_ECRASHED, with these iterations and how it died, at
 *   their first index. timeout= of the executor is what one chunk may take, else PARALLEL_ETIMELIMIT; memory= is
 *   for what a child allocates; the initializer runs first in each child (PARALLEL_EINITIALIZER), at the place of a worker.
 * - Children have the calling thread only, one thread for OpenMP regions, and no executors but serial ones (those of the
 *   program are PARALLEL_EFORKED). The program's wait() does not see them (on x86-64), they end with the calling thread, and
 *   ignore SIGINT, SIGQUIT and SIGHUP, on which the program decides.
 * - It cannot begin inside an OpenMP region, nor, compiled with OpenMP for LLVM's runtime, in any thread but the first that this
 *   has met, tasks of other threads included: PARALLEL_EMISUSE. If no process can be had: PARALLEL_EWORKER.
 * - .inline_below does not count, for memory that is one's own would be seen otherwise. */
#ifndef LIBPARALLEL_LOOP_H
#define LIBPARALLEL_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <libparallel/compiler.h>
#include <libparallel/error.h>
#include <libparallel/executor.h>
#include <libparallel/scope.h>

PARALLEL_BEGIN_C

/* Which processes an inline loop forks whose .executor has processes for workers. */
enum parallel_loop_fork {
    PARALLEL_FORK_PER_WORKER = 0, /* one for each worker, which takes chunk after chunk */
    PARALLEL_FORK_PER_CHUNK = 1,  /* one for each chunk: .grain iterations, else an eighth of a worker's share */
};

/* Options of a loop; each is 0 or NULL unless the loop says otherwise. What they point to is borrowed until the loop has
 * ended. */
typedef struct parallel_loop_options {
    /* Most workers that take part. 0: as many as there are cores that are ours. More than that is allowed, and gets
     * that many threads. Naming a number also says that the loop is worth a team, however short it is. */
    size_t workers;

    /* Iterations in a chunk. 0: chunks are sized by the time they take, some tens of microseconds. Else chunks begin at
     * multiples of `grain` from the loop's begin and have `grain` iterations, the last one what is left. In
     * PARALLEL_REDUCE it is the length of the pieces that are summed up each by itself, so another grain may give other
     * bits. Naming it also says that the loop is worth a team. */
    size_t grain;

    /* With fewer iterations than this the loop runs in the caller alone. */
    size_t inline_below;

    /* Where the loop runs: `serial` in the caller, `threads` with as many workers as that executor has (inline loops on as
     * many threads of the caller's OpenMP team, named loops on its workers). NULL: inline loops as above, named loops
     * on the executor of the task that they are called in, else on the default one. `processes` and `fork`: named loops
     * on its workers, inline ones in processes of their own, see below. */
    parallel_executor *executor;

    /* Inline loops on `processes` and `fork`: which children they have. */
    enum parallel_loop_fork fork;

    /* What messages and the progress bar call this loop, beside its file and line. */
    const char *label;

    /* Shows on stderr how much of the loop is done, how fast it goes and when it will end: a bar on a terminal, else a line
     * now and then and one at the end, through the reporter (error.h). The setting PARALLEL_PROGRESS says which, or
     * `off`; PARALLEL_QUIET=1 silences it too. It counts iterations from the chunks that are done, so it costs a loop
     * next to nothing, and one without it nothing. The loop is never thought too short for a clock. Where
     * workers are processes, it moves on when one of the calls ends that a named loop becomes. */
    bool progress;

    /* Receives the loop's failure, or code 0. Without it a failed loop writes one line and ends the program. */
    parallel_error *status;

    /* Receives the value of the loop variable at which the loop was stopped, by `break` or by a failure; the lowest, if
     * there are several. If it was not stopped: the value that the variable has after the serial loop. Unchanged if the
     * loop could not begin. PARALLEL_FOR_2D writes two numbers, and they say which iteration is meant by `lowest`: that
     * with the lowest i, and of these the one with the lowest j. */
    int64_t *stopped_at;
} parallel_loop_options;

/* What follows belongs to the macros; members are private to the library. An iteration has an offset, counted from 0,
 * and a position: `base` plus its offset, which without PARALLEL_LOOP_STEPS is the value of the loop variable. */

/* The part of a loop that all threads read: one cache line, written while they run only by an iteration that stops. */
struct parallel_loop_shared {
    uint64_t stop;  /* lowest offset at which an iteration stopped; UINT64_MAX: none */
    uint64_t base;  /* position of offset 0 */
    uint64_t count; /* iterations */
    uint64_t unit;  /* iterations in a unit; claims are in units */
    void *slots;    /* one for each worker: its share of the units; NULL: shares are dealt out by number */
    void *records;  /* PARALLEL_REDUCE: its variables before the loop, then after each unit */
    uint32_t unit_count;
    uint32_t worker_count;
    uint32_t record_size;
    uint8_t epoch;
    uint8_t grain_shift; /* the first chunks have 2^grain_shift units */
    uint16_t flags;
};

/* Most variables and options of one PARALLEL_REDUCE. */
#define PARALLEL_REDUCE_LIMIT 17

/* PARALLEL_FOR_2D: the second variable's bounds, and how the plane is cut into tiles, which are numbered row by row. */
typedef struct parallel_plane {
    uint64_t begin;
    uint64_t end;
    uint64_t rows; /* values of the first variable, and of the second: */
    uint64_t columns;
    uint64_t tile_rows; /* in a tile; fewer in the last ones */
    uint64_t tile_columns;
    uint64_t tiles_across;
    int kind; /* as of a loop over the second variable */
} parallel_plane;

/* One tile: values of both variables, from first to last - 1. */
typedef struct parallel_tile {
    uint64_t row_first;
    uint64_t row_last;
    uint64_t column_first;
    uint64_t column_last;
    uint64_t stop_row; /* where `break` left the body */
    uint64_t stop_column;
    int is_stopped;
} parallel_tile;

/* One loop, in the frame of its caller, who alone touches what is not in `shared`. */
typedef struct parallel_loop {
    struct parallel_loop_shared shared;
    char apart[64]; /* what follows is the caller's own: lines come in pairs */
    uint64_t dealt; /* | iterations 32 | workers 32 | if a thread needs no more than this and `base`; else 0 */
    int threads; /* of the parallel region */
    int kind;    /* PARALLEL_LOOP_... */
    int is_open;
    int line;
    const char *file;
    uint64_t begin; /* the bounds' values, sign-extended if they are signed */
    uint64_t end;
    uint64_t step;
    parallel_loop_options options;
    parallel_plane plane; /* with PARALLEL_LOOP_TILES */
    void *team;
    void *site;
    void *progress; /* struct pl_progress, if shared.flags say so */
    void *forked;   /* struct forked_loop, if shared.flags say so */
    const parallel_error *failure; /* of the lowest failing iteration so far, which is this one: */
    uint64_t failed_at;
    uint64_t timed_ns; /* what the caller's own chunks took, and had */
    uint64_t timed_iterations;
    unsigned char *record; /* PARALLEL_REDUCE: the one that is being combined */
    unsigned char *last_record;
    int region_is_due;
    uint32_t record_offset[PARALLEL_REDUCE_LIMIT]; /* of each variable */
} __attribute__((aligned(128))) parallel_loop;

/* The scope of one thread's share of a loop: struct pl_scope, and where it belongs. */
struct parallel_chunk_scope {
    struct pl_scope *outer;
    const parallel_error *failure;
    bool (*is_cancelled)(const struct pl_scope *scope);
    parallel_loop *loop;
    const struct parallel_chunk *chunk;
};

/* What one thread of a loop has claimed. */
typedef struct parallel_chunk {
    uint64_t first;        /* positions first to last - 1 are to be run now */
    unsigned char *record; /* PARALLEL_REDUCE: of this unit; here, lest compilers write first and last as one vector */
    uint64_t last;
    uint64_t at;         /* where the body was left: `last`, or less after `break` */
    uint64_t claim_last; /* the claim goes on to here, piece by piece; in PARALLEL_REDUCE unit by unit */
    uint32_t thread;
    uint32_t threads; /* of the region; thread 0 alone knows them */
    int unfinished;
    uint32_t claimed;  /* units of the current claim */
    uint64_t claim_first;
    uint64_t clock_ns; /* when the current claim began */
    uint64_t base;  /* of the loop, if `dealt` is not 0 */
    uint64_t dealt; /* the loop's */
    uint32_t grain;
    uint32_t is_joined;
    uint32_t next_share; /* where shares are dealt out: the next one that is this thread's; or the next unit */
    uint64_t progress[2]; /* struct pl_progress_part */
    struct parallel_chunk_scope scope; /* once the thread has joined */
    uint32_t is_whole;                 /* this is all that the thread has to do */
    parallel_tile tile; /* with PARALLEL_LOOP_TILES */
} parallel_chunk;

enum {
    PARALLEL_LOOP_SIGNED = 1 << 0,         /* the loop variable is of a signed type */
    PARALLEL_LOOP_BEGIN_SIGNED = 1 << 1,   /* the expression for the bound is */
    PARALLEL_LOOP_END_SIGNED = 1 << 2,
    PARALLEL_LOOP_ALONE = 1 << 3,          /* no OpenMP, or inside a region: one thread */
    PARALLEL_LOOP_REDUCES = 1 << 4,
    PARALLEL_LOOP_STEPS = 1 << 5,          /* a step other than 1 may have been given; positions are offsets */
    PARALLEL_LOOP_STEP_SIGNED = 1 << 6,    /* the expression for the step is */
    PARALLEL_LOOP_TILES = 1 << 7,          /* two variables: positions are tiles, offsets are row by row */
    PARALLEL_LOOP_OWN_SHARES = 1 << 8,     /* each worker runs its own share, and no other's */
    PARALLEL_LOOP_OPENMP = 1 << 9,         /* compiled with OpenMP */
    PARALLEL_LOOP_SERIAL = 1 << 10,        /* compiled with -DPARALLEL_SERIAL */
};

/* Begins a loop: bounds of any type up to 64 bits, converted as they are. Only what open() reads is written, and in its
 * place: the struct is too long to be copied at every loop. */
static inline void parallel_loop_init(parallel_loop *loop, int kind, uint64_t begin, uint64_t end, const char *file,
                                      int line)
{
    loop->is_open = 0;
    loop->kind = kind;
    loop->line = line;
    loop->file = file;
    loop->begin = begin;
    loop->end = end;
    loop->step = 1;
    __builtin_memset(&loop->options, 0, sizeof loop->options);
    loop->team = NULL;
    loop->failure = NULL;
    loop->record = NULL;
    loop->shared.records = NULL;
    loop->shared.record_size = 0;
}

/* A word of the loop that the opener has just written. The compiler may not load it together with its neighbours: a load
 * that is wider than the stores before it waits until they have left the store buffer, some 10 ns here. */
static inline uint64_t parallel_loop_word(const uint64_t *word)
{
    uint64_t value = *word;
    __asm__("" : "+r"(value));
    return value;
}

/* `dealt` and `base` come by value, with the captures of the region: the loop's own lines are in the opener's cache. */
static inline void parallel_chunk_init(parallel_chunk *chunk, int thread, uint64_t dealt, uint64_t base)
{
    chunk->is_joined = 0;
    chunk->unfinished = 0;
    chunk->thread = (uint32_t)thread;
    chunk->dealt = parallel_loop_word(&dealt);
    chunk->base = parallel_loop_word(&base);
}

/* With PARALLEL_LOOP_STEPS. */
static inline void parallel_loop_set_step(parallel_loop *loop, uint64_t step)
{
    loop->step = step;
}

static inline uint64_t parallel_loop_step(const parallel_loop *loop)
{
    return loop->step;
}

/* The value of the loop variable at an offset, modulo 2^64. */
static inline uint64_t parallel_loop_value(const parallel_loop *loop, uint64_t offset)
{
    return loop->begin + offset * loop->step;
}

/* With PARALLEL_LOOP_TILES: the second variable's bounds. */
static inline void parallel_loop_set_plane(parallel_loop *loop, int kind, uint64_t begin, uint64_t end)
{
    loop->plane.kind = kind;
    loop->plane.begin = begin;
    loop->plane.end = end;
}

/* After each row of a tile: the next row; after `break` the tile's end, and where it was left is kept. */
static inline uint64_t parallel_tile_left(parallel_chunk *chunk, uint64_t row, uint64_t column)
{
    if (column != chunk->tile.column_last) {
        chunk->tile.stop_row = row;
        chunk->tile.stop_column = column;
        chunk->tile.is_stopped = 1;
        return chunk->tile.row_last;
    }
    return row + 1;
}

static inline uint64_t parallel_tile_at(const parallel_chunk *chunk)
{
    return chunk->tile.is_stopped ? chunk->first : chunk->last;
}

/* As parallel_loop_next(), a tile at a time. */
PARALLEL_API void parallel_plane_next(parallel_loop *loop, parallel_chunk *chunk);

/* Kind and options as one number, which the compiler mostly makes a constant of: loops at one place in the source with the same
 * number and bounds can be opened alike. 0: there is an option that does not fit in. */
static inline uint64_t parallel_loop_wishes(const parallel_loop *loop)
{
    const parallel_loop_options *options = &loop->options;
    if (options->executor != NULL || options->progress || options->grain > 1 || options->workers >> 16 != 0 ||
        options->inline_below >> 31 != 0)
        return 0;
    return (uint64_t)options->grain << 63 | (uint64_t)options->inline_below << 32 | (uint64_t)options->workers << 16 |
           (uint64_t)loop->kind;
}

/* Chooses workers and opens the loop: it is_open if the region is to run; not if there is nothing to do, or it cannot begin. */
PARALLEL_API void parallel_loop_open(parallel_loop *loop, uint64_t wishes);

/* Closes the loop and hands over its result. */
PARALLEL_API void parallel_loop_close(parallel_loop *loop);

/* The next chunk for the calling thread of the region, which is `unfinished`; not if it has nothing more to do here. */
PARALLEL_API void parallel_loop_next(parallel_loop *loop, parallel_chunk *chunk);

/* Asks the loop and the scopes around it. */
PARALLEL_API bool parallel_chunk_is_cancelled(const struct pl_scope *scope);

/* Where share k of that many workers begins, and the one before it ends. */
static inline uint64_t parallel_loop_share(uint64_t units, uint64_t workers, uint64_t k)
{
    return workers == 2 ? units * k / 2 : units * k / workers; /* small teams are spared the division */
}

/* The share of a thread that has to run this share of a short loop and nothing else, without a call, from what the thread was
 * given by value: it touches the loop only if the body stops or fails. A share above the stop of another thread is run in
 * vain, which is allowed, and no longer than a short loop. */
static inline void parallel_chunk_take_whole(parallel_loop *loop, parallel_chunk *chunk)
{
    uint64_t units = chunk->dealt >> 32, workers = (uint32_t)chunk->dealt, k = chunk->thread;
    if (k >= workers)
        return;
    chunk->first = chunk->base + parallel_loop_share(units, workers, k);
    chunk->last = chunk->base + parallel_loop_share(units, workers, k + 1);
    chunk->claim_first = chunk->first;
    chunk->unfinished = 1;
    chunk->next_share = UINT32_MAX;
    chunk->scope.outer = parallel_scope_current;
    chunk->scope.failure = NULL;
    chunk->scope.is_cancelled = parallel_chunk_is_cancelled;
    chunk->scope.loop = loop;
    chunk->scope.chunk = chunk;
    struct pl_scope *scope = (struct pl_scope *)&chunk->scope;
    __asm__("" : "+r"(scope)); /* gcc cannot see who takes it back, and would warn that it stays behind */
    parallel_scope_current = scope;
    chunk->is_joined = 1;
    chunk->is_whole = 1;
}

/* The first chunk for the calling thread. Thread 0 also runs those of threads that the runtime has not started, and may have
 * to measure. */
static inline void parallel_loop_first(parallel_loop *loop, parallel_chunk *chunk)
{
    if (chunk->dealt != 0 &&
        (chunk->thread != 0 || (chunk->threads >= (uint32_t)chunk->dealt && loop->shared.flags == 0))) {
        parallel_chunk_take_whole(loop, chunk);
    } else {
        chunk->is_whole = 0;
        parallel_loop_next(loop, chunk);
    }
}

/* The next one, without a call where the thread has run its only share to the end. */
static inline void parallel_loop_go_on(parallel_loop *loop, parallel_chunk *chunk)
{
    if (!chunk->is_whole || chunk->at != chunk->last || chunk->scope.failure != NULL) {
        parallel_loop_next(loop, chunk);
    } else {
        parallel_scope_current = chunk->scope.outer;
        chunk->is_joined = 0;
    }
}

/* Closes a loop, without a call where nothing has happened that anybody wants to know. */
static inline void parallel_loop_finish(parallel_loop *loop)
{
    if (loop->dealt == 0 || loop->shared.flags != 0 || loop->shared.stop != UINT64_MAX || loop->options.status != NULL ||
        loop->options.stopped_at != NULL)
        parallel_loop_close(loop);
    else
        loop->is_open = 0;
}

/* For a return, goto or C++ exception out of the body, which can only be without OpenMP flags. */
PARALLEL_API void parallel_loop_abandon(parallel_loop *loop);
PARALLEL_API void parallel_chunk_abandon(parallel_chunk *chunk);

/* For the cleanup attribute. */
static inline void parallel_loop_cleanup(parallel_loop *loop)
{
    if (loop->is_open)
        parallel_loop_abandon(loop);
}

static inline void parallel_chunk_cleanup(parallel_chunk *chunk)
{
    if (chunk->is_joined)
        parallel_chunk_abandon(chunk);
}

PARALLEL_END_C

#endif
