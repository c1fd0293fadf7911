"""`edaran policy explain`: the circular in sentences that can be compared with its source."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from bot.catalogues import load_catalogues
from bot.explaining import ConditionWords, page
from bot.policy.condition import ALWAYS, Condition, Not, Some
from bot.policy.corpus import Circular, Note, OpenQuestion, Sanction
from bot.vocabulary import Named, Vocabulary
from tests.policy_worlds import (
    BAN,
    MAY,
    MUST,
    START,
    both,
    by_clock,
    circular,
    corpus,
    more_than,
    no,
    one_of,
    ref,
    rule,
    vocabulary,
    yes,
)

WORK = yes("dalam_jam_kerja")
OLD = circular(
    rule("larangan", BAN, WORK, clause="3", quote="dilarang siaran langsung selama jam kerja"),
    rule("dinas", MAY, both(WORK, yes("dinas")), lifts=(ref("larangan"),), summary={"id": "untuk dinas"}),
    rule("norma", MUST, content={"id": "jaga norma", "en": "mind the norms"}),
    number="7/2026",
    issuer="Bupati Antah",
    enacted=date(2025, 12, 29),
    since_basis="tanggal surat (asumsi)",
    complete=False,
    sanctions=(Sanction({"id": "teguran"}, "dikenai teguran lisan", "butir 9", (ref("larangan"),)),),
    notes=(Note("pendapat", {"id": "terlalu ketat"}, "Ketua Dewan", condition=yes("izin")),),
    open_questions=(OpenQuestion({"id": "jam kerja sif"}, (ref("larangan"),)),),
)
NEW = circular(
    rule("larangan-baru", BAN, circular="se-2"),
    name="se-2",
    since=START + timedelta(days=90),
    until=date(2027, 1, 1),
    addressees=ALWAYS,
    amends=(ref("larangan"),),
)


def told(found: Circular, language: str = "id", *others: Circular) -> str:
    return page(corpus(found, *others), found, load_catalogues()[language])


@pytest.mark.parametrize(
    "line",
    [
        "biasa nomor 7/2026",
        "Tentang uji; dikeluarkan Bupati Antah.",
        "Ditetapkan Sen 29 Des 2025, berlaku sejak Kam 1 Jan 2026.",
        "Berlaku tanpa batas waktu.",
        "Awal berlakunya: tanggal surat (asumsi).",
        "Bagi: pns atau pppk.",
        "Diubah oleh antah/se-2 sejak Rab 1 Apr 2026: larangan (butir 3).",
        "Baru sebagian isi edaran yang ditulis.",
        "antah/se-1/edaran.yaml:10 [larangan] butir 3",
        "Dilarang: live, bila dalam_jam_kerja.",
        "“dilarang siaran langsung selama jam kerja”",
        "antah/se-1/edaran.yaml:10 [dinas] (tanpa nomor butir)",
        "Pengecualian dari: larangan (butir 3).",
        "Kewajiban yang menyertai live, kapan pun: jaga norma",
        "Sanksi: teguran",
        "“dikenai teguran lisan”",
        "Sumber: butir 9",
        "Pendapat Ketua Dewan (bukan isi edaran): terlalu ketat",
        "Bila: izin.",
        "Belum jelas: jam kerja sif",
        "Tentang aturan: larangan (butir 3).",
    ],
)
def test_all_that_is_registered_of_a_circular_is_told(line: str) -> None:
    assert line in told(OLD, "id", NEW).splitlines()


@pytest.mark.parametrize(
    "line",
    [
        "In force until Thu 31 Dec 2026.",
        "For: every status and unit.",
        "Amends: antah/se-1#larangan (clause 3).",
        "Prohibited: live, at any time.",
    ],
)
def test_a_circular_that_changes_another_says_so_in_english_too(line: str) -> None:
    assert line in told(NEW, "en", OLD).splitlines()


def test_a_circular_that_another_revokes_says_so_and_the_other_too() -> None:
    revoking = replace(NEW, amends=(), revokes=(OLD.id,))
    assert "Dicabut oleh antah/se-2 sejak Rab 1 Apr 2026." in told(OLD, "id", revoking)
    assert "Mencabut: antah/se-1." in told(revoking, "id", OLD)


def test_a_rule_that_another_circular_revokes_is_named_in_both() -> None:
    revoking = replace(NEW, amends=(), revokes=(f"{OLD.id}#larangan",))
    line = "Aturan yang dicabut oleh antah/se-2 sejak Rab 1 Apr 2026: larangan (butir 3)."
    assert line in told(OLD, "id", revoking).splitlines()
    assert "Mencabut: antah/se-1#larangan." in told(revoking, "id", OLD)


def test_a_definition_and_whom_the_circular_is_for_are_told_with_their_clauses() -> None:
    note = Note("pengertian", {"id": "gawai: telepon"}, quote="gawai adalah telepon genggam", clause="1")
    defining = replace(OLD, notes=(note,), addressees_clause="2", addressees_quote="bagi semua ASN daerah")
    lines = told(defining).splitlines()
    assert lines[lines.index("Bagi: pns atau pppk.") + 1 :][:2] == ["butir 2", "“bagi semua ASN daerah”"]
    start = lines.index("Artinya menurut edaran: gawai: telepon")
    assert lines[start + 1 : start + 3] == ["butir 1", "“gawai adalah telepon genggam”"]


def words(condition: Condition, known: Vocabulary | None = None, **more: Any) -> str:
    return ConditionWords(known or vocabulary(), load_catalogues()["id"]).of(condition)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (ALWAYS, ""),
        (both(WORK, ALWAYS), "dalam_jam_kerja"),
        (Not(yes("dinas")), "tanpa dinas"),
        (Not(one_of("jenis", "a")), "bukan (a)"),
        (Some((yes("dinas"), yes("resmi"))), "(dinas atau resmi)"),
        (by_clock("07:00", "09:00"), "pukul 07.00–09.00"),
        (by_clock("22:00", "05:00"), "pukul 22.00–05.00"),
        (Not(by_clock("22:00", "05:00")), "bukan (pukul 22.00–05.00)"),
        (
            Some((by_clock("07:00", "09:00"), by_clock("12:00", "13:00"))),
            "(pukul 07.00–09.00 atau pukul 12.00–13.00)",
        ),
        (one_of("jenis", "a", "b"), "a atau b"),
        (both(one_of("jenis", "a", "b"), yes("dinas")), "(a atau b) dan dinas"),
        (both(no("dinas"), more_than("harga", 20)), "tanpa dinas dan berapa: lebih dari Rp20"),
    ],
)
def test_a_condition_is_told_in_the_words_of_the_vocabulary(condition: Condition, expected: str) -> None:
    assert words(condition) == expected


def test_classes_inside_a_class_that_is_named_are_not_listed() -> None:
    flat = vocabulary()
    nested = replace(flat, units={**flat.units, "upt": Named("upt", {"id": "upt"}, parent="opd")})
    assert words(one_of("unit", "opd", "upt"), nested) == "opd"
