"""The command line. Each command imports what it needs, so that asking stays quick."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, ClassVar, NoReturn

import typer

from bot.commands.lazy import LazyGroup
from bot.commands.shared import Json, Language, Policies, texts_in
from bot.commands.usage import carried_out
from bot.problems import Problem

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from bot.policy.problems import PolicyError


class Commands(LazyGroup):
    elsewhere: ClassVar = {
        "policy": "bot.commands.policy:policy_app",
        "circular": "bot.commands.circulars:circular_app",
        "roster": "bot.commands.roster:roster_app",
        "unit": "bot.commands.units:unit_app",
        "person": "bot.commands.people:person_app",
        "role": "bot.commands.people:role_app",
        "code": "bot.commands.codes:code_app",
        "campaign": "bot.commands.campaign:campaign_app",
        "evidence": "bot.commands.evidence:evidence_app",
        "counters": "bot.commands.counters:counters",
        "backup": "bot.commands.data:backup",
        "restore": "bot.commands.data:restore",
        "retention": "bot.commands.data:retention",
        "doctor": "bot.commands.doctor:examine",
        "whatsapp": "bot.commands.whatsapp:whatsapp_app",
        "dev": "bot.commands.dev:dev_app",
    }


app = typer.Typer(
    cls=Commands,
    help="Jawaban dari surat edaran untuk ASN. Status keluar: 0 selesai, 1 jawabannya tidak, 2 salah.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    suggest_commands=False,  # click does
)


def main() -> None:
    """The entry point: what a person can repair is said on standard error, with status 2."""
    from bot.policy.problems import PolicyError

    try:
        status = carried_out(app, texts_in)
        if status:
            sys.exit(status)
    except Problem as problem:
        fail(problem.line(texts_in()))
    except PolicyError as error:
        _fail_policies(error)
    except (
        BrokenPipeError
    ):  # the reader of our output went away; the interpreter flushes once more at its end
        sys.stdout = sys.stderr
        sys.exit(0)


def fail(*lines: str, status: int = 2) -> NoReturn:
    for line in lines:
        print(line, file=sys.stderr)
    sys.exit(status)


def _fail_policies(error: PolicyError) -> NoReturn:
    from bot.policy.report import problem_lines

    texts = texts_in()
    lines = list(problem_lines(error, texts))
    fail(texts("cli.policies_broken", count=len(lines)), *lines)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The lines of a file, or of standard input for "-"."""
    if str(path) == "-":
        yield sys.stdin.buffer
        return
    try:
        file = path.open("rb")
    except OSError as error:
        raise Problem("cli.no_file", path=path, reason=error) from error
    with file:
        yield file


# --- asking ----------------------------------------------------------------------------------


@app.command()
def ask(
    text: Annotated[str | None, typer.Argument(help="Pertanyaannya, dalam tanda kutip.")] = None,
    regency: Annotated[str | None, typer.Option(help="Kabupaten, misalnya lumajang.")] = None,
    status: Annotated[str | None, typer.Option(help="Status kepegawaian, misalnya pns.")] = None,
    unit: Annotated[str | None, typer.Option(help="Jenis unit kerja, misalnya rsud.")] = None,
    pattern: Annotated[str | None, typer.Option(help="Pola jam kerja, misalnya lima_hari.")] = None,
    at: Annotated[str | None, typer.Option(help="Saat bertanya, ISO 8601. Tanpa ini: sekarang.")] = None,
    fact: Annotated[list[str] | None, typer.Option(help="NAMA=ya|tidak|NILAI; boleh berulang.")] = None,
    batch: Annotated[
        Path | None, typer.Option(help="Berkas JSONL, satu pertanyaan satu baris; - untuk masukan baku.")
    ] = None,
    policies: Policies = None,
    language: Language = "id",
    as_json: Json = False,
) -> None:
    """Jawab satu pertanyaan, atau seberkas pertanyaan."""
    from bot.app import build_assistant
    from bot.asking import Asking

    asking = Asking(build_assistant(policies), texts_in(language))
    if batch is not None:
        with _opened(batch) as lines:
            asking.batch(lines, sys.stdout)
        return
    if text is None or regency is None:
        raise Problem("cli.ask_usage")
    line = {"text": text, "regency": regency, "status": status, "unit": unit, "pattern": pattern}
    line["now"] = at or datetime.now().astimezone().isoformat()
    answered = asking.answer({**line, "facts": dict(map(_pair, fact or ()))})
    if as_json:
        print(json.dumps({"id": None, **asking.document(answered)}, ensure_ascii=False, indent=1))
    else:
        print(answered.reply.text)


@app.command("time")
def read_time(
    batch: Annotated[Path, typer.Option(help="Berkas JSONL {id, now, text}; - untuk masukan baku.")],
    policies: Policies = None,
) -> None:
    """Baca waktu dalam kalimat, tanpa menjawab pertanyaannya."""
    from bot.app import build_assistant
    from bot.asking import Times

    times = Times(build_assistant(policies).engine.corpus.vocabulary, texts_in())
    with _opened(batch) as lines:
        times.batch(lines, sys.stdout)


def _pair(item: str) -> tuple[str, str]:
    name, equals, value = item.partition("=")
    if not (equals and name and value):
        raise Problem("cli.fact_shape", value=item)
    return name, value


# --- serving ---------------------------------------------------------------------------------


@app.command()
def demo(
    regency: Annotated[str, typer.Option(help="Kabupaten pegawai contoh.")],
    status: Annotated[str | None, typer.Option(help="Status pegawai contoh.")] = None,
    unit: Annotated[str | None, typer.Option(help="Jenis unit pegawai contoh.")] = None,
    pattern: Annotated[str | None, typer.Option(help="Pola jam kerja pegawai contoh.")] = None,
    policies: Policies = None,
) -> None:
    """Mengobrol di terminal sebagai pegawai contoh."""
    import asyncio

    from bot import running
    from bot.config import load_settings
    from bot.model import Asker

    asyncio.run(running.demo(load_settings(), policies, Asker(regency, status, unit, pattern)))


@app.command()
def serve(
    telegram: Annotated[
        str | None, typer.Option(help="polling atau webhook. Tanpa ini: polling, kecuali hanya ada WhatsApp.")
    ] = None,
    whatsapp: Annotated[bool, typer.Option("--whatsapp", help="Layani WhatsApp juga.")] = False,
    host: Annotated[str, typer.Option(help="Alamat untuk webhook.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Porta untuk webhook.", min=1, max=65535)] = 8080,
    policies: Policies = None,
) -> None:
    """Layani Telegram dan WhatsApp sampai dihentikan."""
    import asyncio
    import logging

    from bot import running
    from bot.config import load_settings

    if telegram not in (None, "polling", "webhook"):
        raise Problem("cli.unknown_name", kind="--telegram", value=telegram, known="polling, webhook")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    logging.getLogger("alembic").setLevel(logging.WARNING)
    settings = load_settings()
    if telegram is None and (settings.telegram.token is not None or not whatsapp):
        telegram = "polling"
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(running.serve(settings, policies, running.Serving(telegram, whatsapp, host, port)))


def _loop_factory() -> Callable[[], AbstractEventLoop] | None:
    """uvloop where there is one: it answers more updates a second."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop


@app.command()
def migrate(
    to: Annotated[str, typer.Option(help="Versi tujuan; base: kosong.")] = "head",
) -> None:
    """Bawa basis data ke versi program ini."""
    import asyncio

    from bot.config import load_settings
    from bot.storage.engine import open_engine
    from bot.storage.migrate import migrate as bring
    from bot.storage.trouble import plainly

    async def run() -> None:
        engine = open_engine(load_settings().database.url)
        try:
            with plainly():
                await bring(engine, to)
        finally:
            await engine.dispose()

    asyncio.run(run())
    print(texts_in()("cli.migrated"), file=sys.stderr)


if __name__ == "__main__":
    main()
