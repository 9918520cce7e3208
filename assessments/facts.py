"""What reports are made of: the rows in force on a day and every flow with its verdict, in a fixed number of queries."""

import asyncio
from collections.abc import Iterator
from datetime import date
from typing import Any

import msgspec

from assessments.assess import Clocks
from assessments.coverage import Stretch, stretches
from assessments.dossier import Parties, open_dossiers, parties
from assessments.readings import Reading
from assessments.record import words
from assessments.rules import Dossier, Verdict
from assessments.verdicts import Judge
from assessments.wording import country_name
from registry import checkpoints
from registry.database import as_known, fetch, uncollected
from registry.journal import is_demo
from registry.law import ONE_DAY, Law, Pack
from registry.vocabulary import DEMO_NOTICE, Outcome

HOW = {"established": "established there", "stored": "stored there", "accessed": "accessed from there", None: ""}
PICTURED = 200  # flows whose days are kept one by one, for the pictures of reports
STANDS_AS = {Outcome.NOT_PERMITTED: "bare, ", Outcome.UNDETERMINED: "in doubt, ", Outcome.MEASURES_REQUIRED: ""}
_IN_FORCE = "select * from {table} where since <= $1 and (until is null or until > $1) order by key"
_SEQUENCE = """
select coalesce(nullif(current_setting('onward.known_on', true), '')::bigint, (select sequence from public.journal_head))"""

Row = Any


class Flow(msgspec.Struct, frozen=True):
    """One transfer under one regime on the day, in words; `beneath` are the verdicts of the hops that follow from it,
    `days` its stretches up to the day, of the first flows alone."""

    transfer: str
    engagement: int
    exporter: str
    importer: str
    country: str
    how: str
    regime: str
    outcome: Outcome
    path_outcome: Outcome
    basis: str
    last_day: date | None
    flowing: bool
    periods: tuple[str, ...]
    beneath: dict[tuple[int, int, str], str]
    days: tuple[Stretch, ...] = ()

    @property
    def safeguard(self) -> str:
        """The verdict, what it rests on and its last day; and the chain's, where that is worse."""
        said = ruling(self.outcome, self.basis, self.last_day)
        if self.path_outcome != self.outcome:
            said += f"; the chain beneath: {words(self.path_outcome)}"
        return said if self.flowing else f"{said}, flow suspended"


class Facts(msgspec.Struct, frozen=True):
    """The picture of the register that a report is derived from."""

    clocks: Clocks
    law: Law
    named: Parties
    rows: dict[str, list[Row]]
    flows: tuple[Flow, ...]
    sequence: int
    demo: bool
    proof: dict[str, str]

    @property
    def notice(self) -> str | None:
        return DEMO_NOTICE if self.demo else None

    @property
    def houses(self) -> tuple[str, ...]:
        """The names of the companies of ours that stand on the day."""
        return tuple(row["name"] for row in self.rows["party"] if row["ours"])

    def country(self, code: str) -> str:
        return country_name(code, self.law)


TABLES = ("party", "contact", "vendor", "processing_activity", "engagement", "sub_processing", "transfer", "measure")


async def gather(pack: Pack, clocks: Clocks) -> Facts:
    """Reads one unmoving picture of the register and judges every transfer that stands on the day."""
    with uncollected():
        async with as_known(clocks.instant) as at:
            rows = {table: list(await fetch(_IN_FORCE.format(table=table), clocks.as_of)) for table in TABLES}
            dossiers, named, demo = await open_dossiers(), await parties(clocks.as_of), await is_demo(at)
            sequence = int(await at.fetchval(_SEQUENCE))
            proof = await checkpoints.marks(at, sequence)
        judge = Judge(pack, clocks.known_on)
        flows = await asyncio.to_thread(lambda: tuple(_flows(dossiers, rows["transfer"], judge, named, clocks.as_of)))
        return Facts(clocks, judge.law(clocks.as_of), named, rows, flows, sequence, demo, proof)


def grouped(rows: list[Row], column: str) -> dict[Any, list[Row]]:
    """Rows by what stands in a column."""
    found: dict[Any, list[Row]] = {}
    for row in rows:
        found.setdefault(row[column], []).append(row)
    return found


def ruling(outcome: Outcome, basis: str, last_day: date | None) -> str:
    """A verdict in words: what the law says, the basis, its last day."""
    said = [words(outcome), *([basis] if basis else []), *([f"last day {last_day.isoformat()}"] if last_day else [])]
    return ", ".join(said)


def _flows(dossiers: list[Dossier], rows: list[Row], judge: Judge, named: Parties, day: date) -> Iterator[Flow]:
    law, how = judge.law(day), {row["key"]: row["how"] for row in rows}
    lives: dict[str, list[Dossier]] = {}
    for dossier in dossiers:
        lives.setdefault(dossier.key, []).append(dossier)
    for place, dossier in enumerate(dossiers):
        for reading in judge.readings(dossier, day):
            life = lives[dossier.key] if place < PICTURED else []
            route, verdict = dossier.route, reading.leg.verdict
            yield Flow(
                transfer=dossier.key,
                engagement=route.engagement or 0,
                exporter=named.names[route.exporter],
                importer=named.names[route.importer],
                country=country_name(route.country, law),
                how=HOW[how[dossier.key]],
                regime=_law_named(reading.regime, judge),
                outcome=reading.outcome,
                path_outcome=reading.path_outcome,
                basis=_title(verdict, law),
                last_day=verdict.last_day,
                flowing=reading.flowing,
                periods=tuple(_periods(lives[dossier.key], reading.regime, judge, day)),
                beneath=_beneath(dossier, reading, judge, day),
                days=tuple(one for part in life for one in stretches(part, judge, reading.regime, part.route.since, day)),
            )


def _law_named(regime: str | None, judge: Judge) -> str:
    """A law by its name; of one of which only leads are known, that too."""
    if regime is None:
        return "no law known"
    one = judge.pack.regime(regime)
    return f"{words(regime)} (leads, not verified)" if one is not None and one.leads else words(regime)


def _beneath(dossier: Dossier, reading: Reading, judge: Judge, day: date) -> dict[tuple[int, int, str], str]:
    """The verdict of each hop beneath a leg, by who passes on to whom and where."""
    law, found = judge.law(day), {}
    for hop in judge.beneath(dossier, reading, day):
        verdict, route = hop.verdict, hop.route
        said = ruling(verdict.judged.outcome, _title(verdict, law), verdict.last_day)
        found[route.exporter, route.importer, route.country] = said
    return found


def _periods(life: list[Dossier], regime: str | None, judge: Judge, day: date) -> Iterator[str]:
    """From the transfer's first day to the day asked about: covered by what, or bare."""
    merged: list[tuple[date, date | None, str]] = []
    for dossier in life:
        for since, until, reading in judge.periods(dossier, regime, day):
            said = _mechanism(reading, judge.law(day))
            if merged and merged[-1][1:] == (since, said):
                since = merged.pop()[0]
            merged.append((since, until, said))
    for since, until, said in merged:
        end = f"to {(until - ONE_DAY).isoformat()}" if until is not None and until <= day else "on"
        yield f"{since.isoformat()} {end}: {said}"


def _mechanism(reading: Reading | None, law: Law) -> str:
    if reading is None:
        return "not under this law"
    outcome, worst, basis = reading.outcome, reading.path_outcome, _title(reading.leg.verdict, law)
    stands = STANDS_AS.get(worst, "covered, ") if reading.flowing else "stopped, "
    beneath = f"; the chain beneath: {words(worst)}" if worst != outcome else ""
    return stands + words(outcome) + (f", {basis}" if basis else "") + beneath


def _title(verdict: Verdict, law: Law) -> str:
    """What the verdict rests on, by its title."""
    basis = verdict.judged.basis
    return "" if basis is None else law.pack.title(basis)
