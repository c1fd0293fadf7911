"""Misspelt words of our own vocabulary → the word meant. Closed: other words are never touched."""

from __future__ import annotations

from collections.abc import Collection, Sequence

SHORTEST = 4
"""Letters a word must have before it is compared: shorter ones resemble too much."""
CACHED_WORDS = 8_192
"""Distinct words remembered by one Speller; when full, it starts afresh."""
LONG = 8
"""From this length on, two slips are forgiven instead of one."""


class Speller:
    """`targets` are the words that may be meant, `real` ordinary words that only look like them."""

    def __init__(self, targets: Collection[str], real: Collection[str]) -> None:
        self._real = frozenset(real)
        self._cache: dict[str, str | None] = {}
        self._targets: dict[str, list[str]] = {}
        for word in sorted(set(targets)):
            if len(word) >= SHORTEST:
                self._targets.setdefault(word[0], []).append(word)

    def correct(self, word: str) -> str | None:
        """The one target the word is a slip of, or None. The first letter must be right."""
        if word not in self._cache:
            if len(self._cache) >= CACHED_WORDS:
                self._cache.clear()
            self._cache[word] = self._correct(word)
        return self._cache[word]

    def _correct(self, word: str) -> str | None:
        candidates = self._targets.get(word[0]) if len(word) >= SHORTEST else None
        if not candidates or word in self._real or not word.isalpha():
            return None
        return _nearest(word, candidates)


def _nearest(word: str, candidates: Sequence[str]) -> str | None:
    from rapidfuzz.distance import OSA  # here, because most messages need no correction and start-up counts

    slips = 2 if len(word) >= LONG else 1
    best: tuple[int, str] | None = None
    tied = False
    for candidate in candidates:
        distance = OSA.distance(word, candidate, score_cutoff=slips)
        if distance <= slips and (best is None or distance <= best[0]):
            tied = best is not None and distance == best[0]
            best = distance, candidate
    return None if best is None or tied else best[1]
