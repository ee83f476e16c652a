"""The language: what it refuses, and the sentence it refuses it with; words; the alternation lint."""

import pytest

from support.small_models import RELATIONS, TOKEN, A, B, P, Q, R, model
from tautolog_spec.language import (
    LanguageError,
    Liveness,
    Model,
    Sort,
    Step,
    Variable,
    action,
    auxiliary,
    choice,
    exists,
    forall,
    ghost,
    only_with,
    only_without,
    relation,
    rigid,
    when,
)
from tautolog_spec.language.formulas import FALSE, TRUE, resolve
from tautolog_spec.language.lint import cycles
from tautolog_spec.language.words import formula_text, update_text

a, b, c = Variable("a", A), Variable("b", B), Variable("c", B)


def noted(function):
    function.__doc__ = "Something."
    return function


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Q(a, a), "argument 2 is `a: Animal`, where Bench is wanted"),
        (lambda: Q(a), "takes 2 arguments and was given 1"),
        (lambda: a < Variable("z", A), "Animal is not ordered"),
        (lambda: a == b, "compares Animal with Bench"),
        (lambda: b <= c <= b, "neither true nor false"),
        (lambda: P(a) and P(a), "neither true nor false"),
        (lambda: P(a) & True, "a formula is wanted"),
        (lambda: forall(A, B, lambda x: P(x) & P(x)), "takes (x), and the sorts are Animal, Bench"),
        (lambda: forall(lambda x: ~P(x), A), "first the sorts"),
        (lambda: Q.insert(a), "takes 2 arguments"),
        (lambda: P.insert("a"), "no variable"),
        (lambda: Step(requires=(P(a))), "of one alone (…,)"),
        (lambda: Step(updates=(P(a),)), "a tuple of Updates is wanted"),
        (lambda: action(A)(noted(lambda a: (P(a),))), "where a Step is wanted"),
    ],
)
def test_ill_formed_is_refused_with_words(make, words):
    with pytest.raises(LanguageError) as error:
        make()
    assert words in str(error.value)


def act(*requires, updates=(), name="act"):
    def function(a):
        """Something."""
        return Step(requires=tuple(f(a) for f in requires), updates=tuple(f(a) for f in updates))

    function.__name__ = name
    return action(A)(function)


SECRET = ghost("secret", A, meaning="for the proof")
SIDE = rigid("side", A, meaning="which side")
PICKED = choice("picked", A, meaning="any")


def claim(formula, name="i"):
    return auxiliary(name, formula, meaning="m")


def always(formula):
    return Liveness("l", TRUE, formula, (), "m", "s")


def with_more(*relations, invariants=(), **more):
    return Model("m", "m", "", (*RELATIONS, *relations), (), (), invariants, **more)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: model(act(lambda _: P(a))), "nothing binds a: Animal"),
        (lambda: model(act(updates=(P.insert, P.remove))), "there are two"),
        (lambda: model(act(), act()), "two of action"),
        (lambda: model(invariants=(auxiliary("i", P(a), meaning="m"),)), "invariant i: nothing binds"),
        (lambda: model(invariants=(auxiliary("i", exists(A, SECRET), meaning="m"),)), "which the model does not list"),
        (lambda: model(initial=(P.insert(a),)), "must be given with `...`"),
        (lambda: model(initial=(P.remove(...),)), "nothing can be removed"),
        (lambda: model(initial=(P.insert(...), P.insert(...))), "the initial state of p is given twice"),
        (
            lambda: model(initial=(P.insert(..., where=lambda x: ~P(x)),)),
            "nothing else is known before the first state",
        ),
        (lambda: model(initial=(SIDE.insert(...),)), "a rigid relation has none"),
        (lambda: model(initial=(SECRET.insert(...),)), "the model does not list that relation"),
        (lambda: model(axioms=(exists(A, P),)), "axiom 1 reads the state relation p: "),
        (
            lambda: with_more(PICKED, invariants=(claim(exists(A, PICKED)),)),
            "invariant i reads the choice relation picked",
        ),
        (
            lambda: with_more(PICKED, liveness=(always(exists(A, PICKED)),)),
            "liveness l reads the choice relation picked",
        ),
        (lambda: model(invariants=(claim(exists(B, relation("p", B, meaning="another"))),)), "speaks of p(Bench)"),
        (lambda: with_more(relation("s", Sort("Bench"), meaning="m")), "has Bench both ordered and not"),
        (lambda: model(act(updates=(lambda a: only_with("X", P.insert(a)), P.remove))), "there are two"),
        (lambda: model(invariants=(claim(TRUE, "l"),), liveness=(always(TRUE),)), "two of promise l"),
        (lambda: TOKEN.without("NOTHING"), "no fix NOTHING; it has ONE_HOLDER"),
        (lambda: TOKEN.action("take"), "no action take; it has ask, grant, release"),
        (lambda: TOKEN.sizes({"Knot": 2}), "no bound Knot; it has Node"),
        (lambda: TOKEN.sizes({"Node": 0}), "at least 1"),
        (lambda: TOKEN.sizes({}), "also needs a bound for Node"),
    ],
)
def test_senseless_models_are_refused_with_words(make, words):
    with pytest.raises(LanguageError) as error:
        make()
    assert words in str(error.value)


def test_a_guard_may_not_read_a_ghost():
    with pytest.raises(LanguageError, match="reads the ghost relation secret"):
        Model("m", "m", "", (*RELATIONS, SECRET), (), (act(SECRET),), ())


def test_an_action_says_what_it_is():
    with pytest.raises(LanguageError, match="has no docstring"):
        action(A)(lambda a: Step())


def test_words():
    formula = forall(B, B, lambda x, y: ((x < y) & ~R(x, y)) >> exists(A, lambda z: Q(z, x) | P(z)))
    assert formula_text(formula) == "∀ x: Bench, y: Bench. x < y ∧ ¬r(x, y) → (∃ z: Animal. q(z, x) ∨ p(z))"
    assert update_text(Q.insert(a, ..., where=lambda e: e < b)) == "q += (a, e) if e < b for all e: Bench"
    assert update_text(Q.replace(a, b)) == "q(a, now) := now = b for all now: Bench"


def test_nested_names_stay_apart():
    assert str(forall(B, lambda x: exists(B, lambda x: R(x, x)))) == "∀ x: Bench. ∃ x′: Bench. r(x′, x′)"


def test_fixes_are_decided():
    formula = when("FIX", P(a), ~P(a))
    assert str(resolve(formula, frozenset())) == "p(a)"
    assert str(resolve(formula, frozenset({"FIX"}))) == "¬p(a)"
    assert TOKEN.switches == ("ONE_HOLDER",)
    assert TOKEN.without().switches == ()


def test_an_action_that_asks_for_what_is_plainly_false_does_not_exist():
    only_without_both = act(lambda a: when("ONE", when("OTHER", FALSE), P(a)))
    found = model(only_without_both)
    assert found.without().actions == ()
    assert [one.name for one in found.without("OTHER").actions] == [only_without_both.name]
    assert str(found.without("ONE").actions[0].guard) == "p(a)"


def test_lint_finds_the_cycle_and_only_the_cycle():
    good = auxiliary("good", forall(A, lambda x: exists(B, lambda y: Q(x, y))), meaning="m")
    bad = auxiliary("bad", forall(B, lambda y: exists(A, lambda x: Q(x, y))), meaning="m")
    closed = auxiliary("closed", exists(B, lambda x: R(x, x)) >> exists(B, lambda x: ~R(x, x)), meaning="m")
    assert cycles(model(invariants=(good, closed))) == []
    assert {str(edge) for edge in cycles(model(invariants=(good, bad)))} == {
        "Animal → Bench (invariant good)",
        "Bench → Animal (invariant bad)",
    }


def test_lint_reads_the_initial_state_too():
    first = Q.insert(..., ..., where=lambda _, y: exists(B, lambda z: z <= y))
    assert {str(edge) for edge in cycles(model(initial=(first,)))} == {"Bench → Bench (initial state of q)"}


def test_two_updates_of_which_one_happens_are_one():
    either_way = act(updates=(lambda a: only_with("X", P.insert(a)), lambda a: only_without("X", P.remove(a))))
    assert model(either_way).switches == ("X",)


def test_a_sort_that_is_only_quantified_over_has_a_size_too():
    lonely = Sort("Lonely")
    found = model(invariants=(claim(forall(lonely, lambda x: exists(lonely, lambda y: x == y))),))
    assert lonely in found.sorts
    assert "Lonely" in found.bound_names()


def test_sorts_are_named_once():
    assert [sort.name for sort in TOKEN.sorts] == ["Node"]
    assert Sort("X") == Sort("X")
    assert TRUE.value
