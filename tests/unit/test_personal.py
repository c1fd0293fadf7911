"""Everything about a person: handed over whole, erased at once, and what stays."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.campaigns.campaign import DeliveryState, Proof, Unreachable
from bot.campaigns.carrying import NOT_SENT
from bot.campaigns.tasks import Kind
from bot.catalogues import load_catalogues
from bot.people.identity import Account
from bot.people.privacy import (
    ENTRY,
    PARTS,
    Gone,
    Kept,
    OwnRecords,
    Stays,
    document,
    erasure,
    in_words,
    person_of,
)
from bot.people.rights import Action
from bot.people.staff import PlacementKind, Role, Standing
from bot.storage import tables
from bot.storage.changes import staff_version
from bot.storage.engine import open_engine
from bot.storage.migrate import migrate
from bot.storage.personal import SqlPersonalData
from tests.ledgers import NIP, PHONE, ROWS, fill, snapshot

CATALOGUES = load_catalogues()
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
TODAY = NOW.date()


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    opened = open_engine(database_url)
    await migrate(opened)
    await fill(opened)
    yield opened
    await opened.dispose()


@pytest.fixture
def data(engine: AsyncEngine) -> SqlPersonalData:
    return SqlPersonalData(engine, NOW.timestamp)


# --- handing over ---


async def test_the_document_holds_everything_about_her_and_nothing_about_others(
    data: SqlPersonalData, engine: AsyncEngine
) -> None:
    named = {"external_id": "w1", "user_id": "ID.1", "number": "6280000000001", "heard_at": 90}
    account = {"channel": "whatsapp", "external_id": "w1", "person_id": 1, "linked_at": 95, "how": "contact"}
    async with engine.begin() as connection:
        await connection.execute(insert(tables.whatsapp_accounts).values(named))
        await connection.execute(insert(tables.identities).values(account))
    kept = await data.about(1, "operator:test", "export_person")
    assert kept is not None
    found = document(kept, NOW)
    assert list(found) == ["made_at", "entry", *PARTS]
    assert found["entry"]["number"] == NIP
    assert [placed["unit"] for placed in found["placements"]] == ["SDN 1", "Dinas Pendidikan"]
    assert found["roles"][0]["standing"] == "plt"
    assert found["whatsapp"][0]["number"] == "6280000000001"
    assert found["deliveries"][0]["circular"] == found["acknowledgments"][0]["circular"]
    assert found["identities"][:1] == [
        {
            "channel": "telegram",
            "external_id": "7",
            "how": "contact",
            "linked_at": "1970-01-01T00:01:00+00:00",
        }
    ]
    assert found["profiles"][0]["stopped_at"] == "1970-01-01T00:01:20+00:00"
    assert ("person:30 (Citra Contoh)", "see_person") in [
        (at["actor"], at["action"]) for at in found["looks"]
    ]
    assert [(at["unit"], at["count"]) for at in found["lists"]] == [("Dinas Pendidikan", 2)]
    assert [at["action"] for at in found["actions"]] == ["code.wrong", "see_person"]
    text = json.dumps(found)
    assert "198001012005041002" not in text
    assert "digest" not in text


async def test_who_handed_the_data_over_is_noted(data: SqlPersonalData, engine: AsyncEngine) -> None:
    await data.about(1, "operator:test", "export_person")
    last = (await snapshot(engine))["access_log"][-1]
    assert (last["actor"], last["action"], last["person_id"], last["regency"]) == (
        "operator:test",
        "export_person",
        1,
        "a",
    )


@pytest.mark.parametrize(
    ("reference", "person"),
    [
        ("a/" + NIP, 1),
        ("b/HL-7", 30),
        ("30", 30),
        ("b/" + NIP, None),
        (NIP, None),
        ("", None),
        ("x", None),
        ("a/", None),
        ("-1", None),
        ("9" * 30, None),
    ],
)
async def test_a_person_is_found_by_regency_and_number_or_by_the_ledgers_id(
    data: SqlPersonalData, reference: str, person: int | None
) -> None:
    assert await data.find(reference) == person


async def test_nobody_is_nobody(data: SqlPersonalData) -> None:
    assert await data.about(777, "operator:test", "export_person") is None
    assert await data.erase(777, "operator:test", TODAY, 1) is None
    assert await data.about_account("telegram", "stranger") is None


@pytest.mark.parametrize("language", ["id", "en"])
async def test_whoever_holds_an_account_gets_all_of_it_in_her_own_words(
    data: SqlPersonalData, language: str
) -> None:
    texts = load_catalogues()[language]
    records = OwnRecords(data, lambda: NOW)
    own = await records.about("telegram", "7", texts)
    assert own[texts("data.part_entry")][texts("data.field_phone")] == PHONE
    guest = await records.about("telegram", "guest", texts)
    assert list(guest) == [texts("data.part_made_at"), texts("data.part_profiles")]
    assert await records.about("telegram", "stranger", texts) == {}


def test_every_part_and_column_has_a_heading_in_both_languages() -> None:
    everything = {name: [dict.fromkeys(columns, "x")] for name, columns in PARTS.items()}
    whole = {"made_at": "x", "entry": dict.fromkeys(ENTRY, "x"), **everything}
    for texts in load_catalogues().values():
        assert len(in_words(whole, texts)) == len(whole)


def test_what_the_ledger_has_as_ids_is_told_in_words() -> None:
    ids: dict[str, tuple[str, ...]] = {
        "state": tuple(DeliveryState),
        "outcome": (*tuple(DeliveryState), NOT_SENT),
        "reason": tuple(Unreachable),
        "proof": tuple(Proof),
        "kind": (*tuple(Kind), *tuple(PlacementKind), "cuti", "tugas_belajar"),
        "role": tuple(Role),
        "standing": tuple(Standing),
        "how": ("code", "contact"),
        "language": ("id", "en"),
        "action": (*tuple(Action), "role.ended.hr", "acknowledging.proxy_approved", "identity.linked"),
    }
    for texts in load_catalogues().values():
        for field, values in ids.items():
            for value in map(str, values):
                [row] = in_words({"tasks": [{field: value}]}, texts)[texts("data.part_tasks")]
                told = row[texts(f"data.field_{field}")]
                assert told in texts.entries.values()
    said = in_words({"deliveries": [{"state": "queued"}], "proxies": [{"approved": True}]}, CATALOGUES["id"])
    assert said["Edaran yang ditujukan kepada Anda"] == [{"Keadaan": "belum dikirim"}]
    assert said["Pernyataan lewat wakil"] == [{"Disetujui": "ya"}]


def test_what_has_no_words_and_what_people_wrote_stays_as_it_is() -> None:
    kept = {"proxies": [{"reason": "sakit. dirawat di rumah"}], "looks": [{"action": "later.made"}]}
    said = in_words(kept, CATALOGUES["id"])
    assert said["Pernyataan lewat wakil"] == [{"Sebab": "sakit. dirawat di rumah"}]
    assert said["Siapa membuka data Anda"] == [{"Tindakan": "later.made"}]


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_page_on_privacy_says_who_sees_what_by_name(language: str) -> None:
    """Heads, admins and HR see who is missing from the first day, HR the tasks, deciders the reasons."""
    texts = CATALOGUES[language]
    page = texts("privacy.text")
    for button in ("ack.button_not_me", "ack.button_unclear"):
        assert page.count(f'"{texts(button)}"') == 2
    assert "HR" in page
    assert ("hanya nama edaran" in page, "All that reaches" in page) == (False, False)


def test_every_column_about_a_person_is_in_the_document_or_left_out_on_purpose() -> None:
    """A column added later to a table about people must be handed over too."""
    left_out = {"id", "person_id", "digest"}
    shown = {"people": set(ENTRY), **{name: set(columns) for name, columns in PARTS.items()}}
    for table, part in {
        "people": "people",
        "placements": "placements",
        "absences": "absences",
        "assignments": "roles",
        "identities": "identities",
        "codes": "codes",
        "profiles": "profiles",
    }.items():
        columns = {
            "unit" if name == "unit_id" else name
            for name in (column.name for column in tables.metadata.tables[table].columns)
        }
        if part == "profiles":
            columns -= {"step"}  # which question of the registration waits
        assert columns - left_out == shown[part], table


@pytest.mark.parametrize(
    ("actor", "person"), [("person:12", 12), ("operator:root", None), ("person:x", None)]
)
def test_an_actor_of_the_roster_is_told_from_others(actor: str, person: int | None) -> None:
    assert person_of(actor) == person


def test_an_actor_who_is_gone_is_named_by_her_id() -> None:
    looked = {"at": 1, "actor": "person:12", "action": "see_person"}
    entry = dict.fromkeys(ENTRY)
    assert document(Kept(entry, looks=[looked]), NOW)["looks"][0]["actor"] == "person:12"


# --- erasing ---


async def test_erasing_removes_at_once_what_the_law_of_evidence_does_not_need(
    data: SqlPersonalData, engine: AsyncEngine
) -> None:
    before = await snapshot(engine)
    done = await data.erase(1, "operator:test", TODAY, 1825)
    assert done is not None
    assert not done.anonymous
    assert done.stays == (Stays.ENTRY, Stays.HISTORY, Stays.ACCESS_LOG)
    after = await snapshot(engine)
    for table in ("identities", "codes"):
        assert [row for row in after[table] if row["person_id"] == 1] == []
    for table in ("profiles", "code_tries"):
        assert "7" not in [row["external_id"] for row in after[table]]
    assert after["unreachable"] == []
    assert [(row["external_id"], row["message_id"]) for row in before["deliveries"]] == [("x", "x")]
    assert [(row["external_id"], row["message_id"]) for row in after["deliveries"]] == [(None, None)]
    entry = next(row for row in after["people"] if row["id"] == 1)
    assert (entry["number"], entry["phone"]) == (NIP, None)
    assert [row for row in after["placements"] if row["person_id"] == 1] == [
        row for row in before["placements"] if row["person_id"] == 1
    ]
    assert "account:telegram:7" not in [row["actor"] for row in after["access_log"]]
    last = after["access_log"][-1]
    assert (last["actor"], last["action"], last["person_id"]) == ("operator:test", "erase_person", 1)
    for row in after["identities"], after["profiles"], after["codes"]:
        assert row, "what others have is untouched"


async def test_erasing_tells_other_processes(data: SqlPersonalData, engine: AsyncEngine) -> None:
    async with engine.connect() as connection:
        before = await staff_version(connection)
    await data.erase(1, "operator:test", TODAY, 1825)
    async with engine.connect() as connection:
        assert await staff_version(connection) > before


async def test_erasing_twice_is_no_error(data: SqlPersonalData, engine: AsyncEngine) -> None:
    for _ in range(2):
        assert await data.erase(1, "operator:test", TODAY, 1825) is not None


async def test_who_left_long_ago_is_made_anonymous(data: SqlPersonalData, engine: AsyncEngine) -> None:
    done = await data.erase(2, "operator:test", TODAY, 1825)
    assert done is not None
    assert done.anonymous
    after = await snapshot(engine)
    number, name = str(ROWS["people"][1]["number"]), str(ROWS["people"][1]["name"])
    assert number not in str(after)
    assert name not in str(after)
    assert [row["id"] for row in after["people"]] == [1, 2, 30]


@pytest.mark.parametrize(
    ("left", "anonymous"),
    [
        (None, False),
        (TODAY - timedelta(days=99), False),
        (TODAY - timedelta(days=100), True),
        (TODAY + timedelta(days=5), False),
    ],
)
def test_a_name_goes_only_when_the_period_after_leaving_is_over(left: date | None, anonymous: bool) -> None:
    done = erasure(left, TODAY, 100)
    assert (Gone.NAME in done.gone) is anonymous
    assert {Gone.PROFILE, Gone.IDENTITIES, Gone.CODES, Gone.PHONE} <= set(done.gone)
    assert done.until == (None if left is None or anonymous else left + timedelta(days=100))


async def test_an_account_of_the_access_log_is_named_as_the_identities_name_it(
    data: SqlPersonalData, engine: AsyncEngine
) -> None:
    """`SqlPersonalData` builds the same name without importing the service."""
    async with engine.begin() as connection:
        actor = Account("telegram", "guest").actor
        await connection.execute(insert(tables.access_log), {"at": 1, "actor": actor, "action": "code.wrong"})
    kept = await data.about_account("telegram", "guest")
    assert kept is not None
    assert [row["action"] for row in kept.actions] == ["code.wrong"]
