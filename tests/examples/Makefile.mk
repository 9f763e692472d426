# SPDX-License-Identifier: BSD-3-Clause
examples_tests = \
	tests/examples/digest_equals_sha256sum.sh \
	tests/examples/digest_reports_what_it_cannot_read.sh
dist_check_SCRIPTS += $(examples_tests)
TESTS += $(examples_tests)
