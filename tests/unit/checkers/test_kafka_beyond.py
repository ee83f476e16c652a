"""The promises beyond Jepsen's classes: each in its smallest history, and the profile that forbids it."""

import re
from pathlib import Path

import pytest

from tautolog_checkers import Outcome, check_history
from tautolog_checkers.kafka.checks import anti_dependencies
from tautolog_checkers.kafka.profiles import CLASSES, ProfileError, named_profile


class Book:
    def __init__(self):
        self.events = []

    def do(self, process, f, value, type="ok", asked=None, **extra):  # noqa: A002  # the event's own word
        for kind, told in (("invoke", value if asked is None else asked), (type, value)):
            self.events.append(
                {"index": len(self.events), "process": process, "type": kind, "f": f, "value": told, **extra}
            )
        return self

    def send(self, process, key, offset, value, **extra):
        return self.do(process, "send", [["send", key, [offset, value]]], asked=[["send", key, value]], **extra)

    def poll(self, process, polled, **extra):
        return self.do(process, "poll", [["poll", polled]], asked=[["poll"]], **extra)

    def counts(self, **options):
        return check_history(self.events, **options).anomalies

    def outcome(self, profile):
        return check_history(self.events, profile).outcome


def test_corrupt_payload_is_no_phantom():
    book = Book().send(0, "x", 0, "a").poll(1, {"x": [[0, "b"]]})
    counts = book.counts()
    assert counts["corrupt-payload"] == 1
    assert "phantom-read" not in counts
    assert book.outcome("default") is Outcome.VIOLATED


def test_a_hole_needs_an_explanation():
    book = Book().send(0, "x", 0, "a").send(0, "x", 2, "b").poll(1, {"x": [[0, "a"], [2, "b"]]})
    assert book.counts() == {"unexplained-hole": 1}
    assert book.outcome("default") is Outcome.HOLDS
    assert book.outcome("idempotent") is Outcome.VIOLATED
    book.do(5, "send", [["send", "x", "c"]], type="info")
    assert book.counts() == {"unexplained-hole": 1}, "it began after the record behind the hole was there"
    book = Book().send(0, "x", 0, "a").do(5, "send", [["send", "x", "c"]], type="info").send(0, "x", 2, "b")
    assert book.poll(1, {"x": [[0, "a"], [2, "b"]]}).counts() == {}


def test_a_log_must_follow_real_time():
    book = Book().send(0, "x", 1, "a").send(1, "x", 0, "b").poll(2, {"x": [[0, "b"], [1, "a"]]})
    assert book.counts()["log-nonlinearizable"] == 1


def test_a_torn_transaction():
    book = Book()
    book.do(
        0, "txn", [["send", "x", [0, "a"]], ["send", "y", [0, "b"]]], asked=[["send", "x", "a"], ["send", "y", "b"]]
    )
    book.send(1, "y", 2, "c").poll(2, {"x": [[0, "a"]], "y": [[2, "c"]]})
    assert book.counts()["torn-transaction"] == 1
    assert book.outcome("transactional") is Outcome.VIOLATED


def test_a_fractured_read_is_counted_and_allowed():
    book = Book().send(1, "y", 0, "z")
    book.do(
        0, "txn", [["send", "x", [0, "a"]], ["send", "y", [1, "b"]]], asked=[["send", "x", "a"], ["send", "y", "b"]]
    )
    book.poll(2, {"x": [[0, "a"]], "y": [[0, "z"]]}).poll(3, {"y": [[1, "b"]]})
    assert book.counts()["fractured-read"] == 1
    assert book.counts()["G-single"] == 1
    assert book.outcome("default") is Outcome.HOLDS
    assert book.outcome("producer=transactional,forbid=fractured-read+G2") is Outcome.VIOLATED


def test_a_long_fork_is_g2():
    book = Book().send(0, "x", 0, "x0").send(0, "y", 0, "y0").send(1, "x", 1, "x1").send(2, "y", 1, "y1")
    book.poll(3, {"x": [[0, "x0"], [1, "x1"]], "y": [[0, "y0"]]}).poll(
        4, {"y": [[0, "y0"], [1, "y1"]], "x": [[0, "x0"]]}
    )
    assert book.counts() == {"G2": 1}


def test_reading_beyond_the_last_stable_offset():
    book = Book().send(0, "x", 0, "a").send(0, "x", 1, "b")
    book.poll(1, {"x": [[0, "a"], [1, "b"]]}, **{"last-stable-offset": {"x": 1}})
    assert book.counts() == {"read-beyond-lso": 1}


def test_a_high_watermark_does_not_go_back():
    book = Book().poll(0, {}, **{"high-watermark": {"x": 5}}).poll(1, {}, **{"high-watermark": {"x": 4}})
    assert book.counts() == {"high-watermark-regression": 1}
    assert Book().poll(0, {}, **{"high-watermark": {"x": 5}}).poll(1, {}, **{"high-watermark": {"x": 5}}).counts() == {}


def test_one_owner_in_a_generation():
    book = Book().do(0, "assigned", ["x"], group="g", generation=3).do(1, "assigned", ["x"], group="g", generation=3)
    assert book.counts() == {"two-owners": 1}
    book = Book().do(0, "assigned", ["x"], group="g", generation=3).do(1, "assigned", ["x"], group="g", generation=4)
    assert book.counts() == {}


def test_zombies_neither_write_nor_commit():
    book = (
        Book()
        .send(0, "x", 0, "a", **{"producer-id": 7, "epoch": 1})
        .send(1, "x", 1, "b", **{"producer-id": 7, "epoch": 0})
    )
    assert book.counts()["zombie-write"] == 1
    book = Book().do(1, "assigned", ["x"], group="g", generation=2).do(0, "commit", {"x": 5}, group="g", generation=1)
    assert book.counts() == {"zombie-commit": 1}


def test_a_committed_offset_is_told_again():
    book = Book().do(0, "commit", {"x": 5}, group="g").do(1, "committed", {"x": 4}, group="g")
    assert book.counts() == {"committed-offset-regression": 1}
    book = Book().do(0, "commit", {"x": 5}, group="g").do(1, "commit", {"x": 4}, group="g")
    assert book.do(1, "committed", {"x": 4}, group="g").counts() == {}


def test_sequences_count_up_by_one():
    def of(*sequences):
        book = Book()
        for offset, sequence in enumerate(sequences):
            book.send(0, "x", offset, f"v{offset}", **{"producer-id": 1, "epoch": 0, "sequence": sequence})
        return {name: n for name, n in book.counts().items() if name.startswith("sequence")}

    assert of(0, 1, 2) == {}
    assert of(0, 2) == {"sequence-gap": 1}
    assert of(0, 1, 1) == {"sequence-duplicate": 1}


def handled(*extra):
    book = Book().send(0, "x", 0, "a").send(0, "x", 1, "b").poll(1, {"x": [[0, "a"], [1, "b"]]})
    for f, offset in extra:
        book.do(1, f, ["x", offset], group="g")
    return book


def test_the_ledger_of_a_worker():
    assert handled(("process", 0), ("process", 1)).counts() == {}
    assert handled(("process", 0), ("dead-letter", 1)).counts() == {}
    lost = handled(("process", 0))
    assert lost.counts() == {"unprocessed": 1}
    assert lost.outcome("at-least-once") is Outcome.VIOLATED
    assert lost.outcome("default") is Outcome.HOLDS
    assert handled(("process", 0), ("process", 1), ("dead-letter", 1)).counts() == {"processed-and-dead-lettered": 1}


def test_consumed_twice_after_the_commit_only():
    book = handled(("process", 0), ("process", 1), ("process", 0))
    assert "consumed-twice" not in book.counts()
    book = (
        handled(("process", 0), ("process", 1))
        .do(1, "commit", {"x": 2}, group="g")
        .do(2, "process", ["x", 0], group="g")
    )
    assert book.counts()["consumed-twice"] == 1
    assert book.outcome("exactly-once") is Outcome.VIOLATED


def test_effects_and_order_and_the_window():
    assert Book().do(0, "effect", "e1").do(1, "effect", "e1").counts() == {"effect-applied-twice": 1}
    book = handled()
    book.do(1, "process", ["x", 1], group="g", **{"order-key": "k"}).do(
        1, "process", ["x", 0], group="g", **{"order-key": "k"}
    )
    assert book.counts() == {"order-per-key": 1}


def test_duplicates_are_bounded_by_what_was_in_flight():
    def beyond(book, window):
        return book.counts(profile=f"worker=at-least-once,in-flight={window}").get("duplicates-beyond-window", 0)

    again = handled(("process", 0), ("process", 1), ("process", 0), ("process", 1))
    assert beyond(again, 5) == 2
    assert beyond(again.do(3, "crash", None, type="info"), 5) == 2, "a crash afterwards excuses nothing"
    again = handled(("process", 0), ("process", 1)).do(3, "crash", None, type="info")
    for offset in (0, 1):
        again.do(1, "process", ["x", offset], group="g")
    assert [beyond(again, window) for window in (0, 1, 2)] == [2, 1, 0]
    again.do(2, "assigned", ["x"], group="g", generation=2).do(2, "process", ["x", 1], group="g")
    assert [beyond(again, window) for window in (0, 1, 2)] == [3, 1, 0]


def test_profiles_say_what_they_forbid_and_expect():
    assert "lost-write" in named_profile("idempotent").forbidden
    assert "lost-write" not in named_profile("acks=1").forbidden
    assert "duplicate" not in named_profile("producer=plain").forbidden
    assert "poll-skip" in named_profile("consumer=subscribe").expected
    assert "G1a" not in named_profile("isolation=read_uncommitted").forbidden
    assert set(named_profile("exactly-once").forbidden) <= set(CLASSES)
    for wrong in ("nothing", "acks=2", "forbid=nothing", "in-flight=x"):
        with pytest.raises(ProfileError):
            named_profile(wrong)


def test_a_name_and_settings_make_a_profile():
    both = named_profile("at-least-once,in-flight=5,forbid=G2")
    assert both.in_flight == 5
    assert both.forbidden == named_profile("at-least-once").forbidden | {"G2"}
    assert "duplicate" not in named_profile("exactly-once, producer=plain").forbidden
    with pytest.raises(ProfileError, match="default goes without settings"):
        named_profile("default,allow=poll-skip")


def test_the_profile_is_told_with_the_verdict():
    book = Book().send(0, "x", 0, "a").send(0, "x", 2, "b").poll(1, {"x": [[0, "a"], [2, "b"]]})
    assert check_history(book.events).profile == "default, assign (allows unexplained-hole)"


def test_a_transaction_of_a_group_consumes_what_it_polls():
    def group(f="txn", between=None):
        book = Book().send(9, "x", 0, "a").do(1, "subscribe", ["x"], group="g").do(2, "subscribe", ["x"], group="g")
        polled = [["poll", {"x": [[0, "a"]]}]]
        book.do(1, f, polled, asked=[["poll"]])
        if between is not None:
            book.do(1, "commit", {"x": between}, group="g")
        return book.do(2, f, polled, asked=[["poll"]])

    assert group().counts()["consumed-twice"] == 1
    assert group().outcome("exactly-once") is Outcome.VIOLATED
    assert group().outcome("transactional") is Outcome.VIOLATED
    assert group().outcome("default") is Outcome.HOLDS
    assert "consumed-twice" not in group("poll").counts(), "nothing was committed in between"
    assert "consumed-twice" not in group("poll", between=0).counts()
    assert group("poll", between=1).counts()["consumed-twice"] == 1
    assert group("poll").counts(profile="transactional")["consumed-twice"] == 1
    assert "consumed-twice" not in group("poll", between=0).counts(profile="transactional"), "it commits by itself"


def test_a_commit_that_went_back_gives_the_record_again():
    book = handled(("process", 0), ("process", 1)).do(1, "commit", {"x": 2}, group="g")
    book.do(1, "commit", {"x": 0}, group="g").do(2, "process", ["x", 0], group="g")
    assert "consumed-twice" not in book.counts()


def test_a_partition_that_nobody_touched_is_owed_too():
    book = handled(("process", 0), ("process", 1)).send(0, "y", 0, "c").poll(3, {"y": [[0, "c"]]})
    assert book.counts() == {}, "y may be somebody else's"
    assert book.do(2, "assigned", ["y"], group="g", generation=1).counts() == {"unprocessed": 1}


def test_a_worker_that_tells_nothing_owes_everything():
    book = Book().send(0, "x", 0, "a").do(1, "assigned", ["x"], group="g", generation=1).poll(1, {"x": [[0, "a"]]})
    assert book.counts() == {}
    assert book.counts(profile="at-least-once") == {"unprocessed": 1}


def test_a_transaction_has_processed_what_it_polled():
    def consumed(f="txn", kind="ok"):
        book = Book().send(9, "x", 0, "a").send(9, "x", 1, "b").poll(8, {"x": [[0, "a"], [1, "b"]]})
        book.do(1, "subscribe", ["x"], group="g")
        for offset, value, how in ((0, "a", "ok"), (1, "b", kind)):
            book.do(1, f, [["poll", {"x": [[offset, value]]}]], asked=[["poll"]], type=how)
        return book

    assert consumed().outcome("exactly-once") is consumed("poll").outcome("exactly-once") is Outcome.HOLDS
    assert consumed(kind="info").outcome("exactly-once") is Outcome.HOLDS
    assert consumed().do(1, "commit", {"x": 2}, group="g").outcome("exactly-once") is Outcome.HOLDS
    assert consumed(kind="fail").counts(profile="exactly-once") == {"unprocessed": 1}
    untold = consumed(kind="fail").do(1, "txn", [["poll"]], type="info")
    assert untold.outcome("exactly-once") is Outcome.HOLDS, "it may have polled that"
    assert consumed("poll").counts(profile="at-least-once") == {"unprocessed": 2}
    told = consumed().do(1, "process", ["x", 0], group="g")
    assert told.counts(profile="exactly-once") == {"unprocessed": 1}, "it tells what it processes"


def test_every_group_owes_for_itself():
    book = handled(("process", 0), ("process", 1)).do(3, "process", ["x", 0], group="h")
    assert book.counts() == {"unprocessed": 1}
    book = (
        handled(("process", 0), ("process", 1))
        .do(3, "process", ["x", 0], group="h")
        .do(3, "dead-letter", ["x", 1], group="h")
    )
    assert book.counts() == {}


def test_an_unknown_send_may_stand_in_a_gap_of_sequences():
    ids = {"producer-id": 1, "epoch": 0}
    book = Book().send(0, "x", 0, "a", sequence=2**31 - 1, **ids)
    book.do(0, "send", [["send", "x", "b"]], type="info", sequence=0, **ids).send(0, "x", 2, "c", sequence=1, **ids)
    assert "sequence-gap" not in book.counts()


def test_a_commit_of_an_older_epoch_is_a_zombie_s():
    ids = {"transactional-id": "t"}
    book = Book().send(0, "x", 0, "a", epoch=2, **ids).do(1, "commit", {"x": 1}, group="g", epoch=1, **ids)
    assert book.counts()["zombie-commit"] == 1


def test_members_are_told_apart_by_name():
    def owned(first, second):
        book = Book().do(0, "assigned", ["x"], group="g", generation=3, member=first)
        return book.do(1, "assigned", ["x"], group="g", generation=3, member=second).counts()

    assert owned("m1", "m2") == {"two-owners": 1}
    assert owned("m1", "m1") == {}, "the same member, in another process"


def test_marks_may_stand_on_the_invocation():
    book = Book().do(0, "poll", [["poll", {"x": [[0, "a"]]}]], asked=[["poll"]])
    book.events[0]["last-stable-offset"] = {"x": 0}
    assert book.counts()["read-beyond-lso"] == 1


def test_a_send_may_be_a_transaction_and_end_with_a_marker():
    book = Book().do(
        0, "send", [["send", "x", [0, "a"]], ["send", "y", [0, "b"]]], asked=[["send", "x", "a"], ["send", "y", "b"]]
    )
    book.send(1, "x", 2, "c").send(1, "y", 2, "d").poll(2, {"x": [[0, "a"], [2, "c"]], "y": [[2, "d"]]})
    assert book.counts()["unexplained-hole"] == 2
    assert "torn-transaction" not in book.counts()
    assert book.counts(profile="transactional") == {"lost-write": 1, "unseen": 1, "torn-transaction": 1}


def test_a_wide_hole_costs_nothing():
    book = Book().send(0, "x", 0, "a").send(0, "x", 1 << 60, "b").poll(1, {"x": [[0, "a"], [1 << 60, "b"]]})
    assert book.counts() == {"unexplained-hole": (1 << 60) - 1}


def test_g2_is_looked_for_in_any_history_that_a_profile_forbids_it_in(monkeypatch):
    monkeypatch.setattr(anti_dependencies, "MOST", 1)
    book = Book().send(0, "x", 0, "x0").send(0, "y", 0, "y0").send(1, "x", 1, "x1").send(2, "y", 1, "y1")
    book.poll(3, {"x": [[0, "x0"], [1, "x1"]], "y": [[0, "y0"]]})
    book.poll(4, {"y": [[0, "y0"], [1, "y1"]], "x": [[0, "x0"]]})
    assert book.counts() == {}
    assert book.outcome("forbid=G2") is Outcome.VIOLATED
    reasons = check_history(book.events, "forbid=G2").findings["G2"][0].text
    assert reasons.count("(wr)") == reasons.count("(rw)") == 2


def test_an_aborted_transaction_leaves_a_gap_of_sequences():
    def sequences(f, kind):
        book = Book()
        for sequence, offset, how in ((0, 0, "ok"), (1, None, kind), (2, 3, "ok")):
            fields = {"producer-id": 1, "epoch": 0, "sequence": sequence}
            told, asked = [["send", "x", [offset, sequence]]], [["send", "x", sequence]]
            book.do(0, f, asked if offset is None else told, type=how, asked=asked, **fields)
        return book

    assert "sequence-gap" not in sequences("txn", "fail").counts()
    assert "sequence-gap" not in sequences("send", "info").counts()
    assert sequences("send", "fail").counts()["sequence-gap"] == 1
    assert "sequence-gap" not in sequences("send", "fail").counts(profile="transactional")


def test_what_may_have_been_handled_is_not_surely_unhandled():
    for f in ("process", "dead-letter"):
        book = handled(("process", 0)).do(1, f, ["x", 1], type="info", group="g")
        assert book.counts() == {}
        assert "unprocessed" in handled(("process", 0)).do(1, f, ["x", 1], type="fail", group="g").counts()


def test_order_per_key_is_broken_only_where_it_surely_is():
    def processed(*steps):
        book = Book()
        for process, kind, offset in steps:
            value, fields = ["x", offset], {"group": "g", "order-key": "k"}
            book.events.append(
                {"index": len(book.events), "process": process, "type": kind, "f": "process", "value": value, **fields}
            )
        return book.counts().get("order-per-key", 0)

    one, two = [(1, "invoke", 1), (1, "ok", 1)], [(2, "invoke", 2), (2, "ok", 2)]
    assert processed(*two, *one) == 1
    assert processed(two[0], one[0], one[1], two[1]) == 0, "they overlap"
    assert processed((3, "invoke", 1), (3, "info", 1), *two, *one) == 0, "it may have been processed before"
    assert processed((3, "invoke", 2), (3, "info", 2), *one, *two) == 0
    assert processed((3, "invoke", 2), (3, "info", 2), *two, *one) == 1


def test_who_tells_of_assignments_is_in_a_group():
    book = Book().send(9, "x", 0, "a").send(9, "x", 1, "b").send(9, "x", 2, "c")
    book.do(0, "assigned", ["x"], group="g", generation=1).poll(0, {"x": [[0, "a"]]})
    book.do(0, "assigned", [], group="g", generation=2).do(1, "assigned", ["x"], group="g", generation=2)
    book.poll(1, {"x": [[1, "b"]]}).do(0, "assigned", ["x"], group="g", generation=3).poll(0, {"x": [[2, "c"]]})
    assert book.outcome("default") is Outcome.HOLDS
    assert check_history(book.events).profile == "default, subscribe (allows poll-skip)"
    assert book.outcome("consumer=assign") is Outcome.VIOLATED


def test_who_seeks_asks_for_it_again():
    def again(*between):
        book = Book().send(9, "x", 0, "a").do(1, "subscribe", ["x"], group="g").poll(1, {"x": [[0, "a"]]})
        book.do(1, "commit", {"x": 1}, group="g")
        for f, value in between:
            book.do(1, f, value, group="g")
        return book.poll(1, {"x": [[0, "a"]]}).counts().get("consumed-twice", 0)

    assert again() == again(("seek", ["y"])) == again(("seek", ["x"]), ("subscribe", ["x"])) == 1
    assert again(("seek", ["x"])) == again(("seek", None)) == again(("seek", None), ("seek", ["y"])) == 0


def test_fewer_acks_mean_a_plain_producer_where_nothing_else_is_said():
    assert "duplicate" not in named_profile("acks=1").forbidden
    assert "nonmonotonic-send" not in named_profile("acks=0").forbidden
    assert "duplicate" in named_profile("acks=1,producer=idempotent").forbidden
    assert "duplicate" in named_profile("acks=all").forbidden


def test_sequences_are_those_of_a_producer_by_either_name_and_of_nobody_else_s():
    def sequences(**names):
        book = Book()
        for process, offset, sequence in ((0, 0, 0), (1, 1, 0), (0, 2, 1), (1, 3, 2)):
            fields = {name.replace("_", "-"): told[process] for name, told in names.items()}
            book.send(process, "x", offset, f"v{offset}", epoch=0, sequence=sequence, **fields)
        return {name: n for name, n in book.counts().items() if name.startswith("sequence")}

    assert sequences(producer_id="ab") == sequences(transactional_id="ab") == {"sequence-gap": 1}
    assert sequences(producer_id=[["a"], {"b": 1}]) == {"sequence-gap": 1}, "an id may be anything"
    assert sequences() == {}


def test_a_group_may_be_called_anything():
    book = Book().send(9, "x", 0, "a").do(1, "subscribe", ["x"], group=["g"]).poll(1, {"x": [[0, "a"]]}, group=["g"])
    book.do(1, "commit", {"x": 1}, group=["g"]).poll(2, {"x": [[0, "a"]]}, group=["g"])
    assert book.counts() == {"consumed-twice": 1}


def test_minus_one_is_no_producer():
    book = Book()
    for offset, value in enumerate("abc"):
        book.send(0, "x", offset, value, **{"producer-id": -1, "epoch": -1, "sequence": -1})
    assert book.counts() == {"unseen": 3}
    book = Book()
    for offset, epoch in enumerate((1, 0)):
        book.send(0, "x", offset, offset, **{"producer-id": -1, "transactional-id": "t", "epoch": epoch})
    assert book.counts()["zombie-write"] == 1


def test_compacted_histories_hold_under_the_profile_of_the_reference():
    page = (Path(__file__).parents[3] / "docs/reference/checkers.md").read_text(encoding="utf-8")
    (allowed,) = re.findall(r"`(allow=unseen[^`]*)`", page)
    book = Book().send(0, "x", 0, "a").send(0, "x", 1, "b").send(0, "x", 3, "d")
    book.poll(1, {"x": [[0, "a"]]}).poll(1, {"x": [[3, "d"]]}).poll(2, {"x": [[0, "a"], [3, "d"]]})
    assert {"lost-write", "unseen", "poll-skip", "int-poll-skip", "unexplained-hole"} == set(book.counts())
    assert book.outcome("default") is Outcome.VIOLATED
    assert book.outcome(allowed) is Outcome.HOLDS
