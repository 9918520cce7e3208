"""Judging over time: what a dossier's verdict is on a day, and when it will read otherwise.

One function, five callers: page, watch, report, what-if and the past all ask `Judge.read`. A verdict depends on a small
signature (a `Leg`, in which days are known only as finely as the law asks), and the judge remembers those it has seen.
"""

from collections.abc import Iterator
from datetime import date

import msgspec

from assessments.rules import (
    Clauses,
    Dossier,
    Judged,
    Leg,
    Listed,
    Listing,
    Part,
    Period,
    Route,
    SignedClauses,
    Verdict,
    day_before,
    earliest,
)
from assessments.rules.chapter_v import judge
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


class Reading(msgspec.Struct, frozen=True):
    """A dossier under one regime on one day: the leg, and the way down to the hop that decides."""

    regime: str | None
    leg: Hop
    weakest: Hop
    flowing: bool
    hops: tuple[Hop, ...]

    @property
    def outcome(self) -> Outcome:
        return self.leg.verdict.outcome

    @property
    def path_outcome(self) -> Outcome:
        return self.weakest.verdict.outcome


class Judge:
    """One reading of the law, as known on a day, and the memory of what it has judged."""

    def __init__(self, pack: Pack, known_on: date) -> None:
        self.pack = pack
        self.known_on = known_on
        self._judged: dict[tuple[Leg, date], Judged] = {}
        self._law_turns: dict[tuple[Leg, date], date | None] = {}
        self._turns: dict[tuple[int, Leg, date], date | None] = {}
        self._regimes: dict[tuple[str, str, date], tuple[tuple[str, ...], date | None]] = {}

    def law(self, day: date) -> Law:
        return self.pack.on(day, self.known_on)

    def regimes(self, dossier: Dossier, day: date) -> dict[str | None, str]:
        """The regimes the exporter is under on the day, each with the territory it follows from.

        {None: territory} where the law pack has none for its scopes, {None: ""} where it has no scope on the day.
        """
        found: dict[str | None, str] = {}
        without = ""
        for scope in dossier.scopes:
            if scope.holds(day):
                without = scope.territory
                for regime in self._regimes_of(scope.basis, scope.territory, day)[0]:
                    found.setdefault(regime, scope.territory)
        return found or {None: without}

    def read(self, dossier: Dossier, regime: str | None, day: date, relied_on: str | None = None) -> Reading | None:
        """The verdict on a day; None where the transfer does not stand then, or the regime does not govern it."""
        if not dossier.route.holds(day):
            return None
        territory = self.regimes(dossier, day).get(regime)
        if territory is None:
            return None
        return self.read_under(dossier, regime, territory, day, relied_on)

    def read_under(
        self, dossier: Dossier, regime: str | None, territory: str, day: date, relied_on: str | None = None
    ) -> Reading:
        """The verdict on a day under a regime, whether or not the exporter's scopes bring it under that one."""
        part = _holding(dossier.parts, day)
        light = Leg(
            regime=regime or "",
            territory=territory,
            country="",
            exporter_role=part.exporter_role if part else "controller",
            importer_role=IMPORTER_ROLES[part.role] if part else None,
            data=(part.data if part else None) or "non_hr",
            purpose=part.purpose if part else None,
            relied_on=relied_on,
        )
        leg = Hop(dossier.route, light, self.verdict(dossier.route, light, day))
        if dossier.route.importer not in dossier.hops:
            hops: tuple[Hop, ...] = (leg,)
        else:
            engagement = dossier.route.engagement
            hops = tuple(beneath(leg, dossier.hops, engagement, day, lambda route, seen: self.verdict(route, seen, day)))
        flowing = not any(suspension.holds(day) for suspension in dossier.suspensions)
        return Reading(regime, leg, weakest(list(hops)) if len(hops) > 1 else leg, flowing, hops)

    def next_change(self, dossier: Dossier, reading: Reading, day: date) -> date | None:
        """The first later day on which this reading would be another one, with what is known."""
        now, at = reading, day
        while True:
            turn = self._next_candidate(dossier, now, at)
            if turn is None:
                return None
            then = self.read(dossier, reading.regime, turn)
            if then is None or not same(reading, then):
                return turn
            now, at = then, turn

    def verdict(self, route: Route, light: Leg, day: date) -> Verdict:
        """A route judged in a certain light: what is on file between the two parties, on the day."""
        leg, clauses, listings = self._on(route, light, day)
        judged = self._judge(leg, day)
        last = judged.last_day
        row: Clauses | Listing | None = None
        if judged.listing is not None:
            row = listing = listings[judged.listing]
            if listing.status != "active_recert_review" or not _over(listing.next_due, day):
                last = earliest(last, listing.next_due)
        elif judged.clauses is not None:
            row = clauses[judged.clauses]
        if row is not None and row.until is not None and (last is None or row.until <= last):
            then = self.verdict(route, light, row.until)  # the row ends; what follows it may carry the same basis on
            last = then.last_day if then.judged.basis == judged.basis else day_before(row.until)
        return Verdict(judged, last, clauses, listings)

    def _on(self, route: Route, light: Leg, day: date) -> tuple[Leg, tuple[Clauses, ...], tuple[Listing, ...]]:
        clauses = tuple([c for c in route.clauses if c.holds(day)])
        listings = tuple([x for x in route.listings if x.holds(day)])
        impact = next((i for i in route.impacts if i.country == route.country and i.holds(day)), None)
        traits = next((t for t in route.traits if t.holds(day)), None)
        floor = self.law(day).floor
        leg = Leg(
            light.regime,
            light.territory,
            route.country,
            light.exporter_role,
            light.importer_role,
            light.data,
            light.purpose,
            route.automated,
            traits.traits if traits else None,
            tuple([_signed(c, day, floor) for c in clauses]),
            tuple([_listed(x, day) for x in listings]),
            impact.outcome if impact else None,
            impact.measures if impact else None,
            light.above,
            light.bound_alike,
            light.relied_on,
        )
        return leg, clauses, listings

    def _judge(self, leg: Leg, day: date) -> Judged:
        judged = self._judged.get((leg, day))
        if judged is None:
            judged = self._judged[leg, day] = judge(leg, self.law(day))
        return judged

    def _law_turn(self, leg: Leg, day: date) -> date | None:
        """The next day on which the law alone, all facts as they are, judges a leg otherwise."""
        if (leg, day) not in self._law_turns:
            now = self._judge(leg, day)
            later = (change for change in self.pack.change_days if change > day)
            self._law_turns[leg, day] = next((change for change in later if self._judge(leg, change) != now), None)
        return self._law_turns[leg, day]

    def _turn(self, route: Route, light: Leg, day: date) -> date | None:
        """The next day on which the verdict on a route reads otherwise."""
        key = (id(route), light, day)
        if key not in self._turns:
            now, at = self.verdict(route, light, day), day
            turn: date | None = day
            while turn is not None:
                turn = earliest(self._law_turn(self._on(route, light, at)[0], at), _next_of(_own_days(route), at))
                if turn is not None and not same_verdict(now, self.verdict(route, light, turn)):
                    break
                at = turn or at
            self._turns[key] = turn
        return self._turns[key]

    def _next_candidate(self, dossier: Dossier, reading: Reading, day: date) -> date | None:
        """The first later day on which anything the reading rests on may change."""
        days = [_next_of(_edges(periods), day) for periods in (dossier.parts, dossier.suspensions, dossier.scopes) if periods]
        days += [self._regimes_of(s.basis, s.territory, day)[1] for s in dossier.scopes]
        for hop in reading.hops:
            days.append(self._turn(hop.route, hop.light, day))
            days.append(hop.route.until if hop.route.until and hop.route.until > day else None)
            days += [_next_of(_edges([route]), day) for route in dossier.hops.get(hop.route.importer, ())]
        return earliest(*days)

    def _regimes_of(self, basis: str, territory: str, day: date) -> tuple[tuple[str, ...], date | None]:
        """The regimes of a scope on a day, and the next day on which they are others."""
        key = (basis, territory, day)
        if key not in self._regimes:
            now = self.law(day).regimes(basis, territory)
            later = (change for change in self.pack.change_days if change > day)
            turn = next((change for change in later if self.law(change).regimes(basis, territory) != now), None)
            self._regimes[key] = (tuple(now), turn)
        return self._regimes[key]


def same(one: Reading, other: Reading) -> bool:
    """Whether two readings would read the same to a person."""
    return (
        one.flowing == other.flowing
        and same_verdict(one.leg.verdict, other.leg.verdict)
        and len(first := one.weakest.path()) == len(second := other.weakest.path())
        and all(a.route is b.route and same_verdict(a.verdict, b.verdict) for a, b in zip(first, second, strict=True))
    )


def same_verdict(one: Verdict, other: Verdict) -> bool:
    """Same law, same last day, said of the same rows."""
    return one.judged == other.judged and one.last_day == other.last_day and _said_of(one) == _said_of(other)


def _said_of(verdict: Verdict) -> list[tuple[object, ...]]:
    """What the findings' sentences take from the rows they are about."""
    said: list[tuple[object, ...]] = []
    for finding in verdict.judged.findings:
        if finding.tool is not None:
            said.append(about(verdict, finding.code, finding.instrument, finding.tool))
    return said


def about(verdict: Verdict, code: str, instrument: str | None, tool: int) -> tuple[object, ...]:
    """The days that a finding's sentence names: when a listing is due, when clauses were concluded."""
    if code in NAME_DUE and tool < len(verdict.listings):
        return (verdict.listings[tool].next_due,)
    if code in NAME_CONCLUDED and tool < len(verdict.clauses):
        return (instrument, verdict.clauses[tool].concluded_on)
    return ()


def lawful(outcome: Outcome) -> bool:
    return RANKING[outcome] >= RANKING[Outcome.MEASURES_REQUIRED]


def _holding(parts: tuple[Part, ...], day: date) -> Part | None:
    return next((part for part in parts if part.holds(day)), None)


def _over(due: date | None, day: date) -> bool:
    return due is not None and due < day


def _signed(one: Clauses, day: date, floor: object) -> SignedClauses:
    concluded = one.concluded_on
    if concluded is not None:
        concluded = FOREVER if concluded > day else floor(concluded)  # type: ignore[operator]
    changed = one.changed_on is not None and one.changed_on <= day
    return SignedClauses(one.instrument, one.module, concluded, changed, one.combines_eu_data)


def _listed(one: Listing, day: date) -> Listed:
    return Listed(one.framework, one.status, one.covers_hr, one.covers_non_hr, _over(one.next_due, day))


def _edges(periods: "tuple[Period, ...] | list[Route]") -> Iterator[date]:
    for period in periods:
        yield period.since
        if period.until is not None:
            yield period.until


def _own_days(route: Route) -> Iterator[date]:
    """The days in a route's own rows on which its verdict may change."""
    yield from _edges(route.clauses + route.listings + route.impacts + route.traits)
    for one in route.clauses:
        yield from (day for day in (one.concluded_on, one.changed_on) if day)
    for listing in route.listings:
        if listing.next_due:
            yield listing.next_due + ONE_DAY


def _next_of(days: Iterator[date], day: date) -> date | None:
    return min((one for one in days if one > day), default=None)
