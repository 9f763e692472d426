/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The zygote's own process: one thread, asleep in poll() until there are orders (SIGUSR1), a worker has ended (SIGCHLD),
 * or the program is gone (its pidfd). It allocates nothing and takes no lock that the program might have held when it
 * forked.
 *
 * Its standby is a child that sleeps until the zygote dies, and then is the zygote. */
#include "libparallel/workers/zygote_process.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libparallel/base/clock.h"
#include "libparallel/base/error.h"
#include "libparallel/base/settings.h"
#include "libparallel/machine/binding.h"
#include "libparallel/machine/memory_binding.h"
#include "libparallel/workers/memory_limit.h"
#include "libparallel/workers/pidfd.h"

/* How long a program that has lost its end of the lifeline may take to say that it is still itself. It answers within a
 * tick of its collector, and not at all if it has become another program; in between lies a stopped one. */
#define ANSWER_NS UINT64_C(1000000000)

/* How often the answer is looked for. */
enum { ANSWER_LOOK_MS = 5 };

/* How long the process of a killed parent may take to die of it: the kernel tears its memory down first. */
enum { ORPHAN_DEATH_MS = 2000 };

struct zygote {
    struct pl_zygote_board *board;
    uint32_t epoch;
    pid_t pid;
    pid_t standby; /* 0: none */
    int program;
    int lifeline; /* -1: the program is known to have closed its end */
    int signals;
};

static struct pl_seat *seat_at(struct zygote *zygote, uint32_t i)
{
    return pl_load_acquire(&zygote->board->seats[i]); /* pairs with the release in pl_zygote_take_seat() */
}

static uint32_t seat_count(struct zygote *zygote)
{
    return pl_load_acquire(&zygote->board->seat_count); /* the same pair */
}

/* ---- The worker's first steps ---- */

static void limit_memory(const struct pl_seat *seat)
{
    int error = seat->memory_limit > 0 ? pl_memory_limit_enter(seat->memory_limit) : 0;
    if (error != 0)
        pl_report("worker %s runs without its memory limit: errno %d", seat->name, error);
}

static void settle(const struct pl_seat *seat)
{
    if (pl_binding_enter(&seat->place) != 0) {
        pl_report("worker %s runs unbound: %s", seat->name, parallel_last_error()->message);
    } else if (pl_setting_flag(PL_SETTING_SHOW_PLACES)) {
        char line[PL_PLACE_LINE_SIZE];
        pl_place_format(&seat->place, seat->index, line);
        pl_announce("%s: %s", seat->name, line);
    }
    if (pl_memory_binding_enter(&seat->place) != 0)
        pl_report("worker %s: %s", seat->name, parallel_last_error()->message);
}

static _Noreturn void live_as_worker(struct zygote *zygote, struct pl_seat *seat)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    uint64_t unborn = pl_seat_birth(zygote->epoch, 0);
    /* Partner: settle_orphans(). The zygote may have died before it could take this worker with it. */
    if (!pl_cas_seq_cst(&seat->birth, &unborn, pl_seat_birth(zygote->epoch, getpid())) || getppid() != zygote->pid)
        _exit(0);
    close(zygote->program);
    close(zygote->signals);
    if (zygote->lifeline >= 0)
        close(zygote->lifeline);
    prctl(PR_SET_NAME, seat->name);
    signal(SIGINT, SIG_IGN); /* ctrl-C at a terminal reaches all: the program decides what becomes of its workers */
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    settle(seat);
    limit_memory(seat);
    seat->body(seat);
    _exit(0);
}

/* ---- Orders ---- */

static void start_worker(struct zygote *zygote, struct pl_seat *seat, uint32_t number)
{
    seat->has_lost_parent = false;
    pl_store_seq_cst(&seat->birth, pl_seat_birth(zygote->epoch, 0)); /* partners: live_as_worker(), settle_orphans() */
    pid_t pid = fork();
    if (pid == 0)
        live_as_worker(zygote, seat);
    if (pid < 0) {
        seat->system_errno = errno;
        pl_store_release(&seat->life, PL_SEAT_NOT_STARTED); /* publishes the errno to the collector */
    } else {
        pl_store_relaxed(&seat->pid, pid); /* published by the store below */
        pl_store_release(&seat->life, PL_SEAT_LIVES);
    }
    pl_store_release(&seat->started_number, number);
}

static void follow_orders(struct zygote *zygote)
{
    bool has_started = false;
    for (uint32_t i = 0; i < seat_count(zygote); i++) {
        struct pl_seat *seat = seat_at(zygote, i);
        uint32_t number = pl_load_acquire(&seat->start_number); /* pairs with the order; publishes body, place, ... */
        uint32_t started = pl_load_relaxed(&seat->started_number); /* relaxed: written by this process */
        if (number != started) {
            start_worker(zygote, seat, number);
            has_started = true;
        } else if (number != 0 && pl_load_acquire(&seat->kill_number) == number &&
                   pl_load_relaxed(&seat->life) == PL_SEAT_LIVES) {
            kill(pl_load_relaxed(&seat->pid), SIGKILL); /* a child that has not been waited for: nobody else's pid */
        }
    }
    if (has_started) /* once for all: who wakes each time would take the processor from those who start */
        pl_zygote_ring(zygote->board);
}

static void kill_workers(struct zygote *zygote)
{
    for (uint32_t i = 0; i < seat_count(zygote); i++) {
        struct pl_seat *seat = seat_at(zygote, i);
        if (pl_load_relaxed(&seat->life) == PL_SEAT_LIVES) /* relaxed: made so by this process */
            kill(pl_load_relaxed(&seat->pid), SIGKILL);
    }
}

static _Noreturn void end(struct zygote *zygote)
{
    kill_workers(zygote);
    if (zygote->standby > 0)
        kill(zygote->standby, SIGKILL);
    while (wait(NULL) > 0 || errno == EINTR)
        continue;
    _exit(0);
}

/* ---- Deaths ---- */

static void become_standby(struct zygote *zygote, int predecessor);

static void fork_standby(struct zygote *zygote)
{
    int self = pl_pidfd_open(zygote->pid);
    zygote->standby = self >= 0 ? fork() : -1;
    if (zygote->standby == 0)
        become_standby(zygote, self);
    if (self >= 0)
        close(self);
}

static void report_end(struct zygote *zygote, struct pl_seat *seat, int status, const struct rusage *usage)
{
    seat->status = status;
    pl_usage_of_rusage(usage, &seat->usage);
    pl_store_release(&seat->life, PL_SEAT_ENDED); /* publishes the above to the collector */
    pl_zygote_ring(zygote->board);
}

static void reap(struct zygote *zygote)
{
    for (;;) {
        int status;
        struct rusage usage;
        pid_t pid = wait4(-1, &status, WNOHANG, &usage);
        if (pid <= 0)
            return;
        if (pid == zygote->standby) {
            fork_standby(zygote);
            continue;
        }
        for (uint32_t i = 0; i < seat_count(zygote); i++) {
            struct pl_seat *seat = seat_at(zygote, i);
            if (pl_load_relaxed(&seat->life) == PL_SEAT_LIVES && pl_load_relaxed(&seat->pid) == pid) {
                report_end(zygote, seat, status, &usage);
                break;
            }
        }
    }
}

/* The program's end of the lifeline is closed: it has ended, has become another program by exec, or closes what is not
 * its own. Only the last one answers. */
static bool is_program_itself(struct zygote *zygote)
{
    struct pl_zygote_board *board = zygote->board;
    uint32_t question = pl_add_seq_cst(&board->is_calling, 1) + 1; /* partner: pl_zygote_check() */
    uint64_t deadline_ns = pl_clock_now_ns() + ANSWER_NS;
    pl_zygote_ring(board);
    for (;;) {
        if (pl_load_acquire(&board->answer) == question)
            return true;
        /* A program that ends closes its files a moment before it is dead. */
        if (pl_pidfd_wait(zygote->program, ANSWER_LOOK_MS) || pl_deadline_passed(deadline_ns))
            return false;
    }
}

/* ---- Succession ---- */

/* Sees to it that nobody is born for the order that the predecessor was carrying out. Returns who was; 0: nobody. */
static pid_t prevent_birth(struct zygote *zygote, struct pl_seat *seat)
{
    uint64_t birth = pl_load_seq_cst(&seat->birth); /* partner, as below: live_as_worker() */
    while (pl_seat_pid_of_birth(birth) == 0)
        if (pl_cas_seq_cst(&seat->birth, &birth, pl_seat_birth(zygote->epoch, 0)))
            return 0;
    return pl_seat_pid_of_birth(birth);
}

/* The workers of the predecessor die of its death. Before anybody may think that they are gone, they are. */
static void settle_orphans(struct zygote *zygote)
{
    for (uint32_t i = 0; i < seat_count(zygote); i++) {
        struct pl_seat *seat = seat_at(zygote, i);
        uint32_t number = pl_load_acquire(&seat->start_number);
        pid_t pid = 0;
        if (pl_load_acquire(&seat->life) == PL_SEAT_LIVES)
            pid = pl_load_relaxed(&seat->pid); /* relaxed: published with LIVES */
        else if (number != pl_load_acquire(&seat->started_number))
            pid = prevent_birth(zygote, seat);
        if (pid == 0)
            continue; /* never started, or ended and reported; what is still to be started is in the orders */
        pl_store_relaxed(&seat->pid, pid); /* published with ENDED */
        int orphan = pl_pidfd_open(pid);
        if (orphan >= 0) {
            (void)pl_pidfd_wait(orphan, ORPHAN_DEATH_MS);
            close(orphan);
        }
        seat->status = SIGKILL;
        seat->has_lost_parent = true;
        memset(&seat->usage, 0, sizeof seat->usage);
        pl_store_release(&seat->started_number, number);
        pl_store_release(&seat->life, PL_SEAT_ENDED); /* publishes the above to the collector */
    }
}

static _Noreturn void take_charge(struct zygote *zygote)
{
    struct pl_zygote_board *board = zygote->board;
    zygote->pid = getpid();
    zygote->standby = 0;
    sigset_t wanted;
    sigemptyset(&wanted);
    sigaddset(&wanted, SIGCHLD);
    sigaddset(&wanted, SIGUSR1);
    zygote->signals = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
    if (zygote->signals < 0)
        _exit(1);
    pl_store_relaxed(&board->pid, zygote->pid); /* published by the epoch */
    pl_store_seq_cst(&board->epoch, zygote->epoch);
    if (zygote->epoch > 1)
        settle_orphans(zygote);
    fork_standby(zygote);
    pl_zygote_ring(board);
    for (;;) {
        if (pl_load_seq_cst(&board->is_ending) != 0) /* partner: pl_zygote_stop() */
            end(zygote);
        reap(zygote);
        if (zygote->standby < 0) /* there was no process for it; now there may be */
            fork_standby(zygote);
        follow_orders(zygote);
        struct pollfd wait[] = {{.fd = zygote->signals, .events = POLLIN},
                                {.fd = zygote->program, .events = POLLIN},
                                {.fd = zygote->lifeline, .events = 0}}; /* a negative one is left out */
        if (poll(wait, 3, -1) < 0)
            continue;
        if (wait[1].revents != 0)
            end(zygote);
        if (wait[2].revents != 0) {
            if (!is_program_itself(zygote))
                end(zygote);
            close(zygote->lifeline);
            zygote->lifeline = -1;
        }
        /* Read before the orders and the dead are looked at: what comes later wakes poll() again. */
        struct signalfd_siginfo signal_information;
        while (read(zygote->signals, &signal_information, sizeof signal_information) > 0)
            continue;
    }
}

static void become_standby(struct zygote *zygote, int predecessor)
{
    prctl(PR_SET_NAME, "parallel-spare");
    close(zygote->signals);
    struct pollfd wait[] = {{.fd = predecessor, .events = POLLIN}, {.fd = zygote->program, .events = POLLIN}};
    while (poll(wait, 2, -1) < 0)
        continue;
    if (wait[1].revents != 0 || pl_load_acquire(&zygote->board->is_ending) != 0)
        _exit(0);
    close(predecessor);
    prctl(PR_SET_NAME, "parallel-zygote");
    zygote->epoch++;
    take_charge(zygote);
}

/* Handlers are the program's code and its state is not here; ignored signals stay ignored, as across an exec. */
static void reset_signals(void)
{
    sigset_t all;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, NULL);
    for (int number = 1; number < NSIG; number++) {
        struct sigaction action;
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_IGN && action.sa_handler != SIG_DFL)
            signal(number, SIG_DFL);
    }
    signal(SIGCHLD, SIG_DFL); /* ignored, it would keep the statuses of the workers from us */
}

void pl_zygote_live(struct pl_zygote_board *board, int program, int lifeline)
{
    reset_signals();
    prctl(PR_SET_NAME, "parallel-zygote");
    struct zygote zygote = {.board = board, .epoch = 1, .program = program, .lifeline = lifeline, .signals = -1};
    take_charge(&zygote);
}
