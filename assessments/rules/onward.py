"""The chain: onward transfers beneath a leg, to any depth (Art. 44, Art. 28(4)). The weakest hop decides.

A chain is walked breadth first, each party once, so that a cycle ends and the path found is the shortest.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date

import msgspec

from assessments.rules import Leg, Route, Verdict
from registry.vocabulary import RANKING

Hops = Mapping[int, tuple[Route, ...]]


class Hop(msgspec.Struct, frozen=True):
    """One hop of a chain: which route, in what light it is judged, the verdict, and the hop above it."""

    route: Route
    light: Leg
    verdict: Verdict
    above: "Hop | None" = None

    def path(self) -> tuple["Hop", ...]:
        """From the leg down to this hop."""
        return (*(self.above.path() if self.above else ()), self)


def beneath(leg: Hop, hops: Hops, engagement: int | None, day: date, judge: Callable[[Route, Leg], Verdict]) -> Iterator[Hop]:
    """Every hop that follows from the leg on the day, the leg itself first."""
    yield leg
    seen = {leg.route.exporter, leg.route.importer}
    waiting = [leg]
    for above in waiting:
        for route in hops.get(above.route.importer, ()):
            if not route.holds(day) or route.engagement not in {None, engagement}:
                continue
            light = seen_from(above, route)
            hop = Hop(route, light, judge(route, light), above)
            yield hop
            if route.importer not in seen:
                seen.add(route.importer)
                waiting.append(hop)


def seen_from(above: Hop, route: Route) -> Leg:
    """In what light the next hop is judged: the importer above exports now, under the same law, the same data."""
    return msgspec.structs.replace(
        above.light,
        exporter_role=above.light.importer_role or "processor",
        importer_role="processor",
        above=above.verdict.judged.basis,
        bound_alike=route.bound_alike,
        relied_on=None,
    )


def weakest(hops: list[Hop]) -> Hop:
    """The hop that decides; of several equally weak ones the first, so a sound chain is decided by its leg."""
    return min(hops, key=lambda hop: RANKING[hop.verdict.outcome])
