"""Chapter V, Arts 44 to 49, in the order in which the chapter asks: may this leg go ahead on this day?

Each rule yields the grounds it finds, good or bad. The best one carries the leg; where none does, the findings say of
every thing on file why it fails.
"""

from collections.abc import Iterator
from typing import Any

from assessments.rules import ORDER, Finding, Ground, Judged, Leg, SignedClauses
from registry.law import FOREVER, ONE_DAY, Instrument, Law, Membership, Scope, Standing
from registry.vocabulary import RANKING, Outcome

LAWFUL = RANKING[Outcome.MEASURES_REQUIRED]
STILL_LISTED = {"active", "active_recert_review"}
BY_NAME = {"clauses", "tool", "derogation"}  # what a safeguard may name: each counts only where somebody relies on it


def judge(leg: Leg, law: Law) -> Judged:
    """What the law says about the leg on the law's day."""
    for gate in (regime_governs, inside_the_area):
        if ground := gate(leg, law):
            return Judged(ground.outcome, ground.instrument, ground.findings, last_day=ground.last_day)
    grounds = [ground for rule in (adequacy, listing, safeguards, contract_above, rules_elsewhere) for ground in rule(leg, law)]
    best = max(grounds, key=lambda ground: RANKING[ground.outcome], default=None)
    if best is None or RANKING[best.outcome] < LAWFUL:
        return _nothing_holds(leg, law, grounds, best)
    findings = (*best.findings, *_warnings(leg, law, grounds, best))
    return Judged(best.outcome, best.instrument, findings, best.listing, best.clauses, best.last_day)


def regime_governs(leg: Leg, law: Law) -> Ground | None:
    """Art. 3, Art. 99(2): a regime that is not modelled, or does not apply yet or any more, says nothing good.

    Before its first day a law that forbids cannot be relied on; any other one forbids nothing yet (law.md 13, 12).
    """
    standing = law.applies(leg.regime, leg.territory)
    if standing is None:
        code = "REGIME_NOT_MODELLED" if leg.regime or leg.territory else "REGIME_UNKNOWN"
        return Ground(Outcome.UNDETERMINED, None, (Finding(code, "3"),))
    if standing.code is None:
        return None
    one = standing.instrument
    if not one.forbids and law.day < standing.first_day:
        return Ground(Outcome.PERMITTED, one.key, (Finding("BEFORE_FIRST_DAY", _article(leg, one), one.key),))
    return Ground(Outcome.NOT_PERMITTED, None, (Finding("REGIME_NOT_APPLICABLE", _article(leg, one), one.key),))


def inside_the_area(leg: Leg, law: Law) -> Ground | None:
    """Art. 44: a flow to a country inside the area, or one that the law does not restrict, is no transfer."""
    if law.own(leg.regime, leg.country):
        return Ground(Outcome.NO_TRANSFER, leg.country, (Finding("WITHIN_COUNTRY", "44"),))
    for found in law.inside(leg.regime, leg.country, leg.territory):
        if isinstance(found, Membership):
            last = found.until - ONE_DAY if found.until != FOREVER and found.until_known <= law.known_on else None
            return Ground(Outcome.NO_TRANSFER, "eea", (Finding("INSIDE_AREA", "44", "eea"),), last_day=last)
        one = found.instrument
        if any(_conditions(leg, law, one)):
            continue
        code = "NOT_RESTRICTED" if one.scope else "INSIDE_AREA"
        return Ground(Outcome.NO_TRANSFER, one.key, (Finding(code, _article(leg, one), one.key),), last_day=found.last_day)
    return None


def adequacy(leg: Leg, law: Law) -> Iterator[Ground]:
    """Art. 45: an adequacy decision in force that covers this importer."""
    if leg.relied_on not in {None, "NONE", "ADEQUACY"}:
        return
    decisions = law.of_kind("adequacy", leg.regime, leg.country)
    decisions = [standing for standing in decisions if standing.code is None] or decisions
    for standing in decisions:
        if standing.code != "NOT_IN_FORCE" or leg.relied_on == "ADEQUACY":
            findings = _in_force(leg, standing) or list(_conditions(leg, law, standing.instrument))
            yield _ground(leg, standing, findings, "ADEQUATE")
    if leg.relied_on == "ADEQUACY" and not decisions:
        known = any(one.kind == "adequacy" and leg.regime in one.regimes for one in law.pack.instruments.values())
        finding = Finding("NO_ADEQUACY" if known else "WRONG_FRAMEWORK", "45(1)", open=_leads(leg, law))
        yield Ground(Outcome.UNDETERMINED if finding.open else Outcome.NOT_PERMITTED, None, (finding,))


def listing(leg: Leg, law: Law) -> Iterator[Ground]:
    """Art. 45: a decision that covers those on a list, and the importer's place on it."""
    for place, listed in enumerate(leg.listings):
        one = law.instrument(listed.framework)
        if one is None or one.kind != "framework" or leg.relied_on not in {None, "NONE", one.mechanism}:
            continue
        standing = law.standing(one.key)
        if standing is None:
            continue
        yield _ground(leg, standing, _listing_fails(leg, law, standing, place), "LISTED", listing=place)
    if leg.relied_on and not any(_is(law, listed.framework, leg.relied_on) for listed in leg.listings):
        standing = law.by_mechanism(leg.relied_on, leg.regime)
        if standing is not None and standing.instrument.kind == "framework":
            unknown = Finding(
                "NOT_LISTED", _article(leg, standing.instrument), standing.instrument.key, fact="listing", open=True
            )
            stops = _wrong_framework(leg, standing) or [*_in_force(leg, standing), *_elsewhere(leg, standing), unknown]
            yield _ground(leg, standing, stops, "LISTED")


def safeguards(leg: Leg, law: Law) -> Iterator[Ground]:
    """Art. 46 and 49: clauses, other tools and derogations that are relied on, each by the conditions of its own."""
    for place, signed in enumerate(leg.clauses):
        standing = _standing(leg, law, signed)
        if standing is None:
            if leg.relied_on is None:
                finding = Finding("NOT_MODELLED", "46", signed.instrument, place, open=True)
                yield Ground(Outcome.UNDETERMINED, signed.instrument, (finding,), clauses=place)
            continue
        one = standing.instrument
        if leg.relied_on not in {None, "NONE", one.mechanism, f"{one.mechanism}_{signed.module}"}:
            continue
        findings = _wrong_framework(leg, standing, signed) or [
            *(_clauses_fail(leg, law, standing, signed, place) if one.kind == "clauses" else _in_force(leg, standing)),
            *_roles_fail(leg, one, signed, place),
            *_conditions(leg, law, one, signed, place),
            *(_impact_fails(leg, law, standing, signed, place) if one.kind != "derogation" else ()),
        ]
        yield _ground(leg, standing, findings, GOOD[one.kind], clauses=place)


def contract_above(leg: Leg, law: Law) -> Iterator[Ground]:
    """Principle 3 (Accountability for Onward Transfer): a listed importer may pass data on to an agent bound alike."""
    standing = law.standing(leg.above) if leg.above and law.instrument(leg.above) else None
    if standing is None or not standing.instrument.onward_by_contract or standing.code is not None:
        return
    key = standing.instrument.key
    if leg.bound_alike is None:
        unknown = Finding("CONDITION_MISSING", "44", key, fact="bound_alike", open=True)
        yield Ground(Outcome.UNDETERMINED, key, (unknown,))
    elif leg.bound_alike:
        yield Ground(Outcome.PERMITTED, key, (Finding("BOUND_ALIKE", "44", key),), last_day=standing.last_day)


def rules_elsewhere(leg: Leg, law: Law) -> Iterator[Ground]:
    """Laws that forbid only under conditions: a rule that is met carries the flow, whether or not anybody names it."""
    for standing in law.of_kind("rule", leg.regime, leg.country):
        one = standing.instrument
        if leg.relied_on in {None, "NONE", one.mechanism, *one.frees} and standing.code is None:
            yield _ground(leg, standing, list(_conditions(leg, law, one)), "RULE_MET")


GOOD = {"clauses": "CLAUSES", "tool": "TOOL", "derogation": "DEROGATION"}


def _warnings(leg: Leg, law: Law, grounds: list[Ground], best: Ground) -> Iterator[Finding]:
    """What to know beside a basis that holds: another one that was relied on fails, or nothing stands behind it."""
    one = law.instrument(best.instrument or "")
    if leg.relied_on is None:
        for ground in grounds:
            if ground.clauses is not None and leg.clauses[ground.clauses].primary and RANKING[ground.outcome] < LAWFUL:
                stop = min(ground.findings, key=lambda finding: ORDER.get(finding.code, len(ORDER)))
                yield Finding("RELIED_ON_FAILS", stop.article, ground.instrument, ground.clauses, stop.code)
        caught = any(ground.clauses is not None and RANKING[ground.outcome] >= LAWFUL for ground in grounds)
        if one is not None and one.fallback_advised and best.listing is not None and not caught:
            yield Finding("FALLBACK_MISSING", "46(1)", one.key)
    if one is not None and one.kind in {"adequacy", "framework"} and law.in_efta(leg.territory):
        yield Finding("EFTA_PILLAR", _article(leg, one), one.key)
    if _leads(leg, law):
        yield Finding("LEADS_ONLY", "3")


def _leads(leg: Leg, law: Law) -> bool:
    """Whether all that is known of the regime are leads that nobody verified."""
    standing = law.applies(leg.regime, leg.territory)
    return standing is not None and standing.instrument.leads


def _nothing_holds(leg: Leg, law: Law, grounds: list[Ground], best: Ground | None) -> Judged:
    outcome = best.outcome if best else Outcome.NOT_PERMITTED
    findings = sorted(
        {finding for ground in grounds for finding in ground.findings},
        key=lambda f: (
            f.open and outcome is Outcome.NOT_PERMITTED,
            ORDER.get(f.code, len(ORDER)),
            f.tool or 0,
            f.instrument or "",
        ),
    )
    leads = _leads(leg, law)
    if leg.relied_on == "NONE" and not leads:
        findings.insert(0, Finding("NO_MECHANISM", "44", open=outcome is Outcome.UNDETERMINED))
    elif not findings:
        outcome = Outcome.UNDETERMINED if leads or leg.relied_on else Outcome.NOT_PERMITTED
        code = "REGIME_NOT_MODELLED" if leads else "NOT_MODELLED" if leg.relied_on else "NO_MECHANISM"
        findings = [Finding(code, "44", open=outcome is Outcome.UNDETERMINED)]
    if leads:
        findings.append(Finding("LEADS_ONLY", "3"))
    return Judged(outcome, None, tuple(findings))


def _ground(
    leg: Leg,
    standing: Standing,
    findings: list[Finding],
    good: str,
    listing: int | None = None,
    clauses: int | None = None,
) -> Ground:
    """Any finding that is no warning stops; where all that stop are open questions, the outcome is undetermined."""
    key = standing.instrument.key
    stopping = [finding for finding in findings if finding.code in ORDER]
    if stopping and all(finding.open for finding in stopping):
        outcome = Outcome.UNDETERMINED
    elif stopping:
        outcome = Outcome.NOT_PERMITTED
    else:
        needed = any(finding.code == "MEASURES_REQUIRED" for finding in findings)
        outcome = Outcome.MEASURES_REQUIRED if needed else Outcome.PERMITTED
        place = listing if listing is not None else clauses
        findings = [Finding(good, _article(leg, standing.instrument), key, place), *findings]
    if standing.disputed is not None:
        findings = [*findings, Finding("BOUNDARY_DISPUTED", _article(leg, standing.instrument), key)]
    return Ground(outcome, key, tuple(findings), listing, clauses, standing.last_day)


def _article(leg: Leg, one: Instrument) -> str:
    return one.articles.get(leg.regime) or next(iter(one.articles.values()))


def _in_force(leg: Leg, standing: Standing) -> list[Finding]:
    one = standing.instrument
    return [Finding(standing.code, _article(leg, one), one.key)] if standing.code else []


def _wrong_framework(leg: Leg, standing: Standing, signed: SignedClauses | None = None) -> list[Finding]:
    """A tool of another law; or one that was approved by another law's authority, whose approval serves that law alone."""
    one = standing.instrument
    other = signed is not None and one.approved_by is not None and signed.approved_by != one.approved_by
    return [Finding("WRONG_FRAMEWORK", "44", one.key)] if other or leg.regime not in one.regimes else []


def _conditions(
    leg: Leg, law: Law, one: Instrument, signed: SignedClauses | None = None, place: int | None = None
) -> Iterator[Finding]:
    """The conditions of an instrument that are not met: an unknown fact that opens the door leaves it undetermined."""
    own = dict(signed.facts) if signed else {}
    for scope in law.scope(one):
        value = own[scope.fact] if scope.fact in own else leg.fact(scope.fact)
        if _met(scope, value):
            continue
        unknown = value is None and scope.code in ORDER
        yield Finding(scope.code, _article(leg, one), one.key, place, scope.fact, open=unknown)


def _met(scope: Scope, value: Any) -> bool:
    """Whether a fact is as a condition asks; unknown, it is as `is_not` and `none_of` ask, and not as the others do."""
    if scope.demands is not None:
        return bool(value == scope.demands)
    if scope.denies is not None:
        return bool(value != scope.denies)
    if scope.none_of:
        return value not in scope.none_of
    return value is not None and (scope.at_least or 0) <= value and (scope.at_most is None or value <= scope.at_most)


def _listing_fails(leg: Leg, law: Law, standing: Standing, place: int) -> list[Finding]:
    listed, one = leg.listings[place], standing.instrument
    article = _article(leg, one)
    if findings := _wrong_framework(leg, standing):
        return findings
    never = [] if listed.status in STILL_LISTED else [Finding("NOT_LISTED", article, one.key, place)]
    if one.requires and not never:
        never = _first_list_fails(leg, law, one.requires)
    if findings := _in_force(leg, standing):
        return [*findings, *never]
    findings = _elsewhere(leg, standing, place)
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
    return [*findings, *never]


def _elsewhere(leg: Leg, standing: Standing, place: int | None = None) -> list[Finding]:
    """A list names organisations of its own country alone."""
    one = standing.instrument
    return [] if leg.country in one.countries else [Finding("OUT_OF_SCOPE", _article(leg, one), one.key, place, "country")]


def _first_list_fails(leg: Leg, law: Law, key: str) -> list[Finding]:
    """An extension holds only for whom the list that it extends names too."""
    one = law.pack.instruments[key]
    article = _article(leg, one)
    for place, listed in enumerate(leg.listings):
        if listed.framework == key:
            if listed.status not in STILL_LISTED:
                return [Finding("NOT_LISTED", article, key, place)]
            return [Finding("CERT_EXPIRED", article, key, place)] if listed.overdue and listed.status == "active" else []
    return [Finding("NOT_LISTED", article, key, fact="listing", open=True)]


def _is(law: Law, key: str, mechanism: str) -> bool:
    one = law.instrument(key)
    return one is not None and one.mechanism == mechanism


def _standing(leg: Leg, law: Law, signed: SignedClauses) -> Standing | None:
    """A safeguard as this regime takes it: one text may live longer under one regime than under another."""
    one = law.instrument(signed.instrument)
    return law.by_mechanism(one.mechanism, leg.regime) if one and one.kind in BY_NAME else None


def _clauses_fail(leg: Leg, law: Law, standing: Standing, signed: SignedClauses, place: int) -> Iterator[Finding]:
    """Art. 46(2)(c); (EU) 2021/914 Art. 4: in force, concluded in time, and unchanged since they were repealed."""
    one = standing.instrument
    article = _article(leg, one)
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


def _roles_fail(leg: Leg, one: Instrument, signed: SignedClauses, place: int) -> Iterator[Finding]:
    """Whether a tool was made for these two roles; an importer's role that is not recorded leaves it open."""
    if not one.roles:
        return
    article, roles = _article(leg, one), one.roles.get(signed.module or "any")
    if roles is None:
        yield Finding("MODULE_MISMATCH", article, one.key, place, "module", open=signed.module is None)
    elif roles.exporter not in {"any", leg.exporter_role}:
        yield Finding("MODULE_MISMATCH", article, one.key, place, "role")
    elif roles.importer not in {"any", leg.importer_role}:
        yield Finding("MODULE_MISMATCH", article, one.key, place, "role", open=leg.importer_role is None)


def _impact_fails(leg: Leg, law: Law, standing: Standing, signed: SignedClauses, place: int) -> Iterator[Finding]:
    """Art. 46(1), C-311/18 para. 134: the exporter has verified the level of protection, and closed what gap it found."""
    duty = law.demands("impact_assessment", leg.regime)
    if duty is None:
        return
    roles = standing.instrument.roles.get(signed.module or "any")
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
