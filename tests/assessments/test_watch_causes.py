"""Why a verdict turned: told is what it would not have turned without, and nothing that merely came at the same time."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assessments.watch import look
from registry import law
from tests.support import Register, a_register

Tables = dict[str, list[dict[str, Any]]]
SHIELD = "law:eu-us-privacy-shield:invalidated:2020-07-16"
CHANGED = {"kind": "changed", "why": "so"}


def seen(register: Register, day: str) -> list[tuple[str, str]]:
    looked = register.do(lambda: look(date.fromisoformat(day), law.load()))
    return [(row["kind"], row["cause"]) for row in looked.alerts]


def clauses(key: str, exporter: str, importer: str, since: str = "2019-01-01") -> dict[str, Any]:
    row = {"key": key, "exporter": exporter, "importer": importer, "instrument": "eu-scc-2010-c2p", "since": since}
    return row | {"concluded_on": since, "rank": "primary", "state": "signed"}


def hop(key: str, sub_processor: str = "below", country: str = "GB") -> dict[str, Any]:
    row = {"key": key, "processor": "mailer", "sub_processor": sub_processor, "country": country, "since": "2019-01-01"}
    return row | {"how": "stored", "bound_alike": True}


@pytest.fixture
def chained(register: Register, folder: Path) -> Register:
    """A sub-processor beneath the vendor, with clauses between the two."""
    tables = a_register(sub_processing=[hop("hop")], safeguard=[clauses("beneath", "mailer", "below")])
    tables["party"].append({"key": "below", "name": "Below Ltd", "country": "GB", "since": "2018-05-25"})
    register.load(tables, folder)
    seen(register, "2020-03-01")
    return register


def test_an_entry_that_changed_nothing_is_no_cause(register: Register, folder: Path) -> None:
    """Clauses no one relied on end in the week in which the Privacy Shield falls: the fall alone is told."""
    register.load(a_register(safeguard=[clauses("draft", "house", "mailer") | {"state": "drafted"}]), folder)
    seen(register, "2020-07-15")
    register.load({"safeguard": [{"key": "draft", "until": "2020-07-16", "entry": CHANGED}]}, folder)
    assert seen(register, "2020-07-17") == [("verdict_changed", SHIELD)]


def test_an_event_of_the_law_that_changed_nothing_is_no_cause(register: Register, folder: Path) -> None:
    """Within the European Economic Area nothing rests on the Privacy Shield: the entry that brought the leg is told."""
    register.load(a_register(), folder)
    seen(register, "2020-07-15")
    tables: Tables = {
        "party": [{"key": "near", "name": "Near GmbH", "country": "IN", "since": "2020-01-01"}],
        "transfer": [a_register()["transfer"][0] | {"key": "near", "importer": "near", "country": "IN"}],
    }
    register.load(tables, folder)
    found = seen(register, "2020-07-16")
    assert ("verdict_changed", SHIELD) in found
    (mine,) = [cause for kind, cause in found if kind == "verdict_changed" and cause != SHIELD]
    assert mine.startswith("entry:")
    transfers = {one["cause"]: [flow["transfer"] for flow in one["flows"]] for one in register.answer("alerts")}
    assert (transfers[mine], transfers[SHIELD]) == (["near"], ["news"])


def test_a_listing_whose_day_came_in_the_week_of_the_fall_is_told_by_itself(register: Register, folder: Path) -> None:
    """It was due on the 13th and the framework fell on the 16th: two turns, two causes, in any rhythm."""
    tables = a_register()
    tables["certification"][0]["next_due"] = "2020-07-13"
    register.load(tables, folder)
    seen(register, "2020-07-10")
    found = [cause for kind, cause in seen(register, "2020-07-17") if kind == "verdict_changed"]
    assert found == ["day:certification:shield:2020-07-14", SHIELD]


def test_what_came_together_on_one_day_is_one_alert_that_names_both(register: Register, folder: Path) -> None:
    """The listing's last day is the last of the framework too: either would have ended it."""
    tables = a_register()
    tables["certification"][0]["next_due"] = "2020-07-15"
    register.load(tables, folder)
    seen(register, "2020-07-15")
    (cause,) = [cause for kind, cause in seen(register, "2020-07-16") if kind == "verdict_changed"]
    assert cause.split(" + ") == sorted(cause.split(" + "))
    assert SHIELD in cause


def test_of_two_rows_of_one_day_the_one_that_mattered_is_told(register: Register, folder: Path) -> None:
    tables = a_register(safeguard=[clauses("asleep", "house", "mailer") | {"state": "signed", "until": "2020-05-02"}])
    tables["certification"][0] |= {"next_due": "2020-05-01"}
    tables["certification"].append(tables["certification"][0] | {"key": "other", "framework": "iso-27001"})
    register.load(tables, folder)
    seen(register, "2020-05-01")
    (cause,) = [cause for kind, cause in seen(register, "2020-05-02") if kind == "verdict_changed"]
    assert "shield" in cause
    assert "other" not in cause


@pytest.mark.parametrize("count", [3, 40])
def test_an_import_of_bare_flows_is_one_alert_that_lists_the_first(register: Register, folder: Path, count: int) -> None:
    register.load(a_register(), folder)
    seen(register, "2020-03-01")
    leg = a_register()["transfer"][0]
    register.load({"transfer": [leg | {"key": f"bare-{n:02}", "country": "IN", "how": "stored"} for n in range(count)]}, folder)
    (alert,) = [one for one in seen(register, "2020-03-02") if one[0] == "verdict_changed"]
    (shown,) = [one for one in register.answer("alerts") if one["cause"] == alert[1]]
    assert shown["transfers"] == count
    assert len(shown["flows"]) == min(count, 5)
    assert shown["more_flows"] == max(0, count - 5)
    assert "House GmbH to Mailer, Inc. in India (stored there, for Newsletter)" in register.onward("alerts")
    assert ("and 35 more" in register.onward("alerts")) == (count == 40)


def test_a_first_look_at_bare_flows_is_one_alert_too(register: Register, folder: Path) -> None:
    tables = a_register()
    tables["transfer"] += [tables["transfer"][0] | {"key": f"bare-{n}", "country": "IN", "how": "stored"} for n in range(9)]
    register.load(tables, folder)
    assert len([one for one in seen(register, "2020-03-02") if one[0] == "verdict_changed"]) == 1


def test_a_hop_is_told_apart_added_moved_uncovered(chained: Register, folder: Path) -> None:
    chained.load({"sub_processing": [hop("second")]}, folder)
    assert [kind for kind, _ in seen(chained, "2020-03-02") if kind.startswith("onward")] == ["onward_transfer"]
    chained.load({"sub_processing": [{"key": "second", "country": "IN", "since": "2020-03-03", "entry": CHANGED}]}, folder)
    assert [kind for kind, _ in seen(chained, "2020-03-03") if kind.startswith("onward")] == ["onward_moved"]
    chained.load({"sub_processing": [{"key": "hop", "bound_alike": False, "since": "2020-03-04", "entry": CHANGED}]}, folder)
    assert [kind for kind, _ in seen(chained, "2020-03-04") if kind.startswith("onward")] == ["onward_uncovered"]
    told = chained.onward("alerts")
    for said in ("A hop was added beneath Mailer, Inc.", "A hop beneath Mailer, Inc. moved", "Nothing binds a hop"):
        assert said in told
    assert "Below Ltd in India, to whom Mailer, Inc. passes data on" in told


def test_a_hop_recorded_late_is_told_as_a_hop_and_as_past(chained: Register, folder: Path) -> None:
    chained.load({"sub_processing": [hop("late", country="IN") | {"bound_alike": False}]}, folder)
    assert {kind for kind, _ in seen(chained, "2020-03-02")} >= {"onward_transfer"}


@pytest.mark.parametrize("how", ["ended", "voided"])
def test_a_hop_whose_clauses_went_is_uncovered(chained: Register, folder: Path, how: str) -> None:
    entry = {"until": "2020-03-02", "entry": CHANGED} if how == "ended" else {"entry": {"kind": "voided", "why": "so"}}
    chained.load({"safeguard": [{"key": "beneath"} | entry]}, folder)
    assert [kind for kind, _ in seen(chained, "2020-03-02") if kind.startswith("onward")] == ["onward_uncovered"]
    assert [kind for kind, _ in seen(chained, "2020-03-03") if kind.startswith("onward")] == []


def test_a_hop_whose_clauses_were_followed_by_others_is_not(chained: Register, folder: Path) -> None:
    tables: Tables = {
        "safeguard": [clauses("next", "mailer", "below"), {"key": "beneath", "until": "2020-03-02", "entry": CHANGED}]
    }
    chained.load(tables, folder)
    assert "onward_uncovered" not in [kind for kind, _ in seen(chained, "2020-03-02")]


def test_a_hop_is_uncovered_on_the_day_its_clauses_end(chained: Register, folder: Path) -> None:
    chained.load({"safeguard": [{"key": "beneath", "until": "2030-01-01", "entry": CHANGED}]}, folder)
    assert "onward_uncovered" not in [kind for kind, _ in seen(chained, "2029-12-31")]
    assert ("onward_uncovered", "day:safeguard:beneath:2030-01-01") in seen(chained, "2030-01-01")


def test_no_key_and_no_iso_day_stands_in_what_a_person_reads(chained: Register, folder: Path) -> None:
    """Vendors, activities and countries by their names, days as they are written; the JSON keeps keys and ISO days."""
    chained.load({"sub_processing": [hop("hop-key-2", country="IN")]}, folder)
    for day in ("2020-03-02", "2020-07-16"):
        seen(chained, day)
    told = chained.onward("alerts")
    assert "16 July 2020" in told
    assert not [word for word in told.split() if word.strip(".,()").count("-") == 2 and word[:4].isdigit()]
    assert "hop-key-2" not in told
    (one,) = [one for one in chained.answer("alerts") if one["cause"] == SHIELD]
    assert (one["effect"], one["since"]) == ("2020-07-16", "2020-07-16")
    assert "hop-key-2" in str(chained.answer("alerts"))
