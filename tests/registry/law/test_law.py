"""What a rule may ask of the law on a day: who is inside, what covers a country, which days may change an answer."""

from datetime import date, timedelta

import msgspec
import pytest

from registry import law
from registry.errors import Misused
from registry.law import FOREVER, LawError, Pack

PACK = law.load()
TODAY = date(2026, 11, 23)
ONE = timedelta(days=1)


def on(day: str, known: date = TODAY) -> law.Law:
    return PACK.on(date.fromisoformat(day), known)


def otherwise(**changed: dict[str, object]) -> Pack:
    """The pack with some fields of some instruments otherwise; in the names, `_` stands for `-`."""
    other = {key.replace("_", "-"): fields for key, fields in changed.items()}
    instruments = {
        key: msgspec.structs.replace(one, **other[key]) if key in other else one for key, one in PACK.instruments.items()
    }
    return Pack(msgspec.structs.replace(PACK.files, instruments=instruments))


@pytest.mark.parametrize(
    ("territory", "day", "areas"),
    [
        ("EEA", "2024-01-01", {"EEA", "EU", "EFTA"}),
        ("DE", "2024-01-01", {"DE", "EU", "EEA"}),
        ("NO", "2024-01-01", {"NO", "EFTA", "EEA"}),
        ("US", "2024-01-01", {"US"}),
        ("GB", "2020-01-31", {"GB", "EU", "EEA"}),
        ("GB", "2020-02-01", {"GB", "EU", "EEA"}),  # the transition: as a member
        ("GB", "2020-12-31", {"GB", "EU", "EEA"}),
        ("GB", "2021-01-01", {"GB"}),
        ("GI", "2020-12-31", {"GI", "EU", "EEA"}),
    ],
)
def test_the_areas_that_a_country_is_in(territory: str, day: str, areas: set[str]) -> None:
    assert on(day).areas(territory) == areas


@pytest.mark.parametrize(
    ("regime", "country", "exporter", "day", "by"),
    [
        ("EU_GDPR", "FR", "DE", "2024-01-01", ["EU"]),
        ("EU_GDPR", "NO", "DE", "2024-01-01", ["EFTA"]),
        ("UK_GDPR", "FR", "GB", "2024-01-01", ["uk-returning-data"]),
        ("CH_FADP", "FR", "CH", "2024-01-01", []),
        ("XX", "FR", "DE", "2024-01-01", []),
        ("EU_GDPR", "GB", "DE", "2020-12-31", ["uk-withdrawal-transition"]),
        ("EU_GDPR", "GB", "DE", "2021-01-01", ["eu-uk-tca-bridge"]),
        ("EU_GDPR", "GB", "DE", "2021-06-28", []),
        ("EU_GDPR", "NC", "FR", "2024-01-01", []),  # the house has not chosen it
    ],
)
def test_what_makes_a_flow_no_transfer(regime: str, country: str, exporter: str, day: str, by: list[str]) -> None:
    found = on(day).inside(regime, country, exporter)
    assert [one.area if isinstance(one, law.Membership) else one.instrument.key for one in found] == by


def test_what_is_only_for_some_exporters_serves_no_other() -> None:
    pack = otherwise(eu_fr_overseas={"policy": None})
    for exporter, there in (("FR", True), ("DE", False)):
        assert bool(pack.on(date(2024, 1, 1), TODAY).inside("EU_GDPR", "NC", exporter)) is there
    assert not pack.on(date(2019, 5, 31), TODAY).inside("EU_GDPR", "NC", "FR")


def test_an_instrument_covers_the_countries_and_areas_that_it_names_and_any_where_it_names_none() -> None:
    of, then = PACK.instruments, on("2024-01-01")
    for key, country, covers in (
        ("eu-adequacy-jp", "JP", True),
        ("eu-adequacy-jp", "IN", False),
        ("eu-scc-2021", "IN", True),
        ("br-adequacy-eea", "DE", True),
        ("br-adequacy-eea", "NO", True),
        ("br-adequacy-eea", "CH", False),
    ):
        assert then.covers(of[key], country) is covers, (key, country)
    assert on("2019-01-01").covers(of["br-adequacy-eea"], "GB")
    assert not then.covers(of["br-adequacy-eea"], "GB")


@pytest.mark.parametrize(
    ("mechanism", "regime", "key"),
    [
        ("SCC_2021", "CH_FADP", "ch-scc-2021"),
        ("SCC_2021", "EU_GDPR", "eu-scc-2021"),
        ("SCC_2021", "UK_GDPR", "ch-scc-2021"),  # none of its own: the first by name
        ("SCC_2010_C2P", "UK_GDPR", "uk-scc-2010-c2p"),
        ("DPF", "UK_GDPR", "eu-us-dpf"),
        ("NO_SUCH", "EU_GDPR", None),
    ],
)
def test_a_tool_is_that_of_the_law_it_is_named_under(mechanism: str, regime: str, key: str | None) -> None:
    found = on("2024-01-01").by_mechanism(mechanism, regime)
    assert (found and found.instrument.key) == key


def test_what_nobody_knew_of_is_no_tool_of_that_name() -> None:
    assert on("2001-12-26", date(2000, 1, 1)).by_mechanism("DPF", "EU_GDPR") is None
    assert on("2021-07-01", date(2021, 7, 1)).by_mechanism("SCC_2021", "CH_FADP").instrument.key == "eu-scc-2021"  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("regime", "territory", "day", "code"),
    [
        ("XX", "DE", "2024-01-01", "none"),
        ("EU_GDPR", "DE", "2018-05-24", "REGIME_NOT_APPLICABLE"),
        ("EU_GDPR", "US", "2018-05-24", "NOT_IN_FORCE"),
        ("EU_GDPR", "US", "2018-05-25", None),
        ("EU_GDPR", "DE", "2018-05-25", None),
        ("EU_GDPR", "NO", "2018-05-25", "REGIME_NOT_APPLICABLE"),
        ("EU_GDPR", "NO", "2018-07-20", None),
        ("EU_DPD", "DE", "2018-05-25", "REGIME_NOT_APPLICABLE"),
        ("EU_DPD", "US", "2018-05-25", "EXPIRED"),
        ("EU_DPD", "NO", "2018-07-19", None),
        ("EU_DPD", "NO", "2018-07-20", "REGIME_NOT_APPLICABLE"),
    ],
)
def test_both_sides_of_the_days_on_which_a_law_applies(regime: str, territory: str, day: str, code: str | None) -> None:
    standing = on(day).applies(regime, territory)
    assert ("none" if standing is None else standing.code) == code


@pytest.mark.parametrize(
    ("what", "code", "known_ahead"),
    [
        ("sunset", "EXPIRED", True),
        ("invalidated", "INVALIDATED", True),
        ("delisted", "INVALIDATED", True),
        ("superseded", "EXPIRED", False),
        ("transition_end", "SCC_EXPIRED", True),
        ("contested", "NOT_MODELLED", False),
    ],
)
def test_after_its_end_an_instrument_is_called_by_what_ended_it(what: str, code: str, known_ahead: bool) -> None:
    (begun,) = PACK.instruments["eu-us-dpf"].events
    end = msgspec.structs.replace(begun, what=what, known=date(2025, 1, 1), effect=date(2025, 1, 1))
    pack = otherwise(eu_us_dpf={"events": (begun, end)})
    before, then = (pack.on(date.fromisoformat(day), TODAY).standing("eu-us-dpf") for day in ("2024-12-31", "2025-01-01"))
    assert before is not None
    assert then is not None
    assert (before.code, before.last_day, then.code) == (None, date(2024, 12, 31) if known_ahead else None, code)


def test_a_law_that_nobody_knew_of_applies_to_nobody() -> None:
    assert on("2024-01-01", date(2010, 1, 1)).applies("EU_GDPR", "DE") is None


def test_where_a_regime_is_at_home_and_what_its_articles_say() -> None:
    then = on("2024-01-01")
    assert [then.own(*one) for one in (("CH_FADP", "CH"), ("CH_FADP", "DE"), ("EU_GDPR", "DE"), ("XX", "CH"))] == [
        True,
        *[False] * 3,
    ]
    assert [then.principle(one) for one in ("CH_FADP", "QC_LAW25", "EU_GDPR", "XX")] == ["16", "17", "44", "44"]
    assert [then.in_efta(one) for one in ("NO", "DE", "CH")] == [True, False, False]
    assert not on("1993-12-31").in_efta("NO")


@pytest.mark.parametrize(
    ("regime", "day", "key"),
    [
        ("EU_GDPR", "2020-07-15", None),
        ("EU_GDPR", "2020-07-16", "eu-impact-assessment"),
        ("CH_FADP", "2020-09-07", None),
        ("CH_FADP", "2020-09-08", "ch-impact-assessment"),
        ("UK_GDPR", "2026-02-04", "uk-transfer-risk-assessment"),
        ("UK_GDPR", "2026-02-05", "uk-data-protection-test"),
        ("JP_APPI", "2024-01-01", None),
    ],
)
def test_both_sides_of_the_day_on_which_an_assessment_is_asked_for(regime: str, day: str, key: str | None) -> None:
    duty = on(day).demands("impact_assessment", regime)
    assert (duty and duty.instrument.key) == key
    assert on(day).demands("another", regime) is None


def test_the_days_on_which_the_law_changes() -> None:
    days = PACK.change_days
    assert list(days) == sorted(set(days))
    assert {date(2020, 7, 16), date(2020, 2, 1), date(2023, 7, 10), date(2026, 1, 26)} <= set(days)
    assert not {date.min, FOREVER} & set(days)
    assert PACK.changes_after(date(2020, 7, 15))[0] == date(2020, 7, 16)
    assert PACK.changes_after(date(2020, 7, 16))[0] > date(2020, 7, 16)
    assert PACK.changes_after(days[-1]) == ()
    assert [PACK.changed_by(day) for day in (date(2020, 7, 15), date(2020, 7, 16), date(2020, 7, 17), days[0] - ONE)] == [
        days[days.index(date(2020, 7, 16)) - 1], date(2020, 7, 16), date(2020, 7, 16), date.min,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "day", "since"),
    [
        ("eu-scc-2010-c2p", "2010-05-14", "0001-01-01"),
        ("eu-scc-2010-c2p", "2010-05-15", "2010-05-15"),
        ("eu-scc-2010-c2p", "2021-09-26", "2021-01-01"),  # the day from which the United Kingdom takes them as its own
        ("eu-scc-2010-c2p", "2021-09-27", "2021-09-27"),
        ("eu-scc-2010-c2p", "2024-01-01", "2022-09-22"),  # the day of their repeal there; their end decides nothing here
        ("eu-bcr-c", "2024-01-01", "0001-01-01"),
        ("no-such", "2024-01-01", "0001-01-01"),
    ],
)
def test_the_last_day_that_decides_when_clauses_may_be_concluded(key: str, day: str, since: str) -> None:
    assert PACK.concluded_by(key, date.fromisoformat(day)) == date.fromisoformat(since)


def days(regime: str, *countries: str, named: tuple[str, ...] = ()) -> set[date]:
    found = PACK.changes_for(regime, frozenset(countries), frozenset(named))
    assert list(found) == sorted(set(found) - {date.min, FOREVER})
    return set(found)


def test_of_tools_and_lists_only_the_days_of_those_that_are_named_count() -> None:
    fell, clauses, longer = date(2020, 7, 16), date(2021, 9, 27), date(2024, 3, 22)
    assert date(2023, 7, 10) not in days("EU_GDPR", "US")
    assert fell in days("EU_GDPR", "US")  # the day on which an assessment is asked for as well
    assert date(2023, 7, 10) in days("EU_GDPR", "US", named=("eu-us-dpf",))
    assert clauses not in days("EU_GDPR", "US", named=("eu-us-dpf", "no-such"))
    assert {clauses, longer} <= days("EU_GDPR", "US", named=("eu-scc-2010-c2p",))  # by whatever law they are taken
    assert date(2023, 9, 22) not in days("EU_GDPR", "US", named=("eu-gdpr",))  # what has no name is not named with it
    assert date(2019, 1, 23) in days("EU_GDPR", "US")  # decisions count by themselves
    assert date(2019, 1, 23) not in days("CH_FADP", "US")
    assert date(2021, 7, 1) in days("EU_GDPR", "GB")  # how long the bridge would have stood
    assert date(2024, 3, 22) in days("CN_PIPL", "US")  # a rule
    assert date(2018, 7, 20) in days("EU_GDPR", "US")  # the law itself, where it came later
    assert date(2020, 2, 1) in days("EU_GDPR", "GB")
    assert date(2004, 5, 1) not in days("UK_GDPR", "GB")
    assert date(2004, 5, 1) in days("UK_GDPR", "PL")
    assert date(2021, 1, 1) in days("JP_APPI", "US")  # the end of the transition: who is as a member, for everybody


def test_what_is_asked_about_an_importer_by_its_country() -> None:
    everywhere = {"covered_person", "gdpr_applies"}
    assert {country: set(PACK.asked_of[country]) - everywhere for country in ("", "JP", "CA", "BR", "KR", "US")} == {
        "": set(), "JP": {"appi_operator"}, "CA": {"pipeda"}, "BR": {"lgpd"}, "KR": {"pipa"}, "US": set(),
    }  # fmt: skip
    assert all(everywhere <= set(asked) and list(asked) == sorted(asked) for asked in PACK.asked_of.values())


def test_what_a_verdict_rests_on_is_called_by_its_title_or_as_an_area_by_its_name() -> None:
    called = {"eu-us-dpf": "EU-U.S. Data Privacy Framework", "eea": "European Economic Area", "ca-qc": "Quebec", "DE": "DE"}
    assert {key: PACK.title(key) for key in called} == called


def test_a_name_that_is_none_is_refused_with_those_that_are_nearly_so() -> None:
    assert PACK.named("eu-us-dpf").key == "eu-us-dpf"
    with pytest.raises(Misused, match=r"no instrument is called 'eu-us-dfp': did you mean eu-us-dpf( or [\w-]+){0,4}\?$"):
        PACK.named("eu-us-dfp")
    with pytest.raises(Misused, match=r"did you mean eu-adequacy-\w+( or [\w-]+){4}\?$"):
        PACK.named("eu-adequacy")
    with pytest.raises(Misused, match=r"did you mean .*\beu-us-privacy-shield\b"):
        PACK.named("shield")
    with pytest.raises(Misused, match=r"did you mean eu-us-dpf or"):
        PACK.named("dpf")
    with pytest.raises(Misused, match=r"did you mean br-anpd-scc( or [\w-]+){4}\?$"):
        PACK.named("scc")
    for nothing in ("%%%", "nonsense", "cc", ""):
        with pytest.raises(Misused, match=rf"called '{nothing}': the page Law lists them all, and the files in registry/law"):
            PACK.named(nothing)
    assert [PACK.country("EL"), PACK.country("DE"), PACK.country("EEA", area=True)] == ["GR", "DE", "EEA"]
    for code in ("XX", "EEA"):
        with pytest.raises(LawError, match=rf"^'{code}' is no country code: use ISO 3166-1 alpha-2, such as DE or US$"):
            PACK.country(code)
    with pytest.raises(LawError, match=r"^'AN' is not modelled: the Netherlands Antilles are no more: record BQ, CW or SX"):
        PACK.country("AN")
    with pytest.raises(LawError):
        PACK.country("XX", area=True)


@pytest.mark.parametrize("key", ["fr_oct_as_domestic", "consent_occasional", "art3_2_importer", "hr_coverage"])
def test_a_house_that_has_chosen_nothing_goes_by_what_is_usual(key: str) -> None:
    assert PACK.policy(key) == next(one.default for one in PACK.policies if one.key == key)


def test_a_view_of_the_law_is_made_once_for_each_two_days() -> None:
    assert on("2024-01-01") is on("2024-01-01")
    assert on("2024-01-01") is not on("2024-01-02")
    then = on("2024-01-01", date(2023, 1, 1))
    assert (then.day, then.known_on) == (date(2024, 1, 1), date(2023, 1, 1))


def test_what_became_known_on_a_day_is_known_on_it() -> None:
    contract = PACK.instruments["cn-standard-contract"]
    for known, asked in (
        (date(2024, 3, 21), {"filed"}),
        (date(2024, 3, 22), {"filed", "ciio", "subjects_since_jan1", "sensitive"}),
    ):
        assert {one.fact for one in on("2024-03-22", known).scope(contract)} == asked
    for known, still in ((date(2020, 1, 29), True), (date(2020, 1, 30), False)):
        found = on("2020-02-01", known).inside("EU_GDPR", "GB", "DE")
        assert any(isinstance(one, law.Membership) for one in found) is still
    (croatia,) = [one for one in PACK.memberships if one.country == "HR"]
    for known, joined in ((croatia.known - ONE, False), (croatia.known, True)):
        assert ("EU" in on("2013-07-01", known).areas("HR")) is joined


def test_what_a_decision_on_an_area_asks_is_asked_in_every_country_of_it() -> None:
    area = otherwise(eu_adequacy_kr={"countries": ("EEA",)})
    assert {country: "pipa" in area.asked_of[country] for country in ("NO", "HR", "GB")} == dict.fromkeys(
        ("NO", "HR", "GB"), True
    )
    assert "pipa" not in area.asked_of.get("US", ())
    assert PACK.within("US") == {"US"}
    assert {"EEA", "FR", "LI", "GB"} <= PACK.within("EEA")
