"""Shortest paths and shortest cycles by breadth-first search."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

Successors = Callable[[int], Iterable[int]]


def shortest_path(successors: Successors, start: int, goal: int, limit: int | None = None) -> list[int] | None:
    """The nodes of a shortest path from `start` to `goal` of at least one edge and at most `limit`, both ends included.

    With `start == goal` this is a shortest cycle through that node, its node named at both ends. None if there is none.
    """
    before: dict[int, int] = {}
    layer = [start]
    length = 0
    while layer and (limit is None or length < limit):
        length += 1
        following = []
        for node in layer:
            for after in successors(node):
                if after in before:
                    continue
                before[after] = node
                if after == goal:
                    return _walk_back(before, start, goal)
                following.append(after)
        layer = following
    return None


def shortest_cycle(successors: Successors, nodes: Sequence[int]) -> list[int] | None:
    """A shortest cycle among `nodes` (first node named at both ends), or None; no other node is entered.

    >>> shortest_cycle(lambda node: [[1, 2], [2], [0]][node], [0, 1, 2])
    [0, 2, 0]

    """
    inside = set(nodes)
    best: list[int] | None = None

    def within(node: int) -> Iterable[int]:
        return (after for after in successors(node) if after in inside)

    for node in nodes:
        cycle = shortest_path(within, node, node, None if best is None else len(best) - 2)
        if cycle is not None:
            best = cycle
            if len(best) == 2:
                break
    return best


def _walk_back(before: dict[int, int], start: int, goal: int) -> list[int]:
    path = [goal]
    node = before[goal]
    while node != start:
        path.append(node)
        node = before[node]
    path.append(start)
    path.reverse()
    return path
