"""The chain: onward transfers beneath a leg, to any depth (Art. 44, Art. 28(4)). The weakest hop decides.

A chain is walked breadth first, each party once for each framework that reaches it, so that a cycle ends and the path
found is the shortest.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date

import msgspec

from assessments.rules import Leg, Route, State, Verdict


class Hop(msgspec.Struct, frozen=True, gc=False):
    """One hop: which route, the number of the light it is judged in, its verdict and the state this is of, and the hop above
    (None: the leg).
    """

    route: Route
    light: int
    verdict: Verdict
    state: State
    above: "Hop | None" = None

    def path(self) -> tuple["Hop", ...]:
        """From the first hop beneath the leg down to this one."""
        return (*(self.above.path() if self.above else ()), self)


def beneath(
    leg: Hop,
    hops: Mapping[int, tuple[Route, ...]],
    day: date,
    judge: Callable[[Route, int, str | None, date], tuple[int, Verdict, State]],
    edges: list[date],
) -> Iterator[Hop]:
    """Every hop that follows from the leg on the day; a hop lends to the next the framework that its verdict names.

    To `edges` come the later days on which one of them ends or another begins, as far as the way down has been gone.
    """
    engagement, lent = leg.route.engagement, leg.verdict.judged.lends
    seen = {(leg.route.importer, lent)}
    waiting = [(leg, lent)]
    for above, framework in waiting:
        for route in hops.get(above.route.importer, ()):
            if route.engagement is not None and route.engagement != engagement:
                continue
            if route.since > day:
                edges.append(route.since)
                continue
            if route.until is not None:
                if route.until <= day:
                    continue
                edges.append(route.until)
            light, verdict, state = judge(route, above.light, framework, day)
            hop = Hop(route, light, verdict, state, None if above is leg else above)
            yield hop
            reached = (route.importer, verdict.judged.lends)
            if reached not in seen:
                seen.add(reached)
                waiting.append((hop, reached[1]))


def seen_from(light: Leg, framework: str | None, bound_alike: bool | None) -> Leg:
    """In what light the next hop is judged: the importer above exports now, under the same law, the same data."""
    return msgspec.structs.replace(
        light,
        exporter_role=light.importer_role or "processor",
        importer_role="processor",
        above=framework,
        bound_alike=bound_alike if framework else None,
        relied_on=None,
    )
