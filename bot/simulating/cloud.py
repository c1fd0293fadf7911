"""The platform as one object: people, templates, messages and the webhooks that they cause.

Nothing here reads a clock: `now` is Unix seconds, and never goes back.
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from bot.simulating import webhooks
from bot.simulating.errors import GraphError, Json
from bot.simulating.gate import Gate
from bot.simulating.ladder import Sent
from bot.simulating.mail import Mail
from bot.simulating.people import Person, digits
from bot.simulating.requests import Message, read_message
from bot.simulating.rules import Account, Faults, Kind, Rules
from bot.simulating.showing import shown
from bot.simulating.templates import Template, Templates, fill

ASKED = "asked for by whoever steers the simulator"


@dataclass(frozen=True, slots=True)
class File:
    id: str
    mime_type: str
    content: bytes
    filename: str | None = None

    def described(self, url: str) -> Json:
        """As `GET /{id}` answers; `url` is where the bytes are."""
        return {
            "messaging_product": "whatsapp",
            "id": self.id,
            "url": url,
            "mime_type": self.mime_type,
            "sha256": hashlib.sha256(self.content).hexdigest(),
            "file_size": len(self.content),
        }


@dataclass(slots=True)
class Cloud:
    """`salt` goes into the ids of messages, so that two runs do not make the same ones."""

    account: Account = field(default_factory=Account)
    rules: Rules = field(default_factory=Rules)
    faults: Faults = field(default_factory=Faults)
    salt: str = ""
    people: dict[str, Person] = field(default_factory=dict)
    templates: Templates = field(default_factory=Templates)
    files: dict[str, File] = field(default_factory=dict)
    sent: dict[str, Sent] = field(default_factory=dict)
    marked_read: list[str] = field(default_factory=list)
    mail: Mail = field(default_factory=Mail)
    _by_phone: dict[str, Person] = field(default_factory=dict)
    _open: dict[str, list[Sent]] = field(default_factory=dict)
    """Messages that a person has not read, by her user_id."""
    _gate: Gate = field(default_factory=Gate)
    _numbers: count[int] = field(default_factory=lambda: count(1))

    # --- people ------------------------------------------------------------------------------

    def join(self, name: str, phone: str | None = None, **more: Any) -> Person:
        """A new person, or the one who has that number. `more`: fields of Person."""
        number = next(self._numbers)
        phone = digits(phone) if phone else f"62800{number:08d}"
        known = self.by_phone(phone)
        if known is not None:
            return known
        person = Person(f"ID.{800_000_000_000 + number}", name, phone, **more)
        self.people[person.user_id] = self._by_phone[phone] = person
        return person

    def by_phone(self, phone: str) -> Person | None:
        return self._by_phone.get(phone)

    # --- what the business does --------------------------------------------------------------

    def send(self, body: Any, now: float) -> Json:
        """The answer to `POST /{phone_id}/messages`. Raises GraphError for what the call refuses; other
        failures come as a status."""
        message = read_message(body)
        faults = self._spend_faults()
        if faults.refuses is not None:
            raise GraphError(faults.refuses, ASKED)
        person = self._recipient(message)
        template = self.templates.sendable(message.template) if message.template else None
        texts = fill(template, message.template) if template and message.template else None
        self._check_files(message)
        self._gate.check_pace(self.rules, person, now)
        asked = GraphError(faults.fails, ASKED) if faults.fails is not None else None
        refusal = asked or self._gate.refusal(self.rules, message, person, template is not None, now)
        if refusal is not None and asked is None and refusal.code not in self.rules.told_later:
            raise refusal
        sent = self._accept(message, person, template, now)
        if refusal is not None:
            self._fail(sent, refusal, now)
        elif person is not None:
            self._carry(sent, person, shown(message, texts), now)
        return _answer(message, sent, template)

    def mark_read(self, body: Json) -> None:
        """A message of a person was read by the business (and perhaps `typing_indicator`: it writes)."""
        wamid = str(body.get("message_id", ""))
        if not wamid.startswith("wamid."):
            raise GraphError(131009, "parameter message_id: no such message")
        self.marked_read.append(wamid)

    def upload(self, mime_type: str, content: bytes, filename: str | None) -> File:
        file = File(str(920_000_000_000_000 + next(self._numbers)), mime_type, content, filename)
        self.files[file.id] = file
        return file

    def submit_template(self, body: Any) -> Template:
        return self.templates.submit(body, next(self._numbers), self.rules.templates_approved)

    # --- what people do ----------------------------------------------------------------------

    def arrive(self, person: Person, content: Json, now: float) -> str:
        """A message of hers: `content` has its type and what belongs to it. Returns its id. Whoever writes
        has seen what was in the chat."""
        self.read(person, now)
        person.spoke = now
        wamid = self._wamid()
        message = {"id": wamid, "timestamp": webhooks.stamp(now)} | content
        self._post(Kind.MESSAGE, webhooks.message_entry(self.account, person, message), now)
        return wamid

    def read(self, person: Person, now: float) -> None:
        """She opens the chat."""
        open_ones = self._open.get(person.user_id, [])
        self._open[person.user_id] = [sent for sent in open_ones if Kind.DELIVERED not in sent.reached]
        for sent in open_ones:
            if Kind.DELIVERED in sent.reached and Kind.FAILED not in sent.reached:
                sent.seen["read"] = True
                self._status(sent, Kind.READ, now, silent=not person.receipts)

    def connect(self, person: Person, online: bool, now: float) -> None:
        """Her phone goes on or off."""
        person.online = online
        for sent in self._open.get(person.user_id, []) if online else []:
            if not sent.reached & {Kind.DELIVERED, Kind.FAILED}:
                self._deliver(sent, person, now)

    def renumber(self, person: Person, phone: str, now: float) -> None:
        """She takes her account to another number."""
        old, person.phone = person.phone, digits(phone)
        self._by_phone[person.phone] = self._by_phone.pop(old)
        body = f"User {person.name} changed from {old} to {person.phone}"
        system = {
            "type": "user_changed_number",
            "body": body,
            "wa_id": person.phone,
            "user_id": person.user_id,
        }
        message = {"id": self._wamid(), "timestamp": webhooks.stamp(now), "type": "system", "from": old}
        self._post(None, webhooks.system_entry(self.account, message | {"system": system}), now)

    # --- what the platform does --------------------------------------------------------------

    def review(self, template: Template, status: str, reason: str, now: float) -> None:
        """A template changes its status; the business is told."""
        template.status = status
        template.rejected_reason = reason if status == "REJECTED" else "NONE"
        self._post(None, webhooks.template_entry(self.account, template, reason, now), now)

    def fail(self, wamid: str, code: int, now: float) -> None:
        """A message that was accepted fails after all."""
        self._fail(self.sent[wamid], GraphError(code, ASKED), now)

    def notify(self, entry: Json, now: float) -> None:
        """Any other webhook."""
        self._post(None, entry, now)

    # --- sending, step by step ---------------------------------------------------------------

    @property
    def acting(self) -> Faults:
        """The faults as the next call to send a message meets them."""
        return self.faults if self.faults.times != 0 else Faults()

    def _spend_faults(self) -> Faults:
        faults = self.acting
        if faults.times and faults.on_sending:
            self.faults = faults.model_copy(update={"times": faults.times - 1})
        return faults

    def _recipient(self, message: Message) -> Person | None:
        """None: nobody the platform knows. A number goes before an id, as the platform has it."""
        if message.to is not None:
            return self.by_phone(digits(message.to))
        return self.people.get(message.recipient or "")

    def _check_files(self, message: Message) -> None:
        media = message.media
        if media is not None and media.id is not None and media.id not in self.files:
            raise GraphError(131053, f"there is no uploaded file {media.id}")

    def _accept(self, message: Message, person: Person | None, template: Template | None, now: float) -> Sent:
        self._gate.passed(self.rules, person, now)
        inside = person is not None and person.within(now, self.rules.window)
        sent = Sent(
            self._wamid(),
            person,
            digits(message.to) if message.to is not None else None,
            message.recipient if message.to is None else None,
            message.biz_opaque_callback_data,
            self._pricing(template, inside),
        )
        self.sent[sent.id] = sent
        return sent

    def _pricing(self, template: Template | None, inside: bool) -> Json:
        category = template.category.lower() if template else "service"
        free = inside and category in ("service", "utility") and not self.rules.billed_replies
        kind = "free_customer_service" if free else "regular"
        return {"billable": not free, "pricing_model": "PMP", "type": kind, "category": category}

    def _carry(self, sent: Sent, person: Person, seen: Json, now: float) -> None:
        sent.seen = {"id": sent.id, "at": now, "read": False} | seen
        self._open.setdefault(person.user_id, []).append(sent)
        self._status(sent, Kind.SENT, now)
        if person.online:
            self._deliver(sent, person, now)

    def _deliver(self, sent: Sent, person: Person, now: float) -> None:
        person.outbox.append(sent.seen)
        self._status(sent, Kind.DELIVERED, now)

    def _fail(self, sent: Sent, error: GraphError, now: float) -> None:
        self._status(sent, Kind.FAILED, now, error)

    # --- webhooks ----------------------------------------------------------------------------

    def _status(
        self, sent: Sent, kind: Kind, now: float, error: GraphError | None = None, silent: bool = False
    ) -> None:
        """`silent`: it happens, but nobody is told."""
        sent.reached.add(kind)
        if silent:
            return
        entry = sent.entry(self.account, kind, now, error, self.rules.contacts_when_failed)
        for one, waiting in sent.told(kind, entry, self.faults.reversed):
            self._post(one, waiting, now)

    def _post(self, kind: Kind | None, entry: Json, now: float) -> None:
        faults = self.faults
        if faults.without_user_ids:
            entry = webhooks.without_user_ids(entry)
        if kind is None:
            self.mail.put(kind, entry, now)
            return
        if kind in faults.missing:
            return
        for _ in range(2 if kind in faults.doubled else 1):
            self.mail.put(kind, entry, now + faults.late.get(kind, 0.0))

    def _wamid(self) -> str:
        whole = f"{self.account.phone_id}#{self.salt}#{next(self._numbers)}".encode()
        return "wamid." + b64encode(whole).decode()


def _answer(message: Message, sent: Sent, template: Template | None) -> Json:
    if message.to is not None:
        contact = {"input": message.to, "wa_id": sent.phone}
    else:
        contact = {"input": message.recipient, "user_id": message.recipient}
    accepted = {"message_status": "accepted"} if template else {}
    return {
        "messaging_product": "whatsapp",
        "contacts": [contact],
        "messages": [{"id": sent.id} | accepted],
    }
