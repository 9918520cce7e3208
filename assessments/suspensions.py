"""Flows stopped and taken up again (Clause 16(b); Art. 44): a judgement added, ended, and never edited."""

import secrets
from collections.abc import Sequence
from datetime import date

from assessments.tables import Suspension
from registry import journal, law, once
from registry.errors import Refused, Stale
from registry.tables import Transfer

NOTHING_ON_FILE = "no transfer of that key is recorded"


async def stop(who: str, keys: Sequence[str], day: date, why: str, sent: str = "", leads_to: str = "") -> int:
    """Stops the flows from a day on; those that are stopped already stay as they are. Returns how many were stopped.

    Raises Stale where every one of them is stopped already, Refused for a key that names no transfer.
    """
    async with journal.writing(who, why) as book:
        await once.take(book.at, sent, leads_to)
        rests_on = await journal.newest(book.at)
        stopped = 0
        for key in sorted(set(keys)):
            thing = await book.at.fetchval("select thing from transfer where key = $1 and thing = id for update", key)
            if thing is None:
                raise Refused(f"{Transfer.__name__.lower()} {key!r}: {NOTHING_ON_FILE}")
            if await book.at.fetchval("select exists (select from suspension where transfer = $1 and until is null)", thing):
                continue
            row = {"key": f"{key[:150]}-{day}-{secrets.token_hex(3)}", "since": day.isoformat(), "transfer": thing}
            row |= {"reason": why, "rests_on": rests_on, "law_version": law.load().version}
            await book.record(Suspension, row)
            stopped += 1
        if not stopped:
            raise Stale("it was stopped meanwhile: see below since when and why", 0)
    return stopped


async def resume(
    who: str, transfer: str, key: str, version: int, day: date, why: str, sent: str = "", leads_to: str = ""
) -> None:
    """The data flow again from a day on; on the very day of the stop, the stop counts on no day.

    Raises Stale where somebody else ended it first, Refused for a day before the stop.
    """
    async with journal.writing(who, why) as book:
        await once.take(book.at, sent, leads_to)
        stands = await book.at.fetchrow(
            """select id, version, since, until from suspension
            where key = $1 and transfer = (select id from transfer where key = $2 and thing = id) for update""",
            key,
            transfer,
        )
        if stands is None:
            raise Refused(f"suspension {key!r}: this transfer has no stop of that key")
        if stands["until"] is not None or stands["version"] != version:
            raise Stale("somebody else took it up again meanwhile: see below since when", stands["version"])
        if day < stands["since"]:
            raise Refused(f"the flow was stopped on {stands['since']}: name that day or a later one")
        await book.end(Suspension, [(stands["id"], stands["version"])], day)
