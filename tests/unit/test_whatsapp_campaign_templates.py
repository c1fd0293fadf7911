"""Templates: read from policies/, looked up and submitted at WhatsApp, sent where nothing else may be."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.campaigns.costs import CEILING, LIMIT, TEMPLATE
from bot.campaigns.sending import Halted, Later, NotReached, Outcome, Refused, RetryAfter, Sent
from bot.campaigns.tags import Tag, tag_of
from bot.campaigns.tariff import Tariff
from bot.channels.whatsapp_build import wording_of
from bot.channels.whatsapp_bulk import WhatsappSender
from bot.channels.whatsapp_client import build_client
from bot.channels.whatsapp_opening import Openings
from bot.channels.whatsapp_replies import Outgoing
from bot.channels.whatsapp_sending import NAME, Calls
from bot.channels.whatsapp_templates import LONGEST_VALUE, Stand, Templates, build_templates, fitting
from bot.config import Whatsapp
from bot.model import Button, Opening, Reply
from bot.policy.corpus import MessageTemplate
from bot.policy.document import parse
from bot.policy.files import DIRECTORY
from bot.policy.message_templates import HOLES, read_templates
from bot.policy.message_templates import LONGEST_VALUE as LONGEST_IN_A_FILE
from bot.policy.problems import PolicyError
from bot.problems import Problem
from bot.simulating.client import Person, Simulator
from bot.simulating.clock import Clock
from bot.simulating.rules import Rules
from tests.fakes import CATALOGUES
from tests.whatsapp import ACCOUNT, FREE, simulated
from tests.whatsapp_world import MemoryAccounts

FILE = "pesan_pembuka.yaml"
TEXT = (DIRECTORY / FILE).read_text(encoding="utf-8")
TEMPLATES = tuple(read_templates(parse(TEXT, FILE)))
OPENING = Opening(
    "circular", "id", (("edaran", "SE 1/2026: Larangan"), ("penerbit", "Bupati")), "k:read:7", 7
)
MESSAGE = Reply("Isi edaran", ((Button("Saya sudah membaca", "k:ack:7"),),), opening=OPENING)


# --- the file --------------------------------------------------------------------------------


def test_the_file_has_a_template_for_everything_that_is_sent_by_itself() -> None:
    assert {(one.kind, one.language) for one in TEMPLATES} == {(k, "id") for k in HOLES} | {
        (k, "en") for k in HOLES
    }


def test_no_template_asks_to_acknowledge() -> None:
    labels = {texts("ack.button_read") for texts in CATALOGUES.values()}
    assert not labels & {one.button for one in TEMPLATES}


def test_the_longest_values_are_those_that_the_file_is_checked_for() -> None:
    assert LONGEST_VALUE == LONGEST_IN_A_FILE


ONE = """skema: 1
templat:
  - untuk: kabar
    nama: kabar
    bahasa: id
    isi: "Aturan {{edaran}} berubah."
    tombol: Tanya lagi
    contoh: {edaran: SE 1}
"""


@pytest.mark.parametrize(
    ("before", "after", "key"),
    [
        ("{{edaran}}", "{{nomor}}", "template_holes"),
        ("{{edaran}}", "{{edaran}} atau {{edaran}}", "template_holes"),
        ("Aturan {{edaran}} berubah.", "{{edaran}} berubah.", "template_edge"),
        ("Aturan {{edaran}} berubah.", "Berubah: {{edaran}}.", "template_edge"),
        ("berubah", "berubah " * 150, "template_long"),
        ("{edaran: SE 1}", "{nomor: SE 1}", "template_samples"),
        ("Tanya lagi", "Tanya lagi sekarang juga ya", "pattern"),
        ("nama: kabar", "nama: Kabar Baru", "pattern"),
        ("untuk: kabar", "untuk: lain", "not_among"),
    ],
)
def test_a_wrong_template_is_named_with_its_line(before: str, after: str, key: str) -> None:
    assert read_templates(parse(ONE, FILE))
    with pytest.raises(PolicyError) as wrong:
        read_templates(parse(ONE.replace(before, after, 1), FILE))
    problem = wrong.value.problems[0]
    assert problem.key == f"policy.error.{key}"
    assert problem.line > 2
    assert CATALOGUES["id"](problem.key, **problem.params)


def test_two_templates_for_the_same_are_one_too_many() -> None:
    twice = ONE + ONE.partition("templat:\n")[2]
    with pytest.raises(PolicyError) as wrong:
        read_templates(parse(twice, FILE))
    assert {problem.key for problem in wrong.value.problems} == {"policy.error.template_twice"}


@given(st.text())
def test_what_fills_a_hole_obeys_whatsapp(value: str) -> None:
    made = fitting(value)
    assert made.strip()
    assert len(made) <= LONGEST_VALUE
    assert not set("\n\t\r") & set(made)
    assert "    " not in made


# --- at WhatsApp -----------------------------------------------------------------------------


class MemoryCosts:
    """Keeps `Costs`."""

    def __init__(self) -> None:
        self.spent: dict[int, int] = {}
        self.messages: list[tuple[str, int | None, str, int]] = []

    async def set_aside(self, campaign: int, price: int, ceiling: int | None) -> bool:
        new = self.spent.get(campaign, 0) + price
        if ceiling is not None and new > ceiling:
            return False
        self.spent[campaign] = new
        return True

    async def give_back(self, campaign: int, price: int) -> None:
        self.spent[campaign] -= price

    async def accepted(self, message: str, campaign: int | None, template: str, price: int) -> None:
        self.messages.append((message, campaign, template, price))


@dataclass
class Desk:
    simulator: Simulator
    templates: Templates
    sender: WhatsappSender
    costs: MemoryCosts
    clock: Clock
    accounts: MemoryAccounts = field(default_factory=MemoryAccounts)

    async def person(self, name: str = "Sari", *, wrote: bool = False) -> Person:
        """`wrote`: a minute ago."""
        person = await self.simulator.person(name)
        if wrote:
            await person.says("halo")
        self.accounts.names[person.user_id] = (person.user_id, person.phone)
        if wrote:
            self.accounts.heard[person.user_id] = int(self.clock.now())
        return person

    async def send(self, person: Person, message: Reply = MESSAGE) -> Outcome:
        return await self.sender.send(NAME, person.user_id, message)


@asynccontextmanager
async def desk(
    rules: Rules = FREE,
    tariff: Tariff = Tariff(400),  # noqa: B008  # frozen
    wanted: tuple[MessageTemplate, ...] = TEMPLATES,
    *,
    approved: bool = True,
) -> AsyncIterator[Desk]:
    clock, costs, accounts = Clock(), MemoryCosts(), MemoryAccounts()
    rules = rules.model_copy(update={"templates_approved": approved})
    async with simulated(rules=rules, clock=clock) as (simulator, transport):
        client = build_client(ACCOUNT.token, ACCOUNT.phone_id, simulator.base, transport=transport)
        templates = Templates(client.api, ACCOUNT.waba_id, lambda: wanted, clock.now)
        openings = Openings(templates, costs, tariff, clock.now)
        texts = wording_of(CATALOGUES["id"])
        sender = WhatsappSender(Calls(client), accounts, texts, clock.now, openings)
        yield Desk(simulator, templates, sender, costs, clock, accounts)


async def refusal(templates: Templates) -> str:
    with pytest.raises(Problem) as wrong:
        await templates.check()
    assert wrong.value.line(CATALOGUES["id"])
    return wrong.value.key


async def test_missing_templates_are_submitted_and_wait_for_approval() -> None:
    async with desk(approved=False) as here:
        assert await refusal(here.templates) == "whatsapp.template_missing"
        assert {one.stand for one in await here.templates.push()} == {Stand.PENDING}
        assert await refusal(here.templates) == "whatsapp.template_pending"
        for one in TEMPLATES:
            await here.simulator.review(one.name, "APPROVED", language=one.language)
        await here.templates.check()


@pytest.mark.parametrize(
    ("status", "key"),
    [("REJECTED", "rejected"), ("PAUSED", "paused"), ("DISABLED", "disabled"), ("PENDING", "pending")],
)
async def test_a_template_that_cannot_be_used_stops_the_campaign_with_the_reason(
    status: str, key: str
) -> None:
    async with desk() as here:
        await here.templates.push()
        await here.simulator.review("edaran_pengingat", status, reason="INVALID_FORMAT")
        assert await refusal(here.templates) == f"whatsapp.template_{key}"


@pytest.mark.parametrize("changes", [{"body": "Ada {{edaran}} dari {{penerbit}} ya."}, {"button": "Lihat"}])
async def test_a_template_with_other_words_than_ours_stops_the_campaign(changes: Mapping[str, str]) -> None:
    async with desk() as here:
        await here.templates.push()
        other = (replace(TEMPLATES[0], **changes), *TEMPLATES[1:])  # type: ignore[arg-type]
        here.templates._wanted = lambda: other
        assert await refusal(here.templates) == "whatsapp.template_different"


async def test_a_template_that_became_marketing_is_another_one() -> None:
    async with desk() as here:
        first = TEMPLATES[0]
        await here.simulator.template(first.name, first.body, category="MARKETING", buttons=(first.button,))
        await here.templates.push()
        assert await refusal(here.templates) == "whatsapp.template_different"


async def test_without_a_template_for_circulars_nothing_starts() -> None:
    async with desk(wanted=TEMPLATES[2:]) as here:
        assert await refusal(here.templates) == "whatsapp.template_none"


async def test_a_wrong_account_is_told_without_the_token() -> None:
    async with desk() as here:
        here.templates._account = "1"
        with pytest.raises(Problem) as wrong:
            await here.templates.check()
        assert wrong.value.key == "whatsapp.templates_unseen"
        assert ACCOUNT.token not in str(wrong.value)


async def test_what_was_well_is_looked_up_again_after_a_change_is_told() -> None:
    async with desk() as here:
        await here.templates.push()
        await here.templates.check()
        await here.simulator.review("edaran_baru", "PAUSED")
        await here.templates.check()
        here.templates.forget()
        assert await refusal(here.templates) == "whatsapp.template_paused"


async def test_a_missing_setting_is_named() -> None:
    async with desk() as here:
        lost = build_templates(here.templates._api, Whatsapp(), lambda: TEMPLATES, here.clock.now)
        with pytest.raises(Problem) as wrong:
            await lost.check()
        assert wrong.value.values["setting"] == "EDARAN_WHATSAPP__ACCOUNT_ID"


# --- sending ---------------------------------------------------------------------------------


async def test_inside_the_window_the_circular_itself_goes_and_costs_nothing() -> None:
    async with desk() as here:
        person = await here.person(wrote=True)
        assert isinstance(await here.send(person), Sent)
        shown = await person.next_reply()
        assert "Isi edaran" in shown.text
        assert here.costs.spent == {}


async def test_outside_the_window_a_template_goes_whose_button_asks_for_the_circular() -> None:
    async with desk() as here:
        await here.templates.push()
        person = await here.person()
        outcome = await here.send(person)
        assert isinstance(outcome, Sent)
        shown = await person.next_reply()
        assert "SE 1/2026: Larangan" in shown.text
        assert "Isi edaran" not in shown.text
        assert [choice.id for choice in shown.choices] == ["k:read:7"]
        assert here.costs.spent == {7: 400}
        assert here.costs.messages == [(outcome.message, 7, "circular", 400)]


async def test_the_tag_of_a_template_says_which_it_is_and_what_was_set_aside() -> None:
    calls: list[Outgoing] = []

    async def send(call: Outgoing) -> str | None:
        calls.append(call)
        return "m1"

    async with desk() as here:
        openings = Openings(here.templates, here.costs, Tariff(400), here.clock.now)
        for tag in ("edaran.7.1.5.1", None):
            await openings.send(OPENING, send, lambda _: Refused("x"), tag)
    first, second = calls
    assert tag_of(first.tag) == Tag(7, 1, 5, 1, "circular", 400)
    assert second.tag is None


async def test_a_language_without_a_template_gets_the_usual_one() -> None:
    async with desk(wanted=tuple(one for one in TEMPLATES if one.language == "id")) as here:
        await here.templates.push()
        person = await here.person()
        await here.send(person, replace(MESSAGE, opening=replace(OPENING, language="en")))
        assert (await person.next_reply()).text.startswith("Ada surat edaran")


async def test_what_has_no_template_is_refused() -> None:
    async with desk() as here:
        person = await here.person()
        assert await here.send(person, Reply("halo")) == Refused("window_closed")
        unknown = replace(MESSAGE, opening=replace(OPENING, kind="other"))
        assert await here.send(person, unknown) == Refused("no_template")


async def test_a_template_that_is_paused_in_the_middle_halts_the_campaign_and_costs_nothing() -> None:
    async with desk() as here:
        await here.templates.push()
        await here.simulator.review("edaran_baru", "PAUSED")
        assert await here.send(await here.person()) == Halted(TEMPLATE)
        assert here.costs.spent == {7: 0}


async def test_the_ceiling_halts_the_campaign_before_the_call() -> None:
    async with desk(tariff=Tariff(400, 1_000)) as here:
        await here.templates.push()
        people = [await here.person(f"P{number}") for number in range(3)]
        outcomes = [await here.send(person) for person in people]
        assert [type(one) for one in outcomes[:2]] == [Sent, Sent]
        assert outcomes[2] == Halted(CEILING)
        assert await people[2].new_replies() == []


async def test_the_limit_of_new_people_pauses_templates_and_nothing_else() -> None:
    async with desk(rules=FREE.model_copy(update={"new_people": 1})) as here:
        await here.templates.push()
        first, second = await here.person("A"), await here.person("B")
        talking = await here.person("C", wrote=True)
        assert isinstance(await here.send(first), Sent)
        paused = await here.send(second)
        assert isinstance(paused, Later)
        assert paused.reason == LIMIT
        assert isinstance(await here.send(talking), Sent)
        third = await here.send(await here.person("D"))  # no call: the limit is known
        assert isinstance(third, Later)
        assert third.seconds <= paused.seconds
        assert here.costs.spent == {7: 400}
        await here.simulator.advance(86_500)
        assert isinstance(await here.send(second), Sent)


@pytest.mark.parametrize(
    ("code", "kind"), [(131056, Later), (130429, RetryAfter), (131026, NotReached), (190, RetryAfter)]
)
async def test_other_refusals_mean_what_they_mean_inside_the_window(code: int, kind: type[Outcome]) -> None:
    async with desk(rules=FREE.model_copy(update={"told_later": frozenset()})) as here:
        await here.templates.push()
        person = await here.person()
        await here.simulator.faults(refuses=code)
        assert isinstance(await here.send(person), kind)
        assert here.costs.spent == {7: 0}
        await here.simulator.faults()
        assert isinstance(await here.send(person), Sent)
