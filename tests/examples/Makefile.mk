# SPDX-License-Identifier: BSD-3-Clause
examples_tests = \
	tests/examples/crashy_finishes_its_batch.sh \
	tests/examples/digest_equals_sha256sum.sh \
	tests/examples/digest_reports_what_it_cannot_read.sh \
	tests/examples/histogram_is_the_same_by_processes_and_threads.sh \
	tests/examples/kernels_equal_their_serial_runs.sh \
	tests/examples/mandelbrot_is_the_same_on_any_executor.sh \
	tests/examples/pi_has_the_same_digits_on_any_executor.sh \
	tests/examples/saxpy_is_right.sh \
	tests/examples/wave_is_the_same_on_any_executor.sh
dist_check_SCRIPTS += $(examples_tests)
TESTS += $(examples_tests)
