# SPDX-License-Identifier: BSD-3-Clause
EXTRA_DIST += \
	docs/protocols/fork-call.md \
	docs/protocols/parking.md \
	docs/protocols/parking.pml
