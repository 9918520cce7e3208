"""A what-if as it is asked and told: keys become what is supposed, flows that turn become sentences. Nothing is written."""

import asyncio
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

import asyncpg
import msgspec

from assessments.assess import Clocks, Reason, reasons
from assessments.dossier import Parties, open_dossiers, parties
from assessments.picture import Picture
from assessments.radius import Concerned, Served, concerned, served
from assessments.readings import Reading
from assessments.rules import Dossier, Finding
from assessments.rules.onward import Hop
from assessments.supposed import Moved, Supposed, changed
from assessments.verdicts import Judge
from assessments.what_if import Already, Fate, Turned, WhatIf, already, counts, covered_again, what_if
from assessments.what_to_do import Need, need, to_do
from assessments.wording import country_name, law_name, written
from registry.database import as_known, uncollected
from registry.errors import Misused
from registry.law import Instrument, Law, Pack
from registry.law.supposing import begins, decision
from registry.vocabulary import Outcome

USUAL_LAW = "EU_GDPR"
_VENDORS = "select key, party from vendor where key = any($1) order by since <= $2, since"
_LISTINGS = "select distinct key, framework from certification where (key = any($1) or framework = any($1))"


class Asked(msgspec.Struct, frozen=True):
    """What is asked, in keys. `moves` and `subs` are vendors with a country, `decisions` countries with the law they are for.

    `day` is the day from which all of it holds; None is the day asked about, or the day on which what is adopted begins.
    """

    annul: tuple[str, ...] = ()
    end: tuple[str, ...] = ()
    lapse: tuple[str, ...] = ()
    moves: tuple[tuple[str, str], ...] = ()
    subs: tuple[tuple[str, str], ...] = ()
    adopt: tuple[Instrument, ...] = ()
    decisions: tuple[tuple[str, str], ...] = ()
    day: date | None = None


def to_adopt(given: str, law: str = "") -> tuple[str, str] | None:
    """The country and the law of a decision written BR or BR=UK_GDPR; None for what is neither. A law written there goes
    before the one given beside it, and where there is none it is the usual one."""
    if not re.fullmatch(r"[A-Z]{2}(=\w+)?", given):
        return None
    country, _, own = given.partition("=")
    return country, own or law or USUAL_LAW


class Told(msgspec.Struct, frozen=True):
    """One flow under one law that would turn; `decides` is who does down the chain, where the leg itself does not.

    `decided` is the same of the flow as it is. `gap_days` counts from the day compared to `again_on`; None where no end is
    known. `with_measures` says of one that is caught that what catches it does so only with supplementary measures beside
    it; `again_with_measures` the same of the day on which one that falls is covered again.
    """

    transfer: str
    exporter: str
    importer: str
    country: str
    regime: str | None
    activity: str | None
    special: tuple[str, ...]
    fate: Fate
    before: Outcome
    after: Outcome
    rested_on: str | None
    rests_on: str | None
    last_day: date | None
    decides: str | None
    again_on: date | None
    gap_days: int | None
    flowing: bool
    reasons: tuple[Reason, ...]
    decided: str | None = None
    with_measures: bool = False
    again_with_measures: bool = False
    special_unknown: bool = False


class Answer(msgspec.Struct, frozen=True):
    """What would follow on a day. `concerned` is about the flows that fall, `flows` are the first of those that turn.

    `caught_with_measures` are those of the caught that stand only with supplementary measures beside what catches them;
    `already` are flows that may not go ahead or are in doubt as it is, whatever is supposed.
    """

    supposed: tuple[str, ...]
    since: date
    as_of: date
    known_on: str
    counts: dict[Fate, int]
    transfers: int
    concerned: Concerned
    to_do: tuple[str, ...]
    flows: tuple[Told, ...]
    titles: dict[str, str]
    law_version: str
    caught_with_measures: int = 0
    already: Already = Already()


class Group(msgspec.Struct, frozen=True):
    """Flows of one fate, those apart that are caught only with measures beside: how many, and the first of them."""

    fate: Fate
    with_measures: bool
    count: int
    flows: tuple[Told, ...]


def groups(found: Answer) -> Iterable[Group]:
    """An answer's flows as they are told to people, the most urgent first; groups without any flow are among them."""
    for fate in (Fate.FALLS, Fate.CAUGHT, Fate.WORSE, Fate.BETTER):
        for beside in (True, False) if fate is Fate.CAUGHT else (False,):
            count = found.counts[fate]
            if fate is Fate.CAUGHT:
                count = found.caught_with_measures if beside else count - found.caught_with_measures
            flows = tuple(one for one in found.flows if one.fate is fate and one.with_measures is beside)
            yield Group(fate, beside, count, flows)


async def answer(pack: Pack, clocks: Clocks, asked: Asked, most: int | None = None) -> Answer:
    """What would follow; of each fate at most so many flows are told. Raises Misused or LawError for what cannot be asked."""
    with uncollected():
        async with as_known(clocks.instant) as at:
            supposed = await _resolved(at, pack, clocks, asked)
            day = max(clocks.as_of, supposed.day)
            dossiers, named, about = await open_dossiers(), await parties(day), await served(day)
        judge = Judge(pack, clocks.known_on)
        for number, one in enumerate(supposed.subs, 1):
            named.keys[-number] = f"new-sub-processor-{number}"
            beneath = f" beneath {named.names[one.party]}" if len(supposed.subs) > 1 else ""
            named.names[-number] = f"the new company{beneath}"

        def worked_out() -> Answer:
            picture = Picture(dossiers, judge, day)
            return _told(what_if(picture, supposed), picture, clocks, named, about, most)

        return await asyncio.to_thread(worked_out)


async def _resolved(at: asyncpg.Connection, pack: Pack, clocks: Clocks, asked: Asked) -> Supposed:
    begin = [begins(one) for one in asked.adopt]
    others = (asked.annul, asked.end, asked.lapse, asked.moves, asked.subs, asked.decisions)
    day = asked.day or max([clocks.as_of, *([] if any(others) else begin)])
    vendors = dict(await at.fetch(_VENDORS, [key for key, _ in (*asked.moves, *asked.subs)], clocks.as_of))
    for key, _ in (*asked.moves, *asked.subs):
        if key not in vendors:
            raise Misused(f"no vendor is called {key!r}: the list of vendors has their keys")
    places = dict(asked.moves)
    for key, country in asked.moves:
        if places[key] != country:
            raise Misused(f"vendor {key!r} cannot move to {country} and to {places[key]} at once: leave one of them out")
    listings = await at.fetch(_LISTINGS, list(asked.lapse))
    known = {one.key for one in pack.instruments.values() if one.kind == "framework"} | {row[1] for row in listings}
    for name in asked.lapse:
        if name not in known and name not in {row[0] for row in listings}:
            raise Misused(f"no listing and no framework is called {name!r}: frameworks are {', '.join(sorted(known))}")
    return Supposed(
        day,
        asked.annul,
        asked.end,
        asked.lapse,
        tuple(Moved(vendors[key], pack.country(country)) for key, country in asked.moves),
        tuple(Moved(vendors[key], pack.country(country)) for key, country in asked.subs),
        (*asked.adopt, *(_decision(pack, country, regime, day) for country, regime in asked.decisions)),
        frameworks=all(name in known for name in asked.lapse),
    )


def _decision(pack: Pack, country: str, regime: str, day: date) -> Instrument:
    one = decision(pack, country, regime, day)
    country = country_name(one.countries[0], pack.on(day, day))
    return msgspec.structs.replace(one, title=f"A decision on adequacy for {country} under {law_name(regime)}")


def _told(
    found: WhatIf, picture: Picture, clocks: Clocks, named: Parties, about: dict[int, Served], most: int | None
) -> Answer:
    day, other, stands = picture.day, found.judge, already(picture)
    shown = _first(found.turned, most)
    then = changed(found.supposed, [one.flow.dossier for one in shown])
    told: list[Told] = []
    needs: list[Need] = []
    for one, dossier in zip(shown, then, strict=True):
        after = other.read(dossier, one.flow.reading.regime, day)
        if after is not None:
            why = _why(after.weakest, other.law(day), picture.judge.law(day), named)
            told.append(_flow(one, dossier, after, other, day, named, about, why))
            if one.fate is Fate.FALLS or _with_measures(one):
                needs.append(need(after, named, other.law(day)))
    fallen = [one.flow.dossier for one in found.turned if one.fate is Fate.FALLS]
    rests = {key for one in told for key in (one.rested_on, one.rests_on) if key}
    caught_by = {one.rests_on if one.rests_on != one.rested_on else None for one in told if one.fate is Fate.CAUGHT}
    numbers = counts(found.turned)
    whose = concerned((one.route.engagement for one in fallen), about)
    return Answer(
        (*said(found.supposed, other.pack, named, day), *_of_nobody(found.supposed, picture)),
        found.supposed.day,
        day,
        clocks.shown,
        numbers,
        len({one.flow.dossier.thing for one in found.turned}),
        whose,
        tuple(to_do(needs, numbers, stands, caught_by, whose, day, other.law(day))),
        tuple(told),
        {key: other.pack.instruments[key].title for key in sorted(rests) if key in other.pack.instruments},
        picture.judge.pack.version,
        sum(_with_measures(one) for one in found.turned),
        stands,
    )


def _of_nobody(supposed: Supposed, picture: Picture) -> Iterator[str]:
    """What is adopted under a law that no flow on file is under, a sentence each."""
    governed = picture.regimes() if supposed.adopt else set()
    for new in supposed.adopt:
        if governed.isdisjoint(new.regimes):
            laws = " or ".join(law_name(regime) for regime in new.regimes)
            yield f"No flow on file is under {laws}: what is adopted there touches none of them."


def _with_measures(one: Turned) -> bool:
    """Whether a flow is caught by what carries it only with supplementary measures beside it (Recommendations 01/2020)."""
    return one.fate is Fate.CAUGHT and one.after is Outcome.MEASURES_REQUIRED


def _first(turned: Sequence[Turned], most: int | None) -> list[Turned]:
    """The flows that are told: of each fate, with measures beside or without, so many, in the order of their keys and laws."""
    found: dict[tuple[Fate, bool], list[Turned]] = {(fate, beside): [] for fate in Fate for beside in (True, False)}
    for one in sorted(turned, key=lambda one: (one.flow.dossier.key, one.flow.reading.regime or "")):
        alike = found[one.fate, _with_measures(one)]
        if most is None or len(alike) < most:
            alike.append(one)
    return [one for alike in found.values() for one in alike]


def _why(hop: Hop, law: Law, as_it_is: Law, named: Parties) -> tuple[Reason, ...]:
    """Why a hop would stand as it does: last what had ended anyhow."""

    def gone(found: tuple[Finding, Reason]) -> bool:
        key = found[0].instrument
        standing = as_it_is.standing(key) if key and as_it_is.instrument(key) else None
        return standing is not None and standing.code is not None

    told = zip(hop.verdict.judged.findings, reasons(hop, law, named), strict=True)
    return tuple(dict.fromkeys(reason for _, reason in sorted(told, key=gone)))


def _flow(
    one: Turned,
    dossier: Dossier,
    after: Reading,
    other: Judge,
    day: date,
    named: Parties,
    about: dict[int, Served],
    why: tuple[Reason, ...],
) -> Told:
    route, before = dossier.route, one.flow.reading
    again = covered_again(other, dossier, after, day) if one.fate is Fate.FALLS else None
    then = other.read(dossier, after.regime, again) if again else None
    kind = about.get(route.engagement or 0)
    return Told(
        dossier.key,
        named.names[route.exporter],
        named.names[route.importer],
        route.country,
        after.regime,
        kind.name if kind else None,
        kind.special if kind else (),
        one.fate,
        before.path_outcome,
        after.path_outcome,
        before.leg.verdict.judged.basis,
        after.leg.verdict.judged.basis,
        after.leg.verdict.last_day,
        _decides(after, named),
        again,
        (again - day).days if again else None,
        after.flowing,
        why,
        _decides(before, named),
        _with_measures(one),
        then is not None and then.path_outcome is Outcome.MEASURES_REQUIRED,
        kind is None or kind.special_unknown,
    )


def _decides(reading: Reading, named: Parties) -> str | None:
    """Who decides further down the chain; None where the leg itself does."""
    return named.names[reading.weakest.route.importer] if reading.weakest is not reading.leg else None


def said(supposed: Supposed, law: Pack, named: Parties, day: date) -> Iterable[str]:
    """What is supposed, a sentence each."""
    view = law.on(day, day)

    def title(key: str) -> str:
        return law.instruments[key].title if key in law.instruments else key

    since = f"from {written(supposed.day)}"
    yield from (f"{title(key)}: declared invalid {since}." for key in supposed.annul)
    yield from (f"{title(key)}: at an end {since}." for key in supposed.end)
    for name in supposed.lapse:
        yield f"Every listing in {title(name)} lapses {since}." if name in law.instruments else f"{name} lapses {since}."
    yield from (f"{named.names[one.party]} moves to {country_name(one.country, view)} {since}." for one in supposed.moves)
    for one in supposed.subs:
        yield f"{named.names[one.party]} passes data on to a new company in {country_name(one.country, view)} {since}."
    for new in supposed.adopt:
        yield f"{new.title} is adopted, and may be relied on from {written(begins(new))}."
