"""What every channel does, whatever it is made of: the same tests over each implementation."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from bot.channels.port import Delivery
from bot.model import Button, ContactRequest, Reply
from tests.channel_worlds import CHANNELS, TelegramWorld, WhatsappWorld, World, world_on
from tests.fakes import CATALOGUES
from tests.telegram_world import content_update, feed

TEXTS = CATALOGUES["id"]


@pytest.fixture(params=CHANNELS)
async def world(request: pytest.FixtureRequest) -> AsyncIterator[World]:
    async with world_on(request.param) as made:
        yield made


@pytest.fixture
async def known(world: World) -> World:
    """The person is registered."""
    await world.office.register(world.channel.name, world.person)
    return world


async def test_a_text_gets_its_reply(known: World) -> None:
    assert (await known.say("boleh live sekarang?")).text.startswith("Jawaban: boleh live sekarang?")


async def test_the_desk_learns_channel_and_person(known: World) -> None:
    await known.say("a")
    assert known.office.answerer.asked[0][2] == f"{known.channel.name}:{known.person}:{known.person}"


async def test_buttons_are_shown_with_their_labels_and_can_be_pressed(known: World) -> None:
    assert (await known.say("two buttons")).buttons == ["Akun resmi", "Akun pribadi"]
    assert "Tombol: q:akun_resmi=tidak" in (await known.press("Akun pribadi")).text


async def test_a_registration_goes_through_from_the_question_to_its_answer(world: World) -> None:
    assert "Kabupaten Lumajang" in (await world.say("boleh live sekarang?")).buttons
    assert "PNS" in (await world.press("Kabupaten Lumajang")).buttons
    assert "Jawaban: boleh live sekarang?" in (await world.press("PNS")).text


async def test_a_long_reply_arrives_whole_with_its_button_at_the_end(known: World) -> None:
    screen = await known.say("long")
    assert screen.text.count("panjang sekali 🙏") == 600
    assert screen.buttons == ["Lagi"]


async def test_markup_and_odd_characters_arrive_as_they_are(known: World) -> None:
    odd = "<b>*_[x](y)_*</b> & [bold] 👩‍🏫 \u202eterbalik"
    assert odd in (await known.say(odd)).text


async def test_an_error_inside_becomes_a_polite_sentence_and_the_channel_goes_on(
    known: World, caplog: pytest.LogCaptureFixture
) -> None:
    assert TEXTS("error.sorry") in (await known.say("boom")).text
    assert "Jawaban: a" in (await known.say("a")).text
    assert "private words" not in caplog.text
    assert "RuntimeError" in caplog.text


async def test_replies_speak_the_chosen_language(known: World) -> None:
    await known.say("/bahasa")
    await known.press("English")
    assert CATALOGUES["en"]("help.text").splitlines()[0] in (await known.say("/bantuan")).text


async def test_a_message_of_the_bots_own_accord_arrives(world: World) -> None:
    notice = Reply("Edaran baru\nisinya", ((Button("Sudah dibaca", "z"),),))
    delivery, screen = await world.receive(notice)
    assert delivery is Delivery.SENT
    assert "Edaran baru\nisinya" in screen.text
    assert screen.buttons == ["Sudah dibaca"]


async def test_a_file_arrives_after_its_text(known: World) -> None:
    screen = await known.say("/data_saya")
    assert "data-saya.json" in screen.messages[0]
    assert '"regency": "lumajang"' in screen.text


async def test_a_request_for_the_contact_arrives_and_is_taken_back(world: World) -> None:
    asked = ContactRequest("Bagikan kontak", "Tidak jadi")
    for reply in (Reply("Bagikan kontak?", contact=asked), Reply("Terima kasih", contact=ContactRequest())):
        delivery, screen = await world.receive(reply)
        assert (delivery, screen.buttons) == (Delivery.SENT, [])
        assert reply.text in screen.text


async def test_a_code_links_whoever_types_it(world: World) -> None:
    code = await world.office.code(world.office.hire(1))
    assert "Pegawai 1" in (await world.say(f"/start {code}")).text
    assert TEXTS("profile.member_title") in (await world.say("/profil")).text


async def test_what_cannot_be_read_gets_a_hint(world: World) -> None:
    # Only a channel that carries more than text can receive it.
    if isinstance(world, TelegramWorld):
        await feed(world.channel, content_update("sticker", STICKER))
        assert TEXTS("hint.text_only") in world._screen().text
    if isinstance(world, WhatsappWorld):
        assert TEXTS("hint.text_only") in (await world.send_sticker()).text
    assert TEXTS("hint.unknown_command") in (await world.say("/🙏")).text


STICKER = {
    **{"file_id": "x", "file_unique_id": "x", "type": "regular", "width": 1, "height": 1},
    **{"is_animated": False, "is_video": False},
}
