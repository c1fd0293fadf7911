"""A cell as text."""

from __future__ import annotations

import unicodedata
from datetime import date, datetime
from typing import TypeAlias

Cell: TypeAlias = str | int | float | date | None
"""What a file has in a cell; CSV has only texts. A date may be a datetime."""

Row: TypeAlias = tuple[int, tuple[Cell, ...]]
"""The number of a row as the spreadsheet shows it (from 1), and its cells."""

ERRORS = frozenset({"#N/A", "#REF!", "#VALUE!", "#NAME?", "#DIV/0!", "#NULL!", "#NUM!", "#GETTING_DATA"})
"""What a formula that failed leaves."""

_INVISIBLE = dict.fromkeys(map(ord, "\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad"))


def text_of(cell: Cell) -> str:
    """The text of a cell on one line, "" if it is empty or a failed formula. A number without fraction is
    written without a point."""
    if isinstance(cell, str):
        return tidy(cell)
    if cell is None or isinstance(cell, bool):
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return cell.isoformat() if isinstance(cell, (date, datetime)) else str(cell)


def tidy(text: str) -> str:
    """One form of each letter, single spaces, nothing invisible, no leading apostrophe."""
    if text.isascii() and text.isalnum():
        return text  # most numbers and words
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_INVISIBLE)
    text = " ".join(text.split())
    if text[:1] in ("'", "`", "#"):
        text = text.lstrip("'`").strip()
        return "" if text in ERRORS else text
    return text


def is_blank(cells: tuple[Cell, ...]) -> bool:
    return not any(cell is not None and cell != "" and text_of(cell) for cell in cells)
