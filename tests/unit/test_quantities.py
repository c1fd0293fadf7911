"""Numbers and dates as facts: read where they are exact and plainly meant, and otherwise left to be asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.model import FactValue, Move, Understood
from bot.policy.load import load
from bot.understanding import Understanding
from bot.vocabulary import Fact, FactKind

ZONE = ZoneInfo("Asia/Jakarta")
NOW = datetime(2026, 11, 23, 9, 0, tzinfo=ZONE)  # a Monday
QUESTION = {"id": "Berapa?"}
VALUE = Fact("nilai", FactKind.NUMBER, (), None, QUESTION, None, "rupiah", phrases=("harganya, senilai",))
SHARE = Fact("bagian", FactKind.NUMBER, (), None, QUESTION, None, "persen", phrases=("kuotanya",))
RECEIVED = Fact(
    "terima", FactKind.DATE, (), None, QUESTION, phrases=("diterima", "saya terima"), direction="lampau"
)
EVENT = Fact("acara", FactKind.DATE, (), None, QUESTION, phrases=("acaranya",), direction="mendatang")
PLAIN = Fact("surat", FactKind.DATE, (), None, QUESTION, phrases=("undangannya",))


@cache
def understanding() -> Understanding:
    real = load().vocabulary
    facts = {fact.id: fact for fact in (VALUE, SHARE, RECEIVED, EVENT, PLAIN)}
    return Understanding(replace(real, facts={**real.facts, **facts}))


def read(text: str, expecting: str | None = None) -> Understood:
    return understanding().read(text, NOW, expecting)


def fact(text: str, name: str, expecting: str | None = None) -> Any:
    return read(text, expecting).facts.get(name)


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("2 juta", 2_000_000),
        ("2jt", 2_000_000),
        ("1,5 juta", 1_500_000),
        ("1.5jt", 1_500_000),
        ("500 ribu", 500_000),
        ("500rb", 500_000),
        ("750k", 750_000),
        ("Rp2.000.000", 2_000_000),
        ("Rp 2.500.000,00", 2_500_000),
        ("rp. 500.000", 500_000),
        ("2 juta 500 ribu", 2_500_000),
        ("dua juta", 2_000_000),
        ("dua juta lima ratus ribu", 2_500_000),
        ("seratus dua puluh lima ribu", 125_000),
        ("lima belas ribu", 15_000),
        ("sejuta", 1_000_000),
        ("sejuta dua ratus ribu", 1_200_000),
        ("setengah juta", 500_000),
        ("satu setengah juta", 1_500_000),
        ("cuma 2 juta", 2_000_000),
    ],
)
def test_a_number_is_read_behind_its_phrase_and_as_an_answer(words: str, value: int) -> None:
    assert fact(f"boleh live? harganya {words}", "nilai") == value
    answer = read(words, "nilai")
    assert (answer.move, answer.facts) == (Move.ANSWER, {"nilai": value})


@pytest.mark.parametrize(
    "words",
    [
        "sekitar 2 juta",
        "2 juta lebih",
        "1 sampai 2 juta",
        "500 ribu - 1 juta",
        "500 ribu atau 1 juta",
        "kurang dari 1 juta",
        "di bawah 1 juta",
        "bukan 2 juta",
        "500",
        "1 juta 2 juta",
        "mahal",
        "dua dua juta",
        "3 hari",
    ],
)
def test_what_is_no_exact_number_states_nothing(words: str) -> None:
    assert fact(f"boleh live? harganya {words}", "nilai") is None
    assert fact(words, "nilai", "nilai") is None


@pytest.mark.parametrize(
    "text", ["di bawah senilai 2 juta", "tidak sampai senilai 2 juta", "harganya 1 juta, harganya 2 juta"]
)
def test_a_number_that_is_hedged_or_contradicted_states_nothing(text: str) -> None:
    assert fact(text, "nilai") is None


@pytest.mark.parametrize(
    "text", ["besok jam 8 boleh?", "jam 8", "boleh live 2 jam lagi?", "2 juta boleh?", "oke"]
)
def test_a_message_about_something_else_is_no_answer_to_how_much(text: str) -> None:
    assert "nilai" not in read(text, "nilai").facts


def test_a_number_goes_to_the_fact_whose_phrase_it_follows() -> None:
    found = read("boleh live? harganya 2 juta dan kuotanya 50 persen").facts
    assert found == {"nilai": 2_000_000, "bagian": 50}


def test_a_number_without_its_phrase_and_without_a_question_is_nobodys() -> None:
    assert read("boleh live untuk 2 juta orang?").facts == {}


@pytest.mark.parametrize(
    ("words", "day"),
    [
        ("3 Maret", date(2026, 3, 3)),
        ("tanggal 3 Maret", date(2026, 3, 3)),
        ("3 Maret 2025", date(2025, 3, 3)),
        ("pada 3 Desember", date(2025, 12, 3)),
        ("kemarin", date(2026, 11, 22)),
        ("hari ini", date(2026, 11, 23)),
        ("tanggal 20", date(2026, 11, 20)),
        ("tanggal 25", date(2026, 10, 25)),
        ("hari Jumat", date(2026, 11, 20)),
    ],
)
def test_a_date_that_lies_behind_is_the_last_such_day(words: str, day: date) -> None:
    assert fact(f"boleh live? parselnya diterima {words}", "terima") == day
    answer = read(words, "terima")
    assert (answer.move, answer.facts, answer.times) == (Move.ANSWER, {"terima": day}, ())


@pytest.mark.parametrize(
    ("words", "day"),
    [("3 Maret", date(2027, 3, 3)), ("besok", date(2026, 11, 24)), ("Jumat", date(2026, 11, 27))],
)
def test_a_date_that_lies_ahead_is_the_next_such_day(words: str, day: date) -> None:
    assert fact(f"acaranya {words}", "acara") == day


def test_a_date_without_its_year_and_without_a_direction_is_not_guessed() -> None:
    assert fact("undangannya 3 Maret", "surat") is None
    assert fact("undangannya 3 Maret 2026", "surat") == date(2026, 3, 3)


@pytest.mark.parametrize(
    "words", ["antara 3 dan 5 Maret", "3 Maret jam 8", "minggu lalu", "bulan Maret", "31 Februari"]
)
def test_what_is_no_single_day_states_nothing(words: str) -> None:
    assert fact(f"diterima {words}", "terima") is None


def test_the_date_of_a_fact_is_not_the_time_asked_about() -> None:
    found = read("saya terima 3 Maret. besok jam 08.00 boleh live?")
    assert found.facts == {"terima": date(2026, 3, 3)}
    assert [when.start for when in found.times] == [datetime(2026, 11, 24, 8, 0, tzinfo=ZONE)]


def written(value: int) -> list[str]:
    """A number as people may write it."""
    grouped = f"{value:,}".replace(",", ".")
    found = [f"{value}", grouped, f"Rp{grouped}"]
    if value % 1000 == 0:
        found.append(f"{value // 1000} ribu")
    if value % 100_000 == 0:
        found.append(f"{value / 1_000_000:g}".replace(".", ",") + " juta")
    return found


@given(st.integers(1, 99_999).map(lambda n: n * 1000), st.data())
def test_every_way_to_write_a_sum_is_the_same_sum(value: int, data: st.DataObject) -> None:
    expected: FactValue = value
    assert fact(data.draw(st.sampled_from(written(value))), "nilai", "nilai") == expected
