"""The law as dated files: strict in reading, both sides of every date, as published by a day."""

import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest

from registry import law
from registry.law import FOREVER, Instrument
from registry.law.files import ENDS, WEAKEST_FIRST, WITHOUT_A_LAST_DAY, Event
from tests.support import environment

PACK = law.load()
TODAY = date(2026, 11, 23)
ONE = timedelta(days=1)
DATED = [(one, event) for one in PACK.instruments.values() for event in one.events]


@pytest.mark.parametrize(("one", "event"), DATED, ids=lambda x: getattr(x, "key", None) or f"{x.what}-{x.effect}")
def test_both_sides_of_every_date(one: Instrument, event: Event) -> None:
    """The day before an event it has not happened, on its day it has."""
    if event.what == "repealed" or _replaced(one, event):
        return
    before, on = (PACK.on(day, TODAY).standing(one.key) for day in (event.effect - ONE, event.effect))
    assert before is not None
    assert on is not None
    if event.what == "opened":
        assert on.opened == event.effect <= on.first_day
    elif event.what == "in_force":
        assert (before.code, on.code) == ("NOT_IN_FORCE", None)
    else:
        assert (before.code, on.code) == (None, ENDS[event.what])
        assert before.last_day == (None if event.what in WITHOUT_A_LAST_DAY else event.effect - ONE)


DISPUTED = [pair for pair in DATED if pair[1].alternative]


@pytest.mark.parametrize(("one", "event"), DISPUTED, ids=lambda x: getattr(x, "key", None) or x.what)
def test_between_two_readings_a_day_is_disputed(one: Instrument, event: Event) -> None:
    assert event.alternative is not None
    first, last = sorted((event.effect, event.alternative))
    asked = [first - ONE, first, last - ONE, last]
    found = [PACK.on(day, TODAY).standing(one.key) for day in asked]
    assert [standing is not None and standing.disputed == event for standing in found] == [False, True, True, False]


@pytest.mark.parametrize(("one", "event"), DATED, ids=lambda x: getattr(x, "key", None) or f"{x.what}-{x.known}")
def test_nothing_is_known_before_it_was_published(one: Instrument, event: Event) -> None:
    unknown = PACK.on(event.effect, event.known - ONE).standing(one.key)
    if event.what == "in_force":
        assert unknown is None
    elif event.what == "opened":
        assert unknown is None or unknown.opened == unknown.first_day
    elif event.what == "repealed":
        assert unknown is None or unknown.no_new_from is None
    else:
        assert unknown is None or unknown.event != event


def _replaced(one: Instrument, event: Event) -> bool:
    return any(other.what == event.what and other.known > event.known for other in one.events)


@pytest.mark.parametrize("member", PACK.memberships, ids=lambda one: f"{one.country}-{one.since}")
def test_both_sides_of_every_membership(member: law.Membership) -> None:
    assert member.area not in PACK.on(member.since - ONE, TODAY).areas(member.country)
    assert member.area in PACK.on(member.since, TODAY).areas(member.country)
    if member.until != FOREVER:
        assert member not in PACK.on(member.until, TODAY)._members(member.country)
        assert member in PACK.on(member.until - ONE, TODAY)._members(member.country)


def test_every_legal_date_has_its_citation_grade_and_day_of_verification() -> None:
    scoped = [part for one in PACK.instruments.values() for part in (*one.scope, *one.territory)]
    for one in [*PACK.instruments.values(), *PACK.memberships, *scoped, *(event for _, event in DATED)]:
        assert one.citation
        assert one.grade in WEAKEST_FIRST
        assert date(2026, 1, 1) <= one.verified_on <= TODAY


def test_an_extension_replaces_the_end_before_it() -> None:
    ends = {known: PACK.on(date(2021, 7, 1), known).standing("eu-adequacy-gb").last_day for known in (  # type: ignore[union-attr]
        date(2021, 6, 28), date(2025, 6, 23), date(2025, 6, 24), date(2025, 12, 18), date(2025, 12, 19)
    )}  # fmt: skip
    assert list(ends.values()) == [
        date(2025, 6, 27),
        date(2025, 6, 27),
        date(2025, 12, 27),
        date(2025, 12, 27),
        date(2031, 12, 27),
    ]


def test_the_bridge_had_two_versions() -> None:
    day = date(2021, 6, 28)
    assert PACK.on(day, date(2021, 6, 27)).inside("EU_GDPR", "GB", "DE")
    assert not PACK.on(day, date(2021, 6, 28)).inside("EU_GDPR", "GB", "DE")


@pytest.mark.parametrize(
    ("basis", "territory", "day", "regimes"),
    [
        ("established", "DE", date(1998, 10, 23), []),
        ("established", "DE", date(1998, 10, 24), ["EU_DPD"]),
        ("established", "DE", date(2018, 5, 24), ["EU_DPD"]),
        ("established", "DE", date(2018, 5, 25), ["EU_GDPR"]),
        ("established", "NO", date(2018, 7, 19), ["EU_DPD"]),
        ("established", "NO", date(2018, 7, 20), ["EU_GDPR"]),
        ("established", "GB", date(2020, 12, 31), ["EU_GDPR"]),
        ("established", "GB", date(2021, 1, 1), ["UK_GDPR"]),
        ("offers_or_monitors", "GB", date(2020, 12, 31), ["EU_GDPR"]),
        ("offers_or_monitors", "GB", date(2021, 1, 1), ["UK_GDPR"]),
        ("established", "CH", date(2024, 1, 1), ["CH_FADP"]),
        ("established", "CA-QC", date(2021, 9, 21), ["QC_LAW25"]),  # a law that does not forbid yet: it says so
        ("established", "CA-QC", date(2023, 9, 22), ["QC_LAW25"]),
        ("established", "US", date(2020, 1, 1), ["US_DSP"]),
        ("offers_or_monitors", "EEA", date(2018, 5, 24), []),
        ("offers_or_monitors", "EEA", date(2018, 5, 25), ["EU_GDPR"]),
        ("offers_or_monitors", "FR", date(2018, 5, 25), ["EU_GDPR"]),
        ("offers_or_monitors", "US", date(2020, 1, 1), []),
    ],
)
def test_which_law_a_scope_brings_on_a_day(basis: str, territory: str, day: date, regimes: list[str]) -> None:
    assert PACK.on(day, TODAY).regimes(basis, territory) == regimes


WHOLE = """
key = "own-decision"
title = "A decision of our own"
kind = "adequacy"
citation = "Somewhere"
source = "https://law.example"
grade = "M-l"
verified_on = 2026-11-01
regimes = ["EU_GDPR"]
articles = { EU_GDPR = "45(1)" }
countries = ["KE"]
mechanism = "ADEQUACY"

[[events]]
what = "in_force"
known = 2026-01-01
effect = 2026-01-01
citation = "Somewhere"
grade = "M-l"
verified_on = 2026-11-01
"""

UNSOUND = {
    "a wrong key": (WHOLE.replace("title", "titel"), r"unknown field `titel`|missing required field `title`"),
    "no citation": (WHOLE.replace('citation = "Somewhere"\nsource', "source"), "missing required field `citation`"),
    "an empty citation": (WHOLE.replace('citation = "Somewhere"\nsource', 'citation = " "\nsource'), "`citation` is empty"),
    "another name": (WHOLE.replace("own-decision", "other"), "the file is named 'own-decision'"),
    "no country": (WHOLE.replace('"KE"', '"ZZ"'), "'ZZ' is no country code"),
    "no date": (WHOLE.replace("effect = 2026-01-01", "effect = 2026-02-30"), "own-decision.toml"),
    "no entry into force": (WHOLE.replace('"in_force"', '"sunset"'), "no event `in_force`"),
    "an overlap": (WHOLE.replace('"KE"', '"NZ"'), "overlaps eu-adequacy-nz"),
    "a grade of its own": (
        WHOLE.replace('grade = "M-l"\nverified_on = 2026-11-01\nregimes', 'grade = "A"\nverified_on = 2026-11-01\nregimes'),
        "Invalid enum value 'A'",
    ),
    "no source": (WHOLE.replace("https://law.example", " "), "`source` is empty"),
    "an unknown regime": (
        WHOLE.replace('["EU_GDPR"]', '["NOSUCH"]').replace("{ EU_GDPR", "{ NOSUCH"),
        "`regimes`: name some of BR_LGPD",
    ),
    "no regime": (WHOLE.replace('["EU_GDPR"]', "[]"), "`regimes`: name some of"),
    "a misspelt purpose": (
        WHOLE
        + '[[scope]]\nfact = "purpose"\nnone_of = ["jornalism"]\ncitation = "x"\ngrade = "M-l"\nverified_on = 2026-11-01\n',
        "`none_of` takes ",
    ),
    "words for a yes": (
        WHOLE + '[[scope]]\nfact = "lgpd"\nnone_of = ["yes"]\ncitation = "x"\ngrade = "M-l"\nverified_on = 2026-11-01\n',
        "use `is`",
    ),
    "a scope without citation": (WHOLE + '[[scope]]\nfact = "lgpd"\nis = true\n', "missing required field `citation`"),
    "brackets without end": (WHOLE + "x = " + "[" * 3000, "own-decision.toml"),
    "a dispute without its other day": (WHOLE + 'dispute = "x"\n', "`alternative` and `dispute` go together"),
    "a fact nobody records": (
        WHOLE + '[[scope]]\nfact = "weather"\nis = true\ncitation = "x"\ngrade = "M-l"\nverified_on = 2026-11-01\n',
        "no such fact: there are",
    ),
    "no article": (WHOLE.replace('{ EU_GDPR = "45(1)" }', "{}"), "names no article for EU_GDPR"),
}


@pytest.mark.parametrize("case", UNSOUND)
def test_an_unsound_file_is_refused_naming_file_place_and_remedy(tmp_path: Path, case: str) -> None:
    content, expected = UNSOUND[case]
    (tmp_path / "own-decision.toml").write_text(content)
    with environment(ONWARD_LAW=str(tmp_path)), pytest.raises(law.LawError, match=expected) as refused:
        law.load()
    assert "own-decision.toml" in str(refused.value)


def test_an_operators_own_file_is_live_by_being_there_and_named_own(tmp_path: Path) -> None:
    (tmp_path / "own-decision.toml").write_text(WHOLE)
    with environment(ONWARD_LAW=str(tmp_path)):
        pack = law.load()
    assert pack.version != PACK.version
    assert pack.instruments["own-decision"].own
    assert not pack.instruments["eu-gdpr"].own
    assert [one.instrument.key for one in pack.on(TODAY, TODAY).of_kind("adequacy", "EU_GDPR", "KE")] == ["own-decision"]


def test_an_operators_own_file_takes_no_key_that_is_taken(tmp_path: Path) -> None:
    shutil.copy(law.FOLDER / "instruments" / "eu-us-dpf.toml", tmp_path)
    with environment(ONWARD_LAW=str(tmp_path)), pytest.raises(law.LawError, match="'eu-us-dpf' is taken"):
        law.load()


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with environment(ONWARD_LAW=str(tmp_path / "nowhere")), pytest.raises(law.LawError, match="is no folder"):
        law.load()


def test_every_file_of_the_folder_is_in_the_pack() -> None:
    files = {path.stem for path in (law.FOLDER / "instruments").iterdir()}
    assert files == PACK.instruments.keys()


CHOICES = """
[readings]
"eu-adequacy-br in_force" = "alternative"

[policies]
consent_occasional = "block"
"""


def test_a_house_chooses_the_other_reading_and_the_fingerprint_says_so(tmp_path: Path) -> None:
    (tmp_path / "policy.toml").write_text(CHOICES)
    with environment(ONWARD_LAW=str(tmp_path)):
        pack = law.load()
    assert pack.version != PACK.version
    assert (PACK.policy("consent_occasional"), pack.policy("consent_occasional")) == ("warn", "block")
    for day, used, other in ((date(2026, 1, 26), None, "NOT_IN_FORCE"), (date(2026, 1, 28), None, None)):
        for read, code in ((PACK, used), (pack, other)):
            standing = read.on(day, TODAY).standing("eu-adequacy-br")
            assert standing is not None
            assert (standing.code, standing.disputed is not None) == (code, day < date(2026, 1, 28))


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (CHOICES.replace("eu-adequacy-br", "eu-adequacy-nz"), "'eu-adequacy-nz in_force' is no disputed day: there are"),
        (CHOICES.replace('"block"', '"maybe"'), r"consent_occasional = 'maybe' is not known: there are .*warn | block"),
        (CHOICES.replace("policies", "polices"), "unknown field `polices`"),
    ],
)
def test_an_unsound_choice_is_refused(tmp_path: Path, content: str, expected: str) -> None:
    (tmp_path / "policy.toml").write_text(content)
    with environment(ONWARD_LAW=str(tmp_path)), pytest.raises(law.LawError, match=expected):
        law.load()
