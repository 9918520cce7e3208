"""Worked cases of the law: a table a lawyer can read, put to the same judge that `assess` asks.

A case asks whether one named mechanism holds on a day; `NONE` relies on nothing by name. Each becomes rows as the
register has them, and a dossier from those rows: in memory, or through a register that was empty before.
"""

import csv
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from assessments.dossier import open_dossiers
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
from assessments.verdicts import Judge
from registry import law, register
from registry.database import as_known
from registry.errors import Refused
from registry.law import TRAITS, Pack
from registry.vocabulary import NUMBERS, Outcome
from registry.vocabulary import Circumstance as Asked

COLUMNS = "case_id regime importer_country importer_attributes mechanism extra_facts as_of expected_verdict reason".split()
LONG_AGO = "1900-01-01"
ANYWHERE = "DE"  # in the area of the two laws of the Union
STANDARDS = {"UK_GDPR": "tra"}
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
FACTS = frozenset(
    """covered next_due automated role tia tra measures processing_changed exporter_role exporter combined_with_eu_data data
    purpose known_at rkn_list concluded approved authorised approved_by""".split()
) | {*LISTS, *TRAITS, *SAFEGUARD_WORDS, *Asked}
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


class Result(msgspec.Struct, frozen=True):
    """What a case expects, what the judge says, and what it was not built for, if so."""

    case: str
    passed: bool
    expected: str
    answer: str
    not_built: str | None = None

    def line(self) -> str:
        if self.not_built:
            return f"{self.case} not built: {self.not_built}"
        return f"{self.case} {'passed' if self.passed else 'failed'}: expected {self.expected}, got {self.answer}"


def read_cases(path: Path) -> list[Case]:
    """The cases of a file. Raises Refused naming line and column of what cannot be read."""
    try:
        lines = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise Refused(f"{path}: cannot be read: {reason}") from error
    if not lines or set(COLUMNS) - set(lines[0]):
        raise Refused(f"{path.name}: no case, or a column is missing: a line is {' '.join(COLUMNS)}, tab separated")
    found = [_case(line, f"{path.name} line {number}") for number, line in enumerate(lines, start=2)]
    keys = [case.key for case in found]
    if twice := {key for key in keys if keys.count(key) > 1}:
        raise Refused(f"{path.name}: case {min(twice)!r} stands twice: give each its own case_id")
    return found


async def answer_cases(cases: list[Case], pack: Pack, today: date, *, through_register: bool) -> list[Result]:
    """Puts every case to the judge; through the register, all of them as rows of their own parties, first."""
    rows = {case.key: rows_of(case) for case in cases}
    for one in rows.values():
        register.checked(one)
    dossiers = {case.key: _in_memory(rows[case.key]) for case in cases}
    if through_register:
        tables: dict[str, list[dict[str, Any]]] = {}
        for one in rows.values():
            for table, found in one.items():
                tables.setdefault(table, []).extend(found)
        await register.import_register(tables, "system:cases", None, "worked cases")
        async with as_known(None):
            dossiers = {dossier.key: dossier for dossier in await open_dossiers()}
    return [_answer(case, dossiers[case.key], pack, today) for case in cases]


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
            {"key": key, "name": key, "controller": us, "our_role": facts.get("exporter_role", "controller")}
        ],
        "engagement": [
            {
                "key": key,
                "vendor": key,
                "activity": key,
                "role": facts.get("role"),
                "data_kind": facts.get("data"),
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
        "approved_by": facts.get("approved_by"),
        **{name: YES.get(facts.get(name, "")) for name in SAFEGUARD_WORDS},
    }


def _impacts(case: Case, us: str, them: str) -> Iterator[dict[str, Any]]:
    found = case.facts.get("tra", case.facts.get("tia"))
    if found in {"ok", "problematic"}:
        yield {
            "key": case.key,
            "exporter": us,
            "importer": them,
            "country": case.country,
            "outcome": found,
            "measures": case.facts.get("measures"),
            "standard": STANDARDS.get(case.regime),
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


def _in_memory(rows: dict[str, list[dict[str, Any]]]) -> Dossier:
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
    return Dossier(transfer["key"], 1, route, (part,), of("regime_scope", Scope), (), {})


def _case(line: dict[str, str], place: str) -> Case:
    if None in line or None in line.values() or not line["case_id"]:
        raise Refused(f"{place}: a line has {len(COLUMNS)} columns, the first its case_id: {' '.join(COLUMNS)}")
    mechanism, _, bracket = line["mechanism"].partition("(")
    facts: dict[str, str] = {}
    for text in (line["importer_attributes"], line["extra_facts"], bracket.rstrip(")").replace(",", ";")):
        for fact in filter(None, (text or "").split(";")):
            name, equals, value = fact.strip().partition("=")
            if not equals or name not in FACTS:
                raise Refused(f"{place}: {fact!r} is no fact of a case: write name=value, with a name of law.md section 12")
            if name in NUMBERS and not value.isdigit():
                raise Refused(f"{place}: {name}={value!r} is no number: write digits")
            facts[name] = value
    try:
        country = law.load().country(line["importer_country"])
    except law.LawError as error:
        raise Refused(f"{place} importer_country: {error}") from error
    try:
        as_of = date.fromisoformat(line["as_of"])
        for name in ("known_at", "concluded", "next_due"):
            if name in facts:
                date.fromisoformat(facts[name])
    except ValueError as error:
        raise Refused(f"{place}: {error}: write days as YYYY-MM-DD") from error
    code = re.match(r"\[([A-Z_]+)\]", line["reason"] or "")
    return Case(
        line["case_id"],
        line["regime"],
        country,
        mechanism,
        facts,
        as_of,
        line["expected_verdict"],
        code.group(1) if code else None,
    )


def _answer(case: Case, dossier: Dossier, pack: Pack, today: date) -> Result:
    known = date.fromisoformat(case.facts["known_at"]) if "known_at" in case.facts else today
    expected = case.expected + (f" [{case.code}]" if case.code else "")
    if (lacking := _not_built(case, pack)) is not None:
        return Result(case.key, False, expected, "", lacking)
    answer, code = _said(case, dossier, pack, known)
    right = answer == case.expected or (case.expected == "not_permitted" and answer == Outcome.UNDETERMINED)
    return Result(case.key, right and case.code in {None, code}, expected, f"{answer} [{code}]")


def answer_case(case: Case, pack: Pack, today: date) -> tuple[str, str]:
    """What the judge says of a case, in memory: the outcome as a case file words it, and the first code."""
    return _said(case, _in_memory(rows_of(case)), pack, today)


def _said(case: Case, dossier: Dossier, pack: Pack, known: date) -> tuple[str, str]:
    territory = home_of(case.regime, pack)
    reading = Judge(pack, known).read_under(dossier, case.regime, territory, case.as_of, relied_on=case.mechanism)
    verdict = reading.leg.verdict
    answer: str = verdict.judged.outcome
    if verdict.judged.outcome is Outcome.PERMITTED and verdict.last_day:
        answer = f"permitted_until({verdict.last_day})"
    elif verdict.judged.outcome is Outcome.MEASURES_REQUIRED:
        answer = "permitted_with_supplementary_measures_required"
    return answer, verdict.judged.findings[0].code


def _not_built(case: Case, pack: Pack) -> str | None:
    if pack.regime(case.regime) is None:
        return f"regime {case.regime}"
    named = re.sub(r"^(SCC_2021)_M\d$", r"\1", case.mechanism)
    if named != "NONE" and not any(one.mechanism == named for one in pack.instruments.values()):
        return f"mechanism {case.mechanism}"
    return None
