"""Where policies/ lies, and whether anything in it was written."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

DIRECTORY = Path(__file__).resolve().parent.parent.parent / "policies"

Fingerprint = tuple[tuple[str, int, int], ...]


def fingerprint(directory: Path, pattern: str = "*") -> Fingerprint:
    """Names, times (ns) and sizes of the files below `directory`: differs whenever one was written."""
    found = []
    for path in sorted(directory.rglob(pattern)):
        with suppress(OSError):  # a file may vanish while an editor saves it
            status = path.stat()
            found.append((str(path), status.st_mtime_ns, status.st_size))
    return tuple(found)
