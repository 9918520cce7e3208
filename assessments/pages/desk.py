"""The desk: what is at risk today, and why; what comes next."""

from datetime import timedelta
from typing import Any

from litestar import get
from litestar.response import Template

from assessments import impacts, reviews
from assessments.assess import assess
from assessments.clockbar import Bar
from assessments.gaps import DESK, gaps
from assessments.pages.vendors import DECIDED, IN_FORCE, NAME, ends_of, parties_of
from assessments.standing import at_risk, standing, stopped
from registry import database, law
from registry.access import Permission, Visitor
from registry.vocabulary import NoticeKind
from registry.web import page

SHOWN = 50
GAPS = UNAPPROVED = 10
SOON = timedelta(days=90)
_WARNED = f"""select distinct on (v.key) v.key, coalesce({NAME.format("v.party")}, v.key) as name, n.since
from notice n join vendor v on v.thing = n.vendor and {IN_FORCE.format("v")}
where n.kind = '{NoticeKind.CANNOT_PROTECT}' and {IN_FORCE.format("n")} order by v.key, n.since"""
_UNDECIDED = f"""select count(*) from vendor v where {IN_FORCE.format("v")}
and not exists (select from decision d where d.vendor = v.thing and {IN_FORCE.format("d")})"""
_UNAPPROVED = f"""select v.key, coalesce({NAME.format("v.party")}, v.key) as name, {DECIDED.format("v.thing")} as standing,
    (select max(d.until) - 1 from decision d where d.vendor = v.thing and d.standing like 'approved%' and d.since < d.until
        and d.until <= $1) as last_day
from vendor v where {IN_FORCE.format("v")} and coalesce({DECIDED.format("v.thing")}, '') not like 'approved%' and exists (
    select from engagement e join transfer t on t.engagement = e.thing and {IN_FORCE.format("t")}
    where e.vendor = v.thing and {IN_FORCE.format("e")} and not exists (
        select from suspension s where s.transfer = t.thing and {IN_FORCE.format("s")}))
order by standing nulls last, lower(coalesce({NAME.format("v.party")}, v.key)), v.key limit {UNAPPROVED + 1}"""

_BEGUN = """select exists (select from party where ours) as ours, exists (select from regime_scope) as regime_scope,
exists (select from processing_activity) as processing_activity, exists (select from measure) as measure"""


@get("/", opt={"needs": Permission.LOOK})
async def desk(visitor: Visitor, bar: Bar) -> Template:
    """Transfers that flow and may not, the worst first, then those that are stopped; an empty register is shown a beginning."""
    pack, day = law.load(), bar.clocks.as_of
    stands = await standing(pack, bar.clocks, now=bar.now)
    async with database.as_known(bar.clocks.instant) as at:
        worst, halted = at_risk(stands, SHOWN, await stopped(at, day))
    verdicts: dict[str, list[object]] = {key: [] for key in worst}
    found = await assess(pack, bar.clocks, worst) if worst else []
    for one in found:
        verdicts[one.transfer].append(one)
    async with database.as_known(bar.clocks.instant) as at:
        vendors = await at.fetchval("select count(distinct thing) from vendor where until is null or until > since")
        begun = dict(await at.fetchrow(_BEGUN))
        names = await ends_of(at, [*worst, *halted], day)
        warned = await at.fetch(_WARNED, day)
        unapproved = await at.fetch(_UNAPPROVED, day)
        ahead = await _ahead(at, pack, bar)
    return page(
        "desk",
        **await _past(visitor, bar, pack),
        visitor=visitor,
        bar=bar,
        most=SHOWN,
        counted=[(outcome, len(keys)) for outcome, keys in stands.items() if keys],
        verdicts=verdicts,
        halted=halted,
        warned=warned,
        unapproved=unapproved[:UNAPPROVED],
        more_unapproved=len(unapproved) > UNAPPROVED,
        names=names,
        parties=await parties_of(found, bar),
        vendors=vendors,
        begun=begun,
        ours=begun["ours"],
        ahead=ahead,
    )


async def _ahead(at: Any, pack: law.Pack, bar: Bar) -> dict[str, int]:
    """How much of each kind waits to be done."""
    rounds = await reviews.due(at, bar.today)
    return {
        "alerts": await at.fetchval("select count(*) from alert where until is null"),
        "aged": await impacts.how_many(at, pack, bar.today) if bar.now else 0,
        "reviews": len(rounds),
        "overdue": sum(one.overdue for one in rounds),
        "ending": await at.fetchval(
            "select count(distinct transfer) from assessment where until is null and last_day between $1 and $2",
            bar.today,
            bar.today + SOON,
        ),
        "undecided": await at.fetchval(_UNDECIDED, bar.clocks.as_of),
    }


async def _past(visitor: Visitor, bar: Bar, pack: law.Pack) -> dict[str, Any]:
    """The latest days on which nothing carried a flow, for those who decide; None as their count in a large register."""
    found = await gaps(pack, bar.clocks, DESK) if visitor.may(Permission.DECIDE) else ()
    latest = (found or ())[:GAPS]
    async with database.as_known(bar.clocks.instant) as at:
        ends = await ends_of(at, [one.transfer for one in latest], bar.clocks.as_of)
    return {"gaps": latest, "gaps_count": None if found is None else len(found), "ends": ends}


ROUTES = [desk]
