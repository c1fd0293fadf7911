"""`edaran ask` from outside: cold start, messages a second of a batch beside an aiogram echo bot, and the
memory of the demo.

The echo bot is bare aiogram answering with an in-process session: the peer of a whole answer is the rate at
which updates can be handled at all. Each figure is the median of runs taken in turn.
"""

from __future__ import annotations

import asyncio
import io
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import datetime, timedelta

import uvloop

from bench.echo import echo, rate
from bot.app import build_assistant
from bot.asking import Asking

ROUNDS = 5
COUNT = 10_000
TEXTS = (
    "boleh live sekarang?",
    "min besok jam 8 pagi boleh live tiktok pakai akun dinas ga?",
    "kalau nanti malam live jualan tanpa seragam aman kan",
    "kapan boleh live?",
    "sanksinya apa kalau live pas jam kerja",
    "jumat jam 4 sore upload video kegiatan kantor boleh?",
    "Apakah diperkenankan melakukan siaran langsung kegiatan resmi melalui akun instansi?",
    "td pagi sy live bentar gapapa kan",
)


def batch() -> list[bytes]:
    """COUNT lines, each at another minute, so that nothing is answered from a cache of whole answers."""
    start = datetime.fromisoformat("2026-11-23T00:00:00+07:00")
    return [
        json.dumps(
            {
                "id": index,
                "regency": ("lumajang", "pamekasan")[index % 2],
                "status": "pns",
                "now": (start + timedelta(minutes=7 * index)).isoformat(),
                "text": TEXTS[index % len(TEXTS)],
            }
        ).encode()
        for index in range(COUNT)
    ]


def batch_rate(asking: Asking, lines: list[bytes]) -> float:
    """Messages answered a second, JSON in and out included."""
    began = time.perf_counter()
    asking.batch(lines, io.StringIO())
    return COUNT / (time.perf_counter() - began)


def seconds(command: list[str]) -> float:
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - began


def median(measure: Callable[[], float]) -> float:
    return statistics.median(measure() for _ in range(ROUNDS))


def cold() -> None:
    ask = [sys.executable, "-m", "bot.cli", "ask", "boleh live sekarang?", "--regency", "lumajang"]
    seconds(ask)  # fills the cache, as a first run does
    ours, bare = median(lambda: seconds(ask)), median(lambda: seconds([sys.executable, "-c", "pass"]))
    print(f"edaran ask, a new process: {ours:.3f} s, {ours / bare:.1f} × an empty Python (goal ≤ 0.5 s)")


def throughput() -> None:
    asking = Asking((assistant := build_assistant()), assistant.catalogues["id"])
    lines, peer = batch(), echo()
    batch_rate(asking, lines)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        rates = [(batch_rate(asking, lines), runner.run(rate(peer, 100, 2_000))) for _ in range(ROUNDS)]
    ours, theirs = (statistics.median(column) for column in zip(*rates, strict=True))
    ratio = statistics.median(our / their for our, their in rates)
    print(f"edaran ask --batch: {ours:.0f} messages/s, echo {theirs:.0f}/s, ratio {ratio:.2f} (goal ≥ 1)")


WATCHED = (
    "import resource, subprocess, sys;"
    "subprocess.run(sys.argv[1:], input=b'boleh live sekarang?', check=True, capture_output=True);"
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
)
"""Run by a small interpreter, because a child starts with the peak of the process that forked it."""


def memory() -> None:
    demo = [sys.executable, "-m", "bot.cli", "demo", "--regency", "lumajang", "--status", "pns"]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", WATCHED, *demo], check=True, capture_output=True, cwd=folder
        )
    print(f"demo, peak resident memory: {int(done.stdout) / 1024:.0f} MiB (goal ≤ 150 MiB)")


def main() -> None:
    cold()
    throughput()
    memory()


if __name__ == "__main__":
    main()
