"""Small send/poll/txn histories: correct ones out of a simulated log, and mutations of them."""

import copy

KEYS = ("x", "y")


def correct_history(chance, most=8, clients=3):
    """What clients see of logs that keep every promise of Jepsen's classes and of the log's own.

    Operations overlap, fail and stay without an answer; a transaction takes effect as a whole, ends with a marker, and
    polls only what was there before it took effect.
    """
    return _Play(chance, most, clients).events


class _Play:
    def __init__(self, chance, most, clients):
        self.chance, self.events, self.value = chance, [], 0
        self.log = {key: [] for key in KEYS}  # values, None where a marker or a failed record stands
        self.positions, self.open = {}, {}
        self.transactional = chance.random() < 0.6
        begun = 0
        while begun < most or self.open:
            client = chance.randrange(clients)
            if client in self.open:
                self._go_on(client)
            elif begun < most:
                begun += 1
                self._begin(client)
        for client in range(clients):
            for _ in range(2):
                self._drain(client)

    def _add(self, process, kind, f, value, **extra):
        self.events.append(
            {"index": len(self.events), "process": process, "type": kind, "f": f, "value": value, **extra}
        )

    def _begin(self, client):
        f = self.chance.choice(["send", "poll", "txn" if self.transactional else "send"])
        steps, sends = [], set()
        for _ in range(1 if f == "poll" else self.chance.randint(1, 3)):
            if f == "send" or (f == "txn" and self.chance.random() < 0.6):
                self.value += 1
                sends.add(self.chance.choice(KEYS))
                steps.append(["send", self.chance.choice(sorted(sends)), self.value])
            else:
                steps.append(["poll"])
        self._add(client, "invoke", f, steps)
        self.open[client] = [f, steps, None]

    def _go_on(self, client):
        f, steps, told = self.open[client]
        if told is None and self.chance.random() < 0.6:
            fate = self.chance.random()
            self.open[client][2] = ("fail", steps) if fate < 0.1 and f != "poll" else self._happen(client, f, steps)
            return
        if told is None:
            told = ("info", steps)
            if f == "poll":
                return
        kind, value = told
        if kind == "ok" and f != "poll" and self.chance.random() < 0.1:
            kind, value = "info", steps  # it happened, and nobody was told
        del self.open[client]
        self._add(client, kind, f, value)
        if kind == "ok":
            for step in value:
                for key, pairs in step[1].items() if step[0] == "poll" else ():
                    if pairs:
                        self.positions[client, key] = pairs[-1][0] + 1

    def _happen(self, client, f, steps):
        before = {key: len(log) for key, log in self.log.items()}
        told, read = [], dict(self.positions)
        for step in steps:
            if step[0] == "send":
                self.log[step[1]].append(step[2])
                told.append(["send", step[1], [len(self.log[step[1]]) - 1, step[2]]])
            else:
                told.append(["poll", self._poll(client, before, read)])
        if f == "txn":
            for key in {step[1] for step in told if step[0] == "send"}:
                self.log[key].append(None)
        return "ok", told

    def _poll(self, client, before, read):
        polled = {}
        for key in KEYS:
            start = read.get((client, key), 0)
            stop = min(before[key], start + self.chance.randint(0, 3))
            pairs = [[o, self.log[key][o]] for o in range(start, stop) if self.log[key][o] is not None]
            if pairs:
                polled[key] = pairs
                read[client, key] = pairs[-1][0] + 1
        return polled

    def _drain(self, client):
        everything = {}
        for key, log in self.log.items():
            start = self.positions.get((client, key), 0)
            pairs = [[offset, log[offset]] for offset in range(start, len(log)) if log[offset] is not None]
            if pairs:
                everything[key] = pairs
                self.positions[client, key] = len(log)
        self._add(client, "invoke", "poll", [["poll"]])
        self._add(client, "ok", "poll", [["poll", everything]])


def mutated(chance, events):
    """The same history with some of its answers changed: lost, moved, repeated, made up, failed, or not told."""
    events = copy.deepcopy(events)
    for _ in range(chance.randint(1, 4)):
        told = [event for event in events if event["type"] != "invoke"]
        if told:
            chance.choice(CHANGES)(chance, chance.choice(told), events)
    if chance.random() < 0.4:
        _assignments(chance, events)
    for index, event in enumerate(events):
        event["index"] = index
    return events


def _polls(event):
    return [(step[1], key) for step in event["value"] if step[0] == "poll" and len(step) > 1 for key in step[1]]


def _sends(event):
    return [step for step in event["value"] if step[0] == "send" and isinstance(step[2], list)]


def _on_pairs(change):
    def act(chance, event, events):
        found = _polls(event)
        if found:
            polled, key = chance.choice(found)
            change(chance, polled[key], events)

    return act


def _lose(chance, pairs, _):
    if pairs:
        del pairs[chance.randrange(len(pairs))]


def _repeat(chance, pairs, _):
    if pairs:
        pairs.append(list(chance.choice(pairs)))


def _swap(_, pairs, __):
    pairs.reverse()


def _make_up(chance, pairs, _):
    if pairs:
        pairs[chance.randrange(len(pairs))][1] = chance.choice([1, 2, 3, 900, 901])


def _shift(chance, pairs, _):
    if pairs:
        pairs[chance.randrange(len(pairs))][0] += chance.choice([-1, 1, 2])


def _move(chance, event, _):
    if _sends(event):
        pair = chance.choice(_sends(event))[2]
        pair[0] = max(0, (pair[0] or 0) + chance.choice([-2, -1, 1, 2]))


def _resend(chance, event, _):
    if _sends(event):
        chance.choice(_sends(event))[2][1] = chance.randint(1, 4)


def _forget(chance, event, _):
    for step in _sends(event):
        step[2][0] = None if chance.random() < 0.5 else step[2][0]


def _retype(chance, event, _):
    event["type"] = chance.choice(["ok", "fail", "info"])


def _own(chance, event, _):
    if _sends(event) and event["f"] == "txn":
        step = chance.choice(_sends(event))
        event["value"].append(["poll", {step[1]: [list(step[2])]}])


def _peek(chance, event, events):
    """Somebody polls what anybody sent, whenever that was."""
    sent = [step for other in events if other["type"] != "invoke" for step in _sends(other)]
    if sent and event["f"] != "send":
        step = chance.choice(sent)
        event["value"].append(["poll", {step[1]: [list(step[2])]}])


def _phantom(chance, event, _):
    """A record at an offset of its own that nobody sent."""
    found = _polls(event)
    if found:
        polled, key = chance.choice(found)
        polled[key].append([chance.randint(20, 30), chance.choice([900, 901])])


def _vanish(_, event, events):
    """Nobody polls a value that was sent."""
    for step in _sends(event)[:1]:
        for other in events:
            for polled, key in _polls(other) if other["type"] != "invoke" else ():
                polled[key] = [pair for pair in polled[key] if pair[1] != step[2][1]]


def _untold(chance, event, events):
    """A transaction that happened, whose end nobody was told but its offsets."""
    if event["type"] == "ok" and len(_sends(event)) > 1:
        event["type"] = "info"
        _vanish(chance, event, events)


def _copied(chance, event, events):
    """A value that stands at two offsets, the later one seen only by an operation that failed."""
    others = [other for other in events if other["type"] == "ok" and other["f"] != "send" and other is not event]
    if _sends(event) and others:
        _vanish(chance, event, events)
        (_, key, (offset, value)), other = _sends(event)[0], chance.choice(others)
        other["type"] = "fail"
        other["value"].append(["poll", {key: [[(offset or 0) + chance.randint(1, 6), value]]}])


def _earlier(chance, event, events):
    """An answer that came before others': overlaps go, or come."""
    place = events.index(event)
    begun = max(p for p in range(place) if events[p]["process"] == event["process"])
    events.insert(chance.randint(begun + 1, place), events.pop(place))


def _rebalance(chance, event, _):
    event["rebalance-log"] = [{"keys": [chance.choice(KEYS)]}]


CHANGES = (
    *(_on_pairs(change) for change in (_lose, _lose, _repeat, _swap, _make_up, _shift)),
    _move, _move, _resend, _forget, _retype, _own, _peek, _peek, _peek, _phantom, _vanish, _untold, _copied, _earlier, _rebalance,
)  # fmt: skip


def _assignments(chance, events):
    """Assignments between the operations of a process."""
    free = [
        place for place, event in enumerate(events) if event["type"] != "invoke"
    ]  # fmt: skip
    for place in sorted(chance.sample(free, min(len(free), 2)), reverse=True):
        f, keys = chance.choice(["assign", "subscribe"]), chance.sample(KEYS, chance.randint(1, 2))
        process = events[place]["process"]
        both = [{"process": process, "type": kind, "f": f, "value": keys} for kind in ("invoke", "ok")]
        both[1]["type"] = chance.choice(["ok", "ok", "fail", "info"])
        events[place + 1 : place + 1] = both
