"""What survives: kill -9, damaged tails, a full disk, a power cut. Against a real process and real files."""

import contextlib
import re
import resource
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from support.power import survivors
from support.raw_client import PRODUCE, RawClient, batch, produce_request
from support.served import Served, wait_for
from tautolog.core.errors import ErrorCode
from tautolog.core.messages.find_coordinator import FindCoordinatorRequest
from tautolog.core.messages.init_producer_id import InitProducerIdRequest
from tautolog.core.messages.offset_commit import (
    OffsetCommitRequest,
    OffsetCommitRequestPartition,
    OffsetCommitRequestTopic,
)
from tautolog.core.messages.offset_fetch import OffsetFetchRequest, OffsetFetchRequestTopic
from tautolog.core.records.record import build, records

OFFSET_COMMIT, OFFSET_FETCH, FIND_COORDINATOR, INIT_PRODUCER_ID = 8, 9, 10, 22


def values(client, topic, offset=0):
    """Everything in the topic from `offset` on."""
    found = []
    while True:
        data = client.fetch(topic, offset)
        assert data.error_code == 0
        if not data.records:
            assert offset == data.high_watermark
            return found
        for record in records(data.records):
            if record.offset >= offset:
                found.append(record.value)
        offset = record.offset + 1


def find_coordinator(client, group):
    request = FindCoordinatorRequest(key=group)
    wait_for(lambda: client.ask(FIND_COORDINATOR, 3, request).error_code == 0)


def commit(client, group, topic, offset):
    find_coordinator(client, group)
    wanted = OffsetCommitRequestTopic(
        name=topic, partitions=[OffsetCommitRequestPartition(partition_index=0, committed_offset=offset)]
    )
    request = OffsetCommitRequest(group_id=group, generation_id_or_member_epoch=-1, topics=[wanted])
    return client.ask(OFFSET_COMMIT, 7, request).topics[0].partitions[0].error_code


def committed(client, group, topic):
    find_coordinator(client, group)
    request = OffsetFetchRequest(group_id=group, topics=[OffsetFetchRequestTopic(topic, [0])])
    answer = client.ask(OFFSET_FETCH, 5, request)
    assert answer.error_code == 0
    return answer.topics[0].partitions[0].committed_offset


def test_all_that_was_acknowledged_is_there_after_kill_9(tmp_path):
    with Served(tmp_path) as broker:
        with RawClient(broker.address) as client:
            assert client.create("t", 2) == 0
            for number in range(20):
                assert client.produce("t", [b"%d-%d" % (number, n) for n in range(5000)]) == (0, number * 5000)
            assert commit(client, "g", "t", 77_777) == 0
        broker.kill()
        broker.start()
        with RawClient(broker.address) as client:
            assert client.end_offset("t") == 100_000
            assert values(client, "t", 99_000)[-1] == b"19-4999"
            assert client.produce("t", [b"next"]) == (0, 100_000)
            assert committed(client, "g", "t") == 77_777
        assert broker.stop() == 0
    assert "Traceback" not in broker.log_text()


@pytest.fixture(scope="module")
def killed(tmp_path_factory):
    """The data of a broker that was killed with three batches of two records in `t`."""
    with Served(tmp_path_factory.mktemp("killed")) as broker:
        with RawClient(broker.address) as client:
            assert client.create("t") == 0
            for number in range(3):
                assert client.produce("t", [b"a%d" % number, b"b%d" % number])[0] == 0
        broker.kill()
    return broker.data


def garbage(path):
    with path.open("ab") as log:
        log.write(b"\x93\x07garbage" * 50)
    return 6


def zeros(path):
    with path.open("ab") as log:
        log.write(bytes(5000))
    return 6


def half_a_batch(path):
    with path.open("ab") as log:
        log.write(build([(None, b"never")], base_offset=6, leader_epoch=0)[:-3])
    return 6


def cut(path):
    with path.open("r+b") as log:
        log.truncate(path.stat().st_size - 5)
    return 4


def flipped(path):
    data = bytearray(path.read_bytes())
    data[-3] ^= 1
    path.write_bytes(data)
    return 4


@pytest.mark.parametrize("damage", [garbage, zeros, half_a_batch, cut, flipped])
def test_a_damaged_tail_is_cut_at_the_first_bad_batch_and_said_so(killed, tmp_path, damage):
    shutil.copytree(killed, tmp_path / "data")
    log = tmp_path / "data" / "t-0" / f"{0:020d}.log"
    good = log.stat().st_size
    end = damage(log)
    with Served(tmp_path) as broker:
        with RawClient(broker.address) as client:
            assert client.end_offset("t") == end
            assert values(client, "t") == [b"a0", b"b0", b"a1", b"b1", b"a2", b"b2"][:end]
            assert client.produce("t", [b"next"]) == (0, end)
            assert values(client, "t", end) == [b"next"]
        lines = [line for line in broker.log_text().splitlines() if log.name in line and "t-0" in line]
        assert len(lines) == 1, broker.log_text()
        position = good if end == 6 else max(p for p in [int(n) for n in re.findall(r"\d+", lines[0])] if p < good)
        assert str(position) in lines[0]
        assert "Traceback" not in broker.log_text()


def test_disk_full_refuses_undoes_and_recovers(tmp_path):
    """A file size limit of the process stands for the disk: writes past it come back short, then fail."""
    with Served(tmp_path) as broker, RawClient(broker.address) as client:
        assert client.create("t") == 0
        assert client.create("other") == 0
        assert client.produce("t", [b"before"]) == (0, 0)
        log = broker.data / "t-0" / f"{0:020d}.log"
        size = log.stat().st_size
        resource.prlimit(broker.pid, resource.RLIMIT_FSIZE, (size + 5000, resource.RLIM_INFINITY))
        for _ in range(3):
            code, _ = client.produce("t", [bytes(10_000)])
            assert code == ErrorCode.KAFKA_STORAGE_ERROR
        assert log.stat().st_size == size
        assert values(client, "t") == [b"before"]
        assert client.produce("other", [b"small"]) == (0, 0)
        assert client.produce("t", [b"fits"]) == (0, 1)
        resource.prlimit(broker.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert client.produce("t", [bytes(10_000)]) == (0, 2)
        assert values(client, "t") == [b"before", b"fits", bytes(10_000)]
        assert broker.stop() == 0
        broker.start()
        with RawClient(broker.address) as again:
            assert len(values(again, "t")) == 3


def powered(tmp_path):
    """A broker with `--fsync always` whose disk keeps books about what is durable."""
    program = (sys.executable, str(Path(__file__).parents[2] / "support" / "power.py"), str(tmp_path / "shadow"))
    return Served(tmp_path / "one", fsync="always", program=program)


def after_power_cut(tmp_path):
    """A broker on what survived."""
    survivors(tmp_path / "shadow", tmp_path / "one" / "data", tmp_path / "two" / "data")
    return Served(tmp_path / "two")


def test_all_that_was_acknowledged_survives_a_power_cut(tmp_path):
    with powered(tmp_path) as broker:
        with RawClient(broker.address) as client:
            assert client.create("t", configs={"segment.bytes": "1048576"}) == 0
            producer = client.ask(INIT_PRODUCER_ID, 3, InitProducerIdRequest(transactional_id=None))
            assert producer.error_code == 0
            for number in range(40):
                assert client.produce("t", [b"%d" % number, bytes(30_000)]) == (0, 2 * number)
            assert commit(client, "g", "t", 33) == 0
            once = produce_request("t", stamped(producer.producer_id, 0))
            assert base_offset(client.ask(PRODUCE, 9, once)) == 80
        broker.kill()
    with after_power_cut(tmp_path) as broker, RawClient(broker.address) as client:
        assert values(client, "t")[:80:2] == [b"%d" % number for number in range(40)]
        assert committed(client, "g", "t") == 33
        assert base_offset(client.ask(PRODUCE, 9, once)) == 80, "a repeat is recognised"
        assert client.produce("t", [b"next"]) == (0, 81)
        assert (
            client.ask(INIT_PRODUCER_ID, 3, InitProducerIdRequest(transactional_id=None)).producer_id
            > producer.producer_id
        )


def test_pipelined_produces_of_several_clients_survive_a_power_cut(tmp_path):
    acknowledged = {}

    def load(number):
        with RawClient(broker.address) as client:
            for turn in range(6):
                sent = [
                    client.send(PRODUCE, 9, produce_request("t", batch([b"%d-%d-%d" % (number, turn, n)])))
                    for n in range(20)
                ]
                for n, one in enumerate(sent):
                    acknowledged[base_offset(client.receive(one))] = b"%d-%d-%d" % (number, turn, n)

    with powered(tmp_path) as broker:
        with RawClient(broker.address) as client:
            assert client.create("t") == 0
        threads = [threading.Thread(target=load, args=(number,)) for number in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        broker.kill()
    assert len(acknowledged) == 360
    with after_power_cut(tmp_path) as broker, RawClient(broker.address) as client:
        assert values(client, "t") == [acknowledged[offset] for offset in range(360)]


def test_the_power_cut_is_seen_to_lose_what_is_not_synced(tmp_path):
    """The same with `--fsync never`: if nothing were lost here, the tests above would show nothing."""
    program = (sys.executable, str(Path(__file__).parents[2] / "support" / "power.py"), str(tmp_path / "shadow"))
    with Served(tmp_path / "one", fsync="never", program=program) as broker:
        with RawClient(broker.address) as client:
            assert client.create("t") == 0
            assert client.produce("t", [b"x"]) == (0, 0)
        broker.kill()
    survivors(tmp_path / "shadow", broker.data, tmp_path / "two")
    assert not (tmp_path / "two" / "t-0").exists()


def stamped(producer_id, sequence):
    """One batch of an idempotent producer."""
    return bytes(build([(None, b"once")], producer_id=producer_id, producer_epoch=0, base_sequence=sequence))


def base_offset(answer):
    partition = answer.responses[0].partition_responses[0]
    assert partition.error_code == 0
    return partition.base_offset


def test_a_failed_sync_stops_the_broker_and_nothing_more_is_acknowledged(tmp_path):
    program = tmp_path / "failing.py"
    program.write_text(
        "import os, sys\n"
        "real, flag = os.fsync, sys.argv.pop(1)\n"
        "def fsync(descriptor):\n"
        "    if os.path.exists(flag):\n"
        "        raise OSError(5, 'Input/output error')\n"
        "    real(descriptor)\n"
        "os.fsync = fsync\n"
        "from tautolog.cli.main import main\n"
        "main()\n"
    )
    flag = tmp_path / "flag"
    with Served(tmp_path / "b", fsync="always", program=(sys.executable, str(program), str(flag))) as broker:
        with RawClient(broker.address) as client:
            assert client.create("t") == 0
            assert client.produce("t", [b"fine"]) == (0, 0)
            flag.touch()
            with pytest.raises((EOFError, ConnectionResetError)):
                client.produce("t", [b"lost"])
        assert broker.ended() == 74
        assert "a sync failed" in broker.log_text()
        assert "Input/output error" in broker.log_text()


def test_a_bug_stops_the_broker_loudly(tmp_path):
    program = tmp_path / "buggy.py"
    program.write_text(
        "from tautolog.core.api import api_versions\n"
        "def handle(broker, peer, request):\n"
        "    raise ZeroDivisionError('on purpose')\n"
        "api_versions.handle = handle\n"
        "from tautolog.cli.main import main\n"
        "main()\n"
    )
    from tautolog.core.messages.api_versions import ApiVersionsRequest

    with Served(tmp_path / "b", program=(sys.executable, str(program))) as broker:
        with RawClient(broker.address) as client, pytest.raises((EOFError, ConnectionResetError)):
            client.ask(18, 3, ApiVersionsRequest("a", "1"))
        assert broker.ended() == 70
        assert "a bug of ours" in broker.log_text()
        assert "Traceback" in broker.log_text()


def fill(path):
    with contextlib.suppress(OSError), path.open("wb", buffering=0) as ballast:
        while True:
            ballast.write(bytes(4096))


@pytest.mark.skipif(sys.platform != "linux" or shutil.which("mount") is None, reason="needs a tmpfs of its own")
def test_a_really_full_disk(tmp_path):
    """A tmpfs of 2 MB, where mounting is allowed: filled to the brim, emptied, used again."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tautolog", str(disk)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"mounting is not allowed: {mounted.stderr.strip()}")
    try:
        served = Served(disk)
        served.log = tmp_path / "broker.log"
        with served as broker, RawClient(broker.address) as client:
            assert client.create("t") == 0
            assert commit(client, "g", "t", 0) == 0
            (disk / "reserve").write_bytes(bytes(1 << 20))
            written = 0
            while (code := client.produce("t", [bytes(50_000)])[0]) == 0:
                written += 1
            assert code == ErrorCode.KAFKA_STORAGE_ERROR
            fill(disk / "ballast")
            wait_for(lambda: commit(client, "g", "t", 1) != 0)  # once its page is full
            assert len(values(client, "t")) == written
            assert client.produce("t", [bytes(50_000)])[0] == ErrorCode.KAFKA_STORAGE_ERROR
            assert client.create("more") != 0 or client.produce("more", [b"x"])[0] != 0
            (disk / "reserve").unlink()
            assert client.produce("t", [b"room"]) == (0, written)
            assert commit(client, "g", "t", 2) == 0
            fill(disk / "more ballast")
            assert broker.stop() == 0
            assert "Traceback" not in broker.log_text()
            with pytest.raises(AssertionError, match="did not start"):
                broker.start()
            assert "the broker cannot start: " in broker.log_text()
            assert "Traceback" not in broker.log_text()
            (disk / "more ballast").unlink()
            broker.start()
            with RawClient(broker.address) as again:
                assert len(values(again, "t")) == written + 1
                assert committed(again, "g", "t") == 2
    finally:
        subprocess.run(["umount", str(disk)], check=False)


def test_topics_survive_a_power_cut_even_with_many_at_once(tmp_path):
    with powered(tmp_path) as broker:
        with RawClient(broker.address) as client:
            for number in range(5):
                assert client.create(f"t{number}", 3) == 0
                assert client.produce(f"t{number}", [b"x"], partition=2) == (0, 0)
        broker.kill()
    with after_power_cut(tmp_path) as broker, RawClient(broker.address) as client:
        for number in range(5):
            assert client.fetch(f"t{number}", 0, partition=2).high_watermark == 1
