/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What two threads need at least to share a loop: written by hand for exactly two of them, one iteration each, which
 * both spin all the time. Kernels with more than two iterations do not take part. */
#include <pthread.h>

#include <atomic>
#include <cstdint>

struct alignas(128) line {
    std::atomic<uint64_t> number{0};
};

static line posted, done;
static void (*body_of_loop)(void *context, int64_t i);
static void *context_of_loop;

static void *second_thread(void *unused)
{
    for (uint64_t number = 1;; number++) {
        while (posted.number.load(std::memory_order_acquire) != number)
            continue;
        body_of_loop(context_of_loop, 1);
        done.number.store(number, std::memory_order_release);
    }
    return unused;
}

template <typename Body> static void run(int64_t count, Body body)
{
    static uint64_t number;
    if (count != 2)
        return;
    body_of_loop = [](void *context, int64_t i) { (*static_cast<Body *>(context))(i); };
    context_of_loop = &body;
    posted.number.store(++number, std::memory_order_release);
    body(0);
    while (done.number.load(std::memory_order_acquire) != number)
        continue;
}

#define BENCH_FOR(i, n, ...)        run((n), [=](int64_t i) __VA_ARGS__)
#define BENCH_SUM(i, n, total, ...) (void)values

#include "kernels.h"

int main(int argc, char **argv)
{
    if (argc > 1 && strncmp(argv[1], "meet", 4) != 0 && strcmp(argv[1], "empty") != 0) {
        printf("nan 0\n");
        return 0;
    }
    pthread_t thread;
    if (pthread_create(&thread, NULL, second_thread, NULL) != 0)
        return 1;
    return bench_loops_main(argc, argv);
}
