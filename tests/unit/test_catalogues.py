"""The catalogues in locales/: complete, alike, and spoken to by keys that exist."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.pofile import PoFileError

from bot.campaigns.campaign import DeliveryState, Step
from bot.catalogues import DIRECTORY, load_catalogues
from bot.rendering.texts import MissingTextError, Texts
from bot.storage.receipts import KINDS

CODE = DIRECTORY.parent / "bot"
CATALOGUES = load_catalogues()
INDONESIAN, ENGLISH = CATALOGUES["id"], CATALOGUES["en"]
KEY = re.compile(r"[a-z_]+(\.[a-z_]+)+")
GROUPS = {key.split(".")[0] for key in INDONESIAN.entries}


def holes(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def written() -> Iterator[tuple[str, bool]]:
    """Every text in the code that looks like a key, and whether it is only the start of one."""
    for path in CODE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.JoinedStr):
                first = node.values[0] if node.values else None
                if isinstance(first, ast.Constant) and isinstance(first.value, str) and "." in first.value:
                    yield first.value, True
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value, node.value.endswith("_")


def test_both_languages_have_the_same_keys() -> None:
    assert set(INDONESIAN.entries) == set(ENGLISH.entries)


@pytest.mark.parametrize("key", sorted(INDONESIAN.entries))
def test_a_text_has_the_same_holes_in_both_languages(key: str) -> None:
    assert holes(INDONESIAN.entries[key]) == holes(ENGLISH.entries[key])


def test_every_key_in_the_code_has_a_text() -> None:
    asked = {
        text
        for text, prefix in written()
        if not prefix and KEY.fullmatch(text) and text.split(".")[0] in GROUPS
    }
    assert asked - set(INDONESIAN.entries) == set()


def test_every_text_is_spoken_somewhere() -> None:
    whole = {text for text, prefix in written() if not prefix}
    starts = tuple(text for text, prefix in written() if prefix)
    idle = {key for key in INDONESIAN.entries if key not in whole and not key.startswith(starts)}
    assert idle == set()


def events() -> Iterator[tuple[str, ast.expr]]:
    """Of every event that the code writes: the file, and what stands for its kind."""
    for path in CODE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            called = node.func if isinstance(node, ast.Call) else None
            if isinstance(called, ast.Name) and called.id in ("Event", "event"):
                assert isinstance(node, ast.Call)
                yield path.name, node.args[0]


def test_every_kind_of_event_has_a_name_for_people() -> None:
    kinds = {str(kind.value) for _, kind in events() if isinstance(kind, ast.Constant)}
    assert "joined" in kinds
    others = {name for name, kind in events() if not isinstance(kind, ast.Constant)}
    assert others == {
        "acknowledging.py",  # one of KINDS
        "campaign_row.py",  # a step
        "delivery_changes.py",  # what its callers name
        "delivery_outcomes.py",  # the state of a delivery
        "whatsapp_statuses.py",  # the same
    }
    kinds |= {*KINDS, *(step.value for step in Step)}
    kinds |= {state.value for state in DeliveryState} - {"queued", "sending"}
    assert {f"evidence.kind_{kind}" for kind in kinds} - set(INDONESIAN.entries) == set()


def test_a_missing_text_says_which_and_where_to_add_it() -> None:
    with pytest.raises(MissingTextError, match=r"'no\.such\.key'.*locales/id"):
        Texts("id", {})("no.such.key")


def test_a_broken_catalogue_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "id" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "edaran.po").write_text('msgidd "a"\n')
    with pytest.raises(PoFileError):
        load_catalogues(tmp_path)
