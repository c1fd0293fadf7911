"""The command line. Each command imports what it needs, so that asking stays quick."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO, NoReturn

import typer

from bot.commands import data
from bot.commands.campaign import campaign_app, circular_add
from bot.commands.codes import code_app
from bot.commands.counters import counters
from bot.commands.evidence import evidence_app
from bot.commands.people import person_app, role_app
from bot.commands.roster import roster_app
from bot.commands.units import unit_app
from bot.problems import Problem

if TYPE_CHECKING:
    from asyncio import AbstractEventLoop

    from bot.policy.problems import PolicyError
    from bot.rendering.texts import Texts

app = typer.Typer(
    help="Jawaban dari surat edaran untuk ASN. Status keluar: 0 selesai, 1 jawabannya tidak, 2 salah.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
policy_app = typer.Typer(
    help="Memeriksa dan menjelaskan edaran yang sudah menjadi data.", no_args_is_help=True
)
circular_app = typer.Typer(help="Daftar dan rincian edaran.", no_args_is_help=True)
app.add_typer(policy_app, name="policy")
app.add_typer(circular_app, name="circular")
app.add_typer(roster_app, name="roster")
app.add_typer(unit_app, name="unit")
app.add_typer(person_app, name="person")
app.add_typer(role_app, name="role")
app.add_typer(code_app, name="code")
app.add_typer(campaign_app, name="campaign")
app.add_typer(evidence_app, name="evidence")
circular_app.command("add")(circular_add)
app.command()(data.backup)
app.command()(data.restore)
app.command()(data.retention)
app.command()(counters)
person_app.command("export")(data.person_export)
person_app.command("erase")(data.person_erase)

Policies = Annotated[Path | None, typer.Option("--policies", help="Folder policies/ yang dipakai.")]
Json = Annotated[bool, typer.Option("--json", help="Satu dokumen JSON di keluaran baku.")]
Language = Annotated[str, typer.Option("--language", help="Bahasa jawaban: id atau en.")]


def main() -> None:
    """The entry point: what a person can repair is said on standard error, with status 2."""
    from bot.policy.problems import PolicyError

    try:
        app()
    except Problem as problem:
        fail(problem.line(_texts()))
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

    texts = _texts()
    lines = list(problem_lines(error, texts))
    fail(texts("cli.policies_broken", count=len(lines)), *lines)


def _texts(language: str = "id") -> Texts:
    from bot.app import catalogues

    known = catalogues()
    if language not in known:
        raise Problem("cli.language", value=language, known=", ".join(known))
    return known[language]


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """The lines of a file, or of standard input for "-"."""
    if str(path) == "-":
        yield sys.stdin.buffer
        return
    try:
        file = path.open("rb")
    except OSError as error:
        raise Problem("cli.no_file", path=path, reason=error.strerror or str(error)) from error
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

    asking = Asking(build_assistant(policies), _texts(language))
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

    times = Times(build_assistant(policies).engine.corpus.vocabulary, _texts())
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
    telegram: Annotated[str, typer.Option(help="polling atau webhook.")] = "polling",
    host: Annotated[str, typer.Option(help="Alamat untuk webhook.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Porta untuk webhook.", min=1, max=65535)] = 8080,
    policies: Policies = None,
) -> None:
    """Layani Telegram sampai dihentikan."""
    import asyncio
    import logging

    from bot import running
    from bot.config import load_settings

    if telegram not in ("polling", "webhook"):
        raise Problem("cli.unknown_name", kind="--telegram", value=telegram, known="polling, webhook")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    with asyncio.Runner(loop_factory=_loop_factory()) as runner:
        runner.run(running.serve(load_settings(), policies, telegram, host, port))


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
    print(_texts()("cli.migrated"), file=sys.stderr)


# --- circulars and policies ------------------------------------------------------------------


@circular_app.command("list")
def circular_list(policies: Policies = None, as_json: Json = False) -> None:
    """Daftar edaran yang terdaftar."""
    from bot import circulars
    from bot.app import build_assistant

    print(circulars.listed(build_assistant(policies).engine.corpus, _texts(), as_json=as_json))


@circular_app.command("show")
def circular_show(
    circular: Annotated[str, typer.Argument(help="Misalnya lumajang/se-3-2026.")],
    policies: Policies = None,
    as_json: Json = False,
) -> None:
    """Rincian satu edaran: aturannya, sumbernya, catatannya."""
    from bot import circulars
    from bot.app import build_assistant

    print(circulars.shown(build_assistant(policies).engine.corpus, circular, _texts(), as_json=as_json))


@policy_app.command("check")
def policy_check(
    directory: Annotated[Path | None, typer.Argument(help="Folder policies/.")] = None,
    language: Language = "id",
    as_json: Json = False,
) -> None:
    """Periksa semua edaran: bentuk, rujukan, pertentangan, kasus. Keluar 1 bila ada yang perlu diperbaiki."""
    from bot import checking

    today = datetime.now().astimezone().date()
    sys.exit(checking.run(directory, _texts(language), today, as_json=as_json))


@policy_app.command("explain")
def policy_explain(
    circular: Annotated[str, typer.Argument(help="Misalnya lumajang/se-3-2026.")],
    policies: Policies = None,
    language: Language = "id",
) -> None:
    """Jelaskan satu edaran dalam kalimat: setiap aturan, syaratnya, dan pengecualiannya."""
    from bot import circulars
    from bot.app import build_assistant

    print(circulars.explained(build_assistant(policies).engine.corpus, circular, _texts(language)))


if __name__ == "__main__":
    main()
