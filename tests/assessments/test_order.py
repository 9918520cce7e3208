"""The order of the rules, and of the codes: each neighbouring pair has a case that answers otherwise when they are swapped."""

import inspect
import itertools
import re
from collections.abc import Callable
from datetime import date

import msgspec
import pytest

from assessments.rules import ORDER, PRIORITY, Ground, Judged, Leg, SignedClauses, chapter_v
from assessments.rules.chapter_v import judge
from registry import law
from registry.law.loader import read
from registry.vocabulary import RANKING
from tests.assessments.test_findings import EU, QC, TIA, TODAY, UK, found, listed, signed

CN, DSP = ("CN_PIPL", "CN"), ("US_DSP", "US")
CLAUSES, OTHER_ROLES, AGREEMENT = signed("eu-scc-2021", "M2"), signed("eu-scc-2021", "M1"), signed("uk-idta")
SHIELD, LAPSED, OVERDUE = listed("eu-us-privacy-shield"), listed(status="inactive_lapse"), listed(overdue=True)
RULES_OF_A_GROUP = signed("eu-bcr-p", approved_by="EU", facts=(("approved", False), ("in_group", True)))
CONTRACT = signed("eu-art-49-1-b")  # a derogation: necessary, occasional, not in the exercise of public powers
PUBLIC = (("public_powers", True), ("necessary", True), ("occasional", True))
Answer = Callable[[], Judged]


def old(on: str = "2019-01-01", changed: str | None = None) -> SignedClauses:
    return signed("eu-scc-2010-c2p", None, on, changed)


def facts(**answers: bool) -> tuple[tuple[str, bool | int | None], ...]:
    return tuple(answers.items())


def a_decision_beside_a_list() -> Judged:
    """No country has both under one law, so one is given both: the law of New Zealand, put upon the United States."""
    pack = law.load()
    everywhere = msgspec.structs.replace(pack.instruments["eu-adequacy-nz"], countries=("NZ", "US"))
    instruments = {**pack.instruments, everywhere.key: everywhere}
    both = law.Pack(msgspec.structs.replace(read(law.FOLDER, None), instruments=instruments))
    return judge(Leg(*EU, "US", importer_role="processor", listings=(listed(),)), both.on(date(2024, 1, 1), TODAY))


# The grounds of chapter V in the order of its articles; both of a pair hold, and the one that is asked first is told.
GROUNDS: dict[tuple[str, str], tuple[Answer, str]] = {
    ("regime_governs", "inside_the_area"): (lambda: found(EU, "FR", "2018-05-24"), "REGIME_NOT_APPLICABLE"),
    ("inside_the_area", "adequacy"): (
        lambda: found(UK, "NZ", exporter_role="processor", facts=facts(returning_to_own_controller=True)),
        "NOT_RESTRICTED",
    ),
    ("adequacy", "listing"): (a_decision_beside_a_list, "ADEQUATE"),
    ("listing", "safeguards"): (lambda: found(EU, "US", listings=(listed(),), clauses=(CLAUSES,), impacts=TIA), "LISTED"),
    ("safeguards", "contract_above"): (
        lambda: found(EU, "US", above="eu-us-dpf", bound_alike=True, clauses=(CLAUSES,), impacts=TIA),
        "CLAUSES",
    ),
    ("contract_above", "rules_elsewhere"): (
        lambda: found(QC, "IN", above="eu-us-dpf", bound_alike=True, facts=facts(pia=True, written_agreement=True)),
        "BOUND_ALIKE",
    ),
}


def after_adequacy(leg: Leg, on: law.Law) -> Ground | None:
    """The area, asked only where no decision on adequacy holds."""
    holds = any(RANKING[ground.outcome] >= chapter_v.LAWFUL for ground in chapter_v.adequacy(leg, on))
    return None if holds else inside_the_area(leg, on)


inside_the_area = chapter_v.inside_the_area


def test_the_grounds_are_asked_in_this_order() -> None:
    rules = {name for pair in GROUNDS for name in pair}
    asked = dict.fromkeys(name for name in re.findall(r"\w+", inspect.getsource(judge)) if name in rules)
    assert list(itertools.pairwise(asked)) == list(GROUNDS)


@pytest.mark.parametrize("pair", GROUNDS, ids=" before ".join)
def test_a_ground_asked_later_is_not_told_first(pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    answer, told = GROUNDS[pair]
    assert answer().findings[0].code == told
    one, other = (getattr(chapter_v, name) for name in pair)
    if pair == ("inside_the_area", "adequacy"):
        monkeypatch.setattr(chapter_v, "inside_the_area", after_adequacy)
    else:
        monkeypatch.setattr(chapter_v, pair[0], other)
        monkeypatch.setattr(chapter_v, pair[1], one)
    assert answer().findings[0].code != told


# Two codes that stand together, neither open; the first is told first (law.md 12).
TOGETHER: dict[tuple[str, str], Answer] = {
    ("PROHIBITED", "WRONG_FRAMEWORK"): lambda: found(DSP, "CN", "2025-06-01", clauses=(AGREEMENT,), facts=facts(bulk=True)),
    ("NOT_IN_FORCE", "INVALIDATED"): lambda: found(
        EU, "US", clauses=(signed("eu-scc-2021", "M2", "2024-01-02"),), listings=(SHIELD,), impacts=TIA
    ),
    ("INVALIDATED", "EXPIRED"): lambda: found(EU, "GB", "2031-12-28", listings=(SHIELD,)),
    ("EXPIRED", "SCC_REPEALED"): lambda: found(EU, "GB", "2031-12-28", clauses=(old("2021-09-27"),), impacts=TIA),
    ("SCC_REPEALED", "SCC_EXPIRED"): lambda: found(EU, "IN", clauses=(old("2021-09-27"),), impacts=TIA),
    ("SCC_EXPIRED", "SCC_CHANGED"): lambda: found(EU, "IN", clauses=(old(changed="2022-01-01"),), impacts=TIA),
    ("SCC_CHANGED", "WRONG_FRAMEWORK"): lambda: found(
        EU, "IN", "2022-06-01", clauses=(old(changed="2022-01-01"), AGREEMENT), impacts=TIA
    ),
    ("WRONG_FRAMEWORK", "NOT_LISTED"): lambda: found(EU, "US", clauses=(AGREEMENT,), listings=(LAPSED,)),
    ("NOT_LISTED", "CERT_EXPIRED"): lambda: found(EU, "US", listings=(OVERDUE, LAPSED)),
    ("CERT_EXPIRED", "OUT_OF_SCOPE"): lambda: found(EU, "IN", listings=(OVERDUE,)),
    ("OUT_OF_SCOPE", "DATA_NOT_COVERED"): lambda: found(EU, "IN", data="hr", listings=(listed(),)),
    ("DATA_NOT_COVERED", "MODULE_MISMATCH"): lambda: found(
        EU, "US", data="hr", listings=(listed(),), clauses=(OTHER_ROLES,), impacts=TIA
    ),
    ("MODULE_MISMATCH", "NOT_APPROVED"): lambda: found(EU, "IN", role="controller", clauses=(RULES_OF_A_GROUP,), impacts=TIA),
    ("NOT_APPROVED", "PUBLIC_AUTHORITY"): lambda: found(
        EU,
        "IN",
        clauses=(CONTRACT, RULES_OF_A_GROUP),
        impacts=TIA,
        facts=facts(public_powers=True, necessary=True, occasional=True),
    ),
    ("PUBLIC_AUTHORITY", "NOT_OCCASIONAL"): lambda: found(
        EU, "IN", clauses=(CONTRACT,), facts=facts(public_powers=True, necessary=True, occasional=False)
    ),
    ("NOT_OCCASIONAL", "CONDITION_MISSING"): lambda: found(
        EU, "IN", clauses=(CONTRACT,), facts=facts(necessary=False, occasional=False)
    ),
    ("THRESHOLD", "CONDITION_MISSING"): lambda: found(
        CN, "IN", "2025-01-01", clauses=(signed("cn-standard-contract", facts=(("filed", False),)),), facts=facts(ciio=True)
    ),
    ("CONDITION_MISSING", "TIA_MISSING"): lambda: found(
        EU, "IN", clauses=(CLAUSES, CONTRACT), facts=facts(necessary=False, occasional=True)
    ),
    ("CONDITION_MISSING", "MEASURES_INEFFECTIVE"): lambda: found(
        EU,
        "IN",
        clauses=(CLAUSES, CONTRACT),
        impacts=(("tia", "problematic", "ineffective"),),
        facts=facts(necessary=False, occasional=True),
    ),
}
# Neighbours in the list that never stand together, so that no order between the two can be told.
APART = {
    ("REGIME_UNKNOWN", "REGIME_NOT_APPLICABLE"): "each is told alone, before any ground is asked",
    ("REGIME_NOT_APPLICABLE", "PROHIBITED"): "the first is told alone, before any ground is asked",
    ("PROHIBITED", "NOT_IN_FORCE"): "the law that prohibits and its tools began on one day",
    ("CERT_EXPIRED", "NO_ADEQUACY"): "the second is told only of a decision that is named, and then no list is asked",
    ("NO_ADEQUACY", "OUT_OF_SCOPE"): "the first is told only where there is no decision that could have a scope",
    ("NOT_OCCASIONAL", "THRESHOLD"): "one is of the Union's law, the other of China's",
    ("TIA_MISSING", "MEASURES_INEFFECTIVE"): "one assessment is missing or has measures, for all that is on file",
    ("MEASURES_INEFFECTIVE", "NOT_MODELLED"): "the second is always open, and what is open comes after what is not",
    ("NOT_MODELLED", "NO_MECHANISM"): "what nothing was found of is told first, by itself",
    ("NO_MECHANISM", "REGIME_NOT_MODELLED"): "either is told in the place of the other",
}


def test_every_two_neighbours_stand_together_in_a_case_or_never() -> None:
    assert {*itertools.pairwise(PRIORITY)} <= {*TOGETHER, *APART}
    assert not TOGETHER.keys() & APART.keys()
    assert all(ORDER[one] < ORDER[other] for one, other in TOGETHER)


@pytest.mark.parametrize("pair", TOGETHER, ids=" before ".join)
def test_of_two_codes_the_first_is_told_first(pair: tuple[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = pair
    told = [finding.code for finding in TOGETHER[pair]().findings if finding.code in pair and not finding.open]
    assert (told[0], told[-1]) == pair
    first, second = ORDER[one], ORDER[other]
    monkeypatch.setitem(ORDER, one, second)
    monkeypatch.setitem(ORDER, other, first)
    told = [finding.code for finding in TOGETHER[pair]().findings if finding.code in pair and not finding.open]
    assert (told[0], told[-1]) == (other, one)
