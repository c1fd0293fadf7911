"""Which rule prevails, circular against circular, and what an exception does and does not do."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from bot.model import VerdictKind
from bot.policy.corpus import Circular, Rule
from bot.policy.decide import Engine
from bot.policy.precedence import Outcome
from tests.policy_worlds import BAN, MAY, MUST, REGION, START, both, circular, corpus, ref, rule, yes

EARLIER, LATER = date(2025, 12, 1), date(2025, 12, 20)


def outcome(*circulars: Circular, **facts: bool) -> Outcome:
    """What holds for a live stream by a PNS on the first day, with these facts."""
    law = Engine(corpus(*circulars)).regency(REGION).law
    situation: dict[str, Any] = {"status": "pns", **facts}
    cells = [v.cell(situation.get(v.fact, False)) for v in law.variables]
    return law.space.decide(law.root(START, "live"), cells)  # type: ignore[no-any-return]


def two(old: Rule, new: Rule, **later: Any) -> tuple[Circular, Circular]:
    return (
        circular(old, name="se-1", enacted=EARLIER),
        circular(new, name="se-2", **{"enacted": LATER, **later}),
    )


OLD_BAN = rule("ban", BAN)
NEW_MAY = rule("may", MAY, circular="se-2")


def test_the_later_circular_prevails_and_names_what_gave_way() -> None:
    found = outcome(*two(OLD_BAN, NEW_MAY))
    assert found == Outcome(VerdictKind.PERMITTED, (NEW_MAY.ref,), (), (OLD_BAN.ref,))


def test_the_superior_instrument_prevails_over_the_later_circular() -> None:
    old, new = two(OLD_BAN, NEW_MAY)
    high = circular(OLD_BAN, name="se-1", enacted=EARLIER, rank="tinggi")
    assert outcome(high, new).kind is VerdictKind.PROHIBITED
    assert outcome(old, new).kind is VerdictKind.PERMITTED


def test_a_special_rule_prevails_over_a_later_general_one() -> None:
    special = rule("ban", BAN, yes("dinas"))
    assert outcome(*two(special, NEW_MAY), dinas=True).kind is VerdictKind.PROHIBITED


def test_a_rule_on_a_narrower_act_is_special_even_under_the_same_condition() -> None:
    wide = rule("may", MAY, activity="media", circular="se-2")
    assert outcome(*two(OLD_BAN, wide)).kind is VerdictKind.PROHIBITED


def test_a_rule_on_a_wider_act_is_never_special_however_narrow_its_condition() -> None:
    wide = rule("ban", BAN, yes("dinas"), activity="media")
    assert outcome(*two(wide, NEW_MAY), dinas=True).kind is VerdictKind.PERMITTED


def test_a_rule_that_names_another_as_general_prevails_over_it_although_earlier() -> None:
    other = rule("may", MAY, yes("resmi"), circular="se-2")
    named = rule("ban", BAN, yes("dinas"), special_to=(other.ref,))
    assert outcome(*two(named, other), dinas=True, resmi=True).kind is VerdictKind.PROHIBITED


def test_circulars_of_one_day_and_rank_that_oppose_each_other_are_a_conflict_that_cites_both() -> None:
    found = outcome(*two(OLD_BAN, NEW_MAY, enacted=EARLIER))
    assert found == Outcome(VerdictKind.CONFLICT, (OLD_BAN.ref, NEW_MAY.ref))


def test_an_amended_rule_gives_way_to_a_circular_of_lower_rank() -> None:
    high = circular(OLD_BAN, name="se-1", rank="tinggi")
    amending = circular(rule("may", MAY, circular="se-2"), name="se-2", amends=(OLD_BAN.ref,))
    assert outcome(high, amending).kind is VerdictKind.PERMITTED


def test_rules_that_beat_each_other_in_a_circle_are_a_conflict_and_not_all_dropped() -> None:
    """Two special bans of an old circular, two general permissions of a new one: each special ban beats its
    own general permission, and the other permission, being later, beats the ban."""
    bans = [rule(f"ban-{n}", BAN, both(yes(n), yes("izin"))) for n in ("dinas", "resmi")]
    mays = [rule(f"may-{n}", MAY, yes(n), circular="se-2") for n in ("dinas", "resmi")]
    old = circular(*bans, name="se-1", enacted=EARLIER)
    new = circular(*mays, name="se-2", enacted=LATER)
    found = outcome(old, new, dinas=True, resmi=True, izin=True)
    assert found.kind is VerdictKind.CONFLICT
    assert set(found.basis) == {r.ref for r in (*bans, *mays)}


def test_a_rule_beaten_only_by_one_that_itself_gives_way_stands() -> None:
    ban = rule("ban", BAN, yes("izin"))
    special = rule("may", MAY, both(yes("izin"), yes("dinas")))
    first = circular(ban, name="se-1", enacted=LATER)
    second = circular(rule("may", MAY, special.condition, circular="se-2"), name="se-2", enacted=EARLIER)
    superior = circular(rule("top", BAN, circular="se-3"), name="se-3", rank="tinggi")
    found = outcome(first, second, superior, izin=True, dinas=True)
    assert (found.kind, set(found.basis)) == (VerdictKind.PROHIBITED, {ban.ref, ref("top", "se-3")})
    assert found.overridden == (ref("may", "se-2"),)


# --- exceptions ---


@pytest.mark.parametrize(("dinas", "kind"), [(False, "prohibited"), (True, "exempt")])
def test_an_exception_lifts_its_ban_exactly_where_it_applies(dinas: bool, kind: str) -> None:
    law = circular(OLD_BAN, rule("dinas", MAY, yes("dinas"), lifts=(OLD_BAN.ref,)))
    assert outcome(law, dinas=dinas).kind.value == kind


def test_an_exception_lifts_no_other_ban_of_its_circular() -> None:
    other = rule("rahasia", BAN, yes("izin"))
    law = circular(OLD_BAN, other, rule("dinas", MAY, yes("dinas"), lifts=(OLD_BAN.ref,)))
    assert outcome(law, dinas=True, izin=True) == Outcome(VerdictKind.PROHIBITED, (other.ref,))


def test_a_permission_that_is_no_exception_is_a_conflict_with_a_ban_of_its_circular() -> None:
    law = circular(OLD_BAN, rule("dinas", MAY, yes("dinas")))
    assert outcome(law, dinas=True) == Outcome(VerdictKind.CONFLICT, (OLD_BAN.ref, ref("dinas")))


def test_an_exception_to_an_exception_brings_the_ban_back() -> None:
    exception = rule("dinas", MAY, yes("dinas"), lifts=(OLD_BAN.ref,))
    back = rule("kecuali-izin", BAN, both(yes("dinas"), yes("izin")), lifts=(exception.ref,))
    law = circular(OLD_BAN, exception, back)
    assert outcome(law, dinas=True).kind is VerdictKind.EXEMPT
    assert outcome(law, dinas=True, izin=True).basis == (OLD_BAN.ref, back.ref)


def test_an_obligation_that_rides_along_comes_with_the_verdict_and_never_flips_it() -> None:
    norm = rule("norma", MUST, content={"id": "jaga norma"})
    assert outcome(circular(OLD_BAN, norm)) == Outcome(VerdictKind.PROHIBITED, (OLD_BAN.ref,), (norm.ref,))
    assert outcome(circular(norm)) == Outcome(VerdictKind.NOT_PROHIBITED, (), (norm.ref,))


def test_an_obligation_without_content_makes_the_act_itself_obligatory() -> None:
    assert outcome(circular(rule("wajib", MUST))).kind is VerdictKind.OBLIGATORY


def test_a_duty_is_lifted_by_an_exception_too() -> None:
    duty = rule("wajib", MUST)
    law = circular(duty, rule("bebas", MAY, yes("izin"), lifts=(duty.ref,)))
    assert outcome(law, izin=True) == Outcome(VerdictKind.EXEMPT, (ref("bebas"),))


# --- dates ---


def test_what_was_revoked_stays_revoked_when_the_revoking_circular_ends() -> None:
    old = circular(OLD_BAN, name="se-1", since=EARLIER)
    new = circular(
        rule("may", MAY, circular="se-2"), name="se-2", since=LATER, until=START, revokes=(f"{REGION}/se-1",)
    )
    law = Engine(corpus(old, new)).regency(REGION).law
    assert [c.id for c in law.in_force(EARLIER)] == [f"{REGION}/se-1"]
    assert [c.id for c in law.in_force(LATER)] == [f"{REGION}/se-2"]
    assert law.in_force(START) == ()


def on(day: date, *circulars: Circular) -> str:
    """The verdict on a live stream by a PNS that day."""
    law = Engine(corpus(*circulars)).regency(REGION).law
    found: Outcome = law.space.decide(law.root(day, "live"), [v.cell("pns") for v in law.variables])
    return found.kind.value


FIRST = circular(OLD_BAN, rule("norma", MUST, content={"id": "jaga norma"}), name="se-1", since=EARLIER)


def amendment(until: date | None) -> Circular:
    """Puts a permission in the place of the ban, for a time or for good."""
    may = rule("may", MAY, circular="se-2")
    return circular(may, name="se-2", since=LATER, until=until, amends=(OLD_BAN.ref,))


def test_an_amendment_for_a_time_ends_with_its_circular() -> None:
    assert [on(day, FIRST, amendment(START)) for day in (EARLIER, LATER, START)] == [
        "prohibited",
        "permitted",
        "prohibited",
    ]


def test_an_amendment_for_good_outlasts_the_revocation_of_its_circular() -> None:
    """Who revokes the amending circular does not bring the old clause back."""
    third = circular(
        rule("lain", BAN, circular="se-3", activity="lain"), name="se-3", revokes=(f"{REGION}/se-2",)
    )
    assert on(LATER, FIRST, amendment(None), third) == "permitted"
    assert on(START, FIRST, amendment(None), third) == "not_prohibited"


def test_a_circular_revoked_before_it_began_amends_nothing() -> None:
    third = circular(
        rule("lain", BAN, circular="se-3", activity="lain"),
        name="se-3",
        since=EARLIER,
        revokes=(f"{REGION}/se-2",),
    )
    assert on(START, FIRST, amendment(None), third) == "prohibited"


def test_a_single_rule_can_be_revoked_for_good_by_a_circular_that_itself_ends() -> None:
    other = rule("lain", BAN, circular="se-2", activity="lain")
    revoking = circular(other, name="se-2", since=LATER, until=START, revokes=(f"{REGION}/se-1#ban",))
    assert [on(day, FIRST, revoking) for day in (EARLIER, LATER, START)] == [
        "prohibited",
        "not_prohibited",
        "not_prohibited",
    ]
    law = Engine(corpus(FIRST, revoking)).regency(REGION).law
    assert [r.ref.rule for r in law.in_force(START)[0].rules] == ["norma"]
