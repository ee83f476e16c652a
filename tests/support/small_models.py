"""Small models and random formulas, for the engines to disagree about."""

from hypothesis import strategies as st

from tautolog_checkers.model.states import State, tuples
from tautolog_spec.language import (
    FALSE,
    TRUE,
    Liveness,
    Model,
    Sort,
    Step,
    action,
    exists,
    forall,
    relation,
    rigid,
    safety,
    when,
)
from tautolog_spec.language.formulas import (
    AtMost,
    Equal,
    Holds,
    Iff,
    Implies,
    Junction,
    Not,
    Quantified,
    Variable,
)
from tautolog_spec.language.models import Action
from tautolog_spec.language.relations import Effect, Update

A, B = Sort("Animal"), Sort("Bench", ordered=True)
P = relation("p", A, meaning="a set")
Q = relation("q", A, B, meaning="a relation between sorts")
R = relation("r", B, B, meaning="a relation within a sort")
F = relation("f", meaning="a flag")
RELATIONS = (P, Q, R, F)
SIZES = {"Animal": 2, "Bench": 3}


@st.composite
def formulas(draw, scope=(), depth=3):
    """A formula whose free variables are in scope."""
    kinds = ["relation", "compare"] + (
        ["not", "and", "or", "implies", "iff", "all", "some", "crossed"] if depth else []
    )
    kind = draw(st.sampled_from(kinds))
    inner = formulas(scope, depth - 1)
    if kind == "relation":
        usable = [one for one in RELATIONS if all(any(v.sort == sort for v in scope) for sort in one.sorts)]
        one = draw(st.sampled_from(usable))
        return Holds(one, tuple(draw(st.sampled_from([v for v in scope if v.sort == sort])) for sort in one.sorts))
    if kind == "compare":
        if not scope:
            return draw(st.sampled_from([TRUE, FALSE]))
        left = draw(st.sampled_from(scope))
        right = draw(st.sampled_from([v for v in scope if v.sort == left.sort]))
        return draw(st.sampled_from([Equal, AtMost] if left.sort.ordered else [Equal]))(left, right)
    if kind == "not":
        return Not(draw(inner))
    if kind == "crossed":  # two variables of one name, one inside the other
        sort = draw(st.sampled_from([A, B]))
        one, other = Variable("v0", sort), Variable("v0", sort)
        atom = Equal(one, other) if sort == A else draw(st.sampled_from([AtMost(one, other), Holds(R, (one, other))]))
        return Quantified(draw(st.booleans()), (one,), Quantified(draw(st.booleans()), (other,), atom))
    if kind in {"and", "or"}:
        return Junction(kind == "and", tuple(draw(st.lists(inner, min_size=2, max_size=3))))
    if kind in {"implies", "iff"}:
        return (Implies if kind == "implies" else Iff)(draw(inner), draw(inner))
    bound = tuple(Variable(f"v{n}", draw(st.sampled_from([A, B]))) for n in range(draw(st.integers(1, 2))))
    return Quantified(kind == "all", bound, draw(formulas((*scope, *bound), depth - 1)))


def _both_if(case):
    """If a bit is set, one and another hold, said twice."""
    bit, *parts = case
    return "all", tuple(("any", (("not", (bit,)), part)) for part in parts)


def trees():
    """What may be true of four bits, unfolded: a number, True, or (word, parts)."""
    leaves = st.one_of(st.integers(0, 3), st.integers(0, 3).map(lambda n: ("not", (n,))), st.just(True))
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.tuples(st.just("not"), st.tuples(inner)),
            st.tuples(st.just("same"), st.tuples(inner, inner)),
            st.tuples(st.sampled_from(["all", "any"]), st.lists(inner, min_size=2, max_size=4).map(tuple)),
            st.tuples(st.integers(0, 3), inner, inner).map(_both_if),
        ),
        max_leaves=12,
    )


@st.composite
def states(draw):
    facts = {}
    for one in RELATIONS:
        rows = list(tuples(one.sorts, SIZES))
        facts[one.name] = frozenset(row for row in rows if draw(st.booleans()))
    return State(SIZES, facts)


@st.composite
def actions(draw):
    parameters = (Variable("a", A), Variable("b", B))
    guards = tuple(draw(st.lists(formulas(parameters, 2), max_size=2)))
    updates = []
    for one in draw(st.lists(st.sampled_from(RELATIONS), unique_by=lambda r: r.name, max_size=3)):
        arguments, ranging = [], []
        for number, sort in enumerate(one.sorts):
            argument = parameters[sort == B]
            if draw(st.booleans()):
                argument = Variable(f"any{number}", sort)
                ranging.append(argument)
            arguments.append(argument)
        condition = draw(formulas((*parameters, *ranging), 2))
        updates.append(Update(one, draw(st.sampled_from(Effect)), tuple(arguments), tuple(ranging), condition))
    return Action("act", parameters, guards, tuple(updates), "random")


def model(*actions_, invariants=(), initial=(), **more):
    return Model("small", "small", "", RELATIONS, initial, actions_, invariants, **more)


Node = Sort("Node")
holder = relation("holder", Node, meaning="who has the token")
waiting = relation("waiting", Node, meaning="who wants it")
served = relation("served", Node, meaning="who had it")


@action(Node)
def ask(node):
    """A node begins to wait."""
    return Step(requires=(~waiting(node), ~holder(node)), updates=(waiting.insert(node),))


@action(Node)
def grant(node):
    """A node that waits gets the token, if it is free."""
    free = when("ONE_HOLDER", forall(Node, lambda n: ~holder(n)))
    return Step(requires=(waiting(node), free), updates=(holder.insert(node), waiting.remove(node)))


@action(Node)
def release(node):
    """The holder gives the token back."""
    return Step(requires=(holder(node),), updates=(holder.remove(node), served.insert(node)))


TOKEN = Model(
    "token",
    "One token",
    "",
    (holder, waiting, served),
    (),
    (ask, grant, release),
    (
        safety(
            "exclusive",
            forall(Node, Node, lambda n, m: (holder(n) & holder(m)) >> (n == m)),
            meaning="One holder at most.",
            source="folklore",
        ),
    ),
    liveness=(
        Liveness(
            "token_returns",
            exists(Node, holder),
            forall(Node, lambda n: ~holder(n)),
            ("release",),
            "The token comes back.",
            "folklore",
        ),
        Liveness("all_served", TRUE, forall(Node, served), ("grant", "release"), "All get it.", "wishful thinking"),
    ),
    proved=True,
)

neighbour = rigid("neighbour", Node, Node, meaning="the nodes lie side by side in a row")
link = relation("link", Node, Node, meaning="the first has called the second")


@action(Node, Node)
def call(one, other):
    """A node calls its neighbour."""
    return Step(requires=(neighbour(one, other),), updates=(link.insert(one, other),))


@action(Node)
def hang_up(one):
    """A node that was called by all its neighbours ends all calls with it."""
    called = forall(Node, lambda n: neighbour(n, one) >> link(n, one))
    return Step(requires=(called,), updates=(link.remove(..., ..., where=lambda a, b: (a == one) | (b == one)),))


def _row(sizes):
    pairs = [(n, n + 1) for n in range(sizes["Node"] - 1)]
    return {}, {"neighbour": frozenset(pairs) | frozenset((b, a) for a, b in pairs)}


LINKS = Model("links", "A row", "", (neighbour, link), (), (call, hang_up), (), frame=_row)
"""A rigid relation that most renamings would change, and relations with two columns."""
