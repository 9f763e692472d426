# SPDX-License-Identifier: BSD-3-Clause
include_HEADERS = \
	macros/parallel.h \
	macros/parallel_as_completed.h \
	macros/parallel_fn.h \
	macros/parallel_preprocessor.h
