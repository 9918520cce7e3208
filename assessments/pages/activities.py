"""Activities: what we do with personal data, and who takes part."""

from litestar import get
from litestar.exceptions import NotFoundException
from litestar.response import Template

from assessments.clockbar import Bar
from assessments.pages.vendors import IN_FORCE, NAME
from registry import access, database, told
from registry.access import Permission, Visitor
from registry.tables import ProcessingActivity
from registry.web import page


@get("/activities", opt={"needs": Permission.LOOK})
async def activities(visitor: Visitor, bar: Bar) -> Template:
    async with database.as_known(bar.clocks.instant) as at:
        rows = await at.fetch(
            f"""select a.*, (select count(distinct e.vendor) from engagement e where e.activity = a.thing
                and {IN_FORCE.format("e")}) as vendors
            from processing_activity a where {IN_FORCE.format("a")} order by lower(a.name)""",
            bar.clocks.as_of,
        )
    return page("activities", visitor=visitor, bar=bar, rows=rows)


@get("/activities/{key:str}", opt={"needs": Permission.LOOK})
async def activity(visitor: Visitor, bar: Bar, key: str) -> Template:
    day = bar.clocks.as_of
    async with database.as_known(bar.clocks.instant) as at:
        row = await at.fetchrow(
            f"""select a.*, {NAME.format("a.controller")} as controller_name from processing_activity a
            where a.thing = (select id from processing_activity where key = $2 and thing = id)
            order by ({IN_FORCE.format("a")}) desc, a.since desc limit 1""",
            day,
            key,
        )
        if row is None:
            raise NotFoundException
        engaged = await at.fetch(
            f"""select e.*, v.key as vendor_key, {NAME.format("v.party")} as name
            from engagement e join vendor v on v.thing = e.vendor and v.id = v.thing
            where e.activity = $2 and {IN_FORCE.format("e")} order by name""",
            day,
            row["thing"],
        )
        history = await told.history(at, ProcessingActivity, row["thing"], by=bar.clocks.instant)
    await access.look(visitor.key, "opened", f"/activities/{key}")
    return page("activity", visitor=visitor, bar=bar, row=row, engaged=engaged, told=history)


ROUTES = [activities, activity]
