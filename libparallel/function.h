/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What PARALLEL_FN tells the library about a function: a static, constant descriptor. A program never writes one by
 * hand. Two descriptors mean the same function if their addresses are equal, since PARALLEL_FN in a shared header makes
 * one for each file. */
#ifndef LIBPARALLEL_FUNCTION_H
#define LIBPARALLEL_FUNCTION_H

#include <stddef.h>

#include <libparallel/compiler.h>
#include <libparallel/error.h>

PARALLEL_BEGIN_C

/* What a parameter is, and so how it could be carried to a worker that does not see the caller's memory. */
enum parallel_parameter_kind {
    PARALLEL_PARAMETER_VALUE,  /* a number or a struct: its bytes */
    PARALLEL_PARAMETER_POINTER, /* a bare pointer: only as far as the memory is shared */
    PARALLEL_PARAMETER_IN,     /* PARALLEL_IN(T, n[, m]): reads as many T as the arguments n and m say */
    PARALLEL_PARAMETER_OUT,    /* PARALLEL_OUT(T, n[, m]): writes them */
    PARALLEL_PARAMETER_INOUT,  /* PARALLEL_INOUT(T, n[, m]): both */
    PARALLEL_PARAMETER_STRING, /* PARALLEL_STRING: a zero-terminated const char * */
};

typedef struct parallel_parameter {
    enum parallel_parameter_kind kind;
    size_t size;         /* of the argument itself, bytes */
    size_t offset;       /* in the struct of arguments, bytes */
    size_t element_size; /* IN, OUT, INOUT: of what it points to, bytes; else 0 */
    int counts[2];       /* IN, OUT, INOUT: which arguments multiply to the element count, from 1; 0: none */
} parallel_parameter;

/* The calls [first, last) of a map: argument k of call i is element i of columns[k]. Generated; it stops early when a
 * call has failed, and returns the index after the last call that it made. */
struct parallel_range_call {
    const void *const *columns;
    void *results;              /* NULL for void */
    size_t first;
    size_t last;
    /* Points to what is not NULL as soon as a call has failed: its result is not stored, and no further call is made. */
    const parallel_error *const volatile *failure;
};

typedef struct parallel_function {
    const char *name;
    void (*address)(void);
    void (*call)(const void *arguments, void *result);
    size_t (*call_range)(const struct parallel_range_call *range);
    size_t argument_size;      /* of the struct of arguments, bytes; 0 without parameters */
    size_t argument_alignment; /* bytes, a power of 2, as the next one: what _Alignof says */
    size_t result_size;        /* bytes; 0 for void */
    size_t result_alignment;
    int parameter_count;
    const parallel_parameter *parameters;
} parallel_function;

PARALLEL_END_C

#endif
