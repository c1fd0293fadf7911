"""`edaran policy check`: everything that can be told about policies/ before it answers anyone.

Structure on loading, logic by complete enumeration, and the cases that each circular promises to keep.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from bot.cache import default_folder
from bot.compiling import understanding_of
from bot.policy.cases import Case, failures
from bot.policy.check import CheckFinding, Severity, check, failed
from bot.policy.corpus import Corpus
from bot.policy.decide import Engine
from bot.policy.files import DIRECTORY
from bot.policy.load import load, load_cases
from bot.policy.problems import PolicyError, Problem
from bot.policy.report import finding_lines, problem_lines, summary, text_of
from bot.rendering.texts import Texts


def run(directory: Path | None, texts: Texts, today: date, *, as_json: bool) -> int:
    """Prints what is found on standard output. 1 if there is a problem, or an error or warning that nobody
    answers for, else 0. Raises PolicyError if there is no such folder."""
    problems, findings = _examined(directory or DIRECTORY, today)
    if as_json:
        print(json.dumps(_document(problems, findings, texts), ensure_ascii=False, indent=1))
    else:
        for line in problem_lines(problems, texts):
            print(line)
        for finding in findings:
            print(*finding_lines(finding, texts), sep="\n")
        print(summary(problems, findings, texts))
    return 1 if problems or failed(findings) else 0


def errors(directory: Path, texts: Texts, today: date) -> list[str]:
    """What must be repaired before these policies answer anybody: what cannot be read, cases that another
    verdict answers, contradictions that nobody answers for. A line each; empty: nothing. Raises PolicyError
    if there is no such folder."""
    problems, findings = _examined(directory, today)
    wrong = (f for f in findings if f.severity is Severity.ERROR and f.waived is None)
    return [*problem_lines(problems, texts), *(next(finding_lines(f, texts)) for f in wrong)]


def _examined(folder: Path, today: date) -> tuple[tuple[Problem, ...], tuple[CheckFinding, ...]]:
    try:
        corpus = load(folder, default_folder() / "files")
    except PolicyError as error:
        if not folder.is_dir():
            raise
        return error.problems, ()
    try:
        cases = load_cases(corpus, folder)
    except PolicyError as error:  # how many there are, nobody knows
        return error.problems, check(corpus, today)
    try:
        understanding_of(corpus.vocabulary)
    except PolicyError as error:
        return error.problems, check(corpus, today)
    counts = {circular: len(listed) for circular, listed in cases.items()}
    return _broken_promises(corpus, cases), check(corpus, today, counts)


def _broken_promises(corpus: Corpus, cases: Mapping[str, tuple[Case, ...]]) -> tuple[Problem, ...]:
    """The cases whose verdict is another than the one they name."""
    engine = Engine(corpus)
    return tuple(
        problem
        for case in (case for listed in cases.values() for case in listed)
        for problem in failures(case, engine.decide(case.question, case.asker, case.now))
    )


def _document(
    problems: tuple[Problem, ...], findings: tuple[CheckFinding, ...], texts: Texts
) -> dict[str, Any]:
    return {
        "problems": [
            {"file": p.file, "line": p.line, "code": p.key, "text": line}
            for p, line in zip(problems, problem_lines(problems, texts), strict=True)
        ],
        "findings": [_finding(finding, texts) for finding in findings],
    }


def _finding(found: CheckFinding, texts: Texts) -> dict[str, Any]:
    return {
        "severity": found.severity.value,
        "code": found.code,
        "file": found.file,
        "line": found.line,
        "rules": [f"{ref.circular}#{ref.rule}" for ref in found.rules],
        "text": text_of(found, texts),
        "example": found.example,
        "mark": found.mark,
        "waived": None if found.waived is None else found.waived.reason,
    }
