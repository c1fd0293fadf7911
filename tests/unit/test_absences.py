"""Leave: days on which working hours go on without the person, and nobody may have said what they are."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.catalogues import load_catalogues
from bot.model import ALLOWED, Absence, Asker, Grain, Intent, Question, Unknown, Verdict, When
from bot.policy.corpus import Corpus
from bot.policy.decide import Engine
from bot.policy.explanation import Explainer
from bot.rendering.answer import answer
from bot.rendering.context import Context
from bot.worktime import (
    BreakRule,
    Calendar,
    Source,
    State,
    Stretch,
    cautions,
    in_working_hours,
    state_at,
    stretches,
    working_days_between,
)
from tests.policy_worlds import BAN, MONDAY, REGION, at, calendar, circular, corpus, no, rule, yes
from tests.unit.test_worktime import dates, some_calendar

TUESDAY, WEDNESDAY, THURSDAY = (MONDAY + timedelta(days=7 + step) for step in (1, 2, 3))
"""Of a week without a holiday."""
LEAVE = (Absence("cuti", TUESDAY, THURSDAY),)
UNVERIFIED = Source("uji", verified=False)


def law(leave_rule: BreakRule = BreakRule.UNREGULATED) -> Corpus:
    """No live in working hours."""
    return corpus(
        circular(rule("jam-kerja", BAN, yes("dalam_jam_kerja"))), calendar=calendar(leave_rule=leave_rule)
    )


def ask(moment: datetime) -> Question:
    return Question(Intent.MAY_I, "live", When(moment, None, Grain.INSTANT))


def verdict(
    moment: datetime, of: Corpus | None = None, away: tuple[Absence, ...] = LEAVE, pattern: str | None = None
) -> Verdict:
    asker = Asker(REGION, "pns", None, pattern, away)
    return Engine(of or law()).decide(ask(moment), asker, moment)


# --- verdicts ---


def test_hours_of_a_leave_day_are_presumed_free_but_not_certainly() -> None:
    found = verdict(at(TUESDAY, "09:00"))
    assert (found.kind.value, found.certain, found.needs) == ("not_prohibited", False, ("dalam_jam_kerja",))
    assert found.cautions == ("leave",)
    assert [(c.fact, c.value) for c in found.conditions] == [("dalam_jam_kerja", False)]


def test_time_off_on_a_leave_day_is_certain_and_needs_no_caution() -> None:
    for moment in (at(TUESDAY, "18:00"), at(TUESDAY, "12:30")):
        found = verdict(moment)
        assert (found.kind in ALLOWED, found.certain, found.cautions) == (True, True, ())


@pytest.mark.parametrize(
    ("moment", "kind"),
    [
        (at(TUESDAY - timedelta(days=1), "15:59"), "prohibited"),
        (at(TUESDAY, "08:00"), "not_prohibited"),
        (at(WEDNESDAY, "15:59"), "not_prohibited"),
        (at(THURSDAY, "08:00"), "prohibited"),  # the end is the first day back
    ],
)
def test_leave_begins_with_its_first_day_and_ends_before_the_day_of_its_end(
    moment: datetime, kind: str
) -> None:
    assert verdict(moment).kind.value == kind


def test_leave_without_a_known_end_goes_on() -> None:
    away = (Absence("tugas_belajar", TUESDAY),)
    assert verdict(at(TUESDAY + timedelta(days=371), "09:00"), away=away).cautions == ("leave",)


def test_the_answer_holds_until_the_hours_of_the_leave_day_end() -> None:
    assert verdict(at(TUESDAY, "09:00")).valid_until == at(TUESDAY, "12:00")
    assert verdict(at(WEDNESDAY, "17:00")).valid_until == at(THURSDAY, "08:00")


def test_the_next_window_is_the_leave_that_begins_tomorrow_if_only_under_its_condition() -> None:
    always_working = corpus(
        circular(rule("jam-kerja", BAN, yes("dalam_jam_kerja")), rule("luar", BAN, no("dalam_jam_kerja"))),
        calendar=calendar(leave_rule=BreakRule.OUTSIDE),
    )
    monday = verdict(at(TUESDAY - timedelta(days=1), "09:00"))
    assert monday.next_permitted is not None
    assert monday.next_permitted.start == at(TUESDAY - timedelta(days=1), "12:00")
    assert verdict(at(TUESDAY, "09:00"), always_working).kind.value == "prohibited"


def test_shift_staff_on_leave_are_presumed_free_and_otherwise_asked() -> None:
    away, back = (verdict(at(day, "09:00"), pattern="shift") for day in (TUESDAY, THURSDAY))
    assert (away.kind.value, away.certain, away.cautions) == ("not_prohibited", False, ("leave",))
    assert (back.kind.value, back.cautions) == ("prohibited", ("hours_unknown",))
    assert away.valid_until == at(THURSDAY, "00:00")


def test_a_remembered_verdict_is_not_given_to_somebody_who_is_not_on_leave() -> None:
    engine, moment = Engine(law(BreakRule.OUTSIDE)), at(TUESDAY, "18:00")
    at_work, away = Asker(REGION, "pns"), Asker(REGION, "pns", absences=LEAVE)
    first, second = (engine.decide(ask(moment), asker, moment) for asker in (at_work, away))
    assert first.valid_until == at(WEDNESDAY, "08:00")
    assert engine.decide(ask(moment), at_work, moment) == first
    assert engine.decide(ask(moment), away, moment) == second
    assert second.valid_until == at(THURSDAY, "08:00")


@pytest.mark.parametrize(
    ("rule_of_leave", "kind"), [(BreakRule.OUTSIDE, "not_prohibited"), (BreakRule.INSIDE, "prohibited")]
)
def test_a_regency_that_regulates_leave_leaves_nothing_uncertain(rule_of_leave: BreakRule, kind: str) -> None:
    found = verdict(at(TUESDAY, "09:00"), law(rule_of_leave))
    assert (found.kind.value, found.certain, found.cautions) == (kind, True, ())


@pytest.mark.parametrize("rule_of_leave", [BreakRule.OUTSIDE, BreakRule.INSIDE])
def test_a_rule_on_leave_that_nobody_verified_is_admitted(rule_of_leave: BreakRule) -> None:
    unverified = replace(calendar(leave_rule=rule_of_leave), leave_source=UNVERIFIED)
    stretch = state_at(unverified, None, at(TUESDAY, "09:00"), LEAVE)
    assert cautions(unverified, stretch) == ("leave_unverified",)


def test_leave_stops_no_deadline() -> None:
    assert working_days_between(calendar(), None, TUESDAY, THURSDAY) == 2


@pytest.mark.parametrize(
    ("language", "word", "admission"),
    [
        ("id", "· cuti.", "Anda tercatat cuti; edaran tidak mengatur apakah cuti termasuk jam kerja"),
        (
            "en",
            "· leave.",
            "you are registered as on leave; no circular says whether leave counts as working",
        ),
    ],
)
def test_the_reply_admits_what_nobody_has_regulated(language: str, word: str, admission: str) -> None:
    engine, moment, asker = Engine(law()), at(TUESDAY, "09:00"), Asker(REGION, "pns", absences=LEAVE)
    question = ask(moment)
    found = engine.decide(question, asker, moment)
    stretch = state_at(engine.regency(REGION).calendar, None, moment, LEAVE)
    context = Context(load_catalogues()[language], engine.corpus.vocabulary, moment, "Antah", stretch)
    text = answer(question, found, Explainer(engine).explain(question, asker, found, moment), context)
    assert admission in text
    assert word in text


# --- the timeline ---


def is_away(absences: tuple[Absence, ...], day: date) -> str | None:
    """Straight from the definition: the kind of the first absence that holds the day."""
    return next((a.kind for a in absences if a.start <= day and (a.end is None or day < a.end)), None)


some_absences = st.lists(
    st.builds(
        lambda kind, first, length: Absence(
            kind, first, None if length is None else first + timedelta(days=length)
        ),
        st.sampled_from(("cuti", "tugas_belajar")),
        dates,
        st.integers(0, 6) | st.none(),
    ),
    max_size=3,
).map(tuple)


@settings(max_examples=120, deadline=None)
@given(some_calendar(), some_absences, dates, st.integers(0, 1439), st.integers(1, 5 * 1440))
def test_absences_cut_the_timeline_where_the_definition_says(
    found: Calendar, away: tuple[Absence, ...], day: date, minute: int, length: int
) -> None:
    start = found.at(day, minute)
    end = start + timedelta(minutes=length)
    parts = stretches(found, None, start, end, away)
    assert (parts[0].start, parts[-1].end) == (start, end)
    assert all(a.end == b.start and not b.continues(a) for a, b in pairwise(parts))
    for part in parts:
        for moment in (part.start, part.end - timedelta(minutes=1)):
            assert_as_defined(found, away, part, moment)
            assert_as_defined(found, away, state_at(found, None, moment, away), moment)


def assert_as_defined(found: Calendar, away: tuple[Absence, ...], part: Stretch, moment: datetime) -> None:
    usual = state_at(found, None, moment)
    assert part.start <= moment < part.end
    assert (part.state, part.reason, part.pattern) == (usual.state, usual.reason, usual.pattern)
    kind = is_away(away, moment.date())
    assert part.absence == (None if usual.state is State.OFF else kind)


@pytest.mark.parametrize("leave_rule", list(BreakRule))
@pytest.mark.parametrize("break_rule", list(BreakRule))
def test_a_day_of_leave_counts_as_the_regency_says(leave_rule: BreakRule, break_rule: BreakRule) -> None:
    clock = calendar(break_rule, leave_rule)
    expected = {
        "06:00": False,
        "09:00": {"di_luar_jam_kerja": False, "jam_kerja": True}.get(leave_rule, Unknown.LEAVE_UNREGULATED),
        "12:30": in_working_hours(clock, state_at(clock, None, at(TUESDAY, "12:30"))),
    }
    if leave_rule is not BreakRule.INSIDE and break_rule is not BreakRule.OUTSIDE:
        expected["12:30"] = expected["09:00"]
    found = {
        time: in_working_hours(clock, state_at(clock, None, at(TUESDAY, time), LEAVE)) for time in expected
    }
    assert found == expected
