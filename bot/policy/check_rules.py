"""Checks of single rules and exceptions, by complete enumeration of what can occur."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bot.model import RuleRef
from bot.policy.check_finding import CheckFinding, Severity, finding
from bot.policy.check_slices import Field
from bot.policy.corpus import Corpus, Modality, Rule
from bot.policy.precedence import Outcome


def rule_findings(corpus: Corpus, fields: Sequence[Field]) -> Iterator[CheckFinding]:
    """Rules that never apply, never stand or never decide, and what is wrong with exceptions."""
    for rule in _rules(corpus, fields):
        own = [field for field in fields if field.has(rule)]
        if not own:
            yield finding(Severity.WARNING, "never_in_force", rule.place, [rule])
        elif all(field.applies(rule) == field.never for field in own):
            yield finding(Severity.ERROR, "never_applies", rule.place, [rule])
        else:
            exceptions = list(_exception_findings(corpus, rule, own))
            yield from exceptions
            yield from _effect_findings(corpus, rule, own, bitten=not exceptions)


def _rules(corpus: Corpus, fields: Sequence[Field]) -> Iterator[Rule]:
    if fields:
        yield from (rule for circular in fields[0].law.circulars for rule in circular.rules)


# --- what a rule does ---


def _effect_findings(
    corpus: Corpus, rule: Rule, own: Sequence[Field], bitten: bool
) -> Iterator[CheckFinding]:
    """A rule that applies and changes nothing. `bitten`: as an exception, if it is one, it is in order."""
    if all(field.stands(rule) == field.never for field in own):
        if not _swallowers(corpus, rule, own):
            yield finding(Severity.ERROR, "never_stands", rule.place, [rule, *_lifters(rule, own)])
        return
    cover = _cover(rule, own)
    if cover is not None and _alike(rule, cover, own):
        if _before(cover, rule, own):
            yield finding(Severity.WARNING, "duplicate", rule.place, [rule, cover])
    elif bitten and not any(_decides(rule, field) for field in own):
        if cover is None:
            yield finding(Severity.WARNING, "never_decides", rule.place, [rule])
        else:
            same = cover.ref.circular == rule.ref.circular
            severity = Severity.WARNING if same else Severity.INFO
            yield finding(severity, "shadowed", rule.place, [rule, cover])


def _decides(rule: Rule, field: Field) -> bool:
    """Whether some verdict, or some duty that rides along, would be another without the rule."""
    without = field.law.without(rule.ref)
    of = _duties if rule.rides_along else _kind
    return field.verdicts(field.law, of) != field.verdicts(without, of)


def _kind(outcome: Outcome) -> object:
    return outcome.kind


def _duties(outcome: Outcome) -> object:
    return outcome.duties


def _cover(rule: Rule, own: Sequence[Field]) -> Rule | None:
    """Another rule that says the same wherever `rule` says it; the first one."""
    line = own[0].law.corpus.vocabulary.lineage(rule.activity)
    for other in _distinct(own):
        alike = other.ref != rule.ref and other.activity in line and _same_kind(rule, other)
        if alike and all(f.has(other) and f.minus(f.applies(rule), f.applies(other)) == f.never for f in own):
            return other
    return None


def _distinct(fields: Iterable[Field]) -> list[Rule]:
    return list({rule.ref: rule for field in fields for rule in field.rules}.values())


def _same_kind(a: Rule, b: Rule) -> bool:
    if a.rides_along or b.rides_along:
        return a.rides_along and b.rides_along and a.content == b.content
    return a.modality is b.modality and set(a.lifts) <= set(b.lifts)


def _alike(a: Rule, b: Rule, own: Sequence[Field]) -> bool:
    same_scope = a.activity == b.activity and set(a.lifts) == set(b.lifts)
    return same_scope and all(field.has(b) and field.applies(a) == field.applies(b) for field in own)


def _before(a: Rule, b: Rule, own: Sequence[Field]) -> bool:
    refs = [rule.ref for rule in own[0].rules]
    return a.ref in refs and refs.index(a.ref) < refs.index(b.ref)


def _lifters(rule: Rule, own: Sequence[Field]) -> list[Rule]:
    return [other for other in _distinct(own) if rule.ref in other.lifts]


# --- exceptions ---


def _exception_findings(corpus: Corpus, rule: Rule, own: Sequence[Field]) -> Iterator[CheckFinding]:
    for target in (corpus.rule(ref) for ref in rule.lifts):
        shared = [field for field in own if field.has(target)]
        if _order(corpus, rule.ref) < _order(corpus, target.ref):
            yield finding(Severity.ERROR, "outranked", rule.place, [rule, target])
        elif not _same_line(corpus, rule, target):
            params = {"activity": rule.activity, "target": target.activity}
            yield finding(Severity.ERROR, "other_act", rule.place, [rule, target], params=params)
        elif not any(field.meets(field.stands(rule), field.applies(target)) for field in shared):
            yield finding(Severity.ERROR, "never_bites", rule.place, [rule, target])
        elif _swallows(rule, target, own):
            yield finding(Severity.ERROR, "swallows", rule.place, [rule, target])
    if rule.lifts and rule.modality is Modality.PERMISSION:
        yield from _wider(corpus, rule, own)
        yield from _banned_at_home(rule, own)


def _same_line(corpus: Corpus, a: Rule, b: Rule) -> bool:
    """Whether one of their acts is a kind of the other, so that both can speak of one act."""
    lines = [corpus.vocabulary.lineage(rule.activity) for rule in (a, b)]
    return a.activity in lines[1] or b.activity in lines[0]


def _swallows(rule: Rule, target: Rule, fields: Iterable[Field]) -> bool:
    """Whether the exception holds wherever its target does, on every date on which that is in force."""
    whole = [field for field in fields if field.has(target)]
    left = (field.minus(field.applies(target), field.stands(rule)) for field in whole)
    return all(region == field.never for region, field in zip(left, whole, strict=True))


def _swallowers(corpus: Corpus, rule: Rule, own: Sequence[Field]) -> list[Rule]:
    return [e for e in _lifters(rule, own) if all(f.has(e) for f in own) and _swallows(e, rule, own)]


def _wider(corpus: Corpus, rule: Rule, own: Sequence[Field]) -> Iterator[CheckFinding]:
    """An exception that holds where none of the rules it names does: there it is a permission of its own."""
    targets = [corpus.rule(ref) for ref in rule.lifts]
    for field in own:
        present = [target for target in targets if field.has(target)]
        outside = field.stands(rule)
        for target in present:
            outside = field.minus(outside, field.applies(target))
        found = field.smallest(outside, bool) if present else None
        if found is not None:
            example = field.case(found, rule.ref.rule, rule.ref.circular)
            yield finding(Severity.WARNING, "wider", rule.place, [rule, *targets], example)
            return


def _banned_at_home(rule: Rule, own: Sequence[Field]) -> Iterator[CheckFinding]:
    """An exception to another circular's rules alone, where a ban of its own circular holds as well: the
    ban wins, and nothing says which of the two the circular puts first."""
    if any(ref.circular == rule.ref.circular for ref in rule.lifts):
        return
    for ban in (other for other in _distinct(own) if _own_ban(other, rule)):
        for field in (field for field in own if field.has(ban)):
            found = field.smallest(field.both(field.stands(rule), field.stands(ban)), bool)
            if found is not None:
                example = field.case(found, rule.ref.rule, rule.ref.circular)
                yield finding(Severity.WARNING, "banned_at_home", rule.place, [rule, ban], example)
                break


def _own_ban(other: Rule, rule: Rule) -> bool:
    return other.modality is Modality.PROHIBITION and other.ref.circular == rule.ref.circular


def _order(corpus: Corpus, ref: RuleRef) -> int:
    return corpus.ranks[corpus.circulars[ref.circular].rank].order
