"""Send, poll and txn operations, read out of a history: what each wrote to and read from which partition.

Decides the meaning of values and refuses those of a wrong shape; judges nothing. A key is what the history calls a
partition; JSON has names only, so `"3"` and `3` are the same key.
"""

from __future__ import annotations

from typing import Any, TypeAlias

from tautolog_checkers.history.events import INFO, INVOKE, OK, Event, History
from tautolog_checkers.history.operations import Operation, pair
from tautolog_checkers.history.problems import Problems, ShapeError
from tautolog_checkers.history.values import freeze
from tautolog_checkers.kafka.worker_events import NEVER, WORKER, Told

Pair: TypeAlias = tuple[int | None, Any]
"""Offset, where it is known, and value of a sent record."""

Polled: TypeAlias = tuple[tuple[int | None, ...], tuple[Any, ...]]
"""Offsets and values of the records polled from one partition, in the order in which they came."""

TRANSACTIONS = ("send", "poll", "txn")
ASSIGNMENTS = ("assign", "subscribe")
MOVES = ("seek", "unsubscribe", "close", "crash")
OTHERS = ("debug-topic-partitions",)
_ANY = TRANSACTIONS + ASSIGNMENTS + WORKER + MOVES + OTHERS


def key_name(raw: Any) -> Any:
    """A key under its one name: a number where it reads as one."""
    if isinstance(raw, str) and raw.isascii() and raw.removeprefix("-").isdecimal() and str(int(raw)) == raw:
        return int(raw)
    return raw


class Transaction:
    """One send, poll or txn.

    Args:
        index: of its invocation, which names it.
        process: who did it.
        type: "ok", "fail" or "info".
        f: "send", "poll" or "txn".
        call: position of the invocation in the history.
        ret: position of the completion, or `NEVER`.
        extra: the further fields of both events, those of the completion first; None where there are none.

    """

    __slots__ = ("call", "extra", "f", "index", "process", "reads", "rebalanced", "ret", "spans", "type", "writes")

    def __init__(
        self,
        index: int,
        process: Any,
        type: str,  # noqa: A002  # the field's own word
        f: str,
        call: int,
        ret: int,
        extra: dict[str, Any] | None = None,
    ) -> None:
        self.index = index
        self.process = process
        self.type = type
        self.f = f
        self.call = call
        self.ret = ret
        self.extra = extra
        self.writes: dict[Any, list[Pair]] = {}
        self.reads: dict[Any, Polled] = {}
        self.spans: dict[Any, tuple[int, int]] = {}
        """Key -> first and last place of what was polled, where that is one unbroken piece of the log."""
        self.rebalanced: frozenset[Any] | tuple[()] = ()


class Assignment:
    """One assign or subscribe, or a move: after it a process reads on elsewhere, in some partitions or in all.

    Args:
        index: of its invocation.
        process: whose.
        type: "ok", "fail" or "info".
        f: "assign", "subscribe", "seek", "unsubscribe", "close" or "crash".
        keys: what it reads from now on; of a seek what it moves in, None for everything.
        rewinds: whether it reads everything from the beginning.
        group: for which group.

    """

    __slots__ = ("f", "group", "index", "keys", "process", "rewinds", "type")

    def __init__(
        self,
        index: int,
        process: Any,
        type: str,  # noqa: A002  # the field's own word
        f: str,
        keys: frozenset[Any] | None,
        *,
        rewinds: bool,
        group: Any = None,
    ) -> None:
        self.index = index
        self.process = process
        self.type = type
        self.f = f
        self.keys = keys
        self.rewinds = rewinds
        self.group = group

    @property
    def sends_on(self) -> bool:
        """Whether it concerns what the process polls only, so that its sends go on as they did."""
        return self.f in {"seek", "unsubscribe"}

    def keeps(self, key: Any) -> bool:
        """Whether the process reads on in a partition where it was."""
        if self.f == "seek":
            return self.keys is not None and key not in self.keys
        return self.keys is not None and key in self.keys


class Decoded:
    """A history, understood.

    Attributes:
        steps: transactions and assignments in the order of their completions, unknown ones last.
        transactions: the transactions among them.
        subscribes: whether any process subscribed, or told what it was assigned: a group decided who reads what.
        told: what workers and groups told of themselves.

    """

    __slots__ = ("operations", "steps", "subscribes", "told", "transactions")

    def __init__(self) -> None:
        self.steps: list[Transaction | Assignment] = []
        self.transactions: list[Transaction] = []
        self.subscribes = False
        self.told: list[Told] = []
        self.operations = 0


def is_kafka(history: History) -> bool:
    """Whether the first client operation that says so is one of a send/poll/txn history."""
    for event in history.events:
        if event.type == INVOKE and event.f in TRANSACTIONS:
            return event.f != "txn" or _has_micro_operations(event.value)
    return False


def _has_micro_operations(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(
        isinstance(micro, list | tuple) and len(micro) > 0 and micro[0] in {"send", "poll"} for micro in value
    )


def decode(history: History) -> Decoded:
    """Read all operations.

    Raises:
        HistoryError: a function or a value that does not belong in such a history, unless the reader was lenient.

    """
    decoded = Decoded()
    reader = _Reader(history.problems)
    for operation in pair(history):
        f = operation.invoked.f
        decoded.operations += 1
        if f in TRANSACTIONS:
            transaction = reader.transaction(operation)
            if transaction is not None:
                decoded.steps.append(transaction)
                decoded.transactions.append(transaction)
        elif f in ASSIGNMENTS:
            assignment = reader.assignment(operation)
            if assignment is not None:
                decoded.steps.append(assignment)
                decoded.subscribes = decoded.subscribes or f == "subscribe"
        elif f in MOVES:
            decoded.steps.append(reader.move(operation))
        elif f in WORKER:
            told = reader.told(operation)
            if told is not None:
                decoded.told.append(told)
                decoded.subscribes = decoded.subscribes or f == "assigned"
        elif f not in OTHERS:
            history.problems.report(operation.invoked.line, f"one of {', '.join(_ANY)}", f)
    return decoded


class _Reader:
    """Turns values into writes and reads; remembers how keys are called."""

    __slots__ = ("_keys", "_problems")

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._keys: dict[Any, Any] = {}

    def transaction(self, operation: Operation) -> Transaction | None:
        """One transaction, or None where it was refused and the reader is lenient."""
        invoked, completed = operation.invoked, operation.completed
        event = invoked if completed is None or completed.value is None else completed
        kind = INFO if completed is None else completed.type
        ret = NEVER if operation.ret is None or kind == INFO else operation.ret
        extra = event.extra
        if event is not invoked and invoked.extra:
            extra = {**invoked.extra, **extra} if extra else invoked.extra
        transaction = Transaction(invoked.index, invoked.process, kind, invoked.f, operation.call, ret, extra)
        try:
            self._micro_operations(event.value, transaction)
            if extra is not None and "rebalance-log" in extra:
                transaction.rebalanced = self._rebalanced(extra["rebalance-log"])
            if kind != OK and event is not invoked:
                event = invoked
                self._also_asked(invoked.value, transaction)
        except ShapeError as error:
            self._report(event, error)
            return None
        return transaction

    def assignment(self, operation: Operation) -> Assignment | None:
        """One assign or subscribe, or None where it was refused and the reader is lenient."""
        invoked, completed = operation.invoked, operation.completed
        event = invoked if completed is None or completed.value is None else completed
        value = event.value
        extra = {**(invoked.extra or {}), **(event.extra or {})}
        if not isinstance(value, list | tuple):
            self._problems.report(event.line, "a list of keys", value)
            return None
        keys = frozenset(self.key(key) for key in value)
        rewinds, group = bool(extra.get("seek-to-beginning?")), freeze(extra.get("group"))
        return Assignment(invoked.index, invoked.process, operation.type, invoked.f, keys, rewinds=rewinds, group=group)

    def move(self, operation: Operation) -> Assignment:
        """One seek, or the end of a consumer; a seek that names no keys may have gone anywhere."""
        invoked, completed = operation.invoked, operation.completed
        value = invoked.value if completed is None or completed.value is None else completed.value
        named = invoked.f == "seek" and isinstance(value, list | tuple | dict)
        keys = frozenset(self.key(key) for key in value) if named else None
        return Assignment(invoked.index, invoked.process, operation.type, invoked.f, keys, rewinds=False)

    def told(self, operation: Operation) -> Told | None:
        """What a worker did, or None where it was refused and the reader is lenient."""
        try:
            return Told(operation, self.key)
        except ValueError as error:
            event = operation.completed or operation.invoked
            self._problems.report(event.line, f"{error} of {event.f!r}", event.value)
            return None

    def key(self, raw: Any) -> Any:
        """A key under its one name: a number where it reads as one."""
        try:
            return self._keys[raw]
        except KeyError:
            key = self._keys[raw] = key_name(raw)
            return key
        except TypeError:
            return freeze(raw)

    def _report(self, event: Event, error: ShapeError) -> None:
        self._problems.report(event.line, error.expected, error.found)

    def _micro_operations(self, value: Any, transaction: Transaction) -> None:
        if not isinstance(value, list | tuple):
            raise ShapeError("a list of send and poll steps", value)
        for micro in value:
            name = micro[0] if isinstance(micro, list | tuple) and micro else None
            if name == "send":
                if len(micro) != 3:
                    raise ShapeError('["send", key, value] or ["send", key, [offset, value]]', micro)
                self._send(self.key(micro[1]), micro[2], transaction.writes)
            elif name == "poll":
                if len(micro) > 1 and (micro[1] or len(micro) > 2 or micro[1] not in _NOTHING):
                    self._poll(micro, transaction.reads)
            else:
                raise ShapeError('a step ["send", key, value] or ["poll", {key: [[offset, value], …]}]', micro)

    def _also_asked(self, value: Any, transaction: Transaction) -> None:
        """Sends that an operation was asked for and its answer, that of no success, leaves out: they may have happened.

        An answer that names as many sends to a key as were asked leaves none out, even if it names others.
        """
        asked = Transaction(transaction.index, transaction.process, transaction.type, transaction.f, 0, 0)
        self._micro_operations(value, asked)
        for key, pairs in asked.writes.items():
            known = transaction.writes.get(key, ())
            if len(known) < len(pairs):
                told = {sent for _, sent in known}
                transaction.writes[key] = [*known, *((None, sent) for _, sent in pairs if sent not in told)]

    def _send(self, key: Any, sent: Any, writes: dict[Any, list[Pair]]) -> None:
        if isinstance(sent, list | tuple):
            if len(sent) != 2 or not (sent[0] is None or type(sent[0]) is int):
                raise ShapeError("[offset, value] of a sent record", sent)
            offset, value = sent
            if offset is not None and offset < 0:  # what a producer is told where nobody acknowledges
                offset = None
        else:
            offset, value = None, sent
        if type(value) is not int and type(value) is not str:
            value = freeze(value)
        pairs = writes.get(key)
        if pairs is None:
            writes[key] = [(offset, value)]
        else:
            pairs.append((offset, value))

    def _poll(self, micro: Any, reads: dict[Any, Polled]) -> None:
        if len(micro) != 2 or not isinstance(micro[1], dict):
            raise ShapeError('["poll", {key: [[offset, value], …]}]', micro)
        for raw, pairs in micro[1].items():
            if not pairs and pairs in _NOTHING:
                continue
            try:
                offsets, values = zip(*pairs, strict=True)
                if not (set(map(type, offsets)) == _INTS and set(map(type, values)) <= _PLAIN):
                    offsets, values = _unusual(offsets), tuple(map(freeze, values))
            except ShapeError:
                raise
            except (TypeError, ValueError):
                raise ShapeError("polled records as [[offset, value], …]", pairs) from None
            key = self.key(raw)
            before = reads.get(key)
            reads[key] = (offsets, values) if before is None else (before[0] + offsets, before[1] + values)

    def _rebalanced(self, log: Any) -> frozenset[Any]:
        try:
            return frozenset(self.key(key) for entry in log or () for key in entry["keys"])
        except (KeyError, TypeError):
            raise ShapeError('a "rebalance-log" of [{"keys": […]}, …]', log) from None


_NOTHING: tuple[Any, ...] = (None, {}, [], ())
"""How a poll says that it found nothing."""
_INTS = {int}
_PLAIN = {int, str}


def _unusual(offsets: tuple[Any, ...]) -> tuple[Any, ...]:
    for offset in offsets:
        if offset is not None and type(offset) is not int:
            raise ShapeError("a whole number as offset", offset)
    return offsets
