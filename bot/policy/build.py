"""From valid files to the nouns of the corpus; every name, reference and quote is checked here."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from bot.model import FactValue, RuleRef
from bot.policy import derived, schema
from bot.policy.condition import ALWAYS, All, Condition, Not, Test
from bot.policy.corpus import (
    Circular,
    Evidence,
    Modality,
    Note,
    OpenQuestion,
    Place,
    Rule,
    Sanction,
)
from bot.policy.document import Document
from bot.policy.problems import Path, Problem, shortened, suggestion
from bot.policy.quotes import contains, cut_off, folded, uncovered
from bot.policy.terms import TermReader, descendants
from bot.vocabulary import Activity, Fact, FactKind, Named, Option, Vocabulary

MIN_QUOTE_WORDS = 3
MAX_QUOTE_WORDS = 40
LABEL_LIMIT = 20
WEEKDAYS = 7

REGISTERED = ("status", "unit")
"""The facts by which circulars say whom they address; they come from a person's registration."""

# --- vocabulary ---


def activities(file: schema.ActivityFile) -> dict[str, Activity]:
    return {
        p.id: Activity(p.id, p.nama.plain(), p.termasuk, p.frasa, p.isyarat, p.bukan) for p in file.perbuatan
    }


def named(entries: Iterable[schema.Bernama]) -> dict[str, Named]:
    return {e.id: Named(e.id, e.nama.plain(), e.frasa, e.termasuk) for e in entries}


def facts(
    file: schema.FactFile, statuses: Mapping[str, Named], units: Mapping[str, Named]
) -> dict[str, Fact]:
    """The facts of fakta.yaml; `status` and `unit` take their values from their own files."""
    listed = {"status": statuses, "unit": units}
    return {f.id: _fact(f, listed.get(f.id)) for f in file.fakta}


def _fact(entry: schema.Fakta, listed: Mapping[str, Named] | None) -> Fact:
    options = _options(entry) if listed is None else tuple(map(_named_option, listed.values()))
    question = entry.tanya.plain() if entry.tanya else None
    kind = FactKind(entry.jenis)
    name = entry.nama.plain() if entry.nama else None
    return Fact(
        id=entry.id,
        kind=kind,
        options=options,
        presumption=entry.anggapan,
        question=question,
        source=entry.sumber,
        unit=entry.satuan,
        name=name,
        phrases=entry.frasa,
        direction=entry.arah,
    )


def _options(entry: schema.Fakta) -> tuple[Option, ...]:
    if entry.jenis == "ya_tidak":
        pairs: list[tuple[FactValue, schema.Nilai | None]] = [(False, entry.tidak), (True, entry.ya)]
    else:
        pairs = [(option.nilai, option) for option in entry.pilihan]
    return tuple(
        Option(value, words.label.plain(), words.syarat.plain(), words.frasa)
        if words is not None
        else Option(value, {"id": str(value)}, {"id": str(value)})
        for value, words in pairs
    )


def _named_option(thing: Named) -> Option:
    return Option(thing.id, thing.name, thing.name, thing.phrases)


def entry_problems(document: Document, group: str, entries: Sequence[schema.Entry]) -> Iterator[Problem]:
    """Ids given twice, and wider entries (`termasuk`) that do not exist or lead back to the entry itself."""
    parents = {entry.id: entry.termasuk for entry in entries}
    seen: set[str] = set()
    for index, entry in enumerate(entries):
        path: Path = (group, index)
        if entry.id in seen:
            yield document.problem((*path, "id"), "policy.error.duplicate_id", name=entry.id)
        seen.add(entry.id)
        if entry.termasuk is None:
            continue
        if entry.termasuk not in parents:
            hint = suggestion(entry.termasuk, parents)
            key = "policy.error.unknown_parent"
            yield document.problem((*path, "termasuk"), key, name=entry.termasuk, suggestion=hint)
        elif entry.id in _above(parents, entry.id):
            yield document.problem((*path, "termasuk"), "policy.error.circular_parent", name=entry.id)


def _above(parents: Mapping[str, str | None], start: str) -> set[str]:
    found: set[str] = set()
    current = parents[start]
    while current is not None and current not in found:
        found.add(current)
        current = parents.get(current)
    return found


def fact_problems(document: Document, file: schema.FactFile, facts: Mapping[str, Fact]) -> Iterator[Problem]:
    """Ids given twice, presumptions that are no value, facts that must be asked but cannot."""
    seen: set[str] = set()
    for index, entry in enumerate(file.fakta):
        path: Path = ("fakta", index)
        if entry.id in seen:
            yield document.problem((*path, "id"), "policy.error.duplicate_id", name=entry.id)
        seen.add(entry.id)
        yield from _value_problems(document, path, entry, facts[entry.id])
        yield from _wording_problems(document, path, entry, facts[entry.id])
    for name in REGISTERED:
        if name not in facts or facts[name].kind is not FactKind.CHOICE:
            key = "policy.error.no_registered_fact"
            yield document.problem(("fakta",), key, name=name, expected=FactKind.CHOICE.value)


def _value_problems(document: Document, path: Path, entry: schema.Fakta, fact: Fact) -> Iterator[Problem]:
    values = [option.value for option in fact.options]
    if fact.presumption is not None and fact.option(fact.presumption) is None:
        hint = suggestion(fact.presumption, values)
        params = {"name": fact.id, "value": fact.presumption, "suggestion": hint}
        yield document.problem((*path, "anggapan"), "policy.error.unknown_value", **params)
    if fact.kind is FactKind.CHOICE and not values:
        yield document.problem(path, "policy.error.no_options", name=fact.id)
    for value in {value for value in values if values.count(value) > 1}:
        yield document.problem((*path, "pilihan"), "policy.error.duplicate_id", name=value)
    expected = derived.KINDS.get(fact.id, fact.kind)
    if fact.kind is not expected:
        params = {"name": fact.id, "value": fact.kind.value, "expected": expected.value}
        yield document.problem((*path, "jenis"), "policy.error.derived_kind", **params)
    if fact.id == derived.WEEKDAY and len(values) != WEEKDAYS:
        yield document.problem(path, "policy.error.weekdays", name=fact.id, value=len(values))


def _wording_problems(document: Document, path: Path, entry: schema.Fakta, fact: Fact) -> Iterator[Problem]:
    if fact.source is None and fact.question is None:
        yield document.problem(path, "policy.error.no_question", name=fact.id)
    if fact.kind is FactKind.YES_NO and fact.question is not None and None in (entry.ya, entry.tidak):
        yield document.problem(path, "policy.error.no_wording", name=fact.id)
    if fact.kind in (FactKind.YES_NO, FactKind.CHOICE) and entry.frasa:
        yield document.problem((*path, "frasa"), "policy.error.phrases_of_values", name=fact.id)
    for option in fact.options if fact.source != "pegawai" else ():
        for text in option.label.values():
            if len(text) > LABEL_LIMIT:
                yield document.problem(path, "policy.error.long_label", value=text, limit=LABEL_LIMIT)


# --- circulars ---


class CircularBuilder:
    """Turns one edaran.yaml into a Circular. `source`: the text of naskah.md, None where it is missing."""

    def __init__(
        self, document: Document, regency: str, vocabulary: Vocabulary, ranks: Iterable[str]
    ) -> None:
        self._document = document
        self._regency = regency
        self._vocabulary = vocabulary
        self._ranks = tuple(ranks)
        self.problems: list[Problem] = []
        self.remarks: list[Problem] = []
        self._terms = TermReader(document, vocabulary, self.problems)

    def build(self, file: schema.CircularFile, expected_id: str, source: bytes | None) -> Circular:
        head = file.edaran
        if head.id != expected_id:
            self._wrong(("edaran", "id"), "policy.error.wrong_id", value=head.id, expected=expected_id)
        if head.tingkat not in self._ranks:
            hint = suggestion(head.tingkat, self._ranks)
            self._wrong(
                ("edaran", "tingkat"), "policy.error.unknown_rank", name=head.tingkat, suggestion=hint
            )
        if head.berlaku.sampai is not None and head.berlaku.sampai <= head.berlaku.sejak:
            self._wrong(("edaran", "berlaku"), "policy.error.force_order", since=head.berlaku.sejak)
        self._check_source(file, source)
        return Circular(
            id=head.id,
            regency=self._regency,
            number=head.nomor,
            about=head.tentang.plain(),
            issuer=head.penerbit,
            rank=head.tingkat,
            enacted=head.ditetapkan,
            since=head.berlaku.sejak,
            until=head.berlaku.sampai,
            since_basis=head.berlaku.dasar,
            evidence=Evidence(head.bukti.jenis, head.bukti.nama, head.bukti.naskah_asli != "belum"),
            addressees=self._addressees(head.penerima),
            addressees_quote=head.penerima.kutipan,
            addressees_clause=head.penerima.butir,
            rules=self._rules(file),
            place=Place(self._document.file, self._document.line(("edaran",))),
            amends=tuple(
                self._ref(name, change.edaran) for change in head.mengubah for name in change.aturan
            ),
            revokes=head.mencabut,
            sanctions=tuple(
                Sanction(s.isi.plain(), s.kutipan, s.sumber, self._refs(s.aturan)) for s in file.sanksi
            ),
            notes=tuple(self._note(n, ("catatan", i)) for i, n in enumerate(file.catatan)),
            complete=head.lengkap,
            open_questions=tuple(
                OpenQuestion(
                    q.isi.plain(), self._refs(q.aturan), self._bila(q.bila, ("pertanyaan_terbuka", i, "bila"))
                )
                for i, q in enumerate(file.pertanyaan_terbuka)
            ),
        )

    def _rules(self, file: schema.CircularFile) -> tuple[Rule, ...]:
        seen: set[str] = set()
        for index, entry in enumerate(file.aturan):
            if entry.id in seen:
                self._wrong(("aturan", index, "id"), "policy.error.duplicate_id", name=entry.id)
            seen.add(entry.id)
        return tuple(self._rule(entry, ("aturan", index)) for index, entry in enumerate(file.aturan))

    def _rule(self, entry: schema.Aturan, path: Path) -> Rule:
        if entry.perbuatan not in self._vocabulary.activities:
            hint = suggestion(entry.perbuatan, self._vocabulary.activities)
            self._wrong(
                (*path, "perbuatan"), "policy.error.unknown_activity", name=entry.perbuatan, suggestion=hint
            )
        modality = Modality(entry.sifat)
        if entry.isi is not None and modality is not Modality.OBLIGATION:
            self._wrong((*path, "isi"), "policy.error.content_without_obligation", name=entry.id)
        if entry.kutipan is None and entry.ringkasan is None:
            self._wrong(path, "policy.error.no_words_of_rule", name=entry.id)
        return Rule(
            ref=self._ref(entry.id),
            modality=modality,
            activity=entry.perbuatan,
            condition=self._bila(entry.bila, (*path, "bila")),
            place=Place(self._document.file, self._document.line(path)),
            lifts=self._refs(entry.mengecualikan),
            special_to=self._refs(entry.mengkhususkan),
            content=entry.isi.plain() if entry.isi else None,
            quote=entry.kutipan,
            clause=entry.butir,
            summary=entry.ringkasan.plain() if entry.ringkasan else None,
        )

    def _note(self, entry: schema.Catatan, path: Path) -> Note:
        if entry.jenis == "pendapat" and entry.penutur is None:
            self._wrong(path, "policy.error.no_speaker")
        return Note(
            kind=entry.jenis,
            content=entry.isi.plain(),
            speaker=entry.penutur,
            quote=entry.kutipan,
            rules=self._refs(entry.aturan),
            condition=self._bila(entry.bila, (*path, "bila")),
            clause=entry.butir,
        )

    def _bila(self, data: dict[str, Any], path: Path) -> Condition:
        return self._terms.condition(data, path) if data else ALWAYS

    def _addressees(self, entry: schema.Penerima) -> Condition:
        return All((self._audience("status", entry.status), self._audience("unit", entry.unit)))

    def _audience(self, fact: str, entry: tuple[str, ...] | schema.Kecuali) -> Condition:
        path: Path = ("edaran", "penerima", fact)
        if isinstance(entry, schema.Kecuali):
            return Not(self._among(fact, entry.kecuali, path))
        return self._among(fact, entry, path)

    def _among(self, fact: str, names: tuple[str, ...], path: Path) -> Condition:
        """One of the named statuses or unit classes (with the classes inside them)."""
        if names == ("semua",):
            return ALWAYS
        tree = self._vocabulary.statuses if fact == "status" else self._vocabulary.units
        for name in names:
            if name not in tree:
                hint = suggestion(name, (*tree, "semua"))
                self._wrong(path, "policy.error.unknown_value", name=fact, value=name, suggestion=hint)
        known = [name for name in names if name in tree]
        below = [inner for name in known for inner in descendants(tree, name)]
        return Test(fact, frozenset((*known, *below)))

    def _refs(self, names: Iterable[str]) -> tuple[RuleRef, ...]:
        return tuple(self._ref(name) for name in names)

    def _ref(self, name: str, circular: str | None = None) -> RuleRef:
        """`aturan-id` of this circular, or `wilayah/edaran#aturan-id` of another."""
        other, _, rule = name.rpartition("#")
        own = f"{self._regency}/{self._document.file.split('/')[-2]}"
        return RuleRef(circular or other or own, rule)

    def _check_source(self, file: schema.CircularFile, source: bytes | None) -> None:
        path: Path = ("edaran", "bukti")
        if source is None:
            self._wrong((*path, "berkas"), "policy.error.no_source", name=file.edaran.bukti.berkas)
            return
        digest = hashlib.sha256(source).hexdigest()
        if digest != file.edaran.bukti.sha256:
            self._wrong(
                (*path, "sha256"), "policy.error.source_changed", name=file.edaran.bukti.berkas, digest=digest
            )
        text = source.decode("utf-8", errors="replace")
        quotes, clauses = (list(_written(file, field)) for field in ("kutipan", "butir"))
        for place, quote in quotes:
            self._check_quote(quote, text, place)
        for place, clause in clauses:
            if not contains(folded(text), clause):
                self._remark(place, "policy.warning.clause_not_in_source", clause)
        for left in uncovered(text, [quote for _, quote in quotes], [clause for _, clause in clauses]):
            self._remark(("aturan",), "policy.warning.not_encoded", shortened(left))

    def _check_quote(self, quote: str, text: str, path: Path) -> None:
        words = len(quote.split())
        if words > MAX_QUOTE_WORDS:
            self._wrong(path, "policy.error.long_quote", value=words, limit=MAX_QUOTE_WORDS)
        if words < MIN_QUOTE_WORDS:
            self._wrong(path, "policy.error.short_quote", value=quote, limit=MIN_QUOTE_WORDS)
        if not contains(folded(text), quote):
            self._wrong(path, "policy.error.misquote", value=quote)
        elif path[0] == "aturan" and (rest := cut_off(quote, text)):
            self._remark(path, "policy.warning.cut_quote", rest)

    def _remark(self, path: Path, key: str, value: str) -> None:
        self.remarks.append(self._document.problem(path, key, value=value))

    def _wrong(self, path: Path, key: str, **params: object) -> None:
        self.problems.append(self._document.problem(path, key, **params))


def _written(file: schema.CircularFile, field: str) -> Iterator[tuple[Path, str]]:
    """Every `kutipan` or `butir` of a circular, folded, with its place."""
    parts: list[tuple[Path, object]] = [(("edaran", "penerima"), file.edaran.penerima)]
    for group in ("aturan", "sanksi", "catatan", "pertanyaan_terbuka"):
        parts += [((group, index), part) for index, part in enumerate(getattr(file, group))]
    for place, part in parts:
        text = getattr(part, field, None)
        if text is not None:
            yield (*place, field), folded(text)
