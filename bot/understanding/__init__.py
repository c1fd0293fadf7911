"""From a chat message to what it says: normalise → times → frame.

`Understanding` is the package's door. It is compiled once from the vocabulary; reading is pure and never
fails, whatever the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.model import Token, Understood
from bot.understanding.frame import Frame
from bot.understanding.lexicon import Lexicon
from bot.understanding.normalise import Normaliser
from bot.understanding.quantities import Quantities
from bot.understanding.spelling import Speller
from bot.understanding.time_expression import Expression
from bot.understanding.time_reading import asked, expressions, resolved
from bot.understanding.time_words import TimeWords
from bot.understanding.times import NO_TIMES, Times
from bot.vocabulary import Vocabulary

__all__ = ["Understanding"]

SENTENCES = 2_000
"""Sentences remembered, without who said them."""
LONGEST_REMEMBERED = 300

_SHORTEST_STEM = 3
_LETTERS = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")

Sentence = tuple[tuple[Token, ...], list[Expression]]


class Understanding:
    """Raises ValueError when the vocabulary's language files contradict themselves."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._normaliser = Normaliser(vocabulary.language["obrolan"])
        lexicon = Lexicon(vocabulary, self._norms)
        spelling = vocabulary.language["niat"]["ejaan"]
        self._frame = Frame(vocabulary, lexicon)
        self._speller = Speller(lexicon.words(spelling["kata"]), lexicon.words(spelling["sungguhan"]))
        affixes = vocabulary.language["obrolan"]["imbuhan"]
        self._endings = tuple(affixes["klitik_umum"])
        self._openings = tuple(affixes["awalan_umum"])
        self._phrase_words = lexicon.known_words()
        grammar = (word for text in _words(vocabulary.language["niat"]) for word in _LETTERS.findall(text))
        self._grammar = frozenset(norm for word in set(grammar) for norm in (word, *self._norms(word)))
        self._denials = self._frame.small.denials
        self._time_words = TimeWords(vocabulary.language["waktu"])
        self._sentences: dict[str, Sentence] = {}
        self._quantities = Quantities(vocabulary, self._norms, lexicon.scan)
        small = lexicon.words(vocabulary.language["niat"]["kata_tugas"])
        words = frozenset(_words(vocabulary.language["waktu"])) | self._quantities.known
        self._known = self._phrase_words | small | words

    def read(self, text: str, now: datetime, expecting: str | None = None) -> Understood:
        """What `text` says at `now` (local to the regency).

        `expecting`: what the bot has just asked: a fact's id, "time" or "activity"; None if nothing.
        """
        tokens, said = self._sentences.get(text) or self._heard(text)
        quantities, dated = self._quantities.read(tokens, said, now.date(), expecting)
        left = [expression for expression in said if not any(expression is other for other in dated)]
        return self._frame.read(tokens, now, self._times(tokens, left, now), expecting, quantities)

    def _heard(self, text: str) -> Sentence:
        """What of a sentence does not depend on when it is said; people say the same ones again and again."""
        known = self._known
        tokens = tuple([t if t.norm in known else self._spelt(t) for t in self._normaliser.tokens(text)])
        heard = tokens, expressions(tokens, self._time_words)
        if len(text) <= LONGEST_REMEMBERED:
            if len(self._sentences) >= SENTENCES:
                self._sentences.clear()
            self._sentences[text] = heard
        return heard

    def _times(self, tokens: tuple[Token, ...], said: list[Expression], now: datetime) -> Times:
        groups, pieces = resolved(tokens, said, now, self._time_words)
        if not pieces:
            return NO_TIMES
        starts = {start for start, _ in pieces}
        denied = {
            i for i, token in enumerate(tokens) if token.norm in self._denials and token.start in starts
        }
        tags = denied and denied & self._frame.tags(tokens)
        if tags:  # "boleh live ga pas jam kerja?" speaks of working hours, not of the time outside them
            rest = tuple(token for i, token in enumerate(tokens) if i not in tags)
            return self._times(rest, expressions(rest, self._time_words), now)
        return Times(groups, pieces, lambda some: asked(tokens, some, now, self._time_words))

    def _spelt(self, token: Token) -> Token:
        meant = self._stem(token.norm) or self._speller.correct(token.norm)
        return token if meant is None else replace(token, norm=meant)

    def _stem(self, norm: str) -> str | None:
        """The word of some phrase that `norm` is with an affix which leaves the meaning as it is."""
        if norm in self._grammar:
            return None
        ended = next((norm.removesuffix(e) for e in self._endings if norm.endswith(e)), norm)
        opened = next((ended.removeprefix(o) for o in self._openings if ended.startswith(o)), ended)
        found = (stem for stem in (ended, opened) if stem != norm and len(stem) >= _SHORTEST_STEM)
        return next((stem for stem in found if stem in self._phrase_words), None)

    def _norms(self, text: str) -> tuple[str, ...]:
        return tuple(token.norm for token in self._normaliser.tokens(text) if token.norm[0].isalnum())


def _words(data: object) -> Iterator[str]:
    """Every word in nested plain data, keys included."""
    if isinstance(data, str):
        yield from data.split()
    elif isinstance(data, Mapping):
        for key, value in data.items():
            yield from _words(key)
            yield from _words(value)
    elif isinstance(data, Sequence):
        for item in data:
            yield from _words(item)
