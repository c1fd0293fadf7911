"""What people see when they acknowledge a circular.

k:ack:CAMPAIGN     acknowledges           k:undo:CAMPAIGN     takes it back
k:notme:CAMPAIGN   asks once more         k:notme2:CAMPAIGN   makes the task
k:unclear:CAMPAIGN makes the task         k:wrong:CAMPAIGN    an acknowledgment by proxy is wrong
k:read:CAMPAIGN    shows it               k:waiting           lists what waits
k:walls:FROM       circulars for an assembly
k:here:TOKEN       acknowledges at an assembly
k:wall:CAMPAIGN:UNIT  shows the code of an assembly
k:proof:CAMPAIGN   gives the receipt    k:proofs:FROM     lists them
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from bot.campaigns.acknowledging import Told
from bot.campaigns.content import Content, message
from bot.campaigns.ports import Waiting
from bot.model import Button, Reply
from bot.rendering import dates
from bot.rendering.texts import Texts

PREFIX = "k:"
READ = "k:read:"
WAITING = "k:waiting"
LISTED = 8
"""Circulars that one message offers: with a line on each, a phone's screen."""

LONGEST = 90
"""Letters of a subject in a sentence."""


def circular_buttons(campaign: int, texts: Texts) -> tuple[tuple[Button, ...], ...]:
    """The rows below a circular that is sent."""
    others = (
        Button(texts("ack.button_not_me"), f"k:notme:{campaign}"),
        Button(texts("ack.button_unclear"), f"k:unclear:{campaign}"),
    )
    return ((_read(campaign, texts),), others)


def _read(campaign: int, texts: Texts) -> Button:
    return Button(texts("ack.button_read"), f"k:ack:{campaign}")


def named(content: Content, texts: Texts) -> str:
    """The circular within a sentence."""
    subject = content.subject if len(content.subject) <= LONGEST else f"{content.subject[:LONGEST].rstrip()}…"
    if not content.number:
        return subject
    return texts("ack.named", number=content.number, subject=subject)


def when(moment: int, zone: tzinfo, texts: Texts) -> str:
    """ "Sen 23 Nov 2026 09.10 WIB". `moment`: seconds since 1970."""
    at = datetime.fromtimestamp(moment, zone)
    return f"{dates.day(at, texts)} {dates.clock(at, texts)} {dates.zone_name(at)}"


def _proof(campaign: int, texts: Texts) -> Button:
    return Button(texts("receipt.button"), f"k:proof:{campaign}")


def recorded(
    told: Told, at: int, zone: tzinfo, texts: Texts, *, missed: int | None = None, proof: bool = False
) -> Reply:
    """`missed`: the deadline, if it was over; `proof`: a receipt can be had."""
    text = texts("ack.recorded", circular=named(told.content, texts), when=when(at, zone, texts))
    if missed is not None:
        text += "\n" + texts("ack.late", due=when(missed, zone, texts))
    undo = Button(texts("ack.button_undo"), f"k:undo:{told.campaign}")
    return Reply(text, ((undo, *((_proof(told.campaign, texts),) if proof else ())),))


def already(told: Told, at: int, zone: tzinfo, texts: Texts, *, proof: bool = False) -> Reply:
    """`proof`: a receipt can be had."""
    text = texts("ack.already", circular=named(told.content, texts), when=when(at, zone, texts))
    return Reply(text, ((_proof(told.campaign, texts),),) if proof else ())


def undone(told: Told, texts: Texts, *, replace: bool) -> Reply:
    text = texts("ack.undone", circular=named(told.content, texts))
    return Reply(text, ((_read(told.campaign, texts),),), replace=replace)


def not_recorded(action: str | None, texts: Texts, key: str = "ack.not_recorded") -> Reply:
    """`action`: of the button that tries again; None: it was said in words."""
    row = ((Button(texts("ack.button_again"), action),),) if action else ()
    return Reply(texts(key), row)


def whole(told: Told, texts: Texts) -> Reply:
    """The circular as it is sent, without its document."""
    return Reply(message(told.content, texts), circular_buttons(told.campaign, texts))


def not_me(told: Told, texts: Texts, *, given: str | None = None) -> Reply:
    """`given`: when she acknowledged it; None: she has not."""
    yes, circular = Button(texts("ack.button_not_me_yes"), f"k:notme2:{told.campaign}"), told.content
    if given is not None:
        text = texts("ack.not_me_given", circular=named(circular, texts), when=given)
        return Reply(text, ((yes,),))
    text = texts("ack.not_me", circular=named(circular, texts))
    return Reply(text, ((yes,), (_read(told.campaign, texts),)))


def not_me_choice(found: Sequence[Told], texts: Texts) -> Reply:
    """Several circulars of which one is said not to be hers."""
    return _numbered(found, texts, "ack.not_me_which", "ack.button_not_me_nth", "k:notme:")


def unclear_choice(found: Sequence[Told], texts: Texts) -> Reply:
    """Asks before HR is told: it may be an answer of ours that she did not understand."""
    reply = _numbered(found, texts, "ack.unclear_which", "ack.button_unclear_nth", "k:unclear:")
    if len(found) > 1:
        return reply
    only = Button(texts("ack.button_unclear"), f"k:unclear:{found[0].campaign}")
    return Reply(reply.text, ((only,),))


def again(told: Told, texts: Texts) -> Reply:
    """The circular once more, after it was not understood."""
    text = "\n\n".join((texts("ack.unclear"), message(told.content, texts)))
    return Reply(text, ((_read(told.campaign, texts),),))


def choice(waiting: Sequence[Waiting], zone: tzinfo, texts: Texts, key: str) -> Reply:
    """Several circulars to acknowledge one by one, or one that only waits."""
    shown = waiting[:LISTED]
    if len(shown) == 1:
        lines = [_line(shown[0], zone, texts)]
        rows = [(_read(shown[0].told.campaign, texts),)]
    else:
        lines = [f"{n}. {_line(one, zone, texts)}" for n, one in enumerate(shown, 1)]
        numbered = [
            Button(texts("ack.button_nth", number=n), f"k:ack:{one.told.campaign}")
            for n, one in enumerate(shown, 1)
        ]
        rows = [tuple(numbered[at : at + 2]) for at in range(0, len(numbered), 2)]  # type: ignore[misc]
    if len(waiting) > LISTED:
        lines.append(texts("ack.more", count=len(waiting) - LISTED))
    return Reply("\n\n".join([texts(key), *lines]), tuple(rows))


def waiting_button(count: int, texts: Texts) -> tuple[tuple[Button, ...], ...]:
    return ((Button(texts("ack.button_waiting", count=count), WAITING),),) if count else ()


def _line(one: Waiting, zone: tzinfo, texts: Texts) -> str:
    circular = named(one.told.content, texts)
    return texts("ack.waiting_line", circular=circular, due=when(one.due, zone, texts))


def undo_choice(given: Sequence[Told], texts: Texts) -> Reply:
    return _numbered(given, texts, "ack.undo_which", "ack.button_undo_nth", "k:undo:")


def _numbered(found: Sequence[Told], texts: Texts, question: str, button: str, action: str) -> Reply:
    lines = [f"{n}. {named(told.content, texts)}" for n, told in enumerate(found[:LISTED], 1)]
    rows = tuple(
        (Button(texts(button, number=n), f"{action}{told.campaign}"),)
        for n, told in enumerate(found[:LISTED], 1)
    )
    return Reply("\n".join([texts(question), *lines]), rows)


def present(told: Told, token: str, texts: Texts) -> Reply:
    """The circular for somebody who has scanned the code of an assembly."""
    text = "\n\n".join((texts("assembly.welcome"), message(told.content, texts)))
    return Reply(text, ((Button(texts("ack.button_read"), f"k:here:{token}"),),))


def proxy_page(told: Told, texts: Texts) -> Reply:
    """For the person for whom somebody else has acknowledged."""
    wrong = Button(texts("proxy.button_wrong"), f"k:wrong:{told.campaign}")
    return Reply(texts("proxy.told", circular=named(told.content, texts)), ((wrong,),))
