/* SPDX-License-Identifier: BSD-3-Clause
 *
 * crashy [-e EXECUTOR] [-t SECONDS] [FORMULA...]: computes formulas with a calculator that somebody wrote for tidy ones.
 * On others it crashes, exits or never ends, in the ways that C programs have; each call harms itself alone, the others
 * are computed, and the report says which formulas it was and what became of them:
 *
 *     crashy                                  a batch of its own, in worker processes
 *     crashy -e fork '1 + 1' '1 / 0'          a process for each formula
 *     xargs -d '\n' crashy <formulas
 *
 * Where a report says "power+0x1c", gdb -batch -ex 'info line *(power+0x1c)' crashy tells the line.
 *
 * A call that takes longer than SECONDS (default 1) is ended. The exit status is 1 if a formula was not computed. */
#include <ctype.h>
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <parallel.h>

/* ---- the calculator, as it was found. It knows nothing of libparallel -------------------------------------------- */

static const char *const definitions[][2] = {
    {"dozen", "12"}, {"gross", "dozen * dozen"}, {"hen", "egg + 1"}, {"egg", "hen - 1"}};

static long memory[10]; /* `1 + 1 > 3` stores 2 at 3, `#3` reads it */

static long sum(const char **at);

static int next(const char **at)
{
    while (**at == ' ')
        ++*at;
    return **at;
}

static long number(const char **at)
{
    char *end;
    long value = strtol(*at, &end, 10);
    *at = end;
    return value;
}

static const char *definition(const char *name, size_t length)
{
    for (size_t i = 0; i < sizeof definitions / sizeof definitions[0]; i++)
        if (strlen(definitions[i][0]) == length && memcmp(definitions[i][0], name, length) == 0)
            return definitions[i][1];
    return NULL;
}

static long name(const char **at)
{
    size_t length = strspn(*at, "abcdefghijklmnopqrstuvwxyz");
    const char *text = definition(*at, length);
    *at += length;
    return sum(&text); /* not there: NULL; defined by itself: no stack is enough */
}

static long factor(const char **at)
{
    if (islower(next(at)))
        return name(at);
    if (**at == '-' || isdigit(**at))
        return number(at);
    int opening = *(*at)++;
    if (opening == '#')
        return memory[number(at)];
    if (opening != '(')
        exit(2); /* who would want to go on after a syntax error? */
    long value = sum(at);
    if (next(at) != ')')
        abort();
    ++*at;
    return value;
}

static long power(const char **at)
{
    long base = factor(at), value = 1;
    if (next(at) != '^')
        return base;
    ++*at;
    for (long exponent = power(at); exponent != 0; exponent--) /* not for negative ones */
        value = (long)((unsigned long)value * (unsigned long)base);
    return value;
}

static long product(const char **at)
{
    long value = power(at);
    while (next(at) == '*' || **at == '/') {
        int operation = *(*at)++;
        long right = power(at);
        value = operation == '*' ? value * right : value / right; /* 0? */
    }
    return value;
}

static long sum(const char **at)
{
    long value = product(at);
    while (next(at) == '+' || **at == '-') {
        int operation = *(*at)++;
        long right = product(at);
        value = operation == '+' ? value + right : value - right;
    }
    if (**at == '>') {
        ++*at;
        memory[number(at)] = value; /* is there such a place? */
    }
    return value;
}

static long calculate(const char *formula)
{
    return sum(&formula);
}

/* ---- its user ---------------------------------------------------------------------------------------------------- */

PARALLEL_FN(long, calculate, PARALLEL_STRING)

static const char *const batch[] = {
    "1 + 2 * 3",
    "2 ^ 3 ^ 2",
    "2 ^ -1",
    "3 * gross",
    "3 * score",
    "hen",
    "(1 + 2) * (3 + 4",
    "1 / (dozen - 12)",
    "(6 * 7 > 3) + #3",
    "6 * 7 > 1000000000000",
    "1 + * 2",
    "-dozen",
    "10 - 4 - 3",
};

/* Returns how many formulas could not be computed. */
static size_t report(const char *const *formulas, size_t count, parallel_executor *executor)
{
    size_t failed_count = 0;
    parallel_future **futures = calloc(count + 1, sizeof *futures);
    if (futures == NULL)
        err(EXIT_FAILURE, "the list of futures");
    for (size_t i = 0; i < count; i++)
        futures[i] = calculate_on(executor, formulas[i]);
    size_t index = 0;
    PARALLEL_AS_COMPLETED(future, futures, count, .index = &index) {
        long value = 0;
        if (calculate_result(future, &value) == 0) {
            printf("%s = %ld\n", formulas[index], value);
        } else {
            printf("%s: %s\n", formulas[index], parallel_last_error()->message);
            failed_count++;
        }
        parallel_future_release(future);
    }
    free(futures);
    return failed_count;
}

int main(int argc, char **argv)
{
    const char *executor_wanted = "processes", *seconds = "1";
    for (int option; (option = getopt(argc, argv, "+e:t:")) != -1;) {
        if (option == '?')
            errx(EXIT_FAILURE, "usage: crashy [-e EXECUTOR] [-t SECONDS] [FORMULA...]");
        *(option == 'e' ? &executor_wanted : &seconds) = optarg;
    }
    const char *const *formulas = optind < argc ? (const char *const *)argv + optind : batch;
    size_t count = optind < argc ? (size_t)(argc - optind) : sizeof batch / sizeof batch[0];

    char specification[256];
    snprintf(specification, sizeof specification, "%s,timeout=%s", executor_wanted, seconds);
    parallel_executor *executor = NULL;
    if (parallel_executor_open(specification, &executor) != 0)
        errx(EXIT_FAILURE, "%s", parallel_last_error()->message);
    size_t failed_count = report(formulas, count, executor);
    parallel_executor_close(executor);
    printf("crashy: %zu formulas computed, %zu failed\n", count - failed_count, failed_count);
    if (fflush(stdout) != 0 || ferror(stdout))
        err(EXIT_FAILURE, "standard output");
    return failed_count == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
