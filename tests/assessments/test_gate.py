"""The gate: by role, and by the house's own conditions; a question nobody has answered is open."""

import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assessments.dossier import open_gate
from assessments.rules.gate import TERMS_OF_ART_28, UNDERTAKINGS, GateVerdict, gate
from assessments.wording import gate_sentences, sentences
from registry import law
from registry.database import as_known
from registry.vocabulary import Outcome
from tests.support import Register, a_register

SINCE = "2018-05-25"
GOOD_CONTRACT = {
    "key": "dpa", "since": SINCE, "signed_on": SINCE, "engagement": "news", "authorisation": "general",
    **dict.fromkeys(TERMS_OF_ART_28, True), **dict.fromkeys(UNDERTAKINGS, True),
}  # fmt: skip
MEASURE = {"key": "https", "name": "Encryption in transit", "since": SINCE}
ASSURANCE = {
    "key": "https",
    "vendor": "mailer",
    "measure": "https",
    "as_strong": True,
    "evidence": "certificate",
    "since": SINCE,
}


def a_vendor(role: str | None = "processor", contract: dict[str, Any] | None = None, **engagement: Any) -> dict[str, Any]:
    tables = a_register(measure=[MEASURE], assurance=[ASSURANCE])
    tables["engagement"][0] |= {"role": role, "only_our_purposes": True, **engagement}
    tables["contract"] = [GOOD_CONTRACT | (contract or {})]
    return tables


def judged(register: Register, folder: Path, tables: dict[str, Any], day: str = "2024-01-01") -> GateVerdict:
    register.load(tables, folder)

    async def look() -> GateVerdict:
        async with as_known(None):
            file = await open_gate("mailer")
            assert file is not None
            return gate(file, law.load().on(date.fromisoformat(day), date.max))

    return register.do(look)


def test_a_processor_with_every_term_may_process(register: Register, folder: Path) -> None:
    assert judged(register, folder, a_vendor()) == GateVerdict(Outcome.PERMITTED, ())


@pytest.mark.parametrize("term", [*TERMS_OF_ART_28, *UNDERTAKINGS])
@pytest.mark.parametrize(("answer", "outcome"), [(False, Outcome.NOT_PERMITTED), (None, Outcome.UNDETERMINED)])
def test_each_term_counts(register: Register, folder: Path, term: str, answer: bool | None, outcome: Outcome) -> None:
    verdict = judged(register, folder, a_vendor(contract={term: answer}))
    assert verdict.outcome is outcome
    assert [finding.fact for finding in verdict.findings] == [f"news: {term}"]
    assert len(gate_sentences(verdict)) == 1


BY_ROLE = {
    "a joint controller without an arrangement": (
        a_vendor("joint_controller", arrangement=False),
        "ARRANGEMENT_MISSING",
        False,
    ),
    "a controller without a basis": (a_vendor("controller"), "DISCLOSURE_BASIS_MISSING", True),
    "a recipient without a basis": (a_vendor("recipient"), "DISCLOSURE_BASIS_MISSING", True),
    "nobody knows which role": (a_vendor(None), "ROLE_MISSING", True),
    "other purposes": (a_vendor(only_our_purposes=False), "OTHER_PURPOSES", False),
    "weaker security": (a_vendor() | {"assurance": [ASSURANCE | {"as_strong": False}]}, "WEAKER_SECURITY", False),
    "security nobody has shown": (a_vendor() | {"assurance": []}, "WEAKER_SECURITY", True),
    "no measures of our own": (a_vendor() | {"assurance": [], "measure": []}, "NO_MEASURES", True),
    "no authorisation of sub-processors": (a_vendor(contract={"authorisation": None}), "AUTHORISATION_MISSING", True),
}


@pytest.mark.parametrize("case", BY_ROLE)
def test_the_gate_asks_by_role_and_by_the_houses_conditions(register: Register, folder: Path, case: str) -> None:
    tables, code, asked = BY_ROLE[case]
    verdict = judged(register, folder, tables)
    assert [(finding.code, finding.open) for finding in verdict.findings] == [(code, asked)]


def test_joint_controllers_and_recipients_with_what_they_need_pass(register: Register, folder: Path) -> None:
    assert judged(register, folder, a_vendor("joint_controller", arrangement=True)).outcome is Outcome.PERMITTED


def test_a_recipient_with_a_basis_passes(register: Register, folder: Path) -> None:
    assert judged(register, folder, a_vendor("recipient", disclosure_basis="consent")).outcome is Outcome.PERMITTED


@pytest.mark.parametrize(
    ("contract", "day", "stands"),
    [
        ({"signed_on": "2024-01-01"}, "2024-01-01", True),
        ({"signed_on": "2024-01-01"}, "2023-12-31", False),
        ({"until": "2024-01-01"}, "2023-12-31", True),
        ({"until": "2024-01-01"}, "2024-01-01", False),
        ({"signed_on": None}, "2024-01-01", False),
    ],
)
def test_both_sides_of_a_contracts_days(
    register: Register, folder: Path, contract: dict[str, Any], day: str, stands: bool
) -> None:
    verdict = judged(register, folder, a_vendor(contract=contract), day)
    assert (verdict.outcome is Outcome.PERMITTED) is stands
    assert stands or verdict.findings[0].code == "CONTRACT_MISSING"


def test_the_newest_assurance_counts(register: Register, folder: Path) -> None:
    newer = ASSURANCE | {"key": "again", "since": "2023-01-01", "as_strong": False}
    tables = a_vendor() | {"assurance": [ASSURANCE, newer]}
    assert judged(register, folder, tables, "2022-12-31").outcome is Outcome.PERMITTED


def test_a_vendor_that_does_nothing_for_us_is_asked_about(register: Register, folder: Path) -> None:
    verdict = judged(register, folder, a_vendor(), "2018-05-24")
    assert (verdict.outcome, verdict.findings[0].code) == (Outcome.UNDETERMINED, "NO_ENGAGEMENT")


def test_a_vendor_nobody_recorded_has_no_gate(register: Register, folder: Path) -> None:
    async def look() -> object:
        async with as_known(None):
            return await open_gate("nobody")

    assert register.do(look) is None


def test_every_fact_that_a_rule_may_name_is_said_in_words() -> None:
    """No column's name stands in a sentence."""
    words = sentences("en")
    named = {fact for rules in ("chapter_v", "onward") for fact in re.findall(r'fact="(\w+)"', _source(rules))}
    named |= {scope.fact for one in law.load().instruments.values() for scope in one.scope}
    assert named
    assert named <= words["facts"].keys() | words["open"].keys(), named - words["facts"].keys()
    assert {*TERMS_OF_ART_28, *UNDERTAKINGS} == words["terms"].keys()


def _source(module: str) -> str:
    return (Path(__file__).parents[2] / "assessments" / "rules" / f"{module}.py").read_text()
