"""What happened, so that nobody can change it afterwards: the nouns of the evidence.

An event becomes a leaf of a Merkle log. The leaf says in the open when something happened, of what kind and
in which campaign; whom it concerns and how stands in it only as a salted commitment. Who forgets the salt
makes the commitment say nothing, and the tree still holds. A checkpoint signs how many leaves there were and
their root.

Moments are whole seconds since 1970 (UTC), as in the ledger. Pure: salts and moments are arguments.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from types import MappingProxyType
from typing import Any

import rfc8785
from pymerkle.hasher import MerkleHasher  # type: ignore[import-untyped]  # the package has no types

SALT_BYTES = 16
"""Enough that nobody can try the few people and details there are; short enough for a code that is
scanned."""

BLOCK_LEVEL = 6
"""Nodes over 2**6 leaves and more are kept; what lies below is computed from the leaves themselves."""

HASHER = MerkleHasher("sha256")
VERSION = 1

MOST = 2**53
"""From here on JSON numbers are not exact everywhere."""

_canonical = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode
"""RFC 8785 for objects of strings and exact integers under plain names: five times as fast as `rfc8785`,
which writes all that is signed, and with which the tests compare it."""

_KIND = re.compile(r"[a-z][a-z0-9_]{0,39}")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_FIELDS = ("at", "campaign", "commitment", "kind", "seq", "v")


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `kind`: small letters ("sent", "acknowledged"; a `Step`'s value for what was
    done to a campaign). `campaign`: None where it concerns none. `person`: whom it speaks of, None: nobody.
    `details` hold no name, number, phone or id of anybody else: they are forgotten only together with
    `person`."""

    kind: str
    at: int
    campaign: int | None = None
    person: int | None = None
    details: Mapping[str, str | int] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        wrong = [name for name in self.details if not _NAME.fullmatch(name)]
        if wrong or not _KIND.fullmatch(self.kind):
            raise ValueError(f"not a name for evidence: {wrong or self.kind}")
        numbers = (value for value in self.details.values() if isinstance(value, int))
        if not all(-MOST < number < MOST for number in (self.at, *numbers)):
            raise ValueError("not a number for evidence")


def subject_of(event: Event) -> str:
    """What the commitment hides, as canonical JSON (RFC 8785)."""
    return _canonical({"details": dict(event.details), "person": event.person})


def commitment(salt: bytes, subject: str) -> str:
    """Binds to the subject and says nothing of it without the salt, which has a fixed length."""
    return sha256(salt + subject.encode(errors="surrogateescape")).hexdigest()


@dataclass(frozen=True, slots=True)
class Entry:
    """A leaf's content. `seq`: its place in the log, from 1."""

    seq: int
    at: int
    kind: str
    campaign: int | None
    commitment: str

    def text(self) -> str:
        """Canonical JSON (RFC 8785): one way to write it, so that its hash can be checked anywhere."""
        return _canonical(
            {
                "at": self.at,
                "campaign": self.campaign,
                "commitment": self.commitment,
                "kind": self.kind,
                "seq": self.seq,
                "v": VERSION,
            }
        )


def entry_of(event: Event, seq: int, salt: bytes, subject: str) -> Entry:
    return Entry(seq, event.at, event.kind, event.campaign, commitment(salt, subject))


def read_entry(text: str) -> Entry:
    """Raises ValueError if it is not the content of a leaf."""
    found = json.loads(text)
    if not isinstance(found, dict) or tuple(sorted(found)) != _FIELDS or found.pop("v") != VERSION:
        raise ValueError("not an entry")
    entry = Entry(**found)
    numbers = (entry.seq, entry.at, 0 if entry.campaign is None else entry.campaign)
    if not all(type(number) is int for number in numbers) or not isinstance(entry.commitment, str):
        raise ValueError("not an entry")
    if not isinstance(entry.kind, str):
        raise ValueError("not an entry")
    return entry


def leaf_hash(entry: str) -> bytes:
    digest: bytes = HASHER.hash_buff(entry.encode(errors="surrogateescape"))
    return digest


Node = tuple[int, int, bytes]
"""(level, place, hash): the root over 2**level leaves, the place-th of its level from 0."""


class Frontier:
    """A tree that only grows at its end: the roots of its perfect subtrees, greatest first. Memory is
    logarithmic in the number of leaves."""

    def __init__(self, size: int = 0, roots: Sequence[bytes] = ()) -> None:
        self.size = size
        self._roots = list(roots)

    def push(self, leaf: bytes) -> list[Node]:
        """Adds a leaf; returns the nodes from BLOCK_LEVEL up that became complete."""
        done: list[Node] = []
        node, level = leaf, 0
        while self.size >> level & 1:
            node = HASHER.hash_pair(self._roots.pop(), node)
            level += 1
            if level >= BLOCK_LEVEL:
                done.append((level, self.size >> level, node))
        self._roots.append(node)
        self.size += 1
        return done

    def root(self) -> bytes:
        """As RFC 9162 defines it."""
        root: bytes = HASHER.hash_fold(self._roots[::-1]) if self._roots else HASHER.hash_empty()
        return root


def perfect_subtrees(size: int) -> list[tuple[int, int]]:
    """(level, place) of the roots that a frontier of `size` leaves holds."""
    found = []
    start = 0
    for level in range(size.bit_length() - 1, -1, -1):
        if size >> level & 1:
            found.append((level, start >> level))
            start += 1 << level
    return found


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Signed: the log had `size` events and the root `root` at the moment `at`. Root and signature in
    hexadecimal."""

    size: int
    root: str
    at: int
    key_id: str
    signature: str

    def content(self) -> bytes:
        """What is signed."""
        return checkpoint_content(self.size, self.root, self.at, self.key_id)

    def text(self) -> str:
        """A line to keep outside the ledger."""
        return rfc8785.dumps(asdict(self)).decode()


def checkpoint_content(size: int, root: str, at: int, key_id: str) -> bytes:
    return rfc8785.dumps({"at": at, "key": key_id, "root": root, "size": size, "type": "checkpoint"})


def read_checkpoint(text: str) -> Checkpoint:
    """Raises ValueError if it is none."""
    found: Any = json.loads(text)
    if not isinstance(found, dict):
        raise ValueError("not a checkpoint")
    try:
        checkpoint = Checkpoint(**found)
    except TypeError as error:
        raise ValueError("not a checkpoint") from error
    numbers = type(checkpoint.size) is int and type(checkpoint.at) is int and checkpoint.size > 0
    words = (checkpoint.root, checkpoint.key_id, checkpoint.signature)
    if not numbers or not all(isinstance(word, str) for word in words):
        raise ValueError("not a checkpoint")
    return checkpoint
