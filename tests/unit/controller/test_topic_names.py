"""Which names a topic may have."""

import pytest

from tautolog.core.controller.names import collision_key, problem


@pytest.mark.parametrize("name", ["a", "A-z_0.9", "...", "-", "_", "a" * 249, "__consumer_offsets"])
def test_good(name):
    assert problem(name) is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("", "the empty string is not allowed"),
        (".", "'.' is not allowed"),
        ("..", "'..' is not allowed"),
        ("a" * 250, "longer than the max allowed length 249"),
        ("a b", "contains one or more characters other than"),
        ("a/b", "contains one or more characters other than"),
        ("ä", "contains one or more characters other than"),
        ("a\n", "contains one or more characters other than"),
        ("x\0", "contains one or more characters other than"),
    ],
)
def test_bad(name, words):
    assert words in problem(name)


def test_names_that_metrics_cannot_tell_apart():
    assert collision_key("a.b_c") == collision_key("a_b.c") != collision_key("a-b_c")
