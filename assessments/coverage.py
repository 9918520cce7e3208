"""A transfer's days between two days: which stood on what, and which were bare. From change days, never day by day."""

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
    for since, until, reading in judge.periods(dossier, regime, last):
        begun, ended = max(since, first), min(last, until - ONE_DAY if until else last)
        if reading is None or begun > ended:
            continue
        stretch = Stretch(begun, ended, reading.outcome, reading.leg.verdict.judged.basis)
        before = found[-1] if found else None
        if before and before.last_day + ONE_DAY == begun and _alike(before, stretch):
            found[-1] = msgspec.structs.replace(before, last_day=ended)
        else:
            found.append(stretch)
    return found


def _alike(one: Stretch, other: Stretch) -> bool:
    return (one.outcome, one.basis) == (other.outcome, other.basis)
