"""Registering a vendor: the walk's pages. Nothing is recorded before the end, and then all of it at once."""

from typing import Any

from litestar import Request, get, post
from litestar.exceptions import NotFoundException
from litestar.response import Redirect, Template

from registry import database, drafts, forms, journal, register, told, walk
from registry.access import Permission, Visitor
from registry.errors import Refused
from registry.forms import TOO_LONG, Errors, Field, Typed, typed
from registry.once import SentBefore
from registry.walk import NEW, STEPS, TITLES, Known
from registry.web import page, see_other, segment

NEEDS = {"needs": Permission.REGISTER}
Asking = Request[Any, Any, Any]


@get("/vendors/new", opt=NEEDS)
async def begin() -> Redirect:
    """To the first step of a new draft, whose key stands in the address from here on; nothing is kept before it is sent."""
    return see_other(f"/vendors/new/{drafts.key()}/who")


@get("/vendors/new/alike", opt=NEEDS)
async def alike(request: Asking) -> Template:
    """Companies on file that look like what is being typed; asked for while typing."""
    query = request.query_params
    name, website = str(query.get("party.name", "")), str(query.get("party.website", ""))
    async with database.as_known(None) as at:
        found = await walk.alike(at, name[:200], website[:200])
    return Template(template_name="_alike.html", context={"alike": found, "chosen": str(query.get("same", ""))})


@get("/vendors/new/{draft:str}/{step:str}", opt=NEEDS)
async def step_page(visitor: Visitor, bar: Any, draft: str, step: str) -> Template:
    content = await _mine(draft, visitor, step)
    if step == "check":
        return await _summary(visitor, bar, draft, content)
    return await _step(visitor, bar, draft, step, content, {}, begun=bool(content))


@post("/vendors/new/{draft:str}/{step:str}", opt=NEEDS)
async def step_sent(request: Asking, visitor: Visitor, bar: Any, draft: str, step: str) -> Template | Redirect:
    content = await _mine(draft, visitor, step)
    if step == "drop":
        await drafts.drop(draft, visitor.key)
        return see_other("/vendors/new")
    if step != "check":
        return await _sent(request, visitor, bar, draft, step, begun=bool(content))
    try:
        return see_other(f"/vendors/{segment(await registered(visitor.key, draft))}")
    except Refused as error:
        return await _summary(visitor, bar, draft, content, str(error))


async def registered(person: str, draft: str) -> str:
    """Records the whole walk in one transaction, the draft's end included; returns the vendor's key, at each asking."""
    async with journal.writing(person) as book:
        content = await drafts.take(book.at, draft, person)
        if content is None:
            raise NotFoundException
        if drafts.BECAME in content:
            return content[drafts.BECAME][0]
        known = await walk.known(book.at)
        values: dict[str, Any] = {}
        for step in STEPS:
            bound, errors = walk.bind(step, known, content)
            if errors:
                raise Refused(f"{TITLES[step]} Something is missing or cannot be read there: look at that step again.")
            values |= bound
        party = _same(content) or NEW
        if party != NEW and party not in known.parties:
            raise Refused(f"{TITLES['who']} The company that was chosen is not on file: choose again.")
        if party != NEW and await _vendor_of(book.at, party):
            raise Refused(f"{TITLES['who']} This company is a vendor of ours already: add to that one.")
        made = await walk.tables(book.at, known, values, party, await journal.today(book.at))
        await register.write(book, register.checked(made), demo=await journal.is_demo(book.at))
        await drafts.became(book.at, draft, str(made["vendor"][0]["key"]))
    return str(made["vendor"][0]["key"])


async def _vendor_of(at: Any, party: str) -> Any:
    return await at.fetchval(
        "select v.key from vendor v join party p on p.thing = v.party where p.key = $1 and v.until is null limit 1", party
    )


async def _mine(draft: str, visitor: Visitor, step: str) -> Typed:
    """The person's own draft, which its first step begins. Raises SentBefore, to the vendor, where it is registered already."""
    content = await drafts.read(draft, visitor.key)
    if content is None and step == STEPS[0] and await drafts.may_begin(draft, visitor.key):
        return {}
    if content is None:
        raise NotFoundException
    if drafts.BECAME in content:
        raise SentBefore(f"/vendors/{segment(content[drafts.BECAME][0])}")
    return content


def _same(content: Typed) -> str:
    return next(iter(content.get("same", [])), "")


async def _known() -> Known:
    async with database.as_known(None) as at:
        return await walk.known(at)


async def _sent(request: Asking, visitor: Visitor, bar: Any, draft: str, step: str, *, begun: bool) -> Template | Redirect:
    """Keeps what was typed and goes on; what is wrong is shown again as it was typed.

    But for the first step it is kept though something is wrong, as it stands: that is told again before it is recorded, and
    on the way to another step that was asked for, then only.
    """
    if step not in STEPS:
        raise NotFoundException
    known = await _known()
    names = [field.name for field in walk.asked(step, known)]
    form = await request.form()
    words = typed(form, [*names, *(["same"] if step == "who" else [])])
    way = str(form.get("way", ""))
    chosen = way if way in STEPS else ""
    _, errors = walk.bind(step, known, words)
    if step == "who" and not errors:
        errors |= await _looks_like_another(words)
    fits = step != STEPS[0] and all(len(word) <= TOO_LONG for some in words.values() for word in some)
    kept = (fits or not errors) and await drafts.keep(draft, visitor.key, words)
    if errors and not (chosen and fits):
        return await _step(visitor, bar, draft, step, words, errors, begun=begun)
    if not kept:
        raise NotFoundException
    following = (*STEPS, "check")[STEPS.index(step) + 1]
    return see_other(f"/vendors/new/{segment(draft)}/{chosen or following}")


async def _looks_like_another(words: Typed) -> Errors:
    """Whether a look-alike is on file of which nothing has been said."""
    async with database.as_known(None) as at:
        found = await walk.alike(at, _first(words, "party.name"), _first(words, "party.website"))
        chosen = _same(words)
        if chosen not in {"", NEW}:
            if chosen not in {one.key for one in found}:
                return {"same": "Choose one of those below, or say that it is another company."}
            if await _vendor_of(at, chosen):
                return {"same": "This company is a vendor of ours already: open it below and add to it there."}
    return {"same": "There is a company like this on file: say whether it is the same."} if found and not chosen else {}


def _first(words: Typed, name: str) -> str:
    return next(iter(words.get(name, [])), "")


async def _step(visitor: Visitor, bar: Any, draft: str, step: str, words: Typed, errors: Errors, *, begun: bool) -> Template:
    if step not in STEPS:
        raise NotFoundException
    known = await _known()
    found = []
    if step == "who":
        async with database.as_known(None) as at:
            found = await walk.alike(at, _first(words, "party.name"), _first(words, "party.website"))
    if step == "where" and not words.get("transfer.exporter") and len(known.ours) == 1:
        words = words | {"transfer.exporter": [known.ours[0][0]]}
    return page(
        "vendor-new",
        422 if errors else 200,
        visitor=visitor,
        bar=bar,
        here="/vendors",
        draft=draft,
        begun=begun,
        step=step,
        steps=TITLES,
        number=STEPS.index(step) + 1,
        before=STEPS[STEPS.index(step) - 1] if step != STEPS[0] else "",
        fields=walk.asked(step, known),
        ours=bool(known.ours),
        sections=walk.SECTIONS,
        words=words,
        errors=errors,
        alike=found,
        chosen=_same(words),
        drafts=[one for one in await drafts.open_ones(visitor.key) if one.key != draft] if step == "who" else [],
    )


async def _summary(visitor: Visitor, bar: Any, draft: str, content: Typed, wrong: str = "") -> Template:
    """Everything as it was answered, before it is recorded."""
    known = await _known()
    parts: list[tuple[str, str, list[tuple[Field, str]], Errors]] = []
    values: dict[str, Any] = {}
    unsure: set[str] = set()
    for step in STEPS:
        fields = walk.asked(step, known)
        bound, errors = walk.bind(step, known, content)
        values |= bound
        unsure |= {step} if errors else set()
        parts.append((step, TITLES[step], [(one, _said(one, content.get(one.name, []))) for one in fields], errors))
    same = _same(content)
    legs: list[tuple[str, str]] = []
    if not unsure & {"who", "where"}:
        async with database.as_known(None) as at:
            legs = await walk.legs(at, values, same or NEW)
    countries = dict(forms.countries())
    return page(
        "vendor-new-check",
        422 if wrong else 200,
        visitor=visitor,
        bar=bar,
        here="/vendors",
        draft=draft,
        begun=True,
        parts=parts,
        wrong=wrong,
        same=known.parties.get(same, "") if same != NEW else "",
        ready=not unsure,
        legs=[f"{walk.REACHES[how]} {countries.get(country, country)}" for how, country in legs],
        exporter=dict(known.ours).get(values.get("transfer.exporter", ""), ""),
        importer=known.parties.get(same) or values.get("party.name", ""),
        steps=TITLES,
    )


def _said(field: Field, words: list[str]) -> str:
    """An answer in the words in which it was offered, days as pages write them; empty where there is none."""
    if field.kind == "date":
        return ", ".join(told.day_said(word.strip()) for word in words if word.strip())
    offered = dict(field.options)
    lines = [line.strip() for word in words for line in word.splitlines() if line.strip()]
    return ", ".join(dict.fromkeys(offered.get(line, line) for line in lines))


ROUTES = [begin, alike, step_page, step_sent]
