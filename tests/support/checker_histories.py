"""Small random histories of the checkers' models: correct ones by construction, and ones with answers changed.

A history is made by running clients against the model itself: each operation is called, takes effect at some instant and
returns; some crash before or after their effect. Values repeat on purpose.
"""

from tautolog_checkers.linearizability.models.queue import EMPTY
from tautolog_checkers.linearizability.operations import FOREVER, ILLEGAL, UNKNOWN, Op

VALUES = 3

FIRST = {
    "register": (None, 0, 1),
    "cas-register": (None, 0, 1),
    "multi-register": ((), (("x", 0), ("y", 1))),
    "mutex": (False, True),
    "set": (frozenset(), frozenset({0, 1})),
    "counter": (0, 2),
    "kv": ("", "a", "ab"),
    "queue": ((), (0,), (0, 1), (0, 0)),
    "stack": ((), (0,), (0, 1)),
    "log": ((), (0,), (0, 0), (0, 1, 2)),
}
"""First states, the models' own and others."""


def _register(chance, state, f):
    if f == "read":
        return None, state, state
    if f == "write":
        value = chance.randrange(VALUES)
        return value, None, value
    pair = (chance.randrange(VALUES), chance.randrange(VALUES))
    return pair, state == pair[0], pair[1] if state == pair[0] else state


def _multi(chance, state, _):
    steps, results, values = [], [], dict(state)
    for _ in range(chance.randint(1, 2)):
        key = chance.choice("xy")
        if chance.random() < 0.5:
            steps.append(("read", key, None))
            results.append(("read", key, values.get(key)))
        else:
            value = chance.randrange(VALUES)
            steps.append(("write", key, value))
            results.append(steps[-1])
            values[key] = value
    return tuple(steps), tuple(results), tuple(sorted(values.items()))


def _mutex(_, state, f):
    if (f == "acquire") == (state is False):
        return None, None, f == "acquire"
    return None, ILLEGAL, state


def _set(chance, state, f):
    if f == "read":
        return None, state, state
    value = chance.randrange(VALUES)
    return value, None, state | {value} if f == "add" else state - {value}


def _counter(chance, state, f):
    if f == "read":
        return None, state, state
    value = chance.choice([1, 1, 2, -1])
    return value, None, state + value


def _kv(chance, state, f):
    if f == "get":
        return None, state, state
    value = chance.choice(["a", "b", "ab"])
    return value, None, value if f == "put" else state + value


def _queue(chance, state, f):
    if f in {"enqueue", "push"}:
        value = chance.randrange(VALUES + 3)
        return value, None, (*state, value) if f == "enqueue" else (value, *state)
    return None, state[0] if state else EMPTY, state[1:]


def _log(chance, state, f):
    if f == "append":
        value = chance.randrange(VALUES + 3)
        return value, len(state), (*state, value)
    start = chance.randint(0, len(state) + (chance.random() < 0.1))
    stop = min(len(state), start + chance.randint(0, 2))
    return start, (state[start:stop], stop == len(state) and chance.random() < 0.9), state


ACTS = {
    "register": (_register, ["read", "write"]),
    "cas-register": (_register, ["read", "write", "cas", "cas"]),
    "multi-register": (_multi, ["txn"]),
    "mutex": (_mutex, ["acquire", "release"]),
    "set": (_set, ["add", "add", "remove", "read"]),
    "counter": (_counter, ["add", "add", "read"]),
    "kv": (_kv, ["get", "get", "put", "append", "append"]),
    "queue": (_queue, ["enqueue", "dequeue"]),
    "stack": (_queue, ["push", "pop"]),
    "log": (_log, ["append", "append", "read", "read"]),
}


def random_history(chance, name, initial, most=9, crashes=0.15, changed=0.6):
    """Operations of one object, in the order of their calls."""
    act, functions = ACTS[name]
    count, clients = chance.randint(1, most), chance.randint(1, 5)
    state, clock, pending, done = initial, 0, [], []
    started = 0
    while started < count or pending:
        clock += 1
        if started < count and len(pending) < clients and (not pending or chance.random() < 0.5):
            pending.append([started, chance.choice(functions), None, None, clock, False])
            started += 1
            continue
        item = chance.choice(pending)
        index, f, argument, result, call, effective = item
        if not effective:
            argument, result, after = act(chance, state, f)
            if result is ILLEGAL or chance.random() < crashes / 2:
                pending.remove(item)
                done.append(Op(index, f, argument, UNKNOWN, call, FOREVER))
                continue
            item[2], item[3], item[5] = argument, result, True
            state = after
            if chance.random() < 0.5:
                continue
            argument, result = item[2], item[3]
        pending.remove(item)
        if chance.random() < crashes:
            done.append(Op(index, f, argument, UNKNOWN, call, FOREVER))
        else:
            done.append(Op(index, f, argument, result, call, clock))
    if chance.random() < changed:
        _change(chance, done, act, state)
    return sorted(done, key=lambda op: op.call)


def _change(chance, ops, act, state):
    """Give one or two operations the answer that another state would have given."""
    for _ in range(chance.randint(1, 2)):
        op = chance.choice(ops)
        same = [other for other in ops if other.f == op.f and other.known]
        if op.f in {"acquire", "release"}:
            op.f = "release" if op.f == "acquire" else "acquire"
        elif op.known and same:
            if op.f in {"read", "txn"} and chance.random() < 0.5:
                op.argument, op.result, _ = act(chance, state, op.f)
                continue
            other = chance.choice(same)
            if op.f == "read" and isinstance(op.argument, int) and chance.random() < 0.3:
                values, end = op.result
                op.result = (values[:-1], not end) if chance.random() < 0.5 else (values, not end)
            elif isinstance(op.result, frozenset) and chance.random() < 0.4:
                op.result ^= {chance.choice([other.argument for other in ops if other.f == "add"] or [0])}
            elif op.f in {"dequeue", "pop"} and chance.random() < 0.3:
                op.result = chance.choice(
                    [other.argument for other in ops if other.f in {"enqueue", "push"}] or [EMPTY]
                )
            elif op.f in {"append", "cas", "txn"} or (op.f == "read" and isinstance(op.argument, int)):
                op.argument, op.result = other.argument, other.result
                if op.f == "cas":
                    op.result = not op.result
                elif op.f == "append" and op.result is not None:
                    op.result = max(0, op.result + chance.choice([-1, 0, 1]))
            elif op.f in {"dequeue", "pop"} and chance.random() < 0.5:
                op.result, other.result = other.result, op.result
            else:
                op.result = other.result
