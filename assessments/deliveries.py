"""Alerts on their way: claimed by one process, sent as one digest a person and look, tried again while it fails."""

from datetime import timedelta

import msgspec
from aiosmtplib import SMTPException

from assessments.alerts import alerts
from assessments.channels import mail
from registry import database, journal
from registry.errors import Refused
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
        claimed = await _claim(person)
        if not claimed:
            continue
        error = await _send(pack, person, sorted(set(claimed.values())))
        await _settle(list(claimed), error)
        sent, failed = sent + (not error), failed + bool(error)
    return Delivered(sent, failed)


async def _claim(person: str) -> dict[int, str]:
    """The deliveries to a person that are now ours, with their alerts."""
    async with database.transaction() as at:
        rows = await at.fetch(
            """update delivery set claimed = clock_timestamp(), tries = tries + 1
            where person = $1 and channel = 'mail' and sent is null and tries < $4
                and (claimed is null or claimed < clock_timestamp() - greatest(
                    case when error = '' then $2::interval else $3::interval * power(2, tries) end, $3::interval))
            returning id, alert""",
            person,
            HELD,
            BACKOFF,
            MOST_TRIES,
        )
    return {row[0]: row[1] for row in rows}


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
    except (OSError, ValueError, Refused, SMTPException) as error:
        return f"{type(error).__name__}: {error}"[:400]
    return ""


async def _settle(ids: list[int], error: str) -> None:
    async with database.transaction() as at:
        await at.execute(
            "update delivery set error = $2::varchar, sent = case when $2::varchar = '' then clock_timestamp() end "
            "where id = any($1::bigint[])",
            ids,
            error,
        )
