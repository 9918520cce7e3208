"""Chapter V and the chain: what each rule says, and the properties that no case may break."""

import itertools
import re
from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from assessments import rules
from assessments.readings import NAME_CONCLUDED, NAME_DUE, NAME_FACT, Reading, same
from assessments.rules import (
    ORDER,
    SAFEGUARD_FACTS,
    Between,
    Circumstance,
    Clauses,
    Dossier,
    Impact,
    Judged,
    Leg,
    Listed,
    Listing,
    Part,
    Period,
    Route,
    Scope,
    SignedClauses,
    Traited,
    Traits,
    chapter_v,
    failings,
    gate,
    onward,
    sub_processors,
)
from assessments.rules.chapter_v import BY_NAME, judge
from assessments.rules.onward import Hop
from assessments.states import lapsed
from assessments.verdicts import Judge
from assessments.wording import Names, sentence, sentences
from registry import law
from registry.law.loader import read
from registry.law.supposing import adopted, decision, ended
from registry.vocabulary import RANKING, Outcome
from tests.left_out import left_out, structs

PACK = law.load()
TODAY = date(2026, 11, 23)
LONG_AGO = date(1990, 1, 1)
ONE = timedelta(days=1)


def on(day: date | str, known: date = TODAY) -> law.Law:
    return PACK.on(date.fromisoformat(day) if isinstance(day, str) else day, known)


def leg(country: str = "US", **more: Any) -> Leg:
    return Leg(regime="EU_GDPR", territory="DE", country=country, importer_role="processor", **more)


SHIELD = Listed("eu-us-privacy-shield", "active", False, True, overdue=False)
DPF = Listed("eu-us-dpf", "active", False, True, overdue=False)
SCC = SignedClauses("eu-scc-2021", "M2", date(2022, 1, 1), changed=None, combines_eu_data=None)


def codes(judged: Judged) -> list[str]:
    return [finding.code for finding in judged.findings]


@pytest.mark.parametrize(
    ("day", "outcome", "code"),
    [("2020-07-15", "permitted", "LISTED"), ("2020-07-16", "not_permitted", "INVALIDATED")],
)
def test_privacy_shield_falls_in_a_day(day: str, outcome: str, code: str) -> None:
    judged = judge(leg(listings=(SHIELD,)), on(day))
    assert (judged.outcome, codes(judged)) == (outcome, [code])


def test_nothing_on_file_carries_nothing() -> None:
    assert codes(judge(leg("IN"), on("2024-01-01"))) == ["NO_MECHANISM"]


def test_what_fails_does_not_stop_what_holds() -> None:
    """Clauses without an impact assessment beside a listing that holds: lawful, on the listing."""
    judged = judge(leg(listings=(DPF,), clauses=(SCC,)), on("2024-01-01"))
    assert (judged.outcome, judged.basis) == (Outcome.PERMITTED, "eu-us-dpf")


def test_a_lapsed_listing_falls_to_signed_clauses() -> None:
    lapsed = msgspec.structs.replace(DPF, status="inactive_lapse")
    judged = judge(leg(listings=(lapsed,), clauses=(SCC,), impacts=(("tia", "ok", None),)), on("2024-01-01"))
    assert (judged.outcome, judged.basis) == (Outcome.PERMITTED, "eu-scc-2021")


def test_where_all_fails_each_thing_on_file_is_named() -> None:
    lapsed = msgspec.structs.replace(DPF, status="inactive_lapse")
    judged = judge(leg(listings=(lapsed, SHIELD), clauses=(SCC,)), on("2024-01-01"))
    assert codes(judged) == ["INVALIDATED", "NOT_LISTED", "TIA_MISSING"]


def test_an_unknown_instrument_is_undetermined_never_lawful() -> None:
    alien = msgspec.structs.replace(SCC, instrument="no-such-clauses")
    judged = judge(leg("IN", clauses=(alien,), impacts=(("tia", "ok", None),)), on("2024-01-01"))
    assert (judged.outcome, codes(judged)) == (Outcome.UNDETERMINED, ["NOT_MODELLED"])


def test_an_exporter_without_a_scope_is_asked_for_one() -> None:
    judged = judge(Leg(regime="", territory="", country="US"), on("2024-01-01"))
    assert (judged.outcome, codes(judged)) == (Outcome.UNDETERMINED, ["REGIME_UNKNOWN"])
    elsewhere = judge(Leg(regime="", territory="GB", country="US"), on("2024-01-01"))
    assert codes(elsewhere) == ["REGIME_NOT_MODELLED"]


def test_a_hop_beneath_a_listed_importer_may_be_bound_by_contract() -> None:
    bound = {True: Outcome.PERMITTED, False: Outcome.NOT_PERMITTED, None: Outcome.UNDETERMINED}
    for answer, outcome in bound.items():
        assert judge(leg("IN", above="eu-us-dpf", bound_alike=answer), on("2024-01-01")).outcome is outcome
    assert judge(leg("IN", above="eu-scc-2021", bound_alike=True), on("2024-01-01")).outcome is Outcome.NOT_PERMITTED
    assert judge(leg("IN", above="eea", bound_alike=True), on("2024-01-01")).outcome is Outcome.NOT_PERMITTED


def test_what_nobody_has_recorded_is_neither_yes_nor_no_and_no_list_has_anything_on_it() -> None:
    said = {"SignedClauses.primary": True, "Leg.data": "non_hr", "Leg.exporter_role": "controller"}
    found = {name: default for name, default, nothing in left_out(rules) if default != nothing}
    assert found == said
    assert all(type(default) is type(nothing) for name, default, nothing in left_out(rules))


def test_what_a_rule_is_given_or_answers_is_never_written_to() -> None:
    """One object stands for all that is alike, and many legs share it."""
    kinds = [kind for module in (rules, chapter_v, failings, gate, onward, sub_processors) for kind in structs(module)]
    assert [kind.__name__ for kind in kinds if not kind.__struct_config__.frozen] == []


def test_every_code_has_its_sentence_and_says_what_it_needs() -> None:
    law_words = sentences()["law"]
    assert set(ORDER) <= law_words.keys()
    assert {code for code, words in law_words.items() if "{due}" in words} == NAME_DUE
    assert {code for code, words in law_words.items() if "{concluded}" in words} == NAME_CONCLUDED
    assert {code for code, words in law_words.items() if {"{fact}", "{stop}"} & set(re.findall(r"{\w+}", words))} == NAME_FACT


# Properties, on dossiers drawn at random.

SAFEGUARDS = sorted(one.key for one in PACK.instruments.values() if one.kind in BY_NAME)
ASKED = sorted({scope.fact for one in PACK.instruments.values() if one.kind == "derogation" for scope in one.scope})
UNFAVOURABLE = {"covered_person", "gdpr_applies", "repetitive", "public_powers", "bulk"}  # a no is what helps

DAYS = st.dates(date(2016, 1, 1), date(2032, 6, 1))
SOME_DAY = st.none() | DAYS
TRUTH = st.sampled_from([True, False, None])


@st.composite
def periods(draw: st.DrawFn) -> tuple[date, date | None]:
    since = draw(st.sampled_from([LONG_AGO, LONG_AGO, draw(DAYS)]))
    until = draw(st.none() | DAYS)
    return since, until if until is None or until > since else None


@st.composite
def all_clauses(draw: st.DrawFn) -> Clauses:
    since, until = draw(periods())
    instrument = draw(st.sampled_from(["eu-scc-2010-c2p", "eu-scc-2021", *SAFEGUARDS, "no-such-clauses"]))
    module = draw(st.sampled_from(["M1", "M2", "M3", "M4", None])) if instrument.endswith("scc-2021") else None
    answers = draw(st.none() | st.tuples(*(TRUTH for _ in SAFEGUARD_FACTS)))
    rank, by = draw(st.sampled_from(["primary", "fallback"])), draw(st.sampled_from([None, "EU", "UK", "CH"]))
    days = (draw(SOME_DAY), draw(SOME_DAY), draw(TRUTH))
    return Clauses(since, until, "c", None, instrument, module, *days, rank, draw(SOME_DAY), by, answers)


@st.composite
def all_circumstances(draw: st.DrawFn) -> Circumstance:
    return Circumstance(*draw(periods()), draw(st.sampled_from(ASKED)), draw(TRUTH), None)


@st.composite
def all_listings(draw: st.DrawFn) -> Listing:
    since, until = draw(periods())
    framework = draw(st.sampled_from(["eu-us-privacy-shield", "eu-us-dpf", "uk-us-dpf-extension", "swiss-us-dpf", "iso-27001"]))
    status = draw(st.sampled_from(["active", "active_recert_review", "inactive_lapse", "none"]))
    return Listing(since, until, "l", framework, status, draw(TRUTH), draw(TRUTH), draw(SOME_DAY))


@st.composite
def all_impacts(draw: st.DrawFn, country: str) -> Impact:
    since, until = draw(periods())
    outcome = draw(st.sampled_from(["ok", "problematic"]))
    measures = draw(st.sampled_from([None, "none", "effective", "ineffective"]))
    return Impact(since, until, country, outcome, measures, draw(st.sampled_from([None, "tra", "data_protection_test"])))


@st.composite
def routes(draw: st.DrawFn, exporter: int, importer: int) -> Route:
    country = draw(st.sampled_from(["US", "US", "IN", "JP", "GB", "FR", "BR"]))
    traits = Traits(*(draw(TRUTH) for _ in Traits.__struct_fields__))
    on_file = Between(
        tuple(draw(st.lists(all_clauses(), max_size=2))),
        tuple(draw(st.lists(all_listings(), max_size=2))),
        tuple(draw(st.lists(all_impacts(country), max_size=1))),
        (Traited(LONG_AGO, None, traits),),
        tuple(draw(st.lists(all_circumstances(), max_size=3))),
    )
    return Route(*draw(periods()), exporter, importer, country, None, None, draw(TRUTH), on_file)


@st.composite
def dossiers(draw: st.DrawFn) -> Dossier:
    role = draw(st.sampled_from(["processor", "controller", None]))
    part = Part(LONG_AGO, None, "controller", role, draw(st.sampled_from([None, "hr", "non_hr"])), None)
    later = draw(st.lists(st.sampled_from([(2, 3), (3, 4), (3, 2), (2, 4), (4, 2)]), unique=True, max_size=4))
    hops: dict[int, tuple[Route, ...]] = {}
    for above, below in later:
        hops[above] = (*hops.get(above, ()), draw(routes(above, below)))
    stops = tuple(Period(*draw(periods())) for _ in range(draw(st.integers(0, 1))))
    places = draw(st.lists(st.sampled_from(["DE", "NO", "GB", "CH"]), min_size=1, max_size=2, unique=True))
    scopes = tuple(Scope(LONG_AGO, None, "established", place) for place in places)
    return Dossier("t", 1, draw(routes(1, 2)), (part,), scopes, stops, hops, limited=True)


def readings(dossier: Dossier, day: date, judge: Judge) -> list[Reading]:
    if not dossier.route.holds(day):
        return []
    found = [judge.read(dossier, regime, day) for regime in judge.regimes(dossier, day)]
    return [reading for reading in found if reading is not None]


def rank(reading: Reading) -> tuple[int, int]:
    return RANKING[reading.outcome], RANKING[reading.path_outcome]


@given(dossiers(), DAYS, all_clauses(), all_listings())
def test_one_more_safeguard_on_file_never_worsens(dossier: Dossier, day: date, clauses: Clauses, listing: Listing) -> None:
    judge = Judge(PACK, TODAY)
    routes = [dossier.route, *(route for hops in dossier.hops.values() for route in hops)]
    lists = [PACK.instruments.get(one.framework) for route in routes for one in route.between.listings]
    extended = {one.requires for one in lists if one is not None}
    assume(listing.framework not in extended or not lapsed(listing, day))  # it would answer what was open: no safeguard

    def more_between(route: Route) -> Route:
        one = route.between
        more = msgspec.structs.replace(one, clauses=(*one.clauses, clauses), listings=(*one.listings, listing))
        return msgspec.structs.replace(route, between=more)

    hops = {party: tuple(more_between(route) for route in routes) for party, routes in dossier.hops.items()}
    for more in (
        msgspec.structs.replace(dossier, route=more_between(dossier.route)),
        msgspec.structs.replace(dossier, route=more_between(dossier.route), hops=hops),
    ):
        for before, after in zip(readings(dossier, day, judge), readings(more, day, judge), strict=True):
            assert RANKING[after.outcome] >= RANKING[before.outcome]
            assert RANKING[after.path_outcome] >= RANKING[before.path_outcome]


@given(dossiers(), DAYS)
def test_a_chain_is_never_better_than_its_worst_hop(dossier: Dossier, day: date) -> None:
    judge = Judge(PACK, TODAY)
    for reading in readings(dossier, day, judge):
        worst = min(RANKING[outcome] for outcome in every_way_down(dossier, reading, day, judge))
        assert RANKING[reading.path_outcome] == worst
        assert reading.path()[0] is reading.leg
        assert all(below.route.exporter == above.route.importer for above, below in _pairs(reading))


def every_way_down(dossier: Dossier, reading: Reading, day: date, judge: Judge) -> list[Outcome]:
    """The outcomes of all hops on all ways that pass no party twice: slowly and plainly."""

    def walk(hop: Hop, passed: frozenset[int]) -> list[Outcome]:
        found = [hop.verdict.judged.outcome]
        for route in dossier.hops.get(hop.route.importer, ()):
            if route.holds(day):
                light = judge.precedents.beneath[hop.light, hop.verdict.judged.lends, route.bound_alike]
                below = Hop(route, light, *judge.verdict(route, light, day))
                if route.importer in passed:
                    found.append(below.verdict.judged.outcome)
                else:
                    found += walk(below, passed | {route.importer})
        return found

    return walk(reading.leg, frozenset({reading.leg.route.importer}))


def _pairs(reading: Reading) -> list[tuple[Any, Any]]:
    path = reading.path()
    return list(itertools.pairwise(path))


@given(dossiers(), DAYS)
def test_a_favourable_answer_in_the_place_of_an_unknown_never_worsens(dossier: Dossier, day: date) -> None:
    judge = Judge(PACK, TODAY)
    on_file = dossier.route.between
    listings = tuple(
        msgspec.structs.replace(one, covers_hr=one.covers_hr is not False, covers_non_hr=one.covers_non_hr is not False)
        for one in on_file.listings
    )
    traits = Traits(
        **{
            name: (False if name in UNFAVOURABLE else True) if value is None else value
            for name, value in msgspec.structs.asdict(on_file.traits[0].traits).items()
        }
    )
    clauses = tuple(
        msgspec.structs.replace(
            one, answers=tuple(answer is not False for answer in one.answers or (None,) * len(SAFEGUARD_FACTS))
        )
        for one in on_file.clauses
    )
    said = {one.fact for one in on_file.circumstances}
    more = tuple(Circumstance(LONG_AGO, None, fact, fact not in UNFAVOURABLE, None) for fact in ASKED if fact not in said)
    circumstances = (*on_file.circumstances, *more)
    answered = msgspec.structs.replace(
        on_file, clauses=clauses, listings=listings, traits=(Traited(LONG_AGO, None, traits),), circumstances=circumstances
    )
    known = msgspec.structs.replace(dossier.route, between=answered)
    for before, after in zip(
        readings(dossier, day, judge), readings(msgspec.structs.replace(dossier, route=known), day, judge), strict=True
    ):
        assert RANKING[after.outcome] >= RANKING[before.outcome]


def printed(judge: Judge, reading: Reading, day: date) -> tuple[Any, ...]:
    """All that a person reads of a reading, in words."""
    law_then, names = judge.law(day), Names("We", "They")

    def said(hop: Hop) -> tuple[Any, ...]:
        judged = hop.verdict.judged
        sentences = dict.fromkeys((one.code, one.article, sentence(one, hop, names, law_then)) for one in judged.findings)
        return hop.route.importer, hop.route.country, judged.outcome, judged.basis, hop.verdict.last_day, tuple(sentences)

    return reading.flowing, tuple(said(hop) for hop in reading.path())


@given(dossiers(), DAYS)
def test_a_reading_is_the_same_until_its_next_change_and_another_on_it(dossier: Dossier, day: date) -> None:
    judge = Judge(PACK, TODAY)
    for reading in readings(dossier, day, judge):
        turn = judge.next_change(dossier, reading, day)
        for between in _days(day, turn or date(2032, 12, 31)):
            then = judge.read(dossier, reading.regime, between)
            assert then is not None
            assert same(reading, then), between
            assert printed(judge, reading, day) == printed(judge, then, between), between
        if turn is not None:
            then = judge.read(dossier, reading.regime, turn)
            assert then is None or not same(reading, then)


def test_a_law_that_goes_on_from_another_place_changes_nothing() -> None:
    """The Directive ended in Germany on 25 May 2018 and went on in Norway: to an exporter in both it read alike until July."""
    scopes = tuple(Scope(LONG_AGO, None, "established", place) for place in ("DE", "NO"))
    part = Part(LONG_AGO, None, "controller", "processor", None, None)
    one = Dossier(
        "t", 1, Route(LONG_AGO, None, 1, 2, "US", None, None, None, Between()), (part,), scopes, (), {}, limited=False
    )
    judge, day = Judge(PACK, TODAY), date(2018, 5, 1)
    reading = judge.read(one, "EU_DPD", day)
    assert reading is not None
    assert judge.next_change(one, reading, day) == date(2018, 7, 20)


def _days(first: date, end: date) -> list[date]:
    """All change days between and the days beside them, and a sample of the rest."""
    length = (end - first).days
    near = {day + step * ONE for day in PACK.change_days for step in (-1, 0, 1)}
    return sorted(
        {day for day in near if first <= day < end} | {first + ONE * step for step in range(0, length, 29)} | {end - ONE}
    )


@given(dossiers(), DAYS)
def test_what_is_remembered_is_what_is_judged_afresh(dossier: Dossier, day: date) -> None:
    """The signature by which verdicts are remembered tells all that a rule can tell."""
    old = Judge(PACK, TODAY)
    for other in (date(2020, 7, 16), date(2022, 12, 28), day):
        readings(dossier, other, old)
    for kept, fresh in zip(readings(dossier, day, old), readings(dossier, day, Judge(PACK, TODAY)), strict=True):
        assert same(kept, fresh)


@given(dossiers(), DAYS, DAYS)
def test_what_is_published_later_never_changes_an_earlier_answer(dossier: Dossier, day: date, known: date) -> None:
    """A pack without the events published after the day answers, as known on that day, all the same."""
    assume(day <= date(2031, 1, 1))
    shorter = {
        key: msgspec.structs.replace(one, events=tuple(event for event in one.events if event.known <= known))
        for key, one in PACK.instruments.items()
    }
    members = tuple(one for one in PACK.memberships if one.known <= known)
    then = law.Pack(msgspec.structs.replace(read(law.FOLDER, None), instruments=shorter, memberships=members, version="then"))
    whole, partly = readings(dossier, day, Judge(PACK, known)), readings(dossier, day, Judge(then, known))
    assert [(one.outcome, one.path_outcome, one.leg.verdict.last_day) for one in whole] == [
        (one.outcome, one.path_outcome, one.leg.verdict.last_day) for one in partly
    ]


@given(dossiers(), DAYS)
def test_the_last_day_of_a_basis_is_the_last_day_it_serves(dossier: Dossier, day: date) -> None:
    judge = Judge(PACK, TODAY)
    for reading in readings(dossier, day, judge):
        verdict = reading.leg.verdict
        if verdict.last_day is None:
            continue
        assert verdict.last_day >= day
        after, _ = judge.verdict(dossier.route, reading.leg.light, verdict.last_day + ONE)
        under_review = any(one.status == "active_recert_review" for one in reading.state.listings)
        assert after.judged.basis != verdict.judged.basis or under_review or after.row is verdict.row is None


def test_a_second_listing_carries_the_basis_on() -> None:
    first = Listing(LONG_AGO, None, "a", "eu-us-dpf", "active", True, True, date(2025, 1, 1))
    second = msgspec.structs.replace(first, key="b", next_due=date(2026, 1, 1))
    route = Route(LONG_AGO, None, 1, 2, "US", None, None, None, Between(listings=(first, second)))
    part = Part(LONG_AGO, None, "controller", "processor", None, None)
    one = Dossier("t", 1, route, (part,), (Scope(LONG_AGO, None, "established", "DE"),), (), {}, limited=False)
    (reading,) = readings(one, date(2024, 1, 1), Judge(PACK, TODAY))
    assert reading.leg.verdict.last_day == date(2026, 1, 1)


@pytest.mark.parametrize(
    ("changed", "outcome"), [("2019-06-01", "permitted"), ("2021-09-26", "permitted"), ("2021-09-27", "not_permitted")]
)
def test_only_a_change_after_the_repeal_ends_old_clauses(changed: str, outcome: str) -> None:
    days = date(2019, 1, 1), date.fromisoformat(changed)
    old = Clauses(LONG_AGO, None, "c", None, "eu-scc-2010-c2p", None, *days, None, "primary", None, None, None)
    impact = Impact(LONG_AGO, None, "IN", "ok", None, None)
    route = Route(LONG_AGO, None, 1, 2, "IN", None, None, None, Between(clauses=(old,), impacts=(impact,)))
    part = Part(LONG_AGO, None, "controller", "processor", None, None)
    one = Dossier("t", 1, route, (part,), (Scope(LONG_AGO, None, "established", "DE"),), (), {}, limited=False)
    (reading,) = readings(one, date(2022, 1, 1), Judge(PACK, TODAY))
    assert reading.outcome == outcome


def test_the_first_day_of_clauses_dated_before_it_is_no_change() -> None:
    """Before 27 June 2021 nobody could conclude them; from then on they were concluded too early: not in force either way."""
    early = Clauses(LONG_AGO, None, "c", None, "eu-scc-2021", "M2", date(2019, 1, 1), None, None, "primary", None, None, None)
    route = Route(LONG_AGO, None, 1, 2, "IN", None, None, None, Between(clauses=(early,)))
    part = Part(LONG_AGO, None, "controller", "processor", None, None)
    one = Dossier("t", 1, route, (part,), (Scope(LONG_AGO, None, "established", "DE"),), (), {}, limited=False)
    judge, day = Judge(PACK, TODAY), date(2021, 6, 26)
    (reading,) = judge.readings(one, day)
    assert reading.verdict.judged.findings[0].code == "NOT_IN_FORCE"
    assert judge.next_change(one, reading, day) is None


@pytest.mark.parametrize(("chained", "turns"), [(False, None), (True, date(2025, 6, 1))])
def test_what_a_leg_lends_alone_changes_nothing_but_the_chain_beneath_it(chained: bool, turns: date | None) -> None:
    """A decision carries the leg from 2024 on; the list that it stands on besides, and lends to the next hop, ends later."""
    decided = adopted(PACK, decision(PACK, "US", "EU_GDPR", date(2024, 1, 1)), TODAY)
    pack = ended(decided, "eu-us-dpf", date(2025, 6, 1), TODAY, annulled=False)
    listed = Between(listings=(Listing(LONG_AGO, None, "l", "eu-us-dpf", "active", True, True, None),))
    hops = {2: (Route(LONG_AGO, None, 2, 3, "IN", None, None, True, Between()),)} if chained else {}
    part = Part(LONG_AGO, None, "controller", "processor", "non_hr", None)
    leg = Route(LONG_AGO, None, 1, 2, "US", None, None, None, listed)
    one = Dossier("t", 1, leg, (part,), (Scope(LONG_AGO, None, "established", "DE"),), (), hops, limited=False)
    judge, day = Judge(pack, TODAY), date(2024, 2, 1)
    (reading,) = judge.readings(one, day)
    assert reading.verdict.lends_otherwise
    assert reading.verdict.turn == date(2025, 6, 1)
    assert judge.next_change(one, reading, day) == turns


def test_two_ways_to_one_party_are_both_walked() -> None:
    """B is listed and lends its framework to D; reached in another country on clauses it lends nothing."""
    listed = Listing(LONG_AGO, None, "l", "eu-us-dpf", "active", True, True, None)
    signed = Clauses(LONG_AGO, None, "c", None, "eu-scc-2021", "M3", date(2022, 1, 1), None, None, "primary", None, None, None)
    impact = Impact(LONG_AGO, None, "IN", "ok", None, None)
    on_file = Between((signed,), (listed,), (impact,))
    to_us = Route(LONG_AGO, None, 2, 3, "US", None, None, True, on_file)
    to_india = Route(LONG_AGO, None, 2, 3, "IN", None, None, True, on_file)
    onward = Route(LONG_AGO, None, 3, 4, "IN", None, None, True, Between())
    part = Part(LONG_AGO, None, "controller", "processor", None, None)
    leg = Route(LONG_AGO, None, 1, 2, "FR", None, None, None, Between())
    scope = (Scope(LONG_AGO, None, "established", "DE"),)
    for order in ((to_us, to_india), (to_india, to_us)):
        one = Dossier("t", 1, leg, (part,), scope, (), {2: order, 3: (onward,)}, limited=False)
        (reading,) = readings(one, date(2024, 1, 1), Judge(PACK, TODAY))
        assert reading.path_outcome is Outcome.NOT_PERMITTED


@pytest.mark.parametrize(("limited", "chains"), [(False, 1), (True, 20)])
def test_a_chain_is_walked_once_for_all_engagements_unless_a_hop_stands_for_one_alone(limited: bool, chains: int) -> None:
    part = Part(LONG_AGO, None, "controller", "processor", "non_hr", None)
    scopes = (Scope(LONG_AGO, None, "established", "DE"),)
    hops = {2: (Route(LONG_AGO, None, 2, 3, "US", None, 7 if limited else None, True, Between()),)}
    judge = Judge(PACK, TODAY)
    for number in range(20):
        leg = Route(LONG_AGO, None, 1, 2, "NZ", None, number, None, Between())
        assert judge.readings(Dossier(f"t{number}", number, leg, (part,), scopes, (), hops, limited), TODAY)
    assert len(judge._chains) == chains
