"""Fills the rules' Structs from the register: the dossiers of all transfers, or of some, in the same few queries.

Reads through `registry.database`, so inside `as_known` it opens the dossiers as they were known then.
"""

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from datetime import date
from sys import intern
from typing import Any

import msgspec

from assessments.rules import (
    Between,
    Circumstance,
    Clauses,
    Dossier,
    Impact,
    Listing,
    Part,
    Period,
    Route,
    Scope,
    Traited,
    Traits,
)
from assessments.rules.gate import Assured, GateFile, Terms
from assessments.rules.sub_processors import OnList, Reached, SubProcessor
from registry.database import fetch
from registry.law import TRAITS

NOTHING = Between()
STANDS = "(until is null or until > since)"  # not voided

_THINGS = "select thing from transfer where key = any($1) and thing = id"
_REACHED = """
with recursive reached(party) as (
    select unnest(array[exporter, importer]) from transfer where thing = any($1::bigint[])
    union
    select s.sub_processor from reached r cross join lateral (
        select sub_processor from sub_processing where processor = r.party offset 0) s  -- by index, whatever it expects
) select party from reached"""

_TRANSFERS = f"""
select since, until, exporter, importer, country, automated, engagement, key, thing
from transfer where {STANDS} and {{among}} order by key, since"""

_ENGAGEMENTS = f"""
select thing, since, until, activity, role, data_kind, excluded_purpose
from engagement where {STANDS} and {{among}} order by thing, since"""
_OUR_ROLES = f"""
select thing, since, until, our_role from processing_activity where {STANDS} and {{among}} order by thing, since"""

_SCOPES = f"select party, since, until, basis, territory from regime_scope where {STANDS} and {{among}} order by since, key"
_CLAUSES = f"""
select exporter, importer, since, until, key, engagement, instrument, module, concluded_on, changed_on, combines_eu_data,
    rank, approved_on, approved_by,
    nullif(array[approved, in_group, commitments, ch_amended, filed], array[null, null, null, null, null]::boolean[])
from safeguard where {STANDS} and state = 'signed' and {{among}} order by importer, exporter, rank desc, since, key"""
_LISTINGS = f"""
select party, since, until, key, framework, status, covers_hr, covers_non_hr, next_due
from certification where {STANDS} and {{among}} order by party, framework, since, key"""
GRAVE = """case when {0}.outcome = 'ok' then 0 when {0}.measures = 'effective' then 1
    when {0}.measures is distinct from 'ineffective' then 2 else 3 end"""  # of assessments from one day the gravest counts
_IMPACTS = f"""
select exporter, importer, since, until, country, outcome, measures, standard
from impact_assessment i where {STANDS} and draft is not true and {{among}}
order by importer, exporter, since desc, {GRAVE.format("i")} desc, id desc"""
_TRAITS = f"""
select thing, since, until, {", ".join(TRAITS)}
from party where {STANDS} and coalesce({", ".join(TRAITS)}) is not null and {{among}}"""
_HOPS = f"""
select since, until, processor, sub_processor, country, automated, engagement, bound_alike
from sub_processing where {STANDS} and {{among}} order by processor, key, since"""
_CIRCUMSTANCES = f"""
select transfer, since, until, fact, answer, number
from circumstance where {STANDS} and {{among}} order by transfer, since desc"""
_BENEATH = """
with recursive reached(party) as (
    select unnest($1::bigint[])
    union
    select s.sub_processor from reached r cross join lateral (
        select sub_processor from sub_processing where processor = r.party offset 0) s
) select party from reached"""
_SUB_PROCESSORS = f"""
select s.since, s.until, s.key, s.processor, s.sub_processor, (select key from engagement where thing = s.engagement limit 1),
    s.country, s.authorisation, s.notified_on, s.bound_alike,
    min(s.since) over (partition by s.thing, s.processor, s.sub_processor, s.country)
from sub_processing s where {STANDS} and s.processor = any($1::bigint[]) order by s.processor, s.key, s.since"""
_LISTS = f"select since, until, party, framework, status from certification where {STANDS} and party = any($1::bigint[])"
_SUSPENSIONS = f"select transfer, since, until from suspension where {STANDS} and {{among}}"


# In the order in which they are read, and which of their rows are of some transfers, or of the parties these reach: the
# longest query, that of the transfers, is under way while the most rows, those of the hops, are made into Structs.
_SERVED = "thing = any(array(select engagement from transfer where thing = any($1::bigint[])))"
_OF_FLOWS = {
    _SUSPENSIONS: "transfer = any($1::bigint[])",
    _CIRCUMSTANCES: "transfer = any($1::bigint[])",
    _ENGAGEMENTS: _SERVED,
    _OUR_ROLES: f"thing = any(array(select activity from engagement where {_SERVED}))",
}
_OF_PARTIES = {
    _SCOPES: "party = any($1::bigint[])",
    _CLAUSES: "importer = any($1::bigint[])",
    _LISTINGS: "party = any($1::bigint[])",
    _IMPACTS: "importer = any($1::bigint[])",
    _TRAITS: "thing = any($1::bigint[])",
    _HOPS: "processor = any($1::bigint[])",
}
_OF_THEMSELVES = {_TRANSFERS: "thing = any($1::bigint[])"}


class Parties(msgspec.Struct, frozen=True):
    """Keys and names of the parties that dossiers speak of by id."""

    keys: dict[int, str]
    names: dict[int, str]


class _OnFile:
    """What is on file about parties, and between two of them; between those of several legs it is one object."""

    def __init__(self) -> None:
        self.clauses: dict[tuple[int, int], tuple[Clauses, ...]] = {}
        self.listings: dict[int, tuple[Listing, ...]] = {}
        self.impacts: dict[tuple[int, int], tuple[Impact, ...]] = {}
        self.traited: dict[int, Between] = {}  # by importer: its traits alone
        self.between: dict[tuple[int, int], Between] = {}
        self.limited: set[tuple[int, int]] = set()  # between whom clauses were signed for one engagement alone

    def file_clauses(self, clauses: dict[tuple[int, int], tuple[Clauses, ...]]) -> None:
        self.clauses = clauses
        self.limited = {pair for pair, signed in clauses.items() for one in signed if one.engagement is not None}

    def of_leg(self, pair: tuple[int, int], engagement: int | None) -> Between:
        """All between an exporter and an importer but the clauses that were signed for another engagement.

        A leg or a hop of no engagement in particular rests on none that were signed for one alone.
        """
        found = self.between.get(pair)
        if found is not None:
            return found
        signed, assessed, listed = self.clauses.get(pair, ()), self.impacts.get(pair, ()), self.listings.get(pair[1], ())
        found = self.traited.get(pair[1], NOTHING)
        if signed or listed or assessed:
            if pair in self.limited:
                mine = tuple(one for one in signed if one.engagement in {None, engagement})
                return Between(mine, listed, assessed, found.traits)
            found = Between(signed, listed, assessed, found.traits)
        self.between[pair] = found
        return found


async def open_dossiers(keys: Sequence[str] | None = None) -> list[Dossier]:
    """The dossiers of the transfers of these keys, of all of them with None; a dossier for each period of a transfer."""
    things: list[int] | None = None
    among: list[int] | None = None
    if keys is not None:
        things = [row[0] for row in await fetch(_THINGS, list(keys))]
        among = [row[0] for row in await fetch(_REACHED, things)]
    on_file = _OnFile()
    async with aclosing(_in_turn(things, among)) as rows:
        stops = _grouped(Period, 1, await anext(rows))
        alone = _grouped(Circumstance, 1, await anext(rows))
        parts = _parts(await anext(rows), await anext(rows))
        scopes = _grouped(Scope, 1, await anext(rows))
        on_file.file_clauses(_grouped(Clauses, 2, await anext(rows)))
        on_file.listings = _grouped(Listing, 1, await anext(rows))
        on_file.impacts = _grouped(Impact, 2, await anext(rows))
        on_file.traited = _traited(await anext(rows))
        hops = _hops(await anext(rows), on_file)
        transfers = await anext(rows)
    for_one = any([hop.engagement is not None for routes in hops.values() for hop in routes])
    dossiers, before, stands = [], None, NOTHING
    for since, until, exporter, importer, country, automated, engagement, key, thing in transfers:
        leg = (exporter, importer, engagement)
        if leg != before:  # legs of one engagement follow each other, as a rule
            before, stands = leg, on_file.of_leg((exporter, importer), engagement)
            part, scope = parts.get(engagement, ()), scopes.get(exporter, ())
        between = msgspec.structs.replace(stands, circumstances=alone[thing]) if thing in alone else stands
        route = Route(since, until, exporter, importer, intern(country), automated, engagement, None, between)
        dossiers.append(Dossier(key, thing, route, part, scope, stops.get(thing, ()), hops, for_one))
    return dossiers


def _hops(rows: Sequence[Any], on_file: _OnFile) -> dict[int, tuple[Route, ...]]:
    """The routes between processors, by who passes on."""
    hops: dict[int, tuple[Route, ...]] = {}
    for since, until, exporter, importer, country, automated, engagement, bound in rows:
        between = on_file.of_leg((exporter, importer), engagement)
        hop = (Route(since, until, exporter, importer, intern(country), automated, engagement, bound, between),)
        others = hops.setdefault(exporter, hop)
        if others is not hop:
            hops[exporter] = others + hop
    return hops


def queries() -> list[str]:
    """The queries that open the dossiers of the whole register."""
    return [query.format(among="true") for query in (*_OF_FLOWS, *_OF_PARTIES, *_OF_THEMSELVES)]


async def parties(day: date, dossiers: Sequence[Dossier] | None = None) -> Parties:
    """Keys of the parties of some dossiers, or of all, and their names on the day, or the nearest that is recorded."""
    query = "select thing, key, name from party where {} order by (until = since) desc, since <= $1, since"
    if dossiers is None:
        rows = await fetch(query.format("true"), day)
    else:
        routes = [route for one in dossiers for route in (one.route, *(hop for hops in one.hops.values() for hop in hops))]
        among = list({party for route in routes for party in (route.exporter, route.importer)})
        rows = await fetch(query.format("thing = any($2::bigint[])"), day, among)
    return Parties({row[0]: row[1] for row in rows}, {row[0]: row[2] for row in rows})


async def open_gate(vendor: str) -> GateFile | None:
    """Everything on file that the gate of a vendor asks about; None for a vendor that is not recorded."""
    found = await fetch("select thing, party from vendor where key = $1 order by since desc limit 1", vendor)
    if not found:
        return None
    thing, party = found[0]
    columns = ", ".join(f"c.{name}" for name in Terms.__struct_fields__[9:])
    terms = await fetch(
        f"""select e.key, e.since, e.until, e.role, e.disclosure_basis, e.arrangement, e.only_our_purposes,
            c.since, c.until, {columns}
        from engagement e left join contract c on c.engagement = e.thing and (c.until is null or c.until > c.since)
        where e.vendor = $1 and (e.until is null or e.until > e.since) order by e.key, e.since, c.since""",
        thing,
    )
    assured = await fetch(
        """select m.key, m.name, m.since, m.until, a.since, a.until, a.as_strong, a.evidence
        from measure m left join assurance a on a.measure = m.thing and a.vendor = $1 and (a.until is null or a.until > a.since)
        where (m.until is null or m.until > m.since) order by m.key, a.since""",
        thing,
    )
    reached = await fetch(
        f"""select t.since, t.until, e.key, t.importer from transfer t
        join (select distinct thing, key from engagement where vendor = $1) e on e.thing = t.engagement
        where {STANDS.replace("until", "t.until").replace("since", "t.since")}""",
        thing,
    )
    beneath = [row[0] for row in await fetch(_BENEATH, list({party, *(row[3] for row in reached)}))]
    return GateFile(
        vendor,
        tuple(Terms(*row) for row in terms),
        tuple(Assured(*row) for row in assured),
        party,
        tuple(Reached(*row) for row in reached),
        tuple(SubProcessor(*row) for row in await fetch(_SUB_PROCESSORS, beneath)),
        tuple(OnList(*row) for row in await fetch(_LISTS, beneath)),
    )


async def _in_turn(things: list[int] | None, among: list[int] | None) -> AsyncGenerator[list[Any]]:
    """What each query finds, of some transfers and of the parties they reach, or of all with None, in the queries' order.

    The next one is sent before: the server is at it while the rows of the one before are made into Structs.
    """
    soon: asyncio.Task[list[Any]] | None = None
    asked = [(*one, things) for one in _OF_FLOWS.items()] + [(*one, among) for one in _OF_PARTIES.items()]
    asked += [(*one, things) for one in _OF_THEMSELVES.items()]
    try:
        for query, which, drawn in asked:
            rows = await soon if soon else None
            given = () if drawn is None else (drawn,)
            soon = asyncio.create_task(fetch(query.format(among=which if given else "true"), *given))
            await asyncio.sleep(0)  # goes out to the server
            if rows is not None:
                yield rows
        if soon:
            yield await soon
    finally:
        if soon and not soon.done():
            soon.cancel()
            await asyncio.wait({soon})


def _parts(engagements: Sequence[Any], roles: Sequence[Any]) -> dict[int, tuple[Part, ...]]:
    """The periods of each engagement, cut where our own role in its activity changes; what is alike is one object."""
    of_activity: dict[int, list[Any]] = {}
    for row in roles:
        of_activity.setdefault(row[0], []).append(row)
    alike: dict[Any, tuple[Part, ...]] = {}
    parts: dict[int, tuple[Part, ...]] = {}
    for row in engagements:
        same = alike.get(row[1:])
        if same is None:
            same = alike[row[1:]] = tuple(_cut(row, of_activity.get(row[3], [])))
        parts[row[0]] = (*parts[row[0]], *same) if row[0] in parts else same
    return parts


def _cut(engagement: Any, ours: list[Any]) -> Iterator[Part]:
    _, since, until, _, *what = engagement
    cuts = sorted({since, *(row[1] for row in ours if since < row[1] and (until is None or row[1] < until))})
    for begun, ended in zip(cuts, [*cuts[1:], until], strict=True):
        role = next((row[3] for row in reversed(ours) if row[1] <= begun), ours[0][3] if ours else None)
        yield Part(begun, ended, "processor" if role == "processor" else "controller", *what)


def _traited(rows: Sequence[Any]) -> dict[int, Between]:
    """By party, what is between it and anybody of whom nothing but its traits is on file; what is alike is one object."""
    alike: dict[Any, Between] = {}
    traited: dict[int, Between] = {}
    for row in rows:
        same = alike.get(row[1:])
        if same is None:
            _, since, until, *said = row
            same = alike[row[1:]] = Between(traits=(Traited(since, until, Traits(*said)),))
        other = traited.setdefault(row[0], same)
        if other is not same:
            traited[row[0]] = Between(traits=(*other.traits, *same.traits))
    return traited


def _grouped(kind: Any, width: int, rows: Sequence[Any]) -> dict[Any, tuple[Any, ...]]:
    """Rows by their first columns, the rest of each made into a Struct."""
    groups: dict[Any, tuple[Any, ...]] = {}
    for row in rows:
        of = row[0] if width == 1 else row[:width]
        one = (kind(*row[width:]),)
        others = groups.setdefault(of, one)
        if others is not one:
            groups[of] = others + one
    return groups
