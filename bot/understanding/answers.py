"""Short replies to what the bot has just asked: "iya", "engga", "akun dinas", "ga tau"."""

from __future__ import annotations

from collections.abc import Mapping

from bot.model import FactValue, Move
from bot.understanding.lexicon import Lexicon
from bot.understanding.marks import Cue, Sheet
from bot.understanding.template import Words
from bot.vocabulary import FactKind, Vocabulary

TIME, ACTIVITY = "time", "activity"
"""What the bot can ask for besides facts."""
_OWN_QUESTION = (Cue.WHY, Cue.SANCTION, Cue.RULE, Cue.WHEN, Cue.MAY, Cue.MAY_NOT, Cue.TOPIC)
_PERSONAL = ("unit", "status")
"""What the person is: every class has its own words."""
_VALUES = {"ya": True, "tidak": False}


class Answers:
    """Reads a message as the answer to one question."""

    def __init__(self, vocabulary: Vocabulary, lexicon: Lexicon) -> None:
        self._vocabulary = vocabulary
        self._short: dict[str, dict[Words, FactValue]] = {
            fact: {
                words: entry.id
                for entry in entries.values()
                for words in lexicon.templates.expand(entry.phrases)
            }
            for fact, entries in zip(_PERSONAL, (vocabulary.units, vocabulary.statuses), strict=True)
        }
        for fact, values in vocabulary.language["niat"]["jawaban"].items():
            if fact not in vocabulary.facts:
                raise ValueError(
                    f"niat.yaml: jawaban names the fact '{fact}', which fakta.yaml does not define"
                )
            self._short[fact] = {
                words: _VALUES.get(key, key)
                for key, phrases in values.items()
                for words in lexicon.templates.expand(phrases)
            }

    def read(
        self, sheet: Sheet, expecting: str, acts: tuple[str, ...], said: Mapping[str, FactValue]
    ) -> tuple[Move, FactValue | None] | None:
        """The move and, for a fact, the value; None if the message does not answer. A value that the words
        state outright is in `said` already."""
        if sheet.has(Cue.UNSURE):
            return Move.DONT_KNOW, None
        if sheet.has(*_OWN_QUESTION):
            return None
        if expecting == ACTIVITY:
            return (Move.ANSWER, None) if acts else None
        if expecting == TIME:
            return (Move.ANSWER, None) if sheet.has(Cue.TIME) and not acts else None
        if expecting in said:
            return Move.ANSWER, said[expecting]
        if acts and not sheet.has(Cue.YES):
            return None  # "bukan, maksud saya upload" answers no "Memakai seragam?"
        value = self._value(sheet, expecting)
        return None if value is None else (Move.ANSWER, value)

    def _value(self, sheet: Sheet, expecting: str) -> FactValue | None:
        fact = self._vocabulary.facts.get(expecting)
        if fact is None:
            return None
        short, rest = self._said_shortly(sheet, expecting)
        if fact.kind is not FactKind.YES_NO:
            return short
        denied = any(norm in sheet.small.denials for norm in rest) or sheet.has(Cue.NO)
        if short is not None:
            return bool(short) is not denied
        if sheet.has(Cue.YES) or (sheet.has(Cue.OKAY) and not sheet.has(Cue.THANKS)):
            return not denied
        return False if denied else None

    def _said_shortly(self, sheet: Sheet, expecting: str) -> tuple[FactValue | None, list[str]]:
        """The value that a bare word names ("pribadi"), outside of what states other facts, and the other
        words. The longest phrase wins."""
        facts = sheet.of(Cue.FACT) if expecting not in _PERSONAL else []  # "dinas pertanian" is no duty
        stated = {place for mark in facts for place in range(mark.first, mark.last)}
        norms = ["" if place in stated else norm for place, norm in enumerate(sheet.norms)]
        short = self._short.get(expecting, {})
        found = max((words for words in short if _place(norms, words) is not None), key=len, default=None)
        if found is None:
            return None, norms
        place = _place(norms, found) or 0
        return short[found], norms[:place] + norms[place + len(found) :]


def _place(norms: list[str], words: Words) -> int | None:
    places = range(len(norms) - len(words) + 1)
    return next((place for place in places if tuple(norms[place : place + len(words)]) == words), None)
