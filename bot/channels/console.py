"""The terminal as a channel: one line is one message; a typed number presses a button.

It reads in the event loop's own thread: nothing else runs in a console's process, and so Ctrl-C interrupts
the reading at once instead of waiting for a thread.
"""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TextIO

from rich.console import Console as RichConsole
from rich.text import Text

from bot.channels.port import Counter, Delivery, ask_politely
from bot.model import Attachment, Button, Incoming, Reply, Sender

PROMPT = "› "
TEXTUAL = frozenset({"json", "xml", "yaml"})
"""Media types of applications that a terminal can show."""


class Screen(RichConsole):
    """rich, but a reader that went away is for the console to handle: rich would end the process with 1."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


class Console:
    """`read`: gives the next line, "" at the end of the input (as `TextIO.readline`)."""

    name = "console"

    def __init__(
        self, desk: Counter, external_id: str, *, read: Callable[[], str], write: TextIO, farewell: str = ""
    ) -> None:
        self._desk = desk
        self._sender = Sender(self.name, external_id)
        self._read = read
        self._rich = Screen(file=write, soft_wrap=True, highlight=False, markup=False, emoji=False)
        self._farewell = farewell
        self._buttons: list[Button] = []
        self._open = True

    async def run(self) -> None:
        """Reads to the end of the input, or Ctrl-C, or until the reader of the output goes away."""
        try:
            with _interruptible():
                while self._open and (line := self._read()):
                    await self._take(line)
        except KeyboardInterrupt:
            self._rich.print()
        except BrokenPipeError:
            # The interpreter flushes stdout once more at its end: it must not fail there again.
            sys.stdout = sys.stderr
            return
        if self._farewell and self._rich.is_terminal:
            self._rich.print(Text(self._farewell))

    async def send(self, chat_id: str, reply: Reply) -> Delivery:
        self._show(reply)
        return Delivery.SENT

    async def close(self) -> None:
        self._open = False

    async def _take(self, line: str) -> None:
        text = line.strip()
        if not text:
            return
        for reply in await ask_politely(self._desk, self._incoming(text)):
            self._show(reply)

    def _incoming(self, text: str) -> Incoming:
        pressed = int(text) - 1 if text.isascii() and text.isdigit() and len(text) < 4 else -1
        chat = self._sender.external_id
        if 0 <= pressed < len(self._buttons):
            return Incoming(self._sender, chat, "", action=self._buttons[pressed].action)
        return Incoming(self._sender, chat, text)

    def _show(self, reply: Reply) -> None:
        first, _, rest = reply.text.partition("\n")
        self._rich.print(Text(first, style="bold"))
        if rest:
            self._rich.print(Text(rest))
        self._buttons = [button for row in reply.buttons for button in row]
        if reply.buttons:
            self._rich.print(Text(_numbered(reply.buttons), style="cyan"))
        if reply.attachment is not None:
            self._rich.print(Text(_shown(reply.attachment)))
        self._rich.print()
        self._rich.file.flush()


def _numbered(rows: Sequence[Sequence[Button]]) -> str:
    """The rows of buttons as lines, each button with the number that presses it."""
    numbers = iter(range(1, sum(len(row) for row in rows) + 1))
    return "\n".join("  ".join(f"[{next(numbers)}] {button.label}" for button in row) for row in rows)


def _shown(attachment: Attachment) -> str:
    """The name and the text of a file, or where it is saved, readable by its owner only, if it is none."""
    kind, _, form = attachment.media_type.partition("/")
    if kind == "text" or form in TEXTUAL:
        return f"--- {attachment.name} ---\n{attachment.content.decode(errors='replace')}"
    with NamedTemporaryFile(prefix="edaran-", suffix=f"-{Path(attachment.name).name}", delete=False) as file:
        file.write(attachment.content)
    return f"--- {attachment.name}: {file.name} ---"


@contextmanager
def _interruptible() -> Iterator[None]:
    """Lets Ctrl-C raise KeyboardInterrupt here: asyncio's own handler would wait for the reading to end."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def terminal(desk: Counter, external_id: str, farewell: str = "") -> Console:
    """The console on this process's own terminal or pipes; `farewell` is said on a terminal only."""
    for stream in (sys.stdin, sys.stdout):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:  # a broken byte becomes a question mark, not a traceback
            reconfigure(encoding="utf-8", errors="replace")
    read = _typed if sys.stdin.isatty() else sys.stdin.readline
    return Console(desk, external_id, read=read, write=sys.stdout, farewell=farewell)


def _typed() -> str:
    """One line with the terminal's editing and history; "" at Ctrl-D."""
    with suppress(ImportError):  # not on every platform
        import readline  # noqa: F401  # importing it is what gives input() its editing and history
    try:
        return input(PROMPT) + "\n"
    except EOFError:
        return ""
