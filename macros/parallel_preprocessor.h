/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What the other macros need of the preprocessor: counting arguments, and expanding a macro once for each of them. The
 * lists always begin with an argument that is not an element (`head`), so that a list of no elements needs no empty
 * variadic argument, which C11 does not have.
 *
 *     PARALLEL_PP_EACH(M, c, head, a, b)  ->  M(c, 1, a) M(c, 2, b)
 *     PARALLEL_PP_LIST(M, c, head, a, b)  ->  M(c, 1, a), M(c, 2, b) */
#ifndef PARALLEL_PREPROCESSOR_H
#define PARALLEL_PREPROCESSOR_H

#define PARALLEL_PP_CAT_(a, b) a##b
#define PARALLEL_PP_CAT(a, b)  PARALLEL_PP_CAT_(a, b)

#define PARALLEL_PP_STRING_(text) #text
#define PARALLEL_PP_STRING(text)  PARALLEL_PP_STRING_(text)

/* The first and the second of at least two (three) arguments; the last one given may be anything. */
#define PARALLEL_PP_FIRST_(a, ...)     a
#define PARALLEL_PP_FIRST(...)         PARALLEL_PP_FIRST_(__VA_ARGS__, ~)
#define PARALLEL_PP_SECOND_(a, b, ...) b
#define PARALLEL_PP_SECOND(...)        PARALLEL_PP_SECOND_(__VA_ARGS__)

/* PARALLEL_PP_OPENED (a, b) is a, b. PARALLEL_PP_IS_TUPLE(a) is 1 if the argument is in parentheses, else 0. */
#define PARALLEL_PP_OPENED(...)      __VA_ARGS__
#define PARALLEL_PP_TUPLE_PROBE(...) ~, 1
#define PARALLEL_PP_IS_TUPLE(a)      PARALLEL_PP_SECOND(PARALLEL_PP_TUPLE_PROBE a, 0, ~)

/* How many arguments, 1 to 17. */
#define PARALLEL_PP_COUNT(...) PARALLEL_PP_COUNT_(__VA_ARGS__, 17, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, ~)
#define PARALLEL_PP_COUNT_(a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, n, ...) n

#define PARALLEL_PP_EACH(M, c, ...)  PARALLEL_PP_CAT(PARALLEL_PP_EACH_, PARALLEL_PP_COUNT(__VA_ARGS__))(M, c, __VA_ARGS__)
#define PARALLEL_PP_LIST(M, c, ...)  PARALLEL_PP_CAT(PARALLEL_PP_LIST_, PARALLEL_PP_COUNT(__VA_ARGS__))(M, c, __VA_ARGS__)

/* `none` if there is nothing after the head, else `some`. */
#define PARALLEL_PP_IF_NONE(none, some, ...) PARALLEL_PP_CAT(PARALLEL_PP_IF_NONE_, PARALLEL_PP_COUNT(__VA_ARGS__))(none, some)

#define PARALLEL_PP_EACH_1(M, c, head)
#define PARALLEL_PP_EACH_2(M, c, head, p1) M(c, 1, p1)
#define PARALLEL_PP_EACH_3(M, c, head, p1, p2) \
    PARALLEL_PP_EACH_2(M, c, head, p1) M(c, 2, p2)
#define PARALLEL_PP_EACH_4(M, c, head, p1, p2, p3) \
    PARALLEL_PP_EACH_3(M, c, head, p1, p2) M(c, 3, p3)
#define PARALLEL_PP_EACH_5(M, c, head, p1, p2, p3, p4) \
    PARALLEL_PP_EACH_4(M, c, head, p1, p2, p3) M(c, 4, p4)
#define PARALLEL_PP_EACH_6(M, c, head, p1, p2, p3, p4, p5) \
    PARALLEL_PP_EACH_5(M, c, head, p1, p2, p3, p4) M(c, 5, p5)
#define PARALLEL_PP_EACH_7(M, c, head, p1, p2, p3, p4, p5, p6) \
    PARALLEL_PP_EACH_6(M, c, head, p1, p2, p3, p4, p5) M(c, 6, p6)
#define PARALLEL_PP_EACH_8(M, c, head, p1, p2, p3, p4, p5, p6, p7) \
    PARALLEL_PP_EACH_7(M, c, head, p1, p2, p3, p4, p5, p6) M(c, 7, p7)
#define PARALLEL_PP_EACH_9(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8) \
    PARALLEL_PP_EACH_8(M, c, head, p1, p2, p3, p4, p5, p6, p7) M(c, 8, p8)
#define PARALLEL_PP_EACH_10(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8, p9) \
    PARALLEL_PP_EACH_9(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8) M(c, 9, p9)
#define PARALLEL_PP_EACH_11(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10) \
    PARALLEL_PP_EACH_10(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8, p9) M(c, 10, p10)
#define PARALLEL_PP_EACH_12(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11) \
    PARALLEL_PP_EACH_11(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10) M(c, 11, p11)
#define PARALLEL_PP_EACH_13(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12) \
    PARALLEL_PP_EACH_12(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11) M(c, 12, p12)
#define PARALLEL_PP_EACH_14(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13) \
    PARALLEL_PP_EACH_13(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12) M(c, 13, p13)
#define PARALLEL_PP_EACH_15(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14) \
    PARALLEL_PP_EACH_14(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13) M(c, 14, p14)
#define PARALLEL_PP_EACH_16(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14, p15) \
    PARALLEL_PP_EACH_15(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14) M(c, 15, p15)
#define PARALLEL_PP_EACH_17(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14, p15, p16) \
    PARALLEL_PP_EACH_16(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14, p15) M(c, 16, p16)

#define PARALLEL_PP_LIST_1(M, c, head)
#define PARALLEL_PP_LIST_2(M, c, head, p1) M(c, 1, p1)
#define PARALLEL_PP_LIST_3(M, c, head, p1, p2) \
    PARALLEL_PP_LIST_2(M, c, head, p1), M(c, 2, p2)
#define PARALLEL_PP_LIST_4(M, c, head, p1, p2, p3) \
    PARALLEL_PP_LIST_3(M, c, head, p1, p2), M(c, 3, p3)
#define PARALLEL_PP_LIST_5(M, c, head, p1, p2, p3, p4) \
    PARALLEL_PP_LIST_4(M, c, head, p1, p2, p3), M(c, 4, p4)
#define PARALLEL_PP_LIST_6(M, c, head, p1, p2, p3, p4, p5) \
    PARALLEL_PP_LIST_5(M, c, head, p1, p2, p3, p4), M(c, 5, p5)
#define PARALLEL_PP_LIST_7(M, c, head, p1, p2, p3, p4, p5, p6) \
    PARALLEL_PP_LIST_6(M, c, head, p1, p2, p3, p4, p5), M(c, 6, p6)
#define PARALLEL_PP_LIST_8(M, c, head, p1, p2, p3, p4, p5, p6, p7) \
    PARALLEL_PP_LIST_7(M, c, head, p1, p2, p3, p4, p5, p6), M(c, 7, p7)
#define PARALLEL_PP_LIST_9(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8) \
    PARALLEL_PP_LIST_8(M, c, head, p1, p2, p3, p4, p5, p6, p7), M(c, 8, p8)
#define PARALLEL_PP_LIST_10(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8, p9) \
    PARALLEL_PP_LIST_9(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8), M(c, 9, p9)
#define PARALLEL_PP_LIST_11(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10) \
    PARALLEL_PP_LIST_10(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8, p9), M(c, 10, p10)
#define PARALLEL_PP_LIST_12(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11) \
    PARALLEL_PP_LIST_11(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10), M(c, 11, p11)
#define PARALLEL_PP_LIST_13(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12) \
    PARALLEL_PP_LIST_12(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11), M(c, 12, p12)
#define PARALLEL_PP_LIST_14(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13) \
    PARALLEL_PP_LIST_13(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12), M(c, 13, p13)
#define PARALLEL_PP_LIST_15(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14) \
    PARALLEL_PP_LIST_14(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13), M(c, 14, p14)
#define PARALLEL_PP_LIST_16(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14, p15) \
    PARALLEL_PP_LIST_15(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14), M(c, 15, p15)
#define PARALLEL_PP_LIST_17(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14, p15, p16) \
    PARALLEL_PP_LIST_16(M, c, head, p1, p2, p3, p4, p5, p6, p7, p8, p9, p10, p11, p12, p13, p14, p15), M(c, 16, p16)

#define PARALLEL_PP_IF_NONE_1(none, some) none
#define PARALLEL_PP_IF_NONE_2(none, some) some
#define PARALLEL_PP_IF_NONE_3(none, some) some
#define PARALLEL_PP_IF_NONE_4(none, some) some
#define PARALLEL_PP_IF_NONE_5(none, some) some
#define PARALLEL_PP_IF_NONE_6(none, some) some
#define PARALLEL_PP_IF_NONE_7(none, some) some
#define PARALLEL_PP_IF_NONE_8(none, some) some
#define PARALLEL_PP_IF_NONE_9(none, some) some
#define PARALLEL_PP_IF_NONE_10(none, some) some
#define PARALLEL_PP_IF_NONE_11(none, some) some
#define PARALLEL_PP_IF_NONE_12(none, some) some
#define PARALLEL_PP_IF_NONE_13(none, some) some
#define PARALLEL_PP_IF_NONE_14(none, some) some
#define PARALLEL_PP_IF_NONE_15(none, some) some
#define PARALLEL_PP_IF_NONE_16(none, some) some
#define PARALLEL_PP_IF_NONE_17(none, some) some

#endif
