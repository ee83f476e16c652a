"""Kafka's promises, judged as slowly and as literally as they are defined; shares no code with the judge it is held against.

Every count is a comprehension over all operations, all offsets and all values; graphs are networkx's.
"""

from itertools import pairwise

import networkx as nx

NEVER = 10**9


class Op:
    """An operation: its events' fields, what it sent and polled as lists of (key, offset, value)."""

    def __init__(self, invoked, completed, call, ret):
        self.index, self.process, self.f, self.call = invoked["index"], invoked["process"], invoked["f"], call
        self.type = "info" if completed is None else completed["type"]
        self.ret = NEVER if completed is None or self.type == "info" else ret
        self.end = NEVER if completed is None else ret
        event = invoked if completed is None or completed["value"] is None else completed
        self.value, self.fields = event["value"], {**invoked, **(completed or {})}
        self.sent, self.polled = [], []
        for micro in self.value if self.f in {"send", "poll", "txn"} else ():
            if micro[0] == "send":
                offset, value = micro[2] if isinstance(micro[2], list) else (None, micro[2])
                self.sent.append((micro[1], offset, value))
            elif len(micro) > 1:
                self.polled += [(key, offset, value) for key, pairs in micro[1].items() for offset, value in pairs]
        self._sends, self._polls = {}, {}
        for listed, by_key in ((self.sent, self._sends), (self.polled, self._polls)):
            for key, _, value in listed:
                by_key.setdefault(key, []).append(value)

    @property
    def ok(self):
        return self.type == "ok"

    def sends_to(self, key):
        return self._sends.get(key, [])

    def polls_of(self, key):
        return self._polls.get(key, [])


def operations(events):
    """All operations of clients in the order of their ends, those without one last."""
    open_, done = {}, []
    for position, event in enumerate(events):
        if event["process"] == "nemesis":
            continue
        if event["type"] == "invoke":
            if event["process"] in open_:
                done.append(Op(open_[event["process"]][0], None, open_[event["process"]][1], None))
            open_[event["process"]] = (event, position)
        else:
            invoked, call = open_.pop(event["process"])
            done.append(Op(invoked, event, call, position))
    return done + [Op(invoked, None, call, None) for invoked, call in sorted(open_.values(), key=lambda item: item[1])]


def keys_of(ops):
    return sorted({key for op in ops for key, _, _ in op.sent + op.polled})


def took_effect(op, ops):
    return op.ok or (
        op.type == "info"
        and any(value in other.polls_of(key) for key, _, value in op.sent for other in ops if other.ok)
    )


def slots(ops, key):
    """Offset -> the values claimed for it."""
    claimed = {}
    for op in ops:
        proved = op.polled + (op.sent if took_effect(op, ops) else [])
        for k, offset, value in proved:
            if k == key and offset is not None:
                claimed.setdefault(offset, set()).add(value)
    return claimed


def places(ops, key):
    """The value that stands for each known offset, in order, and value -> its last place."""
    claimed = slots(ops, key)
    order = [min(claimed[offset]) for offset in sorted(claimed)]
    return order, {value: place for place, value in enumerate(order)}


def writer_of(ops, key, value):
    return next((op for op in reversed(ops) if value in op.sends_to(key)), None)


class Count:
    """Counts of every class of one history."""

    def __init__(self, events, *, ww_edges=False):
        self.ops = operations(events)
        self.steps = self.ops
        self.ops = [op for op in self.ops if op.f in {"send", "poll", "txn"}]
        self.keys = keys_of(self.ops)
        self.slots = {key: slots(self.ops, key) for key in self.keys}
        self.order, self.place = {}, {}
        for key in self.keys:
            self.order[key], self.place[key] = places(self.ops, key)
        self.writer = {key: {value: writer_of(self.ops, key, value) for value in self.values(key)} for key in self.keys}
        self.ww_edges = ww_edges

    def values(self, key):
        return {v for op in self.ops for k, _, v in op.sent + op.polled if k == key}

    def counts(self):
        found = {name[3:].replace("_", "-"): getattr(self, name)() for name in dir(self) if name.startswith("is_")}
        return {name: count for name, count in (found | self.pairs() | self.cycles()).items() if count}

    # ------------------------------------------------------------------------------------- Jepsen's classes

    def is_inconsistent_offsets(self):
        return sum(len(values) > 1 for key in self.keys for values in self.slots[key].values())

    def is_duplicate(self):
        return sum(
            sum(value in there for there in self.slots[key].values()) > 1
            for key in self.keys for value in self.values(key)
        )  # fmt: skip

    def is_lost_write(self):
        lost = 0
        for key in self.keys:
            offsets = sorted(self.slots[key])
            where = {v: [p for p, o in enumerate(offsets) if v in self.slots[key][o]] for v in self.values(key)}
            read = {value for op in self.ops if op.ok for value in op.polls_of(key)}
            bound = max((where[value][0] for value in read if where[value]), default=-1)
            for value in self.values(key) - read:
                writer = self.writer[key][value]
                if where[value] and where[value][-1] <= bound and writer is not None:
                    lost += took_effect(writer, self.ops)
        return lost

    def is_unseen(self):
        return sum(
            any(op.ok and value in op.sends_to(key) for op in self.ops)
            and not any(op.ok and value in op.polls_of(key) for op in self.ops)
            for key in self.keys for value in self.values(key)
        )  # fmt: skip

    def is_G1a(self):  # noqa: N802  # the class's name
        return sum(
            op.ok and value in op.polls_of(key)
            and any(other.type == "fail" and value in other.sends_to(key) for other in self.ops)
            for op in self.ops for key in self.keys for value in self.values(key)
        )  # fmt: skip

    def is_precommitted_read(self):
        return sum(any(set(op.sends_to(key)) & set(op.polls_of(key)) for key in self.keys) for op in self.ops)

    def pairs(self):
        counts = dict.fromkeys(
            ("int-poll-skip", "int-nonmonotonic-poll", "int-send-skip", "int-nonmonotonic-send", "poll-skip",
             "nonmonotonic-poll", "nonmonotonic-send"), 0,
        )  # fmt: skip

        def compare(skip, back, key, old, new):
            place = self.place[key]
            if old in place and new in place:
                if skip is not None and place[new] > place[old] + 1:
                    counts[skip] += 1
                elif place[new] <= place[old]:
                    counts[back] += 1

        for op in self.ops:
            rebalanced = {key for entry in op.fields.get("rebalance-log", ()) for key in entry["keys"]}
            for key in self.keys:
                for old, new in pairwise(op.polls_of(key)) if key not in rebalanced else ():
                    compare("int-poll-skip", "int-nonmonotonic-poll", key, old, new)
                for old, new in pairwise(op.sends_to(key)):
                    compare("int-send-skip", "int-nonmonotonic-send", key, old, new)
        for process in {op.process for op in self.steps}:
            polled, sent = {}, {}
            for op in self.steps:
                if op.process != process:
                    continue
                if op.f in {"assign", "subscribe"}:
                    if op.type != "fail":
                        polled = {key: value for key, value in polled.items() if key in op.value}
                        sent = {key: value for key, value in sent.items() if key in op.value}
                    continue
                for key in self.keys:
                    if op.polls_of(key):
                        if key in polled:
                            compare("poll-skip", "nonmonotonic-poll", key, polled[key], op.polls_of(key)[0])
                        if op.ok:
                            polled[key] = op.polls_of(key)[-1]
                    if op.sends_to(key) and op.type != "fail":
                        if key in sent:
                            compare(None, "nonmonotonic-send", key, sent[key], op.sends_to(key)[0])
                        sent[key] = op.sends_to(key)[-1]
        return counts

    # ------------------------------------------------------------------------------------------------ cycles

    def edges(self):
        wr, ww, rw, process, realtime = (set() for _ in range(5))
        number = {op: place for place, op in enumerate(self.ops)}
        for reader in self.ops:
            for key in self.keys:
                polls = reader.polls_of(key)
                wr |= {(number[w], number[reader]) for v in polls if (w := self.writer[key][v]) not in (None, reader)}
                if polls and reader.ok and polls[-1] in self.place[key]:
                    behind = self.place[key][polls[-1]] + 1
                    if behind < len(self.order[key]):
                        writer = self.writer[key][self.order[key][behind]]
                        if writer not in (None, reader):
                            rw.add((number[reader], number[writer]))
        for key in self.keys:
            for place, (old, new) in enumerate(pairwise(self.order[key]), 1):
                if self.place[key][new] == place:
                    a, b = self.writer[key][old], self.writer[key][new]
                    if None not in (a, b) and a is not b:
                        ww.add((number[a], number[b]))
        for a in self.ops:
            for b in self.ops:
                if a.ok and a.ret < b.call:
                    realtime.add((number[a], number[b]))
                    if b.ok and a.process == b.process:
                        process.add((number[a], number[b]))
        return wr, ww if self.ww_edges else set(), rw, process, realtime

    def cycles(self):
        wr, ww, rw, process, realtime = self.edges()
        found = {}
        for name, edges, wanted in (("G0", ww, ww), ("G1c", ww | wr, wr)):
            plain = inside(edges, wanted)
            found[name] = len(plain) > 0
            broken = {node for edge in plain for node in edge}
            for variant, more in (("-process", process), ("-realtime", realtime)):
                found[name + variant] = any(
                    broken.isdisjoint(component) and any(a in component and b in component for a, b in wanted)
                    for component in nx.strongly_connected_components(digraph(edges | more))
                )
        graph = digraph(wr | ww)
        graph.add_nodes_from(range(len(self.ops)))
        single = severally = False
        for component in nx.strongly_connected_components(digraph(wr | ww | rw)):
            missed = [(a, b) for a, b in rw if a in component and b in component and a != b]
            once = any(nx.has_path(graph, b, a) for a, b in missed)
            single = single or once
            severally = severally or (bool(missed) and not once)
        return found | {"G-single": single, "G2": severally}

    # ------------------------------------------------------------------------------------------------ beyond

    def strange(self, key):
        """Values that nobody sent."""
        return {value for value in self.values(key) if self.writer[key][value] is None}

    def corrupt(self, key):
        return [
            offset for offset, values in self.slots[key].items() if values & self.strange(key) and values - self.strange(key)
        ]  # fmt: skip

    def is_corrupt_payload(self):
        return sum(len(self.corrupt(key)) for key in self.keys)

    def is_phantom_read(self):
        return sum(
            not any(value in self.slots[key][offset] for offset in self.corrupt(key))
            for key in self.keys for value in self.strange(key)
        )  # fmt: skip

    def known_by(self, key, place):
        """When it was first known that a place, or one behind it, was taken."""
        behind = set(self.order[key][place:])
        behind = {value for value in behind if self.place[key][value] >= place}
        return min(
            [op.ret for op in self.ops if behind & set(op.polls_of(key))]
            + [op.ret for op in self.ops if op.type != "fail" and behind & set(op.sends_to(key))],
            default=NEVER,
        )

    def is_unexplained_hole(self):
        transactional = any(op.f == "txn" and op.sent for op in self.ops)
        unexplained = 0
        for key in self.keys:
            offsets = sorted(self.slots[key])
            holes = [
                (offset, self.known_by(key, place))
                for place in range(1, len(offsets)) for offset in range(offsets[place - 1] + 1, offsets[place])
            ]  # fmt: skip
            fillers = []
            for op in self.ops:
                if op.sends_to(key):
                    lost = [value for value in op.sends_to(key) if value not in self.place[key]]
                    fillers += [op.call] * ((len(lost) if op.type != "fail" or transactional else 0) + transactional)
            graph = nx.Graph()
            graph.add_nodes_from(("hole", offset) for offset, _ in holes)
            graph.add_edges_from(
                (("hole", offset), ("filler", number))
                for offset, closed in holes for number, call in enumerate(fillers) if call < closed
            )  # fmt: skip
            tops = [("hole", offset) for offset, _ in holes]
            unexplained += len(holes) - len(nx.bipartite.maximum_matching(graph, tops)) // 2
        return unexplained

    def is_log_nonlinearizable(self):
        late = 0
        for key in self.keys:
            for value, place in self.place[key].items():
                writer = self.writer[key][value]
                if writer is None or writer.type == "fail":
                    continue
                signs = [
                    op.ret for op in self.ops
                    for v in op.polls_of(key) if self.place[key].get(v, -1) >= place
                ]  # fmt: skip
                signs += [
                    w.ret for v, p in self.place[key].items() if p > place and (w := self.writer[key][v]) is not None and w.ok
                ]  # fmt: skip
                late += min(signs, default=NEVER) < writer.call
        return late

    def several(self):
        return [op for op in self.ops if op.f == "txn" and len(op.sent) > 1 and op.type != "fail"]

    def is_torn_transaction(self):
        torn = 0
        for op in self.several():
            read = {(k, v) for other in self.ops if other.ok for k, _, v in other.polled}
            missing = False
            for key, _, value in op.sent:
                offsets = sorted(self.slots[key])
                where = {v: [p for p, o in enumerate(offsets) if v in self.slots[key][o]] for v in self.values(key)}
                bound = max((where[v][0] for k, v in read if k == key and where[v]), default=-1)
                missing |= (key, value) not in read and bool(where[value]) and where[value][-1] <= bound
            torn += missing and any((key, value) in read for key, _, value in op.sent)
        return torn

    def is_fractured_read(self):
        fractured = 0
        for reader in self.ops:
            ends = {
                key: max((self.place[key][v] for v in reader.polls_of(key) if v in self.place[key]), default=-1)
                for key in self.keys if reader.polls_of(key)
            }  # fmt: skip
            fractured += reader.ok and any(
                writer is not reader and self._saw(reader, writer) and self._stopped_before(ends, writer)
                for writer in self.several()
            )
        return fractured

    def _known(self, writer):
        """(key, place) of every record of a transaction that is known to stand where it put it."""
        return {(k, self.place[k][v]) for k, _, v in writer.sent if v in self.place[k]}

    def _saw(self, reader, writer):
        seen = {(k, self.place[k][v]) for k, _, v in reader.polled if v in self.place[k]}
        return bool(seen & self._known(writer))

    def _stopped_before(self, ends, writer):
        firsts = {}
        for key, place in self._known(writer):
            firsts[key] = min(place, firsts.get(key, place))
        return any(key in ends and ends[key] < place for key, place in firsts.items())


def digraph(edges):
    """A graph of these edges; `DiGraph(edges)` would look for numpy, pandas and scipy each time."""
    graph = nx.DiGraph()
    graph.add_edges_from(edges)
    return graph


def inside(edges, wanted):
    """The wanted edges that lie on a cycle."""
    found = []
    for component in nx.strongly_connected_components(digraph(edges)):
        found += [(a, b) for a, b in wanted if a in component and b in component and a != b]
    return found
