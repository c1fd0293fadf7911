"""What rules and circulars say of each other: every name must lead somewhere, and nothing in a circle."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import TypeVar

from bot.model import RuleRef
from bot.policy.corpus import NATIONAL, Circular, Note, OpenQuestion, Place, Rule, Sanction, full_name
from bot.policy.problems import Problem, suggestion

Name = TypeVar("Name", bound=Hashable)


def reference_problems(circulars: Mapping[str, Circular]) -> Iterator[Problem]:
    """Names that lead nowhere, to another regency, or back to where they started."""
    rules = {rule.ref: rule for circular in circulars.values() for rule in circular.rules}
    for circular in circulars.values():
        for place, ref in _mentions(circular):
            if ref not in rules:
                yield _dangling(place, ref, rules)
            elif not _within_reach(circular, circulars[ref.circular]):
                yield _problem(place, "policy.error.foreign_reference", name=full_name(ref))
        for ref in circular.amends:
            if ref.circular == circular.id:
                yield _problem(circular.place, "policy.error.own_amendment", name=ref.rule)
        yield from _revocation_problems(circular, circulars)
    yield from _circles(circulars, rules)


def _mentions(circular: Circular) -> Iterator[tuple[Place, RuleRef]]:
    remarks: tuple[Sanction | Note | OpenQuestion, ...] = (
        *circular.sanctions,
        *circular.notes,
        *circular.open_questions,
    )
    yield from ((circular.place, ref) for ref in circular.amends)
    yield from ((circular.place, ref) for remark in remarks for ref in remark.rules)
    yield from ((rule.place, ref) for rule in circular.rules for ref in (*rule.lifts, *rule.special_to))


def _revocation_problems(circular: Circular, circulars: Mapping[str, Circular]) -> Iterator[Problem]:
    for name in circular.revokes:
        target, _, rule = name.partition("#")
        if rule and target in circulars and rule not in {r.ref.rule for r in circulars[target].rules}:
            yield _dangling(circular.place, RuleRef(target, rule), _all_rules(circulars))
        elif target not in circulars:
            hint = suggestion(target, circulars)
            yield _problem(circular.place, "policy.error.unknown_circular", name=target, suggestion=hint)
        elif not _within_reach(circular, circulars[target]):
            yield _problem(circular.place, "policy.error.foreign_reference", name=target)


def _circles(circulars: Mapping[str, Circular], rules: Mapping[RuleRef, Rule]) -> Iterator[Problem]:
    for ref in _cyclic({ref: rule.lifts for ref, rule in rules.items()}):
        yield _problem(rules[ref].place, "policy.error.cyclic_exception", name=ref.rule)
    revoked = {name: _circulars_in(circular.revokes) for name, circular in circulars.items()}
    for name in _cyclic(revoked):
        yield _problem(circulars[name].place, "policy.error.cyclic_revocation", name=name)


def _circulars_in(names: Iterable[str]) -> tuple[str, ...]:
    """The circulars that are revoked, or of which a rule is."""
    return tuple(name.partition("#")[0] for name in names)


def _all_rules(circulars: Mapping[str, Circular]) -> list[RuleRef]:
    return [rule.ref for circular in circulars.values() for rule in circular.rules]


def _within_reach(circular: Circular, target: Circular) -> bool:
    """Whether both can bind the same person: of one regency, or either of the nation."""
    return circular.regency == target.regency or NATIONAL in (circular.regency, target.regency)


def _cyclic(next_of: Mapping[Name, tuple[Name, ...]]) -> Iterator[Name]:
    """The names that lead back to themselves."""
    for start in next_of:
        seen: set[Name] = set()
        frontier = list(next_of[start])
        while frontier:
            name = frontier.pop()
            if name not in seen:
                seen.add(name)
                frontier.extend(next_of.get(name, ()))
        if start in seen:
            yield start


def _dangling(place: Place, ref: RuleRef, rules: Iterable[RuleRef]) -> Problem:
    hint = suggestion(ref.rule, (r.rule for r in rules if r.circular == ref.circular))
    return _problem(place, "policy.error.unknown_rule", name=full_name(ref), suggestion=hint)


def _problem(place: Place, key: str, **params: object) -> Problem:
    return Problem(place.file, place.line, key, params)
