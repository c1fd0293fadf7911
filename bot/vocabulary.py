"""The vocabulary of rules and questions, as policies/kosakata defines it: acts, facts, statuses, units.

These nouns stand beside `model` (they import nothing else of the package) because the policy, the
understanding and the rendering all speak them. `policy.load` fills them from YAML.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bot.model import FactValue

Wording = Mapping[str, str]
"""A text in the languages of the interface: {"id": …, "en": …}. "id" is always there."""


class FactKind(StrEnum):
    YES_NO = "ya_tidak"
    CHOICE = "pilihan"
    NUMBER = "bilangan"
    DATE = "tanggal"
    CLOCK = "pukul"  # the time of day, in minutes since midnight; only ever derived


@dataclass(frozen=True, slots=True)
class Option:
    """One value a fact can take: its button (`label`, ≤ 20 characters), its words as a condition
    ("tanpa seragam"), and the phrases by which people say it."""

    value: FactValue
    label: Wording
    condition: Wording
    phrases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact that rules test.

    `presumption`: its value in an ordinary private act, None if there is none. `question`: how to ask
    for it; None if nobody can be asked. `name`: what a number or a date is called ("nilai hadiah"), None if
    its question has to do. `source`: "waktu" (derived from the calendar), "pegawai" (from
    the asker's registration), "atasan" (a superior's judgement, never asked) or None (asked of the
    person). `unit`: of a number ("rupiah"). `phrases`: words after which people say a number or a date
    ("senilai", "diterima"). `direction`: where a date said without its year lies, "lampau" or "mendatang".
    """

    id: str
    kind: FactKind
    options: tuple[Option, ...]
    presumption: FactValue | None
    question: Wording | None
    source: str | None = None
    unit: str | None = None
    name: Wording | None = None
    phrases: tuple[str, ...] = ()
    direction: str | None = None

    def option(self, value: FactValue) -> Option | None:
        return next((option for option in self.options if option.value == value), None)


@dataclass(frozen=True, slots=True)
class Activity:
    """An act that rules speak of. `parent`: the wider act it is a kind of (a ban on the parent bans it).
    `phrases` name the act; `hints` (platform names) suggest it only if nothing else is named;
    `excluded` are phrases that contain a phrase of this act but mean something else."""

    id: str
    name: Wording
    parent: str | None = None
    phrases: tuple[str, ...] = ()
    hints: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Named:
    """A status ("pns") or a unit class ("rsud"), with what people call it."""

    id: str
    name: Wording
    phrases: tuple[str, ...] = ()
    parent: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """All of kosakata. Compared by identity, so that what is worked out from it can be remembered."""

    activities: Mapping[str, Activity]
    facts: Mapping[str, Fact]
    statuses: Mapping[str, Named]
    units: Mapping[str, Named]
    language: Mapping[str, Any] = field(default_factory=dict)
    """The plain data of kosakata/niat.yaml, obrolan.yaml and waktu.yaml by file stem: intents and moves,
    chat forms and affixes, time words. The understanding validates and compiles them."""

    def lineage(self, activity: str) -> tuple[str, ...]:
        """The act and the wider acts it belongs to, nearest first."""
        line: list[str] = []
        current: str | None = activity
        while current is not None and current not in line:
            line.append(current)
            current = self.activities[current].parent
        return tuple(line)

    def momentary(self, facts: Iterable[str]) -> bool:
        """Whether one of them is what the calendar usually tells ("lagi jaga malam"): somebody who states it
        speaks of that moment, and not of the day after."""
        return any(self.facts[fact].source == "waktu" for fact in facts)

    def kinds_of(self, activity: str) -> tuple[str, ...]:
        """The narrower acts directly below this one."""
        return tuple(a.id for a in self.activities.values() if a.parent == activity)
