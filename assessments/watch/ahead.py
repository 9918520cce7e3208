"""What comes nearer beside the facts: signals of the law, dossiers that moved, next looks at assessments, old look-ups.

None of these changes a verdict. A signal is told where a flow rests on what it concerns, and nowhere else.
"""

from collections.abc import Mapping, Sequence
from datetime import date

import asyncpg

from assessments import impacts
from assessments.impacts import Cited, Near
from assessments.watch.causes import Causes
from assessments.wording import country_name, written
from registry import reverified
from registry.law import Pack, dossiers, signals, verified
from registry.law.signals import Warned
from registry.vocabulary import AlertKind

_IN_USE = """
select basis, count(distinct transfer), array_agg(distinct regime) from assessment where until is null group by basis"""

_CITED = """
select distinct country from impact_assessment where dossier_version is not null and draft is not true
    and since <= $1 and (until is null or until > $1)"""


async def ahead(at: asyncpg.Connection, pack: Pack, today: date, causes: Causes) -> None:
    """Everything of this module, in one look."""
    rows = await at.fetch(_IN_USE)
    rests_on = {row[0]: row[1] for row in rows if row[0] is not None}
    for one in signals.warned(signals.load(pack), today):
        _signal(one, rests_on, causes)
    _moved(await impacts.cited(at, pack, today), pack, today, causes)
    _looked_at_again(await impacts.near(at, pack, today), today, causes)
    await _unverified(at, pack, today, {*rests_on, *(regime for row in rows for regime in row[2])}, causes)


def _signal(one: Warned, rests_on: Mapping[str, int], causes: Causes) -> None:
    """One alert for each signal and step, where flows rest on an instrument that it concerns."""
    used = {key: rests_on[key] for key in one.signal.instruments if rests_on.get(key)}
    if not used:
        return
    count, step = sum(used.values()), one.step
    flows = "1 flow rests on it" if count == 1 else f"{count} flows rest on it"
    day = f"; of {step.expected:%B %Y} the first day is taken" if step.by_month and step.expected else ""
    subject = f"{one.signal.title}: {step.what} ({step.citation}){day}; {flows}"
    kind = AlertKind.SIGNAL_AHEAD if one.ahead else AlertKind.SIGNAL_KNOWN
    causes.add(one.cause, kind, [subject], one.day, instrument=next(iter(used)))


def _moved(found: Sequence[Cited], pack: Pack, today: date, causes: Causes) -> None:
    """One alert for each dossier that moved and version that is cited, with the paragraphs and the first assessments."""
    law = pack.on(today, today)
    for one in found:
        newest = max(paragraph.known for paragraph in one.moved)
        was = dossiers.cited(one.version)
        since = f" since {written(was[1])}" if was else ""
        told = f"{country_name(one.country, law)}{since}: {dossiers.called(one.moved)}"
        more = one.count - len(one.keys)
        others = [f"and {more} assessments more"] if more else []
        cause = f"dossier:{one.version}:{newest}".replace(" ", ":")
        assessments = [f"impact_assessment {key} due" for key in one.keys]
        causes.add(cause, AlertKind.DOSSIER_MOVED, [told, *assessments, *others], newest)


def _looked_at_again(found: Sequence[Near], today: date, causes: Causes) -> None:
    """Thirty days ahead of the day of the next look, and once when it is past."""
    for one in found:
        overdue = one.next_review < today
        cause = f"day:impact_assessment:{one.key}:{one.next_review}" + ("" if overdue else ":-30")
        kind = AlertKind.IMPACT_REVIEW_OVERDUE if overdue else AlertKind.IMPACT_REVIEW_DUE
        causes.add(cause, kind, [f"impact_assessment {one.key} due"], one.next_review, vendor=one.vendor)


async def _unverified(at: asyncpg.Connection, pack: Pack, today: date, used: set[str], causes: Causes) -> None:
    """Once a month, what our flows rest on and nobody has looked up for too long, the weakest grade first."""
    regimes = {one.key for one in pack.instruments.values() if one.kind in {"regime", "duty"} and set(one.regimes) & used}
    cited = [code for (code,) in await at.fetch(_CITED, today)]
    countries = {verified.dossier_of(code): country_name(code, pack.on(today, today)) for code in cited}
    used = used | regimes | countries.keys()
    concerning = {one.key: one.title for one in signals.load(pack) if set(one.instruments) & used}
    used |= concerning.keys()
    found = [one for one in verified.overdue(pack, today, await reverified.recorded(at, today)) if one.of in used]
    if found:
        titles = concerning | countries | {one.key: one.title for one in pack.instruments.values()}
        names = [
            f"{titles.get(one.of, one.of)}, {one.citation} ({one.grade}, looked up {written(one.verified_on)})" for one in found
        ]
        causes.add(f"law-unverified:{today:%Y-%m}", AlertKind.LAW_UNVERIFIED, names, today)
