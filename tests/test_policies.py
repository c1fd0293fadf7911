"""Every circular keeps the promises of its uji.yaml, and the promises cover every rule."""

from __future__ import annotations

from functools import cache

import pytest

from bot.model import RuleRef
from bot.policy.cases import Case, failures, read_cases
from bot.policy.corpus import Circular, Corpus
from bot.policy.decide import Engine
from bot.policy.document import parse
from bot.policy.files import DIRECTORY
from bot.policy.load import load

FEWEST_CASES = 15
LONGEST_EXCERPT = 40
CIRCULARS = sorted(str(path.parent.relative_to(DIRECTORY)) for path in DIRECTORY.glob("*/*/edaran.yaml"))


@cache
def _corpus() -> Corpus:
    return load()


@cache
def _engine() -> Engine:
    return Engine(_corpus())


@cache
def _cases(circular: str) -> tuple[Case, ...]:
    name = f"{circular}/uji.yaml"
    text = (DIRECTORY / name).read_text(encoding="utf-8")
    return read_cases(parse(text, name), _circular(circular), _corpus())


def _circular(name: str) -> Circular:
    return _corpus().circulars[name]


def _excerpts(circular: Circular) -> list[str]:
    quotes = [rule.quote for rule in circular.rules]
    quotes += [sanction.quote for sanction in circular.sanctions] + [note.quote for note in circular.notes]
    return [quote for quote in quotes if quote is not None]


CASES = [(circular, index) for circular in CIRCULARS for index in range(len(_cases(circular)))]


@pytest.mark.parametrize(("circular", "index"), CASES, ids=lambda value: str(value))
def test_the_verdict_is_the_one_its_case_promises(circular: str, index: int) -> None:
    case = _cases(circular)[index]
    verdict = _engine().decide(case.question, case.asker, case.now)
    assert [str(failure) for failure in failures(case, verdict)] == []


@pytest.mark.parametrize("circular", CIRCULARS)
def test_a_circular_has_enough_cases_with_names_of_their_own(circular: str) -> None:
    names = [case.name for case in _cases(circular)]
    assert len(names) >= FEWEST_CASES
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("circular", CIRCULARS)
def test_every_rule_decides_a_case_or_rides_along_with_one(circular: str) -> None:
    decided: set[RuleRef] = set()
    for case in _cases(circular):
        decided |= case.expected.basis | case.expected.duties
    assert {rule.ref for rule in _circular(circular).rules} <= decided


@pytest.mark.parametrize("circular", CIRCULARS)
def test_every_status_is_asked_about(circular: str) -> None:
    asked = {case.asker.status for case in _cases(circular)}
    assert set(_corpus().vocabulary.statuses) <= asked


@pytest.mark.parametrize("circular", CIRCULARS)
def test_the_day_before_force_and_the_first_day_are_asked_about(circular: str) -> None:
    since = _circular(circular).since
    asked = {case.now.date().toordinal() - since.toordinal() for case in _cases(circular)}
    assert {-1, 0} <= asked


@pytest.mark.parametrize("circular", CIRCULARS)
def test_excerpts_are_short(circular: str) -> None:
    long = [text for text in _excerpts(_circular(circular)) if len(text.split()) > LONGEST_EXCERPT]
    assert long == []


@pytest.mark.parametrize("circular", CIRCULARS)
def test_every_rule_says_its_clause_in_the_words_of_the_source_or_of_the_encoder(circular: str) -> None:
    silent = [rule.ref for rule in _circular(circular).rules if rule.quote is None and rule.summary is None]
    assert silent == []


@pytest.mark.parametrize("circular", CIRCULARS)
def test_no_clause_number_is_given_where_only_a_press_report_was_read(circular: str) -> None:
    found = _circular(circular)
    numbered = [rule.ref for rule in found.rules if rule.clause is not None]
    assert found.evidence.kind == "naskah" or numbered == []


@pytest.mark.parametrize("circular", CIRCULARS)
def test_everything_a_circular_tells_is_told_in_both_languages(circular: str) -> None:
    found = _circular(circular)
    contents = [found.about, *(sanction.content for sanction in found.sanctions)]
    contents += [note.content for note in found.notes] + [
        question.content for question in found.open_questions
    ]
    contents += [text for rule in found.rules for text in (rule.content, rule.summary) if text is not None]
    assert [text for text in contents if set(text) != {"id", "en"}] == []
