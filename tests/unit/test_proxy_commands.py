"""`edaran campaign proxy`: asked for, listed and decided from the command line."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import update

from bot.campaigns.campaign import CampaignState
from bot.campaigns.proxies import Around, ProxyOffice
from bot.people.rights import RefusedError
from bot.storage.campaign_tables import acknowledgments, campaigns, proxy_requests
from bot.storage.circular_reading import SqlCirculars
from bot.storage.identities import SqlIdentities
from bot.storage.profiles import SqlProfiles
from bot.storage.proxies import SqlProxies
from bot.storage.store import Store
from tests.fakes import CATALOGUES, MemoryPost
from tests.staff_world import LONG_AGO, NOW
from tests.unit.test_campaign_commands import (
    REGENCY,
    hire,
    in_ledger,
    invoke,
    ledger,
    made,
    problem,
    ran,
    rows,
    staffed,
)

__all__ = ["ledger", "staffed"]

SAID = ("--reason", "dirawat di rumah sakit", "--reference", "map TU 17")


@pytest.fixture
def campaign(staffed: str) -> int:
    """Runs, for everybody; A1 is the admin of the school's agency, A2 of another one."""
    for who, name, unit, over in (
        ("A1", "Admin Contoh", "Dinas Pendidikan", "1.01"),
        ("A2", "Admin Lain", "BKPSDM", "BKPSDM"),
    ):
        hire(staffed, who, name, unit)
        ran("role", "grant", who, "admin_unit", "--unit", over, "--regency", REGENCY)
    number = made()

    async def start(store: Store) -> None:
        async with store.engine.begin() as connection:
            await connection.execute(update(campaigns).values(state=CampaignState.RUNNING))

    in_ledger(start, staffed)
    return number


def asked(campaign: int, person: str = "G1", acting: str | None = "A1") -> int:
    who = ("--as", acting) if acting else ()
    told = ran("campaign", "proxy", "ask", str(campaign), "--person", person, *SAID, "--json", *who)
    return int(json.loads(told)["request"])


def refused(*arguments: str) -> None:
    assert isinstance(invoke("campaign", "proxy", *arguments).exception, RefusedError)


def test_an_admin_asks_and_the_head_approves(campaign: int, ledger: str) -> None:
    request = asked(campaign)
    listed = ran("campaign", "proxy", "list", "--regency", REGENCY, "--as", "K1")
    assert all(
        said in listed for said in ("Guru Satu", "dirawat di rumah sakit", "map TU 17", "Admin Contoh")
    )
    done = invoke("campaign", "proxy", "approve", str(request), "--as", "K1")
    assert done.exit_code == 0
    assert "tercatat atas nama Guru Satu" in done.stderr
    [row] = rows(ledger, acknowledgments)
    assert (row.campaign_id, row.proof, row.channel) == (campaign, "proxy", None)
    assert ran("campaign", "proxy", "list", "--regency", REGENCY, "--as", "K1") == ""


def test_who_is_to_be_told_stays_in_the_ledger_until_the_bot_tells(campaign: int, ledger: str) -> None:
    ran("campaign", "proxy", "approve", str(asked(campaign)), "--as", "K1")
    [row] = rows(ledger, proxy_requests)
    assert (row.person_told_at, row.asker_told_at) == (None, None)

    async def serve(store: Store) -> MemoryPost:
        post, engine = MemoryPost(), store.engine
        around = Around(
            SqlIdentities(engine),
            SqlProfiles(engine, lambda: NOW),
            SqlCirculars(engine),
            post,
            CATALOGUES,
        )
        office = ProxyOffice(SqlProxies(engine), store.staff, around, lambda _: LONG_AGO, lambda: NOW)
        assert await office.tell() == 2
        return post

    told = {to: reply.text for _, to, reply in in_ledger(serve, ledger).sent}
    assert "Atas nama Anda tercatat" in told["G1"]
    assert told["A1"].startswith("Disetujui")


def test_a_refusal_records_nothing(campaign: int, ledger: str) -> None:
    request = asked(campaign)
    done = invoke("campaign", "proxy", "refuse", str(request), "--as", "H1")
    assert "Tidak ada yang tercatat" in done.stderr
    assert rows(ledger, acknowledgments) == []
    assert problem("campaign", "proxy", "approve", str(request), "--as", "H1") == "proxy.decided"


def test_rights_hold_here_too(campaign: int, ledger: str) -> None:
    ask = ("ask", str(campaign), "--person", "G1", *SAID, "--as")
    refused(*ask, "A2")
    refused(*ask, "K1")
    refused(*ask, "G2")
    refused("ask", "999", "--person", "G1", *SAID, "--as", "A1")
    own = ("campaign", "proxy", "ask", str(campaign), "--person", "A1", *SAID, "--as", "A1")
    assert problem(*own) == "proxy.oneself"
    request = str(asked(campaign))
    for who in ("A1", "A2", "G1", "G2"):
        refused("approve", request, "--as", who)
        refused("approve", "999", "--as", who)
    assert ran("campaign", "proxy", "list", "--regency", REGENCY, "--as", "A2") == ""
    assert rows(ledger, acknowledgments) == []


def test_nobody_approves_what_she_asked_for(campaign: int) -> None:
    mine = str(asked(campaign, acting="H1"))
    assert problem("campaign", "proxy", "approve", mine, "--as", "H1") == "proxy.same_person"
    machine = str(asked(campaign, "G2", acting=None))
    assert problem("campaign", "proxy", "approve", machine) == "proxy.same_person"


def test_what_cannot_be_is_said(campaign: int) -> None:
    asked(campaign)
    again = ("campaign", "proxy", "ask", str(campaign), "--person", "G1", *SAID)
    assert problem(*again) == "proxy.waits_already"
    assert problem("campaign", "proxy", "ask", "999", "--person", "G1", *SAID) == "campaign.unknown"
    assert problem("campaign", "proxy", "approve", "999") == "proxy.unknown"
    empty = ("--reason", " ", "--reference", "x")
    assert problem("campaign", "proxy", "ask", str(campaign), "--person", "G2", *empty) == "proxy.no_reason"
    empty = ("--reason", "x", "--reference", "")
    assert (
        problem("campaign", "proxy", "ask", str(campaign), "--person", "G2", *empty) == "proxy.no_reference"
    )


def test_a_reason_does_not_move_the_cursor_of_a_terminal(campaign: int) -> None:
    said = ("--reason", "sakit\x1b[2J \u202edirawat", "--reference", "map")
    ran("campaign", "proxy", "ask", str(campaign), "--person", "G1", *said, "--as", "A1")
    listed = ran("campaign", "proxy", "list", "--regency", REGENCY, "--as", "H1")
    assert "sakit[2J dirawat" in listed
