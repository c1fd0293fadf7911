"""What a check of the corpus says: one finding, how bad it is, and the mark by which it can be waived."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from bot.model import RuleRef
from bot.policy.condition import All, Condition, Not, Some, Test
from bot.policy.corpus import Place, Rule, Waiver

NOTHING: Mapping[str, object] = {}


class Severity(StrEnum):
    ERROR = "error"  # the circular as encoded cannot be what was meant
    WARNING = "warning"  # probably a slip
    INFO = "info"  # worth knowing


@dataclass(frozen=True, slots=True)
class CheckFinding:
    """One finding. `key` names its text in locales/, `params` fill it; `file` is relative to policies/.

    `example`: the smallest situation that shows it, as a case ready for uji.yaml; None where there is none.
    `mark`: stays the same while the rules concerned say the same, wherever they stand in the file. `waived`:
    who answers for it, None if nobody does.
    """

    severity: Severity
    code: str
    key: str
    file: str
    line: int
    rules: tuple[RuleRef, ...] = ()
    params: Mapping[str, object] = field(default_factory=dict)
    example: str | None = None
    mark: str = ""
    waived: Waiver | None = None


def finding(
    severity: Severity,
    code: str,
    place: Place,
    rules: Iterable[Rule] = (),
    example: str | None = None,
    params: Mapping[str, object] = NOTHING,
) -> CheckFinding:
    """A finding of a logical check. `params` are part of its mark, the place and the example are not."""
    concerned = tuple(rules)
    content = sorted(map(_said, concerned)), sorted((k, str(v)) for k, v in params.items())
    return CheckFinding(
        severity,
        code,
        f"policy.check.{code}",
        place.file,
        place.line,
        tuple(rule.ref for rule in concerned),
        {**_names(concerned), **params},
        example,
        mark_of(code, content),
    )


def mark_of(code: str, content: object) -> str:
    return hashlib.sha256(f"{code} {content}".encode()).hexdigest()[:12]


def _names(rules: tuple[Rule, ...]) -> dict[str, object]:
    names = [rule.ref.rule for rule in rules]
    return {"rule": names[0], "other": ", ".join(names[1:])} if names else {}


def _said(rule: Rule) -> str:
    """What a rule says, without where and in which words or order."""
    lifts, special = sorted(map(str, rule.lifts)), sorted(map(str, rule.special_to))
    parts = (rule.ref, rule.modality, rule.activity, canonical(rule.condition), lifts, special)
    return " ".join(map(str, (*parts, rule.content is not None)))


def canonical(condition: Condition) -> str:
    """The same text for the same condition, in whatever order its parts are written."""
    match condition:
        case Test(fact, values, low, high, measure):
            listed = None if values is None else sorted(map(str, values))
            return f"{fact} {measure} {listed} {low} {high}"
        case Not(part):
            return f"not ({canonical(part)})"
        case All(parts):
            return f"all ({'; '.join(sorted(map(canonical, parts)))})"
        case Some(parts):
            return f"some ({'; '.join(sorted(map(canonical, parts)))})"
