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
    approved = await at.fetch(_APPROVED, today, horizon)
    for key, last, vendor in approved:
        cause = f"day:decision:{key}:{last}:-{threshold(last, today)}"
        causes.add(cause, AlertKind.APPROVAL_ENDING, [f"decision {key} ends"], last, vendor=vendor)
    await _law_endings(at, pack, today, causes)


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
