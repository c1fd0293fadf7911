"""The files with keys that stand beside the database, never in it: readable by their owner only."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from string import hexdigits

from bot.campaigns.signing import Signer, new_signer, read_signer
from bot.problems import Problem

SETTING = "EDARAN_EVIDENCE__KEY"
OTHERS = stat.S_IRWXG | stat.S_IRWXO
MOST_BYTES = 10_000
SECRET_BYTES = 32
NAME_BYTES = 8
SECRET_SETTING = "EDARAN_SUBSCRIPTIONS__KEY"


def signer_at(path: Path) -> Signer:
    """The key in the file; a new one where there is no file yet. Raises Problem where others may read the
    file, or what it holds is no key."""
    with _explained(path):
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _publish(new_signer().pem(), path)
        return _read(path)


def read_signer_at(path: Path) -> Signer:
    """The key in the file, which is there. Raises Problem as `signer_at`."""
    with _explained(path):
        return _read(path)


def secret_at(path: Path) -> bytes:
    """The secret in the file, under which subscriptions are kept; a new one where there is no file yet.
    Raises Problem where others may read the file, or what it holds is no secret."""
    with _explained(path, SECRET_SETTING):
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            _publish(secrets.token_hex(SECRET_BYTES).encode(), path)
        try:
            found = bytes.fromhex(_content(path).decode("ascii").strip())
        except ValueError:
            found = b""
        if len(found) != SECRET_BYTES:
            raise Problem("subscriptions.key_broken", path=path, setting=SECRET_SETTING)
        return found


def prepare(path: Path) -> tuple[Signer, Path]:
    """A new key in a file beside `path`, to be moved there once the ledger knows it (`put_in_place`)."""
    with _explained(path):
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        signer = new_signer()
        return signer, _write(signer.pem(), path)


def put_in_place(beside: Path, path: Path) -> None:
    """Another process may have been quicker: it finds there what the ledger knows."""
    with _explained(path), suppress(FileNotFoundError):
        beside.replace(path)


def set_aside(path: Path) -> Path | None:
    """Another name for the file, so that no key is lost with it; None: there is no file."""
    with _explained(path):
        if not path.exists():
            return None
        aside = _another_name(path)
        path.rename(aside)
        return aside


def is_beside(other: Path, path: Path) -> bool:
    """Whether this module gave it its name; a copy that somebody made is not touched."""
    start, _, end = other.name.rpartition(".")
    return start == path.name and len(end) == 2 * NAME_BYTES and set(end) <= set(hexdigits.lower())


def _another_name(path: Path) -> Path:
    return path.with_name(f"{path.name}.{secrets.token_hex(NAME_BYTES)}")


def _read(path: Path) -> Signer:
    try:
        return read_signer(_content(path))
    except ValueError as error:
        raise Problem("evidence.key_broken", path=path, setting=SETTING) from error


def _content(path: Path) -> bytes:
    with path.open("rb") as file:
        if os.name == "posix" and os.fstat(file.fileno()).st_mode & OTHERS:
            raise Problem("evidence.key_open", path=path)
        return file.read(MOST_BYTES)


def _publish(content: bytes, path: Path) -> None:
    """Appears whole or not at all; where another process was quicker, its key stays."""
    beside = _write(content, path)
    try:
        with suppress(FileExistsError):
            path.hardlink_to(beside)
    finally:
        beside.unlink()


def _write(content: bytes, path: Path) -> Path:
    beside = _another_name(path)
    with os.fdopen(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return beside


@contextmanager
def _explained(path: Path, setting: str = SETTING) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Problem("evidence.key_unreadable", path=path, setting=setting, reason=error) from error
