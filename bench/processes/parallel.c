/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Worker processes beside what a C programmer writes by hand, each row with its goal: PROGRAM [ROUNDS [ROW]]. What a row
 * compares is measured in turn, round by round, and the median of the rounds' ratios counts, for on a shared machine times
 * of different minutes cannot be compared. What is not a ratio is the median of the rounds. */
#include <parallel.h>

#include "floor.h"

enum { SHORT_RUN = 2000, TASKS = 200000, MOST_ROUNDS = 101, BIG = 64 << 20, CROWD = 64, LARGE = 512 << 20 };

static int round_count = 9;

/* Of a row whose rounds are short and differ much. */
static int more_rounds(void)
{
    return 5 * round_count < MOST_ROUNDS ? 5 * round_count : MOST_ROUNDS;
}

static int missed_count;

static long add_one(long number)
{
    return number + 1;
}
PARALLEL_FN(long, add_one, long)

static long sum_ends(const char *bytes, long count)
{
    return bytes[0] + bytes[count - 1];
}
PARALLEL_FN(long, sum_ends, PARALLEL_IN(char, 2), long)

/* All of the crowd are at work when the last has come. */
static int meet(uint32_t *arrived, int count)
{
    _Atomic uint32_t *word = (_Atomic uint32_t *)arrived;
    uint32_t seen = atomic_fetch_add(word, 1) + 1;
    if (seen == (uint32_t)count)
        syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
    while (seen < (uint32_t)count) {
        syscall(SYS_futex, word, FUTEX_WAIT, seen, NULL, NULL, 0);
        seen = atomic_load(word);
    }
    return 0;
}
PARALLEL_FN(int, meet, uint32_t *, int)

static void hang(uint32_t *pid)
{
    atomic_store((_Atomic uint32_t *)pid, (uint32_t)getpid());
    for (;;)
        pause();
}
PARALLEL_FN(void, hang, uint32_t *)

static void must(int code)
{
    if (code == 0)
        return;
    fprintf(stderr, "%s\n", parallel_last_error()->message);
    exit(1);
}

static void *shared(size_t bytes)
{
    void *memory = parallel_shared_alloc(bytes);
    if (memory == NULL)
        must(-1);
    return memory;
}

static parallel_executor *open_executor(const char *specification)
{
    parallel_executor *executor;
    must(parallel_executor_open(specification, &executor));
    return executor;
}

/* One that was looked at is not reported. */
static void ignore_failure(parallel_future *future)
{
    parallel_failure failure;
    must(parallel_future_error(future, &failure));
    parallel_future_release(future);
}

/* The program on the last CPU, far from the first, where a single worker is and the floor's child too; or anywhere. After the
 * executor has been opened, whose threads would be bound with it. */
static void bind_program(bool is_bound)
{
    cpu_set_t last;
    int chosen = 0;
    CPU_ZERO(&last);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        chosen = CPU_ISSET(cpu, &floor_cpus) ? cpu : chosen;
    CPU_SET(chosen, &last);
    if (sched_setaffinity(0, sizeof last, is_bound ? &last : &floor_cpus) != 0)
        exit(1);
}

static double median(double *samples, int count)
{
    qsort(samples, (size_t)count, sizeof samples[0], bench_compare_doubles);
    return samples[count / 2];
}

static void round_trip(parallel_executor *executor)
{
    if (add_one_await(add_one_on(executor, 41)) != 42)
        exit(1);
}

static double ns_of_round_trips(parallel_executor *executor, int count)
{
    double begin = bench_now_ns();
    for (int i = 0; i < count; i++)
        round_trip(executor);
    return (bench_now_ns() - begin) / count;
}

static double ns_of_floor(int count)
{
    double begin = bench_now_ns();
    for (int i = 0; i < count; i++)
        floor_round_trip();
    return (bench_now_ns() - begin) / count;
}

/* A goal of 0: none. */
static void report(const char *row, double value, const char *unit, double goal, bool is_more_better, const char *beside)
{
    bool is_met = is_more_better ? value >= goal : value <= goal;
    printf("%-42s %9.3g %-6s ", row, value, unit);
    if (goal == 0) {
        printf("%s\n", beside);
        return;
    }
    missed_count += !is_met;
    printf("goal %s %-6.3g %-6s  %s\n", is_more_better ? ">=" : "<=", goal, is_met ? "met" : "MISSED", beside);
}

/* ---- Rows ---- */

static void spinning(const char *specification, bool is_bound, const char *row)
{
    double ratios[MOST_ROUNDS], ours[MOST_ROUNDS], floors[MOST_ROUNDS];
    parallel_executor *executor = open_executor(specification);
    bind_program(is_bound);
    floor_begin(false);
    floor_end(); /* its first fork is not what is measured */
    for (int round = 0; round < round_count; round++) {
        ns_of_round_trips(executor, SHORT_RUN);
        ours[round] = ns_of_round_trips(executor, SHORT_RUN);
        floor_begin(false);
        ns_of_floor(SHORT_RUN);
        floors[round] = ns_of_floor(SHORT_RUN);
        floor_end();
        ratios[round] = ours[round] / floors[round];
    }
    bind_program(false);
    must(parallel_executor_close(executor));
    char beside[80];
    snprintf(beside, sizeof beside, "%.0f ns; a word there and back %.0f ns", median(ours, round_count),
             median(floors, round_count));
    report(row, median(ratios, round_count), "times", 3.5, false, beside);
}

static void pause_ns(double ns)
{
    struct timespec pause = {.tv_nsec = (long)ns};
    nanosleep(&pause, NULL);
}

/* Each side spends the pause awake, as a program that computes something else. */
static double ns_asleep(parallel_executor *executor)
{
    double end = bench_now_ns() + 2e6;
    while (bench_now_ns() < end)
        continue;
    return executor != NULL ? ns_of_round_trips(executor, 1) : ns_of_floor(1);
}

static void asleep(void)
{
    enum { CALLS = 31 };
    double ratios[MOST_ROUNDS], ours[CALLS], floors[CALLS];
    int rounds = more_rounds();
    parallel_executor *executor = open_executor("processes:1");
    bind_program(true);
    floor_begin(true);
    round_trip(executor);
    for (int round = 0; round < rounds; round++) {
        for (int call = 0; call < CALLS; call++) {
            ours[call] = ns_asleep(executor);
            floors[call] = ns_asleep(NULL);
        }
        ratios[round] = median(ours, CALLS) / median(floors, CALLS);
    }
    floor_end();
    bind_program(false);
    must(parallel_executor_close(executor));
    char beside[80];
    snprintf(beside, sizeof beside, "%.1f us; by hand %.1f us", 1e-3 * ours[CALLS / 2], 1e-3 * floors[CALLS / 2]);
    report("round trip, worker asleep / by hand", median(ratios, rounds), "times", 1.3, false, beside);
}

static void maps(void)
{
    double samples[MOST_ROUNDS];
    long *numbers = bench_allocate(TASKS, sizeof *numbers), *results = bench_allocate(TASKS, sizeof *results);
    parallel_executor *executor = open_executor("processes:2");
    for (int round = -1; round < round_count; round++) {
        double begin = bench_now_ns();
        must(add_one_map(executor, TASKS, results, numbers));
        samples[round < 0 ? 0 : round] = 1e3 * TASKS / (bench_now_ns() - begin);
    }
    must(parallel_executor_close(executor));
    report("small tasks in a map, 2 workers", median(samples, round_count), "M/s", 5, true, "");
    free(numbers);
    free(results);
}

static void futures(const char *specification, const char *row, double goal)
{
    double samples[MOST_ROUNDS];
    int rounds = more_rounds();
    parallel_future **futures = bench_allocate(TASKS, sizeof(parallel_future *));
    parallel_executor *executor = open_executor(specification);
    for (int round = -1; round < rounds; round++) {
        double begin = bench_now_ns();
        for (int i = 0; i < TASKS; i++)
            futures[i] = add_one_on(executor, i);
        for (int i = 0; i < TASKS; i++)
            if (add_one_await(futures[i]) != i + 1)
                exit(1);
        samples[round < 0 ? 0 : round] = 1e3 * TASKS / (bench_now_ns() - begin);
    }
    must(parallel_executor_close(executor));
    report(row, median(samples, rounds), "M/s", goal, true, "");
    free(futures);
}

static void big_buffer(void)
{
    double ratios[MOST_ROUNDS], ours[MOST_ROUNDS], copies[MOST_ROUNDS];
    parallel_executor *executor = open_executor("processes:1");
    char *bytes = shared(BIG), *copy = bench_allocate(BIG, 1);
    memset(bytes, 1, BIG);
    memset(copy, 2, BIG);
    enum { CALLS = 100 };
    for (int round = 0; round < round_count; round++) {
        double begin = bench_now_ns();
        for (int call = 0; call < CALLS; call++)
            if (sum_ends_await(sum_ends_on(executor, bytes, BIG)) != 2)
                exit(1);
        ours[round] = (bench_now_ns() - begin) / CALLS;
        begin = bench_now_ns();
        memcpy(copy, bytes, BIG);
        copies[round] = bench_now_ns() - begin;
        ratios[round] = ours[round] / copies[round];
    }
    must(parallel_executor_close(executor));
    char beside[80];
    snprintf(beside, sizeof beside, "%.1f us; a copy %.0f us", 1e-3 * median(ours, round_count),
             1e-3 * median(copies, round_count));
    report("64 MiB of shared memory IN / its copy", median(ratios, round_count), "times", 0.01, false, beside);
    parallel_shared_free(bytes);
    free(copy);
}

static void crowd(const char *specification, const char *row, double goal_ms)
{
    double samples[MOST_ROUNDS];
    uint32_t *arrived = shared(sizeof *arrived);
    parallel_future *futures[CROWD];
    for (int round = 0; round < round_count; round++) {
        *arrived = 0;
        double begin = bench_now_ns();
        parallel_executor *executor = open_executor(specification);
        for (int i = 0; i < CROWD; i++)
            futures[i] = meet_on(executor, arrived, CROWD);
        for (int i = 0; i < CROWD; i++)
            (void)meet_await(futures[i]);
        samples[round] = 1e-6 * (bench_now_ns() - begin);
        must(parallel_executor_close(executor));
    }
    parallel_shared_free(arrived);
    report(row, median(samples, round_count), "ms", goal_ms, false, "until all 64 are in a call at once");
}

/* From the order of a worker to its first result. The zygote is older than the memory, as it is in a program that opens
 * its executor first. */
static double ns_of_start(parallel_executor *executor, uint32_t *pid)
{
    atomic_store((_Atomic uint32_t *)pid, 0);
    parallel_future *future = hang_on(executor, pid);
    while (atomic_load((_Atomic uint32_t *)pid) == 0)
        sched_yield();
    (void)parallel_future_kill(future);
    must(parallel_future_wait(future, PARALLEL_NEVER));
    ignore_failure(future);
    double begin = bench_now_ns();
    round_trip(executor);
    return bench_now_ns() - begin;
}

static void large_parent(void)
{
    enum { STARTS = 5 };
    double ratios[MOST_ROUNDS], small[STARTS], large[STARTS], fork_ns = 0;
    uint32_t *pid = shared(sizeof *pid);
    parallel_executor *executor = open_executor("processes:1");
    for (int round = 0; round < round_count; round++) {
        for (int i = 0; i < STARTS; i++)
            small[i] = ns_of_start(executor, pid);
        char *memory = bench_allocate(LARGE, 1);
        memset(memory, 1, LARGE);
        for (int i = 0; i < STARTS; i++)
            large[i] = ns_of_start(executor, pid);
        double begin = bench_now_ns();
        fork_and_wait();
        fork_ns = bench_now_ns() - begin;
        free(memory);
        ratios[round] = median(large, STARTS) / median(small, STARTS);
    }
    must(parallel_executor_close(executor));
    parallel_shared_free(pid);
    char beside[80];
    snprintf(beside, sizeof beside, "%.2f ms; fork and waitpid there %.2f ms", 1e-6 * large[STARTS / 2], 1e-6 * fork_ns);
    report("start of a worker, parent of 512 MiB / small", median(ratios, round_count), "times", 1.3, false, beside);
}

static void killed(void)
{
    double samples[MOST_ROUNDS];
    uint32_t *pid = shared(sizeof *pid);
    parallel_executor *executor = open_executor("processes:1");
    for (int round = 0; round < round_count; round++) {
        atomic_store((_Atomic uint32_t *)pid, 0);
        parallel_future *future = hang_on(executor, pid);
        while (atomic_load((_Atomic uint32_t *)pid) == 0)
            sched_yield();
        pause_ns(5e6); /* the program waits, asleep, for a long call */
        double begin = bench_now_ns();
        kill((pid_t)atomic_load((_Atomic uint32_t *)pid), SIGKILL);
        must(parallel_future_wait(future, PARALLEL_NEVER));
        samples[round] = 1e-6 * (bench_now_ns() - begin);
        ignore_failure(future);
    }
    must(parallel_executor_close(executor));
    parallel_shared_free(pid);
    report("a killed worker is noticed after", median(samples, round_count), "ms", 2, false, "");
}

static void fork_and_waitpid(void)
{
    double ratios[MOST_ROUNDS];
    parallel_executor *executor = open_executor("processes:1");
    double ours = 0, forked = 0;
    for (int round = 0; round < round_count; round++) {
        enum { CALLS = 50 };
        ns_of_round_trips(executor, CALLS);
        ours = ns_of_round_trips(executor, SHORT_RUN);
        double begin = bench_now_ns();
        for (int call = 0; call < CALLS; call++)
            fork_and_wait();
        forked = (bench_now_ns() - begin) / CALLS;
        ratios[round] = ours / forked;
    }
    must(parallel_executor_close(executor));
    char beside[80];
    snprintf(beside, sizeof beside, "%.2f us; fork and waitpid %.0f us", 1e-3 * ours, 1e-3 * forked);
    report("round trip / fork and waitpid", median(ratios, round_count), "times", 0.01, false, beside);
}

static void only_round_trip(void)
{
    double samples[MOST_ROUNDS];
    parallel_executor *executor = open_executor("processes:1");
    for (int round = 0; round < round_count; round++)
        samples[round] = ns_of_round_trips(executor, SHORT_RUN);
    must(parallel_executor_close(executor));
    printf("%.1f\n", median(samples, round_count));
}

static bool is_wanted(const char *chosen, const char *row)
{
    return chosen == NULL || strcmp(chosen, row) == 0;
}

int main(int argc, char **argv)
{
    round_count = argc > 1 ? atoi(argv[1]) : round_count;
    const char *row = argc > 2 ? argv[2] : NULL;
    if (round_count < 1 || round_count > MOST_ROUNDS) {
        fprintf(stderr, "usage: %s [ROUNDS [ROW]]\n", argv[0]);
        return 2;
    }
    if (sched_getaffinity(0, sizeof floor_cpus, &floor_cpus) != 0)
        return 1;
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (row != NULL && strcmp(row, "round_trip") == 0) {
        only_round_trip();
        return 0;
    }
    if (is_wanted(row, "spinning"))
        spinning("processes:1", true, "round trip / ping-pong, 1 worker");
    if (is_wanted(row, "asleep"))
        asleep();
    if (is_wanted(row, "spinning2"))
        spinning("processes:2", false, "round trip / ping-pong, 2 workers");
    if (is_wanted(row, "maps"))
        maps();
    if (is_wanted(row, "futures1"))
        futures("processes:1", "small tasks, a future each, 1 worker", 0);
    if (is_wanted(row, "futures"))
        futures("processes:2", "small tasks, a future each, 2 workers", 5);
    if (is_wanted(row, "big"))
        big_buffer();
    if (is_wanted(row, "crowd"))
        crowd("processes:64,places=none", "start of 64 workers", 50);
    if (is_wanted(row, "spawn"))
        crowd("processes:64,places=none,start=spawn", "start of 64 workers by spawn", 200);
    if (is_wanted(row, "large"))
        large_parent();
    if (is_wanted(row, "killed"))
        killed();
    if (is_wanted(row, "fork"))
        fork_and_waitpid();
    if (row == NULL)
        printf("%d goals missed\n", missed_count);
    return 0;
}
