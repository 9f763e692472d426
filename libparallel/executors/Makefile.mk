# SPDX-License-Identifier: BSD-3-Clause
libparallel_sources += \
	libparallel/executors/crew.c \
	libparallel/executors/crew.h \
	libparallel/executors/deque.c \
	libparallel/executors/deque.h \
	libparallel/executors/executor.c \
	libparallel/executors/executor.h \
	libparallel/executors/fork.c \
	libparallel/executors/frame.c \
	libparallel/executors/frame.h \
	libparallel/executors/parcel.c \
	libparallel/executors/parcel.h \
	libparallel/executors/portion.c \
	libparallel/executors/portion.h \
	libparallel/executors/process_collect.c \
	libparallel/executors/process_dispatch.c \
	libparallel/executors/process_hub.c \
	libparallel/executors/process_hub.h \
	libparallel/executors/process_worker.c \
	libparallel/executors/processes.c \
	libparallel/executors/processes.h \
	libparallel/executors/roster.c \
	libparallel/executors/roster.h \
	libparallel/executors/scope.c \
	libparallel/executors/scope.h \
	libparallel/executors/serial.c \
	libparallel/executors/slot.h \
	libparallel/executors/specification.c \
	libparallel/executors/task.c \
	libparallel/executors/task.h \
	libparallel/executors/task_queue.c \
	libparallel/executors/task_queue.h \
	libparallel/executors/threads.c \
	libparallel/executors/threads.h \
	libparallel/executors/victims.c \
	libparallel/executors/victims.h
