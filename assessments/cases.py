"""Worked cases of the law: a table a lawyer can read, put to the same judge that `assess` asks.

A case asks whether one named mechanism holds on a day; `NONE` relies on nothing by name. Each becomes rows as the
register has them, and a dossier from those rows: in memory, or through a register that was empty before.
"""

import csv
import re
from datetime import date
from pathlib import Path
from typing import Any

import msgspec

from assessments.case_rows import LISTS, SAFEGUARD_WORDS, Case, dossier_of, home_of, rows_of
from assessments.dossier import open_dossiers
from assessments.rules import Dossier
from assessments.verdicts import Judge
from registry import law, register
from registry.database import as_known
from registry.errors import Refused
from registry.law import TRAITS, Pack
from registry.vocabulary import NUMBERS, Outcome
from registry.vocabulary import Circumstance as Asked

COLUMNS = "case_id regime importer_country importer_attributes mechanism extra_facts as_of expected_verdict reason".split()
FACTS = frozenset(
    """covered next_due automated role tia tra measures processing_changed exporter_role exporter combined_with_eu_data data
    purpose known_at rkn_list concluded approved authorised approved_by""".split()
) | {*LISTS, *TRAITS, *SAFEGUARD_WORDS, *Asked}


class Result(msgspec.Struct, frozen=True):
    """What a case expects, what the judge says, and what it was not built for or could not read, if so."""

    case: str
    passed: bool
    expected: str
    answer: str
    not_built: str | None = None
    not_read: str | None = None

    def line(self) -> str:
        if self.not_read:
            return f"{self.case} not read: {self.not_read}"
        if self.not_built:
            return f"{self.case} not built: {self.not_built}"
        return f"{self.case} {'passed' if self.passed else 'failed'}: expected {self.expected}, got {self.answer}"


class Unread(msgspec.Struct, frozen=True):
    """A case whose line says what none can: which it is, what it expects, and what is wrong with it."""

    key: str
    expected: str
    why: str


def read_cases(path: Path) -> list[Case | Unread]:
    """The cases of a file; one whose line cannot be read keeps none of the others from being judged.

    Raises Refused, naming the line, for a file that is no table of cases, or in which one has no id of its own.
    """
    try:
        lines = list(csv.DictReader(path.read_text(encoding="utf-8").splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise Refused(f"{path}: cannot be read: {reason}") from error
    if not lines or set(COLUMNS) - set(lines[0]):
        raise Refused(f"{path.name}: no case, or a column is missing: a line is {' '.join(COLUMNS)}, tab separated")
    found = [_read(line, f"{path.name} line {number}") for number, line in enumerate(lines, start=2)]
    keys = [case.key for case in found]
    if twice := {key for key in keys if keys.count(key) > 1}:
        raise Refused(f"{path.name}: case {min(twice)!r} stands twice: give each its own case_id")
    return found


async def answer_cases(cases: list[Case | Unread], pack: Pack, today: date, *, through_register: bool) -> list[Result]:
    """Puts every case to the judge; through the register, all of them as rows of their own parties, first."""
    rows: dict[str, dict[str, list[dict[str, Any]]]] = {}
    read: list[Case | Unread] = [_recorded(case, rows) if isinstance(case, Case) else case for case in cases]
    dossiers = {key: dossier_of(found) for key, found in rows.items()}
    if through_register:
        tables: dict[str, list[dict[str, Any]]] = {}
        for one in rows.values():
            for table, found in one.items():
                tables.setdefault(table, []).extend(found)
        await register.import_register(tables, "system:cases", None, "worked cases")
        async with as_known(None):
            dossiers = {dossier.key: dossier for dossier in await open_dossiers()}
    return [
        _answer(one, dossiers[one.key], pack, today)
        if isinstance(one, Case)
        else Result(one.key, False, one.expected, "", not_read=one.why)
        for one in read
    ]


def _recorded(case: Case, rows: dict[str, dict[str, list[dict[str, Any]]]]) -> Case | Unread:
    """The case, its rows put among those of the others; one with a word that the register refuses is not read."""
    found = rows_of(case)
    try:
        register.checked(found)
    except Refused as error:
        return Unread(case.key, case.expected, str(error))
    rows[case.key] = found
    return case


def _read(line: dict[str, str], place: str) -> Case | Unread:
    if not line["case_id"]:
        raise Refused(f"{place}: a line has {len(COLUMNS)} columns, the first its case_id: {' '.join(COLUMNS)}")
    try:
        return _case(line, place)
    except Refused as error:
        return Unread(line["case_id"], line["expected_verdict"] or "", str(error))


def _case(line: dict[str, str], place: str) -> Case:
    if None in line or None in line.values():
        raise Refused(f"{place}: a line has {len(COLUMNS)} columns: {' '.join(COLUMNS)}")
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
    answer, code = said(case, dossier, Judge(pack, known))
    right = answer == case.expected or (case.expected == "not_permitted" and answer == Outcome.UNDETERMINED)
    return Result(case.key, right and case.code in {None, code}, expected, f"{answer} [{code}]")


def answer_case(case: Case, pack: Pack, today: date) -> tuple[str, str]:
    """What the judge says of a case, in memory: the outcome as a case file words it, and the first code."""
    return said(case, dossier_of(rows_of(case)), Judge(pack, today))


def said(case: Case, dossier: Dossier, judge: Judge) -> tuple[str, str]:
    """What a judge says of the case that a dossier was made from, on the case's day."""
    territory = home_of(case.regime, judge.pack)
    reading = judge.read_under(dossier, case.regime, territory, case.as_of, relied_on=case.mechanism)
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
