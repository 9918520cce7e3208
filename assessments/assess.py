"""The verdicts of the register on a day, as known on a day: the objects that `onward assess` prints."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime

import msgspec

from assessments.dossier import Parties, open_dossiers, parties
from assessments.readings import Reading
from assessments.rules import Dossier, Finding
from assessments.rules.onward import Hop
from assessments.verdicts import Judge
from assessments.wording import Names, sentence
from registry.database import as_known, uncollected
from registry.journal import is_demo
from registry.law import Law, Pack
from registry.vocabulary import DEMO_NOTICE, Outcome


class Reason(msgspec.Struct, frozen=True):
    code: str
    article: str
    text: str


class Step(msgspec.Struct, frozen=True):
    """One hop of the way down to the one that decides, and why it stands as it does; the leg itself is the first, whose
    reasons stand beside the path."""

    exporter: str
    importer: str
    country: str
    outcome: Outcome
    basis: str | None
    last_day: date | None
    reasons: tuple[Reason, ...] = ()


class Assessed(msgspec.Struct, frozen=True, omit_defaults=False):
    """One transfer under one regime on one day (design, section 10). `notice` stands on a demo's alone."""

    transfer: str
    exporter: str
    regime: str | None
    importer: str
    country: str
    as_of: date
    known_on: str
    outcome: Outcome
    basis: str | None
    last_day: date | None
    next_change: date | None
    reasons: tuple[Reason, ...]
    path: tuple[Step, ...]
    path_outcome: Outcome
    flowing: bool
    law_version: str
    notice: str | msgspec.UnsetType = msgspec.UNSET


class Clocks(msgspec.Struct, frozen=True):
    """The three clocks of a question: the day, the instant up to which the register counts, the law as then published."""

    as_of: date
    instant: datetime | None
    known_on: date
    shown: str


async def assess(pack: Pack, clocks: Clocks, keys: Sequence[str] | None = None) -> list[Assessed]:
    """Every transfer (of those keys) that stands on the day, under every regime its exporter is under."""
    with uncollected():
        async with as_known(clocks.instant) as at:
            dossiers, demo = await open_dossiers(keys), await is_demo(at)
            named = await parties(clocks.as_of, None if keys is None else dossiers)
        judge = Judge(pack, clocks.known_on)
        return [assessed for dossier in dossiers for assessed in assess_one(dossier, judge, clocks, named, demo=demo)]


def assess_one(dossier: Dossier, judge: Judge, clocks: Clocks, named: Parties, *, demo: bool) -> Iterator[Assessed]:
    for reading in judge.readings(dossier, clocks.as_of):
        yield _assessed(dossier, reading, judge, clocks, named, demo=demo)


def reasons(hop: Hop, law: Law, named: Parties) -> Iterator[Reason]:
    names = Names(named.names[hop.route.exporter], named.names[hop.route.importer])
    for finding in hop.verdict.judged.findings:
        yield Reason(finding.code, finding.article, sentence(finding, hop, names, law))


def _assessed(dossier: Dossier, reading: Reading, judge: Judge, clocks: Clocks, named: Parties, *, demo: bool) -> Assessed:
    law = judge.law(clocks.as_of)
    verdict = reading.leg.verdict
    return Assessed(
        transfer=dossier.key,
        exporter=named.keys[dossier.route.exporter],
        regime=reading.regime,
        importer=named.keys[dossier.route.importer],
        country=dossier.route.country,
        as_of=clocks.as_of,
        known_on=clocks.shown,
        outcome=verdict.judged.outcome,
        basis=verdict.judged.basis,
        last_day=verdict.last_day,
        next_change=judge.next_change(dossier, reading, clocks.as_of),
        reasons=tuple(dict.fromkeys(reasons(reading.leg, law, named))),
        path=tuple(_step(hop, law, named, first=hop is reading) for hop in reading.path()),
        path_outcome=reading.path_outcome,
        flowing=reading.flowing,
        law_version=judge.pack.version,
        notice=DEMO_NOTICE if demo else msgspec.UNSET,
    )


def _step(hop: Hop, law: Law, named: Parties, *, first: bool) -> Step:
    route, verdict = hop.route, hop.verdict
    keys = named.keys
    return Step(
        keys[route.exporter],
        keys[route.importer],
        route.country,
        verdict.judged.outcome,
        verdict.judged.basis,
        verdict.last_day,
        () if first else tuple(dict.fromkeys(reasons(hop, law, named))),
    )


__all__ = ["Assessed", "Clocks", "Finding", "assess", "assess_one"]
