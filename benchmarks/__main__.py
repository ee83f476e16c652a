"""All of the table: `python -m benchmarks [--only ROW…] [--rounds N] [--quick] [--without PEER] [--json FILE]`.

Every broker runs in its own process on the same disk with the same fsync policy, the load comes from this one, and the rounds
alternate. A figure is the median of its rounds; the ratio is ours to Apache Kafka's in this very run. Ends what it starts.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.others import OTHERS, Other
from benchmarks.peers import Kafka, Ours, Peer, kafka_missing
from benchmarks.rows import ROWS, Row, fill, median

PROCESS_ROWS = {
    "start": ("start to the first answer", "s", 0.3),
    "start-killed": ("the same after kill -9 with 100,000 records", "s", 1.0),
    "memory-idle": ("resident, idle", "MB", 60.0),
    "memory-loaded": ("resident, after the load", "MB", 150.0),
}


def main() -> int:
    options = _options()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(130))
    chosen = [row for row in ROWS if not options.only or row.name in options.only]
    folder = Path(tempfile.mkdtemp(prefix="tautolog-bench-", dir=options.dir))
    peers: list[Peer] = [Ours(folder / "ours", options.fsync)]
    if "kafka" not in options.without:
        why = kafka_missing()
        if why is None:
            peers.append(Kafka(folder / "kafka", options.fsync))
        else:
            print(f"without Apache Kafka: {why}")
    for name, kind in OTHERS.items():
        if name not in options.without and kind.found():
            peers.append(kind(folder / name, options.fsync))
    figures: dict[str, dict[str, list[float]]] = {}

    def note(row: str, peer: Peer, value: float) -> None:
        figures.setdefault(row, {}).setdefault(peer.name, []).append(value)
        print(f"  {row:14} {peer.name:14} {value:10.3f}", file=sys.stderr, flush=True)

    try:
        for peer in peers:
            for again in range(1 if options.quick else options.rounds):
                if again:
                    peer.stop()
                note("start", peer, peer.start())
            note("memory-idle", peer, peer.resident())
            if isinstance(peer, Ours | Kafka):
                fill(peer.bootstrap)
                peer.kill()
                note("start-killed", peer, peer.start())
        _warm(peers, chosen, options.seconds)
        for row in chosen:
            for turn in range(options.rounds):
                for peer in peers if turn % 2 else reversed(peers):
                    load = load_of(row, peer)
                    if load is not None:
                        os.sync()  # what the last load left in the page cache is not charged to this one
                        note(row.name, peer, load(options.seconds))
        for peer in peers:
            note("memory-loaded", peer, peer.resident())
    finally:
        for peer in peers:
            peer.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(_table(chosen, figures, [peer.name for peer in peers]))
    if options.json is not None:
        options.json.write_text(
            json.dumps({"machine": _machine(), "fsync": options.fsync, "figures": figures}, indent=1)
        )
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--only", nargs="+", metavar="ROW", choices=[row.name for row in ROWS], default=[], help="these rows"
    )
    parser.add_argument("--rounds", type=int, default=3, help="alternating rounds a row (default 3)")
    parser.add_argument("--seconds", type=float, default=2.0, help="length of one load (default 2)")
    parser.add_argument("--quick", action="store_true", help="one short round of everything")
    parser.add_argument("--without", nargs="+", default=[], choices=["kafka", *OTHERS], help="leave these out")
    parser.add_argument("--fsync", choices=["never", "always"], default="never", help="for all brokers (default never)")
    parser.add_argument("--dir", type=Path, help="where the brokers' data lies (default: the temporary folder)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every figure of every round")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 1, min(options.seconds, 0.5)
    return options


def _warm(peers: list[Peer], rows: list[Row], seconds: float) -> None:
    """One short load of each kind that is not counted: a virtual machine compiles what it runs often."""
    for row in rows:
        for peer in peers:
            load = load_of(row, peer)
            if load is not None and not row.name.startswith(("consume", "latency-p99")):
                load(min(1.0, seconds / 2))


def load_of(row: Row, peer: Peer) -> Callable[[float], float] | None:
    """How this row is measured at this peer, or None where it does not take part."""
    if isinstance(peer, Other):
        return peer.loads.get(row.name)
    return partial(row.measure, peer)


def _table(rows: list[Row], figures: dict[str, dict[str, list[float]]], names: list[str]) -> str:
    lines = [("", *names, "ratio", "target", "")]
    for row in rows:
        found = {name: median(values) for name, values in figures[row.name].items()}
        lines.append((f"{row.title}, {row.unit}", *_columns(found, names), *_verdict(row, found, names)))
    for name, (title, unit, most) in PROCESS_ROWS.items():
        found = {peer: median(values) for peer, values in figures.get(name, {}).items()}
        held = "ok" if found[names[0]] < most else "MISSED"
        lines.append((f"{title}, {unit}", *_columns(found, names), "", f"< {most:g} {unit}", held))
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)) for line in lines)


def _columns(found: dict[str, float], names: list[str]) -> list[str]:
    return [f"{found[name]:.3g}" if name in found else "-" for name in names]


def _verdict(row: Row, found: dict[str, float], names: list[str]) -> tuple[str, str, str]:
    if len(names) < 2 or row.target is None or names[1] not in found:
        return "", "", ""
    ratio = found[names[0]] / found[names[1]]
    held = ratio <= row.target if row.less_is_better else ratio >= row.target
    return f"{ratio:.2f}x", f"{'<=' if row.less_is_better else '>='} {row.target:g}x", "ok" if held else "MISSED"


def _machine() -> dict[str, object]:
    return {"system": platform.platform(), "python": platform.python_version(), "processors": os.cpu_count()}


if __name__ == "__main__":
    sys.exit(main())
