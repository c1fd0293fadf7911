"""Facts in replies: numbers as Indonesians write them, dates with their weekday, never a bare id or float."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from bot.catalogues import load_catalogues
from bot.model import Literal
from bot.rendering.facts import condition, said
from bot.vocabulary import Fact, FactKind, Vocabulary

VALUE = Fact(
    "nilai_hadiah", FactKind.NUMBER, (), None, None, None, "rupiah", {"id": "nilai hadiah", "en": "value"}
)
RECEIVED = Fact(
    "tanggal_terima", FactKind.DATE, (), None, None, None, None, {"id": "tanggal terima", "en": "receipt"}
)
CLOCK = Fact("pukul", FactKind.CLOCK, (), None, None, "waktu")
VOCABULARY = Vocabulary({}, {fact.id: fact for fact in (VALUE, RECEIVED, CLOCK)}, {}, {})
MARCH = date(2026, 3, 3)


def words(literal: Literal, language: str = "id") -> str:
    return condition(literal, load_catalogues()[language], VOCABULARY)


def literal(fact: Fact, low: Any = None, high: Any = None, measure: str = "nilai") -> Literal:
    return Literal(fact.id, None, low, high, measure)


@pytest.mark.parametrize(
    ("found", "indonesian", "english"),
    [
        (literal(VALUE, (500000, 1)), "nilai hadiah lebih dari Rp500.000", "value more than Rp500,000"),
        (literal(VALUE, (500000, 0)), "nilai hadiah paling sedikit Rp500.000", "value at least Rp500,000"),
        (
            literal(VALUE, None, (7e6, 1)),
            "nilai hadiah paling banyak Rp7.000.000",
            "value at most Rp7,000,000",
        ),
        (
            literal(VALUE, (1000, 1), (2000, 0)),
            "nilai hadiah lebih dari Rp1.000 dan kurang dari Rp2.000",
            "value more than Rp1,000 and less than Rp2,000",
        ),
        (literal(VALUE, (2.5, 0), (2.5, 1)), "nilai hadiah tepat Rp2,5", "value exactly Rp2.5"),
        (
            literal(RECEIVED, (MARCH, 0), (date(2026, 3, 4), 0)),
            "tanggal terima Sel 3 Mar 2026",
            "receipt Tue 3 Mar 2026",
        ),
        (
            literal(RECEIVED, (MARCH, 0), (date(2026, 3, 6), 0)),
            "tanggal terima mulai Sel 3 Mar 2026 sampai dengan Kam 5 Mar 2026",
            "receipt from Tue 3 Mar 2026 up to and including Thu 5 Mar 2026",
        ),
        (
            literal(RECEIVED, None, (30, 1), "hari_kerja"),
            "paling banyak 30 hari kerja sejak tanggal terima",
            "at most 30 working days since receipt",
        ),
        (
            literal(RECEIVED, (7, 1), None, "hari_kalender"),
            "lebih dari 7 hari kalender sejak tanggal terima",
            "more than 7 calendar days since receipt",
        ),
        (literal(CLOCK, (420, 0), (540, 0)), "pukul 07.00–09.00", "from 07:00 to 09:00"),
        (literal(CLOCK, (1320, 0)), "pukul 22.00–24.00", "from 22:00 to 24:00"),
        (literal(CLOCK, None, (300, 0)), "sebelum pukul 05.00", "before 05:00"),
        (literal(CLOCK, None, (901, 0)), "sampai pukul 15.00", "until 15:00 at the latest"),
        (literal(CLOCK, (420, 0), (541, 0)), "pukul 07.00–09.00", "from 07:00 to 09:00"),
    ],
)
def test_a_condition_on_a_number_a_date_or_the_time_of_day_reads_as_people_write(
    found: Literal, indonesian: str, english: str
) -> None:
    assert (words(found), words(found, "en")) == (indonesian, english)


@pytest.mark.parametrize(
    ("unit", "value", "shown"),
    [
        ("rupiah", 7000000.0, "nilai hadiah Rp7.000.000"),
        ("persen", 12.5, "nilai hadiah 12,5 persen"),
        ("kali", 3, "nilai hadiah 3 kali"),
        (None, 1234, "nilai hadiah 1.234"),
    ],
)
def test_a_number_said_is_shown_with_its_name_and_unit(unit: str | None, value: float, shown: str) -> None:
    assert said(replace(VALUE, unit=unit), value, load_catalogues()["id"]) == shown


def test_a_date_said_is_shown_with_its_weekday() -> None:
    assert said(RECEIVED, MARCH, load_catalogues()["id"]) == "tanggal terima Sel 3 Mar 2026"


def test_for_want_of_a_name_the_question_does_and_for_want_of_both_the_id_in_words() -> None:
    texts = load_catalogues()["id"]
    asked = replace(VALUE, name=None, question={"id": "Berapa nilainya?"})
    assert said(asked, 5, texts) == "Berapa nilainya: Rp5"
    assert said(replace(asked, question=None), 5, texts) == "nilai hadiah Rp5"
