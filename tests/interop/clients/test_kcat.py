"""kcat, where it is installed."""

from __future__ import annotations

import shutil
import subprocess

import pytest

pytestmark = pytest.mark.skipif(shutil.which("kcat") is None, reason="kcat is not installed (apt-get install kcat)")


def kcat(broker, *arguments, text=""):
    command = ["kcat", "-b", broker.bootstrap, *arguments]
    return subprocess.run(command, input=text, capture_output=True, text=True, timeout=30, check=True).stdout


def test_produce_and_consume(broker):
    kcat(broker, "-P", "-t", "kcat-topic", "-K", ":", text="a:1\nb:2\n")
    assert kcat(broker, "-C", "-t", "kcat-topic", "-e", "-q", "-f", "%o %k %s\n") == "0 a 1\n1 b 2\n"


def test_lists_the_broker(broker):
    assert broker.bootstrap in kcat(broker, "-L")
