"""Telling those whose answer rested on a rule that it has changed, without a list of who asked what."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert, update

from bot.campaigns import subscriptions as module
from bot.campaigns.content import Content
from bot.campaigns.law import record
from bot.campaigns.subscriptions import (
    OFF,
    ON,
    Changed,
    News,
    Subscriptions,
    account_of,
    expiry,
    key_of,
    news,
    touched,
)
from bot.catalogues import load_catalogues
from bot.model import RuleRef, Verdict, VerdictKind
from bot.people.identity import Account
from bot.policy.corpus import Modality
from bot.problems import Problem
from bot.storage.campaign_tables import campaigns, circular_versions, subscriptions
from bot.storage.campaigns import SqlCampaigns
from bot.storage.key_files import secret_at
from bot.storage.subscriptions import SqlSubscriptions, expire, mark
from bot.storage.tables import profiles, unreachable
from tests.policy_worlds import at, circular, corpus, ref, rule, yes
from tests.unit.reminder_world import MONDAY, PLAN, TEXTS, Office

SECRET = b"s" * 32
LIVE, POST = RuleRef("satu/se-1", "live"), RuleRef("satu/se-1", "unggah")
ANI, GUEST = Account("telegram", "ani"), Account("telegram", "tamu")
DAY = 86_400


def answer(*rules: RuleRef) -> Verdict:
    return Verdict(VerdictKind.PROHIBITED, basis=rules)


class Desk(Office):
    async def opened(self) -> Desk:
        await super().opened()
        await self.employ("satu/ani")
        await self.guest(GUEST)
        self.now = at(MONDAY, "09:00")
        self.kept = SqlSubscriptions(self.engine)
        self.subscriptions = Subscriptions(self.kept, SECRET, 30, lambda: self.now.timestamp())
        return self

    async def guest(self, account: Account, **values: Any) -> None:
        mine = {"channel": account.channel, "external_id": account.external_id, "regency": "satu"}
        await self._add_row(profiles, **mine, created_at=1, updated_at=1, **values)

    async def answered(self, account: Account, *rules: RuleRef) -> None:
        self.subscriptions.note(account, answer(*rules))
        await self.subscriptions.flush()

    def news(self) -> News:
        return News(self.kept, SECRET, self.lane, lambda _: self.calendar, TEXTS, "id", PLAN, self.clock)

    async def changed(self, *rules: RuleRef) -> int:
        number = len(await self.rows(circular_versions)) + 1
        values = {
            "regency": "satu",
            "circular": "satu/se-1",
            "digest": str(number),
            "dated": MONDAY,
            "subject": f"Siaran langsung {number}",
            "issuer": "BKPSDM",
            "summary": "{}",
            "material": True,
            "created_by": "test",
            "created_at": 0,
        }
        version = await self._add(circular_versions, **values)
        async with self.engine.begin() as connection:
            await mark(connection, "satu/se-1", [rule.rule for rule in rules], version)
        return version

    async def begins(self, version: int, state: str = "approved") -> int:
        """A campaign with this version whose time has come."""
        values = {"regency": "satu", "version_id": version, "audience": "semua", "author": "test"}
        times = {"due_at": 9_000_000_000, "starts_at": 0, "created_at": 0, "updated_at": 0}
        made = await self._add(campaigns, **values, **times, state=state, quiz=False)
        await SqlCampaigns(self.engine, lambda: self.now.timestamp()).start_due()
        return made

    async def told(self, day: date = MONDAY, clock: str = "09:00") -> list[str]:
        self.now = at(day, clock)
        self.lane.sent.clear()
        await self.news().tell()
        return self.lane.who


@pytest.fixture
async def desk(database_url: str) -> AsyncIterator[Desk]:
    made = await Desk(database_url).opened()
    yield made
    await made.engine.dispose()


# --- telling ---------------------------------------------------------------------------------


async def test_members_and_guests_are_told_of_a_change_once(desk: Desk) -> None:
    await desk.answered(ANI, LIVE)
    await desk.answered(GUEST, LIVE, POST)
    assert await desk.told() == []
    await desk.changed(LIVE)
    assert await desk.told() == ["ani", "tamu"]
    assert "Siaran langsung 1" in desk.lane.to("ani")[0].text
    assert await desk.told() == []


async def test_who_asked_about_another_rule_or_only_afterwards_is_not_told(desk: Desk) -> None:
    await desk.answered(ANI, POST)
    await desk.changed(LIVE)
    await desk.answered(GUEST, LIVE)
    assert await desk.told() == []


async def test_several_changes_come_in_one_message(desk: Desk) -> None:
    await desk.answered(ANI, LIVE, POST)
    await desk.changed(LIVE)
    await desk.changed(POST)
    assert await desk.told() == ["ani"]
    assert "Siaran langsung 1" in desk.lane.to("ani")[0].text
    assert "Siaran langsung 2" in desk.lane.to("ani")[0].text


async def test_people_are_told_at_work_and_those_who_are_not_later(desk: Desk) -> None:
    await desk.answered(ANI, LIVE)
    await desk.answered(GUEST, LIVE)
    await desk.leave("satu/ani", MONDAY, MONDAY + timedelta(days=1))
    await desk.changed(LIVE)
    assert await desk.told(MONDAY, "21:00") == []
    assert await desk.told(MONDAY, "10:00") == ["tamu"]
    assert await desk.told(MONDAY + timedelta(days=1)) == ["ani"]


@pytest.mark.parametrize("why", ["stopped", "blocked", "left"])
async def test_who_cannot_or_will_not_be_written_to_is_not_told(desk: Desk, why: str) -> None:
    who = Account("telegram", "citra")
    if why == "left":
        await desk.employ("satu/citra", left_on=MONDAY)
    else:
        await desk.guest(who, stopped_at=1 if why == "stopped" else None)
    if why == "blocked":
        async with desk.engine.begin() as connection:
            values = {"channel": "telegram", "chat_id": "citra", "reason": "blocked", "since": 1}
            await connection.execute(insert(unreachable), values)
    await desk.answered(who, LIVE)
    await desk.changed(LIVE)
    assert await desk.told() == []


async def test_everybody_is_found_page_by_page(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAGE", 2)
    names = ["x9", "X1", "10", "9", "a-b", "ab", "é"]
    for name in names:
        await desk.guest(Account("telegram", name))
        await desk.answered(Account("telegram", name), LIVE)
    await desk.answered(ANI, LIVE)
    await desk.changed(LIVE)
    assert await desk.told() == sorted([*names, "ani"])


async def test_two_processes_tell_nobody_twice(desk: Desk) -> None:
    await desk.answered(ANI, LIVE)
    await desk.answered(GUEST, LIVE)
    await desk.changed(LIVE)
    await asyncio.gather(*(desk.news().tell() for _ in range(3)))
    assert desk.lane.who == ["ani", "tamu"]


async def _two_versions(desk: Desk, **second: Any) -> int:
    """The rule about live streams gets a condition."""
    old = corpus(circular(rule("live"), rule("lain", activity="lain")))
    new = corpus(circular(rule("live", condition=yes("dinas")), rule("lain", activity="lain")))
    first, version = await desk.changed(), await desk.changed()
    for number, law, values in ((first, old, {}), (version, new, {"replaces_id": first} | second)):
        async with desk.engine.begin() as connection:
            its = update(circular_versions).where(circular_versions.c.id == number)
            await connection.execute(its.values(law=record(law, "antah/se-1"), **values))
    return version


async def test_when_a_campaign_begins_the_rules_that_it_changes_are_told(desk: Desk) -> None:
    await desk.answered(ANI, LIVE)
    version = await _two_versions(desk)
    assert await desk.told() == []
    await desk.begins(version)
    assert await desk.told() == ["ani"]


def _content(*, narrower: bool) -> Content:
    """As policies/ have it: the rule about live streams, with a condition or without."""
    live = rule("live", condition=yes("dinas")) if narrower else rule("live")
    law = record(corpus(circular(live, rule("lain", activity="lain"))), "antah/se-1")
    subject = f"Siaran langsung {narrower}"
    return Content("satu", "satu/se-1", "1", MONDAY, subject, "BKPSDM", {"id": ("Satu.",)}, law=law)


async def test_a_rule_that_changes_in_policies_is_told_though_no_campaign_says_so(desk: Desk) -> None:
    await desk.subscriptions.compare([_content(narrower=False)])
    await desk.answered(ANI, LIVE)
    await desk.answered(GUEST, RuleRef("satu/se-1", "lain"))
    await desk.subscriptions.compare([_content(narrower=False)])
    assert await desk.told() == []
    await asyncio.gather(*(desk.subscriptions.compare([_content(narrower=True)]) for _ in range(3)))
    assert await desk.told() == ["ani"]
    assert "Siaran langsung True" in desk.lane.to("ani")[0].text


async def test_what_was_told_when_policies_changed_is_not_told_again_with_the_campaign(desk: Desk) -> None:
    await desk.subscriptions.compare([_content(narrower=False)])
    await desk.subscriptions.compare([_content(narrower=True)])
    await desk.answered(ANI, LIVE)  # rests on the new rule
    [version] = [row["id"] for row in await desk.rows(circular_versions)]
    await desk.begins(version)
    assert await desk.told() == []


async def test_a_first_campaign_tells_what_the_program_does_not_know_yet(desk: Desk) -> None:
    """HR sends it from another copy of policies/, before this one has changed."""
    await desk.subscriptions.compare([_content(narrower=False)])
    await desk.answered(ANI, LIVE)
    content = _content(narrower=True)
    version = await SqlCampaigns(desk.engine, lambda: desk.now.timestamp()).add_version(content, "test")
    await desk.begins(version.id)
    assert await desk.told() == ["ani"]
    await desk.answered(ANI, LIVE)
    await desk.subscriptions.compare([content])
    assert await desk.told() == []


async def test_a_ledger_that_does_not_answer_stops_nothing(
    desk: Desk, caplog: pytest.LogCaptureFixture
) -> None:
    async def laws() -> Any:
        raise Problem("store.locked", setting="X")

    desk.kept.laws = laws  # type: ignore[method-assign]
    await desk.subscriptions.compare([_content(narrower=True)])
    assert "could not be told" in caplog.text


async def test_a_second_campaign_of_the_same_version_tells_nobody_again(desk: Desk) -> None:
    version = await _two_versions(desk)
    await desk.begins(version)
    await desk.answered(ANI, LIVE)  # rests on the new rule already
    await desk.begins(version)
    assert await desk.told() == []


async def test_a_change_of_words_only_is_told_to_nobody(desk: Desk) -> None:
    await desk.answered(ANI, LIVE)
    await desk.begins(await _two_versions(desk, material=False))
    assert await desk.told() == []


# --- what the ledger shows -------------------------------------------------------------------


async def test_the_database_alone_does_not_say_who_asked_what(desk: Desk) -> None:
    """Neither the accounts, nor any hash of them that could be made without the secret, nor the order or time
    of asking stand in it; and rows of one person cannot be told from those of two."""
    await desk.answered(ANI, LIVE, POST)
    await desk.answered(GUEST, LIVE)
    rows = await desk.rows(subscriptions)
    assert set(rows[0]) == {"key", "circular", "rule", "expires_at", "version_id"}
    keys = [row["key"] for row in rows]
    assert len(set(keys)) == 3
    for said in ("ani", "telegram:ani", '["telegram", "ani", "satu/se-1", "live"]'):
        assert not any(said in key or sha256(said.encode()).hexdigest() == key for key in keys)
    assert not any(key_of(b"guess" * 8, ANI, LIVE) == key for key in keys)
    assert key_of(SECRET, ANI, LIVE) in keys  # with the secret, one account at a time
    [expires] = {row["expires_at"] for row in rows}
    assert datetime.fromtimestamp(expires, UTC).strftime("%A %H:%M") == "Monday 00:00"


async def test_nothing_that_the_ledger_offers_says_how_many_there_are(desk: Desk) -> None:
    await desk.answered(ANI, LIVE)
    await desk.answered(GUEST, LIVE)
    await desk.changed(LIVE)
    assert await desk.kept.rules() == [LIVE]
    assert len(await desk.kept.changed(0)) == 1


@given(st.integers(0, 4_000_000_000), st.integers(1, 365))
def test_a_subscription_lasts_as_promised_and_up_to_a_week_longer(now: int, days: int) -> None:
    until = expiry(now, days)
    assert now + days * DAY <= until < now + (days + 7) * DAY
    assert datetime.fromtimestamp(until, UTC).weekday() == 0


async def test_what_is_over_goes_and_is_not_told(desk: Desk) -> None:
    await desk.answered(ANI, LIVE)
    await desk.subscriptions.refuse(GUEST)
    later = MONDAY + timedelta(days=42)
    await desk.changed(LIVE)
    assert await desk.told(later) == []
    async with desk.engine.begin() as connection:
        assert await expire(connection, int(at(later, "09:00").timestamp())) == 1
    assert [row["circular"] for row in await desk.rows(subscriptions)] == [""]  # a refusal stays


async def test_asking_again_makes_it_last_longer_and_no_second_row(desk: Desk) -> None:
    await desk.answered(ANI, LIVE)
    [first] = await desk.rows(subscriptions)
    desk.now += timedelta(days=14)
    await desk.answered(ANI, LIVE)
    [second] = await desk.rows(subscriptions)
    assert second["expires_at"] - first["expires_at"] == 14 * DAY


# --- her own decision ------------------------------------------------------------------------


async def test_who_opts_out_has_nothing_kept_until_she_opts_in(desk: Desk) -> None:
    texts = TEXTS["id"]
    await desk.answered(ANI, LIVE)
    await desk.answered(GUEST, LIVE)
    page = await desk.subscriptions.page(ANI, "privasi", texts)
    assert page.buttons[0][0].action == OFF
    assert await desk.subscriptions.press(ANI, OFF, texts) is not None
    await desk.answered(ANI, LIVE)
    await desk.changed(LIVE)
    assert await desk.told() == ["tamu"]
    page = await desk.subscriptions.page(ANI, "privasi", texts)
    assert page.buttons[0][0].action == ON
    assert await desk.subscriptions.press(ANI, ON, texts) is not None
    await desk.answered(ANI, POST)
    await desk.changed(POST)
    assert await desk.told() == ["ani"]


async def test_forgetting_an_account_leaves_nothing_of_it(desk: Desk) -> None:
    await desk.answered(ANI, LIVE, POST)
    desk.subscriptions.note(ANI, answer(RuleRef("satu/se-2", "x")))
    await desk.subscriptions.forget(ANI)
    await desk.subscriptions.flush()
    assert await desk.rows(subscriptions) == []


async def test_other_buttons_are_not_ours(desk: Desk) -> None:
    assert await desk.subscriptions.press(ANI, "k:ack:1", TEXTS["id"]) is None


# --- answers do not wait ---------------------------------------------------------------------


class _Broken:
    async def add(self, rows: Any) -> None:
        raise Problem("store.locked")


async def test_what_cannot_be_written_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    broken: Any = _Broken()
    kept = Subscriptions(broken, SECRET, 30, lambda: 0.0)
    kept.note(ANI, answer(LIVE))
    await kept.flush()
    assert "store.locked" in caplog.text


async def test_what_waits_is_written_in_a_group_and_at_the_end(desk: Desk) -> None:
    task = asyncio.create_task(desk.subscriptions.run(3600))
    await asyncio.sleep(0)
    said = SimpleNamespace(verdict=answer(LIVE, POST))
    desk.subscriptions.noticed("telegram:ani:ani", None, said)
    desk.subscriptions.noticed("telegram:ani:ani", None, SimpleNamespace(verdict=None))
    assert await desk.rows(subscriptions) == []
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    assert {row["key"] for row in await desk.rows(subscriptions)} == {
        key_of(SECRET, ANI, one) for one in (LIVE, POST)
    }


def test_what_waits_has_a_limit_and_holds_no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 3)
    nowhere: Any = _Broken()
    kept = Subscriptions(nowhere, SECRET, 30, lambda: 0.0)
    for number in range(10):
        kept.note(Account("telegram", f"someone{number}"), answer(LIVE))
    assert len(kept._waiting) == 3
    assert "someone" not in repr(kept._waiting)


@pytest.mark.parametrize(
    ("key", "account"),
    [
        ("telegram:7:7", Account("telegram", "7")),
        ("telegram:7:-100", Account("telegram", "7")),
        ("console:a:b:a:b", Account("console", "a:b")),
    ],
)
def test_the_key_of_a_conversation_tells_the_account(key: str, account: Account) -> None:
    assert account_of(key) == account


# --- which rules -----------------------------------------------------------------------------


def _touched(old: Any, new: Any) -> set[str]:
    return set(touched(*(record(corpus(one), "antah/se-1") for one in (old, new))))


def test_a_change_touches_the_rules_of_the_same_act() -> None:
    live, post, other = rule("live"), rule("post", activity="unggah"), rule("other", activity="lain")
    old = circular(live, post, other)
    assert _touched(old, old) == set()
    assert _touched(old, circular(rule("live", condition=yes("dinas")), post, other)) == {"live"}
    assert _touched(old, circular(post, other)) == {"live"}
    wide = rule("media", Modality.PERMISSION, activity="media")
    assert _touched(old, circular(live, post, other, wide)) == {"live", "post"}
    lifting = rule("exception", Modality.PERMISSION, activity="lain", lifts=(ref("live"),))
    assert _touched(old, circular(live, post, other, lifting)) == {"live", "other"}


def test_a_change_of_whom_or_when_touches_all_rules() -> None:
    rules = rule("live"), rule("other", activity="lain")
    assert _touched(circular(*rules), circular(*rules, addressees=yes("dinas"))) == {"live", "other"}
    assert _touched(circular(*rules), circular(*rules, until=MONDAY)) == {"live", "other"}


# --- the secret and the texts ----------------------------------------------------------------


def test_the_secret_is_made_once_and_is_its_owners_only(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "subscriptions.key"
    first = secret_at(path)
    assert (len(first), secret_at(path)) == (32, first)
    assert path.stat().st_mode & 0o777 == 0o600
    assert secret_at(tmp_path / "other.key") != first


@pytest.mark.parametrize(("content", "mode"), [("00" * 32, 0o644), ("00" * 31, 0o600), ("zz" * 32, 0o600)])
def test_a_secret_that_others_can_read_or_that_is_none_is_refused(
    tmp_path: Path, content: str, mode: int
) -> None:
    path = tmp_path / "subscriptions.key"
    path.write_text(content)
    path.chmod(mode)
    with pytest.raises(Problem) as refused:
        secret_at(path)
    assert content[:8] not in refused.value.line(load_catalogues()["id"]).replace(str(path), "")


@pytest.mark.parametrize("language", ["id", "en"])
def test_the_news_fits_a_phone(language: str) -> None:
    changes = [Changed(LIVE, n, "Perihal yang panjang " * 20, "800.1.6.2/" * 20) for n in range(30)]
    assert len(news(changes, TEXTS[language]).text) <= 1024
    assert "30" in TEXTS[language]("privacy.text")
