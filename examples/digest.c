/* SPDX-License-Identifier: BSD-3-Clause
 *
 * digest [-v] [-e EXECUTOR] [DIR]: the SHA-256 of every regular file below DIR (default /usr/bin), as sha256sum prints
 * it, in the order in which the files are done:
 *
 *     digest -e threads:4 /usr/bin | sort          equals
 *     find /usr/bin -type f -exec sha256sum {} + | sort
 *
 * One call a file: digest_file() is an ordinary function, PARALLEL_FN makes it callable without blocking on any
 * executor, and PARALLEL_AS_COMPLETED hands over the results as they come. It takes only a path and returns only a
 * struct, so it may run in another process as well (-e processes), where a crash would cost one line of the output.
 *
 * Links below DIR are not followed (DIR itself may be one). A file or directory that cannot be read is reported on
 * stderr and counted there, and the others go on; the exit status is 1 only if DIR itself cannot be read or the output
 * cannot be written. -v ends with one line on stderr: files, bytes, workers, seconds. */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <parallel.h>

enum { SHA256_SIZE = 32 };

struct digest {
    int system_errno; /* 0, or why the file could not be read */
    unsigned char bytes[SHA256_SIZE];
};

struct file {
    char *path;
    long long size_bytes;
};

struct file_list {
    struct file *files;
    size_t count;
    size_t capacity;
    size_t unreadable_count;
};

/* ---- the work: one file ---------------------------------------------------------------------------------------- */

static bool hash_descriptor(int descriptor, EVP_MD_CTX *context, struct digest *digest)
{
    unsigned char buffer[64 * 1024]; /* system calls no longer count beside the hashing, and it fits the caches */
    ssize_t size = 0;
    if (EVP_DigestInit_ex(context, EVP_sha256(), NULL) != 1)
        return false;
    while ((size = read(descriptor, buffer, sizeof buffer)) != 0) {
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0 || EVP_DigestUpdate(context, buffer, (size_t)size) != 1)
            return false;
    }
    return EVP_DigestFinal_ex(context, digest->bytes, NULL) == 1;
}

static struct digest digest_file(const char *path)
{
    struct digest digest = {.system_errno = 0};
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    EVP_MD_CTX *context = descriptor >= 0 ? EVP_MD_CTX_new() : NULL;
    errno = descriptor >= 0 ? ENOMEM : errno; /* for what libcrypto cannot do: it sets no errno */
    if (context == NULL || !hash_descriptor(descriptor, context, &digest))
        digest.system_errno = errno;
    EVP_MD_CTX_free(context);
    if (descriptor >= 0)
        close(descriptor);
    return digest;
}

PARALLEL_FN(struct digest, digest_file, PARALLEL_STRING)

/* ---- names ----------------------------------------------------------------------------------------------------- */

/* A name may hold any byte but '/' and zero. As coreutils 9 does, those that would break a line are escaped, and a
 * line with an escaped name begins with a backslash. */
static bool needs_escape(const char *path)
{
    return strpbrk(path, "\\\n\r") != NULL;
}

static void print_escaped(FILE *stream, const char *path)
{
    for (; *path != '\0'; path++) {
        switch (*path) {
        case '\\':
            fputs("\\\\", stream);
            break;
        case '\n':
            fputs("\\n", stream);
            break;
        case '\r':
            fputs("\\r", stream);
            break;
        default:
            fputc(*path, stream);
        }
    }
}

static void print_digest(const struct digest *digest, const char *path)
{
    if (needs_escape(path))
        putchar('\\');
    for (int i = 0; i < SHA256_SIZE; i++) {
        putchar("0123456789abcdef"[digest->bytes[i] >> 4]);
        putchar("0123456789abcdef"[digest->bytes[i] & 15]);
    }
    fputs("  ", stdout);
    print_escaped(stdout, path);
    putchar('\n');
}

static void report_unreadable(struct file_list *list, const char *path, const char *reason)
{
    list->unreadable_count++;
    fputs("digest: ", stderr);
    print_escaped(stderr, path);
    fprintf(stderr, ": %s\n", reason);
}

/* ---- the files below a directory ------------------------------------------------------------------------------- */

static void list_add(struct file_list *list, const char *path, long long size_bytes)
{
    if (list->count == list->capacity) {
        list->capacity = list->capacity > 0 ? 2 * list->capacity : 1024;
        list->files = realloc(list->files, list->capacity * sizeof *list->files);
    }
    char *copy = strdup(path);
    if (list->files == NULL || copy == NULL)
        err(EXIT_FAILURE, "the list of files");
    list->files[list->count++] = (struct file){copy, size_bytes};
}

static void list_free(struct file_list *list)
{
    for (size_t i = 0; i < list->count; i++)
        free(list->files[i].path);
    free(list->files);
}

/* False if the directory itself cannot be read. */
static bool list_files(struct file_list *list, char *directory)
{
    char *roots[] = {directory, NULL};
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_COMFOLLOW | FTS_NOCHDIR, NULL);
    if (walk == NULL)
        err(EXIT_FAILURE, "%s", directory);
    bool is_readable = true;
    FTSENT *entry = NULL;
    while ((entry = fts_read(walk)) != NULL) {
        switch (entry->fts_info) {
        case FTS_F:
            list_add(list, entry->fts_path, entry->fts_statp->st_size);
            break;
        case FTS_DNR:
        case FTS_ERR:
        case FTS_NS:
        case FTS_SLNONE: /* below DIR a link is FTS_SL */
            report_unreadable(list, entry->fts_path, strerror(entry->fts_errno));
            is_readable = is_readable && entry->fts_level > FTS_ROOTLEVEL;
            break;
        default: /* directories on the way in and out, links, devices */
            break;
        }
    }
    if (errno != 0) /* fts_read() sets it to 0 at the end of the walk */
        err(EXIT_FAILURE, "%s", directory);
    fts_close(walk);
    return is_readable;
}

static int larger_first(const void *left, const void *right)
{
    long long a = ((const struct file *)left)->size_bytes;
    long long b = ((const struct file *)right)->size_bytes;
    return (a < b) - (a > b);
}

/* ---- all files, on an executor --------------------------------------------------------------------------------- */

static void digest_all(struct file_list *list, parallel_executor *executor)
{
    parallel_future **futures = calloc(list->count + 1, sizeof *futures);
    if (futures == NULL)
        err(EXIT_FAILURE, "the list of futures");
    for (size_t i = 0; i < list->count; i++)
        futures[i] = digest_file_on(executor, list->files[i].path);
    size_t index = 0;
    PARALLEL_AS_COMPLETED(future, futures, list->count, .index = &index) {
        struct digest digest;
        if (digest_file_result(future, &digest) != 0)
            report_unreadable(list, list->files[index].path, parallel_last_error()->message);
        else if (digest.system_errno != 0)
            report_unreadable(list, list->files[index].path, strerror(digest.system_errno));
        else
            print_digest(&digest, list->files[index].path);
        parallel_future_release(future);
    }
    free(futures);
}

static double seconds_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void print_statistics(const struct file_list *list, parallel_executor *executor, double seconds)
{
    long long bytes = 0;
    for (size_t i = 0; i < list->count; i++)
        bytes += list->files[i].size_bytes;
    parallel_executor_info info = {.kind = "?"};
    if (parallel_executor_describe(executor, &info) == 0)
        fprintf(stderr, "digest: %zu files, %.1f MB, %s, workers: %zu, seconds: %.3f\n", list->count,
                1e-6 * (double)bytes, info.kind, info.worker_count, seconds);
}

int main(int argc, char **argv)
{
    const char *specification = NULL; /* PARALLEL_EXECUTOR, else threads */
    bool is_verbose = false;
    for (int option; (option = getopt(argc, argv, "e:v")) != -1;) {
        if (option == '?')
            errx(EXIT_FAILURE, "usage: digest [-v] [-e EXECUTOR] [DIR]");
        if (option == 'e')
            specification = optarg;
        is_verbose = is_verbose || option == 'v';
    }
    char default_directory[] = "/usr/bin";
    struct file_list list = {.files = NULL};
    bool is_readable = list_files(&list, optind < argc ? argv[optind] : default_directory);
    if (list.count > 0) /* large ones first: then nobody is left alone with one at the end */
        qsort(list.files, list.count, sizeof *list.files, larger_first);

    parallel_executor *executor = NULL;
    if (parallel_executor_open(specification, &executor) != 0)
        errx(EXIT_FAILURE, "%s", parallel_last_error()->message);
    double start = seconds_now();
    digest_all(&list, executor);
    if (is_verbose)
        print_statistics(&list, executor, seconds_now() - start);
    if (list.unreadable_count > 0)
        fprintf(stderr, "digest: %zu could not be read\n", list.unreadable_count);
    parallel_executor_close(executor);
    list_free(&list);
    if (fflush(stdout) != 0 || ferror(stdout))
        err(EXIT_FAILURE, "standard output");
    return is_readable ? EXIT_SUCCESS : EXIT_FAILURE;
}
