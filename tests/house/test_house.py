"""The house rules that no linter knows: sizes, words, versions, commands."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILE_LINES, FUNCTION_LINES = 600, 70
FORBIDDEN = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError|pragma: no cover")
SLEEPS = re.compile(r"\btime\.sleep\(|\bfrom time import .*\bsleep\b")
IGNORES = re.compile(r"#\s*(?:noqa|type: ignore)\b(?!(?:: [A-Z0-9, ]+|\[[a-z, -]+\])  # \S)")
SELF = Path(__file__)


def tracked(*suffixes: str) -> list[Path]:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    paths = [ROOT / name for name in listed if name.endswith(suffixes)]
    return [path for path in paths if path.is_file()]


def functions(path: Path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def length(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring."""
    lines = (node.end_lineno or node.lineno) - node.lineno + 1
    if ast.get_docstring(node) is not None:
        doc = node.body[0]
        lines -= (doc.end_lineno or doc.lineno) - doc.lineno + 1
    return lines


def test_no_file_is_a_whale():
    sizes = {str(p.relative_to(ROOT)): p.read_text(encoding="utf-8").count("\n") for p in tracked(".py")}
    assert {name: lines for name, lines in sizes.items() if lines > FILE_LINES} == {}


def test_functions_fit_a_screen():
    long = {f"{p.relative_to(ROOT)}:{f.name}": length(f) for p in tracked(".py") for f in functions(p)}
    assert {name: lines for name, lines in long.items() if lines > FUNCTION_LINES} == {}


def test_length_counts_what_it_says():
    source = 'def f():\n    """one\n    two"""\n    return 1\n'
    assert length(ast.parse(source).body[0]) == 2


def test_no_forbidden_words():
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in tracked(".py", ".md", ".toml", "Makefile")
        if path != SELF
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1)
        if FORBIDDEN.search(line)
    ]
    assert found == []


def test_nothing_sleeps_but_benchmarks():
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked(".py")
        if path != SELF and path.relative_to(ROOT).parts[0] != "benchmarks"
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1)
        if SLEEPS.search(line)
    ]
    assert found == []


def test_every_ignore_carries_its_reason():
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked(".py")
        if path != SELF
        for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), 1)
        if IGNORES.search(line)
    ]
    assert found == []


@pytest.mark.parametrize(
    ("line", "bare"),
    [
        ("x  # noqa", True),
        ("x  # noqa: A002", True),
        ("x  # type: ignore[misc]", True),
        ("x  # noqa: A002, S101  # the field's own word", False),
        ("x  # type: ignore[attr-defined]  # untyped", False),
    ],
)
def test_an_ignore_without_a_reason_is_seen(line, bare):
    assert (IGNORES.search(line) is not None) is bare


def test_modules_open_with_their_contract():
    bare = [
        str(p.relative_to(ROOT))
        for p in tracked(".py")
        if "/tests/" not in str(p) and not ast.get_docstring(ast.parse(p.read_text(encoding="utf-8")))
    ]
    assert bare == []


def test_every_api_file_names_its_versions():
    from tautolog.core import api

    folder = ROOT / "reference" / "tautolog" / "core" / "api"
    files = {p.stem for p in folder.glob("*.py")} - {"__init__"}
    assert set(api.SERVED) <= files
    for name in api.SERVED:
        module = importlib.import_module(f"tautolog.core.api.{name}")
        first, last = module.VERSIONS
        span = str(first) if first == last else f"{first}-{last}"
        assert span in (module.__doc__ or ""), f"{name}: its docstring does not name versions {span}"


def readme_commands() -> list[str]:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    return re.findall(r"(?:^|`)(make [a-z]+|tautolog [a-z]+)", text, re.MULTILINE)


def test_readme_commands_exist():
    from tautolog.cli.main import COMMANDS

    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    commands = readme_commands()
    assert "make run" in commands
    assert "make test" in commands
    for command in commands:
        tool, name = command.split()
        assert name in (targets if tool == "make" else COMMANDS), command


def test_every_command_loads_and_helps():
    from click.testing import CliRunner

    from tautolog.cli.main import COMMANDS, tautolog

    for name in COMMANDS:
        result = CliRunner().invoke(tautolog, [name, "--help"])
        assert result.exit_code == 0, (name, result.output)


def test_docs_links_lead_somewhere():
    missing = []
    for page in tracked(".md"):
        targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8"))
        missing += [
            f"{page.relative_to(ROOT)} -> {target}" for target in targets if not (page.parent / target).exists()
        ]
    assert missing == []


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("import time\n\nNOW = time.time()\n", "TID251"),
        ("import random\n", "TID251"),
        ("import uuid\n", "TID251"),
        ("def f(x):\n    return x\n", "ANN001"),
    ],
)
def test_ruff_turns_red_on_clock_and_chance(line, code):
    command = [
        sys.executable,
        "-m",
        "ruff",
        "check",
        "--no-cache",
        "--stdin-filename",
        "reference/tautolog/core/probe.py",
        "-",
    ]
    result = subprocess.run(command, cwd=ROOT, input=line, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert code in result.stdout


@pytest.mark.parametrize(
    "line", ["import tautolog.net\n", "import time\n", "from tautolog.wire import codec\n", "import asyncio\n"]
)
def test_import_contracts_turn_red(line, tmp_path):
    import shutil

    for name in ("spec", "reference", "checkers"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    core = tmp_path / "reference" / "tautolog" / "core" / "timers.py"
    core.write_text(core.read_text(encoding="utf-8") + "\n" + line, encoding="utf-8")
    path = ":".join(str(tmp_path / name) for name in ("spec", "reference", "checkers"))
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    result = subprocess.run(
        command,
        cwd=tmp_path,
        env={"PYTHONPATH": path, "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1, result.stdout + result.stderr
    assert "BROKEN" in result.stdout
