"""The shipped vocabulary and the readers built from it, for tests of what people say."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from bot.policy.document import parse
from bot.policy.load import load
from bot.understanding import Understanding
from bot.vocabulary import Vocabulary

DIALOGS = Path(__file__).parent / "dialogs"
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=ZoneInfo("Asia/Jakarta"))


@cache
def vocabulary() -> Vocabulary:
    return load().vocabulary


@cache
def understanding() -> Understanding:
    return Understanding(vocabulary())


def table(name: str) -> Any:
    """The plain data of a table in tests/dialogs."""
    return parse((DIALOGS / name).read_text("utf-8"), name).data


def facts_in(words: list[str]) -> dict[str, Any]:
    """`akun_resmi !atribut_dinas status=pns` → what it stands for."""
    named = [word.partition("=") for word in words]
    return {name.lstrip("!"): value if sign else not name.startswith("!") for name, sign, value in named}
