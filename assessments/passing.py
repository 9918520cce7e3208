"""What the pages say of each sub-processor beneath a vendor: whether we agreed to it, were told in time, and it is bound."""

from datetime import date
from typing import Any

import msgspec

from assessments.clockbar import Bar
from assessments.dossier import open_gate
from assessments.rules import Finding
from assessments.rules.gate import GateFile, passed_on
from assessments.wording import gate_sentence
from registry import law


class Said(msgspec.Struct, frozen=True):
    """Findings with their sentences: by the hop's key, and by the keys of its two parties with the country."""

    by_hop: dict[str, list[tuple[Finding, str]]]
    by_ends: dict[tuple[str, str, str], list[tuple[Finding, str]]]
    ahead: list[tuple[Finding, str]]  # about those that have not begun on the day


async def said_of(at: Any, vendor: str, bar: Bar, engagement: str | None = None) -> Said:
    """What is said of the hops beneath a vendor on the clocks of a page, for all it does or for one engagement alone."""
    said, file = Said({}, {}, []), await open_gate(vendor)
    if file is None or not file.hops:
        return said
    day = bar.clocks.as_of
    names = await called(at, file, day)
    ends = await at.fetch("select distinct thing, key from party where thing = any($1)", _parties(file))
    keys = {row[0]: row[1] for row in ends}
    hops = {hop.key: hop for hop in file.hops if hop.holds(day)}
    for finding in passed_on(file, law.load().on(day, bar.clocks.known_on)):
        if engagement is not None and finding.engagement not in {None, engagement}:
            continue
        text = finding, gate_sentence(finding, names)
        hop = hops.get(finding.fact or "")
        if hop is None:
            said.ahead.append(text)
            continue
        said.by_hop.setdefault(hop.key, []).append(text)
        said.by_ends.setdefault((keys[hop.processor], keys[hop.sub_processor], hop.country), []).append(text)
    return said


async def called(at: Any, file: GateFile, day: date) -> dict[str, str]:
    """What the engagements of a vendor are for, and who the sub-processors beneath it are, by key."""
    engaged = await at.fetch(
        """select distinct on (e.key) e.key, a.name from engagement e join processing_activity a on a.thing = e.activity
        where e.key = any($1) order by e.key, a.since desc""",
        list({terms.engagement for terms in file.terms}),
    )
    parties = await at.fetch(
        "select distinct on (thing) thing, name from party where thing = any($2) order by thing, since <= $1 desc, since desc",
        day,
        _parties(file),
    )
    names = {row[0]: row[1] for row in parties}
    return {row[0]: row[1] for row in engaged} | {hop.key: names[hop.sub_processor] for hop in file.hops}


def _parties(file: GateFile) -> list[int]:
    return list({party for hop in file.hops for party in (hop.processor, hop.sub_processor)})
