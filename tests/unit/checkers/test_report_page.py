"""The page: offline, the same bytes for the same input, the words in plain HTML, and no complaint from a real browser."""

import re
import shutil
import subprocess

import pytest

from tautolog_checkers import check_history
from tautolog_checkers.history.events import Event, History
from tautolog_checkers.report.page import render_page


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


def test_a_browser_draws_it_without_complaint(tmp_path):
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        pytest.skip("no chromium on this machine")
    file = tmp_path / "page.html"
    file.write_text(page(), encoding="utf-8")
    picture = tmp_path / "page.png"
    options = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--enable-logging=stderr",
        "--v=0",
        "--window-size=1200,900",
    ]
    run = subprocess.run(
        [browser, *options, f"--user-data-dir={tmp_path / 'profile'}", "--virtual-time-budget=2000",
         f"--screenshot={picture}", "--dump-dom", file.as_uri()],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "CONSOLE" not in run.stderr, [line for line in run.stderr.splitlines() if "CONSOLE" in line]
    assert re.search(r'<output id="range">\d+ – \d+ of 12 events', run.stdout)
    assert "<h1>Violated</h1>" in run.stdout
