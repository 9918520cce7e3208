"""The demo, judged before and after 16 July 2020, as known then and as known now."""

from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest

from registry import demo
from registry.vocabulary import DEMO_NOTICE
from tests.support import Register, a_register


@pytest.fixture
def told(demo: Register) -> Register:
    return demo


def legs(register: Register, as_of: str, *words: str) -> dict[str, dict[str, Any]]:
    return {one["transfer"]: one for one in register.answer("assess", "--as-of", as_of, *words)}


def test_on_the_last_day_the_leg_is_permitted_and_the_last_day_known(told: Register) -> None:
    leg = legs(told, "2020-07-15")["mailchimp"]
    assert (leg["outcome"], leg["basis"], leg["last_day"]) == ("permitted", "eu-us-privacy-shield", "2020-07-15")
    assert leg["next_change"] == "2020-07-16"


def test_on_the_next_day_it_is_not(told: Register) -> None:
    leg = legs(told, "2020-07-16")["mailchimp"]
    assert (leg["outcome"], leg["basis"]) == ("not_permitted", None)
    assert leg["reasons"][0]["code"] == "INVALIDATED"
    assert "C-311/18" in leg["reasons"][0]["text"]


def test_nobody_knew_it_the_day_before(told: Register) -> None:
    leg = legs(told, "2020-07-16", "--known-on", "2020-07-15")["mailchimp"]
    assert leg["outcome"] == "permitted"
    assert leg["last_day"] is None or leg["last_day"] >= "2020-07-16"
    assert leg["known_on"] == "2020-07-15"


def test_clauses_bring_it_back_and_the_chain_beneath_still_stops_it(told: Register) -> None:
    leg = legs(told, "2020-08-03")["mailchimp"]
    assert (leg["outcome"], leg["path_outcome"]) == ("permitted", "not_permitted")
    assert [step["importer"] for step in leg["path"]] == ["mailchimp", "cloudbarrow"]


def test_a_fact_recorded_late_changes_what_was_so_and_not_what_was_known(told: Register) -> None:
    """KickBox had lapsed from the list on 1 May 2020; nobody recorded it before 5 October."""
    assert legs(told, "2020-06-01")["kickbox"]["outcome"] == "not_permitted"
    assert legs(told, "2020-06-01", "--known-on", "2020-06-01")["kickbox"]["outcome"] == "permitted"


def test_a_correction_changes_all_days_and_no_known_answer(told: Register) -> None:
    assert legs(told, "2019-01-01")["kickbox"]["outcome"] == "permitted"
    before = legs(told, "2019-01-01", "--known-on", "2020-02-09")["kickbox"]
    assert (before["outcome"], before["reasons"][0]["code"]) == ("not_permitted", "DATA_NOT_COVERED")


def test_an_ended_engagement_is_judged_no_more(told: Register) -> None:
    assert "kickbox" in legs(told, "2020-11-30")
    assert "kickbox" not in legs(told, "2020-12-01")


def test_late_clauses_never_clauses_and_a_listing_at_last(told: Register) -> None:
    days = ["2022-12-27", "2022-12-28", "2026-06-21", "2026-06-22"]
    assert [legs(told, day)["salesforce"]["outcome"] for day in days[:2]] == ["measures_required", "measures_required"]
    assert [legs(told, day)["tallyport"]["outcome"] for day in days] == ["not_permitted"] * 3 + ["permitted"]


def test_a_stopped_flow_says_so(told: Register) -> None:
    assert [legs(told, day)["jivochat"]["flowing"] for day in ("2021-03-14", "2021-03-15")] == [True, False]


def test_an_erased_contact_is_gone_and_everything_else_is_known_as_before(told: Register, folder: Path) -> None:
    assert "Abernathy" not in told.onward("journal", "--json") + told.export(folder).decode()
    assert "Quentin" not in told.export(folder, "--known-on", "2020-01-01").decode()


def test_the_demo_again_changes_nothing(told: Register) -> None:
    before = told.onward("journal", "--json")
    assert "nothing" in told.onward("demo")
    assert told.onward("journal", "--json") == before


def test_the_demo_can_be_told_in_parts(register: Register, another: Register, folder: Path) -> None:
    register.onward("demo", "--until", "2020-07-14")
    assert "mailchimp" in legs(register, "2020-07-14")
    register.onward("demo")
    another.onward("demo")
    assert register.export(folder) == another.export(folder)


def test_its_entries_lie_along_its_own_history(told: Register) -> None:
    opening, *entries = told.answer("journal")
    assert opening["image"]["demo"] is True
    times = [datetime.fromisoformat(entry["at"]) for entry in [opening, *entries]]
    assert times == sorted(times)
    assert {time.date() for time in times} == set(demo.days())


def test_every_output_says_that_it_is_invented(told: Register, folder: Path, another: Register) -> None:
    assert all(one["notice"] == DEMO_NOTICE for one in told.answer("assess"))
    assert DEMO_NOTICE in told.onward("assess")
    assert DEMO_NOTICE in told.onward("journal")
    assert all(one["notice"] == DEMO_NOTICE for one in told.answer("journal"))
    assert DEMO_NOTICE in told.export(folder).decode()
    assert DEMO_NOTICE in told.onward("doctor")
    assert told.ask("select count(*) from party where not ours and note not like '%' || $1 || '%'", "Invented data")[0][0] == 0


def test_what_a_demo_exports_stays_a_demo(told: Register, another: Register, folder: Path) -> None:
    exported = told.export(folder)
    (folder / "demo.json").write_bytes(exported)
    another.onward("import", "register", str(folder / "demo.json"))
    assert another.export(folder) == exported
    assert all(one["notice"] == DEMO_NOTICE for one in another.answer("assess"))


def test_invented_data_enter_no_real_register(told: Register, another: Register, folder: Path) -> None:
    another.load(a_register(), folder)
    (folder / "demo.json").write_bytes(told.export(folder))
    assert "invented data" in another.onward("import", "register", str(folder / "demo.json"), exit_code=1)


def test_the_demo_enters_no_real_register(register: Register, folder: Path) -> None:
    register.load(a_register(), folder)
    assert "is no demo" in register.onward("demo", exit_code=1)


def test_the_days_are_files_and_the_last_is_fixed() -> None:
    days = demo.days()
    assert (days[0], days[-1].year) == (date(2018, 5, 25), 2026)
