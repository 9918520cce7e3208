"""The desk: what is at risk today, and why; what comes next."""

from datetime import timedelta

from litestar import get
from litestar.response import Template

from assessments import reviews
from assessments.assess import assess
from assessments.clockbar import Bar
from assessments.pages.vendors import NAME
from assessments.standing import SHOWN, standing
from registry import database, law
from registry.access import Permission, Visitor
from registry.vocabulary import Outcome
from registry.web import page

SOON = timedelta(days=90)


@get("/", opt={"needs": Permission.LOOK})
async def desk(visitor: Visitor, bar: Bar) -> Template:
    """Every transfer that may not go ahead, the worst first; an empty register is shown how to begin."""
    pack, day = law.load(), bar.clocks.as_of
    stands = await standing(pack, bar.clocks, now=bar.now)
    verdicts: dict[str, list[object]] = {key: [] for key in stands.at_risk}
    for one in await assess(pack, bar.clocks, stands.at_risk) if verdicts else ():
        verdicts[one.transfer].append(one)
    async with database.as_known(bar.clocks.instant) as at:
        vendors = await at.fetchval("select count(distinct thing) from vendor where until is null or until > since")
        ours = await at.fetchval("select count(*) from party where ours")
        names = await at.fetch(
            f"select distinct on (t.key) t.key, {NAME.format('t.exporter')}, {NAME.format('t.importer')} "
            "from transfer t where t.key = any($2) order by t.key, t.since desc",
            day,
            stands.at_risk,
        )
        rounds = await reviews.due(at, bar.today)
        ahead = {
            "alerts": await at.fetchval("select count(*) from alert where until is null"),
            "reviews": len(rounds),
            "overdue": sum(one.overdue for one in rounds),
            "ending": await at.fetchval(
                "select count(distinct transfer) from assessment where until is null and last_day between $1 and $2",
                bar.today,
                bar.today + SOON,
            ),
        }
    return page(
        "desk",
        visitor=visitor,
        bar=bar,
        most=SHOWN,
        counted=[(outcome, stands.counted[outcome]) for outcome in Outcome if stands.counted.get(outcome)],
        verdicts=verdicts,
        names={row[0]: row[1:] for row in names},
        vendors=vendors,
        ours=ours,
        ahead=ahead,
    )


ROUTES = [desk]
