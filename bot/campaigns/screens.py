"""What fits a phone's screen: rows of buttons, and lines that are cut."""

from __future__ import annotations

from collections.abc import Sequence

from bot.model import Button

LABEL = 20
LINE = 60
"""Characters of a button, and of a name in a line."""

Rows = tuple[tuple[Button, ...], ...]


def rows(buttons: Sequence[Button], wide: int) -> Rows:
    return tuple(tuple(buttons[at : at + wide]) for at in range(0, len(buttons), wide))


def cut(text: str, most: int = LINE) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def label(text: str) -> str:
    return cut(text, LABEL)
