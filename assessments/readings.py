"""What judging answers with, and whether two answers would read the same to a person."""

from datetime import date

import msgspec

from assessments.rules import Finding, Judged, Route, State
from assessments.rules.onward import Hop
from registry.vocabulary import RANKING, Outcome

NAME_DUE = {"CERT_EXPIRED", "RECERT_UNDER_REVIEW"}  # findings whose sentence says {due}, and those that say {concluded}
NAME_CONCLUDED = {"CLAUSES", "SCC_REPEALED"}
NAME_FACT = {"OUT_OF_SCOPE", "MODULE_MISMATCH", "CONDITION_MISSING", "THRESHOLD", "PROHIBITED", "RELIED_ON_FAILS"}


class Chain(msgspec.Struct, gc=False):
    """The hops beneath a leg on a day as far as they decide.

    `within` are the routes among which they were found (held here, so that nothing else takes their place while they are
    known by id), `edge` the next day on which one of them begins or ends, `turns` the next on which they decide otherwise.
    """

    within: dict[int, tuple[Route, ...]]
    hops: tuple[Hop, ...]
    weakest: Hop | None
    edge: date | None
    turns: dict[Outcome, date | None]

    def deciding(self, leg: Hop) -> Hop | None:
        """The hop that is weaker than the leg; None where the leg decides."""
        lowest = self.weakest
        return lowest if lowest is not None and rank(lowest) < rank(leg) else None


class Reading(Hop, frozen=True, gc=False):
    """A dossier under one regime on one day: its leg, and what may decide in the place of it.

    `chain` is what stands beneath the leg; None where nothing does, or nothing can be weaker. `may_turn` is the next day on
    which the leg may be judged in another light, or flow again, or be stopped.
    """

    regime: str | None = None
    flowing: bool = True
    chain: Chain | None = None
    may_turn: date | None = None

    @property
    def leg(self) -> Hop:
        return self

    @property
    def weakest(self) -> Hop:
        """The hop that decides: the leg itself, or one beneath it."""
        return (self.chain.deciding(self) if self.chain is not None else None) or self

    @property
    def outcome(self) -> Outcome:
        return self.verdict.judged.outcome

    @property
    def path_outcome(self) -> Outcome:
        return self.weakest.verdict.judged.outcome

    def path(self) -> tuple[Hop, ...]:
        """From the leg down to the hop that decides."""
        weakest = self.weakest
        return (self,) if weakest is self else (self, *weakest.path())


def rank(hop: Hop) -> int:
    """How good a hop's outcome is, 0 being the worst."""
    return RANKING[hop.verdict.judged.outcome]


def same(one: Reading, other: Reading) -> bool:
    """Whether two readings would read the same to a person, the hops on the way down to the one that decides included."""
    if one.flowing != other.flowing or not same_verdict(one, other):
        return False
    return way_down(one.leg, one.chain) == way_down(other.leg, other.chain)


def way_down(leg: Hop, chain: Chain | None) -> list[tuple[object, ...]]:
    """What a person reads of the hops beneath a leg, down to the one that decides."""
    deciding = chain.deciding(leg) if chain else None
    return [_step(hop) for hop in deciding.path()] if deciding else []


def _step(hop: Hop) -> tuple[object, ...]:
    route, judged = hop.route, hop.verdict.judged
    said = tuple([(*_about(one), _days_in(one, hop.state)) for one in judged.findings])
    return route.exporter, route.importer, route.country, judged.outcome, judged.basis, hop.verdict.last_day, said


def same_verdict(one: Hop, other: Hop) -> bool:
    """Same outcome, same basis, same last day, and the same sentences with the same days in them."""
    first, second = one.verdict.judged, other.verdict.judged
    if one.verdict.last_day != other.verdict.last_day or not (first is second or alike(first, second)):
        return False
    for mine, its in zip(first.findings, second.findings, strict=True):
        if (mine.tool is not None or its.tool is not None) and _days_in(mine, one.state) != _days_in(its, other.state):
            return False
    return True


def alike(one: Judged, other: Judged) -> bool:
    """Same outcome, same basis, and the same sentences, but for the days in them."""
    if one.outcome != other.outcome or one.basis != other.basis or len(one.findings) != len(other.findings):
        return False
    return all(map(_alike, one.findings, other.findings))


def _alike(one: Finding, other: Finding) -> bool:
    """Whether the sentences of two findings are the same, but for days that they take from the rows they are about."""
    return _about(one) == _about(other)


def _about(one: Finding) -> tuple[object, ...]:
    """All that a finding's sentence is made of, but for days."""
    fact = one.fact if one.open or one.code in NAME_FACT else None
    return one.code, one.article, one.instrument, one.open, one.fits, fact


def _days_in(one: Finding, state: State) -> date | None:
    """The day that a finding's sentence names: when a listing is due, when clauses were concluded."""
    code, tool = one.code, one.tool
    if tool is None:
        return None
    if code in NAME_DUE and tool < len(state.listings):
        return state.listings[tool].next_due
    if code in NAME_CONCLUDED and tool < len(state.clauses):
        return state.clauses[tool].concluded_on
    return None
