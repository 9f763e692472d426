# SPDX-License-Identifier: BSD-3-Clause
# Complete small programs, as a user would write them: they include public headers only and link libparallel.la alone.
# tests/examples/ runs them on small input, ./quickstart on real input. -no-install makes libtool link the program itself
# and no script in its place, so that it starts as fast as it will once installed, and a debugger can take it.
examples_ldflags = $(AM_LDFLAGS) -no-install

noinst_PROGRAMS += examples/crashy
examples_crashy_SOURCES = examples/crashy.c
examples_crashy_LDFLAGS = $(examples_ldflags)
examples_crashy_LDADD = libparallel.la

noinst_PROGRAMS += examples/histogram
examples_histogram_SOURCES = examples/histogram.c
examples_histogram_CFLAGS = $(AM_CFLAGS) $(OPENMP_CFLAGS)
examples_histogram_LDFLAGS = $(examples_ldflags)
examples_histogram_LDADD = libparallel.la

noinst_PROGRAMS += examples/jacobi
examples_jacobi_SOURCES = examples/jacobi.c
examples_jacobi_CFLAGS = $(AM_CFLAGS) $(OPENMP_CFLAGS)
examples_jacobi_LDFLAGS = $(examples_ldflags)
examples_jacobi_LDADD = libparallel.la

noinst_PROGRAMS += examples/nbody
examples_nbody_SOURCES = examples/nbody.c
examples_nbody_CFLAGS = $(AM_CFLAGS) $(OPENMP_CFLAGS)
examples_nbody_LDFLAGS = $(examples_ldflags)
examples_nbody_LDADD = libparallel.la -lm

noinst_PROGRAMS += examples/pi
examples_pi_SOURCES = examples/pi.c
examples_pi_CFLAGS = $(AM_CFLAGS) $(OPENMP_CFLAGS)
examples_pi_LDFLAGS = $(examples_ldflags)
examples_pi_LDADD = libparallel.la

noinst_PROGRAMS += examples/saxpy
examples_saxpy_SOURCES = examples/saxpy.c
examples_saxpy_CFLAGS = $(AM_CFLAGS) $(OPENMP_CFLAGS)
examples_saxpy_LDFLAGS = $(examples_ldflags)
examples_saxpy_LDADD = libparallel.la

noinst_PROGRAMS += examples/spmv
examples_spmv_SOURCES = examples/spmv.c
examples_spmv_CFLAGS = $(AM_CFLAGS) $(OPENMP_CFLAGS)
examples_spmv_LDFLAGS = $(examples_ldflags)
examples_spmv_LDADD = libparallel.la -lm

noinst_PROGRAMS += examples/wave
examples_wave_SOURCES = examples/wave.c
examples_wave_LDFLAGS = $(examples_ldflags)
examples_wave_LDADD = libparallel.la -lm

if HAVE_LIBCRYPTO
noinst_PROGRAMS += examples/digest
examples_digest_SOURCES = examples/digest.c
examples_digest_CFLAGS = $(AM_CFLAGS) $(LIBCRYPTO_CFLAGS)
examples_digest_LDFLAGS = $(examples_ldflags)
examples_digest_LDADD = libparallel.la $(LIBCRYPTO_LIBS)
endif

if HAVE_LIBPNG
noinst_PROGRAMS += examples/mandelbrot
examples_mandelbrot_SOURCES = examples/mandelbrot.c
examples_mandelbrot_CFLAGS = $(AM_CFLAGS) $(OPENMP_CFLAGS) $(LIBPNG_CFLAGS)
examples_mandelbrot_LDFLAGS = $(examples_ldflags)
examples_mandelbrot_LDADD = libparallel.la $(LIBPNG_LIBS) -lm
endif
