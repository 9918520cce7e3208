"""The law as it would stand: an instrument annulled or ended, another one adopted; the law it came from stays as it was."""

from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest

from registry import law
from registry.errors import Misused
from registry.law.files import LawError
from registry.law.supposing import adopted, begins, decision, ended, read_instrument

PACK = law.load()
TODAY, DAY, BEFORE = date(2026, 11, 23), date(2027, 1, 1), date(2026, 12, 31)
ONE = timedelta(days=1)
OF_INDIA = """
key = "eu-adequacy-in"
title = "India"
kind = "adequacy"
citation = "Somewhere"
source = "https://law.example"
grade = "M-l"
verified_on = 2026-10-08
regimes = ["EU_GDPR"]
articles = { EU_GDPR = "45(1)" }
countries = ["IN"]
mechanism = "ADEQUACY"
[[events]]
what = "in_force"
known = 2027-01-01
effect = 2027-01-01
citation = "Somewhere"
grade = "M-l"
verified_on = 2026-10-08
"""


@pytest.mark.parametrize(
    ("key", "annulled", "code"),
    [
        ("eu-us-dpf", True, "INVALIDATED"),
        ("eu-us-dpf", False, "EXPIRED"),
        ("eu-scc-2021", True, "INVALIDATED"),
        ("eu-scc-2021", False, "SCC_EXPIRED"),
        ("eu-adequacy-gb", False, "EXPIRED"),  # that it would have lasted to the end of 2031 is forgotten
    ],
)
def test_what_is_supposed_to_end_ends_on_its_day(key: str, annulled: bool, code: str) -> None:
    other = ended(PACK, key, DAY, TODAY, annulled=annulled)
    before, after = (other.on(day, TODAY).standing(key) for day in (BEFORE, DAY))
    assert before is not None
    assert after is not None
    assert (before.code, before.last_day, after.code, after.event.effect) == (None, BEFORE, code, DAY)
    assert (after.event.citation, after.event.known, after.event.verified_on) == ("supposed here, in no law", TODAY, TODAY)
    assert after.event.grade == "M-l"
    assert [event.effect for event in other.instruments[key].events if event.what == after.event.what] == [DAY]
    assert other.on(DAY, TODAY - ONE).standing(key).code is None  # type: ignore[union-attr]  # nobody knew it a day before
    assert other.instruments.keys() == PACK.instruments.keys()
    assert PACK.on(DAY, TODAY).standing(key).code is None  # type: ignore[union-attr]


def test_what_is_annulled_does_not_last_to_its_own_end() -> None:
    other = ended(PACK, "eu-adequacy-gb", DAY, TODAY, annulled=True).on(BEFORE, TODAY).standing("eu-adequacy-gb")
    assert other is not None
    assert (other.code, other.last_day) == (None, BEFORE)


@pytest.mark.parametrize(
    ("key", "day", "told"),
    [
        ("eu-gdpr", DAY, "is a law as a whole: name a decision, a framework or clauses under it"),
        ("eu-us-dfp", DAY, "no instrument is called 'eu-us-dfp': did you mean eu-us-dpf"),
        ("eu-us-dpf", date(2023, 7, 9), "is not in force yet on 2023-07-09: choose 2023-07-10 or a later day"),
        ("eu-us-privacy-shield", date(2020, 7, 16), "had ended by 2020-07-16 already: choose a day on which it is in force"),
    ],
)
def test_what_cannot_end_is_refused_with_the_way_out(key: str, day: date, told: str) -> None:
    with pytest.raises(Misused) as refused:
        ended(PACK, key, day, TODAY, annulled=True)
    assert told in str(refused.value)


def test_what_nobody_knew_of_yet_cannot_end() -> None:
    with pytest.raises(
        Misused, match=r"nobody knew of .*Data Privacy Framework on 2023-07-09: ask as known on 2023-07-10 or later"
    ):
        ended(PACK, "eu-us-dpf", DAY, date(2023, 7, 9), annulled=True)
    assert ended(PACK, "eu-us-dpf", DAY, date(2023, 7, 10), annulled=True)


def test_both_sides_of_the_day_on_which_a_decision_is_adopted() -> None:
    one = decision(PACK, "IN", "EU_GDPR", DAY)
    other = adopted(PACK, one, TODAY)
    for day, code in ((BEFORE, "NOT_IN_FORCE"), (DAY, None)):
        (found,) = other.on(day, TODAY).of_kind("adequacy", "EU_GDPR", "IN")
        assert (found.instrument.key, found.code, found.first_day, found.last_day) == (
            "supposed-adequacy-in-eu-gdpr",
            code,
            DAY,
            None,
        )
    assert other.on(DAY, TODAY - ONE).of_kind("adequacy", "EU_GDPR", "IN") == []
    assert other.on(DAY, TODAY).of_kind("adequacy", "EU_GDPR", "ID") == []
    assert PACK.on(DAY, TODAY).of_kind("adequacy", "EU_GDPR", "IN") == []


@pytest.mark.parametrize(
    ("country", "code", "regime", "article"),
    [
        ("IN", "IN", "EU_GDPR", "45(1)"),
        ("EL", "GR", "CH_FADP", "16(1)"),
        ("IN", "IN", "QC_LAW25", "45(1)"),  # a law that has none on file
    ],
)
def test_the_simplest_decision_is_of_a_whole_country_without_conditions(
    country: str, code: str, regime: str, article: str
) -> None:
    one = decision(PACK, country, regime, DAY)
    key = f"supposed-adequacy-{code}-{regime}".lower().replace("_", "-")
    assert (one.key, one.title) == (key, f"A decision on adequacy for {code}")
    assert (one.kind, one.mechanism, one.countries, one.regimes) == ("adequacy", "ADEQUACY", (code,), (regime,))
    assert (one.articles, one.scope, one.verified_on, one.grade) == ({regime: article}, (), DAY, "M-l")
    assert one.citation == one.source == one.events[0].citation == "supposed here, in no law"
    assert [(event.what, event.known, event.effect, event.verified_on, event.grade) for event in one.events] == [
        ("in_force", DAY, DAY, DAY, "M-l")
    ]


def test_a_place_of_our_own_is_called_by_its_name() -> None:
    assert decision(PACK, "XO-EPO", "EU_GDPR", DAY).title == "A decision on adequacy for European Patent Organisation"


def test_a_decision_for_no_country_or_under_no_law_is_refused() -> None:
    with pytest.raises(LawError, match="'XX' is no country code"):
        decision(PACK, "XX", "EU_GDPR", DAY)
    with pytest.raises(Misused, match=r"no law is called 'GDPR': there are BR_LGPD, CH_FADP, CN_PIPL, EU_DPD, EU_GDPR, "):
        decision(PACK, "IN", "GDPR", DAY)


@pytest.mark.parametrize(
    ("country", "regime", "home"),
    [
        ("DE", "EU_GDPR", True),
        ("NO", "EU_GDPR", True),
        ("GB", "EU_GDPR", False),
        ("GB", "UK_GDPR", True),
        ("DE", "UK_GDPR", False),
        ("CH", "CH_FADP", True),
        ("CH", "EU_GDPR", False),
    ],
)
def test_a_country_at_home_under_a_law_needs_no_decision(country: str, regime: str, home: bool) -> None:
    if not home:
        assert decision(PACK, country, regime, DAY)
        return
    with pytest.raises(Misused, match=f"{country} needs no decision under {regime}: .* name another country, or another law"):
        decision(PACK, country, regime, DAY)


def test_both_sides_of_the_day_on_which_a_country_comes_home() -> None:
    """Croatia joined the Union on 1 July 2013."""
    with pytest.raises(Misused, match="at home"):
        decision(PACK, "HR", "EU_DPD", date(2013, 7, 1))
    assert decision(PACK, "HR", "EU_DPD", date(2013, 6, 30))


def test_what_is_adopted_takes_no_key_that_is_taken_and_overlaps_no_other_decision() -> None:
    japan = decision(PACK, "JP", "EU_GDPR", DAY)
    with pytest.raises(Misused, match="the key 'eu-adequacy-jp' is taken"):
        adopted(PACK, msgspec.structs.replace(japan, key="eu-adequacy-jp"), TODAY)
    with pytest.raises(Misused, match=r"there is one already, .*Japan.*: suppose that eu-adequacy-jp ends as well"):
        adopted(PACK, japan, TODAY)
    assert adopted(ended(PACK, "eu-adequacy-jp", DAY, TODAY, annulled=False), japan, TODAY)
    britain = decision(PACK, "JP", "UK_GDPR", DAY)
    with pytest.raises(Misused, match="there is one already"):
        adopted(PACK, britain, TODAY)
    india = adopted(PACK, decision(PACK, "IN", "EU_GDPR", DAY), TODAY)
    assert adopted(india, decision(PACK, "IN", "UK_GDPR", DAY), TODAY)  # one country, two laws
    early = decision(PACK, "KR", "EU_GDPR", date(2021, 1, 1))
    other_day = "[^:]*: leave this one out, or choose a day on which that one stands and suppose that it ends$"
    with pytest.raises(Misused, match=f"there is one already, {other_day}"):
        adopted(PACK, early, TODAY)
    with pytest.raises(Misused, match="there is one already"):
        adopted(ended(PACK, "eu-adequacy-jp", DAY + ONE, TODAY, annulled=False), japan, TODAY)


def test_a_list_beside_a_decision_on_the_whole_country_overlaps_nothing_and_what_is_unsound_is_told() -> None:
    japan = decision(PACK, "JP", "EU_GDPR", DAY)
    listed = msgspec.structs.replace(japan, key="eu-jp-list", kind="framework", mechanism="EU_JP_LIST")
    assert adopted(PACK, listed, TODAY).on(DAY, TODAY).standing("eu-jp-list")
    with pytest.raises(LawError, match=r"^eu-jp-list\.toml: `mechanism` is missing: say by which name it is relied on$"):
        adopted(PACK, msgspec.structs.replace(listed, mechanism=""), TODAY)


def test_what_is_adopted_is_known_at_once_and_what_was_known_before_stays_so() -> None:
    one = decision(PACK, "IN", "EU_GDPR", DAY)
    early, late = (msgspec.structs.replace(one.events[0], known=known) for known in (date(2025, 1, 1), date(2030, 1, 1)))
    (scope, *_) = PACK.instruments["eu-adequacy-jp"].scope
    scopes = tuple(msgspec.structs.replace(scope, since=DAY, known=known) for known in (date(2025, 1, 1), date(2030, 1, 1)))
    for event, known in ((early, date(2025, 1, 1)), (late, TODAY)):
        found = adopted(PACK, msgspec.structs.replace(one, events=(event,), scope=scopes), TODAY).instruments[one.key]
        assert [event.known for event in found.events] == [known]
        assert [one.known for one in found.scope] == [date(2025, 1, 1), TODAY]


def test_an_instrument_is_read_from_a_file(folder: Path) -> None:
    path = folder / "in.toml"
    path.write_text(OF_INDIA)
    one = read_instrument(path)
    assert (one.key, one.own, begins(one)) == ("eu-adequacy-in", True, DAY)
    assert adopted(PACK, one, TODAY).on(DAY, TODAY).of_kind("adequacy", "EU_GDPR", "IN")
    path.write_text(OF_INDIA.replace("[[events]]", 'colour = "red"\n[[events]]', 1))
    with pytest.raises(LawError, match=r"in\.toml: .*colour.*: registry/law/README\.md says what a file may hold"):
        read_instrument(path)
    path.write_text(OF_INDIA.replace("verified_on = 2026-10-08", 'verified_on = "2026-10-08"', 1))
    with pytest.raises(LawError, match=r"in\.toml: .*verified_on"):
        read_instrument(path)  # a day is a day, not a text that looks like one
    with pytest.raises(Misused, match=f"{folder} is no file: name one, or a country such as BR"):
        read_instrument(folder)
    with pytest.raises(Misused, match=r"absent\.toml: cannot be read \(No such file or directory\): name a file"):
        read_instrument(folder / "absent.toml")


def test_the_first_day_of_what_begins_more_than_once() -> None:
    one = decision(PACK, "IN", "EU_GDPR", DAY)
    later = msgspec.structs.replace(one.events[0], effect=DAY + ONE)
    end = msgspec.structs.replace(one.events[0], what="sunset", effect=date(2020, 1, 1))
    assert begins(msgspec.structs.replace(one, events=(end, later, one.events[0]))) == DAY
    with pytest.raises(LawError, match="supposed-adequacy-in-eu-gdpr: no event `in_force`: say when it comes into force"):
        begins(msgspec.structs.replace(one, events=(end,)))
