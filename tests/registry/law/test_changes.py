"""What of the law turns on a day, and the law as it would stand without it."""

from datetime import date, timedelta

import pytest

from registry import law
from registry.law.changes import Change, changes, known_days, without

PACK = law.load()
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("key", "day", "code"),
    [
        ("eu-us-privacy-shield", date(2020, 7, 16), "INVALIDATED"),
        ("eu-us-safe-harbor", date(2015, 10, 6), "INVALIDATED"),
        ("eu-scc-2010-c2p", date(2022, 12, 28), "SCC_EXPIRED"),
    ],
)
def test_without_its_end_an_instrument_stands_on(key: str, day: date, code: str) -> None:
    (end,) = [one for one in changes(PACK, day) if one.key == key]
    assert (end.effect, end.cause.split(":")[1]) == (day, key)
    for pack, found in ((PACK, code), (without(PACK, [end]), None)):
        standing = pack.on(day, day).standing(key)
        assert standing is not None
        assert standing.code == found
    assert not [one for one in changes(PACK, day - DAY) if one.cause == end.cause]


def test_without_its_beginning_an_instrument_never_was() -> None:
    day = date(2023, 7, 10)
    begun = [one for one in changes(PACK, day) if one.key == "eu-us-dpf"]
    assert PACK.on(day, day).standing("eu-us-dpf") is not None
    assert without(PACK, begun).on(day, day).standing("eu-us-dpf") is None


def test_a_membership_that_ended_goes_on_without_its_end() -> None:
    """The United Kingdom left on 1 February 2020, the first day on which it was no member."""
    day = date(2020, 2, 1)
    left = [one for one in changes(PACK, day) if one.key == "GB"]
    assert left
    lessened = without(PACK, left).on(day, day)
    assert "EU" in {one.area for one in lessened.pack.memberships if one.country == "GB" and one.until > day}


def test_every_day_on_which_the_law_changes_has_what_changed() -> None:
    """No day is left out but those whose change nobody knew of yet when they came."""
    parts = [part for one in PACK.instruments.values() for part in (*one.events, *one.scope)]
    unknown = {part.effect for part in parts if hasattr(part, "effect") and part.known > part.effect}
    unknown |= {part.until for part in (*parts, *PACK.memberships) if hasattr(part, "until") and part.until_known > part.until}
    unknown |= {part.since for part in (*parts, *PACK.memberships) if hasattr(part, "since") and part.known > part.since}
    assert {day for day in PACK.change_days if not changes(PACK, day)} <= unknown
    assert len(unknown) < len(PACK.change_days) / 4


def test_what_became_known_on_a_day_turns_on_it() -> None:
    assert date(2020, 7, 16) in known_days(PACK)
    assert not [day for day in known_days(PACK) if not changes(PACK, day)]


def test_nothing_gone_leaves_the_law_as_it_is() -> None:
    for day in PACK.change_days[-20:]:
        one, other = PACK.on(day, day), without(PACK, ()).on(day, day)
        assert [one.standing(key) for key in PACK.instruments] == [other.standing(key) for key in PACK.instruments]


@pytest.mark.parametrize(
    ("day", "key", "cause", "effect", "begins"),
    [
        ("2020-07-16", "eu-us-privacy-shield", "law:eu-us-privacy-shield:invalidated:2020-07-16", "2020-07-16", True),
        ("2013-07-01", "HR", "law:HR:EU:2013-07-01", "2013-07-01", True),
        ("2020-02-01", "GB", "law:GB:EU:ends:2020-02-01", "2020-02-01", False),
        ("2020-01-30", "GB", "law:GB:EU:ends:2020-02-01", "2020-02-01", False),  # the day on which it became known
        ("2024-03-22", "cn-standard-contract", "law:cn-standard-contract:scope ciio:2024-03-22", "2024-03-22", True),
        ("2018-07-20", "eu-gdpr", "law:eu-gdpr:territory EFTA:2018-07-20", "2018-07-20", True),
        ("2018-07-20", "eu-directive", "law:eu-directive:territory EFTA:ends:2018-07-20", "2018-07-20", False),
        ("2027-05-14", "in-negative-list", "law:in-negative-list:in_force disputed:2027-05-14", "2027-05-14", True),
    ],
)
def test_a_change_says_what_it_is_of_and_when(day: str, key: str, cause: str, effect: str, begins: bool) -> None:
    (one,) = [one for one in changes(PACK, date.fromisoformat(day)) if one.cause == cause]
    assert (one.key, one.effect, one.begins) == (key, date.fromisoformat(effect), begins)


def test_every_change_is_cited_where_it_stands_and_called_by_what_it_is_of() -> None:
    found = [one for day in {*PACK.change_days, *known_days(PACK)} for one in changes(PACK, day)]
    assert len(found) > 100
    for one in found:
        assert one.citation == one.part.citation
        assert one.cause.startswith(f"law:{one.key}:")
        assert one.cause.endswith(f":{one.effect}")
        assert one.begins is (":ends:" not in one.cause)
    for never in (date.min, law.FOREVER):
        assert not [one for one in changes(PACK, never) if one.effect == never]


def of(day: str, cause: str) -> Change:
    (one,) = [one for one in changes(PACK, date.fromisoformat(day)) if one.cause == cause]
    return one


def test_a_membership_that_never_began_is_gone_and_no_other() -> None:
    joined = of("2013-07-01", "law:HR:EU:2013-07-01")
    assert without(PACK, [joined]).memberships == tuple(one for one in PACK.memberships if one != joined.part)


def test_a_condition_that_never_began_is_asked_no_more_and_the_others_are() -> None:
    key = "cn-standard-contract"
    lessened = without(PACK, [of("2024-03-22", f"law:{key}:scope ciio:2024-03-22")]).instruments[key]
    before = PACK.instruments[key]
    assert [one.fact for one in lessened.scope] == [one.fact for one in before.scope if one.fact != "ciio"]
    assert (lessened.events, lessened.territory) == (before.events, before.territory)


def test_a_territory_that_never_began_or_never_ended() -> None:
    begun, over = "law:eu-gdpr:territory EFTA:2018-07-20", "law:eu-directive:territory EFTA:ends:2018-07-20"
    then = without(PACK, [of("2018-07-20", begun), of("2018-07-20", over)])
    assert "EFTA" not in {one.area for one in then.instruments["eu-gdpr"].territory}
    assert [one.until for one in then.instruments["eu-directive"].territory if one.area == "EFTA"] == [law.FOREVER]
    assert then.instruments["eu-gdpr"].events == PACK.instruments["eu-gdpr"].events
