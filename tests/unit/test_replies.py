"""Whole replies from small invented circulars: what the first line says, which clause stands behind it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from bot.catalogues import load_catalogues
from bot.dialogue import Draft
from bot.model import Asker, Grain, Intent, When
from bot.policy.condition import ALWAYS, Not
from bot.policy.condition import Test as Range
from bot.policy.corpus import Circular, Corpus
from bot.policy.decide import Engine
from bot.policy.explanation import Explainer
from bot.turn import Answered, Turn
from bot.vocabulary import Fact, FactKind, Named, Option
from tests.policy_worlds import (
    BAN,
    FACTS,
    MAY,
    MONDAY,
    MUST,
    REGION,
    at,
    both,
    by_clock,
    choice,
    circular,
    corpus,
    no,
    one_of,
    ref,
    rule,
    yes,
)

NOW = at(MONDAY, "10:00")
FRIDAY = MONDAY + timedelta(days=4)
WEEKDAYS = ("senin", "selasa", "rabu", "kamis", "jumat")
UNITS = ("opd", "dinas", "badan", "sekolah", "upt")
WIDER = {"dinas": "opd", "badan": "opd", "sekolah": "upt"}


def world(*circulars: Circular) -> Corpus:
    """With units that lie within each other."""
    facts = tuple(choice("unit", UNITS, "pegawai") if fact.id == "unit" else fact for fact in FACTS)
    found = corpus(*circulars, facts=facts)
    units = {name: Named(name, {"id": name}, parent=WIDER.get(name)) for name in UNITS}
    return replace(found, vocabulary=replace(found.vocabulary, units=units))


def answered(
    law: Corpus,
    intent: Intent = Intent.MAY_I,
    *,
    at: datetime = NOW,
    when: When | None = None,
    facts: Mapping[str, Any] | None = None,
    must: tuple[str, ...] | None = None,
    activities: tuple[str, ...] = ("live",),
    language: str = "id",
    **asker: Any,
) -> Answered:
    engine = Engine(law)
    draft = Draft(intent, activities, () if when is None else (when,), facts or {}, must=must)
    who = Asker(REGION, **{"status": "pns", "unit": "dinas", **asker})
    return Turn(engine, Explainer(engine), draft, who, at, load_catalogues()[language]).answer()


def lines(*args: Any, **more: Any) -> list[str]:
    return answered(*args, **more).reply.text.splitlines()


def first(*args: Any, **more: Any) -> str:
    return lines(*args, **more)[0]


def instant(moment: datetime) -> When:
    return When(moment, None, Grain.INSTANT)


def whole(day: date) -> When:
    return When(at(day, "00:00"), at(day + timedelta(days=1), "00:00"), Grain.DAY)


# --- duties ---

MARCH = Range("tanggal", None, (date(2026, 3, 10), 0), (date(2026, 3, 31), 1))
ACCOUNT = circular(rule("lapor", MUST, MARCH, clause="2", quote="wajib lapor paling lambat 31 Maret"))
WEEKLY = circular(
    rule("rekap", MUST, both(one_of("hari", "jumat"), by_clock("00:00", "15:01"), yes("dinas")), clause="4")
)
OFFICE = circular(
    rule("kantor", MUST, one_of("hari", *WEEKDAYS), clause="1", quote="wajib bekerja di kantor"),
    rule("rumah", MAY, both(one_of("hari", "jumat"), no("dinas")), clause="2", lifts=(ref("kantor"),)),
)


@pytest.mark.parametrize(
    ("law", "moment", "expected"),
    [
        (ACCOUNT, NOW, "🕒 Belum wajib. Wajib mulai Sel 10 Mar, batas waktunya Sel 31 Mar."),
        (ACCOUNT, at(date(2026, 3, 20), "10:00"), "❗ Wajib, batas waktunya Sel 31 Mar."),
        (ACCOUNT, at(date(2026, 4, 2), "10:00"), "⚠️ Batas waktunya sudah lewat: Sel 31 Mar."),
        (
            WEEKLY,
            NOW,
            "✅ Tidak wajib pada waktu itu. Wajib Jum 6 Mar, batas waktunya 15.00, bila dinas.",
        ),
        (WEEKLY, at(FRIDAY, "10:00"), "✅ Tidak wajib, kecuali dinas (batas waktunya 15.00)."),
        (
            WEEKLY,
            at(FRIDAY, "16:00"),
            "⚠️ Batas waktunya sudah lewat (15.00); berikutnya wajib Jum 13 Mar, batas waktunya 15.00, "
            "bila dinas.",
        ),
        (OFFICE, NOW, "❗ Wajib."),
        (OFFICE, at(FRIDAY, "10:00"), "✅ Tidak wajib, kecuali dinas: dikecualikan oleh edaran."),
        (
            OFFICE,
            at(FRIDAY + timedelta(days=1), "10:00"),
            "✅ Tidak wajib pada waktu itu. Wajib mulai Sen 9 Mar.",
        ),
    ],
)
def test_a_question_about_a_duty_is_answered_as_one(law: Circular, moment: datetime, expected: str) -> None:
    assert first(world(law), at=moment) == expected


def test_a_duty_that_is_not_yet_one_is_cited_as_what_obliges() -> None:
    said = lines(world(ACCOUNT))
    assert any(line.startswith("Kewajibannya: ") and "butir 2" in line for line in said)


def test_when_a_duty_is_due_is_answered_by_its_time_and_its_window() -> None:
    got = answered(world(WEEKLY), Intent.WHEN_MAY_I)
    assert got.reply.text.splitlines()[0] == "🕒 Wajib Jum 6 Mar, batas waktunya 15.00, bila dinas."
    assert got.window is not None
    assert (got.window.start, got.window.end) == (at(FRIDAY, "00:00"), at(FRIDAY, "15:01"))


def test_a_whole_day_of_which_a_part_is_obligatory_names_the_limit() -> None:
    got = first(world(WEEKLY), when=whole(FRIDAY), facts={"dinas": True})
    assert got == "❗ Wajib, batas waktunya Jum 6 Mar 15.00."


def test_a_week_in_which_something_is_obligatory_is_not_called_free_of_it() -> None:
    week = When(NOW, NOW + timedelta(days=7), Grain.INTERVAL)
    assert first(world(WEEKLY), when=week).startswith("🕒 Wajib Jum 6 Mar")


def test_why_not_is_answered_for_the_duty_that_was_spoken_of() -> None:
    said = lines(world(ACCOUNT), Intent.WHY)
    assert said[0] == "🕒 Belum wajib. Wajib mulai Sel 10 Mar, batas waktunya Sel 31 Mar."
    assert any(line.startswith("Kewajibannya: ") for line in said)


def test_a_duty_is_told_in_english_too() -> None:
    assert first(world(ACCOUNT), language="en") == (
        "🕒 Not obligatory yet. Obligatory from Tue 10 Mar, at the latest Tue 31 Mar."
    )


LIVE = circular(
    rule("larangan", BAN, yes("dalam_jam_kerja"), clause="1", quote="dilarang pada jam kerja"),
    rule("humas", MAY, both(yes("dalam_jam_kerja"), yes("resmi")), clause="3", lifts=(ref("larangan"),)),
    rule("kartu", MUST, yes("resmi"), clause="5", content={"id": "Kenakan tanda pengenal."}),
)


def test_do_i_have_to_meanwhile_is_answered_by_the_duties_and_then_by_the_verdict() -> None:
    said = lines(world(LIVE), must=())
    assert said[:4] == [
        "❗ Yang wajib bila live:",
        "• Kenakan tanda pengenal (biasa (nomor tidak diketahui) butir 5)",
        "",
        "Untuk live: ⛔ Dilarang, kecuali resmi.",
    ]


def test_do_i_have_to_about_a_condition_is_answered_by_the_verdict() -> None:
    assert first(world(LIVE), must=("resmi",)) == "⛔ Dilarang, kecuali resmi."


def test_a_duty_that_rides_along_is_named_with_its_clause() -> None:
    said = lines(world(LIVE), facts={"resmi": True})
    assert "Tetap wajib: Kenakan tanda pengenal (butir 5)." in said


# --- which rules are cited ---

HOME = (
    circular(rule("kantor", BAN, one_of("hari", *WEEKDAYS), clause="1", quote="wajib di kantor")),
    circular(
        rule("rumah", MAY, both(one_of("hari", "jumat"), one_of("unit", "dinas", "badan")), clause="7",
             quote="dapat bekerja dari rumah", circular="se-2"),
        name="se-2", number="2", enacted=date(2026, 2, 1),
    ),
)  # fmt: skip


def test_when_may_i_cites_the_rule_that_allows_then_and_the_other_only_as_set_aside() -> None:
    said = lines(world(*HOME), Intent.WHEN_MAY_I)
    assert said[0] == "🕒 Boleh Jum 6 Mar 00.00 sampai Sen 9 Mar 00.00."
    assert "dapat bekerja dari rumah" in said[2]
    assert sum("wajib di kantor" in line for line in said) == 0
    assert any(line.startswith("Mengesampingkan") for line in said)


def test_when_may_i_of_an_unknown_unit_names_the_units_and_asks_for_hers() -> None:
    got = answered(world(*HOME), Intent.WHEN_MAY_I, unit=None)
    said = got.reply.text.splitlines()
    assert said[0] == "🕒 Boleh Jum 6 Mar 00.00–24.00, asalkan di dinas atau badan."
    assert "butir 7" in said[2]
    assert got.pending is not None
    assert got.pending.fact == "unit"


def test_one_sentence_that_gives_a_ban_and_its_exception_is_quoted_once() -> None:
    quote = "dilarang live, kecuali dengan izin"
    ban = rule("larangan", BAN, clause="3", quote=quote)
    exception = rule("izin", MAY, yes("izin"), clause="3", quote=quote, lifts=(ban.ref,))
    assert sum(quote in line for line in lines(world(circular(ban, exception)))) == 1


# --- who asks ---


def test_every_unit_that_is_allowed_is_named_and_hers_is_asked_first() -> None:
    got = answered(world(*HOME), when=whole(FRIDAY), unit=None)
    assert got.reply.text.splitlines()[0] == "⛔ Dilarang, kecuali di dinas atau badan."
    assert [[button.label for button in row] for row in got.reply.buttons] == [
        ["dinas"], ["badan"], ["upt"], ["Unit lain"], ["Tidak tahu"],
    ]  # fmt: skip


def test_four_kinds_of_unit_are_named_and_more_are_not() -> None:
    allowed = rule("boleh", MAY, Not(one_of("unit", "upt")), lifts=(ref("larangan"),))
    flat = world(circular(rule("larangan", BAN), allowed))
    units = {name: replace(unit, parent=None) for name, unit in flat.vocabulary.units.items()}
    flat = replace(flat, vocabulary=replace(flat.vocabulary, units=units))
    assert first(flat, unit=None) == "⛔ Dilarang, kecuali di opd, dinas, badan atau sekolah."
    sixth = Named("desa", {"id": "desa"})
    facts = dict(flat.vocabulary.facts)
    facts["unit"] = choice("unit", (*UNITS, "desa"), "pegawai")
    more = replace(flat.vocabulary, facts=facts, units={**units, "desa": sixth})
    assert first(replace(flat, vocabulary=more), unit=None) == "⛔ Dilarang, kecuali di unit tertentu."


def test_a_unit_that_no_circular_addresses_is_no_condition_for_the_others() -> None:
    ban = rule("larangan", BAN)
    only = circular(
        ban, rule("izin", MAY, yes("izin"), lifts=(ban.ref,)), addressees=Not(one_of("unit", "sekolah"))
    )
    got = answered(world(only), unit=None)
    said = got.reply.text.splitlines()
    assert said[0] == "⛔ Dilarang, kecuali izin."
    assert "Tidak ditujukan bagi: sekolah." in said
    assert {"unit", "izin"} <= set(got.needs)


@pytest.mark.parametrize(
    ("asker", "expected"),
    [
        ({"unit": "sekolah"}, "❔ Belum ada edaran terdaftar yang ditujukan untuk unit ini: sekolah."),
        ({"status": "desa"}, "❔ Belum ada edaran terdaftar yang ditujukan untuk status ini: desa."),
    ],
)
def test_whom_no_circular_addresses_is_told_why(asker: dict[str, str], expected: str) -> None:
    whom = both(one_of("status", "pns", "pppk"), Not(one_of("unit", "sekolah")))
    assert first(world(circular(rule("larangan", BAN), addressees=whom)), **asker) == expected


# --- what no longer holds ---

OLD = circular(rule("larangan", BAN), number="1")
NEW = circular(
    rule("lain", BAN, circular="se-2", activity="lain"), name="se-2", number="2", since=MONDAY,
    addressees=ALWAYS, revokes=(OLD.id,),
)  # fmt: skip


def test_a_revoked_circular_is_called_revoked_and_by_which() -> None:
    said = lines(world(OLD, NEW))
    assert said[0] == "❔ Edarannya sudah dicabut."
    assert said[2].startswith("biasa 1 sudah dicabut oleh biasa 2 mulai Sen 2 Mar 2026.")
    assert first(world(OLD, NEW), at=NOW - timedelta(days=7)) == "⛔ Dilarang."


def test_what_a_circular_says_is_listed_with_those_that_are_revoked() -> None:
    said = lines(world(OLD, NEW, ACCOUNT_OF_THREE), Intent.WHICH_RULE, activities=())
    assert "• butir 2: wajib live" in said
    assert said[-1] == "biasa 1 sudah dicabut oleh biasa 2 mulai Sen 2 Mar 2026."


ACCOUNT_OF_THREE = circular(rule("lapor", MUST, MARCH, clause="2", circular="se-3"), name="se-3", number="3")


# --- words ---


def test_a_way_out_that_is_a_denial_is_told_by_what_is_forbidden() -> None:
    words = {False: {"id": "tidak lewat internet kantor"}, True: {"id": "lewat internet kantor"}}
    options = tuple(Option(value, said, said) for value, said in words.items())
    network = Fact("jaringan", FactKind.YES_NO, options, None, {"id": "Lewat internet kantor?"})
    law = corpus(circular(rule("larangan", BAN, yes("jaringan"))), facts=(*FACTS, network))
    assert first(law, unit=None) == "⛔ Dilarang bila lewat internet kantor."


# --- when it is allowed again ---


def test_the_time_that_was_asked_about_is_not_named_as_one_that_is_allowed() -> None:
    law = world(circular(rule("larangan", BAN, yes("dalam_jam_kerja"))))
    said = lines(law, when=instant(at(MONDAY + timedelta(days=1), "02:00")), pattern="shift")
    assert not any(line.startswith("Boleh lagi") for line in said)


def test_days_off_are_no_news_of_what_is_forbidden_on_working_days() -> None:
    law = world(circular(rule("kantor", BAN, one_of("hari", *WEEKDAYS))))
    got = answered(law)
    assert got.verdict is not None
    assert got.verdict.next_permitted is not None
    assert "Boleh lagi" not in got.reply.text
    assert "tidak ada waktu" not in got.reply.text


def test_being_on_duty_is_known_for_that_day_only() -> None:
    law = world(circular(rule("larangan", BAN, yes("dalam_jam_kerja")), until=date(2026, 3, 20)))
    got = answered(law, facts={"dalam_jam_kerja": True}, pattern="shift")
    assert got.verdict is not None
    assert got.verdict.valid_until == at(MONDAY + timedelta(days=1), "00:00")
    assert "Jawaban ini berlaku sampai" not in got.reply.text
