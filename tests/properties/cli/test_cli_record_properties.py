"""What `consume --json` prints, `produce --json` takes: without loss, for any bytes."""

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from tautolog.cli import records

DATA = st.none() | st.binary(max_size=20) | st.text(max_size=20).map(str.encode)


@given(
    DATA, DATA.filter(lambda value: value is not None), st.lists(st.tuples(st.text(max_size=5), st.binary(max_size=5)))
)
def test_a_record_survives_json(key, value, headers):
    record = SimpleNamespace(topic="t", partition=3, offset=4, timestamp=5, key=key, value=value, headers=headers)
    line = records.to_json(record)
    assert line.count(b"\n") == 1
    assert records.from_json(line, "line 1") == records.Outgoing(key, value, headers, 3, 5)


@given(st.binary(max_size=60))
def test_any_bytes_are_a_record_or_a_sentence(line):
    text = "line 1"
    try:
        records.from_json(line, "line 1")
    except records.Usage as usage:
        text = usage.message
    assert text.startswith("line 1")


@given(st.text(alphabet="%skKStpoThR\\nrtx0A z", max_size=12))
def test_any_format_compiles_or_is_refused(text):
    record = SimpleNamespace(topic="t", partition=3, offset=4, timestamp=5, key=None, value=b"v", headers=[])
    try:
        printer = records.printer(text)
    except records.Usage:
        return
    assert isinstance(printer(record), bytes)
