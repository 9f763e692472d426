# SPDX-License-Identifier: BSD-3-Clause
libparallel_sources += \
	libparallel/workers/capture.c \
	libparallel/workers/capture.h \
	libparallel/workers/crash.c \
	libparallel/workers/crash.h \
	libparallel/workers/forked_children.c \
	libparallel/workers/forked_children.h \
	libparallel/workers/forked_process.c \
	libparallel/workers/forked_process.h \
	libparallel/workers/known_code.c \
	libparallel/workers/known_code.h \
	libparallel/workers/memory_limit.c \
	libparallel/workers/memory_limit.h \
	libparallel/workers/outlet.c \
	libparallel/workers/outlet.h \
	libparallel/workers/process_end.c \
	libparallel/workers/process_end.h \
	libparallel/workers/relay.c \
	libparallel/workers/relay.h \
	libparallel/workers/rseq.c \
	libparallel/workers/rseq.h \
	libparallel/workers/seat.h \
	libparallel/workers/side_clone.c \
	libparallel/workers/side_clone.h \
	libparallel/workers/source_line.c \
	libparallel/workers/source_line.h \
	libparallel/workers/symbol.c \
	libparallel/workers/symbol.h \
	libparallel/workers/thread_worker.c \
	libparallel/workers/thread_worker.h \
	libparallel/workers/zygote.c \
	libparallel/workers/zygote.h \
	libparallel/workers/zygote_process.c \
	libparallel/workers/zygote_process.h
