"""The flows of a register as they stand on a day, judged once, and by which cases: what a what-if asks again and again.

A case is all that a verdict on a leg or a hop follows from on the day. There are few of them, and where none of a flow's
cases would be judged otherwise, the flow would not be either.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from functools import cached_property

import msgspec

from assessments.radius import Ways
from assessments.readings import Chain, Reading
from assessments.rules import Dossier, Judged, Route, Sort, Verdict
from assessments.rules.onward import Hop
from assessments.verdicts import Judge
from registry.law import Pack

Case = tuple[int, int, str, bool | None]  # the numbers of its sort and of its light, its country, whether automated


class Flow(msgspec.Struct, frozen=True, gc=False):
    """A transfer under one regime, as it reads on the day."""

    dossier: Dossier
    reading: Reading


class Met(msgspec.Struct, gc=False):
    """A case: what is said of it, the legs it decides about, those with a chain beneath, the chains it stands in."""

    judged: Judged
    alone: list[Flow]
    chained: list[Flow]
    chains: list[Chain]


class Outcomes(Judge):
    """A judge of one day who says what the law would say, and neither until when nor from which row.

    It judges what is on file as the judge of a picture found it, each sort of it as `turned` makes it.
    """

    def __init__(self, pack: Pack, picture: "Picture", turned: Callable[[Sort], Sort]) -> None:
        super().__init__(pack, picture.judge.precedents.known_on)
        self._on_file, self._turned = picture.judge, turned
        self._said: dict[Case, Verdict] = {}

    def again(self, case: Case, day: date) -> Judged:
        """What would be said of a case of the picture."""
        sort, light, country, automated = case
        found = self._on_file.precedents
        number = self.precedents.number(found.light(light))
        return self.precedents.said(self._turned(found.sort(sort)), number, country, automated, day)

    def verdict(self, route: Route, light: int, day: date) -> Verdict:
        state = self._on_file.state(route, day)
        case = (state.sort, light, route.country, route.automated)
        verdict = self._said.get(case)
        if verdict is None:
            sort = self._turned(self._on_file.precedents.sort(state.sort))
            judged = self.precedents.said(sort, light, route.country, route.automated, day)
            verdict = self._said[case] = Verdict(judged, None, state, None, None)
        return verdict


class Picture:
    """What stands on a day, by case. Holds the judge by whom it was judged; nothing of it changes."""

    def __init__(self, dossiers: Sequence[Dossier], judge: Judge, day: date) -> None:
        self.judge, self.day, self.dossiers = judge, day, dossiers
        self.cases: dict[Case, Met] = {}
        self.above: dict[int, list[Flow]] = {}
        """The flows above a chain, by its id; the cases hold the chains."""
        for one in dossiers:
            for reading in judge.readings(one, day):
                self._enter(Flow(one, reading))

    @cached_property
    def ways(self) -> Ways:
        """The ways up from a party, for what is supposed of one alone."""
        return Ways(self.dossiers)

    def _enter(self, flow: Flow) -> None:
        route, chain = flow.dossier.route, flow.reading.chain
        met = self._met(flow.reading.leg)
        (met.chained if route.importer in flow.dossier.hops else met.alone).append(flow)
        if chain is None:
            return
        flows = self.above.get(id(chain))
        if flows is None:
            flows = self.above[id(chain)] = []
            for hop in chain.hops:
                self._met(hop).chains.append(chain)
        flows.append(flow)

    def _met(self, hop: Hop) -> Met:
        route: Route = hop.route
        case = (hop.verdict.state.sort, hop.light, route.country, route.automated)
        met = self.cases.get(case)
        if met is None:
            met = self.cases[case] = Met(hop.verdict.judged, [], [], [])
        return met

    def named(self, words: frozenset[str] | None) -> Iterator[tuple[Case, Met]]:
        """The cases that name a country, a listing or an instrument among these words, all with None."""
        found = self.judge.precedents
        sorts: dict[int, bool] = {}
        lights: dict[int, bool] = {}
        for case, met in self.cases.items():
            if words is None or case[2] in words:
                yield case, met
                continue
            if case[0] not in sorts:
                sort = found.sort(case[0])
                names = [one.framework for one in sort.listings] + [one.instrument for one in sort.clauses]
                sorts[case[0]] = not words.isdisjoint(names)
            if case[1] not in lights:
                lights[case[1]] = found.light(case[1]).above in words
            if sorts[case[0]] or lights[case[1]]:
                yield case, met

    def beneath(self, cases: Iterable[Met]) -> Iterator[Flow]:
        """The flows that have a chain and a case among these, as their leg or further down, each once."""
        seen: set[int] = set()
        for met in cases:
            for flows in (met.chained, *(self.above[id(chain)] for chain in met.chains)):
                for flow in flows:
                    if id(flow) not in seen:
                        seen.add(id(flow))
                        yield flow
