"""All phrases of the vocabulary in one trie of canonical words, scanned once over a message.

The longest phrase wins, from left to right. Between two words of a phrase a few small words may stand ("akun
punya dinas"), and one negation, which turns a fact over ("akun bukan punya dinas"). Within an act may stand
what asks about it or forbids it ("mobil dinas tidak boleh dipakai mudik"), which keeps its own meaning.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from bot.model import FactValue
from bot.understanding.marks import Cue, Mark, Sense
from bot.understanding.template import Norms, Templates, Words
from bot.vocabulary import Vocabulary

CUES = {
    "boleh": Cue.MAY,
    "boleh_berbuat": Cue.MAY_ACT,
    "dilarang": Cue.MAY_NOT,
    "kapan": Cue.WHEN,
    "mengapa": Cue.WHY,
    "kok": Cue.HOW_COME,
    "sanksi": Cue.SANCTION,
    "aturan": Cue.RULE,
    "edaran": Cue.RULE_WORD,
    "baca": Cue.ACKNOWLEDGE,
    "sapa": Cue.GREETING,
    "terima_kasih": Cue.THANKS,
    "tanya": Cue.ASK_WORD,
    "topik": Cue.TOPIC,
    "acuan": Cue.REFERENCE,
    "tidak": Cue.NOT,
    "belum": Cue.NOT_YET,
    "bukan": Cue.NOT_BUT,
    "tanpa": Cue.WITHOUT,
    "ya": Cue.YES,
    "oke": Cue.OKAY,
    "tidak_tahu": Cue.UNSURE,
    "kalau": Cue.IF,
    "lalu": Cue.THEN,
    "tetapi": Cue.BUT,
    "karena": Cue.BECAUSE,
    "atau": Cue.OR,
    "dan": Cue.AND,
    "setelah": Cue.AFTER,
    "sambil": Cue.WHILE,
    "ralat": Cue.CORRECTION,
    "selip": Cue.SLIP,
    "orang_lain": Cue.OTHERS,
    "saya": Cue.SELF,
    "dalih": Cue.PRETEXT,
    "perintah": Cue.ORDER,
    "harus": Cue.MUST,
    "kecuali": Cue.EXCEPT,
}
"""Keys of `petunjuk` in niat.yaml → what their phrases mean."""

MAX_GAP = 3
"""How many small words may stand in one gap of a phrase."""

_SENSES = ""  # a node's senses live under this key, which no word can be
Node = dict[str, Any]
Places = tuple[int, ...]
Found = tuple[int, tuple[Sense, ...] | None, bool, Places]


class Lexicon:
    """Raises ValueError for a key of `petunjuk` or a class that nobody knows."""

    def __init__(self, vocabulary: Vocabulary, norms: Norms) -> None:
        grammar = vocabulary.language["niat"]
        self.templates = Templates(grammar["kelas"], norms)
        self._root: Node = {}
        for phrases, sense in entries(vocabulary):
            self._add(phrases, sense)
        self._fillers = self.words(grammar["sela"])
        self._modal = self.words(grammar["sisipan"])
        self._turning = self.single([grammar["petunjuk"][key] for key in ("tidak", "belum", "bukan")])

    def words(self, source: str | Iterable[str]) -> frozenset[str]:
        """All canonical words that occur in a list of phrases."""
        return frozenset(word for words in self.templates.expand(source) for word in words)

    def single(self, source: str | Iterable[str]) -> frozenset[str]:
        """The phrases that consist of one canonical word."""
        return frozenset(words[0] for words in self.templates.expand(source) if len(words) == 1)

    def known_words(self) -> frozenset[str]:
        """Every word that some phrase contains."""
        return frozenset(_words_below(self._root))

    def scan(self, norms: Sequence[str], covered: bytearray) -> list[Mark]:
        """The marks of a message in order; `covered[i]` is set for every token that belongs to one."""
        marks: list[Mark] = []
        here, end, start = 0, len(norms), self._root.get
        while here < end:
            node = start(norms[here])
            if node is None:
                here += 1
                continue
            last, senses, turned, within = self._longest(node, norms, here + 1)
            if senses is None:
                here += 1
                continue
            for sense in senses:
                marks.append(Mark(sense.cue, here, last, sense.name, sense.value, negated=turned))
            if within:
                marks += self._within(norms, within)
            for place in range(here, last):
                covered[place] = 1
            here = last
        return marks

    def _within(self, norms: Sequence[str], places: Places) -> Iterator[Mark]:
        """The marks of what stands between the words of an act."""
        for mark in self.scan([norms[place] for place in places], bytearray(len(places))):
            yield replace(mark, first=places[mark.first], last=places[mark.last - 1] + 1)

    def _longest(self, node: Node, norms: Sequence[str], place: int) -> Found:
        """The end of the longest phrase that starts at `node`'s word, its senses, whether it is turned over,
        and which words between speak for themselves."""
        best: Found = place, node.get(_SENSES), False, ()
        if len(node) == 1 and _SENSES in node:
            return best
        end = len(norms)
        paths: list[tuple[Node, int, int, bool, Places]] = [(node, place, 0, False, ())]
        while paths:
            node, place, gap, turned, within = paths.pop()
            if place == end:
                continue
            word = norms[place]
            place += 1
            if gap < MAX_GAP and word in self._fillers:
                paths.append((node, place, gap + 1, turned, within))
            following = node.get(word)
            if following is not None:
                senses = following.get(_SENSES)
                if senses is not None and place > best[0] and _may_hold(senses, turned, within):
                    best = place, senses, turned, within
                paths.append((following, place, 0, turned, within))
                continue
            if not turned and word in self._turning:
                paths.append((node, place, gap, True, within))
            if gap < MAX_GAP and word in self._modal:
                paths.append((node, place, gap + 1, turned, (*within, place - 1)))
        return best

    def _add(self, phrases: str | Iterable[str], sense: Sense) -> None:
        for parts in self.templates.parts(phrases):
            ends = [self._root]
            for alternatives in parts:
                ends = [_below(node, words) for node in ends for words in alternatives]
            for node in ends:
                senses: tuple[Sense, ...] = node.get(_SENSES, ())
                if node is not self._root and sense not in senses:
                    node[_SENSES] = (*senses, sense)


def _may_hold(senses: tuple[Sense, ...], turned: bool, within: Places) -> bool:
    """Whether a phrase can be turned over, if it is, and can be spoken about in its midst."""
    kinds = {sense.cue for sense in senses} if turned or within else set()
    return not (turned and kinds != {Cue.FACT}) and not (within and kinds != {Cue.ACT})


def _below(node: Node, words: Words) -> Node:
    for word in words:
        node = node.setdefault(word, {})
    return node


def entries(vocabulary: Vocabulary) -> Iterator[tuple[str | Iterable[str], Sense]]:
    """All phrases of the vocabulary with what they mean."""
    grammar = vocabulary.language["niat"]
    for activity in vocabulary.activities.values():
        yield activity.phrases, Sense(Cue.ACT, activity.id)
        yield activity.hints, Sense(Cue.HINT, activity.id)
        yield activity.excluded, Sense(Cue.TOPIC)
    for name, phrases, value in _said(vocabulary):
        yield phrases, Sense(Cue.FACT, name, value)
    for status in vocabulary.statuses.values():
        yield status.phrases, Sense(Cue.STATUS, status.id)
    for key, phrases in grammar["petunjuk"].items():
        if key not in CUES:
            raise ValueError(f"niat.yaml: petunjuk has no kind '{key}'; known: {', '.join(CUES)}")
        yield phrases, Sense(CUES[key])
    yield grammar["abaikan"], Sense(Cue.IGNORED)


def _said(vocabulary: Vocabulary) -> Iterator[tuple[str, tuple[str, ...], FactValue]]:
    for fact in vocabulary.facts.values():
        # What the registration tells is not read off a passing mention: statuses have a cue of their own.
        for option in fact.options if fact.source != "pegawai" else ():
            yield fact.id, option.phrases, option.value


def _words_below(node: Node) -> Iterator[str]:
    for word, below in node.items():
        if word != _SENSES:
            yield word
            yield from _words_below(below)
