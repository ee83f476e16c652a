"""The pages about the models are what the models say; `UPDATE_PAGES=1` writes them."""

import os
from pathlib import Path

import pytest

from tautolog_checkers.model.essay import essay, overview
from tautolog_spec.models import MODULES, load

FOLDER = Path(__file__).parents[3] / "docs" / "explanation" / "models"
PAGES = {
    "README.md": lambda: overview([load(name) for name in MODULES]),
    **{f"{name}.md": lambda name=name: essay(load(name)) for name in MODULES},
}


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_current(page):
    text = PAGES[page]()
    if os.environ.get("UPDATE_PAGES"):
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / page).write_text(text, encoding="utf-8")
    assert (FOLDER / page).read_text(encoding="utf-8") == text


def test_no_page_is_left_over():
    assert {path.name for path in FOLDER.glob("*.md")} == set(PAGES)
