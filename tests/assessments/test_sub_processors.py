"""Sub-processors beneath a vendor: whether we agreed to each, were told in time to object, and whether it is bound."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assessments.rules.sub_processors import Agreed, Passing, SubProcessor, authorised, below
from assessments.wording import gate_sentences
from registry.vocabulary import Outcome
from tests.assessments.test_gate import a_vendor, judged
from tests.support import Register
from tests.web import browse

BEGINS = date(2024, 6, 1)


def a_hop(authorisation: str | None = "general", told: str | None = "2024-05-02", **more: Any) -> SubProcessor:
    given = {
        "since": BEGINS, "until": None, "key": "below", "processor": 1, "sub_processor": 2, "engagement": None, "country": "IN",
        "authorisation": authorisation, "notified_on": date.fromisoformat(told) if told else None, "bound_alike": True,
        "first_day": BEGINS,
    }  # fmt: skip
    return SubProcessor(**given | more)


def said(hop: SubProcessor, agreed: Agreed, day: str = "2025-01-01") -> list[tuple[str, bool]]:
    return [(finding.code, finding.open) for finding in authorised(hop, agreed, date.fromisoformat(day))]


GENERAL = Agreed("news", "general", 30, date(2018, 5, 25))
SPECIFIC = Agreed("news", "specific", 30, date(2018, 5, 25))


@pytest.mark.parametrize(
    ("authorisation", "agreed", "found"),
    [
        ("specific", SPECIFIC, []),
        ("specific", GENERAL, []),
        ("general", SPECIFIC, [("SUB_NOT_AUTHORISED", False)]),
        (None, SPECIFIC, [("SUB_NOT_AUTHORISED", True)]),
        (None, GENERAL, [("SUB_AUTHORISATION_MISSING", True)]),
        (None, Agreed("news"), [("SUB_AUTHORISATION_MISSING", True)]),
        ("general", GENERAL, []),
    ],
)
def test_a_sub_processor_is_agreed_to_as_the_contract_asks(
    authorisation: str | None, agreed: Agreed, found: list[tuple[str, bool]]
) -> None:
    assert said(a_hop(authorisation), agreed) == found


@pytest.mark.parametrize(
    ("told", "notice_days", "code"),
    [
        ("2024-05-01", 30, None),
        ("2024-05-02", 30, None),
        ("2024-05-03", 30, "OBJECTION_CUT_SHORT"),
        ("2024-05-31", 0, None),
        ("2024-06-01", 0, None),
        ("2024-06-02", 0, "OBJECTION_CUT_SHORT"),
        ("2024-06-01", 1, "OBJECTION_CUT_SHORT"),
        ("2024-06-01", None, "NOTICE_DAYS_MISSING"),
        ("2024-06-02", None, "OBJECTION_CUT_SHORT"),
        (None, 30, "SUB_NOT_TOLD"),
        (None, 0, "SUB_NOT_TOLD"),
    ],
)
def test_both_sides_of_the_days_that_were_agreed(told: str | None, notice_days: int | None, code: str | None) -> None:
    agreed = Agreed("news", "general", notice_days, date(2018, 5, 25))
    found = said(a_hop(told=told), agreed)
    assert found == ([] if code is None else [(code, code != "OBJECTION_CUT_SHORT")])


@pytest.mark.parametrize(
    ("signed", "cut_short"), [("2024-05-31", True), ("2024-06-01", False), ("2024-06-02", False), (None, True)]
)
def test_who_was_known_when_the_contract_was_signed_was_agreed_to_with_it(signed: str | None, cut_short: bool) -> None:
    agreed = Agreed("news", "general", 30, date.fromisoformat(signed) if signed else None)
    assert [code for code, _ in said(a_hop(told="2024-06-01"), agreed)] == ["OBJECTION_CUT_SHORT"] * cut_short
    assert said(a_hop(told="2024-06-03"), Agreed("news", "general", 30, date(2024, 6, 2))) == [("OBJECTION_CUT_SHORT", False)]


@pytest.mark.parametrize(
    ("day", "may"), [("2024-05-01", False), ("2024-05-02", True), ("2024-05-31", True), ("2024-06-01", False)]
)
def test_until_when_we_may_object(day: str, may: bool) -> None:
    [*found] = authorised(a_hop(), GENERAL, date.fromisoformat(day))
    assert [(one.code, one.told, one.last_day) for one in found] == (
        [("OBJECTION_OPEN", date(2024, 5, 2), date(2024, 5, 31))] if may else []
    )
    assert said(a_hop(None), GENERAL, day)[1:] == [("OBJECTION_OPEN", False)] * may


def test_days_of_notice_beyond_the_calendar_stay_in_it() -> None:
    found = list(authorised(a_hop(), Agreed("news", "general", 2**31 - 1), BEGINS))
    assert [one.code for one in found] == ["OBJECTION_CUT_SHORT", "OBJECTION_OPEN"]


def test_the_chain_is_walked_to_any_depth_for_one_engagement_and_a_circle_ends() -> None:
    down = [a_hop(key=f"{one}", processor=one, sub_processor=one + 1) for one in range(1, 40)]
    hops = [*down, a_hop(key="back", processor=40, sub_processor=1), a_hop(key="other", processor=1, engagement="crm")]
    assert [hop.key for hop in below([1], hops, "news", BEGINS)] == [*(str(one) for one in range(1, 40)), "back"]
    assert [hop.key for hop in below([1], hops, "news", date(2024, 5, 2))] == ["1"]  # announced: nothing beneath it yet
    assert list(below([1], hops, "news", date(2024, 5, 1))) == []


def test_who_is_reached_in_two_ways_is_walked_from_once() -> None:
    ways = [(1, 2), (1, 3), (2, 4), (3, 4), (4, 5), (5, 4)]
    hops = [a_hop(key=f"{one}-{other}", processor=one, sub_processor=other) for one, other in ways]
    assert [hop.key for hop in below([1, 1], hops, "news", BEGINS)] == ["1-2", "1-3", "2-4", "3-4", "4-5", "5-4"]


def beneath_mailer(contract: dict[str, Any] | None = None, **hop: Any) -> dict[str, Any]:
    tables = a_vendor(contract={"notice_days": 30} | (contract or {}))
    tables["party"] += [
        {"key": key, "name": name, "country": "IN", "since": "2018-05-25"}
        for key, name in (("below", "Below Ltd"), ("deep", "Deep Ltd"))
    ]
    first = {"key": "below", "processor": "mailer", "sub_processor": "below", "country": "US", "since": "2019-06-01"}
    deep = {"key": "deep", "processor": "below", "sub_processor": "deep", "country": "US", "since": "2019-06-01"}
    good = {"authorisation": "general", "notified_on": "2019-05-02", "bound_alike": True}
    tables["sub_processing"] = [first | good | hop, deep | good]
    return tables


@pytest.mark.parametrize(
    ("hop", "day", "codes", "outcome"),
    [
        ({}, "2019-06-01", [], Outcome.PERMITTED),
        ({}, "2019-05-31", ["OBJECTION_OPEN"], Outcome.PERMITTED),
        ({"notified_on": None}, "2019-06-01", ["SUB_NOT_TOLD"], Outcome.UNDETERMINED),
        ({"notified_on": None}, "2019-05-31", [], Outcome.PERMITTED),
        ({"notified_on": "2019-05-03"}, "2020-01-01", ["OBJECTION_CUT_SHORT"], Outcome.NOT_PERMITTED),
        ({"country": "IN", "bound_alike": None}, "2020-07-15", ["SUB_NOT_BOUND"], Outcome.UNDETERMINED),
        ({"country": "IN", "bound_alike": False}, "2020-07-15", ["SUB_NOT_BOUND"], Outcome.NOT_PERMITTED),
        ({"country": "IN", "bound_alike": False}, "2020-07-16", [], Outcome.PERMITTED),
        ({"country": "IN"}, "2020-07-01", [], Outcome.PERMITTED),
        ({"bound_alike": False}, "2020-07-01", [], Outcome.PERMITTED),
    ],
)
def test_the_gate_asks_about_every_hop(
    register: Register, folder: Path, hop: dict[str, Any], day: str, codes: list[str], outcome: Outcome
) -> None:
    verdict = judged(register, folder, beneath_mailer(**hop), day)
    found = [finding.code for finding in verdict.findings if isinstance(finding, Passing) and finding.fact == "below"]
    assert (found, verdict.outcome) == (codes, outcome)


def test_option_one_asks_at_any_depth_and_the_days_are_said(register: Register, folder: Path) -> None:
    verdict = judged(register, folder, beneath_mailer({"authorisation": "specific"}, authorisation="specific"), "2020-01-01")
    assert [(one.code, one.fact) for one in verdict.findings] == [("SUB_NOT_AUTHORISED", "deep")]
    entry = {"kind": "corrected", "why": "As the contract says"}
    register.load({"contract": [{"key": "dpa", "authorisation": "general", "entry": entry}]}, folder)
    late = {"key": "below", "authorisation": "general", "notified_on": "2019-05-20", "entry": entry}
    verdict = judged(register, folder, {"sub_processing": [late]}, "2020-01-01")
    said = gate_sentences(verdict, {"below": "Below Ltd", "news": "Newsletter"})
    assert len(said) == 1
    for part in ("Below Ltd", "20 May 2019", "1 June 2019", "30 days", "Newsletter"):
        assert part in said[0]


def test_the_first_day_is_not_moved_by_what_changed_later(register: Register, folder: Path) -> None:
    tables = beneath_mailer(notified_on="2019-05-20")
    register.load(tables, folder)
    later = {"key": "below", "data_categories": ["names"], "since": "2019-09-01", "entry": {"kind": "changed"}}
    verdict = judged(register, folder, {"sub_processing": [later]}, "2020-01-01")
    assert [(one.code, one.begins) for one in verdict.findings if isinstance(one, Passing)] == [
        ("OBJECTION_CUT_SHORT", date(2019, 6, 1))
    ]


def test_gate_tree_and_path_say_it(register: Register, folder: Path) -> None:
    register.load(beneath_mailer(country="IN", bound_alike=None, notified_on="2019-05-20"), folder)

    async def work(as_role: Any) -> None:
        auditor = await as_role("auditor")
        for page in ("/vendors/mailer/gate", "/vendors/mailer", "/transfers/news"):
            text = (await auditor.get(f"{page}?on=2020-01-01")).text
            for part in ('data-code="OBJECTION_CUT_SHORT"', 'data-code="SUB_NOT_BOUND"', "We could not object to Below Ltd"):
                assert part in text, (page, part)
        text = (await auditor.get("/vendors/mailer?on=2019-05-25")).text
        assert "Announced, and not begun on this day" in text
        assert "until 18 June 2019" in text

    browse(register, work)
