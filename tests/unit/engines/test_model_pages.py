"""The pages about the models are what the models say, and every part of every model is accounted for on them.

Where one of these tests is red because a model changed, `COMMAND` makes it green.
"""

from pathlib import Path

import attrs
import pytest
import z3

from support.small_models import TOKEN
from tautolog_checkers.model import mutation
from tautolog_checkers.model.essay import essay
from tautolog_checkers.model.explore.search import explore
from tautolog_checkers.model.findings import find, fingerprint, load_findings, save
from tautolog_checkers.model.mutation import Examiner, mutants
from tautolog_checkers.model.pages import COMMAND, known_findings, pages
from tautolog_checkers.model.prove.cores import leans_on
from tautolog_checkers.model.prove.obligations import Prover, obligations
from tautolog_checkers.model.prove.translate import changed
from tautolog_spec.bugs import bug
from tautolog_spec.language import Configuration, Sometimes, Step, action, exists
from tautolog_spec.language.formulas import Not
from tautolog_spec.models import MODULES, load

FOLDER = Path(__file__).parents[3] / "docs" / "explanation"
STALE = f"the models changed: run {COMMAND}"
EVERY = 25
"""One part in so many is missed again in every test run, all of them by night."""


def test_pages_are_current():
    wanted = pages(FOLDER)
    here = {name: (FOLDER / name).read_text(encoding="utf-8") for name in wanted if (FOLDER / name).exists()}
    assert [name for name, text in wanted.items() if here.get(name) != text] == [], STALE


def test_an_instance_says_when_it_is_explored_and_for_what():
    daily, nightly = load("groups").configurations
    assert (daily.live, nightly.nightly, nightly.symmetric) == (True, True, True)
    rows = [line for line in essay(load("groups")).splitlines() if line.startswith("| Member = ")]
    assert [row.split(" | ")[-2:] for row in rows] == [
        ["in every test run", "promises and fair cycles |"],
        ["by night", "promises |"],
    ]
    assert [row.split(" | ")[1] for row in rows] == [f"{daily.distinct:,}", f"{nightly.distinct:,}, up to symmetry"]


def test_no_page_is_left_over():
    assert {f"models/{path.name}" for path in (FOLDER / "models").glob("*.md")} == set(pages(FOLDER)) - {"mutations.md"}


@pytest.mark.parametrize("name", MODULES)
def test_every_part_is_accounted_for(name):
    model, findings = load(name), known_findings(FOLDER)[name]
    assert findings is not None, STALE
    assert findings.fingerprint == fingerprint(model), STALE
    assert [fate.part for fate in findings.fates] == [mutant.part for mutant in mutants(model)]
    fates = {fate.part: fate.by for fate in findings.fates}
    assert [part for part, by in fates.items() if not by and part not in model.redundant] == []
    assert [part for part in model.redundant if fates.get(part) not in {"", "implied", "count"}] == []


@pytest.mark.parametrize("name", [name for name in MODULES if load(name).proved])
def test_the_proof_misses_what_the_table_says(name):
    examiner, findings = Examiner(load(name)), known_findings(FOLDER)[name]
    fates = {fate.part: fate for fate in findings.fates if fate.by == "proof"} if findings else {}
    missed = [mutant for mutant in mutants(load(name)) if mutant.part in fates]
    for mutant in missed[::EVERY]:
        assert examiner.refutes(mutant, fates[mutant.part].what.split()[-1])


@pytest.mark.nightly
@pytest.mark.parametrize("name", MODULES)
def test_everybody_misses_what_the_table_says(name):
    examiner, findings = Examiner(load(name)), known_findings(FOLDER)[name]
    found = [examiner.fate(mutant) for mutant in mutants(load(name))]
    assert [(one.part, one.by) for one in found] == [(one.part, one.by) for one in findings.fates]


@pytest.mark.nightly
@pytest.mark.parametrize("name", [name for name in MODULES if load(name).proved])
def test_each_proof_needs_no_more_than_the_graph_says(name):
    prover, graph = Prover(load(name)), known_findings(FOLDER)[name].graph
    formulas = {one.name: one.formula for one in prover.model.invariants}
    for one in obligations(prover.model):
        if one.kind == "consecution":
            act = prover.model.action(one.action)
            used = [one.invariant, *(other for other, acts in graph[one.invariant].items() if one.action in acts)]
            translation = prover.translation
            solver = z3.Solver(ctx=translation.context)
            solver.add(translation.background() + translation.move(act))
            solver.add([translation.formula(formulas[used_name]) for used_name in used])
            solver.add(translation.formula(Not(formulas[one.invariant]), changed(act)))
            assert solver.check() == z3.unsat, str(one)


def test_fates_of_the_token():
    """Who misses what, seen on a model that is read at a glance."""
    fates = {fate.part: (fate.by, fate.what) for fate in find(TOKEN).fates}
    assert fates == {
        "ask requires ¬waiting(node)": ("", ""),
        "ask requires ¬holder(node)": ("", ""),
        "ask updates waiting": ("", ""),
        "grant requires waiting(node)": ("", ""),
        "grant requires ∀ n: Node. ¬holder(n)": ("proof", "consecution grant exclusive"),
        "grant updates holder": ("", ""),
        "grant updates waiting": ("", ""),
        "release requires holder(node)": ("", ""),
        "release updates holder": ("", ""),
        "release updates served": ("", ""),
    }


def test_a_configuration_misses_more():
    found = explore(TOKEN, {"Node": 2})
    served = Sometimes("served", exists(*TOKEN.relations[2].sorts, TOKEN.relations[2]), "somebody had it")
    live = Configuration({"Node": 2}, found.distinct, found.depth, live=True)
    model = attrs.evolve(TOKEN, sometimes=(served,), configurations=(live,), liveness=TOKEN.liveness[:1], proved=False)
    fates = {fate.part: (fate.by, fate.what, fate.steps) for fate in find(model).fates}
    assert fates["grant requires ∀ n: Node. ¬holder(n)"] == ("promise", "exclusive", 4)
    assert fates["release updates holder"] == ("liveness", "token_returns", 4)
    assert fates["grant updates holder"] == ("sometimes", "served", 0)
    assert fates["ask requires ¬waiting(node)"] == ("", "", 0)
    assert fates["grant updates waiting"][0] == "count"


@pytest.fixture
def swapping():
    """The token, and a step that says the same twice and changes nothing."""
    node, holder = TOKEN.sorts[0], TOKEN.relations[0]

    @action(node, node)
    def swap(one, other):
        """The holder asks for nothing that it does not have."""
        return Step(requires=(holder(one), holder(other), one == other), updates=(holder.insert(one),))

    return attrs.evolve(TOKEN, actions=(*TOKEN.actions, swap))


def test_what_follows_from_the_rest_is_implied(swapping):
    fates = {fate.part: (fate.by, fate.what) for fate in find(swapping).fates if fate.part.startswith("swap")}
    assert fates["swap requires one = other"] == ("implied", "`holder(one)`, `holder(other)`, `exclusive`")
    assert fates["swap updates holder"] == ("implied", "`holder(one)`")


def test_what_is_not_proved_is_implied_as_far_as_it_is_explored(swapping):
    found = explore(swapping, {"Node": 2})
    model = attrs.evolve(
        *(swapping,), proved=False, configurations=(Configuration({"Node": 2}, found.distinct, found.depth),)
    )
    fates = {fate.part: (fate.by, fate.what, fate.bounds) for fate in find(model).fates}
    everywhere = ("implied", "the rest in every state", {"Node": 2})
    assert fates["swap requires one = other"] == fates["swap updates holder"] == everywhere
    assert fates["ask requires ¬waiting(node)"] == ("", "", {})


def test_the_museum_shows_what_a_part_is_for():
    model = load("groups")
    examiner, exhibit = Examiner(model), bug("STICKY_ASSIGNMENT")
    found = [fate for mutant in mutants(model) if (fate := examiner.by_museum(mutant)) is not None]
    sticky = [fate for fate in found if fate.part.startswith("complete requires newcomer")]
    assert [(one.by, one.what, one.steps) for one in sticky] == [
        ("museum", "STICKY_ASSIGNMENT: converges", exhibit.steps)
    ]
    assert not any(fate.part.startswith("poll") for fate in found)


def test_a_core_names_what_is_needed():
    prover = Prover(TOKEN)
    asked = {str(one): one for one in obligations(prover.model)}
    assert leans_on(prover, asked["consecution ask exclusive"]) == ("exclusive",)
    assert leans_on(prover, asked["consecution grant exclusive"]) == ()
    broken = Prover(TOKEN.without("ONE_HOLDER"))
    assert leans_on(broken, asked["consecution grant exclusive"]) is None


def test_findings_are_read_as_they_were_written(tmp_path):
    findings = find(TOKEN)
    save(findings, tmp_path / "token.json")
    assert load_findings(tmp_path / "token.json") == findings
    assert load_findings(tmp_path / "none.json") is None


def test_the_fingerprint_is_of_the_text_and_not_of_the_prose():
    assert fingerprint(attrs.evolve(TOKEN, essay="else", redundant={"a": "b"})) == fingerprint(TOKEN)
    assert fingerprint(attrs.evolve(TOKEN, actions=TOKEN.actions[:2], liveness=())) != fingerprint(TOKEN)


def test_the_command_tells_what_nobody_misses(monkeypatch, capsys):
    from tautolog_spec import models

    monkeypatch.setattr(models, "load", lambda _: TOKEN)
    assert mutation.main(["token", "grant"]) == 1
    printed = capsys.readouterr().out
    assert "grant requires ∀ n: Node. ¬holder(n)\n    proof: consecution grant exclusive\n" in printed
    assert "NOBODY MISSES IT" in printed
    assert "release" not in printed
