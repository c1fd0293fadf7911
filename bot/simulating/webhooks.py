"""The bodies of webhooks, and their signature."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence

from bot.simulating.errors import GraphError, Json
from bot.simulating.people import Person
from bot.simulating.rules import Account, Kind
from bot.simulating.templates import Template

SIGNATURE = "X-Hub-Signature-256"


def signature(secret: str, body: bytes) -> str:
    """The value of the header SIGNATURE."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def encoded(entries: Sequence[Json]) -> bytes:
    """The whole body. Letters beyond ASCII are escaped, as the platform does before it signs."""
    return json.dumps({"object": "whatsapp_business_account", "entry": list(entries)}).encode()


def message_entry(account: Account, person: Person, message: Json) -> Json:
    """A message from a person: `message` has id, timestamp, type and content."""
    shown = not person.hidden
    sender = {"from_user_id": person.user_id} | ({"from": person.phone} if shown else {})
    return _entry(account, {"contacts": [person.contact(shown)], "messages": [sender | message]})


def system_entry(account: Account, message: Json) -> Json:
    """Something about a person that she did not write; nobody stands in `contacts`."""
    return _entry(account, {"messages": [message]})


def status_entry(account: Account, status: Json, contact: Json | None) -> Json:
    """What became of a message. `contact` None: nobody is named."""
    return _entry(account, ({"contacts": [contact]} if contact else {}) | {"statuses": [status]})


def status_of(
    wamid: str,
    kind: Kind,
    at: float,
    *,
    phone: str | None,
    user_id: str | None,
    opaque: str | None,
    pricing: Json | None,
    error: GraphError | None,
) -> Json:
    """`phone` and `user_id`: by which of them the message was addressed, and who that is."""
    status: Json = {"id": wamid, "status": kind.value, "timestamp": stamp(at)}
    optional = {
        "recipient_id": phone,
        "recipient_user_id": user_id,
        "biz_opaque_callback_data": opaque,
        "pricing": pricing,
        "errors": [error.in_status()] if error else None,
    }
    return status | {key: value for key, value in optional.items() if value is not None}


def without_user_ids(entry: Json) -> Json:
    """The same, as it looked before business-scoped user ids. Nobody without a number wrote then."""
    old: Json = json.loads(json.dumps(entry))
    value = old["changes"][0]["value"]
    for one in [*value.get("contacts", []), *value.get("messages", []), *value.get("statuses", [])]:
        for key in ("user_id", "from_user_id", "recipient_user_id"):
            one.pop(key, None)
    return old


def template_entry(account: Account, template: Template, reason: str, now: float) -> Json:
    value = {
        "event": template.status,
        "message_template_id": int(template.id),
        "message_template_name": template.name,
        "message_template_language": template.language,
        "message_template_category": template.category,
        "reason": reason,
    }
    return _notice(account, "message_template_status_update", value, now)


def quality_entry(account: Account, event: str, limit: str, now: float) -> Json:
    """Of the number: `event` like THROUGHPUT_UPGRADE, `limit` like TIER_2K."""
    value = {
        "display_phone_number": account.phone,
        "event": event,
        "current_limit": limit,
        "max_daily_conversations_per_business": limit,
    }
    return _notice(account, "phone_number_quality_update", value, now)


def account_entry(account: Account, event: str, more: Json, now: float) -> Json:
    """Of the account: `event` like ACCOUNT_VIOLATION, `more` what belongs to it."""
    return _notice(account, "account_update", {"event": event} | more, now)


def stamp(at: float) -> str:
    """A time as webhooks have it: whole Unix seconds, as text."""
    return str(int(at))


def _entry(account: Account, value: Json) -> Json:
    metadata = {"display_phone_number": account.phone, "phone_number_id": account.phone_id}
    whole = {"messaging_product": "whatsapp", "metadata": metadata} | value
    return {"id": account.waba_id, "changes": [{"value": whole, "field": "messages"}]}


def _notice(account: Account, field: str, value: Json, now: float) -> Json:
    return {"id": account.waba_id, "time": int(now), "changes": [{"value": value, "field": field}]}
