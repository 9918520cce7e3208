"""The gate: what stands against letting a vendor have our data, and who decided what about it."""

import secrets
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

import asyncpg
import msgspec
from litestar import get, post
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.params import Body
from litestar.response import Redirect, Template

from assessments.assess import assess
from assessments.clockbar import Bar
from assessments.dossier import open_gate
from assessments.pages.vendors import NAME, ends_of, transfers_of, worst_of
from assessments.passing import called as called_by
from assessments.rules.gate import gate as judge_gate
from assessments.tables import Decision
from assessments.wording import gate_sentences
from registry import adopted, database, journal, law, once, register
from registry.access import Permission, Visitor
from registry.errors import Refused, Stale
from registry.law import ONE_DAY
from registry.tables import Vendor
from registry.vocabulary import RANKING, Outcome, Standing
from registry.web import page, see_other, segment

LATEST = date.fromisoformat(register.LATEST)
_DECISIONS = """select d.*, coalesce(n.name, n.key) as by, (
    select j.value from public.journal_entry e join public.journal_value j using (sequence)
    where e."table" = 'decision' and e.row = d.id and e.version = 1 and j.name = '(why)') as ground
from decision d join vendor v on v.thing = d.vendor and v.id = v.thing
left join person n on n.thing = d.decided_by where v.key = $1 order by d.since desc, d.id desc"""
NAMED = 5  # so many transfers that may not go ahead are named beside what stands against a vendor


class Decided(msgspec.Struct):
    """A decision as the form gives it; `seen` is the newest one that it showed, by key ("" where there was none)."""

    standing: str = ""
    conditions: str = ""
    last_day: str = ""
    why: str = ""
    seen: str | None = None


@get("/vendors/{key:str}/gate", opt={"needs": Permission.LOOK})
async def gate_page(visitor: Visitor, bar: Bar, key: str) -> Template:
    return await _page(visitor, bar, key)


async def _page(visitor: Visitor, bar: Bar, key: str, typed: Decided | None = None, error: Refused | None = None) -> Template:
    """The gate with its findings and decisions; `error` says why what was typed was not recorded."""
    async with database.as_known(bar.clocks.instant) as at:
        file = await open_gate(key)
        if file is None:
            raise NotFoundException
        decisions = await at.fetch(_DECISIONS, key)
        registrar = await registered_by(at, key)
        thing = await at.fetchval("select thing from vendor where key = $1 limit 1", key)
        name = await at.fetchval(
            f"select {NAME.format('v.party')} from vendor v where v.thing = $2 limit 1", bar.clocks.as_of, thing
        )
        keys = (await transfers_of(at, [thing])).get(thing, [])
        called = {key: name} | {one.measure: one.name for one in file.assured} | await called_by(at, file, bar.clocks.as_of)
        ends = await ends_of(at, keys, bar.clocks.as_of)
    legs = await assess(law.load(), bar.clocks, keys)
    verdict = judge_gate(file, law.load().on(bar.clocks.as_of, bar.clocks.known_on))
    worst = {transfer: RANKING[Outcome(said)] for transfer, said in worst_of(legs).items()}
    held = sorted((key for key, rank in worst.items() if rank < RANKING[Outcome.PERMITTED]), key=lambda key: (worst[key], key))
    legs.sort(key=lambda one: (worst[one.transfer], one.transfer, RANKING[one.path_outcome]))
    return page(
        "gate",
        409 if isinstance(error, Stale) else 422 if error else 200,
        visitor=visitor,
        bar=bar,
        key=key,
        called=name,
        legs=legs,
        ends=ends,
        judged=len(worst),
        stopped=len({one.transfer for one in legs if not one.flowing}),
        held=held,
        named=held[:NAMED],
        verdict=verdict,
        findings=list(zip(verdict.findings, gate_sentences(verdict, called), strict=True)),
        decisions=decisions,
        turned_down=_standing(decisions, bar.clocks.as_of) == Standing.REFUSED,
        own=registrar == visitor.key,
        standings=list(Standing),
        typed=typed or Decided(),
        error=error.plainly() if error else "",
        at=_asked_in(error),
    )


@post("/vendors/{key:str}/gate", opt={"needs": Permission.DECIDE})
async def decide(
    visitor: Visitor, bar: Bar, key: str, data: Annotated[Decided, Body(media_type=RequestEncodingType.URL_ENCODED)], sent: str
) -> Template | Redirect:
    """Records who decided what and why; the findings are computed anew and kept with it."""
    try:
        until = _until(data, bar.today)
        await record_decision(visitor, key, Standing(_one_of(data.standing)), data, until, bar.today, sent)
    except Refused as error:
        return await _page(visitor, bar, key, data, error)
    return see_other(f"/vendors/{segment(key)}/gate")


async def record_decision(
    visitor: Visitor, key: str, standing: Standing, data: Decided, until: date | None, today: date, sent: str = ""
) -> None:
    """Raises Refused for the person who registered the vendor, and for what lacks its conditions or reason; Stale where
    somebody else decided after the form was shown."""
    if standing is Standing.APPROVED_WITH_CONDITIONS and not data.conditions.strip():
        raise Refused("conditions: say what must hold for the approval to stand")
    if standing is Standing.APPROVED_WITH_CONDITIONS and until is None:
        raise Refused("last_day: say until when the conditions may be answered: the approval ends with that day")
    if not data.why.strip():
        raise Refused("why: say on what ground this was decided")
    async with journal.writing(visitor.key, data.why.strip()) as book:
        await once.take(book.at, sent, f"/vendors/{segment(key)}/gate")
        vendor = await journal.current(book.at, Vendor, key)
        if await registered_by(book.at, key) == visitor.key:
            raise Refused("who: the person who registered a vendor does not decide about it: ask somebody else")
        await book.at.execute("select from vendor where id = $1 for update", vendor["thing"])  # one decides after the other
        newest = await book.at.fetchval("select key from decision where vendor = $1 order by id desc limit 1", vendor["thing"])
        if data.seen is not None and data.seen != (newest or ""):
            raise Stale("somebody else decided meanwhile: read it below, and decide again if it is to be otherwise", 0)
        file = await open_gate(key)
        if file is None:
            raise NotFoundException
        verdict = judge_gate(file, law.load().on(today, today))
        if standing is Standing.APPROVED and verdict.outcome is not Outcome.PERMITTED:
            raise Refused(
                "standing: something stands against it: approve with conditions that answer it, or mend what is on file first"
            )
        person = await book.at.fetchval("select thing from person where key = $1 limit 1", visitor.key)
        await book.record(
            Decision,
            {
                "key": f"{key[:150]}-{today}-{secrets.token_hex(3)}",
                "since": today.isoformat(),
                "until": until.isoformat() if until else None,
                "vendor": vendor["thing"],
                "standing": standing.value,
                "decided_by": person,
                "conditions": data.conditions.strip() or None,
                "findings": [finding.code for finding in verdict.findings],
                "rests_on": await journal.newest(book.at),
                "law_version": (await adopted.ruling(book, law.load())).version,
            },
        )


async def registered_by(at: asyncpg.Connection, key: str) -> str | None:
    """Who recorded the vendor, from the journal."""
    who = await at.fetchval(
        """select e.who from public.journal_entry e join public.vendor v on v.id = e.row
        where e."table" = 'vendor' and e.version = 1 and v.key = $1 order by e.sequence limit 1""",
        key,
    )
    return None if who is None else str(who)


def _standing(decisions: Sequence[Any], day: date) -> str | None:
    """What the decision says that is in force on a day, of some that are the latest first; None where none is."""
    return next(
        (one["standing"] for one in decisions if one["since"] <= day and (one["until"] is None or one["until"] > day)), None
    )


def _asked_in(error: Refused | None) -> str:
    """Where the page asks for what was refused: the question of that name, or the form."""
    field = str(error).partition(":")[0]
    return field if field in Decided.__struct_fields__ else "decide"


def _one_of(standing: str) -> str:
    if standing not in set(Standing):
        raise Refused("standing: choose what was decided")
    return standing


def _until(data: Decided, today: date) -> date | None:
    """A decision holds up to and with its last day."""
    if not data.last_day:
        return None
    try:
        last = date.fromisoformat(data.last_day)
    except ValueError as error:
        raise Refused("last_day: write the day as YYYY-MM-DD") from error
    if not today <= last <= LATEST:
        raise Refused(f"last_day: {last} lies outside {today} to {LATEST}: choose a day between")
    return last + ONE_DAY


ROUTES = [gate_page, decide]
