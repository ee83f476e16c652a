"""topic, produce, consume and group against a running broker: what they print, how they fail."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time

import pytest
from click.testing import CliRunner

from tautolog.cli.main import tautolog

SECOND_2000 = 946_684_800_000


class Shell:
    """Runs a command against the broker, in this process."""

    def __init__(self, bootstrap):
        self.bootstrap = bootstrap
        self.runner = CliRunner(env={"TAUTOLOG_BOOTSTRAP": bootstrap})

    def __call__(self, *args, stdin=b""):
        """Exit code, standard output, standard error."""
        result = self.runner.invoke(tautolog, [str(arg) for arg in args], input=stdin)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.stdout, result.stderr

    def ok(self, *args, stdin=b""):
        code, out, err = self(*args, stdin=stdin)
        assert (code, err) == (0, ""), out + err
        return out

    def fails(self, *args, stdin=b"", code=1):
        found, out, err = self(*args, stdin=stdin)
        assert found == code, out + err
        assert err.startswith("tautolog: ")
        assert err.count("\n") == 1
        return err.removeprefix("tautolog: ").rstrip("\n")


@pytest.fixture(scope="module")
def shell(broker):
    return Shell(broker.bootstrap)


@pytest.fixture
def orders(shell, request):
    """A topic of two partitions with three records in the first and two in the second."""
    name = re.sub("[^a-zA-Z0-9._-]+", "-", f"orders-{request.node.name}")
    shell.ok("topic", "create", name, "--partitions", 2)
    lines = [
        {"key": f"k{n}", "value": f"v{n}", "partition": n % 2, "timestamp": SECOND_2000 + n, "headers": {"n": str(n)}}
        for n in range(5)
    ]
    out = shell.ok("produce", name, "--json", stdin="\n".join(map(json.dumps, lines)))
    assert out == f"produced 5 records to {name}\n"
    return name


class TestTopic:
    def test_a_topic_from_beginning_to_end(self, shell):
        out = shell.ok("topic", "create", "t-life", "--partitions", 3, "--config", "retention.ms=60000")
        assert out == "created topic t-life with 3 partitions, replication factor 1\n"
        assert "t-life\t3\t1\tno\n" in shell.ok("topic", "list")
        assert "t-life\tretention.ms\t60000\tDYNAMIC_TOPIC_CONFIG\n" in shell.ok(
            "topic", "describe", "t-life", "--configs"
        )
        out = shell.ok("topic", "alter", "t-life", "--partitions", 4, "--config", "segment.ms=5000")
        assert out == "altered topic t-life: segment.ms=5000, 4 partitions\n"
        out = shell.ok("topic", "alter", "t-life", "--delete-config", "retention.ms")
        assert out == "altered topic t-life: retention.ms back to its default\n"
        (document,) = json.loads(shell.ok("topic", "describe", "t-life", "--json"))
        own = {k: e["value"] for k, e in document["configs"].items() if e["source"] == "DYNAMIC_TOPIC_CONFIG"}
        assert own == {"segment.ms": "5000"}
        assert [partition["partition"] for partition in document["partitions"]] == [0, 1, 2, 3]
        assert shell.ok("topic", "delete", "t-life") == "deleted topic t-life\n"
        assert "t-life" not in shell.ok("topic", "list")

    def test_json_of_create_and_list(self, shell):
        made = json.loads(shell.ok("topic", "create", "t-json", "--json"))
        assert made == {"topic": "t-json", "id": made["id"], "partitions": 1, "replication_factor": 1}
        entry = {"topic": "t-json", "partitions": 1, "replication_factor": 1, "internal": False}
        assert entry in json.loads(shell.ok("topic", "list", "--json"))

    def test_describe_shows_offsets(self, shell, orders):
        lines = [line.split("\t") for line in shell.ok("topic", "describe", orders).splitlines()]
        assert [(line[1], line[6], line[7]) for line in lines] == [("0", "0", "3"), ("1", "0", "2")]

    def test_what_the_cluster_refuses_is_one_sentence(self, shell):
        shell.ok("topic", "create", "t-twice")
        where = shell.bootstrap
        assert shell.fails("topic", "create", "t-twice") == f"topic t-twice already exists on {where}"
        assert shell.fails("topic", "describe", "t-none") == f"topic t-none does not exist on {where}"
        assert shell.fails("topic", "delete", "t-none") == f"topic t-none does not exist on {where}"
        assert shell.fails("topic", "alter", "t-none", "--config", "a=b") == f"topic t-none does not exist on {where}"
        assert "(INVALID_TOPIC_EXCEPTION)" in shell.fails("topic", "create", "t none")
        assert "(INVALID_CONFIG)" in shell.fails("topic", "create", "t-bad", "--config", "no.such.config=1")
        assert "(INVALID_CONFIG)" in shell.fails("topic", "alter", "t-twice", "--config", "retention.ms=soon")
        assert "(INVALID_PARTITIONS)" in shell.fails("topic", "alter", "t-twice", "--partitions", 1)

    def test_wrong_usage_is_exit_64(self, shell):
        assert "changes nothing" in shell.fails("topic", "alter", "t-any", code=64)
        assert "is not NAME=VALUE" in shell.fails("topic", "create", "t-any", "--config", "retention", code=64)
        assert "has no such config" in shell.fails("topic", "list", "-X", "no.such=1", code=64)
        assert "is not HOST:PORT" in shell.fails("topic", "list", "--bootstrap", "host:port", code=64)


class TestProduce:
    @pytest.mark.parametrize("acks", ["all", "1", "0"])
    def test_lines_with_keys_and_headers(self, shell, acks):
        name = f"p-lines-{acks}"
        shell.ok("topic", "create", name)
        options = ["--key-separator", "::", "--header", "a=1", "--header", "b=2", "--acks", acks]
        shell.ok("produce", name, *options, stdin="k1::v::1\n::empty key\nk2::\n")
        out = ""
        while len(out.splitlines()) < 3:  # nothing says when acks=0 has arrived
            out = shell.ok("consume", name, "-f", r"%k|%s|%h|%K|%S\n")
        assert out == "k1|v::1|a=1,b=2|2|4\n|empty key|a=1,b=2|0|9\nk2||a=1,b=2|2|0\n"

    @pytest.mark.parametrize("codec", ["none", "gzip", "snappy", "lz4", "zstd"])
    def test_compression(self, shell, codec):
        if codec == "zstd":
            pytest.importorskip("zstandard", reason="zstandard is not installed")
        shell.ok("topic", "create", f"p-{codec}")
        shell.ok("produce", f"p-{codec}", "--compression", codec, stdin="one\ntwo\n")
        assert shell.ok("consume", f"p-{codec}") == "one\ntwo\n"

    def test_json_goes_in_as_it_comes_out(self, shell):
        for name in ("p-there", "p-back"):
            shell.ok("topic", "create", name)
        lines = [
            {"key": None, "value": "täxt"},
            {"key": {"base64": "/wA="}, "value": None},
            {"value": {"id": 1}, "headers": [["a", "1"], ["a", "2"]], "timestamp": "2000-01-01T00:00:00Z"},
        ]
        shell.ok("produce", "p-there", "--json", stdin="\n".join(map(json.dumps, lines)))
        first = shell.ok("consume", "p-there", "--json")
        shell.ok("produce", "p-back", "--json", stdin=first)
        assert shell.ok("consume", "p-back", "--json") == first.replace("p-there", "p-back")
        last = json.loads(first.splitlines()[-1])
        assert (last["value"], last["headers"], last["timestamp"]) == (
            '{"id":1}',
            [["a", "1"], ["a", "2"]],
            SECOND_2000,
        )

    def test_what_cannot_be_sent(self, shell, orders):
        assert shell.fails("produce", orders, "--key-separator", ":", stdin="a:1\nb\n", code=64) == (
            f"line 2 has no key separator ':'; 1 record before it went to {orders}"
        )
        assert "line 1 is not JSON" in shell.fails("produce", orders, "--json", stdin="{", code=64)
        assert "has no partition 7: it has 0 to 1" in shell.fails("produce", orders, "--partition", 7, stdin="x\n")
        assert "cannot be written to" in shell.fails("produce", "no such", stdin="x\n")
        assert "(MESSAGE_TOO_LARGE)" in shell.fails(
            "produce", orders, "-X", "max.request.size=9000000", stdin=b"x" * 2_000_000
        )


class TestConsume:
    @pytest.mark.parametrize(
        ("begin", "expected"),
        [
            ("earliest", "0:0 0:1 0:2 1:0 1:1"),
            ("latest", ""),
            ("1", "0:1 0:2 1:1"),
            ("99", ""),
            ("-1", "0:2 1:1"),
            ("2000-01-01T00:00:00.003Z", "0:2 1:1"),
            ("2000-01-01T01:00:00.003+01:00", "0:2 1:1"),
            (f"@{SECOND_2000 + 1}", "0:1 0:2 1:0 1:1"),
            ("2100-01-01", ""),
        ],
    )
    def test_where_it_begins(self, shell, orders, begin, expected):
        out = shell.ok("consume", orders, "--from", begin, "-f", "%p:%o ")
        assert sorted(out.split()) == expected.split()

    def test_values_a_line_by_default(self, shell, orders):
        assert sorted(shell.ok("consume", orders).splitlines()) == ["v0", "v1", "v2", "v3", "v4"]

    def test_limits(self, shell, orders):
        assert len(shell.ok("consume", orders, "-c", 4).splitlines()) == 4
        assert shell.ok("consume", orders, "--partition", 1) == "v1\nv3\n"
        assert shell.ok("consume", orders, "--partition", 1, "--max", 1) == "v1\n"

    def test_a_group_goes_on_where_it_was(self, shell, orders):
        group = f"g-{orders}"
        first = shell.ok("consume", orders, "--group", group, "-c", 2).splitlines()
        second = shell.ok("consume", orders, "--group", group).splitlines()
        assert sorted(first + second) == ["v0", "v1", "v2", "v3", "v4"]
        assert shell.ok("consume", orders, "--group", group) == ""
        shell.ok("produce", orders, "--partition", 1, stdin="more\n")
        assert shell.ok("consume", orders, "--group", group, "--from", "earliest") == "more\n"

    def test_a_new_group_begins_where_it_is_told(self, shell, orders):
        out = shell.ok("consume", orders, "--group", f"g2-{orders}", "--from", "-1", "-f", "%p:%o ")
        assert sorted(out.split()) == ["0:2", "1:1"]

    def test_what_cannot_be_read(self, shell, orders):
        assert shell.fails("consume", "c-none") == f"topic c-none does not exist on {shell.bootstrap}"
        assert "has no partition 5: it has 0 to 1" in shell.fails("consume", orders, "--partition", 5)
        assert "is none of earliest, latest" in shell.fails("consume", orders, "--from", "soon", code=64)
        assert "-f: %z is none of" in shell.fails("consume", orders, "-f", "%z", code=64)
        assert "give one" in shell.fails("consume", orders, "-f", "%s", "--json", code=64)


class TestGroup:
    def test_list_describe_reset_delete(self, shell, orders):
        group = f"g-{orders}"
        shell.ok("consume", orders, "--group", group, "--partition", 0)
        assert f"{group}\tEmpty\t" in shell.ok("group", "list")
        assert shell.ok("group", "describe", group) == f"{group}\t{orders}\t0\t3\t3\t0\t-\n"
        dry = shell.ok("group", "reset", group, "--topic", orders, "--to", "earliest", "--dry-run")
        assert dry == f"{orders}\t0\t3\t0\n{orders}\t1\t-\t0\n"
        assert shell.ok("group", "describe", group) == f"{group}\t{orders}\t0\t3\t3\t0\t-\n"
        assert shell.ok("group", "reset", group, "--topic", f"{orders}:0", "--to", 1) == f"{orders}\t0\t3\t1\n"
        (document,) = json.loads(shell.ok("group", "describe", group, "--json"))
        (partition,) = document["partitions"]
        assert (document["state"], partition["committed"], partition["lag"]) == ("Empty", 1, 2)
        assert shell.ok("consume", orders, "--group", group, "--partition", 0) == "v2\nv4\n"
        assert shell.ok("group", "delete", group) == f"deleted group {group}\n"
        assert shell.fails("group", "describe", group) == f"group {group} does not exist on {shell.bootstrap}"

    @pytest.mark.parametrize(
        ("target", "after"),
        [
            ("latest", [3, 2]),
            ("99", [3, 2]),
            ("-1", [2, 1]),
            ("2000-01-01T00:00:00.003", [2, 1]),
            ("2100-01-01", [3, 2]),
        ],
    )
    def test_reset_to(self, shell, orders, target, after):
        out = shell.ok("group", "reset", f"new-{orders}", "--topic", orders, "--to", target, "--json")
        assert [entry["after"] for entry in json.loads(out)["offsets"]] == after

    def test_what_is_refused(self, shell, orders):
        assert shell.fails("group", "delete", "g-none") == f"group g-none does not exist on {shell.bootstrap}"
        where = f"topic c-none does not exist on {shell.bootstrap}"
        assert shell.fails("group", "reset", "g", "--topic", "c-none", "--to", "latest") == where
        assert "is not TOPIC or" in shell.fails("group", "reset", "g", "--topic", f"{orders}:x", "--to", "0", code=64)


def start(shell, *args):
    command = [sys.executable, "-m", "tautolog", *map(str, args), "--bootstrap", shell.bootstrap]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL)


class TestProcesses:
    def test_a_follower_is_a_member_until_it_is_told_to_end(self, shell, orders):
        group = f"g-{orders}"
        follower = start(shell, "consume", orders, "--follow", "--group", group)
        try:
            assert sorted(follower.stdout.readline() for _ in range(5)) == [b"v%d\n" % n for n in range(5)]
            text = shell.fails("group", "reset", group, "--topic", orders, "--to", "earliest")
            assert "has 1 active member" in text
            assert shell.fails("group", "delete", group) == f"group {group} still has members on {shell.bootstrap}"
            (line,) = shell.ok("group", "describe", group, "--members").splitlines()
            assert line.endswith(f"\ttautolog\t/127.0.0.1\t{orders}:0,{orders}:1")
            shell.ok("produce", orders, stdin="later\n")
            assert follower.stdout.readline() == b"later\n"
        finally:
            follower.send_signal(signal.SIGTERM)
            _, err = follower.communicate(timeout=20)
        assert (follower.returncode, err) == (0, b"")
        assert shell.ok("group", "delete", group) == f"deleted group {group}\n"  # it left, nobody had to time out

    def test_a_reader_that_goes_away_is_not_an_error(self, shell, orders):
        shell.ok("produce", orders, stdin="x" * 100_000 + "\n" + "y" * 100_000 + "\n")
        with start(shell, "consume", orders) as reader:
            assert reader.stdout.read(1)
            reader.stdout.close()
            assert reader.stderr.read() == b""
        assert reader.returncode == 0

    def test_nobody_there_and_nobody_who_answers(self, shell):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            address = f"127.0.0.1:{free.getsockname()[1]}"
            begin = time.monotonic()
            assert shell.fails("topic", "list", "--bootstrap", address) == (
                f"no broker can be reached at {address}: connection refused"
            )
            free.listen()
            text = shell.fails("topic", "list", "--bootstrap", address)
            assert text == f"{address} accepts connections but does not answer as a Kafka broker"
            assert time.monotonic() - begin < 10

    def test_wrong_usage_of_the_whole_program_is_64(self, shell):
        process = start(shell, "topic", "create")
        _, err = process.communicate(timeout=20)
        assert process.returncode == 64
        assert b"Missing argument 'NAME'" in err

    def test_a_terminal_gets_tables(self, shell, orders):
        main, other = os.openpty()
        command = [sys.executable, "-m", "tautolog", "topic", "describe", orders, "--bootstrap", shell.bootstrap]
        environment = {**os.environ, "NO_COLOR": "1", "TERM": "xterm", "COLUMNS": "120"}
        process = subprocess.Popen(command, stdout=other, env=environment)
        os.close(other)
        text = b""
        try:
            while chunk := os.read(main, 4096):
                text += chunk
        except OSError:  # the other side is closed
            pass
        assert process.wait(20) == 0
        assert b"leader epoch" in text
        assert b"no configs of its own" in text
        os.close(main)
