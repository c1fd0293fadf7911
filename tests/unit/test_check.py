"""What `edaran policy check` finds in circulars with one thing wrong, and that it finds nothing else."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from bot.catalogues import load_catalogues
from bot.model import RuleRef
from bot.policy.cases import failures, read_cases
from bot.policy.check import CheckFinding, Severity, check, failed
from bot.policy.condition import Condition, Not, Some
from bot.policy.condition import Test as Range
from bot.policy.corpus import NATIONAL, Circular, Corpus, Evidence, Place, Rule, Waiver
from bot.policy.decide import Engine
from bot.policy.document import parse
from bot.policy.load import load
from bot.policy.problems import Problem
from bot.policy.report import finding_lines, summary
from bot.vocabulary import Fact, FactKind
from tests.policy_worlds import (
    BAN,
    FACTS,
    HOLIDAY,
    MAY,
    MONDAY,
    MUST,
    REGION,
    at_most,
    both,
    by_clock,
    calendar,
    circular,
    corpus,
    more_than,
    no,
    one_of,
    ref,
    rule,
    yes,
)

WORK = yes("dalam_jam_kerja")
AFTER_THE_HOLIDAY = Range("tanggal", None, (HOLIDAY + timedelta(days=1), 0), (HOLIDAY + timedelta(days=9), 0))
JAM_KERJA = rule("jam-kerja", BAN, WORK)
DINAS = rule("dinas", MAY, both(WORK, yes("dinas")), lifts=(JAM_KERJA.ref,))


def found(*rules: Rule, **more: Any) -> list[CheckFinding]:
    return serious(check(corpus(circular(*rules, **more))))


def serious(findings: tuple[CheckFinding, ...]) -> list[CheckFinding]:
    return [f for f in findings if f.severity is not Severity.INFO]


def codes(findings: list[CheckFinding]) -> list[tuple[str, str]]:
    """Each finding's code and the rule it is about."""
    return [(f.code, f.rules[0].rule if f.rules else "") for f in findings]


def test_a_ban_with_its_exception_is_in_order() -> None:
    assert found(JAM_KERJA, DINAS) == []


# --- rules ---


@pytest.mark.parametrize(
    "condition",
    [
        both(WORK, no("dalam_jam_kerja")),
        both(WORK, yes("hari_libur")),
        both(WORK, one_of("hari", "minggu")),
        both(yes("hari_libur"), AFTER_THE_HOLIDAY),
        both(more_than("harga", 20), at_most("harga", 10)),
        one_of("status", "desa"),
        Some(()),
    ],
    ids=["opposites", "holiday", "Sunday", "no such holiday", "empty range", "addressee", "never"],
)
def test_a_rule_that_can_never_apply(condition: Condition) -> None:
    """Each part is possible by itself; together they are not, or nobody in the office is addressed."""
    without_shifts = calendar()
    office = replace(without_shifts, patterns=without_shifts.patterns[:1])
    findings = check(corpus(circular(rule("mustahil", BAN, condition)), calendar=office))
    assert ("never_applies", "mustahil") in codes(serious(findings))


def test_two_windows_of_the_day_without_a_common_minute_never_apply_together() -> None:
    apart = both(by_clock("07:00", "09:00"), by_clock("22:00", "05:00"))
    assert ("never_applies", "mustahil") in codes(found(rule("mustahil", BAN, apart)))


def test_working_hours_lie_in_a_window_of_the_day_only_where_the_calendar_says_so() -> None:
    early, night = (both(WORK, by_clock(*window)) for window in (("07:00", "09:00"), ("22:00", "05:00")))
    office = replace(calendar(), patterns=calendar().patterns[:1])
    findings = serious(
        check(corpus(circular(rule("awal", BAN, early), rule("malam", BAN, night)), calendar=office))
    )
    assert codes(findings) == [("never_applies", "malam")]


def test_rules_that_contradict_each_other_in_a_window_of_the_day_are_shown_at_such_a_time() -> None:
    law = corpus(
        circular(
            rule("malam", BAN, by_clock("22:00", "05:00")), rule("boleh", MAY, by_clock("23:30", "23:45"))
        )
    )
    (finding,) = (f for f in serious(check(law)) if f.code == "contradiction")
    assert finding.example is not None
    assert " 23:30\n" in finding.example


def test_work_on_a_holiday_is_possible_for_those_on_shift() -> None:
    assert found(rule("jaga", BAN, both(WORK, yes("hari_libur")))) == []


def test_a_rule_that_changes_no_verdict() -> None:
    """Both halves of the day are banned by others, so the ban on duty adds nothing."""
    halves = (JAM_KERJA, rule("luar", BAN, no("dalam_jam_kerja")))
    findings = found(*halves, rule("dinas-saja", BAN, yes("dinas")))
    assert ("never_decides", "dinas-saja") in codes(findings)


def test_a_rule_inside_another_is_shadowed() -> None:
    findings = found(JAM_KERJA, rule("dalam", BAN, both(WORK, yes("dinas"))))
    assert ("shadowed", "dalam") in codes(findings)


def test_a_rule_on_a_narrower_act_is_shadowed_by_the_ban_on_the_wider() -> None:
    wide = rule("media", BAN, WORK, activity="media")
    assert codes(found(wide, JAM_KERJA)) == [("shadowed", "jam-kerja")]


def test_a_duplicate_is_told_once_and_of_the_later_rule() -> None:
    again = replace(JAM_KERJA, ref=ref("lagi"))
    (finding,) = found(JAM_KERJA, again)
    assert (finding.code, finding.rules) == ("duplicate", (again.ref, JAM_KERJA.ref))


def test_a_rule_of_another_circular_that_says_the_same_is_only_information() -> None:
    again = rule("lagi", BAN, WORK, circular="se-2")
    law = corpus(circular(JAM_KERJA), circular(again, name="se-2", number="2"))
    assert {f.code for f in serious(check(law))} == {"duplicate"}
    narrower = rule("lagi", BAN, both(WORK, yes("dinas")), circular="se-2")
    law = corpus(circular(JAM_KERJA), circular(narrower, name="se-2", number="2"))
    assert serious(check(law)) == []
    assert "shadowed" in {f.code for f in check(law)}


def test_a_circular_revoked_before_it_begins() -> None:
    late = circular(rule("telat", BAN, circular="se-2"), name="se-2", since=MONDAY)
    revoking = circular(JAM_KERJA, revokes=(late.id,))
    assert ("never_in_force", "telat") in codes(serious(check(corpus(revoking, late))))


def test_duties_that_ride_along_decide_by_riding_along() -> None:
    norm = rule("norma", MUST, no("dalam_jam_kerja"), content={"id": "jaga norma", "en": "norms"})
    assert found(JAM_KERJA, norm) == []
    again = replace(norm, ref=ref("norma-lagi"))
    assert codes(found(JAM_KERJA, norm, again)) == [("duplicate", "norma-lagi")]


# --- exceptions ---


def test_an_exception_that_never_meets_its_rule() -> None:
    outside = rule("dinas", MAY, both(no("dalam_jam_kerja"), yes("dinas")), lifts=(JAM_KERJA.ref,))
    findings = found(JAM_KERJA, outside)
    assert [f.rules for f in findings if f.code == "never_bites"] == [(outside.ref, JAM_KERJA.ref)]


def test_an_exception_for_another_act_is_told_with_both_acts() -> None:
    upload = rule("unggah", MAY, WORK, activity="unggah", lifts=(JAM_KERJA.ref,))
    (finding,) = (f for f in found(JAM_KERJA, upload) if f.code == "other_act")
    assert (finding.severity, finding.params["activity"], finding.params["target"]) == (
        Severity.ERROR,
        "unggah",
        "live",
    )


def test_an_exception_for_a_wider_act_than_its_rule_is_in_order() -> None:
    media = rule("dinas", MAY, DINAS.condition, activity="media", lifts=(JAM_KERJA.ref,))
    assert "other_act" not in {f.code for f in found(JAM_KERJA, media)}


HIGH = circular(JAM_KERJA)
ELSEWHERE = rule("dinas", MAY, DINAS.condition, circular="se-2", lifts=(JAM_KERJA.ref,))
HOME_BAN = rule("rahasia", BAN, both(WORK, yes("izin")), circular="se-2")


def at_home(*rules: Rule) -> list[CheckFinding]:
    law = corpus(HIGH, circular(*rules, name="se-2", number="2", enacted=MONDAY))
    return [f for f in check(law) if f.code == "banned_at_home"]


def test_an_exception_to_another_circular_that_a_ban_of_its_own_beats_is_told_with_the_situation() -> None:
    (finding,) = at_home(ELSEWHERE, HOME_BAN)
    assert (finding.severity, finding.rules) == (Severity.WARNING, (ELSEWHERE.ref, HOME_BAN.ref))
    assert finding.example is not None
    assert "putusan: dilarang" in finding.example


@pytest.mark.parametrize(
    "rules",
    [
        (ELSEWHERE, replace(HOME_BAN, lifts=(ELSEWHERE.ref,))),
        (replace(ELSEWHERE, lifts=(JAM_KERJA.ref, HOME_BAN.ref)), HOME_BAN),
        (ELSEWHERE, replace(HOME_BAN, condition=no("dalam_jam_kerja"))),
    ],
    ids=["the ban names it", "it names the ban", "they never meet"],
)
def test_an_exception_and_a_ban_of_one_circular_that_are_put_in_order_are_no_finding(
    rules: tuple[Rule, ...],
) -> None:
    assert at_home(*rules) == []


def test_a_duty_that_outgrows_the_exception_it_shares_a_condition_with_is_information() -> None:
    badge = rule("tanda", MUST, yes("dinas"), content={"id": "pakai tanda", "en": "badge"})
    told = [f for f in check(corpus(circular(JAM_KERJA, DINAS, badge))) if f.code == "duty_outgrows"]
    assert [(f.severity, f.rules) for f in told] == [(Severity.INFO, (badge.ref, DINAS.ref))]
    same = replace(badge, condition=DINAS.condition)
    assert "duty_outgrows" not in {f.code for f in check(corpus(circular(JAM_KERJA, DINAS, same)))}


def test_a_duty_without_a_condition_of_the_exception_is_meant_for_everybody() -> None:
    norm = rule("norma", MUST, content={"id": "jaga norma", "en": "norms"})
    assert "duty_outgrows" not in {f.code for f in check(corpus(circular(JAM_KERJA, DINAS, norm)))}


def test_an_exception_that_is_itself_always_lifted_never_bites() -> None:
    never = rule("tidak-jadi", BAN, both(WORK, yes("dinas")), lifts=(DINAS.ref,))
    assert ("never_bites", "dinas") in codes(found(JAM_KERJA, DINAS, never))


def test_an_exception_that_leaves_nothing_of_its_rule() -> None:
    all_of_it = rule("dinas", MAY, WORK, lifts=(JAM_KERJA.ref,))
    assert codes(found(JAM_KERJA, all_of_it)) == [("swallows", "dinas")]


def test_two_exceptions_that_together_leave_nothing_of_a_rule() -> None:
    other = rule("pribadi", MAY, both(WORK, no("dinas")), lifts=(JAM_KERJA.ref,))
    findings = found(JAM_KERJA, DINAS, other)
    assert [f.rules for f in findings if f.code == "never_stands"] == [(JAM_KERJA.ref, DINAS.ref, other.ref)]


def test_an_exception_wider_than_its_rule_with_the_situation_outside() -> None:
    wide = rule("dinas", MAY, yes("dinas"), lifts=(JAM_KERJA.ref,))
    (finding,) = found(JAM_KERJA, wide)
    assert finding.code == "wider"
    assert finding.example is not None
    assert "putusan: dibolehkan" in finding.example
    assert "fakta: {dinas: ya}" in finding.example


def test_an_exception_to_several_rules_may_be_as_wide_as_all_of_them() -> None:
    outside = rule("luar", BAN, both(no("dalam_jam_kerja"), yes("izin")))
    wide = rule(
        "dinas", MAY, both(Some((WORK, yes("izin"))), yes("dinas")), lifts=(JAM_KERJA.ref, outside.ref)
    )
    assert found(JAM_KERJA, outside, wide) == []


def test_a_ban_that_is_an_exception_to_a_permission_may_be_wider() -> None:
    secret = rule("rahasia", BAN, yes("izin"), lifts=(DINAS.ref,))
    assert found(JAM_KERJA, DINAS, secret) == []


def test_an_exception_of_a_lower_instrument_to_a_higher_rule() -> None:
    high = circular(JAM_KERJA, rank="tinggi")
    low = circular(replace(DINAS, ref=ref("dinas", "se-2")), name="se-2")
    (finding,) = [f for f in check(corpus(high, low)) if f.severity is Severity.ERROR]
    assert (finding.code, finding.rules[0]) == ("outranked", ref("dinas", "se-2"))


# --- verdicts ---


def test_a_contradiction_is_shown_in_its_most_ordinary_situation() -> None:
    may = rule("boleh", MAY, both(WORK, yes("dinas")))
    (finding,) = found(JAM_KERJA, may)
    assert (finding.code, finding.severity, finding.rules) == (
        "contradiction",
        Severity.ERROR,
        (JAM_KERJA.ref, may.ref),
    )
    assert finding.example is not None
    assert finding.example.splitlines()[1:] == [
        "  pada: 2026-01-01 08:00",
        "  status: pns",
        "  perbuatan: live",
        "  fakta: {dinas: ya}",
        "  putusan: bertentangan",
        "  dasar: [jam-kerja, boleh]",
    ]


def test_an_example_is_of_hours_that_are_known_wherever_there_are_some() -> None:
    """The law begins on a Saturday, when only shift work, of unknown hours, may be in working hours."""
    may = rule("boleh", MAY, both(WORK, yes("dinas")))
    (finding,) = found(JAM_KERJA, may, since=MONDAY - timedelta(days=2))
    assert finding.example is not None
    assert "pada: 2026-03-02 08:00" in finding.example
    assert "pola" not in finding.example


def test_a_contradiction_that_cannot_occur_is_none() -> None:
    may = rule("boleh", MAY, both(no("dalam_jam_kerja"), yes("dinas")))
    assert found(JAM_KERJA, may) == []


def test_contradictions_between_circulars_are_those_no_precedence_decides() -> None:
    may = rule("boleh", MAY, Some((WORK, yes("dinas"))), circular="se-2")
    ban = rule("jam-kerja", BAN, Some((WORK, yes("resmi"))))
    tied = corpus(circular(ban, number="1"), circular(may, name="se-2", number="2"))
    later = corpus(circular(ban, number="1"), circular(may, name="se-2", number="2", enacted=MONDAY))
    assert "contradiction" in {f.code for f in check(tied)}
    assert "contradiction" not in {f.code for f in check(later)}


def test_only_the_smallest_set_of_contradicting_rules_is_told() -> None:
    more = rule("boleh-2", MAY, both(WORK, yes("dinas"), yes("resmi")))
    may = rule("boleh", MAY, both(WORK, yes("dinas")))
    contradictions = [f for f in found(JAM_KERJA, may, more) if f.code == "contradiction"]
    assert [f.rules for f in contradictions] == [(JAM_KERJA.ref, may.ref)]


def test_a_gap_is_information_with_an_example() -> None:
    gaps = [f for f in check(corpus(circular(JAM_KERJA))) if f.code == "gap"]
    assert [f.severity for f in gaps] == [Severity.INFO]
    assert gaps[0].example is not None
    assert "putusan: tidak_dilarang" in gaps[0].example


def test_a_fact_that_no_verdict_depends_on() -> None:
    either = Some((yes("dinas"), no("dinas")))
    findings = found(rule("jam-kerja", BAN, both(WORK, either)))
    assert [(f.code, f.params["fact"]) for f in findings] == [("fact_without_effect", "dinas")]


@pytest.mark.parametrize(
    ("source", "code", "severity"),
    [
        ("atasan", "fact_of_superior", "info"),
        ("waktu", "unaskable", "error"),
        ("pegawai", "unaskable", "error"),
    ],
)
def test_a_verdict_that_hangs_on_what_nobody_can_be_asked(source: str, code: str, severity: str) -> None:
    hidden = Fact("tersembunyi", FactKind.YES_NO, FACTS[6].options, None, None, source)
    law = corpus(circular(rule("r", BAN, yes("tersembunyi"))), facts=(*FACTS, hidden))
    assert [
        (f.code, f.severity.value) for f in check(law) if "fact_of" in f.code or f.code == "unaskable"
    ] == [(code, severity)]


def test_a_fact_of_the_vocabulary_that_nothing_uses_is_information() -> None:
    unused = {f.params["fact"] for f in check(corpus(circular(JAM_KERJA, DINAS))) if f.code == "fact_unused"}
    assert unused == {"resmi", "izin", "jenis", "harga", "terima"}


# --- papers ---


def test_an_expired_circular_is_told_to_those_who_say_what_day_it_is() -> None:
    law = corpus(circular(JAM_KERJA, until=MONDAY))
    assert "expired" in {f.code for f in check(law, MONDAY)}
    assert "expired" not in {f.code for f in check(law, MONDAY - timedelta(days=1))}
    assert "expired" not in {f.code for f in check(law)}


def _pair(**later: Any) -> Corpus:
    second = circular(
        rule("lain", BAN, yes("dinas"), circular="se-2"),
        **{"name": "se-2", "number": "7/2026", "enacted": MONDAY, **later},
    )
    return corpus(circular(JAM_KERJA, number="7/ 2026"), second)


def test_two_versions_of_one_number_in_force_together() -> None:
    assert "same_number" in {f.code for f in serious(check(_pair()))}


@pytest.mark.parametrize(
    "later",
    [{"revokes": (f"{REGION}/se-1",)}, {"amends": (JAM_KERJA.ref,)}, {"number": "8/2026"}],
    ids=["revoked", "amended", "another number"],
)
def test_a_new_version_that_names_the_old_one_is_in_order(later: dict[str, Any]) -> None:
    assert "same_number" not in {f.code for f in check(_pair(**later))}


def test_two_circulars_on_one_act_that_do_not_name_each_other_are_information() -> None:
    assert "overlap" in {f.code for f in check(_pair(number="8/2026"))}


def test_a_circular_that_amends_a_higher_one() -> None:
    high = circular(JAM_KERJA, rank="tinggi")
    low = circular(rule("r", BAN, yes("dinas"), circular="se-2"), name="se-2", amends=(JAM_KERJA.ref,))
    assert "outranked_amendment" in {f.code for f in serious(check(corpus(high, low)))}


def test_what_is_not_translated_and_not_seen_is_information() -> None:
    unseen = circular(JAM_KERJA, about={"id": "uji"}, evidence=Evidence("berita", "koran", False))
    told = {f.code: f for f in check(corpus(unseen))}
    assert "incomplete" not in told
    assert "incomplete" in {f.code for f in check(corpus(replace(unseen, complete=False)))}
    assert told["untranslated"].params["parts"] == "tentang"
    assert told["original_unseen"].severity is Severity.INFO


def test_remarks_of_the_loader_are_findings() -> None:
    remark = Problem("antah/wilayah.yaml", 7, "policy.warning.weekly_hours", {"field": "x", "pattern": "p"})
    told = [f for f in check(corpus(circular(JAM_KERJA), remarks=(remark,))) if f.code == "weekly_hours"]
    assert [(f.file, f.line, f.severity) for f in told] == [("antah/wilayah.yaml", 7, Severity.WARNING)]


def test_a_national_rule_is_told_only_if_it_is_wrong_in_every_regency() -> None:
    national = replace(
        circular(rule("nas", BAN, WORK)), id=f"{NATIONAL}/se-1", regency=NATIONAL, rank="tinggi"
    )
    nowhere = replace(
        national.rules[0], ref=RuleRef(national.id, "nas"), condition=both(WORK, yes("hari_libur"))
    )
    law = corpus(replace(national, rules=(nowhere,)))
    office = replace(calendar(), patterns=calendar().patterns[:1])
    first = law.regencies[REGION]
    one_office = replace(law, regencies={REGION: first, "kota": replace(first, id="kota", calendar=office)})
    all_office = replace(law, regencies={REGION: replace(first, calendar=office)})
    assert "never_applies" not in {f.code for f in check(one_office)}
    assert "never_applies" in {f.code for f in check(all_office)}


# --- marks and waivers ---


def mark(*rules: Rule, **more: Any) -> str:
    (finding,) = [f for f in found(*rules, **more) if f.code == "contradiction"]
    return finding.mark


BOLEH = rule("boleh", MAY, both(WORK, yes("dinas")))


def test_a_mark_does_not_depend_on_lines_order_or_wording() -> None:
    moved = replace(BOLEH, place=Place("antah/se-1/edaran.yaml", 99), quote="lain", clause="3")
    turned = replace(BOLEH, condition=both(yes("dinas"), WORK))
    unrelated = rule("lain", BAN, both(no("dalam_jam_kerja"), yes("izin")))
    marks = {
        mark(JAM_KERJA, BOLEH),
        mark(BOLEH, JAM_KERJA),
        mark(JAM_KERJA, moved),
        mark(JAM_KERJA, turned),
        mark(JAM_KERJA, BOLEH, unrelated),
    }
    assert len(marks) == 1


def test_a_mark_changes_with_what_the_rules_say() -> None:
    narrower = replace(BOLEH, condition=both(WORK, yes("dinas"), yes("resmi")))
    renamed = replace(BOLEH, ref=ref("boleh-lain"))
    assert len({mark(JAM_KERJA, other) for other in (BOLEH, narrower, renamed)}) == 3


def _waived(finding: str) -> Corpus:
    place = Place(f"{REGION}/pengabaian.yaml", 1)
    waiver = Waiver(finding, "sudah dibahas", "bagian hukum", date(2026, 2, 1), place)
    return corpus(circular(JAM_KERJA, BOLEH), waivers=(waiver,))


def test_a_waived_finding_is_still_told_and_fails_nothing() -> None:
    findings = check(_waived(mark(JAM_KERJA, BOLEH)))
    (contradiction,) = [f for f in findings if f.code == "contradiction"]
    assert contradiction.waived is not None
    assert contradiction.waived.by == "bagian hukum"
    assert not failed(findings)


def test_a_waiver_that_matches_nothing_is_a_warning() -> None:
    findings = check(_waived("0123456789ab"))
    assert failed(findings)
    assert ("stale_waiver", "") in codes(serious(findings))


def test_errors_and_warnings_fail_a_check_and_information_does_not() -> None:
    assert failed(check(corpus(circular(JAM_KERJA, BOLEH))))
    assert not failed(check(corpus(circular(JAM_KERJA, DINAS))))


@pytest.mark.parametrize(
    ("cases", "code"),
    [({}, ["no_cases"]), ({"antah/se-1": 14}, ["few_cases"]), ({"antah/se-1": 15}, []), (None, [])],
)
def test_a_circular_with_too_few_cases_is_a_warning(cases: dict[str, int] | None, code: list[str]) -> None:
    findings = [f for f in check(corpus(circular(JAM_KERJA)), None, cases) if "cases" in f.code]
    assert [(f.code, f.severity, f.file) for f in findings] == [
        (name, Severity.WARNING, "antah/se-1/uji.yaml") for name in code
    ]


def test_a_circular_that_has_ended_needs_no_more_cases() -> None:
    ended = check(corpus(circular(JAM_KERJA, until=MONDAY)), MONDAY, {})
    assert [f.severity for f in ended if f.code == "no_cases"] == [Severity.INFO]


# --- phrases ---


def spoken(
    acts: dict[str, str] | None = None, facts: dict[str, tuple[str, str]] | None = None, ignored: str = ""
) -> list[tuple[str, object]]:
    """What is found about phrases: of acts, and of the values "no" and "yes" of facts."""
    world = corpus(circular(JAM_KERJA))
    words = world.vocabulary
    activities = {
        name: replace(act, phrases=((acts or {}).get(name, ""),)) for name, act in words.activities.items()
    }
    known = dict(words.facts)
    for name, said in (facts or {}).items():
        pairs = zip(known[name].options, said, strict=True)
        options = tuple(replace(option, phrases=(text,)) for option, text in pairs)
        known[name] = replace(known[name], options=options)
    language = {
        "niat": {"kelas": {"main": "gim, game {daring}", "daring": "daring, online"}, "abaikan": ignored}
    }
    changed = replace(words, activities=activities, facts=known, language=language)
    findings = check(replace(world, vocabulary=changed))
    return [(f.code, f.params["phrase"]) for f in findings if f.code.startswith("phrase_")]


def test_a_phrase_of_two_acts_is_found_through_classes_and_words_that_may_be_left_out() -> None:
    assert spoken({"live": "main (itu) {main}", "lain": "main game online"}) == [
        ("phrase_of_two_acts", "main game online")
    ]
    assert spoken({"live": "siaran langsung", "lain": "main gim"}) == []


def test_a_phrase_of_two_facts_is_information_and_of_two_values_a_warning() -> None:
    assert spoken(facts={"dinas": ("pribadi", "surat tugas"), "izin": ("", "ada izin,  surat tugas")}) == [
        ("phrase_of_two_facts", "surat tugas")
    ]
    assert spoken(facts={"dinas": ("tugas", "dinas, tugas")}) == [("phrase_of_two_values", "tugas")]


def test_a_phrase_of_an_act_that_is_set_aside_is_information() -> None:
    assert spoken({"lain": "kerja bakti"}, ignored="apa kabar, kerja bakti") == [
        ("phrase_set_aside", "kerja bakti")
    ]


def test_phrases_of_very_many_forms_are_compared_as_they_are_written() -> None:
    many = " ".join(f"(a{n}|b{n})" for n in range(9))
    assert spoken({"live": many, "lain": many}) == [("phrase_of_two_acts", many)]


# --- examples and lines ---


def _laws() -> list[Circular]:
    price = rule("murah", MAY, both(WORK, at_most("harga", 10)))
    late = rule("lambat", MAY, both(WORK, Range("terima", None, (3, 1), None, "hari_kerja")))
    until = rule("sampai", MAY, both(WORK, Range("tanggal", None, (MONDAY, 0), (HOLIDAY, 0))))
    friday = rule("jumat", MAY, both(WORK, one_of("hari", "jumat"), Not(one_of("jenis", "a"))))
    morning = rule("pagi", MAY, both(WORK, by_clock("08:30", "09:00")))
    month = rule("sebulan", MAY, both(WORK, Range("terima", None, (30, 1), None, "hari_kalender")))
    shift = rule("jaga", MAY, both(WORK, yes("hari_libur")))
    wide = rule("dinas", MAY, yes("dinas"), lifts=(JAM_KERJA.ref,))
    norm = rule("norma", MUST, content={"id": "jaga norma", "en": "norms"})
    others = (BOLEH, price, late, until, friday, morning, month, shift, wide)
    return [circular(JAM_KERJA, other, norm) for other in others]


@pytest.mark.parametrize("law", _laws(), ids=lambda law: law.rules[1].ref.rule)
def test_every_example_is_a_case_that_can_be_pasted_and_passes(law: Circular) -> None:
    world = corpus(law)
    engine = Engine(world)
    examples = [f.example for f in check(world) if f.example is not None]
    assert examples
    document = parse("skema: 1\nkasus:\n" + "\n".join(examples), "antah/se-1/uji.yaml")
    for case in read_cases(document, law, world):
        assert failures(case, engine.decide(case.question, case.asker, case.now)) == ()


@pytest.mark.parametrize("law", _laws(), ids=lambda law: law.rules[1].ref.rule)
def test_every_finding_has_a_line_in_both_languages(law: Circular) -> None:
    findings = check(corpus(law, waivers=_waived("0123456789ab").waivers), MONDAY)
    for say in load_catalogues().values():
        for finding in findings:
            first, *rest = finding_lines(finding, say)
            assert first.startswith(f"{finding.file}:{max(finding.line, 1)}: ")
            assert finding.mark in first
            assert len(rest) == (len(finding.example.splitlines()) + 1 if finding.example else 0)
        assert summary((), findings, say)


def test_the_real_circulars_have_neither_errors_nor_warnings_that_nobody_answers_for() -> None:
    assert [f for f in check(load()) if f.severity is not Severity.INFO and f.waived is None] == []
