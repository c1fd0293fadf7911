"""The commands as scripts call them: what they print, where, and with which status they end."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click import Context, Group
from typer.main import get_command

from bot.cli import app

HEAVY = ("aiogram", "sqlalchemy", "alembic", "dbos", "starlette", "uvicorn", "rapidfuzz")
NOW = "2026-11-23T09:10:00+07:00"
LINE = {"id": 1, "regency": "lumajang", "status": "pns", "now": NOW, "text": "boleh live sekarang?"}
KEYS = {
    "id", "intent", "activity", "when", "facts", "verdict", "certain", "needs", "basis", "valid_until",
    "next_permitted", "reply",
}  # fmt: skip


def edaran(*arguments: str, stdin: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot.cli", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env={**os.environ, "COLUMNS": "200"},
    )


def batch(*lines: Any) -> list[dict[str, Any]]:
    text = "".join(line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines)
    done = edaran("ask", "--batch", "-", stdin=text)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_ask_prints_the_answer_and_nothing_else() -> None:
    done = edaran("ask", "boleh live sekarang?", "--regency", "lumajang", "--status", "pns", "--at", NOW)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(
        "⛔ Dilarang, kecuali untuk kepentingan dinas dan lewat akun resmi instansi."
    )


def test_ask_json_has_every_key_of_the_contract() -> None:
    done = edaran("ask", "boleh live?", "--regency", "lumajang", "--status", "pns", "--at", NOW, "--json")
    answer = json.loads(done.stdout)
    assert set(answer) == KEYS
    assert answer["verdict"] == "prohibited"
    assert answer["valid_until"] == "2026-11-23T12:00:00+07:00"
    assert answer["basis"][0]["rule"] == "larangan-jam-kerja"


def test_a_fact_on_the_command_line_counts_like_one_that_was_said() -> None:
    facts = ("--fact", "kepentingan_dinas=ya", "--fact", "akun_resmi=ya")
    done = edaran(
        "ask", "boleh live?", "--regency", "lumajang", "--status", "pns", "--at", NOW, "--json", *facts
    )
    assert json.loads(done.stdout)["verdict"] == "exempt"


def test_a_bad_line_in_a_batch_gets_an_error_in_its_place_and_the_run_goes_on() -> None:
    answers = batch("{broken\n", LINE, {**LINE, "id": 2, "regency": "atlantis"}, "[]\n", {"id": 3}, LINE)
    assert [set(answer) == {"id", "error"} for answer in answers] == [True, False, True, True, True, False]
    assert "lumajang" in answers[2]["error"], "the known regencies are listed"
    assert answers[2]["id"] == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"now": "kemarin"},
        {"status": "raja"},
        {"unit": "istana"},
        {"pattern": "nol_hari"},
        {"text": 7},
        {"facts": {"akun_resi": "ya"}},
        {"facts": {"akun_resmi": "mungkin"}},
        {"facts": ["akun_resmi"]},
    ],
)
def test_a_wrong_value_in_a_line_is_named(wrong: dict[str, Any]) -> None:
    (answer,) = batch({**LINE, **wrong})
    value = next(iter(wrong.values()))
    named = str(
        next(iter(value))
        if isinstance(value, list)
        else value
        if not isinstance(value, dict)
        else next(iter(value))
    )
    assert named in answer["error"] or str(value) in answer["error"]


def test_an_unknown_regency_lists_the_known_ones_and_ends_with_2() -> None:
    done = edaran("ask", "boleh live?", "--regency", "atlantis")
    assert done.returncode == 2
    assert done.stdout == ""
    assert "lumajang" in done.stderr
    assert "pamekasan" in done.stderr


def test_a_missing_file_is_one_clear_line() -> None:
    done = edaran("ask", "--batch", "/no/such/file.jsonl")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "/no/such/file.jsonl" in done.stderr


def imported_by(*arguments: str, stdin: str = "", cwd: Path | None = None) -> set[str]:
    """The modules that are there when the command has ended."""
    code = (
        "import sys, bot.cli\n"
        f"sys.argv = ['edaran', *{arguments!r}]\n"
        "try:\n    bot.cli.main()\nexcept SystemExit as end:\n    assert not end.code\n"
        "print(*sys.modules, file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], input=stdin, capture_output=True, text=True, check=True, cwd=cwd
    )
    return set(done.stderr.splitlines()[-1].split())


ASK = ("ask", "boleh live sekarang?", "--regency", "lumajang", "--at", NOW)


def test_asking_does_not_import_what_only_serving_needs() -> None:
    assert imported_by(*ASK).isdisjoint(HEAVY)


def test_a_corpus_that_is_compiled_already_needs_nothing_that_reads_its_files() -> None:
    imported_by(*ASK)
    assert imported_by(*ASK).isdisjoint(("ruamel.yaml", "pydantic", "bot.policy.load"))


@pytest.mark.parametrize(
    "command",
    [
        ASK,
        ("time", "--batch", "-"),
        ("demo", "--regency", "lumajang"),
        ("policy", "explain", "lumajang/se-3-2026"),
        ("--help",),
    ],
    ids=lambda command: command[0],
)
def test_no_command_waits_for_the_commands_of_others(command: tuple[str, ...], tmp_path: Path) -> None:
    others = {f"bot.commands.{name}" for name in ("campaign", "circulars", "evidence", "roster", "people")}
    loaded = imported_by(*command, cwd=tmp_path) & others
    assert loaded == (others if command == ("--help",) else set())


def test_the_help_says_what_each_command_does() -> None:
    commands = get_command(app)
    assert isinstance(commands, Group)
    with Context(commands) as context:
        helps = {name: commands.get_command(context, name) for name in commands.list_commands(context)}
    shown = " ".join(edaran("--help").stdout.split())
    assert len(helps) >= 18
    for name, command in helps.items():
        assert command is not None
        assert command.help
        assert f"{name} {command.help.split()[0]}" in shown.replace("│ ", "")


def test_a_mistyped_command_is_told_the_one_that_is_meant() -> None:
    done = edaran("campain")
    assert done.returncode == 2
    assert "Mungkin maksud Anda: campaign." in done.stderr


def test_time_reads_a_time_without_a_regency() -> None:
    line = json.dumps({"id": "t", "now": NOW, "text": "besok jam 8 pagi boleh live?"})
    (answer,) = map(json.loads, edaran("time", "--batch", "-", stdin=line + "\n").stdout.splitlines())
    assert answer["when"] == {
        "start": "2026-11-24T08:00:00+07:00",
        "end": None,
        "grain": "instant",
        "symbol": None,
    }


def test_the_demo_answers_a_piped_line_and_ends_well(tmp_path: Path) -> None:
    done = edaran(
        "demo", "--regency", "lumajang", "--status", "pns", stdin="boleh live sekarang?\n", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "Dipahami: siaran langsung" in done.stdout
    assert (tmp_path / "data" / "edaran.db").exists()


def test_a_broken_policy_file_is_named_with_line_and_repair_and_nobody_is_answered(tmp_path: Path) -> None:
    import shutil

    from bot.policy.files import DIRECTORY

    policies = tmp_path / "policies"
    shutil.copytree(DIRECTORY, policies)
    circular = policies / "lumajang" / "se-3-2026" / "edaran.yaml"
    circular.write_text(circular.read_text().replace("akun_resmi: ya", "akun_resi: ya"))
    done = edaran("ask", "boleh live?", "--regency", "lumajang", "--policies", str(policies))
    assert (done.returncode, done.stdout) == (2, "")
    assert "lumajang/se-3-2026/edaran.yaml:" in done.stderr
    assert "akun_resi" in done.stderr
    assert "akun_resmi" in done.stderr


@pytest.mark.parametrize(
    "command",
    [
        "ask",
        "time",
        "demo",
        "serve",
        "migrate",
        "policy check",
        "policy explain",
        "circular list",
        "circular show",
    ],
)
def test_every_command_has_help(command: str) -> None:
    done = edaran(*command.split(), "--help")
    assert done.returncode == 0
    assert "Usage" in done.stdout


def test_circulars_are_listed_and_explained() -> None:
    listed = json.loads(edaran("circular", "list", "--json").stdout)
    assert "lumajang/se-3-2026" in {circular["id"] for circular in listed}
    explained = edaran("policy", "explain", "lumajang/se-3-2026").stdout
    assert "Pengecualian dari: larangan-jam-kerja" in explained
    assert edaran("circular", "show", "lumajang/se-99").returncode == 2
