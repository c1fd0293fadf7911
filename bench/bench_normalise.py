"""Normalising chat: microseconds a message, and how near the result comes to careful Indonesian.

    python -m bench.bench_normalise [--data DIR]

`--data DIR`: a folder with STIF (dev.inf, dev.for, MIT, not shipped): bag-of-words F1 of the informal side,
as it is and normalised, against the formal side.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import time
from collections import Counter
from pathlib import Path

from bot.understanding.normalise import Normaliser
from tests.unit.time_table import language, rows

PASSES = 7
_WORD = re.compile(r"\w+")


def main() -> None:
    parser = argparse.ArgumentParser(description="the normaliser's cost and its worth")
    parser.add_argument("--data", type=Path, help="a folder with dev.inf and dev.for of STIF")
    parser.add_argument("--split", default="dev", help="which of STIF's parts (default: dev)")
    arguments = parser.parse_args()
    messages = [row.text for row in rows()]
    cold, warm = _micros(messages, warm=False), _micros(messages, warm=True)
    print(f"{len(messages)} messages, µs each: words seen before {_spread(warm)}; never seen {_spread(cold)}")
    if arguments.data is not None:
        _worth(arguments.data / arguments.split)


def _micros(messages: list[str], warm: bool) -> list[float]:
    """The median of PASSES for each message; cold: with an empty cache of words each time."""
    normaliser = Normaliser(language("obrolan"))
    spent: list[list[float]] = [[] for _ in messages]
    for _ in range(PASSES):
        for message, micros in zip(messages, spent, strict=True):
            if not warm:
                normaliser.forget()
            start = time.perf_counter_ns()
            normaliser.tokens(message)
            micros.append((time.perf_counter_ns() - start) / 1_000)
    return [statistics.median(micros) for micros in spent]


def _spread(micros: list[float]) -> str:
    cuts = statistics.quantiles(micros, n=20)
    return f"p50 {cuts[9]:.1f}, p95 {cuts[18]:.1f}"


def _worth(stem: Path) -> None:
    if not stem.with_suffix(".inf").exists():
        sys.exit(f"{stem}.inf is not there")
    informal, formal = (
        stem.with_suffix(suffix).read_text(encoding="utf-8").splitlines() for suffix in (".inf", ".for")
    )
    normaliser = Normaliser(language("obrolan"))
    before = _f1(informal, formal)
    after = _f1([normaliser.text(line) for line in informal], formal)
    print(f"STIF {stem.name}, {len(formal)} pairs, bag-of-words F1: as typed {before:.3f}, ours {after:.3f}")


def _f1(ours: list[str], formal: list[str]) -> float:
    shared = total = 0
    for one, other in zip(ours, formal, strict=True):
        left, right = Counter(_WORD.findall(one.lower())), Counter(_WORD.findall(other.lower()))
        shared += (left & right).total()
        total += left.total() + right.total()
    return 2 * shared / total


if __name__ == "__main__":
    main()
