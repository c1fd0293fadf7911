"""What is obligatory, from when and by when, and what must be kept to meanwhile."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from bot.model import Asker, Duty, Grain, Intent, Literal, Question, When
from bot.policy.condition import Test as Range
from bot.policy.corpus import Rule
from bot.policy.decide import Engine
from bot.policy.duty import Duties
from tests.policy_worlds import (
    BAN,
    MAY,
    MONDAY,
    MUST,
    REGION,
    START,
    at,
    both,
    by_clock,
    circular,
    corpus,
    one_of,
    ref,
    rule,
    yes,
)

FRIDAY = MONDAY + timedelta(days=4)
PNS = Asker(REGION, "pns")
REPORT = rule("lapor", MUST, both(one_of("hari", "jumat"), by_clock("00:00", "15:01")))
IN_MARCH = Range("tanggal", None, (date(2026, 3, 10), 0), (date(2026, 3, 31), 1))
CLEAN = rule("bersih", MUST, IN_MARCH)


def duties(*rules: Rule) -> Duties:
    return Duties(Engine(corpus(circular(*rules))).regency(REGION))


def found(start: datetime, *rules: Rule) -> Duty:
    question = Question(Intent.MAY_I, "live", When(start, None, Grain.INSTANT))
    return duties(*rules).find(question, PNS, start)


def test_a_duty_of_certain_dates_begins_with_them_and_is_limited_by_them() -> None:
    duty = found(at(MONDAY, "10:00"), CLEAN)
    assert duty.window is not None
    assert (duty.window.start, duty.window.end) == (
        at(date(2026, 3, 10), "00:00"),
        at(date(2026, 4, 1), "00:00"),
    )
    assert (duty.limited, duty.begins, duty.window.contrary) == (True, True, (CLEAN.ref,))


def test_a_duty_that_comes_back_every_week_is_looked_for_ahead_and_has_not_just_begun() -> None:
    duty = found(at(MONDAY, "10:00"), REPORT)
    assert duty.window is not None
    assert (duty.window.start, duty.window.end) == (at(FRIDAY, "00:00"), at(FRIDAY, "15:01"))
    assert (duty.limited, duty.begins) == (True, False)


def test_a_duty_months_away_is_found() -> None:
    later = Range("tanggal", None, (date(2026, 11, 1), 0), (date(2026, 12, 1), 0))
    duty = found(at(MONDAY, "10:00"), rule("nanti", MUST, later))
    assert duty.window is not None
    assert duty.window.start == at(date(2026, 11, 1), "00:00")


def test_a_deadline_that_has_passed_is_known() -> None:
    duty = found(at(date(2026, 4, 3), "10:00"), CLEAN)
    assert duty.window is None
    assert duty.missed is not None
    assert duty.missed.end == at(date(2026, 4, 1), "00:00")


def test_what_ends_with_the_working_week_has_no_deadline() -> None:
    weekdays = one_of("hari", "senin", "selasa", "rabu", "kamis", "jumat")
    duty = found(at(MONDAY, "10:00"), rule("kantor", MUST, weekdays))
    assert duty.window is not None
    assert not duty.limited
    assert duty.missed is None


def test_a_duty_of_some_people_names_who_they_are() -> None:
    duty = found(at(MONDAY, "10:00"), rule("kepala", MUST, yes("dinas")))
    assert duty.window is not None
    assert duty.window.conditions == (Literal("dinas", True),)


def test_a_duty_that_is_lifted_is_none_but_for_whom_the_exception_leaves_out() -> None:
    base = rule("kantor", MUST)
    lifting = rule("rumah", MAY, yes("izin"), lifts=(base.ref,))
    question = Question(Intent.MAY_I, "live", When(at(MONDAY, "10:00"), None, Grain.INSTANT), {"izin": True})
    assert duties(base, lifting).find(question, PNS, at(MONDAY, "10:00")) == Duty()
    unknown = found(at(MONDAY, "10:00"), base, lifting)
    assert unknown.window is not None
    assert unknown.window.conditions == (Literal("izin", False),)


@pytest.mark.parametrize(
    ("rules", "concerns", "only"),
    [
        ((REPORT,), True, True),
        ((REPORT, rule("larangan", BAN)), True, False),
        ((rule("norma", MUST, content={"id": "jaga norma"}),), False, False),
        ((rule("larangan", BAN),), False, False),
    ],
)
def test_an_act_is_a_matter_of_duty_alone_where_it_is_obligatory_and_never_forbidden(
    rules: tuple[Rule, ...], concerns: bool, only: bool
) -> None:
    assert (duties(*rules).concerns("live"), duties(*rules).only("live")) == (concerns, only)


def test_the_duties_that_come_with_an_act_are_those_of_the_situations_that_allow_it() -> None:
    ban = rule("larangan", BAN)
    exception = rule("humas", MAY, yes("dinas"), lifts=(ban.ref,))
    badge = rule("kartu", MUST, yes("dinas"), content={"id": "pakai kartu"})
    norms = rule("norma", MUST, one_of("dinas", False), content={"id": "jaga norma"})
    question = Question(Intent.MAY_I, "live", None)
    known = duties(ban, exception, badge, norms)
    assert known.accompanying(question, PNS, at(MONDAY, "10:00")) == (ref("kartu"),)


def test_a_duty_begins_with_its_circular() -> None:
    day = START + timedelta(days=90)
    old = circular(rule("lama", BAN, circular="se-2", activity="unggah"), name="se-2")
    engine = Engine(corpus(circular(rule("baru", MUST), since=day), old)).regency(REGION)
    start = at(day - timedelta(days=2), "10:00")
    duty = Duties(engine).find(Question(Intent.MAY_I, "live", None), PNS, start)
    assert duty.window is not None
    assert (duty.window.start, duty.begins) == (at(day, "00:00"), True)
