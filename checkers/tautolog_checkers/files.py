"""One file, judged: read, checked, and put in the form of the `--json` document. Runs in worker processes, too."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs

from tautolog_checkers.history.events import History
from tautolog_checkers.history.formats import READERS, read_history
from tautolog_checkers.history.packed import MAGIC, log_blocks
from tautolog_checkers.judge import QuestionError, check_history
from tautolog_checkers.kafka.profiles import ProfileError
from tautolog_checkers.linearizability.limits import Budget, LimitReached
from tautolog_checkers.linearizability.log_stream import NAME, NeedsAllError, check_blocks
from tautolog_checkers.quiet import collector_paused
from tautolog_checkers.verdict import Outcome, Verdict

DRAWN = 40_000
"""Up to how many events a history that is drawn gets its order of effect, without being asked for."""


@attrs.frozen(kw_only=True)
class Options:
    """What the command line asks for; see `tautolog check --help`."""

    model: str | None = None
    format: str | None = None
    profile: str | None = None
    ww_deps: bool = False
    initial: str | None = None
    limit_seconds: float | None = None
    limit_mb: float | None = None
    lenient: bool = False
    certificate: bool = False


@attrs.frozen(kw_only=True)
class Checked:
    """One judged file."""

    file: str
    verdict: Verdict
    load_seconds: float
    skipped: int = 0
    problems: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Its entry in the `--json` document."""
        told = {"load_seconds": round(self.load_seconds, 6), "skipped": self.skipped}
        return {"file": self.file, **self.verdict.as_json(), **told}


def check_file(path: str | Path, options: Options) -> Checked:
    """Read and judge one file.

    Raises:
        HistoryError: it is malformed.
        QuestionError: there is no such model, format or profile.
        OSError: it cannot be read.

    """
    return check_loaded(path, options, keep=False)[0]


def check_loaded(path: str | Path, options: Options, *, keep: bool = True) -> tuple[Checked, History]:
    """Like `check_file`, and hand back the history, too, unless it need not be kept."""
    with collector_paused():  # also behind a limit: one collection of all that was read may take longer than a tenth
        return _check_loaded(path, options, keep=keep)


def _check_loaded(path: str | Path, options: Options, *, keep: bool) -> tuple[Checked, History]:
    began = time.perf_counter()
    if options.format is not None and options.format not in READERS:
        raise QuestionError(f"no format {options.format!r}; there are {', '.join(READERS)}")
    budget = Budget(options.limit_seconds, options.limit_mb)
    look = budget.check if budget.bounded else None
    loaded: float | None = None
    history = History([])
    try:
        with budget.enforced():
            streamed = None if keep else _streamed(path, options, look)
            if streamed is not None:
                return streamed, history
            room = budget.check_room if budget.bounded else None
            history = read_history(path, format=options.format, lenient=options.lenient, look=look, room=room)
            loaded = time.perf_counter()
            verdict = check_history(
                history,
                options.profile,
                model=options.model,
                ww_edges=options.ww_deps,
                initial=options.initial,
                budget=budget if budget.bounded else None,
                certificate=options.certificate or (keep and len(history) <= DRAWN),
            )
    except (LimitReached, MemoryError) as reached:
        verdict = Verdict(outcome=Outcome.UNKNOWN, reason=str(reached) or "there is no more memory")
    except ProfileError as error:
        raise QuestionError(str(error)) from error
    loaded = time.perf_counter() if loaded is None else loaded
    problems = history.problems
    checked = Checked(
        file=str(path),
        verdict=verdict,
        load_seconds=loaded - began + verdict.prepare_seconds,
        skipped=problems.count,
        problems=tuple(problems.first),
    )
    return checked, history


def _streamed(path: str | Path, options: Options, look: Callable[[], None] | None) -> Checked | None:
    """A packed file of log operations, judged without being loaded; None for any other file, or where that is not enough."""
    if (
        options.model not in {None, "log"}
        or options.format not in {None, "packed"}
        or options.initial
        or options.certificate
    ):
        return None
    with Path(path).open("rb") as file:
        if file.read(len(MAGIC)) != MAGIC:
            return None
        file.seek(0)
        found = log_blocks(file)
        if found is None:
            return None
        began = time.perf_counter()
        try:
            broken, count, partitions = check_blocks(found, look)
        except LimitReached as reached:
            return _as_checked(path, Verdict(outcome=Outcome.UNKNOWN, reason=str(reached), model="log", algorithm=NAME))
        except (NeedsAllError, ValueError):
            return None
        if broken is not None:
            return None  # the witness needs the operations
        outcome = Outcome.HOLDS if count else Outcome.UNKNOWN
        reason = "every operation took effect between its call and its return" if count else "no operations"
        held = dict.fromkeys(sorted(partitions), Outcome.HOLDS)
        took = time.perf_counter() - began
        return _as_checked(
            path,
            Verdict(
                outcome=outcome,
                reason=reason,
                model="log",
                algorithm=NAME,
                partitions=held if list(held) != [-1] else {},
                operations=count,
                check_seconds=took,
            ),
        )


def _as_checked(path: str | Path, verdict: Verdict) -> Checked:
    return Checked(file=str(path), verdict=verdict, load_seconds=0.0)
