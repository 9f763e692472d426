/* SPDX-License-Identifier: BSD-3-Clause
 *
 * histogram [-e EXECUTOR] [FILE...]: how often each byte occurs in the files (default: this program), counted twice:
 *
 *   - by calls on an executor (default: worker processes). Data and counts lie in shared memory, which every process
 *     sees at the same address: the data are not copied to the workers, and nobody has to send the counts back;
 *   - by PARALLEL_REDUCE on threads, where each worker has counts of its own, which a function adds up.
 *
 * Prints a line for each byte that occurs, in hexadecimal, and its number. The exit status is 1 if the two differ. */
#include <err.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <parallel.h>

struct histogram {
    uint64_t counts[256];
};

struct shared_histogram {
    _Atomic uint64_t counts[256];
};

/* ---- by calls, into shared memory -------------------------------------------------------------------------------- */

/* Counts for itself and adds the counts at the end, for an atomic addition costs as much as many plain ones. */
static void count_bytes(const unsigned char *data, size_t size, struct shared_histogram *total)
{
    struct histogram part = {{0}};
    for (size_t i = 0; i < size; i++)
        part.counts[data[i]]++;
    for (size_t byte = 0; byte < 256; byte++) /* relaxed: who reads the sums has waited for the calls */
        atomic_fetch_add_explicit(&total->counts[byte], part.counts[byte], memory_order_relaxed);
}
PARALLEL_FN(void, count_bytes, PARALLEL_IN(unsigned char, 2), size_t, struct shared_histogram *)

static struct histogram count_by_calls(const unsigned char *data, size_t size, parallel_executor *executor)
{
    enum { PART = 1 << 20 }; /* bytes a call: starting it no longer counts beside counting */
    size_t part_count = (size + PART - 1) / PART;
    struct shared_histogram *total = PARALLEL_SHARED_ARRAY(struct shared_histogram, 1);
    parallel_future **parts = calloc(part_count + 1, sizeof *parts);
    if (total == NULL || parts == NULL)
        errx(EXIT_FAILURE, "the counts: out of memory");
    for (size_t i = 0; i < part_count; i++) {
        size_t rest = size - i * PART;
        parts[i] = count_bytes_on(executor, data + i * PART, rest < PART ? rest : PART, total);
    }
    for (size_t i = 0; i < part_count; i++)
        count_bytes_await(parts[i]);
    struct histogram result;
    for (size_t byte = 0; byte < 256; byte++)
        result.counts[byte] = atomic_load_explicit(&total->counts[byte], memory_order_relaxed);
    free(parts);
    parallel_shared_free(total);
    return result;
}

/* ---- by a reduction, on threads ---------------------------------------------------------------------------------- */

static void add(struct histogram *into, const struct histogram *from)
{
    for (size_t byte = 0; byte < 256; byte++)
        into->counts[byte] += from->counts[byte];
}

static struct histogram count_by_reduction(const unsigned char *data, size_t size)
{
    struct histogram total = {{0}};
    PARALLEL_REDUCE(i, 0, size, (add, total, (struct histogram){{0}})) /* was: for (size_t i = 0; i < size; i++) */
        total.counts[data[i]]++;
    return total;
}

/* ---- the files --------------------------------------------------------------------------------------------------- */

static size_t size_of(const char *path)
{
    struct stat status;
    if (stat(path, &status) != 0)
        err(EXIT_FAILURE, "%s", path);
    if (!S_ISREG(status.st_mode))
        errx(EXIT_FAILURE, "%s: not a regular file", path);
    return (size_t)status.st_size;
}

/* Returns how many bytes it has read, `room` at most. */
static size_t read_file(const char *path, unsigned char *data, size_t room)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    size_t size = 0;
    ssize_t got = descriptor >= 0 ? 1 : -1;
    while (got > 0 && size < room) {
        got = read(descriptor, data + size, room - size);
        size += got > 0 ? (size_t)got : 0;
    }
    if (got < 0)
        err(EXIT_FAILURE, "%s", path);
    close(descriptor);
    return size;
}

/* All files, one behind the other, in shared memory. */
static unsigned char *read_files(char *const *paths, size_t count, size_t *size)
{
    size_t room = 0;
    for (size_t i = 0; i < count; i++)
        room += size_of(paths[i]);
    unsigned char *data = PARALLEL_SHARED_ARRAY(unsigned char, room + 1); /* nobody shares nothing */
    if (data == NULL)
        errx(EXIT_FAILURE, "%s", parallel_last_error()->message);
    *size = 0;
    for (size_t i = 0; i < count; i++)
        *size += read_file(paths[i], data + *size, room - *size);
    return data;
}

int main(int argc, char **argv)
{
    const char *specification = "processes";
    for (int option; (option = getopt(argc, argv, "e:")) != -1;) {
        if (option == '?')
            errx(EXIT_FAILURE, "usage: histogram [-e EXECUTOR] [FILE...]");
        specification = optarg;
    }
    char this_program[] = "/proc/self/exe";
    char *default_paths[] = {this_program};
    bool has_paths = optind < argc;

    parallel_executor *executor = NULL; /* first, while the program has one thread: PARALLEL_REDUCE starts others */
    if (parallel_executor_open(specification, &executor) != 0)
        errx(EXIT_FAILURE, "%s", parallel_last_error()->message);
    size_t size = 0;
    unsigned char *data =
        read_files(has_paths ? argv + optind : default_paths, has_paths ? (size_t)(argc - optind) : 1, &size);
    struct histogram by_calls = count_by_calls(data, size, executor);
    struct histogram by_reduction = count_by_reduction(data, size);
    parallel_executor_close(executor);
    parallel_shared_free(data);

    for (size_t byte = 0; byte < 256; byte++)
        if (by_calls.counts[byte] > 0)
            printf("%02zx %llu\n", byte, (unsigned long long)by_calls.counts[byte]);
    if (fflush(stdout) != 0 || ferror(stdout))
        err(EXIT_FAILURE, "standard output");
    if (memcmp(&by_calls, &by_reduction, sizeof by_calls) != 0)
        errx(EXIT_FAILURE, "the two histograms differ");
    return EXIT_SUCCESS;
}
