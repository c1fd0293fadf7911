"""Unicode to plain lower case, without losing the place of any character.

Compatibility forms (full width, mathematical letters), accents, zero-width and right-to-left marks
all disappear; the offsets still point into the text as it was typed.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

MAX_CHARACTERS = 2_000
"""Only this much of a message is read: no question is longer, and the work stays bounded."""

_DROPPED = frozenset({"Mn", "Me", "Cf", "Cs", "Co", "Cn"})  # accents, joiners, direction marks, debris
_PLAIN = str.maketrans(
    {"\u2018": "'", "\u2019": "'", "\u02bc": "'", "`": "'", "\u2010": "-", "\u2011": "-", "\u2012": "-"}
    | {"\u2013": "-", "\u2014": "-", "\u2212": "-", "\r": "\n", "\u2028": "\n", "\u2029": "\n"}
)


@dataclass(frozen=True, slots=True)
class Folded:
    """`text`: what is read. `places[i]`: the offset in the typed message of its character i
    (what ends before i here ends at places[i - 1] + 1 there); None when both run in step."""

    text: str
    places: tuple[int, ...] | None


def fold(text: str) -> Folded:
    """The first MAX_CHARACTERS of `text`, folded."""
    text = text[:MAX_CHARACTERS]
    if text.isascii():
        return Folded(text.lower(), None)
    letters: list[str] = []
    places: list[int] = []
    for place, typed in enumerate(text):
        plain = _plain(typed)
        letters.append(plain)
        places.extend([place] * len(plain))
    return Folded("".join(letters), tuple(places))


def _plain(typed: str) -> str:
    if typed.isascii():
        return typed.lower()
    spread = unicodedata.normalize("NFKD", typed.translate(_PLAIN)).lower()
    return "".join(c for c in spread if unicodedata.category(c) not in _DROPPED)
