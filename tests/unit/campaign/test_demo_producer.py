"""The demo's producer: a run waits for its end, so its end must come, whatever happens."""

import threading

from kafka.errors import KafkaTimeoutError

from tautolog.campaign.demo import clients
from tautolog.campaign.demo.recorder import Recorder


class Deaf:
    """A client library that never hears from its broker."""

    def __init__(self, **_):
        pass

    def partitions_for(self, _topic):
        raise KafkaTimeoutError("nobody answers")


def test_a_producer_that_fails_ends_and_says_why(tmp_path, monkeypatch):
    monkeypatch.setattr(clients, "KafkaProducer", Deaf)
    monkeypatch.setattr(threading, "excepthook", lambda _: None)
    with Recorder(tmp_path / "history.jsonl") as recorder:
        producer = clients.OrderProducer("127.0.0.1:1", recorder, partitions=1, total=1, rate=1.0)
        producer.thread.start()
        producer.thread.join()
    assert producer.finished.is_set()
    assert isinstance(producer.failure, KafkaTimeoutError)
