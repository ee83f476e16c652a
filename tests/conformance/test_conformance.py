"""The same conversation with Apache Kafka and with Tautolog: the same notes.

With Java and Maven on the machine the other side is a live Apache Kafka 4.3.0; without, its recorded answers.
"""

from __future__ import annotations

import os

import pytest

from conformance import differences, hold
from conformance.talk import CONVERSATIONS
from support import apache_kafka


@pytest.fixture(scope="session")
def ours(serve_session):
    return serve_session(settings=hold.SETTINGS).bootstrap


@pytest.fixture(scope="session")
def kafka(tmp_path_factory):
    """The bootstrap of a live Apache Kafka, or None where it cannot be had."""
    if os.environ.get("TAUTOLOG_KAFKA") == "recorded" or apache_kafka.missing() is not None:
        yield None
        return
    with apache_kafka.ApacheKafka(tmp_path_factory.mktemp("kafka"), hold.SETTINGS) as running:
        yield running.bootstrap


@pytest.mark.xdist_group("conformance")
@pytest.mark.parametrize("name", CONVERSATIONS)
def test_same_answers(name, ours, kafka):
    theirs = hold.recorded(name) if kafka is None else hold.hold(name, kafka)
    notes = hold.hold(name, ours)
    assert hold.unexpected(name, theirs, notes) == []
    assert hold.stale(name, theirs, notes) == [], "listed differences that no longer show"


@pytest.mark.nightly
@pytest.mark.parametrize("name", CONVERSATIONS)
def test_recordings_are_what_kafka_says(name, kafka):
    if kafka is None:
        pytest.skip(f"no live Apache Kafka: {apache_kafka.missing()}")
    assert list(hold.differences(hold.recorded(name), hold.hold(name, kafka))) == []


def test_there_are_enough():
    assert len(CONVERSATIONS) >= 60


def test_page_is_written_from_the_table():
    page = (hold.RECORDED.parents[2] / "docs" / "reference" / "differences.md").read_text(encoding="utf-8")
    assert page == differences.render()


def test_a_difference_is_seen():
    assert list(hold.differences([{"a": [1, {"b": 2}]}], [{"a": [1, {"b": 3}]}])) == [
        ("/0/a/1/b", "Kafka says 2, ours 3")
    ]
    assert hold.unexpected("x", [{"a": 1}], [{"a": True}]) == ["/0/a: Kafka says 1, ours True"]
