# SPDX-License-Identifier: BSD-3-Clause
libparallel_sources += \
	libparallel/report/progress.c \
	libparallel/report/progress.h
