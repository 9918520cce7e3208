"""The grid of the law: each country, each mechanism, both sides of every day on which anything changes, in three lights.

Two evaluators answer it: ours, and `tests/second.py`, which somebody wrote who was given the legal facts alone.
"""

import random
from collections.abc import Iterator
from datetime import date, timedelta

import msgspec

from assessments.case_rows import Case, dossier_of, rows_of
from assessments.cases import answer_case, said
from assessments.precedents import Precedents
from assessments.verdicts import Judge
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


def days() -> list[date]:
    """The days on which anything changes, each with the day before and the day after."""
    return sorted({day + step for day in second.days() for step in (-ONE, 0 * ONE, ONE) if FIRST <= day <= LAST})


def places() -> list[str]:
    return [place for place in second.countries() if place in law.load().codes]  # the Antilles are none any more


def cells(chance: random.Random, count: int, regimes: tuple[str, ...] = REGIMES) -> Iterator[Case]:
    """Cells of the grid, drawn; each a case without an expectation."""
    all_days, all_places, mechanisms = days(), places(), second.mechanisms()
    for number in range(count):
        mechanism, light = chance.choice(mechanisms), chance.choice(LIGHTS)
        place, regime, day = chance.choice(all_places), chance.choice(regimes), chance.choice(all_days)
        yield Case(f"{number}", regime, place, mechanism, facts(mechanism, light), day, "", None)


Said = tuple[str, str | None]


def both(case: Case, pack: Pack, today: date) -> tuple[Said, Said]:
    """What the two evaluators answer: the verdict, and the code of one that stops the flow."""
    return _shown(*answer_case(case, pack, today)), _second(case, today)


def whole(regime: str, place: str, today: date) -> dict[str, int]:
    """Every cell of a country under a regime; how many agree, and how many are read otherwise, by why.

    Raises AssertionError, naming the cell, where the two differ and no reading explains it.
    """
    pack = law.load()
    judge = Judge(pack, today, Precedents(pack, today))  # forgotten with this country
    found = {"cells agree": 0}
    for mechanism in second.mechanisms():
        for light in LIGHTS:
            case = Case(light, regime, place, mechanism, facts(mechanism, light), FIRST, "", None)
            dossier = dossier_of(rows_of(case))  # the same on every day
            for day in days():
                cell = msgspec.structs.replace(case, as_of=day)
                ours, theirs = _shown(*said(cell, dossier, judge)), _second(cell, today)
                why = "cells agree" if ours == theirs else explained(cell)
                assert why, f"{cell}: ours {ours}, the second {theirs}"
                found[why] = found.get(why, 0) + 1
    return found


def _second(case: Case, today: date) -> Said:
    return _shown(
        *second.evaluate(case.regime, case.country, case.facts, case.mechanism, case.facts, case.facts, case.as_of, today)
    )


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
