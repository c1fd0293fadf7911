"""A day in a cell: Excel's own dates and serial numbers, and the ways in which people write one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache

EPOCH = date(1899, 12, 30)
"""Day 0 of a spreadsheet's serial numbers. (Its day 60 never was; no date of staff is so old.)"""

SERIALS = range(10_000, 80_000)
"""Serial numbers that are dates of our time: 1927 to 2119."""

_YEAR_FIRST = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_DAY_FIRST = re.compile(r"(\d{1,2})[-/. ]+(\d{1,2}|[a-z]+)[-/. ]+(\d{4})")
_CLOCK = re.compile(r"[ t]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?$")


def day_of(cell: object) -> date | None:
    """None: not a day. A day written with digits only is day, month, year, or year, month, day."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = _CLOCK.sub("", str(cell).strip().lstrip("'").lower())
    if re.fullmatch(r"\d{5}(\.\d+)?", text) and int(float(text)) in SERIALS:
        return EPOCH + timedelta(days=int(float(text)))
    if found := _YEAR_FIRST.fullmatch(text):
        return _date(found[1], found[2], found[3])
    found = _DAY_FIRST.fullmatch(text)
    return _date(found[3], found[2], found[1]) if found else None


def _date(year: str, month: str, day: str) -> date | None:
    number = int(month) if month.isdigit() else _months().get(month)
    try:
        return date(int(year), number or 0, int(day))
    except ValueError:
        return None


@cache
def _months() -> Mapping[str, int]:
    """Names and short names in Indonesian and English, lower case."""
    from babel.dates import get_month_names  # takes a while to load, and few files write months out

    return {
        name.lower().rstrip("."): number
        for language in ("en", "id")
        for width in ("wide", "abbreviated")
        for number, name in get_month_names(width, locale=language).items()
    }
