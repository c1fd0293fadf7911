"""Making a campaign: who is addressed, what is shown before, and how it follows the staff."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import insert, update

from bot.campaigns.addressing import Excluded, own_due
from bot.campaigns.campaign import CampaignState, Step
from bot.campaigns.change import Change, Kind, Profile
from bot.campaigns.tasks import Kind as TaskKind
from bot.people.staff import PlacementKind, Role
from bot.problems import Problem
from bot.storage.campaign_tables import campaigns, deliveries
from bot.storage.campaigns import refresh
from bot.storage.tables import absences, people, units
from bot.storage.tasks import SqlTasks
from tests.campaign_world import AUTHOR, DUE, SECOND, TERMS, Staged, content
from tests.staff_world import NOW, TODAY

S = CampaignState


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[Staged]:
    staged = Staged(database_url)
    await staged.build()
    yield staged
    await staged.engine.dispose()


async def _meant(world: Staged, audience: str) -> set[str]:
    """Names of those whom the expression means."""
    campaign = await world.campaign(audience, running=False)
    names = {number: name for name, number in world.person.items()}
    found = {
        names[row["person_id"]] for row in await world.rows(deliveries) if row["campaign_id"] == campaign.id
    }
    await world.campaigns.step(campaign.id, Step.CANCEL, AUTHOR)
    return found


async def test_an_audience_is_read_from_the_staff(world: Staged) -> None:
    async with world.engine.begin() as connection:
        kind = update(units).where(units.c.id == world.unit["satu/sekolah"]).values(kind="sekolah")
        await connection.execute(kind)
        own = update(units).where(units.c.id == world.unit["satu/upt"]).values(pattern="enam_hari")
        await connection.execute(own)
    await world.hire("satu/ani", "satu/sekolah", status="pns")
    await world.hire("satu/budi", "satu/upt", status="pppk")
    await world.hire("satu/citra", "satu/badan", status="pns")
    await world.hire("satu/dedi", None, status="pns")
    await world.hire("dua/lain", "dua/badan", status="pns")
    await world.place(world.person["satu/citra"], "satu/upt", PlacementKind.SECONDMENT)
    await world.give("satu/budi", Role.UNIT_HEAD, "satu/upt")
    everybody = {"satu/ani", "satu/budi", "satu/citra", "satu/dedi"}
    assert await _meant(world, "semua") == everybody
    assert await _meant(world, "unit = dinas") == {"satu/ani", "satu/budi", "satu/citra"}
    assert await _meant(world, "unit = badan") == {"satu/citra"}  # where she belongs counts too
    assert await _meant(world, "kelas = upt") == {"satu/ani"}  # a school is a UPT
    assert await _meant(world, "status = PNS dan bukan unit = upt") == {"satu/dedi"}
    assert await _meant(world, "pola = enam_hari") == {"satu/ani", "satu/budi", "satu/citra"}
    assert await _meant(world, 'pola = "5 hari"') == {"satu/dedi"}
    assert await _meant(world, "peran = kepala_unit") == {"satu/budi"}
    assert await _meant(world, "peran = pegawai") == everybody
    assert await _meant(world, "orang = N0, N3") == {"satu/ani", "satu/dedi"}


@pytest.mark.parametrize(
    ("audience", "key"),
    [
        ("unit = entah", "staff.no_unit"),
        ("status = raja", "audience.unknown"),
        ("kelas = istana", "audience.unknown"),
        ("orang = N77", "audience.no_person"),
        ("status = pppk", "campaign.nobody"),
        ("bukan", "audience.ends"),
    ],
)
async def test_an_audience_that_means_nothing_is_refused_and_nothing_is_written(
    world: Staged, audience: str, key: str
) -> None:
    await world.staffed(1)
    with pytest.raises(Problem) as caught:
        await world.campaign(audience, running=False)
    assert caught.value.key == key
    assert await world.rows(campaigns) == []


async def test_a_wrong_number_is_masked_where_it_is_said(world: Staged) -> None:
    await world.staffed(1)
    with pytest.raises(Problem) as caught:
        await world.campaign("orang = 199001012015042001", running=False)
    assert "19900101" not in str(caught.value)


async def test_a_preview_counts_by_unit_and_says_who_is_left_out_and_writes_nothing(world: Staged) -> None:
    names = await world.staffed(3)
    await world.hire("satu/unregistered", "satu/badan")
    await world.hire("satu/left", "satu/upt", left_on=date(2026, 1, 1))
    async with world.engine.begin() as connection:
        away = {"person_id": world.person[names[0]], "kind": "cuti", "since": TODAY, "until": None}
        await connection.execute(insert(absences), away)
    before = await world.dump()
    draft = await world.draft()
    preview = await world.campaigns.preview(draft, TERMS, TODAY)
    assert (preview.addressed, preview.unregistered) == (3, 1)
    assert preview.excluded == {Excluded.LEAVE: 1, Excluded.LEFT: 1}
    upt, badan = preview.units[world.unit["satu/upt"]], preview.units[world.unit["satu/badan"]]
    assert (upt.addressed, badan.addressed, badan.unregistered) == (2, 1, 1)
    after = await world.dump()
    assert {name for name in after if after[name] != before[name]} == {"circular_versions"}
    _, made = await world.campaigns.create(draft, TERMS, TODAY, AUTHOR)
    assert made == preview


async def test_whom_hr_has_released_is_not_added_again(world: Staged) -> None:
    [name, *_] = await world.staffed(3)
    campaign = await world.campaign()
    await world.sent(campaign.id)
    tasks = SqlTasks(world.engine)
    await tasks.add(world.person[name], campaign.id, TaskKind.NOT_FOR_ME, NOW)
    [task] = await tasks.waiting("satu", 0, 10)
    await tasks.close(task.id, AUTHOR, NOW, release=True)
    said = await world.evidence(campaign.id)
    await refresh(world.campaigns, world.deliveries, "satu", TERMS, TODAY)
    assert await world.states(campaign.id) == {("sent", None): 2, ("withdrawn", "released"): 1}
    assert await world.evidence(campaign.id) == said
    assert await world.counts_hold(campaign.id)


async def test_nobody_is_asked_twice_for_one_version(world: Staged) -> None:
    await world.staffed(2)
    first = await world.campaign(running=False)
    preview = await world.campaigns.preview(await world.draft(), TERMS, TODAY)
    assert preview.excluded == {Excluded.ASKED: 2}
    await world.campaigns.step(first.id, Step.CANCEL, AUTHOR)
    assert (await world.campaigns.preview(await world.draft(), TERMS, TODAY)).addressed == 2
    other = await world.draft(subject="Isi lain")
    assert (await world.campaigns.preview(other, TERMS, TODAY)).addressed == 2


async def test_of_two_made_at_once_one_asks(world: Staged) -> None:
    await world.crowd(50)
    draft = await world.draft()
    making = (world.campaigns.create(draft, TERMS, TODAY, AUTHOR) for _ in range(2))
    made = await asyncio.gather(*making, return_exceptions=True)
    [trouble] = [one for one in made if isinstance(one, Problem)]
    assert trouble.key == "campaign.nobody"
    assert len(await world.rows(campaigns)) == 1
    assert len(await world.rows(deliveries)) == 50


async def test_a_material_change_asks_only_whom_it_concerns_and_keeps_to_it(world: Staged) -> None:
    await world.hire("satu/ani", "satu/upt", status="pns")
    await world.hire("satu/budi", "satu/upt", status="pppk")
    profile = Profile("pns", "dinas", "lima_hari")
    change = Change(Kind.MATERIAL, frozenset({profile}), False, "lima_hari")
    draft = replace(await world.draft(), change=change)
    preview = await world.campaigns.preview(draft, TERMS, TODAY)
    assert preview.addressed == 1
    assert preview.excluded == {Excluded.UNCONCERNED: 1}
    campaign, _ = await world.campaigns.create(draft, TERMS, TODAY, AUTHOR)
    kept = await world.campaigns.keep(campaign.id, TERMS, TODAY)
    assert (kept.added, kept.withdrawn) == (0, 0)


async def test_a_deadline_that_is_over_is_refused(world: Staged) -> None:
    await world.staffed(1)
    draft = replace(await world.draft(), due=datetime.fromtimestamp(NOW, UTC))
    with pytest.raises(Problem, match="due_over"):
        await world.campaigns.create(draft, TERMS, TODAY, AUTHOR)


async def test_the_same_content_is_the_same_version_and_comes_back_as_it_was(world: Staged) -> None:
    told = content()
    first = await world.campaigns.add_version(told, AUTHOR)
    assert await world.campaigns.add_version(told, SECOND) == first
    other = await world.campaigns.add_version(content("Lain"), AUTHOR, material=False, replaces=first.id)
    assert (other.id != first.id, other.replaces) == (True, first.id)
    assert await world.campaigns.latest_version("satu", "satu/se-1") == other
    kept = await world.campaigns.content(first.id)
    assert (kept, kept.digest) == (told, first.digest)


# --- steps -----------------------------------------------------------------------------------


async def test_the_author_cannot_approve_her_own(world: Staged) -> None:
    await world.staffed(1)
    campaign = await world.campaign(running=False)
    await world.campaigns.step(campaign.id, Step.TEST, AUTHOR)
    with pytest.raises(Problem, match="same_person"):
        await world.campaigns.step(campaign.id, Step.APPROVE, AUTHOR)


async def test_a_campaign_starts_when_its_time_has_come(world: Staged) -> None:
    await world.staffed(1)
    campaign = await world.campaign(running=False)
    await world.campaigns.step(campaign.id, Step.TEST, AUTHOR)
    starts = datetime.fromtimestamp(NOW + 100, UTC)
    await world.campaigns.step(campaign.id, Step.APPROVE, SECOND, starts=starts)
    assert list(await world.campaigns.start_due()) == []
    world.now += 100
    assert list(await world.campaigns.start_due()) == [campaign.id]
    assert (await world.campaigns.get(campaign.id)).state is S.RUNNING


async def test_of_two_who_press_at_once_one_is_told(world: Staged) -> None:
    await world.staffed(1)
    campaign = await world.campaign()
    press = [world.campaigns.step(campaign.id, step, AUTHOR) for step in (Step.PAUSE, Step.PAUSE)]
    done = await asyncio.gather(*press, return_exceptions=True)
    assert sorted(isinstance(one, Problem) for one in done) == [False, True]
    with pytest.raises(Problem, match="overtaken"):
        await world.campaigns.step(campaign.id, Step.CANCEL, SECOND, seen=S.RUNNING)
    assert (await world.campaigns.get(campaign.id)).state is S.PAUSED


async def test_every_step_leaves_evidence_and_who_took_it(world: Staged) -> None:
    await world.staffed(1)
    campaign = await world.campaign()
    assert await world.evidence(campaign.id) == {"created": 1, "test": 1, "approve": 1, "start": 1}


# --- the staff changes -----------------------------------------------------------------------


async def test_joiners_are_added_with_a_deadline_of_their_own_and_leavers_drop_out(world: Staged) -> None:
    names = await world.staffed(3)
    campaign = await world.campaign("unit = dinas")
    await world.sent(campaign.id)
    week = 7 * 86_400
    world.now += week
    await world.hire("satu/new", "satu/sekolah")
    await world.link("satu/new")
    await world.hire("satu/elsewhere", "satu/badan")
    async with world.engine.begin() as connection:
        gone = update(people).where(people.c.id == world.person[names[0]]).values(left_on=TODAY)
        await connection.execute(gone)
    await refresh(world.campaigns, world.deliveries, "satu", TERMS, TODAY)
    found = {row["person_id"]: row for row in await world.rows(deliveries)}
    assert found[world.person["satu/new"]]["state"] == "queued"
    assert found[world.person["satu/new"]]["due_at"] == int(DUE.timestamp()) + week
    assert found[world.person[names[0]]]["state"] == "withdrawn"
    assert world.person["satu/elsewhere"] not in found
    assert (await world.campaigns.get(campaign.id)).state is S.RUNNING  # it was done before
    assert await world.counts_hold(campaign.id)
    assert await world.sent(campaign.id) is S.DONE
    assert len(world.sender.calls) == 4
    kept = await world.campaigns.keep(campaign.id, TERMS, TODAY)
    assert (kept.added, kept.withdrawn) == (0, 0)


async def test_who_has_acknowledged_stays_when_she_leaves(world: Staged) -> None:
    await world.staffed(1)
    campaign = await world.campaign()
    await world.sent(campaign.id)
    async with world.engine.begin() as connection:
        await connection.execute(update(deliveries).values(acknowledged_at=NOW))
        await connection.execute(update(people).values(left_on=TODAY))
    kept = await world.campaigns.keep(campaign.id, TERMS, TODAY)
    assert (kept.added, kept.withdrawn) == (0, 0)


async def test_who_was_away_is_asked_when_she_is_back(world: Staged) -> None:
    names = await world.staffed(2)
    async with world.engine.begin() as connection:
        away = {"person_id": world.person[names[0]], "kind": "cuti", "since": TODAY}
        await connection.execute(insert(absences), away | {"until": date(2026, 12, 1)})
    campaign = await world.campaign()
    assert (await world.campaigns.keep(campaign.id, TERMS, date(2026, 11, 30))).added == 0
    assert (await world.campaigns.keep(campaign.id, TERMS, date(2026, 12, 1))).added == 1
    assert await world.counts_hold(campaign.id)


async def test_who_goes_on_leave_before_it_starts_is_asked_when_she_is_back(world: Staged) -> None:
    [away, there] = await world.staffed(2)
    campaign = await world.campaign(running=False)
    async with world.engine.begin() as connection:
        leave = {"person_id": world.person[away], "kind": "cuti", "since": TODAY}
        await connection.execute(insert(absences), leave | {"until": date(2026, 12, 1)})
    kept = await world.campaigns.keep(campaign.id, TERMS, TODAY)
    assert (kept.added, kept.withdrawn) == (0, 1)
    kept = await world.campaigns.keep(campaign.id, TERMS, TODAY)
    assert (kept.added, kept.withdrawn) == (0, 0)
    await world.start(campaign.id)
    assert await world.sent(campaign.id) is S.DONE
    assert world.sender.calls == [str(100 + world.person[there])]
    world.now += 8 * 86_400
    assert (await world.campaigns.keep(campaign.id, TERMS, date(2026, 12, 1))).added == 1
    assert await world.sent(campaign.id) is S.DONE
    assert world.sender.calls[1:] == [str(100 + world.person[away])]
    assert await world.counts_hold(campaign.id)


async def test_who_goes_on_leave_while_it_runs_keeps_her_delivery(world: Staged) -> None:
    [name] = await world.staffed(1)
    campaign = await world.campaign()
    async with world.engine.begin() as connection:
        leave = {"person_id": world.person[name], "kind": "cuti", "since": TODAY, "until": None}
        await connection.execute(insert(absences), leave)
    assert (await world.campaigns.keep(campaign.id, TERMS, TODAY)).withdrawn == 0


async def test_who_moves_out_of_the_audience_is_withdrawn_before_it_is_sent_and_not_after(
    world: Staged,
) -> None:
    [early, late] = await world.staffed(2)
    campaign = await world.campaign("unit = upt", running=True)
    async with world.engine.begin() as connection:
        sent = update(deliveries).where(deliveries.c.person_id == world.person[early])
        await connection.execute(sent.values(state="sent"))
    async with world.engine.begin() as connection:
        await connection.execute(update(units).values(name=units.c.name))
        from bot.storage.tables import placements

        await connection.execute(update(placements).values(unit_id=world.unit["satu/badan"]))
    assert (await world.campaigns.keep(campaign.id, TERMS, TODAY)).withdrawn == 1
    states = {row["person_id"]: row["state"] for row in await world.rows(deliveries)}
    assert states == {world.person[early]: "sent", world.person[late]: "withdrawn"}


async def test_who_comes_back_is_asked_again(world: Staged) -> None:
    [name] = await world.staffed(1)
    await world.staffed(1)
    campaign = await world.campaign()
    async with world.engine.begin() as connection:
        one = update(people).where(people.c.id == world.person[name])
        await connection.execute(one.values(left_on=TODAY))
    assert (await world.campaigns.keep(campaign.id, TERMS, TODAY)).withdrawn == 1
    async with world.engine.begin() as connection:
        await connection.execute(one.values(left_on=None))
    assert (await world.campaigns.keep(campaign.id, TERMS, TODAY)).added == 1
    assert await world.counts_hold(campaign.id)


async def test_of_who_comes_back_nothing_that_failed_before_stays(world: Staged) -> None:
    [name] = await world.staffed(1)
    campaign = await world.campaign()
    tried = {"failed_on": "telegram", "wait_until": NOW + 9, "message_id": "1", "sent_at": NOW}
    async with world.engine.begin() as connection:
        await connection.execute(update(deliveries).values(state="failed", reason="no", **tried))
        await connection.execute(update(people).values(left_on=TODAY))
    assert (await world.campaigns.keep(campaign.id, TERMS, TODAY)).withdrawn == 1
    async with world.engine.begin() as connection:
        await connection.execute(update(people).values(left_on=None))
    assert (await world.campaigns.keep(campaign.id, TERMS, TODAY)).added == 1
    [row] = await world.rows(deliveries)
    assert {row[column] for column in tried} == {None}
    assert await world.sent(campaign.id) is S.DONE
    assert world.sender.calls == [str(100 + world.person[name])]


def test_who_is_hardly_later_than_the_others_shares_their_deadline() -> None:
    day = 86_400
    assert own_due(0, 10 * day, day - 1) is None
    assert own_due(0, 10 * day, 3 * day) == 13 * day
    assert own_due(0, 10 * day, 30 * day) == 40 * day
