"""Times in chat: ours beside dateparser and, where it is installed, chrono-node, on the same sentences.

    python -m bench.bench_time [--data DIR]

chrono-node is measured when node is present and `npm install --prefix build/chrono chrono-node` has been run.
`--data DIR`: a folder with xSID's Indonesian validation set (id.valid.conll, CC BY-SA 4.0, not shipped): in
how many of its sentences each finds a time where one is.

The labels are those of the unit tests, written with this grammar in view: what the figures say of ours is
that the tests pass. A peer is right if its moment lies where the label says; symbols of the working calendar,
which peers cannot know, are left out.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from dateparser.search import search_dates  # type: ignore[import-untyped]  # ships no types

from bot.model import Grain, When
from bot.understanding.time_reading import time_spans, when_of
from tests.unit.time_table import Row, normaliser, rows, time_words

PASSES = 7
CHRONO = Path("build/chrono/node_modules/chrono-node/dist/esm/index.js")
CHRONO_SCRIPT = """
import * as chrono from %s;
import { readFileSync } from 'node:fs';
const lines = JSON.parse(readFileSync(0, 'utf8'));
const read = ({text, now, offset}) =>
  chrono.id.parse(text, {instant: new Date(now), timezone: offset}, {forwardDate: true})[0];
const out = [];
for (let pass = 0; pass < PASSES; pass++) lines.forEach((line, i) => {
  const start = process.hrtime.bigint();
  const found = read(line);
  const spent = Number(process.hrtime.bigint() - start) / 1000;
  (out[i] ??= {micros: []}).micros.push(spent);
  out[i].start = found ? found.start.date().toISOString() : null;
});
console.log(JSON.stringify(out));
""".replace("PASSES", str(PASSES))


class Measured(NamedTuple):
    """For each sentence: the moment found (None: nothing) and the median µs it took."""

    moments: list[datetime | None]
    micros: list[float]


class Score(NamedTuple):
    right: int
    wrong: int
    missed: int


def main() -> None:
    parser = argparse.ArgumentParser(description="ours beside dateparser and chrono-node")
    parser.add_argument("--data", type=Path, help="a folder with id.valid.conll of xSID")
    data = parser.parse_args().data
    labelled = [row for row in rows() if row.when is None or row.when.symbol is None]
    base = _ours(labelled)
    everyone = {"ours": base, "dateparser": _dateparser(labelled), "chrono-node": _chrono(labelled)}
    print(f"{len(labelled)} labelled sentences; µs each, median of {PASSES} passes, normalising included")
    for name, measured in everyone.items():
        print(_line(name, measured, labelled, base))
    if data is not None:
        _detection(data / "id.valid.conll")


def _line(name: str, measured: Measured | None, labelled: list[Row], base: Measured) -> str:
    if measured is None:
        return f"{name:12} not measured (node or build/chrono is missing)"
    p50, p95 = _percentiles(measured.micros)
    own50, own95 = _percentiles(base.micros)
    score = _score(labelled, measured.moments)
    return (
        f"{name:12} p50 {p50:7.1f} µs ({p50 / own50:5.2f}x ours)  "
        f"p95 {p95:7.1f} µs ({p95 / own95:5.2f}x ours)   "
        f"right {score.right}, wrong without a word {score.wrong}, missed {score.missed}"
    )


def _percentiles(micros: list[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(micros, n=20)
    return cuts[9], cuts[18]


def _score(labelled: list[Row], found: list[datetime | None]) -> Score:
    right = missed = 0
    for row, moment in zip(labelled, found, strict=True):
        accepted = [row.when] if row.when is not None else list(row.rivals)
        if moment is None and row.when is not None:
            missed += 1
        elif (moment is None) or any(_lies_in(moment, when) for when in accepted):
            right += 1
    return Score(right, len(labelled) - right - missed, missed)


def _lies_in(moment: datetime, when: When) -> bool:
    if when.start is None:
        return False
    if when.end is None or when.grain is Grain.INSTANT:
        return moment.replace(second=0, microsecond=0) == when.start
    return when.start <= moment < when.end


# --- the readers -----------------------------------------------------------------------------


def _timed(labelled: list[Row], read: Callable[[Row], datetime | None]) -> Measured:
    spent: list[list[float]] = [[] for _ in labelled]
    moments: list[datetime | None] = []
    for _ in range(PASSES):
        moments = []
        for row, micros in zip(labelled, spent, strict=True):
            start = time.perf_counter_ns()
            moments.append(read(row))
            micros.append((time.perf_counter_ns() - start) / 1_000)
    return Measured(moments, [statistics.median(micros) for micros in spent])


def _ours(labelled: list[Row]) -> Measured:
    tokens, words = normaliser().tokens, time_words()

    def read(row: Row) -> datetime | None:
        when, _ = when_of(tokens(row.text), row.now, words)
        return None if when is None else when.start

    return _timed(labelled, read)


def _dateparser(labelled: list[Row]) -> Measured:
    def read(row: Row) -> datetime | None:
        settings = {"RELATIVE_BASE": row.now.replace(tzinfo=None), "PREFER_DATES_FROM": "future"}
        found = search_dates(row.text, languages=["id"], settings=settings)
        return found[0][1].replace(tzinfo=row.now.tzinfo) if found else None

    return _timed(labelled, read)


def _chrono(labelled: list[Row]) -> Measured | None:
    node = shutil.which("node")
    if node is None or not CHRONO.exists():
        return None
    lines = [
        {"text": row.text, "now": row.now.isoformat(), "offset": _minutes_ahead(row.now)} for row in labelled
    ]
    script = CHRONO_SCRIPT % json.dumps(CHRONO.resolve().as_uri())
    run = subprocess.run(
        [node, "--input-type=module", "--eval", script],
        input=json.dumps(lines),
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(run.stdout)
    moments = [
        datetime.fromisoformat(one["start"]).astimezone(row.now.tzinfo) if one["start"] else None
        for one, row in zip(found, labelled, strict=True)
    ]
    return Measured(moments, [statistics.median(one["micros"]) for one in found])


def _minutes_ahead(now: datetime) -> float:
    ahead = now.utcoffset()
    return 0 if ahead is None else ahead.total_seconds() / 60


# --- detection on xSID -----------------------------------------------------------------------


def _detection(path: Path) -> None:
    """F1 of the sentences in which a time is found where one is annotated (recurring ones too)."""
    if not path.exists():
        sys.exit(f"{path} is not there")
    sentences = list(_sentences(path))
    now = next(rows()).now
    labelled = [Row(" ".join(word for word, _ in sentence), now, None, ()) for sentence in sentences]
    gold = [any(tag.endswith("datetime") for _, tag in sentence) for sentence in sentences]
    chrono = _chrono(labelled)
    found = {
        "ours": [bool(time_spans(normaliser().tokens(row.text), time_words())) for row in labelled],
        "dateparser": [moment is not None for moment in _dateparser(labelled).moments],
        "chrono-node": None if chrono is None else [moment is not None for moment in chrono.moments],
    }
    print(f"xSID id, {len(sentences)} sentences, {sum(gold)} with a time: F1 of finding them")
    for name, marks in found.items():
        print(f"{name:12} {'not measured' if marks is None else f'{_f1(gold, marks):.3f}'}")


def _sentences(path: Path) -> Iterator[list[tuple[str, str]]]:
    sentence: list[tuple[str, str]] = []
    for line in [*path.read_text(encoding="utf-8").splitlines(), ""]:
        if line and not line.startswith("#"):
            columns = line.split("\t")
            sentence.append((columns[1], columns[3]))
        elif not line and sentence:
            yield sentence
            sentence = []


def _f1(gold: list[bool], found: list[bool]) -> float:
    both = sum(g and f for g, f in zip(gold, found, strict=True))
    return 2 * both / (sum(gold) + sum(found))


if __name__ == "__main__":
    main()
