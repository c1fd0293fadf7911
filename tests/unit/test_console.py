"""The terminal: lines in, replies out."""

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from bot.channels.console import Console
from bot.model import Attachment, Reply
from tests.fakes import Office


def lines(*typed: str) -> Callable[[], str]:
    feed = iter([f"{line}\n" for line in typed])
    return lambda: next(feed, "")


async def talk(typed: Iterable[str], write: io.StringIO | None = None) -> str:
    office, written = Office(), write or io.StringIO()
    await office.register("console", "demo")
    await Console(office.desk, "demo", read=lines(*typed), write=written, farewell="Sampai jumpa.").run()
    return written.getvalue()


async def test_each_line_is_answered_and_the_end_of_the_input_ends_it() -> None:
    shown = await talk(["satu", "", "   ", "dua"])
    assert [line for line in shown.splitlines() if line.startswith("Jawaban")] == [
        "Jawaban: satu",
        "Jawaban: dua",
    ]


async def test_a_pipe_carries_no_colours_and_no_farewell() -> None:
    shown = await talk(["satu"])
    assert "\x1b" not in shown
    assert "Sampai jumpa." not in shown


async def test_a_number_presses_the_button_shown_last() -> None:
    shown = await talk(["two buttons", "2"])
    assert "[1] Akun resmi  [2] Akun pribadi" in shown
    assert "Tombol: q:akun_resmi=tidak" in shown


@pytest.mark.parametrize("typed", ["0", "3", "-1", "²", "99999", "2 kali"])
async def test_a_number_without_a_button_is_a_message(typed: str) -> None:
    assert f"Jawaban: {typed}" in await talk(["two buttons", typed])


async def test_a_number_after_a_reply_without_buttons_is_a_message() -> None:
    assert "Jawaban: 1" in await talk(["two buttons", "satu", "1"])


async def test_commands_work() -> None:
    assert "Profil Anda" in await talk(["/profil"])


async def test_long_lines_are_not_broken() -> None:
    assert "Jawaban: " + "kata " * 100 in await talk(["kata " * 100 + "akhir"])


async def test_square_brackets_are_not_taken_for_markup() -> None:
    assert "Jawaban: [red]merah[/red] :smile:" in await talk(["[red]merah[/red] :smile:"])


async def test_a_text_file_is_shown_with_its_name() -> None:
    shown = await talk(["/data_saya"])
    assert "--- data-saya.json ---" in shown
    assert '"regency": "lumajang"' in shown


async def test_any_other_file_is_saved_for_its_owner_only_and_its_place_is_said() -> None:
    written = io.StringIO()
    console = Console(Office().desk, "demo", read=lines(), write=written)
    await console.send("demo", Reply("Ini", attachment=Attachment("../x/a.png", "image/png", b"\x89PNG")))
    place = Path(written.getvalue().split(": ")[-1].removesuffix(" ---\n\n"))
    try:
        assert place.read_bytes() == b"\x89PNG"
        assert place.name.endswith("-a.png")
        assert place.stat().st_mode & 0o077 == 0
    finally:
        place.unlink()


async def test_ctrl_c_while_waiting_for_a_line_ends_politely() -> None:
    def interrupted() -> str:
        os.kill(os.getpid(), signal.SIGINT)
        return "not reached\n"

    office, written = Office(), io.StringIO()
    await Console(office.desk, "demo", read=interrupted, write=written).run()
    assert "not reached" not in written.getvalue()


async def test_ctrl_c_works_as_before_afterwards() -> None:
    before = signal.getsignal(signal.SIGINT)
    await talk(["satu"])
    assert signal.getsignal(signal.SIGINT) is before


async def test_a_reader_that_goes_away_ends_the_console(monkeypatch: pytest.MonkeyPatch) -> None:
    class Gone(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    monkeypatch.setattr(sys, "stdout", sys.stdout)  # put back what the console replaces
    assert await talk(["satu", "dua"], Gone()) == ""


def test_the_console_does_not_load_telegram() -> None:
    probe = "import sys, bot.desk, bot.channels.console; print('aiogram' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
