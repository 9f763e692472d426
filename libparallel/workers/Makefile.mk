# SPDX-License-Identifier: BSD-3-Clause
libparallel_sources += \
	libparallel/workers/known_code.c \
	libparallel/workers/known_code.h \
	libparallel/workers/seat.h \
	libparallel/workers/thread_worker.c \
	libparallel/workers/thread_worker.h \
	libparallel/workers/zygote.c \
	libparallel/workers/zygote.h \
	libparallel/workers/zygote_process.c \
	libparallel/workers/zygote_process.h
