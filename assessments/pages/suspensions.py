"""Stopping a flow and taking it up again, from its own page; and all flows to a vendor at once."""

from datetime import date
from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.params import Body
from litestar.response import Redirect, Template

from assessments import suspensions
from assessments.clockbar import EARLIEST, Bar
from assessments.dossier import STANDS
from assessments.pages.transfers import shown
from assessments.pages.vendors import IN_FORCE, NAME, ends_of, transfers_of
from registry import database, once
from registry.access import Permission, Visitor
from registry.errors import Refused, Stale
from registry.web import page, see_other, segment

NEEDS = {"needs": Permission.DECIDE}


class Typed(msgspec.Struct):
    """What the forms give, as typed: from which day, why, which stop is ended, and whether though it may not go ahead."""

    day: str = ""
    why: str = ""
    stop: str = ""
    version: str = ""
    although: str = ""


Form = Annotated[Typed, Body(media_type=RequestEncodingType.URL_ENCODED)]


@post("/transfers/{key:str}/stop", opt=NEEDS)
async def stop(visitor: Visitor, bar: Bar, key: str, data: Form, sent: str) -> Template | Redirect:
    where = f"/transfers/{segment(key)}"
    try:
        await once.seen(sent)
        await suspensions.stop(visitor.key, [key], _day(data.day), _why(data.why), sent, where)
    except Refused as error:
        return await shown(visitor, bar, key, 409 if isinstance(error, Stale) else 422, _said(error), data)
    return see_other(where)


@post("/transfers/{key:str}/resume", opt=NEEDS)
async def resume(visitor: Visitor, bar: Bar, key: str, data: Form, sent: str) -> Template | Redirect:
    where = f"/transfers/{segment(key)}"
    version = int(data.version) if data.version.isascii() and data.version.isdigit() and len(data.version) < 9 else 0
    try:
        await once.seen(sent)
        stopped, although = (data.stop, version), data.although == "yes"
        day, why = _day(data.day), _why(data.why)
        await suspensions.resume(visitor.key, key, stopped, day, why, bar.today, sent, where, although=although)
    except suspensions.Hindered as error:
        return await shown(visitor, bar, key, 422, _said(error), data, error.verdicts)
    except Refused as error:
        return await shown(visitor, bar, key, 409 if isinstance(error, Stale) else 422, _said(error), data)
    return see_other(where)


@get("/vendors/{key:str}/stop", opt=NEEDS)
async def stop_all_page(visitor: Visitor, bar: Bar, key: str) -> Template:
    return await _all(visitor, bar, key, Typed(day=bar.today.isoformat()))


@post("/vendors/{key:str}/stop", opt=NEEDS)
async def stop_all(visitor: Visitor, bar: Bar, key: str, data: Form, sent: str) -> Template | Redirect:
    """Every flow to the vendor that is not stopped for good yet, in one transaction."""
    where = f"/vendors/{segment(key)}"
    try:
        await once.seen(sent)
        legs = [row["key"] for row in await _legs(bar, key)]
        await suspensions.stop(visitor.key, legs, _day(data.day), _why(data.why), sent, where)
    except Refused as error:
        return await _all(visitor, bar, key, data, 409 if isinstance(error, Stale) else 422, _said(error))
    return see_other(where)


async def _all(visitor: Visitor, bar: Bar, key: str, typed: Typed, status: int = 200, wrong: str = "") -> Template:
    legs = await _legs(bar, key)
    async with database.as_known(None) as at:
        called = await at.fetchval(
            f"select {NAME.format('v.party')} from vendor v where v.key = $2 order by v.since desc limit 1", bar.today, key
        )
        ends = await ends_of(at, [one["key"] for one in legs], bar.today)
    asked = {"key": key, "called": called or key, "legs": legs, "ends": ends, "typed": typed, "wrong": wrong}
    return page("vendor-stop", status, visitor=visitor, bar=bar, **asked)


async def _legs(bar: Bar, key: str) -> list[dict[str, Any]]:
    """The vendor's transfers that stand today, since when each is stopped without an end, and what is planned for it."""
    async with database.as_known(None) as at:
        thing = await at.fetchval("select thing from vendor where key = $1 and thing = id", key)
        if thing is None:
            raise NotFoundException
        keys = (await transfers_of(at, [thing])).get(thing, [])
        rows = await at.fetch(
            f"""select t.key, t.country, {NAME.format("t.exporter")} as exporter, {NAME.format("t.importer")} as importer,
                s.stopped, s.planned, s.resumes
            from transfer t cross join lateral (
                select min(s.since) filter (where s.since <= $1 and s.until is null) as stopped,
                    min(s.since) filter (where s.since > $1) as planned, max(s.until) filter (where s.since <= $1) as resumes
                from suspension s where s.transfer = t.thing and {STANDS} and (s.until is null or s.until > $1)) s
            where t.key = any($2::text[]) and {IN_FORCE.format("t")} order by t.key""",
            bar.today,
            keys,
        )
    return [dict(row) for row in rows]


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text.strip())
    except ValueError as error:
        raise Refused("say from which day on: write it as YYYY-MM-DD") from error
    if not EARLIEST <= day <= EARLIEST.replace(year=2999):
        raise Refused(f"the day {day} lies outside the law on file: choose one from {EARLIEST} on")
    return day


def _why(text: str) -> str:
    if not (why := text.replace("\x00", "").strip()):
        raise Refused("say why: it is kept in the history, and shown beside the flow")
    return why


def _said(error: Refused) -> str:
    told = str(error)
    return f"Nothing was recorded: {told}."


ROUTES = [stop, resume, stop_all_page, stop_all]
