"""The sentences of findings in the reader's language, made at the edge from `templates/findings`."""

from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from babel import Locale
from babel.dates import format_date

from assessments.rules import AT_ODDS, Finding
from assessments.rules.gate import GateVerdict
from assessments.rules.onward import Hop
from assessments.rules.sub_processors import Passing
from registry.law import Law, Standing
from registry.questions import CIRCUMSTANCES
from registry.vocabulary import How

FOLDER = Path(__file__).parent.parent / "templates" / "findings"


class Names(msgspec.Struct, frozen=True):
    """How the two parties of a leg are called."""

    exporter: str
    importer: str


@cache
def sentences(language: str = "en") -> dict[str, dict[str, str]]:
    return msgspec.toml.decode((FOLDER / f"{language}.toml").read_bytes(), type=dict[str, dict[str, str]])


def country_name(code: str, law: Law, language: str = "en") -> str:
    return law.pack.own_names.get(code) or _territories(language).get(code) or code


def law_name(regime: str | None) -> str:
    """What people call a law that governs a flow; of None, where no law on file does."""
    return regime.replace("_", " ") if regime else "a law that is not known"


@cache
def _territories(language: str) -> Mapping[str, str]:
    names: Mapping[str, str] = Locale(language).territories
    return names


def sentence(finding: Finding, hop: Hop, names: Names, law: Law, language: str = "en") -> str:
    """What a finding says about a leg, in a sentence that may be put into a letter."""
    words = sentences(language)
    code = "APPROVED_ELSEWHERE" if (finding.code, finding.fact) == ("WRONG_FRAMEWORK", "approved_by") else finding.code
    standing = law.standing(finding.instrument) if finding.instrument and law.instrument(finding.instrument) else None
    if code == "NOT_MODELLED" and standing is not None:
        code = "CONTESTED" if standing.code == code else "NOTHING_SIGNED"
    code = "ANOTHER_MODULE" if code == "MODULE_MISMATCH" and finding.fits in words["modules"] else code
    said = words["law"][code].format_map(_parameters(finding, hop, names, law, language))
    if not finding.open or finding.fact is None:
        return said
    if finding.fits == AT_ODDS:
        return words["open"]["at_odds"].format(answer=CIRCUMSTANCES.get(finding.fact, finding.fact))
    question = words["open"].get(finding.fact, words["open"]["default"])
    return question.format_map(_parameters(finding, hop, names, law, language))


def gate_sentences(verdict: GateVerdict, called: Mapping[str, str] | None = None, language: str = "en") -> list[str]:
    """What each finding says; `called` has what engagements and measures are called, by key."""
    return [gate_sentence(finding, called or {}, language) for finding in verdict.findings]


def gate_sentence(finding: Finding, called: Mapping[str, str], language: str = "en") -> str:
    """What one finding of the gate says, or one about a hop beneath it."""
    words = sentences(language)
    said = (words["open_gate"] if finding.open and finding.code in words["open_gate"] else words["gate"])[finding.code]
    if isinstance(finding, Passing):
        days = {name: written(getattr(finding, name), language) for name in ("told", "begins", "last_day")}
        agreed = "the days agreed" if finding.days is None else "1 day" if finding.days == 1 else f"{finding.days} days"
        hop, engagement = finding.fact or "", finding.engagement or ""
        return said.format(fact=called.get(hop, hop), engagement=called.get(engagement, engagement), agreed=agreed, **days)
    of, _, term = (finding.fact or "").partition(": ")
    return said.format(fact=called.get(of, of), term=words["terms"].get(term, term))


def _parameters(finding: Finding, hop: Hop, names: Names, law: Law, language: str) -> dict[str, Any]:
    one = law.instrument(finding.instrument) if finding.instrument else None
    standing = law.standing(one.key) if one else None
    listings, clauses = hop.state.listings, hop.state.clauses
    said: dict[str, Any] = {
        "exporter": names.exporter,
        "importer": names.importer,
        "country": country_name(hop.route.country, law, language),
        "instrument": law.pack.title(finding.instrument) + (" (own)" if one and one.own else "")
        if finding.instrument
        else None,
        "citation": _citation(finding.code, standing) if standing else "",
        "last_day": written(standing.last_day if standing else None, language),
        "fact": sentences(language)["facts"].get(finding.fact or "", finding.fact),
        "module": sentences(language)["modules"].get(finding.fits or "", ""),
        "dispute": standing.disputed.dispute if standing and standing.disputed else "",
        "stop": "",
        "due": "",
        "concluded": written(None, language),
    }
    if finding.code == "RELIED_ON_FAILS":
        code, _, fact = (finding.fact or "").partition(" ")
        stop = msgspec.structs.replace(finding, code=code, fact=fact or None)
        said["stop"] = sentence(stop, hop, names, law, language)
    listed = listings[finding.tool] if finding.tool is not None and finding.tool < len(listings) else None
    if listed is not None and listed.framework == finding.instrument:
        said["due"] = written(listed.next_due, language)
    elif finding.tool is not None and finding.tool < len(clauses):
        said["concluded"] = written(clauses[finding.tool].concluded_on, language)
    return said


def _citation(code: str, standing: Standing) -> str:
    """Where it stands: the end of an instrument for what it ended, the instrument itself for all else."""
    begun = {"SCC_REPEALED": "repealed", "SCC_CHANGED": "repealed", "NOT_IN_FORCE": "in_force"}
    if code in begun:
        return next((event.citation for event in standing.instrument.events if event.what == begun[code]), "")
    return standing.event.citation if standing.code == code else standing.instrument.citation


@cache
def written(day: date | None, language: str = "en") -> str:
    """A day as it is written out in a sentence."""
    return format_date(day, "d MMMM y", locale=language) if day else "a day that is not recorded"


def way(how: str, activity: str | None) -> str:
    """What tells two flows between the same parties apart: in which way the data reach the country, and for what."""
    there = {How.ESTABLISHED: "established there", How.STORED: "stored there", How.ACCESSED: "accessed from there"}
    return there[How(how)] + (f", for {activity}" if activity else "")
