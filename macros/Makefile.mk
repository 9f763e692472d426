# SPDX-License-Identifier: BSD-3-Clause
include_HEADERS = \
	macros/parallel.h \
	macros/parallel_array.h \
	macros/parallel_as_completed.h \
	macros/parallel_fn.h \
	macros/parallel_for.h \
	macros/parallel_loop.h \
	macros/parallel_loop_reduce.h \
	macros/parallel_preprocessor.h \
	macros/parallel_reduce.h \
	macros/parallel_reduce_simd.h \
	macros/parallel_serial.h
