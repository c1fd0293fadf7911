"""Who signs the evidence (Ed25519), and whose signature is believed.

A key is named by the start of its SHA-256, so that a name that somebody has kept cannot stand for another
key. The key that replaces one is endorsed by it: who knows the first key believes all that follow.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import rfc8785
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization as form
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from bot.campaigns.evidence import Checkpoint, checkpoint_content

ID_DIGITS = 32
PUBLIC_BYTES = 32
SIGNATURE_BYTES = 64


@dataclass(frozen=True, slots=True)
class PublicKey:
    raw: bytes

    @property
    def key_id(self) -> str:
        return sha256(self.raw).hexdigest()[:ID_DIGITS]

    def signed(self, content: bytes, signature: str) -> bool:
        """Whether `signature` (hexadecimal) is this key's over `content`."""
        try:
            # One way to write it: fromhex alone would also take capitals and blanks.
            raw = bytes.fromhex(signature)
            Ed25519PublicKey.from_public_bytes(self.raw).verify(raw, content)
        except (InvalidSignature, ValueError):
            return False
        return raw.hex() == signature

    def pem(self) -> str:
        key = Ed25519PublicKey.from_public_bytes(self.raw)
        return key.public_bytes(form.Encoding.PEM, form.PublicFormat.SubjectPublicKeyInfo).decode()


def read_public(pem: bytes) -> PublicKey:
    """Raises ValueError if it is not an Ed25519 public key."""
    try:
        key = form.load_pem_public_key(pem)
    except UnsupportedAlgorithm as error:
        raise ValueError("not an Ed25519 key") from error
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError("not an Ed25519 key")
    return PublicKey(key.public_bytes_raw())


class Signer:
    """Holds a private key. Does not show it, not even in a traceback."""

    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private
        self.public = PublicKey(private.public_key().public_bytes_raw())

    @property
    def key_id(self) -> str:
        return self.public.key_id

    def sign(self, content: bytes) -> str:
        return self._private.sign(content).hex()

    def checkpoint(self, size: int, root: bytes, at: int) -> Checkpoint:
        content = checkpoint_content(size, root.hex(), at, self.key_id)
        return Checkpoint(size, root.hex(), at, self.key_id, self.sign(content))

    def pem(self) -> bytes:
        """The private key, for its file only."""
        return self._private.private_bytes(form.Encoding.PEM, form.PrivateFormat.PKCS8, form.NoEncryption())


def new_signer() -> Signer:
    return Signer(Ed25519PrivateKey.generate())


def read_signer(pem: bytes) -> Signer:
    """Raises ValueError if it is not an Ed25519 private key without a password."""
    try:
        key = form.load_pem_private_key(pem, None)
    except (TypeError, UnsupportedAlgorithm) as error:
        raise ValueError("not an Ed25519 key") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ValueError("not an Ed25519 key")
    return Signer(key)


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A key as the ledger knows it. `public_key` and `endorsement` in hexadecimal; `endorsed_by`: the key it
    replaced, None: it replaced none (the first one, or one made after the old one was lost)."""

    key_id: str
    public_key: str
    at: int
    endorsed_by: str | None = None
    endorsement: str | None = None

    def content(self) -> bytes:
        """What the endorsement signs."""
        return rfc8785.dumps({"at": self.at, "by": self.endorsed_by, "key": self.public_key, "type": "key"})

    def key(self) -> PublicKey | None:
        """None: the record does not fit together."""
        try:
            key = PublicKey(bytes.fromhex(self.public_key))
        except (TypeError, ValueError):
            return None
        return key if key.key_id == self.key_id and len(key.raw) == PUBLIC_BYTES else None


def record_of(new: Signer, at: int, old: Signer | None = None) -> KeyRecord:
    plain = KeyRecord(new.key_id, new.public.raw.hex(), at, old.key_id if old else None)
    if old is None:
        return plain
    return KeyRecord(plain.key_id, plain.public_key, at, old.key_id, old.sign(plain.content()))


def newest(records: Sequence[KeyRecord]) -> Sequence[str]:
    """The name of the key that signs: the latest of those that no other one has replaced; several only where
    they came in the same second."""
    replaced = {record.endorsed_by for record in records}
    last = [record for record in records if record.key_id not in replaced]
    at = max((record.at for record in last), default=0)
    return [record.key_id for record in last if record.at == at]


def unendorsed(records: Sequence[KeyRecord]) -> Sequence[str]:
    """The names of the keys that no earlier one endorses, beside the first: nothing but the file says that
    they are of the same installation. `records`: in the order of their moments."""
    known: dict[str, PublicKey] = {}
    alone: list[str] = []
    waiting = list(records)
    while waiting:
        following = [record for record in waiting if _endorsed(record, known)]
        if not following:
            following = [next((r for r in waiting if r.endorsed_by is None), waiting[0])]
            alone.append(str(following[0].key_id))
        known |= {record.key_id: key for record in following if (key := record.key()) is not None}
        waiting = [record for record in waiting if record not in following]
    return alone[1:]


def believed(
    records: Sequence[KeyRecord], given: Iterable[PublicKey] = (), pinned: Iterable[str] = ()
) -> Mapping[str, PublicKey]:
    """The keys whose signatures count, by name. `given`: keys that the reader brings; `pinned`: names of keys
    that she trusts. Without any of them the keys that replaced none are believed as they are: somebody who
    replaced everything could have written them."""
    known = {key.key_id: key for key in given}
    pins = set(pinned)
    trusting = not known and not pins
    for record in records:
        first = trusting and record.endorsed_by is None
        if (first or record.key_id in pins) and (key := record.key()) is not None:
            known[record.key_id] = key
    while found := [r for r in records if r.key_id not in known and _endorsed(r, known)]:
        known |= {record.key_id: key for record in found if (key := record.key()) is not None}
    return known


def _endorsed(record: KeyRecord, known: Mapping[str, PublicKey]) -> bool:
    by = known.get(record.endorsed_by or "")
    if by is None or record.key() is None or not isinstance(record.endorsement, str):
        return False
    try:
        return by.signed(record.content(), record.endorsement)
    except ValueError:  # a cell of a type that cannot be written
        return False
