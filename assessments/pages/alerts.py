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


class Dealt(msgspec.Struct):
    why: str = ""


@get("/alerts", opt={"needs": Permission.LOOK})
async def alerts(visitor: Visitor, bar: Bar, everything: bool = False) -> Template:
    """The newest first."""
    async with database.as_known(None) as at:
        found = await alerts_of(law.load())
        failing, watch = (await waiting(at)).said(), await watch_stands(at)
    said = ["" if watch.sound else f"The watch {watch.found}.", failing if settings.smtp() else settings.mail_said()]
    shown = [one for one in reversed(found) if everything or one.state == "open"]
    return page("alerts", visitor=visitor, bar=bar, alerts=shown, everything=everything, said=[one for one in said if one])


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
