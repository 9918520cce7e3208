"""What of the law turns on a day, and the law as it would stand without it."""

from datetime import date, timedelta

import pytest

from registry import law
from registry.law.changes import changes, known_days, without

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
