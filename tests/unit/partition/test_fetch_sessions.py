import pytest

from support.small_broker import SmallBroker, batch, found
from tautolog.core.errors import ErrorCode
from tautolog.core.partition.sessions import EVICTION_MS

SIZE = len(batch())
NAMES = [("orders", 0, 0), ("orders", 1, 0), ("orders", 2, 0)]


@pytest.fixture
def broker():
    broker = SmallBroker()
    broker.controller.add("orders", 3)
    broker.controller.add("idle", 1)
    broker.produce("orders", batch())
    broker.produce("orders", batch(), index=1)
    return broker


def opened(broker, wanted=NAMES, **fields):
    answer = broker.fetch(wanted, session_epoch=0, **fields)
    assert answer.session_id > 0
    return answer.session_id


def incremental(broker, session_id, epoch, wanted=(), **fields):
    return broker.fetch(list(wanted), session_id=session_id, session_epoch=epoch, **fields)


def test_a_full_request_answers_everything_and_opens_a_session(broker):
    answer = broker.fetch(NAMES, session_epoch=0)
    assert answer.session_id > 0
    assert found(answer) == {("orders", 0): (0, 1, SIZE), ("orders", 1): (0, 1, SIZE), ("orders", 2): (0, 0, 0)}


def test_without_an_epoch_there_is_no_session(broker):
    assert broker.fetch(NAMES).session_id == 0
    assert len(broker.fetches.sessions) == 0


def test_an_incremental_request_reads_all_and_answers_what_changed(broker):
    session = opened(broker)
    answer = incremental(broker, session, 1)
    assert (answer.error_code, answer.session_id) == (0, session)
    assert list(found(answer)) == [("orders", 0), ("orders", 1)]
    assert list(found(incremental(broker, session, 2, [("orders", 0, 1)]))) == [("orders", 1)]
    assert found(incremental(broker, session, 3, [("orders", 1, 1)])) == {}
    broker.produce("orders", batch(), index=2)
    assert found(incremental(broker, session, 4)) == {("orders", 2): (0, 1, SIZE)}


def test_a_moved_bound_is_told_without_records(broker):
    session = opened(broker, [("orders", 0, 1)])
    assert found(incremental(broker, session, 1)) == {}
    broker.replicas.get("orders", 0).delete_records(1)
    answer = incremental(broker, session, 2)
    assert answer.responses[0].partitions[0].log_start_offset == 1
    assert found(incremental(broker, session, 3)) == {}


def test_partitions_join_and_leave(broker):
    session = opened(broker, [("orders", 0, 1)])
    assert found(incremental(broker, session, 1, [("idle", 0, 0)])) == {("idle", 0): (0, 0, 0)}
    assert found(incremental(broker, session, 2, forgotten={"orders": [0], "idle": [5]})) == {}
    broker.produce("orders", batch())
    broker.produce("idle", batch())
    assert list(found(incremental(broker, session, 3))) == [("idle", 0)]


def test_what_is_forgotten_in_the_request_that_adds_it_is_gone(broker):
    session = opened(broker, [("orders", 0, 1)])
    assert found(incremental(broker, session, 1, [("idle", 0, 0)], forgotten={"idle": [0]})) == {}


def test_an_error_is_answered_every_time_and_its_end_too(broker):
    session = opened(broker, [("orders", 0, 99)])
    for epoch in (1, 2):
        assert found(incremental(broker, session, epoch)) == {("orders", 0): (ErrorCode.OFFSET_OUT_OF_RANGE, -1, 0)}
    assert found(incremental(broker, session, 3, [("orders", 0, 1)])) == {("orders", 0): (0, 1, 0)}
    assert found(incremental(broker, session, 4)) == {}


def test_who_was_served_goes_last(broker):
    broker.produce("orders", batch(), index=2)
    session = opened(broker, max_bytes=1)
    served = [next(iter(found(incremental(broker, session, epoch, max_bytes=1)))) for epoch in range(1, 5)]
    assert [index for _, index in served] == [0, 1, 2, 0]


@pytest.mark.parametrize("epoch", [2, 5, -2, 2**31 - 1])
def test_an_epoch_out_of_step_is_refused(broker, epoch):
    session = opened(broker)
    answer = incremental(broker, session, epoch)
    assert (answer.error_code, answer.session_id) == (ErrorCode.INVALID_FETCH_SESSION_EPOCH, 0)
    assert incremental(broker, session, 1).error_code == 0


@pytest.mark.parametrize("session_id", [0, -5, 12345])
def test_an_unknown_session_is_refused(broker, session_id):
    answer = incremental(broker, session_id, 1)
    assert (answer.error_code, answer.responses) == (ErrorCode.FETCH_SESSION_ID_NOT_FOUND, [])


def test_epochs_wrap_to_one(broker):
    session = opened(broker, [("orders", 0, 1)])
    broker.fetches.sessions._sessions[session].epoch = 2**31 - 1
    assert incremental(broker, session, 2**31 - 1).error_code == 0
    assert incremental(broker, session, 1).error_code == 0


def test_names_and_ids_do_not_mix_in_a_session(broker):
    session = opened(broker)
    assert incremental(broker, session, 1, version=13).error_code == ErrorCode.FETCH_SESSION_TOPIC_ID_ERROR
    assert incremental(broker, session, 1, version=7).error_code == 0


@pytest.mark.parametrize("epoch", [-1, 0])
def test_a_full_request_closes_the_session_it_names(broker, epoch):
    session = opened(broker)
    answer = broker.fetch([("orders", 0, 1)], session_id=session, session_epoch=epoch)
    assert found(answer) == {("orders", 0): (0, 1, 0)}
    assert (answer.session_id > 0) == (epoch == 0)
    assert incremental(broker, session, 1).error_code == ErrorCode.FETCH_SESSION_ID_NOT_FOUND


def test_a_session_without_partitions_closes(broker):
    session = opened(broker)
    answer = incremental(broker, session, 1, forgotten={"orders": [0, 1, 2]}, max_wait_ms=500)
    assert (answer.error_code, answer.session_id) == (0, 0)
    assert len(broker.fetches.sessions) == 0
    empty = opened(broker, [])
    assert incremental(broker, empty, 1, max_wait_ms=500).session_id == 0


def test_a_request_that_overtakes_a_waiting_one_of_its_session_makes_it_fail(broker):
    session = opened(broker, [("idle", 0, 0)])
    assert incremental(broker, session, 1, max_wait_ms=600, token="first") is None
    assert incremental(broker, session, 2, max_wait_ms=100, token="second") is None
    broker.wait(600)
    (_, second), (_, first) = broker.answers()
    assert (second.error_code, second.session_id) == (0, session)
    assert (first.error_code, first.session_id) == (ErrorCode.INVALID_FETCH_SESSION_EPOCH, session)


def test_a_session_keeps_the_id_of_a_topic_that_was_deleted(broker):
    topic_id = broker.controller.topics["idle"].topic_id
    session = opened(broker, [(topic_id, 0, 0)], version=13)
    broker.controller.drop("idle")
    gone = incremental(broker, session, 1, version=13)
    assert found(gone) == {("idle", 0): (ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, -1, 0)}
    broker.controller.add("idle")
    again = incremental(broker, session, 2, version=13, max_wait_ms=500)
    assert found(again) == {("idle", 0): (ErrorCode.INCONSISTENT_TOPIC_ID, -1, 0)}
    assert again.responses[0].topic_id == topic_id


def test_an_id_that_gets_a_topic_later_is_resolved_then(broker):
    later = (broker.chance.given + 2).to_bytes(16, "big")  # the next topic's, after the session's id
    session = opened(broker, [(later, 0, 0)], version=13)
    assert found(incremental(broker, session, 1, version=13)) == {(later, 0): (ErrorCode.UNKNOWN_TOPIC_ID, -1, 0)}
    assert broker.controller.add("later").topic_id == later
    assert found(incremental(broker, session, 2, version=13)) == {("later", 0): (0, 0, 0)}


class TestEviction:
    @pytest.fixture
    def broker(self):
        broker = SmallBroker(settings={"max.incremental.fetch.session.cache.slots": "2"})
        broker.controller.add("orders", 3)
        return broker

    def test_a_full_cache_opens_no_session(self, broker):
        opened(broker, NAMES[:1])
        opened(broker, NAMES[:1])
        broker.wait(EVICTION_MS)
        assert broker.fetch(NAMES, session_epoch=0).session_id == 0

    def test_a_stale_session_gives_way(self, broker):
        stale, used = opened(broker), opened(broker)
        broker.wait(EVICTION_MS)
        assert incremental(broker, used, 1).error_code == 0
        broker.wait(1)
        opened(broker, NAMES[:1])
        assert incremental(broker, stale, 1).error_code == ErrorCode.FETCH_SESSION_ID_NOT_FOUND
        assert incremental(broker, used, 2).error_code == 0

    def test_a_settled_session_gives_way_to_a_larger_one_only(self, broker):
        small, large = opened(broker, NAMES[:1]), opened(broker, NAMES[:2])
        for epoch in (1, 2):
            broker.wait(EVICTION_MS - 1)
            assert incremental(broker, small, epoch).error_code == incremental(broker, large, epoch).error_code == 0
        assert broker.fetch(NAMES[:1], session_epoch=0).session_id == 0
        opened(broker, NAMES[:2])
        assert incremental(broker, small, 3).error_code == ErrorCode.FETCH_SESSION_ID_NOT_FOUND
        assert incremental(broker, large, 3).error_code == 0

    def test_without_slots_there_are_no_sessions(self):
        broker = SmallBroker(settings={"max.incremental.fetch.session.cache.slots": "0"})
        broker.controller.add("orders", 3)
        assert broker.fetch(NAMES, session_epoch=0).session_id == 0
