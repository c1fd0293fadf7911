"""The engine as it is asked: names, instants, breaks, shifts, windows, cautions."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from bot.model import Asker, Grain, Intent, Literal, Question, Unknown, Verdict, VerdictKind, When
from bot.policy.condition import ALWAYS
from bot.policy.condition import Test as Range
from bot.policy.corpus import Corpus
from bot.policy.decide import Engine
from bot.policy.situation import UnknownNameError
from bot.worktime import BreakRule, Calendar, Source
from tests.policy_worlds import (
    BAN,
    HOLIDAY,
    MAY,
    MONDAY,
    REGION,
    START,
    at,
    both,
    calendar,
    circular,
    corpus,
    no,
    one_of,
    rule,
    yes,
)

JAM_KERJA = rule("jam-kerja", BAN, yes("dalam_jam_kerja"))
LAW = circular(
    JAM_KERJA,
    rule("dinas", MAY, both(yes("dinas"), yes("resmi")), lifts=(JAM_KERJA.ref,)),
    rule("seragam", BAN, both(no("dalam_jam_kerja"), yes("izin"))),
)
PNS = Asker(REGION, "pns")


def decide(
    when: datetime,
    asker: Asker = PNS,
    law: Corpus | None = None,
    end: datetime | None = None,
    act: str = "live",
    **facts: Any,
) -> Verdict:
    grain = Grain.INSTANT if end is None else Grain.INTERVAL
    question = Question(Intent.MAY_I, act, When(when, end, grain), facts)
    return Engine(law or corpus(LAW)).decide(question, asker, when)


@pytest.mark.parametrize(
    ("clock", "kind"),
    [
        ("07:59", "not_prohibited"),
        ("08:00", "prohibited"),
        ("11:59", "prohibited"),
        ("12:00", "not_prohibited"),
        ("13:00", "prohibited"),
        ("15:59", "prohibited"),
        ("16:00", "not_prohibited"),
    ],
)
def test_both_sides_of_every_edge_of_the_day(clock: str, kind: str) -> None:
    assert decide(at(MONDAY, clock), izin=False).kind.value == kind


def test_a_holiday_is_outside_working_hours() -> None:
    assert decide(at(HOLIDAY, "10:00"), izin=False).kind is VerdictKind.NOT_PROHIBITED


def test_the_answer_holds_to_the_next_edge_and_the_window_begins_there() -> None:
    verdict = decide(at(MONDAY, "09:00"), izin=False)
    assert verdict.valid_until == at(MONDAY, "12:00")
    assert verdict.next_permitted is not None
    assert verdict.next_permitted.start == at(MONDAY, "12:00")
    assert verdict.next_permitted.end == at(MONDAY, "13:00")


def test_a_window_says_under_which_condition_it_is_one() -> None:
    verdict = decide(at(MONDAY, "15:00"))
    assert verdict.next_permitted is not None
    assert verdict.next_permitted.start == at(MONDAY, "15:00")
    assert set(verdict.next_permitted.conditions) == {Literal("dinas", True), Literal("resmi", True)}


def test_a_question_in_another_time_zone_is_about_the_same_instant() -> None:
    there = at(MONDAY, "09:00").astimezone(tz=None)
    assert decide(there, izin=False) == decide(at(MONDAY, "09:00"), izin=False)


def test_uniform_privately_at_unknown_hours_is_prohibited_either_way_without_a_question() -> None:
    verdict = decide(at(MONDAY, "20:00"), Asker(REGION, "pns", None, "shift"), dinas=False, izin=True)
    assert (verdict.kind, verdict.certain, verdict.needs) == (VerdictKind.PROHIBITED, True, ())
    assert {ref.rule for ref in verdict.basis + verdict.others} == {"jam-kerja", "seragam"}
    assert "hours_unknown" in verdict.cautions


def test_someone_on_shift_who_says_when_she_works_is_believed() -> None:
    shift = Asker(REGION, "pns", None, "shift")
    on_duty = decide(at(MONDAY, "20:00"), shift, izin=False, dinas=False, dalam_jam_kerja=True)
    off_duty = decide(at(MONDAY, "20:00"), shift, izin=False, dinas=False, dalam_jam_kerja=False)
    assert (on_duty.kind, on_duty.certain) == (VerdictKind.PROHIBITED, True)
    assert (off_duty.kind, off_duty.certain) == (VerdictKind.NOT_PROHIBITED, True)


def test_nobody_talks_the_calendar_out_of_the_hours_it_knows() -> None:
    assert decide(at(MONDAY, "09:00"), dalam_jam_kerja=False, dinas=False).kind is VerdictKind.PROHIBITED


@pytest.mark.parametrize(
    ("break_rule", "kind", "certain"),
    [
        (BreakRule.OUTSIDE, "not_prohibited", True),
        (BreakRule.INSIDE, "prohibited", True),
        (BreakRule.UNREGULATED, "not_prohibited", False),
    ],
)
def test_a_break_counts_as_the_regency_says_and_an_open_question_stays_open(
    break_rule: BreakRule, kind: str, certain: bool
) -> None:
    law = corpus(LAW, calendar=calendar(break_rule))
    verdict = decide(at(MONDAY, "12:30"), law=law, izin=False, dinas=False)
    assert (verdict.kind.value, verdict.certain) == (kind, certain)


def test_a_fact_the_person_does_not_know_is_as_unknown_as_one_not_asked_for() -> None:
    known = decide(at(MONDAY, "20:00"))
    asked = decide(at(MONDAY, "20:00"), izin=Unknown.NOT_KNOWN_TO_ASKER)
    assert asked == known


def test_an_interval_says_which_part_of_it_is_prohibited() -> None:
    verdict = decide(at(MONDAY, "15:00"), end=at(MONDAY, "17:00"), izin=False, dinas=False)
    assert verdict.kind is VerdictKind.PROHIBITED
    kinds = [(s.start, s.end, s.kind.value) for s in verdict.segments]
    assert kinds == [
        (at(MONDAY, "15:00"), at(MONDAY, "16:00"), "prohibited"),
        (at(MONDAY, "16:00"), at(MONDAY, "17:00"), "not_prohibited"),
    ]


def test_an_interval_without_length_is_its_instant() -> None:
    moment = at(MONDAY, "09:00")
    assert decide(moment, end=moment, izin=False).kind is VerdictKind.PROHIBITED


# --- who and what is not covered ---


def test_someone_no_circular_addresses_is_not_covered() -> None:
    verdict = decide(at(MONDAY, "09:00"), Asker(REGION, "desa"))
    assert (verdict.kind, verdict.certain) == (VerdictKind.NOT_COVERED, True)
    assert (verdict.next_permitted, verdict.cautions) == (None, ())


def test_a_regency_without_a_circular_covers_nobody() -> None:
    assert decide(at(MONDAY, "09:00"), law=corpus()).kind is VerdictKind.NOT_COVERED


def test_an_act_that_no_circular_speaks_of_is_not_prohibited_for_those_it_addresses() -> None:
    assert decide(at(MONDAY, "09:00"), act="lain").kind is VerdictKind.NOT_PROHIBITED


def test_the_eve_of_force_is_not_in_force_and_never_a_permission() -> None:
    eve = at(START - timedelta(days=1), "23:59")
    verdict = decide(eve)
    assert verdict.kind is VerdictKind.NOT_IN_FORCE
    assert verdict.valid_until == at(START, "00:00")


def test_after_its_last_day_a_circular_is_not_in_force() -> None:
    law = corpus(circular(JAM_KERJA, until=MONDAY))
    assert decide(at(MONDAY - timedelta(days=3), "09:00"), law=law).kind is VerdictKind.PROHIBITED
    assert decide(at(MONDAY, "09:00"), law=law).kind is VerdictKind.NOT_IN_FORCE


def test_an_answer_is_valid_until_the_law_itself_changes() -> None:
    law = corpus(circular(rule("selalu", BAN), until=MONDAY))
    verdict = decide(at(MONDAY - timedelta(days=2), "09:00"), law=law)
    assert verdict.valid_until == at(MONDAY, "00:00")


def test_a_ban_at_every_hour_has_no_end_and_no_window() -> None:
    verdict = decide(at(MONDAY, "09:00"), law=corpus(circular(rule("selalu", BAN))))
    assert (verdict.valid_until, verdict.next_permitted) == (None, None)


def test_a_window_that_never_closes_has_no_end() -> None:
    """Allowed from Tuesday on, every day: only Mondays before a date are forbidden."""
    monday = rule("senin", BAN, both(one_of("hari", "senin"), one_of("status", "pns")))
    law = corpus(
        circular(monday, until=MONDAY + timedelta(days=1)),
        circular(rule("x", MAY, circular="se-2"), name="se-2"),
    )
    verdict = decide(at(MONDAY, "09:00"), law=law)
    assert verdict.kind is VerdictKind.PROHIBITED
    assert verdict.next_permitted is not None
    assert verdict.next_permitted.start == at(MONDAY + timedelta(days=1), "00:00")
    assert verdict.next_permitted.end is None


# --- names ---


@pytest.mark.parametrize(
    ("asker", "facts"),
    [
        (Asker("entah", "pns"), {}),
        (Asker(REGION, "raja"), {}),
        (PNS, {"izin": "mungkin"}),
        (PNS, {"dinas": "ya"}),
    ],
)
def test_a_name_or_value_that_does_not_exist_is_refused_with_the_known_ones(
    asker: Asker, facts: dict[str, Any]
) -> None:
    with pytest.raises(UnknownNameError) as error:
        decide(at(MONDAY, "09:00"), asker, **facts)
    assert error.value.known


@pytest.mark.parametrize(
    "asker",
    [
        Asker("entah"),
        Asker(REGION, "raja"),
        Asker(REGION, "pns", "istana"),
        Asker(REGION, "pns", "opd", "kapan-saja"),
    ],
)
def test_an_asker_is_checked_before_she_asks(asker: Asker) -> None:
    with pytest.raises(UnknownNameError):
        Engine(corpus(LAW)).check(asker)


def test_a_known_asker_passes() -> None:
    Engine(corpus(LAW)).check(Asker(REGION, "pns", "opd", "shift"))


def test_a_verdict_needs_an_act() -> None:
    question = Question(Intent.MAY_I, None, None)
    with pytest.raises(ValueError, match="act"):
        Engine(corpus(LAW)).decide(question, PNS, at(MONDAY, "09:00"))


# --- numbers and dates ---


def test_a_date_in_the_condition_counts_from_its_first_day_to_the_day_before_its_last() -> None:
    ramadan = Range("tanggal", None, (date(2026, 3, 3), 0), (date(2026, 3, 5), 0))
    law = corpus(circular(rule("ramadan", BAN, ramadan)))
    kinds = [decide(at(date(2026, 3, day), "10:00"), law=law).kind.value for day in (2, 3, 4, 5)]
    assert kinds == ["not_prohibited", "prohibited", "prohibited", "not_prohibited"]


def test_a_rule_without_condition_holds_always() -> None:
    assert decide(at(MONDAY, "03:00"), law=corpus(circular(rule("r", BAN, ALWAYS)))).certain


# --- one engine, many questions ---


def test_a_question_later_in_the_same_hours_gets_a_window_of_its_own() -> None:
    """What is remembered of an earlier question must not speak of its time."""
    engine = Engine(corpus(LAW))
    for clock in ("09:00", "10:00", "09:30"):
        question = Question(Intent.MAY_I, "live", When(at(MONDAY, clock), None, Grain.INSTANT))
        window = engine.decide(question, PNS, at(MONDAY, clock)).next_permitted
        assert window is not None
        assert window.start == at(MONDAY, clock)


def test_a_question_about_the_past_looks_ahead_from_now() -> None:
    question = Question(Intent.MAY_I, "live", When(at(MONDAY, "09:00"), None, Grain.INSTANT), {"izin": False})
    engine = Engine(corpus(LAW))
    for now, start in (("09:00", "12:00"), ("14:00", "16:00"), ("17:00", "17:00")):
        window = engine.decide(question, PNS, at(MONDAY, now)).next_permitted
        assert window is not None
        assert window.start == at(MONDAY, start)


@pytest.mark.parametrize(("end", "kind"), [("12:45", "not_prohibited"), ("13:15", "prohibited")])
def test_an_interval_within_a_break_that_nobody_regulated_is_read_as_a_break(end: str, kind: str) -> None:
    law = corpus(LAW, calendar=calendar(BreakRule.UNREGULATED))
    verdict = decide(at(MONDAY, "12:15"), end=at(MONDAY, end), law=law, izin=False, dinas=False)
    assert verdict.kind.value == kind


def _unverified() -> Calendar:
    known = calendar(BreakRule.UNREGULATED)
    patterns = tuple(replace(pattern, source=Source()) for pattern in known.patterns)
    return replace(known, patterns=patterns, break_source=Source())


def test_unverified_hours_and_breaks_are_cautioned_about_where_the_verdict_hangs_on_them() -> None:
    law = corpus(LAW, calendar=_unverified())
    assert decide(at(MONDAY, "09:00"), law=law).cautions == ("hours_unverified",)
    assert set(decide(at(MONDAY, "12:30"), law=law).cautions) == {"break", "hours_unverified"}


def test_nobody_is_cautioned_about_hours_that_do_not_matter() -> None:
    always = corpus(circular(rule("selalu", BAN)), calendar=_unverified())
    assert decide(at(MONDAY, "09:00"), law=always).cautions == ()
    assert (
        decide(at(MONDAY, "09:00"), Asker(REGION, "desa"), corpus(LAW, calendar=_unverified())).cautions == ()
    )
