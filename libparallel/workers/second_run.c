/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The program's side of a second run.
 *
 * Other threads of the program go on meanwhile, so between vfork() and exec the child makes system calls and nothing else, with
 * all signals blocked. They stay blocked in the second run until a worker begins, for SIGUSR1 and SIGCHLD are the
 * zygote's. It runs where the program was started to run, not where the calling thread may be bound. */
#include "libparallel/workers/second_run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <libparallel/shared.h>

#include "libparallel/base/clock.h"
#include "libparallel/machine/initial_mask.h"
#include "libparallel/memory/space.h"
#include "libparallel/workers/main_hook.h"

/* The program's own constructors run first. A minute of them is a program that does not start. */
#define BIRTH_NS UINT64_C(60000000000)

static void close_if_open(int fd)
{
    if (fd >= 0)
        close(fd);
}

/* ---- Whether ---- */

static bool file_gives_rights(void)
{
    struct stat status;
    return getauxval(AT_SECURE) != 0 ||
           (stat("/proc/self/exe", &status) == 0 && (status.st_mode & (S_ISUID | S_ISGID)) != 0) ||
           getxattr("/proc/self/exe", "security.capability", NULL, 0) >= 0;
}

int pl_second_run_check(void)
{
    if (!pl_main_hook_is_installed())
        return pl_error_set(PARALLEL_EMISUSE, 0,
                            "start=spawn needs a hook before main(): the shared library, -Wl,--wrap=main with the static one, "
                            "or parallel_main_hook()");
    if (file_gives_rights()) /* an environment from outside must not steer what has more rights than its sender */
        return pl_error_set(PARALLEL_EMISUSE, 0,
                            "start=spawn runs the program a second time, and not if its file has rights of its own (set user "
                            "id, set group id, capabilities)");
    return 0;
}

/* ---- The new process ---- */

/* All that the child needs, made before. */
struct plan {
    char path[PATH_MAX];
    char variable[160];
    char **arguments;
    char **environment; /* allocated; its strings are borrowed */
    struct pl_second_run_files files;
    const struct pl_cpu_set *mask;
};

/* By its path, so that the names that tools show are the usual ones; if that is another file by now, by the descriptor. */
static int find_program(struct plan *plan, int *fd)
{
    *fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
    if (*fd < 0)
        return pl_error_set(PARALLEL_ESYSTEM, errno, "start=spawn: /proc/self/exe cannot be opened");
    ssize_t length = readlink("/proc/self/exe", plan->path, sizeof plan->path - 1);
    plan->path[length > 0 ? length : 0] = '\0';
    struct stat running, named;
    if (fstat(*fd, &running) != 0 || stat(plan->path, &named) != 0 || running.st_dev != named.st_dev ||
        running.st_ino != named.st_ino)
        snprintf(plan->path, sizeof plan->path, "/proc/self/fd/%d", *fd);
    return 0;
}

static int copy_environment(struct plan *plan)
{
    size_t count = 0;
    while (environ != NULL && environ[count] != NULL)
        count++;
    plan->environment = malloc((count + 2) * sizeof plan->environment[0]);
    if (plan->environment == NULL)
        return pl_error_set(PARALLEL_ENOMEMORY, 0, "no memory for the environment of a second run");
    if (count > 0)
        memcpy(plan->environment, environ, count * sizeof plan->environment[0]);
    plan->environment[count] = plan->variable;
    plan->environment[count + 1] = NULL;
    return 0;
}

/* In the child of vfork(). */
static _Noreturn void become_second_run(const struct plan *plan)
{
    const int inherited[] = {plan->files.space, plan->files.program, plan->files.lifeline, plan->files.message};
    for (size_t i = 0; i < sizeof inherited / sizeof inherited[0]; i++)
        (void)fcntl(inherited[i], F_SETFD, 0);
    if (!pl_cpu_set_is_empty(plan->mask))
        (void)sched_setaffinity(0, sizeof *plan->mask, (const cpu_set_t *)(const void *)plan->mask);
    execve(plan->path, plan->arguments, plan->environment);
    _exit(127);
}

static __attribute__((noinline)) pid_t start_process(const struct plan *plan)
{
    pid_t child = vfork();
    if (child == 0)
        become_second_run(plan);
    return child;
}

static int start(struct plan *plan, pid_t *child)
{
    static char name[] = "parallel", *nameless[] = {name, NULL};
    int program = -1;
    int code = find_program(plan, &program);
    if (code == 0)
        code = copy_environment(plan);
    if (code == 0) {
        plan->arguments = pl_main_hook_arguments();
        if (plan->arguments == NULL || plan->arguments[0] == NULL)
            plan->arguments = nameless;
        plan->mask = pl_initial_mask();
        sigset_t all, before;
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        *child = start_process(plan);
        int vfork_errno = errno;
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        if (*child < 0)
            code = pl_error_set(PARALLEL_EWORKER, vfork_errno, "no process to be had for a second run of the program");
    }
    free(plan->environment);
    close_if_open(program);
    return code;
}

/* ---- Its message ---- */

/* The status of a child that has ended or is about to; -1: the program ignores SIGCHLD or has waited itself. */
static int wait_for_end(pid_t child)
{
    int status = -1;
    pid_t waited;
    while ((waited = waitpid(child, &status, 0)) < 0 && errno == EINTR)
        continue;
    return waited == child ? status : -1;
}

static int tell_end(int status)
{
    char how[64] = "in a way that the program's own wait() has seen";
    if (status != -1 && WIFSIGNALED(status))
        snprintf(how, sizeof how, "by signal %d", WTERMSIG(status));
    else if (status != -1)
        snprintf(how, sizeof how, "with exit status %d", WEXITSTATUS(status));
    return pl_error_set(PARALLEL_EWORKER, 0, "start=spawn: the second run of the program ended before its main, %s", how);
}

static int receive(int fd, pid_t child)
{
    uint64_t deadline_ns = pl_clock_now_ns() + BIRTH_NS;
    parallel_error message;
    for (;;) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        uint64_t now_ns = pl_clock_now_ns();
        int left_ms = now_ns < deadline_ns ? (int)((deadline_ns - now_ns) / 1000000) : 0;
        int result = poll(&wait, 1, left_ms);
        if (result < 0 && errno == EINTR)
            continue;
        if (result == 0) { /* it is a child that has not been waited for: nobody else's pid */
            kill(child, SIGKILL);
            (void)wait_for_end(child);
            return pl_error_set(PARALLEL_EWORKER, 0,
                                "start=spawn: the second run of the program did not come to its main within 60 seconds");
        }
        ssize_t length = read(fd, &message, sizeof message);
        if (length < 0 && errno == EINTR)
            continue;
        int status = wait_for_end(child);
        if (length < (ssize_t)sizeof message)
            return tell_end(status);
        return message.code == 0 ? 0 : pl_error_set_copy(&message);
    }
}

/* ---- All of it ---- */

static struct pl_second_run_record *create_record(struct pl_zygote_board *board)
{
    size_t capacity = pl_modules_list(NULL, 0) + 8; /* some may be loaded by another thread meanwhile */
    struct pl_second_run_record *record = parallel_shared_alloc(sizeof *record + capacity * sizeof record->modules[0]);
    if (record == NULL)
        return NULL;
    record->record_bytes = sizeof *record;
    record->module_bytes = sizeof record->modules[0];
    record->board = board;
    size_t count = pl_modules_list(record->modules, capacity);
    record->module_count = count < capacity ? count : capacity;
    return record;
}

int pl_second_run_start(struct pl_zygote_board *board, int program, int lifeline, struct pl_known_code *known)
{
    int code = pl_second_run_check();
    if (code != 0)
        return code;
    struct pl_second_run_record *record = create_record(board);
    if (record == NULL)
        return parallel_last_error()->code;
    int ends[2] = {-1, -1};
    pid_t child = 0;
    struct plan plan = {.files = {.space = pl_space_descriptor(), .program = program, .lifeline = lifeline}};
    if (plan.files.space < 0) {
        code = pl_error_set(PARALLEL_ESYSTEM, 0, "start=spawn: the program has closed the descriptor of the shared memory");
    } else if (pipe2(ends, O_CLOEXEC) != 0) {
        code = pl_error_set(PARALLEL_ESYSTEM, errno, "start=spawn: no pipe to be had");
    } else {
        plan.files.message = ends[1];
        snprintf(plan.variable, sizeof plan.variable, PL_SECOND_RUN_VARIABLE "=%ld:%llx:%d:%d:%d:%d", (long)getpid(),
                 (unsigned long long)(uintptr_t)record, plan.files.space, program, lifeline, ends[1]);
        code = start(&plan, &child);
    }
    close_if_open(ends[1]);
    if (code == 0)
        code = receive(ends[0], child);
    close_if_open(ends[0]);
    if (code == 0)
        code = pl_known_code_move(known, record->modules, record->module_count);
    parallel_shared_free(record);
    return code;
}
