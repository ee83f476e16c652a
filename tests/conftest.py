"""Hypothesis profiles (deterministic and bounded for every run, long for `make nightly`), and brokers for whoever needs one."""

import itertools
import os

import pytest
from hypothesis import HealthCheck, settings

from support.served import Served

collect_ignore_glob = ["support/*", "conformance/conversations/*", "conformance/[!t]*.py", "conformance/talk.py"]

settings.register_profile(
    "default", derandomize=True, max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("nightly", max_examples=5000, deadline=None, suppress_health_check=list(HealthCheck))
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


def factory(folder):
    """A function that starts brokers in folders of their own, and the list of what it started."""
    started = []
    numbers = itertools.count()

    def start(settings=None, **options):
        broker = Served(folder / f"broker-{next(numbers)}", settings, **options)
        started.append(broker)
        return broker.start()

    return start, started


@pytest.fixture
def serve(tmp_path):
    """`serve(settings={...}, fsync=..., arguments=(...))` starts a broker; all of them end with the test."""
    start, started = factory(tmp_path)
    yield start
    for broker in started:
        broker.stop()


@pytest.fixture(scope="session")
def serve_session(tmp_path_factory):
    """The same for a whole session."""
    start, started = factory(tmp_path_factory.mktemp("served"))
    yield start
    for broker in started:
        broker.stop()


@pytest.fixture(scope="session")
def broker(serve_session):
    """One broker for many tests: use topics and groups of your own."""
    return serve_session(settings={"group.initial.rebalance.delay.ms": "0"})
