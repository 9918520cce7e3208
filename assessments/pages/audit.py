"""The auditor's room: access, clocks, sample, bundle, verification step by step, what to check oneself; nothing is edited."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any

from litestar import Request, get
from litestar.response import Stream, Template

from assessments import reports
from assessments.clockbar import Bar
from registry import access, database, journal, keys, notes, replay, sample, settings
from registry.access import Permission, Visitor
from registry.checkpoints import newest
from registry.errors import Refused
from registry.faults import Step
from registry.web import page

NEEDS = {"needs": Permission.REPORT}
A_PAGE = 100
STEPS = "<!-- steps -->"  # where in the page the steps go, one after the other


async def proof() -> dict[str, Any]:
    """What an auditor holds against the register: keys, the newest checkpoint, and how far the journal goes."""
    async with database.as_known(None) as at:
        try:
            head = await newest(at)
        except Refused:  # it was altered, and the verification says so: its page is open all the same
            head = None
        return {"stood": await keys.stood(at), "head": head, "entries": await journal.newest(at)}


@get("/audit", opt=NEEDS)
async def room(visitor: Visitor, bar: Bar) -> Template:
    populations, looked = sample.populations(), (await access.looks_of(visitor.key, 1, 0))[0]
    told: dict[str, Any] = {"names": reports.names(), "populations": populations, "looked": looked, "seed": sample.a_seed()}
    return page("audit", visitor=visitor, bar=bar, url=settings.url(), **told, **await proof())


@get("/audit/log", opt=NEEDS)
async def log(visitor: Visitor, bar: Bar, number: int = 1) -> Template:
    """What the access log holds of whoever asks: never of anybody else."""
    number = max(1, min(number, 10**6))
    count, rows = await access.looks_of(visitor.key, A_PAGE, (number - 1) * A_PAGE)
    return page("audit-log", visitor=visitor, bar=bar, rows=rows, count=count, number=number, pages=max(1, -(-count // A_PAGE)))


@get("/audit/verification", opt=NEEDS)
async def verification(
    request: Request[Visitor, Any, Any], visitor: Visitor, bar: Bar, run: str = "", kept: str = "", key: str = ""
) -> Template | Stream:
    """Tells what a verification does; with `run` does it, and the page grows by each step as it ends. Raises Busy."""
    brought = {"kept": kept.replace("\r\n", "\n").strip(), "key": key.strip()}
    async with database.as_known(None) as at:
        handed = await keys.handed_over(at, brought["key"]) if run and brought["key"] else None
    context: dict[str, Any] = {
        "visitor": visitor,
        "bar": bar,
        "run": bool(run),
        "brought": brought,
        "handed": handed,
        "marker": STEPS,
        "wrong": "",
    } | await proof()
    if run and brought["kept"] and (wrong := _no_note(brought["kept"])):
        return page("audit-verification", 422, **context | {"run": False, "wrong": wrong})
    shown = page("audit-verification", **context)
    if not run:
        return shown
    fingerprint = handed.standing if handed and handed.signed else brought["key"]
    steps = replay.replayed(f"{brought['kept']}\n" if brought["kept"] else None, fingerprint or None)
    await anext(steps)  # it has begun, or somebody else is at it: then nothing of the page has gone out yet
    engine: Any = request.app.template_engine
    whole = engine.get_template("pages/audit-verification.html").render(shown.create_template_context(request))
    fragment = engine.get_template("_verified.html")
    return Stream(_growing(whole, fragment, steps, brought=any(brought.values())), media_type="text/html; charset=utf-8")


def _no_note(kept: str) -> str:
    """Why what was pasted cannot be a checkpoint at all, whoever signed it; empty where it can."""
    try:
        notes.checkpoint(notes.opened(f"{kept}\n", [])[0])
    except Refused as error:
        return f"This is no checkpoint: {error}. Paste the whole of it, as it was taken away"
    return ""


async def _growing(whole: str, fragment: Any, steps: AsyncGenerator[Step | None], *, brought: bool) -> AsyncIterator[str]:
    """The page up to its steps, each step, what all of them come to, and the rest."""
    before, _, after = whole.partition(STEPS)
    yield before
    found: list[Step] = []
    wrong = ""
    try:
        async with aclosing(steps):
            async for step in steps:
                if step is not None:
                    found.append(step)
                    yield fragment.render(step=step)
    except Refused as error:
        wrong = str(error)
    yield fragment.render(step=None, wrong=wrong, faults=sum(len(step.faults) for step in found), brought=brought)
    yield after


ROUTES = [room, log, verification]
