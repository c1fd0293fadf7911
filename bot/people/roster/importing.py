"""The whole way of a roster: from a file to what changes in the ledger."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Protocol

from bot.people.rights import Action, Actor, Target, require
from bot.people.roster.changes import Kind, LedgerPerson, LedgerUnit
from bot.people.roster.columns import Layout, lay_out
from bot.people.roster.difference import Difference, compare, load_ledger, prepare
from bot.people.roster.mapping import WORDS, RosterMapping, from_plain, to_plain
from bot.people.roster.naming import UnitClasses, pattern_names, status_names, unit_names
from bot.people.roster.reading import RosterFile
from bot.people.roster.rows import Ended, Naming, Read, Rejection, RowReader, StaffRow
from bot.people.roster.staging import CHUNK, Staging
from bot.people.roster.tree import UnitTree
from bot.people.roster.units import plan_units
from bot.people.roster.words import RosterWords, folded, words_of
from bot.problems import Problem
from bot.vocabulary import Vocabulary, Wording

Progress = Callable[[int, int | None], None]
"""Rows read so far, and how many there are; None: not known."""


@dataclass(frozen=True, slots=True)
class RegencyFrame:
    """What reading a roster needs to know of its regency. `patterns`: those that people can belong to, by
    id."""

    id: str
    name: str
    patterns: Mapping[str, Wording]
    vocabulary: Vocabulary


class RosterReading(Protocol):
    """The ledger's staff of one regency, of one moment."""

    async def units(self) -> Sequence[LedgerUnit]:
        """Closed ones too."""

    def people(self) -> AsyncIterator[Sequence[LedgerPerson]]:
        """In batches; those who left too."""


class RosterWriting(RosterReading, Protocol):
    """A transaction in which nobody else changes the regency's staff."""

    async def apply(self, difference: Difference, digest: str) -> None:
        """Writes what differs, and that the file was imported."""

    async def keep_mapping(self, mapping: str) -> None:
        """As JSON, for the next file of the regency."""


class RosterLedger(Protocol):
    async def mapping(self, regency: str) -> str | None:
        """The mapping kept for the regency as JSON; None: none."""

    def reading(self, regency: str, day: date) -> AbstractAsyncContextManager[RosterReading]: ...

    def writing(self, regency: str, day: date, by: str) -> AbstractAsyncContextManager[RosterWriting]:
        """Commits at the end; an exception inside undoes all. `by`: the `Actor.name`."""

    async def target(self, regency: str) -> Target:
        """The regency itself; empty before its first import."""


# --- from the file to the staging database ---------------------------------------------------


@dataclass(frozen=True, slots=True)
class Staged:
    """A file that was read. `digest`: SHA-256 of it."""

    staging: Staging
    layout: Layout
    classes: UnitClasses
    digest: str


def propose(
    file: RosterFile, frame: RegencyFrame, mapping: RosterMapping | None, sheet: str | None
) -> Layout:
    """The columns by which the file would be read. Raises Problem."""
    _check_ids(frame, mapping)
    return lay_out(file, words_of(frame.vocabulary), mapping, sheet)


def stage(
    file: RosterFile, layout: Layout, frame: RegencyFrame, today: date, digest: str, progress: Progress
) -> Staged:
    """Reads every row into a temporary database, to be closed by the caller. Raises Problem, with nothing
    left behind, where the file breaks off."""
    words = words_of(frame.vocabulary)
    reader = RowReader(layout, _naming(frame, words, layout.mapping), today, strict=layout.sheet == "")
    staging = Staging(UnitTree(frame.name))
    try:
        rows = _read(file, layout, reader, progress)
        while chunk := list(islice(rows, CHUNK)):
            staging.add(row for row in chunk if row is not None)
        staging.settle()
    except BaseException:
        staging.close()
        raise
    own = layout.mapping.words.get("unit", {})
    return Staged(staging, layout, UnitClasses(frame.vocabulary, words, own), digest)


def _read(
    file: RosterFile, layout: Layout, reader: RowReader, progress: Progress
) -> Iterator[StaffRow | Rejection | Ended]:
    size = file.size(layout.sheet)
    for number, cells in file.rows(layout.sheet):
        if number % 500 == 0:
            progress(number, size)
        if number > layout.header_row:
            row: Read = reader.read(number, cells)
            if row is not None:
                yield row
    progress(size or 0, size)


def _naming(frame: RegencyFrame, words: RosterWords, mapping: RosterMapping) -> Naming:
    own = {name: mapping.words.get(name, {}) for name in WORDS}
    name = folded(frame.name)
    return Naming(
        statuses=status_names(frame.vocabulary, words, own["status"]),
        patterns=pattern_names(frame.patterns, words, own["pola"]),
        units=unit_names(frame.vocabulary, words, own["unit"]),
        numbers=words.numbers,
        regency=frozenset(
            {name, *(f"{before} {end}" for before in words.before_regency for end in _ends(name))}
        ),
    )


def _ends(name: str) -> tuple[str, str]:
    """A regency goes by its name with and without its first word."""
    return name, name.partition(" ")[2] or name


def _check_ids(frame: RegencyFrame, mapping: RosterMapping | None) -> None:
    """That what a mapping names exists."""
    if mapping is None:
        return
    statuses, units = tuple(frame.vocabulary.statuses), tuple(frame.vocabulary.units)
    known = {"status": statuses, "pola": tuple(frame.patterns), "unit": units}
    said = [
        *(("tetap", name.value, value) for name, value in mapping.fixed.items()),
        *(("sebutan", name, value) for name, words in mapping.words.items() for value in words.values()),
    ]
    for place, name, value in said:
        if value not in known[name]:
            listed = ", ".join(known[name])
            raise Problem("roster.map_unknown", place=f"{place}/{name}", name=value, known=listed)


def digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --- beside the ledger -----------------------------------------------------------------------


async def check_right(ledger: RosterLedger, actor: Actor, regency: str) -> None:
    """Raises RefusedError."""
    require(actor, Action.IMPORT_ROSTER, await ledger.target(regency))


async def dry_run(staged: Staged, ledger: RosterLedger, actor: Actor, regency: str, day: date) -> Difference:
    """What an import would change."""
    await check_right(ledger, actor, regency)
    async with ledger.reading(regency, day) as reading:
        return await _compared(staged, reading)


async def carry_out(
    staged: Staged,
    ledger: RosterLedger,
    actor: Actor,
    regency: str,
    day: date,
    *,
    accept_leavers: bool = False,
    keep_mapping: bool = True,
) -> Difference:
    """Applies the roster, all of it or nothing. Raises Problem if more than a tenth of the people would leave
    and that was not accepted."""
    await check_right(ledger, actor, regency)
    async with ledger.writing(regency, day, actor.name) as writing:
        difference = await _compared(staged, writing)
        if difference.too_many_leave and not accept_leavers:
            left = difference.counts[Kind.LEFT]
            raise Problem("roster.many_leavers", left=left, people=difference.present)
        await writing.apply(difference, staged.digest)
        if keep_mapping:
            await writing.keep_mapping(json.dumps(to_plain(staged.layout.mapping), ensure_ascii=False))
    return difference


def kept_mapping(kept: str | None) -> RosterMapping | None:
    """What the ledger keeps of `carry_out`."""
    return from_plain(json.loads(kept)) if kept is not None else None


async def _compared(staged: Staged, reading: RosterReading) -> Difference:
    units = await reading.units()
    plan = plan_units(staged.staging.units, units, staged.classes)
    prepare(staged.staging, plan)
    async for people in reading.people():
        load_ledger(staged.staging, people)
    return compare(staged.staging, plan, _paths(units))


def _paths(units: Sequence[LedgerUnit]) -> dict[int, str]:
    known = {unit.id: unit for unit in units}
    paths: dict[int, str] = {}
    for unit in units:
        names, at = [unit.name], known.get(unit.parent or 0)
        while at is not None and at.parent is not None and len(names) < len(units):
            names.append(at.name)
            at = known.get(at.parent)
        paths[unit.id] = " / ".join(reversed(names))
    return paths
