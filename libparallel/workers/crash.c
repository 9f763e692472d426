/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The crash handler. Everything in it is async-signal-safe but backtrace(), which is so once its library is
 * loaded (pl_crash_prepare) and the process has one thread: it takes the loader's lock, which the thread
 * itself may hold, and which is recursive. Should the stack be broken so that walking it crashes too, the
 * kernel ends the process at once, since the signal is blocked here; the first half of the record stands by
 * then. */
#include "libparallel/workers/crash.h"

#include <errno.h>
#include <execinfo.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "libparallel/workers/memory_limit.h"

static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS};

/* For the handler and the unwinder, with the largest register state (AVX-512 and AMX: 11 KiB). */
enum { STACK_SIZE = 64 * 1024 };

/* A fault so near to the stack pointer, where no memory is, has run off the stack: frames are pushed or
 * touched page by page (or, without stack probes, at once, up to this size of one frame). */
enum { STACK_NEIGHBOURHOOD = 64 * 1024 };

static _Alignas(64) char stack[STACK_SIZE];
static struct pl_crash *record; /* of this worker process */
static void *frames[PL_CRASH_FRAME_LIMIT + 8]; /* room for the handler's own */

#if defined(__x86_64__)
static uintptr_t pc_of(const ucontext_t *context)
{
    return (uintptr_t)context->uc_mcontext.gregs[REG_RIP];
}

static uintptr_t sp_of(const ucontext_t *context)
{
    return (uintptr_t)context->uc_mcontext.gregs[REG_RSP];
}
#elif defined(__aarch64__)
static uintptr_t pc_of(const ucontext_t *context)
{
    return (uintptr_t)context->uc_mcontext.pc;
}

static uintptr_t sp_of(const ucontext_t *context)
{
    return (uintptr_t)context->uc_mcontext.sp;
}
#else
static uintptr_t pc_of(const ucontext_t *context)
{
    (void)context;
    return 0; /* the message is without the innermost name */
}

static uintptr_t sp_of(const ucontext_t *context)
{
    (void)context;
    return 0; /* no stack overflow is told from other faults */
}
#endif

static void record_memory(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_DATA, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY) {
        record->data_limit = limit.rlim_cur;
        record->data_bytes = pl_memory_in_use();
    }
}

static void record_fault(int signal, const siginfo_t *info, const ucontext_t *context)
{
    record->signal = signal;
    record->pc = pc_of(context);
    record->has_address = info->si_code > 0 && (signal == SIGSEGV || signal == SIGBUS);
    if (record->has_address) {
        record->address = (uintptr_t)info->si_addr;
        uintptr_t sp = sp_of(context);
        bool has_no_memory = info->si_code == SEGV_MAPERR || info->si_code == SEGV_ACCERR;
        record->is_stack_overflow = signal == SIGSEGV && has_no_memory && sp != 0 &&
                                    record->address - (sp - STACK_NEIGHBOURHOOD) < 2 * STACK_NEIGHBOURHOOD;
    }
    record_memory();
    /* Release: the parent that finds it set reads a whole record. */
    pl_store_release(&record->is_recorded, 1);
}

/* The kernel copies the set before it refuses the first argument: EFAULT tells what cannot be read. */
static bool is_readable(uintptr_t address)
{
    enum { NOT_A_CHOICE = -1, KERNEL_SET_SIZE = 8 };
    return syscall(SYS_rt_sigprocmask, NOT_A_CHOICE, address, NULL, KERNEL_SET_SIZE) == 0 || errno != EFAULT;
}

static void record_frames(const ucontext_t *context)
{
    int count = 0;
    if (record->pc == 0 || is_readable(record->pc)) /* the unwinder reads the code */
        count = backtrace(frames, (int)(sizeof frames / sizeof frames[0]));
    int first = 0;
    while (first < count && (uintptr_t)frames[first] != record->pc)
        first++;
    uint32_t kept = 0;
    if (first + 1 >= count && is_readable(sp_of(context))) {
        /* A call of what is no code: no frame is known there, but its caller stands on top of the stack. */
        record->frames[kept++] = *(const uintptr_t *)sp_of(context);
    }
    for (int i = first + 1; i < count && kept < PL_CRASH_FRAME_LIMIT; i++)
        record->frames[kept++] = (uintptr_t)frames[i];
    pl_store_release(&record->frame_count, kept); /* as above */
}

static void on_crash(int signal, siginfo_t *info, void *context)
{
    if (record->pid == getpid()) {
        record_fault(signal, info, context);
        record_frames(context);
    }
    /* Sent once more, with all that was known about it; it is blocked until the handler returns, and then
     * finds the default action. */
    struct sigaction action = {.sa_handler = SIG_DFL};
    sigaction(signal, &action, NULL);
    syscall(SYS_rt_tgsigqueueinfo, getpid(), (pid_t)syscall(SYS_gettid), signal, info);
}

static void note_exit(void)
{
    if (record == NULL || record->pid != getpid())
        return;
    record_memory();
    pl_store_release(&record->has_called_exit, 1); /* pairs with the parent's look */
}

static void prepare(void)
{
    void *address;
    (void)backtrace(&address, 1); /* loads libgcc_s, which allocates */
    /* Here, not in the worker: after a fork of a program with threads atexit() might wait for a lock of libc's for ever.
     * No memory: exit() is then taken for _exit(). */
    (void)atexit(note_exit);
}

void pl_crash_prepare(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, prepare);
}

void pl_crash_install(struct pl_crash *crash)
{
    record = crash;
    record->pid = getpid();
    stack_t alternate = {.ss_sp = stack, .ss_size = sizeof stack};
    sigaltstack(&alternate, NULL);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
        struct sigaction action;
        if (sigaction(signals[i], NULL, &action) != 0 || (action.sa_flags & SA_SIGINFO) != 0 ||
            action.sa_handler != SIG_DFL)
            continue;
        memset(&action, 0, sizeof action);
        action.sa_sigaction = on_crash;
        action.sa_flags = SA_SIGINFO | SA_ONSTACK;
        sigaction(signals[i], &action, NULL);
    }
}
