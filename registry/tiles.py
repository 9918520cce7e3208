"""The journal's tree: its leaves, which are the hashes of entries, and the tiles in which all of its hashes are kept.

Tiles hold 256 hashes (C2SP tlog-tiles). They are grown when a checkpoint is due and never by a writer, so that a
checkpoint costs what is new, and a proof reads a few tiles.
"""

from collections.abc import AsyncIterator
from datetime import UTC
from typing import Any

import asyncpg
import msgspec

from registry import heads, tree
from registry.errors import Misused
from registry.tree import Range

TILE = 256  # hashes
LEVELS = range(6)  # of tiles: 256 ** 6 entries
BATCH = 40 * TILE

COLUMNS = 'sequence, at, kind, who, "table", "row", version, image::text, why, nonce'


def canonical(row: Any) -> bytes:
    """The bytes of an entry that its leaf is the hash of: JSON with sorted names and no spaces (RFC 8785)."""
    sequence, at, kind, who, table, number, version, image, why, nonce = row
    return msgspec.json.encode(
        {
            "at": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "image": msgspec.json.decode(image),
            "kind": kind,
            "nonce": nonce.hex(),
            "row": number,
            "sequence": sequence,
            "table": table,
            "version": version,
            "who": who,
            "why": why,
        },
        order="deterministic",
    )


def leaf(row: Any) -> bytes:
    """The hash of an entry, 32 bytes; none where it holds what no entry can and what cannot be hashed."""
    try:
        return tree.leaf_hash(canonical(row))
    except (ValueError, OverflowError, AttributeError, msgspec.MsgspecError):
        return b""


async def entries(at: asyncpg.Connection, begin: int, end: int) -> AsyncIterator[list[Any]]:
    """Entries begin + 1 to end in batches, as `canonical` reads them."""
    for start in range(begin, end, BATCH):
        yield await at.fetch(
            f"select {COLUMNS} from public.journal_entry where sequence > $1 and sequence <= $2 order by sequence",
            start,
            min(start + BATCH, end),
        )


async def grow(at: asyncpg.Connection, size: int) -> None:
    """Adds what the tiles lack of the first `size` entries; work grows with the new entries alone."""
    begin = await _held(at, 0)
    hashes: list[bytes] = []
    async for batch in entries(at, begin, size):
        for row in batch:
            if not (hashed := leaf(row)):
                raise Misused(f"entry {row['sequence']}: holds what no entry can, it was altered: {heads.WAY_OUT}")
            hashes.append(hashed)
    for level in LEVELS:
        if not hashes:
            return
        tiles = await _append(at, level, await _held(at, level), hashes)
        hashes = [tree.root(_parted(tile)) for tile in tiles if len(tile) == TILE * 32]


async def _append(at: asyncpg.Connection, level: int, begin: int, hashes: list[bytes]) -> list[bytes]:
    """Writes hashes behind those that a level holds; returns the tiles that were written."""
    index = begin // TILE
    kept = await at.fetchval("select hashes from tile where id = $1", _id(level, index)) or b""
    all_of_it = kept + b"".join(hashes)
    tiles = [all_of_it[start : start + TILE * 32] for start in range(0, len(all_of_it), TILE * 32)]
    await at.execute(
        "insert into tile (id, hashes) select * from unnest($1::bigint[], $2::bytea[]) "
        "on conflict (id) do update set hashes = excluded.hashes",
        [_id(level, index + number) for number in range(len(tiles))],
        tiles,
    )
    return tiles


async def _held(at: asyncpg.Connection, level: int) -> int:
    """How many hashes a level holds."""
    row = await at.fetchrow(
        "select id, length(hashes) / 32 from tile where id >= $1 and id < $2 order by id desc limit 1",
        _id(level, 0),
        _id(level + 1, 0),
    )
    return 0 if row is None else (row[0] - _id(level, 0)) * TILE + row[1]


async def hash_of(at: asyncpg.Connection, begin: int, end: int) -> bytes:
    """The hash of a range of leaves that the tiles hold."""
    return tree.folded([await _subtree(at, one) for one in tree.subtrees(begin, end)])


async def head_of(at: asyncpg.Connection, size: int) -> bytes:
    """The root of the first `size` entries, 32 bytes."""
    return await hash_of(at, 0, size)


async def prove(at: asyncpg.Connection, ranges: list[Range]) -> list[bytes]:
    """The hashes of a proof's ranges (`tree.inclusion`, `tree.consistency`)."""
    return [await hash_of(at, begin, end) for begin, end in ranges]


async def _subtree(at: asyncpg.Connection, one: Range) -> bytes:
    """A complete subtree: from the highest level of tiles that holds its parts."""
    begin, end = one
    level = min(((end - begin).bit_length() - 1) // 8, len(LEVELS) - 1)
    first, last = begin >> 8 * level, end >> 8 * level
    hashes = await at.fetchval("select hashes from public.tile where id = $1", _id(level, first // TILE))
    place, parts = first % TILE, _parted(hashes or b"")
    if len(parts) < place + last - first:
        raise Misused(f"hashes of the entries {begin + 1} to {end} are missing from the journal's tree: {heads.WAY_OUT}")
    return tree.root(parts[place : place + last - first])


async def unsound(at: asyncpg.Connection) -> AsyncIterator[str]:
    """What of the tiles does not follow from those below, or is not there: it would spoil proofs, whatever entries say.

    The leaves themselves are compared with the entries elsewhere; with no tile at all there is nothing to be wrong.
    """
    below: list[bytes] | None = None
    for level in LEVELS:
        held, place, roots = await _held(at, level), 0, list[bytes]()
        async for index, hashes in _level(at, level):
            parts, full = _parted(hashes), (index + 1) * TILE <= held
            if index != place or len(parts) != (TILE if full else held % TILE):
                yield f"tiles of level {level} of the journal's tree are missing or cut"
                return
            if below is not None and parts != below[index * TILE : index * TILE + len(parts)]:
                yield f"tile {index} of level {level} of the journal's tree is not what those below it make"
            roots += [tree.root(parts)] if full else []
            place += 1
        if below is not None and held != len(below):
            yield f"level {level} of the journal's tree holds {held} hashes, those below it make {len(below)}"
        below = roots


async def _level(at: asyncpg.Connection, level: int) -> AsyncIterator[tuple[int, bytes]]:
    """The tiles of a level in their order, each with its place."""
    first = _id(level, 0)
    while rows := await at.fetch(
        f"select id, hashes from public.tile where id >= $1 and id < $2 order by id limit {TILE}", first, _id(level + 1, 0)
    ):
        for number, hashes in rows:
            yield number - _id(level, 0), hashes
        first = rows[-1][0] + 1


def _parted(tile: bytes) -> list[bytes]:
    return [tile[start : start + 32] for start in range(0, len(tile), 32)]


def _id(level: int, index: int) -> int:
    return (level << 48) + index
