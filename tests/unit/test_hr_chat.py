"""/hr in a chat: what fits a screen, who sees what, steps with a confirmation, tasks that are closed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import insert, update

from bot.campaigns import hr_people
from bot.campaigns.campaign import CampaignState, DeliveryState
from bot.campaigns.costs import Waits
from bot.campaigns.hindrances import Held, Hindered
from bot.campaigns.hr_chat import HrChat, _Page
from bot.campaigns.hr_people import PEOPLE
from bot.campaigns.reporting import Reporting
from bot.campaigns.reports import CELLS, Tally
from bot.campaigns.screens import LABEL
from bot.campaigns.steering import Steering
from bot.campaigns.tasks import TaskOffice
from bot.catalogues import load_catalogues
from bot.model import Incoming, Reply, Sender
from bot.people.staff import Role
from bot.people.visit import Visit
from bot.problems import Problem
from bot.storage.campaign_tables import campaigns as table
from bot.storage.campaign_tables import deliveries, tasks, whatsapp_sent
from bot.storage.campaigns import SqlCampaigns
from bot.storage.reports import SqlReports
from bot.storage.tables import people, units
from bot.storage.tasks import SqlTasks
from tests.campaign_rows import SUBJECT, campaign, deliver, version
from tests.staff_world import NOW, TODAY, World

CATALOGUES = load_catalogues()
ZONE = ZoneInfo("Asia/Jakarta")
SCREEN = 20
"""Lines that a phone shows with the buttons below them."""


@dataclass
class Office:
    world: World
    chat: HrChat
    number: int

    async def visit(self, name: str | None, language: str = "id") -> Visit:
        member = await self.world.staff.member(self.world.person[name], TODAY) if name else None
        return Visit(Incoming(Sender("console", "1"), "1", "/hr"), None, member, CATALOGUES[language])

    async def open(self, name: str | None, language: str = "id") -> Reply:
        return checked(await self.chat.open(await self.visit(name, language)))

    async def press(self, name: str, action: str) -> Reply:
        found = await self.chat.press(await self.visit(name), action)
        assert found is not None
        assert found.replace
        return checked(found)

    async def state(self) -> str:
        rows = await self.world.rows(table)
        return str({row["id"]: row["state"] for row in rows}[self.number])


def checked(reply: Reply) -> Reply:
    """Fits a screen and every channel."""
    assert len(reply.text.splitlines()) <= SCREEN
    assert len(reply.text) <= 1024
    for button in (button for row in reply.buttons for button in row):
        assert len(button.label) <= LABEL
        assert len(button.action.encode()) <= 64
    return reply


def actions(reply: Reply) -> dict[str, str]:
    return {button.label: button.action for row in reply.buttons for button in row}


def texts(key: str, **values: object) -> str:
    return CATALOGUES["id"](key, **values)


ALONE = (DeliveryState.SENT, DeliveryState.UNREACHABLE)

STAFF: dict[str, dict[str, Any]] = {
    "satu/dewi": {"unit": "satu/dinas"},
    "satu/guru": {"unit": "satu/sekolah", "said": NOW + 60},
    "satu/badu": {"unit": "satu/badan", "state": DeliveryState.UNREACHABLE, "reason": "blocked"},
}
STAFF |= {f"satu/upt{n:02}": {"unit": "satu/upt"} for n in range(PEOPLE + 3)}


@pytest.fixture
async def office(database_url: str) -> AsyncIterator[Office]:
    world = await World(database_url).build()
    for name, row in STAFF.items():
        await world.hire(name, str(row["unit"]))
    for name, unit in (("satu/hr", "satu/badan"), ("satu/hr2", "satu/badan"), ("satu/kepala", "satu/dinas")):
        await world.hire(name, unit)
    await world.hire("dua/hr", "dua")
    for name in ("satu/hr", "satu/hr2", "dua/hr"):
        await world.give(name, Role.HR, name.split("/")[0])
    await world.give("satu/kepala", Role.UNIT_HEAD, "satu/dinas")
    author = f"operator:root as person:{world.person['satu/hr']}"
    number = await campaign(world, of := await version(world), author=author)
    await deliver(world, number, STAFF, of)
    reporting = Reporting(SqlReports(world.engine, lambda: NOW), lambda _: TODAY, lambda _: ZONE)
    steering = Steering(reporting, SqlCampaigns(world.engine, lambda: NOW))
    closing = TaskOffice(SqlTasks(world.engine), world.staff, lambda _: TODAY, lambda: NOW)
    yield Office(world, HrChat(reporting, steering, closing, lambda _: ZONE), number)
    await world.engine.dispose()


async def set_state(office: Office, state: CampaignState) -> None:
    async with office.world.engine.begin() as connection:
        await connection.execute(update(table).where(table.c.id == office.number).values(state=state))


# --- who sees what ---


async def test_hr_sees_the_campaigns_of_her_regency_with_their_sums(office: Office) -> None:
    shown = await office.open("satu/hr")
    assert SUBJECT in shown.text
    assert "1 dari 14" in shown.text
    assert actions(shown)[f"{office.number} · {SUBJECT}"[: LABEL - 1].rstrip() + "…"].startswith("h:c:")


async def test_a_head_sees_his_subtree_only(office: Office) -> None:
    shown = await office.press("satu/kepala", f"h:c:{office.number}:0:0")
    assert "dinas" in shown.text
    assert "1 dari 13" in shown.text
    assert "badan" not in shown.text
    for unit in ("satu", "satu/badan"):
        for kind in "cmx":
            place = office.world.unit[unit]
            refused = await office.press("satu/kepala", f"h:{kind}:{office.number}:{place}:0")
            assert refused.text == texts("rights.refused")


async def test_hr_of_another_regency_an_employee_and_a_guest_see_nothing(office: Office) -> None:
    assert (await office.open("dua/hr")).text == texts("hr.none")
    assert (await office.press("dua/hr", f"h:c:{office.number}:0:0")).text == texts("rights.refused")
    assert (await office.open("satu/dewi")).text == texts("hr.not_for_you")
    assert (await office.press("satu/dewi", "h:l:0")).text == texts("rights.refused")
    assert (await office.open(None)).text == texts("hr.not_known")
    for name, meant in (("satu/hr", True), ("satu/kepala", True), ("satu/dewi", False)):
        assert office.chat.meant_for((await office.visit(name)).member) is meant
    assert not office.chat.meant_for(None)


async def test_who_has_no_campaign_is_told_so(office: Office) -> None:
    shown = await office.open("dua/hr", "en")
    assert shown.text == CATALOGUES["en"]("hr.none")


# --- down the tree ---


async def test_buttons_lead_down_the_tree_and_up_again(office: Office) -> None:
    top = await office.press("satu/hr", f"h:c:{office.number}:0:0")
    agency = await office.press("satu/hr", actions(top)["1. dinas"])
    assert "1 dari 13" in agency.text
    below = await office.press("satu/hr", actions(agency)["1. upt"])
    assert "1 dari 12" in below.text
    assert actions(below)[texts("hr.up")] == actions(top)["1. dinas"]
    assert actions(top)[texts("hr.up")] == "h:l:0"


async def test_the_unit_with_most_people_missing_comes_first(office: Office) -> None:
    top = await office.press("satu/hr", f"h:c:{office.number}:0:0")
    assert top.text.index("dinas:") < top.text.index("badan:")


async def test_who_is_missing_is_paged_without_a_name_twice_or_left_out(office: Office) -> None:
    unit = office.world.unit["satu/upt"]
    action: str | None = f"h:m:{office.number}:{unit}:0"
    seen: list[str] = []
    while action is not None:
        shown = await office.press("satu/hr", action)
        assert f": {PEOPLE + 3}" in shown.text.splitlines()[0]
        seen += [line.split(" ·")[0] for line in shown.text.splitlines()[2:]]
        action = actions(shown).get(texts("hr.more"))
    assert seen == sorted(name for name, row in STAFF.items() if row["unit"] == "satu/upt")


async def test_the_unreachable_are_a_list_of_their_own_with_the_reason(office: Office) -> None:
    unit = office.world.unit["satu"]
    missing = await office.press("satu/hr", f"h:m:{office.number}:{unit}:0")
    assert "satu/badu" not in missing.text
    shown = await office.press("satu/hr", f"h:x:{office.number}:{unit}:0")
    assert "satu/badu" in shown.text
    assert texts("report.why_blocked") in shown.text


async def test_long_names_and_many_units_still_fit_a_screen(office: Office) -> None:
    world = office.world
    for number in range(20):
        key = f"satu/dinas {number:02} " + "yang panjang sekali namanya " * 5
        values = {"regency": "satu", "parent_id": world.unit["satu"], "name": key}
        world.unit[key] = await world._add(units, **values)
        await world.hire(f"satu/p{number}", key)
        await deliver(world, office.number, {f"satu/p{number}": {"unit": key}})
    shown = await office.press("satu/hr", f"h:c:{office.number}:0:0")
    following = await office.press("satu/hr", actions(shown)[texts("hr.more")])
    assert following.text != shown.text
    assert sum(len(row) for row in shown.buttons) <= 10  # one list of WhatsApp
    assert shown.buttons[0] != following.buttons[0]


async def test_units_whose_names_begin_alike_are_told_apart(office: Office) -> None:
    world = office.world
    for number in (1, 2, 3):
        key = f"SD Negeri Kecamatan Tompokersan {number:02}"
        values = {"regency": "satu", "parent_id": world.unit["satu/badan"], "name": key}
        world.unit[key] = await world._add(units, **values)
        await world.hire(f"satu/g{number}", key)
        await deliver(world, office.number, {f"satu/g{number}": {"unit": key}})
    shown = await office.press("satu/hr", f"h:c:{office.number}:{world.unit['satu/badan']}:0")
    down = [label for label, action in actions(shown).items() if action.startswith("h:c:")][:3]
    assert [label[:3] for label in down] == ["1. ", "2. ", "3. "]
    assert [label[-2:] for label in down] == ["01", "02", "03"]
    assert [line[:3] for line in shown.text.splitlines()[-3:]] == ["1. ", "2. ", "3. "]


async def test_no_number_of_people_is_cut_from_a_button(office: Office) -> None:
    place = office.world.unit["satu"]
    page = _Page(office.chat, (await office.visit("satu/hr")).member, CATALOGUES["id"])  # type: ignore[arg-type]
    cells = tuple(1_234_567 if count else 0 for count in (s in ALONE and not done for s, done in CELLS))
    shown = [button.label for button in page._lists(office.number, place, Tally(cells))]
    assert len(shown) == 2
    assert all(label.startswith("1.234.567 ") for label in shown)


async def test_people_of_one_name_are_told_apart_by_the_end_of_their_numbers(office: Office) -> None:
    world = office.world
    async with world.engine.begin() as connection:
        for end, name in enumerate(("satu/dewi", "satu/guru"), 4_711):
            known = update(people).where(people.c.id == world.person[name])
            await connection.execute(known.values(name="Budi Santoso", number=f"19800101200501{end}"))
            row = {"regency": "satu", "campaign_id": office.number, "person_id": world.person[name]}
            await connection.execute(insert(tasks), row | {"at": NOW, "kind": "not_for_me"})
        mine = deliveries.c.person_id == world.person["satu/guru"]
        await connection.execute(update(deliveries).where(mine).values(acknowledged_at=None))
    listed = await office.press("satu/hr", f"h:m:{office.number}:{world.unit['satu']}:0")
    waiting = await office.press("satu/hr", "h:t:0")
    for shown in (listed, waiting):
        assert "Budi Santoso ·4711 · dinas" in shown.text
        assert "Budi Santoso ·4712 · sekolah" in shown.text


async def test_a_long_list_names_the_file_that_holds_all(office: Office, monkeypatch: Any) -> None:
    action = f"h:m:{office.number}:{office.world.unit['satu']}:0"
    told = texts("hr.as_file", campaign=office.number)
    assert told not in (await office.press("satu/hr", action)).text
    monkeypatch.setattr(hr_people, "MANY", 12)
    assert (await office.press("satu/hr", action)).text.splitlines()[-1] == told


async def test_what_a_cancelled_campaign_did_not_send_does_not_wait(office: Office) -> None:
    await set_state(office, CampaignState.CANCELLED)
    for shown in (await office.open("satu/hr"), await office.press("satu/hr", f"h:c:{office.number}:0:0")):
        assert "tidak jadi dikirim 0" in shown.text
        assert "menunggu" not in shown.text


async def test_what_nobody_knows_to_have_arrived_is_told(office: Office) -> None:
    await office.world.hire("satu/unsure", "satu/badan")
    row = {"unit": "satu/badan", "state": DeliveryState.UNCERTAIN}
    action, told = f"h:c:{office.number}:0:0", texts("hr.uncertain", count=1)
    assert told not in (await office.press("satu/hr", action)).text
    await deliver(office.world, office.number, {"satu/unsure": row})
    assert told in (await office.press("satu/hr", action)).text.splitlines()
    await set_state(office, CampaignState.CANCELLED)
    assert told not in (await office.press("satu/hr", action)).text


# --- steps ---


async def test_why_nothing_goes_out_is_told_to_who_sees_the_whole_campaign(office: Office) -> None:
    found = Hindered(Held(1_200, Problem("whatsapp.token_refused")), (Waits("ceiling", 7), Waits("x", 1)))

    async def hindered(campaign: int) -> Hindered:
        assert campaign == office.number
        return found

    office.chat._hindered = hindered
    running = await office.press("satu/hr", f"h:c:{office.number}:0:0")
    assert texts("hr.waits_ceiling", count=7) in running.text
    assert "EDARAN_WHATSAPP__TOKEN" not in running.text  # it has started
    await set_state(office, CampaignState.APPROVED)
    held = await office.press("satu/hr", f"h:c:{office.number}:0:0")
    assert "1.200 pegawai" in held.text
    assert "EDARAN_WHATSAPP__TOKEN" in held.text
    head = await office.press("satu/kepala", f"h:c:{office.number}:0:0")
    assert "EDARAN_WHATSAPP__TOKEN" not in head.text
    await set_state(office, CampaignState.DONE)
    assert "WhatsApp" not in (await office.press("satu/hr", f"h:c:{office.number}:0:0")).text


async def test_a_step_is_asked_first_and_then_taken(office: Office) -> None:
    top = await office.press("satu/hr", f"h:c:{office.number}:0:0")
    asked = await office.press("satu/hr", actions(top)[texts("hr.step_pause")])
    assert texts("hr.ask_pause", count=14) in asked.text
    assert await office.state() == "running"
    done = await office.press("satu/hr", actions(asked)[texts("hr.yes")])
    assert texts("hr.done") in done.text
    assert await office.state() == "paused"
    assert texts("hr.step_resume") in actions(done)


async def test_an_old_button_does_nothing_once_somebody_was_quicker(office: Office) -> None:
    await office.press("satu/hr", f"h:y:{office.number}:pause:running")
    late = await office.press("satu/hr2", f"h:y:{office.number}:cancel:running")
    assert late.text.startswith(texts("campaign.overtaken", state=texts("campaign.state_paused")))
    assert "paused" not in late.text
    assert texts("hr.step_resume") in actions(late)
    assert texts("hr.up") in actions(late)
    assert await office.state() == "paused"


async def test_the_author_has_no_button_to_approve_and_cannot_by_a_made_up_one(office: Office) -> None:
    await set_state(office, CampaignState.TESTED)
    own = await office.press("satu/hr", f"h:c:{office.number}:0:0")
    assert texts("hr.step_approve") not in actions(own)
    refused = await office.press("satu/hr", f"h:y:{office.number}:approve:tested")
    assert "orang kedua" in refused.text
    other = await office.press("satu/hr2", f"h:c:{office.number}:0:0")
    asked = await office.press("satu/hr2", actions(other)[texts("hr.step_approve")])
    await office.press("satu/hr2", actions(asked)[texts("hr.yes")])
    assert await office.state() == "approved"


async def test_a_head_has_no_steps_and_cannot_take_one(office: Office) -> None:
    shown = await office.press("satu/kepala", f"h:c:{office.number}:0:0")
    assert not [action for action in actions(shown).values() if action.startswith("h:s")]
    refused = await office.press("satu/kepala", f"h:y:{office.number}:pause:running")
    assert refused.text == texts("rights.refused")
    assert await office.state() == "running"


# --- tasks ---


async def test_tasks_are_listed_and_closed(office: Office) -> None:
    person = office.world.person["satu/dewi"]
    row = {"regency": "satu", "campaign_id": office.number, "person_id": person, "at": NOW}
    async with office.world.engine.begin() as connection:
        for kind in ("not_for_me", "not_understood", "proxy_wrong"):
            await connection.execute(insert(tasks), row | {"kind": kind})
    shown = await office.press("satu/hr", actions(await office.open("satu/hr"))[texts("hr.tasks")])
    assert shown.text.count("satu/dewi") == 3
    first = next(action for action in actions(shown).values() if action.startswith("h:d:"))
    closed = await office.press("satu/hr", first)
    assert closed.text.count("satu/dewi") == 2
    twice = await office.press("satu/hr", first)
    assert twice.text.startswith(texts("hr.task_gone", task=first.split(":")[-1]))
    assert "orang lain" not in twice.text
    assert texts("hr.tasks") not in actions(await office.open("satu/kepala"))
    assert (await office.press("satu/kepala", "h:t:0")).text == texts("rights.refused")
    assert (await office.press("satu/kepala", first)).text == texts("rights.refused")


# --- buttons that are none ---


@pytest.mark.parametrize(
    "action",
    ["h:", "h:c", "h:c:x:0:0", "h:zz:1", "h:s:1:fly:running", "h:y:1:pause:soon", "h:m:1:2:3:4", "h:c:1"],
)
async def test_a_button_of_another_version_is_said_to_be_old(office: Office, action: str) -> None:
    assert (await office.press("satu/hr", action)).text == texts("hint.stale_button")


async def test_a_unit_that_is_none_is_refused_and_others_buttons_are_not_ours(office: Office) -> None:
    for kind in "cmx":
        refused = await office.press("satu/hr", f"h:{kind}:{office.number}:987654:0")
        assert refused.text == texts("rights.refused")
    assert await office.chat.press(await office.visit("satu/hr"), "q:1") is None


# --- what WhatsApp says ---


async def test_what_whatsapp_says_is_on_the_screen_as_no_acknowledgment_and_counts_as_none(
    office: Office,
) -> None:
    names = sorted(name for name, row in STAFF.items() if row.get("state") is None and not row.get("said"))
    before = await office.press("satu/hr", f"h:c:{office.number}:0:0")
    line = texts("hr.told", arrived="2", read="1")
    assert line.split(":")[0] not in before.text  # nothing went there
    mine = deliveries.c.person_id
    for name, state in zip(names, ("read", "delivered", "failed"), strict=False):
        message = f"wamid.{state}"
        sent = {"channel": "whatsapp", "message_id": message}
        told = {"message_id": message, "price": 0, "state": state, "at": NOW, "changed_at": NOW}
        async with office.world.engine.begin() as connection:
            moved = update(deliveries).where(mine == office.world.person[name])
            await connection.execute(moved.values(sent))
            await connection.execute(insert(whatsapp_sent), told)
    shown = await office.press("satu/hr", f"h:c:{office.number}:0:0")
    assert shown.text.splitlines().count(line) == 1
    assert shown.text.replace(f"{line}\n", "") == before.text


async def test_what_whatsapp_says_is_that_of_the_unit_that_is_shown(office: Office) -> None:
    guru = office.world.person["satu/guru"]
    async with office.world.engine.begin() as connection:
        moved = update(deliveries).where(deliveries.c.person_id == guru)
        await connection.execute(moved.values(channel="whatsapp", message_id="wamid.1"))
        told = {"message_id": "wamid.1", "price": 0, "state": "read", "at": NOW, "changed_at": NOW}
        await connection.execute(insert(whatsapp_sent), told)
    line = texts("hr.told", arrived="1", read="1")
    for place in ("satu", "satu/sekolah", "satu/badan"):
        shown = await office.press("satu/hr", f"h:c:{office.number}:{office.world.unit[place]}:0")
        assert (line in shown.text) == (place != "satu/badan")
