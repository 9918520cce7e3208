"""A worked case as rows of a register, and the dossier that the register would open from them."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec

from assessments.rules import (
    SAFEGUARD_FACTS,
    Between,
    Circumstance,
    Clauses,
    Dossier,
    Impact,
    Listing,
    Part,
    Route,
    Scope,
    Traited,
    Traits,
)
from assessments.rules.chapter_v import BY_NAME
from registry import law
from registry.law import TRAITS, Pack
from registry.vocabulary import NUMBERS
from registry.vocabulary import Circumstance as Asked

LONG_AGO = "1900-01-01"
ANYWHERE = "DE"  # in the area of the two laws of the Union
LISTS = {
    "safe_harbor": "eu-us-safe-harbor",
    "ps": "eu-us-privacy-shield",
    "ps_ch": "swiss-us-privacy-shield",
    "dpf_eu": "eu-us-dpf",
    "uk_ext": "uk-us-dpf-extension",
    "dpf_ch": "swiss-us-dpf",
}
SAFEGUARD_WORDS = {"in_group", "commitments", "ch_amended", "filed"}
OTHER_WORDS = {"exporter": {"public_powers": {"public_authority": True}}, "rkn_list": {"rkn_adequate": {"adequate": True}}}
SAME_AUTHORITY = {"GB": "UK"}
YES = {"yes": True, "no": False}


class Case(msgspec.Struct, frozen=True):
    """One line of the table."""

    key: str
    regime: str
    country: str
    mechanism: str
    facts: dict[str, str]
    as_of: date
    expected: str
    code: str | None


def rows_of(case: Case) -> dict[str, list[dict[str, Any]]]:
    """The case as rows of a register: an exporter of ours, an importer, one leg, and what the case says is on file."""
    key, facts = case.key, case.facts
    us, them = f"{key}-us", f"{key}-them"
    home = home_of(case.regime, law.load())
    own = {name: YES.get(facts[name]) for name in TRAITS if name in facts}
    parties: list[dict[str, Any]] = [
        {"key": us, "name": us, "ours": True, "country": home.partition("-")[0]},
        {"key": them, "name": them, "country": case.country, **own},
    ]
    tables: dict[str, list[dict[str, Any]]] = {
        "party": parties,
        "regime_scope": [{"key": key, "party": us, "basis": "established", "territory": home}],
        "vendor": [{"key": key, "party": them, "category": "other"}],
        "processing_activity": [
            {"key": key, "name": key, "controller": us, "our_role": facts.get("exporter_role", _unsaid_role(facts))}
        ],
        "engagement": [
            {
                "key": key,
                "vendor": key,
                "activity": key,
                "role": facts.get("role"),
                "data_kind": _data(facts.get("data")),
                "excluded_purpose": _purpose(facts.get("purpose")),
            }
        ],
        "transfer": [
            {
                "key": key,
                "engagement": key,
                "exporter": us,
                "importer": them,
                "country": case.country,
                "how": "established",
                "automated": YES.get(facts.get("automated", "")),
            }
        ],
        "certification": list(_listings(case, them)),
        "safeguard": list(_safeguards(case, us, them)),
        "circumstance": list(_circumstances(case)),
        "impact_assessment": list(_impacts(case, us, them)),
    }
    return {table: [{"since": LONG_AGO, **row} for row in rows] for table, rows in tables.items() if rows}


def _listings(case: Case, them: str) -> Iterator[dict[str, Any]]:
    covered = case.facts.get("covered")
    covers = set(covered.split("+")) if covered else None
    for fact, framework in LISTS.items():
        if fact in case.facts:
            yield {
                "key": f"{case.key}-{fact}",
                "party": them,
                "framework": framework,
                "status": case.facts[fact],
                "covers_hr": None if covers is None else "hr" in covers,
                "covers_non_hr": None if covers is None else "non_hr" in covers,
                "next_due": case.facts.get("next_due"),
            }


def _safeguards(case: Case, us: str, them: str) -> Iterator[dict[str, Any]]:
    instrument, module = _instrument(case, law.load())
    if instrument is None:
        return
    facts = case.facts
    approved = facts.get("approved", facts.get("authorised"))
    yield {
        "key": case.key,
        "exporter": us,
        "importer": them,
        "instrument": instrument,
        "module": module,
        "concluded_on": facts.get("concluded"),
        "changed_on": case.as_of.isoformat() if facts.get("processing_changed") == "yes" else None,
        "combines_eu_data": YES.get(facts.get("combined_with_eu_data", "")),
        "rank": "primary",
        "state": "signed",
        "approved": YES.get(approved or "", False if approved == "none" else None),
        "approved_on": approved if approved and approved[:1].isdigit() else None,
        "approved_by": SAME_AUTHORITY.get(facts.get("approved_by", ""), facts.get("approved_by")),
        **{name: YES.get(facts.get(name, "")) for name in SAFEGUARD_WORDS},
    }


def _impacts(case: Case, us: str, them: str) -> Iterator[dict[str, Any]]:
    """Each test of its own; in the United Kingdom the risk assessment counts where one is said (law.md 12)."""
    for standard in ("tra",) if case.regime == "UK_GDPR" and "tra" in case.facts else ("tra", "tia"):
        found = case.facts.get(standard)
        if found not in {"ok", "problematic"}:
            continue
        yield {
            "key": f"{case.key}-{standard}",
            "exporter": us,
            "importer": them,
            "country": case.country,
            "outcome": found,
            "measures": case.facts.get("measures"),
            "standard": standard,
        }


def _circumstances(case: Case) -> Iterator[dict[str, Any]]:
    """What a case says of its flow, a row a fact."""
    said: dict[str, bool | int | None] = {}
    for asked in Asked:
        name = asked.value
        if name in case.facts:
            said[name] = int(case.facts[name]) if name in NUMBERS else YES.get(case.facts[name])
    for word, meant in OTHER_WORDS.items():
        for fact, answers in meant.items():
            if word in case.facts:
                said[fact] = answers.get(case.facts[word], False)
    if case.mechanism == "DEROGATION_49_1_g" and "necessary" in case.facts:  # no other word for the condition of (g)
        said.setdefault("public_register", YES.get(case.facts["necessary"]))
    for fact, value in said.items():
        number = value if fact in NUMBERS else None
        answer = value if number is None else None
        yield {"key": f"{case.key}-{fact}", "transfer": case.key, "fact": fact, "answer": answer, "number": number}


def home_of(regime: str, pack: Pack) -> str:
    """Where an exporter is under a regime: its own country or area, or a Member State."""
    law_of = pack.regime(regime)
    return ANYWHERE if law_of is None or law_of.area in {None, "EEA"} else str(law_of.area)


def _instrument(case: Case, pack: Pack) -> tuple[str | None, str | None]:
    """The instrument that a mechanism names, as its own regime has it if it does, and the module; None for no row."""
    name, module = case.mechanism, None
    if match := re.fullmatch(r"(SCC_2021)_(M\d)", name):
        name, module = match[1], match[2]
    found = [one for one in pack.instruments.values() if one.mechanism == name and one.kind in BY_NAME]
    found.sort(key=lambda one: case.regime not in one.regimes)
    return (found[0].key if found else None), module


def _unsaid_role(facts: dict[str, str]) -> str:
    """Whoever returns data to its own controller is a processor; any other exporter whose role is not said, a controller."""
    return "processor" if facts.get("returning_to_own_controller") == "yes" else "controller"


def _data(kind: str | None) -> str | None:
    """Credit information under whatever name a case gives it; any other kind as the register has it."""
    return "credit_fsc" if kind and "credit" in kind else kind


def _purpose(purpose: str | None) -> str | None:
    """The carve-outs of decisions, under whatever name a case gives them; any other purpose is the ordinary case."""
    stems = {
        "immigration": "immigration_control",
        "journal": "journalism",
        "press": "journalism",
        "broadcast": "journalism",
        "writer": "journalism",
        "literar": "journalism",
        "academic": "academic",
        "universit": "academic",
        "religio": "religious",
        "mission": "religious",
        "politic": "political",
        "candidate": "political",
        "nomination": "political",
        "security": "public_security",
        "defence": "public_security",
        "defense": "public_security",
        "criminal": "public_security",
        "law_enforcement": "public_security",
    }
    return next((meant for stem, meant in stems.items() if purpose and stem in purpose), None)


def dossier_of(rows: dict[str, list[dict[str, Any]]]) -> Dossier:
    """The dossier that the register would open from these rows."""
    transfer, engagement, activity = (rows[name][0] for name in ("transfer", "engagement", "processing_activity"))
    them = rows["party"][1]

    def of(table: str, kind: Any) -> tuple[Any, ...]:
        fields = kind.__struct_fields__
        found = [{name: row.get(name) for name in fields} for row in rows.get(table, [])]
        if "answers" in fields:
            for one, row in zip(found, rows.get(table, []), strict=True):
                known = [row.get(name) for name in SAFEGUARD_FACTS]
                one["answers"] = known if any(answer is not None for answer in known) else None
        return tuple(msgspec.convert(row, kind) for row in found)

    since = date.fromisoformat(LONG_AGO)
    traits = Traited(since, None, Traits(*(them.get(name) for name in TRAITS)))
    role = "processor" if activity["our_role"] == "processor" else "controller"
    part = Part(since, None, role, engagement["role"], engagement["data_kind"], engagement["excluded_purpose"])
    on_file = Between(
        of("safeguard", Clauses),
        of("certification", Listing),
        of("impact_assessment", Impact),
        (traits,),
        of("circumstance", Circumstance),
    )
    route = Route(since, None, 1, 2, transfer["country"], transfer["automated"], None, None, on_file)
    return Dossier(transfer["key"], 1, route, (part,), of("regime_scope", Scope), (), {}, limited=False)
