"""Gaps of the past: flows that went on for days without anything that carried them."""

from litestar import get
from litestar.response import Template

from assessments.clockbar import Bar
from assessments.gaps import gaps
from assessments.pages.vendors import ends_of
from registry import database, law
from registry.access import Permission, Visitor
from registry.web import page

A_PAGE = 100


@get("/gaps", opt={"needs": Permission.LOOK})
async def gaps_page(visitor: Visitor, bar: Bar, number: int = 1) -> Template:
    """All of them, the latest first, a page at a time."""
    found = await gaps(law.load(), bar.clocks) or ()
    pages = max(1, -(-len(found) // A_PAGE))
    number = max(1, min(number, pages))
    shown = found[(number - 1) * A_PAGE : number * A_PAGE]
    async with database.as_known(bar.clocks.instant) as at:
        ends = await ends_of(at, [one.transfer for one in shown], bar.clocks.as_of)
    return page("gaps", visitor=visitor, bar=bar, gaps=shown, ends=ends, count=len(found), number=number, pages=pages)


ROUTES = [gaps_page]
