"""The desk: what is at risk today, and why."""

from collections import Counter

from litestar import get
from litestar.response import Template

from assessments.assess import assess
from assessments.clockbar import Bar
from registry import database, law
from registry.access import Permission, Visitor
from registry.vocabulary import RANKING, Outcome
from registry.web import page

SHOWN = 50


@get("/", opt={"needs": Permission.LOOK})
async def desk(visitor: Visitor, bar: Bar) -> Template:
    """Every transfer that may not go ahead, the worst first; an empty register is shown how to begin."""
    assessed = await assess(law.load(), bar.clocks)
    worst = sorted(
        (one for one in assessed if one.path_outcome not in {Outcome.PERMITTED, Outcome.NO_TRANSFER}),
        key=lambda one: (RANKING[one.path_outcome], one.transfer),
    )
    async with database.as_known(bar.clocks.instant) as at:
        vendors = await at.fetchval("select count(distinct thing) from vendor where until is null or until > since")
        ours = await at.fetchval("select count(*) from party where ours")
    counted = Counter(one.path_outcome for one in assessed)
    return page(
        "desk",
        visitor=visitor,
        bar=bar,
        worst=worst[:SHOWN],
        more=max(0, len(worst) - SHOWN),
        counted=[(outcome, counted[outcome]) for outcome in Outcome],
        vendors=vendors,
        ours=ours,
    )


ROUTES = [desk]
