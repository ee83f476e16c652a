"""The page: one file that opens anywhere, offline. Words first, in plain HTML; the drawing needs its script.

Nothing in it depends on when or where it was made: the same history and verdict give the same bytes. It contains no
address of anything outside, not even where a value of the history is one.
"""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Any

from tautolog_checkers.history.events import History
from tautolog_checkers.history.operations import Operation
from tautolog_checkers.promises import PROMISES
from tautolog_checkers.report.scene import build_scene, operations_of
from tautolog_checkers.report.words import abridged, shortened, tell
from tautolog_checkers.verdict import Finding, Outcome, Verdict, broken_class

ASSETS = Path(__file__).parent
SHOWN = 5
"""Findings of one class that stand in the text."""

WITNESSES = 7
"""Operations of the witness that stand in the text; the drawing shows all."""

LEANT = 3
"""The same for those that the witness leans on."""

HEADLINES = {Outcome.HOLDS: "Holds", Outcome.UNKNOWN: "Unknown", Outcome.VIOLATED: "Violated"}


def write_page(path: str | Path, history: History, verdict: Verdict, title: str = "") -> None:
    """Write the page of one judged history.

    Args:
        path: where to.
        history: what was judged.
        verdict: what was found.
        title: a headline; the name of the history, for instance.

    """
    Path(path).write_text(render_page(history, verdict, title), encoding="utf-8", errors="backslashreplace")


def render_page(history: History, verdict: Verdict, title: str = "") -> str:
    """The page as text."""
    template = (ASSETS / "page.html").read_text(encoding="utf-8")
    parts = {
        "style": (ASSETS / "page.css").read_text(encoding="utf-8"),
        "script": (ASSETS / "page.js").read_text(encoding="utf-8"),
        "title": _plain(title or "history"),
        "verdict": str(verdict.outcome),
        "headline": HEADLINES[verdict.outcome],
        "story": _story(verdict),
        "summary": _summary(verdict),
        "witness": _witness(history, verdict),
        "classes": _classes(verdict),
        "scene": _embedded(build_scene(history, verdict)),
    }
    for name, text in parts.items():
        template = template.replace("{{" + name + "}}", text, 1)
    return template


def _plain(text: object) -> str:
    """Text for HTML, in which no address can be recognised as one, and no place of the template."""
    return escape(str(text)).replace("://", "&#58;//").replace("{{", "&#123;{")


def _embedded(scene: dict[str, Any]) -> str:
    """Data for a script element: no tag can end it, and no address stands in it."""
    text = json.dumps(scene, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("://", ":\\/\\/")


def _story(verdict: Verdict) -> str:
    """What went wrong, for somebody who sees such a page for the first time."""
    name = broken_class(verdict)
    if name is None:
        return f'<p class="what">{_plain(abridged(verdict.reason))}</p>'
    what = verdict.reason.removeprefix(f"{name}: ")
    promise = f'<p class="promise">Broken promise: {_plain(PROMISES[name])}.</p>' if name in PROMISES else ""
    return f'<p class="what"><b>{_plain(name)}</b> {_plain(abridged(what))}</p>{promise}'


def _summary(verdict: Verdict) -> str:
    rows = [
        ("operations", verdict.operations),
        ("model", verdict.model),
        ("algorithm", verdict.algorithm),
        ("profile", verdict.profile),
        ("witness", ", ".join(map(str, verdict.witness[:20])) + "…" * (len(verdict.witness) > 20)),
        ("leaning on", ", ".join(map(str, verdict.supporting[:20])) + "…" * (len(verdict.supporting) > 20)),
    ]
    return "".join(f"<div><dt>{name}</dt><dd>{_plain(text)}</dd></div>" for name, text in rows if text not in {"", 0})


def _witness(history: History, verdict: Verdict) -> str:
    """The operations that show it, in the order of their beginnings, and the steps that nothing allowed."""
    if not verdict.witness and not verdict.stuck:
        return ""
    wanted, supporting = set(verdict.witness), set(verdict.supporting)
    operations = operations_of(history)
    found = [operation for operation in operations if operation.index in wanted]
    leant = [operation for operation in operations if operation.index in supporting]
    examples = verdict.findings.get(broken_class(verdict) or "")
    key = examples[0].key if examples else None
    rows = "".join(_row(operation, number, key) for number, operation in enumerate(found[:WITNESSES], 1))
    rows += "".join(_row(operation, None, key) for operation in leant[:LEANT])
    hidden = max(0, len(found) - WITNESSES) + max(0, len(leant) - LEANT)
    more = f'<p class="more">{hidden} more</p>' if hidden else ""
    parts = [f"<h2>The operations that show it</h2><table>{rows}</table>{more}"] if rows else []
    if verdict.stuck:
        steps = "".join(f"<li>{_plain(abridged(line))}</li>" for line in verdict.stuck)
        parts.append(f"<h2>Illegal next steps</h2><ul>{steps}</ul>")
    return f'<section id="evidence">{"".join(parts)}</section>'


def _row(operation: Operation, number: int | None, key: Any) -> str:
    """An operation of the witness with its number, or one that the witness leans on, without."""
    end = {"ok": "", "fail": "failed", "info": "unknown"}[operation.type]
    name, badge = ("", f"<i>{number}</i>") if number is not None else (' class="leant"', "")
    end = end if number is not None else "leant on"
    when = f"{operation.call}–" + ("" if operation.ret is None else str(operation.ret))
    return (
        f"<tr{name}><td>{badge}</td><td>{_plain(_called(operation.invoked.process))}</td><td>{_plain(tell(operation, key=key))}</td>"
        f"<td>{end}</td><td>operation {operation.index}, events {when}</td></tr>"
    )


def _called(process: Any) -> str:
    return shortened(process, 40) if isinstance(process, str) else f"process {process}"


def _classes(verdict: Verdict) -> str:
    if not verdict.anomalies:
        return "<p>No anomaly of any class was found.</p>" if verdict.outcome is Outcome.HOLDS else ""
    parts = []
    opening = broken_class(verdict)
    order = sorted(verdict.anomalies, key=lambda name: (name != opening, name not in verdict.forbidden))
    for name in order:
        count = verdict.anomalies[name]
        forbidden = "forbidden" if name in verdict.forbidden else "allowed"
        examples = verdict.findings.get(name, [])
        items = "".join(_item(finding, number) for number, finding in enumerate(examples[:SHOWN]))
        more = f"<p class=more>{count - SHOWN} more</p>" if count > SHOWN else ""
        promise = f"<p class=promise>{_plain(PROMISES[name])}</p>" if name in PROMISES else ""
        parts.append(
            f'<section class="{forbidden}" data-class="{_plain(name)}">'
            f"<h3>{_plain(name)} <b>{count}</b> <i>{forbidden}</i></h3>{promise}<ol>{items}</ol>{more}</section>"
        )
    return "".join(parts)


def _item(finding: Finding, number: int) -> str:
    operations = ", ".join(map(str, finding.operations))
    return f'<li><button data-finding="{number}">{_plain(abridged(finding.text))}</button> <small>{operations}</small></li>'
