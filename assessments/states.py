"""What stands between two parties on a day: the rows that hold, and all that a rule can tell of them.

Remembered until the next day in the rows on which it may be another; the days in a sort are known only as finely as the
law asks, so that there are far fewer sorts than pairs of parties.
"""

from datetime import date
from typing import Any

from assessments.precedents import Precedents
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
)
from registry.law import FOREVER, ONE_DAY, Pack
from registry.vocabulary import ApprovedBy, ImpactStandard

TIA = ImpactStandard.TIA.value
UNSAID = ApprovedBy.EU.value  # whose approval it is where nobody says so (law.md 13, 13)


class States:
    """The memory of one judge: of each pair of parties the states that it was asked for."""

    def __init__(self, precedents: Precedents) -> None:
        self._precedents = precedents
        self._known: dict[int, list[State]] = {}

    def on(self, between: Between, day: date) -> State:
        """What stands between the two on the day."""
        known = self._known.get(id(between))
        if known is None:
            known = self._known[id(between)] = []
        for state in known:
            if state.since <= day and (state.next_change is None or day < state.next_change):
                return state
        state = self._on(between, day)
        known.append(state)
        return state

    def _on(self, between: Between, day: date) -> State:
        turns: list[date] = []
        clauses, listings = _holding(between.clauses, day, turns), _holding(between.listings, day, turns)
        impacts, traits = _holding(between.impacts, day, turns), _holding(between.traits, day, turns)
        pack = self._precedents.pack
        sort = Sort(
            tuple([_signed(one, day, pack, turns) for one in clauses]) if clauses else (),
            tuple([_listed(one, day, turns) for one in listings]) if listings else (),
            tuple([(one.country, one.standard or TIA, one.outcome, one.measures) for one in impacts]) if impacts else (),
            traits[0].traits if traits else None,
            _facts(_holding(between.circumstances, day, turns)) if between.circumstances else (),
        )
        return State(day, between, clauses, listings, self._precedents.number(sort), min(turns) if turns else None)


def _facts(circumstances: tuple[Circumstance, ...]) -> Facts:
    """What is recorded of a flow, by name; of several rows about one fact the newest."""
    newest = {one.fact: one.answer if one.number is None else one.number for one in reversed(circumstances)}
    return tuple(sorted(newest.items()))


def over(due: date | None, day: date) -> bool:
    """Whether a listing's last usable day lies behind."""
    return due is not None and due < day


def _signed(one: Clauses, day: date, pack: Pack, turns: list[date]) -> SignedClauses:
    """Clauses as they are on the day; to `turns` come the later days on which they count as concluded, changed, approved."""
    concluded, changed, approved, facts = one.concluded_on, one.changed_on, one.approved_on, one.answers
    turns += [later for later in (concluded, changed, approved) if later is not None and later > day]
    if concluded is not None:
        concluded = FOREVER if concluded > day else pack.concluded_by(one.instrument, concluded)
    if changed is not None:
        changed = pack.concluded_by(one.instrument, changed) if changed <= day else None
    known = tuple(zip(SAFEGUARD_FACTS, facts, strict=True)) if facts else ()
    if approved is not None and not (facts and facts[0] is False):
        known = (("approved", approved <= day), *known[1:])
    return SignedClauses(
        one.instrument,
        one.module,
        concluded,
        changed,
        one.combines_eu_data,
        one.rank == "primary",
        one.approved_by or UNSAID,
        known,
    )


def _listed(one: Listing, day: date, turns: list[date]) -> Listed:
    """A listing as it is on the day; to `turns` comes the day after its last usable one."""
    if one.next_due is not None and one.next_due >= day:
        turns.append(one.next_due + ONE_DAY)
    return Listed(one.framework, one.status, one.covers_hr, one.covers_non_hr, over(one.next_due, day))


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
