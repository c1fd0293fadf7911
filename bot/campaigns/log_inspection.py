"""Checks the events of a bundle: which was changed, dropped, inserted or moved, whose opened content does not
fit, and whether the end was cut off.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from bot.campaigns.bundle import Bundle, Seal
from bot.campaigns.evidence import Checkpoint, Entry, Frontier, commitment, leaf_hash, read_entry
from bot.campaigns.findings import Report


def inspect_log(
    bundle: Bundle,
    seal: Seal | None,
    signed: Sequence[Checkpoint],
    held: Sequence[Checkpoint],
    report: Report,
) -> None:
    """`signed`: the checkpoints of the bundle; `held`: those that the reader has kept."""
    tree, order, roots = Frontier(), _Order(report), _Roots(signed, held, report)
    openings = _Openings(bundle.openings(), seal, report)
    for row, text, digest in bundle.events():
        entry = _entry(row, text, report)
        leaf = leaf_hash(text if isinstance(text, str) else "")
        if entry is not None and leaf != digest:
            report.add("changed", entry.seq, what=entry.kind, at=entry.at)
        order.follow(row, entry)
        openings.follow(row, entry)
        tree.push(leaf)
        roots.follow(tree)
    order.end()
    openings.end()
    roots.end(tree.size)
    report.events = tree.size
    if seal is not None and (seal.size != tree.size or seal.root != tree.root().hex()):
        report.add("seal_elsewhere", sealed=str(seal.size), size=tree.size)


def _entry(row: int, text: object, report: Report) -> Entry | None:
    try:
        if isinstance(text, str):
            return read_entry(text)
    except (TypeError, ValueError, RecursionError):
        pass
    report.add("unreadable", row)
    return None


class _Roots:
    """Compares the tree with every checkpoint as it grows past it, and at the end its size. After the first
    difference all later roots differ too: only the first is said, with the stretch in which the cause
    lies."""

    def __init__(self, signed: Sequence[Checkpoint], held: Sequence[Checkpoint], report: Report) -> None:
        self._waiting: dict[int, list[tuple[str, str]]] = {}
        for kind, checkpoint in chain((("root", c) for c in signed), (("rewritten", c) for c in held)):
            self._waiting.setdefault(checkpoint.size, []).append((kind, checkpoint.root))
        self._last = max((checkpoint.size for checkpoint in signed), default=0)
        self._held = held
        self._report = report
        self._said: set[str] = set()
        self._good = 0

    def follow(self, tree: Frontier) -> None:
        waiting = self._waiting.get(tree.size)
        if waiting is None:
            return
        root = tree.root().hex()
        for kind, signed in waiting:
            if signed != root and kind not in self._said:
                self._said.add(kind)
                self._report.add(kind, first=self._good + 1, last=tree.size)
        if not self._said:
            self._good = tree.size

    def end(self, size: int) -> None:
        for held in self._held:
            if held.size > size:
                self._report.add("truncated", held=held.size, size=size, lost=held.size - size)
        last = self._last
        if last > size:
            self._report.add("tail", signed=last, size=size, lost=last - size)
        elif last < size and last:
            self._report.add("uncovered", first=last + 1, last=size)


class _Order:
    """Compares the number that a leaf says with the row in which it stands. Rows that are off by the same
    number one after another are one finding: something was dropped or inserted before them, and the rest
    renumbered."""

    def __init__(self, report: Report) -> None:
        self._report = report
        self._row = 0
        self._run: list[tuple[int, Entry]] = []  # first and last of a stretch that is off alike

    def follow(self, row: int, entry: Entry | None) -> None:
        if row > self._row + 1:
            self._flush()
            self._missing(self._row + 1, row - 1)
        elif row < 1:
            self._report.add("unreadable", row)
        self._row = row
        off = entry.seq - row if entry is not None else 0
        if not self._run or self._run[0][1].seq - self._run[0][0] != off:
            self._flush()
        if off and entry is not None:
            self._run = [*self._run[:1], (row, entry)]

    def end(self) -> None:
        self._flush()

    def _flush(self) -> None:
        run, self._run = self._run, []
        if not run:
            return
        row, entry = run[0]
        off = entry.seq - row
        if len(run) == 1:
            self._report.add("moved", entry.seq, row=row, what=entry.kind, at=entry.at)
        elif off > 0:
            self._missing(row, row + off - 1)
        else:
            self._report.add("inserted", row=row - 1, count=-off, what=entry.kind, at=entry.at)

    def _missing(self, first: int, last: int) -> None:
        if first == last:
            self._report.add("missing_one", first)
        else:
            self._report.add("missing", first, first=first, last=last)


class _Openings:
    """Walks the opened contents beside the events. Every event of the seal's campaign has one, forgotten or
    not, and no other has."""

    def __init__(self, rows: Iterator[tuple[int, Any, Any]], seal: Seal | None, report: Report) -> None:
        self._rows = rows
        self._seal = seal
        self._report = report
        self._next = next(rows, None)

    def follow(self, row: int, entry: Entry | None) -> None:
        self._extra(row)
        opened = self._next if self._next is not None and self._next[0] == row else None
        if opened is not None:
            self._next = next(self._rows, None)
        if entry is None:
            return
        expected = self._seal is not None and self._seal.campaign in (None, entry.campaign)
        if opened is None:
            if expected:
                self._report.add("opening_missing", entry.seq, what=entry.kind, at=entry.at)
        elif self._seal is not None and not expected:
            self._report.add("opening_extra", row)
        else:
            self._compare(entry, opened)

    def end(self) -> None:
        self._extra(math.inf)

    def _compare(self, entry: Entry, opened: tuple[int, Any, Any]) -> None:
        _, salt, subject = opened
        if salt is None and subject is None:
            self._report.forgotten += 1
            return
        whole = isinstance(salt, bytes) and isinstance(subject, str)
        if not whole or commitment(salt, subject) != entry.commitment:
            self._report.add("opening_changed", entry.seq, what=entry.kind, at=entry.at)

    def _extra(self, row: float) -> None:
        """Those before `row` that stand beside no event."""
        while self._next is not None and self._next[0] < row:
            self._report.add("opening_extra", self._next[0])
            self._next = next(self._rows, None)
