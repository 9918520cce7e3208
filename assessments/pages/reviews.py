"""Reviews: what must be confirmed again, by when; completed by a person, on evidence, accepted or not."""

from datetime import date
from typing import Any

import msgspec
from litestar import Request, get, post
from litestar.exceptions import NotFoundException
from litestar.response import Redirect, Template

from assessments import impacts
from assessments import reviews as rounds
from assessments.clockbar import Bar
from registry import database, filing, law
from registry.access import Permission, Visitor
from registry.errors import Refused
from registry.web import page, see_other

A_PAGE = 50


class Completed(msgspec.Struct):
    """A completed round as the form gives it."""

    accepted: str = ""
    confirmed: tuple[str, ...] = ()
    findings: str = ""
    document: str = ""
    instead: str = ""


@get("/reviews", opt={"needs": Permission.LOOK})
async def reviews(visitor: Visitor, bar: Bar, q: str = "", number: int = 1) -> Template:
    """The rounds that are open, and who is next, fifty of each a page; q is looked for in the vendor's name."""
    q, number = q.strip().replace("\x00", "")[:200], max(1, min(number, 10**6))
    async with database.as_known(None) as at:
        due = await rounds.due(at, bar.today)
        following = await rounds.next_dues(at, bar.today, law.load())
        aged = await impacts.aged(at, law.load(), bar.today, sought=q)
        aging = await impacts.how_many(at, law.load(), bar.today, q)
    tiers = {thing: when.tier for thing, when in following.items()}
    due = [one for one in due if _sought(q, one.name, one.vendor)]
    dues = sorted(following.values(), key=lambda one: (one.due, one.name))
    dues = [one for one in dues if _sought(q, one.name, one.vendor)]
    shown = slice((number - 1) * A_PAGE, number * A_PAGE)
    return page(
        "reviews",
        tiers_of=rounds.TIERS,
        visitor=visitor,
        bar=bar,
        q=q,
        number=number,
        pages=max(1, -(-max(len(due), len(dues)) // A_PAGE)),
        counts=(len(due), len(dues)),
        due=due[shown],
        following=dues[shown],
        aged=aged[:A_PAGE],
        aging=aging,
        tiers=tiers,
    )


def _sought(q: str, *names: str) -> bool:
    return any(q.casefold() in name.casefold() for name in names)


@get("/reviews/{vendor:str}/{due:str}", opt={"needs": Permission.LOOK})
async def review(visitor: Visitor, bar: Bar, vendor: str, due: str) -> Template:
    return await _shown(visitor, bar, vendor, _day(due))


async def _shown(
    visitor: Visitor, bar: Bar, vendor: str, due: date, typed: Completed | None = None, wrong: str = ""
) -> Template:
    """The round as it is to be confirmed, with what was typed and why it was not taken; or who completed it, and when."""
    async with database.as_known(None) as at:
        found = await rounds.the_round(at, vendor, due, bar.today)
        if found is None:
            raise NotFoundException
        one, done = found
        asked = await rounds.to_confirm(at, vendor, bar.today)
        interval = (await rounds.next_dues(at, bar.today, law.load(), vendor=one.thing)).get(one.thing)
        on_file = await rounds.on_file(at, vendor)
    return page(
        "review",
        409 if done and typed else 422 if wrong else 200,
        visitor=visitor,
        bar=bar,
        round=one,
        done=done,
        asked=asked,
        interval=interval,  # none of a vendor that ended
        on_file=on_file,
        sent=typed,
        typed=typed or Completed(),
        wrong=wrong,
    )


@post("/reviews/{vendor:str}/{due:str}", opt={"needs": Permission.REVIEW})
async def complete(
    request: Request[Visitor, Any, Any], visitor: Visitor, bar: Bar, vendor: str, due: str, sent: str
) -> Redirect | Template:
    """A round without an answer or without evidence is shown again with what was typed, and what it lacks."""
    form, day = await request.form(), _day(due)
    words = {
        name: str(form.get(name) or "").replace("\x00", "").strip() for name in ("accepted", "findings", "document", "instead")
    }
    typed = Completed(**words, confirmed=tuple(one for one in form.getall("confirmed", []) if isinstance(one, str) and one))
    async with database.as_known(None) as at:
        if await rounds.the_round(at, vendor, day, bar.today) is None:
            raise NotFoundException
    try:
        file, errors = await filing.brought(form)
        if errors:
            raise Refused(f"evidence: {errors['document']}")
        if typed.accepted not in {"yes", "no"}:
            raise Refused("accepted: say whether what was shown was accepted")
        evidence = rounds.Evidence(typed.document or None, file, typed.instead or None)
        accepted, confirmed = typed.accepted == "yes", list(typed.confirmed)
        await rounds.complete_review(visitor.key, vendor, day, accepted, confirmed, typed.findings, evidence, bar.today, sent)
    except Refused as error:
        return await _shown(visitor, bar, vendor, day, typed, error.plainly())
    return see_other("/reviews")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise NotFoundException from error


ROUTES = [reviews, review, complete]
