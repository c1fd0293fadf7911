"""Whether a body is WhatsApp's, and how it is kept until it is worked off. Pure but for the nonces.

pywa's own check is not used: it is a coroutine in its asynchronous client, so that a forgotten `await` would
let everything in, and it fails on a header that is not ASCII.
"""

from __future__ import annotations

import hmac
import os
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PREFIX = "sha256="
NONCE = 12


def signature(secret: bytes, body: bytes) -> str:
    """Hex; the mark under which a body is known."""
    return hmac.new(secret, body, sha256).hexdigest()


def signed(mark: str, header: str) -> bool:
    """Whether the header holds this signature; takes the same time whatever it holds."""
    return hmac.compare_digest(f"{PREFIX}{mark}".encode(), header.encode("utf-8", "replace"))


def same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())


class Seal:
    """Keeps what people wrote from whoever reads the ledger or its copies: the key is made of the app's
    secret, which is in neither."""

    def __init__(self, secret: bytes) -> None:
        self._key = AESGCM(hmac.new(secret, b"edaran webhook bodies", sha256).digest())

    def close(self, mark: str, body: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return nonce + self._key.encrypt(nonce, body, mark.encode())

    def open(self, mark: str, sealed: bytes) -> bytes | None:
        """None: sealed with another secret, or broken."""
        try:
            return self._key.decrypt(sealed[:NONCE], sealed[NONCE:], mark.encode())
        except (InvalidTag, ValueError):
            return None
