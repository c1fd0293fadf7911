"""Numbers and dates that a message gives to a fact: "harganya 2 juta", "keluar 2 jam", "diterima 3 Maret",
or, where the bot has just asked for it, "500 ribu" alone.

A wrong number is worse than none: what is approximate, a range, said of something else or of who knows what
gives no value.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Final

from bot.model import FactValue, Token
from bot.understanding.amounts import Amount, Amounts, Unit, figure
from bot.understanding.claims import Claim, Scan, Stated, Surroundings, of_a_time
from bot.understanding.fact_days import day_of
from bot.understanding.marks import Cue, Mark
from bot.understanding.template import Norms, Words, listed
from bot.understanding.time_expression import Expression
from bot.vocabulary import Fact, FactKind, Vocabulary

_BARE: Final = "tanpa_satuan"
"""Stands in niat.yaml for the dimension of numbers without a unit."""
_MOST_SMALL_WORDS: Final = 3
"""How many small words may stand between a phrase and its number, and how far a hedge reaches."""

Said = tuple[list[Mark], list[Expression]]


class Quantities:
    """Compiled once from the vocabulary; reading is pure. `scan`: finds the acts and facts of a message."""

    def __init__(self, vocabulary: Vocabulary, norms: Norms, scan: Scan) -> None:
        words = vocabulary.language["niat"]["besaran"]
        self._amounts = Amounts(words, norms)
        self._scan = scan
        self._least: Mapping[str, int] = words["terkecil"]
        self._small = frozenset(words["sela"])
        self._before_dates = self._small | frozenset(words["sela_tanggal"])
        self._far = self._small | frozenset(words["sela_jauh"])
        self._reply = self._before_dates | self._far | frozenset(words["sela_jawaban"])
        self._hedges = frozenset(words["tidak_pasti"])
        self._number_hedges = frozenset(words["tidak_pasti_bilangan"])
        self._elsewhere = {name: frozenset(some) for name, some in words["ukuran_lain"].items()}
        self._asking = frozenset(tuple(phrase.split()) for phrase in words["bukan_ingkar"])
        facts = [
            fact
            for fact in vocabulary.facts.values()
            if fact.kind in (FactKind.NUMBER, FactKind.DATE) and fact.source is None
        ]
        self._facts = tuple(Stated(fact, tuple(_phrases(fact, norms)), self._unit(fact)) for fact in facts)
        self._counts = any(fact.kind is FactKind.NUMBER for fact in facts)
        phrases = (word for stated in self._facts for some in stated.phrases for word in some)
        self._counting = self._amounts.known()
        self.known: frozenset[str] = self._counting | self._before_dates | frozenset(phrases)

    def _unit(self, fact: Fact) -> Unit | None:
        return self._amounts.own(fact.unit) if fact.unit else None

    def read(
        self, tokens: tuple[Token, ...], times: Sequence[Expression], today: date, expecting: str | None
    ) -> Said:
        """Marks for the facts stated, and the time expressions that are such facts and not the time asked
        about. `expecting`: the fact that the bot has just asked for, if any."""
        if not self._facts:
            return [], []
        norms = [token.norm for token in tokens]
        used: list[Expression] = []
        marks = self._numbers(norms, times, expecting) if self._counts else []
        for stated in self._facts:
            if stated.fact.kind is FactKind.DATE:
                marks += self._dates(stated, norms, times, today, expecting, used)
        values: dict[str, set[object]] = {}
        for mark in marks:
            values.setdefault(mark.name, set()).add(mark.value)
        return [mark for mark in marks if len(values[mark.name]) == 1], used

    # --- numbers ---

    def _numbers(
        self, norms: Sequence[str], times: Sequence[Expression], expecting: str | None
    ) -> list[Mark]:
        amounts = [amount for amount in self._amounts.all(norms) if not of_a_time(amount, times)]
        if not amounts:
            return []
        around = Surroundings(norms, times, self._scan, self._far)
        claims: list[Claim] = []
        for stated in self._facts:
            if stated.fact.kind is FactKind.NUMBER:
                claims += self._claims(stated, norms, times, amounts, around, expecting)
        marks = []
        for claim in claims:
            if self._stands(claim, claims, amounts, norms):
                value = claim.stated.value(claim.amount) or Fraction(0)
                number = int(value) if value.denominator == 1 else float(value)
                first = claim.first if claim.beside else claim.amount.first
                marks.append(_mark(claim.stated.fact, number, first, claim.amount.after))
        return marks

    def _claims(
        self,
        stated: Stated,
        norms: Sequence[str],
        times: Sequence[Expression],
        amounts: Sequence[Amount],
        around: Surroundings,
        expecting: str | None,
    ) -> Iterator[Claim]:
        """The amounts that the fact's phrases, or the bot's question, make its value."""
        fitting = [amount for amount in amounts if self._fits(stated, amount)]
        if not fitting:
            return
        heads = list(_places(norms, stated.phrases))
        doubts = self._hedges | self._number_hedges
        if stated.fact.id == expecting and not heads and not self._doubted(norms, 0, len(norms), doubts):
            for amount in fitting:  # ranks before what a phrase of another fact claims
                if self._bare(norms, times, self._reply if amount.unit else self._before_dates):
                    yield Claim(stated, amount.first, amount.after, amount, beside=True)
        for amount in fitting:
            before = [head for head in heads if head[1] <= amount.first]
            if not before or self._hedged_before(norms, before[-1][0], doubts):
                continue
            first, after = before[-1]
            beside = self._all_small(norms, after, amount.first)
            if self._beside(stated, amount, first, around) if beside else self._behind(amount, after, around):
                yield Claim(stated, first, after, amount, beside)

    def _beside(self, stated: Stated, amount: Amount, head: int, around: Surroundings) -> bool:
        """Whether an amount right behind the phrase at `head` is the fact's. A bare number must not count
        what follows it ("keluar 3 orang") nor follow the act ("keluar 10")."""
        if amount.unit is not None or stated.unit is None or self._is_plain(stated, amount):
            return True
        return around.ends_at(amount.after) and not around.names_act(head)

    def _behind(self, amount: Amount, after: int, around: Surroundings) -> bool:
        """Whether an amount further behind the phrase is the fact's: "keluar buat salat 25 menit"."""
        return amount.unit is not None and around.leads(after, amount.first)

    def _fits(self, stated: Stated, amount: Amount) -> bool:
        """Whether the amount can be one of the fact: of its dimension and, if bare, not too small to be meant
        in its unit ("500" is no sum of rupiah)."""
        value = stated.value(amount)
        too_small = amount.unit is None and value and value < self._least.get(stated.fact.unit or "", 0)
        return value is not None and not too_small

    def _is_plain(self, stated: Stated, amount: Amount) -> bool:
        """Whether a bare number is too large to count anything else: "2 juta", of a sum of rupiah."""
        return amount.value >= self._least.get(stated.fact.unit or "", amount.value + 1)

    def _stands(
        self, claim: Claim, claims: Sequence[Claim], amounts: Sequence[Amount], norms: Sequence[str]
    ) -> bool:
        """Whether the claim is sure: exact, of the nearest phrase, and the only such quantity that the
        message speaks of, but for those that belong to other facts."""
        amount, unit = claim.amount, claim.stated.unit
        if not amount.exact or self._hedged(norms, amount):
            return False
        if any(
            self._rank(other, norms) > self._rank(claim, norms) for other in claims if other.amount is amount
        ):
            return False
        theirs = [other.amount for other in claims if other.beside and other.stated is not claim.stated]
        rivals = (
            rival
            for rival in amounts
            if rival is not amount and unit and rival.unit and rival.unit.dimension == unit.dimension
        )
        return all(
            rival in theirs or (amount.unit is not None and rival.value == amount.value) for rival in rivals
        )

    def _rank(self, claim: Claim, norms: Sequence[str]) -> tuple[bool, int]:
        """How near a phrase is to its number; one of small words ("cuma") gives way to another."""
        weak = self._small.issuperset(norms[claim.first : claim.after])
        return claim.beside and not weak, claim.after

    def _hedged(self, norms: Sequence[str], amount: Amount) -> bool:
        """Whether what follows makes it a range, an estimate or the measure of something else: "2 juta
        lebih", "1 sampai 2 juta", "20 menit sebelum azan"."""
        after = amount.after
        measured = amount.unit.dimension if amount.unit else _BARE
        elsewhere = self._elsewhere.get(measured, frozenset())
        if not elsewhere.isdisjoint(norms[after : after + 1]):
            return True
        place = after + 1 if self._small.issuperset(norms[after : after + 1]) else after
        if self._small.issuperset(norms[place : place + 1]):
            return False
        norm = norms[place]
        if norm in self._number_hedges or norm in elsewhere:
            return True
        return norm in self._hedges and tuple(norms[place : place + 2]) not in self._asking

    def _hedged_before(self, norms: Sequence[str], first: int, hedges: frozenset[str]) -> bool:
        """Whether words before the phrase take it back: "tidak sampai senilai 2 juta"."""
        return self._doubted(norms, max(first - _MOST_SMALL_WORDS, 0), first, hedges)

    def _doubted(self, norms: Sequence[str], first: int, after: int, hedges: frozenset[str]) -> bool:
        """Whether a hedge stands there; "tidak" in "boleh tidak keluar 2 jam" only asks."""
        for place in range(first, after):
            pairs = tuple(norms[place - 1 : place + 1]), tuple(norms[place : place + 2])
            if norms[place] in hedges and self._asking.isdisjoint(pairs):
                return True
        return False

    def _all_small(self, norms: Sequence[str], first: int, after: int) -> bool:
        return after - first <= _MOST_SMALL_WORDS and self._small.issuperset(norms[first:after])

    def _bare(self, norms: Sequence[str], times: Sequence[Expression], small: frozenset[str]) -> bool:
        """Whether the message is nothing but one value and small words."""
        dated = {place for e in times for place in range(e.first, e.after)}
        rest = [n for place, n in enumerate(norms) if place not in dated]
        words = small | self._counting
        return all(n in words or figure(n, scaled=True) is not None for n in rest)

    # --- dates in a message ---

    def _dates(
        self,
        stated: Stated,
        norms: Sequence[str],
        times: Sequence[Expression],
        today: date,
        expecting: str | None,
        used: list[Expression],
    ) -> Iterator[Mark]:
        heads = list(_places(norms, stated.phrases))
        if stated.fact.id == expecting and not heads and self._bare(norms, times, self._before_dates):
            heads = [(0, 0)]
        for first, after in heads:
            if self._hedged_before(norms, first, self._hedges):
                continue
            starts = self._starts(norms, after)
            said = next((e for place in starts for e in times if e.first == place), None)
            day = None if said is None else day_of(said, stated.fact.direction, today)
            if said is not None and day is not None and not self._uncertain(norms, said.after):
                used.append(said)
                yield _mark(stated.fact, day, first, said.after)

    def _starts(self, norms: Sequence[str], after: int) -> list[int]:
        """The places at which a date may begin: behind at most a few small words."""
        found = [after]
        while len(found) <= _MOST_SMALL_WORDS and norms[found[-1] : found[-1] + 1]:
            if norms[found[-1]] not in self._before_dates:
                break
            found.append(found[-1] + 1)
        return found

    def _uncertain(self, norms: Sequence[str], after: int) -> bool:
        follows = (norm for norm in norms[after : after + 2] if norm not in self._before_dates)
        return next(follows, "") in self._hedges


# --- words -----------------------------------------------------------------------------------


def _mark(fact: Fact, value: FactValue, first: int, after: int) -> Mark:
    return Mark(Cue.FACT, first, after, fact.id, value)


def _phrases(fact: Fact, norms: Norms) -> Iterator[Words]:
    yield from (words for phrase in listed(fact.phrases) if (words := norms(phrase)))


def _places(norms: Sequence[str], phrases: Sequence[Words]) -> Iterator[tuple[int, int]]:
    """Where one of the phrases stands; the longest of those that begin at one place."""
    openings = {words[0] for words in phrases}
    for first, norm in enumerate(norms):
        if norm not in openings:
            continue
        fitting = (len(words) for words in phrases if tuple(norms[first : first + len(words)]) == words)
        length = max(fitting, default=0)
        if length:
            yield first, first + length


def with_quantities(marks: list[Mark], quantities: Sequence[Mark], covered: bytearray) -> list[Mark]:
    """The marks together with those of numbers and dates, in the order of the text."""
    for mark in quantities:
        covered[mark.first : mark.last] = b"\x01" * (mark.last - mark.first)
    return sorted([*marks, *quantities], key=lambda m: (m.first, m.last)) if quantities else marks
