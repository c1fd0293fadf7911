"""Counting answers: beside them, without names, and only when enough people asked."""

from __future__ import annotations

import json
from datetime import date, datetime
from pathlib import Path

import pytest
from sqlalchemy import insert
from typer.testing import CliRunner

from bot import cli
from bot.app import build_assistant, build_identity, build_noticing
from bot.model import Asker
from bot.storage.store import Store, open_store
from bot.storage.tables import identities, people, placements, units

NOW = datetime.fromisoformat("2026-11-23T09:10:00+07:00")
PUSKESMAS = 3


async def staffed(store: Store, count: int) -> None:
    """`count` people of one puskesmas, each with an account named after her number."""
    tree = [(1, None, "Kabupaten Contoh"), (2, 1, "Dinas Contoh"), (PUSKESMAS, 2, "Puskesmas Contoh")]
    who = range(1, count + 1)
    async with store.engine.begin() as connection:
        for key, parent, name in tree:
            await connection.execute(
                insert(units), {"id": key, "regency": "lumajang", "parent_id": parent, "name": name}
            )
        entry = {"regency": "lumajang", "name": "Contoh", "status": "pns", "joined_on": date(2026, 1, 1)}
        rows = [{**entry, "id": n, "number": f"N{n}", "updated_at": 0} for n in who]
        await connection.execute(insert(people), rows)
        spell = {"unit_id": PUSKESMAS, "kind": "primary", "since": date(2026, 1, 1)}
        await connection.execute(insert(placements), [{**spell, "person_id": n} for n in who])
        link = {"channel": "telegram", "linked_at": 0, "how": "code"}
        await connection.execute(
            insert(identities), [{**link, "external_id": str(n), "person_id": n} for n in who]
        )


async def asked_by(store: Store, accounts: int, times: int = 1) -> None:
    assistant = build_assistant()
    noticing = build_noticing(assistant, store, build_identity(assistant, store))
    for n in range(1, accounts + 1):
        for _ in range(times):
            key = f"telegram:{n}:{n}"
            assistant.answer("boleh live jam 9 pagi?", Asker("lumajang", "pns"), key, NOW, "id")
            assistant.answer("makasih", Asker("lumajang", "pns"), key, NOW, "id")
    await noticing.settle()


def shown(url: str, monkeypatch: pytest.MonkeyPatch) -> list[dict[str, object]]:
    monkeypatch.setenv("EDARAN_DATABASE__URL", url)
    done = CliRunner().invoke(cli.app, ["counters", "--regency", "lumajang", "--json"])
    assert done.exit_code == 0, done.output
    found: list[dict[str, object]] = json.loads(done.stdout)
    return found


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/edaran.db"


def counted(
    url: str, accounts: int, monkeypatch: pytest.MonkeyPatch, times: int = 1
) -> list[dict[str, object]]:
    import asyncio

    async def work() -> None:
        store = await open_store(url)
        try:
            await staffed(store, accounts)
            await asked_by(store, accounts, times)
        finally:
            await store.close()

    asyncio.run(work())
    return shown(url, monkeypatch)


def test_five_people_of_a_unit_make_a_figure_under_their_agency(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    [figure] = counted(url, 5, monkeypatch)
    assert figure == {
        "unit": "Dinas Contoh",
        "activity": "siaran_langsung",
        "verdict": "prohibited",
        "circular": "lumajang/se-3-2026",
        "people": 5,
    }


def test_four_people_make_none_however_often_they_ask(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert counted(url, 4, monkeypatch, times=5) == []


def test_what_was_asked_is_nowhere_in_the_database(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    counted(url, 4, monkeypatch)
    content = b"".join(p.read_bytes() for p in Path(url.removeprefix("sqlite:///")).parent.iterdir())
    assert b"Puskesmas Contoh" in content
    assert b"siaran_langsung" not in content
    assert b"boleh live" not in content
