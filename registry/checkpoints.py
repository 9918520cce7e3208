"""Heads of the journal's tree, signed: what makes it plain later that anything was altered, taken out or put in.

The tree's hashes are kept as tiles of 256 (C2SP tlog-tiles), grown when a checkpoint is due and never by a writer, so
that a checkpoint costs what is new, and a proof reads a few tiles.
"""

import base64
import hashlib
import logging
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import msgspec

from registry import database, journal, keys, notes, tree
from registry.errors import Misused
from registry.tree import Range

LOG = logging.getLogger("onward")
TILE = 256  # hashes
LEVELS = range(6)  # of tiles: 256 ** 6 entries
BATCH = 40 * TILE
NO_LOOKS = base64.b64encode(bytes(32)).decode()

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


async def entries(at: asyncpg.Connection, begin: int, end: int) -> AsyncIterator[list[Any]]:
    """Entries begin + 1 to end in batches, as `canonical` reads them."""
    for start in range(begin, end, BATCH):
        yield await at.fetch(
            f"select {COLUMNS} from public.journal_entry where sequence > $1 and sequence <= $2 order by sequence",
            start,
            min(start + BATCH, end),
        )


async def take() -> str | None:
    """A signed checkpoint of the journal as it stands; the last one where nothing is new since; None without a key.

    Raises Misused where the register's key is not at hand (see `keys.standing`).
    """
    key = await keys.standing()
    if key is None:
        return None
    async with database.transaction() as at:
        await at.execute("select pg_advisory_xact_lock($1)", keys.SIGNING)
        size = await journal.newest(at)
        last = await newest(at)
        signers = [key]
        if last is not None:
            said, note = last
            looks = await _looks(at, said.more, datetime.now(UTC).date())
            if said.size == size and said.more == (looks,) and notes.opened(note, [key[0]])[1]:
                return note
            if before := await _before(note, key[0]):
                signers.append(before)
        else:
            looks = await _looks(at, (), datetime.now(UTC).date())
        await grow(at, size)
        head = notes.Checkpoint(await keys.origin(at), size, await head_of(at, size), (looks,))
        note = notes.sign(head.text, *signers)
        await at.execute("insert into checkpoint (size, at, note) values ($1, clock_timestamp(), $2)", size, note)
    return note


async def signed() -> str | None:
    """As `take`, but None too where the key is not at hand: what is made then says that it is not signed (`marks`)."""
    try:
        return await take()
    except Misused as error:
        LOG.warning("nothing was signed: %s", error)
        return None


async def marks(at: asyncpg.Connection, sequence: int) -> dict[str, str]:
    """What a report says of how its entries are proved: the first checkpoint that covers them, and whose key signed it.

    Where there is none it says that it is not signed, why, and up to which entry the newest checkpoint reaches.
    """
    note = await at.fetchval("select note from public.checkpoint where size >= $1 order by id limit 1", sequence)
    if note is None:
        why = await keys.missing(at) or "these entries were written while it was made: take it once more"
        last = await at.fetchval("select max(size) from public.checkpoint")
        reaches = f"; the newest checkpoint reaches up to entry {last}" if last else ""
        return {"Checkpoint": f"NOT SIGNED, none covers it: {why}{reaches}"}
    text, by = notes.opened(note, await keys.stood(at))
    head = notes.checkpoint(text)
    signed = " and ".join(one.fingerprint for one in by)
    return {"Checkpoint": f"{head.size} entries, root {base64.b64encode(head.root).decode()}", "Signing key": signed}


async def newest(at: asyncpg.Connection) -> tuple[notes.Checkpoint, str] | None:
    """The last checkpoint and its note."""
    note = await at.fetchval("select note from public.checkpoint order by id desc limit 1")
    return None if note is None else (notes.checkpoint(note.rpartition("\n\n")[0] + "\n"), note)


async def _before(note: str, key: notes.Verifier) -> Any:
    """The key of the last checkpoint, where another one stands now and both are at hand: they sign once together."""
    if notes.opened(note, [key])[1]:
        return None
    held = [(keys.verifier(key.name, one), one) for one in map(keys.read, keys.files())]
    return next((one for one in held if notes.opened(note, [one[0]])[1]), None)


async def _looks(at: asyncpg.Connection, said: tuple[str, ...], today: date) -> str:
    """The access log up to yesterday in one line: a chain of each day's hash, gone on with from the last checkpoint."""
    day, chain = date.min, NO_LOOKS
    for line in said:
        if line.startswith("looks "):
            _, known, chain = line.split(" ")
            day = date.fromisoformat(known)
    async for found, rows in looks(at, day, today):
        chain = chained(chain, rows)
        day = found
    return f"looks {day} {chain}"


async def looks(at: asyncpg.Connection, after: date, before: date) -> AsyncIterator[tuple[date, list[bytes]]]:
    """The days of the access log between two, each with its rows as they are hashed, in their order."""
    rows = await at.fetch(
        "select id, at, person, what, of from public.look where at >= $1 and at < $2 order by at, id",
        datetime.combine(max(after, date(1900, 1, 1)) + timedelta(days=1), datetime.min.time(), UTC),
        datetime.combine(before, datetime.min.time(), UTC),
    )
    days: dict[date, list[bytes]] = {}
    for number, moment, *words in rows:
        said = [number, moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"), *words]
        days.setdefault(moment.astimezone(UTC).date(), []).append(msgspec.json.encode(said))
    for day, found in days.items():
        yield day, found


def chained(chain: str, rows: list[bytes]) -> str:
    """One day's hash upon those before."""
    day = hashlib.sha256(b"\n".join(rows)).digest()
    return base64.b64encode(hashlib.sha256(base64.b64decode(chain) + day).digest()).decode()


async def grow(at: asyncpg.Connection, size: int) -> None:
    """Adds what the tiles lack of the first `size` entries; work grows with the new entries alone."""
    begin = await _held(at, 0)
    hashes: list[bytes] = []
    async for batch in entries(at, begin, size):
        hashes += [tree.leaf_hash(canonical(row)) for row in batch]
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
    place = first % TILE
    return tree.root(_parted(hashes)[place : place + last - first])


def _parted(tile: bytes) -> list[bytes]:
    return [tile[start : start + 32] for start in range(0, len(tile), 32)]


def _id(level: int, index: int) -> int:
    return (level << 48) + index
