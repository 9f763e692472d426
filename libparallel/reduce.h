/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What PARALLEL_REDUCE (macros/parallel_reduce.h) calls: records, and the operators' meanings for every type.
 *
 * A record is the value of all of a loop's variables at one moment. The first one holds them before the loop; then comes
 * one for each unit of the range, with what this unit alone made of the identity. Units depend on the range alone, and
 * records are combined in their order, so the result has the same bits whoever ran which unit.
 *
 *     records:  [before][unit 0][unit 1] ... [unit n-1]          before op unit 0 op unit 1 op ...
 */
#ifndef LIBPARALLEL_REDUCE_H
#define LIBPARALLEL_REDUCE_H

#include <libparallel/loop.h>

PARALLEL_BEGIN_C

/* The last record to be combined; the first one, if there is nothing to combine because the loop has failed. */
PARALLEL_API unsigned char *parallel_reduce_last_record(parallel_loop *loop);

/* Makes room in the records for a variable. */
static inline void parallel_reduce_variable(parallel_loop *loop, int number, size_t size, size_t alignment)
{
    size_t offset = (loop->shared.record_size + alignment - 1) / alignment * alignment;
    loop->record_offset[number] = (uint32_t)offset;
    loop->shared.record_size = (uint32_t)(offset + size);
}

/* Walks through what happens between open and close: 1 and the record of the values before the loop, while the region is
 * due; then 1 and each further record, to be combined with the variables; then 0. */
static inline int parallel_reduce_walk(parallel_loop *loop)
{
    unsigned char *before = (unsigned char *)loop->shared.records;
    if (loop->record == NULL) {
        loop->record = before;
        loop->region_is_due = 1;
        return 1;
    }
    if (loop->record == before)
        loop->last_record = parallel_reduce_last_record(loop);
    if (loop->record == loop->last_record)
        return 0;
    loop->record += loop->shared.record_size;
    return 1;
}

/* 1 once. */
static inline int parallel_reduce_region(parallel_loop *loop)
{
    int is_due = loop->region_is_due;
    loop->region_is_due = 0;
    return is_due;
}

static inline int parallel_reduce_is_before(const parallel_loop *loop)
{
    return loop->record == (unsigned char *)loop->shared.records;
}

/* The next unit of the claim, else the next claim. */
static inline void parallel_reduce_next(parallel_loop *loop, parallel_chunk *chunk)
{
    if (!chunk->is_joined || chunk->last == chunk->claim_last || chunk->at != chunk->last) {
        parallel_loop_next(loop, chunk);
        return;
    }
    uint64_t rest = chunk->claim_last - chunk->last;
    chunk->first = chunk->last;
    chunk->last += rest < loop->shared.unit ? rest : loop->shared.unit;
    chunk->record += loop->shared.record_size;
    chunk->unfinished = 1;
}

PARALLEL_END_C

/* What follows gives an operator, written (+, sum), its meaning for the variable's type: PARALLEL_OPERATOR_CHECK does not
 * compile if there is none, PARALLEL_OPERATOR_IDENTITY is what a unit begins with (for min and max the value before the
 * loop, which needs no largest value of the type and changes no result), PARALLEL_OPERATOR_COMBINE is `a operator b`. */

#ifndef __cplusplus

/* C. The operator is a string; compilers compare constant strings at compile time, also without optimisation. */

#define PARALLEL_VARIABLE_TYPE(variable) __typeof__(variable)

#define PARALLEL_OPERATOR_IS(operator, name) (__builtin_strcmp(operator, name) == 0)

#define PARALLEL_OPERATOR_IS_ORDER(operator)                                                                  \
    (PARALLEL_OPERATOR_IS(operator, "min") || PARALLEL_OPERATOR_IS(operator, "max"))

#define PARALLEL_OPERATOR_IS_BITWISE(operator)                                                                \
    (PARALLEL_OPERATOR_IS(operator, "&") || PARALLEL_OPERATOR_IS(operator, "|") ||                            \
     PARALLEL_OPERATOR_IS(operator, "^"))

#define PARALLEL_OPERATOR_IS_NUMERIC(operator)                                                                \
    (PARALLEL_OPERATOR_IS(operator, "+") || PARALLEL_OPERATOR_IS(operator, "*") ||                            \
     PARALLEL_OPERATOR_IS(operator, "&&") || PARALLEL_OPERATOR_IS(operator, "||"))

#define PARALLEL_IS_REAL(variable)    _Generic((variable), float: 1, double: 1, long double: 1, default: 0)
#define PARALLEL_IS_COMPLEX(variable)                                                                         \
    _Generic((variable), float _Complex: 1, double _Complex: 1, long double _Complex: 1, default: 0)

/* 0, or `void`, which no use compiles with. What is neither real nor complex counts as an integer; if it is not even a
 * number, PARALLEL_OPERATOR_COMBINE does not compile. */
#define PARALLEL_OPERATOR_CHECK(operator, variable)                                                           \
    __builtin_choose_expr(                                                                                    \
        PARALLEL_IS_COMPLEX(variable) ? PARALLEL_OPERATOR_IS_NUMERIC(operator)                                \
        : PARALLEL_IS_REAL(variable)                                                                          \
            ? PARALLEL_OPERATOR_IS_NUMERIC(operator) || PARALLEL_OPERATOR_IS_ORDER(operator)                  \
            : sizeof(variable) <= sizeof(unsigned long long) &&                                               \
                  (PARALLEL_OPERATOR_IS_NUMERIC(operator) || PARALLEL_OPERATOR_IS_ORDER(operator) ||          \
                   PARALLEL_OPERATOR_IS_BITWISE(operator)),                                                   \
        0, (void)0)

static inline int parallel_operator_identity(const char *operator)
{
    if (PARALLEL_OPERATOR_IS(operator, "&"))
        return -1; /* all bits, in any type that has bits */
    return PARALLEL_OPERATOR_IS(operator, "*") || PARALLEL_OPERATOR_IS(operator, "&&");
}

#define PARALLEL_OPERATOR_IDENTITY(operator, type, before)                                                    \
    (PARALLEL_OPERATOR_IS_ORDER(operator) ? (before) : (type)parallel_operator_identity(operator))

static inline unsigned long long parallel_combine_unsigned(const char *operator, unsigned long long a,
                                                           unsigned long long b)
{
    if (PARALLEL_OPERATOR_IS(operator, "+"))
        return a + b;
    if (PARALLEL_OPERATOR_IS(operator, "*"))
        return a * b;
    if (PARALLEL_OPERATOR_IS(operator, "&"))
        return a & b;
    if (PARALLEL_OPERATOR_IS(operator, "|"))
        return a | b;
    if (PARALLEL_OPERATOR_IS(operator, "^"))
        return a ^ b;
    if (PARALLEL_OPERATOR_IS(operator, "&&"))
        return a && b;
    if (PARALLEL_OPERATOR_IS(operator, "||"))
        return a || b;
    if (PARALLEL_OPERATOR_IS(operator, "min"))
        return b < a ? b : a;
    return a < b ? b : a;
}

/* Modulo 2^64, where the sum of two units may overflow although the sum of all does not. */
static inline long long parallel_combine_signed(const char *operator, long long a, long long b)
{
    if (PARALLEL_OPERATOR_IS(operator, "min"))
        return b < a ? b : a;
    if (PARALLEL_OPERATOR_IS(operator, "max"))
        return a < b ? b : a;
    return (long long)parallel_combine_unsigned(operator, (unsigned long long)a, (unsigned long long)b);
}

/* `a_is_less` and `b_is_less` are expressions in a and b. */
#define PARALLEL_COMBINE_FUNCTION(name, type, a_is_less, b_is_less)                                           \
    static inline type name(const char *operator, type a, type b)                                             \
    {                                                                                                         \
        if (PARALLEL_OPERATOR_IS(operator, "+"))                                                              \
            return a + b;                                                                                     \
        if (PARALLEL_OPERATOR_IS(operator, "*"))                                                              \
            return a * b;                                                                                     \
        if (PARALLEL_OPERATOR_IS(operator, "&&"))                                                             \
            return a != 0 && b != 0;\
        if (PARALLEL_OPERATOR_IS(operator, "||"))                                                             \
            return a != 0 || b != 0;\
        if (PARALLEL_OPERATOR_IS(operator, "min"))                                                            \
            return b_is_less ? b : a;                                                                         \
        return a_is_less ? b : a;                                                                             \
    }

PARALLEL_COMBINE_FUNCTION(parallel_combine_float, float, a < b, b < a)
PARALLEL_COMBINE_FUNCTION(parallel_combine_double, double, a < b, b < a)
PARALLEL_COMBINE_FUNCTION(parallel_combine_long_double, long double, a < b, b < a)
PARALLEL_COMBINE_FUNCTION(parallel_combine_complex_float, float _Complex, 0, 0)
PARALLEL_COMBINE_FUNCTION(parallel_combine_complex, double _Complex, 0, 0)
PARALLEL_COMBINE_FUNCTION(parallel_combine_complex_long_double, long double _Complex, 0, 0)
#undef PARALLEL_COMBINE_FUNCTION

#define PARALLEL_OPERATOR_COMBINE(operator, type, a, b)                                                       \
    ((type)_Generic((a),                                                                                      \
        float: parallel_combine_float,                                                                        \
        double: parallel_combine_double,                                                                      \
        long double: parallel_combine_long_double,                                                            \
        float _Complex: parallel_combine_complex_float,                                                       \
        double _Complex: parallel_combine_complex,                                                            \
        long double _Complex: parallel_combine_complex_long_double,                                           \
        _Bool: parallel_combine_unsigned,                                                                     \
        unsigned char: parallel_combine_unsigned,                                                             \
        unsigned short: parallel_combine_unsigned,                                                            \
        unsigned: parallel_combine_unsigned,                                                                  \
        unsigned long: parallel_combine_unsigned,                                                             \
        unsigned long long: parallel_combine_unsigned,                                                        \
        default: parallel_combine_signed)(operator, a, b))

#else

/* C++17. The operator is a number computed from its string at compile time, so that only what it means is instantiated,
 * for built-in types and for classes such as std::complex alike. */

namespace parallel_detail
{
template <class T> struct plain {
    typedef T type;
};
template <class T> struct plain<T &> {
    typedef T type;
};

enum operation { none, add, multiply, bit_and, bit_or, bit_xor, logical_and, logical_or, smallest, largest };

constexpr bool is_same_text(const char *a, const char *b)
{
    return *a == *b && (*a == '\0' || is_same_text(a + 1, b + 1));
}

constexpr operation operation_of(const char *text)
{
    const char *const texts[] = {"", "+", "*", "&", "|", "^", "&&", "||", "min", "max"};
    for (int i = 1; i < 10; i++)
        if (is_same_text(text, texts[i]))
            return operation(i);
    return none;
}

template <operation what, class T> inline T identity(const T &before)
{
    if constexpr (what == smallest || what == largest)
        return before;
    else
        return T(what == bit_and ? -1 : what == multiply || what == logical_and ? 1 : 0);
}

template <operation what, class T> inline T combine(const T &a, const T &b)
{
    static_assert(what != none, "PARALLEL_REDUCE: not one of + * & | ^ && || min max");
    if constexpr (what == add)
        return T(a + b);
    else if constexpr (what == multiply)
        return T(a * b);
    else if constexpr (what == bit_and)
        return T(a & b);
    else if constexpr (what == bit_or)
        return T(a | b);
    else if constexpr (what == bit_xor)
        return T(a ^ b);
    else if constexpr (what == logical_and)
        return T(static_cast<bool>(a) && static_cast<bool>(b));
    else if constexpr (what == logical_or)
        return T(static_cast<bool>(a) || static_cast<bool>(b));
    else if constexpr (what == smallest)
        return b < a ? b : a;
    else
        return a < b ? b : a;
}
} // namespace parallel_detail

/* Of a variable, a reference parameter too. Records are plain memory, so the type must be one that may be copied so. */
#define PARALLEL_VARIABLE_TYPE(variable) typename parallel_detail::plain<__typeof__(variable)>::type

#define PARALLEL_OPERATOR_CHECK(operator, variable)                                                           \
    (int)(sizeof(char[__is_trivially_copyable(PARALLEL_VARIABLE_TYPE(variable)) ? 1 : -1]) - 1)

#define PARALLEL_OPERATOR_IDENTITY(operator, type, before)                                                    \
    parallel_detail::identity<parallel_detail::operation_of(operator), type>(before)

#define PARALLEL_OPERATOR_COMBINE(operator, type, a, b)                                                       \
    parallel_detail::combine<parallel_detail::operation_of(operator), type>(a, b)

#endif

#endif
