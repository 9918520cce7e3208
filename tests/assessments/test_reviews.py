"""Tiers, and rounds of re-verification."""

from datetime import date
from pathlib import Path

import pytest

from assessments import reviews
from assessments.reviews import Facts, after, tier
from assessments.watch import look
from registry import law
from registry.errors import Refused
from tests.support import Register, a_register


def test_the_points_of_a_tier_add_up() -> None:
    found = tier(Facts(True, True, 6, "processor", False, 2))
    assert sum(points for _, points in found.points) == 8
    assert (found.name, found.months) == ("high", 12)
    assert tier(Facts(False, False, 1, "processor", True, 0)).points == ()


def test_a_month_without_that_day_ends_on_its_last() -> None:
    assert after(date(2023, 2, 28), 12) == date(2024, 2, 28)
    assert after(date(2023, 8, 31), 6) == date(2024, 2, 29)


def test_a_round_is_opened_told_overdue_once_and_completed(register: Register, folder: Path) -> None:
    tables = a_register()
    tables["vendor"][0] |= {"review_months": 12, "review_reason": "agreed"}
    register.load(tables, folder)

    def kinds(day: str) -> list[str]:
        looked = register.do(lambda: look(date.fromisoformat(day), law.load()))
        return [row["kind"] for row in looked.alerts if row["kind"].startswith("review")]

    assert [kinds(day) for day in ("2019-04-24", "2019-04-25", "2019-05-25", "2019-05-26", "2019-05-27")] == [
        [],
        ["review_due"],
        [],
        ["review_overdue"],
        [],
    ]

    async def complete() -> object:
        return await reviews.complete_review(
            "cli:test",
            "mailer",
            date(2019, 5, 25),
            True,
            list(reviews.ASKED),
            "all well",
            reviews.Evidence(instead="Their trust page"),
            date(2019, 6, 1),
        )

    register.do(complete)
    open_alerts = "select count(*) from alert where kind like 'review%' and until is null"
    assert register.ask(open_alerts)[0][0] == 0, "what told of the round ends with it"
    with pytest.raises(Refused):
        register.do(complete)
    assert kinds("2020-05-01") == []
    assert kinds("2020-05-02") == ["review_due"]
