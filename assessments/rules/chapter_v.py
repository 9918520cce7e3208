"""Chapter V, Arts 44 to 49, in the order in which the chapter asks: may this leg go ahead on this day?

Each rule yields the grounds it finds, good or bad. The best one carries the leg; where none does, the findings say of
every thing on file why it fails.
"""

from collections.abc import Iterator

from assessments.rules import ORDER, Finding, Ground, Judged, Leg, SignedClauses
from registry.law import FOREVER, ONE_DAY, Instrument, Law, Membership, Standing
from registry.vocabulary import RANKING, Outcome

LAWFUL = RANKING[Outcome.MEASURES_REQUIRED]
STILL_LISTED = {"active", "active_recert_review"}


def judge(leg: Leg, law: Law) -> Judged:
    """What the law says about the leg on the law's day."""
    for gate in (regime_governs, inside_the_area):
        if ground := gate(leg, law):
            return Judged(ground.outcome, ground.instrument, ground.findings, last_day=ground.last_day)
    grounds = list(_grounds(leg, law))
    best = max(grounds, key=lambda ground: RANKING[ground.outcome], default=None)
    if best is not None and RANKING[best.outcome] >= LAWFUL:
        return Judged(best.outcome, best.instrument, best.findings, best.listing, best.clauses, best.last_day)
    return _nothing_holds(leg, grounds, best)


def regime_governs(leg: Leg, law: Law) -> Ground | None:
    """Art. 3, Art. 99(2): a regime that is not modelled, not yet or no longer in force, says nothing good."""
    standing = law.applies(leg.regime, leg.territory)
    if standing is None:
        code = "REGIME_NOT_MODELLED" if leg.regime or leg.territory else "REGIME_UNKNOWN"
        return Ground(Outcome.UNDETERMINED, None, (Finding(code, "3"),))
    if standing.code is None:
        return None
    article = standing.instrument.articles[leg.regime]
    return Ground(Outcome.NOT_PERMITTED, None, (Finding("REGIME_NOT_APPLICABLE", article, standing.instrument.key),))


def inside_the_area(leg: Leg, law: Law) -> Ground | None:
    """Art. 44: a flow to a country inside the area is no transfer to a third country."""
    found = law.inside(leg.regime, leg.country)
    if found is None:
        return None
    if isinstance(found, Membership):
        last = found.until - ONE_DAY if found.until != FOREVER and found.until_known <= law.known_on else None
        return Ground(Outcome.NO_TRANSFER, "eea", (Finding("INSIDE_AREA", "44", "eea"),), last_day=last)
    key = found.instrument.key
    return Ground(Outcome.NO_TRANSFER, key, (Finding("INSIDE_AREA", "44", key),), last_day=found.last_day)


def adequacy(leg: Leg, law: Law) -> Iterator[Ground]:
    """Art. 45: an adequacy decision in force that covers this importer."""
    if leg.relied_on not in {None, "NONE", "ADEQUACY"}:
        return
    decisions = law.of_kind("adequacy", leg.regime, leg.country)
    for standing in decisions:
        if standing.code != "NOT_IN_FORCE" or leg.relied_on == "ADEQUACY":
            yield _ground(leg, standing, _in_force(leg, standing) or list(_out_of_scope(leg, law, standing)), "ADEQUATE")
    if leg.relied_on == "ADEQUACY" and not decisions:
        yield Ground(Outcome.NOT_PERMITTED, None, (Finding("NO_ADEQUACY", "45(1)"),))


def listing(leg: Leg, law: Law) -> Iterator[Ground]:
    """Art. 45: a decision that covers those on a list, and the importer's place on it."""
    for place, listed in enumerate(leg.listings):
        one = law.instrument(listed.framework)
        if one is None or one.kind != "framework" or leg.relied_on not in {None, "NONE", one.mechanism}:
            continue
        standing = law.standing(one.key)
        if standing is None:
            continue
        yield _ground(leg, standing, _listing_fails(leg, standing, place), "LISTED", listing=place)
    if leg.relied_on and not any(_is(law, listed.framework, leg.relied_on) for listed in leg.listings):
        standing = law.by_mechanism(leg.relied_on, leg.regime)
        if standing is not None and standing.instrument.kind == "framework":
            unknown = Finding(
                "NOT_LISTED", _article(leg, standing.instrument), standing.instrument.key, fact="listing", open=True
            )
            yield _ground(leg, standing, [*_in_force(leg, standing), *_wrong_framework(leg, standing), unknown], "LISTED")


def clauses(leg: Leg, law: Law) -> Iterator[Ground]:
    """Art. 46(2)(c): standard contractual clauses that were good when concluded, still are, and fit both roles."""
    for place, signed in enumerate(leg.clauses):
        standing = _clauses_standing(leg, law, signed)
        if standing is None:
            if leg.relied_on is None:
                finding = Finding("NOT_MODELLED", "46", signed.instrument, place, open=True)
                yield Ground(Outcome.UNDETERMINED, signed.instrument, (finding,), clauses=place)
            continue
        one = standing.instrument
        if leg.relied_on not in {None, "NONE", one.mechanism, f"{one.mechanism}_{signed.module}"}:
            continue
        findings = [*_clauses_fail(leg, law, standing, signed, place), *_impact_fails(leg, law, standing, signed, place)]
        yield _ground(leg, standing, findings, "CLAUSES", clauses=place)


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


def _grounds(leg: Leg, law: Law) -> Iterator[Ground]:
    """What the rules find, up to a ground that no other could better."""
    for rule in (adequacy, listing, clauses, contract_above):
        for ground in rule(leg, law):
            yield ground
            if ground.outcome is Outcome.PERMITTED:
                return


def _nothing_holds(leg: Leg, grounds: list[Ground], best: Ground | None) -> Judged:
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
    if leg.relied_on == "NONE":
        findings.insert(0, Finding("NO_MECHANISM", "44", open=outcome is Outcome.UNDETERMINED))
    elif not findings:
        findings = [Finding("NO_MECHANISM", "44")] if leg.relied_on is None else [Finding("NOT_MODELLED", "44", open=True)]
        outcome = Outcome.NOT_PERMITTED if leg.relied_on is None else Outcome.UNDETERMINED
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
    return Ground(outcome, key, tuple(findings), listing, clauses, standing.last_day)


def _article(leg: Leg, one: Instrument) -> str:
    return one.articles.get(leg.regime) or next(iter(one.articles.values()))


def _in_force(leg: Leg, standing: Standing) -> list[Finding]:
    one = standing.instrument
    return [Finding(standing.code, _article(leg, one), one.key)] if standing.code else []


def _wrong_framework(leg: Leg, standing: Standing) -> list[Finding]:
    one = standing.instrument
    return [] if leg.regime in one.regimes else [Finding("WRONG_FRAMEWORK", "44", one.key)]


def _out_of_scope(leg: Leg, law: Law, standing: Standing) -> Iterator[Finding]:
    """The conditions of the decision: an unknown fact that opens the door leaves it undetermined."""
    one = standing.instrument
    for scope in law.scope(one):
        value = leg.fact(scope.fact)
        if scope.demands is not None and value != scope.demands:
            yield Finding("OUT_OF_SCOPE", _article(leg, one), one.key, fact=scope.fact, open=value is None)
        elif value in scope.none_of:
            yield Finding("OUT_OF_SCOPE", _article(leg, one), one.key, fact=scope.fact)


def _listing_fails(leg: Leg, standing: Standing, place: int) -> list[Finding]:
    listed, one = leg.listings[place], standing.instrument
    article = _article(leg, one)
    never = [] if listed.status in STILL_LISTED else [Finding("NOT_LISTED", article, one.key, place)]
    if findings := _in_force(leg, standing):
        return [*findings, *never]
    findings = _wrong_framework(leg, standing)
    if leg.country not in one.countries:
        findings.append(Finding("OUT_OF_SCOPE", article, one.key, place, "country"))
    if never:
        return [*findings, *never]
    if listed.overdue and listed.status == "active":
        findings.append(Finding("CERT_EXPIRED", article, one.key, place))
    elif listed.overdue:
        findings.append(Finding("RECERT_UNDER_REVIEW", article, one.key, place))
    covered = listed.covers_hr if leg.data == "hr" else listed.covers_non_hr
    if one.covers_data and not covered:
        findings.append(Finding("DATA_NOT_COVERED", article, one.key, place, "covered", open=covered is None))
    return findings


def _is(law: Law, key: str, mechanism: str) -> bool:
    one = law.instrument(key)
    return one is not None and one.mechanism == mechanism


def _clauses_standing(leg: Leg, law: Law, signed: SignedClauses) -> Standing | None:
    """The clauses as this regime takes them: one text may live longer under one regime than under another."""
    one = law.instrument(signed.instrument)
    return law.by_mechanism(one.mechanism, leg.regime) if one and one.kind == "clauses" else None


def _clauses_fail(leg: Leg, law: Law, standing: Standing, signed: SignedClauses, place: int) -> Iterator[Finding]:
    """Art. 46(2)(c); (EU) 2021/914 Art. 4: in force, concluded in time, unchanged, and made for these two roles."""
    one = standing.instrument
    article = _article(leg, one)
    if standing.code:
        yield Finding(standing.code, article, one.key, place)
    elif signed.concluded is None:
        repealed = standing.no_new_from is not None and standing.no_new_from <= law.day
        yield Finding("SCC_REPEALED" if repealed else "NOT_IN_FORCE", article, one.key, place, "concluded_on", open=True)
    if signed.concluded is not None:
        if standing.code != "NOT_IN_FORCE" and (signed.concluded < standing.first_day or signed.concluded > law.day):
            yield Finding("NOT_IN_FORCE", article, one.key, place, "concluded_on")
        if standing.no_new_from and signed.concluded >= standing.no_new_from:
            yield Finding("SCC_REPEALED", article, one.key, place)
    if signed.changed and standing.no_new_from and law.day >= standing.no_new_from <= signed.changed:
        yield Finding("SCC_CHANGED", article, one.key, place)
    yield from _wrong_framework(leg, standing)
    roles = one.roles.get(signed.module or "any")
    if roles is None:
        yield Finding("MODULE_MISMATCH", article, one.key, place, "module", open=signed.module is None)
    elif roles.exporter != leg.exporter_role or (leg.importer_role and roles.importer != leg.importer_role):
        yield Finding("MODULE_MISMATCH", article, one.key, place, "role")
    elif leg.importer_role is None:
        yield Finding("MODULE_MISMATCH", article, one.key, place, "role", open=True)


def _impact_fails(leg: Leg, law: Law, standing: Standing, signed: SignedClauses, place: int) -> Iterator[Finding]:
    """Art. 46(1), C-311/18 para. 134: the exporter has verified the level of protection, and closed what gap it found."""
    duty = law.demands("impact_assessment", leg.regime)
    if duty is None:
        return
    roles = standing.instrument.roles.get(signed.module or "any")
    if roles and roles.impact_assessment == "if_combined" and signed.combines_eu_data is False:
        return
    article, key = duty.instrument.articles[leg.regime], duty.instrument.key
    if leg.impact is None:
        yield Finding("TIA_MISSING", article, key, place)
    elif leg.impact == "problematic" and leg.measures == "ineffective":
        yield Finding("MEASURES_INEFFECTIVE", article, key, place)
    elif leg.impact == "problematic" and leg.measures != "effective":
        yield Finding("MEASURES_REQUIRED", article, key, place)
