"""Links, datagrams and connections: what each fault means on its layer, and that it fires."""

import pytest

from tautolog.sim.choices import Seeded
from tautolog.sim.network import DATA, Network
from tautolog.sim.scheduler import MILLISECOND, SECOND, Scheduler


class StubEnd:
    """A machine that writes down what it is told."""

    def __init__(self, host, *, listening=True):
        self.host = host
        self.on = True
        self.listening = listening
        self.seen = []

    def powered(self):
        return self.on

    def listens(self):
        return self.listening

    def opened(self, connection):
        self.seen.append("opened")

    def arrived(self, connection, payload):
        self.seen.append(payload)

    def closed(self, connection, reason):
        self.seen.append(reason)


class Net:
    def __init__(self, seed=1):
        self.scheduler = Scheduler()
        self.network = Network(self.scheduler, Seeded(seed))
        self.client, self.server = StubEnd("client"), StubEnd("server")

    def connect(self):
        connection = self.network.connect(self.client, self.server)
        self.run(10)
        return connection

    def run(self, milliseconds):
        self.scheduler.run_until(self.scheduler.now_ns + milliseconds * MILLISECOND)


@pytest.fixture
def net():
    return Net()


def test_a_connection_opens_on_both_sides_and_carries_in_order(net):
    connection = net.connect()
    for number in range(50):
        connection.forward.send(DATA, number)
        connection.backward.send(DATA, -number)
    net.run(10)
    assert net.server.seen == ["opened", *range(50)]
    assert net.client.seen == ["opened", *(-number for number in range(50))]


def test_nobody_listening_is_refused(net):
    net.server.listening = False
    net.connect()
    assert net.client.seen == ["refused"]


def test_a_machine_without_power_says_nothing_at_all(net):
    net.server.on = False
    net.connect()
    net.run(60_000)
    assert net.client.seen == []


def test_closing_delivers_what_was_sent_before_and_then_the_end(net):
    connection = net.connect()
    connection.forward.send(DATA, "last words")
    connection.end(net.client)
    net.run(10)
    assert net.server.seen == ["opened", "last words", "closed"]
    connection.backward.send(DATA, "too late")
    net.run(10)
    assert net.client.seen == ["opened"]


def test_a_reset_loses_what_is_under_way_in_both_directions(net):
    connection = net.connect()
    connection.forward.send(DATA, "request")
    connection.backward.send(DATA, "answer")
    connection.reset()
    net.run(1000)
    assert net.server.seen == ["opened", "reset"]
    assert net.client.seen == ["opened", "reset"]


def test_half_open_after_power_loss_until_the_machine_is_back(net):
    connection = net.connect()
    connection.vanish(net.server)
    net.server.on = False
    connection.forward.send(DATA, "into the void")
    net.run(10_000)
    assert net.client.seen == ["opened"]
    net.server.on = True
    connection.forward.send(DATA, "hello?")
    net.run(10)
    assert net.client.seen == ["opened", "reset"]
    assert net.server.seen == ["opened"]


def test_a_cut_holds_a_connection_back_and_healing_goes_on_in_order(net):
    connection = net.connect()
    net.network.cut("client", "server")
    for number in range(3):
        connection.forward.send(DATA, number)
    net.run(30_000)
    assert net.server.seen == ["opened"]
    net.network.heal("client", "server")
    connection.forward.send(DATA, 3)
    net.run(300)
    assert net.server.seen == ["opened", 0, 1, 2, 3]


def test_a_one_way_cut_stops_one_direction_only(net):
    connection = net.connect()
    net.network.cut("server", "client", both_ways=False)
    connection.forward.send(DATA, "question")
    connection.backward.send(DATA, "answer")
    net.run(1000)
    assert net.server.seen == ["opened", "question"]
    assert net.client.seen == ["opened"]


def test_a_cut_that_returns_before_the_retransmission_holds_on(net):
    connection = net.connect()
    net.network.cut("client", "server")
    connection.forward.send(DATA, "patient")
    net.run(10)
    net.network.heal("client", "server")
    net.network.cut("client", "server")
    net.run(10_000)
    assert net.server.seen == ["opened"]
    net.network.heal("client", "server")
    net.run(300)
    assert net.server.seen == ["opened", "patient"]


def test_a_clog_delays_everything_and_loses_nothing(net):
    connection = net.connect()
    net.network.clog("client", "server", 5 * SECOND)
    connection.forward.send(DATA, 1)
    connection.forward.send(DATA, 2)
    net.run(4_900)
    assert net.server.seen == ["opened"]
    net.run(200)
    assert net.server.seen == ["opened", 1, 2]


def test_loss_on_a_connection_is_a_retransmission_delay(net):
    connection = net.connect()
    link = net.network.link("client", "server")
    link.loss_ppm = 300_000
    for number in range(30):
        connection.forward.send(DATA, number)
    net.run(10)
    assert len(net.server.seen) < 30
    assert link.lost > 0
    net.run(60_000)
    assert net.server.seen == ["opened", *range(30)]


def test_a_slow_link_takes_time_by_size(net):
    connection = net.connect()
    net.network.link("client", "server").bytes_per_second = 1000
    connection.forward.send(DATA, "big", 2000)
    connection.forward.send(DATA, "small", 500)
    net.run(1990)
    assert net.server.seen == ["opened"]
    net.run(20)
    assert net.server.seen == ["opened", "big"]
    net.run(520)
    assert net.server.seen == ["opened", "big", "small"]


def test_latency_and_jitter_belong_to_each_link(net):
    link = net.network.link("client", "server")
    link.latency_ns, link.jitter_ns = 40 * MILLISECOND, 20 * MILLISECOND
    delays = [link.delay_ns(0, 0) for _ in range(200)]
    assert 40 * MILLISECOND <= min(delays) < 44 * MILLISECOND
    assert 56 * MILLISECOND < max(delays) < 60 * MILLISECOND
    assert net.network.link("server", "client").delay_ns(0, 0) < MILLISECOND


def datagrams(net, count=400):
    seen = []
    for number in range(count):
        net.network.datagram("client", "server", seen.append, number)
        net.scheduler.run_until(net.scheduler.now_ns + MILLISECOND)
    net.run(10_000)
    return seen


def test_datagrams_without_faults_arrive_once_and_in_order(net):
    assert datagrams(net) == list(range(400))


def test_datagrams_are_lost(net):
    net.network.link("client", "server").loss_ppm = 250_000
    seen = datagrams(net)
    assert 250 < len(seen) < 350
    assert seen == sorted(set(seen))


def test_datagrams_are_duplicated(net):
    net.network.link("client", "server").duplicate_ppm = 250_000
    seen = datagrams(net)
    assert set(seen) == set(range(400))
    assert 450 < len(seen) < 550


def test_datagrams_are_reordered(net):
    net.network.link("client", "server").reorder_ppm = 500_000
    seen = datagrams(net)
    assert sorted(seen) == list(range(400))
    assert seen != sorted(seen)


def test_datagrams_die_at_a_cut_and_wait_in_a_clog(net):
    seen = []
    net.network.cut("client", "server")
    net.network.datagram("client", "server", seen.append, "lost")
    net.run(10)
    net.network.heal("client", "server")
    net.network.clog("client", "server", SECOND)
    net.network.datagram("client", "server", seen.append, "late")
    net.run(900)
    assert seen == []
    net.run(200)
    assert seen == ["late"]


def test_the_character_of_links_is_given_to_present_and_future_ones(net):
    net.network.link("client", "server")

    def slow(link):
        link.latency_ns = 7 * MILLISECOND

    net.network.prepare(slow)
    net.network.link("server", "client")
    assert [link.latency_ns for link in net.network.links()] == [7 * MILLISECOND] * 2


def test_connections_between_two_machines_are_found(net):
    first, second = net.connect(), net.connect()
    assert net.network.between("server", "client") == [first, second]
    first.end(net.client)
    net.run(10)
    assert net.network.between("server", "client") == [second]
