"""Checks an evidence bundle without the ledger: which event was changed, dropped, inserted or moved, which
signature is forged, whether the end was cut off. Reads the events once, in memory logarithmic in their
number.

What each check rests on: the leaves must give the signed roots; a leaf says its own place; opened contents
must fit their commitments; a signed seal holds a digest of every other table.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Protocol

import rfc8785

from bot.campaigns.evidence import Checkpoint, Entry, Frontier, commitment, leaf_hash, read_entry
from bot.campaigns.signing import KeyRecord, PublicKey, believed

EVENTS, OPENINGS, CHECKPOINTS, KEYS, SEAL = (
    "evidence_events",
    "evidence_openings",
    "evidence_checkpoints",
    "evidence_keys",
    "evidence_seal",
)
UNSEALED = (EVENTS, SEAL)
"""The tree and the signature guard these two; every other table of the file has its digest in the seal."""

MOST = 200
"""Findings that are kept; of the others only the number."""

SCHEMA = "*"
"""The name under which the seal holds the digest of the tables' definitions."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong. `kind` is the key of its sentence in locales/ after "evidence.found_". `seq`: the
    event that it speaks of, None: it speaks of none."""

    kind: str
    seq: int | None = None
    values: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seal:
    """The last signature of a bundle. `campaign`: whose contents are opened in it, None: all. `tables`: the
    digests of its tables."""

    at: int
    campaign: int | None
    key_id: str
    root: str
    size: int
    tables: Mapping[str, str]

    def content(self) -> bytes:
        """What is signed, and stands in the bundle."""
        return rfc8785.dumps(
            {
                "at": self.at,
                "campaign": self.campaign,
                "key": self.key_id,
                "root": self.root,
                "size": self.size,
                "tables": dict(self.tables),
                "type": "seal",
            }
        )


def read_seal(content: str) -> Seal:
    """Raises ValueError if it is none."""
    found: Any = json.loads(content)
    try:
        seal = Seal(
            found["at"], found["campaign"], found["key"], found["root"], found["size"], found["tables"]
        )
        if seal.content().decode() != content or type(seal.size) is not int:
            raise ValueError("not a seal")
    except (TypeError, KeyError) as error:
        raise ValueError("not a seal") from error
    return seal


class Bundle(Protocol):
    """An opened bundle. Cells come as they stand in the file: of any type."""

    def seals(self) -> Sequence[tuple[Any, Any]]:
        """(content, signature)."""
        ...

    def keys(self) -> Sequence[KeyRecord]: ...

    def checkpoints(self) -> Iterable[Checkpoint]:
        """By size."""
        ...

    def events(self) -> Iterator[tuple[int, Any, Any]]:
        """(number, entry, hash of the leaf), by number."""
        ...

    def openings(self) -> Iterator[tuple[int, Any, Any]]:
        """(number, salt, subject), by number; both None: forgotten."""
        ...

    def digests(self) -> Mapping[str, str]:
        """Of every table but UNSEALED, and SCHEMA."""
        ...


@dataclass(slots=True)
class Report:
    """`findings` empty: the bundle holds; `more`: those beyond MOST. `keys`: whose signatures it rests on;
    `pinned`: the reader knew them. `forgotten`: opened events that were erased on a person's demand."""

    findings: list[Finding] = field(default_factory=list)
    more: int = 0
    events: int = 0
    checkpoints: int = 0
    forgotten: int = 0
    keys: tuple[str, ...] = ()
    pinned: bool = False

    def add(self, kind: str, seq: int | None = None, **values: str | int) -> None:
        if len(self.findings) < MOST:
            self.findings.append(Finding(kind, seq, values))
        else:
            self.more += 1


def inspect(bundle: Bundle, given: Sequence[PublicKey] = (), held: Sequence[Checkpoint] = ()) -> Report:
    """`given`: public keys that the reader trusts. `held`: checkpoints that she has kept: they name the key
    they were signed with, and the log must still be the one that they speak of."""
    return _Inspection(bundle, given, held).report()


class _Inspection:
    def __init__(self, bundle: Bundle, given: Sequence[PublicKey], held: Sequence[Checkpoint]) -> None:
        self._bundle = bundle
        self._held = held
        self._report = Report(pinned=bool(given or held))
        self._digests = bundle.digests()
        records = bundle.keys()
        self._keys = dict(believed(records, given, [] if given else [kept.key_id for kept in held]))
        self._records = records
        for record in records:
            if record.key() is None:
                self._report.add("key_broken", signer=str(record.key_id))

    def report(self) -> Report:
        seal = self._seal()
        self._tables(seal)
        signed = self._checkpoints()
        self._events(seal, signed)
        used = {checkpoint.key_id for checkpoint in signed} | {seal.key_id if seal else ""}
        self._report.keys = tuple(sorted(used & set(self._keys)))
        self._report.checkpoints = len(signed)
        return self._report

    def _signed(self, signed: Checkpoint | Seal, signature: object) -> bool:
        key = self._keys.get(signed.key_id)
        try:
            content = signed.content()
        except ValueError:  # a cell of a type that cannot be written
            return False
        return key is not None and isinstance(signature, str) and key.signed(content, signature)

    # --- the seal and what it guards ---------------------------------------------------------

    def _seal(self) -> Seal | None:
        rows = self._bundle.seals()
        if len(rows) != 1:
            self._report.add("seal_missing", count=len(rows))
            return None
        content, signature = rows[0]
        try:
            seal = read_seal(content)
        except (TypeError, ValueError):
            self._report.add("seal_broken")
            return None
        if seal.key_id not in self._keys:
            self._report.add("key_unknown", signer=str(seal.key_id))
        elif not self._signed(seal, signature):
            self._report.add("seal_forged", signer=seal.key_id)
        else:
            self._vouch(seal)
        return seal

    def _vouch(self, seal: Seal) -> None:
        """Who signed the seal answers for the list of keys: the older ones are believed too."""
        if seal.tables.get(KEYS) == self._digests.get(KEYS):
            self._keys |= {record.key_id: key for record in self._records if (key := record.key())}

    def _tables(self, seal: Seal | None) -> None:
        if seal is None:
            return
        now, then = self._digests, seal.tables
        for name in sorted({*now, *then}):
            if name not in then:
                self._report.add("table_added", table=name)
            elif name not in now:
                self._report.add("table_dropped", table=name)
            elif now[name] != then[name]:
                self._report.add("schema_changed" if name == SCHEMA else "table_changed", table=name)

    def _checkpoints(self) -> list[Checkpoint]:
        """Those of the bundle and those that the reader holds, by size. A forged one is named, and still
        compared: both can be wrong."""
        own = list(self._bundle.checkpoints())
        unknown: set[str] = set()
        for kind, checkpoint in chain((("checkpoint", c) for c in own), (("held", c) for c in self._held)):
            if checkpoint.key_id not in self._keys:
                if checkpoint.key_id not in unknown:
                    self._report.add("key_unknown", signer=str(checkpoint.key_id))
                unknown.add(checkpoint.key_id)
            elif not self._signed(checkpoint, checkpoint.signature):
                self._report.add(f"{kind}_forged", size=checkpoint.size, signer=checkpoint.key_id)
        if not own:
            self._report.add("no_checkpoint")
        return own

    # --- the events --------------------------------------------------------------------------

    def _events(self, seal: Seal | None, signed: Sequence[Checkpoint]) -> None:
        tree, order = Frontier(), _Order(self._report)
        roots = _Roots(signed, self._held, self._report)
        openings = _Openings(self._bundle.openings(), seal, self._report)
        for row, text, digest in self._bundle.events():
            entry = self._entry(row, text)
            if entry is not None and leaf_hash(text) != digest:
                self._report.add("changed", entry.seq, what=entry.kind, at=entry.at)
            order.follow(row, entry)
            openings.follow(row, entry)
            tree.push(leaf_hash(text if isinstance(text, str) else ""))
            roots.follow(tree)
        order.end()
        openings.rest()
        self._report.events = tree.size
        self._ends(seal, signed, tree)

    def _entry(self, row: int, text: object) -> Entry | None:
        try:
            if isinstance(text, str):
                return read_entry(text)
        except (TypeError, ValueError, RecursionError):
            pass
        self._report.add("unreadable", row)
        return None

    def _ends(self, seal: Seal | None, signed: Sequence[Checkpoint], tree: Frontier) -> None:
        size = tree.size
        for held in self._held:
            if held.size > size:
                self._report.add("truncated", None, held=held.size, size=size, lost=held.size - size)
        last = max((checkpoint.size for checkpoint in signed), default=0)
        if last > size:
            self._report.add("tail", None, signed=last, size=size, lost=last - size)
        elif last < size and last:
            self._report.add("uncovered", None, first=last + 1, last=size)
        if seal is not None and (seal.size != size or seal.root != tree.root().hex()):
            self._report.add("seal_elsewhere", None, sealed=str(seal.size), size=size)


class _Roots:
    """Compares the tree with every checkpoint as it grows past it. After the first difference all later roots
    differ too: only the first is said, with the stretch in which the cause lies."""

    def __init__(self, signed: Sequence[Checkpoint], held: Sequence[Checkpoint], report: Report) -> None:
        self._waiting: dict[int, list[tuple[str, str]]] = {}
        for kind, checkpoint in chain((("root", c) for c in signed), (("rewritten", c) for c in held)):
            self._waiting.setdefault(checkpoint.size, []).append((kind, checkpoint.root))
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
            self._report.add("inserted", None, row=row - 1, count=-off, what=entry.kind, at=entry.at)

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
        while self._next is not None and self._next[0] < row:
            self._extra()
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

    def rest(self) -> None:
        while self._next is not None:
            self._extra()

    def _compare(self, entry: Entry, opened: tuple[int, Any, Any]) -> None:
        _, salt, subject = opened
        if salt is None and subject is None:
            self._report.forgotten += 1
            return
        whole = isinstance(salt, bytes) and isinstance(subject, str)
        if not whole or commitment(salt, subject) != entry.commitment:
            self._report.add("opening_changed", entry.seq, what=entry.kind, at=entry.at)

    def _extra(self) -> None:
        if self._next is not None:
            self._report.add("opening_extra", self._next[0])
            self._next = next(self._rows, None)
