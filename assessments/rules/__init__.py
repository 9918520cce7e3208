"""What a rule is given and what it answers: plain frozen Structs, no I/O, no clock.

A `Dossier` is everything on file about one transfer, over all its days. Fixed to a day it gives a `Leg` for each hop:
what is so on that day, without dates of its own but the day of conclusion. Rules read legs and the law of the day.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from registry.vocabulary import Outcome

# The order in which codes are named where several stand (law.md 12); codes that only warn are in no order.
PRIORITY = (
    "REGIME_UNKNOWN REGIME_NOT_APPLICABLE PROHIBITED NOT_IN_FORCE INVALIDATED EXPIRED "
    "SCC_REPEALED SCC_EXPIRED SCC_CHANGED WRONG_FRAMEWORK NOT_LISTED CERT_EXPIRED NO_ADEQUACY OUT_OF_SCOPE DATA_NOT_COVERED "
    "MODULE_MISMATCH NOT_APPROVED PUBLIC_AUTHORITY NOT_OCCASIONAL THRESHOLD CONDITION_MISSING TIA_MISSING "
    "MEASURES_INEFFECTIVE NOT_MODELLED NO_MECHANISM REGIME_NOT_MODELLED"
).split()
ORDER = {code: place for place, code in enumerate(PRIORITY)}


class Finding(msgspec.Struct, frozen=True, gc=False):
    """Why: a code, the article it rests on, and what its sentence names.

    `open` is true where a fact is not recorded: the code would stand if that fact were against us.
    `tool` is the place, in the leg, of the tool it is about; `fits` the one of its modules that would fit both roles, or
    `AT_ODDS` where the answers about the fact contradict each other.
    """

    code: str
    article: str
    instrument: str | None = None
    tool: int | None = None
    fact: str | None = None
    open: bool = False
    fits: str | None = None


AT_ODDS = "at odds"  # what answers say that contradict each other from one day on
Facts = tuple[tuple[str, bool | int | str | None], ...]  # by name, in order; what is not among them is not recorded
SAFEGUARD_FACTS = ("approved", "in_group", "commitments", "ch_amended", "filed")


class Period(msgspec.Struct, frozen=True, gc=False):
    """Half-open: `since` counts, `until` does not."""

    since: date
    until: date | None

    def holds(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day < self.until)


class Scope(Period, frozen=True, gc=False):
    """Why a law may apply to the exporter (Art. 3)."""

    basis: str
    territory: str


class Clauses(Period, frozen=True, gc=False):
    """What was signed between the two parties, or is relied on there: clauses, another tool, a derogation (Art. 46, 49).

    `answers` are those to what is recorded of a safeguard beside its days (`SAFEGUARD_FACTS`), None where there are none.
    """

    key: str
    engagement: int | None
    instrument: str
    module: str | None
    concluded_on: date | None
    changed_on: date | None
    combines_eu_data: bool | None
    rank: str
    approved_on: date | None
    approved_by: str | None
    answers: tuple[bool | None, ...] | None


class Listing(Period, frozen=True, gc=False):
    """The importer's listing in a framework (Art. 45), `next_due` being its last usable day."""

    key: str
    framework: str
    status: str
    covers_hr: bool | None
    covers_non_hr: bool | None
    next_due: date | None


class Impact(Period, frozen=True, gc=False):
    """A completed impact assessment of the route to a country, by the test of one law."""

    country: str
    outcome: str
    measures: str | None
    standard: str | None


class Circumstance(Period, frozen=True, gc=False):
    """One thing that the law asks about a flow, and what is recorded of it."""

    fact: str
    answer: bool | None
    number: int | None


class Traits(msgspec.Struct, frozen=True, gc=False):
    """What decisions on adequacy ask about an importer: yes, no, or not recorded."""

    pipeda: bool | None = None
    appi_operator: bool | None = None
    pipa: bool | None = None
    lgpd: bool | None = None
    covered_person: bool | None = None
    gdpr_applies: bool | None = None


class Traited(Period, frozen=True, gc=False):
    """An importer's traits over a period."""

    traits: Traits


class Part(Period, frozen=True, gc=False):
    """The engagement that a transfer serves: in which role, which data, what for."""

    exporter_role: str
    role: str | None
    data: str | None
    purpose: str | None


class Between(msgspec.Struct, frozen=True, gc=False, eq=False):
    """All on file between an exporter and an importer, over all its days; remembered by itself, not by what it says."""

    clauses: tuple[Clauses, ...] = ()
    listings: tuple[Listing, ...] = ()
    impacts: tuple[Impact, ...] = ()
    traits: tuple[Traited, ...] = ()
    circumstances: tuple[Circumstance, ...] = ()


class Route(Period, frozen=True, gc=False):
    """One leg over all its days: from whom to whom into which country, and all on file between the two."""

    exporter: int
    importer: int
    country: str
    automated: bool | None
    engagement: int | None
    bound_alike: bool | None
    between: Between


class Dossier(msgspec.Struct, frozen=True, gc=False):
    """Everything on file about one transfer, its chain included.

    `hops` are all routes on file, by their exporter; `limited` says that some stand for one engagement alone.
    """

    key: str
    thing: int
    route: Route
    parts: tuple[Part, ...]
    scopes: tuple[Scope, ...]
    suspensions: tuple[Period, ...]
    hops: dict[int, tuple[Route, ...]]
    limited: bool


class SignedClauses(msgspec.Struct, frozen=True, gc=False):
    """A safeguard as it is on the day; the days in it are known only as finely as the law asks. Made by its fields' order."""

    instrument: str
    module: str | None
    concluded: date | None
    changed: date | None
    combines_eu_data: bool | None
    primary: bool = True
    approved_by: str | None = None
    facts: Facts = ()


class Listed(msgspec.Struct, frozen=True, gc=False):
    """A listing as it is on the day. Made by its fields' order."""

    framework: str
    status: str
    covers_hr: bool | None
    covers_non_hr: bool | None
    overdue: bool


Impacts = tuple[tuple[str, str, str | None], ...]  # standard, outcome, measures: the first of a standard counts


class Leg(msgspec.Struct, frozen=True, gc=False):
    """One hop on one day: what a rule of chapter V is asked about.

    `above` is the framework that the leg above stands on, for which a hop may be bound by contract alone.
    `relied_on` asks whether one mechanism holds, instead of whether anything on file does.
    """

    regime: str
    territory: str
    country: str
    exporter_role: str = "controller"
    importer_role: str | None = None
    data: str = "non_hr"
    purpose: str | None = None
    automated: bool | None = None
    traits: Traits | None = None
    clauses: tuple[SignedClauses, ...] = ()
    listings: tuple[Listed, ...] = ()
    impacts: Impacts = ()
    facts: Facts = ()
    above: str | None = None
    bound_alike: bool | None = None
    relied_on: str | None = None

    def fact(self, name: str) -> Any:
        """A fact that a condition asks about; None where it is not recorded."""
        if name in {"country", "data", "purpose", "automated", "exporter_role"}:
            return getattr(self, name)
        if self.traits is not None and name in Traits.__struct_fields__:
            return getattr(self.traits, name)
        return dict(self.facts).get(name)


class Ground(msgspec.Struct, frozen=True, gc=False):
    """One thing that may carry a leg, and how far it does."""

    outcome: Outcome
    instrument: str | None
    findings: tuple[Finding, ...]
    listing: int | None = None
    clauses: int | None = None
    last_day: date | None = None


class Judged(msgspec.Struct, frozen=True, gc=False):
    """What the law says about a leg on a day. `basis` is the ground it rests on; warnings stand among the findings.

    `lends` is the framework that the next hop may be bound to by contract: of all grounds that hold, not the best alone,
    so that one more safeguard takes nothing from the chain beneath.
    """

    outcome: Outcome
    basis: str | None
    findings: tuple[Finding, ...]
    listing: int | None = None
    clauses: int | None = None
    last_day: date | None = None
    lends: str | None = None


class Sort(msgspec.Struct, frozen=True, gc=False):
    """All that a rule can tell of what stands between two parties on a day; of impact assessments: country, findings."""

    clauses: tuple[SignedClauses, ...]
    listings: tuple[Listed, ...]
    impacts: tuple[tuple[str, str, str, str | None], ...]
    traits: Traits | None
    facts: Facts = ()


class State(msgspec.Struct, frozen=True, gc=False):
    """What stands between two parties from a day until its next change: the rows, and the number of the sort they are of.

    `rulings` is what the law has been found to say of that sort, by who remembers it.
    """

    since: date
    between: Between
    clauses: tuple[Clauses, ...]
    listings: tuple[Listing, ...]
    sort: int
    next_change: date | None
    rulings: Mapping[tuple[int, str, bool | None, date], "Verdict"]


Tools = tuple[tuple[SignedClauses, ...], tuple[Listed, ...]]
# What a leg is judged by: the numbers of its tools and of its light, its country, whether automated, what its impact
# assessments found, the answers to what decisions on that country ask, and the circumstances of the flow.
Signature = tuple[int, int, str, bool | None, Impacts, tuple[bool | None, ...] | None, Facts]


class Verdict(msgspec.Struct, frozen=True, gc=False):
    """A leg judged on a day: what the law says, the last day of its basis, and until when the law says so.

    `last_day` is the first of the law's end and that of the `row` it rests on (next due, until); None where no end is known.
    `turn` is the next day on which the law alone, all facts as they are, says otherwise; `lends_otherwise` that the leg then
    lends another framework to the chain beneath.
    """

    judged: Judged
    last_day: date | None
    turn: date | None = None
    lends_otherwise: bool = False
    row: Clauses | Listing | None = None


def earliest(one: date | None, other: date | None) -> date | None:
    """The first of two days, where None is no end."""
    if one is None:
        return other
    return one if other is None or one <= other else other
