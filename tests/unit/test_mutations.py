"""Every slip an encoder could make in a real circular is caught: on loading, by the check, by its cases."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest

from bot.policy import schema
from bot.policy.build import CircularBuilder
from bot.policy.cases import failures, read_cases
from bot.policy.check import check, failed
from bot.policy.corpus import Circular, Corpus
from bot.policy.decide import Engine
from bot.policy.document import Document, parse
from bot.policy.files import DIRECTORY
from bot.policy.load import load
from bot.policy.problems import PolicyError
from bot.policy.references import reference_problems

CIRCULARS = sorted(str(path.parent.relative_to(DIRECTORY)) for path in DIRECTORY.glob("*/*/edaran.yaml"))
Data = dict[str, Any]
Slip = tuple[str, Data]
"""A circular with one slip in it, and what the slip is."""


# --- what is there ---


@cache
def _corpus() -> Corpus:
    return load()


@cache
def _document(name: str) -> Document:
    return parse((DIRECTORY / name).read_text(encoding="utf-8"), name)


def _data(circular: str) -> Data:
    return deepcopy(_document(f"{circular}/edaran.yaml").data)


# --- what catches a slip ---


def _caught(circular: str, data: Data, source: bytes | None = None) -> str | None:
    """Where a changed circular is caught: "load", "check" or "cases"; None if nowhere."""
    corpus = _corpus()
    regency = circular.split("/")[0]
    document = Document(f"{circular}/edaran.yaml", data, {})
    builder = CircularBuilder(document, regency, corpus.vocabulary, corpus.ranks)
    text = (DIRECTORY / circular / "naskah.md").read_bytes() if source is None else source
    try:
        built = builder.build(schema.validate(schema.CircularFile, document), circular, text)
    except PolicyError:
        return "load"
    circulars = {**corpus.circulars, circular: built}
    if builder.problems or list(reference_problems(circulars)):
        return "load"
    only = {regency: corpus.regencies[regency]}
    changed = replace(corpus, circulars=circulars, regencies=only, remarks=tuple(builder.remarks))
    if _a_case_fails(changed, built):
        return "cases"
    return "check" if failed(check(changed)) else None


def _a_case_fails(corpus: Corpus, circular: Circular) -> bool:
    try:
        cases = read_cases(_document(f"{circular.id}/uji.yaml"), circular, corpus)
    except PolicyError:
        return True
    engine = Engine(corpus)
    return any(failures(case, engine.decide(case.question, case.asker, case.now)) for case in cases)


# --- slips ---


@dataclass(frozen=True)
class _Place:
    """A condition inside a rule: the mapping that holds it, and its key."""

    rule: str
    holder: Data
    key: str


def _conditions(data: Data) -> Iterator[_Place]:
    for rule in data["aturan"]:
        yield from _inside(rule["id"], rule.get("bila") or {})


def _inside(rule: str, condition: Data) -> Iterator[_Place]:
    for key, value in condition.items():
        if key in ("semua", "salah_satu"):
            for part in value:
                yield from _inside(rule, part)
        elif key == "bukan":
            yield from _inside(rule, value)
        else:
            yield _Place(rule, condition, key)


def _each(circular: str, find: Callable[[Data], list[Any]]) -> Iterator[tuple[Data, Any]]:
    """A fresh copy of the circular for every thing that `find` finds in it."""
    for index in range(len(find(_data(circular)))):
        data = _data(circular)
        yield data, find(data)[index]


def _rules(data: Data) -> list[Data]:
    return list(data["aturan"])


def _exceptions(data: Data) -> list[Data]:
    return [rule for rule in data["aturan"] if rule.get("mengecualikan")]


def _quoted(data: Data) -> list[Data]:
    return [rule for rule in data["aturan"] if rule.get("kutipan")]


def dropped_rules(circular: str) -> Iterator[Slip]:
    for data, rule in _each(circular, _rules):
        data["aturan"].remove(rule)
        yield f"without {rule['id']}", data


def dropped_targets(circular: str) -> Iterator[Slip]:
    for data, rule in _each(circular, _exceptions):
        del rule["mengecualikan"]
        yield f"{rule['id']} is no exception", data


def misdirected_exceptions(circular: str) -> Iterator[Slip]:
    for data, rule in _each(circular, _exceptions):
        for other in data["aturan"]:
            if other is not rule and other["id"] not in rule["mengecualikan"]:
                changed = deepcopy(data)
                target = next(r for r in changed["aturan"] if r["id"] == rule["id"])
                target["mengecualikan"] = [other["id"]]
                yield f"{rule['id']} → {other['id']}", changed


def inverted_conditions(circular: str) -> Iterator[Slip]:
    opposite = {"ya": "tidak", "tidak": "ya"}
    for data, place in _each(circular, lambda d: list(_conditions(d))):
        if place.holder[place.key] in opposite:
            place.holder[place.key] = opposite[place.holder[place.key]]
            yield f"{place.rule}: {place.key} inverted", data


def dropped_conditions(circular: str) -> Iterator[Slip]:
    for data, place in _each(circular, lambda d: list(_conditions(d))):
        del place.holder[place.key]
        yield f"{place.rule}: without {place.key}", data


def renamed_facts(circular: str) -> Iterator[Slip]:
    facts = [f.id for f in _corpus().vocabulary.facts.values() if f.kind.value == "ya_tidak"]
    for data, place in _each(circular, lambda d: list(_conditions(d))):
        for name in (place.key[:-1], *facts):
            if name != place.key and name not in place.holder:
                changed = deepcopy(data)
                twin = next(
                    p
                    for p in _conditions(changed)
                    if (p.rule, p.key, p.holder) == (place.rule, place.key, place.holder)
                )
                twin.holder[name] = twin.holder.pop(place.key)
                yield f"{place.rule}: {place.key} → {name}", changed


def swapped_connectives(circular: str) -> Iterator[Slip]:
    text = json.dumps(_data(circular), default=str)
    for old, new in (("semua", "salah_satu"), ("salah_satu", "semua")):
        if f'"{old}": [' in text:
            yield f"{old} → {new}", json.loads(text.replace(f'"{old}": [', f'"{new}": ['))
    for data, rule in _each(circular, _rules):
        if len(rule.get("bila") or {}) > 1:
            rule["bila"] = {"salah_satu": [{key: value} for key, value in rule["bila"].items()]}
            yield f"{rule['id']}: any of its conditions", data


def swapped_modalities(circular: str) -> Iterator[Slip]:
    for data, rule in _each(circular, _rules):
        for modality in ("larangan", "kebolehan", "kewajiban"):
            if modality != rule["sifat"]:
                changed = deepcopy(data)
                twin = next(r for r in changed["aturan"] if r["id"] == rule["id"])
                twin["sifat"] = modality
                yield f"{rule['id']}: {rule['sifat']} → {modality}", changed


def dropped_contents(circular: str) -> Iterator[Slip]:
    for data, rule in _each(circular, lambda d: [r for r in d["aturan"] if r.get("isi")]):
        del rule["isi"]
        yield f"{rule['id']}: without its content", data


def other_acts(circular: str) -> Iterator[Slip]:
    for data, rule in _each(circular, _rules):
        for act in _corpus().vocabulary.activities:
            if act != rule["perbuatan"]:
                changed = deepcopy(data)
                next(r for r in changed["aturan"] if r["id"] == rule["id"])["perbuatan"] = act
                yield f"{rule['id']}: {rule['perbuatan']} → {act}", changed


def duplicated_rules(circular: str) -> Iterator[Slip]:
    for data, rule in _each(circular, _rules):
        data["aturan"].append({**deepcopy(rule), "id": f"{rule['id']}-lagi"})
        yield f"{rule['id']} twice", data
        data["aturan"][-1]["id"] = rule["id"]
        yield f"{rule['id']} twice, under its own name", data


def changed_quotes(circular: str) -> Iterator[Slip]:
    """Misquoted, weakened at either end, or so short that it proves nothing."""
    for data, rule in _each(circular, _quoted):
        words = rule["kutipan"].split()
        for name, quote in (
            ("one word left out", words[:2] + words[3:]),
            ("one word changed", [*words[:2], "semestinya", *words[3:]]),
            ("its last words left out", words[:-2]),
            ("one word", words[:1]),
            ("half a word", [words[0][2:], *words[1:]]),
        ):
            changed = deepcopy(data)
            twin = next(r for r in changed["aturan"] if r["id"] == rule["id"])
            twin["kutipan"] = " ".join(quote)
            yield f"{rule['id']}: {name}", changed


def invented_clauses(circular: str) -> Iterator[Slip]:
    for data, rule in _each(circular, _quoted):
        rule["butir"] = "angka 17 huruf q"
        yield f"{rule['id']}: an invented clause", data


def changed_addressees(circular: str) -> Iterator[Slip]:
    statuses = _data(circular)["edaran"]["penerima"]["status"]
    for status in statuses if isinstance(statuses, list) else ():
        data = _data(circular)
        data["edaran"]["penerima"]["status"].remove(status)
        yield f"without {status}", data
    for status in _corpus().vocabulary.statuses:
        if status not in statuses and statuses != "semua":
            data = _data(circular)
            data["edaran"]["penerima"]["status"].append(status)
            yield f"with {status}", data


def changed_dates(circular: str) -> Iterator[Slip]:
    since: date = _data(circular)["edaran"]["berlaku"]["sejak"]
    for name, first, last in (
        ("a day early", since - timedelta(days=1), None),
        ("a day late", since + timedelta(days=1), None),
        ("another year", since.replace(year=since.year + 1), None),
        ("swapped", since, since - timedelta(days=30)),
        ("over at once", since, since + timedelta(days=1)),
    ):
        data = _data(circular)
        data["edaran"]["berlaku"] |= {"sejak": first, "sampai": last}
        yield f"in force {name}", data


SLIPS: dict[str, Callable[[str], Iterator[Slip]]] = {
    function.__name__: function
    for function in (
        dropped_rules,
        dropped_targets,
        misdirected_exceptions,
        inverted_conditions,
        dropped_conditions,
        renamed_facts,
        swapped_connectives,
        swapped_modalities,
        dropped_contents,
        other_acts,
        duplicated_rules,
        changed_quotes,
        invented_clauses,
        changed_addressees,
        changed_dates,
    )
}


@pytest.mark.parametrize("circular", CIRCULARS)
def test_the_circulars_themselves_have_nothing_to_catch(circular: str) -> None:
    assert _caught(circular, _data(circular)) is None


@pytest.mark.parametrize("circular", CIRCULARS)
@pytest.mark.parametrize("slip", SLIPS)
def test_every_slip_is_caught(circular: str, slip: str) -> None:
    missed = [name for name, data in SLIPS[slip](circular) if _caught(circular, data) is None]
    assert missed == []


@pytest.mark.parametrize("circular", CIRCULARS)
def test_a_changed_source_is_caught(circular: str) -> None:
    source = (DIRECTORY / circular / "naskah.md").read_bytes()
    assert _caught(circular, _data(circular), source + b"\n") == "load"


# --- slips in the hours and in the vocabulary ---

HOURS = {
    "an hour late": ('masuk: "07:30"', 'masuk: "08:30"'),
    "a quarter early": ('pulang: "16:00"', 'pulang: "15:45"'),
    "Friday as the other days": ('pulang: "16:30"', 'pulang: "16:00"'),
    "breaks counted": ("istirahat: di_luar_jam_kerja", "istirahat: jam_kerja"),
    "no joint leave": ("cuti_bersama: ya", "cuti_bersama: tidak"),
    "no holidays": ("nasional: ya", "nasional: tidak"),
}


@pytest.fixture(scope="module")
def cache_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def _circular_of(regency: str) -> str:
    return next(name for name in CIRCULARS if name.startswith(f"{regency}/"))


@pytest.mark.parametrize("slip", HOURS)
@pytest.mark.parametrize("regency", ["lumajang"])
def test_wrong_hours_are_caught(tmp_path: Path, cache_folder: Path, regency: str, slip: str) -> None:
    folder = copytree(DIRECTORY, tmp_path / "policies")
    path = folder / regency / "wilayah.yaml"
    text = path.read_text(encoding="utf-8")
    assert HOURS[slip][0] in text
    path.write_text(text.replace(*HOURS[slip]), encoding="utf-8")
    corpus = load(folder, cache_folder)
    circular = corpus.circulars[_circular_of(regency)]
    assert _a_case_fails(corpus, circular) or failed(check(corpus))


@pytest.mark.parametrize(
    "fact", [f.id for f in _corpus().vocabulary.facts.values() if f.presumption is not None]
)
def test_a_turned_presumption_is_caught(fact: str) -> None:
    corpus = _corpus()
    facts = dict(corpus.vocabulary.facts)
    facts[fact] = replace(facts[fact], presumption=not facts[fact].presumption)
    changed = replace(corpus, vocabulary=replace(corpus.vocabulary, facts=facts))
    assert any(_a_case_fails(changed, circular) for circular in corpus.circulars.values())
