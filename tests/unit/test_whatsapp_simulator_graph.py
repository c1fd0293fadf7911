"""pywa, the library that Edaran uses, as a client of the simulator's Graph side."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
from pydantic import BaseModel
from pywa import errors
from pywa_async.client import WhatsApp
from pywa_async.types.callback import Button, Section, SectionList, SectionRow, URLButton
from pywa_async.types.templates import (
    BodyText,
    Buttons,
    HeaderDocument,
    HeaderText,
    QuickReplyButton,
    Template,
    TemplateCategory,
    TemplateLanguage,
    TemplateStatus,
)
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.simulating.client import Person, Simulator
from bot.simulating.requests import Message
from bot.simulating.rules import Account, Rules
from tests.whatsapp import simulated
from tests.whatsapp_oracle import published, pywa

AT_ONCE = Rules(told_later=frozenset(), pair_seconds=None, throughput=None, new_people=None)


@pytest.fixture
async def world() -> AsyncIterator[tuple[Simulator, WhatsApp]]:
    async with simulated(rules=AT_ONCE) as (sim, transport):
        wa = pywa(sim.account, sim.base, transport)
        yield sim, wa
        await wa.api._session.aclose()


@pytest.fixture
def sim(world: tuple[Simulator, WhatsApp]) -> Simulator:
    return world[0]


@pytest.fixture
def wa(world: tuple[Simulator, WhatsApp]) -> WhatsApp:
    return world[1]


@pytest.fixture
async def person(sim: Simulator) -> Person:
    """Somebody who has just written."""
    person = await sim.person("Sari")
    await person.says("halo")
    return person


# --- messages --------------------------------------------------------------------------------


async def test_a_text_arrives(wa: WhatsApp, person: Person) -> None:
    sent = await wa.send_message(person.phone, "Boleh.", preview_url=True)
    reply = await person.next_reply()
    assert (reply.id, reply.kind, reply.text) == (sent.id, "text", "Boleh.")
    assert sent.chat.id == person.phone


async def test_an_answer_to_an_id_quotes_the_question(wa: WhatsApp, person: Person) -> None:
    question = await person.says("boleh?")
    sent = await wa.send_message(person.user_id, "Boleh.", reply_to_message_id=question)
    assert (await person.next_reply()).quotes == question
    assert sent.chat.id == person.user_id


async def test_buttons_arrive_with_header_and_footer(wa: WhatsApp, person: Person) -> None:
    pressed = [Button("Ya", "jawab:ya"), Button("Tidak", "jawab:tidak")]
    await wa.send_message(
        person.user_id, "Lewat akun resmi?", header="Satu hal", footer="Edaran", buttons=pressed
    )
    reply = await person.next_reply()
    assert (reply.header, reply.text, reply.footer) == ("Satu hal", "Lewat akun resmi?", "Edaran")
    assert [(one.id, one.title) for one in reply.buttons] == [("jawab:ya", "Ya"), ("jawab:tidak", "Tidak")]


async def test_a_list_arrives(wa: WhatsApp, person: Person) -> None:
    rows = [SectionRow("PNS", "status:pns", "Pegawai negeri sipil"), SectionRow("PPPK", "status:pppk")]
    choices = SectionList("Pilih status", [Section("Status", rows)])
    await wa.send_message(person.user_id, "Apa status Anda?", buttons=choices)
    reply = await person.next_reply()
    assert (reply.list_button, reply.labels) == ("Pilih status", ["PNS", "PPPK"])
    assert (reply.rows[0].description, reply.rows[0].section) == ("Pegawai negeri sipil", "Status")


async def test_a_link_and_a_request_for_the_number_arrive(wa: WhatsApp, person: Person) -> None:
    await wa.send_message(person.user_id, "Naskah", buttons=URLButton("Buka", "https://contoh.go.id/1"))
    assert (await person.next_reply()).link == {"display_text": "Buka", "url": "https://contoh.go.id/1"}
    await wa.request_contact_info(person.user_id, "Bagikan nomor Anda.")
    assert (await person.next_reply()).kind == "contact_request"


async def test_a_document_arrives_whole(sim: Simulator, wa: WhatsApp, person: Person) -> None:
    content = b"%PDF-1.7\r\n--boundary?\r\n" + bytes(range(256))
    await wa.send_document(
        person.user_id, content, filename="edaran.pdf", caption="Naskah", mime_type="application/pdf"
    )
    reply = await person.next_reply()
    assert (reply.kind, reply.text) == ("document", "Naskah")
    assert reply.file is not None
    assert reply.file["filename"] == "edaran.pdf"
    assert await sim.file(reply.file["id"]) == content


async def test_a_document_and_an_image_can_be_links(wa: WhatsApp, person: Person) -> None:
    await wa.send_document(person.user_id, "https://contoh.go.id/1.pdf", filename="1.pdf")
    reply = await person.next_reply()
    assert reply.file == {"link": "https://contoh.go.id/1.pdf", "filename": "1.pdf"}
    await wa.send_image(person.user_id, "https://contoh.go.id/1.jpg", caption="Gambar")
    assert (await person.next_reply()).kind == "image"


async def test_what_a_person_sent_can_be_downloaded(sim: Simulator, wa: WhatsApp, person: Person) -> None:
    await person.sends_file(b"%PDF-1.7", "application/pdf", filename="surat.pdf")
    message = (await sim.notices())[-1]["entry"]["changes"][0]["value"]["messages"][0]
    media = await wa.get_media_url(message["document"]["id"])
    assert (media.mime_type, media.file_size) == ("application/pdf", 8)
    assert media.sha256 == message["document"]["sha256"]
    assert await media.get_bytes() == b"%PDF-1.7"
    assert (await wa.delete_media(media.id)).success
    with pytest.raises(errors.WhatsAppError):
        await wa.get_media_url(media.id)


async def test_a_message_of_a_person_can_be_marked_as_read(
    sim: Simulator, wa: WhatsApp, person: Person
) -> None:
    wamid = await person.says("boleh?")
    await wa.mark_message_as_read(wamid)
    await wa.indicate_typing(wamid)
    assert (await sim.state())["marked_read"] == [wamid, wamid]


# --- templates -------------------------------------------------------------------------------


def notice() -> Template:
    return Template(
        name="edaran_baru",
        language=TemplateLanguage.INDONESIAN,
        category=TemplateCategory.UTILITY,
        components=[
            HeaderText("Edaran baru"),
            BodyText("Edaran {{1}} berlaku mulai {{2}}.", "Nomor 1", "1 Mei"),
            Buttons(buttons=[QuickReplyButton(text="Saya sudah membaca")]),
        ],
    )


async def put_there(sim: Simulator, status: str = "APPROVED") -> None:
    body = "Edaran {{1}} berlaku mulai {{2}}."
    await sim.template("edaran_baru", body, status=status, buttons=["Saya sudah membaca"])


def filled(*values: str) -> BodyText._Params:
    """The parameters of the body. Type checkers take the first one of pywa's signature for `self`."""
    params: Callable[..., BodyText._Params] = BodyText.params
    return params(*values)


async def send_notice(wa: WhatsApp, to: str, *values: str) -> Any:
    return await wa.send_template(to, "edaran_baru", TemplateLanguage.INDONESIAN, [filled(*values)])


async def test_a_template_is_submitted_reviewed_and_sent(
    sim: Simulator, wa: WhatsApp, person: Person
) -> None:
    created = await wa.create_template(notice())
    assert created.status is TemplateStatus.PENDING
    await sim.review("edaran_baru", "APPROVED")
    (found,) = await wa.get_templates(name="edaran_baru", statuses=[TemplateStatus.APPROVED])
    assert (found.id, found.status) == (created.id, TemplateStatus.APPROVED)
    assert (await wa.get_template(created.id)).name == "edaran_baru"
    sent = await wa.send_template(
        person.user_id,
        "edaran_baru",
        TemplateLanguage.INDONESIAN,
        [
            filled("Nomor 1", "1 Mei"),
            QuickReplyButton.params(callback_data="baca:1", index=0),
        ],
    )
    reply = await person.next_reply()
    assert (reply.id, reply.header) == (sent.id, "Edaran baru")
    assert reply.text == "Edaran Nomor 1 berlaku mulai 1 Mei."
    assert [(one.id, one.title) for one in reply.buttons] == [("baca:1", "Saya sudah membaca")]


async def test_a_template_can_carry_a_document(sim: Simulator, wa: WhatsApp, person: Person) -> None:
    header = {"type": "HEADER", "format": "DOCUMENT"}
    await sim.template("edaran_naskah", "Naskahnya terlampir.", header=header)
    document = HeaderDocument.params(document="https://contoh.go.id/1.pdf", filename="1.pdf")
    await wa.send_template(person.user_id, "edaran_naskah", TemplateLanguage.INDONESIAN, [document])
    reply = await person.next_reply()
    assert reply.file == {"link": "https://contoh.go.id/1.pdf", "filename": "1.pdf"}
    with pytest.raises(errors.TemplateParamCountMismatch):
        await wa.send_template(person.user_id, "edaran_naskah", TemplateLanguage.INDONESIAN, [])


async def test_templates_are_listed_by_their_state(sim: Simulator, wa: WhatsApp) -> None:
    await put_there(sim, "PAUSED")
    assert len(await wa.get_templates(statuses=[TemplateStatus.APPROVED])) == 0
    (found,) = await wa.get_templates(statuses=[TemplateStatus.PAUSED])
    assert found.name == "edaran_baru"


async def test_a_template_can_be_taken_away(sim: Simulator, wa: WhatsApp) -> None:
    await put_there(sim)
    assert (await wa.delete_template("edaran_baru")).success
    assert len(await wa.get_templates()) == 0


# --- refusals, each as pywa's own exception --------------------------------------------------

Case = Callable[[Simulator, WhatsApp, Person], Awaitable[Any]]


async def outside_the_window(sim: Simulator, wa: WhatsApp, person: Person) -> None:
    await sim.advance(86_400)
    await wa.send_message(person.phone, "halo")


async def too_many_to_one(sim: Simulator, wa: WhatsApp, person: Person) -> None:
    await sim.rules(pair_seconds=6, pair_burst=1)
    await wa.send_message(person.phone, "satu")
    await wa.send_message(person.phone, "dua")


async def too_many_at_once(sim: Simulator, wa: WhatsApp, person: Person) -> None:
    await sim.rules(throughput=1)
    await wa.send_message(person.phone, "satu")
    await wa.send_message(person.phone, "dua")


async def too_many_new_people(sim: Simulator, wa: WhatsApp, _: Person) -> None:
    await put_there(sim)
    await sim.rules(new_people=0)
    await send_notice(wa, (await sim.person("Budi")).phone, "1", "Mei")


async def not_on_whatsapp(_: Simulator, wa: WhatsApp, __: Person) -> None:
    await wa.send_message("6280099999999", "halo")


async def template_missing(_: Simulator, wa: WhatsApp, person: Person) -> None:
    await send_notice(wa, person.phone, "1", "Mei")


async def template_rejected(sim: Simulator, wa: WhatsApp, person: Person) -> None:
    await put_there(sim, "REJECTED")
    await send_notice(wa, person.phone, "1", "Mei")


async def template_paused(sim: Simulator, wa: WhatsApp, person: Person) -> None:
    await put_there(sim, "PAUSED")
    await send_notice(wa, person.phone, "1", "Mei")


async def template_disabled(sim: Simulator, wa: WhatsApp, person: Person) -> None:
    await put_there(sim, "DISABLED")
    await send_notice(wa, person.phone, "1", "Mei")


async def too_few_parameters(sim: Simulator, wa: WhatsApp, person: Person) -> None:
    await put_there(sim)
    await send_notice(wa, person.phone, "1")


async def empty_parameter(sim: Simulator, wa: WhatsApp, person: Person) -> None:
    await put_there(sim)
    await send_notice(wa, person.phone, "1", " ")


async def long_title(_: Simulator, wa: WhatsApp, person: Person) -> None:
    await wa.send_message(person.phone, "Pilih", buttons=[Button("x" * 21, "x")])


async def unknown_file(_: Simulator, wa: WhatsApp, person: Person) -> None:
    await wa.send_document(person.phone, "123456", filename="a.pdf")


async def wrong_token(_: Simulator, wa: WhatsApp, person: Person) -> None:
    wa.api._session.headers["Authorization"] = "Bearer salah"
    await wa.send_message(person.phone, "halo")


REFUSALS: list[tuple[Case, type[errors.WhatsAppError], int]] = [
    (outside_the_window, errors.ReEngagementMessage, 131047),
    (too_many_to_one, errors.TooManyMessages, 131056),
    (too_many_at_once, errors.RateLimitHit, 130429),
    (too_many_new_people, errors.SpamRateLimitHit, 131048),
    (not_on_whatsapp, errors.MessageUndeliverable, 131026),
    (template_missing, errors.TemplateNotExists, 132001),
    (template_rejected, errors.TemplateNotExists, 132001),
    (template_paused, errors.TemplatePaused, 132015),
    (template_disabled, errors.TemplateDisabled, 132016),
    (too_few_parameters, errors.TemplateParamCountMismatch, 132000),
    (empty_parameter, errors.TemplateParamFormatMismatch, 132012),
    (long_title, errors.InvalidParameter, 131009),
    (unknown_file, errors.MediaUploadError, 131053),
    (wrong_token, errors.ExpiredAccessToken, 190),
]


@pytest.mark.parametrize(("case", "expected", "code"), REFUSALS, ids=[one[0].__name__ for one in REFUSALS])
async def test_pywa_knows_the_refusal(
    sim: Simulator,
    wa: WhatsApp,
    person: Person,
    case: Case,
    expected: type[errors.WhatsAppError],
    code: int,
) -> None:
    with pytest.raises(expected) as refusal:
        await case(sim, wa, person)
    assert refusal.value.code == code
    assert refusal.value.details


@pytest.mark.parametrize("code", [4, 130429, 131000, 131016, 131048, 131049, 131057, 368])
async def test_any_refusal_can_be_asked_for(sim: Simulator, wa: WhatsApp, person: Person, code: int) -> None:
    await sim.faults(refuses=code, times=1)
    with pytest.raises(errors.WhatsAppError) as refusal:
        await wa.send_message(person.phone, "halo")
    assert refusal.value.code == code
    await wa.send_message(person.phone, "halo")
    assert len(await person.new_replies()) == 1


async def test_an_answer_can_be_lost_though_the_message_arrived(
    sim: Simulator, wa: WhatsApp, person: Person
) -> None:
    await sim.faults(lost_answers=True, times=1)
    with pytest.raises(errors.WhatsAppError) as lost:
        await wa.send_message(person.phone, "halo")
    assert lost.value.code == 502
    assert [one.text for one in await person.new_replies()] == ["halo"]


async def test_an_answer_can_be_too_slow_though_the_message_arrived(
    sim: Simulator, wa: WhatsApp, person: Person
) -> None:
    await sim.faults(slow=0.01, times=1)
    await wa.send_message(person.phone, "halo")
    assert [one.text for one in await person.new_replies()] == ["halo"]


# --- objects and webhook addresses -----------------------------------------------------------


async def test_the_number_tells_its_state_and_limit(sim: Simulator, wa: WhatsApp) -> None:
    number = await wa.get_business_phone_number()
    assert (number.display_phone_number, number.verified_name) == (sim.account.phone, "Edaran")
    assert (number.quality_rating, number.whatsapp_business_manager_messaging_limit) == (
        "GREEN",
        "TIER_UNLIMITED",
    )
    await sim.rules(new_people=2000)
    number = await wa.get_business_phone_number()
    assert number.whatsapp_business_manager_messaging_limit == "TIER_2K"


async def test_an_unknown_object_is_refused_as_the_platform_does(wa: WhatsApp) -> None:
    with pytest.raises(errors.WhatsAppError) as refusal:
        await wa.get_business_phone_number(phone_id="123")
    assert (refusal.value.code, refusal.value.subcode) == (100, 33)


async def test_the_handshake_decides_where_webhooks_go() -> None:
    token = Account().verify_token

    async def hook(request: Request) -> Response:
        if request.query_params.get("hub.verify_token") != token:
            return Response(status_code=403)
        assert request.query_params["hub.mode"] == "subscribe"
        return PlainTextResponse(request.query_params["hub.challenge"])

    app = Starlette(routes=[Route("/hook", hook)])
    async with simulated(app, webhook="http://edaran/old") as (sim, transport):
        wa = pywa(sim.account, sim.base, transport)
        with pytest.raises(errors.WhatsAppError) as refusal:
            await wa.override_waba_callback_url("http://edaran/hook", "salah")
        assert refusal.value.code == 2200
        assert (await sim.state())["webhook"] == "http://edaran/old"
        await wa.override_waba_callback_url("http://edaran/hook", token)
        assert (await sim.state())["webhook"] == "http://edaran/hook"
        await wa.api._session.aclose()


async def test_an_app_with_its_secret_can_name_the_address() -> None:
    async def hook(request: Request) -> Response:
        return PlainTextResponse(request.query_params["hub.challenge"])

    app = Starlette(routes=[Route("/hook", hook)])
    async with simulated(app) as (sim, transport):
        wa, account = pywa(sim.account, sim.base, transport), sim.account
        with pytest.raises(errors.ExpiredAccessToken):
            await wa.api.get_app_access_token(int(account.app_id), "salah")
        token = (await wa.api.get_app_access_token(int(account.app_id), account.app_secret))["access_token"]
        named = ("http://edaran/hook", "apa saja", ("messages",))
        with pytest.raises(errors.ExpiredAccessToken):
            await wa.api.set_app_callback_url(int(account.app_id), "salah", *named)
        await wa.api.set_app_callback_url(int(account.app_id), token, *named)
        assert (await sim.state())["webhook"] == "http://edaran/hook"
        await wa.api._session.aclose()


# --- field names -----------------------------------------------------------------------------


def accepted(model: type[BaseModel], prefix: str = "") -> set[str]:
    """The field names that a request may have, with those above them."""
    found = set()
    for name, field in model.model_fields.items():
        path = f"{prefix}.{name}" if prefix else name
        found.add(path)
        for part in _models(field.annotation):
            found |= accepted(part, path)
    return found


def _models(annotation: Any) -> set[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return {annotation}
    return {model for part in getattr(annotation, "__args__", ()) for model in _models(part)}


def test_every_field_name_that_it_accepts_is_published() -> None:
    names = accepted(Message)
    assert names - published("request") == set()
    assert len(names) > 60


async def test_a_refusal_has_published_field_names_only(sim: Simulator) -> None:
    answer = await sim._http.post("/v24.0/1/messages", json={}, headers={"Authorization": "Bearer salah"})
    assert answer.status_code == 401
    names = {f"error.{name}" for name in answer.json()["error"]}
    assert names - published("response") == set()


async def test_every_version_answers_alike(sim: Simulator) -> None:
    headers = {"Authorization": f"Bearer {sim.account.token}"}
    path = f"/{sim.account.phone_id}"
    answers = [await sim._http.get(version + path, headers=headers) for version in ("", "/v19.0", "/v25.0")]
    assert [answer.status_code for answer in answers] == [200, 200, 200]
    assert len({answer.text for answer in answers}) == 1
