"""The page: offline, the same bytes for the same input, the words in plain HTML, and no complaint from a real browser."""

import json
import re
import shutil
import subprocess

import pytest
from benchmarks.checkers import write_kafka

from tautolog_checkers import check_history
from tautolog_checkers.delivery.judge import CLASSES as DELIVERY
from tautolog_checkers.files import Options, check_loaded
from tautolog_checkers.history.events import Event, History
from tautolog_checkers.history.operations import pair
from tautolog_checkers.kafka.profiles import CLASSES
from tautolog_checkers.promises import PROMISES
from tautolog_checkers.report import scene as scene_module
from tautolog_checkers.report.columns import packed
from tautolog_checkers.report.page import render_page
from tautolog_checkers.report.scene import build_scene
from tautolog_checkers.report.words import abridged, cut, tell
from tautolog_checkers.verdict import Outcome, Verdict


def history(link="a"):
    events = []

    def add(process, kind, f, value):
        events.append(Event(len(events), process, kind, f, value, 1000 * len(events)))

    for offset, value in enumerate([link, "b", "</script><b>", "d"]):
        add(0, "invoke", "send", [["send", 1, value]])
        add(0, "ok", "send", [["send", 1, [offset, value]]])
    add("nemesis", "info", "kill", "broker-1")
    add(2, "invoke", "poll", [["poll"]])
    add(2, "ok", "poll", [["poll", {"1": [[0, link], [3, "d"]]}]])
    add("broker-1", "info", "recovered", {"end": 4})
    return History(events)


def page(link="a"):
    events = history(link)
    return render_page(events, check_history(events), "a history")


def test_same_input_same_bytes():
    assert page() == page()


def test_classes_stand_in_the_text_and_no_address_does():
    text = page("https://example.org/x")
    words = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert "lost-write <b>2</b> <i>forbidden</i>" in words
    assert "int-poll-skip <b>1</b>" in words
    assert not re.search(r"https?://", text)
    assert "<b>" not in re.search(r'id="scene">(.*?)</script>', text, re.DOTALL).group(1)


def test_the_page_says_what_went_wrong_and_which_operations_show_it():
    words = re.sub(r"<script.*?</script>", "", page(), flags=re.DOTALL)
    assert "<h1>Violated</h1>" in words
    assert "<b>lost-write</b> b was written to 1 below d, which was read" in words
    assert "Broken promise: who reads past a record that was surely written has read it." in words
    assert re.search(r"<tr><td><i>1</i></td><td>process 0</td><td>send 1: &quot;b&quot; at 1</td>", words)


def test_every_class_has_a_promise_in_words():
    assert {*CLASSES, *DELIVERY, "nonlinearizable"} <= set(PROMISES)
    assert not [promise for promise in PROMISES.values() if promise.endswith(".")]


def test_values_of_a_history_do_not_reach_the_template():
    text = page("{{script}} {{scene}} <i>")
    assert text.count("Draws the scene.") == 1
    assert text.count('"functions":') == 1


def test_illegal_next_steps_are_told_and_marked():
    scene = build_scene(stuck(), check_history(stuck()))
    assert scene["illegal"]
    assert "Illegal next steps" in render_page(stuck(), check_history(stuck()))


def stuck():
    """A register whose compare-and-set took effect twice."""
    events = []
    for process, f, value, told in (
        (0, "write", 1, 1), (1, "cas", [1, 2], [1, 2]), (2, "cas", [1, 3], [1, 3]), (0, "read", None, 3),
    ):  # fmt: skip
        events.append(Event(len(events), process, "invoke", f, value))
        events.append(Event(len(events), process, "ok", f, told))
    return History(events)


def linear():
    """A register that two clients write and read at the same time."""
    events = []
    for process, kind, f, value in (
        (0, "invoke", "write", 1), (1, "invoke", "read", None), (1, "ok", "read", 1), (0, "ok", "write", 1),
        (1, "invoke", "write", 2), (0, "invoke", "read", None), (0, "ok", "read", 2), (1, "ok", "write", 2),
    ):  # fmt: skip
        events.append(Event(len(events), process, kind, f, value))
    return History(events)


def test_operations_in_few_words():
    def words(f, asked, told, **options):
        events = History([Event(0, 1, "invoke", f, asked), Event(1, 1, "ok", f, told)])
        return tell(next(iter(pair(events))), **options)

    assert words("write", 1, 1) == "write 1"
    assert words("read", None, 2) == "read → 2"
    assert words("read", None, None) == "read → null"
    assert words("acquire", None, None) == "acquire"
    assert words("append", 7, [0, 7]) == "append 7 → [0,7]"
    assert words("send", [["send", "x", "a"]], [["send", "x", [0, "a"]]]) == 'send x: "a" at 0'
    assert words("poll", [["poll"]], [["poll", {}]]) == "poll → nothing"
    many = [["poll", {"x": [[n, n] for n in range(9)], "y": [[0, 5]]}]]
    assert words("poll", [["poll"]], many) == "poll x: 9 records at 0…8; poll y: 5 at 0"
    assert words("poll", [["poll"]], many, key="y") == "poll y: 5 at 0 (and 1 other partition)"
    assert words("write", "a" * 300, "a" * 300, limit=20) == 'write "aaaaaaaaaaaa…'


def test_columns_of_numbers_take_one_character_where_they_are_small():
    assert packed([0, 1, -1, 15, 16, -500, 2**40]) == "ACBegBnfggggggggC"


def test_names_are_in_their_natural_order():
    events = [Event(n, name, "invoke", "write", n) for n, name in enumerate(["w-10", "b", "w-9", 10, 9, "w-9-1"])]
    assert build_scene(History(events), check_history(events))["processes"] == ["9", "10", "b", "w-9", "w-9-1", "w-10"]


def test_long_values_are_cut_in_the_middle_and_long_names_at_the_end():
    events, endless = [], "<" + "y" * 5000
    for process, f, value, told in ((endless, "write", endless, endless), (1, "read", None, "never")):
        events.append(Event(len(events), process, "invoke", f, value))
        events.append(Event(len(events), process, "ok", f, told))
    verdict = check_history(History(events), model="register")
    assert "never" in verdict.reason
    text = render_page(History(events), verdict)
    assert "y" * 500 not in text
    assert abridged("b" + "y" * 5000 + "e").startswith("by")
    assert abridged("b" + "y" * 5000 + "e").endswith("ye")
    assert len(abridged("y" * 5000)) <= 280
    assert len(json.dumps(cut("<" * 99, 60)).replace("<", "\\u003c")) <= 70


def test_what_a_witness_leans_on_is_told_and_framed():
    events = taken_too_soon()
    verdict = check_history(events)
    assert verdict.supporting
    assert build_scene(events, verdict)["supporting"]
    assert "<td>leant on</td>" in render_page(events, verdict)


def taken_too_soon():
    """A queue that gave away its second element first."""
    events = []
    for process, f, value, told in (
        (0, "enqueue", 1, 1), (1, "enqueue", 2, 2), (2, "dequeue", None, 2), (0, "dequeue", None, None),
    ):  # fmt: skip
        events.append(Event(len(events), process, "invoke", f, value))
        events.append(Event(len(events), process, "ok", f, told))
    return History(events)


def test_where_there_is_too_much_every_second_operation_is_drawn_and_the_witness(monkeypatch):
    events = history()
    verdict = check_history(events)
    everything = build_scene(events, verdict)
    monkeypatch.setattr(scene_module, "RUNS", 3)
    thinned = build_scene(events, verdict)
    assert (everything["every"], thinned["every"]) == (1, 2)
    assert thinned["partitions"][0]["operation"] == packed([0, 1, 1, 2, 0]), "operation 1 is the witness"


@pytest.mark.nightly
def test_a_page_of_100_000_operations_is_small(tmp_path):
    file = tmp_path / "large.jsonl"
    write_kafka(file, 100_000, transactional=False)
    checked, events = check_loaded(file, Options())
    assert len(render_page(events, checked.verdict).encode()) < 5_000_000


@pytest.mark.nightly
def test_a_page_of_100_000_polls_of_many_partitions_is_small():
    """Every client reads thirty partitions, whose values and names are long and have to be escaped."""
    events, ends = [], [0] * 30
    for number in range(100_000):
        process, kind = f"<client {number % 5000} {'<' * 60}>", "send" if number % 2 else "poll"
        if kind == "send":
            key = number % 30
            told = [["send", str(key), [ends[key], f"<{number}>" * 30]]]
            ends[key] += 1
        else:
            told = [["poll", {str(key): [[number * 3, f"{number}"]] for key in range(30)}]]
        events.append(Event(len(events), process, "invoke", kind, [["poll"]] if kind == "poll" else told))
        events.append(Event(len(events), process, "ok", kind, told))
    text = render_page(History(events), Verdict(outcome=Outcome.HOLDS, model="kafka"))
    assert len(text.encode()) < 5_000_000


EVERYTHING = """<script>
for (const b of document.querySelectorAll("nav button, [data-finding]")) b.click();
for (const s of document.querySelectorAll("select")) for (const o of s.options) { s.value = o.value; s.dispatchEvent(new Event("change")); }
for (const c of document.querySelectorAll("canvas:not([hidden])")) {
  const r = c.getBoundingClientRect();
  for (let x = 0; x < r.width; x += 40) for (let y = 0; y < r.height; y += 10)
    c.dispatchEvent(new PointerEvent("pointermove", { clientX: r.left + x, clientY: r.top + y }));
  c.dispatchEvent(new WheelEvent("wheel", { deltaY: 100, clientX: r.left + 200 }));
}
for (const key of ["+", "-", "ArrowLeft", "ArrowRight", "0", "w"]) dispatchEvent(new KeyboardEvent("keydown", { key }));
</script>"""


FRAMES = "<script>requestAnimationFrame = (draw) => setTimeout(draw);</script>"
"""Virtual time waits for timers, but not for frames, which come late on a busy machine."""


def in_browser(folder, text):
    """The page after its script ran, as the browser has it."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no chromium on this machine")
    file = folder / "page.html"
    file.write_text(text.replace("<head>", f"<head>{FRAMES}", 1), encoding="utf-8")
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", "--v=0"]
    run = subprocess.run(
        [browser, *options, "--window-size=1200,900", f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=2000",
         "--dump-dom", file.as_uri()],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "CONSOLE" not in run.stderr, [line for line in run.stderr.splitlines() if "CONSOLE" in line]
    return run.stdout


def test_a_browser_draws_it_without_complaint_and_opens_at_the_witness(tmp_path):
    text = page()
    shown = in_browser(tmp_path, text)
    assert re.search(r'<output id="range">\d+ – \d+ of 12 events', shown)
    scene = json.loads(re.search(r'id="scene">(.*?)</script>', text, re.DOTALL).group(1))
    assert scene["witness"] == [1], "the send of b"
    assert '<option value="0">1</option>' in shown


@pytest.mark.parametrize("make", [history, stuck, linear, taken_too_soon])
def test_every_control_works_without_complaint(make, tmp_path):
    events = make()
    text = render_page(events, check_history(events, certificate=True), "every control")
    shown = in_browser(tmp_path, text.replace("</body>", EVERYTHING + "</body>"))
    assert "of " in re.search(r'<output id="range">(.*?)</output>', shown).group(1)
