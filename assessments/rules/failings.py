"""Why a thing on file does not carry a leg: what stops it, what is open, and what only warns, one finding each."""

from collections.abc import Iterator
from typing import Any

from assessments.rules import AT_ODDS, ORDER, Finding, Leg, SignedClauses
from registry.law import Instrument, Law, Roles, Scope, Standing

STILL_LISTED = {"active", "active_recert_review"}


def article_of(leg: Leg, one: Instrument) -> str:
    return one.articles.get(leg.regime) or next(iter(one.articles.values()))


def in_force(leg: Leg, standing: Standing) -> list[Finding]:
    one = standing.instrument
    contested = standing.code == "NOT_MODELLED"
    return [Finding(standing.code, article_of(leg, one), one.key, open=contested)] if standing.code else []


def wrong_framework(leg: Leg, law: Law, standing: Standing, signed: SignedClauses | None = None) -> list[Finding]:
    """A tool of another law; or one that was approved by another law's authority, whose approval serves that law alone."""
    one = standing.instrument
    if leg.regime not in one.regimes:
        return [Finding("WRONG_FRAMEWORK", law.principle(leg.regime), one.key)]
    other = signed is not None and one.approved_by is not None and signed.approved_by != one.approved_by
    return [Finding("WRONG_FRAMEWORK", law.principle(leg.regime), one.key, fact="approved_by")] if other else []


def conditions(
    leg: Leg, law: Law, one: Instrument, signed: SignedClauses | None = None, place: int | None = None
) -> Iterator[Finding]:
    """The conditions of an instrument that are not met: an unknown fact that opens the door leaves it undetermined."""
    own = dict(signed.facts) if signed else {}
    for scope in law.scope(one):
        value = own[scope.fact] if scope.fact in own else leg.fact(scope.fact)
        if _met(scope, value):
            continue
        unknown = value in {None, AT_ODDS} and scope.code in ORDER
        at_odds = AT_ODDS if value == AT_ODDS else None
        yield Finding(scope.code, article_of(leg, one), one.key, place, scope.fact, open=unknown, fits=at_odds)


def _met(scope: Scope, value: Any) -> bool:
    """Whether a fact is as a condition asks; unknown, it is as `is_not` and `none_of` ask, and not as the others do.

    Answers that contradict each other are never as it asks.
    """
    if value == AT_ODDS:
        return False
    if scope.demands is not None:
        return bool(value == scope.demands)
    if scope.denies is not None:
        return bool(value != scope.denies)
    if scope.none_of:
        return value not in scope.none_of
    return value is not None and (scope.at_least or 0) <= value and (scope.at_most is None or value <= scope.at_most)


def listing_fails(leg: Leg, law: Law, standing: Standing, place: int) -> list[Finding]:
    listed, one = leg.listings[place], standing.instrument
    article = article_of(leg, one)
    if findings := wrong_framework(leg, law, standing):
        return findings
    never = [] if listed.status in STILL_LISTED else [Finding("NOT_LISTED", article, one.key, place)]
    if one.requires and not never:
        never = _first_list_fails(leg, article, one.requires)
    if findings := in_force(leg, standing):
        return [*findings, *never]
    findings = elsewhere(leg, standing, place)
    if any(finding.code == "NOT_LISTED" for finding in never):
        return [*findings, *never]
    if listed.overdue and listed.status == "active":
        findings.append(Finding("CERT_EXPIRED", article, one.key, place))
    elif listed.overdue:
        findings.append(Finding("RECERT_UNDER_REVIEW", article, one.key, place))
    covered = listed.covers_hr if leg.data == "hr" else listed.covers_non_hr
    if leg.data == "hr" and law.pack.policy("hr_coverage") == "own_staff" and leg.importer_role == "processor":
        covered = covered or listed.covers_non_hr
    if one.covers_data and not covered:
        findings.append(Finding("DATA_NOT_COVERED", article, one.key, place, "covered", open=covered is None))
    return [*findings, *never, *conditions(leg, law, one, place=place)]


def elsewhere(leg: Leg, standing: Standing, place: int | None = None) -> list[Finding]:
    """A list names organisations of its own country alone."""
    one = standing.instrument
    return [] if leg.country in one.countries else [Finding("OUT_OF_SCOPE", article_of(leg, one), one.key, place, "country")]


def _first_list_fails(leg: Leg, article: str, key: str) -> list[Finding]:
    """An extension holds only for whom the list that it extends names too; the article is that of the extension."""
    failing = []
    for place, listed in enumerate(leg.listings):
        if listed.framework == key:
            gone = listed.status not in STILL_LISTED
            if not gone and not (listed.overdue and listed.status == "active"):
                return []
            failing.append(Finding("NOT_LISTED" if gone else "CERT_EXPIRED", article, key, place))
    return failing[:1] or [Finding("NOT_LISTED", article, key, fact="listing", open=True)]


def clauses_fail(leg: Leg, law: Law, standing: Standing, signed: SignedClauses, place: int) -> Iterator[Finding]:
    """Art. 46(2)(c); (EU) 2021/914 Art. 4: in force, concluded in time, and unchanged since they were repealed."""
    one = standing.instrument
    article = article_of(leg, one)
    if standing.code:
        yield Finding(standing.code, article, one.key, place, open=standing.code == "NOT_MODELLED")
    elif signed.concluded is None:
        repealed = standing.no_new_from is not None and standing.no_new_from <= law.day
        yield Finding("SCC_REPEALED" if repealed else "NOT_IN_FORCE", article, one.key, place, "concluded_on", open=True)
    if signed.concluded is not None:
        if standing.code != "NOT_IN_FORCE" and (signed.concluded < standing.opened or signed.concluded > law.day):
            yield Finding("NOT_IN_FORCE", article, one.key, place, "concluded_on")
        if standing.no_new_from and signed.concluded >= standing.no_new_from:
            yield Finding("SCC_REPEALED", article, one.key, place)
    if signed.changed and standing.no_new_from and law.day >= standing.no_new_from <= signed.changed:
        yield Finding("SCC_CHANGED", article, one.key, place)


def _roles(one: Instrument, signed: SignedClauses) -> Roles | None:
    """The roles that what was signed is for: those of its module, where the instrument has modules."""
    return one.roles.get("any") or one.roles.get(signed.module or "")


def roles_fail(leg: Leg, one: Instrument, signed: SignedClauses, place: int) -> Iterator[Finding]:
    """Whether a tool was made for these two roles; an importer's role that is not recorded leaves it open."""
    if not one.roles:
        return
    article, roles = article_of(leg, one), _roles(one, signed)
    if roles is None:
        unsigned = signed.module is None
        fits = None if unsigned else _fitting(leg, one)
        yield Finding("MODULE_MISMATCH", article, one.key, place, "module", open=unsigned, fits=fits)
    elif roles.exporter not in {"any", leg.exporter_role}:
        yield Finding("MODULE_MISMATCH", article, one.key, place, "role", fits=_fitting(leg, one))
    elif roles.importer not in {"any", leg.importer_role}:
        unknown = leg.importer_role is None
        yield Finding("MODULE_MISMATCH", article, one.key, place, "role", open=unknown, fits=_fitting(leg, one))


def _fitting(leg: Leg, one: Instrument) -> str | None:
    """The one module of an instrument that fits both roles; None where none or several do, or a role is not known."""
    if leg.importer_role is None:
        return None
    fitting = [
        module
        for module, roles in one.roles.items()
        if roles.exporter in {"any", leg.exporter_role} and roles.importer in {"any", leg.importer_role}
    ]
    return fitting[0] if len(fitting) == 1 else None


def impact_fails(leg: Leg, law: Law, standing: Standing, signed: SignedClauses, place: int) -> Iterator[Finding]:
    """Art. 46(1), C-311/18 para. 134: the exporter has verified the level of protection, and closed what gap it found."""
    duty = law.demands("impact_assessment", leg.regime)
    if duty is None:
        return
    roles = _roles(standing.instrument, signed)
    if roles and roles.impact_assessment == "if_combined" and signed.combines_eu_data is False:
        return
    article, key = duty.instrument.articles[leg.regime], duty.instrument.key
    found = next((one for one in leg.impacts if one[0] in duty.instrument.standards), None)
    if found is None:
        yield Finding("TIA_MISSING", article, key, place)
    elif found[1] == "problematic" and found[2] == "ineffective":
        yield Finding("MEASURES_INEFFECTIVE", article, key, place)
    elif found[1] == "problematic" and found[2] != "effective":
        yield Finding("MEASURES_REQUIRED", article, key, place)
