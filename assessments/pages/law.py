"""The law: every instrument on file with its life and its citations, what may become of it, and what is known of countries."""

from datetime import date
from typing import Annotated, Any

import msgspec
from litestar import get, post
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.params import Body
from litestar.response import Redirect, Template

from assessments.clockbar import Bar
from registry import adopted, database, law, reverified
from registry.access import Permission, Visitor
from registry.errors import Refused
from registry.law import dossiers, signals, verified
from registry.web import page, see_other


class Looked(msgspec.Struct):
    """A re-verification as the form gives it."""

    fact: str = ""
    on: str = ""
    seen: str = ""
    note: str = ""


@get("/law", opt={"needs": Permission.LOOK})
async def law_page(visitor: Visitor, bar: Bar) -> Template:
    return await _law(visitor, bar)


async def _law(visitor: Visitor, bar: Bar, wrong: str = "", typed: Looked | None = None) -> Template:
    """The whole page; with what was typed into a form and why it was not recorded."""
    pack = law.load()
    view = pack.on(bar.clocks.as_of, bar.clocks.known_on)
    async with database.as_known(None) as at:
        later, laws = await reverified.recorded(at, bar.today), await adopted.on_file(at)
    on_file = dossiers.load(pack)
    known = [(one, step) for one in signals.load(pack) if (step := one.on(bar.clocks.known_on)) is not None]
    known.sort(key=lambda pair: pair[1].expected or date.max)
    return page(
        "law",
        422 if wrong else 200,
        visitor=visitor,
        bar=bar,
        laws_of=[(one, [(each, view.standing(each.key)) for each in under]) for one, under in _by_law(pack)],
        last_seen=verified.looked_up(pack, later),
        version=pack.version,
        overdue=verified.overdue(pack, bar.today, later),
        signals=[(one, step) for one, step in known if step.expected is None or step.expected >= bar.clocks.as_of],
        dossiers=[(one, version) for one in on_file.values() if (version := one.version(bar.clocks.known_on))],
        laws=laws[::-1],
        brought=database.brought(),
        wrong=wrong,
        typed=typed or Looked(),
    )


def _by_law(pack: law.Pack) -> list[tuple[law.Instrument, list[law.Instrument]]]:
    """Each law with what is on file under it, itself first; what serves several stands under the newest. The fullest first."""
    under: dict[str, list[law.Instrument]] = {}
    for one in pack.instruments.values():
        under.setdefault(max(one.regimes, key=lambda code: _begins(pack, code)), []).append(one)
    found = [(own, sorted(under[code], key=lambda one: one is not own)) for code in under if (own := pack.regime(code))]
    return sorted(found, key=lambda pair: -len(pair[1]))


def _begins(pack: law.Pack, regime: str) -> date:
    own = pack.regime(regime)
    return min((event.effect for event in own.events), default=date.min) if own else date.min


@get("/law/{key:str}", opt={"needs": Permission.LOOK})
async def instrument(visitor: Visitor, bar: Bar, key: str) -> Template:
    pack = law.load()
    if key not in pack.instruments:
        raise NotFoundException
    async with database.as_known(None) as at:
        later = await reverified.recorded(at, bar.today)
    view, own = pack.on(bar.clocks.as_of, bar.clocks.known_on), pack.instruments[key]
    concerning = [one for one in signals.load(pack) if key in one.instruments and one.kind != "sunset"]
    return page(
        "instrument",
        visitor=visitor,
        bar=bar,
        one=own,
        standing=view.standing(key),
        conditions=view.scope(own),
        leads=all((law_of := pack.regime(code)) is not None and law_of.leads for code in own.regimes),
        signals=[(one, heard) for one in concerning if (heard := one.heard(bar.clocks.known_on))],
        facts=_looked_up(pack, {key, *(one.key for one in concerning)}, later, bar),
        typed=Looked(),
    )


@get("/law/dossiers/{country:str}", opt={"needs": Permission.LOOK})
async def dossier(visitor: Visitor, bar: Bar, country: str) -> Template:
    """What is on file about a country, as known on the clock; one without a dossier says so."""
    pack = law.load()
    if country not in pack.codes:
        raise NotFoundException
    one = dossiers.load(pack).get(country)
    async with database.as_known(None) as at:
        later = await reverified.recorded(at, bar.today)
    return page(
        "dossier",
        visitor=visitor,
        bar=bar,
        code=country,
        exists=one is not None,
        version=one.version(bar.clocks.known_on) if one else None,
        paragraphs=one.on(bar.clocks.known_on) if one else (),
        versions=[day for day in one.versions if day <= bar.clocks.known_on] if one else [],
        facts=_looked_up(pack, {verified.dossier_of(country)}, later, bar),
        typed=Looked(),
    )


@post("/law/verified", opt={"needs": Permission.VERIFY})
async def looked_up(
    visitor: Visitor, bar: Bar, data: Annotated[Looked, Body(media_type=RequestEncodingType.URL_ENCODED)], sent: str
) -> Template | Redirect:
    """Records that a legal fact was looked up again; what is wrong with it is said on the page, what was typed kept."""
    given = {name: getattr(data, name).replace("\x00", "").strip() for name in data.__struct_fields__}
    try:
        on = _day(given["on"])
        await reverified.record(
            visitor.key, law.load(), given["fact"], on, given["seen"], given["note"], sent=sent, leads_to="/law"
        )
    except Refused as error:
        return await _law(visitor, bar, error.plainly(), Looked(**given))
    return see_other("/law#looked-up")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Refused("on: write the day on which it was looked up as YYYY-MM-DD") from error


def _looked_up(pack: law.Pack, of: set[str], later: dict[str, date], bar: Bar) -> list[tuple[str, Any, date]]:
    """The facts of these that were known on the page's clock, with the day on which each was last looked up."""
    found = verified.facts(pack).items()
    return [
        (name, one.cited, max(one.cited.verified_on, later.get(name, date.min)))
        for name, one in found
        if one.of in of and getattr(one.cited, "known", date.min) <= bar.clocks.known_on
    ]


ROUTES = [law_page, instrument, dossier, looked_up]
