"""The chain in memory: which hops follow from a leg on a day, in what order, and in what light each is judged."""

from datetime import date

import msgspec
import pytest

from assessments.rules import Between, Judged, Leg, Route, State, Verdict
from assessments.rules.onward import Hop, beneath, seen_from
from registry.vocabulary import Outcome

DAY = date(2024, 1, 1)
STATE = State(DAY, Between(), (), (), 0, None, {})
LIGHT = Leg(
    "EU_GDPR", "DE", "US", "controller", "controller", "hr", "payroll", above="eu-us-dpf", bound_alike=True, relied_on="DPF"
)


def route(exporter: int, importer: int, since: str = "2020-01-01", until: str | None = None, for_: int | None = None) -> Route:
    end = date.fromisoformat(until) if until else None
    return Route(date.fromisoformat(since), end, exporter, importer, "US", None, for_, None, Between())


def verdict(lends: str | None = None) -> Verdict:
    return Verdict(Judged(Outcome.PERMITTED, None, (), lends=lends), None)


def walked(leg: Route, *routes: Route, lends: dict[int, str] | None = None, day: date = DAY) -> list[Hop]:
    """The hops beneath a leg; a hop's light is ten times the one above, and one more; to whom it lends is by importer."""
    lends = lends or {}
    hops: dict[int, tuple[Route, ...]] = {}
    for one in routes:
        hops[one.exporter] = (*hops.get(one.exporter, ()), one)

    def judge(one: Route, light: int, framework: str | None, _: date) -> tuple[int, Verdict, State]:
        asked.append((one.importer, framework))
        return light * 10 + 1, verdict(lends.get(one.importer)), STATE

    asked.clear()
    edges.clear()
    return list(beneath(Hop(leg, 1, verdict(lends.get(leg.importer)), STATE), hops, day, judge, edges))


asked: list[tuple[int, str | None]] = []
edges: list[date] = []


def parties(hops: list[Hop]) -> list[int]:
    return [hop.route.importer for hop in hops]


def test_the_nearest_come_first_each_with_its_way_down_and_in_the_light_of_the_one_above() -> None:
    hops = walked(route(1, 2), route(2, 3), route(2, 4), route(3, 5), route(4, 6), route(5, 7), route(8, 9))
    assert parties(hops) == [3, 4, 5, 6, 7]
    assert [[above.route.importer for above in hop.path()] for hop in hops] == [[3], [4], [3, 5], [4, 6], [3, 5, 7]]
    assert [hop.light for hop in hops] == [11, 11, 111, 111, 1111]


def test_a_circle_ends_where_it_began() -> None:
    assert parties(walked(route(1, 2), route(2, 3), route(3, 2), route(3, 4), route(4, 3))) == [3, 2, 4, 3]


def test_a_party_is_walked_from_once_for_each_framework_that_reaches_it() -> None:
    ways = (route(2, 3), route(2, 4), route(3, 5), route(4, 5), route(5, 6))
    assert parties(walked(route(1, 2), *ways)) == [3, 4, 5, 5, 6]
    assert parties(walked(route(1, 2), *ways, lends={3: "eu-us-dpf"})) == [3, 4, 5, 5, 6]  # both reach 5, and it lends nothing
    assert asked == [(3, None), (4, None), (5, "eu-us-dpf"), (5, None), (6, None)]


def test_the_first_hop_is_lent_what_the_leg_stands_on() -> None:
    walked(route(1, 2), route(2, 3), route(3, 4), lends={2: "eu-us-dpf"})
    assert asked == [(3, "eu-us-dpf"), (4, None)]


def test_what_comes_back_with_another_framework_is_walked_again() -> None:
    """Party 2 stands on a list as the leg's importer; reached again from 3 it lends what that hop's verdict says."""
    again = {2: "eu-us-dpf"}
    assert parties(walked(route(1, 2), route(2, 3), route(3, 2), lends=again)) == [3, 2]
    first = Hop(route(1, 2), 1, verdict(), STATE)
    hops = {2: (route(2, 3),), 3: (route(3, 2),)}
    found = beneath(first, hops, DAY, lambda one, light, _, __: (light, verdict(again.get(one.importer)), STATE), [])
    assert parties(list(found)) == [3, 2, 3]


@pytest.mark.parametrize(
    ("since", "until", "there"),
    [
        ("2024-01-01", None, True),
        ("2024-01-02", None, False),
        ("2020-01-01", "2024-01-02", True),
        ("2020-01-01", "2024-01-01", False),
    ],
)
def test_a_hop_counts_on_its_own_days_and_nothing_is_beneath_it_on_others(since: str, until: str | None, there: bool) -> None:
    hops = walked(route(1, 2), route(2, 3, since, until), route(3, 4), route(2, 5))
    assert parties(hops) == ([3, 5, 4] if there else [5])


def test_the_days_ahead_on_which_a_hop_begins_or_ends_are_noted_on_the_way() -> None:
    before, ahead = "2023-12-31", "2024-01-02"
    ways = (route(2, 3, "2020-01-01", ahead), route(3, 4, "2020-01-01", before), route(3, 5, "2024-03-01", "2024-04-01"))
    assert parties(walked(route(1, 2), *ways, route(5, 6, "2024-05-01"))) == [3]
    assert edges == [date(2024, 1, 2), date(2024, 3, 1)]  # what is beneath a hop that has not begun is not come to
    assert not parties(walked(route(1, 2, for_=7), route(2, 3, "2024-03-01", for_=8)))
    assert not edges


@pytest.mark.parametrize(("mine", "others", "there"), [(7, 7, True), (7, 8, False), (7, None, True), (None, 8, False)])
def test_a_hop_for_one_engagement_alone_is_beneath_no_other(mine: int | None, others: int | None, there: bool) -> None:
    hops = walked(route(1, 2, for_=mine), route(2, 3, for_=others), route(2, 4))
    assert parties(hops) == ([3, 4] if there else [4])


def test_the_importer_above_exports_now_under_the_same_law_the_same_data() -> None:
    below = seen_from(LIGHT, "eu-us-dpf", bound_alike=False)
    assert (below.exporter_role, below.importer_role, below.above, below.bound_alike, below.relied_on) == (
        "controller", "processor", "eu-us-dpf", False, None,
    )  # fmt: skip
    kept = ("regime", "territory", "data", "purpose")
    assert [getattr(below, name) for name in kept] == [getattr(LIGHT, name) for name in kept]


def test_an_importer_whose_role_is_not_known_hands_on_as_a_processor() -> None:
    assert seen_from(msgspec.structs.replace(LIGHT, importer_role=None), None, bound_alike=None).exporter_role == "processor"


def test_bound_by_contract_counts_only_beneath_a_framework() -> None:
    assert seen_from(LIGHT, None, bound_alike=True).bound_alike is None
    assert seen_from(LIGHT, None, bound_alike=True).above is None
