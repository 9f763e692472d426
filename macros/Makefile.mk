# SPDX-License-Identifier: BSD-3-Clause
include_HEADERS = \
	macros/parallel.h
