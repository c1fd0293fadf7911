"""What fits a phone's screen: rows of buttons, and lines that are cut."""

from __future__ import annotations

from collections.abc import Sequence

from bot.model import Button
from bot.people.numbers import MASK

LABEL = 20
LINE = 60
"""Characters of a button, and of a name in a line."""

Rows = tuple[tuple[Button, ...], ...]


def rows(buttons: Sequence[Button], wide: int) -> Rows:
    return tuple(tuple(buttons[at : at + wide]) for at in range(0, len(buttons), wide))


def cut(text: str, most: int = LINE) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def shortened(text: str, most: int = LINE) -> str:
    """Cut in the middle: names of units that begin alike differ at the end."""
    if len(text) <= most:
        return text
    start = (most - 1) * 2 // 5
    return f"{text[:start].rstrip()}…{text[-(most - 1 - start) :].lstrip()}"


def one_of(name: str, number: str) -> str:
    """Somebody in a list where others may have the same name. `number`: masked; its end is shown."""
    end = number.lstrip(MASK)
    return f"{cut(name, LINE // 2)} ·{end}" if end else cut(name, LINE // 2)


def label(text: str) -> str:
    return cut(text, LABEL)
