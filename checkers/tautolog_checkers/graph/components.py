"""Strongly connected components (Tarjan's algorithm), iterative, over nodes numbered from 0."""

from __future__ import annotations

from collections.abc import Sequence


def components(successors: Sequence[Sequence[int]]) -> list[list[int]]:
    """The strongly connected components, each one before those that lead into it (reverse topological order).

    Args:
        successors: for each node the nodes that its edges lead to.

    >>> components([[1], [0, 2], []])
    [[2], [1, 0]]

    """
    size = len(successors)
    number = [0] * size  # 0 = not visited; else when, counted from 1
    low = [0] * size
    waiting = bytearray(size)
    stack: list[int] = []
    found: list[list[int]] = []
    clock = 0
    for root in range(size):
        if number[root]:
            continue
        if not successors[root]:  # most nodes of a history lead nowhere
            clock += 1
            number[root] = clock
            found.append([root])
            continue
        clock += 1
        number[root] = low[root] = clock
        stack.append(root)
        waiting[root] = 1
        path = [(root, iter(successors[root]))]
        while path:
            node, rest = path[-1]
            for after in rest:
                if not number[after]:
                    clock += 1
                    number[after] = low[after] = clock
                    stack.append(after)
                    waiting[after] = 1
                    path.append((after, iter(successors[after])))
                    break
                if waiting[after] and number[after] < low[node]:
                    low[node] = number[after]
            else:
                path.pop()
                if path and low[node] < low[path[-1][0]]:
                    low[path[-1][0]] = low[node]
                if low[node] == number[node]:
                    found.append(_unstack(stack, waiting, node))
    return found


def _unstack(stack: list[int], waiting: bytearray, root: int) -> list[int]:
    component = []
    while True:
        node = stack.pop()
        waiting[node] = 0
        component.append(node)
        if node == root:
            return component
