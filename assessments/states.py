"""What stands between two parties on a day: the rows that hold, and all that a rule can tell of them.

Remembered until the next day in the rows on which it may be another; the days in a sort are known only as finely as the
law asks, so that there are far fewer sorts than pairs of parties.
"""

from datetime import date
from typing import Any

from assessments.precedents import Precedents, Rulings
from assessments.rules import (
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
from registry.law import FOREVER, ONE_DAY, Pack
from registry.vocabulary import ApprovedBy, ImpactStandard, Rank

TIA = ImpactStandard.TIA.value
PRIMARY = Rank.PRIMARY.value
UNSAID = ApprovedBy.EU.value  # whose approval it is where nobody says so (law.md 13, 13)


class States:
    """The memory of one judge: of each pair of parties the states that it was asked for."""

    def __init__(self, precedents: Precedents) -> None:
        self._precedents = precedents
        self._known: dict[int, tuple[State, ...]] = {}
        self._said: dict[Any, Rulings] = {}

    def on(self, between: Between, day: date) -> State:
        """What stands between the two on the day."""
        known = self._known.get(id(between), ())
        for state in known:
            if state.since <= day and (state.next_change is None or day < state.next_change):
                return state
        state = self._on(between, day)
        self._known[id(between)] = (*known, state)
        return state

    def _on(self, between: Between, day: date) -> State:
        turns: list[date] = []
        pack = self._precedents.pack
        clauses, listings, impacts = between.clauses, between.listings, between.impacts
        signed, listed, assessed = [], [], []
        if clauses:
            clauses = _holding(clauses, day, turns)
            for tool in clauses:
                signed.append(_signed(tool, day, pack, turns))
        if listings:
            listings = _holding(listings, day, turns)
            for listing in listings:
                listed.append(_listed(listing, day, turns))
        if impacts:
            for impact in _holding(impacts, day, turns):
                assessed.append((impact.country, impact.standard or TIA, impact.outcome, impact.measures))
        traits = _holding(between.traits, day, turns) if between.traits else ()
        facts = _facts(_holding(between.circumstances, day, turns)) if between.circumstances else ()
        look = (tuple(signed), tuple(listed), tuple(assessed), traits[0].traits if traits else None, facts)
        said = self._said.get(look)
        if said is None:
            said = self._said[look] = self._precedents.rulings(self._precedents.number(_sort(*look)))
        return State(day, between, clauses, listings, said.sort, min(turns) if turns else None, said)


def _sort(signed: tuple[Any, ...], listed: tuple[Any, ...], impacts: Any, traits: Traits | None, facts: Facts) -> Sort:
    """The Sort of what looks so: the same as Structs, which are made once for all pairs of parties that look alike."""
    return Sort(tuple(SignedClauses(*one) for one in signed), tuple(Listed(*one) for one in listed), impacts, traits, facts)


def _facts(circumstances: tuple[Circumstance, ...]) -> Facts:
    """What is recorded of a flow, by name; of several rows about one fact the newest."""
    newest = {one.fact: one.answer if one.number is None else one.number for one in reversed(circumstances)}
    return tuple(sorted(newest.items()))


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
    all_hold = True
    for one in rows:
        if one.since > day:
            turns.append(one.since)
            all_hold = False
        elif one.until is not None:
            if one.until > day:
                turns.append(one.until)
            else:
                all_hold = False
    return rows if all_hold else tuple([one for one in rows if one.holds(day)])
