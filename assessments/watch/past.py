"""A correction, or a fact recorded late, that makes a day gone by read otherwise than it was known to."""

from collections.abc import Iterable, Sequence
from datetime import date

from assessments.rules import Dossier
from assessments.verdicts import Judge
from assessments.watch.acts import is_late
from assessments.watch.causes import Causes
from assessments.watch.turns import History, seen
from registry.law import ONE_DAY
from registry.vocabulary import AlertKind


def past_told(history: History, judge: Judge, today: date, causes: Causes) -> None:
    """Act by act: which of them made a day before it read otherwise; before and after are read by the law of today."""
    before = history.first
    for act, after in history.then:
        last = min(act.day, today) - ONE_DAY
        late = [entry for entry in act.entries if is_late(entry, last + ONE_DAY)]
        day = _first_other(before, after, judge, last) if late and before else None
        if day is not None:
            key = causes.add(act.cause, AlertKind.PAST_CHANGED, act.said, day)
            if causes.rows[key]["kind"] in {AlertKind.VERDICT_CHANGED, AlertKind.PAST_CHANGED}:
                causes.rows[key] |= {"kind": AlertKind.PAST_CHANGED, "effect": min(day, causes.rows[key]["effect"])}
            else:  # what it did besides has its own alert
                causes.add(f"{act.cause}:{AlertKind.PAST_CHANGED}", AlertKind.PAST_CHANGED, act.said, day)
        before = after


def _first_other(before: Sequence[Dossier], after: Sequence[Dossier], judge: Judge, last: date) -> date | None:
    """The first day up to the last on which a verdict that there was is another one now."""
    for day in sorted(_turning([*before, *after], judge, last)):
        was, now = seen(before, judge, day), seen(after, judge, day)
        if any(regime in now and now[regime].said()[:3] != one.said()[:3] for regime, one in was.items()):
            return day
    return None


def _turning(dossiers: Iterable[Dossier], judge: Judge, last: date) -> set[date]:
    """The days up to the last on which one of the dossiers begins to read otherwise, its first day among them."""
    days: set[date] = set()
    for one in dossiers:
        day: date | None = one.route.since
        while day is not None and day <= last:
            for regime in judge.regimes(one, day):
                days |= {since for since, _, _ in judge.periods(one, regime, last)}
            days.add(day)
            day = judge.next_regimes(one, day)
    return {day for day in days if day <= last}
