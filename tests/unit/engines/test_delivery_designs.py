"""The designs of a worker: every cell of the table design × promise is proved or has its shortest trace; the page says so."""

import os
from pathlib import Path

import attrs
import pytest

from tautolog_checkers.model.designs import DesignError, examine, page
from tautolog_checkers.model.explore.search import explore
from tautolog_spec.bugs import MUSEUM
from tautolog_spec.models.delivery import MODEL
from tautolog_spec.models.delivery.designs import BOUNDS, DESIGNS
from tautolog_spec.models.delivery.invariants import PROMISES
from tautolog_spec.models.delivery.text import LADDER

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "delivery.md"
TABLE = {
    "key before": ("5 steps", "proved", "proved", "proved", "6 steps"),
    "key after": ("proved", "6 steps", "6 steps", "6 steps", "proved"),
    "lease": ("proved", "7 steps", "7 steps", "7 steps", "proved"),
    "lease with fence": ("proved", "proved", "7 steps", "7 steps", "proved"),
    "idempotent sink": ("proved", "proved", "proved", "6 steps", "proved"),
    "inbox in one transaction": ("proved", "proved", "proved", "proved", "proved"),
}


def test_the_table_and_its_page():
    text = page(DESIGNS, MUSEUM)
    for name, cells in TABLE.items():
        assert f"| {name} | {' | '.join(cells)} |" in text
    if os.environ.get("UPDATE_PAGES"):
        PAGE.write_text(text, encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == text


def test_each_design_is_a_rung_of_the_ladder():
    assert [one.lacks for one in DESIGNS] == [*LADDER, None]
    assert [one.name for one in DESIGNS] == list(TABLE)


@pytest.mark.parametrize("design", DESIGNS, ids=lambda one: one.name)
def test_what_is_proved_also_holds_where_traces_are_looked_for(design):
    assert explore(design.model(), BOUNDS).verdict == "holds"


def test_a_promise_that_a_design_does_not_keep_is_not_proved():
    sink = DESIGNS[-2]
    boastful = attrs.evolve(sink, breaks={})
    with pytest.raises(DesignError, match="bury dead_letter_xor_effect"):
        examine(boastful)


def test_a_promise_that_a_design_keeps_is_not_broken():
    modest = attrs.evolve(DESIGNS[-1], breaks={one.name: 3 for one in PROMISES}, leans_on=())
    with pytest.raises(DesignError, match="found holds"):
        examine(modest)


@pytest.mark.parametrize("lowest", range(len(LADDER)))
def test_without_a_rung_those_above_it_change_nothing(lowest):
    one, all_above = MODEL.without(LADDER[lowest]), MODEL.without(*LADDER[lowest:])
    counts = [explore(attrs.evolve(model, invariants=()), BOUNDS).distinct for model in (one, all_above)]
    assert counts[0] == counts[1]
