"""What will end: listings, clauses, approvals (told ninety, thirty, seven days and one ahead), and the last days of the law."""

from collections.abc import Sequence
from datetime import date, timedelta

import asyncpg

from assessments.dossier import STANDS
from assessments.watch.causes import Causes
from registry.law import Pack
from registry.vocabulary import AlertKind

THRESHOLDS = (1, 7, 30, 90)  # days ahead of an end, nearest first
LAST_DAYS = (1, 7)  # of an instrument of the law, which is told months ahead besides (`ahead.py`)

# Of the decisions that are in force on a day the one begun last counts, as on the page of the vendor.
_APPROVED = f"""
select key, until - 1, vendor from (
    select distinct on (vendor) * from decision where {STANDS} and since <= $1 and (until is null or until > $1)
    order by vendor, since desc, id desc) d
where standing like 'approved%' and until - 1 <= $2 and coalesce((
    select o.standing not like 'approved%' from decision o where o.vendor = d.vendor
        and {STANDS.replace("until", "o.until").replace("since", "o.since")}
        and o.since <= d.until and (o.until is null or o.until > d.until)
    order by o.since desc, o.id desc limit 1), true)"""

# Where none is in force, the one that ended last, of vendors that still work for us.
_LAPSED = f"""
select d.key, d.until - 1, d.vendor from (
    select distinct on (vendor) * from decision where {STANDS} and since <= $1
    order by vendor, until desc nulls first, id desc) d
where d.standing like 'approved%' and d.until <= $1 and exists (
    select from engagement e join vendor v on v.thing = e.vendor where e.vendor = d.vendor
        and e.since <= $1 and (e.until is null or e.until > $1) and v.since <= $1 and (v.until is null or v.until > $1))"""


async def endings(at: asyncpg.Connection, pack: Pack, today: date, causes: Causes) -> None:
    """What will end, of the law too: the nearest threshold that is reached, and no other."""
    horizon = today + timedelta(days=max(THRESHOLDS))
    listings = await at.fetch(
        f"""select key, least(next_due, until - 1), framework, party from certification
        where {STANDS} and status like 'active%' and since <= $1 and least(next_due, until - 1) between $1 and $2""",
        today,
        horizon,
    )
    signed = await at.fetch(
        f"""select key, until - 1, instrument, importer from safeguard
        where {STANDS} and state = 'signed' and since <= $1 and until - 1 between $1 and $2""",
        today,
        horizon,
    )
    for what, kind, rows in (
        ("certification", AlertKind.LISTING_ENDING, listings),
        ("safeguard", AlertKind.SAFEGUARD_ENDING, signed),
    ):
        for key, last, instrument, party in rows:
            ahead = threshold(last, today)
            causes.add(
                f"day:{what}:{key}:{last}:-{ahead}", kind, [f"{what} {key} ends"], last, instrument=instrument, party=party
            )
    await _approvals(at, today, horizon, causes)
    await _law_endings(at, pack, today, causes)


async def _approvals(at: asyncpg.Connection, today: date, horizon: date, causes: Causes) -> None:
    """Those that will end, and once those that have ended: whoever processes without a decision is told to be one."""
    ahead = [(*row, f"-{threshold(row[1], today)}") for row in await at.fetch(_APPROVED, today, horizon)]
    lapsed = [(*row, "+1") for row in await at.fetch(_LAPSED, today)]
    for key, last, vendor, when in ahead + lapsed:
        cause = f"day:decision:{key}:{last}:{when}"
        causes.add(cause, AlertKind.APPROVAL_ENDING, [f"decision {key} ends"], last, vendor=vendor)


async def _law_endings(at: asyncpg.Connection, pack: Pack, today: date, causes: Causes) -> None:
    """Of the instruments, those alone on which a recorded verdict rests."""
    law, horizon = pack.on(today, today), today + timedelta(days=max(LAST_DAYS))
    for (basis,) in await at.fetch("select distinct basis from assessment where until is null and last_day >= $1", today):
        standing = law.standing(basis) if basis in pack.instruments else None
        if standing is not None and standing.last_day is not None and today <= standing.last_day <= horizon:
            ahead = threshold(standing.last_day, today, LAST_DAYS)
            subject = f"{standing.instrument.title}: {standing.event.citation}"
            cause = f"day:law:{basis}:{standing.last_day}:-{ahead}"
            causes.add(cause, AlertKind.SAFEGUARD_ENDING, [subject], standing.last_day, instrument=basis)


def threshold(last: date, today: date, thresholds: Sequence[int] = THRESHOLDS) -> int:
    """How many days ahead of a last day the nearest threshold lies that has been reached."""
    return next(days for days in thresholds if (last - today).days <= days)
