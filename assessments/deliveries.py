"""Alerts on their way: claimed by one process, sent as one digest a person, tried again while it fails.

At least once: a process that dies between sending and saying so leaves it unknown whether the digest went out. It goes out
again then, the same alerts under the same Message-ID, so that a mail program may show it once.
"""

from datetime import timedelta

import asyncpg
import msgspec

from assessments.alerts import alerts
from assessments.channels import mail
from registry import database, journal
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
        people = [
            row[0] for row in await at.fetch("select distinct person from delivery where sent is null and channel = 'mail'")
        ]
    for person in people:
        while claimed := await _claim(person):
            error = await _send(pack, person, sorted(set(claimed.values())))
            await _settle(list(claimed), error)
            sent, failed = sent + (not error), failed + bool(error)
    return Delivered(sent, failed)


async def _claim(person: str) -> dict[int, str]:
    """The deliveries to a person that are now ours, with their alerts: one digest.

    What a process that died may have sent goes again by itself, as it was; all that surely was not sent goes together.
    """
    async with database.transaction() as at:
        rows = await at.fetch(
            """with waiting as (
                select id, case when error = '' then claimed end as unsure from delivery
                where person = $1 and channel = 'mail' and sent is null and tries < $4
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
    try:
        await mail.send(mail.digest(shown, person, email, notice))
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
