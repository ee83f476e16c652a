"""How fast the judges are: `python -m benchmarks.checkers [--only ROW…] [--rounds N] [--full] [--json FILE]`.

Each figure is the median of its rounds, each round in a process of its own, so that memory is its own, too. Public histories are
read from the folder that `TAUTOLOG_HISTORIES` names; without it their rows are left out. `--full` adds the rows of ten million
operations and of a million Kafka operations, and Porcupine's row that takes half a minute. Where Go can be had, Porcupine is measured on
the same files in the same run.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import resource
import statistics
import sys
import tempfile
import time
from array import array
from collections import deque
from pathlib import Path

HISTORIES = os.environ.get("TAUTOLOG_HISTORIES")


# ------------------------------------------------------------------------------------------------------- histories


def kafka_events(operations, *, transactional, keys=8, clients=20, most=10, seed=1):
    """A correct history: clients that send, poll and do both, over logs that only grow."""
    chance = random.Random(seed)
    logs, sent, places = [[] for _ in range(keys)], [0] * keys, {}
    pending = [None] * clients
    done, index = 0, 0
    while done < operations:
        client = chance.randrange(clients)
        begun = pending[client]
        if begun is None:
            f = "txn" if transactional and chance.random() < 0.5 else chance.choice(["send", "poll"])
            steps = []
            for _ in range(chance.randint(1, 4) if f == "txn" else 1):
                if f == "send" or (f == "txn" and chance.random() < 0.5):
                    key = chance.randrange(keys)
                    sent[key] += 1
                    steps.append(["send", key, sent[key]])
                else:
                    steps.append(["poll"])
            pending[client] = (f, steps)
            yield {"index": index, "time": index * 1000, "process": client, "type": "invoke", "f": f, "value": steps}
        else:
            f, steps = begun
            told = [_told(step, chance, logs, places, client, keys, most, steps) for step in steps]
            pending[client] = None
            done += 1
            yield {"index": index, "time": index * 1000, "process": client, "type": "ok", "f": f, "value": told}
        index += 1


def _told(step, chance, logs, places, client, keys, most, steps):
    if step[0] == "send":
        logs[step[1]].append(step[2])
        return ["send", step[1], [len(logs[step[1]]) - 1, step[2]]]
    polled = {}
    own = {other[1] for other in steps if other[0] == "send"}
    for key in chance.sample(range(keys), 2):
        start = places.get((client, key), 0)
        end = min(len(logs[key]), start + chance.randint(0, most))
        if end > start and key not in own:
            polled[str(key)] = [[offset, logs[key][offset]] for offset in range(start, end)]
            places[client, key] = end
    return ["poll", polled]


def write_kafka(path, operations, *, transactional):
    with path.open("w") as file:
        for event in kafka_events(operations, transactional=transactional):
            file.write(json.dumps(event, separators=(",", ":")) + "\n")


def queue_ops(count, clients=20, seed=3):
    from tautolog_checkers.linearizability.models.queue import EMPTY
    from tautolog_checkers.linearizability.operations import Op

    draw = random.Random(seed).random
    inside, pending, ops, clock, value = deque(), [None] * clients, [], 0, 0
    while len(ops) < count or any(pending):
        client = int(draw() * clients)
        clock += 1
        op = pending[client]
        if op is None:
            if len(ops) < count:
                puts = draw() < 0.5
                op = pending[client] = [
                    Op(len(ops), "enqueue" if puts else "dequeue", value if puts else None, None, clock, 0),
                    False,
                ]
                value += puts
                ops.append(op[0])
        elif not op[1]:
            op[1] = True
            if op[0].f == "enqueue":
                inside.append(op[0].argument)
            else:
                op[0].result = inside.popleft() if inside else EMPTY
        else:
            op[0].ret = clock
            pending[client] = None
    return ops


def log_blocks(count, parts=16, clients=20, seed=5):
    """Columns of correct log operations, block by block."""
    from tautolog_checkers.history.packed import BLOCK, LogBlock

    draw = random.Random(seed).random
    lengths, pending, places = [0] * parts, [None] * clients, {}
    clock, done, rows, values = 0, 0, [], array("q")
    while done < count:
        client = int(draw() * clients)
        op = pending[client]
        if op is None:
            pending[client] = [int(draw() * 2), int(draw() * parts), clock, -1, 0]
            clock += 1
        elif op[3] < 0:
            part = op[1]
            if op[0] == 0:
                op[3], op[4] = lengths[part], 1
                lengths[part] += 1
            else:
                op[3] = places.get((client, part), 0)
                op[4] = min(3, lengths[part] - op[3])
                places[client, part] = op[3] + op[4]
                if op[3] + op[4] == lengths[part]:
                    op[0] = 2
        else:
            rows.append((op[0], client, op[1], op[2], clock, op[3], op[4]))
            values.extend([offset * parts + op[1] for offset in range(op[3], op[3] + op[4])])
            clock += 1
            done += 1
            pending[client] = None
            if len(rows) == BLOCK or done == count:
                yield LogBlock(
                    array("b", [row[0] for row in rows]),
                    *(array("q", column) for column in list(zip(*rows, strict=True))[1:]),
                    values,
                )
                rows, values = [], array("q")


def write_log(path, count):
    from tautolog_checkers.history.packed import MAGIC, pack_log_block

    with path.open("wb") as file:
        file.write(MAGIC)
        for block in log_blocks(count):
            file.write(pack_log_block(block))


def cas_ops(chance, count, clients, crashes, values=5):
    """A cas-register's history with crashed operations; half of them have one read changed."""
    from tautolog_checkers.linearizability.operations import FOREVER, UNKNOWN, Op

    state, clock, pending, ops, crashed = None, 0, [], [], 0
    while len(ops) < count or pending:
        clock += 1
        if len(ops) < count and len(pending) < clients and chance.random() < 0.6:
            f = chance.choice(["read", "write", "cas", "cas"])
            new = chance.randrange(values)
            argument = None if f == "read" else new if f == "write" else (chance.randrange(values), new)
            ops.append(Op(len(ops), f, argument, None, clock, 0))
            pending.append([ops[-1], False])
        elif pending:
            item = chance.choice(pending)
            op = item[0]
            if not item[1]:
                item[1] = True
                if op.f == "read":
                    op.result = state
                elif op.f == "write":
                    state = op.argument
                else:
                    op.result = state == op.argument[0]
                    state = op.argument[1] if op.result else state
                continue
            pending.remove(item)
            if op.f != "read" and crashed < crashes and chance.random() < 2 * crashes / count:
                crashed += 1
                op.result, op.ret = UNKNOWN, FOREVER
            else:
                op.ret = clock
    if chance.random() < 0.5:
        chance.choice([op for op in ops if op.f == "read"]).result = chance.randrange(values)
    return ops


# ------------------------------------------------------------------------------------------------------------ rows


def checked(path, **options):
    from tautolog_checkers.files import Options, check_file

    return check_file(path, Options(**options))


def public(folder, pattern, **options):
    files = sorted(file for file in (Path(HISTORIES) / folder).glob(pattern))
    return [checked(file, **options) for file in files]


def row_etcd(_):
    return sum(result.verdict.check_seconds for result in public("porcupine/jepsen", "*.log"))


def row_witness(_):
    found = [result.verdict for result in public("porcupine/jepsen", "*.log") if result.verdict.witness]
    sizes = statistics.median(len(verdict.witness) for verdict in found)
    print(f"    witnesses: {len(found)}, median size {sizes:g}", file=sys.stderr)
    return max(verdict.witness_seconds for verdict in found)


def row_kv_ok(_):
    return public("porcupine/kv", "c50-ok.txt")[0].verdict.check_seconds


def row_kv_bad(_):
    (result,) = public("porcupine/kv", "c50-bad.txt")
    assert len(result.verdict.partitions) == 10
    return result.verdict.check_seconds


def row_knossos(_):
    return sum(result.verdict.check_seconds for result in public("jepsen/knossos/data/cas-register", "*/*.edn"))


def _cas(_):
    from tautolog_checkers.linearizability.limits import Budget, LimitReached
    from tautolog_checkers.linearizability.models import load_model
    from tautolog_checkers.linearizability.portfolio import decide

    model, took = load_model("cas-register"), []
    for seed in range(60):
        chance = random.Random(seed)
        ops = cas_ops(chance, chance.randint(150, 200), chance.randint(10, 20), chance.randint(0, 25))
        began = time.perf_counter()
        try:
            decide(model, ops, None, Budget(1.9))
        except LimitReached:
            print(f"    seed {seed}: unknown within the limit", file=sys.stderr)
        took.append(time.perf_counter() - began)
    return took


def row_cas_median(folder):
    return statistics.median(_cas(folder))


def row_cas_worst(folder):
    return max(_cas(folder))


def row_queue(_):
    from tautolog_checkers.linearizability.queues import check_queue
    from tautolog_checkers.quiet import collector_paused

    ops = queue_ops(1_000_000)
    with collector_paused():
        began = time.perf_counter()
        assert check_queue(ops) is None
        return time.perf_counter() - began


def row_log_memory(_):
    from tautolog_checkers.linearizability.log_stream import check_blocks

    blocks = list(log_blocks(1_000_000))
    began = time.perf_counter()
    broken, count, _ = check_blocks(blocks)
    assert broken is None
    return count / (time.perf_counter() - began) / 1e6


def row_log_file(folder):
    result = checked(folder / "log.packed")
    assert result.verdict.holds
    return result.load_seconds + result.verdict.check_seconds


def row_log_file_memory(folder):
    checked(folder / "log.packed")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def kafka_row(name, measure):
    def row(folder):
        result = checked(folder / name)
        return measure(result)

    return row


def _check(result):
    return result.verdict.check_seconds


def _resident(_):
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def row_edn(folder):
    from tautolog_checkers.history.edn import read_edn
    from tautolog_checkers.history.problems import Problems

    data = (folder / "plain.edn").read_bytes()
    began = time.perf_counter()
    read_edn(data, Problems())
    return len(data) / 1e6 / (time.perf_counter() - began)


ROWS = {
    "etcd": ("102 etcd logs", "s", "<= 0.10", row_etcd, True),
    "witness": ("slowest witness of the illegal etcd logs", "s", "<= 1", row_witness, True),
    "kv-ok": ("kv c50-ok", "s", "<= 0.02", row_kv_ok, True),
    "kv-bad": ("kv c50-bad, all ten keys", "s", "<= 0.03", row_kv_bad, True),
    "knossos": ("120 Knossos register histories", "s", "<= 1", row_knossos, True),
    "cas-median": ("CAS logs of 150-200 operations, median", "s", "<= 0.2", row_cas_median, False),
    "cas-worst": ("the same, worst (limit 1.9 s)", "s", "<= 2", row_cas_worst, False),
    "queue": ("FIFO queue, 1,000,000 operations", "s", "<= 1", row_queue, False),
    "log-memory": ("partition log in memory", "M op/s", ">= 1.5", row_log_memory, False),
    "log-file": ("10,000,000 log operations from a packed file", "s", "<= 15", row_log_file, False),
    "log-file-memory": ("the same, memory", "MB", "<= 150", row_log_file_memory, False),
    "kafka": ("Kafka anomalies, 100,000 operations", "s", "<= 1", kafka_row("plain.jsonl", _check), False),
    "kafka-txn": ("the same, transactional", "s", "<= 2", kafka_row("txn.jsonl", _check), False),
    "kafka-memory": ("the same, memory", "MB", "<= 700", kafka_row("txn.jsonl", _resident), False),
    "kafka-1m": ("Kafka anomalies, 1,000,000 operations", "s", "<= 25", kafka_row("million.jsonl", _check), False),
    "edn": ("EDN read", "MB/s", ">= 15", row_edn, False),
}
FULL = {"log-file", "log-file-memory", "kafka-1m"}


def prepare(folder, chosen):
    """The generated files that the chosen rows read."""
    from tautolog_checkers.history.edn import write_edn
    from tautolog_checkers.history.jsonl import read_jsonl

    if chosen & {"kafka", "edn"}:
        write_kafka(folder / "plain.jsonl", 100_000, transactional=False)
    if "edn" in chosen:
        write_edn(read_jsonl(folder / "plain.jsonl"), folder / "plain.edn")
    if chosen & {"kafka-txn", "kafka-memory"}:
        write_kafka(folder / "txn.jsonl", 100_000, transactional=True)
    if "kafka-1m" in chosen:
        write_kafka(folder / "million.jsonl", 1_000_000, transactional=False)
    if chosen & {"log-file", "log-file-memory"}:
        write_log(folder / "log.packed", 10_000_000)


def _run(name, folder, pipe):
    pipe.send(ROWS[name][3](folder))


def measured(name, folder):
    """One round in a process of its own."""
    receive, send = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=_run, args=(name, folder, send))
    process.start()
    send.close()
    try:
        value = receive.recv()
    except EOFError:
        value = float("nan")
    process.join()
    return value


def porcupine_figures(folder, chosen, *, full):
    """Porcupine on the files of the chosen rows; nothing but a sentence where it cannot be had."""
    from benchmarks import porcupine

    names = [name for name in porcupine.FILES if name in chosen and (full or name != "kv-bad")]
    figures = {}
    if names:
        (folder / "go").mkdir()
        try:
            program = porcupine.build(folder / "go")
        except porcupine.MissingError as missing:
            print(missing, file=sys.stderr)
            return figures
        for name in names:
            figures[f"porcupine-{name}"] = porcupine.measure(program, Path(HISTORIES), name)
            print(f"{'Porcupine: ' + ROWS[name][0]:48} {figures[f'porcupine-{name}']:10.3f} s", flush=True)
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", choices=ROWS, help="these rows only")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--full", action="store_true", help="the largest histories, too")
    parser.add_argument("--without-porcupine", action="store_true")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args()
    chosen = {
        name for name, row in ROWS.items()
        if (name in options.only if options.only else (options.full or name not in FULL)) and (HISTORIES or not row[4])
    }  # fmt: skip
    if not HISTORIES:
        print("without public histories: TAUTOLOG_HISTORIES names no folder", file=sys.stderr)
    figures = {}
    with tempfile.TemporaryDirectory(prefix="tautolog-bench-") as folder:
        apart = multiprocessing.get_context("spawn").Process(target=prepare, args=(Path(folder), chosen))
        apart.start()  # the peak of whoever starts a process counts as that one's, so this one stays small
        apart.join()
        for name, (text, unit, target, _, _) in ROWS.items():
            if name in chosen:
                figures[name] = statistics.median(measured(name, Path(folder)) for _ in range(options.rounds))
                print(f"{text:48} {figures[name]:10.3f} {unit:7} {target}", flush=True)
        if not options.without_porcupine:
            figures |= porcupine_figures(Path(folder), chosen, full=options.full)
    if options.json:
        options.json.write_text(json.dumps(figures, indent=1) + "\n")


if __name__ == "__main__":
    main()
