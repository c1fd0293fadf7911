"""What an inspection of the evidence has found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

MOST = 200
"""Findings that are kept; of the others only the number."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong. `kind` is the key of its sentence in locales/ after "evidence.found_". `seq`: the
    event that it speaks of, None: it speaks of none."""

    kind: str
    seq: int | None = None
    values: Mapping[str, str | int] = field(default_factory=dict)


@dataclass(slots=True)
class Report:
    """`findings` empty: the bundle holds; `more`: those beyond MOST. `keys`: whose signatures it rests on;
    `pinned`: the reader knew them; `unendorsed`: those that no earlier one endorses. `forgotten`: opened
    events that were erased on a person's demand."""

    findings: list[Finding] = field(default_factory=list)
    more: int = 0
    events: int = 0
    checkpoints: int = 0
    forgotten: int = 0
    keys: tuple[str, ...] = ()
    pinned: bool = False
    unendorsed: tuple[str, ...] = ()

    def add(self, kind: str, seq: int | None = None, **values: str | int) -> None:
        if len(self.findings) < MOST:
            self.findings.append(Finding(kind, seq, values))
        else:
            self.more += 1
