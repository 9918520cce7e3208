"""Vendors: the list, and one vendor with everything that is on file about it."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import msgspec
from litestar import get
from litestar.exceptions import NotFoundException
from litestar.response import Template

from assessments import impacts, papers
from assessments.assess import Assessed, assess
from assessments.clockbar import Bar
from assessments.passing import said_of
from assessments.radius import radius_in
from assessments.rules.gate import TERMS_OF_ART_28, UNDERTAKINGS
from assessments.vendors_apart import ACTIVITY, WHEN, counted, listed
from assessments.wording import way
from registry import access, database, documents, drafts, forms, law, told
from registry.access import Permission, Visitor
from registry.vocabulary import RANKING, NoticeKind, Standing, VendorCategory
from registry.web import page

A_PAGE = 50
LATEST, MOST_TOLD = 10, 500  # entries of a vendor's history, at first and when all are asked for
_SERVED = "engagement in (select thing from engagement where vendor = $1)"
HISTORY = {
    "vendor": "thing = $1",
    "engagement": "vendor = $1",
    "contract": _SERVED,
    "transfer": _SERVED,
    "decision": "vendor = $1",
    "assurance": "vendor = $1",
    "notice": "vendor = $1",
}
TOLD = {
    NoticeKind.CANNOT_PROTECT: "It can no longer protect the data as agreed",
    NoticeKind.SUB_PROCESSOR_CHANGE: "It brings in another company, or changes one",
    NoticeKind.BREACH: "Data were lost, leaked or changed",
    NoticeKind.AUTHORITY_REQUEST: "An authority asks for the data",
    NoticeKind.OTHER: "Something else",
}
OF_ACTIVITY = ("purposes", "data_subjects", "data_categories", "special_categories")  # where the engagement has none
SORTS = {"name": "lower(p.name), v.key", "newest": "v.since desc, v.key", "category": "v.category, lower(p.name)"}
NAME = "(select name from party where thing = {0} order by since <= $1 desc, since desc limit 1)"
IN_FORCE = "{0}.since <= $1 and ({0}.until is null or {0}.until > $1)"

DECIDED = f"""(select standing from decision d where d.vendor = {{0}} and {IN_FORCE.format("d")}
    order by d.since desc, d.id desc limit 1)"""
_DECIDED = DECIDED.format("v.thing")
_STOP = f"""exists (select from notice n where n.vendor = v.thing and n.kind = '{NoticeKind.CANNOT_PROTECT}'
    and {IN_FORCE.format("n")})"""
_ASKED = f"""{IN_FORCE.format("v")} and ($4 = '' or v.category = $4) and ($5 = '' or coalesce({_DECIDED}, 'undecided') = $5)
and ($2 = '' or v.key = $2 or v.service ilike $3 or {{named}} or {ACTIVITY})"""
_PARTY = f"from party p where p.thing = v.party and {IN_FORCE.format('p')}"
_SHOWN = "v.thing, v.key, v.category, v.service"
_COUNT = f"select count(*) from vendor v where {_ASKED.format(named=f'exists (select {_PARTY} and p.name ilike $3)')}"
_NAMED = f"""select {_SHOWN}, p.name, p.country, {_DECIDED} as standing, {_STOP} as stop_now
from party p join vendor v on v.party = p.thing
where {IN_FORCE.format("p")} and {_ASKED.format(named="p.name ilike $3")}"""
_NAMELESS = f"""select {_SHOWN}, v.key as name, null as country, {_DECIDED} as standing, {_STOP} as stop_now from vendor v
where {_ASKED.format(named="false")} and not exists (select {_PARTY}) order by v.key"""

# One vendor, by its key; and what is on file about it, by its thing or by its party's.
_ON_FILE = f"""select v.*, p.name, p.country, p.website, p.address, p.key as party_key from vendor v join lateral (
    select * from party where thing = v.party order by since <= $1 desc, since desc limit 1) p on true
where v.thing = (select id from vendor where key = $2 and thing = id)
order by ({IN_FORCE.format("v")}) desc, v.since desc limit 1"""
_OF_VENDOR = {
    "engagements": f"""select e.*, a.name as activity_name, a.key as activity_key,
        {", ".join(f"a.{name} as activity_{name}" for name in OF_ACTIVITY)}
        from engagement e join processing_activity a on a.thing = e.activity and a.since <= $1
        where e.vendor = $2 and {IN_FORCE.format("e")} and {IN_FORCE.format("a")} order by e.key""",
    "contracts": f"""select c.*,
        (select a.name from processing_activity a where a.thing = e.activity order by a.since desc limit 1) as activity_name
        from contract c join engagement e on e.thing = c.engagement
        where e.vendor = $2 and {IN_FORCE.format("c")} and {IN_FORCE.format("e")} order by c.key""",
    "assurances": f"""select m.key as measure_key, m.name, a.as_strong, a.evidence, a.since, a.key
        from measure m left join lateral (
            select * from assurance a where a.measure = m.thing and a.vendor = $2 and {IN_FORCE.format("a")}
            order by a.since desc limit 1) a on true
        where {IN_FORCE.format("m")} order by m.key""",
    "notices": f"""select *, kind = '{NoticeKind.CANNOT_PROTECT}' and {IN_FORCE.format("n")} as stop_now from notice n
        where vendor = $2 and since <= $1 and (until is null or until > since) order by since desc""",
}
_OF_PARTY = {
    "listings": f"select * from certification c where c.party = $2 and {IN_FORCE.format('c')} order by framework",
    "contacts": f"select * from contact c where c.party = $2 and {IN_FORCE.format('c')} order by key",
}
_LAST_DECISION = f"""select d.*, coalesce(n.name, n.key) as by, not ({IN_FORCE.format("d")}) as ended
from decision d left join person n on n.thing = d.decided_by
where d.vendor = $2 and d.since <= $1 and (d.until is null or d.until > d.since)
order by ended, d.since desc, d.id desc limit 1"""  # the one in force; where none is, the last, which has ended


class Asked(msgspec.Struct, frozen=True):
    """What a list is asked for, as its address says; `when` is empty for the vendors of the day, else one of `WHEN`."""

    q: str
    category: str
    standing: str
    sort: str
    number: int
    when: str = ""

    def address(self, **other: Any) -> str:
        given = msgspec.structs.asdict(self) | other
        return "/vendors?" + urlencode({name: value for name, value in given.items() if value not in {"", 1, "name"}})


@get("/vendors", opt={"needs": Permission.LOOK})
async def vendors(
    visitor: Visitor,
    bar: Bar,
    q: str = "",
    category: str = "",
    standing: str = "",
    sort: str = "name",
    number: int = 1,
    when: str = "",
) -> Template:
    """Search, filter, sort and page stand in the address; verdicts are judged for the page that is shown.

    Of vendors whose record begins later, or has ended, it is said how many fit; `when` shows them instead.
    """
    sort, when, number = sort if sort in SORTS else "name", when if when in WHEN else "", max(1, min(number, 10**6))
    asked = Asked(q.strip().replace("\x00", ""), category, standing, sort, number, when)
    given = (bar.clocks.as_of, asked.q, f"%{_literal(asked.q)}%", category, standing)
    async with database.as_known(bar.clocks.instant) as at:
        apart = await counted(at, given[:4])
        if when:
            count, legs = apart[when], {}
            rows = await listed(at, when, given[:4], A_PAGE, (number - 1) * A_PAGE)
        else:
            count, rows = await at.fetchval(_COUNT, *given), await _listed(at, asked, given)
            legs = await transfers_of(at, [row["thing"] for row in rows])
    worst = worst_of(await assess(law.load(), bar.clocks, [key for keys in legs.values() for key in keys]))
    return page(
        "vendors",
        visitor=visitor,
        bar=bar,
        asked=asked,
        count=count,
        pages=max(1, -(-count // A_PAGE)),
        apart=apart,
        rows=[
            dict(row) | {"verdict": _worst(worst[key] for key in legs.get(row["thing"], ()) if key in worst)} for row in rows
        ],
        categories=list(VendorCategory),
        standings=[*Standing, "undecided"],
        sorts=list(SORTS),
        drafts=await drafts.open_ones(visitor.key) if visitor.may(Permission.REGISTER) else [],
    )


async def _listed(at: Any, asked: Asked, given: Sequence[Any]) -> list[Any]:
    """The rows of a page, in an order an index gives; vendors whose party does not stand on the day come last."""
    passed = (asked.number - 1) * A_PAGE
    rows = await at.fetch(f"{_NAMED} order by {SORTS[asked.sort]} limit {A_PAGE} offset {passed}", *given)
    if len(rows) < A_PAGE:
        named = passed + len(rows) if rows else await at.fetchval(f"select count(*) from ({_NAMED}) v", *given)
        rows += await at.fetch(f"{_NAMELESS} limit {A_PAGE - len(rows)} offset {max(0, passed - named)}", *given)
    return list(rows)


@get("/vendors/{key:str}", opt={"needs": Permission.LOOK})
async def vendor(visitor: Visitor, bar: Bar, key: str, history: str = "") -> Template:
    """One vendor: standing, transfers, data shared, contract, safeguards, assurances, listings, sub-processors, notices."""
    async with database.as_known(bar.clocks.instant) as at:
        on_file = await opened(at, key, bar)
        keys = (await transfers_of(at, [on_file["vendor"]["thing"]])).get(on_file["vendor"]["thing"], [])
        thing, many = on_file["vendor"]["thing"], MOST_TOLD if history == "all" else LATEST
        on_file["entries"], on_file["told"] = await told.latest(at, HISTORY, thing, bar.clocks.instant, many)
        on_file["ends"] = await ends_of(at, keys, bar.clocks.as_of)
        on_file["papers"] = await papers.of_vendor(at, thing, bar.clocks.as_of)
        on_file["passing"] = await said_of(at, key, bar)
        on_file["beneath"] = await radius_in(at, on_file["vendor"]["party_key"], bar.clocks)
    verdicts = await assess(law.load(), bar.clocks, keys)
    on_file["parties"] = await parties_of(verdicts, bar)
    await access.look(visitor.key, "opened", f"/vendors/{key}")
    terms = [(term, f"Art. {article}") for term, article in TERMS_OF_ART_28.items()]
    return page(
        "vendor",
        visitor=visitor,
        bar=bar,
        verdicts=verdicts,
        terms=terms,
        undertakings=UNDERTAKINGS,
        told_kinds=TOLD,
        countries=forms.countries(),
        answers=forms.ANSWERS,
        **on_file,
    )


async def opened(at: Any, key: str, bar: Bar) -> dict[str, Any]:
    """What is on file about a vendor on the day. Raises NotFoundException for one that is not recorded by then."""
    day = bar.clocks.as_of
    found = await at.fetchrow(_ON_FILE, day, key)
    if found is None:
        raise NotFoundException
    thing, party = found["thing"], found["party"]
    of_vendor = {name: [dict(row) for row in await at.fetch(query, day, thing)] for name, query in _OF_VENDOR.items()}
    of_party = {name: [dict(row) for row in await at.fetch(query, day, party)] for name, query in _OF_PARTY.items()}
    return {
        "vendor": dict(found),
        **of_vendor,
        **of_party,
        "decision": await at.fetchrow(_LAST_DECISION, day, thing),
        "documents": await documents.named_by(at, key),
        "evidenced": await documents.of_vendor(at, key),
        "chain": await chain(at, party, day),
        "aged": await impacts.aged(at, law.load(), day, party, bar.clocks.known_on),
    }


async def chain(at: Any, party: int, day: Any) -> list[dict[str, Any]]:
    """The sub-processors beneath a party as a tree, a party that stands above itself left out."""
    found = await at.fetch(
        f"""with recursive down(party, path) as (
            select $2::bigint, array[$2::bigint]
            union all
            select s.sub_processor, path || s.sub_processor from down join sub_processing s on s.processor = down.party
            where {IN_FORCE.format("s")} and not s.sub_processor = any(path) and cardinality(path) < 12
        )
        select path, s.key, s.country, s.authorisation, s.bound_alike, s.data_categories, p.name, cardinality(path) - 2 as depth
        from down join sub_processing s on s.processor = path[cardinality(path) - 1] and s.sub_processor = down.party
            and {IN_FORCE.format("s")}
        join lateral (select name from party where thing = down.party order by since <= $1 desc, since desc limit 1) p on true
        where cardinality(path) > 1 order by path limit 500""",
        day,
        party,
    )
    return [dict(row) for row in found]


async def transfers_of(at: Any, vendors: Sequence[int]) -> dict[int, list[str]]:
    """The keys of the transfers that serve the vendors' engagements, by vendor."""
    found: dict[int, list[str]] = {}
    rows = await at.fetch(
        """select distinct e.vendor, t.key from engagement e join transfer t on t.engagement = e.thing
        where e.vendor = any($1::bigint[]) order by t.key""",
        vendors,
    )
    for thing, key in rows:
        found.setdefault(thing, []).append(key)
    return found


async def ends_of(at: Any, transfers: Sequence[str], day: Any) -> dict[str, tuple[str, str, str]]:
    """Who sends and who gets the data of some transfers, by name on the day, and what tells it from others between them."""
    rows = await at.fetch(
        f"""select distinct on (t.key) t.key, {NAME.format("t.exporter")}, {NAME.format("t.importer")}, t.how, (
            select a.name from engagement e join processing_activity a on a.thing = e.activity where e.thing = t.engagement
            order by a.since <= $1 desc, a.since desc limit 1)
        from transfer t where t.key = any($2) order by t.key, t.since <= $1 desc, t.since desc""",
        day,
        transfers,
    )
    return {row[0]: (row[1], row[2], way(row[3], row[4])) for row in rows}


async def parties_of(verdicts: Sequence[Assessed], bar: Bar) -> dict[str, str]:
    """The names of those who stand on the way down of some verdicts, by key."""
    keys = {key for one in verdicts for step in one.path for key in (step.exporter, step.importer)}
    async with database.as_known(bar.clocks.instant) as at:
        rows = await at.fetch(
            "select distinct on (key) key, name from party where key = any($2) order by key, since <= $1 desc, since desc",
            bar.clocks.as_of,
            list(keys),
        )
    return {row[0]: row[1] for row in rows}


def worst_of(verdicts: Sequence[Assessed]) -> dict[str, str]:
    """The worst outcome of each transfer, its chain included."""
    worst: dict[str, str] = {}
    for one in verdicts:
        worst[one.transfer] = _worst([one.path_outcome, worst.get(one.transfer, one.path_outcome)]) or one.path_outcome
    return worst


def _worst(outcomes: Any) -> str | None:
    return min(outcomes, key=lambda outcome: RANKING[outcome], default=None)


def _literal(text: str) -> str:
    """Text in which % and _ mean themselves."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


ROUTES = [vendors, vendor]
