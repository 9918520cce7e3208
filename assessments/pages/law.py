"""The law: every instrument on file with its life and its citations, as it stands on the day."""

from litestar import get
from litestar.exceptions import NotFoundException
from litestar.response import Template

from assessments.clockbar import Bar
from registry import adopted, database, law
from registry.access import Permission, Visitor
from registry.web import page


@get("/law", opt={"needs": Permission.LOOK})
async def law_page(visitor: Visitor, bar: Bar) -> Template:
    pack = law.load()
    view = pack.on(bar.clocks.as_of, bar.clocks.known_on)
    rows = [(one, view.standing(one.key)) for one in pack.instruments.values()]
    async with database.as_known(None) as at:
        laws = await adopted.on_file(at)
    return page(
        "law",
        visitor=visitor,
        bar=bar,
        rows=rows,
        version=pack.version,
        overdue=list(pack.overdue(bar.today)),
        laws=laws[::-1],
        brought=database.brought(),
    )


@get("/law/{key:str}", opt={"needs": Permission.LOOK})
async def instrument(visitor: Visitor, bar: Bar, key: str) -> Template:
    pack = law.load()
    if key not in pack.instruments:
        raise NotFoundException
    standing = pack.on(bar.clocks.as_of, bar.clocks.known_on).standing(key)
    return page("instrument", visitor=visitor, bar=bar, one=pack.instruments[key], standing=standing)


ROUTES = [law_page, instrument]
