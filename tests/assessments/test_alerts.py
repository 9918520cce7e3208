"""What an alert says of the verdicts it changed: from what to what, how many alike, and whether anything has to stop."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assessments import alerts, suspensions
from assessments.changed import Change, Side
from assessments.channels import mail
from assessments.watch import look
from registry import database, law
from registry.vocabulary import Outcome
from tests.support import Register, a_register
from tests.web import browse

SHIELD = "EU-U.S. Privacy Shield"
CLAUSES = "Standard contractual clauses of 2021"
FELL = f"permitted on {SHIELD} → not permitted, under EU GDPR"
CHANGED = {"kind": "changed", "why": "so"}


def look_on(register: Register, day: str) -> None:
    register.do(lambda: look(date.fromisoformat(day), law.load()))


def newest(register: Register, kind: str = "verdict_changed") -> Any:
    return [one for one in register.answer("alerts") if one["kind"] == kind][-1]


def mended(day: str = "2021-09-01") -> dict[str, list[dict[str, Any]]]:
    """Clauses and an assessment, which carry the flow that fell."""
    between = {"exporter": "house", "importer": "mailer", "since": day}
    clauses = between | {"key": "clauses", "instrument": "eu-scc-2021", "module": "M2", "concluded_on": day}
    clauses |= {"state": "signed", "rank": "primary"}
    return {"safeguard": [clauses], "impact_assessment": [between | {"key": "us", "country": "US", "outcome": "ok"}]}


@pytest.fixture
def fallen(register: Register, folder: Path) -> Register:
    register.load(a_register(), folder)
    look_on(register, "2020-07-15")
    look_on(register, "2020-07-16")
    return register


def test_a_fall_says_from_which_verdict_to_which_wherever_it_is_told(fallen: Register) -> None:
    (change,) = newest(fallen)["changes"]
    assert change["said"] == FELL
    assert (change["was"]["outcome"], change["was"]["basis"]) == ("permitted", "eu-us-privacy-shield")
    assert (change["now"]["outcome"], change["now"]["basis"]) == ("not_permitted", None)
    assert [flow["transfer"] for flow in change["flows"]] == ["news"]
    assert f"1 transfer: {FELL}\n  - House GmbH to Mailer, Inc." in fallen.onward("alerts")

    async def digest() -> Any:
        async with database.as_known(None):
            return mail.digest(await alerts.alerts(law.load()), "dpo", "dpo@house.example")

    message = fallen.do(digest)
    for kind in ("plain", "html"):
        assert FELL in str(message.get_body((kind,)).get_content())

    async def work(as_role: Any) -> None:
        assert f"1 transfer: <strong>{FELL}</strong>" in (await (await as_role("dpo")).get("/alerts")).text

    browse(fallen, work)


def test_a_flow_that_is_stopped_is_told_as_that_until_it_flows_again(fallen: Register) -> None:
    def told() -> str:
        ((flow,),) = [change["flows"] for change in newest(fallen)["changes"]]
        return str(flow["said"])

    before = told()
    fallen.do(lambda: suspensions.stop("cli:test", ["news"], date(2020, 7, 20), "The Shield fell"))
    assert told() == f"{before} (stopped from 20 July 2020)"
    (stop,) = fallen.ask("select key, version from suspension")
    again = (stop["key"], stop["version"]), date(2020, 8, 1), "Carried", date(2020, 8, 1)
    fallen.do(lambda: suspensions.resume("cli:test", "news", *again, although=True))
    assert told() == before


def test_changes_alike_are_told_together_and_counted(register: Register, folder: Path) -> None:
    tables, leg = a_register(), a_register()["transfer"][0]
    tables["party"].append({"key": "other", "name": "Other Ltd", "country": "IN", "since": "2018-05-25"})
    tables["transfer"] += [leg | {"key": f"news-{n}", "how": "stored", "engagement": "news"} for n in range(6)]
    tables["transfer"].append(leg | {"key": "bare", "importer": "other", "country": "IN"})
    register.load(tables, folder)
    look_on(register, "2020-07-15")
    look_on(register, "2020-07-16")
    found = newest(register)
    (change,) = [one for one in found["changes"] if one["said"] == FELL]
    assert (change["transfers"], len(change["flows"]), change["more_flows"]) == (7, 5, 2)
    assert f"7 transfers: {FELL}" in register.onward("alerts")
    assert "  - and 2 more" in register.onward("alerts")


def test_a_change_to_the_good_stops_nothing(fallen: Register, folder: Path) -> None:
    fallen.load(mended(), folder)
    look_on(fallen, "2021-09-01")
    found = newest(fallen)
    assert [one["said"] for one in found["changes"]] == [f"not permitted → permitted on {CLAUSES}, under EU GDPR"]
    assert found["title"] == "1 transfer may go ahead now"
    assert "let it go on again" in found["todo"]
    assert "stop them" not in found["todo"]


def test_another_basis_stops_nothing_either(register: Register, folder: Path) -> None:
    tables = a_register(**mended())
    tables["certification"] = [
        {"key": "dpf", "party": "mailer", "framework": "eu-us-dpf", "status": "active", "covers_non_hr": True}
        | {"since": "2023-07-17", "next_due": "2024-07-17"}
    ]
    register.load(tables, folder)
    look_on(register, "2023-07-16")
    look_on(register, "2023-07-17")
    found = newest(register)
    (said,) = [one["said"] for one in found["changes"]]
    assert said == f"permitted on {CLAUSES} → permitted on EU-U.S. Data Privacy Framework, under EU GDPR"
    assert found["title"] == "1 transfer may go ahead; the verdict reads otherwise"
    assert "stop" not in found["todo"]


def test_the_same_verdict_for_other_reasons_says_so(fallen: Register, folder: Path) -> None:
    fallen.load({"certification": [{"key": "shield", "until": "2020-07-20", "entry": CHANGED}]}, folder)
    look_on(fallen, "2020-07-21")
    assert [one["said"] for one in newest(fallen)["changes"]] == ["not permitted, as before, with other reasons, under EU GDPR"]


def test_a_chain_that_is_worse_is_told_beside_what_the_leg_rests_on(register: Register, folder: Path) -> None:
    tables = a_register()
    tables["party"].append({"key": "below", "name": "Below Ltd", "country": "IN", "since": "2018-05-25"})
    register.load(tables, folder)
    look_on(register, "2020-03-01")
    hop = {"key": "hop", "processor": "mailer", "sub_processor": "below", "country": "IN", "how": "stored"}
    register.load({"sub_processing": [hop | {"since": "2020-03-01"}]}, folder)
    look_on(register, "2020-03-02")
    (said,) = [one["said"] for one in newest(register, "onward_transfer")["changes"]]
    assert said.startswith(f"permitted on {SHIELD} → permitted on {SHIELD}, but ")
    assert said.endswith(" further down, under EU GDPR")


def test_a_transfer_that_turned_twice_between_two_looks_is_not_new(register: Register, folder: Path) -> None:
    """Its listing lapsed on the 13th and the framework fell on the 16th: the second turn is of a transfer long known."""
    tables = a_register()
    tables["certification"][0]["next_due"] = "2020-07-12"
    register.load(tables, folder)
    look_on(register, "2020-07-10")
    look_on(register, "2020-07-17")
    found = [one for one in register.answer("alerts") if one["kind"] == "verdict_changed"]
    assert [one["title"] for one in found] == ["The verdict on 1 transfer changed"] * 2
    assert [one["changes"][0]["was"]["outcome"] for one in found] == ["permitted", "not_permitted"]


def test_the_past_that_reads_better_stops_nothing_today(fallen: Register, folder: Path) -> None:
    fallen.load(mended("2020-07-16"), folder)
    fallen.load({"safeguard": [{"key": "clauses", "entry": {"kind": "voided", "why": "of a later day"}}]}, folder)
    old = {"key": "old", "exporter": "house", "importer": "mailer", "instrument": "eu-scc-2010-c2p", "state": "signed"}
    fallen.load({"safeguard": [old | {"rank": "primary", "concluded_on": "2020-07-01", "since": "2020-07-01"}]}, folder)
    look_on(fallen, "2020-07-20")
    found = newest(fallen, "past_changed")
    assert [one["now"]["outcome"] for one in found["changes"]] == ["permitted"]
    assert "stop" not in found["todo"]


def _change(was: Outcome | None, now: Outcome, *, held: bool = False) -> Change:
    before = None if was is None else Side(was, was, None)
    return Change("EU_GDPR", before, Side(now, now, None), held, "", 1, (), 0)


NO, ASK, YES = Outcome.NOT_PERMITTED, Outcome.UNDETERMINED, Outcome.PERMITTED


@pytest.mark.parametrize(
    ("changes", "way"),
    [
        ([_change(YES, NO)], "verdict_changed"),
        ([_change(YES, NO), _change(NO, YES)], "verdict_mixed"),
        ([_change(NO, YES)], "verdict_good"),
        ([_change(NO, YES), _change(YES, YES)], "verdict_other"),
        ([_change(YES, Outcome.NO_TRANSFER)], "verdict_other"),
        ([_change(ASK, Outcome.NO_TRANSFER)], "verdict_good"),
        ([_change(NO, ASK)], "verdict_better"),
        ([_change(NO, Outcome.MEASURES_REQUIRED), _change(NO, YES)], "verdict_better"),
        ([_change(NO, YES, held=True)], "verdict_better"),
        ([_change(NO, NO)], "verdict_changed"),
        ([_change(YES, Outcome.MEASURES_REQUIRED)], "verdict_changed"),
    ],
)
def test_which_way_it_went_decides_what_to_do(changes: list[Change], way: str) -> None:
    assert alerts._way(changes, new=False) == way
    advice = alerts.sentences()[way]["todo"]
    assert ("stop them" in advice) == (way in {"verdict_changed", "verdict_mixed"})


def test_what_is_new_is_told_as_new(register: Register, folder: Path) -> None:
    tables = a_register()
    tables["certification"] = []
    register.load(tables, folder)
    look_on(register, "2020-03-01")
    (change,) = newest(register)["changes"]
    assert change["was"] is None
    assert change["said"] == "first verdict: not permitted, under EU GDPR"


def test_what_another_law_does_not_let_go_ahead_is_not_told_as_good(register: Register, folder: Path) -> None:
    """Clauses of the Union carry a flow under its law, and not under that of Switzerland."""
    tables = a_register(certification=[])
    tables["regime_scope"].append(
        {"key": "swiss", "party": "house", "basis": "established", "territory": "CH", "since": "2018-05-25"}
    )
    register.load(tables, folder)
    look_on(register, "2021-08-30")
    register.load(mended("2021-09-01"), folder)
    look_on(register, "2021-09-01")
    found = newest(register)
    (good,) = [one for one in found["changes"] if one["regime"] == "EU_GDPR"]
    assert good["said"].endswith(", under EU GDPR; another law does not let it go ahead")
    assert "may go ahead now" not in found["title"]


def test_of_two_laws_each_has_its_own_verdict_before(register: Register, folder: Path) -> None:
    """The list of the Union carries the flow under its law; that of Switzerland does not, until clauses are signed."""
    listed = {"key": "dpf", "party": "mailer", "framework": "eu-us-dpf", "status": "active", "covers_non_hr": True}
    tables = a_register(certification=[listed | {"since": "2023-07-17", "next_due": "2025-07-17"}])
    tables["regime_scope"].append(
        {"key": "swiss", "party": "house", "basis": "established", "territory": "CH", "since": "2018-05-25"}
    )
    register.load(tables, folder)
    look_on(register, "2024-01-01")
    signed = mended("2024-02-01")
    signed["safeguard"][0]["ch_amended"] = True
    register.load(signed, folder)
    look_on(register, "2024-02-01")
    found = {one["regime"]: one for one in newest(register)["changes"]}
    assert {law: one["was"]["outcome"] for law, one in found.items()} == {"EU_GDPR": "permitted", "CH_FADP": "not_permitted"}
    assert {one["now"]["outcome"] for one in found.values()} == {"permitted"}
    assert newest(register)["title"] == "1 transfer may go ahead; the verdict reads otherwise"


def test_what_another_law_said_before_or_says_later_holds_nothing_back(register: Register, folder: Path) -> None:
    """Switzerland's forbade it until clauses were signed, and does again when they end: on the day between, it does not."""
    test_of_two_laws_each_has_its_own_verdict_before(register, folder)
    register.load({"certification": [{"key": "dpf", "until": "2024-03-01", "entry": CHANGED}]}, folder)
    look_on(register, "2024-03-01")

    def between() -> list[tuple[str, bool]]:
        (one,) = [one for one in register.answer("alerts") if one["since"] == "2024-03-01" and one["changes"]]
        return [(change["regime"], change["held"]) for change in one["changes"]]

    assert between() == [("EU_GDPR", False)]
    register.load({"safeguard": [{"key": "clauses", "until": "2024-04-01", "entry": CHANGED}]}, folder)
    look_on(register, "2024-04-01")
    assert {change["now"]["outcome"] for change in newest(register)["changes"]} == {"not_permitted"}
    assert between() == [("EU_GDPR", False)]


def test_only_what_nobody_dealt_with_is_worked_out_for_the_page(fallen: Register) -> None:
    async def keys(*, dealt_with: bool) -> list[str]:
        async with database.as_known(None):
            return [one.key for one in await alerts.alerts(law.load(), dealt_with=dealt_with)]

    def asked(dealt_with: bool) -> list[str]:
        return fallen.do(lambda: keys(dealt_with=dealt_with))

    everything = asked(True)
    assert asked(False) == everything

    async def work(as_role: Any) -> None:
        browser = await as_role("dpo")
        given = {"why": "told them", "_once": browser.hidden(await browser.get("/alerts"), "_once")}
        assert (await browser.post(f"/alerts/{everything[0]}/dealt-with", given)).status_code == 303
        assert f"/alerts/{everything[0]}/" not in (await browser.get("/alerts")).text

    browse(fallen, work)
    assert asked(True) == everything
    assert asked(False) == everything[1:]
