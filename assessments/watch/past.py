"""A correction, or a fact recorded late, that makes a day gone by read otherwise than it was known to."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

from assessments.rules import Dossier
from assessments.verdicts import Judge
from assessments.watch.acts import Met, is_late
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
        day = _first_other(before, after, judge, _days(late, last, judge)) if late and before else None
        if day is not None:
            key = causes.add(act.cause, AlertKind.PAST_CHANGED, act.said, day)
            if causes.rows[key]["kind"] in {AlertKind.VERDICT_CHANGED, AlertKind.PAST_CHANGED}:
                causes.rows[key] |= {"kind": AlertKind.PAST_CHANGED, "effect": min(day, causes.rows[key]["effect"])}
            else:  # what it did besides has its own alert
                causes.add(f"{act.cause}:{AlertKind.PAST_CHANGED}", AlertKind.PAST_CHANGED, act.said, day)
        before = after


def _first_other(before: Sequence[Dossier], after: Sequence[Dossier], judge: Judge, days: Iterable[date]) -> date | None:
    """The first of the days on which a verdict that there was is another one now."""
    for day in days:
        was, now = seen(before, judge, day), seen(after, judge, day)
        if any(regime in now and now[regime].said()[:3] != one.said()[:3] for regime, one in was.items()):
            return day
    return None


def _days(late: Sequence[Met], last: date, judge: Judge) -> list[date]:
    """The days up to the last on which it may show: those that the entries name, and those on which the law changed since."""
    days = {last} | {day for entry in late for day in _named(entry) if day <= last}
    return sorted(days | {day for day in judge.pack.change_days if min(days) <= day <= last})


def _named(entry: Met) -> Iterable[date]:
    for image in (entry.image, entry.before or {}):
        for column in ("since", "until", "concluded_on", "changed_on", "next_due"):
            if image.get(column) is not None:
                yield date.fromisoformat(image[column]) + (ONE_DAY if column == "next_due" else timedelta())
