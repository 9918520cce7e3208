"""What stands between two parties on a day: the rows that hold, and all that a rule can tell of them.

Remembered until the next day in the rows on which it may be another; the days in a sort are known only as finely as the
law asks, so that there are far fewer sorts than pairs of parties.
"""

from collections.abc import Iterable
from datetime import date
from typing import Any

from assessments.precedents import Precedents, Rulings
from assessments.rules import (
    AT_ODDS,
    SAFEGUARD_FACTS,
    Between,
    Circumstance,
    Clauses,
    Facts,
    Listed,
    Listing,
    SignedClauses,
    Sort,
    State,
    Traits,
)
from assessments.rules.failings import STILL_LISTED
from registry.law import FOREVER, ONE_DAY, Pack
from registry.vocabulary import ApprovedBy, ImpactStandard, Rank

TIA = ImpactStandard.TIA.value
PRIMARY = Rank.PRIMARY.value
UNSAID = ApprovedBy.EU.value  # whose approval it is where nobody says so (law.md 13, 13)


class States(dict[date, "OnDay"]):
    """The memory of one judge: for each day what stands between two parties on it."""

    def __init__(self, precedents: Precedents) -> None:
        super().__init__()
        self._precedents = precedents
        self._later: dict[Between, tuple[State, ...]] = {}
        self._said: dict[Any, Rulings] = {}

    def __missing__(self, day: date) -> "OnDay":
        first = next(iter(self.values()), None)
        found = self[day] = OnDay(day, self._precedents, first, self._later, self._said)
        return found


class OnDay(dict[Between, State]):
    """What stands between two parties on a day, found when it is first asked for; since `law` the law reads as it does then.

    What was found on the `first` day that was asked about, or on one of those asked after it, holds until its next change.
    """

    def __init__(
        self,
        day: date,
        precedents: Precedents,
        first: "OnDay | None",
        later: dict[Between, tuple[State, ...]],
        said: dict[Any, Rulings],
    ) -> None:
        super().__init__()
        self.law = precedents.pack.changed_by(day)
        self._day, self._precedents, self._first, self._later, self._said = day, precedents, first, later, said

    def __missing__(self, between: Between) -> State:
        state = self[between] = self._state(between, self._day) if self._first is None else self._beside(between, self._first)
        return state

    def _beside(self, between: Between, first: "OnDay") -> State:
        """One that was found on another day and holds on this one; else a new one."""
        day, later = self._day, self._later.get(between, ())
        for state in (first[between], *later) if between in first else later:
            if state.since <= day and (state.next_change is None or day < state.next_change):
                return state
        state = self._state(between, day)
        self._later[between] = (*later, state)
        return state

    def _state(self, between: Between, day: date) -> State:
        turns: list[date] = []
        pack = self._precedents.pack
        clauses, listings, impacts, traits = between.clauses, between.listings, between.impacts, between.traits
        signed: tuple[Any, ...] = ()
        listed: tuple[Any, ...] = ()
        assessed: tuple[Any, ...] = ()
        if clauses:
            clauses = _holding(clauses, day, turns)
            signed = tuple([_signed(one, day, pack, turns) for one in clauses])
        if listings:
            listings = _holding(listings, day, turns)
            listed = tuple([_listed(one, day, turns) for one in listings])
        if impacts:
            impacts = _holding(impacts, day, turns)
            assessed = tuple([(one.country, one.standard or TIA, one.outcome, one.measures) for one in impacts])
        if traits:
            traits = _holding(traits, day, turns)
        facts = _facts(_holding(between.circumstances, day, turns)) if between.circumstances else ()
        look = (signed, listed, assessed, traits[0].traits if traits else None, facts)
        said = self._said.get(look)
        if said is None:
            said = self._said[look] = self._precedents.rulings(self._precedents.number(_sort(*look)))
        return State(day, between, clauses, listings, said.sort, min(turns) if turns else None, said)


def _sort(signed: tuple[Any, ...], listed: tuple[Any, ...], impacts: Any, traits: Traits | None, facts: Facts) -> Sort:
    """The Sort of what looks so: the same as Structs, which are made once for all pairs of parties that look alike."""
    return Sort(tuple(SignedClauses(*one) for one in signed), tuple(Listed(*one) for one in listed), impacts, traits, facts)


def _facts(circumstances: Iterable[Circumstance]) -> Facts:
    """What is recorded of a flow, by name: of several rows about one fact the newest; those of one day may contradict."""
    since: dict[str, date] = {}
    known: dict[str, bool | int | str | None] = {}
    for one in circumstances:  # the newest first
        answer = one.answer if one.number is None else one.number
        if since.setdefault(one.fact, one.since) == one.since:
            said = known.get(one.fact)
            known[one.fact] = answer if said is None else said if answer in {None, said} else AT_ODDS
    return tuple(sorted(known.items()))


def lapsed(listing: Listing, day: date) -> bool:
    """Whether a listing carries nobody on a day that it holds: gone from the list, or due and not looked at again."""
    return listing.status not in STILL_LISTED or (listing.status == "active" and over(listing.next_due, day))


def over(due: date | None, day: date) -> bool:
    """Whether a listing's last usable day lies behind."""
    return due is not None and due < day


def _signed(one: Clauses, day: date, pack: Pack, turns: list[date]) -> tuple[Any, ...]:
    """What makes `SignedClauses` as they are on the day; to `turns` come the later days on which they count as
    concluded, changed, approved.
    """
    concluded, changed, approved, facts = one.concluded_on, one.changed_on, one.approved_on, one.answers
    if concluded is not None:
        if concluded > day:
            turns.append(concluded)
            concluded = FOREVER
        else:
            concluded = pack.concluded_by(one.instrument, concluded)
    if changed is not None:
        if changed > day:
            turns.append(changed)
            changed = None
        else:
            changed = pack.concluded_by(one.instrument, changed)
    known: Facts = tuple(zip(SAFEGUARD_FACTS, facts, strict=True)) if facts else ()
    if approved is not None:
        if approved > day:
            turns.append(approved)
        if not (facts and facts[0] is False):
            known = (("approved", approved <= day), *known[1:])
    primary, by = one.rank == PRIMARY, one.approved_by or UNSAID
    return one.instrument, one.module, concluded, changed, one.combines_eu_data, primary, by, known


def _listed(one: Listing, day: date, turns: list[date]) -> tuple[Any, ...]:
    """What makes a listing `Listed` as it is on the day; to `turns` comes the day after its last usable one."""
    due = one.next_due
    if due is not None and due >= day:
        turns.append(due + ONE_DAY)
    return one.framework, one.status, one.covers_hr, one.covers_non_hr, over(due, day)


def _holding(rows: tuple[Any, ...], day: date, turns: list[date]) -> tuple[Any, ...]:
    """Those that hold on the day, as a rule all of them; to `turns` come the later days on which one begins or ends."""
    for one in rows:
        if one.until is not None or one.since > day:
            break
    else:
        return rows
    for one in rows:
        if one.since > day:
            turns.append(one.since)
        elif one.until is not None and one.until > day:
            turns.append(one.until)
    return tuple([one for one in rows if one.holds(day)])
