"""Columns of whole numbers as text, small numbers in one character: base64 digits of five bits, the least first.

The sixth bit of a digit says that more follow; a negative number -n is written as 2n - 1, any other n as 2n.
"""

from __future__ import annotations

from collections.abc import Iterable

DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def packed(values: Iterable[int]) -> str:
    """A column as text.

    >>> packed([0, 1, -1, 15, 16])
    'ACBegB'
    """
    digits = DIGITS
    parts = []
    for value in values:
        rest = 2 * value if value >= 0 else -2 * value - 1
        while rest > 31:
            parts.append(digits[32 | rest & 31])
            rest >>= 5
        parts.append(digits[rest])
    return "".join(parts)
