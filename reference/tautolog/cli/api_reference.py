"""Write `docs/reference/apis.md`: `python -m tautolog.cli.api_reference`.

What is served, in which versions, and what each API leaves out: the docstrings of the handlers, which is where it is decided.
A test asserts that the page is what this module would write now.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tautolog.core import api
from tautolog.wire import schema

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "apis.md"

HEAD = """\
# What is served

Written by `python -m tautolog.cli.api_reference`; do not edit. The table and the notes are read off the handlers in
`reference/tautolog/core/api/`, as is the answer to ApiVersions.

Any other key of Kafka 4.3.0 can be encoded and decoded, and ends the connection when it is asked of the broker, as an API that a
broker does not serve does in Kafka. The codec is stricter than Kafka's in three things: lengths below -1, strings that are not
UTF-8, and tagged fields that do not take the size they announce end the connection.

| key | API | versions |
|---|---|---|
"""


def render() -> str:
    """The page."""
    table = sorted(api.handlers().values(), key=lambda handler: handler.key)
    rows, notes = [], []
    for handler in table:
        name = schema.load(handler.name).request.name.removesuffix("Request")
        worked = f"{handler.lowest}-{handler.last}" if handler.lowest != handler.last else f"{handler.last}"
        if handler.first != handler.lowest:
            worked += f" (works from {handler.first})"
        rows.append(f"| {handler.key} | {name} | {worked} |\n")
        doc = (sys.modules[f"tautolog.core.api.{handler.name}"].__doc__ or "").strip()
        notes.append(f"\n## {name}\n\n{doc}\n")
    return HEAD + "".join(rows) + "".join(notes)


def main() -> None:
    """Write the page."""
    PAGE.write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    main()
