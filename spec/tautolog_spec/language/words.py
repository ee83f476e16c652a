"""Formulas, updates and actions in the notation of the papers: ∀ ∃ ∧ ∨ ¬ → ↔."""

from __future__ import annotations

from tautolog_spec.language.formulas import (
    AtMost,
    Equal,
    Formula,
    Holds,
    Iff,
    Implies,
    Junction,
    Not,
    Quantified,
    Switched,
    Truth,
    Variable,
)
from tautolog_spec.language.relations import Effect, Update

Names = dict[Variable, str]


def formula_text(formula: Formula, names: Names | None = None) -> str:
    """One line for a formula."""
    return _text(formula, names or {}, 0)


def update_text(update: Update) -> str:
    """One line for an update: what is added, removed, or exactly in afterwards."""
    tuple_text = ", ".join(one.name for one in update.arguments)
    ranging = ", ".join(f"{one.name}: {one.sort}" for one in update.ranging)
    sign = {Effect.INSERT: "+=", Effect.REMOVE: "-=", Effect.ASSIGN: ":="}[update.effect]
    trivial = isinstance(update.condition, Truth) and update.condition.value
    head = f"{update.relation.name}({tuple_text})" if update.arguments else update.relation.name
    if update.effect is Effect.ASSIGN:
        text = f"{head} := {formula_text(update.condition)}"
    else:
        text = f"{update.relation.name} {sign} ({tuple_text})" + (
            "" if trivial else f" if {formula_text(update.condition)}"
        )
    return text + (f" for all {ranging}" if ranging else "")


def _text(formula: Formula, names: Names, level: int) -> str:
    """Levels: 0 anything, 1 inside → or ↔, 2 inside ∧ or ∨, 3 under ¬."""
    match formula:
        case Truth(value=value):
            return "true" if value else "false"
        case Holds(relation=relation, arguments=arguments):
            inside = ", ".join(_name(one, names) for one in arguments)
            return f"{relation.name}({inside})" if arguments else relation.name
        case Equal(left=left, right=right):
            return f"{_name(left, names)} = {_name(right, names)}"
        case AtMost(left=left, right=right):
            return f"{_name(left, names)} ≤ {_name(right, names)}"
        case Not(body=Equal(left=left, right=right)):
            return f"{_name(left, names)} ≠ {_name(right, names)}"
        case Not(body=AtMost(left=left, right=right)):
            return f"{_name(right, names)} < {_name(left, names)}"
        case Not(body=body):
            return f"¬{_text(body, names, 3)}"
        case Junction(every=every, parts=parts):
            return _wrap((" ∧ " if every else " ∨ ").join(_text(part, names, 2) for part in parts), level >= 2)
        case Implies(left=left, right=right):
            return _wrap(f"{_text(left, names, 1)} → {_text(right, names, 1)}", level >= 1)
        case Iff(left=left, right=right):
            return _wrap(f"{_text(left, names, 1)} ↔ {_text(right, names, 1)}", level >= 1)
        case Quantified(every=every, variables=variables, body=body):
            inner = dict(names)
            for one in variables:
                inner[one] = _fresh(one.name, inner)
            bound = ", ".join(f"{inner[one]}: {one.sort}" for one in variables)
            return _wrap(f"{'∀' if every else '∃'} {bound}. {_text(body, inner, 0)}", level >= 1)
        case Switched(switch=switch, fixed=fixed, broken=broken):
            return f"[with {switch}: {_text(fixed, names, 0)}; without: {_text(broken, names, 0)}]"
    raise AssertionError(type(formula))


def _name(variable: Variable, names: Names) -> str:
    return names.get(variable, variable.name)


def _fresh(name: str, names: Names) -> str:
    taken = set(names.values())
    while name in taken:
        name += "′"
    return name


def _wrap(text: str, parentheses: bool) -> str:  # noqa: FBT001  # read where it is called, it is one word
    return f"({text})" if parentheses else text
