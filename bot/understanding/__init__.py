"""From a chat message to what it says: normalise → times → frame.

`Understanding` is the package's door. It is compiled once from the vocabulary; reading is pure and never
fails, whatever the text.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from bot.model import Token, Understood
from bot.understanding.frame import Frame
from bot.understanding.lexicon import Lexicon
from bot.understanding.normalise import Normaliser
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

Sentence = tuple[tuple[Token, ...], list[Expression]]


class Understanding:
    """Raises ValueError when the vocabulary's language files contradict themselves."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._normaliser = Normaliser(vocabulary.language["obrolan"])
        lexicon = Lexicon(vocabulary, self._norms)
        spelling = vocabulary.language["niat"]["ejaan"]
        self._frame = Frame(vocabulary, lexicon)
        self._speller = Speller(lexicon.words(spelling["kata"]), lexicon.words(spelling["sungguhan"]))
        self._denials = self._frame.small.denials
        self._time_words = TimeWords(vocabulary.language["waktu"])
        self._sentences: dict[str, Sentence] = {}
        small = lexicon.words(vocabulary.language["niat"]["kata_tugas"])
        self._known = lexicon.known_words() | small | frozenset(_words(vocabulary.language["waktu"]))

    def read(self, text: str, now: datetime, expecting: str | None = None) -> Understood:
        """What `text` says at `now` (local to the regency).

        `expecting`: what the bot has just asked: a fact's id, "time" or "activity"; None if nothing.
        """
        tokens, said = self._sentences.get(text) or self._heard(text)
        return self._frame.read(tokens, now, self._times(tokens, said, now), expecting)

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
        meant = self._speller.correct(token.norm)
        return token if meant is None else replace(token, norm=meant)

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
