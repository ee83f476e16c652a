"""Replication with min ISR, Eligible Leader Replicas and restarts that lose the end of a log.

When a record is committed it lies in the memory of every replica that must have it, and not surely on any disk: Kafka
replicates, and leaves flushing to the operating system. A broker that stops uncleanly may come back with the end of its log
gone. While others in the ISR have what it lost, that is harmless; but an ISR may shrink to one, and before KIP-966 the last
member stayed in the ISR whatever happened to it. It died, came back without committed records, led again because nobody else
was in the ISR, and everybody cut off what it lacked: the *last replica standing*.

KIP-966 has three parts. The high watermark advances only while the ISR meets min.insync.replicas. Therefore whoever leaves
an ISR that is, or falls, below min ISR misses nothing that is committed from then on: it stays *eligible* to lead, in the
ELR, until an ISR meets min ISR again; and so the ISR may become empty, and a leader still be found. And a broker that
registers without having shut down cleanly is taken out of ISR and ELR before anybody can elect it.

Two more rules guard the way back. The controller lets nobody into the ISR whom it takes for dead (KIP-841). And a request
to let a replica in names the broker epoch in which that replica had caught up; if it has restarted since, perhaps with less,
the request is void (KIP-903). The partition epoch alone does not tell, because the restart of a replica outside ISR and ELR
changes nothing of the partition.

Min ISR is not a number here but a rigid family of *groups*: a set meets min ISR if it contains a group. Nothing is assumed
of the family, so the proof is for every min ISR, and indeed for racks or data centres in place of counts. What is promised:
every member of ISR and ELR has every committed record (`eligible_are_complete`), so an election from them never loses
one; and a committed record was held by a whole group, of which only lossy restarts take away (`commits_survive`), so with
min.insync.replicas = n any n - 1 of them are survived.

The argument is that of the asynchronous model. There the leader counts at least all who may be elected; here it counts them
but for the ELR of its record (`maximal_isr_covers_eligible`), and with an ELR beside its ISR it may not commit. A restart
takes a replica out of what commitments rest on: `commitment_held` excepts replicas that have `lapsed` since an epoch ended,
and `proposal_holds_commitments` excepts those whose broker epoch is no more the one that the request names.

What is left out: a loss counts from the broker's registration on, since until then nobody can read what is left of its log;
a clean restart loses nothing and is no step; the leader sees how far its followers are and does not remember it, so that
after a restart it counts a follower again only when that follows again. min.insync.replicas does not change. Kafka elects
from the ELR when nobody in the ISR is alive, and the last known leader when both are empty; the model may elect from the ELR
at any time, and with both empty nobody: that last resort may lose records.
"""

from __future__ import annotations

from itertools import combinations

from tautolog_spec.language import TRUE, Configuration, Model, Sometimes, exists, forall
from tautolog_spec.language.models import Facts, Sizes
from tautolog_spec.models.reasons import TWICE
from tautolog_spec.models.replication.text import Epoch, Offset, Replica
from tautolog_spec.models.replication_elr.invariants import INVARIANTS
from tautolog_spec.models.replication_elr.text import (
    ACTIONS,
    RELATIONS,
    BrokerEpoch,
    Group,
    commitment,
    elr,
    epoch_leader,
    incarnation,
    isr,
    leader,
    log,
    member,
    used,
)

MIN_ISR = 2
"""min.insync.replicas of the finite instances; the proof is for any."""


def groups(sizes: Sizes) -> tuple[Sizes, Facts]:
    """In a finite instance the groups are all sets of `MIN_ISR` replicas."""
    replicas = sizes[Replica.name]
    found = list(combinations(range(replicas), min(MIN_ISR, replicas)))
    return {Group.name: len(found)}, {member.name: frozenset((n, r) for n, group in enumerate(found) for r in group)}


NO_LEADER = "nobody works with the record of an epoch that has no leader; but a record carries its leader epoch"
REDUNDANT = {
    "fence_leader updates record_epoch": NO_LEADER,
    "fence_leader updates fenced": "as if the broker came back at once; and outside the ISR it may be fenced at any time",
    "fence_other requires ¬fenced(gone)": TWICE,
    "unfence requires fenced(back)": TWICE,
    "restart requires has(replica, first_lost)": "a restart that loses nothing harms nobody",
    "restart_eligible requires fenced(replica)": "who is eligible is not in the ISR, whether it was missed or not",
    "restart_eligible updates record_leader": "a replica learns from any record of its epoch that it leads, and the one that "
    "began it says so, too",
    "propose_shrinking requires ¬proposed(epoch, base)": "the ISR that the leader knows is counted in any case, and a second "
    "request could name no others; but a leader has one request under way",
    "restart_eligible requires elr(replica)": "a record that changes nothing would do no harm; Kafka writes none",
}

MODEL = Model(
    name="replication-elr",
    title="Replication with min ISR, Eligible Leader Replicas and lossy restarts",
    essay=__doc__ or "",
    relations=RELATIONS,
    initial=(
        isr.insert(..., where=lambda _: TRUE),
        incarnation.insert(..., ..., where=lambda _, b: forall(BrokerEpoch, lambda x: b <= x)),
        used.insert(..., where=lambda b: forall(BrokerEpoch, lambda x: b <= x)),
    ),
    actions=ACTIONS,
    invariants=INVARIANTS,
    sometimes=(
        Sometimes(
            "loses",
            exists(*(Offset, Epoch, Epoch, Replica), lambda o, e, c, r: commitment(o, e, c) & ~log(r, o, e)),
            "some replica lacks a committed record",
        ),
        Sometimes(
            "isr_is_empty",
            exists(*(Offset, Epoch, Epoch), commitment) & ~exists(Replica, isr) & exists(Replica, elr),
            "the ISR is empty and a committed record is safe with an eligible replica",
        ),
        Sometimes(
            "elects_eligible",
            exists(*(Replica, Replica, Epoch), lambda r, n, e: leader(r) & elr(n) & epoch_leader(e, n)),
            "the former leader is eligible while another leads",
        ),
    ),
    configurations=(
        Configuration(
            {"Replica": 2, "Epoch": 2, "PartitionEpoch": 3, "Offset": 1, "BrokerEpoch": 3}, distinct=53_253, depth=20
        ),
        Configuration(
            {"Replica": 2, "Epoch": 2, "PartitionEpoch": 4, "Offset": 1, "BrokerEpoch": 2},
            distinct=481_421,
            depth=24,
            nightly=True,
        ),
    ),
    frame=groups,
    redundant=REDUNDANT,
    proved=True,
)
