"""What judging answers with, and whether two answers would read the same to a person."""

from datetime import date

import msgspec

from assessments.rules import Route, Verdict
from assessments.rules.onward import Hop
from registry.vocabulary import RANKING, Outcome

NAME_DUE = {"CERT_EXPIRED", "RECERT_UNDER_REVIEW"}  # findings whose sentence says {due}, and those that say {concluded}
NAME_CONCLUDED = {"CLAUSES", "SCC_REPEALED"}
NAME_FACT = {"OUT_OF_SCOPE", "MODULE_MISMATCH", "CONDITION_MISSING", "THRESHOLD", "PROHIBITED", "RELIED_ON_FAILS"}


class Chain(msgspec.Struct, gc=False):
    """The hops beneath a leg on a day as far as they decide, and the next day on which they decide otherwise, by outcome."""

    within: dict[int, tuple[Route, ...]]
    hops: tuple[Hop, ...]
    weakest: Hop | None
    turns: dict[Outcome, date | None]

    def deciding(self, leg: Hop) -> Hop | None:
        """The hop that is weaker than the leg; None where the leg decides."""
        lowest = self.weakest
        return lowest if lowest is not None and rank(lowest) < rank(leg) else None


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


def rank(hop: Hop) -> int:
    """How good a hop's outcome is, 0 being the worst."""
    return RANKING[hop.verdict.judged.outcome]


def same(one: Reading, other: Reading) -> bool:
    """Whether two readings would read the same to a person: of hops beneath the leg their outcome, basis, last day."""
    if one.flowing != other.flowing or not same_verdict(one.leg.verdict, other.leg.verdict):
        return False
    return way_down(one.leg, one.chain) == way_down(other.leg, other.chain)


def way_down(leg: Hop, chain: Chain | None) -> list[tuple[object, ...]]:
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
            _about(verdict, one.code, one.instrument, one.tool),
        )
        for one in verdict.judged.findings
    ]


def _about(verdict: Verdict, code: str, instrument: str | None, tool: int | None) -> tuple[object, ...]:
    """The days that a finding's sentence names: when a listing is due, when clauses were concluded."""
    if tool is None:
        return ()
    if code in NAME_DUE and tool < len(verdict.state.listings):
        return (verdict.state.listings[tool].next_due,)
    if code in NAME_CONCLUDED and tool < len(verdict.state.clauses):
        return (instrument, verdict.state.clauses[tool].concluded_on)
    return ()
