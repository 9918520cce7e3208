"""The flows of a register as they stand on a day, judged once, and by which cases: what a what-if asks again and again.

A case is all that a verdict on a leg or a hop follows from on the day. There are few of them, and where none of a flow's
cases would be judged otherwise, the flow would not be either.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from datetime import date
from functools import cached_property

import msgspec

from assessments.precedents import Precedents
from assessments.radius import Ways
from assessments.readings import Chain, Reading
from assessments.rules import Dossier, Judged, Route, Sort, State, Verdict
from assessments.rules.onward import Hop
from assessments.verdicts import Judge
from registry.vocabulary import RANKING, Outcome

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

    It judges what is on file as the judge of a picture found it, each sort of it as `turned` makes it; a case that is not
    among those `asked` stands as it stands in the picture. Where countries are only freed, a sort is asked about without
    its tools first: where a decision alone carries the case, they need no asking.
    """

    def __init__(
        self,
        found: Precedents,
        picture: "Picture",
        turned: Callable[[Sort], Sort],
        asked: Container[Case],
        only_frees: bool = False,
    ) -> None:
        super().__init__(found.pack, found.known_on, found)
        self._picture, self._on_file, self._turned = picture, picture.judge, turned
        self._asked, self._only_frees = asked, only_frees
        self._said: dict[Case, Verdict] = {}

    def again(self, case: Case, day: date) -> Judged:
        """What would be said of a case of the picture."""
        sort, light, country, automated = case
        found = self._on_file.precedents
        number = self.precedents.number(found.light(light))
        return self._judged(found.sort(sort), number, country, automated, day)

    def _judged(self, sort: Sort, light: int, country: str, automated: bool | None, day: date) -> Judged:
        if self._only_frees and (sort.clauses or sort.listings or sort.impacts):
            alone = self.precedents.said(Sort((), (), (), sort.traits, sort.facts), light, country, automated, day)
            if RANKING[alone.outcome] >= RANKING[Outcome.MEASURES_REQUIRED]:
                return alone
        return self.precedents.said(self._turned(sort), light, country, automated, day)

    def verdict(self, route: Route, light: int, day: date) -> tuple[Verdict, State]:
        state = self._on_file.state(route, day)
        case = (state.sort, light, route.country, route.automated)
        verdict = self._said.get(case)
        if verdict is None:
            judged = self._as_it_stands(case) or self._judged(
                self._on_file.precedents.sort(state.sort), light, route.country, route.automated, day
            )
            verdict = self._said[case] = Verdict(judged, None)
        return verdict, state

    def _as_it_stands(self, case: Case) -> Judged | None:
        """What the picture says of a case that is not asked about; None for one that is, or that it does not know."""
        sort, light, country, automated = case
        there = (sort, self._on_file.precedents.number(self.precedents.light(light)), country, automated)
        met = None if there in self._asked else self._picture.cases.get(there)
        return None if met is None else met.judged


class Picture:
    """What stands on a day, by case. Holds the judge by whom it was judged; nothing of it changes."""

    def __init__(self, dossiers: Sequence[Dossier], judge: Judge, day: date) -> None:
        self.judge, self.day, self.dossiers = judge, day, dossiers
        self.cases: dict[Case, Met] = {}
        self.above: dict[int, list[Flow]] = {}
        """The flows above a chain, by its id; the cases hold the chains."""
        for one, reading in judge.judged(dossiers, day):
            self._enter(Flow(one, reading))

    @cached_property
    def ways(self) -> Ways:
        """The ways up from a party, for what is supposed of one alone."""
        return Ways(self.dossiers)

    def _enter(self, flow: Flow) -> None:
        route, chain = flow.dossier.route, flow.reading.chain
        met = self.met(flow.reading.leg)
        (met.chained if route.importer in flow.dossier.hops else met.alone).append(flow)
        if chain is None:
            return
        flows = self.above.get(id(chain))
        if flows is None:
            flows = self.above[id(chain)] = []
            for hop in chain.hops:
                self.met(hop).chains.append(chain)
        flows.append(flow)

    def met(self, hop: Hop) -> Met:
        """The case of a leg or a hop; one that is not known yet begins without flows."""
        route: Route = hop.route
        case = (hop.state.sort, hop.light, route.country, route.automated)
        met = self.cases.get(case)
        if met is None:
            met = self.cases[case] = Met(hop.verdict.judged, [], [], [])
        return met

    def named(self, words: frozenset[str] | None) -> list[tuple[Case, Met]]:
        """The cases that name a country, a listing or an instrument among these words, all with None."""
        if words is None:
            return list(self.cases.items())
        found = self.judge.precedents
        lights = {number for number in {case[1] for case in self.cases} if found.light(number).above in words}
        sorts = set()
        for number in {case[0] for case in self.cases}:
            sort = found.sort(number)
            if any([one.framework in words for one in sort.listings]) or any([one.instrument in words for one in sort.clauses]):
                sorts.add(number)
        return [one for one in self.cases.items() if one[0][2] in words or one[0][0] in sorts or one[0][1] in lights]

    def under(self, regimes: set[str], cases: Iterable[tuple[Case, Met]]) -> list[tuple[Case, Met]]:
        """Those of some cases that one of these regimes governs."""
        light = self.judge.precedents.light
        return [found for found in cases if light(found[0][1]).regime in regimes]

    def regimes(self) -> set[str | None]:
        """The laws that govern some flow."""
        light = self.judge.precedents.light
        return {light(case[1]).regime for case in self.cases}

    def beneath(self, cases: Iterable[Met]) -> Iterator[Flow]:
        """The flows that have a chain and a case among these, as their leg or further down, each once."""
        seen: set[int] = set()
        for met in cases:
            for flows in (met.chained, *(self.above[id(chain)] for chain in met.chains)):
                for flow in flows:
                    if id(flow) not in seen:
                        seen.add(id(flow))
                        yield flow
