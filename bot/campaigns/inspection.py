"""Checks an evidence bundle without the ledger: who signed it, whether the signatures and the seal's digests
hold, and (log_inspection.py) every event. Reads the events once, in memory logarithmic in their number.

What each check rests on: the leaves must give the signed roots; a leaf says its own place; opened contents
must fit their commitments; a signed seal holds a digest of every other table.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

from bot.campaigns.bundle import KEYS, SCHEMA, Bundle, Seal, read_seal
from bot.campaigns.evidence import Checkpoint
from bot.campaigns.findings import Report
from bot.campaigns.log_inspection import inspect_log
from bot.campaigns.signing import PublicKey, believed, unendorsed


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
        self._unknown: set[str] = set()
        self._report.unendorsed = tuple(unendorsed(records))
        self._keys = dict(believed(records, given, [] if given else [kept.key_id for kept in held]))
        self._records = records
        for record in records:
            if record.key() is None:
                self._report.add("key_broken", signer=str(record.key_id))

    def report(self) -> Report:
        seal = self._seal()
        if seal is not None:
            self._tables(seal)
        signed = self._checkpoints()
        inspect_log(self._bundle, seal, signed, self._held, self._report)
        used = {checkpoint.key_id for checkpoint in signed} | {seal.key_id if seal else ""}
        self._report.keys = tuple(sorted(used & set(self._keys)))
        self._report.checkpoints = len(signed)
        return self._report

    def _signed(self, signed: Checkpoint | Seal, signature: object) -> bool:
        """Whether it is signed with the key that it names, a known one."""
        try:
            content = signed.content()
        except ValueError:  # a cell of a type that cannot be written
            return False
        return isinstance(signature, str) and self._keys[signed.key_id].signed(content, signature)

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
            self._stranger(seal.key_id)
        elif not self._signed(seal, signature):
            self._report.add("seal_forged", signer=seal.key_id)
        else:
            self._vouch(seal)
        return seal

    def _stranger(self, key_id: str) -> None:
        """Said once, however much it has signed."""
        if key_id not in self._unknown:
            self._report.add("key_unknown", signer=str(key_id))
        self._unknown.add(key_id)

    def _vouch(self, seal: Seal) -> None:
        """Who signed the seal answers for the list of keys: the older ones are believed too."""
        if seal.tables.get(KEYS) == self._digests.get(KEYS):
            self._keys |= {record.key_id: key for record in self._records if (key := record.key())}

    def _tables(self, seal: Seal) -> None:
        now, then = self._digests, seal.tables
        for name in sorted({*now, *then}):
            if name not in then:
                self._report.add("table_added", table=name)
            elif name not in now:
                self._report.add("table_dropped", table=name)
            elif now[name] != then[name]:
                self._report.add("schema_changed" if name == SCHEMA else "table_changed", table=name)

    def _checkpoints(self) -> list[Checkpoint]:
        """Those of the bundle, by size. Looks at those that the reader holds too. A forged one is named, and
        still compared with the events: both can be wrong."""
        own = list(self._bundle.checkpoints())
        for kind, checkpoint in chain((("checkpoint", c) for c in own), (("held", c) for c in self._held)):
            if checkpoint.key_id not in self._keys:
                self._stranger(checkpoint.key_id)
            elif not self._signed(checkpoint, checkpoint.signature):
                self._report.add(f"{kind}_forged", size=checkpoint.size, signer=checkpoint.key_id)
        if not own:
            self._report.add("no_checkpoint")
        return own
