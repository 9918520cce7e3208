"""Judging over time: what a dossier's verdict is on a day, and when it will read otherwise.

One function, five callers: page, watch, report, what-if and the past all ask `Judge.read`. A verdict depends on a small
signature, in which days are known only as finely as the law asks; the judge numbers the signatures it has seen and
remembers what became of them, so that judging a whole register costs little more than reading it.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import date
from typing import Any

import msgspec

from assessments.precedents import precedents
from assessments.rules import (
    Between,
    Clauses,
    Dossier,
    Leg,
    Listed,
    Listing,
    Part,
    Period,
    Route,
    Scope,
    SignedClauses,
    Sort,
    State,
    Verdict,
    day_before,
    earliest,
)
from assessments.rules.onward import Hop, beneath, weakest
from registry.law import FOREVER, ONE_DAY, Law, Pack
from registry.vocabulary import RANKING, Outcome

IMPORTER_ROLES = {
    "processor": "processor",
    "sub_processor": "processor",
    "controller": "controller",
    "joint_controller": "controller",
    "recipient": "controller",
    None: None,
}
NAME_DUE = {"CERT_EXPIRED", "RECERT_UNDER_REVIEW"}  # findings whose sentence says {due}, and those that say {concluded}
NAME_CONCLUDED = {"CLAUSES", "SCC_REPEALED"}
NAME_FACT = {"OUT_OF_SCOPE", "MODULE_MISMATCH", "CONDITION_MISSING"}


class Chain(msgspec.Struct, gc=False):
    """The hops beneath a leg on a day as far as they decide, and the next day on which they decide otherwise, by outcome."""

    within: dict[int, tuple[Route, ...]]
    hops: tuple[Hop, ...]
    weakest: Hop | None
    turns: dict[Outcome, date | None]

    def deciding(self, leg: Hop) -> Hop | None:
        """The hop that is weaker than the leg; None where the leg decides."""
        lowest = self.weakest
        return lowest if lowest is not None and _rank(lowest) < _rank(leg) else None


class Reading(msgspec.Struct, frozen=True, gc=False):
    """A dossier under one regime on one day: the leg, and the hop that decides, the leg itself or one beneath it.

    `chain` is what may decide in the place of the leg; None where nothing is beneath it, or nothing can be weaker.
    """

    regime: str | None
    leg: Hop
    weakest: Hop
    flowing: bool
    chain: Chain | None

    @property
    def outcome(self) -> Outcome:
        return self.leg.verdict.judged.outcome

    @property
    def path_outcome(self) -> Outcome:
        return self.weakest.verdict.judged.outcome

    def path(self) -> tuple[Hop, ...]:
        """From the leg down to the hop that decides."""
        return (self.leg,) if self.weakest is self.leg else (self.leg, *self.weakest.path())


class Footing(msgspec.Struct, frozen=True, gc=False):
    """In what light a leg is judged under each regime on a day, and the next day on which that may be another."""

    parts: tuple[Part, ...]
    scopes: tuple[Scope, ...]
    lights: dict[str | None, int]
    turn: date | None


class Judge:
    """One reading of the law, as known on a day, and the memory of what it has judged in a register."""

    def __init__(self, pack: Pack, known_on: date) -> None:
        self.pack = pack
        self.precedents = precedents(pack, known_on)
        self._states: dict[int, list[State]] = {}
        self._footings: dict[tuple[int, int, date], Footing] = {}
        self._chains: dict[Any, Chain] = {}

    def law(self, day: date) -> Law:
        return self.precedents.law(day)

    def readings(self, dossier: Dossier, day: date) -> Iterator[Reading]:
        """The verdicts on a day, one for each regime that the exporter is under; none where the transfer does not stand."""
        if dossier.route.holds(day):
            for regime, light in self._footing(dossier, day).lights.items():
                yield self._read(dossier, regime, light, day)

    def regimes(self, dossier: Dossier, day: date) -> dict[str | None, str]:
        """The regimes the exporter is under on the day, each with the territory it follows from.

        {None: territory} where the law pack has none for its scopes, {None: ""} where it has no scope on the day.
        """
        return self._scoped(dossier.scopes, day)[0]

    def next_regimes(self, dossier: Dossier, day: date) -> date | None:
        """The first later day on which the exporter may be under other regimes, with what is known."""
        return self._scoped(dossier.scopes, day)[1]

    def read(self, dossier: Dossier, regime: str | None, day: date) -> Reading | None:
        """The verdict on a day; None where the transfer does not stand then, or the regime does not govern it."""
        light = self._footing(dossier, day).lights.get(regime) if dossier.route.holds(day) else None
        return None if light is None else self._read(dossier, regime, light, day)

    def read_under(
        self, dossier: Dossier, regime: str | None, territory: str, day: date, relied_on: str | None = None
    ) -> Reading:
        """The verdict on a day under a regime, whether or not the exporter's scopes bring it under that one."""
        return self._read(dossier, regime, self._light(dossier.parts, regime, territory, relied_on, day), day)

    def _read(self, dossier: Dossier, regime: str | None, light: int, day: date) -> Reading:
        route = dossier.route
        leg = Hop(route, light, self.verdict(route, light, day))
        chain = self._chain(dossier, leg, day) if route.importer in dossier.hops and _rank(leg) > 0 else None
        deciding = chain.deciding(leg) if chain else None
        flowing = not dossier.suspensions or not any(stop.holds(day) for stop in dossier.suspensions)
        return Reading(regime, leg, deciding or leg, flowing, chain)

    def next_change(self, dossier: Dossier, reading: Reading, day: date) -> date | None:
        """The first later day on which this reading would be another one, with what is known."""
        now, at = reading, day
        while True:
            turn, exact = self._next_candidate(dossier, now, at)
            if turn is None or exact:
                return turn
            then = self.read(dossier, reading.regime, turn)
            if then is None or not same(reading, then):
                return turn
            now, at = then, turn

    def periods(self, dossier: Dossier, regime: str | None, last: date) -> Iterator[tuple[date, date | None, Reading | None]]:
        """From the first day of the dossier's route to a last one: since, until, and the reading, None where none is."""
        day, end = dossier.route.since, dossier.route.until
        while day <= last and (end is None or day < end):
            reading = self.read(dossier, regime, day)
            turn = self.next_change(dossier, reading, day) if reading else earliest(self._scoped(dossier.scopes, day)[1], end)
            yield day, turn, reading
            if turn is None:
                return
            day = turn

    def beneath(self, dossier: Dossier, reading: Reading, day: date) -> tuple[Hop, ...]:
        """Every hop that follows from the leg on the day, the nearest first."""
        return tuple(beneath(reading.leg, self._carries, dossier.hops, day, self._judged_on(day)))

    def verdict(self, route: Route, light: int, day: date) -> Verdict:
        """A route judged in a certain light: what is on file between the two parties, on the day."""
        state = self._state(route.between, day)
        judged, law_turn = self.precedents.ruled(state.sort, light, route.country, route.automated, day)
        last = judged.last_day
        row: Clauses | Listing | None = None
        if judged.listing is not None:
            row = listing = state.listings[judged.listing]
            if listing.status != "active_recert_review" or not _over(listing.next_due, day):
                last = earliest(last, listing.next_due)
        elif judged.clauses is not None:
            row = state.clauses[judged.clauses]
        if row is not None:
            last = earliest(last, day_before(row.until))
        if last is not None and last != judged.last_day:  # the row ends, not the law: another may carry the same basis on
            then = self.verdict(route, light, last + ONE_DAY)
            if then.judged.basis == judged.basis and then.row is not row:
                last = then.last_day
        return Verdict(judged, last, state, law_turn, row)

    def _state(self, between: Between, day: date) -> State:
        """What stands between two parties on a day, remembered until it changes."""
        states = self._states.get(id(between))
        if states is None:
            states = self._states[id(between)] = []
        for state in states:
            if state.since <= day and (state.next_change is None or day < state.next_change):
                return state
        clauses = _standing(between.clauses, day)
        listings = _standing(between.listings, day)
        traits = _standing(between.traits, day)
        sort = Sort(
            tuple([_signed(one, day, self.pack) for one in clauses]) if clauses else (),
            tuple([_listed(one, day) for one in listings]) if listings else (),
            tuple([(one.country, one.outcome, one.measures) for one in _standing(between.impacts, day)]),
            traits[0].traits if traits else None,
        )
        state = State(day, between, clauses, listings, self.precedents.number(sort), _next_of(_own_days(between), day))
        states.append(state)
        return state

    def _footing(self, dossier: Dossier, day: date) -> Footing:
        parts, scopes = dossier.parts, dossier.scopes
        key = (id(parts), id(scopes), day)
        found = self._footings.get(key)
        if found is None:
            regimes, turn = self._scoped(scopes, day)
            lights = {regime: self._light(parts, regime, territory, None, day) for regime, territory in regimes.items()}
            found = self._footings[key] = Footing(parts, scopes, lights, earliest(turn, _next_of(_edges(parts), day)))
        return found

    def _light(self, parts: tuple[Part, ...], regime: str | None, territory: str, relied_on: str | None, day: date) -> int:
        part = next((part for part in parts if part.holds(day)), None)
        leg = Leg(
            regime=regime or "",
            territory=territory,
            country="",
            exporter_role=part.exporter_role if part else "controller",
            importer_role=IMPORTER_ROLES[part.role] if part else None,
            data=(part.data if part else None) or "non_hr",
            purpose=part.purpose if part else None,
            relied_on=relied_on,
        )
        return self.precedents.number(leg)

    def _turn(self, route: Route, light: int, verdict: Verdict) -> date | None:
        """The next day on which the verdict on a route reads otherwise."""
        then = verdict
        while (own := then.state.next_change) is not None and (then.law_turn is None or own <= then.law_turn):
            then = self.verdict(route, light, own)
            if not same_verdict(verdict, then):
                return own
        return then.law_turn

    def _next_candidate(self, dossier: Dossier, reading: Reading, day: date) -> tuple[date | None, bool]:
        """The first later day on which anything the reading rests on may change, and whether it surely does."""
        route = dossier.route
        sure = earliest(self._turn(route, reading.leg.light, reading.leg.verdict), route.until)
        if reading.chain is not None:
            sure = earliest(sure, self._chain_turn(dossier, reading.leg, reading.chain, day))
        may = self._footing(dossier, day).turn
        if dossier.suspensions:
            may = earliest(may, _next_of(_edges(dossier.suspensions), day))
        if may is None or (sure is not None and sure <= may):
            return sure, True
        return may, False

    def _scoped(self, scopes: tuple[Scope, ...], day: date) -> tuple[dict[str | None, str], date | None]:
        """The regimes that the scopes bring on a day, and the next day on which those may be others."""
        regimes: dict[str | None, str] = {}
        without = ""
        for scope in scopes:
            if scope.holds(day):
                without = scope.territory
                for regime in self.precedents.regimes(scope.basis, scope.territory, day)[0]:
                    regimes.setdefault(regime, scope.territory)
        turns = [self.precedents.regimes(scope.basis, scope.territory, day)[1] for scope in scopes]
        return regimes or {None: without}, earliest(_next_of(_edges(scopes), day), *turns)

    def _chain(self, dossier: Dossier, leg: Hop, day: date) -> Chain:
        """The chain beneath a leg, remembered for all legs that look the same from below."""
        engagement = leg.route.engagement if dossier.limited else None
        light = self.precedents.light_beneath(leg.light, None, None)  # all that the chain can tell of the leg's own
        key = (id(dossier.hops), leg.route.importer, engagement, light, self._carries(leg.verdict), day)
        found = self._chains.get(key)
        if found is None:
            hops = tuple(_down_to_the_worst(beneath(leg, self._carries, dossier.hops, day, self._judged_on(day))))
            found = self._chains[key] = Chain(dossier.hops, hops, weakest(hops) if hops else None, {})
        return found

    def _judged_on(self, day: date) -> Callable[[Route, int, str | None], tuple[int, Verdict]]:
        """How a hop is judged on a day, under one that was judged in a certain light and lends it a framework."""

        def judged(route: Route, above: int, framework: str | None) -> tuple[int, Verdict]:
            light = self.precedents.light_beneath(above, framework, route.bound_alike)
            return light, self.verdict(route, light, day)

        return judged

    def _carries(self, verdict: Verdict) -> str | None:
        """The framework a hop stands on, where it allows onward transfers to those who are bound alike."""
        basis = verdict.judged.basis
        return basis if basis in self.precedents.onward_by_contract else None

    def _chain_turn(self, dossier: Dossier, leg: Hop, chain: Chain, day: date) -> date | None:
        """The next day on which, the leg as it is, the way down from it reads otherwise."""
        outcome = leg.verdict.judged.outcome
        if outcome not in chain.turns:
            turn = self._next_beneath(chain, leg, day)
            while turn is not None:
                then = self._chain(dossier, leg, turn)
                if _way_down(leg, then) != _way_down(leg, chain):
                    break
                turn = self._next_beneath(then, leg, turn)
            chain.turns[outcome] = turn
        return chain.turns[outcome]

    def _next_beneath(self, chain: Chain, leg: Hop, day: date) -> date | None:
        """The next day on which a hop beneath may read otherwise, begin or end."""
        days = [self._turn(hop.route, hop.light, hop.verdict) for hop in chain.hops]
        for above in (leg, *chain.hops):
            for route in chain.within.get(above.route.importer, ()):
                days += (route.since, route.until)
        return _next_of(days, day)


def _down_to_the_worst(hops: Iterable[Hop]) -> Iterator[Hop]:
    """The hops up to the first that is not permitted: what comes after it decides nothing."""
    for hop in hops:
        yield hop
        if _rank(hop) == 0:
            return


def _rank(hop: Hop) -> int:
    return RANKING[hop.verdict.judged.outcome]


def same(one: Reading, other: Reading) -> bool:
    """Whether two readings would read the same to a person: of hops beneath the leg their outcome, basis, last day."""
    if one.flowing != other.flowing or not same_verdict(one.leg.verdict, other.leg.verdict):
        return False
    return _way_down(one.leg, one.chain) == _way_down(other.leg, other.chain)


def _way_down(leg: Hop, chain: Chain | None) -> list[tuple[object, ...]]:
    """What a person reads of the hops beneath a leg, down to the one that decides."""
    deciding = chain.deciding(leg) if chain else None
    return [_step(hop) for hop in deciding.path()] if deciding else []


def _step(hop: Hop) -> tuple[object, ...]:
    route, judged = hop.route, hop.verdict.judged
    return route.exporter, route.importer, route.country, judged.outcome, judged.basis, hop.verdict.last_day


def same_verdict(one: Verdict, other: Verdict) -> bool:
    """Same outcome, same basis, same last day, and the same sentences."""
    first, second = one.judged, other.judged
    return (
        one.last_day == other.last_day
        and first.outcome == second.outcome
        and first.basis == second.basis
        and _said_by(one) == _said_by(other)
    )


def _said_by(verdict: Verdict) -> list[tuple[object, ...]]:
    """What the findings' sentences say, and what they take from the rows they are about."""
    return [
        (
            one.code,
            one.article,
            one.instrument,
            one.open,
            one.fact if one.open or one.code in NAME_FACT else None,
            about(verdict, one.code, one.instrument, one.tool),
        )
        for one in verdict.judged.findings
    ]


def about(verdict: Verdict, code: str, instrument: str | None, tool: int | None) -> tuple[object, ...]:
    """The days that a finding's sentence names: when a listing is due, when clauses were concluded."""
    if tool is None:
        return ()
    if code in NAME_DUE and tool < len(verdict.state.listings):
        return (verdict.state.listings[tool].next_due,)
    if code in NAME_CONCLUDED and tool < len(verdict.state.clauses):
        return (instrument, verdict.state.clauses[tool].concluded_on)
    return ()


def _over(due: date | None, day: date) -> bool:
    return due is not None and due < day


def _signed(one: Clauses, day: date, pack: Pack) -> SignedClauses:
    concluded = one.concluded_on
    if concluded is not None:
        concluded = FOREVER if concluded > day else pack.concluded_by(one.instrument, concluded)
    changed = one.changed_on if one.changed_on is not None and one.changed_on <= day else None
    if changed is not None:
        changed = pack.concluded_by(one.instrument, changed)
    return SignedClauses(one.instrument, one.module, concluded, changed, one.combines_eu_data)


def _listed(one: Listing, day: date) -> Listed:
    return Listed(one.framework, one.status, one.covers_hr, one.covers_non_hr, _over(one.next_due, day))


def _standing(rows: tuple[Any, ...], day: date) -> tuple[Any, ...]:
    """Those that hold on the day."""
    return tuple([one for one in rows if one.since <= day and (one.until is None or day < one.until)]) if rows else ()


def _edges(periods: Iterable[Period]) -> list[date | None]:
    return [day for period in periods for day in (period.since, period.until)]


def _own_days(between: Between) -> list[date | None]:
    """The days in the rows between two parties on which a verdict may change."""
    days: list[date | None] = []
    for signed in between.clauses:
        days += (signed.since, signed.until, signed.concluded_on, signed.changed_on)
    for listing in between.listings:
        days += (listing.since, listing.until, listing.next_due + ONE_DAY if listing.next_due else None)
    for impact in between.impacts:
        days += (impact.since, impact.until)
    for traited in between.traits:
        days += (traited.since, traited.until)
    return days


def _next_of(days: Iterable[date | None], day: date) -> date | None:
    return min([one for one in days if one is not None and one > day], default=None)
