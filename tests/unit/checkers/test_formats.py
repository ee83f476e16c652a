"""Formats: recognised by content, read with what they mean, written and read again without loss; odd input in one sentence."""

import gzip
import json
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tautolog_checkers.history import problems
from tautolog_checkers.history.edn import Parser, dump_edn, read_edn, write_edn
from tautolog_checkers.history.edn_values import Keyword, Tagged, hashable
from tautolog_checkers.history.events import Event
from tautolog_checkers.history.formats import WRITERS, read_history, recognise
from tautolog_checkers.history.jsonl import read_lines, write_jsonl
from tautolog_checkers.history.operations import pair
from tautolog_checkers.history.packed import MAGIC, write_packed
from tautolog_checkers.history.problems import PIECE, HistoryError, Problems

EDN = """[{:type :invoke, :f :send, :value [[:send 3 17]], :process 0, :time 915, :index 0}
 {:type :ok, :f :send, :value [[:send 3 [42 17]]], :process 0, :time 1475, :index 1}
 {:type :info, :f :kill, :value :n1, :process :nemesis, :time 1500, :index 2}
 {:type :invoke, :f :poll, :value [[:poll]], :process 1, :time 1600, :index 3}
 {:type :ok, :f :poll, :value [[:poll {3 [[42 17]], 4 [[0 nil] [1 2]]}]], :process 1, :time 1700, :index 4}]
"""


def read(text, tmp_path, name="h", **options):
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_history(path, **options)


def test_edn_in_every_layout_is_the_same(tmp_path):
    vector = read(EDN, tmp_path)
    assert vector.format == "edn"
    assert vector.events[4].value == [["poll", {3: [[42, 17]], 4: [[0, None], [1, 2]]}]]
    assert vector.events[2].process == "nemesis"
    maps = EDN.strip().removeprefix("[").removesuffix("]")
    for other in (
        maps,
        f"({maps})",
        "; a comment\n" + EDN,
        maps.replace("{:type", "#jepsen.history.Op{:type"),
        EDN.replace("\n", " "),
        EDN.replace(", :f", ",\n   :f"),
        "\n".join(line.strip() + " ; said so" for line in maps.splitlines()),
    ):
        assert read(other, tmp_path).events == vector.events, other
    assert [event.line for event in vector.events] == [1, 2, 3, 4, 5]


def test_the_fast_way_through_edn_is_the_slow_way(tmp_path):
    chance = random.Random(5)
    texts = []
    for index in range(400):
        polled = {
            chance.randrange(3): [[chance.randrange(9), chance.randrange(99)] for _ in range(chance.randrange(4))]
        }
        value = chance.choice(
            [[[Keyword("poll"), polled]], [[Keyword("poll")]], [[Keyword("send"), 1, [2, 3]]], 7, None, [1, 2]]
        )
        texts.append(
            f"{{:index {index}, :type :info, :f :txn, :process {index}, :value {dump_edn(value)}, :time {index * 7}}}"
        )
    text = "[" + "\n ".join(texts) + "]\n"
    slow = Parser().forms(text)[0][0]
    fast = read_edn(text.encode(), Problems()).events
    assert [event.value for event in fast] == [form["value"] for form in slow]
    assert [event.time for event in fast] == [form["time"] for form in slow]


def test_edn_values():
    text = '{:a "x\\n\\"y\\u00e9" b #{1 2} 3.5 [nil true] :k/w #inst "2020" #_ 7 -4N \\newline}'
    ((value, position),) = Parser().forms(text)
    assert position == 0
    assert value["a"] == 'x\n"yé'
    assert value["b"] == frozenset({1, 2})
    assert value[3.5] == [None, True]
    assert value["k/w"] == Tagged("inst", "2020")
    assert value[-4] == "\n"


words = st.text(max_size=4) | st.sampled_from(
    [
        "send",
        "poll",
        "read",
        "nil",
        ":a",
        "12",
        "-3",
        "007",
        "\u2028",
        "\x00",
        "\x85",
        "\ud800",
        "</script>",
        '"',
        "\\",
        "\n",
    ]
)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
events = st.lists(
    st.tuples(
        st.integers(-3, 5) | st.sampled_from(["nemesis", "broker-1", "a b", ":x", "", "5", "nil"]),
        st.sampled_from(["invoke", "ok", "fail", "info"]),
        st.sampled_from(["send", "read", "kill-it", "txn", "two words", "", "1x", "a:b", "nil"]),
        plain,
        st.none() | st.integers(-5, 2**66),
        st.dictionaries(st.sampled_from(["key", "two words", "a:b", "", "1", "a/b", "\xe9"]), plain, max_size=2),
    ),
    max_size=4,
).map(lambda rows: [Event(3 * n, p, k, f, v, t, extra or None) for n, (p, k, f, v, t, extra) in enumerate(rows)])


@given(events)
def test_round_trips_lose_nothing(tmp_path_factory, listed):
    folder = tmp_path_factory.mktemp("trip")
    write_jsonl(listed, folder / "a.jsonl")
    write_edn(listed, folder / "a.edn")
    write_packed(listed, folder / "a.packed")
    for name in ("a.jsonl", "a.edn", "a.packed"):
        assert read_history(folder / name).events == listed, name


atoms = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.sampled_from(["a", Keyword("b/c"), 0.5, math.inf])
rich = st.recursive(
    atoms,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(lambda items: frozenset(map(hashable, items))),
        st.lists(st.tuples(inner, inner), max_size=3).map(lambda pairs: {hashable(key): item for key, item in pairs}),
        inner.map(lambda value: Tagged("t/x", value)),
        st.dictionaries(st.integers(-3, 3) | inner.map(hashable), inner, max_size=3).map(
            lambda polled: [["poll", polled]]
        ),
    ),
    max_leaves=8,
)


def canonical(value):
    """A value whose vectors, lists and strings of all kinds look alike, and whose numbers and truths do not."""
    if isinstance(value, list | tuple):
        return [canonical(item) for item in value]
    if isinstance(value, dict):
        return "map", sorted(([canonical(key), canonical(item)] for key, item in value.items()), key=repr)
    if isinstance(value, frozenset):
        return "set", sorted(map(canonical, value), key=repr)
    if isinstance(value, Tagged):
        return "tag", value.tag, canonical(value.value)
    return str(value) if isinstance(value, str) else repr(value)


@given(rich)
def test_values_of_edn_survive_every_format(tmp_path_factory, value):
    folder = tmp_path_factory.mktemp("trip")
    listed = [Event(0, 0, "invoke", "write", value)]
    for name in ("a.edn", "b.jsonl", "c.packed", "d.edn"):
        WRITERS[f".{name[2:]}"](listed, folder / name)
        listed = read_history(folder / name).events
        if name.endswith("edn"):
            assert canonical(listed[0].value) == canonical(value)


def test_what_only_edn_has_survives_json_lines(tmp_path):
    text = """{:index 0, :process 0, :type :invoke, :f :write, :value #{1 2}, :note #inst "2020"}
{:index 1, :process 0, :type :ok, :f :write, :value {0 10, 1 {2 ##Inf}}}
{:index 2, :process 0, :type :invoke, :f :txn, :value [[:poll {3 [[4 5]]}]]}
"""
    before = read(text, tmp_path, "a.edn").events
    for name in ("b.jsonl", "b.packed", "b.edn"):
        WRITERS[f".{name.split('.')[1]}"](before, tmp_path / name)
    assert read_history(tmp_path / "b.edn").events == before
    after = read_history(tmp_path / "b.jsonl").events
    assert after == read_history(tmp_path / "b.packed").events
    assert after[:2] == before[:2]
    assert after[2].value == [["poll", {"3": [[4, 5]]}]]
    write_edn(after, tmp_path / "c.edn")
    assert read_history(tmp_path / "c.edn").events == before


def test_an_object_that_only_looks_like_ours_stays(tmp_path):
    listed = [Event(0, 0, "invoke", "write", {"#edn/set": 3}), Event(1, 0, "ok", "write", {"#edn/map": [[1]], "b": 2})]
    write_jsonl(listed, tmp_path / "a.jsonl")
    assert read_history(tmp_path / "a.jsonl").events == listed


def log_history(count=300):
    listed, log, chance = [], [], random.Random(1)
    for number in range(count):
        process = number % 7
        if chance.random() < 0.5:
            listed.append(Event(len(listed), process, "invoke", "append", number, None, {"key": 2}))
            listed.append(Event(len(listed), process, "ok", "append", [len(log), number], None, {"key": 2}))
            log.append(number)
        else:
            start = chance.randint(0, len(log))
            listed.append(Event(len(listed), process, "invoke", "read", {"from": start}, None, {"key": 2}))
            told = {"from": start, "values": log[start:], "end": True}
            listed.append(Event(len(listed), process, "ok", "read", told, None, {"key": 2}))
    listed.append(Event(len(listed), 9, "invoke", "append", -5, None, {"key": 2}))
    return listed


def test_logs_are_packed_in_columns(tmp_path):
    listed = log_history()
    write_packed(listed, tmp_path / "l.packed")
    assert (tmp_path / "l.packed").read_bytes()[14:15] == b"L"
    assert read_history(tmp_path / "l.packed").events == listed


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"process":0,"type":"invoke","f":"read"}\n', "jsonl"),
        ('[{"process":0,"type":"invoke","f":"read"}]', "elle-json"),
        ("[]", "elle-json"),
        (EDN, "edn"),
        ("{:index 0 :type :invoke}", "edn"),
        ("{\n  :index 0\n  :type :invoke}", "edn"),
        ('{"index" 0 "type" "invoke"}', "edn"),
        ("; of a run\n[\n{:index 0 :type :invoke}]", "edn"),
        ('[\n  {\n    "index": 0,\n    "type": "invoke"\n  }\n]', "elle-json"),
        ('[ { "index" : 0 } ]', "elle-json"),
        ('\ufeff{"index":0}\n', "jsonl"),
        ("# of a run\n# @object atomic-queue\n[1] call add(1)\n", "polylin"),
        ("INFO  jepsen.util - 0\t:invoke\t:read\tnil\n", "porcupine-etcd"),
        ('{:process 0, :type :invoke, :f :get, :key "7", :value nil}\n', "porcupine-kv"),
        ("# @object atomic-queue\n[1] call add(1)\n", "polylin"),
        ("", "jsonl"),
    ],
)
def test_formats_are_recognised_by_content(text, name):
    assert recognise(text.encode()) == name


@pytest.mark.parametrize(
    "text",
    [
        '{"process":0,"type":"invoke","f":"write","value":"x"}\r\n',
        '[{"process":0,"type":"invoke","f":"write","value":"x"}]\r\n',
        '{:process 0 :type :invoke :f :write :value "x"}\r\n',
    ],
)
def test_a_mark_of_the_byte_order_is_no_content(tmp_path, text):
    assert read("\ufeff" + text, tmp_path).events == [Event(0, 0, "invoke", "write", "x")]


def test_two_halves_of_a_character_are_one(tmp_path):
    (event,) = read(r'{:process 0 :type :invoke :f :write :value "\ud83d\ude00"}', tmp_path).events
    assert event.value == "\U0001f600"


@pytest.mark.parametrize("data", [b"no gzip", gzip.compress(b'{"process":0}' * 99)[:-9]])
def test_a_damaged_gzip_file_is_told_in_one_sentence(tmp_path, data):
    with pytest.raises(HistoryError, match=r"h.gz: expected a whole gzipped file, found "):
        read(data, tmp_path, "h.gz")


def test_a_failed_cas_of_an_etcd_log_saw_another_value(tmp_path):
    text = "INFO  jepsen.util - 0\t:invoke\t:cas\t[1 2]\nINFO  jepsen.util - 0\t:fail\t:cas\t[1 2]\n"
    text += "INFO  jepsen.util - 1\t:invoke\t:read\tnil\nINFO  jepsen.util - 1\t:fail\t:read\t:timed-out\n"
    text += "INFO  jepsen.util - 2\t:invoke\t:write\t3\nINFO  jepsen.util - 2\t:info\t:write\t:timed-out\n"
    history = read(text, tmp_path)
    assert history.events[1].extra == {"failed": "observed"}
    assert [event.type for event in history.events] == ["invoke", "fail", "invoke", "fail", "invoke", "info"]


LINE = '{"index":%d,"process":0,"type":"%s","f":"read","value":null}'


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('{"index":0', 1, "a JSON object"),
        ("[1]\n", 1, "object"),
        ("\n\nnull\n", 3, "JSON object"),
        (LINE % (0, "invoke") + " x\n", 1, "behind it"),
        (LINE % (0, "begin"), 1, "invoke, ok, fail or info"),
        (LINE % (0, "invoke") + "\n" + LINE % (0, "ok"), 2, "an index that no event before has"),
        ('{"type":"ok","f":"read"}', 1, '"process"'),
        ('{"type":"ok","process":0}', 1, '"f"'),
        ('{"type":"ok","process":0,"f":"read","index":-1}', 1, '"index"'),
        ('{"type":"ok","process":0,"f":"read","time":"now"}', 1, '"time"'),
        (b'{"type":"ok","process":0,"f":"\xff"}', 1, "UTF-8"),
        ('{"a":' + "[" * 100_000, 1, "nested more than 400 deep"),
        (' {"a":' + "[" * 401 + "]" * 401 + "}", 1, "nested more than 400 deep"),
        ('{"index":' + "9" * 5000 + "}", 1, "too many digits"),
    ],
)
def test_odd_lines_are_told_by_file_line_and_what_was_expected(tmp_path, text, line, words):
    with pytest.raises(HistoryError) as told:
        read(text, tmp_path, "odd", format="jsonl")
    assert told.value.line == line
    assert words in str(told.value)
    assert str(told.value).startswith(f"{tmp_path / 'odd'}:{line}: expected ")
    history = read(text, tmp_path, "odd", format="jsonl", lenient=True)
    assert history.problems.count == 1


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[{:type :ok, :process 0 :f :read}\n {:type :oops :process 0 :f :read}]", 2),
        ("[{:type :ok :process 0 :f :read}\n {:type :ok :process 0 :f", 2),
        ("[{:type :ok :process 0 :f :read}\n 7]", 2),
        ("[" * 5000, 1),
        ('{:type :ok :process 0 :f "x', 1),
        (
            "{:type :ok :process 0 :f :read :value nil :index 0}\n{:type :ok :process 0 :f :read :value nil :index "
            + "9" * 5000
            + "}",
            2,
        ),
    ],
)
def test_odd_edn_is_told_alike(tmp_path, text, line):
    with pytest.raises(HistoryError) as told:
        read(text, tmp_path, "odd", format="edn")
    assert told.value.line == line
    assert read(text, tmp_path, "odd", format="edn", lenient=True).problems.count >= 1


def test_odd_json_arrays_are_told_alike(tmp_path):
    with pytest.raises(HistoryError, match=r":3: expected an object"):
        read('[{"type":"ok","process":0,"f":"read"},\n\n {"type"', tmp_path)
    cut = '[{"type":"invoke","process":0,"f":"read"},\n{"type":},\n{"type":"ok","process":0,"f":"read"},\n'
    history = read(cut, tmp_path, lenient=True)
    assert (len(history.events), history.problems.count) == (2, 2)
    with pytest.raises(HistoryError, match=r":2: expected an object.*nested more than 400 deep"):
        read('[\n{"value":' + "[" * 401 + "]" * 401 + "}]", tmp_path)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("INFO  jepsen.util - 0\t:invoke\t:frob\t1\n", 1, "read, write or cas"),
        (
            "INFO  jepsen.util - :nemesis\t:info\t:start\tnil\nINFO  jepsen.util - 0\t:invoke\t:cas\t[1 2\n",
            2,
            "a number",
        ),
        (b"INFO  jepsen.util - 0\t:ok\t:read\t\xff\n", 1, "UTF-8"),
        ('{:process 0, :type :invoke, :f :get, :key "7", :value nil}\nso\n', 2, "a line {:process N"),
        ("# @object atomic-queue\n[1] call add(5)\n[1] returns\n", 3, r"[N] call F(V)"),
        ("# @object atomic-queue\n[1] call frob(5)\n", 2, "one of add, enq"),
        (b"# @object atomic-queue\n[1] call add(\xff)\n", 2, "UTF-8"),
        (MAGIC + b"\x09\x00\x00\x00E{}", 0, "a whole block"),
        (MAGIC + b"\x03\x00\x00\x00Labc", 0, "a whole header"),
        (MAGIC + b"\x00\x00\x00\x00X", 0, "the kinds E and L"),
    ],
)
def test_odd_logs_and_packed_files_are_told_alike(tmp_path, text, line, words):
    with pytest.raises(HistoryError) as told:
        read(text, tmp_path, "odd")
    assert (told.value.line, words in str(told.value)) == (line, True), str(told.value)
    assert read(text, tmp_path, "odd", lenient=True).problems.count >= 1


@pytest.mark.parametrize("place", range(10, 160, 3))
def test_a_damaged_packed_file_is_no_accident(tmp_path, place):
    write_packed(log_history(12), tmp_path / "l.packed")
    data = bytearray((tmp_path / "l.packed").read_bytes())
    data[place] ^= 0x85
    (tmp_path / "l.packed").write_bytes(data)
    told = None
    try:
        found = list(pair(read_history(tmp_path / "l.packed")))
    except HistoryError as refused:
        found, told = [], str(refused)
    assert len(found) == 13 if told is None else str(tmp_path / "l.packed") in told


@pytest.mark.parametrize(
    "spoil", [lambda _: b"hello", lambda packed: packed[:-9], lambda packed: packed[:12] + b"?" * 99]
)
def test_a_damaged_gzipped_file_is_told(tmp_path, spoil):
    lines = "".join(f'{{"process":{n},"type":"invoke","f":"write","value":{n}}}\n' for n in range(99))
    (tmp_path / "h.jsonl.gz").write_bytes(gzip.compress(lines.encode()))
    assert len(read_history(tmp_path / "h.jsonl.gz")) == 99
    (tmp_path / "h.jsonl.gz").write_bytes(spoil(gzip.compress(lines.encode())))
    with pytest.raises(HistoryError, match=r"h.jsonl.gz: expected a whole gzipped file, found \w"):
        read_history(tmp_path / "h.jsonl.gz", lenient=True)


@pytest.mark.parametrize("size", [1, 7, 64, PIECE])
@pytest.mark.parametrize("data", [b"", b"a", b"a\n", b"\n\na\n\nbb", b"aaaaaaa\n\nb" * 20])
def test_a_document_is_taken_apart_piece_by_piece(data, size, monkeypatch):
    monkeypatch.setattr(problems, "PIECE", size)
    assert list(problems.lines(data)) == data.split(b"\n")


def test_what_a_reader_takes_at_once_is_told_before(tmp_path):
    told = []
    for name in ("h.jsonl", "h.edn", "h.packed"):
        listed = [Event(n, n, "invoke", "write", "x" * 50) for n in range(99)]
        WRITERS[name[1:]](listed, tmp_path / name)
        assert len(read_history(tmp_path / name, room=told.append)) == 99
        size = (tmp_path / name).stat().st_size
        before, more = told[-2:]  # the file itself, and what its reader takes beside it
        assert (before, more // size) == (size, 0 if name == "h.jsonl" else 2)


def test_a_completion_needs_its_invocation():
    history = read_lines((LINE % (0, "ok")).encode(), Problems("f"))
    with pytest.raises(HistoryError, match="f:1: expected an invocation by process 0"):
        list(pair(history))
    history = read_lines((LINE % (0, "ok")).encode(), Problems("f", lenient=True))
    assert list(pair(history)) == []
    assert history.problems.count == 1


def test_json_lines_look_as_documented(tmp_path):
    write_jsonl([Event(0, 0, "invoke", "send", [["send", 3, 17]], 915)], tmp_path / "a.jsonl")
    text = (tmp_path / "a.jsonl").read_text()
    assert text == '{"index":0,"time":915,"process":0,"type":"invoke","f":"send","value":[["send",3,17]]}\n'
    assert json.loads(text)["f"] == "send"
