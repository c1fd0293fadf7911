"""Importing rosters as a new process does it, beside sqlite-utils inserting the same rows of the same CSV,
unread and unchecked, into a table of an ordinary file.

The peer is what any import has to do at least: read the file, write the rows. Ours also finds the columns,
validates numbers and phones, recognises statuses and units, compares with the ledger, keeps history, and
reports. Beside the seconds on the clock stand those of the processor (user and system), whoever else the
machine works for. Modules are compiled beforehand, as an installed program's are.
"""

from __future__ import annotations

import csv
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from openpyxl import Workbook  # type: ignore[import-untyped]  # has no stubs of its own

ROUNDS = 3
SMALL, LARGE = 10_000, 100_000
HEADERS = ("No", "NIP", "Nama Lengkap", "Status Kepegawaian", "Perangkat Daerah", "Unit Kerja", "No. HP")
STATUSES = ("PNS", "PNS", "PPPK", "PPPK Paruh Waktu")

WATCHED = (
    "import resource, subprocess, sys, time; began = time.perf_counter();"
    "subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL);"
    "used = resource.getrusage(resource.RUSAGE_CHILDREN);"
    "print(time.perf_counter() - began, used.ru_utime + used.ru_stime, used.ru_maxrss)"
)
"""Run by a small interpreter, because a child starts with the peak of the process that forked it."""

OURS = "from bot.cli import main; main()"
PEER = (
    "import csv, sys; from sqlite_utils import Database;"
    "Database(sys.argv[2])['roster'].insert_all(csv.DictReader(open(sys.argv[1], newline='')), pk='NIP')"
)


@dataclass(frozen=True, slots=True)
class Run:
    """`seconds`: on the clock; `cpu`: of the processor."""

    seconds: float
    cpu: float
    mebibytes: float


def people(count: int, *, moved: int = 0) -> Iterator[Sequence[str]]:
    """Invented people in 240 units; the first `moved` of them work elsewhere than in another file. Nobody can
    have a phone that begins with 0820."""
    for at in range(count):
        year, status = 1966 + at % 35, STATUSES[at % len(STATUSES)]
        born = f"{year}{1 + at % 12:02d}{1 + at % 28:02d}"
        month = f"{1 + at % 12:02d}" if status == "PNS" else "21"
        number = f"{born}{year + 24}{month}{1 + at % 2}{1 + at // 420:03d}"
        agency = (at + (at < moved)) % 40
        unit = f"UPT Puskesmas {agency}-{at % 200}"
        yield str(at + 1), number, f"Pegawai {at}", status, f"Dinas {agency}", unit, f"0820{at:08d}"


def write_csv(path: Path, count: int, *, moved: int = 0) -> Path:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([HEADERS, *people(count, moved=moved)])
    return path


def write_xlsx(path: Path, count: int) -> Path:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("Data")
    for row in (("DAFTAR PEGAWAI",), (), HEADERS, *people(count)):
        sheet.append(row)
    book.save(path)
    return path


def run(*command: str, ledger: Path) -> Run:
    environment = {**os.environ, "EDARAN_DATABASE__URL": f"sqlite:///{ledger}"}
    environment["PYTHONPYCACHEPREFIX"] = str(ledger.parent / "compiled")
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    watched = [sys.executable, "-c", WATCHED, sys.executable, "-c", *command]
    done = subprocess.run(watched, check=True, capture_output=True, text=True, env=environment)
    seconds, cpu, kibibytes = map(float, done.stdout.split())
    return Run(seconds, cpu, kibibytes / 1024)


def ours(path: Path, ledger: Path, *options: str) -> Run:
    return run(OURS, "roster", "import", str(path), "--regency", "lumajang", *options, ledger=ledger)


def peer(path: Path, folder: Path) -> Run:
    target = folder / "peer.db"
    target.unlink(missing_ok=True)
    return run(PEER, str(path), str(target), ledger=folder / "none.db")


def median(runs: Sequence[Run]) -> Run:
    """Of each figure by itself; the most memory."""
    middle = statistics.median
    most = max(one.mebibytes for one in runs)
    return Run(middle(one.seconds for one in runs), middle(one.cpu for one in runs), most)


def told(name: str, found: Run, beside: Run, goal: float | None = None) -> None:
    def judged(seconds: float) -> str:
        return "" if goal is None or seconds <= goal else " MISSED"

    wanted = "" if goal is None else f" (goal ≤ {goal:g} s)"
    print(
        f"{name}: {found.seconds:.2f} s{judged(found.seconds)}, CPU {found.cpu:.2f} s{judged(found.cpu)}"
        f"{wanted}; sqlite-utils alone {beside.seconds:.2f} s, CPU {beside.cpu:.2f} s:"
        f" {found.cpu / beside.cpu:.1f} × its CPU"
    )


def small(folder: Path, path: Path, rows: Path) -> None:
    """Rounds in turn, each into an empty ledger."""
    goals = {"dry run": 3.0, "import": 5.0, "the same file again": 5.0}
    found: dict[str, list[Run]] = {kind: [] for kind in goals}
    beside = []
    for at in range(ROUNDS):
        ledger = folder / f"{path.suffix[1:]}{at}.db"
        beside.append(peer(rows, folder))
        found["dry run"].append(ours(path, ledger, "--dry-run"))
        found["import"].append(ours(path, ledger))
        found["the same file again"].append(ours(path, ledger))
    for kind, runs in found.items():
        name = f"{kind}, {SMALL:,} people, {path.suffix[1:].upper()}"
        told(name, median(runs), median(beside), goals[kind])


def large(folder: Path) -> None:
    first = write_csv(folder / "large.csv", LARGE)
    moved = write_csv(folder / "moved.csv", LARGE, moved=LARGE // 2)
    workbook, ledger = write_xlsx(folder / "large.xlsx", LARGE), folder / "large.db"
    beside = peer(first, folder)
    for name, path, options in (
        ("import, CSV", first, ()),
        ("half of them moved, JSON report", moved, ("--json",)),
        ("import, XLSX", workbook, ()),
    ):
        done = ours(path, ledger, *options)
        missed = "" if done.mebibytes <= 300 else ", MISSED"
        told(f"{LARGE:,} people, {name}", done, beside)
        print(f"  peak resident memory {done.mebibytes:.0f} MiB (goal ≤ 300 MiB{missed})")


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = write_csv(folder / "small.csv", SMALL)
        nobody = write_csv(folder / "one.csv", 1)
        warm = folder / "warm.db"
        ours(nobody, warm, "--dry-run")  # compiles modules and corpus, as a first run does
        starting = median([ours(nobody, warm, "--dry-run") for _ in range(ROUNDS)])
        print(
            "a file of one person, which is what starting the command takes:"
            f" {starting.seconds:.2f} s, CPU {starting.cpu:.2f} s"
        )
        small(folder, rows, rows)
        small(folder, write_xlsx(folder / "small.xlsx", SMALL), rows)
        large(folder)


if __name__ == "__main__":
    main()
