"""Vendors that the list of a day leaves out: those whose record begins later, and those whose record has ended."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from assessments.clockbar import EARLIEST, LATEST
from registry.law import ONE_DAY

ACTIVITY = """exists (select from engagement e join processing_activity a on a.thing = e.activity
    where e.vendor = v.thing and (e.until is null or e.until > e.since) and a.name ilike $3)"""
_STANDS_OR_COMES = "select from vendor o where o.thing = v.thing and (o.until is null or o.until > greatest(o.since, $1))"
_WHICH = {  # of those that come, the first record; of those that were, the last
    "later": f"""v.since > $1 and (v.until is null or v.until > v.since)
        and not exists ({_STANDS_OR_COMES} and o.since < v.since)""",
    "ended": f"""v.until <= $1 and v.until > v.since and not exists ({_STANDS_OR_COMES}) and not exists (
        select from vendor o where o.thing = v.thing and o.until <= $1 and o.until > o.since and o.since > v.since)""",
}
WHEN = tuple(_WHICH)
_FITS = f"""from vendor v where {{}} and ($4 = '' or v.category = $4) and ($2 = '' or v.key = $2 or v.service ilike $3
or exists (select from party p where p.thing = v.party and p.name ilike $3) or {ACTIVITY})"""
_NEAREST = "select name, country from party where thing = f.party order by since <= $1 desc, since desc limit 1"


async def counted(at: Any, given: Sequence[Any]) -> dict[str, int]:
    """How many there are of each, by the words of `WHEN`; `given` are the day, what is sought, its pattern, the category."""
    return {when: await at.fetchval(f"select count(*) {_FITS.format(which)}", *given) for when, which in _WHICH.items()}


async def listed(at: Any, when: str, given: Sequence[Any], most: int, passed: int) -> list[dict[str, Any]]:
    """Those of one kind, the nearest to the day first: each with its first or last day, and `on`, a day to look at it on."""
    order = "v.since" if when == "later" else "v.until desc"
    rows = await at.fetch(
        f"""select f.*, coalesce(p.name, f.key) as name, p.country from (
            select v.thing, v.key, v.party, v.category, v.service, v.since, v.until {_FITS.format(_WHICH[when])}
            order by {order}, v.key limit {most} offset {passed}) f
        left join lateral ({_NEAREST}) p on true order by {order.replace("v.", "f.")}, f.key""",
        *given,
    )
    days = [row["since"] if when == "later" else row["until"] - ONE_DAY for row in rows]
    return [dict(row) | {"day": day, "on": _within(day)} for row, day in zip(rows, days, strict=True)]


def _within(day: date) -> date:
    """The nearest day that the clocks can be turned to."""
    return min(max(day, EARLIEST), LATEST)
