"""What is sent of a circular: its five lines, its message, its digest, its PDF."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.campaigns.content import (
    LIMIT,
    LONGEST_LINE,
    MOST_BYTES,
    Content,
    Document,
    ad_hoc,
    checked,
    message,
    of_policies,
)
from bot.campaigns.law import read, record
from bot.campaigns.summary import MOST_LINES, units
from bot.catalogues import load_catalogues
from bot.policy.condition import All, Not, Some
from bot.policy.corpus import Corpus, Sanction
from bot.policy.files import DIRECTORY
from bot.policy.load import load
from bot.problems import Problem
from tests.policy_worlds import (
    BAN,
    MAY,
    MUST,
    REGION,
    both,
    by_clock,
    circular,
    corpora,
    corpus,
    no,
    one_of,
    ref,
    rule,
    yes,
)

LANGUAGES = load_catalogues()
INDONESIAN, ENGLISH = LANGUAGES["id"], LANGUAGES["en"]
PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\nstartxref\n9\n%%EOF\n"
FILE = Document("edaran.pdf", PDF)


@cache
def real() -> Corpus:
    return load()


def content(found: Corpus, name: str, regency: str | None = None) -> Content:
    return of_policies(found, name, regency or name.split("/")[0], LANGUAGES)


def lines(*rules: object, **more: object) -> tuple[str, ...]:
    world = corpus(circular(*rules, **more))  # type: ignore[arg-type]
    return content(world, f"{REGION}/se-1").summary["id"]


# --- the lines ---


def test_a_ban_is_told_with_its_exception_and_without_saying_its_condition_twice() -> None:
    found = content(real(), "lumajang/se-3-2026").summary
    assert found["id"][0] == (
        "⛔ Dilarang siaran langsung dalam jam kerja, "
        "kecuali untuk kepentingan dinas dan lewat akun resmi instansi."
    )
    assert found["en"][0] == (
        "⛔ Prohibited: live streaming in working hours, unless for official duty and through the agency's "
        "official account."
    )


def test_bans_with_the_same_exception_share_a_line() -> None:
    first = content(real(), "kepulauan-anambas/se-47-2025").summary["id"][0]
    assert (
        "dalam jam kerja atau di lingkungan tempat kerja, kecuali untuk kepentingan dinas, dengan izin"
        in first
    )


def test_a_duty_the_force_and_the_sanction_are_told() -> None:
    found = content(real(), "lumajang/se-3-2026").summary["id"]
    assert found[2].startswith("❗ Siaran di luar jam kerja tetap harus menjaga kode etik")
    assert found[3] == "📅 Berlaku sejak Kam 29 Jan 2026, bagi PNS, PPPK atau PPPK paruh waktu."
    assert found[4].startswith("⚖️ Sanksi: Sesuai peraturan")


def test_a_circular_that_is_registered_in_part_says_that_there_is_more() -> None:
    assert any("belum diringkas" in line for line in content(real(), "pamekasan/se-215-2026").summary["id"])


def test_a_ban_without_condition_holds_at_any_time() -> None:
    assert lines(rule("a", activity="lain"))[0] == "⛔ Dilarang lain, kapan pun."


def test_what_finds_no_room_is_counted() -> None:
    acts = ("live", "unggah", "media", "lain")
    rules = [rule(act, BAN, yes("dinas"), activity=act) for act in acts]
    found = lines(
        *rules, rule("m", MUST, activity="lain"), sanctions=(Sanction({"id": "tegur"}, None, None),)
    )
    assert len(found) == MOST_LINES
    assert found[2] == "… dan 3 ketentuan lagi; baca edarannya."


def test_the_last_day_in_force_is_told_not_the_day_after() -> None:
    assert "sampai dengan Kam 30 Apr 2026" in lines(rule("a"), until=date(2026, 5, 1))[-1]


def test_an_exception_to_an_exception_is_told_with_it() -> None:
    ban = rule("a", BAN, yes("dalam_jam_kerja"))
    first = rule("b", MAY, both(yes("dalam_jam_kerja"), yes("dinas")), lifts=(ref("a"),))
    second = rule("c", MAY, both(yes("dalam_jam_kerja"), yes("dinas"), no("izin")), lifts=(ref("b"),))
    assert lines(ban, first, second)[0] == (
        "⛔ Dilarang live dalam_jam_kerja, kecuali dinas (tidak bila tanpa izin)."
    )


def test_and_and_or_are_kept_apart_by_brackets() -> None:
    condition = both(yes("dinas"), Some((yes("resmi"), yes("izin"))), Not(one_of("jenis", "a")))
    assert lines(rule("a", BAN, condition))[0] == "⛔ Dilarang live dinas, (resmi atau izin) dan selain a."


def test_a_window_over_midnight_is_one_span() -> None:
    assert lines(rule("a", BAN, by_clock("22:00", "05:00")))[0] == "⛔ Dilarang live pukul 22.00–05.00."


def test_an_exception_to_another_circular_is_told_as_what_it_allows() -> None:
    first = circular(rule("a", BAN, yes("dalam_jam_kerja")))
    lifting = rule("b", MAY, yes("izin"), circular="se-2", lifts=(ref("a"),))
    world = corpus(first, circular(lifting, name="se-2"))
    assert content(world, f"{REGION}/se-2").summary["id"][0] == "✅ Boleh live izin."


@given(corpora())
@settings(max_examples=60)
def test_every_circular_fits_five_lines_and_one_message(world: Corpus) -> None:
    for name in world.circulars:
        found = content(world, name)
        for language, texts in LANGUAGES.items():
            assert 1 <= len(found.summary[language]) <= MOST_LINES
            assert units(message(found, texts)) <= LIMIT


@pytest.mark.parametrize("name", sorted(real().circulars))
@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_real_message_fits_and_names_the_circular(name: str, language: str) -> None:
    found = content(real(), name)
    text = message(found, LANGUAGES[language])
    assert units(text) <= LIMIT
    assert str(found.number) in text
    assert found.subject in text


def test_long_lines_give_way_to_the_count_of_what_is_left() -> None:
    about = "y" * 400
    rules = tuple(rule(f"r{n}", MUST, content={"id": f"{n}" + "x" * 280}, activity="lain") for n in range(3))
    world = corpus(circular(*rules, about={"id": about}, issuer="z" * 300, number="1/2026"))
    found = content(world, f"{REGION}/se-1")
    assert units(message(found, INDONESIAN)) <= LIMIT
    assert any("ketentuan lagi" in line for line in found.summary["id"])


# --- the digest ---


def test_comments_and_layout_change_nothing(tmp_path: Path) -> None:
    copy = tmp_path / "policies"
    shutil.copytree(DIRECTORY, copy)
    path = copy / "lumajang" / "se-3-2026" / "edaran.yaml"
    text = path.read_text("utf-8")
    text = text.replace(
        "{dalam_jam_kerja: tidak, atribut_dinas: ya}", "{atribut_dinas: ya, dalam_jam_kerja: tidak}"
    )
    path.write_text("# catatan baru\n" + text.replace("\n\n", "\n\n\n"), "utf-8")
    changed = load(copy)
    assert changed.digest != real().digest
    name = "lumajang/se-3-2026"
    assert record(changed, name) == record(real(), name)
    assert content(changed, name).digest == content(real(), name).digest


@pytest.mark.parametrize(
    "change",
    [
        {"number": "9"},
        {"issuer": "lain"},
        {"since": date(2026, 2, 2)},
        {"addressees": one_of("status", "pns")},
        {"about": {"id": "lain"}},
        {"sanctions": (Sanction({"id": "tegur"}, None, None),)},
        {"rules": (rule("a", BAN, yes("dinas"), quote="bunyi"),)},
        {"rules": (rule("a", BAN, yes("izin")),)},
    ],
)
def test_whatever_people_are_told_or_bound_by_changes_the_digest(change: dict[str, object]) -> None:
    before = circular(rule("a", BAN, yes("dinas")))
    after = replace(before, **change)  # type: ignore[arg-type]
    digests = {content(corpus(found), before.id).digest for found in (before, after)}
    assert len(digests) == 2


def test_the_document_is_part_of_the_digest() -> None:
    one = of_policies(real(), "natuna/se-1177-2025", "natuna", LANGUAGES, FILE)
    other = replace(one, document=Document(FILE.name, PDF + b"\n"))
    renamed = replace(one, document=Document("lain.pdf", PDF))
    assert one.digest != other.digest
    assert one.digest == renamed.digest


@given(corpora())
@settings(max_examples=60)
def test_the_law_that_is_stored_is_the_law_that_was_written(world: Corpus) -> None:
    for name in world.circulars:
        text = record(world, name)
        law = read(text)
        again = replace(
            world, circulars={**world.circulars, name: replace(law.circular, rank=world.circulars[name].rank)}
        )
        assert json.loads(record(again, name)) == json.loads(text)


def test_the_order_of_conditions_is_layout() -> None:
    one, other = (
        corpus(circular(rule("a", BAN, All(parts))))
        for parts in ((yes("dinas"), no("izin")), (no("izin"), All((yes("dinas"),))))
    )
    assert record(one, f"{REGION}/se-1") == record(other, f"{REGION}/se-1")


def test_what_is_no_law_is_refused() -> None:
    with pytest.raises(ValueError, match="not the law"):
        read('{"format": 99}')


def test_a_circular_of_another_regency_is_refused() -> None:
    with pytest.raises(Problem, match=r"content\.unknown_circular"):
        content(real(), "natuna/se-1177-2025", "lumajang")
    with pytest.raises(Problem, match=r"content\.unknown_circular"):
        content(real(), "lumajang/tidak-ada")


# --- ad-hoc circulars ---


def given_by_hand(**more: object) -> Content:
    values: dict[str, object] = {
        "number": "800/12/2026",
        "dated": date(2026, 11, 20),
        "subject": "apel pagi",
        "issuer": "Bupati Antah",
        "lines": {"id": ["Apel setiap Senin.", " Mulai  pukul tujuh. ", ""]},
    }
    return ad_hoc(REGION, FILE, **{**values, **more})  # type: ignore[arg-type]


def test_an_ad_hoc_circular_is_told_by_its_own_lines_and_has_no_law() -> None:
    found = given_by_hand()
    assert found.summary == {"id": ("Apel setiap Senin.", "Mulai pukul tujuh.")}
    assert found.law is None
    assert "Apel setiap Senin." in message(found, ENGLISH)


def test_an_ad_hoc_circular_keeps_its_name_when_its_content_changes() -> None:
    first, second = given_by_hand(), given_by_hand(subject="apel pagi dan sore")
    assert first.circular == second.circular
    assert first.circular.startswith("adhoc/800-12-2026-")
    assert first.digest != second.digest
    assert given_by_hand(number="800-12-2026").circular != first.circular


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"number": " "}, "content.missing"),
        ({"issuer": ""}, "content.missing"),
        ({"subject": "x" * 201}, "content.too_long"),
        ({"lines": {"id": ["a"] * 6}}, "content.too_many_lines"),
        ({"lines": {"id": ["a" * (LONGEST_LINE + 1)]}}, "content.long_line"),
        ({"lines": {"id": ["a" * LONGEST_LINE] * 3}}, "content.long_lines"),
    ],
)
def test_what_is_missing_or_too_long_is_said(change: dict[str, object], key: str) -> None:
    with pytest.raises(Problem, match=key.replace(".", r"\.")) as found:
        given_by_hand(**change)
    assert found.value.line(INDONESIAN)


@given(st.text(max_size=80), st.text(max_size=200), st.lists(st.text(max_size=110), max_size=5))
@settings(max_examples=80)
def test_every_ad_hoc_message_fits(name: str, subject: str, told: list[str]) -> None:
    try:
        found = given_by_hand(number=name, issuer=name, subject=subject, lines={"id": told})
    except Problem:
        return
    assert all(units(message(found, texts)) <= LIMIT for texts in LANGUAGES.values())


# --- PDF ---


@pytest.mark.parametrize(
    ("bytes_", "key"),
    [
        (b"", "content.empty"),
        (b"PK\x03\x04 a word file", "content.no_pdf"),
        (PDF[:-6], "content.cut_off"),
        (PDF.replace(b"/Root 1 0 R", b"/Root 1 0 R /Encrypt 5 0 R"), "content.locked"),
        (b"%PDF-1.7" + b" " * MOST_BYTES + b"%%EOF", "content.too_large"),
    ],
)
def test_a_file_that_people_cannot_open_is_refused(bytes_: bytes, key: str) -> None:
    with pytest.raises(Problem, match=key.replace(".", r"\.")) as found:
        checked(Document("edaran.pdf", bytes_))
    assert "edaran.pdf" in found.value.line(ENGLISH)


def test_data_inside_a_pdf_that_looks_like_a_lock_is_none() -> None:
    data = b"2 0 obj\n<< /Length 19 >>\nstream\n/Encrypt 5 0 R here\nendstream\nendobj\n"
    assert checked(Document("edaran.pdf", PDF.replace(b"trailer", data + b"trailer")))
