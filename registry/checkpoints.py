"""Heads of the journal's tree, signed: what makes it plain later that anything was altered, taken out or put in.

A checkpoint costs what is new: the tree's hashes are kept (`registry.tiles`).
"""

import base64
import hashlib
import logging
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import msgspec

from registry import database, heads, journal, keys, notes, tiles
from registry.errors import Misused, Refused

LOG = logging.getLogger("onward")
AFTER_MIDNIGHT = timedelta(minutes=5)
NO_LOOKS = base64.b64encode(bytes(32)).decode()


async def take() -> str | None:
    """A signed checkpoint of the journal as it stands; the last one where nothing is new since; None without a key.

    Raises Misused where the register's key is not at hand (see `keys.standing`), and where the journal does not go on from
    the newest checkpoint on file and from the head beside the key (`goes_on`): then nothing is signed.
    """
    key = await keys.standing()
    if key is None:
        return None
    async with database.transaction() as at:
        await at.execute("select pg_advisory_xact_lock($1)", keys.SIGNING)
        size = await journal.newest(at)
        last = await newest(at)
        await tiles.grow(at, size)
        await goes_on(at, size, last)
        signers = [key]
        looks = await _looks(at, last[0].more if last else (), over(datetime.now(UTC)))
        if last is not None:
            said, note = last
            if said.size == size and said.more == (looks,) and notes.opened(note, [key[0]])[1]:
                return note
            if before := await _before(note, key[0]):
                signers.append(before)
        head = notes.Checkpoint(await keys.origin(at), size, await tiles.head_of(at, size), (looks,))
        note = notes.sign(head.text, *signers)
        await at.execute("insert into checkpoint (size, at, note) values ($1, clock_timestamp(), $2)", size, note)
        heads.keep(note, [one for one, _ in signers])  # under the lock, so that an older one never comes later
    return note


async def goes_on(at: asyncpg.Connection, size: int, last: tuple[notes.Checkpoint, str] | None) -> None:
    """Whether the tree of the first `size` entries goes on from the newest checkpoint and from the head beside the key.

    The root at an older size comes out of a few tiles. Raises Misused, naming the one that it does not go on from.
    """
    held = [("the newest checkpoint on file", last[0])] if last else []
    name, stood = await keys.origin(at), [one.fingerprint for one in await keys.stood(at)]
    for one in heads.beside():
        try:
            head = one.head()
        except Refused as error:
            raise Misused(f"{error}: {heads.WAY_OUT}") from error
        if wrong := heads.another(one, head, name, stood):
            raise Misused(f"{wrong}, or needs a key of its own; {heads.WAY_OUT}")
        if head.origin == name:
            held.append((one.called, head))
    for called, head in held:
        if head.size > size:
            raise Misused(f"{called} covers {head.size} entries, the journal has {size}: it was cut; {heads.WAY_OUT}")
        if await tiles.head_of(at, head.size) != head.root:
            raise Misused(f"the journal does not go on from {called}, of {head.size} entries: {heads.WAY_OUT}")


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
    row = await at.fetchrow("select id, note from public.checkpoint where size >= $1 order by id limit 1", sequence)
    if row is None:
        why = await keys.missing(at) or await _doubted(at) or "these entries were written while it was made: take it once more"
        last = await at.fetchval("select max(size) from public.checkpoint")
        reaches = f"; the newest checkpoint reaches up to entry {last}" if last else ""
        return {"Checkpoint": f"NOT SIGNED, none covers it: {why}{reaches}"}
    try:
        head, by = await _opened(at, *row)
    except Misused as error:
        return {"Checkpoint": f"NOT SIGNED, the one that should cover it does not: {error}"}
    signed = " and ".join(one.fingerprint for one in by)
    return {"Checkpoint": f"{head.size} entries, root {base64.b64encode(head.root).decode()}", "Signing key": signed}


async def _doubted(at: asyncpg.Connection) -> str:
    """Why the journal is not signed although the key is at hand; empty where nothing speaks against it."""
    try:
        await goes_on(at, await journal.newest(at), await newest(at))
    except Refused as error:
        return str(error)
    return ""


async def unsigned(at: asyncpg.Connection) -> str:
    """Why nothing can be signed here and now, in words; empty where it can, or where the tree is to be hashed anew first."""
    if why := await keys.missing(at):
        return why
    return await _doubted(at) if await at.fetchval("select exists (select from public.tile)") else ""


async def newest(at: asyncpg.Connection) -> tuple[notes.Checkpoint, str] | None:
    """The last checkpoint and its note. Raises Misused, naming it, where no key of this register signed what it says."""
    row = await at.fetchrow("select id, note from public.checkpoint order by id desc limit 1")
    return None if row is None else ((await _opened(at, *row))[0], row["note"])


async def _opened(at: asyncpg.Connection, number: int, note: str) -> tuple[notes.Checkpoint, list[notes.Verifier]]:
    """What a checkpoint on file states, and who signed it. Raises Misused, naming it and the way out."""
    try:
        text, by = notes.opened(note, await keys.stood(at))
        if not by:
            raise Refused("no key of this register signed it")
        return notes.checkpoint(text), by
    except Refused as error:
        raise Misused(f"checkpoint {number}: {error}: {heads.WAY_OUT}") from error


async def _before(note: str, key: notes.Verifier) -> Any:
    """The key of the last checkpoint, where another one stands now and both are at hand: they sign once together."""
    if notes.opened(note, [key])[1]:
        return None
    held = [(keys.verifier(key.name, one), one) for one in map(keys.read, keys.files())]
    return next((one for one in held if notes.opened(note, [one[0]])[1]), None)


def over(now: datetime) -> date:
    """The last day of which no look can come any more: yesterday, once what was looked at by midnight is written."""
    return (now - AFTER_MIDNIGHT).date() - timedelta(days=1)


async def _looks(at: asyncpg.Connection, said: tuple[str, ...], last: date) -> str:
    """The access log up to a day in one line: a chain of each day's hash, gone on with from the last checkpoint.

    The day is the one up to which it speaks, whether anybody looked on it or not. Older
    checkpoints name the last one on which somebody had, and say nothing of the days after it.
    """
    day, chain = date.min, NO_LOOKS
    for line in said:
        if line.startswith("looks "):
            _, known, chain = line.split(" ")
            day = date.fromisoformat(known)
    async for _, rows in looks(at, day, last + timedelta(days=1)):
        chain = chained(chain, rows)
    return f"looks {max(day, last)} {chain}"


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
