"""`penerima`: whom a circular addresses, by status and class of unit, in or out."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from bot.policy.build import CircularBuilder
from bot.policy.condition import All, Condition, Not, Some
from bot.policy.condition import Test as FactTest
from bot.policy.corpus import Corpus
from bot.policy.document import Document, parse
from bot.policy.files import DIRECTORY
from bot.policy.load import load
from bot.policy.problems import Problem
from bot.policy.schema import CircularFile, validate

CIRCULAR = "lumajang/se-3-2026"


@cache
def _corpus() -> Corpus:
    return load()


def _built(addressees: dict[str, Any]) -> tuple[Condition, list[Problem]]:
    folder = DIRECTORY / CIRCULAR
    data = parse((folder / "edaran.yaml").read_text(encoding="utf-8"), "edaran.yaml").data
    changed = {**data, "edaran": {**data["edaran"], "penerima": addressees}}
    document = Document(f"{CIRCULAR}/edaran.yaml", changed, {})
    corpus = _corpus()
    builder = CircularBuilder(document, "lumajang", corpus.vocabulary, corpus.ranks)
    source = (folder / "naskah.md").read_bytes()
    return builder.build(validate(CircularFile, document), CIRCULAR, source).addressees, builder.problems


def _reaches(addressees: dict[str, Any], **person: str) -> bool:
    condition, problems = _built(addressees)
    assert problems == []
    return _holds(condition, person)


def _holds(condition: Condition, person: dict[str, str]) -> bool:
    match condition:
        case All(parts):
            return all(_holds(part, person) for part in parts)
        case Some(parts):
            return any(_holds(part, person) for part in parts)
        case Not(part):
            return not _holds(part, person)
        case FactTest(fact, values):
            return values is not None and person[fact] in values


def test_nobody_is_left_out_where_all_are_addressed() -> None:
    assert _reaches({"status": "semua", "unit": "semua"}, status="perangkat_desa", unit="rsud")


def test_only_the_listed_statuses_are_addressed() -> None:
    assert _reaches({"status": ["pns", "pppk"]}, status="pppk", unit="rsud")
    assert not _reaches({"status": ["pns", "pppk"]}, status="non_asn", unit="rsud")


def test_all_statuses_but_the_excepted_ones_are_addressed() -> None:
    assert _reaches({"status": {"kecuali": ["non_asn"]}}, status="pns", unit="rsud")
    assert not _reaches({"status": {"kecuali": ["non_asn"]}}, status="non_asn", unit="rsud")


def test_a_class_of_units_takes_the_classes_inside_it_along() -> None:
    assert _reaches({"unit": ["upt"]}, status="pns", unit="puskesmas")
    assert not _reaches({"unit": {"kecuali": ["upt"]}}, status="pns", unit="puskesmas")
    assert _reaches({"unit": {"kecuali": ["upt"]}}, status="pns", unit="kecamatan")


@pytest.mark.parametrize("field", ["status", "unit"])
def test_a_name_that_nobody_knows_is_a_problem_of_that_field(field: str) -> None:
    _, problems = _built({field: {"kecuali": ["kelurahn"]}})
    assert [(p.key, p.params["name"]) for p in problems] == [("policy.error.unknown_value", field)]
