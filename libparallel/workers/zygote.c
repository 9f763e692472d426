/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The program's side of the zygote: its birth, the board, and looking after it. */
#include "libparallel/workers/zygote.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <libparallel/shared.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/error.h"
#include "libparallel/memory/slab.h"
#include "libparallel/workers/pidfd.h"
#include "libparallel/workers/second_run.h"
#include "libparallel/workers/thread_count.h"
#include "libparallel/workers/zygote_process.h"

/* A zygote is in charge a few hundred microseconds after its fork; ten seconds are a machine that does not run. */
#define BIRTH_NS UINT64_C(10000000000)

/* A standby is in charge within milliseconds; it waits for the orphans of its predecessor first, for two seconds each in
 * the worst case. */
#define SUCCESSION_NS UINT64_C(5000000000)

/* A zygote that has been told to end does so at once, unless somebody has stopped it. */
enum { END_MS = 1000 };

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* ---- Talking and looking after ---- */

void pl_zygote_poke(struct pl_zygote *zygote)
{
    int saved_errno = errno;
    /* It fails if the zygote is gone, and then the successor looks at the orders anyway. */
    (void)syscall(SYS_pidfd_send_signal, zygote->pidfd, SIGUSR1, NULL, 0);
    errno = saved_errno;
}

/* Opens its pidfd. What it should have been told meanwhile, it looks for now. False: it is dead. */
static bool watch_one_in_charge(struct pl_zygote *zygote)
{
    zygote->pidfd = pl_pidfd_open(pl_load_relaxed(&zygote->board->pid)); /* relaxed: published by the epoch */
    if (zygote->pidfd < 0)
        return errno != ESRCH; /* there is no descriptor to be had, and it may live: the next look tries again */
    pl_zygote_poke(zygote);
    return true;
}

/* Whether there is a new one in charge. */
static bool adopt_successor(struct pl_zygote *zygote)
{
    uint32_t epoch = pl_load_seq_cst(&zygote->board->epoch); /* publishes the pid; partner: take_charge() */
    if (epoch == zygote->epoch)
        return false;
    close_if_open(zygote->pidfd);
    zygote->epoch = epoch;
    zygote->lost_ns = 0;
    (void)watch_one_in_charge(zygote); /* if it has died already the next look tells */
    return true;
}

static bool is_one_in_charge_dead(struct pl_zygote *zygote)
{
    struct pollfd wait = {.fd = zygote->pidfd, .events = POLLIN};
    bool is_told = poll(&wait, 1, 0) > 0; /* nothing is told of a negative one */
    /* The program has closed it, and the number may be another file's by the next look. */
    bool is_closed = is_told && (wait.revents & POLLNVAL) != 0;
    return zygote->pidfd < 0 || is_closed ? !watch_one_in_charge(zygote) : is_told;
}

bool pl_zygote_check(struct pl_zygote *zygote)
{
    struct pl_zygote_board *board = zygote->board;
    uint32_t question = pl_load_seq_cst(&board->is_calling); /* partner: is_program_itself() */
    if (question != pl_load_relaxed(&board->answer)) /* relaxed: written by this process */
        pl_store_release(&board->answer, question);
    if (adopt_successor(zygote))
        return true;
    if (!is_one_in_charge_dead(zygote)) {
        zygote->lost_ns = 0;
        return true;
    }
    uint64_t now_ns = pl_clock_now_ns();
    if (zygote->lost_ns == 0)
        zygote->lost_ns = now_ns;
    return now_ns - zygote->lost_ns < SUCCESSION_NS;
}

/* ---- Birth and end ---- */

/* What a burst of futures has left would be in the page tables of the zygote, and be copied for each worker: 0.6 ms for
 * 50 MiB. */
static void give_back_records(void)
{
    size_t position = 0;
    while (pl_slab_trim(&position))
        continue;
}

/* Forks a child that forks the zygote and ends, so that the zygote is not the program's child. */
static int fork_zygote(struct pl_zygote_board *board, int program, int lifeline_read, int lifeline_write)
{
    give_back_records();
    fflush(NULL); /* what lies in buffers must not be written by every worker that calls exit() */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* no handler of the program's runs in the zygote */
    pid_t child = fork();
    if (child == 0) {
        pid_t grandchild = fork();
        if (grandchild == 0) {
            close(lifeline_write);
            pl_zygote_live(board, program, lifeline_read);
        }
        _exit(grandchild < 0 ? 1 : 0);
    }
    int fork_errno = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = fork_errno;
    if (child < 0)
        return pl_error_set(PARALLEL_EWORKER, errno, "no process to be had for the zygote");
    int status = 0;
    pid_t waited;
    while ((waited = waitpid(child, &status, 0)) < 0 && errno == EINTR)
        continue;
    /* ECHILD: the program ignores SIGCHLD or has waited itself; then the time limit tells. */
    if (waited == child && status != 0)
        return pl_error_set(PARALLEL_EWORKER, 0, "no process to be had for the zygote");
    return 0;
}

static int wait_for_birth(struct pl_zygote *zygote)
{
    struct pl_zygote_board *board = zygote->board;
    uint64_t deadline_ns = pl_clock_now_ns() + BIRTH_NS;
    for (;;) {
        uint32_t bell = pl_load_seq_cst(&board->bell); /* before the look; partner: pl_zygote_ring() */
        zygote->epoch = pl_load_acquire(&board->epoch);
        if (zygote->epoch != 0)
            break;
        if (pl_futex_wait(&board->bell, bell, deadline_ns, PL_FUTEX_SHARED) == PL_FUTEX_TIMED_OUT)
            return pl_error_set(PARALLEL_EWORKER, 0, "the zygote did not come up within 10 seconds");
    }
    zygote->pidfd = pl_pidfd_open(pl_load_relaxed(&board->pid)); /* relaxed: published by the epoch */
    if (zygote->pidfd < 0)
        return pl_error_set(PARALLEL_EWORKER, errno, "the zygote cannot be watched");
    return 0;
}

/* By a second run if there is a table for what that has loaded, else by fork. */
static int start(struct pl_zygote *zygote, struct pl_known_code *known)
{
    memset(zygote, 0, sizeof *zygote);
    zygote->pidfd = zygote->lifeline = -1;
    zygote->board = parallel_shared_alloc(sizeof *zygote->board);
    if (zygote->board == NULL)
        return parallel_last_error()->code;
    int ends[2] = {-1, -1};
    int code = 0;
    int program = pl_pidfd_open(getpid());
    if (program < 0 || pipe2(ends, O_CLOEXEC) != 0)
        code = pl_error_set(PARALLEL_ESYSTEM, errno, "the zygote needs a pidfd and a pipe");
    else if (known != NULL)
        code = pl_second_run_start(zygote->board, program, ends[0], known);
    else
        code = fork_zygote(zygote->board, program, ends[0], ends[1]);
    zygote->lifeline = ends[1];
    close_if_open(ends[0]);
    close_if_open(program);
    if (code == 0)
        code = wait_for_birth(zygote);
    if (code != 0) {
        pl_store_release(&zygote->board->is_ending, 1); /* should it still come up: the board stays, for it looks there */
        close_if_open(zygote->lifeline);
    }
    return code;
}

int pl_zygote_start(struct pl_zygote *zygote)
{
    int threads = pl_thread_count();
    if (threads > 1)
        return pl_error_set(PARALLEL_EMISUSE, 0,
                            "a zygote is forked while the program has one thread, and it has %d (use start=spawn, or open a "
                            "processes executor before threads are started)", threads);
    return start(zygote, NULL);
}

int pl_zygote_spawn(struct pl_zygote *zygote, struct pl_known_code *known)
{
    return start(zygote, known);
}

/* Whether the zygote and its standby are gone, or go within that time: no end of the lifeline is left to read from. */
static bool has_lost_all_readers(const struct pl_zygote *zygote, int timeout_ms)
{
    struct pollfd lifeline = {.fd = zygote->lifeline, .events = 0};
    int result;
    while ((result = poll(&lifeline, 1, timeout_ms)) < 0 && errno == EINTR)
        continue;
    return result > 0 && (lifeline.revents & POLLERR) != 0;
}

/* Until it is dead. Somebody may have stopped it: its death takes the workers with it. */
static void end_one_in_charge(struct pl_zygote *zygote)
{
    pl_zygote_poke(zygote);
    if (!pl_pidfd_wait(zygote->pidfd, END_MS) && syscall(SYS_pidfd_send_signal, zygote->pidfd, SIGKILL, NULL, 0) == 0)
        (void)pl_pidfd_wait(zygote->pidfd, -1);
}

void pl_zygote_stop(struct pl_zygote *zygote)
{
    struct pl_zygote_board *board = zygote->board;
    /* Partner: take_charge(). Either a successor sees that it shall end, or its epoch is seen here. */
    pl_store_seq_cst(&board->is_ending, 1);
    do
        end_one_in_charge(zygote);
    while (!has_lost_all_readers(zygote, 0) && adopt_successor(zygote)); /* one that has died has no pid any more */
    /* Its parent is whoever collects orphans, which may be the program itself. */
    (void)waitpid(pl_load_relaxed(&board->pid), NULL, WNOHANG);
    if (has_lost_all_readers(zygote, END_MS)) { /* else a standby may look there still, and is better off with what it finds */
        for (uint32_t i = 0; i < pl_load_relaxed(&board->seat_count); i++) /* relaxed: written by this process */
            parallel_shared_free(pl_load_relaxed(&board->seats[i]));
        parallel_shared_free(board);
    }
    close_if_open(zygote->pidfd);
    close_if_open(zygote->lifeline);
    zygote->board = NULL;
}

/* ---- Seats ---- */

struct pl_seat *pl_zygote_take_seat(struct pl_zygote *zygote)
{
    struct pl_zygote_board *board = zygote->board;
    uint32_t count = pl_load_relaxed(&board->seat_count); /* relaxed, as below: written by this process under a lock */
    for (uint32_t i = 0; i < count; i++) {
        struct pl_seat *seat = pl_load_relaxed(&board->seats[i]);
        if (seat->crew == NULL)
            return seat;
    }
    if (count == PL_SEAT_LIMIT) {
        pl_error_set(PARALLEL_ERANGE, 0, "a program has at most %d worker processes", PL_SEAT_LIMIT);
        return NULL;
    }
    struct pl_seat *seat = parallel_shared_alloc(sizeof *seat);
    if (seat == NULL)
        return NULL;
    pl_store_release(&board->seats[count], seat); /* pairs with seat_at() of the zygote */
    pl_store_release(&board->seat_count, count + 1);
    return seat;
}

void pl_zygote_give_back_seat(struct pl_zygote *zygote, struct pl_seat *seat)
{
    (void)zygote;
    seat->crew = NULL;
}
