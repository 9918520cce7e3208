"""Alerts on their way: claimed by one process, sent as one digest a person, tried again while it fails.

At least once: a process that dies between sending and saying so leaves it unknown whether the digest went out. It goes out
again then, the same alerts under the same Message-ID, so that a mail program may show it once.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

import asyncpg
import msgspec

from assessments.alerts import alerts
from assessments.channels import mail
from assessments.handing_out import CHANNEL
from registry import access, database, journal, notes
from registry import keys as keys_of
from registry.law import Pack
from registry.vocabulary import DEMO_NOTICE

HELD = timedelta(minutes=10)  # after this long a claim is another's: the process that made it has died
BACKOFF = timedelta(minutes=1)  # doubled with each try
MOST_TRIES = 12


class Delivered(msgspec.Struct, frozen=True):
    """What one round did."""

    sent: int
    failed: int


async def deliver(pack: Pack) -> Delivered:
    """Sends what is waiting. Without ONWARD_SMTP nothing is sent, and everything keeps waiting."""
    sent = failed = 0
    if not mail.ready():
        return Delivered(0, 0)
    async with database.as_known(None) as at:
        waiting_for = await at.fetch("select distinct person, channel from delivery where sent is null order by 1, 2")
    for person, channel in waiting_for:
        while claimed := await _claim(person, channel):
            keys = sorted(set(claimed.values()))
            error = await (_hand_over(person, keys) if channel == CHANNEL else _send(pack, person, keys))
            await _settle(list(claimed), error)
            sent, failed = sent + (not error), failed + bool(error)
    return Delivered(sent, failed)


async def _claim(person: str, channel: str) -> dict[int, str]:
    """The deliveries to a person that are now ours, with their alerts: one digest.

    What a process that died may have sent goes again by itself, as it was; all that surely was not sent goes together.
    """
    async with database.transaction() as at:
        rows = await at.fetch(
            """with waiting as (
                select id, case when error = '' then claimed end as unsure from delivery
                where person = $1 and channel = $5 and sent is null and tries < $4
                    and (claimed is null or claimed < now() - greatest(
                        case when error = '' then $2::interval else $3::interval * power(2, tries) end, $3::interval))
                for update)
            update delivery d set claimed = now(), tries = d.tries + 1, error = ''
            from waiting w where w.id = d.id and w.unsure is not distinct from (select min(unsure) from waiting)
            returning d.id, d.alert""",
            person,
            HELD,
            BACKOFF,
            MOST_TRIES,
            channel,
        )
    return {row[0]: row[1] for row in rows}


class Waiting(msgspec.Struct, frozen=True):
    """What has not gone out: how many alerts wait, how many failed at least once, how many are tried no more."""

    waiting: int
    failing: int
    given_up: int

    def said(self) -> str:
        """In a line; empty where nothing failed."""
        if not self.failing:
            return ""
        over = f", {self.given_up} of them tried no more after {MOST_TRIES} times" if self.given_up else ""
        return f"{self.failing} of {self.waiting} messages that wait could not be sent{over}: look at ONWARD_SMTP."


async def waiting(at: asyncpg.Connection) -> Waiting:
    """How mail stands."""
    row = await at.fetchrow(
        "select count(*), count(*) filter (where error <> ''), count(*) filter (where error <> '' and tries >= $1) "
        "from delivery where sent is null",
        MOST_TRIES,
    )
    return Waiting(*row)


async def _send(pack: Pack, person: str, keys: list[str]) -> str:
    """Sends one digest; returns why it failed, or nothing."""
    async with database.as_known(None) as at:
        email = await at.fetchval("select email from person where key = $1 and until is null", person)
        shown = await alerts(pack, keys)
        notice = DEMO_NOTICE if await journal.is_demo(at) else None
    if not email or not shown:
        return ""
    return await _tried(lambda: mail.digest(shown, person, email, notice))


async def _hand_over(person: str, keys: list[str]) -> str:
    """Sends an auditor the newest of some checkpoints, which covers the others; returns why it failed, or nothing."""
    async with database.as_known(None) as at:
        email = await at.fetchval(
            "select email from person where key = $1 and until is null and (ends is null or ends > $2)",
            person,
            access.moment_of(datetime.now(UTC)),
        )
        newest = max(int(key.rpartition(":")[2]) for key in keys)
        note = await at.fetchval("select note from checkpoint where id = $1", newest)
        by = notes.signers(note or "", await keys_of.stood(at))
        notice = DEMO_NOTICE if await journal.is_demo(at) else None
    if not email or not by:
        return ""
    size = notes.checkpoint(note.rpartition("\n\n")[0] + "\n").size
    return await _tried(lambda: mail.checkpoint(note, size, by[-1].fingerprint, person, email, notice))


async def _tried(written: Callable[[], EmailMessage]) -> str:
    """Sends a mail; returns why it failed, or nothing."""
    try:
        await mail.send(written())
    except Exception as error:  # of delivery's loop: whatever it is, it is recorded, and everybody else gets their mail
        return f"{type(error).__name__} {getattr(error, 'code', '')}".strip()  # the words of a server may name the person
    return ""


async def _settle(ids: list[int], error: str) -> None:
    async with database.transaction() as at:
        await at.execute(
            "update delivery set error = $2::varchar, sent = case when $2::varchar = '' then clock_timestamp() end "
            "where id = any($1::bigint[])",
            ids,
            error,
        )
