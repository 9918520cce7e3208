"""Transfers: the list, and one transfer with its verdict in words, its path, its safeguards and its days."""

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

import asyncpg
import msgspec
from litestar import get
from litestar.exceptions import NotFoundException
from litestar.params import QueryParameter
from litestar.response import Response, Template
from markupsafe import Markup

from assessments import impacts, suspensions
from assessments.assess import Assessed, assess
from assessments.clockbar import Bar, day_of
from assessments.coverage import Stretch, behind, coverage, lines, summed
from assessments.dossier import STANDS, open_dossiers
from assessments.drawing import days_before, drawn
from assessments.pages.vendors import DECIDED, IN_FORCE, NAME, ends_of, parties_of
from assessments.passing import said_of
from assessments.recorded import recorded_verdicts
from assessments.rereading import reread
from assessments.rules import Dossier
from assessments.standing import standing
from assessments.verdicts import Judge
from registry import access, database, law, told
from registry.access import Permission, Visitor
from registry.law import ONE_DAY, dossiers
from registry.law.dossiers import Paragraph
from registry.tables import Transfer
from registry.vocabulary import ImpactStandard, NoticeKind, Outcome, SafeguardState
from registry.web import page

A_PAGE = 50
YEARS_SHOWN = 10
CARRIED = {Outcome.PERMITTED, Outcome.MEASURES_REQUIRED}  # by what was found in an impact assessment

OnFile = tuple[Any, str, tuple[Paragraph, ...], tuple[str, ...]]
"""An impact assessment: its row, its state on the day, the paragraphs that moved beneath it, what is unsaid in it."""

_ON_FILE = f"""select t.*, e.key as engagement_key, v.key as vendor_key, {NAME.format("v.party")} as vendor_name,
    x.key as exporter_key, i.key as importer_key,
    {NAME.format("t.exporter")} as exporter_name, {NAME.format("t.importer")} as importer_name
from transfer t join party x on x.id = t.exporter join party i on i.id = t.importer
join engagement e on e.thing = t.engagement and e.id = e.thing
join vendor v on v.thing = e.vendor and v.id = v.thing
where t.thing = (select id from transfer where key = $2 and thing = id)
order by ({IN_FORCE.format("t")}) desc, t.since desc limit 1"""
_STOP_NOW = f"""select exists (select from notice n join engagement e on e.vendor = n.vendor and e.thing = $2
    where n.kind = '{NoticeKind.CANNOT_PROTECT}' and {IN_FORCE.format("n")})"""
_STANDING = f"select {DECIDED.format('e.vendor')} from engagement e where e.thing = $2 limit 1"
_STOPS = f"""select s.key, s.version, s.since, s.until, s.reason, {STANDS} as counts,
    (select v.value from public.journal_entry e
    join public.journal_value v using (sequence) where e."table" = 'suspension' and e."row" = s.id
    and v.name = '(why)' and s.version > 1 and e.version = s.version) as resumed
from suspension s where s.transfer = $1 order by s.since, s.id"""


class Line(msgspec.Struct, frozen=True):
    """The days of a transfer under one law: drawn, summed up, and as a list."""

    regime: str
    picture: Markup
    sums: str
    stretches: tuple[Stretch, ...]


@get("/transfers", opt={"needs": Permission.LOOK})
async def transfers(visitor: Visitor, bar: Bar, number: int = 1, country: str = "", outcome: str = "") -> Template:
    """The transfers that stand on the day, a page at a time; by their worst verdict where one is asked for."""
    number = max(1, min(number, 10**6))
    where = f"""from transfer t
    where {IN_FORCE.format("t")} and ($2 = '' or t.country = $2) and ($3::text[] is null or key = any($3))"""
    asked = Outcome(outcome) if outcome in set(Outcome) else None
    keys = None if asked is None else (await standing(law.load(), bar.clocks, now=bar.now))[asked]
    async with database.as_known(bar.clocks.instant) as at:
        count = await at.fetchval(f"select count(*) {where}", bar.clocks.as_of, country, keys)
        rows = await at.fetch(
            f"""select t.key, t.country,
                {NAME.format("t.exporter")} as exporter, {NAME.format("t.importer")} as importer
            {where} order by t.key limit {A_PAGE} offset {(number - 1) * A_PAGE}""",
            bar.clocks.as_of,
            country,
            keys,
        )
        ends = await ends_of(at, [row["key"] for row in rows], bar.clocks.as_of)
        countries = [row[0] for row in await at.fetch("select distinct country from transfer order by 1")]
    verdicts: dict[str, list[Any]] = {}
    for one in await assess(law.load(), bar.clocks, [row["key"] for row in rows]):
        verdicts.setdefault(one.transfer, []).append(one)
    return page(
        "transfers",
        visitor=visitor,
        bar=bar,
        rows=rows,
        ends=ends,
        verdicts=verdicts,
        count=count,
        number=number,
        pages=max(1, -(-count // A_PAGE)),
        chosen={name: value for name, value in (("country", country), ("outcome", asked)) if value},
        outcomes=list(Outcome),
        countries=countries,
    )


@get("/transfers/{key:str}", opt={"needs": Permission.LOOK})
async def transfer(visitor: Visitor, bar: Bar, key: str) -> Template:
    return await shown(visitor, bar, key)


async def shown(
    visitor: Visitor,
    bar: Bar,
    key: str,
    status: int = 200,
    wrong: str = "",
    typed: Any = None,
    hindered: Sequence[Assessed] | None = None,
) -> Template:
    """One transfer on the clocks of the page; its line of days reaches from its first day to a year ahead.

    `wrong` says why what was typed into one of its forms was not recorded; `hindered` are the verdicts by which it may not
    flow again, those of the day with None.
    """
    async with database.as_known(bar.clocks.instant) as at:
        on_file = await _opened(at, key, bar.clocks.as_of)
        dossiers = await open_dossiers([key])
        written = await recorded_verdicts(at, [key])
        conditions = await at.fetch(
            f"select * from circumstance where transfer = $1 and {STANDS} order by fact, since desc", on_file["row"]["thing"]
        )
        passing = await said_of(at, on_file["row"]["vendor_key"], bar, on_file["row"]["engagement_key"])
        history = await told.history(at, Transfer, on_file["row"]["thing"], by=bar.clocks.instant)
    verdicts = await assess(law.load(), bar.clocks, [key])
    await access.look(visitor.key, "opened", f"/transfers/{key}")
    assessed = _assessed(on_file["impacts"], bar)
    hindered = suspensions.hindering(verdicts) if hindered is None else hindered
    return page(
        "transfer",
        status,
        visitor=visitor,
        bar=bar,
        verdicts=verdicts,
        parties=await parties_of([*verdicts, *hindered], bar),
        hindered=hindered,
        signed=[
            row for row in on_file["safeguards"] if row["state"] == SafeguardState.SIGNED and _stands(row, bar.clocks.as_of)
        ],
        assessed=assessed,
        thin={one.regime: _thin(one, assessed, bar) for one in verdicts},
        conditions=conditions,
        recorded=written[::-1],
        reread=await reread(written, law.load()),
        told=history,
        wrong=wrong,
        passing=passing,
        typed=typed,
        lines=_lines(dossiers, bar),
        **on_file,
    )


async def _opened(at: asyncpg.Connection, key: str, day: date) -> dict[str, Any]:
    """What is on file about a transfer. Raises NotFoundException for one that is not recorded by then."""
    row = await at.fetchrow(_ON_FILE, day, key)
    if row is None:
        raise NotFoundException
    exporter, importer = row["exporter"], row["importer"]
    return {
        "row": row,
        "safeguards": await at.fetch(
            f"""select * from safeguard where exporter = $1 and importer = $2 and (engagement is null or engagement = $3)
            and {STANDS} order by rank desc, since""",
            exporter,
            importer,
            row["engagement"],
        ),
        "listings": await at.fetch(
            f"select * from certification where party = $1 and {STANDS} order by framework, since", importer
        ),
        "impacts": await at.fetch(
            f"select * from impact_assessment where exporter = $1 and importer = $2 and {STANDS} order by since desc",
            exporter,
            importer,
        ),
        "stop_now": await at.fetchval(_STOP_NOW, day, row["engagement"]),
        "standing": await at.fetchval(_STANDING, day, row["engagement"]),
        "stops": await at.fetch(_STOPS, row["thing"]),
    }


def _lines(dossiers: Sequence[Dossier], bar: Bar) -> list[Line]:
    """The covered and bare days under each law that governs the transfer on the day, ten years back and one ahead."""
    judge = Judge(law.load(), bar.clocks.known_on)
    last = bar.clocks.as_of.replace(day=1) + 365 * ONE_DAY
    begun = min((one.route.since for one in dossiers), default=last)
    first = max(begun, days_before(last, YEARS_SHOWN))
    found = []
    for regime, stretches in lines(dossiers, judge, first, last).items():
        said = (regime or "no law known").replace("_", " ")
        title = f"Days covered and bare under {said}: the table beside it tells the same"
        picture = drawn(stretches, first, last, title, bar.clocks.as_of)
        found.append(Line(said, picture, summed(behind(stretches, bar.clocks.as_of)), tuple(stretches)))
    return found


@get("/transfers/{key:str}/coverage", opt={"needs": Permission.LOOK})
async def days(bar: Bar, key: str, since: Annotated[str, QueryParameter(name="from")] = "", to: str = "") -> Response[bytes]:
    """The same as JSON, between two days: the objects of `onward coverage`. Raises NotFoundException for no such transfer."""
    async with database.as_known(bar.clocks.instant) as at:
        if not await at.fetchval("select exists (select from transfer where key = $1)", key):
            raise NotFoundException
    found = await coverage(law.load(), bar.clocks, key, day_of("from", since), day_of("to", to))
    return Response(msgspec.json.encode(found), media_type="application/json")


def _assessed(rows: Sequence[Any], bar: Bar) -> list[OnFile]:
    """Each impact assessment with its state on the day, the paragraphs of its country's dossier that moved since, and what
    it leaves unsaid."""
    on_file, day = dossiers.load(law.load()), bar.clocks.as_of
    found = []
    for row in rows:
        state = impacts.state(row, rows, day)
        moved = () if state == impacts.SUPERSEDED else impacts.moved_beneath(row, on_file, min(day, bar.clocks.known_on))
        found.append((row, state, moved, impacts.unsaid(row)))
    return found


def _thin(verdict: Assessed, assessed: Sequence[OnFile], bar: Bar) -> list[tuple[str, tuple[str, ...]]]:
    """The assessments that a verdict takes the finding of, by key, as far as they leave unsaid how it was found."""
    view = law.load().on(bar.clocks.as_of, bar.clocks.known_on)
    basis, duty = view.instrument(verdict.basis or ""), view.demands("impact_assessment", verdict.regime or "")
    if duty is None or basis is None or basis.kind not in {"clauses", "tool"} or verdict.outcome not in CARRIED:
        return []
    return [
        (row["key"], unsaid)
        for row, state, _, unsaid in assessed
        if unsaid
        and state not in {impacts.DRAFT, impacts.LATER, impacts.SUPERSEDED}
        and (row["standard"] or ImpactStandard.TIA) in duty.instrument.standards
        and row["country"] == verdict.country
    ]


def _stands(row: Any, day: date) -> bool:
    return bool(row["since"] <= day and (row["until"] is None or row["until"] > day))


ROUTES = [transfers, transfer, days]
