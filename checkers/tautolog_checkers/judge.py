"""The one door: a history in, a verdict out. Recognises what kind of history it is, or is told."""

from __future__ import annotations

import json
import time
import traceback
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import attrs

from tautolog_checkers.history.events import Event, History, as_history
from tautolog_checkers.history.operations import pair
from tautolog_checkers.history.problems import HistoryError
from tautolog_checkers.kafka.judge import judge_kafka
from tautolog_checkers.kafka.profiles import Profile
from tautolog_checkers.linearizability.judge import judge_model
from tautolog_checkers.linearizability.limits import Budget, LimitReached
from tautolog_checkers.linearizability.models import ModelError, adapt, is_ours, load_model
from tautolog_checkers.linearizability.models.base import Model, ShapeError
from tautolog_checkers.linearizability.recognise import recognise_model
from tautolog_checkers.verdict import Outcome, Verdict


class QuestionError(ValueError):
    """A history that cannot be judged as asked, in one sentence."""


def check_history(
    events: History | Iterable[Event | Mapping[str, Any]],
    profile: Profile | str | None = None,
    *,
    model: str | Model | type | None = None,
    ww_edges: bool = False,
    initial: str | None = None,
    budget: Budget | None = None,
    certificate: bool = False,
) -> Verdict:
    """Judge a history.

    Args:
        events: what a reader returned, or events, or mappings with the fields of a JSON line.
        profile: for sends and polls, which classes are forbidden; by default Jepsen's rules for such a history.
        model: the name of a model, `MODULE:CLASS`, or anything with a `step`; recognised by content by default.
        ww_edges: for sends and polls, whether cycles follow the order of writes within a partition, too.
        initial: the first state, as JSON.
        budget: limits of wall time and memory.
        certificate: whether to find an order of effect for a history that holds.

    Returns:
        The verdict; `unknown` with the reason "no operations" where there is nothing to judge.

    Raises:
        HistoryError: the history is malformed.
        QuestionError: no model is named and none can be recognised, there is no such model or profile, an option does not
            fit the model, or a model that is not ours failed.

    """
    began = time.perf_counter()
    history = as_history(events)
    if model is None:
        model = recognise_model(history)
        if model is None:
            if not any(True for _ in pair(history)):  # a completion that nothing began is refused there
                return Verdict(outcome=Outcome.UNKNOWN, reason="no operations")
            raise QuestionError("no model is recognised by content; name one with --model")
    if model == "kafka":
        if initial is not None:
            raise QuestionError("--initial is a model's first state; this is a history of sends and polls")
        return judge_kafka(history, profile, ww_edges=ww_edges, budget=budget)
    try:
        judged = load_model(model) if isinstance(model, str) else adapt(model() if isinstance(model, type) else model)
        first = None if initial is None else judged.state(json.loads(initial))
    except ModelError as error:
        raise QuestionError(str(error)) from error
    except ShapeError as error:
        raise QuestionError(f"--initial: expected {error.expected} for {model}") from error
    except ValueError as error:
        raise QuestionError(f"--initial: expected JSON, found {initial!r}") from error
    if isinstance(profile, Profile) or profile:
        raise QuestionError(f"a profile is for sends and polls; this is a history of {judged.name}")
    if ww_edges:
        raise QuestionError(f"--ww-deps is for sends and polls; this is a history of {judged.name}")
    try:
        verdict = judge_model(history, judged, initial=first, budget=budget, certificate=certificate)
    except (HistoryError, LimitReached, MemoryError):
        raise
    except Exception as error:
        if is_ours(judged):
            raise
        what = f"{_place(error)}{type(error).__name__}: {error}"
        hint = " (a state is a tuple, a frozenset, a number or a text)" if "unhashable" in what else ""
        raise QuestionError(f"the model {judged.name} failed: {what}{hint}") from error
    prepared = time.perf_counter() - began - verdict.check_seconds - verdict.witness_seconds
    return attrs.evolve(verdict, prepare_seconds=prepared)


def _place(error: Exception) -> str:
    """Where an exception was raised: file and line."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    return f"{Path(frame.filename).name}:{frame.lineno}: "
