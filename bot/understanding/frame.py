"""Tokens and times → what one message says: intent, move, acts, time, facts, and the words each came from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.model import FactValue, Grain, Intent, Token, Understood
from bot.understanding import negation, segments
from bot.understanding.acts import acts
from bot.understanding.answers import Answers
from bot.understanding.facts import Caution, facts, status
from bot.understanding.intents import ASIDE, intent, move
from bot.understanding.lexicon import Lexicon
from bot.understanding.marks import Cue, Mark, Sheet, SmallWords
from bot.understanding.quantities import with_quantities
from bot.understanding.time_reading import Group
from bot.understanding.times import NO_TIMES, Times
from bot.understanding.timing import asked_time, with_times
from bot.vocabulary import Vocabulary

MAX_TOKENS = 400
"""Only so much of a message is framed: the work stays bounded."""
STATUS = "status"

Spans = tuple[tuple[str, int, int], ...]


class Frame:
    """Compiled once from the vocabulary; reading is pure."""

    def __init__(self, vocabulary: Vocabulary, lexicon: Lexicon) -> None:
        grammar = vocabulary.language["niat"]
        self.small = _small_words(lexicon, grammar, vocabulary.language["waktu"]["memilih"]["peristiwa"])
        self._vocabulary = vocabulary
        self._lexicon = lexicon
        self._answers = Answers(vocabulary, lexicon)
        self._caution = Caution(
            claimed=_names(grammar["dalih_fakta"]),
            one_suffices=_names(grammar["cukup_satu"]),
            undoing=lexicon.words("{lepas}, {ganti}"),
        )
        self._neighbours = _names(grammar["tetangga"])
        self._afterwards = _names(grammar["perbuatan_sesudahnya"])
        self._hours = lexicon.words(grammar["kata_jam"])

    def read(
        self,
        tokens: tuple[Token, ...],
        now: datetime,
        times: Times = NO_TIMES,
        expecting: str | None = None,
        quantities: Sequence[Mark] = (),
    ) -> Understood:
        """What a message says at `now`; `expecting` as in `Understanding.read`; `quantities`: the numbers and
        dates that facts have in it."""
        sheet = self._sheet(tokens[:MAX_TOKENS], times, quantities)
        named = acts(sheet, self._vocabulary)
        said = facts(sheet, self._caution)
        values = {name: value for name, (value, _) in said.items()} | _status(sheet)
        found = intent(sheet, bool(named), self._neighbours.issuperset(named), self._caution.claimed)
        step = move(sheet, found, named)
        answer = None if expecting is None else self._answers.read(sheet, expecting, named, values)
        if answer is not None:
            found, (step, value) = Intent.MAY_I, answer
            values |= {} if value is None else {str(expecting): value}
        time = asked_time(sheet, times, now, named, self._afterwards)
        return Understood(
            intent=found,
            move=step,
            activities=named,
            times=tuple(reading.when for reading in time),
            facts={} if found in ASIDE else values,
            spans=self._spans(sheet, named, (mark for _, mark in said.values()), time),
            must=_must(sheet),
        )

    def tags(self, tokens: tuple[Token, ...]) -> set[int]:
        """The places of words that only end a question, as "ga" in "boleh live ga pas jam kerja?"."""
        return self._sheet(tokens[:MAX_TOKENS], NO_TIMES).tags

    def _sheet(self, tokens: tuple[Token, ...], times: Times, quantities: Sequence[Mark] = ()) -> Sheet:
        norms = [token.norm for token in tokens]
        covered = bytearray(len(norms))
        marks = with_times(self._lexicon.scan(norms, covered), tokens, times, covered)
        marks = with_quantities(marks, quantities, covered)
        sheet = Sheet(tokens, norms, marks, covered, self.small)
        segments.divide(sheet)
        negation.resolve(sheet)
        sheet.settled()
        return sheet

    def _spans(self, sheet: Sheet, acts: tuple[str, ...], said: Iterable[Mark], time: Group) -> Spans:
        """Which words gave what. A time stands under "time", and under "day" and "clock" for what it
        names."""
        marks = [m for cue in (Cue.ACT, Cue.HINT) for m in sheet.of(cue) if m.name in acts]
        tokens = sheet.tokens
        spans = {(m.name, tokens[m.first].start, tokens[m.last - 1].end) for m in [*marks, *said]}
        if time:
            spans |= {(name, time[0].start, time[0].end) for name in ("time", *self._named(sheet, time))}
        return tuple(sorted(spans, key=lambda span: (span[1], span[2], span[0])))

    def _named(self, sheet: Sheet, time: Group) -> Iterator[str]:
        if all(reading.when.grain is Grain.DAY and reading.when.symbol is None for reading in time):
            yield "day"
            return
        start, end = time[0].start, time[0].end
        words = [token.norm for token in sheet.tokens if start <= token.start and token.end <= end]
        if any(word.isdigit() or word in self._hours for word in words):
            yield "clock"
        if any(word.isalpha() and word not in self._hours for word in words):
            yield "day"


def _must(sheet: Sheet) -> tuple[str, ...] | None:
    """The facts behind "harus" or "wajib"; None where nobody asks so, or asks "boleh" besides."""
    if not sheet.has(Cue.MUST) or sheet.has(Cue.MAY, Cue.MAY_NOT):
        return None
    first = sheet.of(Cue.MUST)[0]
    behind = (m.name for m in sheet.of(Cue.FACT) if m.segment == first.segment and m.first >= first.last)
    return tuple(dict.fromkeys(behind))


def _status(sheet: Sheet) -> dict[str, FactValue]:
    mark = status(sheet)
    return {} if mark is None else {STATUS: mark.name}


def _names(source: str) -> frozenset[str]:
    return frozenset(name.strip() for name in source.split(","))


def _small_words(lexicon: Lexicon, grammar: Mapping[str, Any], events: Iterable[str]) -> SmallWords:
    cues = grammar["petunjuk"]
    return SmallWords(
        function=lexicon.words(grammar["kata_tugas"]),
        particles=lexicon.words(grammar["partikel"]),
        tags=lexicon.words(grammar["ekor_tanya"]),
        question_endings=tuple(_names(grammar["akhiran_tanya"])),
        places=lexicon.words(grammar["kata_depan"]),
        settings=lexicon.single([grammar["kata_depan"], cues["sambil"]]),
        denials=lexicon.single([cues["tidak"], cues["belum"], cues["bukan"], cues["tanpa"]]),
        predicates=lexicon.words(grammar["predikat"]),
        waiting=lexicon.words(grammar["penantian"]),
        events=frozenset(events),
        reached=lexicon.single("{sudah}"),
        dreaded=lexicon.words(grammar["kekhawatiran"]),
        subjects=lexicon.words(grammar["pokok_aturan"]),
        doubts=lexicon.words(grammar["keraguan"]),
        former=lexicon.words(grammar["dahulu"]),
        wishes=lexicon.words(grammar["kehendak"]),
        turns=lexicon.words(grammar["peralihan"]),
        asking=lexicon.single(grammar["kata_tanya"]),
        gone=lexicon.words(grammar["sudah_lalu"]),
        existence=lexicon.words(grammar["keberadaan"]),
        contrary=lexicon.words(grammar["kenyataan"]),
        cancelling=lexicon.words(grammar["pembatalan"]),
    )
