#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# docs/protocols/process-line.pml, checked with SPIN: no task is left in line beside a free slot, in every interleaving of a few
# small casts, and each mutation of the protocol is noticed, so that the model is known to be able to fail.
model_name=process-line
verifier_options=
. "$top_srcdir/tests/support/model.sh"

for cast in '-DSLOTS=2 -DKEPT_LIMIT=2' '-DSLOTS=2 -DKEPT_LIMIT=1' '-DSLOTS=1 -DKEPT_LIMIT=1'; do
    holds "$cast"
done

for mutation in $mutations; do
    cast='-DSLOTS=1 -DKEPT_LIMIT=1'
    [ "$mutation" != MUTATION_EARLY_LOOK ] || cast='-DSLOTS=2 -DKEPT_LIMIT=2'
    notices "$mutation" "$cast"
done
