"""The fallback of a transfer: signed clauses, in force on the day of the page, and nothing else."""

from pathlib import Path
from typing import Any

import pytest

from tests.support import Register, a_register
from tests.web import browse

CLAUSES = {"key": "scc", "exporter": "house", "importer": "mailer", "instrument": "eu-scc-2021", "module": "M2"}
CLAUSES |= {"rank": "fallback", "state": "signed", "since": "2022-01-01", "until": "2023-01-01"}


@pytest.mark.parametrize(
    ("clauses", "day", "bare"),
    [
        ({}, "2022-06-01", False),
        ({}, "2021-12-31", True),
        ({}, "2023-01-01", True),
        ({"state": "drafted"}, "2022-06-01", True),
    ],
)
def test_a_fallback_is_signed_and_in_force_on_the_day(
    register: Register, folder: Path, clauses: dict[str, str], day: str, bare: bool
) -> None:
    register.load(a_register(safeguard=[CLAUSES | clauses]), folder)

    async def work(as_role: Any) -> None:
        page = await (await as_role("auditor")).get(f"/transfers/news?on={day}")
        assert page.status_code == 200
        assert ("No fallback" in page.text) is bare

    browse(register, work)
