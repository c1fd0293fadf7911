"""Times of day as encoders write them ("07:30", "07.30", "24:00"), in minutes since midnight."""

from __future__ import annotations

import re
from typing import Final

DAY_MINUTES: Final = 24 * 60

_TIME: Final = re.compile(r"([01]?\d|2[0-3])[.:]([0-5]\d)|(24)[.:]00")


def minutes_of(value: object) -> int | None:
    """0 to 1440; None for what is not a time written as a text."""
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    return None if found is None else int(found[1] or found[3]) * 60 + int(found[2] or 0)


def written(minute: int) -> str:
    """A minute of a day, or of the night after it, as people write it."""
    minute = minute if minute <= DAY_MINUTES else minute - DAY_MINUTES
    return f"{minute // 60:02}:{minute % 60:02}"
