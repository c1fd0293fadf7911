"""The terminal chat in a real pseudo-terminal: typing, Ctrl-C, Ctrl-D."""

from __future__ import annotations

import codecs
import os
import pty
import re
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COMMAND = (sys.executable, "-m", "bot.cli", "demo", "--regency", "lumajang", "--status", "pns")


class Terminal:
    """The demo at a pseudo-terminal, working in `folder`."""

    def __init__(self, folder: Path) -> None:
        self._screen, theirs = pty.openpty()
        self.process = subprocess.Popen(
            COMMAND,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "200"},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
            preexec_fn=lambda: _make_controlling(theirs),
        )
        os.close(theirs)
        self.shown = ""
        self._seen = 0
        self._decode = codecs.getincrementaldecoder("utf-8")().decode  # a read may end inside a letter

    def type(self, keys: str) -> None:
        os.write(self._screen, keys.encode())

    def wait_for(self, text: str, seconds: float = 120) -> None:
        """Reads the screen until `text` appears after what was waited for last; fails if it does not."""
        while text not in self.shown[self._seen :]:
            ready, _, _ = select.select([self._screen], [], [], seconds)
            assert ready, f"{text!r} did not appear after {self.shown[self._seen :]!r}"
            self.shown += re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", self._decode(os.read(self._screen, 65536)))
        self._seen = self.shown.index(text, self._seen) + len(text)

    def press_until(self, key: str, text: str) -> None:
        """As a person does: a key that came a moment before the prompt was ready is pressed again."""
        for _ in range(12):
            self.type(key)
            try:
                return self.wait_for(text, seconds=10)
            except AssertionError:
                continue
        raise AssertionError(f"{text!r} did not appear after {self.shown[self._seen :]!r}")

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        os.close(self._screen)


def _make_controlling(terminal: int) -> None:
    import fcntl
    import termios

    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


@contextmanager
def terminal(folder: Path) -> Iterator[Terminal]:
    opened = Terminal(folder)
    try:
        yield opened
    finally:
        opened.close()


@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_a_typed_question_is_answered_and_the_key_ends_the_chat_politely(key: str, tmp_path: Path) -> None:
    with terminal(tmp_path) as demo:
        demo.wait_for("›")
        demo.type("boleh live sekarang?\n")
        demo.wait_for("800.1.6.2/3/427.72/2026")
        demo.wait_for("›")
        demo.press_until(key, "Sampai jumpa.")
        assert demo.process.wait(timeout=10) == 0
        assert "Traceback" not in demo.shown
