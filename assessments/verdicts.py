"""Judging over time: what a dossier's verdict is on a day, and when it will read otherwise.

One judge, five callers: page, watch, report, what-if and the past. A verdict depends on a small signature, in which days
are known only as finely as the law asks; the judge numbers the signatures it has seen and remembers what became of them, so
that judging a whole register costs little more than reading it.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any, NamedTuple

from assessments.precedents import Precedents, precedents
from assessments.readings import Chain, Reading, rank, same, same_verdict, way_down
from assessments.rules import Clauses, Dossier, Leg, Listing, Part, Period, Route, Scope, State, Verdict, earliest
from assessments.rules.onward import Hop, beneath
from assessments.states import States, lapsed
from registry.law import ONE_DAY, Law, Pack
from registry.vocabulary import RANKING

IMPORTER_ROLES = {
    "processor": "processor",
    "sub_processor": "processor",
    "controller": "controller",
    "joint_controller": "controller",
    "recipient": "controller",
    None: None,
}


class Footing(NamedTuple):
    """In what light a leg is judged under each regime on a day, and the next day on which that may be another.

    `parts` and `scopes` are those it follows from, held here so that nothing else takes their place while they are known by id.
    """

    lights: tuple[tuple[str | None, int], ...]
    turn: date | None
    parts: tuple[Part, ...]
    scopes: tuple[Scope, ...]


class Judge:
    """One reading of the law, as known on a day, and the memory of what it has judged in a register.

    What the law has been found to say is shared by all who ask the same law, but where `found` brings it.
    """

    def __init__(self, pack: Pack, known_on: date, found: Precedents | None = None) -> None:
        self.pack = pack
        self.precedents = found or precedents(pack, known_on)
        self._states = States(self.precedents)
        self._footings: dict[tuple[int, int, date], Footing] = {}
        self._chains: dict[Any, Chain] = {}

    def law(self, day: date) -> Law:
        return self.precedents.law(day)

    def judged(self, dossiers: Iterable[Dossier], day: date) -> Iterator[tuple[Dossier, Reading]]:
        """The verdicts on a day, one for each regime that the exporter is under; none where a transfer does not stand."""
        parts = scopes = None
        for dossier in dossiers:
            route = dossier.route
            if day < route.since or (route.until is not None and route.until <= day):
                continue
            if parts is not dossier.parts or scopes is not dossier.scopes:
                parts, scopes = dossier.parts, dossier.scopes
                lights, turn, *_ = self._footing(parts, scopes, day)
            for regime, light in lights:
                yield dossier, self._read(dossier, regime, light, turn, day)

    def readings(self, dossier: Dossier, day: date) -> list[Reading]:
        """The same of one dossier."""
        return [reading for _, reading in self.judged((dossier,), day)]

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
        if not dossier.route.holds(day):
            return None
        footing = self._footing(dossier.parts, dossier.scopes, day)
        light = dict(footing.lights).get(regime)
        return None if light is None else self._read(dossier, regime, light, footing.turn, day)

    def read_under(
        self, dossier: Dossier, regime: str | None, territory: str, day: date, relied_on: str | None = None
    ) -> Reading:
        """The verdict on a day under a regime, whether or not the exporter's scopes bring it under that one."""
        light = self._light(dossier.parts, regime, territory, relied_on, day)
        return self._read(dossier, regime, light, self._footing(dossier.parts, dossier.scopes, day).turn, day)

    def _read(self, dossier: Dossier, regime: str | None, light: int, may_turn: date | None, day: date) -> Reading:
        route, flowing, chain = dossier.route, True, None
        verdict, state = self.verdict(route, light, day)
        if dossier.suspensions:
            flowing = not any(stop.holds(day) for stop in dossier.suspensions)
            may_turn = earliest(may_turn, _next_of(_edges(dossier.suspensions), day))
        if route.importer in dossier.hops and RANKING[verdict.judged.outcome]:
            chain = self._chain(dossier, Hop(route, light, verdict, state), day)
        return Reading(route, light, verdict, state, None, regime, flowing, chain, may_turn)

    def next_change(self, dossier: Dossier, reading: Reading, day: date) -> date | None:
        """The first later day on which this reading would be another one, with what is known."""
        verdict = reading.verdict
        alone = reading.chain is None and reading.may_turn is None and reading.state.next_change is None
        of_law = not verdict.lends_otherwise and (verdict.row is None or verdict.turn is None)
        if alone and of_law:  # nothing but the law may change, or the transfer end
            return earliest(verdict.turn, dossier.route.until)
        now, at = reading, day
        while True:
            sure, may = self._turning(dossier, now, at), now.may_turn
            if may is None or (sure is not None and sure < may):  # on one day, it may be judged alike in another light
                if sure is None or not self._lends_other(now, sure):
                    return sure
                may = sure
            then = self.read(dossier, reading.regime, may)
            if then is None or not same(reading, then):
                return may
            now, at = then, may

    def _lends_other(self, leg: Hop, day: date) -> bool:
        """Whether all that changes on the day is what the leg lends to the chain, which may decide nothing."""
        verdict, own = leg.verdict, leg.state.next_change
        if (own is None or day < own) and not (verdict.lends_otherwise and day == verdict.turn):
            return False
        then = self._hop(leg.route, leg.light, day)
        return then.verdict.judged.lends != verdict.judged.lends and same_verdict(leg, then)

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
        return tuple(beneath(reading.leg, dossier.hops, day, self._beneath, []))

    def state(self, route: Route, day: date) -> State:
        """What stands on file between the two parties of a route on a day."""
        return self._states[day][route.between]

    def verdict(self, route: Route, light: int, day: date) -> tuple[Verdict, State]:
        """A route judged in a certain light: what is on file between the two parties, on the day."""
        on_day = self._states[day]
        state = on_day[route.between]
        verdict = state.rulings[light, route.country, route.automated, on_day.law]
        if verdict.judged.listing is not None or verdict.judged.clauses is not None:
            verdict = self._resting(verdict, state, route, light, day)
        return verdict, state

    def _resting(self, verdict: Verdict, state: State, route: Route, light: int, day: date) -> Verdict:
        """A verdict with the row that it rests on, and the last day of this, where the law's own is not before."""
        judged, last, by_first = verdict.judged, verdict.last_day, False
        row: Clauses | Listing
        if judged.listing is not None:
            row = state.listings[judged.listing]
            last = earliest(last, _listed_until(row, day))
            first = self._first_list_until(judged.basis, state, day) if len(state.listings) > 1 else None
            by_first = first is not None and (last is None or first < last)
            last = first if by_first else last
        elif judged.clauses is not None:
            row = state.clauses[judged.clauses]
            last = earliest(last, row.until - ONE_DAY if row.until is not None else None)
        else:
            return verdict
        if last is not verdict.last_day and last is not None:  # the row ends, not the law: another may carry the basis on
            then, _ = self.verdict(route, light, last + ONE_DAY)
            if then.judged.basis == judged.basis and (then.row is not row or by_first):
                last = then.last_day
        return Verdict(judged, last, verdict.turn, verdict.lends_otherwise, row)

    def _first_list_until(self, key: str | None, state: State, day: date) -> date | None:
        """The last day on which the list that another one extends still carries it; None where no end is known."""
        one = self.pack.instruments[key] if key else None
        days = [
            _listed_until(listing, day)
            for listing in state.listings
            if one is not None and listing.framework == one.requires and not lapsed(listing, day)
        ]
        return None if None in days else max((until for until in days if until), default=None)

    def _hop(self, route: Route, light: int, day: date) -> Hop:
        return Hop(route, light, *self.verdict(route, light, day))

    def _footing(self, parts: tuple[Part, ...], scopes: tuple[Scope, ...], day: date) -> Footing:
        key = (id(parts), id(scopes), day)
        found = self._footings.get(key)
        if found is None:
            regimes, turn = self._scoped(scopes, day)
            lights = tuple((regime, self._light(parts, regime, territory, None, day)) for regime, territory in regimes.items())
            found = self._footings[key] = Footing(lights, earliest(turn, _next_of(_edges(parts), day)), parts, scopes)
        return found

    def _light(self, parts: tuple[Part, ...], regime: str | None, territory: str, relied_on: str | None, day: date) -> int:
        part = _part_of(parts, day)
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

    def _turn(self, leg: Hop) -> date | None:
        """The next day on which the verdict on a hop reads otherwise."""
        then = leg
        while True:
            own, law_turn = then.state.next_change, then.verdict.turn
            if own is None or (law_turn is not None and law_turn < own):
                if law_turn is None or then.verdict.row is None:
                    return law_turn
                own = law_turn  # what the law says otherwise may be of a last day that the row has before
            then = self._hop(leg.route, leg.light, own)
            if then.verdict.judged.lends != leg.verdict.judged.lends or not same_verdict(leg, then):
                return own

    def _turning(self, dossier: Dossier, reading: Reading, day: date) -> date | None:
        """The first later day on which the leg or the way down surely reads otherwise, or the transfer ends."""
        turn, until = self._turn(reading), dossier.route.until
        if until is not None:
            turn = earliest(turn, until)
        return turn if reading.chain is None else earliest(turn, self._chain_turn(dossier, reading, reading.chain, day))

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
        return regimes or {None: without}, _next_of([*turns, *_edges(scopes)], day)

    def _chain(self, dossier: Dossier, leg: Hop, day: date) -> Chain:
        """The chain beneath a leg, remembered for all legs that look the same from below."""
        route, lends = leg.route, leg.verdict.judged.lends
        below = self.precedents.beneath[leg.light, None, None]  # all that the chain can tell of the leg's own light
        engagement = route.engagement if dossier.limited else None
        look = (id(dossier.hops), route.importer, engagement, below, lends, day)
        found = self._chains.get(look)
        if found is None:
            edges: list[date] = []
            hops, weakest = _down_to_the_worst(beneath(leg, dossier.hops, day, self._beneath, edges))
            found = self._chains[look] = Chain(dossier.hops, hops, weakest, min(edges) if edges else None, {})
        return found

    def _beneath(self, route: Route, above: int, framework: str | None, day: date) -> tuple[int, Verdict, State]:
        """How a hop is judged on a day, under one that was judged in a certain light and lends it a framework."""
        light = self.precedents.beneath[above, framework, route.bound_alike]
        return light, *self.verdict(route, light, day)

    def _chain_turn(self, dossier: Dossier, leg: Hop, chain: Chain, day: date) -> date | None:
        """The next day on which, the leg as it is, the way down from it reads otherwise."""
        outcome = leg.verdict.judged.outcome
        if outcome not in chain.turns:
            turn = self._next_beneath(chain)
            while turn is not None:
                then = self._chain(dossier, leg, turn)
                if way_down(leg, then) != way_down(leg, chain):
                    break
                turn = self._next_beneath(then)
            chain.turns[outcome] = turn
        return chain.turns[outcome]

    def _next_beneath(self, chain: Chain) -> date | None:
        """The next day on which a hop beneath may read otherwise, begin or end."""
        found = chain.edge
        for hop in chain.hops:
            turn = self._turn(hop)
            if turn is not None:
                found = earliest(found, turn)
        return found


def _listed_until(listing: Listing, day: date) -> date | None:
    """The last day of a listing: when it is due (unless a look at it is under way, and that day is over), or before it ends."""
    due = listing.next_due
    last = due if due is not None and (due >= day or listing.status != "active_recert_review") else None
    return earliest(last, listing.until - ONE_DAY if listing.until is not None else None)


def _part_of(parts: tuple[Part, ...], day: date) -> Part | None:
    """The period of an engagement that holds on a day; on a day beside them all the last before it, or else the first: a
    flow that stands carries the same data in the same roles though the engagement on file has ended.
    """
    holding = next((part for part in parts if part.holds(day)), None)
    if holding is not None or not parts:
        return holding
    return max((part for part in parts if part.since <= day), key=lambda part: part.since, default=parts[0])


def _down_to_the_worst(hops: Iterable[Hop]) -> tuple[tuple[Hop, ...], Hop | None]:
    """The hops up to the first that is not permitted, what comes after it deciding nothing; and the first of the weakest."""
    found: list[Hop] = []
    weakest, lowest = None, 0
    for hop in hops:
        found.append(hop)
        here = rank(hop)
        if weakest is None or here < lowest:
            weakest, lowest = hop, here
            if here == 0:
                break
    return tuple(found), weakest


def _edges(periods: Iterable[Period]) -> list[date | None]:
    return [day for period in periods for day in (period.since, period.until)]


def _next_of(days: Iterable[date | None], day: date) -> date | None:
    return min([one for one in days if one is not None and one > day], default=None)
