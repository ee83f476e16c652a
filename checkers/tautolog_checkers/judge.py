"""The one door: events in, a verdict out. Recognises what kind of history it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tautolog_checkers.history.events import Event, History, as_history
from tautolog_checkers.kafka.judge import judge_kafka
from tautolog_checkers.kafka.profiles import Profile
from tautolog_checkers.verdict import Verdict


def check_history(
    events: History | Iterable[Event | Mapping[str, Any]], profile: Profile | None = None, *, ww_edges: bool = False
) -> Verdict:
    """Judge a history of sends and polls.

    Args:
        events: what a reader returned, or events, or mappings with the fields of a JSON line.
        profile: which classes are forbidden; by default Jepsen's rules for such a history.
        ww_edges: whether cycles follow the order of writes within a partition, too.

    Returns:
        The verdict; `unknown` with the reason "no operations" where there is nothing to judge.

    Raises:
        HistoryError: the history is malformed.

    """
    return judge_kafka(as_history(events), profile, ww_edges=ww_edges)
