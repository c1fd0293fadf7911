"""An employee's receipt: proves, without the ledger, that an event of hers is in the log under a checkpoint.

It carries the opened commitment (who and how), the path of hashes up to the root, and the signature over that
root with the public key. As text it is one word, in the letters that a QR code packs best.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import struct
from dataclasses import dataclass
from typing import Any

import rfc8785
from pymerkle import InclusionProof, InvalidProof  # type: ignore[import-untyped]  # the package has no types

from bot.campaigns.evidence import (
    SALT_BYTES,
    Checkpoint,
    Entry,
    commitment,
    leaf_hash,
)
from bot.campaigns.signing import PUBLIC_BYTES, SIGNATURE_BYTES, PublicKey

MARK = "EDARAN1."
HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class Receipt:
    """`subject`: what was committed to, canonical JSON. `root`: that of the checkpoint, in hexadecimal."""

    entry: Entry
    salt: bytes
    subject: str
    proof: InclusionProof
    checkpoint: Checkpoint
    key: PublicKey

    def code(self) -> str:
        """Short enough to be read out: the event's number and the start of its hash."""
        digest = leaf_hash(self.entry.text()).hex()[:12].upper()
        return "-".join((str(self.entry.seq), digest[:4], digest[4:8], digest[8:]))

    def token(self) -> str:
        """The whole receipt as one word."""
        head = rfc8785.dumps(
            {
                "a": self.entry.at,
                "c": self.entry.campaign,
                "k": self.entry.kind,
                "n": self.entry.seq,
                "s": self.subject,
                "t": self.checkpoint.at,
                "z": self.checkpoint.size,
            }
        )
        rule = sum(bit << place for place, bit in enumerate(self.proof.rule))
        parts = (
            struct.pack(">HB", len(head), len(self.proof.path)),
            head,
            rule.to_bytes(16, "big"),
            self.salt,
            self.key.raw,
            bytes.fromhex(self.checkpoint.signature),
            *self.proof.path[1:],
        )
        return MARK + base64.b32encode(b"".join(parts)).decode().rstrip("=")

    def holds(self) -> bool:
        """Whether the event is in the tree that the key has signed. Whose key it is, the reader must know."""
        try:
            self.proof.verify(
                leaf_hash(self.entry.text()),
                bytes.fromhex(self.checkpoint.root),
                index=self.entry.seq,
                size=self.checkpoint.size,
                algorithm="sha256",
            )
        except (InvalidProof, ValueError):
            return False
        opened = commitment(self.salt, self.subject) == self.entry.commitment
        return opened and self.key.signed(self.checkpoint.content(), self.checkpoint.signature)


def read_receipt(text: str) -> Receipt:
    """The receipt in a text (its word may be broken over lines). Raises ValueError if there is none, or if it
    is damaged beyond reading; one that was changed is read, and does not hold."""
    _, mark, rest = text.upper().partition(MARK)
    if not mark:
        raise ValueError("no receipt")
    word = "".join(rest.split())
    try:
        receipt = _unpacked(base64.b32decode(word + "=" * (-len(word) % 8)))
    except (binascii.Error, struct.error, AttributeError, KeyError, TypeError) as error:
        raise ValueError("not a receipt") from error
    if receipt.token() != MARK + word:  # one way to write it
        raise ValueError("not a receipt")
    return receipt


def _unpacked(data: bytes) -> Receipt:
    stream = io.BytesIO(data)
    head_bytes, steps = struct.unpack(">HB", stream.read(3))
    head: Any = json.loads(stream.read(head_bytes))
    rule = int.from_bytes(stream.read(16), "big")
    salt, public = stream.read(SALT_BYTES), stream.read(PUBLIC_BYTES)
    signature = stream.read(SIGNATURE_BYTES).hex()
    path = [stream.read(HASH_BYTES) for _ in range(steps - 1)]
    if stream.read() or any(len(step) != HASH_BYTES for step in path):
        raise ValueError("not a receipt")
    entry = Entry(head["n"], head["a"], head["k"], head["c"], commitment(salt, head["s"]))
    bits = [rule >> place & 1 for place in range(steps)]
    whole = [leaf_hash(entry.text()), *path]
    proof = InclusionProof("sha256", True, head["z"], entry.seq, bits, whole)
    key = PublicKey(public)
    root = proof.compute_root().hex()
    checkpoint = Checkpoint(head["z"], root, head["t"], key.key_id, signature)
    checkpoint.content()  # raises where a value cannot be written
    return Receipt(entry, salt, head["s"], proof, checkpoint, key)


def picture(receipt: Receipt, kind: str = "svg") -> bytes:
    """The receipt as a QR code. `kind`: "svg" or "png"."""
    import segno  # only here: a receipt is mostly asked for as text

    code = segno.make(receipt.token(), error="l", micro=False)
    sink = io.BytesIO()
    code.save(sink, kind=kind, scale=4, border=4)
    return sink.getvalue()
