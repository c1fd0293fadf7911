"""What an evidence bundle consists of: its tables, the seal over them, and how a reader gets at its rows.

The tree and its checkpoints guard the events; the seal, signed last, holds a digest of every other table.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import rfc8785

from bot.campaigns.evidence import Checkpoint
from bot.campaigns.signing import KeyRecord

EVENTS, OPENINGS, CHECKPOINTS, KEYS, SEAL = (
    "evidence_events",
    "evidence_openings",
    "evidence_checkpoints",
    "evidence_keys",
    "evidence_seal",
)
UNSEALED = (EVENTS, SEAL)
"""The tree and the signature guard these two; every other table of the file has its digest in the seal."""

SCHEMA = "*"
"""The name under which the seal holds the digest of the tables' definitions."""


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
    try:
        found: Any = json.loads(content)
        seal = Seal(
            found["at"], found["campaign"], found["key"], found["root"], found["size"], found["tables"]
        )
        if seal.content().decode() != content or (type(seal.key_id), type(seal.size)) != (str, int):
            raise ValueError("not a seal")
    except (TypeError, KeyError, RecursionError) as error:
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
