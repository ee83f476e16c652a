"""What workers, groups and producers tell of themselves, judged literally, and random histories of it, right and wrong."""

from itertools import pairwise

import networkx as nx

from support.kafka_oracle import NEVER, operations

KEYS = ("x", "y")


def counts(events, window=None, *, owes=False):
    """Class -> count, of the classes that need more fields than sends and polls have."""
    found = {name[3:].replace("_", "-"): judge(events) for name, judge in globals().items() if name.startswith("is_")}
    found["unprocessed"] = unprocessed(events, owes)
    found["duplicates-beyond-window"] = 0 if window is None else beyond_window(events, window)
    return {name: count for name, count in found.items() if count}


def all_of(events, *fs):
    return [op for op in operations(events) if op.f in fs and op.ok]


def group(op):
    return op.fields.get("group")


def number(op, name):
    told = op.fields.get(name)
    return told if isinstance(told, int) and told >= 0 else None


def is_two_owners(events):
    owned = [
        (group(op), number(op, "generation"), key, op.fields.get("member", op.process))
        for op in all_of(events, "assigned") if number(op, "generation") is not None for key in op.value
    ]  # fmt: skip
    places = {place[:3] for place in owned}
    return sum(len({place[3] for place in owned if place[:3] == wanted}) > 1 for wanted in places)


def newer_epoch(op, others):
    return any(
        other.ret < op.call and other.fields.get("producer-id") == op.fields.get("producer-id")
        and number(other, "epoch") is not None and number(other, "epoch") > number(op, "epoch")
        for other in others
    )  # fmt: skip


def fenced(events):
    return [
        op for op in all_of(events, "send", "txn", "commit")
        if op.fields.get("producer-id") is not None and number(op, "epoch") is not None and (op.sent or op.f == "commit")
    ]  # fmt: skip


def is_zombie_write(events):
    return sum(op.f != "commit" and newer_epoch(op, fenced(events)) for op in fenced(events))


def is_zombie_commit(events):
    told = [op for op in all_of(events, "commit", "assigned") if number(op, "generation") is not None]
    zombies = {
        op.index for op in told if op.f == "commit" and any(
            other.ret < op.call and group(other) == group(op) and number(other, "generation") > number(op, "generation")
            for other in told
        )
    }  # fmt: skip
    zombies |= {op.index for op in fenced(events) if op.f == "commit" and newer_epoch(op, fenced(events))}
    return len(zombies)


def committed(events, who, key, call, ret):
    """The last settled commit's offset, and every offset that a lookup may have found."""
    commits = [op for op in operations(events) if op.f == "commit" and op.type != "fail" and group(op) == who]
    commits = [op for op in commits if key in op.value]
    settled = [op for op in commits if op.ok and op.ret < call]
    possible = {
        op.value[key] for op in commits if op.call < ret and not any(other.call > op.ret for other in settled)
    }  # fmt: skip
    return (max(settled, key=lambda op: op.ret).value[key] if settled else None), possible


def is_committed_offset_regression(events):
    backwards = 0
    for op in all_of(events, "committed"):
        for key, told in op.value.items():
            offset = -1 if told is None else told
            last, possible = committed(events, group(op), key, op.call, op.ret)
            backwards += last is not None and offset < last and offset not in possible
    return backwards


def sequences(events):
    """(key, producer, epoch) -> sequences in the order of the log, and the sequences that may stand anywhere."""
    placed, unknown = {}, {}
    polled = {(key, value): offset for op in operations(events) for key, offset, value in op.polled}
    known = {value for op in operations(events) if op.ok for _, _, value in op.polled}
    for op in operations(events):
        if op.sent and op.type != "fail" and "sequence" in op.fields:
            effective = op.ok or any(value in known for _, _, value in op.sent)
            for key in KEYS:
                mine = [(offset, value) for k, offset, value in op.sent if k == key]
                for step, (offset, value) in enumerate(mine):
                    who = key, op.fields.get("producer-id"), op.fields.get("epoch")
                    there = offset is not None and (effective or (key, value) in polled)
                    entry = (op.fields["sequence"] + step) % 2**31
                    if there:
                        placed.setdefault(who, []).append((offset, entry))
                    else:
                        unknown.setdefault(who, set()).add(entry)
    return {who: ([s for _, s in sorted(listed)], unknown.get(who, set())) for who, listed in placed.items()}


def is_sequence_duplicate(events):
    return sum(len(listed) - len(set(listed)) for listed, _ in sequences(events).values())


def is_sequence_gap(events):
    gaps = 0
    for listed, unknown in sequences(events).values():
        first = list(dict.fromkeys(listed))
        for before, after in pairwise(first):
            between = range(1, (after - before) % 2**31)
            gaps += len(between) > 50 or any((before + step) % 2**31 not in unknown for step in between)
    return gaps


def is_read_beyond_lso(events):
    return sum(
        any(key == k and offset >= mark for key, offset, _ in op.polled)
        for op in operations(events) for k, mark in op.fields.get("last-stable-offset", {}).items()
    )  # fmt: skip


def is_high_watermark_regression(events):
    told = [op for op in operations(events) if "high-watermark" in op.fields and op.ret != NEVER]
    return sum(
        any(other.ret < op.call and other.fields["high-watermark"].get(key, -1) > mark for other in told)
        for op in told for key, mark in op.fields["high-watermark"].items()
    )  # fmt: skip


def is_effect_applied_twice(events):
    applied = [op.value for op in all_of(events, "effect")]
    return sum(applied.count(effect) > 1 for effect in set(applied))


def is_processed_and_dead_lettered(events):
    processed, buried = ({(group(op), *op.value[:2]) for op in all_of(events, f)} for f in ("process", "dead-letter"))
    return len(processed & buried)


def is_order_per_key(events):
    done = [op for op in operations(events) if op.f == "process" and op.type != "fail"]
    done = [op for op in done if op.fields.get("order-key") is not None]

    def record(op):
        return group(op), *op.value[:2]

    return sum(
        op.ok
        and not any(record(other) == record(op) and other.call < op.call for other in done)
        and any(
            other.ok and other.ret < op.call and other.value[1] > op.value[1]
            and (group(other), other.value[0], other.fields["order-key"]) == (group(op), op.value[0], op.fields["order-key"])
            for other in done
        )
        for op in done
    )  # fmt: skip


def is_consumed_twice(events):
    done = sorted(all_of(events, "process"), key=lambda op: op.call)
    twice = set()
    for place, op in enumerate(done):
        record = (group(op), *op.value[:2])
        if any((group(other), *other.value[:2]) == record for other in done[:place]):
            last, possible = committed(events, record[0], record[1], op.call, op.call)
            if last is not None and all(offset > record[2] for offset in possible):
                twice.add(record)
    return len(twice)


def unprocessed(events, owes):
    handled = all_of(events, "process", "dead-letter")
    done = {
        (group(op), *op.value[:2]) for op in operations(events) if op.f in {"process", "dead-letter"} and op.type != "fail"
    }  # fmt: skip
    told = handled + all_of(events, "assigned")
    if not handled and not owes:
        return 0
    groups = {group(op) for op in (told if owes else handled)}
    lost = 0
    for who in groups:
        keys = {op.value[0] for op in handled if group(op) == who}
        keys |= {key for op in told if op.f == "assigned" and group(op) == who for key in op.value}
        lost += sum(
            key in keys and (who, key, offset) not in done
            for op in all_of(events, "send", "txn") for key, offset, _ in op.sent
        )  # fmt: skip
    return lost


def beyond_window(events, window):
    breaks = [
        place for place, event in enumerate(events)
        if event["process"] == "nemesis" or (event["f"] in {"crash", "assigned"} and event["type"] != "invoke")
    ]  # fmt: skip
    records = {}
    for op in all_of(events, "process"):
        records.setdefault((group(op), *op.value[:2]), []).append(op.call)
    again = [pair for calls in records.values() for pair in pairwise(sorted(calls))]
    graph = nx.Graph()
    graph.add_nodes_from(("again", one) for one in range(len(again)))
    for one, (before, after) in enumerate(again):
        for at in breaks:
            if before < at < after:
                graph.add_edges_from((("again", one), (at, slot)) for slot in range(window))
    tops = [("again", one) for one in range(len(again))]
    return len(again) - len(nx.bipartite.maximum_matching(graph, tops)) // 2


def random_told(chance, most=14, clients=3):
    """Operations of workers with answers drawn at random: right ones and wrong ones."""
    events, open_, logs, value = [], {}, dict.fromkeys(KEYS, 0), 0
    begun = 0
    while begun < most or open_:
        if chance.random() < 0.05:
            events.append({"process": "nemesis", "type": "info", "f": "kill", "value": None})
        client = chance.randrange(clients)
        if client in open_:
            event = open_.pop(client)
            kind = chance.choices(["ok", "info", "fail"], [12, 1, 1])[0]
            told = event["value"]
            if event["f"] == "send" and kind == "ok":
                key, sent = told[0][1:]
                told = [["send", key, [logs[key], sent]]]
                logs[key] += 1
            events.append({**event, "type": kind, "value": told})
        elif begun < most:
            begun += 1
            value += 1
            event = {"process": client, "type": "invoke", **_drawn(chance, value)}
            open_[client] = event
            if event["f"] == "committed":
                events.append({**event, "value": None})
            else:
                events.append(event)
    for index, event in enumerate(events):
        event["index"] = index
    return events


def _drawn(chance, value):
    key, offset = chance.choice(KEYS), chance.randrange(4)
    extra = {"group": chance.choice(["g", "g", "h"])}
    f = chance.choice(
        ["send", "send", "commit", "committed", "assigned", "process", "process", "dead-letter", "effect", "poll"]
    )
    if f == "send":
        extra = {"producer-id": chance.choice([1, 2]), "epoch": chance.randrange(2), "sequence": chance.randrange(4)}
        return {"f": f, "value": [["send", key, value]], **extra}
    if f == "poll":
        return {"f": f, "value": [["poll"]], "high-watermark": {key: chance.randrange(5)}}
    if f == "assigned":
        return {"f": f, "value": chance.sample(KEYS, chance.randint(1, 2)), "generation": chance.randrange(4), **extra}
    if f in {"commit", "committed"}:
        if f == "commit" and chance.random() < 0.5:
            extra |= {"generation": chance.randrange(4)}
        if f == "commit" and chance.random() < 0.3:
            extra |= {"producer-id": 1, "epoch": chance.randrange(2)}
        return {"f": f, "value": {key: offset}, **extra}
    if f == "effect":
        return {"f": f, "value": f"e{chance.randrange(9)}"}
    if chance.random() < 0.5:
        extra["order-key"] = chance.choice("ab")
    return {"f": f, "value": [key, offset], **extra}


def correct_told(chance, window=2, records=8, most=40):
    """A group that keeps its promises: owners apart, commits behind what was handled, redelivery only after a break.

    Members take turns in one process each; a record is handled at once or buried, and what was not committed when an owner
    was lost is handled again, at most `window` records of a partition.
    """
    events = []

    def add(process, f, asked, told=None, kind="ok", **extra):
        for how, value in (("invoke", asked), (kind, asked if told is None else told)):
            events.append({"index": len(events), "process": process, "type": how, "f": f, "value": value, **extra})

    for number_ in range(records):
        key, offset = KEYS[number_ % 2], number_ // 2
        fields = {"producer-id": 1, "epoch": 0, "sequence": offset, "high-watermark": {key: offset + 1}}
        add(9, "send", [["send", key, number_]], [["send", key, [offset, number_]]], **fields)
    generation, owner = 0, {}
    done, kept = dict.fromkeys(KEYS, 0), dict.fromkeys(KEYS, 0)
    buried = set()
    ended = {key: records // 2 + (records % 2 if key == "x" else 0) for key in KEYS}
    for step in range(most * 10):
        if step > most and all(kept[key] == ended[key] for key in KEYS):
            break
        if not owner or (step < most and chance.random() < 0.15):
            generation += 1
            if owner and chance.random() < 0.5:
                events.append({"index": len(events), "process": "nemesis", "type": "info", "f": "kill", "value": None})
            owner = {key: chance.randrange(3) for key in KEYS}
            for member in range(3):
                keys = [key for key in KEYS if owner[key] == member]
                add(member, "assigned", keys, group="g", generation=generation)
            done = dict(kept)
        key = chance.choice(KEYS)
        if done[key] < ended[key] and done[key] - kept[key] < window and chance.random() < 0.7:
            if (key, done[key]) in buried or chance.random() < 0.1:
                if (key, done[key]) not in buried and ("process", key, done[key]) not in {
                    (event["f"], *event["value"]) for event in events if event["f"] == "process"
                }:
                    buried.add((key, done[key]))
                    add(owner[key], "dead-letter", [key, done[key]], group="g")
            else:
                add(owner[key], "process", [key, done[key]], group="g", **{"order-key": key})
            done[key] += 1
        elif done[key] > kept[key]:
            add(owner[key], "commit", {key: done[key]}, group="g", generation=generation)
            kept[key] = done[key]
            add(owner[key], "committed", None, {key: kept[key]}, group="g")
    return events
