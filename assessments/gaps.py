"""Gaps: days in the past on which a flow stood on file, not stopped, and nothing carried it, such as those between a judgment
and new clauses. Whether data truly flowed on them is not on file."""

import asyncio
from collections.abc import Iterator, Sequence
from datetime import date

import msgspec

from assessments.assess import Clocks
from assessments.coverage import lines
from assessments.dossier import Parties, open_dossiers, parties
from assessments.radius import Served, served
from assessments.rules import Dossier
from assessments.verdicts import Judge
from registry.database import as_known, uncollected
from registry.law import ONE_DAY, Pack

KEPT = 4  # pictures
DESK = 5_000  # transfers; the desk of a larger register leads to the page instead, which takes its time
_PICTURE = """select nonce from public.journal_entry where sequence = coalesce(
    nullif(current_setting('onward.known_on', true), '')::bigint, (select sequence from public.journal_head))"""

_DECIDED = """select e.thing, min(d.since) from engagement e join decision d on d.vendor = e.vendor
where d.until is null or d.until > d.since group by e.thing"""

_kept: dict[tuple[bytes, date, date, str], tuple["Gap", ...]] = {}


class Gap(msgspec.Struct, frozen=True):
    """Days in a row, both ends counting, on which a flow stood under a law, not stopped, and nothing on file carried it; then
    that ended. `undecided` says that on none of them its vendor had been decided on."""

    transfer: str
    exporter: str
    importer: str
    country: str
    regime: str | None
    first_day: date
    last_day: date
    days: int
    activity: str | None
    people: tuple[str, ...]
    special: tuple[str, ...]
    undecided: bool = False


async def gaps(pack: Pack, clocks: Clocks, most: int | None = None) -> tuple[Gap, ...] | None:
    """The gaps that lie behind on the day, the latest first; None for a register of more transfers than `most`."""
    async with as_known(clocks.instant) as at:
        asked = (await at.fetchval(_PICTURE), clocks.as_of, clocks.known_on, pack.version)
        if asked in _kept:
            return _kept[asked]
        if most is not None and await at.fetchval("select count(*) from transfer where thing = id") > most:
            return None
        with uncollected():
            dossiers = await open_dossiers()
        named, about = await parties(clocks.as_of), await served(clocks.as_of)
        decided: dict[int, date] = dict(await at.fetch(_DECIDED))
    judge = Judge(pack, clocks.known_on)
    found = await asyncio.to_thread(_found, dossiers, judge, clocks.as_of, named, about, decided)
    _kept[asked] = found
    while len(_kept) > KEPT:
        del _kept[next(iter(_kept))]
    return found


def _found(
    dossiers: Sequence[Dossier], judge: Judge, day: date, named: Parties, about: dict[int, Served], decided: dict[int, date]
) -> tuple[Gap, ...]:
    lives: dict[str, list[Dossier]] = {}
    for one in dossiers:
        lives.setdefault(one.key, []).append(one)
    every = [gap for life in lives.values() for gap in _of(life, judge, day, named, about, decided)]
    return tuple(sorted(every, key=lambda gap: (-gap.last_day.toordinal(), -gap.days, gap.transfer)))


def _of(
    life: list[Dossier], judge: Judge, day: date, named: Parties, about: dict[int, Served], decided: dict[int, date]
) -> Iterator[Gap]:
    """The gaps of one transfer: bare stretches that ended before the day, joined where one follows another."""
    route = life[-1].route
    kind = about.get(route.engagement or 0)
    for regime, found in lines(life, judge, date.min, day).items():
        joined: list[tuple[date, date]] = []
        for one in found:
            if one.bare and joined and joined[-1][1] + ONE_DAY == one.first_day:
                joined[-1] = (joined[-1][0], one.last_day)
            elif one.bare:
                joined.append((one.first_day, one.last_day))
        for first, last in joined:
            if last < day:
                yield Gap(
                    life[-1].key,
                    named.names[route.exporter],
                    named.names[route.importer],
                    route.country,
                    regime,
                    first,
                    last,
                    (last - first).days + 1,
                    kind.name if kind else None,
                    kind.people if kind else (),
                    kind.special if kind else (),
                    decided.get(route.engagement or 0, date.max) > last,
                )
