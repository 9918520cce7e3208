"""Chapter V, Arts 44 to 49, in the order in which the chapter asks: may this leg go ahead on this day?

Each rule yields the grounds it finds, good or bad. The best one carries the leg; where none does, the findings say of
every thing on file why it fails.
"""

from collections.abc import Iterator

from assessments.rules import ORDER, Finding, Ground, Judged, Leg, SignedClauses
from assessments.rules.failings import (
    article_of,
    clauses_fail,
    conditions,
    elsewhere,
    impact_fails,
    in_force,
    listing_fails,
    roles_fail,
    wrong_framework,
)
from registry.law import FOREVER, ONE_DAY, Law, Membership, Standing
from registry.vocabulary import RANKING, Outcome

# What the law ended for everybody, or never knew, needs no saying where something else holds.
OVER = {"EXPIRED", "SCC_EXPIRED", "INVALIDATED", "WRONG_FRAMEWORK"}
LAWFUL = RANKING[Outcome.MEASURES_REQUIRED]
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
    return Judged(best.outcome, best.instrument, findings, best.listing, best.clauses, best.last_day, _lends(law, grounds))


def _lends(law: Law, grounds: list[Ground]) -> str | None:
    """The framework among the grounds that hold under which the next hop may be bound by contract (Principle 3)."""
    holding = [law.instrument(ground.instrument or "") for ground in grounds if ground.outcome is Outcome.PERMITTED]
    return next((one.key for one in holding if one is not None and one.onward_by_contract), None)


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
        return Ground(Outcome.PERMITTED, one.key, (Finding("BEFORE_FIRST_DAY", article_of(leg, one), one.key),))
    return Ground(Outcome.NOT_PERMITTED, None, (Finding("REGIME_NOT_APPLICABLE", article_of(leg, one), one.key),))


def inside_the_area(leg: Leg, law: Law) -> Ground | None:
    """Art. 44: a flow to a country inside the area, or one that the law does not restrict, is no transfer."""
    if law.own(leg.regime, leg.country):
        return Ground(Outcome.NO_TRANSFER, leg.country, (Finding("WITHIN_COUNTRY", law.principle(leg.regime)),))
    for found in law.inside(leg.regime, leg.country, leg.territory):
        if isinstance(found, Membership):
            last = found.until - ONE_DAY if found.until != FOREVER and found.until_known <= law.known_on else None
            return Ground(Outcome.NO_TRANSFER, "eea", (Finding("INSIDE_AREA", "44", "eea"),), last_day=last)
        one = found.instrument
        if any(conditions(leg, law, one)):
            continue
        code = "NOT_RESTRICTED" if one.scope else "INSIDE_AREA"
        return Ground(Outcome.NO_TRANSFER, one.key, (Finding(code, article_of(leg, one), one.key),), last_day=found.last_day)
    return None


def adequacy(leg: Leg, law: Law) -> Iterator[Ground]:
    """Art. 45: an adequacy decision in force that covers this importer."""
    if leg.relied_on not in {None, "NONE", "ADEQUACY"}:
        return
    decisions = law.of_kind("adequacy", leg.regime, leg.country)
    decisions = [standing for standing in decisions if standing.code is None] or decisions
    for standing in decisions:
        if standing.code != "NOT_IN_FORCE" or leg.relied_on == "ADEQUACY":
            findings = in_force(leg, standing) or list(conditions(leg, law, standing.instrument))
            yield _ground(leg, standing, findings, "ADEQUATE")
    if leg.relied_on == "ADEQUACY" and not decisions:
        lists = [one for one in law.pack.instruments.values() if leg.regime in one.regimes]
        known = any("ADEQUACY" in {one.mechanism, *one.frees} for one in lists)
        finding = Finding("NO_ADEQUACY" if known else "WRONG_FRAMEWORK", "45(1)", open=_leads(leg, law))
        yield Ground(Outcome.UNDETERMINED if finding.open else Outcome.NOT_PERMITTED, None, (finding,))


def listing(leg: Leg, law: Law) -> Iterator[Ground]:
    """Art. 45: a decision that covers those on a list, and the importer's place on it.

    A list of another law that is on file because one of this law extends it is told with that one, not as a tool of its own.
    """
    extended = _extended(leg, law) if leg.relied_on is None else set()
    for place, listed in enumerate(leg.listings):
        one = law.instrument(listed.framework)
        if one is None or one.kind != "framework" or leg.relied_on not in {None, "NONE", one.mechanism}:
            continue
        if one.key in extended and leg.regime not in one.regimes:
            continue
        standing = law.standing(one.key)
        if standing is None or (leg.relied_on == "NONE" and leg.regime not in one.regimes):
            continue
        yield _ground(leg, standing, listing_fails(leg, law, standing, place), "LISTED", listing=place)
    if leg.relied_on and not any(_is(law, listed.framework, leg.relied_on) for listed in leg.listings):
        standing = law.by_mechanism(leg.relied_on, leg.regime)
        if standing is not None and standing.instrument.kind == "framework":
            unknown = Finding(
                "NOT_LISTED", article_of(leg, standing.instrument), standing.instrument.key, fact="listing", open=True
            )
            stops = wrong_framework(leg, law, standing) or [*in_force(leg, standing), *elsewhere(leg, standing), unknown]
            yield _ground(leg, standing, stops, "LISTED")


def _extended(leg: Leg, law: Law) -> set[str | None]:
    """The lists that those on file under this regime extend."""
    lists = [law.instrument(listed.framework) for listed in leg.listings]
    return {one.requires for one in lists if one is not None and leg.regime in one.regimes}


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
        findings = wrong_framework(leg, law, standing, signed) or [
            *(clauses_fail(leg, law, standing, signed, place) if one.kind == "clauses" else in_force(leg, standing)),
            *roles_fail(leg, one, signed, place),
            *conditions(leg, law, one, signed, place),
            *(impact_fails(leg, law, standing, signed, place) if one.kind != "derogation" else ()),
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
            yield _ground(leg, standing, list(conditions(leg, law, one)), "RULE_MET")


GOOD = {"clauses": "CLAUSES", "tool": "TOOL", "derogation": "DEROGATION"}


def _warnings(leg: Leg, law: Law, grounds: list[Ground], best: Ground) -> Iterator[Finding]:
    """What to know beside a basis that holds: another one that was relied on fails, or nothing stands behind it."""
    one = law.instrument(best.instrument or "")
    if leg.relied_on is None:
        for ground in grounds:
            if ground.clauses is None or not leg.clauses[ground.clauses].primary or RANKING[ground.outcome] >= LAWFUL:
                continue
            stop = min(ground.findings, key=lambda finding: ORDER.get(finding.code, len(ORDER)))
            if stop.code not in OVER:
                why = f"{stop.code} {stop.fact or ''}".strip()
                yield Finding("RELIED_ON_FAILS", stop.article, ground.instrument, ground.clauses, why, fits=stop.fits)
        caught = any(ground.clauses is not None and RANKING[ground.outcome] >= LAWFUL for ground in grounds)
        if one is not None and one.fallback_advised and best.listing is not None and not caught:
            yield Finding("FALLBACK_MISSING", law.principle(leg.regime), one.key)
    if one is not None and one.kind in {"adequacy", "framework"} and law.in_efta(leg.territory):
        yield Finding("EFTA_PILLAR", article_of(leg, one), one.key)
    if _leads(leg, law):
        yield Finding("LEADS_ONLY", law.principle(leg.regime))


def _leads(leg: Leg, law: Law) -> bool:
    """Whether all that is known of the regime are leads that nobody verified."""
    standing = law.applies(leg.regime, leg.territory)
    return standing is not None and standing.instrument.leads


def _nothing_holds(leg: Leg, law: Law, grounds: list[Ground], best: Ground | None) -> Judged:
    outcome = best.outcome if best else Outcome.NOT_PERMITTED
    findings = sorted(
        dict.fromkeys(finding for ground in grounds for finding in ground.findings),
        key=lambda f: (
            f.open and outcome is Outcome.NOT_PERMITTED,
            _frees(law, f.instrument, leg.relied_on),  # what is relied on answers by its own conditions first
            ORDER.get(f.code, len(ORDER)),
            f.tool or 0,
            f.instrument or "",
        ),
    )
    leads, principle = _leads(leg, law), law.principle(leg.regime)
    ruled = any(ground.findings[0].code in ORDER and _by_rule(law, ground) for ground in grounds)
    if leg.relied_on == "NONE" and not leads:
        findings.insert(0, Finding("NO_MECHANISM", principle, open=outcome is Outcome.UNDETERMINED))
    elif leg.relied_on == "NONE" and not findings:
        outcome = Outcome.UNDETERMINED
        findings = [Finding(code, principle, open=True) for code in ("NO_MECHANISM", "REGIME_NOT_MODELLED")]
    elif leads and leg.relied_on is None and not ruled:  # what is not modelled may carry it still
        outcome = Outcome.UNDETERMINED
        findings.insert(0, Finding("REGIME_NOT_MODELLED", principle, open=True))
    elif not findings and (code := _not_known_yet(leg, law)):
        findings = [Finding(code, principle)]
    elif not findings:
        outcome = Outcome.UNDETERMINED if leads or leg.relied_on else Outcome.NOT_PERMITTED
        code = "REGIME_NOT_MODELLED" if leads else "NOT_MODELLED" if leg.relied_on else "NO_MECHANISM"
        findings = [Finding(code, principle, open=outcome is Outcome.UNDETERMINED)]
    if leads:
        findings.append(Finding("LEADS_ONLY", principle))
    return Judged(outcome, None, tuple(findings))


def _not_known_yet(leg: Leg, law: Law) -> str | None:
    """Why a tool of our files fails that nobody knew on the day of knowledge; None where one was known, or none is on file."""
    if leg.relied_on is None:
        return None
    named = [
        one
        for one in law.pack.instruments.values()
        if leg.relied_on in {one.mechanism, *(f"{one.mechanism}_{module}" for module in one.roles)}
    ]
    if not named or any(law.standing(one.key) for one in named):
        return None
    return "NOT_IN_FORCE" if any(leg.regime in one.regimes for one in named) else "WRONG_FRAMEWORK"


def _frees(law: Law, key: str | None, mechanism: str | None) -> bool:
    one = law.instrument(key or "")
    return one is not None and mechanism in one.frees


def _by_rule(law: Law, ground: Ground) -> bool:
    one = law.instrument(ground.instrument or "")
    return one is not None and one.kind == "rule"


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
        findings = [Finding(good, article_of(leg, standing.instrument), key, place), *findings]
    if standing.disputed is not None:
        findings = [*findings, Finding("BOUNDARY_DISPUTED", article_of(leg, standing.instrument), key)]
    return Ground(outcome, key, tuple(findings), listing, clauses, standing.last_day)


def _is(law: Law, key: str, mechanism: str) -> bool:
    one = law.instrument(key)
    return one is not None and one.mechanism == mechanism


def _standing(leg: Leg, law: Law, signed: SignedClauses) -> Standing | None:
    """A safeguard as this regime takes it: one text may live longer under one regime than under another."""
    one = law.instrument(signed.instrument)
    if one is None or one.kind not in BY_NAME:
        return None
    taken = law.by_mechanism(one.mechanism, leg.regime)
    return taken if taken is not None and leg.regime in taken.instrument.regimes else law.standing(one.key) or taken
