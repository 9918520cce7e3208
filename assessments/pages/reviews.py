"""Reviews: what must be confirmed again, by when; completed by a person, on evidence, accepted or not."""

from datetime import date
from typing import Annotated

import msgspec
from litestar import get, post
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.params import Body
from litestar.response import Redirect, Template

from assessments import reviews as rounds
from assessments.clockbar import Bar
from registry import database, law
from registry.access import Permission, Visitor
from registry.errors import Refused
from registry.web import page, see_other


class Completed(msgspec.Struct):
    """A completed round as the form gives it."""

    accepted: str = ""
    confirmed: list[str] | str = ""
    findings: str = ""
    document: str = ""


@get("/reviews", opt={"needs": Permission.LOOK})
async def reviews(visitor: Visitor, bar: Bar) -> Template:
    async with database.as_known(None) as at:
        due = await rounds.due(at, bar.today)
        reckoned = await rounds.facts(at, bar.today, law.load())
        following = await rounds.next_dues(at, bar.today, law.load())
    tiers = {thing: rounds.tier(facts) for thing, facts in reckoned.items()}
    return page("reviews", visitor=visitor, bar=bar, due=due, tiers=tiers, following=following)


@get("/reviews/{vendor:str}/{due:str}", opt={"needs": Permission.LOOK})
async def review(visitor: Visitor, bar: Bar, vendor: str, due: str) -> Template:
    return await _shown(visitor, bar, vendor, due, Completed(), "")


async def _shown(visitor: Visitor, bar: Bar, vendor: str, due: str, typed: Completed, wrong: str) -> Template:
    """The round as it is to be confirmed, with what was typed and why it was not taken."""
    async with database.as_known(None) as at:
        found = next((one for one in await rounds.due(at, bar.today) if (one.vendor, str(one.due)) == (vendor, due)), None)
        if found is None:
            raise NotFoundException
        asked = await rounds.to_confirm(at, vendor, bar.today)
        reckoned = await rounds.facts(at, bar.today, law.load())
        interval = (await rounds.next_dues(at, bar.today, law.load())).get(found.thing)
    return page(
        "review",
        422 if wrong else 200,
        visitor=visitor,
        bar=bar,
        round=found,
        asked=asked,
        tier=rounds.tier(reckoned[found.thing]) if found.thing in reckoned else None,  # of one that ended nothing is reckoned
        interval=interval,
        typed=typed,
        wrong=wrong,
    )


@post("/reviews/{vendor:str}/{due:str}", opt={"needs": Permission.REVIEW})
async def complete(
    visitor: Visitor,
    bar: Bar,
    vendor: str,
    due: str,
    data: Annotated[Completed, Body(media_type=RequestEncodingType.URL_ENCODED)],
    sent: str,
) -> Redirect | Template:
    """A round without an answer or without evidence is shown again with what was typed, and what it lacks."""
    confirmed = [one for one in ([data.confirmed] if isinstance(data.confirmed, str) else data.confirmed) if one]
    data.confirmed = confirmed
    try:
        day = date.fromisoformat(due)
    except ValueError as error:
        raise NotFoundException from error
    async with database.as_known(None) as at:
        if not await at.fetchval("select exists (select from review where key = $1)", f"{vendor}:{day}"):
            raise NotFoundException
    try:
        if data.accepted not in {"yes", "no"}:
            raise Refused("accepted: say whether what was shown was accepted")
        if not data.findings.strip():
            raise Refused("findings: say what was confirmed, and on what evidence")
        document = data.document.strip() or None
        accepted, findings = data.accepted == "yes", data.findings.strip()
        await rounds.complete_review(visitor.key, vendor, day, accepted, confirmed, findings, document, bar.today, sent)
    except Refused as error:
        return await _shown(visitor, bar, vendor, due, data, str(error))
    return see_other("/reviews")


ROUTES = [reviews, review, complete]
