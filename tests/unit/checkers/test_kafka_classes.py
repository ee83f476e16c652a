"""Each class of the kafka workload, in its smallest history: what counts, and what looks alike and does not."""

from itertools import count

import pytest

from tautolog_checkers import Outcome, check_history
from tautolog_checkers.history.problems import HistoryError


class Book:
    """A history, written one event at a time."""

    def __init__(self):
        self.events = []
        self.ids = count()

    def add(self, process, type, f, value, **extra):  # noqa: A002  # the event's own word
        self.events.append({"index": next(self.ids), "process": process, "type": type, "f": f, "value": value, **extra})
        return self

    def do(self, process, f, value, type="ok", **extra):  # noqa: A002  # the event's own word
        begun = value if f in {"assign", "subscribe"} else [[m[0]] if m[0] == "poll" else _asked(m) for m in value]
        return self.add(process, "invoke", f, begun).add(process, type, f, value, **extra)

    def send(self, process, *sends, **options):
        return self.do(process, "send", [["send", *send] for send in sends], **options)

    def poll(self, process, *polls, **options):
        return self.do(process, "poll", [["poll", poll] for poll in polls], **options)

    def txn(self, process, *micro, **options):
        return self.do(process, "txn", [list(m) for m in micro], **options)

    def judge(self, **options):
        return check_history(self.events, **options)

    def counts(self, **options):
        return self.judge(**options).anomalies


def _asked(micro):
    name, key, value = micro
    return [name, key, value[1] if isinstance(value, list) else value]


def sent(*values, key="x", process=9):
    book = Book()
    for offset, value in enumerate(values):
        book.send(process, (key, [offset, value]))
    return book


def test_a_clean_history_holds():
    verdict = sent("a", "b").poll(0, {"x": [[0, "a"], [1, "b"]]}).judge()
    assert verdict.outcome is Outcome.HOLDS
    assert verdict.anomalies == {}
    assert verdict.partitions == {"x": Outcome.HOLDS}


def test_no_operations_is_unknown():
    verdict = Book().add("nemesis", "info", "kill", None).judge()
    assert (verdict.outcome, verdict.reason) == (Outcome.UNKNOWN, "no operations")


def test_inconsistent_offsets_count_per_offset():
    book = sent("a", "b").send(1, ("x", [1, "c"]))
    book.poll(2, {"x": [[0, "a"], [1, "b"]]}).poll(3, {"x": [[1, "c"]]})
    assert book.counts()["inconsistent-offsets"] == 1
    (finding,) = book.judge().findings["inconsistent-offsets"]
    assert set(finding.operations) == {2, 4}, "the operations that claim each value, whoever wrote it"


def test_an_offset_that_was_polled_otherwise_names_send_and_poll():
    found = sent("a", "b").poll(1, {"x": [[0, "z"], [1, "b"]]}).judge().findings
    assert set(found["inconsistent-offsets"][0].operations) == {0, 4}
    assert found["corrupt-payload"][0].operations == (0, 4)


def test_an_unknown_send_conflicts_only_once_it_was_seen():
    book = Book().send(0, ("x", [0, 1]), ("y", 1), type="info").send(1, ("x", [0, 2]))
    assert "inconsistent-offsets" not in book.counts()
    book.poll(2, {"y": [[5, 1]]})
    assert book.counts()["inconsistent-offsets"] == 1


def test_aborted_read():
    book = Book().send(0, ("x", 2), ("y", 3), type="fail").poll(1, {"x": [[0, 2]]})
    assert book.counts() == {"G1a": 1}
    assert book.judge().witness == (0, 2)
    assert "G1a" not in Book().send(0, ("x", 2), type="fail").poll(1, {"x": [[0, 2]]}, type="fail").counts()


def test_lost_write_below_what_was_read():
    book = Book().send(0, ("x", [0, "a"])).send(0, ("x", [1, "b"]), ("x", [3, "d"]))
    book.send(1, ("x", "c"), type="info").poll(0, {"x": [[2, "c"]]})
    assert book.counts()["lost-write"] == 2


def test_lost_write_where_offsets_are_divided():
    book = Book().send(0, ("x", [0, "a"])).send(0, ("x", [0, "b"]), ("x", [2, "c"]))
    assert book.poll(0, {"x": [[0, "b"], [2, "c"]]}).counts()["lost-write"] == 1


def test_lost_write_of_an_unknown_transaction_needs_proof_that_it_committed():
    book = Book().send(0, ("x", "a"), ("y", [0, "b"]), type="info").send(1, ("y", "c"), type="info")
    book.poll(3, {"y": [[1, "c"]]})
    assert "lost-write" not in book.counts()
    assert book.poll(2, {"x": [[0, "a"]]}).counts()["lost-write"] == 1


def skipping():
    book = Book().send(3, *(("x", v) for v in "abcdg"), type="info")
    book.poll(0, {"x": [[1, "a"], [2, "b"]]}).poll(1, {"x": [[3, "c"]]})
    return book


def test_poll_skip_past_known_records_only():
    book = skipping().poll(0, {"x": [[4, "d"]]}).send(2, ("x", [6, "f"])).poll(0, {"x": [[7, "g"]]})
    assert book.counts()["poll-skip"] == 2


@pytest.mark.parametrize("f", ["assign", "subscribe"])
def test_a_new_assignment_forgets_what_it_leaves(f):
    kept = skipping().do(0, f, ["x", "y"]).poll(0, {"x": [[4, "d"]]})
    assert kept.counts()["poll-skip"] == 1
    assert kept.judge().outcome is (Outcome.VIOLATED if f == "assign" else Outcome.HOLDS)
    left = skipping().do(0, f, ["y"]).poll(0, {"x": [[4, "d"]]})
    assert "poll-skip" not in left.counts()
    failed = skipping().do(0, f, ["y"], type="fail").poll(0, {"x": [[4, "d"]]})
    assert failed.counts()["poll-skip"] == 1


def test_seeking_to_the_beginning_is_no_step_back():
    book = sent(0, 1).poll(0, {"x": [[0, 0], [1, 1]]})
    book.do(0, "assign", ["x"], **{"seek-to-beginning?": True}).poll(0, {"x": [[0, 0], [1, 1]]})
    assert book.counts() == {}


@pytest.mark.parametrize(
    ("f", "value", "forgets"),
    [
        ("seek", ["x"], True), ("seek", {"x": 0}, True), ("seek", None, True), ("seek", ["y"], False),
        ("unsubscribe", None, True), ("close", None, True), ("crash", None, True),
    ],
)  # fmt: skip
def test_who_moves_reads_on_elsewhere(f, value, forgets):
    def read(kind):
        book = sent(0, 1, 2, 3).poll(8, {"x": [[n, n] for n in range(4)]}).poll(1, {"x": [[1, 1], [2, 2]]})
        book.add(1, "invoke", f, value).add(1, kind, f, value)
        return book.poll(1, {"x": [[0, 0]]}).counts()

    assert read("ok") == read("info") == ({} if forgets else {"nonmonotonic-poll": 1})
    assert read("fail") == {"nonmonotonic-poll": 1}


@pytest.mark.parametrize("f", ["seek", "unsubscribe", "close", "crash"])
def test_a_producer_goes_on_until_it_is_closed(f):
    book = Book().send(0, ("x", [3, "c"])).add(0, "invoke", f, None).add(0, "ok", f, None).send(0, ("x", [1, "a"]))
    assert book.counts().get("nonmonotonic-send", 0) == (f in {"seek", "unsubscribe"})


def test_an_operation_that_did_not_succeed_does_not_move_its_process():
    book = sent(0, 1, 2, 3, 4, 5).poll(8, {"x": [[n, n] for n in range(6)]}).txn(1, ("poll", {"x": [[0, 0]]}))
    again = {"x": [[1, 1], [2, 2]]}
    book.txn(1, ("poll", again), type="fail").txn(1, ("poll", again), type="info")
    assert book.counts() == {}
    book.txn(1, ("poll", {"x": [[3, 3], [4, 4]]}), type="fail").txn(1, ("poll", {"x": [[5, 5]]}))
    assert book.counts() == {"poll-skip": 2}


def test_an_empty_poll_changes_nothing():
    book = sent(0, 1, 2).poll(1, {"x": [[0, 0]]}).poll(1, {"x": []}).poll(1, {"x": [[2, 2]]}).poll(2, {"x": [[1, 1]]})
    assert book.counts()["poll-skip"] == 1


@pytest.mark.parametrize(
    "wrong", [["poll", 0], ["poll", ""], ["poll", {}, {}], ["poll", {"x": 0}], ["poll", {"x": ""}]]
)
def test_a_poll_of_the_wrong_shape_is_no_empty_one(wrong):
    book = Book().add(0, "invoke", "poll", [["poll"]]).add(0, "ok", "poll", [wrong])
    with pytest.raises(HistoryError, match="expected"):
        book.judge()
    for nothing in (["poll"], ["poll", None], ["poll", {}], ["poll", {"x": []}], ["poll", {"x": None}]):
        book = Book().add(0, "invoke", "poll", [["poll"]]).add(0, "ok", "poll", [nothing])
        assert book.judge().outcome is Outcome.HOLDS


def test_nonmonotonic_poll():
    book = sent("a", "b", "c", "d").poll(0, {"x": [[0, "a"], [1, "b"], [2, "c"]]})
    book.poll(0, {"x": [[1, "b"], [2, "c"], [3, "d"]]})
    assert book.counts() == {"nonmonotonic-poll": 1}


def test_nonmonotonic_send():
    book = Book().send(0, ("x", [3, "c"]), ("x", [4, "d"])).send(0, ("x", [1, "a"]), ("x", [2, "b"]))
    assert book.counts()["nonmonotonic-send"] == 1
    book = Book().send(0, ("x", [3, "c"])).do(0, "assign", ["y"]).send(0, ("x", [1, "a"]))
    assert "nonmonotonic-send" not in book.counts()


def test_skips_within_an_operation():
    book = Book().send(1, ("x", "a"), ("x", "b"), ("x", "d"), type="info")
    book.poll(0, {"x": [[1, "a"], [4, "d"]]}).poll(5, {"x": [[1, "a"]]}, {"x": [[4, "d"]]}).poll(6, {"x": [[2, "b"]]})
    assert book.counts()["int-poll-skip"] == 2


def test_a_rebalanced_key_may_jump_within_an_operation():
    book = sent("a", "b", "c").poll(0, {"x": [[0, "a"], [2, "c"]]}, **{"rebalance-log": [{"keys": ["x"]}]})
    assert "int-poll-skip" not in book.counts()


def test_steps_back_within_an_operation():
    book = Book().send(1, ("x", "a"), ("x", "b"), ("x", "c"), type="info")
    book.poll(0, {"x": [[3, "c"], [1, "a"]]}).poll(5, {"x": [[2, "b"], [3, "c"]]}, {"x": [[3, "c"]]})
    assert book.counts()["int-nonmonotonic-poll"] == 2


def test_sends_within_an_operation():
    book = Book().send(0, ("x", [1, "a"]), ("x", "c")).send(1, ("x", "b"), type="info")
    book.poll(2, {"x": [[1, "a"], [2, "b"], [3, "c"]]})
    assert book.counts() == {"int-send-skip": 1, "log-nonlinearizable": 1}
    assert book.judge().outcome is Outcome.HOLDS
    book = Book().send(0, ("x", [3, "c"]), ("x", [1, "a"])).send(5, ("y", "d"), ("y", "b"), type="info")
    book.send(1, ("y", "c"), type="info").poll(6, {"y": [[2, "b"], [3, "c"], [4, "d"]]})
    assert book.counts()["int-nonmonotonic-send"] == 2


def test_duplicate_is_one_value_at_two_offsets():
    book = Book().send(0, ("x", [1, "a"])).send(1, ("x", "b"), type="info").poll(2, {"x": [[2, "b"], [3, "a"]]})
    assert book.counts()["duplicate"] == 1


def test_duplicates_do_not_depend_on_which_value_wins_an_offset():
    book = Book()
    for value in range(10):
        book.send(0, ("x", [0, value])).poll(1, {"x": [[1, value]]})
    counts = book.counts()
    assert (counts["duplicate"], counts["inconsistent-offsets"]) == (10, 2)


def test_polls_of_failed_operations_are_evidence_and_failed_sends_are_not():
    book = Book().send(0, ("x", [1, 0])).send(0, ("x", [2, 1]), type="fail")
    book.poll(1, {"x": [[11, 0], [12, 1]]}, type="fail")
    assert book.counts()["duplicate"] == 1


def test_unseen_counts_acknowledged_values_only():
    book = sent("a", "b").poll(0, {"x": [[0, "a"]]}).send(1, ("y", "c"), type="info").poll(2, {"y": [[0, "c"]]})
    assert book.counts() == {"unseen": 1}


def test_precommitted_read_counts_per_operation():
    book = Book().txn(0, ("send", "x", [0, "a"]), ("send", "y", [0, "b"]), ("poll", {"x": [[0, "a"]], "y": [[0, "b"]]}))
    assert book.counts()["precommitted-read"] == 1


def test_a_value_nobody_sent_is_a_phantom():
    assert Book().poll(0, {"x": [[3, "a"]]}).counts() == {"phantom-read": 1}


@pytest.mark.parametrize("kind", ["info", "fail"])
@pytest.mark.parametrize("told", [[], [["send", "x", [0, "a"]]], None])
def test_what_an_answer_leaves_out_was_asked_for_all_the_same(kind, told):
    book = Book().add(0, "invoke", "send", [["send", "x", "a"], ["send", "y", "b"]]).add(0, kind, "send", told)
    assert book.poll(1, {"y": [[0, "b"]]}).counts() == ({} if kind == "info" else {"G1a": 1})


def test_an_answer_that_names_other_sends_is_taken_at_its_word():
    book = Book().add(0, "invoke", "send", [["send", "x", "a"]]).add(0, "info", "send", [["send", "x", [0, "b"]]])
    assert book.poll(1, {"x": [[0, "a"]]}).counts() == {"phantom-read": 1}


def overlapping(first, second):
    book = Book()
    for process, micro in enumerate((first, second)):
        book.add(process, "invoke", "txn", [["poll"] if m[0] == "poll" else _asked(m) for m in micro])
    for process, micro in enumerate((first, second)):
        book.add(process, "ok", "txn", micro)
    return book


def test_cycle_of_writes():
    book = overlapping(
        [["send", "x", [0, "a"]], ["send", "y", [1, "a"]]], [["send", "x", [1, "b"]], ["send", "y", [0, "b"]]]
    )
    assert "G0" not in book.counts()
    assert book.counts(ww_edges=True)["G0"] == 1


def test_cycle_of_reads():
    book = overlapping(
        [["send", "x", [0, "a"]], ["poll", {"y": [[0, "b"]]}]], [["send", "y", [0, "b"]], ["poll", {"x": [[0, "a"]]}]]
    )
    verdict = book.judge()
    assert verdict.anomalies == {"G1c": 1}
    assert sorted(verdict.witness) == [0, 1]
    assert verdict.findings["G1c"][0].text.count("(wr)") == 2


def test_cycle_of_writes_and_reads():
    book = overlapping(
        [["send", "x", [0, "a"]], ["send", "y", [2, "c"]]], [["poll", {"x": [[0, "a"]]}], ["send", "y", [1, "b"]]]
    )
    assert "G1c" not in book.counts()
    verdict = book.judge(ww_edges=True)
    assert verdict.anomalies["G1c"] == 1
    assert "G1c" not in verdict.forbidden


def reasons(verdict, anomaly):
    return [step.rpartition(" (")[2].rstrip(")") for step in verdict.findings[anomaly][0].text.split("; ")]


def test_the_reasons_are_the_edges_of_the_class():
    book = overlapping(
        [["send", "x", [0, "a"]], ["send", "y", [1, "a"]]],
        [["send", "x", [1, "b"]], ["send", "y", [0, "b"]], ["poll", {"x": [[0, "a"]]}]],
    )
    verdict = book.judge(ww_edges=True)
    assert reasons(verdict, "G0") == ["ww", "ww"]
    assert sorted(reasons(verdict, "G1c")) == ["wr", "ww"]
    book = overlapping(
        [["send", "x", [0, "a"]], ["poll", {"y": [[0, "c"]], "z": [[1, "b"]]}]],
        [["send", "x", [1, "b"]], ["send", "y", [1, "b"]], ["send", "z", [1, "b"]]],
    )
    verdict = book.send(3, ("y", [0, "c"])).judge(ww_edges=True)
    assert reasons(verdict, "G-single") == ["rw", "wr"]


def test_a_value_that_stands_again_further_on_is_still_right_before_the_next():
    book = overlapping(
        [["send", "x", [0, "a"]], ["send", "y", [1, "a"]]], [["send", "x", [1, "b"]], ["send", "y", [0, "b"]]]
    )
    assert book.poll(3, {"x": [[2, "a"]]}).counts(ww_edges=True)["G0"] == 1


def test_a_process_cycle_counts_where_only_real_time_joins_it_to_a_plain_one():
    book = overlapping(
        [["send", "x", [0, "a"]], ["send", "y", [1, "a"]], ["send", "z", [1, "a"]]],
        [["send", "x", [1, "b"]], ["send", "y", [0, "b"]]],
    )
    book.send(2, ("w", [1, "c"])).send(2, ("w", [0, "d"]), ("z", [0, "d"]))
    counts = book.counts(ww_edges=True)
    assert {name for name in counts if name.startswith("G0")} == {"G0", "G0-process"}


def test_reading_before_it_was_sent_is_a_realtime_cycle():
    counts = Book().poll(0, {"x": [[0, "a"]]}).send(1, ("x", [0, "a"])).counts()
    assert counts == {"G1c-realtime": 1, "log-nonlinearizable": 1}


def test_reading_ones_own_future_is_a_process_cycle():
    counts = Book().poll(0, {"x": [[0, "a"]]}).send(0, ("x", [0, "a"])).counts()
    assert counts == {"G1c-process": 1, "G1c-realtime": 1, "log-nonlinearizable": 1}


def test_process_order_leads_past_what_a_process_did_in_between():
    book = Book().poll(0, {"x": [[0, "a"]]}).poll(0, {}).poll(0, {}).send(0, ("x", [0, "a"]))
    verdict = book.judge()
    assert verdict.findings["G1c-process"][0].operations == (6, 0)
    assert reasons(verdict, "G1c-process") == ["wr", "process"]


def test_writes_out_of_real_time_order():
    book = Book().send(0, ("x", [1, "a"])).send(1, ("x", [0, "b"])).poll(2, {"x": [[0, "b"], [1, "a"]]})
    assert book.counts(ww_edges=True) == {"G0-realtime": 1, "log-nonlinearizable": 1}


def test_cost_follows_records_not_offsets():
    far = 1 << 60
    book = Book().send(0, ("x", [far, "a"])).poll(1, {"x": [[far, "a"]]})
    assert book.counts() == {}


def test_a_negative_offset_is_none():
    book = Book().send(0, ("x", [-1, "a"])).send(0, ("x", [-1, "b"])).poll(1, {"x": [[0, "a"], [1, "b"]]})
    assert book.counts() == {}


def test_keys_are_the_same_as_names_and_numbers():
    book = Book().send(0, (3, [0, "a"])).poll(1, {"3": [[0, "a"]]})
    assert book.counts() == {}
    assert book.judge().partitions == {3: Outcome.HOLDS}


def test_true_and_one_are_two_values():
    assert Book().send(0, ("x", [0, 1])).poll(1, {"x": [[0, True]]}).counts()["inconsistent-offsets"] == 1
