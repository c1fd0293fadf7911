"""A whole reading (normalise, time, frame) beside dateparser, which looks for the time alone, on the same
sentences: those of the tests' tables, each read for the first time.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from dateparser.search import search_dates  # type: ignore[import-untyped]  # ships no types

from tests.speaking import MONDAY, table, understanding

GOAL = 200.0
"""Microseconds at the 95th percentile."""
PEER_SENTENCES = 60
ROUNDS = 5


def sentences() -> list[str]:
    """Every sentence of the table, without its expectation."""
    found: list[str] = []
    for groups in table("sentences.yaml").values():
        for group in groups if isinstance(groups, list) else [groups]:
            found += [str(said).partition(" | ")[0] for said in _said(group)]
    return found


def _said(group: Any) -> Iterator[Any]:
    yield from group.get("said", []) if isinstance(group, dict) else []


def micros(read: Callable[[str], object], texts: list[str], rounds: int) -> list[float]:
    """The best of `rounds` for each text."""
    best = [float("inf")] * len(texts)
    for _ in range(rounds):
        for index, text in enumerate(texts):
            start = time.perf_counter()
            read(text)
            best[index] = min(best[index], (time.perf_counter() - start) * 1e6)
    return best


def percentile(values: list[float], share: int) -> float:
    return statistics.quantiles(values, n=100)[share - 1]


def main() -> None:
    texts, reader = sentences(), understanding()
    for text in texts:
        reader.read(text, MONDAY)  # words are remembered, sentences are not
    ours = micros(lambda text: reader.read(text, MONDAY), texts, ROUNDS)
    peer = micros(lambda text: search_dates(text, languages=["id"]), texts[:PEER_SENTENCES], 1)
    print(f"{len(texts)} sentences, {statistics.mean(map(len, texts)):.0f} characters on average")
    p50, p95 = percentile(ours, 50), percentile(ours, 95)
    print(f"normalise + time + frame: p50 {p50:.0f} µs, p95 {p95:.0f} µs")
    print(f"goal p95 ≤ {GOAL:.0f} µs; dateparser (time alone): p95 {percentile(peer, 95):.0f} µs")
    print(f"ratio at p95: {percentile(peer, 95) / p95:.0f} × faster than dateparser")


if __name__ == "__main__":
    main()
