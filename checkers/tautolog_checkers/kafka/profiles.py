"""Profiles: which classes of anomaly a configuration forbids, which it allows, and which are to be expected of it.

A profile is a name or a list of settings: `acks=all,isolation=read_committed,consumer=subscribe,producer=idempotent,
worker=at-least-once`. Without one, Jepsen's rules hold; they depend on what the history does: with `subscribe` a group may
be rebalanced between two operations, so that a process may skip or repeat; with write-write edges G1c is expected, because
Kafka does not isolate writes. A class that a profile does not forbid is counted all the same.
"""

from __future__ import annotations

import attrs

JEPSEN: tuple[str, ...] = (
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

ALWAYS: tuple[str, ...] = ("phantom-read", "corrupt-payload")
"""Classes beyond Jepsen's that every configuration excludes."""

DECLARED: tuple[str, ...] = (
    "unexplained-hole",
    "log-nonlinearizable",
    "torn-transaction",
    "read-beyond-lso",
    "high-watermark-regression",
    "committed-offset-regression",
    "two-owners",
    "zombie-write",
    "zombie-commit",
    "sequence-gap",
    "sequence-duplicate",
    "consumed-twice",
    "unprocessed",
    "processed-and-dead-lettered",
    "effect-applied-twice",
    "duplicates-beyond-window",
    "order-per-key",
)
"""Classes that a configuration excludes if it says so."""

UNPROMISED: tuple[str, ...] = ("fractured-read", "G-single", "G2")
"""Classes that Kafka does not promise to exclude."""

CLASSES: tuple[str, ...] = (*JEPSEN, *ALWAYS, *DECLARED, *UNPROMISED)
"""Every class, in the order in which reports list them."""

_CYCLES = {"G1c", "G1c-process", "G1c-realtime"}
_WRITE_CYCLES = {"G0", "G0-process", "G0-realtime"}
_SUBSCRIBE = {"poll-skip", "nonmonotonic-poll"}
_FENCING = {"two-owners", "zombie-commit", "committed-offset-regression", "high-watermark-regression"}
_WORKER = {"unprocessed", "processed-and-dead-lettered", "order-per-key", "duplicates-beyond-window"}
_ONCE = {"effect-applied-twice", "consumed-twice"}

SETTINGS: dict[str, tuple[str, ...]] = {
    "acks": ("0", "1", "all"),
    "isolation": ("read_committed", "read_uncommitted"),
    "consumer": ("assign", "subscribe"),
    "producer": ("plain", "idempotent", "transactional"),
    "worker": ("none", "at-most-once", "at-least-once", "exactly-once"),
    "in-flight": (),
    "forbid": (),
    "allow": (),
}
"""The settings and their values; `in-flight` takes a number, `forbid` and `allow` a class (several with `+`)."""

NAMED: dict[str, str] = {
    "at-least-once": "acks=all,producer=idempotent,worker=at-least-once",
    "exactly-once": "acks=all,producer=transactional,isolation=read_committed,worker=exactly-once",
    "idempotent": "acks=all,producer=idempotent",
    "transactional": "acks=all,producer=transactional,isolation=read_committed",
    "fire-and-forget": "acks=0,producer=plain",
}
"""Names for common settings."""


class ProfileError(ValueError):
    """A profile that does not exist, in one sentence."""


@attrs.frozen
class Profile:
    """What a configuration promises.

    Args:
        name: as `--profile` has it.
        forbidden: the classes that make a history violated.
        expected: classes that are normal for it.
        in_flight: how many records a worker may have in flight; None where that is not declared.
        transactional: whether every operation is a transaction, whatever it is called.
        owes: whether a worker owes that every acknowledged record is handled, even where it tells of none.

    """

    name: str
    forbidden: frozenset[str]
    expected: frozenset[str] = frozenset()
    in_flight: int | None = None
    transactional: bool = False
    owes: bool = False

    def describe(self, anomalies: dict[str, int]) -> str:
        """The profile's name, with the classes that were found and are not forbidden."""
        expected = [name for name in anomalies if name in self.expected]
        allowed = [name for name in anomalies if name not in self.forbidden and name not in self.expected]
        notes = [f"allows {', '.join(allowed)}"] * bool(allowed) + [f"expects {', '.join(expected)}"] * bool(expected)
        return self.name + (f" ({'; '.join(notes)})" if notes else "")


def default_profile(*, subscribes: bool, ww_edges: bool) -> Profile:
    """Jepsen's rules for a history.

    Args:
        subscribes: whether some process subscribed.
        ww_edges: whether cycles follow write-write edges.

    """
    allowed = {"int-send-skip"} | _WRITE_CYCLES
    if subscribes:
        allowed |= _SUBSCRIBE
    if ww_edges:
        allowed |= _CYCLES
    name = "default, subscribe" if subscribes else "default, assign"
    return Profile(name, frozenset(JEPSEN + ALWAYS) - allowed)


def named_profile(name: str, *, subscribes: bool = False, ww_edges: bool = False) -> Profile:
    """A profile by its name or settings.

    Raises:
        ProfileError: there is none of this name, or no such setting.

    """
    if name == "default":
        return default_profile(subscribes=subscribes, ww_edges=ww_edges)
    chosen = {"acks": "all", "isolation": "read_committed", "producer": "", "worker": "none", "in-flight": ""}
    chosen["consumer"] = "subscribe" if subscribes else "assign"
    extra: dict[str, set[str]] = {"forbid": set(), "allow": set()}
    for part in ",".join(NAMED.get(part.strip(), part) for part in name.split(",")).split(","):
        if part.strip() == "default":
            raise ProfileError("the profile default goes without settings; any other name may be followed by some")
        setting, _, value = part.strip().partition("=")
        if setting not in SETTINGS or (SETTINGS[setting] and value not in SETTINGS[setting]):
            known = ", ".join([*NAMED, *(f"{key}={'|'.join(values)}" for key, values in SETTINGS.items() if values)])
            raise ProfileError(f"no profile {part.strip()!r}; there are default, {known}")
        if setting in extra:
            extra[setting].update(value.split("+"))
            if unknown := extra[setting] - set(CLASSES):
                raise ProfileError(f"no class {min(unknown)!r}; there are {', '.join(CLASSES)}")
        else:
            chosen[setting] = value
    if chosen["in-flight"] and not chosen["in-flight"].isdecimal():
        raise ProfileError(f"in-flight takes a number, not {chosen['in-flight']!r}")
    if not chosen["producer"]:  # idempotence needs acks=all
        chosen["producer"] = "idempotent" if chosen["acks"] == "all" else "plain"
    forbidden, expected = _rules(chosen, ww_edges=ww_edges)
    window = int(chosen["in-flight"]) if chosen["in-flight"] else None
    return Profile(
        name,
        frozenset((forbidden | extra["forbid"]) - extra["allow"]),
        frozenset(expected),
        window,
        transactional=chosen["producer"] == "transactional",
        owes=chosen["worker"] in {"at-least-once", "exactly-once"},
    )


def _rules(chosen: dict[str, str], *, ww_edges: bool) -> tuple[set[str], set[str]]:
    """(forbidden, expected) of a set of settings."""
    expected = {"int-send-skip"} | _WRITE_CYCLES
    forbidden = set(JEPSEN + ALWAYS) | _FENCING | {"log-nonlinearizable", "unexplained-hole", "zombie-write"}
    allowed: set[str] = set()
    if chosen["acks"] != "all":
        allowed |= {"lost-write", "unseen", "unexplained-hole", "log-nonlinearizable", "inconsistent-offsets"}
        allowed |= {"high-watermark-regression"}
    if chosen["isolation"] == "read_uncommitted":
        allowed |= {"G1a", "precommitted-read"} | _CYCLES
    if chosen["consumer"] == "subscribe":
        expected |= _SUBSCRIBE
    if ww_edges:
        expected |= _CYCLES
    if chosen["producer"] == "plain":
        allowed |= {"duplicate", "nonmonotonic-send", "int-nonmonotonic-send", "zombie-write", "log-nonlinearizable"}
    else:
        forbidden |= {"sequence-gap", "sequence-duplicate"}
    if chosen["isolation"] == "read_committed":
        forbidden.add("read-beyond-lso")
    if chosen["producer"] == "transactional" and chosen["isolation"] == "read_committed":
        forbidden.add("torn-transaction")
    if chosen["producer"] == "transactional" and chosen["consumer"] == "subscribe":
        forbidden.add("consumed-twice")
    if chosen["worker"] in {"at-least-once", "exactly-once"}:
        forbidden |= _WORKER
    if chosen["worker"] in {"at-most-once", "exactly-once"}:
        forbidden |= _ONCE
    return forbidden - allowed - expected, expected
