"""Deciding from the circular of Lumajang, beside cedarpy deciding an equivalent Cedar policy in the same run.

Cedar answers one complete situation with allow or deny. Ours says which of eight verdicts it is and why; with
facts unknown it says what all completions together say, for which Cedar is asked all of them, in one batch.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from itertools import product
from typing import Any

import cedarpy

from bot.model import ALLOWED, Asker, Grain, Intent, Question, When
from bot.policy.corpus import Corpus
from bot.policy.decide import RegencyEngine
from bot.policy.load import load

REGENCY, ACT = "lumajang", "siaran_langsung"
FACTS = ("kepentingan_dinas", "akun_resmi", "atribut_dinas")
STAFF = ("pns", "pppk", "pppk_paruh_waktu")
ROUNDS = 7
FRESH = 60
"""Engines made anew for what is measured cold: the very first question that each is asked."""

CEDAR = """
permit(principal, action == Action::"siaran_langsung", resource)
  when { ["pns", "pppk", "pppk_paruh_waktu"].contains(principal.status) };
forbid(principal, action == Action::"siaran_langsung", resource)
  when { context.dalam_jam_kerja && !(context.kepentingan_dinas && context.akun_resmi) };
forbid(principal, action == Action::"siaran_langsung", resource)
  when { !context.dalam_jam_kerja && context.atribut_dinas };
"""


def microseconds(work: Callable[[], object], count: int) -> float:
    """The time of one call: the median of rounds of `count` calls."""
    found = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        for _ in range(count):
            work()
        found.append((time.perf_counter() - began) / count)
    return statistics.median(found) * 1e6


def first_calls(works: Iterable[Callable[[], object]]) -> float:
    """The time of calls made once each: their median."""
    found = []
    for work in works:
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return statistics.median(found) * 1e6


class Cedar:
    """The same law in Cedar's words, parsed once."""

    def __init__(self) -> None:
        self.policies = cedarpy.PolicySet.from_str(CEDAR)
        people = ",".join(
            f'{{"uid": {{"type": "User", "id": "{name}"}}, "attrs": {{"status": "{name}"}}, "parents": []}}'
            for name in STAFF
        )
        self.entities = cedarpy.Entities.from_json_str(f"[{people}]")

    def request(self, status: str, **context: bool) -> dict[str, Any]:
        return {
            "principal": f'User::"{status}"',
            "action": f'Action::"{ACT}"',
            "resource": 'Medium::"apa pun"',
            "context": context,
        }

    def allowed(self, request: dict[str, Any]) -> bool:
        return cedarpy.is_authorized(request, self.policies, self.entities).allowed

    def all_allowed(self, requests: list[dict[str, Any]]) -> list[bool]:
        return [r.allowed for r in cedarpy.is_authorized_batch(requests, self.policies, self.entities)]


class Ours:
    """One compiled regency, and one question to it: three facts unknown, in working hours."""

    def __init__(self, corpus: Corpus) -> None:
        self.engine = RegencyEngine(corpus, REGENCY)
        self.now = datetime(2026, 11, 23, 9, 10, tzinfo=self.engine.calendar.zone)
        self.asker = Asker(REGENCY, "pns")
        self.question = Question(Intent.MAY_I, ACT, When(self.now, None, Grain.INSTANT))
        self.root = self.engine.law.root(self.now.date(), ACT)

    def cells(self, status: str, facts: dict[str, bool]) -> list[int]:
        values: dict[str, Any] = {"status": status, **facts}
        return [v.cell(values.get(v.fact, False)) for v in self.engine.law.variables]

    def exact(self) -> object:
        """The verdict with its needs, conditions and rules, at an instant."""
        known = self.engine.situations.at(self.now, self.question, self.asker)
        left = self.engine.law.space.restrict(self.root, known)
        return self.engine.reader.finding(left, self.engine.situations.presumed)

    def whole(self) -> object:
        """The same with how long it holds and when the act is allowed next."""
        return self.engine.decide(self.question, self.asker, self.now)

    def window(self) -> object:
        return self.engine.next_permitted(self.now, self.question, self.asker)


def agreement(ours: Ours, cedar: Cedar) -> None:
    """Both decide every situation alike; a benchmark of two different laws would say nothing."""
    space = ours.engine.law.space
    same = total = 0
    for status, values in product(STAFF, product((False, True), repeat=4)):
        facts = dict(zip(("dalam_jam_kerja", *FACTS), values, strict=True))
        kind = space.decide(ours.root, ours.cells(status, facts)).kind
        same += (kind in ALLOWED) is cedar.allowed(cedar.request(status, **facts))
        total += 1
    print(f"the same answer in {same} of {total} situations")
    if same != total:
        raise SystemExit("the Cedar policy is not equivalent")


def told(name: str, ours: float, goal: float, peer: float | None = None) -> None:
    beside = "" if peer is None else f", cedarpy {peer:.1f} µs: {peer / ours:.1f} × faster"
    print(f"{name}: {ours:.2f} µs (goal ≤ {goal:g} µs{'' if ours <= goal else ', MISSED'}){beside}")


def main() -> None:
    corpus = load()
    gc.disable()  # as timeit does: what is measured is the work, not another's garbage
    ours, cedar = Ours(corpus), Cedar()
    agreement(ours, cedar)

    facts = {"dalam_jam_kerja": True, **dict.fromkeys(FACTS, False)}
    cells, space = ours.cells("pns", facts), ours.engine.law.space
    request = cedar.request("pns", **facts)
    peer = microseconds(lambda: cedar.allowed(request), 500)
    told("one compiled decision", microseconds(lambda: space.decide(ours.root, cells), 20_000), 5, peer)

    completions = [
        cedar.request("pns", dalam_jam_kerja=True, **dict(zip(FACTS, values, strict=True)))
        for values in product((False, True), repeat=3)
    ]
    peer = microseconds(lambda: cedar.all_allowed(completions), 100)
    cold = first_calls([Ours(corpus).exact for _ in range(FRESH)])
    told("exact evaluation, three facts unknown, cold", cold, 100, peer)
    told("exact evaluation, three facts unknown, warm", microseconds(ours.exact, 2_000), 100, peer)

    cold = first_calls([Ours(corpus).window for _ in range(FRESH)])
    told("next permitted window, cold", cold, 200)
    told("next permitted window, warm", microseconds(ours.window, 1_000), 200)

    cold = first_calls([Ours(corpus).whole for _ in range(FRESH)])
    print(f"the whole verdict with validity and window: cold {cold:.0f} µs, ", end="")
    print(f"warm {microseconds(ours.whole, 1_000):.0f} µs")


if __name__ == "__main__":
    main()
