"""One look, its alerts, and what it leaves alone."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from assessments.watch import look
from assessments.watch.endings import threshold
from registry import law
from registry.web import now
from tests.support import Register, a_register


def seen(register: Register, day: str, **how: Any) -> Any:
    return register.do(lambda: look(date.fromisoformat(day), law.load(), **how))


@pytest.fixture
def loaded(register: Register, folder: Path) -> Register:
    register.load(a_register(), folder)
    return register


def test_the_fall_is_one_alert_with_its_assessment(loaded: Register) -> None:
    assert not [row for row in seen(loaded, "2020-03-01").alerts if row["kind"] == "verdict_changed"]
    fallen = [row for row in seen(loaded, "2020-07-16").alerts if row["kind"] == "verdict_changed"]
    assert [row["cause"] for row in fallen] == ["law:eu-us-privacy-shield:invalidated:2020-07-16"]
    (one,) = [one for one in loaded.answer("alerts") if one["kind"] == "verdict_changed"]
    assert "C-311/18" in one["what"]
    assert one["title"] == "The verdict on 1 transfer changed"
    assert one["transfers"] == 1


def test_a_second_look_changes_nothing(loaded: Register) -> None:
    seen(loaded, "2020-07-16")
    before = loaded.ask("select count(*) from journal_entry")
    again = seen(loaded, "2020-07-16")
    assert (again.assessments, again.alerts, again.reviews) == (0, (), 0)
    assert loaded.ask("select count(*) from journal_entry") == before


def test_the_first_sight_of_what_is_not_permitted_is_told_by_its_entry(loaded: Register) -> None:
    (row,) = [row for row in seen(loaded, "2020-07-16").alerts if row["kind"] == "verdict_changed"]
    assert row["cause"].startswith("entry:")


def test_a_transfer_that_is_new_is_called_new_and_never_changed(register: Register, folder: Path) -> None:
    transfers, today = a_register()["transfer"], now().date().isoformat()
    register.load(a_register(), folder)
    told = register.onward("watch")
    assert "Recorded 1 verdict on new transfers, 0 that changed" in told
    assert "new_transfer: entry:" in told
    register.load({"transfer": [transfers[0] | {"key": "later", "country": "IN"}]}, folder)
    told = register.onward("watch")
    assert "Recorded 1 verdict on new transfers, 0 that changed" in told
    assert "verdict_changed" not in told
    titles = [one["title"] for one in register.answer("alerts") if one["kind"] == "verdict_changed"]
    assert titles == ["1 new transfer may not go ahead"] * 2
    mended = {"key": "clauses", "exporter": "house", "importer": "mailer", "instrument": "eu-scc-2021", "module": "M2"}
    mended |= {"state": "signed", "concluded_on": today, "since": today, "rank": "primary", "engagement": "news"}
    assessed = {"exporter": "house", "importer": "mailer", "outcome": "ok", "since": today}
    both = [assessed | {"key": country, "country": country} for country in ("US", "IN")]
    third = transfers[0] | {"key": "third", "country": "CN"}
    register.load({"safeguard": [mended], "impact_assessment": both, "transfer": [third]}, folder)
    told = register.onward("watch")
    assert "Recorded 1 verdict on new transfers, 2 that changed" in told
    assert "verdict_changed: entry:" in told
    assert "The verdict on 3 transfers (1 of them new) changed" in [one["title"] for one in register.answer("alerts")]


def test_a_week_off_catches_up_once(loaded: Register) -> None:
    seen(loaded, "2020-07-14")
    assert len([row for row in seen(loaded, "2020-07-23").alerts if row["kind"] == "verdict_changed"]) == 1
    assert seen(loaded, "2020-07-24").assessments == 0


def test_a_rehearsal_writes_nothing(loaded: Register) -> None:
    seen(loaded, "2020-03-01")
    before = loaded.onward("journal", "--json")
    told = loaded.onward("watch", "--on", "2020-07-16")
    assert "Would record 0 verdicts on new transfers, 1 that changed" in told
    assert "verdict_changed: law:eu-us-privacy-shield" in told
    assert loaded.onward("journal", "--json") == before


def test_a_day_before_the_last_look_is_refused(loaded: Register) -> None:
    seen(loaded, "2020-07-16")
    assert "last look" in loaded.onward("watch", "--on", "2020-07-15", exit_code=2)


@pytest.mark.parametrize(("days", "nearest"), [(90, 90), (31, 90), (30, 30), (8, 30), (7, 7), (2, 7), (1, 1), (0, 1)])
def test_the_nearest_threshold_alone_counts(days: int, nearest: int) -> None:
    last = date(2024, 6, 30)
    today = date.fromordinal(last.toordinal() - days)
    assert threshold(last, today) == nearest


def test_a_listing_that_ends_is_told_once_a_threshold(register: Register, folder: Path) -> None:
    tables = a_register()
    tables["certification"][0]["next_due"] = "2020-06-30"
    register.load(tables, folder)
    kinds = [
        [row["cause"] for row in seen(register, day).alerts if row["kind"] == "listing_ending"]
        for day in ("2020-03-31", "2020-04-01", "2020-04-02", "2020-05-31", "2020-06-24")
    ]
    assert [len(kind) for kind in kinds] == [0, 1, 0, 1, 1]


@pytest.mark.parametrize(
    ("others", "told"),
    [
        ([], [0, 1, 0, 1, 1, 0, 1, 0]),
        ([{"key": "whole", "since": "2020-01-02", "standing": "approved"}], [0] * 8),  # it took the other's place
        ([{"key": "no", "since": "2020-05-01", "standing": "refused"}], [0, 1, 0, 0, 0, 0, 0, 0]),
        ([{"key": "past", "since": "2020-02-01", "until": "2020-03-01", "standing": "approved"}], [0, 1, 0, 1, 1, 0, 1, 0]),
        (
            [{"key": "old", "since": "2019-01-01", "standing": "refused"}],
            [0, 1, 0, 1, 1, 0, 0, 0],
        ),  # counts again then
        ([{"key": "old", "since": "2019-01-01", "standing": "approved"}], [0] * 8),
        ([{"key": "then-no", "since": "2020-07-01", "standing": "refused"}], [0, 1, 0, 1, 1, 0, 0, 0]),
        ([{"key": "next", "since": "2020-07-01", "standing": "approved"}], [0] * 8),  # from the day after
        ([{"key": "late", "since": "2020-07-02", "standing": "approved"}], [0, 1, 0, 1, 1, 0, 1, 0]),
    ],
)
def test_an_approval_that_ends_is_told_ahead_where_nothing_follows_it(
    register: Register, folder: Path, others: list[dict[str, Any]], told: list[int]
) -> None:
    vendor, rests = "mailer", {"rests_on": 1, "law_version": "x"}
    until = {
        "key": "until",
        "since": "2020-01-01",
        "until": "2020-07-01",
        "standing": "approved_with_conditions",
        "rests_on": 1,
    }
    decisions = [one | rests | {"vendor": vendor} for one in (until, *others)]
    register.load(a_register() | {"decision": decisions}, folder)
    found = [
        [row for row in seen(register, day).alerts if row["kind"] == "approval_ending"]
        for day in (
            "2020-03-31", "2020-04-01", "2020-04-02", "2020-05-31", "2020-06-23", "2020-06-24", "2020-07-01", "2020-07-02",
        )
    ]  # fmt: skip
    assert [len(each) for each in found] == told
    if told[1]:
        (first, *others) = [one for one in register.answer("alerts") if one["kind"] == "approval_ending"]
        assert first["title"] == "The approval of Mailer, Inc. ends on 30 June 2020"
        assert (first["vendor"], first["effect"]) == ("mailer", "2020-06-30")
        assert not told[6] or others[-1]["title"] == "The approval of Mailer, Inc. has ended"


def test_a_correction_of_the_past_is_told(loaded: Register, folder: Path) -> None:
    seen(loaded, "2020-03-01")
    note = {"kind": "corrected", "why": "the columns were mixed up"}
    loaded.load({"certification": [{"key": "shield", "covers_non_hr": False, "entry": note}]}, folder)
    assert [row["kind"] for row in seen(loaded, "2020-03-02").alerts] == ["past_changed"]


def test_the_demo_moves_its_clock(register: Register) -> None:
    register.onward("demo", "--until", "2020-07-14")
    register.onward("watch", "--on", "2020-07-15")
    register.onward("watch", "--on", "2020-07-16")
    found = register.answer("alerts")
    assert len({one["cause"] for one in found}) == len(found)
    fall = [one for one in found if one["cause"] == "law:eu-us-privacy-shield:invalidated:2020-07-16"]
    assert len(fall) == 1
    assert fall[0]["transfers"] > 1
