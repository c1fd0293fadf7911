"""`edaran campaign` and `edaran circular add`: what they print, refuse and leave in the ledger."""

from __future__ import annotations

import asyncio
import csv
import json
import stat
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer
from click.testing import Result
from sqlalchemy import insert, select, update
from typer.testing import CliRunner

import bot.app
from bot.app import catalogues
from bot.campaigns.campaign import CampaignState, Unreachable
from bot.campaigns.hindrances import Held
from bot.campaigns.sending import NotReached, Outcome, Sent, Uncertain
from bot.campaigns.tasks import Kind
from bot.commands import campaign_here
from bot.commands import campaign_sending as commands
from bot.commands.campaign import campaign_app
from bot.commands.circulars import circular_app
from bot.commands.evidence import evidence_app
from bot.commands.people import role_app
from bot.commands.units import unit_app
from bot.people.rights import Action, RefusedError
from bot.policy.files import DIRECTORY
from bot.problems import Problem
from bot.storage.campaign_tables import (
    campaigns,
    circular_versions,
    deliveries,
    delivery_counts,
    evidence_events,
    quiz_counts,
)
from bot.storage.campaigns import SqlCampaigns
from bot.storage.store import Store, open_store
from bot.storage.tables import absences, access_log, identities, people, placements, units
from bot.storage.tasks import SqlTasks
from tests.staff_world import LONG_AGO, NOW

REGENCY, CIRCULAR = "lumajang", "lumajang/se-3-2026"
PDF = b"%PDF-1.4\n1 0 obj <<>> endobj\ntrailer <<>>\n%%EOF\n"
TEXTS = catalogues()["id"]

app = typer.Typer()
for name, group in (
    ("campaign", campaign_app),
    ("circular", circular_app),
    ("unit", unit_app),
    ("role", role_app),
    ("evidence", evidence_app),
):
    app.add_typer(group, name=name)

due = (date.today() + timedelta(days=30)).isoformat()  # noqa: DTZ011  # any day to come


once = cache(bot.app.mind)
"""Compiled once for all commands of a run."""


@pytest.fixture(autouse=True)
def ledger(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(bot.app, "mind", once)
    monkeypatch.setenv("EDARAN_DATABASE__URL", database_url)
    monkeypatch.setenv("EDARAN_EVIDENCE__KEY", str(tmp_path / "evidence.key"))
    return database_url


def invoke(*arguments: str, answer: str | None = None) -> Result:
    return CliRunner().invoke(app, list(arguments), input=answer)


def ran(*arguments: str) -> str:
    """What a command printed on standard output; it must have done its work."""
    result = invoke(*arguments)
    assert result.exit_code == 0, repr(result.exception)
    return result.stdout


def problem(*arguments: str) -> str:
    """The key of what went wrong; its line must have no hole in any language."""
    result = invoke(*arguments)
    assert isinstance(result.exception, Problem), result.output
    for texts in catalogues().values():
        assert "{" not in result.exception.line(texts)
    return result.exception.key


def in_ledger(work: Callable[[Store], Awaitable[Any]], url: str) -> Any:
    async def run() -> Any:
        store = await open_store(url)
        try:
            return await work(store)
        finally:
            await store.close()

    return asyncio.run(run())


def rows(url: str, table: Any) -> list[Any]:
    async def work(store: Store) -> list[Any]:
        async with store.engine.connect() as connection:
            return list((await connection.execute(select(table))).all())

    return list(in_ledger(work, url))


def hire(url: str, number: str, name: str, unit: str, *, linked: bool = True, **values: object) -> None:
    async def work(store: Store) -> None:
        entry = {"regency": REGENCY, "number": number, "name": name, "joined_on": LONG_AGO, "updated_at": NOW}
        async with store.engine.begin() as connection:
            made = insert(people).returning(people.c.id)
            person = (await connection.execute(made, entry | {"status": "pns"} | values)).scalar_one()
            place = (await connection.execute(select(units.c.id).where(units.c.name == unit))).scalar_one()
            where = {"person_id": person, "unit_id": place, "kind": "primary", "since": LONG_AGO}
            await connection.execute(insert(placements), where)
            if linked:
                account = {"channel": "telegram", "external_id": number, "person_id": person}
                await connection.execute(insert(identities), account | {"linked_at": NOW, "how": "code"})

    in_ledger(work, url)


@pytest.fixture
def staffed(ledger: str) -> str:
    """An agency with a school, another agency; a head and two of HR."""
    ran("unit", "add", "Dinas Pendidikan", "--code", "1.01", "--regency", REGENCY)
    ran("unit", "add", "SDN 1", "--under", "1.01", "--regency", REGENCY)
    ran("unit", "add", "BKPSDM", "--regency", REGENCY)
    for number, name, unit in (
        ("K1", "Kepala Contoh", "Dinas Pendidikan"),
        ("G1", "Guru Satu", "SDN 1"),
        ("G2", "Guru Dua", "SDN 1"),
        ("H1", "Hrd Satu", "BKPSDM"),
        ("H2", "Hrd Dua", "BKPSDM"),
    ):
        hire(ledger, number, name, unit)
    hire(ledger, "U1", "Belum Daftar", "SDN 1", linked=False)
    hire(ledger, "L1", "Sudah Keluar", "SDN 1", left_on=LONG_AGO + timedelta(days=300))
    for number in ("H1", "H2"):
        ran("role", "grant", number, "hr", "--regency", REGENCY)
    ran("role", "grant", "K1", "kepala_unit", "--unit", "1.01", "--regency", REGENCY)
    return ledger


def made(*more: str, audience: str = "semua", circular: str = CIRCULAR) -> int:
    arguments = ("--audience", audience, "--due", due, "--yes", "--json", *more)
    return int(json.loads(ran("campaign", "create", circular, *arguments))["campaign"])


@dataclass
class Sender:
    """Stands for what sends: `run` delivers to everybody who is queued."""

    url: str
    outcome: Outcome = field(default_factory=Sent)
    tried: list[tuple[int, int]] = field(default_factory=list)
    hold: Held | None = None

    @asynccontextmanager
    async def opened(self, store: Store) -> AsyncIterator[Sender]:
        self.store = store
        yield self

    async def start_due(self) -> Sequence[int]:
        return await SqlCampaigns(self.store.engine, lambda: NOW).start_due([] if self.hold else None)

    async def held(self, campaign: int) -> Held | None:
        return self.hold

    async def run(self, campaign: int) -> CampaignState:
        async with self.store.engine.begin() as connection:
            queued = (deliveries.c.campaign_id == campaign) & (deliveries.c.state == "queued")
            await connection.execute(update(deliveries).where(queued).values(state="sent", sent_at=NOW))
            counts = (delivery_counts.c.campaign_id == campaign) & (delivery_counts.c.state == "queued")
            await connection.execute(update(delivery_counts).where(counts).values(state="sent"))
            done = update(campaigns).where(campaigns.c.id == campaign)
            await connection.execute(done.values(state=CampaignState.DONE))
        return CampaignState.DONE

    async def try_out(self, campaign: int, person: int) -> Outcome:
        self.tried.append((campaign, person))
        return self.outcome

    async def remind(self, campaign: int) -> int:
        return 2


@pytest.fixture
def sender(staffed: str, monkeypatch: pytest.MonkeyPatch) -> Sender:
    found = Sender(staffed)
    monkeypatch.setattr(commands, "outbox", found.opened)
    return found


def test_why_a_campaign_does_not_start_is_said_where_it_is_run_and_in_its_status(
    sender: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDARAN_WHATSAPP__TOKEN", "EAAG")
    campaign = str(made("--as", "H1"))
    ran("campaign", "test", campaign, "--as", "H1")
    ran("campaign", "approve", campaign, "--as", "H2")
    sender.hold = Held(12, Problem("whatsapp.token_refused"))
    said = invoke("campaign", "run", campaign, "--as", "H1")
    assert said.exit_code == 1
    for shown in (said.stderr, ran("campaign", "status", campaign, "--as", "H1")):
        assert "12 pegawai hanya terjangkau lewat WhatsApp" in shown
        assert "EDARAN_WHATSAPP__TOKEN" in shown
    status = json.loads(ran("campaign", "status", campaign, "--json", "--as", "H1"))
    assert (status["held"]["count"], status["held"]["problem"]) == (12, "whatsapp.token_refused")
    sender.hold = None
    assert "held" not in json.loads(ran("campaign", "status", campaign, "--json", "--as", "H1"))
    ran("campaign", "run", campaign, "--as", "H1")


def sent_one(sender: Sender, *more: str) -> int:
    campaign = made("--as", "H1", *more)
    ran("campaign", "test", str(campaign), "--as", "H1")
    ran("campaign", "approve", str(campaign), "--as", "H2")
    ran("campaign", "run", str(campaign), "--as", "H1")
    return campaign


def acknowledge(url: str, campaign: int, number: str) -> None:
    async def work(store: Store) -> None:
        async with store.engine.begin() as connection:
            person = select(people.c.id).where(people.c.number == number).scalar_subquery()
            mine = (deliveries.c.campaign_id == campaign) & (deliveries.c.person_id == person)
            done = update(deliveries).where(mine).values(acknowledged_at=NOW + 60)
            unit = (await connection.execute(done.returning(deliveries.c.unit_id))).scalar_one()
            row = (delivery_counts.c.unit_id == unit) & (delivery_counts.c.state == "sent")
            down = update(delivery_counts).where(row).values(count=delivery_counts.c.count - 1)
            await connection.execute(down)
            key = {"campaign_id": campaign, "unit_id": unit, "state": "sent", "acknowledged": True}
            await connection.execute(insert(delivery_counts), key | {"count": 1})

    in_ledger(work, url)


# --- create ---


def test_a_dry_run_counts_by_unit_with_the_excluded_and_leaves_nothing(staffed: str) -> None:
    async def away(store: Store) -> None:
        async with store.engine.begin() as connection:
            found = await connection.execute(select(people.c.id).where(people.c.number == "G2"))
            leave = {"person_id": found.scalar_one(), "kind": "cuti", "since": LONG_AGO}
            await connection.execute(insert(absences), leave)

    in_ledger(away, staffed)
    found = json.loads(
        ran("campaign", "create", CIRCULAR, "--audience", "semua", "--due", due, "--dry-run", "--json")
    )
    assert (found["addressed"], found["unregistered"]) == (5, 1)
    assert found["excluded"] == {"leave": 1, "left": 1}
    counts = {row["name"]: (row["addressed"], row["excluded"], row["depth"]) for row in found["units"]}
    assert counts["SDN 1"] == (2, 2, 2)
    assert counts["Dinas Pendidikan"] == (3, 2, 1)
    assert found["original_seen"] is False
    assert rows(staffed, campaigns) == rows(staffed, circular_versions) == []


def test_without_a_terminal_and_without_yes_nothing_is_created_and_the_count_is_shown(staffed: str) -> None:
    arguments = ("campaign", "create", CIRCULAR, "--audience", "semua", "--due", due)
    assert problem(*arguments) == "campaign.unconfirmed"
    result = invoke(*arguments)
    assert "6" in result.stderr
    assert TEXTS("campaign.not_confirmed", circular=CIRCULAR) in result.stderr
    assert result.stdout == ""
    assert rows(staffed, campaigns) == []


@pytest.mark.parametrize(("answer", "status", "count"), [("y\n", 0, 1), ("n\n", 1, 0)])
def test_on_a_terminal_the_author_is_asked_and_can_say_no(
    staffed: str, monkeypatch: pytest.MonkeyPatch, answer: str, status: int, count: int
) -> None:
    class Terminal:
        def isatty(self) -> bool:
            return True

    monkeypatch.setattr(campaign_here, "sys", type("S", (), {"stdin": Terminal()}))
    result = invoke("campaign", "create", CIRCULAR, "--audience", "semua", "--due", due, answer=answer)
    assert result.exit_code == status
    assert len(rows(staffed, campaigns)) == count


def test_creating_makes_deliveries_an_event_and_a_note_with_the_authors_name(staffed: str) -> None:
    campaign = made("--as", "H1", audience='unit = "SDN 1"')
    found = rows(staffed, deliveries)
    assert {(row.campaign_id, row.state) for row in found} == {
        (campaign, "queued"),
        (campaign, "unreachable"),
    }
    assert len(found) == 3
    assert [row.kind for row in rows(staffed, evidence_events)] == ["created"]
    [row] = [row for row in rows(staffed, access_log) if row.action == "campaign.create"]
    assert " as person:" in row.actor
    assert row.count == 3


@pytest.mark.parametrize(
    ("audience", "key"),
    [
        ('unit = "SDN 1', "audience.quote"),
        ("unit SDN", "audience.unexpected"),
        ("unit = Kantor", "staff.no_unit"),
        ("status = sultan", "audience.unknown"),
        ("orang = 199901012024011001", "audience.no_person"),
        ("unit = BKPSDM dan status = pppk", "campaign.nobody"),
    ],
)
def test_a_wrong_audience_is_said_in_one_line(staffed: str, audience: str, key: str) -> None:
    arguments = ("--audience", audience, "--due", due, "--yes")
    assert problem("campaign", "create", CIRCULAR, *arguments) == key
    assert rows(staffed, campaigns) == []


@pytest.mark.parametrize(
    ("when", "key"),
    [
        ("besok", "campaign.bad_due"),
        ("2026-02-30", "campaign.bad_due"),
        ("", "campaign.bad_due"),
        ("9999-12-31", "campaign.bad_due"),
        ("2020-01-01", "campaign.due_over"),
        ("2020-01-01T10:00+07:00", "campaign.due_over"),
    ],
)
def test_a_wrong_deadline_is_said_in_one_line(staffed: str, when: str, key: str) -> None:
    assert problem("campaign", "create", CIRCULAR, "--audience", "semua", "--due", when, "--yes") == key


def test_a_deadline_far_away_is_taken_and_its_year_asked_about(staffed: str) -> None:
    arguments = ("--audience", "semua", "--due", "2126-11-28", "--yes", "--json")
    result = invoke("campaign", "create", CIRCULAR, *arguments)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["campaign"]
    assert "2126-11-28" in result.stderr


def test_a_day_as_deadline_means_its_end_in_the_regency(staffed: str) -> None:
    campaign = made()
    [row] = [row for row in rows(staffed, campaigns) if row.id == campaign]
    assert json.loads(ran("campaign", "status", str(campaign), "--json"))["due"] == f"{due}T23:59:59+07:00"
    assert row.due_at == int(datetime.fromisoformat(f"{due}T23:59:59+07:00").timestamp())


@pytest.mark.parametrize("circular", ["lumajang/tidak-ada", "adhoc/tidak-ada", "", "pamekasan/se-215-2026"])
def test_an_unknown_circular_is_said_in_one_line(staffed: str, circular: str) -> None:
    arguments = ("--audience", "semua", "--due", due, "--regency", REGENCY, "--yes")
    assert problem("campaign", "create", circular, *arguments) == "campaign.no_circular"


def test_only_hr_creates(staffed: str) -> None:
    for number in ("K1", "G1"):
        arguments = ("--audience", "semua", "--due", due, "--yes", "--as", number)
        assert isinstance(invoke("campaign", "create", CIRCULAR, *arguments).exception, RefusedError)
    assert made("--as", "H1")


# --- a new version ---


def new_policies(folder: Path, old: str, new: str) -> str:
    """A copy of policies/ in which the circular says something else."""
    import shutil

    copy = folder / "policies"
    if not copy.exists():
        shutil.copytree(DIRECTORY, copy)
    file = copy / CIRCULAR / "edaran.yaml"
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
    return str(copy)


def test_the_same_version_is_not_asked_for_twice(sender: Sender, staffed: str) -> None:
    sent_one(sender)
    arguments = ("--audience", "semua", "--due", due, "--dry-run", "--json")
    again = json.loads(ran("campaign", "create", CIRCULAR, *arguments))
    assert (again["addressed"], again["excluded"]["asked"], again["change"]) == (0, 6, None)


def test_an_editorial_change_asks_nobody_again_unless_everybody_is_wanted(
    sender: Sender, staffed: str, tmp_path: Path
) -> None:
    sent_one(sender)
    other = new_policies(tmp_path, "larangan siaran langsung", "larangan live")
    arguments = ("--audience", "semua", "--due", due, "--policies", other, "--json")
    found = json.loads(ran("campaign", "create", CIRCULAR, *arguments))
    assert (found["campaign"], found["change"], found["addressed"]) == (None, "editorial", 0)
    versions = rows(staffed, circular_versions)
    assert [(row.material, row.replaces_id) for row in versions] == [(True, None), (False, versions[0].id)]
    everybody = json.loads(ran("campaign", "create", CIRCULAR, *arguments, "--all", "--yes"))
    assert everybody["addressed"] == 6


def test_a_circular_that_is_set_back_to_what_it_was_asks_again(
    sender: Sender, staffed: str, tmp_path: Path
) -> None:
    sent_one(sender)
    other = new_policies(tmp_path, "kepentingan_dinas: ya, akun_resmi: ya", "kepentingan_dinas: ya")
    sent = []
    for policies in (other, str(DIRECTORY)):
        arguments = ("--audience", "semua", "--due", due, "--policies", policies, "--json")
        shown = json.loads(ran("campaign", "create", CIRCULAR, *arguments, "--dry-run"))
        sent.append(json.loads(ran("campaign", "create", CIRCULAR, *arguments, "--yes")))
        assert shown["addressed"] == sent[-1]["addressed"] == 6
        campaign = str(sent[-1]["campaign"])
        ran("campaign", "test", campaign, "--as", "H1")
        ran("campaign", "approve", campaign, "--as", "H2")
    versions = rows(staffed, circular_versions)
    assert [row.replaces_id for row in versions] == [None, versions[0].id, versions[1].id]
    assert versions[0].law == versions[2].law
    again = json.loads(ran("campaign", "create", CIRCULAR, *arguments, "--dry-run"))
    assert (again["addressed"], again["excluded"]["asked"]) == (0, 6)


def test_a_draft_that_nobody_got_is_nothing_to_compare_with(
    sender: Sender, staffed: str, tmp_path: Path
) -> None:
    made()
    other = new_policies(tmp_path, "larangan siaran langsung", "larangan live")
    arguments = ("--audience", "semua", "--due", due, "--policies", other, "--json", "--dry-run")
    found = json.loads(ran("campaign", "create", CIRCULAR, *arguments))
    assert (found["change"], found["addressed"]) == (None, 6)
    assert problem("campaign", "create", CIRCULAR, *arguments, "--editorial") == "campaign.nothing_before"


# --- steps ---


def test_the_way_is_test_approval_by_a_second_person_and_run(sender: Sender, staffed: str) -> None:
    campaign = str(made("--as", "H1"))
    assert problem("campaign", "approve", campaign, "--as", "H2") == "campaign.wrong_step_draft"
    ran("campaign", "test", campaign, "--as", "H1")
    assert len(sender.tried) == 1
    assert problem("campaign", "approve", campaign, "--as", "H1") == "campaign.same_person"
    ran("campaign", "approve", campaign, "--as", "H2")
    result = invoke("campaign", "run", campaign, "--as", "H1")
    assert result.exit_code == 0
    assert TEXTS("campaign.sending") in result.stderr
    found = json.loads(ran("campaign", "status", campaign, "--json"))
    assert (found["state"], found["missing"], found["unreachable"]) == ("done", 5, 1)


def test_the_operator_who_made_it_cannot_approve_it_either(sender: Sender, staffed: str) -> None:
    campaign = str(made())
    ran("campaign", "test", campaign, "--to", "G1")
    assert problem("campaign", "approve", campaign) == "campaign.same_person"
    ran("campaign", "approve", campaign, "--as", "H1")


def test_leaving_out_whose_rights_are_used_makes_no_second_person(sender: Sender, staffed: str) -> None:
    campaign = str(made("--as", "H1"))
    ran("campaign", "test", campaign, "--as", "H1")
    assert problem("campaign", "approve", campaign) == "campaign.same_person"
    ran("campaign", "approve", campaign, "--as", "H2")


def test_pausing_resuming_and_cancelling(sender: Sender, staffed: str) -> None:
    campaign = str(made("--as", "H1"))
    assert problem("campaign", "pause", campaign) == "campaign.wrong_step_draft"
    ran("campaign", "cancel", campaign, "--as", "H2")
    assert problem("campaign", "resume", campaign) == "campaign.wrong_step_cancelled"
    assert json.loads(ran("campaign", "list", "--json"))[0]["state"] == "cancelled"
    for step in ("approve", "pause", "resume", "cancel", "run", "remind"):
        refused = invoke("campaign", step, campaign, "--as", "K1").exception
        assert isinstance(refused, RefusedError)


def test_a_start_that_is_over_is_refused(sender: Sender, staffed: str) -> None:
    campaign = str(made("--as", "H1"))
    ran("campaign", "test", campaign, "--as", "H1")
    for start in ("2020-01-31", "2020-01-31T08:00+07:00"):
        assert (
            problem("campaign", "approve", campaign, "--as", "H2", "--start", start) == "campaign.start_over"
        )
    assert json.loads(ran("campaign", "status", campaign, "--json"))["state"] == "tested"


def test_what_is_approved_for_later_is_not_sent_now(sender: Sender, staffed: str) -> None:
    campaign = str(made("--as", "H1"))
    ran("campaign", "test", campaign, "--as", "H1")
    ran("campaign", "approve", campaign, "--as", "H2", "--start", f"{due}T08:00")
    result = invoke("campaign", "run", campaign)
    assert result.exit_code == 1
    assert "dijadwalkan mulai" in result.stderr
    assert {row.state for row in rows(staffed, deliveries)} == {"queued", "unreachable"}
    assert "Mulai dikirim: " in ran("campaign", "status", campaign)
    assert json.loads(ran("campaign", "status", campaign, "--json"))["starts_at"][:16] == f"{due}T08:00"


@pytest.mark.parametrize("outcome", [NotReached(Unreachable.BLOCKED), Uncertain()])
def test_a_test_that_does_not_arrive_is_no_test(sender: Sender, staffed: str, outcome: Outcome) -> None:
    sender.outcome = outcome
    campaign = str(made("--as", "H1"))
    result = invoke("campaign", "test", campaign, "--as", "H1")
    assert result.exit_code == 1
    assert json.loads(ran("campaign", "status", campaign, "--json"))["state"] == "draft"


def test_a_test_needs_somebody_who_gets_it(sender: Sender, staffed: str) -> None:
    campaign = str(made())
    assert problem("campaign", "test", campaign) == "campaign.test_whom"
    assert problem("campaign", "test", campaign, "--to", "X9") == "staff.no_person"


def test_who_stops_the_sending_is_told_how_far_it_came_and_how_to_go_on(
    sender: Sender, staffed: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    campaign = str(made("--as", "H1"))
    ran("campaign", "test", campaign, "--as", "H1")
    ran("campaign", "approve", campaign, "--as", "H2")

    async def stopped(_: Sender, campaign: int) -> CampaignState:
        raise asyncio.CancelledError

    monkeypatch.setattr(Sender, "run", stopped)
    result = invoke("campaign", "run", campaign)
    assert result.exit_code == 130
    waiting = sum(row.state == "queued" for row in rows(staffed, deliveries))
    told = TEXTS(
        "campaign.stopped", campaign=campaign, sent=len(rows(staffed, deliveries)) - waiting, waiting=waiting
    )
    assert result.stderr.rstrip().endswith(told)


def test_a_campaign_can_start_with_a_day(sender: Sender, staffed: str) -> None:
    campaign = str(made("--as", "H1"))
    ran("campaign", "test", campaign, "--as", "H1")
    ran("campaign", "approve", campaign, "--as", "H2", "--start", due)
    [row] = rows(staffed, campaigns)
    assert row.starts_at == int(datetime.fromisoformat(f"{due}T00:00+07:00").timestamp())


def test_without_a_channel_nothing_is_sent_and_the_setting_is_named(staffed: str) -> None:
    campaign = str(made("--as", "H1"))
    for arguments in (("test", campaign, "--as", "H1"), ("run", campaign), ("remind", campaign)):
        assert problem("campaign", *arguments) == "setting.missing"


def test_the_uncertain_are_queued_again_only_after_somebody_has_seen_how_many(
    sender: Sender, staffed: str
) -> None:
    campaign = str(sent_one(sender))

    async def crashed(store: Store) -> None:
        async with store.engine.begin() as connection:
            its = deliveries.c.state == "sent"
            await connection.execute(update(deliveries).where(its).values(state="uncertain"))
            counts = delivery_counts.c.state == "sent"
            await connection.execute(update(delivery_counts).where(counts).values(state="uncertain"))

    in_ledger(crashed, staffed)
    told = TEXTS("campaign.uncertain", count=5, campaign=campaign)
    assert told in invoke("campaign", "run", campaign).stderr
    acknowledge_one(staffed, "uncertain")
    unasked = invoke("campaign", "requeue", campaign, "--as", "H1").exception
    assert isinstance(unasked, Problem)
    assert (unasked.key, unasked.values) == ("campaign.requeue_unconfirmed", {"count": "4"})
    ran("campaign", "requeue", campaign, "--as", "H1", "--yes")
    states = json.loads(ran("campaign", "status", campaign, "--json"))
    assert (states["state"], states["states"]["queued"]["open"]) == ("running", 4)
    again = invoke("campaign", "requeue", campaign, "--as", "H1")
    assert (again.exit_code, again.stderr.strip()) == (0, TEXTS("campaign.requeue_nothing"))


def acknowledge_one(url: str, state: str) -> None:
    async def work(store: Store) -> None:
        async with store.engine.begin() as connection:
            its = deliveries.c
            query = select(its.person_id, its.unit_id).where(its.state == state).limit(1)
            one = (await connection.execute(query)).one()
            said = update(deliveries).where(its.person_id == one.person_id).values(acknowledged_at=NOW)
            await connection.execute(said)
            cell = (delivery_counts.c.unit_id == one.unit_id) & (delivery_counts.c.state == state)
            open_ones = update(delivery_counts).where(cell, delivery_counts.c.acknowledged.is_(False))
            await connection.execute(open_ones.values(count=delivery_counts.c.count - 1))
            row = (await connection.execute(select(delivery_counts).where(cell))).first()
            assert row is not None
            values = {**row._mapping, "acknowledged": True, "count": 1}
            await connection.execute(insert(delivery_counts).values(values))

    in_ledger(work, url)


def test_reminding_says_how_many(sender: Sender, staffed: str) -> None:
    campaign = sent_one(sender)
    assert "2" in invoke("campaign", "remind", str(campaign)).stderr


# --- looking ---


def test_status_by_unit_has_the_sums_of_the_tree(sender: Sender, staffed: str) -> None:
    campaign = sent_one(sender)
    acknowledge(staffed, campaign, "G1")
    found = json.loads(ran("campaign", "status", str(campaign), "--by", "unit", "--json"))
    assert {row["name"]: (row["addressed"], row["acknowledged"]) for row in found["units"]} == {
        "Kabupaten Lumajang": (6, 1),
        "BKPSDM": (2, 0),
        "Dinas Pendidikan": (4, 1),
        "SDN 1": (3, 1),
    }
    assert found["pace"]["median_seconds"] == 60
    printed = ran("campaign", "status", str(campaign), "--by", "unit")
    assert "    SDN 1: 1 dari 3" in printed
    days = json.loads(ran("campaign", "status", str(campaign), "--by", "day", "--json"))["days"]
    assert sum(day["sent"] for day in days) == 5
    head = json.loads(ran("campaign", "status", str(campaign), "--by", "unit", "--json", "--as", "K1"))
    assert [row["name"] for row in head["units"]] == ["Dinas Pendidikan", "SDN 1"]
    assert problem("campaign", "status", str(campaign), "--by", "month") == "cli.unknown_name"


def test_pending_names_the_missing_and_apart_from_them_the_unreachable(sender: Sender, staffed: str) -> None:
    campaign = sent_one(sender)
    acknowledge(staffed, campaign, "G1")
    found = json.loads(ran("campaign", "pending", str(campaign), "--unit", "SDN 1", "--json"))
    assert [(row["name"], row["unit"]) for row in found["missing"]] == [
        ("Guru Dua", "Dinas Pendidikan / SDN 1")
    ]
    assert [(row["name"], row["reason"]) for row in found["unreachable"]] == [("Belum Daftar", "no_identity")]
    assert found["waiting"] == []
    printed = ran("campaign", "pending", str(campaign))
    title = TEXTS("report.title_unreachable")
    assert printed.index("Guru Dua") < printed.index(title) < printed.index("Belum Daftar")
    assert TEXTS("report.why_no_identity") in printed
    outside = ("--unit", "BKPSDM", "--as", "K1")
    assert problem("campaign", "pending", str(campaign), *outside) == "campaign.unit_outside"
    assert "G2" not in printed  # numbers are masked


def test_a_unit_that_a_head_does_not_lead_is_outside_his_authority_and_not_unknown(
    sender: Sender, staffed: str
) -> None:
    campaign = str(sent_one(sender))
    for command in ("pending", "status"):
        arguments = ("campaign", command, campaign, "--as", "K1", "--unit")
        assert problem(*arguments, "BKPSDM") == "campaign.unit_outside"
        assert problem(*arguments, "Dinas Tiada") == "staff.no_unit"
        ran(*arguments, "SDN 1")


def test_tasks_are_listed_marked_and_closed_by_hr(sender: Sender, staffed: str) -> None:
    campaign = sent_one(sender)
    person = next(row.id for row in rows(staffed, people) if row.name == "Guru Satu")

    async def ask(store: Store) -> None:
        await SqlTasks(store.engine).add(person, campaign, Kind.NOT_UNDERSTOOD, NOW)

    in_ledger(ask, staffed)
    mark = TEXTS("report.asking")
    [line] = [line for line in ran("campaign", "pending", str(campaign)).splitlines() if mark in line]
    assert "Guru Satu" in line
    missing = json.loads(ran("campaign", "pending", str(campaign), "--json"))["missing"]
    assert [one["name"] for one in missing if one["asking"]] == ["Guru Satu"]
    [line] = ran("campaign", "task", "list", "--campaign", str(campaign), "--as", "H1").splitlines()
    assert "Guru Satu" in line
    assert TEXTS("hr.task_not_understood") in line
    [task] = json.loads(ran("campaign", "task", "list", "--json"))
    assert (task["campaign"], task["kind"], task["person"]) == (campaign, "not_understood", person)
    for arguments in (("list", "--regency", REGENCY), ("done", str(task["task"])), ("done", "99")):
        refused = invoke("campaign", "task", *arguments, "--as", "K1").exception
        assert isinstance(refused, RefusedError)
    assert problem("campaign", "task", "done", "99") == "task.unknown"
    assert problem("campaign", "task", "list", "--as", "H1") == "campaign.whose_regency"
    done = invoke("campaign", "task", "done", str(task["task"]), "--as", "H1")
    assert done.stderr.strip() == TEXTS("hr.task_closed", task=task["task"])
    again = invoke("campaign", "task", "done", str(task["task"]), "--as", "H1")
    assert again.stderr.strip() == TEXTS("hr.task_gone", task=task["task"])
    assert json.loads(ran("campaign", "task", "list", "--json")) == []
    assert mark not in ran("campaign", "pending", str(campaign))


def test_a_head_looks_and_exports_below_him_only_and_evidence_is_for_hr(
    sender: Sender, staffed: str, tmp_path: Path
) -> None:
    campaign = str(sent_one(sender))
    path = tmp_path / "x.csv"
    ran("campaign", "export", campaign, "--format", "csv", "-o", str(path), "--as", "K1")
    lines = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    assert {line[0].split(" / ")[0] for line in lines[1:]} == {"Dinas Pendidikan"}
    refused = invoke("campaign", "export", campaign, "--format", "sqlite", "-o", str(path), "--as", "K1")
    assert isinstance(refused.exception, RefusedError)
    refused = invoke("campaign", "export", campaign, "--format", "csv", "-o", str(path), "--as", "G1")
    assert isinstance(refused.exception, RefusedError)


def test_every_form_is_written_with_rights_for_its_owner_and_noted(
    sender: Sender, staffed: str, tmp_path: Path
) -> None:
    campaign = str(sent_one(sender))
    for form in ("csv", "xlsx", "sqlite"):
        path = tmp_path / f"x.{form}"
        result = invoke("campaign", "export", campaign, "--format", form, "-o", str(path), "--as", "H1")
        assert result.exit_code == 0, repr(result.exception)
        assert result.stdout == ""
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert ran("evidence", "verify", str(tmp_path / "x.sqlite"))
    noted = [row for row in rows(staffed, access_log) if row.action == Action.EXPORT_CAMPAIGN]
    assert [row.count for row in noted] == [6, 6, 6]
    assert [row.kind for row in rows(staffed, evidence_events)].count("exported") == 3
    assert problem("campaign", "export", campaign, "--format", "pdf", "-o", "x") == "cli.unknown_name"


def test_listing_and_comparing(sender: Sender, staffed: str) -> None:
    first, second = sent_one(sender), made("--regency", REGENCY, audience='unit = "SDN 1"', circular=added())
    listed = json.loads(ran("campaign", "list", "--json"))
    assert [row["campaign"] for row in listed] == [second, first]
    head = json.loads(ran("campaign", "list", "--regency", REGENCY, "--as", "K1", "--json"))
    assert [row["addressed"] for row in head] == [3, 4]
    assert problem("campaign", "list", "--as", "K1") == "campaign.whose_regency"
    assert problem("campaign", "list", "--regency", "x") == "cli.unknown_name"
    both = json.loads(ran("campaign", "compare", str(first), str(second), "--json"))
    assert [row["addressed"] for row in both] == [6, 3]
    assert len(ran("campaign", "compare", str(first), str(second)).splitlines()) == 2


def test_without_any_campaign_the_list_is_empty_and_says_so(ledger: str) -> None:
    assert json.loads(ran("campaign", "list", "--json")) == []
    assert TEXTS("campaign.no_campaigns") in invoke("campaign", "list").stderr


def test_a_campaign_that_is_none_is_named_to_the_operator_and_refused_to_others(staffed: str) -> None:
    for command in ("status", "pending", "approve", "cancel", "run", "remind", "test"):
        assert problem("campaign", command, "99") == "campaign.unknown"
    assert isinstance(invoke("campaign", "status", "99", "--as", "G1").exception, Problem)


# --- ad-hoc circulars ---


ABOUT = {"--number": "800/7/2026", "--dated": "2026-02-03", "--subject": "Apel", "--issuer": "Bupati"}


def add_arguments(file: str, **other: str) -> list[str]:
    values = ABOUT | {"--regency": REGENCY} | {f"--{name}": value for name, value in other.items()}
    return ["circular", "add", file, *(part for pair in values.items() for part in pair)]


def added(folder: Path | None = None, content: bytes = PDF, *, yes: bool = False, **other: str) -> str:
    import tempfile

    path = Path(folder or tempfile.mkdtemp()) / "edaran.pdf"
    path.write_bytes(content)
    return ran(*add_arguments(str(path), **other), *(["--yes"] if yes else [])).strip()


def test_an_ad_hoc_circular_is_added_once_and_can_be_sent(staffed: str, tmp_path: Path) -> None:
    circular = added(tmp_path)
    assert circular.startswith("adhoc/800-7-2026-")
    assert added(tmp_path) == circular
    [row] = rows(staffed, circular_versions)
    assert (row.number, row.subject, bytes(row.document)) == ("800/7/2026", "Apel", PDF)
    assert made(circular=circular)


def test_another_text_of_the_same_number_takes_its_place_only_after_a_yes(
    staffed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    added(tmp_path)
    path = tmp_path / "edaran.pdf"
    arguments = add_arguments(str(path), subject="Apel pagi")
    result = invoke(*arguments)
    assert isinstance(result.exception, Problem)
    assert result.exception.key == "campaign.circular_unconfirmed"
    assert TEXTS("campaign.circular_replaces", version=1, subject="Apel") in result.stderr
    assert len(rows(staffed, circular_versions)) == 1
    ran(*arguments, "--yes")
    assert [row.replaces_id for row in rows(staffed, circular_versions)] == [None, 1]
    assert TEXTS("campaign.circular_known", circular="")[:20] in invoke(*arguments).stderr


def test_added_circulars_are_listed_and_shown_among_the_others(staffed: str, tmp_path: Path) -> None:
    circular = added(tmp_path, line="Apel pukul tujuh.")
    listed = ran("circular", "list")
    assert CIRCULAR in listed
    [line] = [line for line in listed.splitlines() if line.startswith(circular)]
    assert "Apel" in line
    heads = {one["id"]: one["ad_hoc"] for one in json.loads(ran("circular", "list", "--json"))}
    assert (heads[CIRCULAR], heads[circular]) == (False, True)
    shown = ran("circular", "show", circular)
    assert all(part in shown for part in ("800/7/2026", "Bupati", "edaran.pdf", "Apel pukul tujuh."))
    assert json.loads(ran("circular", "show", circular, "--json"))["about"] == {"id": "Apel"}
    assert problem("circular", "show", "adhoc/tiada") == "cli.unknown_name"


def test_looking_at_circulars_makes_no_ledger(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDARAN_DATABASE__URL", f"sqlite:///{tmp_path}/none.db")
    assert CIRCULAR in ran("circular", "list")
    assert not (tmp_path / "none.db").exists()


def test_a_corrected_ad_hoc_circular_can_be_corrected_back(
    sender: Sender, staffed: str, tmp_path: Path
) -> None:
    circular = added(tmp_path)
    campaigns_of = []
    for text in (PDF, PDF + b"%%EOF\n", PDF):
        added(tmp_path, text, yes=True)
        added(tmp_path, text)  # it is the current one: nothing to ask, nothing new
        campaigns_of.append(made("--as", "H1", circular=circular))
        ran("campaign", "test", str(campaigns_of[-1]), "--as", "H1")
        ran("campaign", "approve", str(campaigns_of[-1]), "--as", "H2")
    versions = {row.id: row for row in rows(staffed, circular_versions)}
    sent = [versions[row.version_id] for row in rows(staffed, campaigns)]
    assert [bytes(one.document) for one in sent] == [PDF, PDF + b"%%EOF\n", PDF]
    assert [one.replaces_id for one in sent] == [None, sent[0].id, sent[1].id]
    assert all(row.state != "withdrawn" for row in rows(staffed, deliveries))
    assert len({one.digest for one in sent}) == 3


def test_there_is_no_check_of_understanding_where_no_rule_is_known(staffed: str, tmp_path: Path) -> None:
    arguments = ("--audience", "semua", "--due", due, "--quiz", "--yes")
    assert problem("campaign", "create", added(tmp_path), *arguments) == "campaign.no_quiz"


def test_clauses_that_are_misread_are_shown_to_who_sees_all_of_it(sender: Sender, staffed: str) -> None:
    campaign = str(sent_one(sender, "--quiz"))
    assert json.loads(ran("campaign", "status", campaign, "--json"))["misread"] == []
    assert TEXTS("report.misread_few", least=5) in ran("campaign", "status", campaign)

    async def answered(store: Store) -> None:
        async with store.engine.begin() as connection:
            for rule, right, wrong in (("larangan-jam-kerja", 7, 1), ("kecuali-dinas-akun-resmi", 2, 4)):
                row = {"version_id": 1, "rule": rule, "right": right, "wrong": wrong}
                await connection.execute(insert(quiz_counts), row)

    in_ledger(answered, staffed)
    shown = json.loads(ran("campaign", "status", campaign, "--json", "--as", "H1"))["misread"]
    assert [(one["rule"], one["answers_at_least"], one["wrong_percent"]) for one in shown] == [
        ("kecuali-dinas-akun-resmi", 5, 70),
        ("larangan-jam-kerja", 5, 10),
    ]
    assert "akun resmi instansi”: sekitar 70% keliru" in ran("campaign", "status", campaign)
    assert "misread" not in json.loads(ran("campaign", "status", campaign, "--json", "--as", "K1"))


def test_a_new_text_of_an_ad_hoc_circular_asks_all_again_unless_it_is_called_editorial(
    sender: Sender, staffed: str, tmp_path: Path
) -> None:
    circular = added(tmp_path)
    campaign = made("--as", "H1", circular=circular)
    ran("campaign", "test", str(campaign), "--as", "H1")
    ran("campaign", "approve", str(campaign), "--as", "H2")
    assert added(tmp_path, PDF + b"%%EOF\n", yes=True) == circular
    arguments = ("campaign", "create", circular, "--audience", "semua", "--due", due, "--json")
    material = json.loads(ran(*arguments, "--dry-run"))
    assert (material["change"], material["addressed"]) == ("material", 6)
    editorial = json.loads(ran(*arguments, "--editorial"))
    assert (editorial["change"], editorial["campaign"]) == ("editorial", None)


@pytest.mark.parametrize(
    ("content", "other", "key"),
    [
        (b"", {}, "content.empty"),
        (b"PK\x03\x04 a zip", {}, "content.no_pdf"),
        (PDF[:-7], {}, "content.cut_off"),
        (PDF, {"dated": "3 Februari 2026"}, "campaign.bad_date"),
        (PDF, {"dated": "2999-01-01"}, "campaign.date_ahead"),
        (PDF, {"number": " "}, "content.missing"),
        (PDF, {"subject": "x" * 500}, "content.too_long"),
        (PDF, {"regency": "atlantis"}, "cli.unknown_name"),
        (PDF, {"line": "x" * 300}, "content.long_line"),
    ],
)
def test_a_wrong_file_or_date_is_said_in_one_line(
    staffed: str, tmp_path: Path, content: bytes, other: dict[str, str], key: str
) -> None:
    path = tmp_path / "edaran.pdf"
    path.write_bytes(content)
    assert problem(*add_arguments(str(path), **other)) == key
    assert rows(staffed, circular_versions) == []


def test_a_file_that_is_not_there_and_a_person_without_the_right(staffed: str, tmp_path: Path) -> None:
    assert problem(*add_arguments(str(tmp_path / "no.pdf"))) == "cli.no_file"
    (tmp_path / "a.pdf").write_bytes(PDF)
    refused = invoke(*add_arguments(str(tmp_path / "a.pdf")), "--as", "K1")
    assert isinstance(refused.exception, RefusedError)
