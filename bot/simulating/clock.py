"""The simulator's time: that of the world, moved forward on demand."""

from __future__ import annotations

import time


class Clock:
    """Unix seconds. A clock that stands (`running` False) starts at `start` and moves only by `advance`."""

    def __init__(self, start: float | None = None, *, running: bool = True) -> None:
        self._start = time.time() if start is None else start
        self._began = time.monotonic()
        self._added = 0.0
        self.running = running

    def now(self) -> float:
        passed = time.monotonic() - self._began if self.running else 0.0
        return self._start + passed + self._added

    def advance(self, seconds: float) -> None:
        """Raises ValueError for a step back."""
        if seconds < 0:
            raise ValueError(f"time goes forward only, not by {seconds} s")
        self._added += seconds
