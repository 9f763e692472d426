#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
#
# docs/protocols/queue.pml, checked with SPIN: the protocol holds in every interleaving of a few small casts, wherever one
# of them dies, and each mutation of it is noticed with one of them, so that the model is known to be able to fail.
model_name=queue
verifier_options=
. "$top_srcdir/tests/support/model.sh"

one_producer='-DCELLS=1 -DPRODUCERS=1 -DPUSHES_EACH=2 -DCONSUMERS=2'
two_producers='-DCELLS=1 -DPRODUCERS=2 -DPUSHES_EACH=1 -DCONSUMERS=1'
two_cells='-DCELLS=2 -DPRODUCERS=1 -DPUSHES_EACH=2 -DCONSUMERS=1'

for cast in "$one_producer" "$two_producers" "$two_cells"; do
    holds "$cast"
done

for mutation in $mutations; do
    cast=$one_producer
    [ "$mutation" != MUTATION_ONE_LOOK ] || cast=$two_producers # it takes another producer to look
    notices "$mutation" "$cast"
done
