"""Version 1 of the transaction protocol by itself, with verification (KIP-890, first part); the text is the model `transactions`.

All transactions of a client run under one epoch, so nothing tells a late request from a present one. What version 1 still
promises is little, and proved here without the rest: nothing hangs, a fenced producer commits nothing, a reader never passes
an open transaction. Without the switch `KIP_890_VERIFICATION` this is the protocol of KIP-98, and transactions hang.

Partitions never forget a producer here. In `transactions` they do; that is one more way to hang, and a shorter one, but it
takes a batch that is late by a day.
"""

from __future__ import annotations

import attrs

from tautolog_spec.language import Configuration, forall
from tautolog_spec.language.formulas import relations_in
from tautolog_spec.models.transactions import MODEL as VERSION_2
from tautolog_spec.models.transactions.text import Producer, abort_nothing, forget, speaks_2

MODEL = attrs.evolve(
    VERSION_2,
    name="transactions-1",
    title="Transactions, version 1",
    essay=__doc__ or "",
    axioms=(forall(Producer, lambda p: ~speaks_2(p)),),
    actions=tuple(one for one in VERSION_2.actions if one not in (forget, abort_nothing)),
    invariants=tuple(one for one in VERSION_2.invariants if speaks_2.name not in relations_in(one.formula)),
    frame=lambda _: ({}, {}),
    configurations=(
        Configuration(
            {"Producer": 1, "Transaction": 2, "Partition": 1, "Epoch": 3, "Offset": 2},
            distinct=10_515,
            depth=25,
            live=True,
        ),
        Configuration(
            {"Producer": 2, "Transaction": 2, "Partition": 1, "Epoch": 2, "Offset": 2}, distinct=45_258, depth=26
        ),
    ),
)
