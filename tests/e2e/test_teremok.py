"""Through a simulator not written here: teremok's session takes what Telegram takes, and refuses the rest."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from aiogram.exceptions import TelegramBadRequest
from aiogram.methods import EditMessageText, SendDocument, SendMessage
from aiogram.types import (
    BufferedInputFile,
    CallbackQuery,
    InlineKeyboardMarkup,
    Message,
    MessageOriginHiddenUser,
    ReplyKeyboardMarkup,
    ReplyKeyboardRemove,
    Update,
)
from aiogram.types import Contact as TelegramContact
from teremok import (
    MockBot,
    MockCallbackQuery,
    MockChat,
    MockMessagePhoto,
    MockMessageText,
    MockUpdate,
    MockUser,
)

from bot.channels.telegram import TelegramChannel
from tests.fakes import CATALOGUES, MemoryHandledUpdates, MemoryUnreachable, Office

TEXTS = CATALOGUES["id"]
GROUP = MockChat(-100500, "supergroup", title="Kantor")
ME = MockUser().id
PHONE = "+6280000000001"


class Phone:
    """A person with her phone, and our bot at the other end."""

    def __init__(self) -> None:
        self.office = Office()
        self.bot = MockBot()
        self.handled = MemoryHandledUpdates()
        self.channel = TelegramChannel(self.bot, self.office.desk, self.handled, MemoryUnreachable())

    async def send(self, event: Message | CallbackQuery | Update) -> None:
        update = event if isinstance(event, Update) else None
        if isinstance(event, Message):
            update = MockUpdate(message=event)
        elif isinstance(event, CallbackQuery):
            update = MockUpdate(callback_query=event)
        assert update is not None
        mounted = Update.model_validate(update.model_dump(), context={"bot": self.bot})
        await self.channel.accept([mounted])
        await self.channel.settle()

    async def type(self, text: str) -> str:
        await self.send(MockMessageText(text))
        return self.last

    async def share(self, phone: str, owner: int = ME, **more: Any) -> str:
        """Shares the contact card of the Telegram user `owner`."""
        card = TelegramContact(phone_number=phone, first_name="Orang", user_id=owner)
        message = MockMessageText("").model_copy(update={"text": None, "contact": card, **more})
        await self.send(message)
        return self.last

    async def tap(self, label: str) -> str:
        """Presses the button with this label under the last message."""
        await self.send(MockCallbackQuery(self.labels[label], message=_under()))
        return self.last

    @property
    def shown(self) -> list[SendMessage | EditMessageText]:
        return [call for call in self.bot.requests.all if isinstance(call, SendMessage | EditMessageText)]

    @property
    def last(self) -> str:
        return str(self.shown[-1].text)

    @property
    def labels(self) -> dict[str, str]:
        """Label → action of the buttons under the last message."""
        markup = self.shown[-1].reply_markup
        rows = markup.inline_keyboard if isinstance(markup, InlineKeyboardMarkup) else []
        return {button.text: button.callback_data or "" for row in rows for button in row}


def _under() -> Message:
    me = MockUser(42, "TestBot", "test_bot")
    return MockMessageText("message with buttons", user=me, chat=MockChat(12345))


@pytest.fixture
def phone() -> Phone:
    return Phone()


async def test_from_the_first_hello_to_the_first_answer(phone: Phone) -> None:
    assert TEXTS("registration.ask_regency") in await phone.type("/start")
    assert TEXTS("registration.ask_status") in await phone.tap("Kabupaten Lumajang")
    assert TEXTS("registration.ask_unit") in await phone.tap("PNS")
    assert TEXTS("registration.ask_unit") in await phone.tap(TEXTS("button.next_page"))
    assert TEXTS("registration.ask_pattern") in await phone.tap("RSUD")
    assert "Kabupaten Lumajang · PNS · RSUD · 5 hari" in await phone.tap("5 hari")
    assert await phone.type("boleh live sekarang?") == "Jawaban: boleh live sekarang?\nlumajang pns"


async def test_a_question_first_is_answered_after_two_taps(phone: Phone) -> None:
    await phone.type("boleh live sekarang?")
    await phone.tap("Kabupaten Pamekasan")
    assert (await phone.tap("PPPK")).startswith("Jawaban: boleh live sekarang?\npamekasan pppk")


async def test_a_button_of_an_answer_edits_the_message_and_is_answered(phone: Phone) -> None:
    await phone.office.register(external_id="12345")
    await phone.type("two buttons")
    assert await phone.tap("Akun resmi") == "Tombol: q:akun_resmi=ya"
    assert len(phone.bot.requests.answer_callback_query) == 1
    assert len(phone.bot.requests.edit_message_text) == 1


async def test_a_long_answer_passes_the_simulators_limits(phone: Phone) -> None:
    await phone.office.register(external_id="12345")
    await phone.type("long")
    assert len(phone.bot.requests.send_message) > 1
    assert list(phone.labels) == ["Lagi"]
    with pytest.raises(TelegramBadRequest):  # it does have limits
        await phone.bot(SendMessage(chat_id=1, text="🙏" * 2049))


async def test_a_group_is_answered_only_when_it_speaks_to_the_bot(phone: Phone) -> None:
    await phone.office.register(external_id="12345")
    await phone.send(MockMessageText("boleh live?", chat=GROUP))
    assert phone.shown == []
    mention = [{"type": "mention", "offset": 0, "length": 9}]
    await phone.send(MockMessageText("@test_bot boleh live?", chat=GROUP, entities=mention))
    (answer,) = phone.shown
    assert isinstance(answer, SendMessage)
    assert answer.text.startswith("Jawaban: boleh live?")
    assert answer.chat_id == -100500
    assert answer.reply_parameters is not None


async def test_a_photo_gets_a_hint(phone: Phone) -> None:
    await phone.send(MockMessagePhoto())
    assert phone.last == TEXTS("hint.text_only")


async def test_the_same_update_twice_is_answered_once(phone: Phone) -> None:
    update = MockUpdate(message=MockMessageText("/bantuan"))
    await phone.send(update)
    await phone.send(update)
    assert len(phone.bot.requests.send_message) == 1


async def test_a_refusal_of_one_message_does_not_stop_the_next(phone: Phone) -> None:
    phone.bot.add_result(SendMessage, ok=False, error_code=400, description="Bad Request: anything")
    await phone.type("/bantuan")
    await phone.type("/privasi")
    assert phone.last == TEXTS("privacy.text")


async def test_from_the_contact_to_the_roster(phone: Phone) -> None:
    phone.office.hire(1, PHONE)
    await phone.type("boleh live sekarang?")
    await phone.tap(TEXTS("link.button_contact"))
    asked = phone.shown[-1].reply_markup
    assert isinstance(asked, ReplyKeyboardMarkup)
    assert [button.request_contact for row in asked.keyboard for button in row] == [True, None]
    assert (await phone.share(PHONE)).startswith("Jawaban: boleh live sekarang?")
    greeting = phone.shown[-2]
    assert "Pegawai 1" in str(greeting.text)
    assert isinstance(greeting.reply_markup, ReplyKeyboardRemove)
    assert "SDN 1" in await phone.type("/profil")


async def test_a_forwarded_card_and_somebody_elses_prove_nothing(phone: Phone) -> None:
    phone.office.hire(1, PHONE)
    refusal = TEXTS("link.not_own", share=TEXTS("link.button_share"))
    origin = MessageOriginHiddenUser(date=datetime.now(UTC), sender_user_name="X")
    assert await phone.share(PHONE, ME + 1) == refusal
    assert await phone.share(PHONE, forward_origin=origin) == refusal
    assert await phone.office.identity.member_of("telegram", str(ME)) is None


async def test_from_the_deep_link_to_the_roster(phone: Phone) -> None:
    code = await phone.office.code(phone.office.hire(1))
    assert "Pegawai 1" in await phone.type(f"/start {code}")
    assert await phone.type(f"/start {code}") == TEXTS("link.already")


async def test_ones_own_data_come_as_a_document(phone: Phone) -> None:
    await phone.office.register(external_id=str(ME))
    await phone.type("/data_saya")
    [document] = [call for call in phone.bot.requests.all if isinstance(call, SendDocument)]
    assert isinstance(document.document, BufferedInputFile)
    assert document.document.filename == "data-saya.json"
    assert b"lumajang" in document.document.data
