"""Problems and findings as lines that a person reads: `file:line: text`, in the language of the texts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Protocol

from bot.policy.check_finding import CheckFinding
from bot.policy.problems import PolicyError, Problem


class Say(Protocol):
    """A catalogue of texts: the text of a key, its holes filled."""

    def __call__(self, key: str, **values: object) -> str: ...


def problem_lines(problems: PolicyError | Iterable[Problem], say: Say) -> Iterator[str]:
    """One line a problem: policies/ cannot be used until it is repaired."""
    for problem in problems.problems if isinstance(problems, PolicyError) else problems:
        yield _line(problem.file, problem.line, "error", say(problem.key, **_shown(problem.params)), say)


def finding_lines(found: CheckFinding, say: Say) -> Iterator[str]:
    """The finding with its mark; who waived it; its example, indented."""
    text = f"{text_of(found, say)} [{found.mark}]"
    yield _line(found.file, found.line, found.severity.value, text, say)
    if found.waived is not None:
        waiver = found.waived
        yield f"    {say('policy.report.waived', by=waiver.by, day=waiver.day, reason=waiver.reason)}"
    elif found.example is not None:
        yield f"    {say('policy.report.example')}"
        yield from (f"    {line}" for line in found.example.splitlines())


def summary(problems: Sequence[Problem], findings: Iterable[CheckFinding], say: Say) -> str:
    """How many of each kind nobody answers for, and how many somebody does."""
    counts = Counter("waived" if f.waived else f.severity.value for f in findings)
    return say(
        "policy.report.summary",
        errors=len(problems) + counts["error"],
        warnings=counts["warning"],
        infos=counts["info"],
        waived=counts["waived"],
    )


def text_of(found: CheckFinding, say: Say) -> str:
    """What a finding says, without its place."""
    return say(found.key, **_shown(found.params))


def _line(file: str, line: int, severity: str, text: str, say: Say) -> str:
    return f"{file}:{max(line, 1)}: {say(f'policy.severity.{severity}')}: {text}"


def _shown(params: Mapping[str, object]) -> dict[str, object]:
    """Values as an encoder would write them."""
    words = {True: "ya", False: "tidak"}
    return {k: words[v] if isinstance(v, bool) else v for k, v in params.items()}
