"""Write `docs/reference/configs.md`: `python -m tautolog.cli.config_reference`.

Every config of Apache Kafka 4.3.0 with its default, and whether Tautolog acts on it or only keeps and shows it. A
broker config counts as acted on where the code asks for it by name, a topic config where a log has a field for it:
read off the sources, so that the page cannot claim more. A test asserts that the page is what this module would write
now.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from tautolog.core.controller import definitions
from tautolog.core.controller.definitions import Definition
from tautolog.core.log.config import LogConfig

PACKAGE = Path(__file__).parents[1]
PAGE = Path(__file__).parents[3] / "docs" / "reference" / "configs.md"

_HEAD = """\
# Configuration reference

Written by `python -m tautolog.cli.config_reference`; do not edit.

Tautolog lists, checks, keeps and shows every configuration of Apache Kafka 4.3.0 under Kafka's name, with Kafka's
default. What each one means is told in [Kafka's documentation](https://kafka.apache.org/documentation/#configuration).
The last column tells what it does here: **acts** means that Tautolog behaves accordingly, *accepted* that the value is
checked, kept and shown and changes nothing.

Broker configs are given at start (`tautolog serve --set NAME=VALUE`); those marked `cluster` or `broker` can also be
changed while the broker runs, for all brokers or for one. A value that is changed while running wins over one given at
start.
"""

_TOPIC = """
## Topic configs

Set when a topic is made or later (`tautolog topic create NAME --config K=V`). Where a topic has no value of its own,
that of the broker config in the fifth column counts.
"""

_BROKER = """
## Broker configs
"""

_GROUP = """
## Group configs

They belong to the consumer group protocol of KIP-848, to share groups and to streams groups, none of which is served
yet.
"""

_CLIENT_METRICS = """
## Client metrics subscriptions

Kept and listed; no client is asked for metrics (KIP-714 is not served).
"""


@cache
def asked_for() -> frozenset[str]:
    """The broker configs that some code of the package asks for: string literals that are arguments of a call."""
    known = definitions.broker()
    found: set[str] = set()
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            arguments = node.args if isinstance(node, ast.Call) else []
            literals = (a.value for a in arguments if isinstance(a, ast.Constant))
            found |= {name for name in literals if isinstance(name, str) and name in known}
    return frozenset(found)


def acted_on() -> tuple[frozenset[str], frozenset[str]]:
    """The names of the broker configs and of the topic configs that change what the broker does."""
    fields = {field.replace("_", ".") for field in LogConfig._fields}
    topics = frozenset(name for name in definitions.topic() if name in fields or name == "internal.segment.bytes")
    brokers = asked_for().union(*(definitions.topic()[name].synonyms for name in topics))
    return brokers, topics


def render() -> str:
    """The whole page."""
    brokers, topics = acted_on()
    head = "| name | type | default | values | {} | here |\n|---|---|---|---|---|---|\n"
    parts = [_HEAD, _TOPIC, "\n", head.format("broker config")]
    parts += (_row(d, ", ".join(f"`{s}`" for s in d.synonyms), d.name in topics) for d in _shown(definitions.topic()))
    parts += [_BROKER, "\n", head.format("changed by")]
    parts += (
        _row(d, "restart" if d.mode == "static" else d.mode, d.name in brokers) for d in _shown(definitions.broker())
    )
    parts += [_GROUP, "\n", head.format("broker config")]
    parts += (_row(d, ", ".join(f"`{s}`" for s in d.synonyms), acts=False) for d in _shown(definitions.group()))
    parts += [_CLIENT_METRICS, "\n", head.format("")]
    parts += (_row(d, "", acts=False) for d in _shown(definitions.client_metrics()))
    return "".join(parts)


def _shown(table: Mapping[str, Definition]) -> list[Definition]:
    return sorted((d for d in table.values() if not d.internal), key=lambda definition: definition.name)


def _row(definition: Definition, fifth: str, acts: bool) -> str:  # noqa: FBT001  # a cell of the table
    default = "none" if definition.default is None else f"`{definition.default}`" if definition.default else "empty"
    here = "**acts**" if acts else "*accepted*"
    return f"| `{definition.name}` | {definition.type} | {default} | {_values(definition)} | {fifth} | {here} |\n"


def _values(definition: Definition) -> str:
    rule, _, arguments = definition.check.partition(" ")
    if rule in {"in", "any-case", "each"} or (rule == "some" and arguments):
        return ", ".join(f"`{value}`" for value in arguments.split(","))
    words = {
        "some": "not empty",
        "non-empty": "not empty",
        "non-null": "",
        "gzip-level": "1..9, -1",
        "replicas": "`*`, or `partition:broker` each",
        "offset-reset": "`latest`, `earliest`, `by_duration:PnDTnHnMn.nS`",
    }
    return words.get(rule, rule)


def main() -> None:
    """Write the page."""
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(render(), encoding="utf-8")


if __name__ == "__main__":
    main()
