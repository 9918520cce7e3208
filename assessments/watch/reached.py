"""What a day brought that made a verdict turn: a change of the law, or a row whose day had come.

Each is asked the same: would the verdict read as it does now if this had not come?
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from typing import Any

import msgspec

from assessments.rules import Between, Dossier
from assessments.verdicts import Judge
from assessments.watch.published import Published
from registry.law import ONE_DAY
from registry.law.changes import changes
from registry.vocabulary import AlertKind

Said = tuple[object, ...] | None
Ask = Callable[[Sequence[Dossier], Judge], Said]  # what a transfer's verdict says, on a day and under a regime that are fixed


class Because(msgspec.Struct, frozen=True):
    """Why a verdict turned: the cause, and what is to be told of it."""

    cause: str
    kind: AlertKind
    subjects: tuple[str, ...]
    effect: date
    instrument: str | None = None


def of_the_day(dossiers: Sequence[Dossier], law: Published, day: date, before: Said, ask: Ask) -> Because:
    """The causes that a day brought: where they are several, all in one, in the order of their names."""
    judge, came = law.judge(day), changes(law.pack, day)
    now = ask(dossiers, judge)
    lawful = [one for one in came if ask(dossiers, law.without((one,), day)) != now]
    still = ask(dossiers, law.without(came, day)) if came else now
    if not lawful and still != now:
        lawful = list(came)  # each of them would have done it alone
    lawful.sort(key=lambda one: one.cause)
    reasons = {one.cause: one.citation for one in lawful}
    if still != before:
        reasons |= {
            f"day:{what}:{key}:{day}": f"{what} {key} reached" for what, key in sorted(_rows(dossiers, judge, day, ask))
        }
    if not reasons:
        reasons = _begun(dossiers, day)
    only_law = len(lawful) == len(reasons)
    return Because(
        " + ".join(reasons),
        AlertKind.VERDICT_CHANGED,
        tuple(subject for subject in reasons.values() if subject),
        min(one.effect for one in lawful) if only_law else day,
        next((one.key for one in lawful if one.key in law.pack.instruments), None),
    )


def _begun(dossiers: Sequence[Dossier], day: date) -> dict[str, str]:
    """A flow that began, with all others of that day; or what else the day brought to one transfer."""
    if any(one.route.since == day for one in dossiers):
        return {f"day:begun:{day}": ""}
    key = dossiers[0].key
    return {f"day:transfer:{key}:{day}": f"transfer {key} reached"}


def _rows(dossiers: Sequence[Dossier], judge: Judge, day: date, ask: Ask) -> set[tuple[str, str]]:
    """The listings and clauses whose day it is, each of which the verdict would read otherwise without."""
    now = ask(dossiers, judge)
    standing = [one for one in dossiers if one.route.holds(day)]
    return {row for one in standing for row, other in _unreached(one, judge, day) if ask([other], judge) != now}


def _unreached(one: Dossier, judge: Judge, day: date) -> Iterator[tuple[tuple[str, str], Dossier]]:
    """Each row of the day on the ways down, with the dossier in which its day has not come."""
    beneath = (hop.route for reading in judge.readings(one, day) for hop in judge.beneath(one, reading, day))
    for route in dict.fromkeys([one.route, *beneath]):
        for row, between in _as_before(route.between, day):
            other = msgspec.structs.replace(route, between=between)
            if route is one.route:
                yield row, msgspec.structs.replace(one, route=other)
            else:
                beside = tuple(other if hop is route else hop for hop in one.hops[route.exporter])
                yield row, msgspec.structs.replace(one, hops=one.hops | {route.exporter: beside})


def _as_before(between: Between, day: date) -> Iterator[tuple[tuple[str, str], Between]]:
    for what, field, rows in (("certification", "listings", between.listings), ("safeguard", "clauses", between.clauses)):
        for row in rows:
            if row.since == day:
                kept = tuple(one for one in rows if one is not row)
            elif (other := _not_yet(row, day)) is not row:
                kept = tuple(other if one is row else one for one in rows)
            else:
                continue
            yield (what, row.key), msgspec.structs.replace(between, **{field: kept})


def _not_yet(row: Any, day: date) -> Any:
    """A row as it would be had its day not come: not ended, not due, not concluded, not changed."""
    if row.until == day:
        return msgspec.structs.replace(row, until=None)
    if getattr(row, "next_due", None) is not None and row.next_due + ONE_DAY == day:
        return msgspec.structs.replace(row, next_due=day)
    if getattr(row, "concluded_on", None) == day:
        return msgspec.structs.replace(row, concluded_on=day + ONE_DAY)
    if getattr(row, "changed_on", None) == day:
        return msgspec.structs.replace(row, changed_on=None)
    return row
