"""The clauses of a message: where one ends, and which of them ask."""

from __future__ import annotations

from bot.understanding.marks import Cue, Sheet

_STOPS = frozenset(".;:?!\n,()")
_SENTENCE_ENDS = frozenset(".?!\n")
_OPENERS = frozenset({Cue.IF, Cue.THEN, Cue.BUT, Cue.BECAUSE, Cue.CORRECTION, Cue.SLIP})
_WORDS = (Cue.MAY, Cue.MAY_NOT, Cue.WHEN, Cue.WHY, Cue.SANCTION, Cue.RULE)


def divide(sheet: Sheet) -> None:
    """Gives every token and mark the number of its clause. A stop ends one; "kalau", "tapi", "soalnya" …
    begin one."""
    openers = {mark.first for mark in sheet.marks if mark.cue in _OPENERS}
    places: list[int] = []
    asking = [False]
    filled = False
    for place, norm in enumerate(sheet.norms):
        if norm in _STOPS:
            places.append(len(asking) - 1)
            asking[-1] |= norm == "?"
            if filled:
                asking.append(False)
                filled = False
            continue
        if place in openers and filled:
            asking.append(False)
        filled = True
        places.append(len(asking) - 1)
    sheet.segment_of, sheet.asking = places, asking
    for mark in sheet.marks:
        mark.segment = places[mark.first]


def told(sheet: Sheet, place: int) -> bool:
    """Whether the place lies in a statement, and the question comes later in a sentence of its own."""
    norms = sheet.norms
    end = next((p for p in range(place, len(norms)) if norms[p] in _SENTENCE_ENDS), len(norms))
    return end < len(norms) and norms[end] != "?" and "?" in norms[end:]


def asks(sheet: Sheet, segment: int) -> bool:
    """Whether a clause puts a question of its own."""
    return sheet.asking[segment] or any(m.segment == segment for cue in _WORDS for m in sheet.of(cue))
