"""The generated pages about the models: an essay each, what is proved and what is not, and the mutation score.

    python -m tautolog_checkers.model.pages                         writes the pages
    python -m tautolog_checkers.model.pages --findings [MODEL…]     finds out first what takes long, where a model changed

`pages` computes; writing is for the command alone.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tautolog_checkers.model.essay import essay, mutation_page, overview
from tautolog_checkers.model.findings import Findings, find, fingerprint, load_findings, save
from tautolog_checkers.model.mutation import words
from tautolog_spec.models import MODULES, load

COMMAND = ".venv/bin/python -m tautolog_checkers.model.pages --findings"
FOLDER = Path("docs/explanation")


def known_findings(folder: Path) -> dict[str, Findings | None]:
    """The stored findings of every model."""
    return {name: load_findings(folder / "models" / "findings" / f"{name}.json") for name in MODULES}


def pages(folder: Path) -> dict[str, str]:
    """Every page by its path within the folder, from the models and the findings that are stored there."""
    known = known_findings(folder)
    models = [load(name) for name in MODULES]
    found = {f"models/{one.name}.md": essay(one, known[one.name]) for one in models}
    found["models/README.md"] = overview(models)
    found["mutations.md"] = mutation_page([(one, known[one.name]) for one in models])
    return found


def main(arguments: list[str]) -> int:
    """Write everything."""
    folder = FOLDER
    if arguments[:1] == ["--findings"]:
        for name in arguments[1:] or MODULES:
            model, path = load(name), folder / "models" / "findings" / f"{name}.json"
            stored = load_findings(path)
            if not arguments[1:] and stored is not None and stored.fingerprint == fingerprint(model):
                continue
            print(f"{name}:", flush=True)  # noqa: T201  # progress of a command
            findings = find(model)
            save(findings, path)
            for fate in findings.fates:
                if not fate.by and fate.part not in model.redundant:
                    print(f"  {fate.part}: {words(fate, {})}", flush=True)  # noqa: T201  # same
    for name, text in pages(folder).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
