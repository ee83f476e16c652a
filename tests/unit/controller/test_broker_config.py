"""Which of several values of a broker config counts."""

import pytest

from tautolog.core.controller.configs import BrokerConfig
from tautolog.core.errors import InvariantBroken


def test_the_default_is_kafkas():
    config = BrokerConfig({})
    assert config.get_int("num.partitions") == 1
    assert config.get_bool("auto.create.topics.enable") is True
    assert config.get_str("group.consumer.migration.policy") == "bidirectional"
    assert config.get_list("group.consumer.assignors") == ["uniform", "range"]
    assert config.get_float("log.cleaner.min.cleanable.ratio") == 0.5
    assert config.get_int("group.initial.rebalance.delay.ms") == 3000


def test_what_has_no_value_is_empty():
    config = BrokerConfig({})
    assert config.text("broker.rack") is None
    assert config.get_str("broker.rack") == ""
    assert config.get_list("advertised.listeners") == []


def test_what_was_set_last_wins_and_what_is_taken_away_uncovers_the_rest():
    config = BrokerConfig({"message.max.bytes": "10"})
    assert config.get_int("message.max.bytes") == 10
    config.change(for_all={"message.max.bytes": "20"}, for_this={})
    assert config.get_int("message.max.bytes") == 20
    config.change(for_all={"message.max.bytes": "20"}, for_this={"message.max.bytes": "30"})
    assert config.get_int("message.max.bytes") == 30
    config.change(for_all={}, for_this={})
    assert config.get_int("message.max.bytes") == 10


def test_asking_for_the_wrong_type_is_a_bug():
    config = BrokerConfig({})
    with pytest.raises(InvariantBroken):
        config.get_int("delete.topic.enable")
    with pytest.raises(InvariantBroken):
        config.get_bool("num.partitions")


def test_settings_are_checked_with_a_sentence():
    assert BrokerConfig.check({"num.partitions": "3", "broker.rack": "a"}) is None
    assert BrokerConfig.check({"num.partition": "3"}) == "Unknown broker config name: num.partition"
    assert BrokerConfig.check({"num.partitions": "many"}) == (
        "Invalid value many for configuration num.partitions: Not a number of type INT"
    )
