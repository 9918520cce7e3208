"""Alerts: one cause each, with what changed, why it matters, what to do."""

from typing import Annotated

import msgspec
from litestar import get, post
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.params import Body
from litestar.response import Redirect, Template

from assessments.alerts import alerts as alerts_of
from assessments.clockbar import Bar
from assessments.deliveries import waiting
from assessments.doctor import watch_stands
from assessments.tables import Alert
from registry import database, journal, law, once, settings
from registry.access import Permission, Visitor
from registry.errors import Refused
from registry.law import ONE_DAY
from registry.web import page, see_other

_DEALT = """
select a.key, coalesce(p.name, e.who) as who, a.until - 1 as on_day, v.value as how from alert a
join journal_entry e on e."table" = 'alert' and e."row" = a.id and e.version = 2
left join journal_value v on v.sequence = e.sequence and v.name = '(why)'
left join lateral (select name from person where key = e.who order by since desc limit 1) p on true
where a.until is not null"""


class Dealt(msgspec.Struct):
    why: str = ""


@get("/alerts", opt={"needs": Permission.LOOK})
async def alerts(visitor: Visitor, bar: Bar, everything: bool = False) -> Template:
    """The newest first, what only asks for a review after what changed."""
    async with database.as_known(None) as at:
        shown = await alerts_of(law.load(), dealt_with=everything)
        dealt = {row["key"]: row for row in await at.fetch(_DEALT)} if everything else {}
        failing, watch = (await waiting(at)).said(), await watch_stands(at)
    said = ["" if watch.sound else f"The watch {watch.found}.", failing if settings.smtp() else settings.mail_said()]
    shown.reverse()
    shown.sort(key=lambda one: one.kind.startswith("review"))
    told = [one for one in said if one]
    return page("alerts", visitor=visitor, bar=bar, alerts=shown, everything=everything, dealt=dealt, said=told)


@post("/alerts/{key:str}/dealt-with", opt={"needs": Permission.DECIDE})
async def dealt_with(
    visitor: Visitor, bar: Bar, key: str, data: Annotated[Dealt, Body(media_type=RequestEncodingType.URL_ENCODED)], sent: str
) -> Redirect:
    """An alert stands last on the day on which somebody dealt with it; how is the entry's reason."""
    if not data.why.strip():
        raise Refused("why: say how it was dealt with")
    async with journal.writing(visitor.key, data.why.strip()) as book:
        await once.take(book.at, sent, "/alerts")
        if not await book.at.fetchval("select exists (select from alert where key = $1)", key):
            raise NotFoundException
        row = await journal.current(book.at, Alert, key)
        if row["until"] is not None:
            raise Refused("this alert has been dealt with already")
        await book.change(Alert, row, bar.today + ONE_DAY)
    return see_other("/alerts")


ROUTES = [alerts, dealt_with]
