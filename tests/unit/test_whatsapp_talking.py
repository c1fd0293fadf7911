"""Talking to the bot on WhatsApp, as people see it: proving who one is, commands in plain words, choices."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bot.channels.whatsapp import command_words
from bot.channels.whatsapp_build import words_in
from bot.channels.whatsapp_reading import Message, Person
from bot.people.registration import Registration
from tests.fakes import CATALOGUES, FakeDirectory, Office
from tests.whatsapp_world import whatsapp

TEXTS = CATALOGUES["id"]


async def test_the_number_that_whatsapp_vouches_for_links_without_a_card() -> None:
    async with whatsapp() as setting:
        person = await setting.person(phone="6280000000001")
        setting.office.hire(1, "+6280000000001")
        await setting.ask(person, "/mulai")
        await person.presses(TEXTS("link.button_contact"))
        assert "Pegawai 1" in (await setting.hear(person))[0].text


async def test_who_hides_her_number_shares_it_on_request() -> None:
    async with whatsapp() as setting:
        person = await setting.person(phone="6280000000001", hidden=True)
        setting.office.hire(1, "+6280000000001")
        [first, *_] = await setting.ask(person, "/mulai")
        assert TEXTS("link.button_contact") in first.labels
        await person.presses(TEXTS("link.button_contact"))
        assert (await setting.hear(person))[0].kind == "contact_request"
        await person.shares_number()
        assert "Pegawai 1" in (await setting.hear(person))[0].text


async def test_who_was_known_by_number_is_the_same_when_she_hides_it() -> None:
    async with whatsapp() as setting:
        person = await setting.person(phone="6280000000001")
        setting.office.hire(1, "+6280000000001")
        await setting.ask(person, "/mulai")
        await person.presses(TEXTS("link.button_contact"))
        await setting.hear(person)
        await person.becomes(hidden=True)
        assert TEXTS("profile.member_title") in (await setting.ask(person, "/profil"))[0].text


async def test_a_new_number_leaves_her_who_she_is() -> None:
    async with whatsapp() as setting:
        person = await setting.person(phone="6280000000001")
        setting.office.hire(1, "+6280000000001")
        await setting.ask(person, "/mulai")
        await person.presses(TEXTS("link.button_contact"))
        await setting.hear(person)
        await person.becomes(phone="6280000000077")
        assert TEXTS("profile.member_title") in (await setting.ask(person, "/profil"))[0].text


async def test_somebody_elses_card_links_nobody() -> None:
    async with whatsapp() as setting:
        person = await setting.person(phone="6280000000001")
        setting.office.hire(1, "+6280000000099")
        await person.shares_card("Orang Lain", "6280000000099")
        await setting.hear(person)
        assert await setting.office.identity.member_of("whatsapp", person.user_id) is None


@pytest.mark.parametrize("word", ["/bantuan", "bantuan", "Bantuan", "BANTUAN!", " help ", "/help"])
async def test_a_command_is_understood_in_plain_words(word: str) -> None:
    async with whatsapp() as setting:
        person = await setting.person()
        [answer] = await setting.ask(person, word)
        assert TEXTS("help.text").splitlines()[0] in answer.text


async def test_a_sentence_with_such_a_word_is_a_question() -> None:
    async with whatsapp() as setting:
        person = await setting.person()
        await person.says("/bantuan")
        await setting.hear(person)
        await setting.office.register("whatsapp", person.user_id)
        assert "Jawaban" in (await setting.ask(person, "bantuan apa yang boleh?"))[0].text


async def test_a_word_that_somebody_else_wrote_is_no_command() -> None:
    async with whatsapp() as setting:
        hers = Message("wamid.1", Person("ID.1", None), 0, "berhenti")
        assert setting.channel._text(hers) == "/berhenti"
        assert setting.channel._text(replace(hers, forwarded=True)) == "berhenti"


def test_every_word_for_a_command_is_one_the_desk_knows() -> None:
    words = words_in(CATALOGUES)
    assert {"mulai", "bantuan", "berhenti", "stop"} <= set(words)
    assert all(Office().desk.knows(command) for command in words.values())


def test_no_word_for_a_command_is_the_name_of_a_place() -> None:
    names = Registration(FakeDirectory(), CATALOGUES).directory.regencies().values()
    assert not {name.casefold() for name in names} & set(words_in(CATALOGUES))


def test_the_first_command_keeps_a_word() -> None:
    assert command_words([("a", "satu, dua"), ("b", "Dua,  tiga  kali ,")]) == {
        "satu": "a",
        "dua": "a",
        "tiga kali": "b",
    }


async def test_many_choices_come_in_lists_and_each_can_be_pressed() -> None:
    async with whatsapp() as setting:
        person = await setting.person()
        await setting.office.register("whatsapp", person.user_id)
        await setting.ask(person, "/profil")
        lists = await setting.hear(person)
        chat = [one for one in await person.chat() if one.rows]
        assert chat
        assert all(len(one.rows) <= 10 for one in chat)
        assert not lists
        await person.presses(chat[-1].rows[0])
        assert await setting.hear(person)


async def test_who_asked_to_be_left_alone_is() -> None:
    async with whatsapp() as setting:
        person = await setting.person()
        await setting.ask(person, "stop")
        assert (
            (await setting.ask(person, "boleh live?"))[0].text.strip("*").startswith(TEXTS("stop.hint")[:20])
        )


async def test_a_message_to_somebody_unreachable_is_remembered_until_she_writes() -> None:
    async with whatsapp() as setting:
        person = await setting.person()
        await setting.ask(person, "/bantuan")
        await person.becomes(reachable=False)
        await setting.ask(person, "/bantuan")
        assert person.user_id in setting.ledger.unreachable.reasons
        await person.becomes(reachable=True)
        await setting.ask(person, "/bantuan")
        assert setting.ledger.unreachable.reasons == {}
