"""uji.yaml: what is read from it, what is refused and where, and how a verdict is compared."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from bot.model import Grain, Literal, RuleRef, Unknown, Verdict, VerdictKind, Window
from bot.policy.cases import Case, failures, read_cases
from bot.policy.corpus import NATIONAL, Corpus
from bot.policy.document import parse
from bot.policy.load import load
from bot.policy.problems import PolicyError, Problem

CIRCULAR = "lumajang/se-3-2026"
ZONE = ZoneInfo("Asia/Jakarta")
BAN = RuleRef(CIRCULAR, "larangan-jam-kerja")
PLAIN = """
  - nama: contoh
    pada: "2026-11-23 09:10"
    perbuatan: siaran_langsung
    putusan: dilarang
    dasar: [larangan-jam-kerja]
"""
PROHIBITED = Verdict(VerdictKind.PROHIBITED, basis=(BAN,))


@cache
def _corpus() -> Corpus:
    return load()


def _read(cases: str, head: str = "skema: 1\n") -> tuple[Case, ...]:
    document = parse(f"{head}kasus:{cases}", "uji.yaml")
    return read_cases(document, _corpus().circulars[CIRCULAR], _corpus())


def _case(*lines: str) -> Case:
    (case,) = _read(PLAIN + "".join(f"    {line}\n" for line in lines))
    return case


def _problems(cases: str, head: str = "skema: 1\n") -> tuple[Problem, ...]:
    with pytest.raises(PolicyError) as caught:
        _read(cases, head)
    return caught.value.problems


def _fields(case: Case, verdict: Verdict) -> list[object]:
    return [failure.params["field"] for failure in failures(case, verdict)]


def test_a_time_is_local_to_the_regency() -> None:
    when = _case().question.when
    assert when is not None
    assert (when.start, when.end, when.grain) == (
        datetime(2026, 11, 23, 9, 10, tzinfo=ZONE),
        None,
        Grain.INSTANT,
    )


@pytest.mark.parametrize("written", ["2026-11-23", '"2026-11-23"'])
def test_a_date_alone_is_the_whole_day(written: str) -> None:
    (case,) = _read(PLAIN.replace('"2026-11-23 09:10"', written))
    when = case.question.when
    assert when is not None
    assert when.start is not None
    assert (when.start.hour, when.end, when.grain) == (0, when.start + timedelta(days=1), Grain.DAY)


def test_an_interval_ends_where_it_says() -> None:
    when = _case('sampai: "2026-11-23 17:00"').question.when
    assert when is not None
    assert (when.end, when.grain) == (datetime(2026, 11, 23, 17, 0, tzinfo=ZONE), Grain.INTERVAL)


def test_facts_become_the_values_of_the_vocabulary() -> None:
    facts = _case(
        "fakta: {akun_resmi: ya, atribut_dinas: tidak, kepentingan_dinas: tidak_tahu}"
    ).question.facts
    unknown = Unknown.NOT_KNOWN_TO_ASKER
    assert facts == {"akun_resmi": True, "atribut_dinas": False, "kepentingan_dinas": unknown}


def test_a_case_is_certain_unless_something_is_still_needed() -> None:
    assert _case().expected.certain
    assert not _case("perlu: [akun_resmi]").expected.certain


@pytest.mark.parametrize(
    ("old", "new", "key"),
    [
        ("siaran_langsung", "siaran_langsng", "unknown_activity"),
        ("2026-11-23 09:10", "2026-13-23 09:10", "case_time"),
        ("2026-11-23 09:10", "23 November 2026", "case_time"),
        ("dilarang", "terlarang", "not_one_of"),
        ("larangan-jam-kerja", "larangan-jam", "unknown_rule"),
        ("putusan", "putusannya", "unknown_field"),
        ("putusan", "status: pnss\n    putusan", "unknown_value"),
        ("putusan", "pola: enam_hri\n    putusan", "unknown_pattern"),
        ("putusan", 'sampai: "2026-11-23 09:00"\n    putusan', "case_order"),
        ("putusan", "fakta: {akun_resm: ya}\n    putusan", "unknown_fact"),
        ("putusan", "fakta: {akun_resmi: mungkin}\n    putusan", "unknown_value"),
        ("putusan", "fakta: {akun_resmi: [ya, tidak]}\n    putusan", "case_fact"),
        ("putusan", "pasti: tidak\n    putusan", "case_certainty"),
        ("putusan", "pasti: ya\n    perlu: [akun_resmi]\n    putusan", "case_certainty"),
        ("putusan", "perlu: [akun]\n    putusan", "unknown_fact"),
    ],
)
def test_what_cannot_be_meant_is_one_problem_with_its_line(old: str, new: str, key: str) -> None:
    found = {problem.key for problem in _problems(PLAIN.replace(old, new, 1))}
    assert f"policy.error.{key}" in found
    assert all(problem.line > 1 for problem in _problems(PLAIN.replace(old, new, 1)))


def test_cases_of_the_nation_need_a_regency() -> None:
    document = parse(f"skema: 1\nkasus:{PLAIN}", "uji.yaml")
    national = replace(_corpus().circulars[CIRCULAR], regency=NATIONAL)
    with pytest.raises(PolicyError) as caught:
        read_cases(document, national, _corpus())
    assert [problem.key for problem in caught.value.problems] == ["policy.error.case_without_regency"]


def test_a_regency_that_is_not_registered_is_named() -> None:
    (problem,) = _problems(PLAIN, "skema: 1\nwilayah: lumajng\n")
    assert (problem.key, problem.params["suggestion"]) == ("policy.error.unknown_regency", "lumajang")


def test_the_expected_verdict_passes() -> None:
    assert failures(_case(), PROHIBITED) == ()


@pytest.mark.parametrize(
    ("verdict", "field"),
    [
        (replace(PROHIBITED, kind=VerdictKind.CONFLICT), "putusan"),
        (replace(PROHIBITED, certain=False), "pasti"),
        (replace(PROHIBITED, needs=("akun_resmi",)), "perlu"),
        (replace(PROHIBITED, basis=()), "dasar"),
        (replace(PROHIBITED, duties=(BAN,)), "kewajiban"),
    ],
)
def test_a_verdict_that_differs_is_a_failure_of_that_field(verdict: Verdict, field: str) -> None:
    assert _fields(_case(), verdict) == [field]


def test_what_a_case_does_not_mention_of_time_and_conditions_is_not_compared() -> None:
    noon = datetime(2026, 11, 23, 12, 0, tzinfo=ZONE)
    verdict = replace(
        PROHIBITED,
        conditions=(Literal("akun_resmi", True),),
        valid_until=noon,
        next_permitted=Window(noon, None),
    )
    assert failures(_case(), verdict) == ()


def test_an_end_that_is_written_is_compared() -> None:
    noon = datetime(2026, 11, 23, 12, 0, tzinfo=ZONE)
    verdict = replace(PROHIBITED, valid_until=noon)
    assert _fields(_case('berlaku_sampai: "2026-11-23 12:00"'), verdict) == []
    assert _fields(_case('berlaku_sampai: "2026-11-23 12:01"'), verdict) == ["berlaku_sampai"]
    assert _fields(_case("berlaku_sampai: tidak_ada"), verdict) == ["berlaku_sampai"]


def test_conditions_that_are_written_are_compared() -> None:
    verdict = replace(PROHIBITED, conditions=(Literal("akun_resmi", True),))
    assert _fields(_case("syarat: {akun_resmi: ya}"), verdict) == []
    assert _fields(_case("syarat: {akun_resmi: tidak}"), verdict) == ["syarat"]
    assert _fields(_case("syarat: {}"), verdict) == ["syarat"]


def test_the_next_window_is_compared_as_far_as_it_is_written() -> None:
    noon, one = (datetime(2026, 11, 23, hour, 0, tzinfo=ZONE) for hour in (12, 13))
    verdict = replace(PROHIBITED, next_permitted=Window(noon, one, (Literal("atribut_dinas", False),)))
    start = 'mulai: "2026-11-23 12:00"'
    assert _fields(_case(f"berikutnya: {{{start}}}"), verdict) == []
    assert _fields(_case(f"berikutnya: {{{start}, sampai: tidak_ada}}"), verdict) == ["berikutnya.sampai"]
    assert _fields(_case(f"berikutnya: {{{start}, syarat: {{}}}}"), verdict) == ["berikutnya.syarat"]
    assert _fields(_case("berikutnya: tidak_ada"), verdict) == ["berikutnya"]


def test_a_failure_shows_what_was_expected_and_what_was_found() -> None:
    (failure,) = failures(_case(), replace(PROHIBITED, kind=VerdictKind.PERMITTED))
    assert failure.key == "policy.error.case_failed"
    assert (failure.params["expected"], failure.params["found"]) == ("dilarang", "dibolehkan")
