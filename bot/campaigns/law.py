"""What of a circular decides about people, as canonical JSON that outlives the files it was read from.

Kept with every version that is sent, so that the next one can be compared without the old files. In it: the
rules with their conditions, whom they bind and when, their standing among other circulars, and as much of the
vocabulary as they speak of. Not in it: quotes, clause numbers, notes, for they decide nothing; and working
hours, for they belong to the regency and change with every Ramadan: whether it is working time today is no
part of what a circular says, and nobody is to be asked again because of it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import rfc8785

from bot.model import FactValue, RuleRef
from bot.policy.condition import All, Condition, Cut, Not, Some, Test, tests_in
from bot.policy.corpus import Circular, Corpus, Evidence, Modality, Place, Rule
from bot.vocabulary import FactKind

_FORMAT = 1
_NOWHERE = Place("", 0)


@dataclass(frozen=True, slots=True)
class FactRecord:
    """A fact as it was when the law was written down. `values`: its options, empty where it has none."""

    kind: FactKind
    values: tuple[FactValue, ...]


@dataclass(frozen=True, slots=True)
class Law:
    """A circular as far as it decides. `circular`: without wordings; its `rank` is `order` as text.
    `acts`: the acts that its rules reach, each with its wider act."""

    circular: Circular
    order: int
    acts: Mapping[str, str | None]
    facts: Mapping[str, FactRecord]


def canonical(value: Any) -> str:
    """The one way to write `value` as JSON (RFC 8785)."""
    return rfc8785.dumps(value).decode()


def record(corpus: Corpus, circular: str) -> str:
    """The law of one circular of `corpus`. Raises KeyError for an unknown one."""
    found = corpus.circulars[circular]
    spoken = {rule.activity for rule in found.rules}
    activities = corpus.vocabulary.activities
    conditions = (found.addressees, *(rule.condition for rule in found.rules))
    tested = {test.fact for condition in conditions for test in tests_in(condition)}
    return canonical(
        {
            "format": _FORMAT,
            "circular": found.id,
            "regency": found.regency,
            "rank": corpus.ranks[found.rank].order,
            "enacted": found.enacted.isoformat(),
            "since": found.since.isoformat(),
            "until": found.until.isoformat() if found.until else None,
            "addressees": _condition(found.addressees),
            "rules": [_rule(rule) for rule in sorted(found.rules, key=lambda rule: rule.ref.rule)],
            "amends": _refs(found.amends),
            "revokes": sorted(found.revokes),
            "acts": {
                name: act.parent
                for name, act in activities.items()
                if not spoken.isdisjoint(corpus.vocabulary.lineage(name))
            },
            "facts": {name: _fact(corpus, name) for name in tested},
        }
    )


def read(text: str) -> Law:
    """The law that `record` wrote. Raises ValueError for anything else."""
    data = json.loads(text)
    if not isinstance(data, dict) or data.get("format") != _FORMAT:
        raise ValueError("not the law of a circular, or of a newer program")
    name = data["circular"]
    circular = Circular(
        id=name,
        regency=data["regency"],
        number=None,
        about={"id": name},
        issuer="",
        rank=str(data["rank"]),
        enacted=date.fromisoformat(data["enacted"]),
        since=date.fromisoformat(data["since"]),
        until=date.fromisoformat(data["until"]) if data["until"] else None,
        since_basis=None,
        evidence=Evidence("", "", original_seen=True),
        addressees=_read_condition(data["addressees"]),
        rules=tuple(_read_rule(name, rule) for rule in data["rules"]),
        place=_NOWHERE,
        amends=_read_refs(data["amends"]),
        revokes=tuple(data["revokes"]),
    )
    facts = {
        fact: FactRecord(FactKind(entry["kind"]), tuple(entry["values"]))
        for fact, entry in data["facts"].items()
    }
    return Law(circular, data["rank"], data["acts"], facts)


# --- facts and rules ---


def _fact(corpus: Corpus, name: str) -> dict[str, Any]:
    fact = corpus.vocabulary.facts[name]
    return {"kind": fact.kind.value, "values": [option.value for option in fact.options]}


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "rule": rule.ref.rule,
        "modality": rule.modality.value,
        "activity": rule.activity,
        "condition": _condition(rule.condition),
        "lifts": _refs(rule.lifts),
        "special_to": _refs(rule.special_to),
        "content": rule.content["id"] if rule.content else None,
    }


def _read_rule(circular: str, data: Mapping[str, Any]) -> Rule:
    return Rule(
        ref=RuleRef(circular, data["rule"]),
        modality=Modality(data["modality"]),
        activity=data["activity"],
        condition=_read_condition(data["condition"]),
        place=_NOWHERE,
        lifts=_read_refs(data["lifts"]),
        special_to=_read_refs(data["special_to"]),
        content=None if data["content"] is None else {"id": data["content"]},
    )


def _refs(refs: Iterable[RuleRef]) -> list[list[str]]:
    return sorted([ref.circular, ref.rule] for ref in refs)


def _read_refs(data: Iterable[tuple[str, str]]) -> tuple[RuleRef, ...]:
    return tuple(RuleRef(circular, rule) for circular, rule in data)


# --- conditions: the order in which parts are written is layout ---


def _condition(condition: Condition) -> dict[str, Any]:
    match condition:
        case Not(part):
            return {"not": _condition(part)}
        case All():
            return _parts("all", _same(All, condition))
        case Some():
            return _parts("some", _same(Some, condition))
        case Test(fact, values, low, high, measure):
            if values is not None:
                return {"fact": fact, "values": sorted(values, key=canonical)}
            return {"fact": fact, "low": _cut(low), "high": _cut(high), "measure": measure}


def _parts(name: str, parts: Iterable[Condition]) -> dict[str, Any]:
    written = sorted({canonical(_condition(part)) for part in parts})
    found = [json.loads(text) for text in written]
    return found[0] if len(found) == 1 else {name: found}


def _same(kind: type[All] | type[Some], condition: Condition) -> Iterable[Condition]:
    """The parts of a conjunction (or alternative), those of nested ones among them."""
    if isinstance(condition, kind):
        for part in condition.parts:
            yield from _same(kind, part)
    else:
        yield condition


def _cut(cut: Cut | None) -> list[Any] | None:
    if cut is None:
        return None
    bound, side = cut
    return [{"date": bound.isoformat()} if isinstance(bound, date) else bound, side]


def _read_condition(data: Mapping[str, Any]) -> Condition:
    if "not" in data:
        return Not(_read_condition(data["not"]))
    if "all" in data:
        return All(tuple(map(_read_condition, data["all"])))
    if "some" in data:
        return Some(tuple(map(_read_condition, data["some"])))
    if "values" in data:
        return Test(data["fact"], frozenset(data["values"]))
    return Test(data["fact"], None, _read_cut(data["low"]), _read_cut(data["high"]), data["measure"])


def _read_cut(data: list[Any] | None) -> Cut | None:
    if data is None:
        return None
    bound, side = data
    return (date.fromisoformat(bound["date"]) if isinstance(bound, dict) else bound, side)
