"""Replication of one partition with leader epochs, in-sync replicas and a high watermark, for any number of everything.

A controller elects leaders, each in a new leader epoch, from the in-sync replicas (ISR). It tells them by messages that are
never lost but may come late, twice, or never: a message is a fact that stays true. A leader appends; followers copy its log
record by record; a record is committed, and may be answered and read, when every member of the leader's ISR holds it. The
leader in office may change the ISR. A replica that learns of a later epoch as a follower first cuts its own log back to the
last record that it has in common with the leader.

Why is nothing committed ever lost? Because a record is committed in an epoch only when all of that epoch's ISR hold it, the
next leader comes from an ISR, and every ISR either descends from that one or was formed after one of its members moved on;
a member that moved on no longer helps to commit. The ghosts `configuration`, `abandoned` and `commitment` name these three
things, and the auxiliary invariants `nested` and `commitment_held` say it exactly. Records carry no contents: a record is
known by its offset and the epoch that it was written in, which is what log matching makes sufficient.

Three mechanisms carry the proof, and each was once missing: the leader that a follower truncates against is in the
follower's epoch (KIP-320); so is every follower that counts for the high watermark (KIP-320); and a follower joins the ISR
only when the high watermark has reached the leader's own epoch.

What is left out: a follower finds where two logs part by asking epoch by epoch, which is one step here (`kip-320` has the
questions). Brokers that restart have lost nothing (`replication-elr` has those that have). The controller is one, because
its log is replicated in turn (`quorum`). Nobody reassigns the partition to other replicas, or deletes its old records; and
elections are clean (`replication-consumer` has the others).
"""

from __future__ import annotations

from tautolog_spec.language import TRUE, Configuration, Model, Sometimes, exists
from tautolog_spec.models.replication.invariants import INVARIANTS
from tautolog_spec.models.replication.text import ACTIONS, RELATIONS, Epoch, Offset, Replica, below_hw, isr, leads, log

PARTS = "what is kept of others than the ISR has no effect; so each part of the ISR is named once"
PREFIX = "a follower that is in the epoch has a prefix of the leader's log, and would cut nothing"
REDUNDANT = {
    "elect requires ∀ r: Replica. kept(r) → isr(r)": PARTS,
    "retire requires ∀ r: Replica. kept(r) → isr(r)": PARTS,
    "become_follower requires ¬at(follower, epoch)": PREFIX,
    "become_follower_afresh requires ¬at(follower, epoch)": PREFIX,
}

MODEL = Model(
    name="replication",
    title="Replication with leader epochs and a synchronous ISR",
    essay=__doc__ or "",
    relations=RELATIONS,
    initial=(isr.insert(..., where=lambda _: TRUE),),
    actions=ACTIONS,
    invariants=INVARIANTS,
    sometimes=(
        Sometimes("commits", exists(Replica, Offset, below_hw), "some record is committed"),
        Sometimes(
            "moves_on",
            exists(Replica, Offset, Epoch, Epoch, lambda r, o, e, d: log(r, o, e) & leads(r, d) & (e < d)),
            "a leader has a record of an earlier epoch",
        ),
    ),
    configurations=(Configuration({"Replica": 2, "Epoch": 2, "Offset": 2}, distinct=5_468, depth=18),),
    redundant=REDUNDANT,
    proved=True,
)
