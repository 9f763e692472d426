#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# docs/protocols/parking.pml, checked with SPIN: the protocol holds in every interleaving of a few small casts, and each
# mutation of it is noticed, so that the model is known to be able to fail.
model_name=parking
verifier_options=
. "$top_srcdir/tests/support/model.sh"

for cast in \
    '-DWORKERS=2 -DPUBLISHERS=2 -DTASKS_EACH=1 -DTIMEOUTS_EACH=1' \
    '-DWORKERS=2 -DPUBLISHERS=2 -DTASKS_EACH=2 -DTIMEOUTS_EACH=0' \
    '-DWORKERS=3 -DPUBLISHERS=1 -DTASKS_EACH=2 -DTIMEOUTS_EACH=0'
do
    holds "$cast"
done

for mutation in $mutations; do
    notices "$mutation"
done
