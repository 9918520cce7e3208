"""A transfer's days between two days: which stood on what, and which were bare. From change days, never day by day."""

from collections.abc import Sequence
from datetime import date

import msgspec

from assessments.assess import Clocks
from assessments.dossier import open_dossiers
from assessments.rules import Dossier
from assessments.verdicts import Judge
from registry.database import as_known
from registry.errors import Misused
from registry.law import ONE_DAY, Pack
from registry.vocabulary import Outcome

COVERED = {Outcome.PERMITTED, Outcome.NO_TRANSFER}


class Stretch(msgspec.Struct, frozen=True):
    """Days on which a transfer reads alike, both ends counting. `outcome` and `basis` (an instrument's key) are the leg's own,
    `path_outcome` that of the chain beneath it included, by which days are counted (Art. 44); not `flowing`: stopped."""

    first_day: date
    last_day: date
    outcome: Outcome
    path_outcome: Outcome
    basis: str | None
    flowing: bool = True

    @property
    def days(self) -> int:
        return (self.last_day - self.first_day).days + 1

    @property
    def covered(self) -> bool:
        return self.path_outcome in COVERED

    @property
    def bare(self) -> bool:
        """The flow stood, not stopped, and nothing on file carried it, or nothing a hop beneath it."""
        return self.path_outcome is Outcome.NOT_PERMITTED and self.flowing

    @property
    def in_doubt(self) -> bool:
        """The flow stood, not stopped, and what is not on file decides whether anything carried it."""
        return self.path_outcome is Outcome.UNDETERMINED and self.flowing

    @property
    def stopped(self) -> bool:
        """The flow was stopped, and could not have gone ahead, or not without measures or an answer."""
        return not self.flowing and not self.covered


class Span(msgspec.Struct, frozen=True):
    """A stretch as it is printed: with its number of days, and whether they were covered, bare, in doubt or stopped."""

    first_day: date
    last_day: date
    days: int
    outcome: Outcome
    path_outcome: Outcome
    basis: str | None
    flowing: bool
    covered: bool
    bare: bool
    in_doubt: bool
    stopped: bool


class Coverage(msgspec.Struct, frozen=True):
    """A transfer's days between two days under one regime. Neither covered, bare, in doubt nor stopped are those on which
    measures were required."""

    transfer: str
    regime: str | None
    first_day: date
    last_day: date
    known_on: str
    covered_days: int
    bare_days: int
    in_doubt_days: int
    stopped_days: int
    stretches: tuple[Span, ...]
    law_version: str


async def coverage(pack: Pack, clocks: Clocks, key: str, first: date | None, last: date | None) -> list[Coverage]:
    """The days of a transfer between two days, one object a regime: from its first day with None, up to the day asked about.

    Raises Misused for a transfer that is not recorded by then, or days in the wrong order.
    """
    async with as_known(clocks.instant):
        dossiers = await open_dossiers([key])
    if not dossiers:
        raise Misused(f"no transfer is called {key!r}: `onward assess` lists them")
    begun, ended = first or min(one.route.since for one in dossiers), last or clocks.as_of
    if ended < begun:
        raise Misused(f"--to {ended} lies before --from {begun}: give them in their order")
    judge = Judge(pack, clocks.known_on)
    return [
        Coverage(
            key,
            regime,
            begun,
            ended,
            clocks.shown,
            sum(one.days for one in found if one.covered),
            sum(one.days for one in found if one.bare),
            sum(one.days for one in found if one.in_doubt),
            sum(one.days for one in found if one.stopped),
            tuple(_span(one) for one in found),
            pack.version,
        )
        for regime, found in lines(dossiers, judge, begun, ended).items()
    ]


def behind(found: Sequence[Stretch], day: date) -> list[Stretch]:
    """What of some stretches lies behind a day, that day counting."""
    return [msgspec.structs.replace(one, last_day=min(one.last_day, day)) for one in found if one.first_day <= day]


def summed(found: Sequence[Stretch | Span]) -> str:
    """How many days of some stretches were covered, bare and in doubt; and, if any were, on how many measures were required
    or the flow was stopped."""
    covered = sum(one.days for one in found if one.covered)
    bare = sum(one.days for one in found if one.bare)
    doubt = sum(one.days for one in found if one.in_doubt)
    measures = sum(one.days for one in found if one.path_outcome is Outcome.MEASURES_REQUIRED and one.flowing)
    beside = f", {measures} with measures required" if measures else ""
    stopped = sum(one.days for one in found if one.stopped)
    beside += f", {stopped} stopped" if stopped else ""
    return f"{_days(covered)} covered, {_days(bare)} bare, {doubt} in doubt{beside}"


def _days(number: int) -> str:
    return "1 day" if number == 1 else f"{number} days"


def lines(dossiers: Sequence[Dossier], judge: Judge, first: date, last: date) -> dict[str | None, list[Stretch]]:
    """The stretches of one transfer, of all its periods, under every regime that governs it between the two days."""
    found: dict[str | None, list[Stretch]] = {}
    for dossier in dossiers:
        for regime in _regimes(dossier, judge, first, last):
            found.setdefault(regime, []).extend(stretches(dossier, judge, regime, first, last))
    return {regime: line for regime, line in found.items() if line}


def _regimes(dossier: Dossier, judge: Judge, first: date, last: date) -> list[str | None]:
    """Each regime that governs the exporter on some day between the two."""
    found: dict[str | None, None] = {}
    day: date | None = max(first, dossier.route.since)
    while day is not None and day <= last:
        found |= dict.fromkeys(judge.regimes(dossier, day))
        day = judge.next_regimes(dossier, day)
    return list(found)


def _span(one: Stretch) -> Span:
    how = (one.covered, one.bare, one.in_doubt, one.stopped)
    return Span(one.first_day, one.last_day, one.days, one.outcome, one.path_outcome, one.basis, one.flowing, *how)


def stretches(dossier: Dossier, judge: Judge, regime: str | None, first: date, last: date) -> list[Stretch]:
    """The stretches of one transfer under one regime, joined where outcomes and basis stay the same."""
    found: list[Stretch] = []
    for since, until, reading in judge.periods(dossier, regime, last):
        begun, ended = max(since, first), min(last, until - ONE_DAY if until else last)
        if reading is None or begun > ended:
            continue
        basis = reading.leg.verdict.judged.basis
        stretch = Stretch(begun, ended, reading.outcome, reading.path_outcome, basis, reading.flowing)
        before = found[-1] if found else None
        if before and before.last_day + ONE_DAY == begun and _alike(before, stretch):
            found[-1] = msgspec.structs.replace(before, last_day=ended)
        else:
            found.append(stretch)
    return found


def _alike(one: Stretch, other: Stretch) -> bool:
    first, second = ((a.outcome, a.path_outcome, a.basis, a.flowing) for a in (one, other))
    return first == second
