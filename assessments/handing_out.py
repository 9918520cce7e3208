"""Checkpoints leave the house by themselves: signed once in a while where something was written, and mailed to auditors.

Two processes do it once: signing and handing out each take a lock within their transaction and look again.
"""

from datetime import UTC, datetime, timedelta

import asyncpg

from assessments.channels import mail
from assessments.signing import signed
from registry import access, database, journal, settings

CHANNEL = "checkpoint"
HANDING = 0x6F6E77617264  # the advisory lock of those who hand out


async def hand_out() -> bool:
    """Signs the journal where the last checkpoint is older than ONWARD_CHECKPOINT_HOURS and something was written since.

    Puts the newest one on its way to auditors, once in as many hours. Returns whether one was put on its way.
    """
    every = settings.checkpoint_every()
    if every is None:
        return False
    if await _due(datetime.now(UTC) - every):
        await signed()
    if not mail.ready():
        return False
    async with database.transaction() as at:
        await at.execute("select pg_advisory_xact_lock($1)", HANDING)
        return await _on_its_way(at, every)


async def _due(before: datetime) -> bool:
    async with database.as_known(None) as at:
        last = await at.fetchrow("select size, at from checkpoint order by id desc limit 1")
        return last is None or (last["at"] <= before and last["size"] < await journal.newest(at))


async def _on_its_way(at: asyncpg.Connection, every: timedelta) -> bool:
    """A delivery for each auditor who may sign in and has an address, of the newest checkpoint, unless it had one."""
    newest = await at.fetchval("select max(id) from checkpoint")
    last = await at.fetchrow("select alert, made from delivery where channel = $1 order by id desc limit 1", CHANNEL)
    now = datetime.now(UTC)
    if newest is None or (last is not None and (last["alert"] == key_of(newest) or last["made"] > now - every)):
        return False
    rows = await at.fetch(
        """insert into delivery (alert, person, channel, made, tries, error)
        select $1::varchar, p.key, $2::varchar, clock_timestamp(), 0, '' from person p
        where p.role = 'auditor' and p.email <> '' and p.since <= $3 and (p.until is null or p.until > $3)
            and (p.ends is null or p.ends > $4) returning id""",
        key_of(newest),
        CHANNEL,
        await journal.today(at),
        access.moment_of(now),
    )
    return bool(rows)


def key_of(checkpoint: int) -> str:
    """What a delivery calls a checkpoint."""
    return f"{CHANNEL}:{checkpoint}"
