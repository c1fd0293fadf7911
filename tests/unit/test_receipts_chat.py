"""Receipts in a chat: at once, only one's own, and such that anybody can check them with the command."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import segno
from sqlalchemy import delete, update
from typer.testing import CliRunner

from bot.campaigns import proof_chat
from bot.campaigns.acknowledging import UNDO_SECONDS, Entry
from bot.campaigns.campaign import Proof
from bot.campaigns.proof_chat import DRAWN, FILE, LISTED, PICTURE
from bot.campaigns.proxies import Asked
from bot.campaigns.receipts import Receipt, picture, read_receipt
from bot.commands.evidence import evidence_app
from bot.model import Attachment, Reply
from bot.people.staff import Role
from bot.problems import Problem
from bot.storage import evidence
from bot.storage import receipts as storage
from bot.storage.campaign_tables import evidence_checkpoints, evidence_events
from bot.storage.circular_reading import SqlCirculars
from bot.storage.receipts import SqlReceipts
from bot.storage.tables import access_log
from tests.fakes import CATALOGUES
from tests.unit.ack_world import NOON, REGENCY, TEXTS, AckWorld, labels, own_signer
from tests.unit.evidence_world import signer

BUTTON = TEXTS("receipt.button")


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[AckWorld]:
    made = await AckWorld(database_url).build()
    yield made
    await made.engine.dispose()


def files(replies: Sequence[Reply]) -> dict[str, Attachment]:
    """What hangs on the replies, each of which every channel takes."""
    for reply in replies:
        assert len(reply.text) <= 1024
    return {reply.attachment.name: reply.attachment for reply in replies if reply.attachment is not None}


async def acknowledged(world: AckWorld, person: int, **how: int) -> tuple[int, Reply]:
    campaign = await world.campaign(await world.version(), [person], **how)  # type: ignore[arg-type]
    [recorded] = await world.press(person, f"k:ack:{campaign}")
    return campaign, recorded


def kept(replies: Sequence[Reply]) -> Receipt:
    return read_receipt(files(replies)[FILE].content.decode())


# --- at once ---


async def test_under_the_confirmation_a_button_gives_the_receipt_at_once(world: AckWorld) -> None:
    person = await world.hire()
    campaign, recorded = await acknowledged(world, person)
    assert await world.rows(evidence_checkpoints) == []
    replies = await world.press(person, labels(recorded)[BUTTON])
    receipt = kept(replies)
    assert receipt.holds()
    assert (receipt.entry.kind, receipt.entry.campaign, receipt.entry.at) == ("acknowledged", campaign, NOON)
    assert json.loads(receipt.subject)["person"] == person
    assert receipt.code() in replies[0].text
    assert "800/1/2026" in replies[0].text
    assert "12.00 WIB" in replies[0].text
    assert not any(reply.replace for reply in replies)  # the confirmation stays


async def test_the_picture_holds_the_same_receipt(world: AckWorld) -> None:
    person = await world.hire()
    _, recorded = await acknowledged(world, person)
    replies = await world.press(person, labels(recorded)[BUTTON])
    drawn = files(replies)[PICTURE]
    assert drawn.media_type == "image/png"
    same = segno.make(kept(replies).token(), error="l", micro=False)
    assert same.mode == "alphanumeric"
    assert drawn.content == png(same)


def png(code: segno.QRCode) -> bytes:
    import io

    sink = io.BytesIO()
    code.save(sink, kind="png", scale=4, border=4)
    return sink.getvalue()


async def test_saying_it_again_offers_the_receipt_too(world: AckWorld) -> None:
    person = await world.hire()
    campaign, _ = await acknowledged(world, person)
    for replies in (await world.press(person, f"k:ack:{campaign}"), await world.say(person, "sudah baca")):
        assert labels(replies[0]) == {BUTTON: f"k:proof:{campaign}"}


async def test_a_second_receipt_needs_no_second_checkpoint(world: AckWorld) -> None:
    person = await world.hire()
    _, recorded = await acknowledged(world, person)
    first = kept(await world.press(person, labels(recorded)[BUTTON]))
    world.now += 60
    again = kept(await world.press(person, labels(recorded)[BUTTON]))
    assert first.token() == again.token()
    assert len(await world.rows(evidence_checkpoints)) == 1


async def test_many_who_ask_at_once_share_a_checkpoint(world: AckWorld) -> None:
    crowd = [await world.hire() for _ in range(30)]
    campaign = await world.campaign(await world.version(), crowd)
    await asyncio.gather(*(world.press(person, f"k:ack:{campaign}") for person in crowd))
    got = await asyncio.gather(*(world.press(person, f"k:proof:{campaign}") for person in crowd))
    assert sum(PICTURE in files(replies) for replies in got) >= DRAWN
    for person, replies in zip(crowd, got, strict=True):
        assert kept(replies).holds()
        assert json.loads(kept(replies).subject)["person"] == person
    assert len(await world.rows(evidence_checkpoints)) == 1


async def test_while_codes_are_drawn_others_are_answered(
    world: AckWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await world.hire()
    campaign, _ = await acknowledged(world, person)
    drawing, go = threading.Event(), threading.Event()

    def slowly(receipt: Receipt, kind: str) -> bytes:
        drawing.set()
        assert go.wait(30)
        return picture(receipt, kind)

    monkeypatch.setattr(proof_chat, "picture", slowly)
    getting = asyncio.ensure_future(world.press(person, f"k:proof:{campaign}"))
    while not drawing.is_set():
        await asyncio.sleep(0.01)
    [other] = await world.say(person, "/bukti")
    assert other.text.startswith(TEXTS("receipt.listed"))
    assert not getting.done()
    go.set()
    assert set(files(await getting)) == {FILE, PICTURE}


async def test_when_too_many_wait_for_their_code_the_file_comes_alone(
    world: AckWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await world.hire()
    campaign, _ = await acknowledged(world, person)
    monkeypatch.setattr(proof_chat, "DRAWN", 0)
    assert set(files(await world.press(person, f"k:proof:{campaign}"))) == {FILE}


async def test_two_processes_that_sign_at_once_give_receipts_that_hold(world: AckWorld) -> None:
    crowd = [await world.hire() for _ in range(4)]
    campaign = await world.campaign(await world.version(), crowd)
    for person in crowd:
        await world.press(person, f"k:ack:{campaign}")
    entries = [Entry(1, person, campaign, NOON, Proof.BUTTON) for person in crowd]
    desks = [SqlReceipts(world.engine, own_signer, lambda: world.now) for _ in crowd]
    made = await asyncio.gather(*(desk.of(entry) for desk, entry in zip(desks, entries, strict=True)))
    assert all(receipt is not None and receipt.holds() for receipt in made)


async def test_an_acknowledgment_by_proxy_has_its_receipt(world: AckWorld) -> None:
    person = await world.hire()
    admin, head = await world.hire(role=Role.UNIT_ADMIN), await world.hire(role=Role.UNIT_HEAD)
    campaign = await world.campaign(await world.version(), [person])
    asked = Asked(campaign, person, "sakit", "map 1")
    request = await world.proxies.ask(await world.actor(admin), asked, REGENCY)
    await world.proxies.decide(await world.actor(head), request.id, approved=True)
    replies = await world.press(person, f"k:proof:{campaign}")
    assert kept(replies).entry.kind == "proxy"
    assert "sakit" not in kept(replies).subject


async def test_after_undoing_and_doing_it_again_the_last_one_counts(world: AckWorld) -> None:
    person = await world.hire()
    campaign, _ = await acknowledged(world, person)
    await world.press(person, f"k:undo:{campaign}")
    await world.press(person, f"k:ack:{campaign}")  # all within one second
    receipt = kept(await world.press(person, f"k:proof:{campaign}"))
    assert (receipt.entry.seq, receipt.entry.kind) == (3, "acknowledged")


# --- none ---


async def test_after_undoing_there_is_none(world: AckWorld) -> None:
    person = await world.hire()
    campaign, recorded = await acknowledged(world, person)
    await world.press(person, f"k:undo:{campaign}")
    [none] = await world.press(person, labels(recorded)[BUTTON])
    assert none.text.startswith("Tidak ada tanda terima")
    assert "dibatalkan" in none.text
    assert none.attachment is None


async def test_after_erasure_there_is_none_and_why_is_said(world: AckWorld) -> None:
    person = await world.hire()
    campaign, _ = await acknowledged(world, person)
    async with world.engine.begin() as connection:
        await evidence.forget(connection, person)
    [none] = await world.press(person, f"k:proof:{campaign}")
    assert "dihapus" in none.text
    assert none.attachment is None


async def test_nobody_gets_anothers(world: AckWorld) -> None:
    person, other = await world.hire(), await world.hire()
    campaign, _ = await acknowledged(world, person)
    hr = await world.hire(role=Role.HR)
    for who in (other, hr):
        [none] = await world.press(who, f"k:proof:{campaign}")
        stale = TEXTS("hint.stale_button")  # HR may have tried the circular out
        assert none.text.startswith("Tidak ada tanda terima") if who == hr else none.text == stale
        assert (await world.say(who, "/bukti"))[0].text == TEXTS("receipt.none_yet")
    both = await world.campaign(await world.version(), [person, other])
    for who in (person, other):
        await world.press(who, f"k:ack:{both}")
        assert json.loads(kept(await world.press(who, f"k:proof:{both}")).subject)["person"] == who


async def test_a_guest_is_told_how_to_register(world: AckWorld) -> None:
    campaign, _ = await acknowledged(world, await world.hire())
    for replies in (await world.press("guest", f"k:proof:{campaign}"), await world.say("guest", "/bukti")):
        assert replies[0].text == TEXTS("ack.register")


@pytest.mark.parametrize(
    "action", ["k:proof:", "k:proof:x", "k:proof:99", "k:proofs:x", "k:proofs:" + "9" * 50]
)
async def test_no_button_breaks_the_desk(world: AckWorld, action: str) -> None:
    person = await world.hire()
    [reply] = await world.press(person, action)
    assert reply.text == TEXTS("hint.stale_button")


@pytest.mark.parametrize("trouble", ["key", "locked", "history"])
async def test_what_is_wrong_with_keys_or_the_log_is_not_hers_to_repair(
    world: AckWorld, trouble: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    person = await world.hire()
    campaign, _ = await acknowledged(world, person)
    if trouble == "history":
        async with world.engine.begin() as connection:
            await connection.execute(update(evidence_events).values(entry="{}"))
    else:
        key = "evidence.key_broken" if trouble == "key" else "store.locked"

        async def fails(*_: object) -> None:
            raise Problem(key, path="/secret/place")

        monkeypatch.setattr(storage, "checkpoint", fails)
    [reply] = await world.press(person, f"k:proof:{campaign}")
    assert reply.text == TEXTS("receipt.not_now")


# --- the list ---


async def test_every_circular_she_acknowledged_is_listed_with_a_button(world: AckWorld) -> None:
    person = await world.hire()
    mine = []
    for _ in range(LISTED + 2):
        world.now += UNDO_SECONDS
        mine.append((await acknowledged(world, person))[0])
    undone, _ = await acknowledged(world, person)
    await world.press(person, f"k:undo:{undone}")
    [page] = await world.say(person, "/bukti")
    assert not page.replace
    seen: list[str] = []
    while True:
        assert len(page.text) <= 1024
        shown = labels(page)
        assert all(len(label) <= 20 for label in shown)
        seen += [action for action in shown.values() if action.startswith("k:proof:")]
        following = shown.get(TEXTS("hr.more"))
        if following is None:
            break
        [page] = await world.press(person, following)
        assert page.replace
    assert seen == [f"k:proof:{campaign}" for campaign in reversed(mine)]
    assert kept(await world.press(person, seen[-1])).entry.campaign == mine[0]


async def test_looking_at_it_is_noted(world: AckWorld) -> None:
    person = await world.hire()
    campaign, _ = await acknowledged(world, person)
    await world.press(person, f"k:proof:{campaign}")
    me = f"person:{person}"
    noted = [row for row in await world.rows(access_log) if row.action == "evidence.receipt"]
    assert [(row.actor, row.person_id, row.regency) for row in noted] == [(me, person, REGENCY)]


# --- checked as anybody would ---


@pytest.mark.parametrize("language", sorted(CATALOGUES))
@pytest.mark.parametrize("form", ["file", "windows", "code"])
async def test_what_the_chat_hands_out_is_verified_by_the_command(
    world: AckWorld, tmp_path: Path, form: str, language: str
) -> None:
    """She saves the file, or what a scanner reads from the code, and gives it to the command."""
    crowd = [await world.hire() for _ in range(70)]
    campaign = await world.campaign(await world.version(), crowd)
    for person in crowd:
        await world.press(person, f"k:ack:{campaign}")
    await world.press(crowd[3], "l:" + language)
    replies = await world.press(crowd[3], f"k:proof:{campaign}")
    content = files(replies)[FILE].content
    if form == "windows":
        content = b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n")
    if form == "code":
        content = kept(replies).token().encode()
    saved, key = tmp_path / FILE, tmp_path / "kunci.pem"
    saved.write_bytes(content)
    key.write_text(signer().public.pem())
    done = CliRunner().invoke(evidence_app, ["verify", str(saved), "--key", str(key)])
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("Sah: peristiwa ke-4 (diakui sudah dibaca, ")
    assert f'"person":{crowd[3]}' in done.stdout
    changed = tmp_path / "diubah.txt"
    last = content.rstrip()[-9:-8]
    changed.write_bytes(content.rstrip()[:-9] + (b"A" if last != b"A" else b"B") + content.rstrip()[-8:])
    refused = CliRunner().invoke(evidence_app, ["verify", str(changed)])
    assert refused.exit_code == 1 or isinstance(refused.exception, Problem)


async def test_without_receipts_there_is_no_button(world: AckWorld) -> None:
    person = await world.hire()
    world.chat._proofs = None
    campaign, recorded = await acknowledged(world, person)
    assert BUTTON not in labels(recorded)
    assert (await world.press(person, f"k:proof:{campaign}"))[0].text == TEXTS("hint.stale_button")


async def test_a_checkpoint_that_the_keeper_made_serves(world: AckWorld) -> None:
    person = await world.hire()
    campaign, _ = await acknowledged(world, person)
    made = await evidence.checkpoint(world.engine, signer(), NOON + 5)
    assert kept(await world.press(person, f"k:proof:{campaign}")).checkpoint == made


async def test_of_a_forgotten_entry_storage_has_nothing(world: AckWorld) -> None:
    person = await world.hire()
    campaign, _ = await acknowledged(world, person)
    entry = await SqlCirculars(world.engine).standing(person, 1)
    assert entry is not None
    async with world.engine.begin() as connection:
        await connection.execute(delete(evidence_events))
    assert await SqlReceipts(world.engine, own_signer, lambda: world.now).of(entry) is None
    assert entry.campaign == campaign
