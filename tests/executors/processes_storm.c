/* SPDX-License-Identifier: BSD-3-Clause
 *
 * A storm: calls on four workers while another process sends SIGKILL, SIGSEGV and SIGSTOP with SIGCONT to random workers,
 * and kills the zygote once. Every future ends exactly once; each failure matches an entry of the killer's log, which no
 * other failure matches: the same worker, process and signal, sent while the call was under way, so what hit an idle worker
 * has failed nothing; and in the end no process, file or entry of /dev/shm is left.
 *
 * PARALLEL_TEST_STORM_SECONDS=60 makes it longer than a test of every day, and then at least 10^5 calls are made;
 * PARALLEL_TEST_STORM_SEED repeats a storm. */
#include <parallel.h>

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/support/process_group.h"

#define PROPERTY_TIME_LIMIT 600
#include "tests/support/property.h"

enum { WORKERS = 4, WINDOW = 300, LOG_SIZE = 1 << 17, LONG_SECONDS = 60, LONG_CALLS = 100000 };

struct kill_log {
    _Atomic unsigned count;
    _Atomic unsigned zygote_kills;
    _Atomic int is_over;
    struct {
        pid_t pid;
        int worker; /* its index; -1: the process had gone when it was looked at */
        int signal;
        uint64_t begin_ns;
        _Atomic uint64_t sent_ns; /* 0: not yet */
        bool is_used;
    } entries[LOG_SIZE];
};

static int work(int x)
{
    struct timespec begin, now;
    clock_gettime(CLOCK_MONOTONIC, &begin);
    do
        clock_gettime(CLOCK_MONOTONIC, &now);
    while ((now.tv_sec - begin.tv_sec) * 1000000000 + now.tv_nsec - begin.tv_nsec < (x % 8 == 7 ? 300000 : x % 8 * 2000));
    return 2 * x + 1;
}
PARALLEL_FN(int, work, int)

static uint64_t random_state;

static unsigned pick(unsigned below)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (unsigned)(random_state >> 33) % below;
}

static void pause_for_us(long us)
{
    const struct timespec time = {us / 1000000, us % 1000000 * 1000};
    nanosleep(&time, NULL);
}

static uint64_t now_ns(void)
{
    return parallel_deadline_in(0.000000001);
}

/* By its name, "storm-2". */
static int worker_of(pid_t pid)
{
    char path[64], name[32] = "";
    int worker = -1;
    snprintf(path, sizeof path, "/proc/%d/comm", (int)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL)
        return -1;
    if (fgets(name, sizeof name, file) == NULL || sscanf(name, "storm-%d", &worker) != 1)
        worker = -1;
    fclose(file);
    return worker;
}

static void write_down(struct kill_log *log, pid_t pid, int signal)
{
    unsigned place = atomic_load(&log->count);
    if (place == LOG_SIZE)
        _exit(2);
    log->entries[place].pid = pid;
    log->entries[place].worker = worker_of(pid);
    log->entries[place].signal = signal;
    log->entries[place].begin_ns = now_ns();
    atomic_store(&log->count, place + 1); /* before the signal: the failure comes after it */
    kill(pid, signal);
    atomic_store(&log->entries[place].sent_ns, now_ns());
}

static void kill_at_random(struct kill_log *log, pid_t group)
{
    bool has_killed_zygote = false;
    for (unsigned round = 0; !atomic_load(&log->is_over); round++) {
        pid_t workers[64];
        size_t count = processes_of_group(group, "storm-", workers, 64);
        if (count > 0) {
            pid_t victim = workers[pick((unsigned)count)];
            switch (pick(4)) {
            case 0:
                write_down(log, victim, SIGSEGV);
                break;
            case 1:
                kill(victim, SIGSTOP);
                pause_for_us((long)pick(30000));
                kill(victim, SIGCONT);
                break;
            default:
                write_down(log, victim, SIGKILL);
                break;
            }
        }
        pid_t zygote;
        if (round > 20 && !has_killed_zygote && processes_of_group(group, "parallel-zygote", &zygote, 1) == 1) {
            has_killed_zygote = true;
            atomic_fetch_add(&log->zygote_kills, 1);
            kill(zygote, SIGKILL);
        }
        pause_for_us((long)pick(8000));
    }
    _exit(0);
}

static void count_end(parallel_future *future, void *ends)
{
    (void)future;
    atomic_fetch_add((_Atomic int *)ends, 1);
}

/* `begin_ns`: when the call was submitted; it has ended by now. */
static bool matches_an_entry(struct kill_log *log, const parallel_failure *failure, uint64_t begin_ns,
                             unsigned *zygote_casualties)
{
    uint64_t end_ns = now_ns();
    if (strstr(failure->message, "lost with the zygote") != NULL)
        return ++*zygote_casualties <= WORKERS * atomic_load(&log->zygote_kills);
    for (unsigned i = 0; i < atomic_load(&log->count); i++) {
        uint64_t sent_ns = atomic_load(&log->entries[i].sent_ns);
        if (log->entries[i].is_used || log->entries[i].pid != failure->pid || log->entries[i].signal != failure->signal ||
            (log->entries[i].worker >= 0 && log->entries[i].worker != failure->worker) ||
            log->entries[i].begin_ns > end_ns || (sent_ns != 0 && sent_ns < begin_ns))
            continue;
        log->entries[i].is_used = true;
        return true;
    }
    return false;
}

/* libomp's, of other programs that run beside this one. */
#define OF_OPENMP "__KMP_REGISTERED_LIB_"

static size_t count_entries(const char *path)
{
    DIR *folder = opendir(path);
    size_t count = 0;
    for (struct dirent *entry; folder != NULL && (entry = readdir(folder)) != NULL;)
        count += strncmp(entry->d_name, OF_OPENMP, sizeof OF_OPENMP - 1) != 0;
    if (folder != NULL)
        closedir(folder);
    return count;
}

static long from_environment(const char *name, long fallback)
{
    const char *text = getenv(name);
    return text != NULL ? strtol(text, NULL, 10) : fallback;
}

PROPERTY(every_future_ends_once_whoever_is_killed)
{
    ck_assert_int_eq(setpgid(0, 0), 0);
    pid_t group = getpid();
    long seconds = from_environment("PARALLEL_TEST_STORM_SECONDS", 4);
    random_state = (uint64_t)from_environment("PARALLEL_TEST_STORM_SEED", (long)time(NULL));
    printf("storm: PARALLEL_TEST_STORM_SEED=%llu PARALLEL_TEST_STORM_SECONDS=%ld\n", (unsigned long long)random_state,
           seconds);
    fflush(stdout); /* before children inherit it */
    struct kill_log *log = mmap(NULL, sizeof *log, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(log, MAP_FAILED);
    pid_t killer = fork();
    ck_assert_int_ge(killer, 0);
    if (killer == 0) {
        setpgid(0, 0);
        kill_at_random(log, group);
    }

    parallel_executor *executor; /* what the library opens once and keeps is there after the first one */
    ck_assert_int_eq(parallel_executor_open("processes:4,places=none,name=calm", &executor), 0);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
    size_t files = count_entries("/proc/self/fd"), segments = count_entries("/dev/shm");
    ck_assert_int_eq(parallel_executor_open("processes:4,places=none,name=storm", &executor), 0);
    struct {
        parallel_future *future;
        int argument;
        uint64_t begin_ns;
        _Atomic int ends;
    } *window = calloc(WINDOW, sizeof *window);
    ck_assert_ptr_nonnull(window);
    uint64_t deadline_ns = parallel_deadline_in((double)seconds);
    unsigned long calls = 0, failures = 0;
    unsigned zygote_casualties = 0;
    bool is_over = false;
    for (unsigned next = 0; !is_over || window[next].future != NULL; next = (next + 1) % WINDOW) {
        if (window[next].future != NULL) {
            int result;
            ck_assert_int_eq(parallel_future_wait(window[next].future, parallel_deadline_in(60.0)), 0);
            while (atomic_load(&window[next].ends) == 0)
                pause_for_us(10); /* another thread calls back, after the end */
            parallel_failure failure;
            ck_assert_int_eq(parallel_future_error(window[next].future, &failure), 0);
            if (failure.code == 0) {
                ck_assert_int_eq(work_result(window[next].future, &result), 0);
                ck_assert_int_eq(result, 2 * window[next].argument + 1);
            } else {
                failures++;
                ck_assert_msg(matches_an_entry(log, &failure, window[next].begin_ns, &zygote_casualties),
                              "no entry for %d, worker %d, pid %d: %s", failure.code, failure.worker, failure.pid,
                              failure.message);
            }
            parallel_future_release(window[next].future);
            window[next].future = NULL;
            ck_assert_int_eq(atomic_load(&window[next].ends), 1);
            calls++;
        }
        is_over = now_ns() > deadline_ns && (seconds < LONG_SECONDS || calls >= LONG_CALLS);
        if (!is_over) {
            atomic_store(&window[next].ends, 0);
            window[next].argument = (int)pick(100000);
            window[next].begin_ns = now_ns();
            window[next].future = work_on(executor, window[next].argument);
            ck_assert_int_eq(parallel_future_on_done(window[next].future, count_end, (void *)&window[next].ends), 0);
        }
    }
    atomic_store(&log->is_over, 1);
    ck_assert_int_eq(waitpid(killer, NULL, 0), killer);
    ck_assert_int_eq(parallel_executor_close(executor), 0);
    for (int i = 0; i < WINDOW; i++)
        ck_assert_int_eq(atomic_load(&window[i].ends), 1);
    printf("storm: %lu calls, %u kills and %u of the zygote, %lu calls failed, %u of them with the zygote\n", calls,
           atomic_load(&log->count), atomic_load(&log->zygote_kills), failures, zygote_casualties);
    ck_assert_uint_gt(atomic_load(&log->count), 0);
    pid_t left[16];
    size_t count;
    for (int turn = 0; (count = processes_of_group(group, "", left, 16)) > 1 && turn < 1000; turn++)
        pause_for_us(1000); /* the last ones may be in the middle of their death */
    if (count > 1)
        show_processes(left, count < 16 ? count : 16);
    ck_assert_uint_eq(count, 1);
    ck_assert_uint_eq(count_entries("/proc/self/fd"), files);
    ck_assert_uint_le(count_entries("/dev/shm"), segments);
    free(window);
}
PROPERTY_END

PROPERTIES(every_future_ends_once_whoever_is_killed)
