"""Values that take long to work out, kept between runs in a folder of the user's own.

They are pickles, and a pickle is code: the folder is used only while nobody but its owner can write to it.
A cache that cannot be read or written only costs time.
"""

from __future__ import annotations

import gc
import hashlib
import os
import pickle
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

Value = TypeVar("Value")

_BROKEN = (
    OSError,
    pickle.PickleError,
    EOFError,
    AttributeError,
    ImportError,
    IndexError,
    TypeError,
    ValueError,
)
"""What reading a cut or foreign pickle can raise."""


def default_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "edaran"


def remembered(key: object, make: Callable[[], Value], folder: Path, kept: int) -> Value:
    """What `make` gave for this key (told apart by its `repr`) in an earlier run, else what it gives now.

    `folder` keeps the newest `kept` values. Raises what `make` raises.
    """
    path = folder / f"{hashlib.sha256(repr(key).encode()).hexdigest()}.pickle"
    with suppress(*_BROKEN):
        if _private(folder) and _private(path):
            value: Value = _unpickled(path.read_bytes())
            return value
    value = make()
    with suppress(OSError, pickle.PickleError, AttributeError, TypeError):
        _keep(pickle.dumps(value, pickle.HIGHEST_PROTOCOL), path, kept)
    return value


def _unpickled(content: bytes) -> Any:
    """The collector rests meanwhile: it would go again and again through what is only being made."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        return pickle.loads(content)
    finally:
        if collecting:
            gc.enable()


def _keep(content: bytes, path: Path, kept: int) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not _private(path.parent):
        return
    scratch = path.with_suffix(f".{os.getpid()}")
    scratch.touch(mode=0o600)
    scratch.write_bytes(content)
    scratch.replace(path)
    for old in sorted(path.parent.glob("*.pickle"), key=lambda p: p.stat().st_mtime)[:-kept]:
        old.unlink(missing_ok=True)


def _private(path: Path) -> bool:
    """Whether only the user who runs this can write here."""
    status = path.stat()
    own = not hasattr(os, "getuid") or status.st_uid == os.getuid()
    return own and not status.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
