"""Who can be written to: conditions on accounts, and on the people of deliveries."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, FromClause, and_, case, exists, func, literal, select

from bot.campaigns.campaign import Unreachable
from bot.storage.campaign_tables import deliveries
from bot.storage.tables import identities, profiles, unreachable
from bot.storage.unreachable import WHY


def chat_of(account: FromClause = identities, chats: FromClause = unreachable) -> ColumnElement[bool]:
    """A private chat has its account's id."""
    return and_(chats.c.channel == account.c.channel, chats.c.chat_id == account.c.external_id)


def profile_of(account: FromClause = identities, known: FromClause = profiles) -> ColumnElement[bool]:
    return and_(known.c.channel == account.c.channel, known.c.external_id == account.c.external_id)


def usable(account: FromClause = identities) -> ColumnElement[bool]:
    """The account can be written to."""
    gone, told = unreachable.alias("gone"), profiles.alias("told")
    lost = exists().where(chat_of(account, gone)).correlate(account)
    stopped = exists().where(profile_of(account, told), told.c.stopped_at.is_not(None)).correlate(account)
    return and_(~lost, ~stopped)


def reached_on(
    channels: Sequence[str], but: ColumnElement[str | None] = deliveries.c.failed_on
) -> ColumnElement[bool]:
    """The person of the delivery has an account on one of the channels that can be written to. `but`: the
    channel that has failed, if any."""
    other = identities.c.channel.is_distinct_from(but)
    return exists().where(_hers(channels), usable(), other).correlate(deliveries)


def why_unreachable(channels: Sequence[str]) -> ColumnElement[str]:
    """The reason why nothing reaches the person of the delivery: that of her account, if she has one."""
    stopped = (
        select(literal(Unreachable.STOPPED.value))
        .select_from(identities.join(profiles, profile_of()))
        .where(_hers(channels), profiles.c.stopped_at.is_not(None))
    )
    whys = {word: why.value for word, why in WHY.items()}
    gone = (
        select(case(whys, value=unreachable.c.reason, else_=Unreachable.NEVER_STARTED.value))
        .select_from(identities.join(unreachable, chat_of()))
        .where(_hers(channels))
    )
    found = (query.limit(1).correlate(deliveries).scalar_subquery() for query in (stopped, gone))
    return func.coalesce(*found, literal(Unreachable.NO_IDENTITY.value))


def _hers(channels: Sequence[str]) -> ColumnElement[bool]:
    return and_(identities.c.person_id == deliveries.c.person_id, identities.c.channel.in_(channels))
