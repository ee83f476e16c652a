"""The comparisons between the interpreters: each asks two of them the same thing. Asserts, and knows no test."""

import itertools

import networkx as nx
import z3

from support.small_models import LINKS, RELATIONS, SIZES, TOKEN, model
from tautolog_checkers.model.explore.compiled import Compiled, predicate, step
from tautolog_checkers.model.explore.ground import Ground, Instance
from tautolog_checkers.model.explore.liveness import check_liveness
from tautolog_checkers.model.explore.propositions import Bit, group, negate, same, value
from tautolog_checkers.model.explore.search import explore
from tautolog_checkers.model.prove.translate import Translation
from tautolog_checkers.model.states import enabled, holds, initial_state, taken, tuples
from tautolog_checkers.model.tables import Event
from tautolog_spec.language import TRUE, Liveness


def facts_about(translation, state, at):
    """The state, said to z3: the elements, their order, and every relation on every tuple."""
    elements = {
        name: [z3.Const(f"{name}{n}", sort) for n in range(SIZES[name])] for name, sort in translation.sorts.items()
    }
    found = []
    for name, sort in translation.sorts.items():
        x = z3.Const("x", sort)
        found += [z3.Distinct(elements[name]), z3.ForAll([x], z3.Or([x == one for one in elements[name]]))]
        if name in translation.orders:
            found += [translation.orders[name](a, b) for a, b in itertools.pairwise(elements[name])]
    for one in RELATIONS:
        for place in tuples(one.sorts, SIZES):
            term = translation.predicate(one, at)(*(elements[s.name][i] for s, i in zip(one.sorts, place, strict=True)))
            found.append(term if place in state.of(one) else z3.Not(term))
    return found, elements


def solver_says(translation, assertions):
    solver = z3.Solver(ctx=translation.context)
    solver.add(translation.background() + assertions)
    answer = solver.check()
    assert answer != z3.unknown
    return answer == z3.sat


def folded(tree):
    """A tree as a proposition, folded while it is built."""
    if tree is True:
        return True
    if isinstance(tree, int):
        return Bit(tree)
    word, parts = tree
    found = [folded(part) for part in parts]
    if word == "not":
        return negate(*found)
    return same(*found) if word == "same" else group(found, every=word == "all")


def meant_by(tree, state):
    """What a tree says of a state, unfolded."""
    if tree is True:
        return True
    if isinstance(tree, int):
        return bool(state >> tree & 1)
    word, parts = tree
    found = [meant_by(part, state) for part in parts]
    return {"not": lambda: not found[0], "same": lambda: found[0] is found[1]}.get(
        word, lambda: all(found) if word == "all" else any(found)
    )()


def compare_proposition(tree):
    """Folding and compiling keep the meaning, for each of the sixteen states of four bits."""
    proposition = folded(tree)
    holds_in = predicate(proposition)
    for state in range(16):
        assert value(proposition, state) is meant_by(tree, state)
        assert holds_in(state) is meant_by(tree, state)


def compare_changes(guard, changes):
    """A step over four bits, some of which change, from each of the sixteen states."""
    proposition = folded(guard)
    after = {bit: folded(tree) for bit, tree in changes.items()}
    if proposition is False:
        return
    take = step(Instance(Event("act", {}), proposition, after), 4)
    for state in range(16):
        kept = state & ~sum(1 << bit for bit in changes)
        meant = kept | sum(meant_by(tree, state) << bit for bit, tree in changes.items())
        assert take(state) == (meant if meant_by(guard, state) else None)


def compare_formula(formula, state):
    ground = Ground(model(), SIZES)
    number = ground.encode(state)
    proposition = ground.proposition(formula)
    meant = holds(formula, state)
    assert value(proposition, number) is meant
    assert predicate(proposition)(number) is meant


def compare_action(act, state):
    ground = Ground(model(act), SIZES)
    number = ground.encode(state)
    steps = {tuple(one.event.values.values()): step(one, len(ground.bits)) for one in ground.instances(act)}
    meant = set()
    for numbers in itertools.product(range(SIZES["Animal"]), range(SIZES["Bench"])):
        values = dict(zip(act.parameters, numbers, strict=True))
        found = steps[numbers](number) if numbers in steps else None
        if enabled(act, state, values):
            meant.add(ground.encode(taken(act, state, values)))
            assert found == ground.encode(taken(act, state, values))
        else:
            assert found is None
    assert {after for _, after in Compiled(ground).successors(number)} == meant


def compare_formula_with_solver(formula, state):
    translation = Translation(model())
    facts, _ = facts_about(translation, state, 0)
    assert solver_says(translation, [*facts, translation.formula(formula)]) is holds(formula, state)


def compare_action_with_solver(act, state):
    """The solver takes the step where the evaluator does, ends where it ends, and nowhere else."""
    translation = Translation(model(act))
    facts, elements = facts_about(translation, state, 0)
    for numbers in ((0, 0), (1, 2)):
        values = dict(zip(act.parameters, numbers, strict=True))
        constants = translation.constants(act)
        chosen = [constants[one] == elements[one.sort.name][number] for one, number in values.items()]
        moves = [*facts, *chosen, *translation.transition(act)]
        assert solver_says(translation, moves) is enabled(act, state, values)
        if enabled(act, state, values):
            meant = taken(act, state, values)
            after, _ = facts_about(translation, meant, 1)
            assert solver_says(translation, [*moves, *after])
            assert not solver_says(translation, [*moves, z3.Not(z3.And(_relations_only(translation, meant)))])


def _relations_only(translation, state):
    """What `facts_about` says of the relations, without the elements."""
    elements = {
        name: [z3.Const(f"{name}{n}", sort) for n in range(SIZES[name])] for name, sort in translation.sorts.items()
    }
    for one in RELATIONS:
        for place in tuples(one.sorts, SIZES):
            term = translation.predicate(one, 1)(*(elements[s.name][i] for s, i in zip(one.sorts, place, strict=True)))
            yield term if place in state.of(one) else z3.Not(term)


def key_of(state):
    return tuple(sorted((name, tuple(sorted(rows))) for name, rows in state.facts.items() if rows))


def graph_by_hand(text, sizes):
    """All states and steps of a model by the naive evaluator alone: {key: (state, [(action, key after it)])}."""
    text = text.without()
    first = initial_state(text, sizes)
    found, frontier = {}, [first]
    while frontier:
        state = frontier.pop()
        if key_of(state) in found:
            continue
        steps = []
        for act in text.actions:
            for numbers in tuples(tuple(one.sort for one in act.parameters), sizes):
                values = dict(zip(act.parameters, numbers, strict=True))
                if enabled(act, state, values):
                    after = taken(act, state, values)
                    steps.append((act.name, key_of(after)))
                    frontier.append(after)
        found[key_of(state)] = (state, steps)
    return found


def compare_counts():
    for text, sizes in ((TOKEN, {"Node": 3}), (LINKS, {"Node": 3})):
        assert explore(text, sizes).distinct == len(graph_by_hand(text, sizes))


def orbits(text, sizes):
    """How many classes of states there are under the renamings of nodes that keep the rigid relations."""
    rigid = text.rigid_facts(sizes)

    def image(rows, moved):
        return tuple(sorted(tuple(moved[n] for n in row) for row in rows))

    renamings = [
        moved
        for moved in itertools.permutations(range(sizes["Node"]))
        if all(image(rows, moved) == image(rows, range(sizes["Node"])) for rows in rigid.values())
    ]
    found = set()
    for facts in graph_by_hand(text, sizes):
        found.add(min(tuple((name, image(rows, moved)) for name, rows in facts) for moved in renamings))
    return len(found)


def compare_symmetry():
    for text, sizes in ((TOKEN, {"Node": 3}), (LINKS, {"Node": 3})):
        assert explore(text, sizes, symmetric=True).distinct == orbits(text, sizes)


def compare_liveness(first, second, goal):
    """A promise over two random actions: the verdict by components of the naive graph, and the lasso step by step."""
    text = model(first, second)
    promise = Liveness("promise", TRUE, goal, (first.name, second.name), "m", "s")
    graph = graph_by_hand(text, SIZES)
    away = {key for key, (state, _) in graph.items() if not holds(goal, state)}
    plain = nx.DiGraph()
    plain.add_nodes_from(away)
    plain.add_edges_from((key, after) for key in away for _, after in graph[key][1] if after in away)

    def fair(inside, name):
        steps = [graph[key][1] for key in inside]
        return any(
            all(act != name for act, _ in one) or any(act == name and after in inside for act, after in one)
            for one in steps
        )

    def lasting(inside):
        return len(inside) > 1 or all(all(fair({key}, name) for name in promise.fair) for key in inside)

    broken = any(
        lasting(inside) and all(fair(inside, name) for name in promise.fair)
        for inside in nx.strongly_connected_components(plain)
    )
    found = check_liveness(text, SIZES, promise)
    assert (found.verdict == "violated") is broken
    if found.cycle is not None:
        way, around = found.cycle.way, found.cycle.around
        states = [way.first, *(state for _, state in (*way.steps, *around.steps))]
        names = [event.action for event, _ in (*way.steps, *around.steps)]
        for before, name, after in zip(states, names, states[1:], strict=False):
            assert (name, key_of(after)) in graph[key_of(before)][1]
        cycle = states[len(way) :]
        assert key_of(cycle[0]) == key_of(cycle[-1])
        for name in promise.fair:
            idle = any(all(act != name for act, _ in graph[key_of(state)][1]) for state in cycle)
            assert idle or name in names[len(way) :]
        assert not any(holds(goal, state) for state in cycle)
