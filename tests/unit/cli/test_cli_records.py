"""Records as text, positions as people name them, and the sentences for what cannot be read."""

import json
from types import SimpleNamespace

import pytest

from tautolog.cli import positions, records
from tautolog.cli.errors import Usage
from tautolog.cli.positions import Position
from tautolog.cli.remote import Cluster, error_in, pairs


def record(**fields):
    defaults = {
        "topic": "orders",
        "partition": 2,
        "offset": 7,
        "timestamp": 1000,
        "key": b"k",
        "value": b"v",
        "headers": [],
    }
    return SimpleNamespace(**(defaults | fields))


class TestFormat:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            (r"%s\n", b"v\n"),
            ("%t/%p/%o/%T", b"orders/2/7/1000"),
            (r"%k\t%K %S%%", b"k\t1 1%"),
            (r"\x41\\\r\0", b"A\\\r\0"),
            ("%R%s", b"\0\0\0\1v"),
            ("100 %% ä \\", "100 % ä \\".encode()),
            ("", b""),
        ],
    )
    def test_tokens_and_escapes(self, text, expected):
        assert records.printer(text)(record()) == expected

    def test_null_is_empty_with_length_minus_1(self):
        assert records.printer("%k|%K|%s|%S|%R")(record(key=None, value=None)) == b"|-1||-1|\xff\xff\xff\xff"

    def test_headers(self):
        headers = [("a", b"1"), ("a", b"2"), ("n", None)]
        assert records.printer("%h")(record(headers=headers)) == b"a=1,a=2,n=NULL"

    def test_bytes_go_through_as_they_are(self):
        assert records.printer("%s")(record(value=bytes(range(256)))) == bytes(range(256))

    @pytest.mark.parametrize("text", ["%z", "%", r"\xzz", r"\x"])
    def test_what_is_no_format(self, text):
        with pytest.raises(Usage, match=r"^-f: "):
            records.printer(text)


class TestJson:
    def test_what_is_not_text_is_base64(self):
        line = json.loads(records.to_json(record(key=b"\xff", value=None, headers=[("h", b"\xfe")])))
        assert (line["key"], line["value"], line["headers"]) == ({"base64": "/w=="}, None, {"h": {"base64": "/g=="}})

    @pytest.mark.parametrize(
        ("line", "text"),
        [
            (b"{", "line 3 is not JSON: "),
            (b"[1]", "line 3 is not a JSON object"),
            (b'{"val": 1}', "line 3: 'val' is none of key, value, headers, partition, timestamp"),
            (b"{}", "line 3 has neither a key nor a value"),
            (b'{"value": "v", "partition": -1}', "line 3: partition is -1, not a number from 0 on"),
            (b'{"value": "v", "timestamp": 1.5}', "line 3: timestamp is 1.5, not a number from 0 on"),
            (b'{"value": "v", "timestamp": "noon"}', "line 3: timestamp 'noon' is none of"),
            (b'{"value": "v", "headers": "a=b"}', "line 3: headers are neither an object nor a list of pairs"),
            (b'{"value": {"base64": "?"}}', "line 3: not base64"),
            (b"\xff", "line 3 is not JSON: "),
        ],
    )
    def test_what_is_no_record(self, line, text):
        with pytest.raises(Usage) as caught:
            records.from_json(line, "line 3")
        assert str(caught.value.message).startswith(text)

    def test_values_that_are_not_strings_are_sent_as_json(self):
        found = records.from_json(b'{"key": 5, "value": [1, {"a": "\\u00e4"}], "headers": {"n": 1}}', "line 1")
        assert found == records.Outgoing(b"5", '[1,{"a":"ä"}]'.encode(), [("n", b"1")])


class TestPositions:
    @pytest.mark.parametrize(
        ("text", "expected"),
        [
            ("earliest", Position("earliest")),
            ("Beginning", Position("earliest")),
            ("end", Position("latest")),
            ("0", Position("offset", 0)),
            ("999999999999", Position("offset", 999_999_999_999)),
            ("1000000000000", Position("time", 1_000_000_000_000)),
            ("@7", Position("time", 7)),
            ("-3", Position("tail", 3)),
            ("1970-01-01", Position("time", 0)),
            ("1970-01-01T00:00:01.5", Position("time", 1500)),
            ("1970-01-01T01:00:00+01:00", Position("time", 0)),
            ("1970-01-01 00:00:02Z", Position("time", 2000)),
        ],
    )
    def test_what_people_write(self, text, expected):
        assert positions.parse(text, "--from") == expected

    @pytest.mark.parametrize("text", ["", "soon", "--1", "1.5", "@x", "²", "2026-13-01"])
    def test_what_is_no_position(self, text):
        with pytest.raises(Usage, match=r"^--to "):
            positions.parse(text, "--to")

    def test_offsets_are_brought_into_the_range_that_is_there(self):
        starts, ends = {"a": 5, "b": 0}, {"a": 10, "b": 2}
        for position, expected in [
            (Position("earliest"), starts),
            (Position("latest"), ends),
            (Position("offset", 7), {"a": 7, "b": 2}),
            (Position("offset", 0), {"a": 5, "b": 0}),
            (Position("tail", 3), {"a": 7, "b": 0}),
        ]:
            assert positions.resolve(None, position, starts, ends) == expected


class TestCluster:
    @pytest.mark.parametrize(
        ("text", "name"),
        [("h", "h:9092"), ("h:1,i:2", "h:1,i:2"), (" h:1 , i ", "h:1,i:9092"), ("[::1]:9092", "::1:9092")],
    )
    def test_addresses(self, text, name):
        assert str(Cluster(text, {})) == name

    @pytest.mark.parametrize("text", ["", ",", "h:0", "h:x", ":9092", "h:70000", "h:²"])
    def test_what_is_no_address(self, text):
        with pytest.raises(Usage, match=r"^--bootstrap"):
            Cluster(text, {})

    def test_refusals_name_what_where_and_why(self):
        cluster = Cluster("h:1", {})
        assert cluster.refusal("topic a", 36, "Topic 'a' already exists.") == "topic a already exists on h:1"
        assert cluster.refusal("topic a", 37, "Not more.") == "h:1 refused topic a: Not more (INVALID_PARTITIONS)"
        assert cluster.refusal("topic a", 9999, None) == "h:1 refused topic a (error 9999)"

    def test_results_that_come_as_text(self):
        assert error_in("OK") is None
        assert error_in(None) is None
        assert error_in("[Error 69] GroupIdNotFoundError: Group g not found.") == (69, "Group g not found.")
        assert error_in("[Error 40] InvalidConfigurationError") == (40, "")
        assert error_in("anything else") == (-1, "anything else")

    def test_pairs(self):
        assert pairs(("a=b", "c=d=e", "f="), "--config") == {"a": "b", "c": "d=e", "f": ""}
        for text in ("a", "=b"):
            with pytest.raises(Usage, match="is not NAME=VALUE"):
                pairs((text,), "--config")
