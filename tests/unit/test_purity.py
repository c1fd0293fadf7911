"""The core reads no clock, no disk and no environment: what import-linter cannot see is looked for here."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

BOT = Path(__file__).parents[2] / "bot"
CORE = ("model.py", "vocabulary.py", "worktime", "policy", "understanding", "dialogue", "rendering")
READS_DISK = {"policy/load.py", "policy/files.py"}
CLOCKS = {"now", "today", "utcnow", "time", "monotonic", "perf_counter"}
DISK = {"open", "read_text", "read_bytes", "write_text", "glob", "rglob", "iterdir", "getenv"}
FILES = sorted(
    path for name in CORE for path in ([BOT / name] if name.endswith(".py") else (BOT / name).rglob("*.py"))
)


def calls(path: Path) -> Iterator[tuple[str, str]]:
    """(what it is called on, name) of every call in a file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                yield ast.unparse(node.func.value), node.func.attr
            elif isinstance(node.func, ast.Name):
                yield "", node.func.id


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(BOT)))
def test_a_file_of_the_core_calls_no_clock_and_no_disk(path: Path) -> None:
    clocks = {
        (on, name) for on, name in calls(path) if name in CLOCKS and on in ("datetime", "date", "time", "dt")
    }
    assert clocks == set()
    if str(path.relative_to(BOT)) not in READS_DISK:
        assert {name for _, name in calls(path)} & DISK == set()


def test_no_file_of_the_program_names_a_circular_or_a_regency() -> None:
    """Law lives in policies/: not even the name of a regency stands in Python."""
    names = {path.parent.name for path in (BOT.parent / "policies").glob("*/wilayah.yaml")}
    names |= {path.parent.name for path in (BOT.parent / "policies").glob("*/*/edaran.yaml")}
    found = {
        (path.name, node.value)
        for path in BOT.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in names
    }
    assert found == set()
