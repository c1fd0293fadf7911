"""What people type about circulars that were sent to them, through the desk and over both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.campaigns.acknowledging import UNDO_SECONDS
from bot.campaigns.campaign import DeliveryState
from bot.campaigns.saying import Said, Sayings
from bot.model import Incoming, Sender
from bot.storage.campaign_tables import acknowledgments, evidence_events, tasks
from tests.unit.ack_world import DAY, NOON, TEXTS, AckWorld, assistant, labels, proofs


@pytest.fixture
async def world(database_url: str) -> AsyncIterator[AckWorld]:
    made = await AckWorld(database_url).build()
    yield made
    await made.engine.dispose()


def read(campaign: int) -> str:
    return f"k:ack:{campaign}"


MEANT = {
    Said.MISTAKEN: [
        "ralat, belum saya baca",
        "maaf salah pencet",
        "salah, batalkan",
        "tidak jadi",
        "gak jadi",
        "bukan, saya belum baca",
        "sorry, not read yet",
    ],
    Said.NOT_FOR_ME: ["bukan untuk saya", "Edaran ini bukan buat saya pak", "it is not for me"],
    Said.UNCLEAR: [
        "saya tidak paham",
        "kurang paham",
        "gak ngerti isinya",
        "I don't understand the circular",
    ],
    Said.PROOF: ["tanda terima", "minta bukti baca", "mana tanda terimanya?"],
    Said.UNREAD: [
        "edaran mana yang belum saya baca",
        "edaran apa yang belum saya baca?",
        "apa yang masih menunggu konfirmasi saya?",
    ],
}
MEANS_NOTHING = [
    "tidak",
    "bukan",
    "belum",
    "terima kasih",
    "salah, maksud saya upload",
    "live bukan untuk saya",
    "saya tidak paham aturan live",
    "belum baca, boleh live?",
    "bukan untuk saya?",
    "apa buktinya dilarang",
    "",
]


@pytest.mark.parametrize(("meant", "text"), [(m, text) for m, texts in MEANT.items() for text in texts])
def test_what_a_button_says_is_understood(meant: Said, text: str) -> None:
    assert Sayings(assistant().engine.corpus.vocabulary).means(text) is meant


@pytest.mark.parametrize("text", MEANS_NOTHING)
def test_what_says_more_or_less_is_not(text: str) -> None:
    assert Sayings(assistant().engine.corpus.vocabulary).means(text) is None


async def test_words_acknowledge_the_only_circular_that_waits(world: AckWorld) -> None:
    person = await world.hire(2, "whatsapp")
    await world.campaign(await world.version(), [person])
    [reply] = await world.say(person, "sudah saya baca dan pahami", "whatsapp")
    assert reply.text.startswith("Tercatat")
    [row] = await world.rows(acknowledgments)
    assert (row.proof, row.channel) == ("words", "whatsapp")
    [again] = await world.say(person, "sudah baca")
    assert again.text.startswith("Sudah tercatat")


async def test_with_several_words_ask_which(world: AckWorld) -> None:
    person = await world.hire()
    later = await world.campaign(await world.version(), [person], due=NOON + 2 * DAY)
    sooner = await world.campaign(await world.version(), [person])
    [reply] = await world.say(person, "sudah baca")
    assert list(labels(reply).values()) == [read(sooner), read(later)]
    assert await proofs(world) == []
    await world.press(person, read(later))
    [left] = await world.say(person, "sudah baca")
    assert left.text.startswith("Tercatat: Anda sudah membaca 800/2/2026")


async def test_with_none_words_say_so(world: AckWorld) -> None:
    person = await world.hire()
    assert [r.text for r in await world.say(person, "sudah baca")] == [TEXTS("acknowledge.none")]
    await world.campaign(await world.version(), [person], sent=DeliveryState.QUEUED)
    assert [r.text for r in await world.say(person, "sudah baca")] == [TEXTS("acknowledge.none")]
    assert await proofs(world) == []


async def test_two_campaigns_of_one_version_are_one_circular(world: AckWorld) -> None:
    person = await world.hire()
    version = await world.version()
    for _ in range(2):
        await world.campaign(version, [person])
    assert (await world.say(person, "sudah baca"))[0].text.startswith("Tercatat")


async def test_a_question_is_told_what_waits_and_records_nothing(world: AckWorld) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person])
    [reply] = await world.say(person, "apa saya sudah baca?")
    assert reply.text.startswith(TEXTS("ack.waits"))
    assert labels(reply) == {"Saya sudah membaca": read(campaign)}
    assert await proofs(world) == []
    await world.press(person, read(campaign))
    assert (await world.say(person, "apa saya sudah baca?"))[0].text == TEXTS("ack.nothing_waits")


async def test_a_question_about_an_act_is_still_answered(world: AckWorld) -> None:
    person = await world.hire()
    await world.campaign(await world.version(), [person])
    [reply] = await world.say(person, "sudah baca edarannya, boleh live sekarang?")
    assert reply.text != TEXTS("ack.which")
    assert "live" in reply.text or "siaran" in reply.text.lower()
    assert await proofs(world) == []


async def test_words_undo(world: AckWorld) -> None:
    person = await world.hire()
    first, second = [await world.campaign(await world.version(), [person]) for _ in range(2)]
    for campaign in (first, second):
        await world.press(person, read(campaign))
    [which] = await world.say(person, "batalkan")
    assert set(labels(which).values()) == {f"k:undo:{first}", f"k:undo:{second}"}
    await world.press(person, f"k:undo:{second}")
    [done] = await world.say(person, "batalkan")
    assert done.text.startswith("Dibatalkan")
    assert [row.undone_at for row in await world.rows(acknowledgments)] == [NOON, NOON]


async def test_words_that_undo_come_too_late_or_mean_nothing(world: AckWorld) -> None:
    person, other = await world.hire(), await world.hire()
    campaign = await world.campaign(await world.version(), [person])
    await world.press(person, read(campaign))
    world.now += UNDO_SECONDS + 1
    assert "sudah lewat 5 menit" in (await world.say(person, "batalkan"))[0].text
    assert TEXTS("ack.nothing_to_undo") not in [r.text for r in await world.say(other, "batalkan")]


async def test_nothing_that_anybody_writes_is_kept(world: AckWorld) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person])
    for text in ("saya tidak paham kalimat kedua rahasia", "sudah saya baca", "batalkan"):
        await world.say(person, text)
    await world.press(person, f"k:unclear:{campaign}")
    for table in (acknowledgments, tasks, evidence_events):
        assert "rahasia" not in str(await world.rows(table))


async def forwarded(world: AckWorld, person: int, text: str) -> list[str]:
    sender = Sender("telegram", str(person))
    replies = await world.desk.handle(Incoming(sender, str(person), text, forwarded=True))
    return [reply.text for reply in replies]


async def test_what_somebody_else_wrote_records_nothing_and_undoes_nothing(world: AckWorld) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person])
    [shown] = await forwarded(world, person, "sudah saya baca")
    assert shown.startswith(TEXTS("ack.waits"))
    [quoted] = await world.say(person, "“sudah saya baca”")
    assert quoted.text == shown
    assert await proofs(world) == []
    await world.press(person, read(campaign))
    await forwarded(world, person, "batalkan")
    assert [row.undone_at for row in await world.rows(acknowledgments)] == [None]


@pytest.mark.parametrize("state", [DeliveryState.UNREACHABLE, DeliveryState.FAILED])
async def test_whom_the_message_did_not_reach_is_shown_what_waits(
    world: AckWorld, state: DeliveryState
) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person], sent=state)
    [reply] = await world.say(person, "sudah baca")
    assert reply.text.startswith(TEXTS("ack.waits"))
    assert labels(reply) == {"Saya sudah membaca": read(campaign)}
    assert await proofs(world) == []


async def test_the_words_of_the_buttons_ask_as_the_buttons_do(world: AckWorld) -> None:
    person = await world.hire()
    assert TEXTS("ack.not_me_which") not in (await world.say(person, "bukan untuk saya"))[0].text
    first = await world.campaign(await world.version(), [person])
    [sure] = await world.say(person, "bukan untuk saya")
    assert labels(sure)["Ya, bukan untuk saya"] == f"k:notme2:{first}"
    [unclear] = await world.say(person, "saya tidak paham")
    assert labels(unclear) == {"Saya tidak paham": f"k:unclear:{first}"}
    second = await world.campaign(await world.version(), [person])
    [which] = await world.say(person, "bukan untuk saya")
    assert set(labels(which).values()) == {f"k:notme:{first}", f"k:notme:{second}"}
    [which] = await world.say(person, "kurang paham")
    assert set(labels(which).values()) == {f"k:unclear:{first}", f"k:unclear:{second}"}
    assert await world.rows(tasks) == []


async def test_receipts_are_asked_for_in_words(world: AckWorld) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person])
    assert (await world.say(person, "tanda terima"))[0].text == TEXTS("receipt.none_yet")
    await world.press(person, read(campaign))
    [listed] = await world.say(person, "minta bukti baca")
    assert f"k:proof:{campaign}" in labels(listed).values()
    assert (await world.say("guest", "tanda terima"))[0].text == TEXTS("ack.register")


@pytest.mark.parametrize("text", MEANT[Said.MISTAKEN])
async def test_a_slip_is_asked_about_and_undoes_nothing_by_itself(world: AckWorld, text: str) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person])
    await world.press(person, read(campaign))
    [reply] = await world.say(person, text)
    assert list(labels(reply).values()) == [f"k:undo:{campaign}"]
    assert [row.undone_at for row in await world.rows(acknowledgments)] == [None]
    world.now += UNDO_SECONDS + 1
    later = await world.say(person, text)
    assert f"k:undo:{campaign}" not in labels(later[0]).values()


async def test_nothing_to_undo_is_said_to_whom_circulars_are_sent(world: AckWorld) -> None:
    person = await world.hire()
    await world.campaign(await world.version(), [person])
    assert [r.text for r in await world.say(person, "batalkan")] == [TEXTS("ack.nothing_to_undo")]


async def test_which_circular_is_unread_is_told(world: AckWorld) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person])
    [reply] = await world.say(person, "edaran mana yang belum saya baca")
    assert labels(reply) == {"Saya sudah membaca": read(campaign)}


async def test_the_list_of_circulars_leads_to_those_that_wait(world: AckWorld) -> None:
    person = await world.hire()
    assert (await world.say(person, "/edaran"))[0].buttons == ()
    campaign = await world.campaign(await world.version(), [person])
    [listed] = await world.say(person, "/edaran")
    assert list(labels(listed)) == ["Menunggu Anda: 1"]
    [waiting] = await world.press(person, labels(listed)["Menunggu Anda: 1"])
    assert list(labels(waiting).values()) == [read(campaign)]


async def test_who_stopped_is_told_that_nothing_was_recorded_in_her_language(world: AckWorld) -> None:
    person = await world.hire()
    campaign = await world.campaign(await world.version(), [person])
    await world.press(person, "l:en")
    await world.say(person, "/stop")
    [reply] = await world.press(person, read(campaign))
    assert "no acknowledgment was recorded" in reply.text
    await world.say(person, "/mulai")
    profile = await world.profiles.get("telegram", str(person))
    assert profile is not None
    assert (profile.language, profile.stopped_at) == ("en", None)
