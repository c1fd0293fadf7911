"""The Merkle log over the ledger's rows: pymerkle's tree, reading few of them.

Nodes over 64 leaves and more are rows of their own, written when a checkpoint is made; what lies below is
computed from the at most 64 events of a block. A proof reads about 2 log2(n) rows and two blocks.
"""

from __future__ import annotations

from collections.abc import Sequence

from pymerkle import BaseMerkleTree  # type: ignore[import-untyped]  # the package has no types
from sqlalchemy import Connection, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.campaigns.evidence import BLOCK_LEVEL, Frontier, Node, leaf_hash, perfect_subtrees
from bot.storage.campaign_tables import evidence_events, evidence_nodes
from bot.storage.engine import insert_or

BLOCK = 1 << BLOCK_LEVEL
PAGE = 1_000
"""Events read at a time: a few milliseconds, between which others get their turn."""
CHUNK = 65_536
"""Events after which the nodes are written, each time in a transaction of its own."""


class LedgerTree(BaseMerkleTree):  # type: ignore[misc]  # the package has no types
    """The first `size` events. Only proves: events are appended by `bot.storage.evidence.append`."""

    def __init__(self, connection: Connection, size: int) -> None:
        super().__init__("sha256", threshold=BLOCK, capacity=1 << 22)
        self._connection = connection
        self._size = size
        self._blocks: dict[int, list[bytes]] = {}

    def _encode_entry(self, data: str) -> bytes:
        return data.encode()

    def _store_leaf(self, data: str, digest: bytes) -> int:
        raise NotImplementedError

    def _get_size(self) -> int:
        return self._size

    def _get_leaf(self, index: int) -> bytes:
        return self._get_leaves(index - 1, 1)[0]

    def _get_leaves(self, offset: int, width: int) -> list[bytes]:
        """pymerkle asks for at most a block, which lies within one."""
        start = offset - offset % BLOCK
        if start not in self._blocks:
            events = evidence_events.c
            query = select(events.entry).where(events.seq > start, events.seq <= start + BLOCK)
            rows = self._connection.execute(query.order_by(events.seq)).scalars()
            self._blocks[start] = [leaf_hash(entry) for entry in rows]
        return self._blocks[start][offset - start : offset - start + width]

    def _get_subroot_uncached(self, offset: int, width: int) -> bytes:
        if width < BLOCK:
            root: bytes = super()._get_subroot_uncached(offset, width)
            return root
        level = width.bit_length() - 1
        nodes = evidence_nodes.c
        query = select(nodes.hash).where(nodes.level == level, nodes.place == offset >> level)
        return bytes(self._connection.execute(query).scalar_one())


async def known_frontier(connection: AsyncConnection) -> Frontier:
    """Over the blocks whose nodes are written."""
    nodes = evidence_nodes.c
    last = select(nodes.place).where(nodes.level == BLOCK_LEVEL).order_by(nodes.place.desc()).limit(1)
    place = (await connection.execute(last)).scalar_one_or_none()
    size = 0 if place is None else (place + 1) * BLOCK
    wanted = perfect_subtrees(size)
    query = select(nodes.level, nodes.place, nodes.hash).where(tuple_(nodes.level, nodes.place).in_(wanted))
    found = {(level, at): bytes(root) for level, at, root in await connection.execute(query)}
    return Frontier(size, [found[key] for key in wanted])


async def entries_after(connection: AsyncConnection, seq: int, last: int) -> Sequence[str]:
    """The next page of leaves after `seq`, up to `last`."""
    events = evidence_events.c
    query = select(events.entry).where(events.seq > seq, events.seq <= min(last, seq + PAGE))
    return (await connection.execute(query.order_by(events.seq))).scalars().all()


async def write_nodes(engine: AsyncEngine, nodes: Sequence[Node]) -> None:
    """Two processes may write the same ones."""
    if not nodes:
        return
    rows = [{"level": level, "place": place, "hash": root} for level, place, root in nodes]
    async with engine.begin() as connection:
        await connection.execute(insert_or(engine, evidence_nodes), rows)
