"""The gate: may this vendor process our data at all, whatever the border? By role, and by the house's own conditions.

A question that nobody has answered is open; an open gate is never a lawful one.
"""

from collections.abc import Iterator
from datetime import date

import msgspec

from assessments.rules import Finding
from assessments.rules.sub_processors import (
    TO_KNOW,
    Agreed,
    OnList,
    Passing,
    Reached,
    SubProcessor,
    authorised,
    below,
    bound_abroad,
)
from registry.law import Law
from registry.vocabulary import Outcome

TERMS_OF_ART_28 = {
    "documented_instructions": "28(3)(a)",
    "confidentiality": "28(3)(b)",
    "security": "28(3)(c)",
    "sub_processors": "28(3)(d)",
    "assists_rights": "28(3)(e)",
    "assists_duties": "28(3)(f)",
    "deletes_or_returns": "28(3)(g)",
    "audits": "28(3)(h)",
}
PROCESSORS = {"processor", "sub_processor"}
UNDERTAKINGS = ("only_our_purpose", "stays_in_framework", "tells_us")


class Terms(msgspec.Struct, frozen=True):
    """An engagement of the vendor and one contract behind it (its columns empty where there is none)."""

    engagement: str
    since: date
    until: date | None
    role: str | None
    disclosure_basis: str | None
    arrangement: bool | None
    only_our_purposes: bool | None
    contract_since: date | None
    contract_until: date | None
    signed_on: date | None
    documented_instructions: bool | None
    confidentiality: bool | None
    security: bool | None
    sub_processors: bool | None
    assists_rights: bool | None
    assists_duties: bool | None
    deletes_or_returns: bool | None
    audits: bool | None
    only_our_purpose: bool | None
    stays_in_framework: bool | None
    tells_us: bool | None
    authorisation: str | None
    notice_days: int | None

    def governs(self, day: date) -> bool:
        """Whether the contract stands, signed, on the day."""
        begun = self.contract_since is not None and self.contract_since <= day
        return begun and (self.contract_until is None or day < self.contract_until) and not _later(self.signed_on, day)


class Assured(msgspec.Struct, frozen=True):
    """One of our measures, and one assurance of the vendor's on it (its columns empty where there is none)."""

    measure: str
    name: str
    since: date
    until: date | None
    assured_since: date | None
    assured_until: date | None
    as_strong: bool | None
    evidence: str | None


class GateFile(msgspec.Struct, frozen=True):
    """Everything on file that the gate asks about a vendor, over all its days."""

    vendor: str
    terms: tuple[Terms, ...]
    assured: tuple[Assured, ...]
    party: int
    reached: tuple[Reached, ...]
    hops: tuple[SubProcessor, ...]
    lists: tuple[OnList, ...]


class GateVerdict(msgspec.Struct, frozen=True):
    """`permitted` only where every question has a good answer; what is only to be known stands among the findings."""

    outcome: Outcome
    findings: tuple[Finding, ...]


def gate(file: GateFile, law: Law) -> GateVerdict:
    """What stands against letting this vendor have our data on the law's day."""
    findings = (*_engagements(file, law.day), *passed_on(file, law), *security_as_strong(file, law.day))
    stopping = [finding for finding in findings if finding.code not in TO_KNOW]
    if not stopping:
        return GateVerdict(Outcome.PERMITTED, findings)
    outcome = Outcome.UNDETERMINED if all(finding.open for finding in stopping) else Outcome.NOT_PERMITTED
    return GateVerdict(outcome, findings)


def passed_on(file: GateFile, law: Law) -> tuple[Passing, ...]:
    """Art. 28(2), 28(4): every sub-processor beneath the vendor, to any depth, by the contract of each engagement."""
    found: list[Passing] = []
    for terms, contract in _standing(file, law.day):
        if terms.role not in PROCESSORS:
            continue
        agreed = Agreed(terms.engagement)
        if contract is not None:
            agreed = Agreed(terms.engagement, contract.authorisation, contract.notice_days, contract.signed_on)
        ours = [one.party for one in file.reached if one.engagement == terms.engagement and one.holds(law.day)]
        for hop in below((file.party, *ours), file.hops, terms.engagement, law.day):
            found += [*authorised(hop, agreed, law.day), *bound_abroad(hop, file.lists, law)]
    return tuple(dict.fromkeys(found))


def _engagements(file: GateFile, day: date) -> Iterator[Finding]:
    standing = list(_standing(file, day))
    if not standing:
        yield Finding("NO_ENGAGEMENT", "28(3)", fact=file.vendor, open=True)
    for terms, contract in standing:
        yield from _by_role(terms, contract)
        yield from our_purposes_only(terms)
        yield from undertakings(terms, contract)


def _standing(file: GateFile, day: date) -> Iterator[tuple[Terms, Terms | None]]:
    """Each engagement that stands on the day, and the contract that governs it then."""
    standing = [terms for terms in file.terms if terms.since <= day and (terms.until is None or day < terms.until)]
    for engagement in dict.fromkeys(terms.engagement for terms in standing):
        rows = [terms for terms in standing if terms.engagement == engagement]
        yield rows[0], next((terms for terms in rows if terms.governs(day)), None)


def _by_role(terms: Terms, contract: Terms | None) -> Iterator[Finding]:
    if terms.role in PROCESSORS:
        yield from processor(terms, contract)
    elif terms.role == "joint_controller":
        yield from joint_controller(terms)
    elif terms.role in {"controller", "recipient"}:
        yield from recipient(terms)
    else:
        yield Finding("ROLE_MISSING", "4", fact=terms.engagement, open=True)


def processor(terms: Terms, contract: Terms | None) -> Iterator[Finding]:
    """Art. 28: a contract that stands, with every term of paragraph 3, and an authorisation for sub-processors."""
    if contract is None:
        yield Finding("CONTRACT_MISSING", "28(3)", fact=terms.engagement)
        return
    for term, article in TERMS_OF_ART_28.items():
        yield from _answered("TERM_MISSING", article, f"{terms.engagement}: {term}", getattr(contract, term))
    if contract.authorisation is None:
        yield Finding("AUTHORISATION_MISSING", "28(2)", fact=terms.engagement, open=True)


def joint_controller(terms: Terms) -> Iterator[Finding]:
    """Art. 26(1): an arrangement between joint controllers."""
    yield from _answered("ARRANGEMENT_MISSING", "26(1)", terms.engagement, terms.arrangement)


def recipient(terms: Terms) -> Iterator[Finding]:
    """Art. 6(1): what makes the disclosure to another controller lawful."""
    if terms.disclosure_basis is None:
        yield Finding("DISCLOSURE_BASIS_MISSING", "6(1)", fact=terms.engagement, open=True)


def our_purposes_only(terms: Terms) -> Iterator[Finding]:
    """The house's own condition: the data serve our purposes alone."""
    yield from _answered("OTHER_PURPOSES", "5(1)(b)", terms.engagement, terms.only_our_purposes)


def undertakings(terms: Terms, contract: Terms | None) -> Iterator[Finding]:
    """Principle 3 (Accountability for Onward Transfer): the three assurances asked for before data cross a border."""
    for undertaking in UNDERTAKINGS:
        given = getattr(contract, undertaking) if contract else None
        yield from _answered("UNDERTAKING_MISSING", "44", f"{terms.engagement}: {undertaking}", given)


def security_as_strong(file: GateFile, day: date) -> Iterator[Finding]:
    """Art. 28(1), Art. 32: each measure of ours in force is matched by one of theirs that is as strong."""
    ours = [one for one in file.assured if one.since <= day and (one.until is None or day < one.until)]
    if not ours:
        yield Finding("NO_MEASURES", "32(1)", open=True)
    for measure in dict.fromkeys(one.measure for one in ours):
        standing = [one for one in ours if one.measure == measure and _stands(one, day)]
        newest = max(standing, key=lambda one: one.assured_since or date.min, default=None)
        yield from _answered("WEAKER_SECURITY", "28(1)", measure, newest.as_strong if newest else None)


def _answered(code: str, article: str, fact: str, given: bool | None) -> Iterator[Finding]:
    if not given:
        yield Finding(code, article, fact=fact, open=given is None)


def _stands(one: Assured, day: date) -> bool:
    return one.assured_since is not None and one.assured_since <= day and not (one.assured_until and one.assured_until <= day)


def _later(first: date | None, second: date) -> bool:
    return first is None or first > second
