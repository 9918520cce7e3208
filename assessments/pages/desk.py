"""The desk: what is at risk today."""

from litestar import get
from litestar.response import Template

from assessments.clockbar import Bar
from registry.access import Permission, Visitor
from registry.web import page


@get("/", opt={"needs": Permission.LOOK})
async def desk(visitor: Visitor, bar: Bar) -> Template:
    return page("desk", visitor=visitor, bar=bar)


ROUTES = [desk]
