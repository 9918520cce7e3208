"""Every finding in full: its article, the instrument and the tool that it names, the fact it asks for, whether it is open.

One line a finding: code, article, instrument, `#` and the place of the tool, the fact, `open`. The first line of each is
the outcome, its basis, the place of the listing or tool, the last day, and the framework lent to the next hop.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

import msgspec
import pytest

from assessments.rules import AT_ODDS, Finding, Judged, Leg, Listed, SignedClauses, Traits
from assessments.rules.chapter_v import judge
from registry import law
from registry.law import Instrument, Roles

TODAY = date(2026, 11, 23)
TIA, TRA = (("tia", "ok", None),), (("tra", "ok", None),)
EU, UK, CH, QC, JP = (
    ("EU_GDPR", "DE"), ("UK_GDPR", "GB"), ("CH_FADP", "CH"), ("QC_LAW25", "CA-QC"), ("JP_APPI", "JP"),
)  # fmt: skip


def listed(framework: str = "eu-us-dpf", status: str = "active", *, hr: bool | None = False, overdue: bool = False) -> Listed:
    return Listed(framework, status, hr, covers_non_hr=True, overdue=overdue)


def signed(
    instrument: str, module: str | None = None, on: str | None = "2022-01-01", changed: str | None = None, **more: Any
) -> SignedClauses:
    concluded, change = (date.fromisoformat(day) if day else None for day in (on, changed))
    return SignedClauses(instrument, module, concluded, change, more.pop("combines", None), **more)


def found(
    under: tuple[str, str],
    country: str,
    day: str = "2024-01-01",
    known: date = TODAY,
    role: str | None = "processor",
    **more: Any,
) -> Judged:
    pack = law.load().on(date.fromisoformat(day), known)
    return judge(Leg(*under, country, importer_role=role, **more), pack)


def said(judged: Judged) -> list[str]:
    places = [f"{name} {place}" for name in ("listing", "clauses") if (place := getattr(judged, name)) is not None]
    ends = [f"until {judged.last_day}"] if judged.last_day else []
    lends = [f"lends {judged.lends}"] if judged.lends else []
    first = [judged.outcome.value, *([f"on {judged.basis}"] if judged.basis else []), *places, *ends, *lends]
    return [" ".join(first), *(line(finding) for finding in judged.findings)]


def line(one: Finding) -> str:
    tool = None if one.tool is None else f"#{one.tool}"
    return " ".join(
        filter(None, (one.code, one.article, one.instrument, tool, one.fact, one.fits, "open" if one.open else None))
    )


FOUND: dict[str, tuple[Callable[[], Judged], list[str]]] = {
    "a regime without a file": (
        lambda: found(("XX", "DE"), "US"),
        ["undetermined", "REGIME_NOT_MODELLED 3"],
    ),
    "no scope": (
        lambda: found(("", ""), "US"),
        ["undetermined", "REGIME_UNKNOWN 3"],
    ),
    "a place without a law": (
        lambda: found(("", "GB"), "US"),
        ["undetermined", "REGIME_NOT_MODELLED 3"],
    ),
    "a law that forbids nothing yet": (
        lambda: found(QC, "US", "2023-09-21"),
        ["permitted on qc-law25", "BEFORE_FIRST_DAY 17 qc-law25"],
    ),
    "the first day of that law": (
        lambda: found(QC, "US", "2023-09-22"),
        [
            "undetermined",
            "CONDITION_MISSING 17 qc-section-17 pia open",
            "CONDITION_MISSING 17 qc-section-17 written_agreement open",
            "LEADS_ONLY 17",
        ],
    ),
    "the law does not apply yet": (
        lambda: found(EU, "FR", "2018-05-24"),
        ["not_permitted", "REGIME_NOT_APPLICABLE 3 eu-gdpr"],
    ),
    "the law applies there no more": (
        lambda: found(("EU_GDPR", "GB"), "US", "2025-01-01"),
        ["not_permitted", "NO_MECHANISM 44"],
    ),
    "its own country": (
        lambda: found(CH, "CH"),
        ["no_transfer on CH", "WITHIN_COUNTRY 16"],
    ),
    "a member that will leave": (
        lambda: found(EU, "GB", "2019-06-01"),
        ["no_transfer on eea until 2020-01-31", "INSIDE_AREA 44 eea"],
    ),
    "a member, before it was known to leave": (
        lambda: found(EU, "GB", "2018-06-01", date(2018, 6, 1)),
        ["no_transfer on eea", "INSIDE_AREA 44 eea"],
    ),
    "a member on the day its leaving was published": (
        lambda: found(EU, "GB", "2020-01-30", date(2020, 1, 30)),
        ["no_transfer on eea until 2020-01-31", "INSIDE_AREA 44 eea"],
    ),
    "a member on the day before": (
        lambda: found(EU, "GB", "2020-01-29", date(2020, 1, 29)),
        ["no_transfer on eea", "INSIDE_AREA 44 eea"],
    ),
    "a member": (
        lambda: found(EU, "FR"),
        ["no_transfer on eea", "INSIDE_AREA 44 eea"],
    ),
    "the bridge": (
        lambda: found(EU, "GB", "2021-03-01"),
        ["no_transfer on eu-uk-tca-bridge until 2021-06-27", "INSIDE_AREA 44 eu-uk-tca-bridge"],
    ),
    "data returned to their controller": (
        lambda: found(UK, "US", facts=(("returning_to_own_controller", True),)),
        ["not_permitted", "NO_MECHANISM 44, since 5 February 2026 44A"],
    ),
    "nothing named and nothing on file": (
        lambda: found(EU, "IN", relied_on="NONE"),
        ["not_permitted", "NO_MECHANISM 44"],
    ),
    "no decision": (
        lambda: found(EU, "IN", relied_on="ADEQUACY"),
        ["not_permitted", "NO_ADEQUACY 45(1)"],
    ),
    "a law without decisions": (
        lambda: found(QC, "IN", relied_on="ADEQUACY"),
        ["undetermined", "WRONG_FRAMEWORK 45(1) open", "LEADS_ONLY 17"],
    ),
    "a law that is only led to": (
        lambda: found(JP, "IN", relied_on="ADEQUACY"),
        ["undetermined", "NO_ADEQUACY 45(1) open", "LEADS_ONLY 28"],
    ),
    "a law that is only led to, nothing named": (
        lambda: found(JP, "IN", relied_on="NONE"),
        ["undetermined", "NO_MECHANISM 28 open", "REGIME_NOT_MODELLED 28 open", "LEADS_ONLY 28"],
    ),
    "a decision with an end": (
        lambda: found(EU, "GB", "2026-01-01"),
        ["permitted on eu-adequacy-gb until 2031-12-27", "ADEQUATE 45(1) eu-adequacy-gb"],
    ),
    "a decision before its day": (
        lambda: found(EU, "JP", "2018-06-01", relied_on="ADEQUACY"),
        ["not_permitted", "NOT_IN_FORCE 45(1) eu-adequacy-jp"],
    ),
    "a decision before its day that nobody names": (
        lambda: found(EU, "JP", "2018-06-01"),
        ["not_permitted", "NO_MECHANISM 44"],
    ),
    "an importer of whom nothing is known": (
        lambda: found(EU, "JP"),
        ["undetermined", "OUT_OF_SCOPE 45(1) eu-adequacy-jp appi_operator open"],
    ),
    "an importer outside the decision": (
        lambda: found(EU, "JP", traits=Traits(appi_operator=False)),
        ["not_permitted", "OUT_OF_SCOPE 45(1) eu-adequacy-jp appi_operator"],
    ),
    "a decision of Switzerland": (
        lambda: found(CH, "NZ"),
        ["permitted on ch-adequacy", "ADEQUATE 16(1) ch-adequacy"],
    ),
    "a disputed day": (
        lambda: found(EU, "BR", "2026-01-26", traits=Traits(lgpd=True)),
        ["permitted on eu-adequacy-br", "ADEQUATE 45(1) eu-adequacy-br", "BOUNDARY_DISPUTED 45(1) eu-adequacy-br"],
    ),
    "a decision for an EFTA State": (
        lambda: found(("EU_GDPR", "NO"), "NZ"),
        ["permitted on eu-adequacy-nz", "ADEQUATE 45(1) eu-adequacy-nz", "EFTA_PILLAR 45(1) eu-adequacy-nz"],
    ),
    "a list for an EFTA State": (
        lambda: found(("EU_GDPR", "NO"), "US", listings=(listed(),)),
        [
            "permitted on eu-us-dpf listing 0 lends eu-us-dpf",
            "LISTED 45(1) eu-us-dpf #0",
            "FALLBACK_MISSING 44 eu-us-dpf",
            "EFTA_PILLAR 45(1) eu-us-dpf",
        ],
    ),
    "clauses for an EFTA State": (
        lambda: found(("EU_GDPR", "NO"), "US", clauses=(signed("eu-scc-2021", "M2"),), impacts=TIA),
        ["permitted on eu-scc-2021 clauses 0", "CLAUSES 46(2)(c) eu-scc-2021 #0"],
    ),
    "a list without a listing": (
        lambda: found(EU, "US", relied_on="DPF"),
        ["undetermined", "NOT_LISTED 45(1) eu-us-dpf listing open"],
    ),
    "a list that fell, without a listing": (
        lambda: found(EU, "US", relied_on="PRIVACY_SHIELD"),
        ["not_permitted", "INVALIDATED 45(1) eu-us-privacy-shield", "NOT_LISTED 45(1) eu-us-privacy-shield listing open"],
    ),
    "a list of another country": (
        lambda: found(EU, "IN", relied_on="DPF"),
        ["not_permitted", "OUT_OF_SCOPE 45(1) eu-us-dpf country", "NOT_LISTED 45(1) eu-us-dpf listing open"],
    ),
    "a list of another law": (
        lambda: found(CH, "US", relied_on="DPF"),
        ["not_permitted", "WRONG_FRAMEWORK 16 eu-us-dpf"],
    ),
    "a listing": (
        lambda: found(EU, "US", listings=(listed(),)),
        ["permitted on eu-us-dpf listing 0 lends eu-us-dpf", "LISTED 45(1) eu-us-dpf #0", "FALLBACK_MISSING 44 eu-us-dpf"],
    ),
    "a listing in another country": (
        lambda: found(EU, "IN", listings=(listed(),)),
        ["not_permitted", "OUT_OF_SCOPE 45(1) eu-us-dpf #0 country"],
    ),
    "a list that is none, then a listing": (
        lambda: found(EU, "US", listings=(listed("iso-27001"), listed())),
        ["permitted on eu-us-dpf listing 1 lends eu-us-dpf", "LISTED 45(1) eu-us-dpf #1", "FALLBACK_MISSING 44 eu-us-dpf"],
    ),
    "a listing that does not say which data": (
        lambda: found(EU, "US", data="hr", listings=(listed(hr=None),)),
        ["undetermined", "DATA_NOT_COVERED 45(1) eu-us-dpf #0 covered open"],
    ),
    "a listing that lapsed": (
        lambda: found(EU, "US", listings=(listed(status="inactive_lapse"),)),
        ["not_permitted", "NOT_LISTED 45(1) eu-us-dpf #0"],
    ),
    "a listing overdue": (
        lambda: found(EU, "US", listings=(listed(overdue=True),)),
        ["not_permitted", "CERT_EXPIRED 45(1) eu-us-dpf #0"],
    ),
    "a listing under review": (
        lambda: found(EU, "US", listings=(listed(status="active_recert_review", overdue=True),)),
        [
            "permitted on eu-us-dpf listing 0 lends eu-us-dpf",
            "LISTED 45(1) eu-us-dpf #0",
            "RECERT_UNDER_REVIEW 45(1) eu-us-dpf #0",
            "FALLBACK_MISSING 44 eu-us-dpf",
        ],
    ),
    "a fallen list, and one that holds": (
        lambda: found(EU, "US", listings=(listed("eu-us-privacy-shield"), listed())),
        ["permitted on eu-us-dpf listing 1 lends eu-us-dpf", "LISTED 45(1) eu-us-dpf #1", "FALLBACK_MISSING 44 eu-us-dpf"],
    ),
    "a list nobody knew of yet, then one that holds": (
        lambda: found(
            EU, "US", "2020-07-15", date(2020, 7, 15), listings=(listed("eu-us-dpf"), listed("eu-us-privacy-shield"))
        ),
        [
            "permitted on eu-us-privacy-shield listing 1 lends eu-us-privacy-shield",
            "LISTED 45(1) eu-us-privacy-shield #1",
        ],
    ),
    "an extension": (
        lambda: found(UK, "US", listings=(listed("uk-us-dpf-extension"), listed())),
        [
            "permitted on uk-us-dpf-extension listing 0 lends uk-us-dpf-extension",
            "LISTED 45, since 5 February 2026 45A uk-us-dpf-extension #0",
            "FALLBACK_MISSING 44, since 5 February 2026 44A uk-us-dpf-extension",
        ],
    ),
    "clauses": (
        lambda: found(EU, "IN", clauses=(signed("eu-scc-2021", "M2"),), impacts=TIA),
        ["permitted on eu-scc-2021 clauses 0", "CLAUSES 46(2)(c) eu-scc-2021 #0"],
    ),
    "something unknown, then clauses": (
        lambda: found(EU, "IN", clauses=(signed("no-such"), signed("eu-scc-2021", "M2")), impacts=TIA),
        ["permitted on eu-scc-2021 clauses 1", "CLAUSES 46(2)(c) eu-scc-2021 #1", "RELIED_ON_FAILS 46 no-such #0 NOT_MODELLED"],
    ),
    "something that is no safeguard": (
        lambda: found(EU, "IN", clauses=(signed("eu-adequacy-nz"),)),
        ["undetermined", "NOT_MODELLED 46 eu-adequacy-nz #0 open"],
    ),
    "clauses without a day": (
        lambda: found(EU, "IN", clauses=(signed("eu-scc-2021", "M2", None),), impacts=TIA),
        ["undetermined", "NOT_IN_FORCE 46(2)(c) eu-scc-2021 #0 concluded_on open"],
    ),
    "clauses without a module": (
        lambda: found(EU, "IN", clauses=(signed("eu-scc-2021"),), impacts=TIA),
        ["undetermined", "MODULE_MISMATCH 46(2)(c) eu-scc-2021 #0 module open"],
    ),
    "clauses for other roles": (
        lambda: found(EU, "IN", clauses=(signed("eu-scc-2021", "M1"),), impacts=TIA),
        ["not_permitted", "MODULE_MISMATCH 46(2)(c) eu-scc-2021 #0 role M2"],
    ),
    "clauses for a role that is not known": (
        lambda: found(EU, "IN", role=None, clauses=(signed("eu-scc-2021", "M1"),), impacts=TIA),
        ["undetermined", "MODULE_MISMATCH 46(2)(c) eu-scc-2021 #0 role open"],
    ),
    "clauses of another exporter": (
        lambda: found(EU, "IN", exporter_role="processor", clauses=(signed("eu-scc-2021", "M1"),), impacts=TIA),
        ["not_permitted", "MODULE_MISMATCH 46(2)(c) eu-scc-2021 #0 role M3"],
    ),
    "clauses of another exporter to a role that is not known": (
        lambda: found(EU, "IN", role=None, exporter_role="processor", clauses=(signed("eu-scc-2021", "M1"),), impacts=TIA),
        ["not_permitted", "MODULE_MISMATCH 46(2)(c) eu-scc-2021 #0 role"],
    ),
    "clauses that have no modules, for other roles": (
        lambda: found(EU, "IN", clauses=(signed("eu-scc-2004-c2c", on="2018-06-01"),), impacts=TIA, day="2021-01-10"),
        ["not_permitted", "MODULE_MISMATCH 46(2)(c) eu-scc-2004-c2c #0 role"],
    ),
    "clauses not assessed": (
        lambda: found(EU, "IN", clauses=(signed("eu-scc-2021", "M2"),)),
        ["not_permitted", "TIA_MISSING 46(1) eu-impact-assessment #0"],
    ),
    "clauses assessed by another law's test": (
        lambda: found(EU, "IN", clauses=(signed("eu-scc-2021", "M2"),), impacts=TRA),
        ["not_permitted", "TIA_MISSING 46(1) eu-impact-assessment #0"],
    ),
    "clauses that want measures": (
        lambda: found(EU, "IN", clauses=(signed("eu-scc-2021", "M2"),), impacts=(("tia", "problematic", None),)),
        [
            "measures_required on eu-scc-2021 clauses 0",
            "CLAUSES 46(2)(c) eu-scc-2021 #0",
            "MEASURES_REQUIRED 46(1) eu-impact-assessment #0",
        ],
    ),
    "clauses with measures in vain": (
        lambda: found(EU, "IN", clauses=(signed("eu-scc-2021", "M2"),), impacts=(("tia", "problematic", "ineffective"),)),
        ["not_permitted", "MEASURES_INEFFECTIVE 46(1) eu-impact-assessment #0"],
    ),
    "clauses with measures": (
        lambda: found(EU, "IN", clauses=(signed("eu-scc-2021", "M2"),), impacts=(("tia", "problematic", "effective"),)),
        ["permitted on eu-scc-2021 clauses 0", "CLAUSES 46(2)(c) eu-scc-2021 #0"],
    ),
    "clauses concluded tomorrow": (
        lambda: found(EU, "IN", clauses=(signed("eu-scc-2021", "M2", "2024-01-02"),), impacts=TIA),
        ["not_permitted", "NOT_IN_FORCE 46(2)(c) eu-scc-2021 #0 concluded_on"],
    ),
    "clauses back to a controller": (
        lambda: found(
            EU, "IN", role="controller", exporter_role="processor", clauses=(signed("eu-scc-2021", "M4", combines=False),)
        ),
        ["permitted on eu-scc-2021 clauses 0", "CLAUSES 46(2)(c) eu-scc-2021 #0"],
    ),
    "clauses back, with data from here": (
        lambda: found(
            EU, "IN", role="controller", exporter_role="processor", clauses=(signed("eu-scc-2021", "M4", combines=True),)
        ),
        ["not_permitted", "TIA_MISSING 46(1) eu-impact-assessment #0"],
    ),
    "clauses for an importer under the law": (
        lambda: found(EU, "IN", clauses=(signed("eu-scc-2021", "M2"),), impacts=TIA, traits=Traits(gdpr_applies=True)),
        [
            "permitted on eu-scc-2021 clauses 0",
            "CLAUSES 46(2)(c) eu-scc-2021 #0",
            "ART3_2_IMPORTER 46(2)(c) eu-scc-2021 #0 gdpr_applies",
        ],
    ),
    "old clauses without a day": (
        lambda: found(EU, "IN", "2022-06-01", clauses=(signed("eu-scc-2010-c2p", None, None),), impacts=TIA),
        ["undetermined", "SCC_REPEALED 46(2)(c) eu-scc-2010-c2p #0 concluded_on open"],
    ),
    "old clauses without a day, before their repeal": (
        lambda: found(EU, "IN", "2021-06-01", clauses=(signed("eu-scc-2010-c2p", None, None),), impacts=TIA),
        ["undetermined", "NOT_IN_FORCE 46(2)(c) eu-scc-2010-c2p #0 concluded_on open"],
    ),
    "old clauses without a day, the day before their repeal": (
        lambda: found(EU, "IN", "2021-09-26", clauses=(signed("eu-scc-2010-c2p", None, None),), impacts=TIA),
        ["undetermined", "NOT_IN_FORCE 46(2)(c) eu-scc-2010-c2p #0 concluded_on open"],
    ),
    "old clauses without a day, on the day of their repeal": (
        lambda: found(EU, "IN", "2021-09-27", clauses=(signed("eu-scc-2010-c2p", None, None),), impacts=TIA),
        ["undetermined", "SCC_REPEALED 46(2)(c) eu-scc-2010-c2p #0 concluded_on open"],
    ),
    "the oldest clauses, of which nobody knows what became": (
        lambda: found(EU, "IN", clauses=(signed("eu-scc-2002-c2p", None, "2009-01-01"),), impacts=TIA),
        ["undetermined", "NOT_MODELLED 46(2)(c) eu-scc-2002-c2p #0 open"],
    ),
    "clauses before there were any": (
        lambda: found(EU, "IN", "2021-06-26", clauses=(signed("eu-scc-2021", "M2", "2021-06-10"),), impacts=TIA),
        ["not_permitted", "NOT_IN_FORCE 46(2)(c) eu-scc-2021 #0"],
    ),
    "old clauses": (
        lambda: found(EU, "IN", "2022-06-01", clauses=(signed("eu-scc-2010-c2p", None, "2019-01-01"),), impacts=TIA),
        ["permitted on eu-scc-2010-c2p clauses 0 until 2022-12-27", "CLAUSES 46(2)(c) eu-scc-2010-c2p #0"],
    ),
    "old clauses too late": (
        lambda: found(EU, "IN", "2022-06-01", clauses=(signed("eu-scc-2010-c2p", None, "2021-09-27"),), impacts=TIA),
        ["not_permitted", "SCC_REPEALED 46(2)(c) eu-scc-2010-c2p #0"],
    ),
    "old clauses changed": (
        lambda: found(
            EU, "IN", "2022-06-01", clauses=(signed("eu-scc-2010-c2p", None, "2019-01-01", "2022-01-01"),), impacts=TIA
        ),
        ["not_permitted", "SCC_CHANGED 46(2)(c) eu-scc-2010-c2p #0"],
    ),
    "old clauses at their end": (
        lambda: found(EU, "IN", clauses=(signed("eu-scc-2010-c2p", None, "2019-01-01"),), impacts=TIA),
        ["not_permitted", "SCC_EXPIRED 46(2)(c) eu-scc-2010-c2p #0"],
    ),
    "rules of another authority": (
        lambda: found(UK, "IN", role="controller", clauses=(signed("uk-bcr-c", on=None, approved_by="EU"),), impacts=TRA),
        ["not_permitted", "WRONG_FRAMEWORK 44, since 5 February 2026 44A uk-bcr-c approved_by"],
    ),
    "rules of its own authority": (
        lambda: found(
            EU,
            "IN",
            role="controller",
            clauses=(signed("eu-bcr-c", on=None, approved_by="EU", facts=(("approved", True), ("in_group", True))),),
            impacts=TIA,
        ),
        ["permitted on eu-bcr-c clauses 0", "TOOL 46(2)(b) eu-bcr-c #0"],
    ),
    "rules nobody says are approved": (
        lambda: found(EU, "IN", role="controller", clauses=(signed("eu-bcr-c", on=None, approved_by="EU"),), impacts=TIA),
        ["undetermined", "OUT_OF_SCOPE 46(2)(b) eu-bcr-c #0 in_group open", "NOT_APPROVED 46(2)(b) eu-bcr-c #0 approved open"],
    ),
    "consent half asked for": (
        lambda: found(EU, "IN", clauses=(signed("eu-art-49-1-a", on=None, facts=(("consent_explicit", True),)),)),
        ["undetermined", "CONDITION_MISSING 49(1)(a) eu-art-49-1-a #0 informed_of_risks open"],
    ),
    "clauses nobody has on file": (
        lambda: found(EU, "IN", relied_on="SCC_2021"),
        ["undetermined", "NOT_MODELLED 44 open"],
    ),
    "two things fail": (
        lambda: found(EU, "US", clauses=(signed("eu-scc-2021", "M2", None), signed("eu-scc-2021", "M1"))),
        [
            "not_permitted",
            "MODULE_MISMATCH 46(2)(c) eu-scc-2021 #1 role M2",
            "TIA_MISSING 46(1) eu-impact-assessment #0",
            "TIA_MISSING 46(1) eu-impact-assessment #1",
            "NOT_IN_FORCE 46(2)(c) eu-scc-2021 #0 concluded_on open",
        ],
    ),
    "what was relied on fails in two ways": (
        lambda: found(EU, "US", listings=(listed(),), clauses=(signed("eu-scc-2021", "M1"),)),
        [
            "permitted on eu-us-dpf listing 0 lends eu-us-dpf",
            "LISTED 45(1) eu-us-dpf #0",
            "RELIED_ON_FAILS 46(2)(c) eu-scc-2021 #0 MODULE_MISMATCH role M2",
            "FALLBACK_MISSING 44 eu-us-dpf",
        ],
    ),
    "what only warns is not said to be why it fails": (
        lambda: found(EU, "US", listings=(listed(),), clauses=(signed("eu-scc-2021", "M2"),), traits=Traits(gdpr_applies=True)),
        [
            "permitted on eu-us-dpf listing 0 lends eu-us-dpf",
            "LISTED 45(1) eu-us-dpf #0",
            "RELIED_ON_FAILS 46(1) eu-scc-2021 #0 TIA_MISSING",
            "FALLBACK_MISSING 44 eu-us-dpf",
        ],
    ),
    "clauses that are named, among others": (
        lambda: found(EU, "IN", relied_on="SCC_2021", clauses=(signed("uk-idta"), signed("eu-scc-2021", "M2")), impacts=TIA),
        ["permitted on eu-scc-2021 clauses 1", "CLAUSES 46(2)(c) eu-scc-2021 #1"],
    ),
    "a list that is named, among others": (
        lambda: found(EU, "US", relied_on="DPF", listings=(listed("eu-us-privacy-shield"), listed())),
        ["permitted on eu-us-dpf listing 1 lends eu-us-dpf", "LISTED 45(1) eu-us-dpf #1"],
    ),
    "clauses, where a list is named": (
        lambda: found(EU, "US", relied_on="DPF", listings=(listed(status="none"),), clauses=(signed("eu-scc-2021", "M2"),)),
        ["not_permitted", "NOT_LISTED 45(1) eu-us-dpf #0"],
    ),
    "a listing, where nothing is named": (
        lambda: found(EU, "US", relied_on="NONE", listings=(listed(),)),
        ["permitted on eu-us-dpf listing 0 lends eu-us-dpf", "LISTED 45(1) eu-us-dpf #0"],
    ),
    "nothing named, and a decision that may cover the importer": (
        lambda: found(EU, "JP", relied_on="NONE"),
        ["undetermined", "NO_MECHANISM 44 open", "OUT_OF_SCOPE 45(1) eu-adequacy-jp appi_operator open"],
    ),
    "a law that is only led to, and a tool of another": (
        lambda: found(JP, "IN", clauses=(signed("eu-scc-2021", "M2"),)),
        ["undetermined", "REGIME_NOT_MODELLED 28 open", "WRONG_FRAMEWORK 28 eu-scc-2021", "LEADS_ONLY 28"],
    ),
    "what names no tool comes before what does": (
        lambda: found(
            EU,
            "US",
            "2023-07-09",
            listings=(listed(),),
            clauses=(signed("uk-idta"), signed("eu-scc-2021", "M2", "2023-07-10")),
            impacts=TIA,
        ),
        [
            "not_permitted",
            "NOT_IN_FORCE 45(1) eu-us-dpf",
            "NOT_IN_FORCE 46(2)(c) eu-scc-2021 #1 concluded_on",
            "WRONG_FRAMEWORK 44 uk-idta",
        ],
    ),
    "two lists that fell, by their names": (
        lambda: found(EU, "US", listings=(listed("eu-us-safe-harbor"), listed("eu-us-privacy-shield"))),
        ["not_permitted", "INVALIDATED 45(1) eu-us-privacy-shield", "INVALIDATED 45(1) eu-us-safe-harbor"],
    ),
    "clauses of the Union under the law of Switzerland": (
        lambda: found(CH, "IN", clauses=(signed("eu-scc-2021", "M2", facts=(("ch_amended", True),)),), impacts=TIA),
        ["permitted on ch-scc-2021 clauses 0", "CLAUSES 16(2)(d) ch-scc-2021 #0"],
    ),
    "old clauses of the Union, which lived longer under the law of the United Kingdom": (
        lambda: found(UK, "IN", clauses=(signed("eu-scc-2010-c2p", None, "2019-01-01"),), impacts=TRA),
        ["permitted on uk-scc-2010-c2p clauses 0 until 2024-03-21", "CLAUSES 46 uk-scc-2010-c2p #0"],
    ),
    "journalistic data under an extension": (
        lambda: found(UK, "US", purpose="journalism", listings=(listed(), listed("uk-us-dpf-extension"))),
        ["not_permitted", "OUT_OF_SCOPE 45, since 5 February 2026 45A uk-us-dpf-extension #1 purpose"],
    ),
    "an extension after the list that it extends": (
        lambda: found(UK, "US", listings=(listed(), listed("uk-us-dpf-extension"))),
        [
            "permitted on uk-us-dpf-extension listing 1 lends uk-us-dpf-extension",
            "LISTED 45, since 5 February 2026 45A uk-us-dpf-extension #1",
            "FALLBACK_MISSING 44, since 5 February 2026 44A uk-us-dpf-extension",
        ],
    ),
    "an extension that lapsed, where nothing is named": (
        lambda: found(UK, "US", relied_on="NONE", listings=(listed(), listed("uk-us-dpf-extension", "inactive_lapse"))),
        [
            "not_permitted",
            "NO_MECHANISM 44, since 5 February 2026 44A",
            "NOT_LISTED 45, since 5 February 2026 45A uk-us-dpf-extension #1",
        ],
    ),
    "a list that nobody knew of yet": (
        lambda: found(EU, "US", "2020-01-01", date(2020, 1, 1), relied_on="DPF"),
        ["not_permitted", "NOT_IN_FORCE 44"],
    ),
    "a tool under a law that is only led to, with none on file": (
        lambda: found(JP, "IN", relied_on="SCC_2021"),
        ["undetermined", "REGIME_NOT_MODELLED 28 open", "LEADS_ONLY 28"],
    ),
    "a name that nobody knows": (
        lambda: found(EU, "IN", relied_on="NO_SUCH"),
        ["undetermined", "NOT_MODELLED 44 open"],
    ),
    "who is not on a list is asked nothing else of it": (
        lambda: found(EU, "US", data="hr", listings=(listed(status="inactive_lapse", overdue=True),)),
        ["not_permitted", "NOT_LISTED 45(1) eu-us-dpf #0"],
    ),
    "bound alike": (
        lambda: found(EU, "IN", above="eu-us-dpf", bound_alike=True),
        ["permitted on eu-us-dpf lends eu-us-dpf", "BOUND_ALIKE 44 eu-us-dpf"],
    ),
    "not known whether bound alike": (
        lambda: found(EU, "IN", above="eu-us-dpf"),
        ["undetermined", "CONDITION_MISSING 44 eu-us-dpf bound_alike open"],
    ),
    "not bound alike": (
        lambda: found(EU, "IN", above="eu-us-dpf", bound_alike=False),
        ["not_permitted", "NO_MECHANISM 44"],
    ),
    "bound alike under a list that fell": (
        lambda: found(EU, "IN", "2020-07-16", above="eu-us-privacy-shield", bound_alike=True),
        ["not_permitted", "NO_MECHANISM 44"],
    ),
    "bound alike under a list that will fall": (
        lambda: found(EU, "IN", "2020-07-15", above="eu-us-privacy-shield", bound_alike=True),
        [
            "permitted on eu-us-privacy-shield until 2020-07-15 lends eu-us-privacy-shield",
            "BOUND_ALIKE 44 eu-us-privacy-shield",
        ],
    ),
    "a rule elsewhere": (
        lambda: found(QC, "IN", facts=(("pia", True), ("written_agreement", True))),
        ["permitted on qc-section-17", "RULE_MET 17 qc-section-17", "LEADS_ONLY 17"],
    ),
}


@pytest.mark.parametrize("case", FOUND)
def test_each_answer_in_full(case: str) -> None:
    answer, expected = FOUND[case]
    assert said(answer()) == expected


@pytest.mark.parametrize(("fact", "code"), [("necessary", "CONDITION_MISSING"), ("public_powers", "PUBLIC_AUTHORITY")])
def test_answers_that_contradict_each_other_are_open_whatever_silence_means(fact: str, code: str) -> None:
    facts = {"necessary": True, "occasional": True, fact: AT_ODDS}
    judged = found(EU, "US", clauses=(signed("eu-art-49-1-b", on=None),), facts=tuple(sorted(facts.items())))
    found_so = [(one.code, one.open, one.fits) for one in judged.findings if one.fact == fact]
    assert (judged.outcome, found_so) == ("undetermined", [(code, True, AT_ODDS)])


UK_LISTS, UK_PRINCIPLE = "45, since 5 February 2026 45A", "44, since 5 February 2026 44A"
EXTENSION = listed("uk-us-dpf-extension")


@pytest.mark.parametrize(
    ("first", "expected"),
    [
        ((), ["undetermined", f"NOT_LISTED {UK_LISTS} eu-us-dpf listing open"]),
        ((listed(status="inactive_lapse"),), ["not_permitted", f"NOT_LISTED {UK_LISTS} eu-us-dpf #1"]),
        ((listed(overdue=True),), ["not_permitted", f"CERT_EXPIRED {UK_LISTS} eu-us-dpf #1"]),
        ((listed("swiss-us-dpf"), listed(overdue=True)), [
            "not_permitted", f"WRONG_FRAMEWORK {UK_PRINCIPLE} swiss-us-dpf", f"CERT_EXPIRED {UK_LISTS} eu-us-dpf #2",
        ]),
        ((listed(overdue=True), listed(status="inactive_lapse")), [
            "not_permitted", f"CERT_EXPIRED {UK_LISTS} eu-us-dpf #1",
        ]),
    ],
)  # fmt: skip
def test_an_extension_fails_with_the_list_that_it_extends(first: tuple[Listed, ...], expected: list[str]) -> None:
    """By the law of the extension; the first list itself is no tool of another law then (law.md 4, 12)."""
    assert said(found(UK, "US", listings=(EXTENSION, *first))) == expected


def test_a_first_list_under_review_carries_its_extension() -> None:
    review = listed(status="active_recert_review", overdue=True)
    assert found(UK, "US", listings=(EXTENSION, review)).basis == "uk-us-dpf-extension"


@pytest.mark.parametrize("first", [(), (listed(),)], ids=["alone", "beside its first list"])
def test_an_extension_before_its_day_is_not_in_force(first: tuple[Listed, ...]) -> None:
    wants = [] if first else [f"NOT_LISTED {UK_LISTS} eu-us-dpf listing open"]
    assert said(found(UK, "US", "2023-10-11", listings=(EXTENSION, *first))) == [
        "not_permitted", f"NOT_IN_FORCE {UK_LISTS} uk-us-dpf-extension", *wants,
    ]  # fmt: skip


def test_a_list_of_another_law_that_is_named_or_extended_by_none_is_told_to_be_one() -> None:
    wrong = ["not_permitted", f"WRONG_FRAMEWORK {UK_PRINCIPLE} eu-us-dpf"]
    assert said(found(UK, "US", listings=(listed(),))) == wrong
    assert said(found(UK, "US", listings=(EXTENSION, listed()), relied_on="DPF")) == wrong


def put_otherwise(*changed: Instrument) -> law.Law:
    """The law on 1 January 2024 with some of its files otherwise, the first of these before all others."""
    pack = law.load()
    instruments = {one.key: one for one in changed} | {
        key: one for key, one in pack.instruments.items() if key not in {other.key for other in changed}
    }
    files = msgspec.structs.replace(pack.files, instruments=instruments)
    return law.Pack(files).on(date(2024, 1, 1), TODAY)


def test_a_rule_for_one_country_is_not_asked_of_another() -> None:
    """No rule on file names a country yet."""
    only_us = msgspec.structs.replace(law.load().instruments["qc-section-17"], countries=("US",))
    facts = (("pia", True), ("written_agreement", True))
    for country, outcome in (("US", "permitted"), ("IN", "undetermined")):
        assert judge(Leg(*QC, country, facts=facts), put_otherwise(only_us)).outcome == outcome


def test_where_one_reason_for_no_transfer_fails_the_next_is_asked() -> None:
    """No flow has two on file; so the overseas countries' is made one of the United Kingdom, for anybody."""
    of = law.load().instruments
    other = msgspec.structs.replace(
        of["eu-fr-overseas"], regimes=("UK_GDPR",), articles={"UK_GDPR": "44"}, countries=(), policy=None, exporters=()
    )
    judged = judge(Leg(*UK, "US"), put_otherwise(of["uk-returning-data"], other))
    assert (judged.outcome, judged.basis) == ("no_transfer", "eu-fr-overseas")


def test_where_two_modules_fit_the_roles_none_is_named() -> None:
    clauses = law.load().instruments["eu-scc-2021"]
    twice = msgspec.structs.replace(clauses, roles=clauses.roles | {"M9": clauses.roles["M2"]})
    leg = Leg(*EU, "IN", importer_role="processor", clauses=(signed("eu-scc-2021", "M1"),), impacts=TIA)
    assert said(judge(leg, put_otherwise(twice))) == ["not_permitted", "MODULE_MISMATCH 46(2)(c) eu-scc-2021 #0 role"]


@pytest.mark.parametrize(
    ("exporter", "importer", "fits"),
    [("controller", "processor", "M2"), ("any", "processor", "M2"), ("controller", "any", "M2"), ("processor", "any", None)],
)
def test_of_a_module_that_the_clauses_have_not_the_one_that_fits_is_named(
    exporter: Any, importer: Any, fits: str | None
) -> None:
    """The clauses on file have all four; an operator's own may have fewer."""
    clauses = law.load().instruments["eu-scc-2021"]
    one = msgspec.structs.replace(clauses, roles={"M2": Roles(exporter=exporter, importer=importer)})
    leg = Leg(*EU, "IN", importer_role="processor", clauses=(signed("eu-scc-2021", "M1"),), impacts=TIA)
    mismatch = " ".join(filter(None, ("MODULE_MISMATCH 46(2)(c) eu-scc-2021 #0 module", fits)))
    assert said(judge(leg, put_otherwise(one))) == ["not_permitted", mismatch]


@pytest.mark.parametrize("key", ["eu-adequacy-jp", "eu-us-dpf", "eu-art-49-1-b"])
def test_what_is_contested_is_open_whatever_it_is(key: str) -> None:
    one = law.load().instruments[key]
    contested = msgspec.structs.replace(one.events[0], what="contested", known=date(2023, 12, 1), effect=date(2024, 1, 1))
    pack = put_otherwise(msgspec.structs.replace(one, events=(*one.events, contested)))
    tools = {"listings": (listed(),)} if key == "eu-us-dpf" else {"clauses": (signed(key, on=None),)} if "art" in key else {}
    facts = (("necessary", True), ("occasional", True))
    leg = Leg(*EU, "JP" if key == "eu-adequacy-jp" else "US", importer_role="processor", facts=facts, **tools)
    judged = judge(leg, pack)
    assert (judged.outcome, judged.findings[0].code, judged.findings[0].open) == ("undetermined", "NOT_MODELLED", True)
