"""`tautolog check` and `tautolog convert`, called as a user calls them: exit codes, the JSON document, one sentence."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from tautolog.cli.check import check
from tautolog.cli.convert import convert


def line(index, process, kind, f, value, **extra):
    return json.dumps({"index": index, "process": process, "type": kind, "f": f, "value": value, **extra})


def register(read):
    rows = [
        (0, 0, "invoke", "write", 1),
        (1, 0, "ok", "write", 1),
        (2, 1, "invoke", "read", None),
        (3, 1, "ok", "read", read),
    ]
    return "\n".join(line(*row) for row in rows) + "\n"


@pytest.fixture
def call(tmp_path):
    (tmp_path / "good.jsonl").write_text(register(1))
    (tmp_path / "bad.jsonl").write_text(register(2))
    (tmp_path / "empty.jsonl").write_text("")
    sent = [[["send", "x", 1]], [["send", "x", [0, 1]]], [["poll"]], [["poll", {"x": [[0, 1]]}]]]
    rows = (line(n, 0, ("invoke", "ok")[n % 2], value[0][0], value) for n, value in enumerate(sent))
    (tmp_path / "sent.jsonl").write_text("\n".join(rows) + "\n")

    def run(*arguments, command=check):
        named = [str(tmp_path / a) if a.endswith((".jsonl", ".edn", ".packed", "folder")) else a for a in arguments]
        result = CliRunner().invoke(command, named, standalone_mode=False, catch_exceptions=True)
        code = (
            result.return_value
            if result.exception is None
            else getattr(result.exception, "exit_code", result.exception)
        )
        text = (
            result.stdout if result.exception is None else str(getattr(result.exception, "message", result.exception))
        )
        return code, text

    run.folder = tmp_path
    return run


def test_exit_codes(call):
    assert call("good.jsonl")[0] == 0
    assert call("bad.jsonl")[0] == 1
    assert call("empty.jsonl")[0] == 2
    assert "no operations" in call("empty.jsonl")[1]
    assert call("good.jsonl", "empty.jsonl")[0] == 2
    assert call("good.jsonl", "empty.jsonl", "bad.jsonl")[0] == 1


def test_the_json_document(call):
    code, text = call("bad.jsonl", "--json")
    document = json.loads(text)
    assert (code, document["verdict"]) == (1, "violated")
    (entry,) = document["files"]
    assert {
        "file",
        "verdict",
        "model",
        "algorithm",
        "profile",
        "anomalies",
        "partitions",
        "witness",
        "certificate",
    } <= set(entry)
    assert {"load_seconds", "check_seconds", "witness_seconds"} <= set(entry)
    assert entry["witness"] == [2]
    assert entry["model"] == "register"
    reference = Path(__file__).parents[3] / "docs" / "reference" / "checkers.md"
    documented = re.search(r'\{"verdict", "files": \[\{(.*?)\}\]\}', reference.read_text(), re.DOTALL)[1]
    assert set(entry) == set(re.findall(r'"(\w+)"', documented)), "exactly what the reference says"


def test_a_certificate_is_an_order_of_invocations(call):
    _, text = call("good.jsonl", "--json", "--certificate")
    assert json.loads(text)["files"][0]["certificate"] == [0, 2]


def test_a_folder_is_one_call(call):
    folder = call.folder / "folder"
    folder.mkdir()
    for number in range(5):
        (folder / f"{number}.jsonl").write_text(register(1))
    (folder / "note.md").write_text("not a history")
    code, text = call("folder", "--json")
    assert code == 0
    assert [entry["file"][-7:] for entry in json.loads(text)["files"]] == [f"{n}.jsonl" for n in range(5)]
    assert "5 histories: 5 holds" in call("folder")[1]


def test_the_profile_is_told_of_each_of_many_files(call):
    rows = (line(n, n // 2, ("invoke", "ok")[n % 2], "effect", "e") for n in range(4))
    (call.folder / "effects.jsonl").write_text("\n".join(rows) + "\n")
    text = call("good.jsonl", "effects.jsonl")[1]
    assert "good.jsonl: holds (register, 2 operations)" in text
    assert "holds (kafka, 2 operations; default, assign (allows effect-applied-twice))" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("nothing.jsonl",), "no such file"),
        (("good.jsonl", "--model", "nonsense"), "no model 'nonsense'"),
        (("good.jsonl", "--format", "nonsense"), "no format"),
        (("good.jsonl", "--model", "queue"), "expected one of enqueue"),
        (("good.jsonl", "--initial", "{"), "--initial: expected JSON"),
        (("good.jsonl", "--model", "mutex:Nothing"), "no model"),
        (("good.jsonl", "bad.jsonl", "--html", "x.html"), "--html shows one history"),
        (("good.jsonl", "--profile", "acks=all"), "a profile is for sends and polls"),
        (("good.jsonl", "--ww-deps"), "--ww-deps is for sends and polls; this is a history of register"),
        (("sent.jsonl", "--initial", "1"), "--initial is a model's first state; this is a history of sends and polls"),
    ],
)
def test_wrong_usage_is_64_and_one_sentence(call, arguments, words):
    code, text = call(*arguments)
    assert code == 64
    assert words in text
    assert "\n" not in text


def test_an_order_of_effect_for_each_history_that_has_one(call):
    text = call("good.jsonl", "bad.jsonl", "sent.jsonl", "--certificate")[1]
    lines = [row.removeprefix(f"  {call.folder}/") for row in text.splitlines() if "certificate" in row]
    assert lines == [
        "good.jsonl: certificate: 0 2",
        "sent.jsonl: certificate: none, sends and polls are not put in one order",
    ]
    assert "certificate: 0 2" in call("good.jsonl", "--certificate")[1]
    assert "certificate" not in call("bad.jsonl", "--certificate")[1]


def test_a_malformed_line_is_64_with_its_place_or_counted(call):
    (call.folder / "odd.jsonl").write_text(register(1) + "{\n")
    code, text = call("odd.jsonl")
    assert code == 64
    assert "odd.jsonl:5: expected a JSON object" in text
    code, text = call("odd.jsonl", "--lenient", "--json")
    assert code == 0
    assert json.loads(text)["files"][0]["skipped"] == 1


def test_a_malformed_line_of_one_of_many_files_is_64_with_its_place(call):
    (call.folder / "odd.jsonl").write_text(register(1) + "{\n")
    code, text = call("good.jsonl", "odd.jsonl", "bad.jsonl")
    assert code == 64
    assert "odd.jsonl:5: expected a JSON object" in text
    code, text = call("good.jsonl", "odd.jsonl", "--lenient", "--json")
    assert (code, [entry["skipped"] for entry in json.loads(text)["files"]]) == (0, [0, 1])


def test_a_malformed_file_keeps_nobody_from_the_verdicts_on_the_others(call):
    (call.folder / "odd.jsonl").write_text(register(1) + "{\n")
    (call.folder / "strange.jsonl").write_text(line(0, 0, "invoke", "read", None) + "\n")
    names = [str(call.folder / f"{name}.jsonl") for name in ("odd", "bad", "strange", "good")]
    result = CliRunner().invoke(check, [*names, "--json"], standalone_mode=False)
    assert result.exception.exit_code == 64
    assert "odd.jsonl:5: expected a JSON object" in result.exception.message
    assert result.exception.message.endswith(" (and 1 more of the files)")
    document = json.loads(result.stdout)
    assert document["verdict"] == "violated"
    assert [entry["file"] for entry in document["files"]] == [names[1], names[3]]


def test_the_first_state_can_be_given(call):
    (call.folder / "first.jsonl").write_text(
        line(0, 0, "invoke", "read", None) + "\n" + line(1, 0, "ok", "read", 7) + "\n"
    )
    assert call("first.jsonl", "--model", "register")[0] == 1
    assert call("first.jsonl", "--model", "register", "--initial", "7")[0] == 0


def test_a_model_of_ones_own(call, monkeypatch):
    (call.folder / "mine_for_check.py").write_text(
        "from tautolog_checkers.linearizability.operations import ILLEGAL\n"
        "class Mine:\n"
        "    initial = 0\n"
        "    def step(self, state, op):\n"
        "        if op.f == 'write':\n"
        "            return op.argument\n"
        "        return state if op.result in (state, state + 1) else ILLEGAL\n"
    )
    monkeypatch.chdir(call.folder)
    monkeypatch.syspath_prepend(str(call.folder))
    assert call("bad.jsonl", "--model", "mine_for_check:Mine")[0] == 0


FAULTY = """
from tautolog_checkers.linearizability.operations import ILLEGAL

class Lists:
    initial = ()
    def step(self, state, op):
        return [*state, op.argument]

class Raises:
    def step(self, state, op):
        raise KeyError(op.f)

class Needs:
    def __init__(self, something):
        pass

class WrongHint:
    def step(self, state, op):
        return op.argument if op.f == "write" else state if op.result == state else ILLEGAL
    def readonly(self, op):
        return True
"""


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("Lists", 64, "unhashable type: 'list' (a state is a tuple, a frozenset, a number or a text)"),
        ("Raises", 64, "faulty_for_check.py:11: KeyError: 'write'"),
        ("Needs", 64, "missing 1 required positional argument"),
        ("WrongHint", 2, "the exhaustive judge disagrees, so nothing is said"),
    ],
)
def test_a_faulty_model_of_ones_own_is_told_and_gives_no_verdict(call, monkeypatch, name, code, words):
    (call.folder / "faulty_for_check.py").write_text(FAULTY)
    monkeypatch.chdir(call.folder)
    monkeypatch.syspath_prepend(str(call.folder))
    told = call("good.jsonl", "--model", f"faulty_for_check:{name}", "--certificate")
    assert (told[0], words in told[1]) == (code, True), told


def test_a_limit_gives_unknown(call):
    rows = [line(n, n, "invoke", "enqueue", n % 3) for n in range(26)] + [line(99, 99, "invoke", "dequeue", None)]
    rows += [line(100 + n, n, "ok", "enqueue", n % 3) for n in range(26)] + [line(200, 99, "ok", "dequeue", 7)]
    (call.folder / "hard.jsonl").write_text("\n".join(rows) + "\n")
    code, text = call("hard.jsonl", "--limit-seconds", "0.3", "--json")
    assert code == 2
    assert "limit of 0.3 s" in json.loads(text)["files"][0]["reason"]


def history(*rows, **extra):
    """Operations one after the other: (f, asked, told)."""
    lines = []
    for f, asked, told in rows:
        lines += [line(len(lines), 0, "invoke", f, asked, **extra), line(len(lines) + 1, 0, "ok", f, told, **extra)]
    return "\n".join(lines) + "\n"


FORMS = [
    ("register", [("write", 1, 1), ("read", None, 1)], ("read", None, 2)),
    ("cas-register", [("write", 1, 1), ("cas", [1, 2], [1, 2]), ("read", None, 2)], ("cas", [1, 3], [1, 3])),
    ("mutex", [("acquire", None, None), ("release", None, None)], ("release", None, None)),
    ("set", [("add", 1, 1), ("add", 2, 2), ("remove", 1, 1), ("read", None, [2])], ("read", None, [1, 2])),
    ("counter", [("increment", None, None), ("add", 3, 3), ("read", None, 4)], ("read", None, 3)),
    ("queue", [("enqueue", 1, 1), ("enqueue", 2, 2), ("dequeue", None, 1)], ("dequeue", None, None)),
    (
        "stack",
        [("push", 1, 1), ("push", 2, 2), ("pop", None, 2), ("pop", None, 1), ("pop", None, None)],
        ("pop", None, 1),
    ),
    (
        "multi-register",
        [("txn", [["write", "x", 1], ["read", "y", None]], [["write", "x", 1], ["read", "y", None]])],
        ("txn", [["read", "x", None]], [["read", "x", 2]]),
    ),
    (
        "log",
        [
            ("append", 7, [0, 7]),
            ("append", 8, [1, 8]),
            ("read", {"from": 0}, {"from": 0, "values": [7], "end": False}),
            ("read", {"from": 2}, {"from": 2, "values": [], "end": True}),
        ],
        ("read", {"from": 0}, {"from": 0, "values": [7], "end": True}),
    ),
]


@pytest.mark.parametrize(("model", "right", "wrong"), FORMS)
def test_each_model_is_recognised_in_its_documented_form(call, model, right, wrong):
    (call.folder / "h.jsonl").write_text(history(*right))
    code, text = call("h.jsonl", "--json")
    assert (code, json.loads(text)["files"][0]["model"]) == (0, model)
    assert call("h.jsonl", "--model", model)[0] == 0
    (call.folder / "h.jsonl").write_text(history(*right, wrong))
    code, text = call("h.jsonl", "--json")
    (entry,) = json.loads(text)["files"]
    assert (code, entry["model"], entry["anomalies"]) == (1, model, {"nonlinearizable": 1})
    assert 2 * len(right) in entry["witness"] or model == "mutex"


def test_operations_are_told_as_a_history_has_them(call):
    rows = [("write", "a", "a"), ("cas", ["a", "b"], ["a", "b"]), ("read", None, None)]
    (call.folder / "h.jsonl").write_text(history(*rows))
    _, text = call("h.jsonl")
    assert "operation 4, read → null, fits no order" in text
    assert "not allowed: 4 read → null" in text


def test_kv_is_recognised_by_its_keys(call):
    right = [("put", "a", "a"), ("append", "b", "b"), ("get", None, "ab")]
    (call.folder / "h.jsonl").write_text(history(*right, key="k"))
    assert json.loads(call("h.jsonl", "--json")[1])["files"][0]["partitions"] == {"k": "holds"}
    (call.folder / "h.jsonl").write_text(history(*right, ("get", None, None), key="k"))
    assert call("h.jsonl")[0] == 1
    (call.folder / "h.jsonl").write_text(history(("append", "b", "b"), key="k"))
    assert json.loads(call("h.jsonl", "--json")[1])["files"][0]["model"] == "kv"
    (call.folder / "h.jsonl").write_text(history(*right))
    assert 'h.jsonl:1: expected a field "key"' in call("h.jsonl")[1]


def test_what_is_appended_is_a_text_whatever_was_there(call):
    (call.folder / "h.jsonl").write_text(history(("put", 5, 5), ("append", "b", "b"), ("get", None, "5b"), key="k"))
    assert call("h.jsonl")[0] == 0
    (call.folder / "h.jsonl").write_text(history(("append", "b", "b"), ("get", None, "5b"), key="k"))
    assert call("h.jsonl", "--model", "kv", "--initial", "5")[0] == 0
    (call.folder / "h.jsonl").write_text(history(("put", "a", "a"), ("append", 5, 5), key="k"))
    assert call("h.jsonl") == (64, f"{call.folder / 'h.jsonl'}:3: expected a text to append, found 5")


def test_where_every_operation_was_skipped_nothing_is_said(call):
    (call.folder / "h.jsonl").write_text(history(("enqueue", 1, 1), ("dequeue", None, 1)))
    code, text = call("h.jsonl", "--model", "register", "--lenient", "--json")
    (entry,) = json.loads(text)["files"]
    assert (code, entry["reason"], entry["operations"], entry["skipped"]) == (2, "no operations", 0, 2)


def test_a_broken_key_is_not_hidden_by_another_one_written_alike(call):
    rows = [
        line(0, 0, "invoke", "write", 1, key=1),
        line(1, 0, "ok", "write", 1, key=1),
        line(2, 0, "invoke", "write", 1, key="1"),
        line(3, 0, "ok", "write", 1, key="1"),
    ]
    rows[2:2] = [line(8, 0, "invoke", "read", None, key=1), line(9, 0, "ok", "read", 7, key=1)]
    (call.folder / "h.jsonl").write_text("\n".join(rows) + "\n")
    code, text = call("h.jsonl", "--json")
    assert (code, json.loads(text)["files"][0]["partitions"]) == (1, {"1": "violated"})


def test_reads_alone_do_not_tell_the_model(call):
    (call.folder / "h.jsonl").write_text(history(("read", None, None)))
    assert "no model is recognised" in call("h.jsonl")[1]
    (call.folder / "h.jsonl").write_text(history(("read", {"from": 0}, {"from": 0, "values": [], "end": True})))
    assert call("h.jsonl")[0] == 0


@pytest.mark.parametrize(
    ("rows", "number", "words"),
    [
        ([("cas", 1, 1), ("read", None, None)], 1, "[expected, new] of a cas"),
        ([("append", 1, 5), ("read", {"from": 0}, {"from": 0, "values": []})], 2, "[offset, value] of an append"),
        ([("append", 1, [0, 2]), ("read", {"from": 0}, {"from": 0, "values": []})], 2, "the appended value 1"),
        ([("append", 1, [0, 1]), ("read", {"from": -1}, {"from": -1, "values": []})], 3, '{"from": offset} of a read'),
        (
            [("append", 1, [0, 1]), ("read", {"from": 0}, {"from": 0, "values": [1], "end": "yes"})],
            4,
            '"end": true|false',
        ),
        ([("increment", None, None), ("read", None, "x")], 4, "a whole number"),
        ([("add", 1, 1), ("read", None, [1]), ("read", None, 3)], 6, "a list of elements"),
        ([("txn", [["read", "x", None]], [["read", "y", 1]])], 2, "the same steps"),
        ([("txn", [["read", "x", None]], None)], 2, '["read", key, value]'),
        ([("enqueue", None, None), ("dequeue", None, None)], 1, "a value; null is what an empty one gives"),
        ([("write", 1, 1), ("frob", 1, 1)], 3, "one of"),
    ],
)
def test_a_value_of_the_wrong_shape_is_64_with_its_line_or_skipped(call, rows, number, words):
    (call.folder / "h.jsonl").write_text(history(*rows))
    code, text = call("h.jsonl")
    assert code == 64
    assert f"h.jsonl:{number}: expected" in text
    assert words in text
    code, text = call("h.jsonl", "--lenient", "--json")
    assert code in {0, 2}
    assert json.loads(text)["files"][0]["skipped"] == 1


def shell(*arguments, **options):
    """The command in a process of its own."""
    command = [sys.executable, "-c", "from tautolog.cli.main import main; main()", *map(str, arguments)]
    return subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False, timeout=120, **options)


@pytest.fixture
def closed():
    """The writing end of a pipe that nobody reads."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


@pytest.mark.parametrize(("name", "code"), [("good.jsonl", 0), ("bad.jsonl", 1), ("empty.jsonl", 2)])
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_who_reads_no_further_is_still_told_the_verdict(call, closed, name, code, options):
    ended = shell("check", call.folder / name, *options, stdout=closed)
    assert (ended.returncode, ended.stderr) == (code, "")


def test_who_reads_no_further_of_another_command_is_not_told_violated(call, closed):
    ended = shell("convert", call.folder / "good.jsonl", call.folder / "b.edn", stdout=closed)
    assert (ended.returncode, ended.stderr) == (2, "")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
def test_a_full_disk_is_told_by_the_file_that_could_not_be_written(call):
    good, full = call.folder / "good.jsonl", call.folder / "full.edn"
    full.symlink_to("/dev/full")
    with Path("/dev/full").open("w") as output:
        for arguments in (
            ["check", good],
            ["check", good, "--json"],
            ["check", good, good],
            ["convert", good, call.folder / "b.edn"],
        ):
            ended = shell(*arguments, stdout=output)
            assert (ended.returncode, ended.stderr) == (64, "tautolog: standard output: No space left on device\n")
    ended = shell("convert", good, full, stdout=subprocess.DEVNULL)
    assert (ended.returncode, ended.stderr) == (64, f"tautolog: {full}: No space left on device\n")
    ended = shell("check", good, "--html", "/dev/full", stdout=subprocess.DEVNULL)
    assert (ended.returncode, ended.stderr) == (64, "tautolog: /dev/full: No space left on device\n")


def test_whatever_stands_in_a_history_can_be_printed(call):
    odd = call.folder / "odd.jsonl"
    odd.write_text(history(("put", "[/red] \ud800", "[/red] \ud800"), ("get", None, "\U0001f600"), key="\ud800"))
    for arguments in ([odd], [odd, odd], [odd, "--json"]):
        ended = shell("check", *arguments, stdout=subprocess.PIPE, env={**os.environ, "PYTHONIOENCODING": "utf-8"})
        assert (ended.returncode, ended.stderr) == (1, "")


def test_a_table_on_a_terminal_shows_values_as_they_are(call, monkeypatch, capsys):
    from tautolog.cli import check as module
    from tautolog_checkers.files import Options, check_file

    odd = call.folder / "odd [red].jsonl"
    odd.write_text(history(("write", 1, 1), ("read", None, "[/x]")))
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    module._print_table([check_file(odd, Options())] * 2, certificate=False)
    shown = capsys.readouterr().out
    assert "odd [red].jsonl" in re.sub(r"\s+", " ", shown)
    assert "'[/x]' was read and never written" in shown


def test_convert_by_suffix(call):
    for target in ("a.edn", "a.packed", "b.jsonl"):
        assert call("good.jsonl", target, command=convert)[0] in {0, None}
    assert call("a.edn", "c.jsonl", command=convert)[0] in {0, None}
    assert call("c.jsonl", "b.jsonl", "a.packed", "a.edn")[0] == 0
    assert call("good.jsonl", "a.jsonl.edn.txt.edn", command=convert)[0] in {0, None}
    code, text = call("good.jsonl", "--format", "edn", "x.packed", command=convert)
    assert code == 64, text


def test_a_page_is_written(call):
    page = call.folder / "page.html"
    code = (
        CliRunner()
        .invoke(check, [str(call.folder / "bad.jsonl"), "--html", str(page)], standalone_mode=False)
        .return_value
    )
    assert code == 1
    assert "nonlinearizable" in page.read_text()


def test_a_completion_that_nothing_began_is_malformed_even_alone(call):
    (call.folder / "alone.jsonl").write_text(line(0, 0, "ok", "read", 1) + "\n")
    code, text = call("alone.jsonl")
    assert code == 64
    assert "alone.jsonl:1: expected an invocation by process 0" in text
    assert call("alone.jsonl", "--lenient")[0] == 2


def test_a_function_that_no_model_knows_is_named_with_its_place(call):
    (call.folder / "odd.jsonl").write_text(register(1) + line(4, 2, "invoke", "frobnicate", 1) + "\n")
    code, text = call("odd.jsonl")
    assert code == 64
    assert "odd.jsonl:5: expected one of" in text
    assert text.endswith("found frobnicate")
    code, text = call("odd.jsonl", "--lenient", "--json")
    assert code == 0
    assert json.loads(text)["files"][0]["skipped"] == 1


def test_the_first_state_of_a_store(call):
    rows = [
        (number, 0, kind, "get", {"key": key, **({"value": value} if kind == "ok" else {})})
        for number, (kind, key, value) in enumerate(
            [("invoke", "x", ""), ("ok", "x", "q"), ("invoke", "y", ""), ("ok", "y", "")]
        )
    ]
    (call.folder / "store.jsonl").write_text("\n".join(line(*row) for row in rows) + "\n")
    assert call("store.jsonl")[0] == 1
    assert call("store.jsonl", "--initial", '{"x": "q"}')[0] == 0
    assert call("store.jsonl", "--initial", '{"x": "r"}')[0] == 1
    assert call("store.jsonl", "--initial", '"q"')[0] == 1


def test_what_is_only_added_to_may_be_a_set_or_a_counter(call):
    def told(read):
        rows = [(0, 0, "invoke", "add", 1), (1, 0, "ok", "add", 1), (2, 0, "invoke", "read", None)]
        return "\n".join(line(*row) for row in (*rows, *([(3, 0, "ok", "read", read)] if read else ()))) + "\n"

    (call.folder / "h.jsonl").write_text(told(None))
    assert call("h.jsonl")[0] == 64
    for read, model in (([1], "set"), (1, "counter")):
        (call.folder / "h.jsonl").write_text(told(read))
        assert f"holds ({model}" in call("h.jsonl")[1]
