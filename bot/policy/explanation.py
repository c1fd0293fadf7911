"""What stands behind a verdict, gathered for the reply: citations, sanctions, notes, open questions.

Nothing is decided here. Notes and open questions come with the rules they speak of, unless the known
facts exclude them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime
from operator import attrgetter

from bot.model import (
    Asker,
    Citation,
    Explanation,
    Literal,
    Question,
    Remark,
    RuleRef,
    Source,
    Unknown,
    Verdict,
)
from bot.policy.condition import ALWAYS, Condition
from bot.policy.corpus import Circular, Corpus, Note, OpenQuestion, Rule, Sanction, full_name
from bot.policy.decide import Engine, RegencyEngine

_MEMO_LIMIT = 20_000

Refs = tuple[RuleRef, ...]

_CITED = attrgetter("basis", "others", "contrary", "overridden", "duties")
_NOTHING_CITED: tuple[Refs, ...] = _CITED(Explanation())


class Explainer:
    """Explains the verdicts of one engine. Explanations are values, so equal ones are built once."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        corpus = engine.corpus
        self._sources = {circular.id: _source(circular, corpus) for circular in corpus.circulars.values()}
        self._citations = {
            rule.ref: Citation(
                rule.ref,
                self._sources[circular.id],
                rule.modality.value,
                rule.activity,
                rule.clause,
                rule.quote,
                rule.summary,
                rule.content,
                bool(rule.lifts),
            )
            for circular in corpus.circulars.values()
            for rule in circular.rules
        }
        self._memo: dict[object, Explanation] = {}

    def explain(
        self, question: Question, asker: Asker, verdict: Verdict | None, now: datetime
    ) -> Explanation:
        """The law around `question`; `verdict` None where the intent asks for none."""
        regency = self._engine.regency(asker.regency)
        when = now if question.when is None or question.when.start is None else question.when.start
        day = when.astimezone(regency.calendar.zone).date()
        lists = _CITED(verdict) if verdict else _NOTHING_CITED
        known = regency.situations.known(question, asker)
        slice_ = regency.law.slice_at(day)
        key = (asker.regency, question.activity, slice_, lists, known, verdict is None)
        found = self._memo.get(key)
        if found is None:
            if len(self._memo) > _MEMO_LIMIT:
                self._memo.clear()
            around = _Around(regency, question, asker)
            found = self._explanation(around, around.circulars(regency.law.in_force(day)), *lists)
            revoked = tuple(
                replace(self._sources[o], revoked_by=self._sources[n]) for o, n in around.revoked(day)
            )
            contents = self._contents(around, found) if verdict is None else ()
            found = replace(found, revoked=revoked, contents=contents)
            self._memo[key] = found
        return found

    def _contents(self, around: _Around, found: Explanation) -> tuple[Citation, ...]:
        named = [self._engine.corpus.circulars[source.circular] for source in found.sources]
        return self._cited(tuple(rule.ref for rule in around.rules(named)))

    def _explanation(
        self,
        around: _Around,
        circulars: list[Circular],
        basis: Refs,
        others: Refs,
        contrary: Refs,
        overridden: Refs,
        duties: Refs,
    ) -> Explanation:
        refs = (*basis, *others, *contrary, *overridden, *duties)
        touched = {ref.circular for ref in refs} or {circular.id for circular in circulars}
        about = [circular for circular in circulars if circular.id in touched]
        rules = set(refs) or {rule.ref for circular in circulars for rule in circular.rules}

        def remarks(entries: Iterable[tuple[Circular, Note | OpenQuestion | Sanction]]) -> tuple[Remark, ...]:
            return tuple(self._remark(e, c, bool(refs)) for c, e in entries if around.concerns(e, rules))

        return Explanation(
            basis=self._cited(basis),
            others=self._cited(others),
            contrary=self._cited(contrary),
            overridden=self._cited(overridden),
            duties=self._cited(duties),
            sources=tuple(self._sources[circular.id] for circular in circulars),
            sanctions=remarks((c, s) for c in about for s in c.sanctions),
            notes=remarks((c, n) for c in about for n in c.notes),
            open_questions=remarks((c, q) for c in about for q in c.open_questions),
            regulated=around.regulates(circulars),
            excluded=around.excluded(),
        )

    def cited(self, refs: Refs) -> list[Citation]:
        """Rules as a reply cites them."""
        return list(self._cited(refs))

    def _cited(self, refs: Refs) -> tuple[Citation, ...]:
        return tuple(self._citations[ref] for ref in refs)

    def _remark(self, entry: Note | OpenQuestion | Sanction, circular: Circular, ruled: bool) -> Remark:
        source = self._sources[circular.id]
        match entry:
            case Note():
                return Remark(entry.kind, entry.content, source, entry.speaker, entry.quote)
            case Sanction():
                return Remark("sanksi", entry.content, source, entry.source, entry.quote)
            case OpenQuestion():
                specific = ruled if entry.rules else entry.condition != ALWAYS
                return Remark("terbuka", entry.content, source, specific=specific)


class _Around:
    """What of the law concerns one question, as far as what is known (time aside) can tell."""

    def __init__(self, regency: RegencyEngine, question: Question, asker: Asker) -> None:
        self._regency = regency
        self._question = question
        self._asker = asker

    def circulars(self, in_force: Iterable[Circular]) -> list[Circular]:
        """Those that speak of the act, in force if one is; all in force if none does; all registered if none
        is."""
        everything = self._regency.law.circulars
        reaching = [circular for circular in in_force if self._possible(circular.addressees)]
        speaking = [c for c in reaching if self._speaks(c)]
        later = [c for c in everything if self._speaks(c) and self._possible(c.addressees)]
        return speaking or later or reaching or list(everything)

    def regulates(self, circulars: Iterable[Circular]) -> bool:
        """Whether one of them speaks of the act; if no act was named, all do."""
        return self._question.activity is None or any(map(self._speaks, circulars))

    def rules(self, circulars: Iterable[Circular]) -> list[Rule]:
        """What they say of the act; if no act was named, everything."""
        activity = self._question.activity
        if activity is None:
            return [rule for circular in circulars for rule in circular.rules]
        return self._regency.law.rules(circulars, activity)

    def revoked(self, day: date) -> Iterator[tuple[str, str]]:
        """The circulars that speak of the act or of a kind of it, or have a rule that does, and are revoked
        by `day`, each with the one that revokes it."""
        everything = self._regency.law.circulars
        newer = [circular for circular in everything if circular.since <= day and circular.revokes]
        for circular in everything if newer else ():
            names = {circular.id, *(full_name(rule.ref) for rule in self._near(circular))}
            by = next((c.id for c in newer if not names.isdisjoint(c.revokes)), None)
            if by is not None and len(names) > 1:
                yield circular.id, by

    def _near(self, circular: Circular) -> Iterator[Rule]:
        """Its rules on the act, a wider act or a kind of it."""
        lineage, act = self._regency.law.corpus.vocabulary.lineage, self._question.activity
        for rule in circular.rules:
            if act is None or rule.activity in lineage(act) or act in lineage(rule.activity):
                yield rule

    def excluded(self) -> Literal | None:
        """What the person is that no circular addresses, if some would address her were she anything else."""
        everything = self._regency.law.circulars
        own = {"unit": self._asker.unit, "status": self._asker.status}
        said = {name: self._question.facts.get(name, value) for name, value in own.items()}
        if any(self._possible(circular.addressees) for circular in everything):
            return None
        for name, value in said.items():
            if value is None or isinstance(value, Unknown):
                continue
            facts = {fact: v for fact, v in self._question.facts.items() if fact != name}
            asker = replace(self._asker, unit=None) if name == "unit" else replace(self._asker, status=None)
            other = _Around(self._regency, replace(self._question, facts=facts), asker)
            if any(other._possible(circular.addressees) for circular in everything):
                return Literal(name, value)
        return None

    def _speaks(self, circular: Circular) -> bool:
        activity = self._question.activity
        return activity is not None and bool(self._regency.law.rules([circular], activity))

    def concerns(self, entry: Note | OpenQuestion | Sanction, rules: set[RuleRef]) -> bool:
        condition = ALWAYS if isinstance(entry, Sanction) else entry.condition
        return (not entry.rules or not rules.isdisjoint(entry.rules)) and self._possible(condition)

    def _possible(self, condition: Condition) -> bool:
        return self._regency.situations.possible(condition, self._question, self._asker)


def _source(circular: Circular, corpus: Corpus) -> Source:
    return Source(
        circular=circular.id,
        number=circular.number,
        about=circular.about,
        issuer=circular.issuer,
        rank=corpus.ranks[circular.rank].name,
        enacted=circular.enacted,
        since=circular.since,
        until=circular.until,
        publisher=circular.evidence.name,
        original_seen=circular.evidence.original_seen,
        since_assumed=circular.since_basis,
        complete=circular.complete,
    )
