"""Kafka's classes, on random small histories, against an oracle that takes their definitions literally; and broken on purpose."""

import random
from collections import Counter

import networkx as nx
import pytest

from support import worker_oracle
from support.kafka_histories import correct_history, mutated
from support.kafka_oracle import Count
from tautolog_checkers import check_history
from tautolog_checkers.graph.components import components
from tautolog_checkers.graph.cycles import shortest_cycle, shortest_path
from tautolog_checkers.kafka import judge, reads_from
from tautolog_checkers.kafka.checks import cycles, lost_write, poll_order, torn_transaction, unexplained_hole
from tautolog_checkers.kafka.logs import Log, Logs

UNPROMISED = {"fractured-read", "G-single", "G2", "unseen", "int-send-skip"}
"""What histories that keep every promise may show: a reader may lag, and transactions interleave."""

TOLD_OF_SENDS = {"unseen", "G-single", "log-nonlinearizable"}


def sends_and_polls(seed):
    chance = random.Random(f"sends {seed}")
    return mutated(chance, correct_history(chance)), bool(seed % 2)


def disagreement(seed):
    """Class -> (what the judge counts, what the oracle counts), where they differ."""
    events, ww_edges = sends_and_polls(seed)
    got = dict(check_history(events, ww_edges=ww_edges).anomalies)
    got.pop("consumed-twice", None)
    return different(got, Count(events, ww_edges=ww_edges).counts())


def told(seed):
    chance = random.Random(f"told {seed}")
    window = chance.choice([None, 0, 1, 2])
    return worker_oracle.random_told(chance), window, bool(seed % 2)


def told_disagreement(seed):
    events, window, owes = told(seed)
    profile = "worker=at-least-once" + ("" if window is None else f",in-flight={window}") if owes else None
    got = {name: n for name, n in check_history(events, profile).anomalies.items() if name not in TOLD_OF_SENDS}
    return different(got, worker_oracle.counts(events, window if owes else None, owes=owes))


def different(got, wanted):
    return {
        name: (got.get(name, 0), wanted.get(name, 0))
        for name in {*got, *wanted} if got.get(name, 0) != wanted.get(name, 0)
    }  # fmt: skip


@pytest.mark.parametrize("part", range(4))
def test_every_class_counts_what_its_definition_says(part):
    for seed in range(part * 500, part * 500 + 500):
        assert disagreement(seed) == {}, seed


def test_workers_and_groups_are_judged_as_their_definitions_say():
    for seed in range(2000):
        assert told_disagreement(seed) == {}, seed


@pytest.mark.nightly
@pytest.mark.parametrize("part", range(20))
def test_every_class_on_many_histories(part):
    for seed in range(10_000 + part * 5000, 10_000 + part * 5000 + 5000):
        assert disagreement(seed) == {}, seed
        assert told_disagreement(seed) == {}, seed


def test_the_histories_show_every_class():
    seen = Counter()
    for seed in range(800):
        events, ww_edges = sends_and_polls(seed)
        seen.update(check_history(events, ww_edges=ww_edges).anomalies.keys())
    for seed in range(200):
        events, window, _ = told(seed)
        profile = None if window is None else f"worker=at-least-once,in-flight={window}"
        seen.update(check_history(events, profile).anomalies.keys())
    assert {"lost-write", "torn-transaction", "G1c", "G2", "consumed-twice", "order-per-key"} <= set(seen)


def test_correct_histories_are_clean():
    for seed in range(500):
        chance = random.Random(f"correct {seed}")
        counts = check_history(correct_history(chance), "producer=transactional,allow=unseen").anomalies
        assert set(counts) <= UNPROMISED, (seed, counts)


def test_groups_that_keep_their_promises_are_clean():
    again = 0
    for seed in range(200):
        events = worker_oracle.correct_told(random.Random(f"group {seed}"))
        verdict = check_history(events, "worker=at-least-once,in-flight=4,allow=unseen")
        assert set(verdict.anomalies) <= {"unseen"}, (seed, verdict.anomalies)
        processed = [tuple(event["value"]) for event in events if event["f"] == "process" and event["type"] == "ok"]
        again += len(processed) - len(set(processed))
    assert again > 100


# ------------------------------------------------------------------------------------------------------ broken on purpose


@pytest.fixture(scope="module")
def known():
    """Histories of both kinds with what the oracle counts."""
    sends = [sends_and_polls(seed) for seed in range(500)]
    of_workers = [told(seed) for seed in range(400)]
    return (
        [(events, ww_edges, Count(events, ww_edges=ww_edges).counts()) for events, ww_edges in sends],
        [(events, w, worker_oracle.counts(events, w, owes=True)) for events, w, _ in of_workers],
    )


def caught(known):
    """Whether some history is judged otherwise than the oracle judges it."""
    sends, of_workers = known
    for events, ww_edges, wanted in sends:
        got = dict(check_history(events, ww_edges=ww_edges).anomalies)
        got.pop("consumed-twice", None)
        if different(got, wanted):
            return True
    for events, window, wanted in of_workers:
        profile = "worker=at-least-once" + ("" if window is None else f",in-flight={window}")
        got = {name: n for name, n in check_history(events, profile).anomalies.items() if name not in TOLD_OF_SENDS}
        if different(got, wanted):
            return True
    return False


@pytest.mark.parametrize("check", judge.CHECKS, ids=lambda check: check.__name__.rsplit(".", 1)[1])
def test_a_check_left_out_is_caught(check, known, monkeypatch):
    monkeypatch.setattr(judge, "CHECKS", tuple(other for other in judge.CHECKS if other is not check))
    assert caught(known)


def only_acknowledged(self, transaction):
    return transaction.type == "ok"


arrange = Log.arrange


def first_places_only(self):
    arrange(self)
    self.last = self.first


BROKEN = {
    "what is unknown never happened": (Logs, "took_effect", only_acknowledged),
    "the first place of a value is its last": (Log, "arrange", first_places_only),
    "nothing is below what was read": (lost_write, "furthest", lambda log: -1),
    "parts of transactions are not seen": (torn_transaction, "furthest", lambda log: -1),
    "order is taken for granted": (cycles, "surely_in_order", lambda evidence: True),
    "senders have begun long ago": (reads_from, "_beginnings", lambda e: {k: [-1] * len(v.values) for k, v in e.partitions.items()}),
    "time closes no cycle": (cycles, "_closed_by_time", lambda *_: False),
    "a hole may be filled at any time": (
        unexplained_hole, "known_by", lambda e, logs: {key: [1 << 60] * len(log.values) for key, log in logs.items()},
    ),
    "a process forgets where it was": (poll_order, "OK", "never"),
}  # fmt: skip


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_check_is_caught(name, known, monkeypatch):
    where, attribute, broken = BROKEN[name]
    monkeypatch.setattr(where, attribute, broken)
    assert caught(known)


def test_the_judge_as_it_is_is_not_caught(known):
    assert not caught(known)


# ---------------------------------------------------------------------------------------------------------------- graphs


def test_components_and_cycles_are_networkx_s():
    for seed in range(400):
        chance = random.Random(f"graph {seed}")
        size = chance.randint(1, 12)
        edges = [sorted({chance.randrange(size) for _ in range(chance.choice([0, 1, 1, 2, 3]))}) for _ in range(size)]
        graph = nx.DiGraph((a, b) for a, targets in enumerate(edges) for b in targets)
        graph.add_nodes_from(range(size))
        found = components(edges)
        assert {frozenset(one) for one in found} == set(map(frozenset, nx.strongly_connected_components(graph)))
        place = {node: number for number, one in enumerate(found) for node in one}
        assert all(place[b] <= place[a] for a, targets in enumerate(edges) for b in targets)
        for one in found:
            girth = min((len(cycle) for cycle in nx.simple_cycles(graph.subgraph(one))), default=None)
            cycle = shortest_cycle(edges.__getitem__, one)
            assert (None if cycle is None else len(cycle) - 1) == girth
        a, b = chance.randrange(size), chance.randrange(size)
        path = shortest_path(edges.__getitem__, a, b)
        if a != b:
            assert (path is not None) == nx.has_path(graph, a, b)
            assert path is None or len(path) - 1 == nx.shortest_path_length(graph, a, b)
