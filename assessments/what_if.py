"""What if: the flows that would fall, those that something else on file would catch, and those that would be better off.

Only what can be touched is judged again: the cases that an instrument or a framework decides about, or the flows that
reach a party. Pure: what is read is told, and nothing is written.
"""

from collections.abc import Callable, Container, Iterable, Iterator
from datetime import date
from enum import StrEnum
from functools import partial

import msgspec

from assessments.picture import Case, Flow, Met, Outcomes, Picture
from assessments.precedents import Precedents
from assessments.readings import Reading
from assessments.rules import Dossier, Judged, Sort
from assessments.supposed import Supposed, changed, lapsed, law_of, may_turn, touched
from assessments.verdicts import Judge
from registry.law import Pack
from registry.vocabulary import GOES_AHEAD, RANKING, Outcome

LAWFUL = RANKING[Outcome.MEASURES_REQUIRED]


class Fate(StrEnum):
    """What becomes of a flow."""

    FALLS = "falls"  # may go ahead, and then may not
    WORSE = "worse"  # is in doubt as it is, and would be no longer
    CAUGHT = "caught"  # what it rests on carries it no longer, and something else does, if need be with measures beside it
    BETTER = "better"


class Turned(msgspec.Struct, frozen=True, gc=False):
    """A flow that would be judged otherwise: what becomes of it, and its outcome then, its chain included."""

    fate: Fate
    flow: Flow
    after: Outcome


class WhatIf(msgspec.Struct, frozen=True):
    """What would be: how many cases or flows were judged for it, those flows that turn, and who judges by the supposed law."""

    supposed: Supposed
    judged: int
    turned: tuple[Turned, ...]
    judge: Judge


def what_if(picture: Picture, supposed: Supposed) -> WhatIf:
    """Compares a day as it is with the same day as supposed, which is no earlier than what is supposed.

    Raises Misused or LawError for what cannot be supposed.
    """
    law = law_of(supposed, picture.judge.pack, picture.judge.precedents.known_on)
    judge = _judge(law, picture)
    words = touched(supposed, law)
    if supposed.is_of_cases and not supposed.moves_exporters(law):
        only_ends = supposed.only_ends and words is not None
        cases = picture.named(words)
        asked = {case for case, _ in cases}
        if only_ends:
            grounds = supposed.grounds(law)
            cases = [found for found in cases if may_turn(found[1].judged, grounds)]
        elif supposed.only_frees:
            regimes = {regime for one in supposed.adopt for regime in one.regimes}
            cases = [found for found in picture.under(regimes, cases) if found[1].judged.outcome not in GOES_AHEAD]
        return WhatIf(supposed, len(cases), tuple(_by_case(picture, cases, asked, supposed, judge, only_ends)), judge)
    flows: Iterable[Dossier] = picture.dossiers
    if words is not None:
        parties = {one.party for one in (*supposed.moves, *supposed.subs)}
        parties.update(*(picture.ways.importers.get(word, ()) for word in words))
        flows = picture.ways.flows(parties, picture.day)
    flows = list(flows)
    return WhatIf(supposed, len(flows), tuple(compared(flows, picture, supposed, judge)), judge)


def _judge(law: Pack, picture: Picture) -> Judge:
    """Who judges by a law: of the picture's own what is known is known; what is said of another is kept for this answer."""
    own = picture.judge.precedents
    return Judge(law, own.known_on, own if law is own.pack else Precedents(law, own.known_on))


def compared(dossiers: Iterable[Dossier], picture: Picture, supposed: Supposed, other: Judge) -> Iterator[Turned]:
    """Those of some dossiers that turn, each judged as it is and as supposed."""
    dossiers, day = list(dossiers), picture.day
    bare = _judge(_unadopted(picture, supposed), picture) if supposed.adopt else None
    for one, then in zip(dossiers, changed(supposed, dossiers), strict=True):
        before = {reading.regime: reading for reading in picture.judge.readings(one, day)}
        for after in other.readings(then, day):
            if after.regime in before:
                again = partial(bare.read, then, after.regime, day) if bare else None
                yield from _read(Flow(one, before[after.regime]), after, again)


def covered_again(judge: Judge, dossier: Dossier, reading: Reading, day: date) -> date | None:
    """The first later day on which a flow may go ahead again by what is known; None where it ends before, or no day is."""
    now, at = reading, day
    while (turn := judge.next_change(dossier, now, at)) is not None:
        then = judge.read(dossier, now.regime, turn)
        if then is None or RANKING[then.path_outcome] >= LAWFUL:
            return turn if then is not None else None
        now, at = then, turn
    return None


def _by_case(
    picture: Picture,
    cases: Iterable[tuple[Case, Met]],
    asked: Container[Case],
    supposed: Supposed,
    judge: Judge,
    only_ends: bool,
) -> Iterator[Turned]:
    """Each case is judged once as supposed, and none but those asked can be judged otherwise; of the flows with a chain,
    those are judged whole whose cases leave it open."""
    turn: Callable[[Sort], Sort] = (lambda sort: lapsed(sort, supposed)) if supposed.lapse else (lambda sort: sort)
    other = Outcomes(judge.precedents, picture, turn, asked, supposed.only_frees)
    bare = Outcomes(_judge(_unadopted(picture, supposed), picture).precedents, picture, turn, asked) if supposed.adopt else None
    turning: list[tuple[Met, Judged]] = []
    for case, met in cases:
        now, then = met.judged, other.again(case, picture.day)
        if _other(now, then):
            turning.append((met, then))
            ends = bare is None or _other(now, bare.again(case, picture.day))
            if met.alone and (fate := _fate(now.outcome, then.outcome, partial(bool, ends))) is not None:
                yield from [Turned(fate, flow, then.outcome) for flow in met.alone]
    lent = _lent(picture, turning, other)
    ended: set[int] = set()
    for met, then in turning:
        if then.outcome is Outcome.NOT_PERMITTED:
            yield from _ended(picture, met, ended, lent if only_ends else None)
    frees = {id(met) for met, _ in turning} if supposed.only_frees else None
    for flow in picture.beneath(met for met, _ in turning):
        if id(flow) in ended:
            continue
        if frees is not None and id(picture.met(flow.reading.weakest)) not in frees:
            continue  # what decides decides still, and nothing is worse
        if not only_ends or id(flow) in lent or flow.reading.path_outcome is not Outcome.NOT_PERMITTED:
            after = other.read(flow.dossier, flow.reading.regime, picture.day)
            if after is not None:
                again = partial(bare.read, flow.dossier, flow.reading.regime, picture.day) if bare else None
                yield from _read(flow, after, again)


def _unadopted(picture: Picture, supposed: Supposed) -> Pack:
    """The law as supposed but for what is adopted: it tells whether what a flow rests on ends, or only something is added."""
    bare = msgspec.structs.replace(supposed, adopt=())
    return law_of(bare, picture.judge.pack, picture.judge.precedents.known_on)


def _other(now: Judged, then: Judged) -> bool:
    return now.outcome != then.outcome or now.basis != then.basis


def _lent(picture: Picture, turning: Iterable[tuple[Met, Judged]], other: Judge) -> set[int]:
    """The flows, by id, with a hop that comes to stand on a framework which it lends to the next: that may better a chain."""
    return {id(flow) for flow in picture.beneath(met for met, then in turning if then.lends is not None)}


def _ended(picture: Picture, met: Met, ended: set[int], lent: set[int] | None) -> Iterator[Turned]:
    """The flows that a case ends: those whose leg it is; and, where things only end and nothing is lent, those beneath whom
    it stands, for what ends takes a ground away and gives none."""
    above = () if lent is None else [picture.above[id(chain)] for chain in met.chains]
    for flows in (met.chained, *above):
        of_leg = flows is met.chained
        for flow in flows:
            if id(flow) in ended or not (of_leg or (lent is not None and id(flow) not in lent)):
                continue
            ended.add(id(flow))
            if (fate := _fate(flow.reading.path_outcome, Outcome.NOT_PERMITTED, lambda: False)) is not None:
                yield Turned(fate, flow, Outcome.NOT_PERMITTED)


def _read(flow: Flow, after: Reading, bare: Callable[[], Reading | None] | None) -> Iterator[Turned]:
    """What becomes of a flow; `bare` reads it as it would be without what is adopted, where something is."""
    before, then = flow.reading, after.path_outcome

    def ends() -> bool:
        if not _ends(before, after):
            return False
        alone = bare() if bare else None
        return alone is None or alone.path_outcome != before.path_outcome or _ends(before, alone)

    fate = _fate(before.path_outcome, then, ends)
    if fate is not None:
        yield Turned(fate, flow, then)


def _fate(before: Outcome, after: Outcome, ends: Callable[[], bool]) -> Fate | None:
    """What becomes of a flow; `ends` tells whether anything it rests on carries it no longer. None where it stands as it
    stood, or what carries it is only joined by something."""
    was, would = RANKING[before], RANKING[after]
    if would < LAWFUL and would < was:
        return Fate.FALLS if was >= LAWFUL else Fate.WORSE
    if would > was and before not in GOES_AHEAD:
        return Fate.BETTER
    return Fate.CAUGHT if would >= LAWFUL and ((would < was and would == LAWFUL) or ends()) else None


def _ends(before: Reading, after: Reading) -> bool:
    """Whether the leg or a hop beneath it rests on something on which none does any more."""
    return not _rests(before) <= _rests(after)


def _rests(reading: Reading) -> set[tuple[int, str | None]]:
    """Who receives, and on what, on a leg and on the hops beneath it, as far as they decide."""
    hops = (reading.leg, *(reading.chain.hops if reading.chain else ()))
    return {(hop.route.importer, hop.verdict.judged.basis) for hop in hops}


def counts(turned: Iterable[Turned]) -> dict[Fate, int]:
    """How many flows each fate has; a transfer under two laws counts under each."""
    found = dict.fromkeys(Fate, 0)
    for one in turned:
        found[one.fate] += 1
    return found


class Already(msgspec.Struct, frozen=True):
    """How many flows stand ill as it is, whatever is supposed: that may not go ahead, that are in doubt, and of these two
    those that are stopped."""

    not_permitted: int = 0
    undetermined: int = 0
    stopped: int = 0


def already(picture: Picture) -> Already:
    """Counts as `counts` does: a transfer under two laws counts under each."""
    found = dict.fromkeys((Outcome.NOT_PERMITTED, Outcome.UNDETERMINED), 0)
    stopped = 0
    for met in picture.cases.values():
        for flow in (*met.alone, *met.chained):
            outcome = flow.reading.path_outcome
            if outcome in found:
                found[outcome] += 1
                stopped += not flow.reading.flowing
    return Already(found[Outcome.NOT_PERMITTED], found[Outcome.UNDETERMINED], stopped)
