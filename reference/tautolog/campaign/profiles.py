"""Named campaigns: which faults may happen, how applications behave, and what is promised about it.

Most profiles promise all that Tautolog promises. The *controls* are honest about the opposite: a set-up that cannot keep the
promise it is judged by, so that a verdict of `violated` is seen to be possible.
"""

from __future__ import annotations

from typing import Final

import attrs

NETWORK = ("latency", "loss", "cut", "cut-requests", "cut-answers", "isolate", "clog", "slow-link", "reset")
PROCESS = ("kill", "pause", "stop")
CLIENT = ("client-kill", "client-pause", "client-power-off")
DISK = ("disk-full", "disk-slow", "disk-stall", "write-error", "read-error")
CLOCK = ("clock-drift", "clock-forward", "clock-back")
POWER = ("power-off",)
"""Faults after which only synced data is there: drawn only where everything acknowledged was synced, or as a control."""
SYNC = ("sync-error",)


@attrs.frozen
class Profile:
    """One kind of campaign. Durations are virtual."""

    name: str
    text: str
    faults: tuple[str, ...] = ()
    durable_faults: tuple[str, ...] = ()
    """Faults that are added if the fsync policy is `always`."""
    seconds: int = 20
    most_faults: int = 12
    fsync: str | None = None
    """The policy that the profile fixes; None leaves it to the caller."""
    control: bool = False
    """Whether a violation is what is expected."""
    retrying: bool = False
    """Producers that are not idempotent and send again: duplicates, although none are allowed."""
    commit_first: bool = False
    """Consumers that commit what they have not seen yet."""
    certain: tuple[str, ...] = ()
    """Faults that are in every plan."""
    victims: str = ""
    """Clients that faults pick: those whose names begin like this."""


_ALL = NETWORK + PROCESS + CLIENT + DISK + CLOCK

PROFILES: Final = {
    profile.name: profile
    for profile in (
        Profile("default", "every fault that one broker has to survive, mixed anew by each seed", _ALL, POWER + SYNC),
        Profile("calm", "no faults at all"),
        Profile("network", "latency, loss, cuts, clogs, slow links and resets", NETWORK),
        Profile("process", "the broker and its clients killed, paused, stopped, restarted", PROCESS + CLIENT),
        Profile("disk", "a disk that is full, slow, or refuses", (*DISK, "kill"), POWER + SYNC),
        Profile("clock", "clocks that drift and step", (*CLOCK, "kill", "pause")),
        Profile(
            "power-cut",
            "the broker's power cut again and again; keeps its promise only with --fsync always",
            ("power-off", "kill"),
            certain=("power-off",),
        ),
        Profile(
            "control-unsynced",
            "control: power cuts with fsync never, judged as if acknowledged records were durable",
            ("power-off",),
            fsync="never",
            control=True,
            certain=("power-off", "power-off"),
        ),
        Profile(
            "control-duplicates",
            "control: producers that send again without idempotence, judged as if nothing were written twice",
            ("reset", "cut-answers", "kill"),
            control=True,
            retrying=True,
            certain=("cut-answers",) * 4,
            victims="producer-",
        ),
        Profile(
            "control-commit-first",
            "control: consumers that commit before they process and are killed, judged as if nothing were skipped",
            ("client-kill",),
            control=True,
            commit_first=True,
            certain=("client-kill", "client-kill"),
        ),
    )
}
"""Name -> profile, in the order in which help lists them."""
