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
LENGTH = Fact(
    "lama", FactKind.NUMBER, (), None, QUESTION, None, "menit", phrases=("lamanya, durasinya, live, cuma",)
)
LEAVE = Fact("cuti", FactKind.NUMBER, (), None, QUESTION, None, "hari", phrases=("cutinya",))
WORKING = Fact("kerja", FactKind.NUMBER, (), None, QUESTION, None, "hari kerja", phrases=("izinnya",))
TERM = Fact("masa", FactKind.NUMBER, (), None, QUESTION, None, "bulan", phrases=("masa kerjanya",))
WAY = Fact("jarak", FactKind.NUMBER, (), None, QUESTION, None, "km", phrases=("jaraknya",))
LOAD = Fact("berat", FactKind.NUMBER, (), None, QUESTION, None, "kg", phrases=("beratnya",))
TIMES = Fact("kali", FactKind.NUMBER, (), None, QUESTION, None, "kali", phrases=("terlambatnya",))
COUNT = Fact("peserta", FactKind.NUMBER, (), None, QUESTION, None, None, phrases=("pesertanya",))
NUMBERS = (VALUE, SHARE, LENGTH, LEAVE, WORKING, TERM, WAY, LOAD, TIMES, COUNT)
PLAIN = Fact("surat", FactKind.DATE, (), None, QUESTION, phrases=("undangannya",))


@cache
def understanding() -> Understanding:
    real = load().vocabulary
    facts = {fact.id: fact for fact in (*NUMBERS, RECEIVED, EVENT, PLAIN)}
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


# --- units ---


@pytest.mark.parametrize(
    ("words", "minutes"),
    [
        ("25 menit", 25),
        ("90 mnt", 90),
        ("2 jam", 120),
        ("2jam", 120),
        ("dua jam", 120),
        ("satu jam", 60),
        ("sejam", 60),
        ("setengah jam", 30),
        ("1/2 jam", 30),
        ("seperempat jam", 15),
        ("tiga perempat jam", 45),
        ("1,5 jam", 90),
        ("1.5 jam", 90),
        ("satu setengah jam", 90),
        ("dua jam setengah", 150),
        ("sejam setengah", 90),
        ("1 jam 30 menit", 90),
        ("sejam 15 menit", 75),
        ("1800 detik", 30),
        ("90 detik", 1.5),
        ("2 hari", 2880),
        ("sehari", 1440),
        ("seminggu", 10_080),
        ("2 pekan", 20_160),
        ("cuma 25 menit", 25),
        ("25 menit saja pak", 25),
    ],
)
def test_a_duration_is_read_in_the_unit_of_its_fact(words: str, minutes: float) -> None:
    assert fact(f"boleh live durasinya {words}?", "lama") == minutes
    answer = read(words, "lama")
    assert (answer.move, answer.facts, answer.times) == (Move.ANSWER, {"lama": minutes}, ())


@pytest.mark.parametrize(
    "words",
    [
        "sejam lebih",
        "2 jaman",
        "25 menitan",
        "20-an menit",
        "1-2 jam",
        "1 sampai 2 jam",
        "sekitar 2 jam",
        "paling 20 menit",
        "2 jam 30",
        "1,30 jam",
        "2.30 jam",
        "20 menit, eh 2 jam",
        "2 jam sehari",
        "sehari 2 jam",
        "2 jam sekali",
        "2 jam pelajaran",
        "2 hari kerja",
        "1 bulan",
        "setahun",
        "3 orang",
        "3 kali",
        "3 km",
        "25%",
        "Rp 25.000",
        "setengah",
        "2 jam lagi",
        "2 jam yang lalu",
        "20 menit sebelum jam 12",
        "20 menit sebelum azan",
        "10 menit lebih awal",
        "jam 2",
        "tanggal 25",
        "25 Februari",
        "25/2",
        "10.30",
        "nomor 4",
        "grade 7",
    ],
)
def test_what_is_no_exact_duration_states_none(words: str) -> None:
    assert fact(f"boleh live durasinya {words}?", "lama") is None
    assert fact(f"boleh live {words}?", "lama") is None
    assert fact(words, "lama", "lama") is None


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("boleh live 2 jam buat dinas?", 120),
        ("boleh live buat dinas 25 menit?", 25),
        ("boleh live di akun resmi, 25 menit aja?", 25),
        ("boleh live besok siang 25 menit?", 25),
        ("boleh live jam 12 selama 20 menit?", 20),
        ("boleh ga live 2 jam?", 120),
        ("live 25 menit ga boleh ya?", 25),
        ("SE nomor 4: boleh live 25 menit?", 25),
        ("boleh live cuma 25?", 25),
    ],
)
def test_a_quantity_may_stand_further_behind_if_nothing_else_claims_it(text: str, minutes: int) -> None:
    assert fact(text, "lama") == minutes


@pytest.mark.parametrize("text", ["kalau 2 jam?", "2 jam boleh?", "kalo 2 jam boleh ga ya?"])
def test_a_reply_that_asks_on_with_a_quantity_states_it(text: str) -> None:
    assert fact(text, "lama", "lama") == 120
    assert fact(text, "lama") is None


@pytest.mark.parametrize(
    "text",
    [
        "boleh live tanggal 25?",
        "boleh live 25?",
        "boleh live 10 buat dinas?",
        "boleh live 3 orang?",
        "jam 10 mau live",
        "saya grade 7 mau live boleh?",
        "pasal 5 live boleh?",
        "boleh live setelah rapat 2 jam?",
        "boleh live di lantai 2?",
        "rapat 2 jam, boleh live 20 menit?",
        "boleh live 20 menit atau 2 jam?",
        "boleh live dalam 2 jam?",
        "2 jam, boleh live?",
        "boleh live kalau antri 20 menit?",
    ],
)
def test_a_number_of_something_else_is_not_taken(text: str) -> None:
    assert fact(text, "lama") is None


@pytest.mark.parametrize(
    ("text", "name", "value"),
    [
        ("cutinya 48 jam", "cuti", 2),
        ("cutinya 2 minggu", "cuti", 14),
        ("cutinya setengah hari", "cuti", 0.5),
        ("izinnya 3 hari kerja", "kerja", 3),
        ("izinnya 3 hari", "kerja", None),
        ("cutinya 3 hari kerja", "cuti", None),
        ("masa kerjanya 2 tahun", "masa", 24),
        ("masa kerjanya setahun setengah", "masa", None),
        ("masa kerjanya 60 hari", "masa", None),
        ("jaraknya 1.500 meter", "jarak", 1.5),
        ("jaraknya 5km dari kantor", "jarak", 5),
        ("beratnya 500 gram", "berat", 0.5),
        ("beratnya 2 km", "berat", None),
        ("terlambatnya 3x", "kali", 3),
        ("terlambatnya 3 jam", "kali", None),
        ("pesertanya 30 orang", "peserta", 30),
        ("pesertanya 30 menit", "peserta", None),
        ("harganya Rp 2 juta dari rekanan", "nilai", 2_000_000),
        ("harganya 2 juta parselnya", "nilai", 2_000_000),
        ("harganya 5000 menit", "nilai", None),
    ],
)
def test_units_convert_within_their_dimension_only(text: str, name: str, value: float | None) -> None:
    assert fact(f"boleh unggah? {text}", name) == value


def test_two_facts_of_one_dimension_each_take_their_own_number() -> None:
    found = read("boleh unggah? durasinya 2 jam, cutinya 3 hari").facts
    assert found == {"lama": 120, "cuti": 3}


def test_how_long_something_lasts_is_a_quantity_and_the_length_of_the_time() -> None:
    found = read("boleh live besok jam 12 siang selama 2 jam?")
    assert found.facts == {"lama": 120}
    assert [(when.start, when.end) for when in found.times] == [
        (datetime(2026, 11, 24, 12, tzinfo=ZONE), datetime(2026, 11, 24, 14, tzinfo=ZONE))
    ]


MEASURES = load().vocabulary.language["niat"]["besaran"]["ukuran"]
UNITS = [(dimension, unit, size) for dimension, sizes in MEASURES.items() for unit, size in sizes.items()]


@given(st.integers(1, 999), st.sampled_from(UNITS), st.sampled_from(NUMBERS))
def test_a_number_of_units_is_that_amount_of_the_fact_or_nothing(
    number: int, said: tuple[str, str, int], asked: Fact
) -> None:
    dimension, unit, size = said
    own = next((each for each in UNITS if each[1] == asked.unit), None)
    found = fact(f"{number} {unit}", asked.id, asked.id)
    if own is None or own[0] != dimension:
        assert found is None
    else:
        assert found == pytest.approx(number * size / own[2])
