"""Judging over time: what a dossier's verdict is on a day, and when it will read otherwise.

One function, five callers: page, watch, report, what-if and the past all ask `Judge.read`. A verdict depends on a small
signature, in which days are known only as finely as the law asks; the judge numbers the signatures it has seen and
remembers what became of them, so that judging a whole register costs little more than reading it.
"""

from collections.abc import Iterable, Iterator
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
    State,
    Tools,
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


class Reading(msgspec.Struct, frozen=True, gc=False):
    """A dossier under one regime on one day: the leg, and the hop that decides, the leg itself or one beneath it."""

    regime: str | None
    leg: Hop
    weakest: Hop
    flowing: bool

    @property
    def outcome(self) -> Outcome:
        return self.leg.verdict.judged.outcome

    @property
    def path_outcome(self) -> Outcome:
        return self.weakest.verdict.judged.outcome

    def path(self) -> tuple[Hop, ...]:
        """From the leg down to the hop that decides."""
        return (self.leg,) if self.weakest is self.leg else (self.leg, *self.weakest.path())


class Chain(msgspec.Struct, gc=False):
    """The hops beneath a leg on a day, the weakest of them, and the next day on which it decides otherwise, by outcome."""

    within: dict[int, tuple[Route, ...]]
    hops: tuple[Hop, ...]
    weakest: Hop | None
    turns: dict[Outcome, date | None]


class Judge:
    """One reading of the law, as known on a day, and the memory of what it has judged in a register."""

    def __init__(self, pack: Pack, known_on: date) -> None:
        self.pack = pack
        self.precedents = precedents(pack, known_on)
        self._states: dict[int, list[State]] = {}
        self._lights: dict[tuple[int, str | None, str, str | None, date], tuple[Any, int]] = {}
        self._scopes: dict[tuple[int, date], tuple[Any, dict[str | None, str], date | None]] = {}
        self._chains: dict[Any, Chain] = {}

    def law(self, day: date) -> Law:
        return self.precedents.law(day)

    def readings(self, dossier: Dossier, day: date) -> Iterator[Reading]:
        """The verdicts on a day, one for each regime that the exporter is under; none where the transfer does not stand."""
        if dossier.route.holds(day):
            for regime, territory in self.regimes(dossier, day).items():
                yield self.read_under(dossier, regime, territory, day)

    def regimes(self, dossier: Dossier, day: date) -> dict[str | None, str]:
        """The regimes the exporter is under on the day, each with the territory it follows from.

        {None: territory} where the law pack has none for its scopes, {None: ""} where it has no scope on the day.
        """
        return self._scoped(dossier.scopes, day)[1]

    def next_regimes(self, dossier: Dossier, day: date) -> date | None:
        """The first later day on which the exporter may be under other regimes, with what is known."""
        return self._scoped(dossier.scopes, day)[2]

    def read(self, dossier: Dossier, regime: str | None, day: date) -> Reading | None:
        """The verdict on a day; None where the transfer does not stand then, or the regime does not govern it."""
        territory = self.regimes(dossier, day).get(regime) if dossier.route.holds(day) else None
        return None if territory is None else self.read_under(dossier, regime, territory, day)

    def read_under(
        self, dossier: Dossier, regime: str | None, territory: str, day: date, relied_on: str | None = None
    ) -> Reading:
        """The verdict on a day under a regime, whether or not the exporter's scopes bring it under that one."""
        route = dossier.route
        light = self._light(dossier.parts, regime, territory, relied_on, day)
        leg = Hop(route, light, self.verdict(route, light, day))
        deciding = self._deciding(dossier, leg, day) or leg
        flowing = not dossier.suspensions or not any(stop.holds(day) for stop in dossier.suspensions)
        return Reading(regime, leg, deciding, flowing)

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
            turn = self.next_change(dossier, reading, day) if reading else earliest(self._scoped(dossier.scopes, day)[2], end)
            yield day, turn, reading
            if turn is None:
                return
            day = turn

    def beneath(self, dossier: Dossier, reading: Reading, day: date) -> tuple[Hop, ...]:
        """Every hop that follows from the leg on the day, the nearest first."""
        return self._chain(dossier, reading.leg, day).hops if dossier.route.importer in dossier.hops else ()

    def verdict(self, route: Route, light: int, day: date) -> Verdict:
        """A route judged in a certain light: what is on file between the two parties, on the day."""
        state = self._state(route.between, day)
        signature = self.precedents.signature(state.sort, light, route.country, route.automated)
        judged = self.precedents.judged(signature, day)
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
        return Verdict(judged, last, state, signature, row)

    def _state(self, between: Between, day: date) -> State:
        """What stands between two parties on a day, remembered until it changes."""
        states = self._states.get(id(between))
        if states is None:
            states = self._states[id(between)] = []
        for state in states:
            if state.since <= day and (state.next_change is None or day < state.next_change):
                return state
        clauses = tuple([one for one in between.clauses if one.holds(day)]) if between.clauses else ()
        listings = tuple([one for one in between.listings if one.holds(day)]) if between.listings else ()
        impacts = tuple([one for one in between.impacts if one.holds(day)]) if between.impacts else ()
        traits = next((one.traits for one in between.traits if one.holds(day)), None) if between.traits else None
        signed = tuple([_signed(one, day, self.pack) for one in clauses]) if clauses else ()
        tools = self.precedents.number(Tools(signed, tuple([_listed(one, day) for one in listings]) if listings else ()))
        found = tuple([(one.country, one.outcome, one.measures) for one in impacts]) if impacts else ()
        sort = self.precedents.number((tools, found, traits))
        state = State(day, between, clauses, listings, impacts, traits, sort, _next_of(_own_days(between), day))
        states.append(state)
        return state

    def _light(self, parts: tuple[Part, ...], regime: str | None, territory: str, relied_on: str | None, day: date) -> int:
        key = (id(parts), regime, territory, relied_on, day)
        found = self._lights.get(key)
        if found is None:
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
            found = self._lights[key] = (parts, self.precedents.number(leg))
        return found[1]

    def _turn(self, route: Route, light: int, verdict: Verdict, day: date) -> date | None:
        """The next day on which the verdict on a route reads otherwise."""
        then, at = verdict, day
        while True:
            law_turn, own = self.precedents.turn(then.signature, at), then.state.next_change
            if own is None or (law_turn is not None and law_turn < own):
                return law_turn
            then, at = self.verdict(route, light, own), own
            if not same_verdict(verdict, then):
                return own

    def _next_candidate(self, dossier: Dossier, reading: Reading, day: date) -> tuple[date | None, bool]:
        """The first later day on which anything the reading rests on may change, and whether it surely does."""
        route = dossier.route
        sure = earliest(self._turn(route, reading.leg.light, reading.leg.verdict, day), route.until)
        if route.importer in dossier.hops:
            sure = earliest(sure, self._chain_turn(dossier, reading.leg, day))
        may = self._scoped(dossier.scopes, day)[2]
        if len(dossier.parts) != 1 or dossier.parts[0].until is not None or dossier.parts[0].since > day:
            may = earliest(may, _next_of(_edges(dossier.parts), day))
        if dossier.suspensions:
            may = earliest(may, _next_of(_edges(dossier.suspensions), day))
        if may is None or (sure is not None and sure <= may):
            return sure, True
        return may, False

    def _scoped(self, scopes: tuple[Scope, ...], day: date) -> tuple[Any, dict[str | None, str], date | None]:
        """The scopes kept, the regimes they bring on a day, and the next day on which those may be others."""
        key = (id(scopes), day)
        found = self._scopes.get(key)
        if found is None:
            regimes: dict[str | None, str] = {}
            without = ""
            for scope in scopes:
                if scope.holds(day):
                    without = scope.territory
                    for regime in self.precedents.regimes(scope.basis, scope.territory, day)[0]:
                        regimes.setdefault(regime, scope.territory)
            turns = [self.precedents.regimes(scope.basis, scope.territory, day)[1] for scope in scopes]
            turn = earliest(_next_of(_edges(scopes), day), *turns)
            found = self._scopes[key] = (scopes, regimes or {None: without}, turn)
        return found

    def _deciding(self, dossier: Dossier, leg: Hop, day: date) -> Hop | None:
        """The hop beneath that is weaker than the leg; None where the leg decides."""
        rank = RANKING[leg.verdict.judged.outcome]
        if rank == 0 or leg.route.importer not in dossier.hops:
            return None
        lowest = self._chain(dossier, leg, day).weakest
        return lowest if lowest is not None and RANKING[lowest.verdict.judged.outcome] < rank else None

    def _chain(self, dossier: Dossier, leg: Hop, day: date) -> Chain:
        """The chain beneath a leg, remembered for all legs that look the same from below."""
        engagement = leg.route.engagement if dossier.limited else None
        light = self.precedents.light_beneath(leg.light, None, None)  # all that the chain can tell of the leg's own
        key = (id(dossier.hops), leg.route.importer, engagement, light, self._carries(leg.verdict), day)
        found = self._chains.get(key)
        if found is None:

            def judged(route: Route, above: int, framework: str | None) -> tuple[int, Verdict]:
                light = self.precedents.light_beneath(above, framework, route.bound_alike)
                return light, self.verdict(route, light, day)

            hops = tuple(beneath(leg, self._carries, dossier.hops, day, judged))
            found = self._chains[key] = Chain(dossier.hops, hops, weakest(hops) if hops else None, {})
        return found

    def _carries(self, verdict: Verdict) -> str | None:
        """The framework a hop stands on, where it allows onward transfers to those who are bound alike."""
        basis = verdict.judged.basis
        return basis if basis in self.precedents.onward_by_contract else None

    def _chain_turn(self, dossier: Dossier, leg: Hop, day: date) -> date | None:
        """The next day on which, the leg as it is, the way down from it reads otherwise."""
        outcome = leg.verdict.judged.outcome
        if RANKING[outcome] == 0:
            return None  # no hop is weaker
        chain = self._chain(dossier, leg, day)
        if outcome not in chain.turns:
            now = _way_down(self._deciding(dossier, leg, day))
            turn = self._next_beneath(chain, leg, day)
            while turn is not None and _way_down(self._deciding(dossier, leg, turn)) == now:
                turn = self._next_beneath(self._chain(dossier, leg, turn), leg, turn)
            chain.turns[outcome] = turn
        return chain.turns[outcome]

    def _next_beneath(self, chain: Chain, leg: Hop, day: date) -> date | None:
        """The next day on which a hop beneath may read otherwise, begin or end."""
        days = [self._turn(hop.route, hop.light, hop.verdict, day) for hop in chain.hops]
        for above in (leg, *chain.hops):
            for route in chain.within.get(above.route.importer, ()):
                days += (route.since, route.until)
        return _next_of(days, day)


def same(one: Reading, other: Reading) -> bool:
    """Whether two readings would read the same to a person: of hops beneath the leg their outcome, basis, last day."""
    if one.flowing != other.flowing or not same_verdict(one.leg.verdict, other.leg.verdict):
        return False
    first, second = (None if each.weakest is each.leg else each.weakest for each in (one, other))
    return _way_down(first) == _way_down(second)


def _way_down(deciding: Hop | None) -> list[tuple[object, ...]]:
    """What a person reads of the hops beneath a leg, down to the one that decides."""
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
    following = None
    for one in days:
        if one is not None and one > day and (following is None or one < following):
            following = one
    return following
