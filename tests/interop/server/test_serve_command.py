"""`tautolog serve` from outside: its one line, its refusals, its end."""

import re
import signal
import socket
import subprocess
import sys

import pytest

from support.raw_client import RawClient
from support.served import Served


def serve(*arguments):
    return subprocess.run(
        [sys.executable, "-m", "tautolog", "serve", *arguments], capture_output=True, text=True, timeout=20, check=False
    )


def refused(done):
    """Exit 64, nothing on standard output, one sentence on standard error; that sentence."""
    assert done.returncode == 64, done
    assert done.stdout == ""
    lines = [line for line in done.stderr.splitlines() if not line.startswith(("Usage:", "Try "))]
    assert len([line for line in lines if line]) == 1, done.stderr
    assert "Traceback" not in done.stderr
    return lines[-1]


def test_one_line_when_ready_and_exit_0_on_sigterm(tmp_path):
    broker = Served(tmp_path, arguments=("--log-level", "info"))
    broker.launch()
    line = broker.process.stdout.readline()
    assert re.fullmatch(rf"tautolog: ready on 127\.0\.0\.1:\d+ \(data in {re.escape(str(broker.data))}\)\n", line)
    broker.process.send_signal(signal.SIGTERM)
    assert broker.process.stdout.read() == ""
    assert broker.ended() == 0
    assert "Traceback" not in broker.log_text()


def test_sigint_ends_it_too(tmp_path):
    with Served(tmp_path) as broker:
        broker.process.send_signal(signal.SIGINT)
        assert broker.ended() == 0


def test_a_peer_that_waits_is_let_go_at_the_end(tmp_path):
    with Served(tmp_path) as broker, RawClient(broker.address) as client:
        client.create("t")
        from support.raw_client import FETCH, fetch_request

        client.send(FETCH, 11, fetch_request("t", 0, wait_ms=30_000))
        assert client.end_offset is not None
        with RawClient(broker.address) as other:
            other.produce("u", [b"x"])
        assert broker.stop() == 0
        with pytest.raises((EOFError, ConnectionResetError)):
            client.exactly(1)


def test_a_taken_port_is_refused_and_nothing_is_written(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        sentence = refused(serve("--listen", address, "--data", str(tmp_path / "data")))
    assert address in sentence
    assert "in use" in sentence
    assert not (tmp_path / "data").exists()


def test_a_directory_in_use_is_refused(tmp_path):
    with Served(tmp_path) as broker:
        assert "in use by another broker" in refused(serve("--listen", "127.0.0.1:0", "--data", str(broker.data)))
        with RawClient(broker.address) as client:
            assert client.create("t") == 0


def test_a_foreign_directory_is_refused_and_stays_as_it_was(tmp_path):
    (tmp_path / "thesis.tex").write_text("x")
    assert "was not written by Tautolog" in refused(serve("--listen", "127.0.0.1:0", "--data", str(tmp_path)))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--set", "no.such.config=1"], "no.such.config"),
        (["--set", "num.partitions=many"], "num.partitions"),
        (["--set", "num.partitions"], "NAME=VALUE"),
        (["--listen", "nowhere"], "HOST:PORT"),
        (["--listen", "127.0.0.1:99999"], "HOST:PORT"),
        (["--listen", "no.such.host.invalid:0"], "cannot listen"),
        (["--fsync", "sometimes"], "sometimes"),
        (["--config", "/no/such/file"], "No such file"),
        (["--set", "listeners=SSL://:9093"], "PLAINTEXT"),
    ],
)
def test_bad_options_are_refused_in_one_sentence(tmp_path, arguments, reason):
    listen = [] if "listen" in str(arguments) else ["--listen", "127.0.0.1:0"]
    assert reason in refused(serve("--data", str(tmp_path / "data"), *listen, *arguments))
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (
            "server.properties",
            "# Kafka's own\nnum.partitions=5\nlisteners=PLAINTEXT://127.0.0.1:0\nlog.dirs={data}\nnode.id=7\n",
        ),
        (
            "broker.toml",
            'listeners = "PLAINTEXT://127.0.0.1:0"\nnode.id = 7\n[log]\ndirs = "{data}"\n[num]\npartitions = 5\n',
        ),
    ],
)
def test_a_config_file_and_what_wins_over_it(tmp_path, name, text):
    data = tmp_path / "there"
    (tmp_path / name).write_text(text.format(data=data))
    command = [sys.executable, "-m", "tautolog", "serve", "--config", str(tmp_path / name)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        line = process.stdout.readline()
        assert f"data in {data}" in line
        port = int(re.search(r":(\d+) ", line)[1])
        from tautolog.core.messages.metadata import MetadataRequest, MetadataRequestTopic

        with RawClient(("127.0.0.1", port)) as client:
            wanted = MetadataRequest(topics=[MetadataRequestTopic(name="auto")], allow_auto_topic_creation=True)
            client.ask(3, 9, wanted)
            answer = client.ask(3, 9, wanted)
        assert [broker.node_id for broker in answer.brokers] == [7]
        assert len(answer.topics[0].partitions) == 5
        process.terminate()
        assert process.wait(15) == 0


def test_advertise_is_what_clients_are_told(tmp_path):
    from tautolog.core.messages.metadata import MetadataRequest

    broker = Served(tmp_path, arguments=("--advertise", "queue.example:19092"))
    broker.launch()
    line = broker.process.stdout.readline()
    try:
        assert "ready on queue.example:19092" in line
        port = int(re.search(r"listening on 127\.0\.0\.1:(\d+)", broker.log_text())[1])
        with RawClient(("127.0.0.1", port)) as client:
            told = client.ask(3, 9, MetadataRequest(topics=[])).brokers[0]
        assert (told.host, told.port) == ("queue.example", 19092)
    finally:
        assert broker.stop() == 0
