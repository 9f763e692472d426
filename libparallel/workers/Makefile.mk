# SPDX-License-Identifier: BSD-3-Clause
libparallel_sources += \
	libparallel/workers/thread_worker.c \
	libparallel/workers/thread_worker.h
