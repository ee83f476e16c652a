"""Profiles: which classes of anomaly a configuration forbids. A class that a profile does not forbid is counted only.

The default profile follows Jepsen's rules. It depends on what the history does: with `subscribe` a group may be
rebalanced between two operations, so that a process may skip or repeat; with write-write edges G1c is expected, because
Kafka does not isolate writes.
"""

from __future__ import annotations

import attrs

JEPSEN = (
    "inconsistent-offsets",
    "duplicate",
    "lost-write",
    "unseen",
    "G1a",
    "precommitted-read",
    "poll-skip",
    "nonmonotonic-poll",
    "int-poll-skip",
    "int-nonmonotonic-poll",
    "int-send-skip",
    "int-nonmonotonic-send",
    "nonmonotonic-send",
    "G0",
    "G0-process",
    "G0-realtime",
    "G1c",
    "G1c-process",
    "G1c-realtime",
)
"""The classes of Jepsen's kafka workload."""

BEYOND = ("phantom-read",)
"""Classes beyond Jepsen's that Kafka promises in every configuration."""

UNPROMISED = ("G-single", "G2", "fractured-read")
"""Classes that Kafka does not promise to exclude."""

CLASSES = (*JEPSEN, *BEYOND, *UNPROMISED)
"""Every class, in the order in which reports list them."""


@attrs.frozen
class Profile:
    """What a configuration promises.

    Args:
        name: as `--profile` has it.
        forbidden: the classes that make a history violated.
        note: in words, what it stands for.

    """

    name: str
    forbidden: frozenset[str]
    note: str = ""

    def describe(self, anomalies: dict[str, int]) -> str:
        """The profile's name, with the classes that were found and are allowed."""
        allowed = [name for name in anomalies if name not in self.forbidden]
        return self.name + (f" (allows {', '.join(allowed)})" if allowed else "")


def default_profile(*, subscribes: bool, ww_edges: bool) -> Profile:
    """Jepsen's rules for a history.

    Args:
        subscribes: whether some process subscribed.
        ww_edges: whether cycles follow write-write edges.

    """
    allowed = {"int-send-skip", "G0", "G0-process", "G0-realtime"}
    if subscribes:
        allowed |= {"poll-skip", "nonmonotonic-poll"}
    if ww_edges:
        allowed |= {"G1c", "G1c-process", "G1c-realtime"}
    name = "default, subscribe" if subscribes else "default, assign"
    return Profile(name, frozenset(JEPSEN + BEYOND) - allowed, "Jepsen's rules")


def named_profile(name: str, *, subscribes: bool, ww_edges: bool) -> Profile:
    """A profile by its name.

    Raises:
        KeyError: there is none.

    """
    if name == "default":
        return default_profile(subscribes=subscribes, ww_edges=ww_edges)
    raise KeyError(name)
