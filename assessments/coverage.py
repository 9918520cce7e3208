"""A transfer's days between two days: which stood on what, and which were bare. From change days, never day by day."""

from collections.abc import Iterator
from datetime import date

import msgspec

from assessments.rules import Dossier
from assessments.verdicts import Judge
from registry.law import ONE_DAY
from registry.vocabulary import Outcome

COVERED = {Outcome.PERMITTED, Outcome.NO_TRANSFER}


class Stretch(msgspec.Struct, frozen=True):
    """Days on which a transfer reads alike, both ends counting. `basis` is the instrument's key."""

    first_day: date
    last_day: date
    outcome: Outcome
    basis: str | None

    @property
    def days(self) -> int:
        return (self.last_day - self.first_day).days + 1

    @property
    def covered(self) -> bool:
        return self.outcome in COVERED


def stretches(dossier: Dossier, judge: Judge, regime: str | None, first: date, last: date) -> list[Stretch]:
    """The stretches of one transfer under one regime, joined where outcome and basis stay the same."""
    found: list[Stretch] = []
    for stretch in _cut(dossier, judge, regime, max(first, dossier.route.since), last):
        before = found[-1] if found else None
        if before and before.last_day + ONE_DAY == stretch.first_day and _alike(before, stretch):
            found[-1] = msgspec.structs.replace(before, last_day=stretch.last_day)
        else:
            found.append(stretch)
    return found


def _cut(dossier: Dossier, judge: Judge, regime: str | None, day: date, last: date) -> Iterator[Stretch]:
    while day <= last:
        reading = judge.read(dossier, regime, day)
        if reading is None:
            following = min((turn for turn in _turns(dossier, judge, day) if turn > day), default=None)
            if following is None:
                return
            day = following
            continue
        turn = judge.next_change(dossier, reading, day)
        end = last if turn is None else min(last, turn - ONE_DAY)
        yield Stretch(day, end, reading.outcome, reading.leg.verdict.judged.basis)
        day = end + ONE_DAY


def _turns(dossier: Dossier, judge: Judge, day: date) -> list[date]:
    """The days on which a regime that does not govern the transfer may begin to."""
    edges = [edge for scope in dossier.scopes for edge in (scope.since, scope.until) if edge]
    return [*edges, dossier.route.since, *judge.pack.changes_after(day)]


def _alike(one: Stretch, other: Stretch) -> bool:
    return (one.outcome, one.basis) == (other.outcome, other.basis)
