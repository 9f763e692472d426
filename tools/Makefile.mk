# SPDX-License-Identifier: BSD-3-Clause
dist_noinst_SCRIPTS += \
	tools/check-headers \
	tools/check-layers \
	tools/check-symbols \
	tools/test-summary
