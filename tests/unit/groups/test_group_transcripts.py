"""Every transcript in `transcripts/` is played again and must come out as it is written.

To write one: put events into a new file and run `PYTHONPATH=tests python -m support.group_transcript FILE`, which puts the
answers below them; then read every one of them, for from then on they are what is expected.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from support.group_transcript import Transcript

FILES = sorted((Path(__file__).parent / "transcripts").glob("*.txt"))


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_transcript(file):
    text = file.read_text(encoding="utf-8")
    assert Transcript().play(text) == text


def test_there_are_transcripts():
    assert len(FILES) >= 10
