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
from tautolog_checkers.report.scene import build_scene
from tautolog_checkers.verdict import Finding, Verdict

ASSETS = Path(__file__).parent
SHOWN = 8
"""Findings of one class that stand in the text; the script lists the others."""


def write_page(path: str | Path, history: History, verdict: Verdict, title: str = "") -> None:
    """Write the page of one judged history.

    Args:
        path: where to.
        history: what was judged.
        verdict: what was found.
        title: a headline; the name of the history, for instance.

    """
    Path(path).write_text(render_page(history, verdict, title), encoding="utf-8")


def render_page(history: History, verdict: Verdict, title: str = "") -> str:
    """The page as text."""
    template = (ASSETS / "page.html").read_text(encoding="utf-8")
    parts = {
        "style": (ASSETS / "page.css").read_text(encoding="utf-8"),
        "script": (ASSETS / "page.js").read_text(encoding="utf-8"),
        "title": _plain(title or "history"),
        "verdict": str(verdict.outcome),
        "summary": _summary(verdict),
        "classes": _classes(verdict),
        "stuck": _stuck(verdict),
        "scene": _embedded(build_scene(history, verdict)),
    }
    for name, text in parts.items():
        template = template.replace("{{" + name + "}}", text, 1)
    return template


def _plain(text: object) -> str:
    """Text for HTML, in which no address can be recognised as one."""
    return escape(str(text)).replace("://", "&#58;//")


def _embedded(scene: dict[str, Any]) -> str:
    """Data for a script element: no tag can end it, and no address stands in it."""
    text = json.dumps(scene, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("://", ":\\/\\/")


def _summary(verdict: Verdict) -> str:
    rows = [
        ("why", verdict.reason),
        ("model", verdict.model),
        ("algorithm", verdict.algorithm),
        ("profile", verdict.profile),
        ("operations", verdict.operations),
        ("witness", ", ".join(map(str, verdict.witness))),
        ("leaning on", ", ".join(map(str, verdict.supporting))),
    ]
    return "".join(f"<dt>{name}</dt><dd>{_plain(text)}</dd>" for name, text in rows if text not in {"", 0})


def _classes(verdict: Verdict) -> str:
    if not verdict.anomalies:
        return "<p>No anomaly of any class was found.</p>"
    parts = []
    for name, count in verdict.anomalies.items():
        forbidden = "forbidden" if name in verdict.forbidden else "allowed"
        examples = verdict.findings.get(name, [])
        items = "".join(_item(finding, number) for number, finding in enumerate(examples[:SHOWN]))
        more = f"<p class=more>{count - SHOWN} more</p>" if count > SHOWN else ""
        parts.append(
            f'<section class="{forbidden}" data-class="{_plain(name)}">'
            f"<h3>{_plain(name)} <b>{count}</b> <i>{forbidden}</i></h3><ol>{items}</ol>{more}</section>"
        )
    return "".join(parts)


def _stuck(verdict: Verdict) -> str:
    """Where a search ended, and the next steps that were not allowed there."""
    if not verdict.stuck:
        return ""
    return "<h2>Illegal next steps</h2><ul>" + "".join(f"<li>{_plain(line)}</li>" for line in verdict.stuck) + "</ul>"


def _item(finding: Finding, number: int) -> str:
    operations = ", ".join(map(str, finding.operations))
    return f'<li><button data-finding="{number}">{_plain(finding.text)}</button> <small>{operations}</small></li>'
