"""What the reference says of classes, fields and profiles is what the judge knows."""

import re
from pathlib import Path

from tautolog_checkers.delivery.judge import CLASSES as DELIVERY
from tautolog_checkers.kafka.profiles import ALWAYS, CLASSES, JEPSEN, NAMED, SETTINGS, default_profile
from tautolog_checkers.kafka.worker_events import WORKER

REFERENCE = Path(__file__).parents[3] / "docs/reference"


def named(page):
    """Everything that stands between backticks on a page."""
    text = re.sub(r"```.*?```", "", (REFERENCE / page).read_text(encoding="utf-8"), flags=re.DOTALL)
    return set(re.findall(r"`([^`]+)`", text))


def test_every_class_profile_and_setting_is_in_the_reference():
    page = named("checkers.md")
    assert {*CLASSES, *DELIVERY} <= page
    assert set(NAMED) <= page
    settings = ",".join(page)
    assert all(f"{name}=" in settings for name in SETTINGS)
    assert all(text in settings for name in NAMED for text in NAMED[name].split(","))


def test_every_event_and_field_of_workers_is_in_the_reference():
    page = named("histories.md")
    fields = {"group", "generation", "member", "order-key", "producer-id", "transactional-id", "epoch", "sequence"}
    marks = {"last-stable-offset", "high-watermark", "rebalance-log", "crash"}
    assert {*WORKER, *fields} <= page
    assert all(any(name.startswith(mark) for name in page) for mark in marks)


def test_the_default_profile_is_jepsen_s():
    def allowed(**options):
        return set(JEPSEN) - default_profile(**options).forbidden

    writes = {"int-send-skip", "G0", "G0-process", "G0-realtime"}
    assert allowed(subscribes=False, ww_edges=False) == writes
    assert allowed(subscribes=True, ww_edges=False) == writes | {"poll-skip", "nonmonotonic-poll"}
    assert allowed(subscribes=False, ww_edges=True) == writes | {"G1c", "G1c-process", "G1c-realtime"}
    assert default_profile(subscribes=True, ww_edges=True).forbidden <= {*JEPSEN, *ALWAYS}
