"""Statuses, working patterns and unit classes, by the words that a regency uses for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from bot.people.roster.words import RosterWords, folded
from bot.vocabulary import Named, Vocabulary, Wording

Names = Mapping[str, str]
"""Folded text → id."""


def status_names(vocabulary: Vocabulary, words: RosterWords, own: Names) -> Names:
    """`own`: the regency's own words (a mapping's `sebutan`), which go before all others."""
    return {**_further(words.statuses, vocabulary.statuses), **_named(vocabulary.statuses), **_folded(own)}


def pattern_names(patterns: Mapping[str, Wording], words: RosterWords, own: Names) -> Names:
    """`patterns`: those that people of the regency can belong to."""
    listed = {folded(text): name for name, wording in patterns.items() for text in (name, *wording.values())}
    return {**_further(words.patterns, patterns), **listed, **_folded(own)}


def unit_names(vocabulary: Vocabulary, words: RosterWords, own: Names) -> Names:
    return {**_further(words.unit_starts, vocabulary.units), **_named(vocabulary.units), **_folded(own)}


def _named(things: Mapping[str, Named]) -> dict[str, str]:
    """A phrase of the vocabulary can be several, with commas between."""
    return {
        folded(text): thing.id
        for thing in things.values()
        for phrase in (*thing.phrases, *thing.name.values(), thing.id)
        for text in phrase.split(",")
    }


def _further(words: Mapping[str, Iterable[str]], known: Mapping[str, object]) -> dict[str, str]:
    return {text: name for name, texts in words.items() if name in known for text in texts}


def _folded(own: Names) -> dict[str, str]:
    return {folded(text): name for text, name in own.items()}


class UnitClasses:
    """Tells the class of a unit from the beginning of its name: "UPT Puskesmas Randu" is a puskesmas."""

    def __init__(self, vocabulary: Vocabulary, words: RosterWords, own: Names) -> None:
        starts = unit_names(vocabulary, words, own)
        self._starts = {
            tuple(text.split()): name for text, name in starts.items() if text not in words.unit_not
        }
        self._longest = max(map(len, self._starts))
        self._skips = [tuple(text.split()) for text in words.unit_skips]
        self._depths = {name: _depth(name, vocabulary.units) for name in vocabulary.units}

    def of(self, name: str) -> str | None:
        """None: the name says nothing."""
        words = tuple(folded(name).split())
        found = [
            (self._depths[kind], length, kind)
            for start in self._begins(words)
            for length in range(1, self._longest + 1)
            if (kind := self._starts.get(words[start : start + length])) is not None
        ]
        return max(found)[2] if found else None

    def _begins(self, words: tuple[str, ...]) -> set[int]:
        return {0, *(len(skip) for skip in self._skips if words[: len(skip)] == skip)}


def _depth(name: str, units: Mapping[str, Named]) -> int:
    """Steps to the widest class that the class belongs to."""
    seen = [name]
    while (parent := units[seen[-1]].parent) is not None and parent not in seen:
        seen.append(parent)
    return len(seen)
