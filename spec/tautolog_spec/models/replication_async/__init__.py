"""Replication when the leader asks the controller for a new ISR and does not wait for the answer.

Since KIP-497 the leader sends AlterPartition and goes on. The controller writes metadata records, numbered by partition
epochs; each carries a leader epoch, a leader and an ISR, and leaders learn them late. Between the request and the record
two parties believe in two ISRs. What keeps commitments safe is that the leader's belief errs on the safe side: while its
proposal is under way it counts the *maximal* ISR, everybody who is in the ISR that it knows or in the one that it asked for.

The controller accepts a proposal only on top of the record that it was made on. Without that comparison of partition
epochs a delayed proposal could bring back a member that has been dropped meanwhile, and that the leader does not count.

The argument is the one of the synchronous model with one more step: whatever ISR the controller holds in an epoch is part
of what the leader of that epoch counts (`maximal_isr_covers`). Everything below the promises says when that is so.

What is left out, besides what `replication` leaves out: that a leader is told no. A proposal that is refused is one that is
never accepted, and the leader counts its maximal ISR until it learns a later record. (Kafka's goes back to the ISR that it
knows, where the controller says that the proposal was not and will not be applied.)
"""

from __future__ import annotations

from tautolog_spec.language import TRUE, Configuration, Model, Sometimes, exists
from tautolog_spec.models.replication.text import Offset, Replica
from tautolog_spec.models.replication_async.invariants import INVARIANTS
from tautolog_spec.models.replication_async.text import ACTIONS, RELATIONS, below_hw, isr, leader_isr, maximal_isr

PARTS = "what is kept of others than the ISR has no effect; so each part of the ISR is named once"
PREFIX = "a follower that is in the epoch has a prefix of the leader's log, and would cut nothing"
REDUNDANT = {
    "elect requires ∀ r: Replica. kept(r) → isr(r)": PARTS,
    "fence_followers requires ∀ r: Replica. kept(r) → isr(r)": PARTS,
    "propose_shrinking requires ¬proposed(epoch, base)": "the ISR that the leader knows is counted in any case, and a second "
    "request could name no others; but a leader has one request under way",
    "fetch updates below_hw": "an answer without records teaches the same high watermark right after",
    "become_follower requires ¬at(follower, epoch)": PREFIX,
    "become_follower_afresh requires ¬at(follower, epoch)": PREFIX,
}

MODEL = Model(
    name="replication-async",
    title="Replication with asynchronous AlterPartition",
    essay=__doc__ or "",
    relations=RELATIONS,
    initial=(isr.insert(..., where=lambda _: TRUE),),
    actions=ACTIONS,
    invariants=INVARIANTS,
    sometimes=(
        Sometimes("commits", exists(Replica, Offset, below_hw), "some record is committed"),
        Sometimes(
            "cautious",
            exists(Replica, Replica, lambda r, n: maximal_isr(r, n) & ~leader_isr(r, n)),
            "a leader counts a replica that it has only proposed",
        ),
    ),
    configurations=(
        Configuration({"Replica": 2, "Epoch": 2, "PartitionEpoch": 3, "Offset": 1}, distinct=36_267, depth=17),
    ),
    redundant=REDUNDANT,
    proved=True,
)
