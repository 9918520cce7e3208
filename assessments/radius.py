"""What stands beneath a party: the flows it receives or that pass through it on, and whose data these are.

Two ways to the same answer: `radius` asks the register about one party, `Ways` goes up from parties in dossiers that are
read already. `concerned` says what some flows are about, wherever they were found.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date

import asyncpg
import msgspec

from assessments.assess import Clocks
from assessments.rules import Dossier, Route
from registry.database import as_known, fetch
from registry.errors import Misused

IN_FORCE = "{0}.since <= $1 and ({0}.until is null or {0}.until > $1)"
NAME = "(select name from party where thing = {0} order by since <= $1 desc, since desc limit 1)"
_PARTY = """select p.thing, p.key, p.name from party p where p.thing in (
    select thing from party where key = $2 union all select party from vendor where key = $2
        and not exists (select from party where key = $2))
order by p.since <= $1 desc, p.since desc limit 1"""

# A hop that stands for one engagement alone leads up to the transfers of that one.
_FLOWS = f"""with recursive up(party, engagement) as (
    select $2::bigint, null::bigint
    union select s.processor, coalesce(u.engagement, s.engagement) from up u join sub_processing s on s.sub_processor = u.party
    where {IN_FORCE.format("s")} and (u.engagement is null or s.engagement is null or u.engagement = s.engagement)
), reached as (
    select t.id, bool_or(t.importer = $2) as importer from up u join transfer t on t.importer = u.party
    where {IN_FORCE.format("t")} and (u.engagement is null or u.engagement = t.engagement) group by t.id
)
select t.key, {NAME.format("t.exporter")} as exporter, {NAME.format("t.importer")} as receiver, t.country, t.engagement,
    r.importer
from reached r join transfer t on t.id = r.id order by r.importer desc, t.key"""
_SERVED = f"""select e.thing, a.key, a.name, coalesce(nullif(e.data_subjects, '{{{{}}}}'), a.data_subjects) as people,
    coalesce(nullif(e.data_categories, '{{{{}}}}'), a.data_categories) as data, e.special_categories as special,
    a.special_categories as special_of_all
from engagement e join processing_activity a on a.thing = e.activity
where {{among}} and (e.until is null or e.until > e.since) and (a.until is null or a.until > a.since)
order by e.thing, ({IN_FORCE.format("e")}) desc, ({IN_FORCE.format("a")}) desc, e.since desc, a.since desc"""


class Served(msgspec.Struct, frozen=True):
    """What an engagement is about: the activity, whose data, which data, and the special categories among them.

    `special_unknown`: nothing is recorded of special categories, which is not the same as that there are none.
    """

    key: str
    name: str
    people: tuple[str, ...]
    data: tuple[str, ...]
    special: tuple[str, ...]
    special_unknown: bool


class Activity(msgspec.Struct, frozen=True, order=True):
    """A processing activity, by key and name."""

    key: str
    name: str


class Concerned(msgspec.Struct, frozen=True):
    """Whose data some flows carry: activities, categories of people and of data, special categories; each in order.

    `special_unknown`: of some of them nothing is recorded of special categories.
    """

    activities: tuple[Activity, ...]
    people: tuple[str, ...]
    data: tuple[str, ...]
    special: tuple[str, ...]
    special_unknown: bool

    def special_said(self, said: Callable[[str], str]) -> str:
        """The special categories as they are told; none only where every activity says so."""
        listed = ", ".join(map(said, self.special))
        if self.special_unknown:
            return f"{listed}; of some activities not recorded" if listed else "not recorded"
        return listed or "none"


class Beneath(msgspec.Struct, frozen=True):
    """One flow that reaches a party: as who receives it (`passed_on` false), or further down its chain."""

    transfer: str
    exporter: str
    importer: str
    country: str
    activity: str | None
    passed_on: bool


class Radius(msgspec.Struct, frozen=True):
    """All that stands beneath a party on a day, as known on a day."""

    party: str
    name: str
    as_of: date
    known_on: str
    flows: tuple[Beneath, ...]
    concerned: Concerned


async def radius(party: str, clocks: Clocks) -> Radius:
    """What stands beneath a party (or the party of a vendor), by key. Raises Misused for one that is not recorded by then."""
    async with as_known(clocks.instant) as at:
        return await radius_in(at, party, clocks)


async def radius_in(at: asyncpg.Connection, party: str, clocks: Clocks) -> Radius:
    """The same, in a picture of the register that is open already."""
    found = await at.fetchrow(_PARTY, clocks.as_of, party)
    if found is None:
        raise Misused(f"no party and no vendor is called {party!r}: `onward export register` has all keys")
    rows = await at.fetch(_FLOWS, clocks.as_of, found["thing"])
    about = await served(clocks.as_of, {row["engagement"] for row in rows})
    flows = tuple(
        Beneath(
            row["key"],
            row["exporter"],
            row["receiver"],
            row["country"],
            about[row["engagement"]].name if row["engagement"] in about else None,
            not row["importer"],
        )
        for row in rows
    )
    whose = concerned((row["engagement"] for row in rows), about)
    return Radius(found["key"], found["name"], clocks.as_of, clocks.shown, flows, whose)


async def served(day: date, engagements: Iterable[int] | None = None) -> dict[int, Served]:
    """What engagements (all of them with None) are about on the day, or the nearest that is recorded.

    What an engagement says of people and data stands before what its activity says; where it says nothing of special
    categories, those of the activity are taken.
    """
    if engagements is None:
        rows = await fetch(_SERVED.format(among="true"), day)
    else:
        rows = await fetch(_SERVED.format(among="e.thing = any($2::bigint[])"), day, list(engagements))
    found: dict[int, Served] = {}
    alike: dict[Served, Served] = {}
    for row in rows:
        if row["thing"] not in found:
            special = row["special"] if row["special"] is not None else row["special_of_all"]
            lists = (tuple(row["people"] or ()), tuple(row["data"] or ()), tuple(special or ()))
            one = Served(row["key"], row["name"], *lists, special is None)
            found[row["thing"]] = alike.setdefault(one, one)
    return found


def concerned(engagements: Iterable[int | None], about: Mapping[int, Served]) -> Concerned:
    """What the flows of these engagements are about, each category once."""
    asked = set(engagements)
    kinds = {about[one] for one in asked if one is not None and one in about}

    def each(name: str) -> tuple[str, ...]:
        return tuple(sorted({word for one in kinds for word in getattr(one, name)}))

    unknown = any(one is None or one not in about or about[one].special_unknown for one in asked)
    activities = tuple(sorted({Activity(one.key, one.name) for one in kinds}))
    return Concerned(activities, each("people"), each("data"), each("special"), unknown)


class Ways:
    """The ways up from a party in dossiers that were read: found once, asked for many parties."""

    def __init__(self, dossiers: Sequence[Dossier]) -> None:
        self.dossiers = dossiers
        self.hops: Mapping[int, tuple[Route, ...]] = dossiers[0].hops if dossiers else {}
        self.received: dict[int, list[Dossier]] = {}
        for one in dossiers:
            self.received.setdefault(one.route.importer, []).append(one)
        self._above: dict[int, list[Route]] = {}
        for routes in self.hops.values():
            for hop in routes:
                self._above.setdefault(hop.importer, []).append(hop)
        self.importers: dict[str, set[int]] = {}
        """The importers of legs and hops by what their routes name: a country, a framework, a listing's key, an instrument."""
        self._name(one.route for one in dossiers)
        for routes in self.hops.values():
            self._name(routes)

    def _name(self, routes: Iterable[Route]) -> None:
        """Enters importers under the countries, listings and clauses that may carry what they receive."""
        seen: set[tuple[int, int]] = set()
        named = self.importers
        for route in routes:
            importer, between = route.importer, route.between
            named.setdefault(route.country, set()).add(importer)
            if (pair := (id(between), importer)) in seen:
                continue
            seen.add(pair)
            for listing in between.listings:
                named.setdefault(listing.framework, set()).add(importer)
                named.setdefault(listing.key, set()).add(importer)
            for signed in between.clauses:
                named.setdefault(signed.instrument, set()).add(importer)

    def flows(self, parties: Iterable[int], day: date) -> Iterator[Dossier]:
        """The dossiers that stand on the day and whose data reach one of the parties then, each once."""
        starts: list[tuple[int, int | None]] = [(party, None) for party in parties]
        found: set[int] = set()
        seen = set(starts)
        for party, engagement in starts:
            for one in self.received.get(party, ()):
                if id(one) not in found and one.route.holds(day) and engagement in {None, one.route.engagement}:
                    found.add(id(one))
                    yield one
            for hop in self._above.get(party, ()):
                if hop.holds(day) and (engagement is None or hop.engagement in {None, engagement}):
                    above = (hop.exporter, engagement if engagement is not None else hop.engagement)
                    if above not in seen:
                        seen.add(above)
                        starts.append(above)
