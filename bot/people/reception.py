"""The dialogue in which a person proves who she is: sharing her contact, typing a code, following a link.

i:contact    asks for the sender's own contact, or takes the number that the channel vouches for
i:code       says how to type a code
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from bot.model import Button, ContactRequest, Reply, Sender
from bot.people import codes, pages
from bot.people.identity import Account, Identity, Linking, Result
from bot.people.ports import Post, Profiles
from bot.people.profile import Profile, Step
from bot.people.registration import Registration
from bot.people.visit import Visit
from bot.rendering.texts import Texts

SHARE_CONTACT = frozenset({"telegram", "whatsapp"})
"""The channels that have a button which shares the sender's own contact."""

SAMPLE = codes.in_groups(codes.ALPHABET[10 : 10 + codes.LENGTH])
"""What a code looks like; never one that was issued, because those are of random bits."""


@dataclass(frozen=True, slots=True)
class Received:
    """`result` None: nothing was tried. `as_guest`: the person goes on without having proved who she is."""

    reply: Reply
    result: Result | None = None

    @property
    def as_guest(self) -> bool:
        return self.result in (Result.CODE_NEEDED, Result.DECLINED)


class Reception:
    def __init__(
        self, identity: Identity, profiles: Profiles, registration: Registration, post: Post
    ) -> None:
        self._identity = identity
        self._profiles = profiles
        self._registration = registration
        self._post = post

    # --- offering ---

    def offered(self, visit: Visit, reply: Reply) -> Reply:
        """The question for the regency, with the ways to prove who one is above its choices."""
        key = "link.offer" if _can_share(visit.incoming.sender) else "link.offer_code"
        text = f"{reply.text}\n\n{visit.texts(key)}"
        return replace(reply, text=text, buttons=(self.ways(visit), *reply.buttons))

    def ways(self, visit: Visit) -> tuple[Button, ...]:
        return ways(visit)

    async def press(self, visit: Visit, action: str) -> Received | None:
        """None: no button of ours."""
        if action == "i:contact":
            vouched = visit.incoming.sender.phone
            return await self._by_contact(visit, vouched) if vouched else Received(_ask_contact(visit.texts))
        if action != "i:code":
            return None
        await self._profiles.put(replace(visit.person, step=Step.CODE))
        return Received(Reply(visit.texts("link.ask_code", sample=SAMPLE)))

    def declines(self, text: str) -> bool:
        """Whether the text is the label of the button that does not share the contact, in any language."""
        return any(text == t("link.button_decline") for t in self._registration.catalogues.values())

    def declined(self, visit: Visit) -> Received:
        return Received(Reply(visit.texts("link.declined"), contact=ContactRequest()), Result.DECLINED)

    # --- proving ---

    async def contact(self, visit: Visit) -> Received:
        """Takes a contact card."""
        card = visit.incoming.contact
        if card is None or not card.own:
            return Received(_ask_contact(visit.texts, "link.not_own"))
        return await self._by_contact(visit, card.phone)

    async def _by_contact(self, visit: Visit, phone: str) -> Received:
        return await self._done(visit, await self._identity.by_contact(visit.incoming.sender, phone))

    def is_code(self, visit: Visit, text: str) -> bool:
        """Whether typed text is to be taken for a code, and not for a question."""
        if codes.is_spelled_out(text):
            return True
        if visit.member is not None or codes.read_code(text) is None:
            return False
        expected = visit.person.step is Step.CODE or codes.may_be_spelled_out(text)
        return expected and not self._registration.is_question(text)

    def misses_code(self, visit: Visit, text: str) -> bool:
        """Whether a code was expected, and this is neither one nor a question."""
        return visit.person.step is Step.CODE and not self._registration.is_question(text)

    def no_code(self, visit: Visit) -> Reply:
        return Reply(visit.texts("link.not_a_code", count=codes.LENGTH, sample=SAMPLE))

    async def code(self, visit: Visit, typed: str) -> Received:
        return await self._done(visit, await self._identity.by_code(visit.incoming.sender, typed))

    async def typed(self, visit: Visit, text: str) -> Received:
        """A code after a command; what cannot be one is said to be none, and does not count as a try."""
        return await self.code(visit, text) if codes.read_code(text) else Received(self.no_code(visit))

    async def _done(self, visit: Visit, linking: Linking) -> Received:
        stop_asking = ContactRequest()
        if linking.result is not Result.LINKED:
            text = visit.texts(f"link.{linking.result.value}")
            return Received(Reply(text, contact=stop_asking), linking.result)
        if linking.displaced is not None:
            await self._tell(linking.displaced)
        sender = visit.incoming.sender
        await self._profiles.put(Profile(sender.channel, sender.external_id, language=visit.person.language))
        member = await self._identity.member_of(sender.channel, sender.external_id)
        summary = pages.member_summary(self._registration, visit.texts, member) if member else ""
        text = visit.texts("link.linked", name=member.person.name if member else "", summary=summary)
        return Received(Reply(text, contact=stop_asking), linking.result)

    async def _tell(self, old: Account) -> None:
        """The account that was hers until now learns of it: somebody else could have had the code."""
        profile = await self._profiles.get(old.channel, old.external_id)
        if profile is None or profile.stopped_at is None:
            texts = self._registration.texts(profile)
            self._post.send(old.channel, old.external_id, Reply(texts("link.displaced")))


def ways(visit: Visit) -> tuple[Button, ...]:
    """A row of buttons: the ways to prove who one is on this channel."""
    contact = Button(visit.texts("link.button_contact"), "i:contact")
    code = Button(visit.texts("link.button_code"), "i:code")
    return (contact, code) if _can_share(visit.incoming.sender) else (code,)


def _can_share(sender: Sender) -> bool:
    return sender.phone is not None or sender.channel in SHARE_CONTACT


def _ask_contact(texts: Texts, key: str = "link.ask_contact") -> Reply:
    share, decline = texts("link.button_share"), texts("link.button_decline")
    return Reply(texts(key, share=share), contact=ContactRequest(share, decline))
