/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Functions of every kind of signature, annotated; valid C11 and C++17. check_annotations() calls each of them on an
 * executor and says how many answers were right. */
#ifndef TESTS_MACROS_ANNOTATIONS_H
#define TESTS_MACROS_ANNOTATIONS_H

#include <parallel.h>

#include <string.h>

typedef struct big {
    double values[40];
} big;

typedef struct wide {
    float lanes[8] __attribute__((aligned(64)));
} wide;

typedef int (*operation)(int);

static int answer_to_all(void)
{
    return 42;
}
PARALLEL_FN(int, answer_to_all)

static void set_flag(int *flag)
{
    *flag = 1;
}
PARALLEL_FN(void, set_flag, int *)

static int flag_without_arguments;
static void raise_flag(void)
{
    flag_without_arguments = 1;
}
PARALLEL_FN(void, raise_flag)

static void *same_pointer(void *pointer)
{
    return pointer;
}
PARALLEL_FN(void *, same_pointer, void *)

static const char *tail_of(const char *text, const int skipped)
{
    return text + skipped;
}
PARALLEL_FN(const char *, tail_of, PARALLEL_STRING, const int)

static big scale(big all, double factor)
{
    for (int i = 0; i < 40; i++)
        all.values[i] *= factor;
    return all;
}
PARALLEL_FN(big, scale, big, double)

static wide add_lanes(wide a, char between, wide b)
{
    for (int i = 0; i < 8; i++)
        a.lanes[i] += b.lanes[i] + (float)between;
    return a;
}
PARALLEL_FN(wide, add_lanes, wide, char, wide)

static int apply(operation what, int (*how)(int), int value)
{
    return what(how(value));
}
PARALLEL_FN(int, apply, operation, int (*)(int), int)

static double weigh(const double *a, const double *b, int rows, int columns, double *sums)
{
    double all = 0;
    for (int row = 0; row < rows; row++) {
        sums[row] = 0;
        for (int column = 0; column < columns; column++)
            sums[row] += a[row * columns + column] * b[column];
        all += sums[row];
    }
    return all;
}
PARALLEL_FN(double, weigh, PARALLEL_IN(double, 3, 4), PARALLEL_IN(double, 4), int, int, PARALLEL_OUT(double, 3))

static long sixteen(char a, short b, int c, long d, unsigned char e, unsigned short f, unsigned g, unsigned long h, float i,
                    double j, long long k, int l, int m, int n, int o, int p)
{
    return a + b + c + d + e + f + (long)g + (long)h + (long)i + (long)j + (long)k + l + m + n + o + p;
}
PARALLEL_FN(long, sixteen, char, short, int, long, unsigned char, unsigned short, unsigned, unsigned long, float, double,
            long long, int, int, int, int, int)
PARALLEL_FN_AS(sum_of_sixteen, long, sixteen, char, short, int, long, unsigned char, unsigned short, unsigned,
               unsigned long, float, double, long long, int, int, int, int, int)

static int twice(int value)
{
    return 2 * value;
}

static int increment(int value)
{
    return value + 1;
}

enum { ANNOTATION_COUNT = 15 };

static int check_annotations(parallel_executor *executor)
{
    int right = 0, number = 0, flag = 0;
    right += answer_to_all_await(answer_to_all_on(executor)) == 42;
    const parallel_call_options anywhere = {NULL, NULL}, *none = NULL;
    right += answer_to_all_await(answer_to_all_on_with(executor, &anywhere)) == 42;
    right += same_pointer_await(same_pointer_on_with(executor, none, &flag)) == &flag;
    set_flag_await(set_flag_on(executor, &flag));
    right += flag == 1;
    flag_without_arguments = 0;
    raise_flag_await(raise_flag_on(executor));
    right += flag_without_arguments == 1;
    right += same_pointer_await(same_pointer_on(executor, &flag)) == &flag;
    right += strcmp(tail_of_await(tail_of_on(executor, "a tail", 2)), "tail") == 0;

    big all;
    for (int i = 0; i < 40; i++)
        all.values[i] = i;
    right += scale_await(scale_on(executor, all, 0.5)).values[39] == 19.5;
    wide lanes;
    for (int i = 0; i < 8; i++)
        lanes.lanes[i] = (float)i;
    right += add_lanes_await(add_lanes_on(executor, lanes, 1, lanes)).lanes[7] == 15;
    right += apply_await(apply_on(executor, twice, increment, 4)) == 10;

    double a[6] = {1, 2, 3, 4, 5, 6}, b[3] = {1, 1, 1}, sums[2] = {0, 0};
    right += weigh_await(weigh_on(executor, a, b, 2, 3, sums)) == 21 && sums[1] == 15;
    right += sixteen_await(sixteen_on(executor, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1)) == 16;
    right += sum_of_sixteen_await(sum_of_sixteen_on(executor, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16)) == 136;

    int in[3] = {1, 2, 3}, out[3];
    operation whats[3] = {twice, twice, twice}, hows[3] = {increment, increment, twice};
    right += apply_map(executor, 3, out, whats, hows, in) == 0 && out[0] == 4 && out[1] == 6 && out[2] == 12;

    parallel_future *future = apply_on(executor, twice, increment, 4);
    double wrong = 0;
    right += weigh_result(future, &wrong) == PARALLEL_EWRONGFUNCTION && apply_result(future, &number) == 0 &&
             number == 10 && apply_result_until(future, PARALLEL_POLL, &number) == 0;
    parallel_future_release(future);
    return right;
}

#endif
