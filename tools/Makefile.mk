# SPDX-License-Identifier: BSD-3-Clause
dist_noinst_SCRIPTS += \
	tools/check-headers \
	tools/check-layers \
	tools/check-symbols \
	tools/test-summary

bin_PROGRAMS += tools/parallel-info
tools_parallel_info_SOURCES = tools/parallel-info.c
tools_parallel_info_LDADD = libparallel.la
