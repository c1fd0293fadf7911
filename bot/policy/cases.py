"""Cases of a circular (uji.yaml): what was asked, and the verdict that its encoder expects. Pure.

What a case leaves out of `perlu`, `dasar` and `kewajiban` is expected to be empty; `syarat`,
`berlaku_sampai` and `berikutnya` are compared only where they are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Final, Literal

from pydantic import Field

from bot.model import Asker, FactValue, Grain, Intent, Question, RuleRef, Unknown, Verdict, When
from bot.policy.corpus import NATIONAL, Circular, Corpus, Place, Regency
from bot.policy.document import Document
from bot.policy.expectation import (
    KINDS,
    NOTHING,
    Conditions,
    Expected,
    ExpectedWindow,
    Nothing,
    conditions_of,
    differences,
)
from bot.policy.problems import Path, PolicyError, Problem, suggestion
from bot.policy.schema import Names, Shape, YesNo, validate
from bot.policy.terms import TermReader
from bot.vocabulary import FactKind

NOT_KNOWN: Final = "tidak_tahu"
"""A fact's value in a case: the person was asked and does not know."""

_MOMENT: Final = re.compile(r"(\d{4}-\d\d-\d\d)(?:[ T]([01]\d|2[0-3])[:.]([0-5]\d))?")
_NEVER: Final = date(1, 1, 2)  # in the place of a date that cannot be read


# --- the shape of uji.yaml ---


class Berikutnya(Shape):
    """The next window in which the act is allowed. `sampai` "tidak_ada": without end."""

    mulai: date | str
    sampai: date | str | None = None
    syarat: dict[str, Any] | None = None


class Kasus(Shape):
    nama: str = Field(min_length=1)
    pada: date | str
    sampai: date | str | None = None
    status: str | None = None
    unit: str | None = None
    pola: str | None = None
    perbuatan: str
    fakta: dict[str, Any] = Field(default_factory=dict)
    putusan: Literal[
        "dilarang",
        "dibolehkan",
        "tidak_dilarang",
        "dikecualikan",
        "wajib",
        "bertentangan",
        "tidak_dijangkau",
        "belum_berlaku",
    ]
    pasti: YesNo | None = None
    perlu: Names = ()
    dasar: Names = ()
    kewajiban: Names = ()
    syarat: dict[str, Any] | None = None
    berlaku_sampai: date | str | None = None
    berikutnya: Berikutnya | Nothing | None = None


class CaseFile(Shape):
    """`wilayah`: whose calendar and staff the cases speak of; needed only for national circulars."""

    skema: Literal[1]
    wilayah: str | None = None
    kasus: tuple[Kasus, ...] = Field(min_length=1)


# --- cases ---


@dataclass(frozen=True, slots=True)
class Case:
    """One named situation: `question`, asked by `asker` at `now` (the time asked about)."""

    name: str
    place: Place
    question: Question
    asker: Asker
    now: datetime
    expected: Expected


def read_cases(document: Document, circular: Circular, corpus: Corpus) -> tuple[Case, ...]:
    """The cases of `circular` in file order. Raises PolicyError with every problem of the file."""
    file = validate(CaseFile, document)
    name = file.wilayah or circular.regency
    regency = corpus.regencies.get(name)
    if regency is None:
        key = "policy.error.case_without_regency" if name == NATIONAL else "policy.error.unknown_regency"
        hint = suggestion(name, corpus.regencies)
        raise PolicyError([document.problem(("wilayah",), key, name=name, suggestion=hint)])
    reader = _Reader(document, circular, corpus, regency)
    cases = tuple(reader.case(entry, ("kasus", index)) for index, entry in enumerate(file.kasus))
    if reader.problems:
        raise PolicyError(reader.problems)
    return cases


def failures(case: Case, verdict: Verdict) -> tuple[Problem, ...]:
    """Where `verdict` is not what the case expects; one problem a field, at the case's place."""
    return tuple(
        Problem(
            case.place.file,
            case.place.line,
            "policy.error.case_failed",
            {"name": case.name, "field": field, "expected": expected, "found": found},
        )
        for field, expected, found in differences(case.expected, verdict)
    )


class _Reader:
    def __init__(self, document: Document, circular: Circular, corpus: Corpus, regency: Regency) -> None:
        self._document = document
        self._circular = circular
        self._vocabulary = corpus.vocabulary
        self._regency = regency
        circulars = {**corpus.circulars, circular.id: circular}
        self._rules = {rule.ref for known in circulars.values() for rule in known.rules}
        self.problems: list[Problem] = []
        self._terms = TermReader(document, corpus.vocabulary, self.problems)

    def case(self, entry: Kasus, path: Path) -> Case:
        start = self._moment(entry.pada, (*path, "pada"))
        self._known(entry.perbuatan, self._vocabulary.activities, "unknown_activity", (*path, "perbuatan"))
        when = self._when(start, entry, path)
        return Case(
            name=entry.nama,
            place=Place(self._document.file, self._document.line(path)),
            question=Question(Intent.MAY_I, entry.perbuatan, when, self._facts(entry, path)),
            asker=self._asker(entry, path),
            now=start,
            expected=self._expected(entry, path),
        )

    # --- what is asked ---

    def _when(self, start: datetime, entry: Kasus, path: Path) -> When:
        if entry.sampai is not None:
            end = self._moment(entry.sampai, (*path, "sampai"))
            if end <= start:
                self._wrong((*path, "sampai"), "case_order", value=entry.sampai)
            return When(start, end, Grain.INTERVAL)
        if _is_day(entry.pada):
            return When(start, start + timedelta(days=1), Grain.DAY)
        return When(start, None, Grain.INSTANT)

    def _moment(self, value: date | str, path: Path) -> datetime:
        """Local time; 00:00 of a date."""
        found = _MOMENT.fullmatch(str(value))
        try:
            day = date.fromisoformat(found[1] if found else "")
        except ValueError:
            self._wrong(path, "case_time", value=value)
            found, day = None, _NEVER
        hour, minute = (int(found[2] or 0), int(found[3] or 0)) if found else (0, 0)
        return datetime.combine(day, time(hour, minute), self._regency.calendar.zone)

    def _asker(self, entry: Kasus, path: Path) -> Asker:
        for field, value, known in (
            ("status", entry.status, tuple(self._vocabulary.statuses)),
            ("unit", entry.unit, tuple(self._vocabulary.units)),
            ("pola", entry.pola, self._regency.calendar.pattern_ids),
        ):
            if value is not None and value not in known:
                hint = suggestion(value, known)
                key = "unknown_pattern" if field == "pola" else "unknown_value"
                self._wrong((*path, field), key, name=field, value=value, suggestion=hint)
        return Asker(self._regency.id, entry.status, entry.unit, entry.pola)

    def _facts(self, entry: Kasus, path: Path) -> dict[str, FactValue | Unknown]:
        read = ((name, self._fact(name, value, (*path, "fakta"))) for name, value in entry.fakta.items())
        return {name: value for name, value in read if value is not None}

    def _fact(self, name: str, value: FactValue | object, path: Path) -> FactValue | Unknown | None:
        """None, and a problem, for a fact or value that the vocabulary does not have."""
        if value == NOT_KNOWN and name in self._vocabulary.facts:
            return Unknown.NOT_KNOWN_TO_ASKER
        before = len(self.problems)
        self._terms.condition({name: value}, path)
        if len(self.problems) > before:
            return None
        if not isinstance(value, (bool, str, int, float, date)):
            self._wrong((*path, name), "case_fact", name=name, value=value)
            return None
        return value in (True, "ya") if self._vocabulary.facts[name].kind is FactKind.YES_NO else value

    # --- what is expected ---

    def _expected(self, entry: Kasus, path: Path) -> Expected:
        certain = not entry.perlu
        if entry.pasti is not None and entry.pasti is not certain:
            self._wrong((*path, "pasti"), "case_certainty", needs=", ".join(entry.perlu) or NOTHING)
        for name in entry.perlu:
            self._known(name, self._vocabulary.facts, "unknown_fact", (*path, "perlu"))
        return Expected(
            kind=KINDS[entry.putusan],
            certain=certain,
            needs=frozenset(entry.perlu),
            basis=self._refs(entry.dasar, (*path, "dasar")),
            duties=self._refs(entry.kewajiban, (*path, "kewajiban")),
            conditions=self._conditions(entry.syarat, (*path, "syarat")),
            valid_until=self._end(entry.berlaku_sampai, (*path, "berlaku_sampai")),
            upcoming=self._window(entry.berikutnya, (*path, "berikutnya")),
        )

    def _refs(self, names: Iterable[str], path: Path) -> frozenset[RuleRef]:
        """`aturan-id` of this circular, or `wilayah/edaran#aturan-id` of another."""
        refs: set[RuleRef] = set()
        for name in names:
            other, _, rule = name.rpartition("#")
            ref = RuleRef(other or self._circular.id, rule)
            siblings = {known.rule for known in self._rules if known.circular == ref.circular}
            self._known(rule, siblings, "unknown_rule", path)
            refs.add(ref)
        return frozenset(refs)

    def _end(self, value: date | str | None, path: Path) -> datetime | Nothing | None:
        if value is None or value == NOTHING:
            return NOTHING if value else None
        return self._moment(value, path)

    def _window(self, entry: Berikutnya | Nothing | None, path: Path) -> ExpectedWindow | Nothing | None:
        if not isinstance(entry, Berikutnya):
            return entry
        start = self._moment(entry.mulai, (*path, "mulai"))
        end = self._end(entry.sampai, (*path, "sampai"))
        return ExpectedWindow(start, end, self._conditions(entry.syarat, (*path, "syarat")))

    def _conditions(self, data: dict[str, Any] | None, path: Path) -> Conditions | None:
        if not data:
            return None if data is None else frozenset()
        return conditions_of(self._terms.condition(data, path))

    # --- problems ---

    def _known(self, name: str, known: Iterable[str], key: str, path: Path) -> None:
        names = tuple(known)
        if name not in names:
            self._wrong(path, key, name=name, suggestion=suggestion(name, names))

    def _wrong(self, path: Path, key: str, **params: object) -> None:
        self.problems.append(self._document.problem(path, f"policy.error.{key}", **params))


def _is_day(value: date | str) -> bool:
    return isinstance(value, date) or (":" not in value and "." not in value)
