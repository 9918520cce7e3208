"""The grid of the law: each country, each mechanism, both sides of every day on which anything changes, in three lights.

Two evaluators answer it: ours, and `tests/second.py`, which somebody wrote who was given the legal facts alone.
"""

import random
from collections.abc import Iterator
from datetime import date, timedelta

from assessments.case_rows import Case
from assessments.cases import answer_case
from registry import law
from registry.law import Pack
from tests import second

ONE = timedelta(days=1)
FIRST, LAST = date(1998, 10, 1), date(2032, 2, 1)
ROLES = {"C2C": "controller", "M1": "controller", "M4": "controller"}
EXPORTERS = {"M3": "processor", "M4": "processor"}
YES = """pipeda appi_operator pipa lgpd automated in_group commitments ch_amended filed consent_explicit informed_of_risks
    occasional necessary limited_subjects assessed safeguards subject_informed sa_notified pia written_agreement rkn_notified
    cisa_requirements""".split()
NO = "repetitive ciio covered_person bulk".split()
LISTS = "safe_harbor ps ps_ch dpf_eu uk_ext dpf_ch".split()
LIGHTS = ("good", "bad", "unsaid")
REGIMES = ("EU_DPD", "EU_GDPR", "UK_GDPR", "CH_FADP")


def facts(mechanism: str, light: str) -> dict[str, str]:
    """All that a case can say for a mechanism, or against it, or only what it must."""
    ends = mechanism[-3:] if mechanism.startswith("SCC_20") and "_M" not in mechanism else mechanism[-2:]
    said = {"role": ROLES.get(ends, "processor"), "exporter_role": EXPORTERS.get(ends, "controller")}
    if mechanism == "COMPELLING_LI" or mechanism.startswith("DEROGATION"):
        said["role"] = "controller"
    if light == "unsaid":
        return {"exporter_role": said["exporter_role"]}
    good = light == "good"
    said |= dict.fromkeys(YES, "yes" if good else "no") | dict.fromkeys(NO, "no" if good else "yes")
    said |= dict.fromkeys(LISTS, "active" if good else "inactive_lapse") | {"covered": "hr+non_hr" if good else "hr"}
    said |= {"tia": "ok" if good else "none", "rkn_list": "adequate" if good else "not_adequate", "data": "non_hr"}
    said |= {
        "subjects_since_jan1": "500" if good else "2000000",
        "sensitive": "0",
        "working_days_elapsed": "12" if good else "3",
    }
    if mechanism.startswith("SCC_") or mechanism in {"IDTA", "UK_ADDENDUM"}:
        concluded = {"SCC_2001": "2003-01-01", "SCC_2002": "2003-01-01", "SCC_2004": "2006-01-01", "SCC_2010": "2012-01-01"}
        said["concluded"] = concluded.get(mechanism[:8], "2022-05-01") if good else "2023-01-01"
    else:
        approved = "2019-01-01" if good else "none"
        said |= {"approved": approved, "authorised": approved}
    return said


def cells(chance: random.Random, count: int, regimes: tuple[str, ...] = REGIMES) -> Iterator[Case]:
    """Cells of the grid, drawn; each a case without an expectation."""
    days = sorted({day + step for day in second.days() for step in (-ONE, 0 * ONE, ONE) if FIRST <= day <= LAST})
    places = [place for place in second.countries() if place in law.load().codes]  # the Antilles are none any more
    mechanisms = second.mechanisms()
    for number in range(count):
        mechanism, light = chance.choice(mechanisms), chance.choice(LIGHTS)
        place, regime, day = chance.choice(places), chance.choice(regimes), chance.choice(days)
        yield Case(f"{number}", regime, place, mechanism, facts(mechanism, light), day, "", None)


Said = tuple[str, str | None]


def both(case: Case, pack: Pack, today: date) -> tuple[Said, Said]:
    """What the two evaluators answer: the verdict, and the code of one that stops the flow."""
    ours, theirs = (
        answer_case(case, pack, today),
        second.evaluate(case.regime, case.country, case.facts, case.mechanism, case.facts, case.facts, case.as_of, today),
    )
    return _shown(*ours), _shown(*theirs)


def _shown(verdict: str, code: str | None) -> Said:
    return verdict, code if verdict in STOPS else None


STOPS = {"not_permitted", "undetermined"}

# Where the facts can be read in two ways and each evaluator read another one: which cells, and what ours goes by.
READINGS = {
    "the Swiss list before 2023 was indicative, and data flowed on it": lambda case: (
        case.regime == "CH_FADP" and case.mechanism in {"ADEQUACY", "NONE"} and case.as_of < date(2023, 9, 1)
    ),
    "binding corporate rules serve the law whose authority approved them, which is that of the GDPR unless it is said": (
        lambda case: case.mechanism.startswith("BCR_") and case.regime != "EU_GDPR"
    ),
    "a listing holds by itself, as a decision on adequacy does": lambda case: case.mechanism == "NONE" and case.country == "US",
    "that the data come from a public register is a fact to be recorded": lambda case: case.mechanism == "DEROGATION_49_1_g",
    "a list of another country does not reach this one": lambda case: (
        case.country != "US"
        and case.mechanism in {"SAFE_HARBOR", "PRIVACY_SHIELD", "PRIVACY_SHIELD_CH", "DPF", "DPF_CH", "DPF_UK_EXT"}
    ),
    "the clauses of 2002 after 26 September 2021 are contested": lambda case: (
        case.mechanism == "SCC_2002_C2P" and case.as_of >= date(2021, 9, 27)
    ),
}


def explained(case: Case) -> str | None:
    """By which reading the two may differ on a cell; None where they must agree."""
    return next((why for why, of in READINGS.items() if of(case)), None)
