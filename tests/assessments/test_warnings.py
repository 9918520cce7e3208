"""What a verdict says beside its outcome: no fallback, another basis than the one relied on, disputed days, policies."""

from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from assessments.rules import Judged, Leg, Listed, SignedClauses, Traits
from assessments.rules.chapter_v import judge
from registry import law
from registry.law.supposing import ended
from tests.support import environment

PACK = law.load()
TODAY = date(2026, 11, 23)
DPF = Listed("eu-us-dpf", "active", covers_hr=False, covers_non_hr=True, overdue=False)
SCC = SignedClauses("eu-scc-2021", "M2", date(2022, 1, 1), changed=None, combines_eu_data=None)
ASSESSED = (("tia", "ok", None),)


def judged(country: str = "US", day: str = "2024-01-01", pack: law.Pack = PACK, **more: Any) -> Judged:
    given = {"regime": "EU_GDPR", "territory": "DE", "importer_role": "processor"} | more
    return judge(Leg(country=country, **given), pack.on(date.fromisoformat(day), TODAY))


def codes(one: Judged) -> list[str]:
    return [finding.code for finding in one.findings]


def chosen(folder: Path, content: str) -> law.Pack:
    (folder / "policy.toml").write_text(content)
    with environment(ONWARD_LAW=str(folder)):
        return law.load()


@pytest.mark.parametrize(
    ("behind", "impacts", "warned"),
    [
        ((), (), ["FALLBACK_MISSING"]),
        ((SCC,), ASSESSED, []),
        ((SCC,), (("tia", "problematic", None),), []),
        ((SCC,), (), ["RELIED_ON_FAILS", "FALLBACK_MISSING"]),
        ((msgspec.structs.replace(SCC, primary=False),), (), ["FALLBACK_MISSING"]),
        ((msgspec.structs.replace(SCC, module="M1"),), ASSESSED, ["RELIED_ON_FAILS", "FALLBACK_MISSING"]),
        (
            (msgspec.structs.replace(SCC, instrument="eu-scc-2010-c2p", module=None, concluded=date(2015, 1, 1)),),
            ASSESSED,
            ["FALLBACK_MISSING"],
        ),
    ],
)
def test_a_listing_wants_signed_clauses_and_an_assessment_behind_it(behind: Any, impacts: Any, warned: list[str]) -> None:
    assert codes(judged(listings=(DPF,), clauses=behind, impacts=impacts)) == ["LISTED", *warned]


def test_what_was_relied_on_and_fails_says_why_and_what_holds_instead() -> None:
    """Relied on the clauses without an impact assessment; lawful today on the listing (law.md 13, 17)."""
    one = judged(listings=(DPF,), clauses=(SCC,))
    (fails,) = [finding for finding in one.findings if finding.code == "RELIED_ON_FAILS"]
    assert (one.outcome, one.basis, fails.instrument, fails.fact) == ("permitted", "eu-us-dpf", "eu-scc-2021", "TIA_MISSING")


@pytest.mark.parametrize(
    ("annulled", "relied_on", "code"),
    [(True, SCC, "INVALIDATED"), (False, SignedClauses("eu-art-49-1-d", None, None, None, None), "EXPIRED")],
)
def test_what_the_law_ended_for_everybody_needs_no_saying_where_something_else_holds(
    annulled: bool, relied_on: SignedClauses, code: str
) -> None:
    over = ended(PACK, relied_on.instrument, date(2024, 1, 1), TODAY, annulled=annulled)
    assert codes(judged(pack=over, clauses=(relied_on,)))[0] == code
    assert codes(judged(pack=over, clauses=(relied_on,), listings=(DPF,))) == ["LISTED", "FALLBACK_MISSING"]


def test_an_adequate_country_wants_no_fallback() -> None:
    assert codes(judged("NZ")) == ["ADEQUATE"]


@pytest.mark.parametrize(("territory", "warned"), [("NO", ["EFTA_PILLAR"]), ("DE", []), ("FR", [])])
def test_exporters_in_an_efta_state_are_told_that_acts_wait_for_it(territory: str, warned: list[str]) -> None:
    assert codes(judged("NZ", territory=territory)) == ["ADEQUATE", *warned]


@pytest.mark.parametrize(
    ("day", "outcome", "warned"),
    [
        ("2026-01-25", "not_permitted", False),
        ("2026-01-26", "permitted", True),
        ("2026-01-27", "permitted", True),
        ("2026-01-28", "permitted", False),
    ],
)
def test_a_disputed_day_is_said_and_the_house_chooses(tmp_path: Path, day: str, outcome: str, warned: bool) -> None:
    traits = {"traits": Traits(lgpd=True)}
    one = judged("BR", day, **traits)
    assert (one.outcome, "BOUNDARY_DISPUTED" in codes(one)) == (outcome, warned)
    careful = chosen(tmp_path, '[readings]\n"eu-adequacy-br in_force" = "alternative"\n')
    other = judged("BR", day, careful, **traits)
    assert other.outcome == ("permitted" if day == "2026-01-28" else "not_permitted")


def test_an_importer_under_the_gdpr_warns_or_blocks(tmp_path: Path) -> None:
    """(EU) 2021/914, Art. 1(1), recital 7: whether the clauses may serve it is contested."""
    given: Any = {"clauses": (SCC,), "impacts": ASSESSED, "traits": Traits(gdpr_applies=True)}
    assert codes(judged("IN", **given)) == ["CLAUSES", "ART3_2_IMPORTER"]
    strict = chosen(tmp_path, '[policies]\nart3_2_importer = "block"\n')
    assert codes(judged("IN", pack=strict, **given)) == ["OUT_OF_SCOPE"]


def test_repeated_consent_warns_or_blocks(tmp_path: Path) -> None:
    consent = SignedClauses("eu-art-49-1-a", None, None, None, None)
    facts = (("consent_explicit", True), ("informed_of_risks", True), ("occasional", False))
    given: Any = {"clauses": (consent,), "facts": facts}
    assert codes(judged("IN", **given)) == ["DEROGATION", "OCCASIONAL_ADVISED"]
    strict = chosen(tmp_path, '[policies]\nconsent_occasional = "block"\n')
    assert codes(judged("IN", pack=strict, **given)) == ["NOT_OCCASIONAL"]


def test_data_of_our_staff_with_a_vendor_that_only_processes_them(tmp_path: Path) -> None:
    given: Any = {"listings": (DPF,), "data": "hr"}
    assert codes(judged(**given)) == ["DATA_NOT_COVERED"]
    lenient = chosen(tmp_path, '[policies]\nhr_coverage = "own_staff"\n')
    assert judged(pack=lenient, **given).outcome == "permitted"
    assert judged(pack=lenient, **given | {"importer_role": "controller"}).outcome == "not_permitted"


@pytest.mark.parametrize(("day", "territory", "outcome"), [
    ("2019-05-31", "FR", "not_permitted"), ("2019-06-01", "FR", "no_transfer"), ("2019-06-01", "DE", "not_permitted"),
])  # fmt: skip
def test_french_overseas_countries_are_domestic_only_where_the_house_says_so(
    tmp_path: Path, day: str, territory: str, outcome: str
) -> None:
    assert judged("NC", day, territory=territory).outcome == "not_permitted"
    assert (
        judged("NC", day, chosen(tmp_path, '[policies]\nfr_oct_as_domestic = "on"\n'), territory=territory).outcome == outcome
    )


def test_a_law_elsewhere_says_that_it_is_a_lead() -> None:
    quebec: Any = {"regime": "QC_LAW25", "territory": "CA-QC"}
    held = judged("US", facts=(("pia", True), ("written_agreement", True)), **quebec)
    assert (held.outcome, codes(held)) == ("permitted", ["RULE_MET", "LEADS_ONLY"])
    assert codes(judged("US", facts=(("pia", False), ("written_agreement", True)), **quebec)) == [
        "CONDITION_MISSING",
        "LEADS_ONLY",
    ]
    nothing = judged("US", regime="JP_APPI", territory="JP")
    assert (nothing.outcome, codes(nothing)) == ("undetermined", ["REGIME_NOT_MODELLED", "LEADS_ONLY"])
    before = judged("US", "2023-09-21", **quebec)
    assert (before.outcome, codes(before)) == ("permitted", ["BEFORE_FIRST_DAY"])


def test_a_tool_of_another_law_takes_nothing_from_what_is_not_known() -> None:
    """A law of which only leads are known says as little with an irrelevant listing on file as without."""
    japan: Any = {"regime": "JP_APPI", "territory": "JP"}
    for listings in ((), (Listed("swiss-us-dpf", "active", covers_hr=True, covers_non_hr=True, overdue=False),)):
        assert judged("US", listings=listings, **japan).outcome == "undetermined"


def test_an_agreement_of_the_united_kingdom_is_not_said_to_fail_under_the_law_of_the_union() -> None:
    idta = SignedClauses("uk-idta", None, date(2023, 1, 1), None, None)
    assert codes(judged(listings=(DPF,), clauses=(idta,))) == ["LISTED", "FALLBACK_MISSING"]


def test_clauses_of_the_union_keep_their_own_name_where_another_law_does_not_know_them() -> None:
    one = judged("IN", regime="UK_GDPR", territory="GB", clauses=(SCC,))
    assert [(finding.code, finding.instrument) for finding in one.findings] == [("WRONG_FRAMEWORK", "eu-scc-2021")]


@pytest.mark.parametrize(("said", "outcome"), [(True, "permitted"), (None, "undetermined"), (False, "not_permitted")])
def test_a_public_register_is_said_to_be_one(said: bool | None, outcome: str) -> None:
    """Art. 49(1)(g): naming the derogation is not enough."""
    named = SignedClauses("eu-art-49-1-g", None, None, None, None)
    facts = () if said is None else (("public_register", said),)
    assert judged("IN", clauses=(named,), facts=facts).outcome == outcome


@pytest.mark.parametrize(("role", "outcome"), [("processor", "no_transfer"), ("controller", "not_permitted")])
def test_only_a_processor_returns_data_to_its_own_controller(role: str, outcome: str) -> None:
    given: Any = {"regime": "UK_GDPR", "territory": "GB", "exporter_role": role}
    assert judged("IN", facts=(("returning_to_own_controller", True),), **given).outcome == outcome


def test_the_addendum_goes_with_any_module_of_the_clauses_behind_it() -> None:
    for module in (None, "M1", "M2"):
        addendum = SignedClauses("uk-addendum", module, date(2023, 1, 1), None, None)
        given: Any = {"regime": "UK_GDPR", "territory": "GB", "clauses": (addendum,), "impacts": (("tra", "ok", None),)}
        assert codes(judged("IN", **given)) == ["CLAUSES"]
