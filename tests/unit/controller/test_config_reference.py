"""The page about the configs is what the code would write now."""

from tautolog.cli import config_reference
from tautolog.core.controller import definitions


def test_the_page_is_up_to_date():
    page = config_reference.PAGE.read_text(encoding="utf-8")
    assert page == config_reference.render(), "run python -m tautolog.cli.config_reference"


def test_every_config_has_its_line():
    page = config_reference.render()
    tables = (definitions.topic, definitions.broker, definitions.group, definitions.client_metrics)
    listed = [d for table in tables for d in table().values() if not d.internal]
    assert sum(line.startswith("| `") for line in page.splitlines()) == len(listed)


def test_what_the_code_asks_for_is_found_and_what_it_does_not_is_not():
    brokers, topics = config_reference.acted_on()
    assert {"num.partitions", "auto.create.topics.enable", "delete.topic.enable", "log.retention.hours"} <= brokers
    assert "num.io.threads" not in brokers
    assert "retention.ms" in topics
    assert "remote.storage.enable" not in topics
