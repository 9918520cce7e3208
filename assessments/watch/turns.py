"""When and why verdicts turned between two looks: what happened is gone through again, in its order, one step at a time.

A step is a day that came, or an act that was written. Between the verdict before a step and the one after it nothing else
has changed, so that what the step brought is what the verdict would not have changed without. A look after a week tells
what seven looks would have told.
"""

from collections.abc import Iterator, Sequence
from datetime import date

import msgspec

from assessments.readings import Reading
from assessments.rules import Dossier, earliest
from assessments.verdicts import Judge
from assessments.watch.acts import Act
from assessments.watch.published import Published
from assessments.watch.reached import Ask, Because, Said, of_the_day
from registry.vocabulary import AlertKind, Outcome

SILENT = {Outcome.PERMITTED, Outcome.NO_TRANSFER, Outcome.MEASURES_REQUIRED}  # a first sight of these raises no alert


class Seen(msgspec.Struct, frozen=True):
    """A verdict as it is recorded."""

    outcome: Outcome
    path_outcome: Outcome
    basis: str | None
    last_day: date | None
    codes: frozenset[str]

    def said(self) -> tuple[object, ...]:
        """What a person must hear about when it changes; a last day alone is recorded in silence."""
        return self.outcome, self.path_outcome, self.basis, self.codes


Verdicts = dict[str, Seen]  # by regime


class Turn(msgspec.Struct, frozen=True):
    """A verdict that became another one on a day; `because` is None where nobody needs to hear about it."""

    regime: str
    day: date
    now: Seen | None
    because: Because | None


class History(msgspec.Struct, frozen=True):
    """A transfer between two looks: its dossiers as they were known at first, and after each act that touched it."""

    key: str
    thing: int
    first: Sequence[Dossier]
    then: Sequence[tuple[Act, Sequence[Dossier]]]

    @property
    def last(self) -> Sequence[Dossier]:
        return self.then[-1][1] if self.then else self.first


def seen(dossiers: Sequence[Dossier], judge: Judge, day: date) -> Verdicts:
    """What a transfer's verdicts are on a day, by regime."""
    return {reading.regime or "": _seen(reading) for _, reading in judge.judged(dossiers, day)}


def _seen(reading: Reading) -> Seen:
    leg = reading.leg.verdict
    codes = frozenset([finding.code for finding in leg.judged.findings])
    return Seen(reading.outcome, reading.path_outcome, leg.judged.basis, leg.last_day, codes)


def next_turn(dossiers: Sequence[Dossier], judge: Judge, day: date) -> date | None:
    """The first later day on which a transfer's verdicts may be others, with what is known."""
    found: date | None = None
    for one in dossiers:
        if one.route.since > day:
            found = earliest(found, one.route.since)
        elif one.route.until is None or one.route.until > day:
            found = earliest(found, judge.next_regimes(one, day))
            for reading in judge.readings(one, day):
                found = earliest(found, judge.next_change(one, reading, day))
    return found


def replay(history: History, now: Verdicts, law: Published, since: date, today: date) -> Iterator[Turn]:
    """The turns of a transfer's verdicts after a day on which they were so, up to today."""
    dossiers, stands = history.first, since
    for act, after in [*history.then, (None, history.last)]:
        until = today if act is None else min(max(act.day, since), today)
        for day in _days(dossiers, law, stands, until):
            then = seen(dossiers, law.judge(day), day)
            yield from _turned(now, then, day, dossiers, law, None)
            now = then
        if act is not None:
            dossiers, stands = after, until
            then = seen(dossiers, law.judge(until), until)
            yield from _turned(now, then, until, dossiers, law, act)
            now = then


def by_new_law(before: Verdicts, now: Verdicts, since: date, today: date, cause: str) -> Iterator[Turn]:
    """What other files of the law alone have changed about the verdicts of the last look."""
    why = Because(cause, AlertKind.LAW_PACK_CHANGED, (f"law pack {cause.split(':')[1][:12]}",), today)
    for regime in dict.fromkeys([*before, *now]):
        was, is_ = before.get(regime), now.get(regime)
        if was != is_:
            yield Turn(regime, since, is_, why if told(was, is_) else None)


def _days(dossiers: Sequence[Dossier], law: Published, day: date, until: date) -> Iterator[date]:
    """The days after one, up to another, on which a verdict may turn."""
    while day < until:
        following = earliest(next_turn(dossiers, law.judge(day), day), law.after(day))
        if following is None or following > until:
            return
        yield (day := following)


def _turned(
    before: Verdicts, now: Verdicts, day: date, dossiers: Sequence[Dossier], law: Published, act: Act | None
) -> Iterator[Turn]:
    for regime in dict.fromkeys([*before, *now]):
        was, is_ = before.get(regime), now.get(regime)
        if was == is_:
            continue
        because = None
        if told(was, is_):
            if act is not None:
                because = Because(act.cause, AlertKind.VERDICT_CHANGED, act.said, act.effect)
            else:
                because = of_the_day(dossiers, law, day, was.said() if was else None, _asking(regime, day))
        yield Turn(regime, day, is_, because)


def _asking(regime: str, day: date) -> Ask:
    def ask(dossiers: Sequence[Dossier], judge: Judge) -> Said:
        found = seen(dossiers, judge, day).get(regime)
        return found.said() if found else None

    return ask


def told(was: Seen | None, now: Seen | None) -> bool:
    """Whether a person must hear about it: any other verdict, and the first sight of one that stops."""
    if was is None or now is None:
        return now is not None and now.path_outcome not in SILENT
    return was.said() != now.said()
